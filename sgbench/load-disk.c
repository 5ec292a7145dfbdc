/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ask.h"
#include "disk-command.h"
#include "error.h"
#include "fill.h"
#include "layout.h"
#include "load-disk.h"
#include "load-list.h"

/* One in-flight command with its buffer. */
typedef struct Slot {
    Command command;
    Buffer *buffer;
} Slot;

typedef struct LoadDisk {
    LoadTimed timed; /* first */
    const Target *target;
    const Cell *cell;
    const Arena *arena;
    Slot *slots;
    uint32_t blocks_each; /* logical blocks of one command */
    uint64_t places, next;
    GRand *lots; /* of what each command is, and where it goes */
} LoadDisk;

uint64_t disk_places(const Cell *cell, const Target *target)
{
    uint64_t shift = cell->shift / target->block_size;
    uint64_t end = MIN(target->blocks, disk_cdb_reach(cell->cdb_size));

    return end > shift ? (end - shift) / (cell->size / target->block_size) : 0;
}

uint64_t disk_place(const Cell *cell, const Target *target, uint64_t place)
{
    return (place * cell->size + cell->shift) / target->block_size;
}

/* tgt 1.0.85 says of the list that it is a residual, and obeys it. */
gboolean disk_good(const Cell *cell, const Completion *completion)
{
    return cell->operation == OPERATION_UNMAP ? ask_answered(completion)
                                              : completion_good(completion);
}

/* ---- commands ---- */

static void make_read(LoadDisk *disk, Slot *slot, uint64_t lba)
{
    command_read_write(&slot->command, DATA_IN, disk->cell->cdb_size, lba,
                       disk->blocks_each);
}

static void make_write(LoadDisk *disk, Slot *slot, uint64_t lba)
{
    command_read_write(&slot->command, DATA_OUT, disk->cell->cdb_size, lba,
                       disk->blocks_each);
}

static void make_mixed(LoadDisk *disk, Slot *slot, uint64_t lba)
{
    gboolean read = g_rand_int_range(disk->lots, 0, 100) < disk->cell->reads;

    (read ? make_read : make_write)(disk, slot, lba);
}

static void make_verify(LoadDisk *disk, Slot *slot, uint64_t lba)
{
    disk_verify(&slot->command, disk->cell->cdb_size, lba, disk->blocks_each,
                0);
}

static void make_compare(LoadDisk *disk, Slot *slot, uint64_t lba)
{
    disk_verify(&slot->command, disk->cell->cdb_size, lba, disk->blocks_each,
                disk->cell->size);
}

static void make_unmap(LoadDisk *disk, Slot *slot, uint64_t lba)
{
    disk_unmap(&slot->command, lba, disk->blocks_each,
               disk->arena->base + slot->buffer->pieces[0].offset);
}

static void make_sync(LoadDisk *disk, Slot *slot, uint64_t lba)
{
    disk_synchronize_cache(&slot->command, disk->cell->cdb_size, lba,
                           disk->blocks_each);
}

static void (*const makers[])(LoadDisk *disk, Slot *slot, uint64_t lba) = {
    [OPERATION_READ] = make_read,       [OPERATION_WRITE] = make_write,
    [OPERATION_MIXED] = make_mixed,     [OPERATION_VERIFY] = make_verify,
    [OPERATION_COMPARE] = make_compare, [OPERATION_UNMAP] = make_unmap,
    [OPERATION_SYNC] = make_sync,
};

G_STATIC_ASSERT(G_N_ELEMENTS(makers) == OPERATION_SPACE);

/* 53 bits, of which the medium has less. */
static uint64_t draw_place(const LoadDisk *disk, GRand *random)
{
    return g_rand_double(random) * disk->places;
}

static Command *disk_next(Load *load, unsigned slot)
{
    LoadDisk *disk = (LoadDisk *)load;
    uint64_t place;

    if (!load_timed_may_post(&disk->timed, TRUE)) {
        return NULL;
    }
    if (disk->cell->access == ACCESS_RANDOM) {
        place = draw_place(disk, disk->lots);
    } else {
        place = disk->next;
        disk->next = place + 1 < disk->places ? place + 1 : 0;
    }
    makers[disk->cell->operation](disk, &disk->slots[slot],
                                  disk_place(disk->cell, disk->target, place));
    load_timed_mark(&disk->timed, &disk->slots[slot].command);
    return &disk->slots[slot].command;
}

