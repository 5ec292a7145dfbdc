/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "layout.h"
#include "load-disk.h"

/* One in-flight command with its buffer. */
typedef struct Slot {
    Command command;
    Buffer *buffer;
} Slot;

typedef struct LoadDisk {
    LoadTimed timed; /* first */
    Slot *slots;
    DataDirection direction;
    int cdb_size;
    uint32_t blocks_each; /* logical blocks of one command */
    uint64_t next_lba, end_lba;
} LoadDisk;

static Command *disk_next(Load *load, unsigned slot)
{
    LoadDisk *disk = (LoadDisk *)load;
    Command *command = &disk->slots[slot].command;

    if (!load_timed_may_post(&disk->timed)) {
        return NULL;
    }
    if (disk->next_lba + disk->blocks_each > disk->end_lba) {
        disk->next_lba = 0;
    }
    command_read_write(command, disk->direction, disk->cdb_size, disk->next_lba,
                       disk->blocks_each);
    disk->next_lba += disk->blocks_each;
    return command;
}

static gboolean disk_done(Load *load, unsigned slot, Command *command,
                          const Completion *completion)
{
    LoadDisk *disk = (LoadDisk *)load;

    return load_timed_count(&disk->timed, command, completion,
                            completion_good(completion) ? LOAD_GOOD
                                                        : LOAD_FAILED);
}

static void disk_free(LoadTimed *timed)
{
    LoadDisk *disk = (LoadDisk *)timed;
    unsigned i;

    for (i = 0; i < disk->timed.load.depth; i++) {
        buffer_free(disk->slots[i].buffer);
    }
    g_free(disk->slots);
    g_free(disk);
}

LoadTimed *load_disk_new(const Cell *cell, const Target *target,
                         const Arena *arena, uint64_t seed)
{
    LoadDisk *disk = g_new0(LoadDisk, 1);
    uint64_t span = layout_span(cell->layout, cell->size);
    g_autoptr(GRand) random =
        g_rand_new_with_seed_array((guint32[]){seed, seed >> 32}, 2);
    uint64_t places;
    unsigned i;

    disk->timed.load.depth = cell->depth;
    disk->timed.load.next = disk_next;
    disk->timed.load.done = disk_done;
    disk->timed.free = disk_free;
    disk->direction = cell->operation == OPERATION_READ ? DATA_IN : DATA_OUT;
    disk->cdb_size = cell->cdb_size;
    disk->blocks_each = cell->size / target->block_size;
    disk->end_lba = target->blocks;

    places = disk->end_lba / disk->blocks_each;
    disk->next_lba =
        disk->blocks_each * (uint64_t)(g_rand_double(random) * places);

    disk->slots = g_new0(Slot, cell->depth);
    for (i = 0; i < cell->depth; i++) {
        Slot *slot = &disk->slots[i];

        slot->buffer = buffer_new(arena, cell->layout, cell->size,
                                  arena->start + i * span, random);
        slot->command.pieces = slot->buffer->pieces;
        slot->command.n_pieces = slot->buffer->n_pieces;
        slot->command.length = cell->size;
    }
    return &disk->timed;
}
