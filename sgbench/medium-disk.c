/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The medium "disk": blocks of one size, with addresses (SBC-4).
 */
#include <scsi/sg_unaligned.h>

#include "ask.h"
#include "disk-command.h"
#include "error.h"
#include "keyfile.h"
#include "load-disk.h"
#include "matrix.h"
#include "medium.h"

#define CAPACITY_BYTES 32 /* SBC-4 5.20.2 */

/* What @cell asks for that is not there, or NULL; the caller's. */
static char *cdb_fault(const Cell *cell, uint32_t block_size)
{
    static const struct {
        Operation operation;
        const char *command;
        int sizes[5];
    } have[] = {
        {OPERATION_VERIFY, "VERIFY", {10, 12, 16}},
        {OPERATION_COMPARE, "VERIFY", {10, 12, 16}},
        {OPERATION_UNMAP, "UNMAP", {10}},
        {OPERATION_SYNC, "SYNCHRONIZE CACHE", {10, 16}},
    };
    uint64_t most = disk_cdb_blocks(cell->cdb_size);
    unsigned i, j;

    for (i = 0; i < G_N_ELEMENTS(have); i++) {
        g_autoptr(GString) list = g_string_new(NULL);
        gboolean found = FALSE;

        for (j = 0; have[i].sizes[j]; j++) {
            found |= have[i].sizes[j] == cell->cdb_size;
            g_string_append_printf(list, "%s%d", j ? ", " : "",
                                   have[i].sizes[j]);
        }
        if (have[i].operation == cell->operation && !found) {
            return g_strdup_printf("%s has no CDB of %d bytes; allowed: %s",
                                   have[i].command, cell->cdb_size, list->str);
        }
    }
    /* UNMAP has its range in the data */
    if (cell->operation != OPERATION_UNMAP && cell->size / block_size > most) {
        g_autofree char *size = job_size_text(cell->size);
        g_autofree char *limit = job_size_text(most * block_size);

        return g_strdup_printf("size %s: a CDB of %d bytes can name no more "
                               "than %s; allowed: a larger cdb",
                               size, cell->cdb_size, limit);
    }
    return NULL;
}

/* The same, of what lies behind the CDB. */
static char *shape_fault(const Cell *cell, const TargetCaps *caps)
{
    const char *name = cell->target->name;
    g_autofree char *size = job_size_text(cell->size);
    g_autofree char *shift = job_size_text(cell->shift);

    if (cell_moves_tape(cell)) {
        return g_strdup_printf("operation %s is for tapes, target '%s' is a "
                               "disk; leave it out",
                               operation_name(cell->operation), name);
    }
    if (cell->size % caps->block_size) {
        return g_strdup_printf("size %s is not a multiple of the %u-byte "
                               "blocks of target '%s'",
                               size, caps->block_size, name);
    }
    if (cell->shift % caps->block_size || cell->shift >= cell->size) {
        return g_strdup_printf("shift %s: allowed: a multiple of the %u-byte "
                               "blocks of target '%s', below size %s",
                               shift, caps->block_size, name, size);
    }
    if (cell->size + cell->shift > caps->size) {
        return g_strdup_printf("size %s is above the size of target '%s' "
                               "itself; make that larger",
                               size, name);
    }
    if (cell->tape_block || cell->filemarks) {
        return g_strdup_printf("%s is for tapes, target '%s' is a disk; leave "
                               "it out",
                               cell->filemarks ? "filemarks" : "block", name);
    }
    if (!cell_moves_data(cell) && cell->layout != LAYOUT_CONTIGUOUS) {
        return g_strdup_printf("layout %s: operation %s has no data to lay "
                               "out; allowed: contiguous",
                               layout_name(cell->layout),
                               operation_name(cell->operation));
    }
    if (cell->fill != FILL_ANY &&
        !matrix_has_operation(cell->matrix, OPERATION_WRITE) &&
        !matrix_has_operation(cell->matrix, OPERATION_MIXED)) {
        return g_strdup_printf("data %s: nothing is written to target '%s'; "
                               "leave it out",
                               fill_name(cell->fill), name);
    }
    if (cell->operation == OPERATION_UNMAP && caps->no_unmap) {
        return g_strdup_printf("target '%s' does not take UNMAP%s%s", name,
                               caps->no_unmap_remedy ? "; " : "",
                               caps->no_unmap_remedy ?: "");
    }
    return NULL;
}

/* What is known of the device before it is there: whole blocks, and at least
 * one command's worth of them. */
static gboolean disk_check(const Job *job, const Matrix *matrix,
                           const Cell *cell, const TargetCaps *caps,
                           GError **error)
{
    g_autofree char *fault = shape_fault(cell, caps);

    if (!fault) {
        fault = cdb_fault(cell, caps->block_size);
    }
    return !fault || key_file_error(job->file, matrix->line, error,
                                    "[matrix %s]: %s", matrix->name, fault);
}

/* VERIFY with data has to send what is there. */
static gboolean disk_writes(const Cell *cell)
{
    return cell->operation == OPERATION_WRITE ||
           cell->operation == OPERATION_MIXED;
}

/* READ CAPACITY (16) into *blocks and *block_size; *exponent: a physical block
 * is 2^exponent logical ones (SBC-4 5.20.2, byte 13). */
static gboolean read_capacity(const Target *target, Initiator *initiator,
                              uint64_t *blocks, uint32_t *block_size,
                              unsigned *exponent, GError **error)
{
    const uint8_t *data = ask_data(initiator);
    Command command = {0};

    command_read_capacity_16(&command, CAPACITY_BYTES);
    if (!ask_good(target, initiator, &command, "READ CAPACITY (16)", error)) {
        return FALSE;
    }
    *blocks = sg_get_unaligned_be64(data) + 1; /* last LBA */
    *block_size = sg_get_unaligned_be32(data + 8);
    *exponent = data[13] & 0x0f;
    return TRUE;
}

static gboolean disk_identify(Target *target, Initiator *initiator,
                              GError **error)
{
    unsigned exponent;

    if (!read_capacity(target, initiator, &target->blocks, &target->block_size,
                       &exponent, error)) {
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
    target->physical_block_size = target->block_size << exponent;
    return TRUE;
}

static gboolean disk_bring_up(const Target *target, Initiator *initiator,
                              GError **error)
{
    uint64_t blocks;
    uint32_t block_size;
    unsigned exponent;

    if (!read_capacity(target, initiator, &blocks, &block_size, &exponent,
                       error)) {
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
    .writes = disk_writes,
    .identify = disk_identify,
    .bring_up = disk_bring_up,
    .load = load_disk_new,
    .verify = verify_disk,
    .compare = verify_compare,
};
