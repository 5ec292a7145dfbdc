/* SPDX-License-Identifier: GPL-2.0-or-later */
/* READs and WRITEs of one length, and the data they carry. */
#include <scsi/sg_lib.h>
#include <string.h>

#include "error.h"
#include "medium.h"
#include "medium-tape.h"
#include "probe-transfer.h"
#include "tape-command.h"

#define STEP (64 * 1024) /* of the writes that data is brought by */
#define SMALL_BLOCK 4096 /* of a tape, to be read with a long READ */
#define ATTENTIONS_MAX 10
#define SENSE_KEY_UNIT_ATTENTION 6

/* ---- commands and data ---- */

/* Send it; what the device has to tell first is not an answer to it. */
gboolean probe_settle(ProbeTrial *trial, Command *command,
                      Completion *completion, GError **error)
{
    for (unsigned i = 0; i < ATTENTIONS_MAX; i++) {
        if (!initiator_send(trial->initiator, command, completion, error)) {
            return FALSE;
        }
        if (completion->transport || completion->response ||
            sg_get_sense_key(completion->sense, completion->sense_length) !=
                SENSE_KEY_UNIT_ATTENTION) {
            break;
        }
    }
    return TRUE;
}

ProbeAnswer probe_refuse(ProbeTrial *trial, uint64_t value, uint32_t tag,
                         const Completion *completion, const char *broke)
{
    ProbeRefusal *refusal = g_new0(ProbeRefusal, 1);

    if (completion) {
        refusal->completion = *completion;
    }
    refusal->tag = tag;
    refusal->broke = g_strdup(broke);
    g_hash_table_replace(trial->refusals, g_memdup2(&value, sizeof(value)),
                         refusal);
    return PROBE_REFUSED;
}

static uint8_t *data_at(const ProbeTrial *trial, uint64_t offset)
{
    return trial->initiator->arena.base + trial->initiator->arena.start +
           offset;
}

/* Each 4 bytes of the medium differ from their neighbours, and from what was
 * there before. */
static uint32_t word(const ProbeTrial *trial, uint64_t offset)
{
    return (uint32_t)(offset / 4) * 0x9e3779b1u ^ trial->seed;
}

static void fill(const ProbeTrial *trial, uint64_t at, uint64_t offset,
                 uint64_t bytes)
{
    for (uint64_t i = 0; i + 4 <= bytes; i += 4) {
        uint32_t value = word(trial, offset + i);

        memcpy(data_at(trial, at + i), &value, 4);
    }
}

gboolean probe_compare(const ProbeTrial *trial, uint64_t at, uint64_t offset,
                       uint64_t bytes, const char *what, GError **error)
{
    for (uint64_t i = 0; i + 4 <= bytes; i += 4) {
        uint32_t value = word(trial, offset + i);

        if (memcmp(data_at(trial, at + i), &value, 4) != 0) {
            g_set_error(
                error, SGBENCH_ERROR, SGBENCH_ERROR_DATA,
                "%s on %s: %s: wrong data from byte %" G_GUINT64_FORMAT " on",
                trial->path->name, trial->target->name, what, offset + i);
            return FALSE;
        }
    }
    return TRUE;
}

gboolean probe_has_data(const ProbeTrial *trial)
{
    return trial->may_write && trial->target->caps.stores_data;
}

/* A command of @bytes in one piece; @piece must live as long. */
void probe_one_piece(const ProbeTrial *trial, Command *command, Piece *piece,
                     uint64_t bytes)
{
    *piece = (Piece){.offset = trial->initiator->arena.start, .length = bytes};
    command->length = bytes;
    command->pieces = piece;
    command->n_pieces = 1;
}

/* ---- a disk ---- */

void probe_disk_command(const ProbeTrial *trial, Command *command,
                        DataDirection direction, uint64_t at, uint64_t bytes)
{
    uint32_t size = trial->target->block_size;

    command_read_write(command, direction, bytes / size <= UINT16_MAX ? 10 : 16,
                       at / size, bytes / size);
}

