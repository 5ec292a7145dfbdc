/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "ask.h"
#include "error.h"
#include "medium-tape.h"
#include "stamp.h"
#include "tape-command.h"
#include "tape-conditions.h"

#define CANARY 0xa5
#define ROOM 8192 /* memory of a read: more than the largest block here */
#define FIXED 512
#define LARGE (64 * 1024)
#define LOG_BYTES 252
#define LOG_PAGE_SEQUENTIAL 0x0c /* SSC-3 8.2.2 */
#define FILL_BLOCK (32 * 1024)
#define NO_MATTER INT64_MIN

/* The tape that is tried: lengths of blocks, 0 for a filemark. Logical object
 * numbers are indices. */
static const uint32_t objects[] = {1024, 5120, 512, 0, 2048, 0};
enum {
    SHORT = 0,
    LONG = 1,
    FIRST_MARK = 3,
    SECOND_FILE = 4,
    END = G_N_ELEMENTS(objects),
};

typedef struct Trial {
    Verifier *verifier;
    const char *name; /* of the condition */
} Trial;

static gboolean G_GNUC_PRINTF(3, 4)
    differs(const Trial *trial, GError **error, const char *format, ...)
{
    const Verifier *verifier = trial->verifier;
    g_autofree char *text = NULL;
    va_list ap;

    va_start(ap, format);
    text = g_strdup_vprintf(format, ap);
    va_end(ap);
    g_set_error(error, SGBENCH_ERROR, SGBENCH_ERROR_DATA,
                "NOT A TAPE'S ANSWER on %s, path %s, %s: %s",
                verifier->target->name, verifier->start->path->name,
                trial->name, text);
    return FALSE;
}

/* Send @command, whose data is at ask_data(): it must end as @want, with
 * @information. */
static gboolean ends(const Trial *trial, Command *command, const char *name,
                     TapeEnd want, int64_t information, GError **error)
{
    Initiator *initiator = trial->verifier->initiator;
    Piece piece = {.offset = initiator->arena.start, .length = command->length};
    g_autofree char *text = NULL;
    Completion completion = {0};
    int64_t got;
    TapeEnd end;

    command->pieces = command->length ? &piece : NULL;
    command->n_pieces = command->length ? 1 : 0;
    if (!initiator_send(initiator, command, &completion, error)) {
        return FALSE;
    }
    end = tape_end(&completion, &got);
    text = completion_text(&completion);
    if (end != want) {
        return differs(trial, error, "%s: %s instead of %s: %s", name,
                       tape_end_name(end), tape_end_name(want), text);
    }
    if (information != NO_MATTER && information != got) {
        return differs(trial, error,
                       "%s: %s, INFORMATION %" G_GINT64_FORMAT
                       " instead of %" G_GINT64_FORMAT,
                       name, tape_end_name(end), got, information);
    }
    return TRUE;
}

/* Data at @at, @length bytes, is that of the beginning of object @object. */
static gboolean is_object(const Trial *trial, uint64_t at, uint32_t length,
                          unsigned object, GError **error)
{
    const uint8_t *data = ask_data(trial->verifier->initiator);
    g_autofree char *text =
        stamp_check(data + at, length, trial->verifier->context->run_id,
                    object * ROOM, trial->verifier->generation);

    return !text || differs(trial, error, "%s", text);
}

/* READ of @asked bytes, which ends as @want and has the first @length bytes of
 * object @object. What lies behind is the canary, or zeroes; only beyond @asked
 * if the target itself fills it up with what it has. */
static gboolean reads(const Trial *trial, uint32_t asked, uint32_t block_size,
                      TapeEnd want, int64_t information, unsigned object,
                      uint32_t length, GError **error)
{
    gboolean resid = trial->verifier->target->caps.reports_resid;
    uint8_t *data = ask_data(trial->verifier->initiator);
    Command command = {0};
    uint32_t i;

    memset(data, CANARY, ROOM);
    tape_read_write(&command, DATA_IN, asked, block_size);
    if (!ends(trial, &command, "READ (6)", want, information, error) ||
        !is_object(trial, 0, length, object, error)) {
        return FALSE;
    }
    for (i = resid ? length : asked; i < ROOM; i++) {
        if (data[i] != CANARY && (data[i] != 0 || i >= asked)) {
            return differs(trial, error,
                           "byte %u of memory is %02xh, and no byte of the "
                           "block goes there",
                           i, data[i]);
        }
    }
    return TRUE;
}

static gboolean goes_back(const Trial *trial, GError **error)
{
    return tape_go_back(trial->verifier->target, trial->verifier->initiator,
                        error);
}

static gboolean writes(const Trial *trial, uint32_t length, uint32_t block_size,
                       unsigned object, GError **error)
{
    Command command = {0};

    stamp_fill(ask_data(trial->verifier->initiator), length,
               trial->verifier->context->run_id, object * ROOM,
               trial->verifier->generation);
    tape_read_write(&command, DATA_OUT, length, block_size);
    return ends(trial, &command, "WRITE (6)", TAPE_GOOD, 0, error);
}

