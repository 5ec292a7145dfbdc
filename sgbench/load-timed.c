/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>
#include <time.h>

#include "layout.h"
#include "load-timed.h"

/* One in-flight command with its buffer. */
typedef struct Slot {
    Command command;
    Buffer *buffer;
} Slot;

struct LoadTimed {
    Load load; /* first: the initiator gives us this back */
    Slot *slots;
    DataDirection direction;
    int cdb_size;
    uint32_t blocks_each; /* logical blocks of one command */
    uint64_t next_lba, end_lba;

    Sample *sample;
    uint64_t limit_ns, limit_requests;
    uint64_t first_ns, last_ns; /* first post, last completion */
    uint64_t posted;
};

static Command *timed_next(Load *load, unsigned slot)
{
    LoadTimed *timed = (LoadTimed *)load;
    Command *command = &timed->slots[slot].command;

    if (timed->limit_requests && timed->posted >= timed->limit_requests) {
        return NULL;
    }
    if (timed->next_lba + timed->blocks_each > timed->end_lba) {
        timed->next_lba = 0;
    }
    command_read_write(command, timed->direction, timed->cdb_size,
                       timed->next_lba, timed->blocks_each);
    timed->next_lba += timed->blocks_each;
    timed->posted++;
    return command;
}

static void count_failure(Sample *sample, const Completion *completion)
{
    sample->failed++;
    if (!sample->first_failure) {
        sample->first_failure = completion_text(completion);
    }
    if (completion->transport) {
        return;
    }
    if (completion->response) {
        sample->responses[completion->response]++;
    } else if (completion->status) {
        sample->statuses[completion->status]++;
    } else {
        sample->short_transfers++;
    }
}

static gboolean timed_done(Load *load, unsigned slot, Command *command,
                           const Completion *completion)
{
    LoadTimed *timed = (LoadTimed *)load;
    Sample *sample = timed->sample;

    if (!timed->first_ns || completion->posted_ns < timed->first_ns) {
        timed->first_ns = completion->posted_ns;
    }
    timed->last_ns = MAX(timed->last_ns, completion->done_ns);
    if (sample) {
        if (completion_good(completion)) {
            sample->requests++;
            sample->bytes += command->length;
            sample->dio_requests += completion->dio;
            sgb_histogram_add(sample->latency,
                              completion->done_ns - completion->posted_ns);
        } else {
            count_failure(sample, completion);
        }
        sample->wall_ns = timed->last_ns - timed->first_ns;
    }
    return !timed->limit_ns ||
           timed->last_ns - timed->first_ns < timed->limit_ns;
}

LoadTimed *load_timed_new(const Cell *cell, const Target *target,
                          const Arena *arena, uint64_t seed)
{
    LoadTimed *timed = g_new0(LoadTimed, 1);
    uint64_t span = layout_span(cell->layout, cell->size);
    g_autoptr(GRand) random =
        g_rand_new_with_seed_array((guint32[]){seed, seed >> 32}, 2);
    uint64_t places;
    unsigned i;

    timed->load.depth = cell->depth;
    timed->load.next = timed_next;
    timed->load.done = timed_done;
    timed->direction = cell->operation == OPERATION_READ ? DATA_IN : DATA_OUT;
    timed->cdb_size = cell->cdb_size;
    timed->blocks_each = cell->size / target->block_size;
    timed->end_lba = target->blocks;

    places = timed->end_lba / timed->blocks_each;
    timed->next_lba =
        timed->blocks_each * (uint64_t)(g_rand_double(random) * places);

    timed->slots = g_new0(Slot, cell->depth);
    for (i = 0; i < cell->depth; i++) {
        Slot *slot = &timed->slots[i];

        slot->buffer = buffer_new(arena, cell->layout, cell->size,
                                  arena->start + i * span, random);
        slot->command.pieces = slot->buffer->pieces;
        slot->command.n_pieces = slot->buffer->n_pieces;
        slot->command.length = cell->size;
    }
    return timed;
}

void load_timed_free(LoadTimed *timed)
{
    unsigned i;

    for (i = 0; i < timed->load.depth; i++) {
        buffer_free(timed->slots[i].buffer);
    }
    g_free(timed->slots);
    g_free(timed);
}

void load_timed_arm(LoadTimed *timed, Sample *sample, uint64_t ns,
                    uint64_t requests)
{
    timed->sample = sample;
    timed->limit_ns = ns;
    timed->limit_requests = requests;
    timed->first_ns = 0;
    timed->last_ns = 0;
    timed->posted = 0;
}

Load *load_timed_load(LoadTimed *timed)
{
    return &timed->load;
}
