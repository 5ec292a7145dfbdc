/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The medium "tape": blocks of any length and filemarks, one after the other
 * (SSC-3).
 */
#include "ask.h"
#include "error.h"
#include "keyfile.h"
#include "load-position.h"
#include "load-tape.h"
#include "medium.h"
#include "medium-tape.h"
#include "tape-command.h"

/* tape_check(): a pass of less would be mostly rewinding */
#define PASS_MIN 4

uint64_t tape_room(const TargetCaps *caps)
{
    return caps->size / 4 * 3;
}

uint64_t tape_pass(const Cell *cell, const TargetCaps *caps)
{
    return MIN(cell->bytes ? cell_commands(cell, cell->bytes)
                           : TAPE_PASS_BLOCKS,
               tape_room(caps) / cell->size);
}

static gboolean G_GNUC_PRINTF(4, 5)
    unfit(const Job *job, const Matrix *matrix, GError **error,
          const char *format, ...)
{
    g_autofree char *text = NULL;
    va_list ap;

    va_start(ap, format);
    text = g_strdup_vprintf(format, ap);
    va_end(ap);
    return key_file_error(job->file, matrix->line, error, "[matrix %s]: %s",
                          matrix->name, text);
}

/* What does not go with moving a tape. */
static gboolean check_moves(const Job *job, const Matrix *matrix,
                            const Cell *cell, GError **error)
{
    const char *operation = operation_name(cell->operation);

    if (!cell_moves_tape(cell)) {
        return TRUE;
    }
    if (cell->layout != LAYOUT_CONTIGUOUS) {
        return unfit(job, matrix, error,
                     "layout %s: operation %s has no data to lay out; "
                     "allowed: contiguous",
                     layout_name(cell->layout), operation);
    }
    if (cell->tape_block || cell->rate) {
        return unfit(job, matrix, error,
                     "%s is for reading and writing, operation %s has no data; "
                     "leave it out, or give %s a matrix of its own",
                     cell->rate ? "rates" : "block", operation, operation);
    }
    return TRUE;
}

static gboolean tape_check(const Job *job, const Matrix *matrix,
                           const Cell *cell, const TargetCaps *caps,
                           GError **error)
{
    g_autofree char *size = job_size_text(cell->size);
    const char *name = cell->target->name;

    if (cell->operation != OPERATION_READ &&
        cell->operation != OPERATION_WRITE && !cell_moves_tape(cell)) {
        return unfit(job, matrix, error,
                     "operation %s is for disks, target '%s' is a tape; "
                     "allowed: read, write, space, locate",
                     operation_name(cell->operation), name);
    }
    if (!check_moves(job, matrix, cell, error)) {
        return FALSE;
    }
    if (cell->access != ACCESS_SEQUENTIAL || cell->shift) {
        return unfit(job, matrix, error,
                     "%s is for disks, target '%s' is a tape; leave it out",
                     cell->shift ? "shift" : "access", name);
    }
    if (cell->cdb_size != 10) {
        return unfit(job, matrix, error,
                     "cdb is for disks: target '%s' is a tape, whose READ and "
                     "WRITE have 6 bytes; leave it out",
                     name);
    }
    if (cell->tape_block && cell->size % cell->tape_block) {
        g_autofree char *block = job_size_text(cell->tape_block);

        return unfit(job, matrix, error,
                     "size %s is not a multiple of block %s", size, block);
    }
    if (cell->filemarks % cell->size) {
        g_autofree char *every = job_size_text(cell->filemarks);

        return unfit(job, matrix, error,
                     "filemarks %s is not a multiple of size %s", every, size);
    }
    if (cell->bytes > tape_room(caps)) {
        g_autofree char *bytes = job_size_text(cell->bytes);
        g_autofree char *room = job_size_text(tape_room(caps));

        return unfit(job, matrix, error,
                     "cell-bytes %s is above what target '%s' has room for, %s "
                     "(three quarters of its size); make it larger",
                     bytes, name, room);
    }
    if (cell->size > tape_room(caps) / PASS_MIN) {
        return unfit(job, matrix, error,
                     "size %s: target '%s' has room for less than %d such "
                     "blocks; make it larger",
                     size, name, PASS_MIN);
    }
    return TRUE;
}

gboolean tape_go_back(const Target *target, Initiator *initiator,
                      GError **error)
{
    Command command = {0};

    tape_rewind(&command);
    return ask_good(target, initiator, &command, "REWIND", error);
}