static gboolean marks(const Trial *trial, GError **error)
{
    Command command = {0};

    tape_write_filemarks(&command, 1);
    return ends(trial, &command, "WRITE FILEMARKS (6)", TAPE_GOOD, 0, error);
}

static gboolean spaces(const Trial *trial, TapeSpace what, int32_t count,
                       TapeEnd want, int64_t information, GError **error)
{
    Command command = {0};

    tape_space(&command, what, count);
    return ends(trial, &command, "SPACE (6)", want, information, error);
}

static gboolean stands_at(const Trial *trial, uint32_t object, GError **error)
{
    Command command = {0};
    uint32_t position;

    tape_read_position(&command);
    if (!ends(trial, &command, "READ POSITION", TAPE_GOOD, 0, error)) {
        return FALSE;
    }
    position = tape_position(ask_data(trial->verifier->initiator));
    return position == object ||
           differs(trial, error, "at logical object %u instead of %u", position,
                   object);
}

/* ---- conditions; each begins anywhere on the tape of objects[] ---- */

static gboolean short_block(const Trial *trial, GError **error)
{
    return goes_back(trial, error) &&
           reads(trial, 4096, 0, TAPE_ILI, 4096 - 1024, SHORT, 1024, error);
}

static gboolean long_block(const Trial *trial, GError **error)
{
    return goes_back(trial, error) &&
           spaces(trial, TAPE_SPACE_BLOCKS, LONG, TAPE_GOOD, 0, error) &&
           reads(trial, 3072, 0, TAPE_ILI, 3072 - 5120, LONG, 3072, error);
}

static gboolean filemark(const Trial *trial, GError **error)
{
    return goes_back(trial, error) &&
           spaces(trial, TAPE_SPACE_BLOCKS, FIRST_MARK, TAPE_GOOD, 0, error) &&
           reads(trial, 4096, 0, TAPE_FILEMARK, 4096, 0, 0, error) &&
           reads(trial, 2048, 0, TAPE_GOOD, 0, SECOND_FILE, 2048, error);
}

static gboolean end_of_data(const Trial *trial, GError **error)
{
    return spaces(trial, TAPE_SPACE_END_OF_DATA, 0, TAPE_GOOD, 0, error) &&
           reads(trial, 4096, 0, TAPE_END_OF_DATA, NO_MATTER, 0, 0, error);
}

static gboolean space_filemarks(const Trial *trial, GError **error)
{
    return goes_back(trial, error) &&
           spaces(trial, TAPE_SPACE_FILEMARKS, 1, TAPE_GOOD, 0, error) &&
           reads(trial, 2048, 0, TAPE_GOOD, 0, SECOND_FILE, 2048, error);
}

static gboolean space_blocks(const Trial *trial, GError **error)
{
    return goes_back(trial, error) &&
           spaces(trial, TAPE_SPACE_BLOCKS, 10, TAPE_FILEMARK, 10 - FIRST_MARK,
                  error) &&
           reads(trial, 2048, 0, TAPE_GOOD, 0, SECOND_FILE, 2048, error);
}

static gboolean space_back(const Trial *trial, GError **error)
{
    return spaces(trial, TAPE_SPACE_END_OF_DATA, 0, TAPE_GOOD, 0, error) &&
           spaces(trial, TAPE_SPACE_FILEMARKS, -1, TAPE_GOOD, 0, error) &&
           spaces(trial, TAPE_SPACE_BLOCKS, -1, TAPE_GOOD, 0, error) &&
           reads(trial, 2048, 0, TAPE_GOOD, 0, SECOND_FILE, 2048, error) &&
           spaces(trial, TAPE_SPACE_FILEMARKS, -9, TAPE_BEGINNING, NO_MATTER,
                  error);
}

static gboolean locate(const Trial *trial, GError **error)
{
    Command command = {0};

    tape_locate_10(&command, SECOND_FILE);
    return ends(trial, &command, "LOCATE (10)", TAPE_GOOD, 0, error) &&
           stands_at(trial, SECOND_FILE, error) &&
           reads(trial, 2048, 0, TAPE_GOOD, 0, SECOND_FILE, 2048, error) &&
           stands_at(trial, SECOND_FILE + 1, error);
}

static gboolean log_pages(const Trial *trial, GError **error)
{
    Command command = {0};

    tape_log_sense(&command, LOG_PAGE_SEQUENTIAL, LOG_BYTES);
    return ends(trial, &command, "LOG SENSE", TAPE_GOOD, 0, error) &&
           (ask_data(trial->verifier->initiator)[0] == LOG_PAGE_SEQUENTIAL ||
            differs(trial, error, "LOG SENSE: another page"));
}