/* Small transfers, which nobody refuses. */
static gboolean disk_in_steps(ProbeTrial *trial, DataDirection direction,
                              uint64_t from, uint64_t to, GError **error)
{
    for (uint64_t at = from; at < to; at += STEP) {
        uint64_t bytes = MIN(to - at, STEP);
        Command command = {0};
        Completion completion;
        Piece piece;

        if (direction == DATA_OUT) {
            fill(trial, 0, at, bytes);
        } else {
            memset(data_at(trial, 0), 0, bytes);
        }
        probe_disk_command(trial, &command, direction, at, bytes);
        probe_one_piece(trial, &command, &piece, bytes);
        if (!probe_settle(trial, &command, &completion, error)) {
            return FALSE;
        }
        if (!completion_good(&completion)) {
            g_autofree char *text = completion_text(&completion);

            g_set_error(error, SGBENCH_ERROR, SGBENCH_ERROR_TARGET,
                        "%s on %s: %s of 64 KiB at byte %" G_GUINT64_FORMAT
                        ": %s",
                        trial->path->name, trial->target->name,
                        direction == DATA_OUT ? "WRITE" : "READ", at, text);
            return FALSE;
        }
        if (direction == DATA_IN &&
            !probe_compare(trial, 0, at, bytes, "what a long WRITE wrote",
                           error)) {
            return FALSE;
        }
    }
    return TRUE;
}

/* What a READ of the first @bytes is to find. */
gboolean probe_disk_prepare(ProbeTrial *trial, uint64_t bytes, GError **error)
{
    if (!probe_has_data(trial) || trial->prepared >= bytes) {
        return TRUE;
    }
    if (!trial->prepared) {
        trial->seed++;
    }
    if (!disk_in_steps(trial, DATA_OUT, trial->prepared, bytes, error)) {
        return FALSE;
    }
    trial->prepared = bytes;
    return TRUE;
}

static ProbeAnswer disk_read(ProbeTrial *trial, uint64_t bytes, GError **error)
{
    Command command = {0};
    Completion completion;
    Piece piece;

    if (!probe_disk_prepare(trial, bytes, error)) {
        return PROBE_FAILED;
    }
    if (probe_has_data(trial)) {
        memset(data_at(trial, 0), 0, bytes);
    }
    probe_disk_command(trial, &command, DATA_IN, 0, bytes);
    probe_one_piece(trial, &command, &piece, bytes);
    if (!probe_settle(trial, &command, &completion, error)) {
        return PROBE_FAILED;
    }
    if (!completion_good(&completion)) {
        return probe_refuse(trial, bytes, command.tag, &completion, NULL);
    }
    return !probe_has_data(trial) ||
                   probe_compare(trial, 0, 0, bytes, "a long READ", error)
               ? PROBE_WORKS
               : PROBE_FAILED;
}

/* Looked at afterwards: the beginning and the end. */
static ProbeAnswer disk_write(ProbeTrial *trial, uint64_t bytes, GError **error)
{
    uint64_t tail = bytes > 2 * STEP ? bytes - STEP : STEP;
    Command command = {0};
    Completion completion;
    Piece piece;

    trial->prepared = 0;
    trial->seed++;
    if (probe_has_data(trial)) {
        fill(trial, 0, 0, bytes);
    }
    probe_disk_command(trial, &command, DATA_OUT, 0, bytes);
    probe_one_piece(trial, &command, &piece, bytes);
    if (!probe_settle(trial, &command, &completion, error)) {
        return PROBE_FAILED;
    }
    if (!completion_good(&completion)) {
        return probe_refuse(trial, bytes, command.tag, &completion, NULL);
    }
    return !probe_has_data(trial) ||
                   (disk_in_steps(trial, DATA_IN, 0, MIN(bytes, STEP), error) &&
                    disk_in_steps(trial, DATA_IN, tail, bytes, error))
               ? PROBE_WORKS
               : PROBE_FAILED;
}