gboolean tape_write_refused(const Target *target, const Completion *failure,
                            uint64_t written, GError **error)
{
    int64_t information;
    TapeEnd end = tape_end(failure, &information);
    g_autofree char *sense = completion_text(failure);
    g_autofree char *at = job_size_text(written);
    g_autofree char *size = job_size_text(target->caps.size);

    if (end != TAPE_EARLY_WARNING && end != TAPE_FULL) {
        return ask_refused(target, "WRITE (6)", failure, error);
    }
    return sgbench_fail(error, SGBENCH_ERROR_TARGET,
                        "%s (%s): the tape ends after %s, but its size is %s "
                        "in the job, of which three quarters are written: "
                        "write a smaller size, or put a longer tape in "
                        "(WRITE (6): %s)",
                        target->name, target->device, at, size, sense);
}

gboolean tape_set_blocks(const Target *target, Initiator *initiator,
                         uint32_t block_size, GError **error)
{
    Command command = {0};

    if (!tape_go_back(target, initiator, error)) {
        return FALSE;
    }
    tape_mode_select(&command, block_size, ask_data(initiator));
    return ask_good(target, initiator, &command, "MODE SELECT (6)", error);
}

static gboolean read_limits(const Target *target, Initiator *initiator,
                            uint32_t *largest, GError **error)
{
    Command command = {0};
    uint32_t smallest;

    tape_read_block_limits(&command);
    if (!ask_good(target, initiator, &command, "READ BLOCK LIMITS", error)) {
        return FALSE;
    }
    tape_block_limits(ask_data(initiator), &smallest, largest);
    return TRUE;
}

static gboolean tape_identify(Target *target, Initiator *initiator,
                              GError **error)
{
    target->blocks = 0;
    if (!read_limits(target, initiator, &target->block_size, error)) {
        return FALSE;
    }
    if (target->block_size < target->caps.max_transfer) {
        g_set_error(error, SGBENCH_ERROR, SGBENCH_ERROR_TARGET,
                    "%s (%s): the drive's largest block is %u bytes, less than "
                    "the %" G_GUINT64_FORMAT " that are known of its kind",
                    target->name, target->device, target->block_size,
                    target->caps.max_transfer);
        return FALSE;
    }
    return TRUE;
}

static gboolean tape_bring_up(const Target *target, Initiator *initiator,
                              GError **error)
{
    uint32_t largest;

    if (!read_limits(target, initiator, &largest, error)) {
        return FALSE;
    }
    if (largest != target->block_size) {
        g_set_error(error, SGBENCH_ERROR, SGBENCH_ERROR_TARGET,
                    "%s (%s): blocks of up to %u bytes on one path, of %u on "
                    "another: not the same device",
                    target->name, target->device, largest, target->block_size);
        return FALSE;
    }
    return TRUE;
}

/* Of what moves the tape nobody chooses the data: it says where it is. */
static gboolean tape_writes(const Cell *cell)
{
    return !cell_moves_tape(cell);
}

/* To where it is: the beginning. SPACE of none leaves it there. */
static gboolean tape_has(const Target *target, Initiator *initiator,
                         Operation operation, char **refusal, GError **error)
{
    gboolean locate = operation == OPERATION_LOCATE;
    Completion completion = {0};
    Command command = {0};

    *refusal = NULL;
    if (!locate && operation != OPERATION_SPACE) {
        return TRUE;
    }
    if (!tape_go_back(target, initiator, error)) {
        return FALSE;
    }
    if (locate) {
        tape_locate_10(&command, 0);
    } else {
        tape_space(&command, TAPE_SPACE_BLOCKS, 0);
    }
    if (!ask(initiator, &command, &completion, error)) {
        return FALSE;
    }
    if (tape_lacks(&completion)) {
        g_autofree char *text = completion_text(&completion);

        *refusal = g_strdup_printf("%s: %s",
                                   locate ? "LOCATE (10)" : "SPACE (6)", text);
    }
    return TRUE;
}

static LoadTimed *tape_load(const Cell *cell, const Target *target,
                            const Arena *arena, uint64_t seed)
{
    return (cell_moves_tape(cell) ? load_position_new
                                  : load_tape_new)(cell, target, arena, seed);
}

const Medium medium_tape = {
    .name = "tape",
    .check = tape_check,
    .writes = tape_writes,
    .has = tape_has,
    .identify = tape_identify,
    .bring_up = tape_bring_up,
    .load = tape_load,
    .verify = verify_tape,
};