/* MODE SELECT of blocks of @block_size bytes, which MODE SENSE tells of then. */
static gboolean has_blocks(const Trial *trial, uint32_t block_size,
                           GError **error)
{
    Initiator *initiator = trial->verifier->initiator;
    Command command = {0};
    uint32_t got;

    if (!tape_set_blocks(trial->verifier->target, initiator, block_size,
                         error)) {
        return FALSE;
    }
    tape_mode_sense(&command);
    if (!ends(trial, &command, "MODE SENSE (6)", TAPE_GOOD, 0, error)) {
        return FALSE;
    }
    got = tape_mode_block_size(ask_data(initiator));
    return got == block_size ||
           differs(trial, error, "MODE SENSE: blocks of %u bytes, not %u", got,
                   block_size);
}

/* Leaves a tape of its own. */
static gboolean fixed_blocks(const Trial *trial, GError **error)
{
    if (!has_blocks(trial, FIXED, error)) {
        return FALSE;
    }
    return writes(trial, 4 * FIXED, FIXED, 0, error) && marks(trial, error) &&
           goes_back(trial, error) &&
           reads(trial, 8 * FIXED, FIXED, TAPE_FILEMARK, 4, 0, 4 * FIXED,
                 error) &&
           has_blocks(trial, LARGE, error) && has_blocks(trial, 0, error);
}

/* Leaves a full tape. */
static gboolean end_of_medium(const Trial *trial, GError **error)
{
    Initiator *initiator = trial->verifier->initiator;
    Command command = {0};
    Completion completion = {0};
    gboolean warned = FALSE;
    int64_t information;
    TapeEnd end;

    if (!goes_back(trial, error)) {
        return FALSE;
    }
    do {
        if (run_check_interrupted(error)) {
            return FALSE;
        }
        tape_read_write(&command, DATA_OUT, FILL_BLOCK, 0);
        if (!ask(initiator, &command, &completion, error)) {
            return FALSE;
        }
        end = tape_end(&completion, &information);
        warned |= end == TAPE_EARLY_WARNING;
        if (warned && end == TAPE_GOOD) {
            return differs(trial, error, "no warning after an early warning");
        }
    } while (end == TAPE_GOOD || end == TAPE_EARLY_WARNING);
    if (end != TAPE_FULL || !warned || information != FILL_BLOCK) {
        g_autofree char *text = completion_text(&completion);

        return differs(trial, error,
                       "WRITE (6): %s%s, INFORMATION "
                       "%" G_GINT64_FORMAT ": %s",
                       tape_end_name(end), warned ? "" : " without a warning",
                       information, text);
    }
    return TRUE;
}

typedef struct Condition {
    const char *name;
    unsigned needs; /* TapeAbility */
    gboolean (*as_expected)(const Trial *trial, GError **error);
} Condition;

/* In this order: the last two overwrite the tape. */
static const Condition conditions[] = {
    {"a block shorter than asked for", 0, short_block},
    {"a block longer than asked for", TAPE_CUTS_LONG, long_block},
    {"a filemark", 0, filemark},
    {"end of data", 0, end_of_data},
    {"space over filemarks", 0, space_filemarks},
    {"space over blocks, to a filemark", TAPE_COUNTS_SPACE, space_blocks},
    {"space back over filemarks", TAPE_SPACES_BACK, space_back},
    {"locate and read position", TAPE_LOCATES, locate},
    {"log pages", TAPE_LOGS, log_pages},
    {"fixed blocks, to a filemark", 0, fixed_blocks},
    {"early warning and end of medium", TAPE_WARNS_EARLY, end_of_medium},
};

const char *tape_condition(unsigned index, unsigned *needs)
{
    if (index >= G_N_ELEMENTS(conditions)) {
        return NULL;
    }
    *needs = conditions[index].needs;
    return conditions[index].name;
}

static gboolean write_objects(const Trial *trial, GError **error)
{
    unsigned i;

    if (!tape_set_blocks(trial->verifier->target, trial->verifier->initiator, 0,
                         error)) {
        return FALSE;
    }
    for (i = 0; i < END; i++) {
        if (!(objects[i] ? writes(trial, objects[i], 0, i, error)
                         : marks(trial, error))) {
            return FALSE;
        }
    }
    return TRUE;
}

gboolean tape_conditions(Verifier *verifier, unsigned *seen, GError **error)
{
    unsigned has = verifier->target->caps.tape;
    Trial trial = {.verifier = verifier, .name = "writing what is to be tried"};
    unsigned i;

    verifier->generation++;
    if (!write_objects(&trial, error)) {
        return FALSE;
    }
    for (i = 0; i < G_N_ELEMENTS(conditions); i++) {
        const Condition *condition = &conditions[i];

        trial.name = condition->name;
        if ((condition->needs & has) != condition->needs) {
            continue;
        }
        if (!condition->as_expected(&trial, error)) {
            return FALSE;
        }
        (*seen)++;
    }
    return TRUE;
}
