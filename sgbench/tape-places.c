/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <scsi/sg_unaligned.h>

#include "ask.h"
#include "context.h"
#include "error.h"
#include "medium-tape.h"
#include "stamp.h"
#include "tape-command.h"
#include "tape-places.h"

uint32_t tape_places_object(const TapePlaces *places, TapePlace place)
{
    return place.file * (places->per_file + 1) + place.block;
}

static TapePlace place_of(const TapePlaces *places, uint32_t object)
{
    return (TapePlace){object / (places->per_file + 1),
                       object % (places->per_file + 1)};
}

/* ---- where to ---- */

/* One of 0 to @n - 1, but not @except. */
static unsigned draw_other(GRand *lots, unsigned n, unsigned except)
{
    unsigned drawn = g_rand_int_range(lots, 0, n - 1);

    return drawn < except ? drawn : drawn + 1;
}

static gboolean draw_locate(const TapePlaces *places, GRand *lots,
                            TapePlace from, TapePlace *to, Command *command)
{
    uint32_t objects = places->files * (places->per_file + 1);
    uint32_t object =
        draw_other(lots, objects, tape_places_object(places, from));

    *to = place_of(places, object);
    tape_locate_10(command, object);
    return TRUE;
}

static gboolean draw_blocks(const TapePlaces *places, GRand *lots,
                            TapePlace from, TapePlace *to, Command *command)
{
    unsigned block = draw_other(lots, places->per_file + 1, from.block);

    *to = (TapePlace){from.file, block};
    tape_space(command, TAPE_SPACE_BLOCKS, (int32_t)(block - from.block));
    return TRUE;
}

static gboolean draw_filemarks(const TapePlaces *places, GRand *lots,
                               TapePlace from, TapePlace *to, Command *command)
{
    gboolean back = (places->target->caps.tape & TAPE_SPACES_BACK) != 0;
    unsigned before = back ? from.file : 0;
    unsigned behind = places->files - 1 - from.file;
    unsigned file;

    if (before + behind == 0) {
        return FALSE;
    }
    file = from.file - before;
    file += draw_other(lots, before + behind + 1, before);
    *to = (TapePlace){file, file < from.file ? places->per_file : 0};
    tape_space(command, TAPE_SPACE_FILEMARKS, (int32_t)(file - from.file));
    return TRUE;
}

gboolean tape_places_draw(const TapePlaces *places, GRand *lots, TapePlace from,
                          TapePlace *to, Command *command)
{
    if (places->cell->operation == OPERATION_LOCATE) {
        return draw_locate(places, lots, from, to, command);
    }
    return (places->files > 1 && g_rand_boolean(lots)
                ? draw_filemarks
                : draw_blocks)(places, lots, from, to, command);
}

char *tape_places_text(const Command *command)
{
    Command space = {0}, locate = {0};
    int32_t count = sg_get_unaligned_be24(command->cdb + 2);

    tape_space(&space, TAPE_SPACE_FILEMARKS, 0);
    tape_locate_10(&locate, 0);
    if (command->cdb[0] == locate.cdb[0]) {
        return g_strdup_printf("LOCATE (10) %u",
                               sg_get_unaligned_be32(command->cdb + 3));
    }
    if (command->cdb[0] == space.cdb[0]) {
        count = count >= 1 << 23 ? count - (1 << 24) : count;
        return g_strdup_printf("SPACE (6) %d %s", count,
                               command->cdb[1] == space.cdb[1] ? "filemarks"
                                                               : "blocks");
    }
    return g_strdup("REWIND");
}

/* ---- the tape ---- */

static void stamp_at(const TapePlaces *places, TapePlace place, uint8_t *data)
{
    stamp_fill(data, MIN(places->cell->size, STAMP_SIZE), places->run_id ?: "",
               tape_places_object(places, place) * places->cell->size,
               places->generation);
}

