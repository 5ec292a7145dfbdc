/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <scsi/sg_lib.h>
#include <string.h>

#include "ask.h"
#include "disk-command.h"
#include "error.h"
#include "layout.h"
#include "load-disk.h"
#include "load-list.h"
#include "stamp.h"
#include "verify.h"

/* Commands of one batch, at most; more would not show more. */
#define VERIFY_BATCH 8

/* A batch of commands of equal shape at consecutive places of the medium. */
typedef struct Batch {
    Verifier *verifier;
    const Cell *cell;
    Initiator *initiator;
    unsigned n;
    Layout layout;
    uint64_t lba; /* of the first */
    uint32_t generation;
} Batch;

static uint32_t blocks_of(const Batch *batch)
{
    return batch->cell->size / batch->verifier->target->block_size;
}

/* Where command @i of @batch goes. */
static uint64_t lba_of(const Batch *batch, unsigned i)
{
    return batch->lba + (uint64_t)i * blocks_of(batch);
}

static gboolean check_status(const Batch *batch, unsigned i,
                             const Completion *completion, GError **error)
{
    g_autofree char *text = NULL;

    if (completion_good(completion)) {
        return TRUE;
    }
    text = completion_text(completion);
    return verify_fault(batch->verifier, batch->cell, error,
                        SGBENCH_ERROR_TARGET, verify_who(batch->initiator),
                        "block %" G_GUINT64_FORMAT ": %s", lba_of(batch, i),
                        text);
}

/*
 * Transfer @batch in @direction; before a write the buffers are filled with its
 * generation, after a read they are checked for it.
 */
static gboolean transfer(const Batch *batch, DataDirection direction,
                         GError **error)
{
    Verifier *verifier = batch->verifier;
    const Cell *cell = batch->cell;
    const char *run = verifier->context->run_id;
    const char *who = verify_who(batch->initiator);
    uint32_t block_size = verifier->target->block_size;
    uint64_t span = layout_span(batch->layout, cell->size);
    g_autofree Command *commands = g_new0(Command, batch->n);
    g_autofree Completion *completions = g_new0(Completion, batch->n);
    g_autoptr(GPtrArray) buffers =
        g_ptr_array_new_with_free_func((GDestroyNotify)buffer_free);
    g_autoptr(LoadList) list = NULL;
    unsigned i;

    for (i = 0; i < batch->n; i++) {
        const Arena *arena = &batch->initiator->arena;
        Buffer *buffer = buffer_new(arena, batch->layout, cell->size,
                                    arena->start + i * span, verifier->random);
        Command *command = &commands[i];

        g_ptr_array_add(buffers, buffer);
        buffer_set_guards(buffer);
        if (direction == DATA_OUT) {
            stamp_fill(verifier->data, cell->size, run,
                       lba_of(batch, i) * block_size, batch->generation);
            buffer_write(buffer, verifier->data);
        }
        command_read_write(command, direction, cell->cdb_size, lba_of(batch, i),
                           blocks_of(batch));
        command->pieces = buffer->pieces;
        command->n_pieces = buffer->n_pieces;
        command->length = cell->size;
    }
    list = load_list_new(commands, completions, batch->n, batch->n);
    if (!batch->initiator->kind->drive(batch->initiator, load_list_load(list),
                                       NULL, error)) {
        return FALSE;
    }
    for (i = 0; i < batch->n; i++) {
        Buffer *buffer = g_ptr_array_index(buffers, i);
        uint64_t stray;

        if (!check_status(batch, i, &completions[i], error)) {
            return FALSE;
        }
        stray = buffer_check_guards(buffer);
        if (stray != UINT64_MAX) {
            return verify_fault(verifier, cell, error, SGBENCH_ERROR_DATA, who,
                                "memory outside the "
                                "buffer was written, at 0x%" G_GINT64_MODIFIER
                                "x",
                                stray);
        }
        if (direction == DATA_IN) {
            g_autofree char *text = NULL;

            buffer_read(buffer, verifier->data);
            text =
                stamp_check(verifier->data, cell->size, run,
                            lba_of(batch, i) * block_size, batch->generation);
            if (text) {
                return verify_fault(verifier, cell, error, SGBENCH_ERROR_DATA,
                                    who, "%s", text);
            }
        }
    }
    return TRUE;
}

/* ---- what each operation must do ---- */

/* One command of @batch through its initiator, whose data, if it has any, is
 * in one piece at ask_data(). */
static gboolean send(const Batch *batch, Command *command,
                     Completion *completion, GError **error)
{
    Piece piece = {.offset = batch->initiator->arena.start,
                   .length = command->length};

    command->pieces = command->length ? &piece : NULL;
    command->n_pieces = command->length ? 1 : 0;
    return initiator_send(batch->initiator, command, completion, error);
}

static gboolean send_good(const Batch *batch, Command *command, GError **error)
{
    Completion completion = {0};

    return send(batch, command, &completion, error) &&
           (disk_good(batch->cell, &completion) ||
            check_status(batch, 0, &completion, error));
}

static gboolean try_read(const Batch *path, const Batch *other, GError **error)
{
    return transfer(other, DATA_OUT, error) && transfer(path, DATA_IN, error);
}

static gboolean try_write(const Batch *path, const Batch *other, GError **error)
{
    return transfer(path, DATA_OUT, error) && transfer(other, DATA_IN, error);
}

