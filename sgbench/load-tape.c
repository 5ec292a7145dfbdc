/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ask.h"
#include "error.h"
#include "fill.h"
#include "layout.h"
#include "load-tape.h"
#include "medium-tape.h"
#include "tape-command.h"

/* What comes next. */
typedef enum Step {
    STEP_BLOCKS, /* the data of a command */
    STEP_MARK,   /* a filemark: written, or met */
    STEP_REWIND,
} Step;

typedef struct LoadTape {
    LoadTimed timed; /* first */
    const Target *target;
    const Cell *cell;
    Command data, control; /* at most one is in flight */
    Buffer *buffer;
    gboolean reading;
    unsigned per_pass, per_file; /* data commands; per_file 0: one file */

    unsigned done; /* of this pass, data commands */
    gboolean marked;
    gboolean lost; /* a failure: where the tape is now is not known */
    Step step;     /* of the command in flight */
} LoadTape;

static Step next_step(const LoadTape *tape)
{
    if (tape->lost) {
        return STEP_REWIND;
    }
    if (!tape->marked && tape->done &&
        (tape->done == tape->per_pass ||
         (tape->per_file && tape->done % tape->per_file == 0))) {
        return STEP_MARK;
    }
    return tape->done == tape->per_pass ? STEP_REWIND : STEP_BLOCKS;
}

/* The step that the command in flight was is over. */
static void step_over(LoadTape *tape, gboolean ok)
{
    if (!ok) {
        tape->lost = TRUE;
        return;
    }
    tape->marked = tape->step == STEP_MARK;
    if (tape->step == STEP_BLOCKS) {
        tape->done++;
    } else if (tape->step == STEP_REWIND) {
        tape->done = 0;
        tape->lost = FALSE;
    }
}

static Command *step_command(LoadTape *tape, DataDirection direction)
{
    if (tape->step == STEP_REWIND) {
        tape_rewind(&tape->control);
        return &tape->control;
    }
    if (tape->step == STEP_MARK && direction == DATA_OUT) {
        tape_write_filemarks(&tape->control, 1);
        return &tape->control;
    }
    tape_read_write(&tape->data, direction, tape->cell->size,
                    tape->cell->tape_block);
    return &tape->data;
}

static LoadOutcome step_outcome(const LoadTape *tape, const Command *command,
                                const Completion *completion)
{
    int64_t information;
    TapeEnd end = tape_end(completion, &information);

    if (command == &tape->control) {
        return end == TAPE_GOOD || end == TAPE_EARLY_WARNING ? LOAD_CONTROL
                                                             : LOAD_FAILED;
    }
    if (tape->step == STEP_MARK) {
        return end == TAPE_FILEMARK ? LOAD_MARK : LOAD_FAILED;
    }
    return completion_good(completion) ? LOAD_GOOD : LOAD_FAILED;
}

static Command *tape_next(Load *load, unsigned slot)
{
    LoadTape *tape = (LoadTape *)load;

    Command *command;

    tape->step = next_step(tape);
    if (tape->step == STEP_REWIND && load_timed_has_all(&tape->timed)) {
        return NULL;
    }
    if (!load_timed_may_post(&tape->timed, tape->step == STEP_BLOCKS)) {
        return NULL;
    }
    command = step_command(tape, tape->reading ? DATA_IN : DATA_OUT);
    if (tape->step == STEP_BLOCKS) {
        load_timed_mark(&tape->timed, command);
    } else if (tape->step == STEP_REWIND) {
        load_timed_restart(&tape->timed);
    }
    return command;
}

static gboolean tape_done(Load *load, unsigned slot, Command *command,
                          const Completion *completion)
{
    LoadTape *tape = (LoadTape *)load;
    LoadOutcome outcome = step_outcome(tape, command, completion);

    step_over(tape, outcome != LOAD_FAILED);
    return load_timed_count(&tape->timed, command, completion, outcome);
}

/* ---- getting ready ---- */

typedef struct Writing {
    Load load; /* first */
    LoadTape *tape;
    Completion failure;
    gboolean failed;
} Writing;

static Command *writing_next(Load *load, unsigned slot)
{
    LoadTape *tape = ((Writing *)load)->tape;

    tape->step = next_step(tape);
    return tape->step == STEP_REWIND ? NULL : step_command(tape, DATA_OUT);
}

static gboolean writing_done(Load *load, unsigned slot, Command *command,
                             const Completion *completion)
{
    Writing *writing = (Writing *)load;

    if (step_outcome(writing->tape, command, completion) == LOAD_FAILED) {
        writing->failure = *completion;
        writing->failed = TRUE;
        return FALSE;
    }
    step_over(writing->tape, TRUE);
    return TRUE;
}

/* One pass of the tape: what is read then. */
static gboolean write_pass(LoadTape *tape, Initiator *initiator, GError **error)
{
    Writing writing = {
        .load = {.depth = 1, .next = writing_next, .done = writing_done},
        .tape = tape,
    };

    if (!initiator->kind->drive(initiator, &writing.load, NULL, error)) {
        return FALSE;
    }
    return !writing.failed ||
           tape_write_refused(tape->target, &writing.failure,
                              tape->done * tape->cell->size, error);
}

static gboolean tape_prepare(LoadTimed *timed, Initiator *initiator,
                             GError **error)
{
    LoadTape *tape = (LoadTape *)timed;

    if (!tape_set_blocks(tape->target, initiator, tape->cell->tape_block,
                         error)) {
        return FALSE;
    }
    if (tape->reading && !(write_pass(tape, initiator, error) &&
                           tape_go_back(tape->target, initiator, error))) {
        return FALSE;
    }
    tape->done = 0;
    tape->marked = FALSE;
    return TRUE;
}

static void tape_free(LoadTimed *timed)
{
    LoadTape *tape = (LoadTape *)timed;

    buffer_free(tape->buffer);
    g_free(tape);
}

LoadTimed *load_tape_new(const Cell *cell, const Target *target,
                         const Arena *arena, uint64_t seed)
{
    LoadTape *tape = g_new0(LoadTape, 1);
    g_autoptr(GRand) random = load_lots(seed);

    g_assert(cell->depth == 1);
    tape->timed.load.depth = 1;
    tape->timed.load.next = tape_next;
    tape->timed.load.done = tape_done;
    tape->timed.prepare = tape_prepare;
    tape->timed.free = tape_free;
    tape->target = target;
    tape->cell = cell;
    tape->reading = cell->operation == OPERATION_READ;
    tape->timed.interval_ns = cell_interval(cell);
    tape->per_pass = tape_pass(cell, &target->caps);
    tape->per_file = cell->filemarks / cell->size;

    tape->buffer =
        buffer_new(arena, cell->layout, cell->size, arena->start, random);
    tape->data.pieces = tape->buffer->pieces;
    tape->data.n_pieces = tape->buffer->n_pieces;
    if (cell->fill != FILL_ANY) {
        g_autofree void *data = g_malloc(cell->size);

        fill_make(cell->fill, data, cell->size, seed);
        buffer_write(tape->buffer, data);
    }
    return &tape->timed;
}
