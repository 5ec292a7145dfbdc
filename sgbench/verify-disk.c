/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "error.h"
#include "layout.h"
#include "load-list.h"
#include "stamp.h"
#include "verify.h"

/* Commands of one batch, at most; more would not show more. */
#define VERIFY_BATCH 8

/* A batch of commands of equal shape at consecutive places of the medium. */
typedef struct Batch {
    Initiator *initiator;
    uint32_t block_size;
    uint64_t size; /* bytes of one command */
    unsigned n;
    int cdb_size;
    Layout layout;
    GRand *random;
} Batch;

/*
 * Transfer @batch at @lba in @direction; before a write the buffers are filled
 * with generation @generation, after a read they are checked for it.
 */
static gboolean transfer(Verifier *verifier, const Cell *cell,
                         const Batch *batch, DataDirection direction,
                         uint64_t lba, uint32_t generation, GError **error)
{
    const char *run = verifier->context->run_id;
    const char *who = verify_who(batch->initiator);
    uint64_t span = layout_span(batch->layout, batch->size);
    uint32_t blocks = batch->size / batch->block_size;
    g_autofree Command *commands = g_new0(Command, batch->n);
    g_autofree Completion *completions = g_new0(Completion, batch->n);
    g_autoptr(GPtrArray) buffers =
        g_ptr_array_new_with_free_func((GDestroyNotify)buffer_free);
    g_autoptr(LoadList) list = NULL;
    unsigned i;

    for (i = 0; i < batch->n; i++) {
        const Arena *arena = &batch->initiator->arena;
        Buffer *buffer = buffer_new(arena, batch->layout, batch->size,
                                    arena->start + i * span, batch->random);
        Command *command = &commands[i];

        g_ptr_array_add(buffers, buffer);
        buffer_set_guards(buffer);
        if (direction == DATA_OUT) {
            stamp_fill(verifier->data, batch->size, run,
                       (lba + (uint64_t)i * blocks) * batch->block_size,
                       generation);
            buffer_write(buffer, verifier->data);
        }
        command_read_write(command, direction, batch->cdb_size,
                           lba + (uint64_t)i * blocks, blocks);
        command->pieces = buffer->pieces;
        command->n_pieces = buffer->n_pieces;
        command->length = batch->size;
    }
    list = load_list_new(commands, completions, batch->n, batch->n);
    if (!batch->initiator->kind->drive(batch->initiator, load_list_load(list),
                                       NULL, error)) {
        return FALSE;
    }
    for (i = 0; i < batch->n; i++) {
        Buffer *buffer = g_ptr_array_index(buffers, i);
        uint64_t stray;

        if (!completion_good(&completions[i])) {
            g_autofree char *text = completion_text(&completions[i]);
            return verify_fault(verifier, cell, error, SGBENCH_ERROR_TARGET,
                                who, "block %" G_GUINT64_FORMAT ": %s",
                                lba + (uint64_t)i * blocks, text);
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
            text = stamp_check(verifier->data, batch->size, run,
                               (lba + (uint64_t)i * blocks) * batch->block_size,
                               generation);
            if (text) {
                return verify_fault(verifier, cell, error, SGBENCH_ERROR_DATA,
                                    who, "%s", text);
            }
        }
    }
    return TRUE;
}

static gboolean verify_cell(Verifier *verifier, const Cell *cell,
                            Verification *result, GError **error)
{
    const Target *target = verifier->target;
    uint32_t blocks = cell->size / target->block_size;
    Batch batch = {
        .initiator = verifier->initiator,
        .block_size = target->block_size,
        .size = cell->size,
        .n = MIN(cell->depth, VERIFY_BATCH),
        .cdb_size = cell->cdb_size,
        .layout = cell->layout,
        .random = verifier->random,
    };
    /* The native side always uses one plain piece: what is tried is the path. */
    Batch other = batch;
    uint64_t places, lba;

    other.initiator = verifier->native;
    other.layout = LAYOUT_CONTIGUOUS;
    batch.n = MIN(batch.n, target->blocks / blocks);
    other.n = batch.n;
    places = target->blocks / blocks - batch.n + 1;
    lba = (uint64_t)(g_rand_double(verifier->random) * places) * blocks;
    verifier->generation++;

    if (cell->operation == OPERATION_WRITE) {
        if (!transfer(verifier, cell, &batch, DATA_OUT, lba,
                      verifier->generation, error) ||
            !transfer(verifier, cell, &other, DATA_IN, lba,
                      verifier->generation, error)) {
            return FALSE;
        }
    } else if (!transfer(verifier, cell, &other, DATA_OUT, lba,
                         verifier->generation, error) ||
               !transfer(verifier, cell, &batch, DATA_IN, lba,
                         verifier->generation, error)) {
        return FALSE;
    }
    result->commands += batch.n;
    result->bytes += batch.n * batch.size;
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
