/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Verification of a path to a disk that must not be written to: what the disk
 * has is read natively, in one plain piece, and by the path in the cell's
 * layout; the two have to be equal. Zeros show little: of several places tried
 * the first one that has something else is taken, if there is one.
 */
#include <string.h>

#include "layout.h"
#include "load-disk.h"
#include "load-disk.h"
#include "load-list.h"
#include "verify.h"

#define BATCH_MAX 8
#define PLACES 8 /* tried for something to compare */

typedef struct Reading {
    Verifier *verifier;
    const Cell *cell;
    unsigned n;     /* commands, at consecutive places */
    uint64_t place; /* the first */
} Reading;

static uint64_t lba_of(const Reading *reading, unsigned number)
{
    return disk_place(reading->cell, reading->verifier->target,
                      reading->place + number);
}

/* Read through @initiator into @data, n times the cell's size. */
static gboolean read_batch(const Reading *reading, Initiator *initiator,
                           Layout layout, uint8_t *data, GError **error)
{
    const Cell *cell = reading->cell;
    Verifier *verifier = reading->verifier;
    const Arena *arena = &initiator->arena;
    uint64_t span = layout_span(layout, cell->size);
    g_autofree Command *commands = g_new0(Command, reading->n);
    g_autofree Completion *completions = g_new0(Completion, reading->n);
    g_autoptr(GPtrArray) buffers =
        g_ptr_array_new_with_free_func((GDestroyNotify)buffer_free);
    g_autoptr(LoadList) list = NULL;
    unsigned i;

    for (i = 0; i < reading->n; i++) {
        Buffer *buffer = buffer_new(arena, layout, cell->size,
                                    arena->start + i * span, verifier->random);

        g_ptr_array_add(buffers, buffer);
        buffer_set_guards(buffer);
        command_read_write(&commands[i], DATA_IN, cell->cdb_size,
                           lba_of(reading, i),
                           cell->size / verifier->target->block_size);
        commands[i].pieces = buffer->pieces;
        commands[i].n_pieces = buffer->n_pieces;
        commands[i].length = cell->size;
    }
    list = load_list_new(commands, completions, reading->n, reading->n);
    if (!initiator->kind->drive(initiator, load_list_load(list), NULL, error)) {
        return FALSE;
    }
    for (i = 0; i < reading->n; i++) {
        Buffer *buffer = g_ptr_array_index(buffers, i);
        uint64_t stray = buffer_check_guards(buffer);

        if (!completion_good(&completions[i])) {
            g_autofree char *text = completion_text(&completions[i]);

            return verify_fault(verifier, cell, error, SGBENCH_ERROR_TARGET,
                                verify_who(initiator),
                                "block %" G_GUINT64_FORMAT ": %s",
                                lba_of(reading, i), text);
        }
        if (stray != UINT64_MAX) {
            return verify_fault(verifier, cell, error, SGBENCH_ERROR_DATA,
                                verify_who(initiator),
                                "memory outside the buffer was written, at "
                                "0x%" G_GINT64_MODIFIER "x",
                                stray);
        }
        buffer_read(buffer, data + i * cell->size);
    }
    return TRUE;
}

static gboolean all_zero(const uint8_t *data, uint64_t length)
{
    return data[0] == 0 && memcmp(data, data + 1, length - 1) == 0;
}

static gboolean compare_cell(Verifier *verifier, const Cell *cell,
                             Verification *result, GError **error)
{
    const Target *target = verifier->target;
    uint64_t places = disk_places(cell, target), length, i;
    Reading reading = {
        .verifier = verifier,
        .cell = cell,
        .n = MIN(MIN(cell->depth, BATCH_MAX), places),
    };
    g_autofree uint8_t *wanted = NULL, *got = NULL;

    if (!places) {
        return verify_fault(verifier, cell, error, SGBENCH_ERROR_TARGET,
                            verify_who(verifier->initiator),
                            "it does not fit on the disk");
    }
    length = reading.n * cell->size;
    wanted = g_malloc(length);
    got = g_malloc(length);
    for (i = 0; i < PLACES; i++) {
        /* the beginning first: there is something on most disks */
        reading.place =
            i ? g_rand_double(verifier->random) * (places - reading.n + 1) : 0;
        if (!read_batch(&reading, verifier->native, LAYOUT_CONTIGUOUS, wanted,
                        error)) {
            return FALSE;
        }
        if (!all_zero(wanted, length)) {
            break;
        }
    }
    if (!read_batch(&reading, verifier->initiator, cell->layout, got, error)) {
        return FALSE;
    }
    for (i = 0; i < length && wanted[i] == got[i]; i++) {
    }
    if (i < length) {
        return verify_fault(
            verifier, cell, error, SGBENCH_ERROR_DATA,
            verify_who(verifier->initiator),
            "byte %" G_GUINT64_FORMAT " of the disk is %02xh, natively %02xh; "
            "does something else write to the disk?",
            lba_of(&reading, i / cell->size) * target->block_size +
                i % cell->size,
            got[i], wanted[i]);
    }
    result->commands += reading.n;
    result->bytes += length;
    return TRUE;
}

gboolean verify_compare(Verifier *verifier, Verification *result,
                        GError **error)
{
    const GPtrArray *cells = verifier->start->cells;

    for (unsigned i = 0; i < cells->len; i++) {
        if (run_check_interrupted(error) ||
            !compare_cell(verifier, cells->pdata[i], result, error)) {
            return FALSE;
        }
    }
    return TRUE;
}
