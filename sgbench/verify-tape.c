/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Verification of a path to a tape: every block and filemark of what one side
 * writes is read by the other; what moves the tape leads to where it should;
 * and then what a tape does beside moving data.
 */
#include "ask.h"
#include "layout.h"
#include "medium-tape.h"
#include "stamp.h"
#include "tape-command.h"
#include "tape-conditions.h"
#include "tape-places.h"
#include "verify.h"

#define BLOCKS 6 /* of one pass; in two files if the cell has filemarks */

#define MOVES 12 /* of one cell whose commands move the tape */
#define FILES 3  /* on the tape that they are tried on */
#define PER_FILE 4

/* One pass over the tape by one side. */
typedef struct Pass {
    Verifier *verifier;
    const Cell *cell;
    Initiator *initiator;
    Layout layout;
    DataDirection direction;
    unsigned n, per_file; /* commands with data */
} Pass;

static unsigned commands_of_pass(const Verifier *verifier, const Cell *cell)
{
    return MIN(BLOCKS, tape_room(&verifier->target->caps) / cell->size);
}

/* Send @command, which must end as @want. */
static gboolean send(const Pass *pass, Command *command, TapeEnd want,
                     unsigned number, GError **error)
{
    Completion completion = {0};
    g_autofree char *text = NULL;
    int64_t information;
    TapeEnd end;

    if (!initiator_send(pass->initiator, command, &completion, error)) {
        return FALSE;
    }
    end = tape_end(&completion, &information);
    if (end == want && (end != TAPE_GOOD || completion_good(&completion))) {
        return TRUE;
    }
    text = completion_text(&completion);
    return verify_fault(
        pass->verifier, pass->cell, error,
        end == TAPE_FAILED || end == TAPE_REFUSED ? SGBENCH_ERROR_TARGET
                                                  : SGBENCH_ERROR_DATA,
        verify_who(pass->initiator), "command %u: %s instead of %s: %s", number,
        tape_end_name(end), tape_end_name(want), text);
}

static gboolean check_block(const Pass *pass, Buffer *buffer, unsigned number,
                            GError **error)
{
    Verifier *verifier = pass->verifier;
    uint64_t stray = buffer_check_guards(buffer);
    g_autofree char *text = NULL;

    if (stray != UINT64_MAX) {
        return verify_fault(verifier, pass->cell, error, SGBENCH_ERROR_DATA,
                            verify_who(pass->initiator),
                            "memory outside the buffer was written, at "
                            "0x%" G_GINT64_MODIFIER "x",
                            stray);
    }
    if (pass->direction == DATA_OUT) {
        return TRUE;
    }
    buffer_read(buffer, verifier->data);
    text =
        stamp_check(verifier->data, pass->cell->size, verifier->context->run_id,
                    number * pass->cell->size, verifier->generation);
    return !text ||
           verify_fault(verifier, pass->cell, error, SGBENCH_ERROR_DATA,
                        verify_who(pass->initiator), "%s", text);
}

/* The data of one command, number @number of the pass. */
static gboolean transfer(const Pass *pass, unsigned number, GError **error)
{
    const Cell *cell = pass->cell;
    Verifier *verifier = pass->verifier;
    const Arena *arena = &pass->initiator->arena;
    g_autoptr(Buffer) buffer = buffer_new(arena, pass->layout, cell->size,
                                          arena->start, verifier->random);
    Command command = {.pieces = buffer->pieces, .n_pieces = buffer->n_pieces};

    buffer_set_guards(buffer);
    if (pass->direction == DATA_OUT) {
        stamp_fill(verifier->data, cell->size, verifier->context->run_id,
                   number * cell->size, verifier->generation);
        buffer_write(buffer, verifier->data);
    }
    tape_read_write(&command, pass->direction, cell->size, cell->tape_block);
    return send(pass, &command, TAPE_GOOD, number, error) &&
           check_block(pass, buffer, number, error);
}

/* A filemark: written, or met by a READ; after the last, the end of data. */
static gboolean mark(const Pass *pass, unsigned number, TapeEnd end,
                     GError **error)
{
    const Arena *arena = &pass->initiator->arena;
    Piece piece = {.offset = arena->start, .length = pass->cell->size};
    Command command = {.pieces = &piece, .n_pieces = 1};

    if (pass->direction == DATA_IN) {
        tape_read_write(&command, DATA_IN, pass->cell->size,
                        pass->cell->tape_block);
        return send(pass, &command, end, number, error);
    }
    if (end == TAPE_END_OF_DATA) {
        return TRUE; /* it is there by itself */
    }
    tape_write_filemarks(&command, 1);
    return send(pass, &command, TAPE_GOOD, number, error);
}