static gboolean disk_done(Load *load, unsigned slot, Command *command,
                          const Completion *completion)
{
    LoadDisk *disk = (LoadDisk *)load;

    return load_timed_count(&disk->timed, command, completion,
                            disk_good(disk->cell, completion) ? LOAD_GOOD
                                                              : LOAD_FAILED);
}

/* ---- getting ready ---- */

/* All that is compared with is what buffers have: zeroes. */
static gboolean write_zeroes(LoadDisk *disk, Initiator *initiator,
                             GError **error)
{
    g_autofree Command *commands = g_new0(Command, disk->places);
    g_autofree Completion *completions = g_new0(Completion, disk->places);
    g_autofree uint8_t *zeroes = g_malloc0(disk->cell->size);
    g_autoptr(LoadList) list = NULL;
    uint64_t i;

    for (i = 0; i < disk->timed.load.depth; i++) {
        buffer_write(disk->slots[i].buffer, zeroes);
    }
    for (i = 0; i < disk->places; i++) {
        commands[i] = disk->slots[0].command;
        command_read_write(&commands[i], DATA_OUT, disk->cell->cdb_size,
                           disk_place(disk->cell, disk->target, i),
                           disk->blocks_each);
    }
    list = load_list_new(commands, completions, disk->places,
                         disk->timed.load.depth);
    if (!initiator->kind->drive(initiator, load_list_load(list), NULL, error)) {
        return FALSE;
    }
    for (i = 0; i < disk->places; i++) {
        if (!completion_good(&completions[i])) {
            return ask_refused(disk->target, "WRITE", &completions[i], error);
        }
    }
    return TRUE;
}

static gboolean disk_prepare(LoadTimed *timed, Initiator *initiator,
                             GError **error)
{
    LoadDisk *disk = (LoadDisk *)timed;

    if (!disk->places) {
        g_set_error(error, SGBENCH_ERROR, SGBENCH_ERROR_TARGET,
                    "%s (%s): %s does not fit on the disk, which has "
                    "%" G_GUINT64_FORMAT " blocks of %u bytes",
                    disk->target->name, disk->target->device, disk->cell->id,
                    disk->target->blocks, disk->target->block_size);
        return FALSE;
    }
    return disk->cell->operation != OPERATION_COMPARE ||
           write_zeroes(disk, initiator, error);
}

static void disk_free(LoadTimed *timed)
{
    LoadDisk *disk = (LoadDisk *)timed;
    unsigned i;

    for (i = 0; i < disk->timed.load.depth; i++) {
        buffer_free(disk->slots[i].buffer);
    }
    g_rand_free(disk->lots);
    g_free(disk->slots);
    g_free(disk);
}

LoadTimed *load_disk_new(const Cell *cell, const Target *target,
                         const Arena *arena, uint64_t seed)
{
    LoadDisk *disk = g_new0(LoadDisk, 1);
    uint64_t length = cell_data_length(cell);
    uint64_t span = layout_span(cell->layout, length);
    g_autoptr(GRand) random = load_lots(seed);
    g_autofree void *data = g_malloc0(length);
    unsigned i;

    disk->timed.load.depth = cell->depth;
    disk->timed.load.next = disk_next;
    disk->timed.load.done = disk_done;
    disk->timed.prepare = disk_prepare;
    disk->timed.free = disk_free;
    disk->timed.interval_ns = cell_interval(cell);
    disk->target = target;
    disk->cell = cell;
    disk->arena = arena;
    disk->blocks_each = cell->size / target->block_size;
    disk->places = disk_places(cell, target);
    if (cell->operation == OPERATION_COMPARE) {
        disk->places = MIN(disk->places, DISK_COMPARE_PLACES);
    }
    disk->next = draw_place(disk, random);
    disk->lots = g_rand_new_with_seed_array(
        (guint32[]){seed, seed >> 32, cell->access}, 3);

    disk->slots = g_new0(Slot, cell->depth);
    for (i = 0; i < cell->depth; i++) {
        Slot *slot = &disk->slots[i];

        slot->buffer = buffer_new(arena, cell->layout, length,
                                  arena->start + i * span, random);
        slot->command.pieces = slot->buffer->pieces;
        slot->command.n_pieces = slot->buffer->n_pieces;
        slot->command.length = length;
        if (cell->fill != FILL_ANY) {
            fill_make(cell->fill, data, length, seed + i);
            buffer_write(slot->buffer, data);
        }
    }
    return &disk->timed;
}