static gboolean try_mixed(const Batch *path, const Batch *other, GError **error)
{
    Batch read = *path, prepared = *other;

    read.generation = ++path->verifier->generation;
    prepared.generation = read.generation;
    return try_write(path, other, error) && try_read(&read, &prepared, error);
}

static gboolean try_verify(const Batch *path, const Batch *other,
                           GError **error)
{
    Command command = {0};

    disk_verify(&command, path->cell->cdb_size, path->lba, blocks_of(path), 0);
    return transfer(other, DATA_OUT, error) && send_good(path, &command, error);
}

/* The right data, and data with one wrong byte. */
static gboolean try_compare(const Batch *path, const Batch *other,
                            GError **error)
{
    const Verifier *verifier = path->verifier;
    const Cell *cell = path->cell;
    struct sg_scsi_sense_hdr header;
    Completion completion = {0};
    Command command = {0};
    g_autofree char *text = NULL;
    uint8_t *data = ask_data(path->initiator);

    if (!transfer(other, DATA_OUT, error)) {
        return FALSE;
    }
    stamp_fill(data, cell->size, verifier->context->run_id,
               path->lba * verifier->target->block_size, path->generation);
    disk_verify(&command, cell->cdb_size, path->lba, blocks_of(path),
                cell->size);
    if (!send_good(path, &command, error)) {
        return FALSE;
    }
    data[cell->size - 1] ^= 1;
    if (!send(path, &command, &completion, error)) {
        return FALSE;
    }
    if (!completion.transport && !completion.response &&
        completion.status == SAM_STAT_CHECK_CONDITION &&
        sg_scsi_normalize_sense(completion.sense, completion.sense_length,
                                &header) &&
        header.sense_key == SPC_SK_MISCOMPARE) {
        return TRUE;
    }
    text = completion_text(&completion);
    return verify_fault(
        verifier, cell, error, SGBENCH_ERROR_DATA, verify_who(path->initiator),
        "VERIFY with a wrong byte: %s instead of MISCOMPARE", text);
}

/* What is beside the range must stay; what becomes of the range itself is the
 * device's affair (SBC-4 4.7.4.6: old data, zeroes or others). */
static gboolean try_unmap(const Batch *path, const Batch *other, GError **error)
{
    const Target *target = path->verifier->target;
    unsigned n = MIN(3, disk_places(path->cell, target)), i;
    unsigned middle = n / 2;
    Command command = {0};

    for (i = 0; i < 2 * n; i++) {
        Batch one = *other;

        one.n = 1;
        one.lba = disk_place(path->cell, target, i % n);
        if (i == n) {
            disk_unmap(&command, disk_place(path->cell, target, middle),
                       blocks_of(path), ask_data(path->initiator));
            if (!send_good(path, &command, error)) {
                return FALSE;
            }
        }
        if (i % n == middle && i >= n) {
            continue;
        }
        if (!transfer(&one, i < n ? DATA_OUT : DATA_IN, error)) {
            return FALSE;
        }
    }
    return TRUE;
}

static gboolean try_sync(const Batch *path, const Batch *other, GError **error)
{
    Command command = {0};

    disk_synchronize_cache(&command, path->cell->cdb_size, path->lba,
                           blocks_of(path));
    return transfer(path, DATA_OUT, error) &&
           send_good(path, &command, error) && transfer(other, DATA_IN, error);
}

static gboolean (*const trials[])(const Batch *path, const Batch *other,
                                  GError **error) = {
    [OPERATION_READ] = try_read,       [OPERATION_WRITE] = try_write,
    [OPERATION_MIXED] = try_mixed,     [OPERATION_VERIFY] = try_verify,
    [OPERATION_COMPARE] = try_compare, [OPERATION_UNMAP] = try_unmap,
    [OPERATION_SYNC] = try_sync,
};

G_STATIC_ASSERT(G_N_ELEMENTS(trials) == OPERATION_SPACE);

static gboolean verify_cell(Verifier *verifier, const Cell *cell,
                            Verification *result, GError **error)
{
    const Target *target = verifier->target;
    uint64_t places = disk_places(cell, target);
    Batch batch = {
        .verifier = verifier,
        .cell = cell,
        .initiator = verifier->initiator,
        .n = MIN(MIN(cell->depth, VERIFY_BATCH), places),
        .layout = cell->layout,
        .generation = ++verifier->generation,
    };
    /* The native side always uses one plain piece: what is tried is the path. */
    Batch other = batch;

    if (!places) {
        return verify_fault(verifier, cell, error, SGBENCH_ERROR_TARGET,
                            verify_who(verifier->initiator),
                            "it does not fit on the disk");
    }
    batch.lba = disk_place(
        cell, target, g_rand_double(verifier->random) * (places - batch.n + 1));
    other.initiator = verifier->native;
    other.layout = LAYOUT_CONTIGUOUS;
    other.lba = batch.lba;
    if (!trials[cell->operation](&batch, &other, error)) {
        return FALSE;
    }
    result->commands += batch.n;
    result->bytes += batch.n * cell->size;
    return TRUE;
}

gboolean verify_disk(Verifier *verifier, Verification *result, GError **error)
{
    unsigned i;

    for (i = 0; i < verifier->start->cells->len; i++) {
        if (run_check_interrupted(error) ||
            !verify_cell(verifier, verifier->start->cells->pdata[i], result,
                         error)) {
            return FALSE;
        }
    }
    return TRUE;
}