static gboolean write_file(const TapePlaces *places, Initiator *initiator,
                           unsigned file, GError **error)
{
    uint64_t size = places->cell->size;
    Command command = {0};
    Completion completion = {0};
    unsigned block;

    for (block = 0; block < places->per_file; block++) {
        stamp_at(places, (TapePlace){file, block}, ask_data(initiator));
        tape_read_write(&command, DATA_OUT, size, 0);
        if (run_check_interrupted(error) ||
            !ask(initiator, &command, &completion, error)) {
            return FALSE;
        }
        if (!ask_answered(&completion)) {
            return tape_write_refused(
                places->target, &completion,
                (file * (uint64_t)places->per_file + block) * size, error);
        }
    }
    tape_write_filemarks(&command, 1);
    return ask_good(places->target, initiator, &command, "WRITE FILEMARKS (6)",
                    error);
}

gboolean tape_places_write(const TapePlaces *places, Initiator *initiator,
                           GError **error)
{
    unsigned file;

    if (!tape_set_blocks(places->target, initiator, 0, error)) {
        return FALSE;
    }
    for (file = 0; file < places->files; file++) {
        if (!write_file(places, initiator, file, error)) {
            return FALSE;
        }
    }
    return tape_go_back(places->target, initiator, error);
}

/* ---- is it there? ---- */

static gboolean G_GNUC_PRINTF(5, 6)
    elsewhere(const TapePlaces *places, TapePlace place, const char *after,
              GError **error, const char *format, ...)
{
    g_autofree char *text = NULL;
    va_list ap;

    va_start(ap, format);
    text = g_strdup_vprintf(format, ap);
    va_end(ap);
    return sgbench_fail(
        error, SGBENCH_ERROR_DATA,
        "WRONG PLACE on %s, %s: after %s the tape should be at "
        "object %u, %s %u of file %u: %s",
        places->target->name, places->cell->id, after,
        tape_places_object(places, place),
        place.block < places->per_file ? "block" : "behind block",
        place.block < places->per_file ? place.block : place.block - 1,
        place.file, text);
}

gboolean tape_places_ask(const TapePlaces *places, Initiator *initiator,
                         TapePlace place, const char *after, gboolean *known,
                         GError **error)
{
    Command command = {0};
    Completion completion = {0};
    const uint8_t *data = ask_data(initiator);

    *known = FALSE;
    tape_read_position(&command);
    if (!ask(initiator, &command, &completion, error)) {
        return FALSE;
    }
    if (!ask_answered(&completion)) {
        return tape_lacks(&completion) ||
               ask_refused(places->target, "READ POSITION", &completion, error);
    }
    *known = tape_position_known(data);
    return !*known ||
           tape_position(data) == tape_places_object(places, place) ||
           elsewhere(places, place, after, error, "READ POSITION says %u",
                     tape_position(data));
}

/* READ of a whole block, which must end as @want. */
static gboolean reads(const TapePlaces *places, Initiator *initiator,
                      TapePlace place, const char *after, TapeEnd want,
                      GError **error)
{
    Command command = {0};
    Completion completion = {0};
    int64_t information;
    TapeEnd end;

    tape_read_write(&command, DATA_IN, places->cell->size, 0);
    if (!ask(initiator, &command, &completion, error)) {
        return FALSE;
    }
    end = tape_end(&completion, &information);
    if (end == TAPE_FAILED) {
        return ask_refused(places->target, "READ (6)", &completion, error);
    }
    return end == want || elsewhere(places, place, after, error,
                                    "READ (6) meets %s instead of %s",
                                    tape_end_name(end), tape_end_name(want));
}

gboolean tape_places_read(const TapePlaces *places, Initiator *initiator,
                          TapePlace place, const char *after, TapePlace *then,
                          GError **error)
{
    TapePlace block = place;
    g_autofree char *text = NULL;

    if (place.block == places->per_file) {
        if (!reads(places, initiator, place, after, TAPE_FILEMARK, error)) {
            return FALSE;
        }
        block = (TapePlace){place.file + 1, 0};
    }
    if (block.file == places->files) {
        *then = (TapePlace){0, 0};
        return tape_go_back(places->target, initiator, error);
    }
    if (!reads(places, initiator, place, after, TAPE_GOOD, error)) {
        return FALSE;
    }
    *then = (TapePlace){block.file, block.block + 1};
    text = stamp_check(ask_data(initiator), MIN(places->cell->size, STAMP_SIZE),
                       places->run_id ?: "",
                       tape_places_object(places, block) * places->cell->size,
                       places->generation);
    return !text || elsewhere(places, place, after, error, "%s", text);
}
