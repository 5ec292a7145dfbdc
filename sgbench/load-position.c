/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "load-position.h"
#include "load-tape.h"
#include "medium-tape.h"
#include "tape-command.h"
#include "tape-places.h"

/* SPACE (6) counts with 24 bits, one of them the sign. */
#define BLOCKS_MAX ((1u << 23) - 1)

typedef struct LoadPosition {
    LoadTimed timed; /* first */
    TapePlaces places;
    GRand *lots;
    Command command; /* at most one is in flight */
    TapePlace at, to;
    gboolean rewinding; /* what is in flight is REWIND */
    gboolean lost;      /* a failure: where the tape is now is not known */
} LoadPosition;

static Command *position_next(Load *load, unsigned slot)
{
    LoadPosition *position = (LoadPosition *)load;
    LoadTimed *timed = &position->timed;

    position->rewinding =
        position->lost ||
        !tape_places_draw(&position->places, position->lots, position->at,
                          &position->to, &position->command);
    if (position->rewinding) {
        if (load_timed_has_all(timed)) {
            return NULL;
        }
        tape_rewind(&position->command);
        position->to = (TapePlace){0, 0};
    }
    if (!load_timed_may_post(timed, !position->rewinding)) {
        return NULL;
    }
    if (!position->rewinding) {
        load_timed_mark(timed, &position->command);
    }
    return &position->command;
}

static gboolean position_done(Load *load, unsigned slot, Command *command,
                              const Completion *completion)
{
    LoadPosition *position = (LoadPosition *)load;
    gboolean good = completion_good(completion);

    if (good) {
        position->at = position->to;
    }
    position->lost = !good;
    return load_timed_count(&position->timed, command, completion,
                            !good                 ? LOAD_FAILED
                            : position->rewinding ? LOAD_CONTROL
                                                  : LOAD_GOOD);
}

static gboolean position_prepare(LoadTimed *timed, Initiator *initiator,
                                 GError **error)
{
    LoadPosition *position = (LoadPosition *)timed;

    position->places.run_id = timed->run_id;
    position->at = (TapePlace){0, 0};
    position->lost = FALSE;
    return tape_places_write(&position->places, initiator, error);
}

static gboolean position_check(LoadTimed *timed, Sample *sample,
                               Initiator *initiator, GError **error)
{
    LoadPosition *position = (LoadPosition *)timed;
    const TapePlaces *places = &position->places;
    gboolean known, data = places->target->caps.stores_data;
    const char *after = "what was timed";
    TapePlace then;

    if (position->lost) {
        return TRUE; /* as the sample's failures say */
    }
    if (!tape_places_ask(places, initiator, position->at, after, &known,
                         error) ||
        (data && !tape_places_read(places, initiator, position->at, after,
                                   &then, error))) {
        return FALSE;
    }
    if (known || data) {
        sample->stood_at = tape_places_object(places, position->at);
    }
    return TRUE;
}

static void position_free(LoadTimed *timed)
{
    LoadPosition *position = (LoadPosition *)timed;

    g_rand_free(position->lots);
    g_free(position);
}

LoadTimed *load_position_new(const Cell *cell, const Target *target,
                             const Arena *arena, uint64_t seed)
{
    LoadPosition *position = g_new0(LoadPosition, 1);
    TapePlaces *places = &position->places;
    unsigned blocks = MIN(tape_pass(cell, &target->caps), BLOCKS_MAX);

    g_assert(cell->depth == 1);
    position->timed.load.depth = 1;
    position->timed.load.next = position_next;
    position->timed.load.done = position_done;
    position->timed.prepare = position_prepare;
    position->timed.check = position_check;
    position->timed.free = position_free;
    places->target = target;
    places->cell = cell;
    places->per_file = cell->filemarks ? cell->filemarks / cell->size
                                       : blocks / POSITION_FILES;
    places->per_file = CLAMP(places->per_file, 1, blocks);
    places->files = blocks / places->per_file;
    places->generation = seed;
    position->lots = load_lots(seed);
    return &position->timed;
}