static gboolean tells_end(const Pass *pass)
{
    return !pass->cell->tape_block ||
           pass->verifier->target->caps.tape & TAPE_ENDS_FIXED;
}

static gboolean run_pass(const Pass *pass, GError **error)
{
    unsigned i;

    if (!tape_set_blocks(pass->verifier->target, pass->initiator,
                         pass->cell->tape_block, error)) {
        return FALSE;
    }
    for (i = 0; i < pass->n; i++) {
        gboolean last = i + 1 == pass->n;

        if (!transfer(pass, i, error) ||
            ((last || (i + 1) % pass->per_file == 0) &&
             !mark(pass, i, TAPE_FILEMARK, error)) ||
            (last && tells_end(pass) &&
             !mark(pass, i, TAPE_END_OF_DATA, error))) {
            return FALSE;
        }
    }
    return TRUE;
}

static gboolean verify_cell(Verifier *verifier, const Cell *cell,
                            Verification *result, GError **error)
{
    unsigned n = commands_of_pass(verifier, cell);
    Pass path = {
        .verifier = verifier,
        .cell = cell,
        .initiator = verifier->initiator,
        .layout = cell->layout,
        .direction = cell->operation == OPERATION_WRITE ? DATA_OUT : DATA_IN,
        .n = n,
        .per_file = cell->filemarks ? (n + 1) / 2 : n,
    };
    Pass other = path;
    gboolean ok;

    other.initiator = verifier->native;
    other.layout = LAYOUT_CONTIGUOUS;
    other.direction = path.direction == DATA_OUT ? DATA_IN : DATA_OUT;
    verifier->generation++;
    ok = path.direction == DATA_OUT
             ? run_pass(&path, error) && run_pass(&other, error)
             : run_pass(&other, error) && run_pass(&path, error);
    result->commands += n;
    result->bytes += n * cell->size;
    return ok;
}

/* One command that moves the tape through the path: both sides are asked where
 * it is then, and the other one reads what is there. */
static gboolean try_move(Verifier *verifier, const TapePlaces *places,
                         TapePlace *at, GError **error)
{
    Initiator *path = verifier->initiator, *other = verifier->native;
    Command command = {0};
    Completion completion = {0};
    g_autofree char *after = NULL;
    g_autofree char *text = NULL;
    TapePlace to = {0, 0};
    gboolean known;

    if (!tape_places_draw(places, verifier->random, *at, &to, &command)) {
        tape_rewind(&command);
    }
    after = tape_places_text(&command);
    if (!ask(path, &command, &completion, error)) {
        return FALSE;
    }
    if (!ask_answered(&completion)) {
        text = completion_text(&completion);
        return verify_fault(verifier, places->cell, error, SGBENCH_ERROR_TARGET,
                            verify_who(path), "%s: %s", after, text);
    }
    return tape_places_ask(places, path, to, after, &known, error) &&
           tape_places_ask(places, other, to, after, &known, error) &&
           tape_places_read(places, other, to, after, at, error);
}

static gboolean verify_moves(Verifier *verifier, const Cell *cell,
                             Verification *result, GError **error)
{
    uint64_t room = tape_room(&verifier->target->caps) / cell->size;
    TapePlaces places = {
        .target = verifier->target,
        .cell = cell,
        .files = FILES,
        .per_file = CLAMP(room / FILES, 1, PER_FILE),
        .run_id = verifier->context->run_id,
        .generation = ++verifier->generation,
    };
    TapePlace at = {0, 0};
    unsigned i;

    if (!tape_places_write(&places, verifier->native, error) ||
        !tape_set_blocks(verifier->target, verifier->initiator, 0, error)) {
        return FALSE;
    }
    for (i = 0; i < MOVES; i++) {
        if (!try_move(verifier, &places, &at, error)) {
            return FALSE;
        }
        result->commands++;
        result->places++;
    }
    return TRUE;
}

gboolean verify_tape(Verifier *verifier, Verification *result, GError **error)
{
    unsigned i;

    for (i = 0; i < verifier->start->cells->len; i++) {
        const Cell *cell = verifier->start->cells->pdata[i];

        if (run_check_interrupted(error) ||
            !(cell_moves_tape(cell) ? verify_moves : verify_cell)(
                verifier, cell, result, error)) {
            return FALSE;
        }
    }
    return tape_conditions(verifier, &result->conditions, error);
}
