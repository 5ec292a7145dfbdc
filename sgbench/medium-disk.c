/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The medium "disk": blocks of one size, with addresses (SBC-4).
 */
#include <scsi/sg_unaligned.h>

#include "ask.h"
#include "error.h"
#include "keyfile.h"
#include "load-disk.h"
#include "medium.h"

#define CAPACITY_BYTES 32 /* SBC-4 5.20.2 */

/* What is known of the device before it is there: whole blocks, and at least
 * one command's worth of them. */
static gboolean disk_check(const Job *job, const Matrix *matrix,
                           const Cell *cell, const TargetCaps *caps,
                           GError **error)
{
    g_autofree char *size = job_size_text(cell->size);

    if (cell->size % caps->block_size) {
        return key_file_error(job->file, matrix->line, error,
                              "[matrix %s]: size %s is not a multiple of the "
                              "%u-byte blocks of target '%s'",
                              matrix->name, size, caps->block_size,
                              cell->target->name);
    }
    if (cell->size > caps->size) {
        return key_file_error(job->file, matrix->line, error,
                              "[matrix %s]: size %s is above the size of "
                              "target '%s' itself; make that larger",
                              matrix->name, size, cell->target->name);
    }
    if (cell->tape_block || cell->filemarks) {
        return key_file_error(job->file, matrix->line, error,
                              "[matrix %s]: %s is for tapes, target '%s' is a "
                              "disk; leave it out",
                              matrix->name,
                              cell->filemarks ? "filemarks" : "block",
                              cell->target->name);
    }
    return TRUE;
}

/* READ CAPACITY (16) into *blocks and *block_size. */
static gboolean read_capacity(const Target *target, Initiator *initiator,
                              uint64_t *blocks, uint32_t *block_size,
                              GError **error)
{
    const uint8_t *data = ask_data(initiator);
    Command command = {0};

    command_read_capacity_16(&command, CAPACITY_BYTES);
    if (!ask_good(target, initiator, &command, "READ CAPACITY (16)", error)) {
        return FALSE;
    }
    *blocks = sg_get_unaligned_be64(data) + 1; /* last LBA */
    *block_size = sg_get_unaligned_be32(data + 8);
    return TRUE;
}

static gboolean disk_identify(Target *target, Initiator *initiator,
                              GError **error)
{
    if (!read_capacity(target, initiator, &target->blocks, &target->block_size,
                       error)) {
        return FALSE;
    }
    if (!target->blocks || target->block_size < 512 ||
        (target->block_size & (target->block_size - 1))) {
        g_set_error(error, SGBENCH_ERROR, SGBENCH_ERROR_TARGET,
                    "%s (%s): %" G_GUINT64_FORMAT " blocks of %u bytes: not a "
                    "disk that can be used",
                    target->name, target->device, target->blocks,
                    target->block_size);
        return FALSE;
    }
    return TRUE;
}

static gboolean disk_bring_up(const Target *target, Initiator *initiator,
                              GError **error)
{
    uint64_t blocks;
    uint32_t block_size;

    if (!read_capacity(target, initiator, &blocks, &block_size, error)) {
        return FALSE;
    }
    if (blocks != target->blocks || block_size != target->block_size) {
        g_set_error(error, SGBENCH_ERROR, SGBENCH_ERROR_TARGET,
                    "%s (%s): %" G_GUINT64_FORMAT " blocks of %u bytes on one "
                    "path, %" G_GUINT64_FORMAT " of %u on another: not the "
                    "same device",
                    target->name, target->device, blocks, block_size,
                    target->blocks, target->block_size);
        return FALSE;
    }
    return TRUE;
}

const Medium medium_disk = {
    .name = "disk",
    .check = disk_check,
    .identify = disk_identify,
    .bring_up = disk_bring_up,
    .load = load_disk_new,
    .verify = verify_disk,
    .compare = verify_compare,
};