/* ---- a tape ---- */

/* It has come to the drive and back, whatever block is there. */
gboolean probe_came_through(const Completion *completion)
{
    int64_t information;

    if (completion->transport || completion->response) {
        return FALSE;
    }
    switch (tape_end(completion, &information)) {
    case TAPE_GOOD:
    case TAPE_FILEMARK:
    case TAPE_ILI:
    case TAPE_END_OF_DATA:
    case TAPE_EARLY_WARNING:
        return TRUE;
    case TAPE_BEGINNING:
    case TAPE_FULL:
    case TAPE_REFUSED:
    case TAPE_FAILED:
    case TAPE_END__COUNT:
        break;
    }
    return FALSE;
}

/* At the beginning of the tape, one block. */
static gboolean tape_transfer(ProbeTrial *trial, DataDirection direction,
                              uint64_t bytes, Completion *completion,
                              uint32_t *tag, GError **error)
{
    Command command = {0};
    Piece piece;

    if (!tape_go_back(trial->target, trial->initiator, error)) {
        return FALSE;
    }
    if (direction == DATA_OUT) {
        trial->seed++;
        fill(trial, 0, 0, bytes);
    } else {
        memset(data_at(trial, 0), 0, bytes);
    }
    tape_read_write(&command, direction, bytes, 0);
    probe_one_piece(trial, &command, &piece, bytes);
    if (!probe_settle(trial, &command, completion, error)) {
        return FALSE;
    }
    *tag = command.tag;
    return TRUE;
}

static ProbeAnswer tape_read(ProbeTrial *trial, uint64_t bytes, GError **error)
{
    Completion written = {0}, completion;
    uint32_t tag;

    if (trial->may_write) {
        if (!tape_transfer(trial, DATA_OUT, bytes, &written, &tag, error)) {
            return PROBE_FAILED;
        }
        if (!completion_good(&written) &&
            !tape_transfer(trial, DATA_OUT, MIN(bytes, SMALL_BLOCK),
                           &completion, &tag, error)) {
            return PROBE_FAILED;
        }
    }
    if (!tape_transfer(trial, DATA_IN, bytes, &completion, &tag, error)) {
        return PROBE_FAILED;
    }
    if (!probe_came_through(&completion)) {
        return probe_refuse(trial, bytes, tag, &completion, NULL);
    }
    return !probe_has_data(trial) || !completion_good(&written) ||
                   probe_compare(trial, 0, 0, bytes, "a long READ", error)
               ? PROBE_WORKS
               : PROBE_FAILED;
}

static ProbeAnswer tape_write(ProbeTrial *trial, uint64_t bytes, GError **error)
{
    Completion completion, back;
    uint32_t tag, ignored;

    if (!tape_transfer(trial, DATA_OUT, bytes, &completion, &tag, error)) {
        return PROBE_FAILED;
    }
    if (!completion_good(&completion)) {
        return probe_refuse(trial, bytes, tag, &completion, NULL);
    }
    if (!probe_has_data(trial)) {
        return PROBE_WORKS;
    }
    /* If so long a READ is refused, that is the other search's business. */
    if (!tape_transfer(trial, DATA_IN, bytes, &back, &ignored, error)) {
        return PROBE_FAILED;
    }
    return !completion_good(&back) ||
                   probe_compare(trial, 0, 0, bytes, "what a long WRITE wrote",
                                 error)
               ? PROBE_WORKS
               : PROBE_FAILED;
}

ProbeAnswer probe_try_transfer(ProbeTrial *trial, uint64_t value,
                               GError **error)
{
    gboolean tape = trial->target->caps.medium == &medium_tape;

    if (trial->quantity == PROBE_READ) {
        return tape ? tape_read(trial, value, error)
                    : disk_read(trial, value, error);
    }
    g_assert(trial->may_write);
    return tape ? tape_write(trial, value, error)
                : disk_write(trial, value, error);
}
