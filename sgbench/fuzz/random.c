/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <scsi/sg_unaligned.h>
#include <string.h>

#include "model.h"
#include "random.h"

/* Above RAM and below device memory: nothing. */
#define NOWHERE UINT64_C(0xb8000000)
#define FAR_NOWHERE (UINT64_C(1) << 40)
/* The end of the BIOS, mapped where a processor starts: ROM. */
#define ROM UINT64_C(0xffff0000)
#define ROM_BYTES 65536
/*
 * Registers that a list may have, in BAR of the HBA: not those that reset it,
 * or say where its memory is, but the doorbells, so that a command's data rings
 * for the next.
 */
typedef struct Registers {
    const HbaKind *hba;
    unsigned offset, bytes;
    gboolean alone; /* for a command that is */
} Registers;

static const Registers registers[] = {
    {&hba_pvscsi, 0x3000, 0x2000, FALSE},
    {&hba_ahci, 0x00c, 0x0f4, FALSE}, /* of the controller, but GHC, IS */
    {&hba_ahci, 0x114, 0x004, FALSE}, /* port 0: PxIE */
    {&hba_ahci, 0x120, 0x00c, FALSE}, /* PxTFD, PxSIG, PxSSTS */
    {&hba_ahci, 0x138, 0x004, TRUE},  /* PxCI; other slots have no command */
};

typedef struct Generator {
    uint64_t state;
    const Initiator *ring;
    gboolean maps_data, raw;
    gboolean alone;
    /* of the command's own memory and disk */
    uint64_t ram, ram_bytes, device, device_bytes;
    uint32_t lba, blocks;
    /* where the next piece goes that does not overlap */
    uint64_t ram_next, device_next;
    uint64_t not_ram; /* bytes in the list so far */
} Generator;

/* splitmix64 */
static uint64_t next(Generator *g)
{
    uint64_t z = g->state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static uint64_t below(Generator *g, uint64_t n)
{
    return next(g) % n;
}

static gboolean chance(Generator *g, unsigned percent)
{
    return below(g, 100) < percent;
}

/* ---- lists ---- */

static void add(FuzzCommand *c, uint64_t offset, uint64_t length)
{
    Piece piece = {offset, length};

    g_array_append_val(c->pieces, piece);
}

static void add_ram(Generator *g, FuzzCommand *c, uint64_t length)
{
    uint64_t gap = chance(g, 40) ? 0 : 1 + below(g, 100), offset;

    length = MIN(length, g->ram_bytes);
    if (chance(g, 8) || g->ram_next + gap + length > g->ram + g->ram_bytes) {
        /* Anywhere: it may overlap. */
        offset = g->ram + below(g, g->ram_bytes - length + 1);
    } else {
        offset = g->ram_next + gap;
        if (chance(g, 40)) {
            offset = (offset + 4095) & ~UINT64_C(4095);
        }
        if (offset + length > g->ram + g->ram_bytes) {
            offset = g->ram_next;
        }
    }
    g->ram_next = offset + length;
    add(c, offset, length);
}

static void add_device(Generator *g, FuzzCommand *c, uint64_t length)
{
    uint64_t offset;

    length = MIN(length, MIN(g->device_bytes, 8192));
    offset = g->device_next + below(g, 20);
    if (offset + length > g->device + g->device_bytes) {
        offset = g->device + below(g, g->device_bytes - length + 1);
    }
    g->device_next = offset + length;
    g->not_ram += length;
    add(c, offset, length);
}

/* A piece across the end of what it begins in; the command is alone. */
static void add_across(Generator *g, FuzzCommand *c, uint64_t length)
{
    const Arena *arena = &g->ring->arena;
    const uint64_t ends[] = {FUZZ_VGA, arena->size,
                             arena->device->start + arena->device->size};
    uint64_t before = 1 + below(g, MAX(length, 1));

    add(c, ends[below(g, g->maps_data ? 1 : G_N_ELEMENTS(ends))] - before,
        length);
    g->not_ram += length;
}

static void add_registers(Generator *g, FuzzCommand *c, uint64_t length)
{
    const HbaKind *hba = initiator_ring_hba((Initiator *)g->ring)->kind;
    const Registers *r;

    do {
        r = &registers[below(g, G_N_ELEMENTS(registers))];
    } while (r->hba != hba || (r->alone && !g->alone));
    length = MIN(length, MIN(64, r->bytes));
    add(c, HBA_BAR_START + r->offset + below(g, r->bytes - length + 1), length);
}

static void add_piece(Generator *g, FuzzCommand *c, uint64_t length)
{
    unsigned kind = below(g, 100);

    /* The HBA has 4096 bytes for all commands that are under way. */
    if (g->maps_data && (!g->alone || g->not_ram + length > 4096)) {
        kind = 0;
    }
    if (kind < 68) {
        add_ram(g, c, length);
    } else if (kind < 84) {
        add_device(g, c, length);
    } else if (kind < 88 && g->alone) {
        add_across(g, c, MIN(length, 8192));
    } else if (kind < 91) {
        g->not_ram += length;
        add(c, FUZZ_VGA + below(g, 0x10000), MIN(length, 0x10000));
    } else if (kind < 94) {
        g->not_ram += length;
        length = MIN(length, ROM_BYTES);
        add(c, ROM + below(g, ROM_BYTES - length + 1), length);
    } else if (kind < 97) {
        g->not_ram += length;
        add(c, (chance(g, 70) ? NOWHERE : FAR_NOWHERE) + below(g, 1 << 20),
            length);
    } else if (kind < 99 && !g->maps_data) {
        add_registers(g, c, length);
    } else {
        add_ram(g, c, length);
    }
}

/* Pieces of @bytes in all. */
static void add_list(Generator *g, FuzzCommand *c, uint64_t bytes)
{
    /* Pieces across an end are two for an HBA that maps them. */
    unsigned max = g->ring->max_pieces - (g->maps_data ? 16 : 0), n;
    uint64_t left = bytes;

    g->ram_next = g->ram;
    g->device_next = g->device;
    g->not_ram = 0;
    if (bytes > 2048 && chance(g, 4)) {
        n = MIN(max, 1025 + below(g, g->raw ? 7000 : 1024));
    } else if (chance(g, 30)) {
        n = 1;
    } else {
        n = 2 + below(g, chance(g, 80) ? 6 : 60);
    }
    while (left > 0 && c->pieces->len < max) {
        unsigned remain = n > c->pieces->len ? n - c->pieces->len : 1;
        uint64_t length = left;
        Piece *last;

        if (remain > 1) {
            length = MIN(left, 1 + below(g, MAX(1, 2 * left / remain)));
            /* As disks are written to, or not. */
            if (chance(g, 40)) {
                length = MIN(left, (length + 511) & ~UINT64_C(511));
            }
        }
        if (!g->maps_data && chance(g, 4)) {
            add(c, next(g) >> below(g, 64), 0);
            continue;
        }
        if (max - c->pieces->len == 1) {
            length = left;
        }
        add_piece(g, c, length);
        last = &g_array_index(c->pieces, Piece, c->pieces->len - 1);
        left -= MIN(left, last->length);
    }
    if (!g->maps_data && g->alone && c->pieces->len && chance(g, 2)) {
        Piece *last = &g_array_index(c->pieces, Piece, c->pieces->len - 1);

        /* Far more than is transferred, or there is; not over the rings. */
        if (last->offset >= g->ring->arena.start) {
            last->length = 0x7fffffff - below(g, 4096);
        }
    }
}

/* ---- commands ---- */

static void put_transfer(Generator *g, Command *command, gboolean write,
                         uint32_t *blocks)
{
    static const uint8_t reads[] = {0x08, 0x28, 0xa8, 0x88};
    unsigned size = below(g, 4), area = 0;
    uint8_t *cdb = command->cdb;
    uint32_t within = g->lba + below(g, g->blocks - *blocks + 1), lba;

    if (chance(g, 30)) {
        area = 1 + below(g, fuzz_n_answers);
        size = 1;
        *blocks = MIN(*blocks, FUZZ_AREA_BYTES / FUZZ_BLOCK / 8);
        within = g->lba / (FUZZ_MAIN_BYTES / FUZZ_AREA_BYTES);
    }
    if (size == 0) {
        /* 0 stands for 256, which may be another command's */
        *blocks = MIN(MAX(*blocks, g->alone ? 0 : 1), 255);
    }
    lba = area * FUZZ_AREA_BLOCKS + within;
    if (chance(g, 1)) {
        lba = fuzz_blocks() - below(g, 3); /* out of range, if just so */
        size = 1 + below(g, 3);
    }
    cdb[0] = reads[size] | (write ? 0x02 : 0);
    switch (size) {
    case 0:
        sg_put_unaligned_be24(lba & 0x1fffff, cdb + 1);
        cdb[4] = *blocks;
        command->cdb_length = 6;
        if (*blocks == 0) {
            *blocks = 256;
        }
        break;
    case 1:
        sg_put_unaligned_be32(lba, cdb + 2);
        sg_put_unaligned_be16(*blocks, cdb + 7);
        command->cdb_length = 10;
        break;
    case 2:
        sg_put_unaligned_be32(lba, cdb + 2);
        sg_put_unaligned_be32(*blocks, cdb + 6);
        command->cdb_length = 12;
        break;
    case 3:
        sg_put_unaligned_be64(lba, cdb + 2);
        sg_put_unaligned_be32(*blocks, cdb + 10);
        command->cdb_length = 16;
        break;
    }
}

/* Commands whose data QEMU looks at, and others that write no data. */
static uint64_t put_other(Generator *g, Command *command)
{
    uint8_t *cdb = command->cdb;
    unsigned length = chance(g, 50) ? below(g, 256) : 36 + below(g, 8) * 20;

    command->cdb_length = 6;
    switch (below(g, 9)) {
    case 0: /* INQUIRY */
        cdb[0] = 0x12;
        if (chance(g, 70)) {
            static const uint8_t pages[] = {0x00, 0x80, 0x83, 0xb0, 0xb1, 0xc0};
            cdb[1] = 1;
            cdb[2] = pages[below(g, G_N_ELEMENTS(pages))];
        }
        sg_put_unaligned_be16(length, cdb + 3);
        break;
    case 1: /* MODE SENSE (6) */
        cdb[0] = 0x1a;
        cdb[2] = chance(g, 50) ? 0x3f : below(g, 64);
        cdb[4] = length;
        break;
    case 2: /* MODE SENSE (10) */
        cdb[0] = 0x5a;
        cdb[2] = 0x3f;
        sg_put_unaligned_be16(length, cdb + 7);
        command->cdb_length = 10;
        break;
    case 3: /* READ CAPACITY (16) */
        cdb[0] = 0x9e;
        cdb[1] = 0x10;
        sg_put_unaligned_be32(length, cdb + 10);
        command->cdb_length = 16;
        break;
    case 4: /* READ CAPACITY (10) */
        cdb[0] = 0x25;
        command->cdb_length = 10;
        length = 8;
        break;
    case 5: /* REQUEST SENSE */
        cdb[0] = 0x03;
        cdb[4] = length;
        break;
    case 6: /* REPORT LUNS */
        cdb[0] = 0xa0;
        sg_put_unaligned_be32(length, cdb + 6);
        command->cdb_length = 12;
        break;
    case 7: /* PERSISTENT RESERVE IN */
        cdb[0] = 0x5e;
        sg_put_unaligned_be16(length, cdb + 7);
        command->cdb_length = 10;
        break;
    case 8: /* of no known length: vendor specific */
        cdb[0] = 0xc0 | below(g, 64);
        for (unsigned i = 1; i < 10; i++) {
            cdb[i] = next(g);
        }
        command->cdb_length = 10;
        break;
    }
    command->direction = DATA_IN;
    return length;
}

static uint64_t list_bytes(Generator *g, uint64_t wanted)
{
    uint64_t most = g->alone ? 16 << 20 : RANDOM_WINDOW;

    switch (below(g, 10)) {
    case 0:
        return MIN(wanted + 1 + below(g, 5000), most);
    case 1:
        return wanted - below(g, wanted + 1);
    case 2:
        return MIN(wanted + FUZZ_BLOCK * below(g, 16), most);
    default:
        return MIN(wanted, most);
    }
}

static void random_command(Generator *g, FuzzStep *step)
{
    FuzzCommand *c = step_add(step);
    Command *command = &c->command;
    uint32_t blocks = below(g, chance(g, 80) ? 17 : 129);
    gboolean write = chance(g, 45);
    uint64_t bytes;

    if (g->alone && chance(g, 5)) {
        blocks = 256 + below(g, FUZZ_MAIN_BYTES / FUZZ_BLOCK - 256);
    }
    if (!g->raw && chance(g, 8)) {
        bytes = put_other(g, command);
    } else {
        blocks = MIN(blocks, g->blocks);
        put_transfer(g, command, write, &blocks);
        bytes = (uint64_t)blocks * FUZZ_BLOCK;
        command->direction = write ? DATA_OUT : DATA_IN;
        if (!g->raw && chance(g, 2)) {
            /* Not the command's. What pvscsi is given in the other direction it
             * never answers: scsi_req_cancel() of a request that was not
             * enqueued does nothing (hw/scsi/vmw_pvscsi.c). */
            command->direction = g->maps_data ? below(g, 3) : DATA_NONE;
        }
    }
    if (command->direction != DATA_NONE && !chance(g, 1)) {
        add_list(g, c, list_bytes(g, bytes));
    }
    command_update(c);
}

FuzzStep *random_step(const Initiator *ring, uint64_t seed, uint64_t index)
{
    Generator g = {
        .state = seed * UINT64_C(1000003) + index,
        .ring = ring,
        .maps_data = initiator_ring_hba((Initiator *)ring)->kind->maps_data,
        .raw = initiator_ring_hba((Initiator *)ring)->kind->raw,
    };
    FuzzStep *step = step_new(next(&g) >> 1);
    unsigned n = chance(&g, 50) ? 1 : 1 + below(&g, STEP_COMMANDS_MAX);

    g.alone = n == 1;
    for (unsigned i = 0; i < n; i++) {
        g.ram = ring->arena.start + i * (RANDOM_WINDOWS / STEP_COMMANDS_MAX);
        g.ram_bytes = RANDOM_WINDOW;
        if (g.alone && chance(&g, 10)) {
            g.ram = ring->arena.start + RANDOM_WINDOWS;
            g.ram_bytes = RANDOM_WIDE - 65536;
        }
        g.device = ring->arena.device->start +
                   i * (FUZZ_DEVICE_WINDOW / STEP_COMMANDS_MAX);
        g.device_bytes = FUZZ_DEVICE_WINDOW / STEP_COMMANDS_MAX;
        g.blocks = FUZZ_MAIN_BYTES / FUZZ_BLOCK / STEP_COMMANDS_MAX;
        g.lba = i * g.blocks;
        if (g.alone) {
            g.lba = 0;
            g.blocks = FUZZ_MAIN_BYTES / FUZZ_BLOCK;
        }
        random_command(&g, step);
    }
    if (initiator_ring_hba((Initiator *)ring)->kind->abort) {
        for (unsigned i = 0; i < n; i++) {
            ((FuzzCommand *)step->commands->pdata[i])->aborted = chance(&g, 3);
        }
    }
    /* virtqueue_push() writes device memory in the IOThread, which takes the
     * big lock that the main thread has while it waits for the IOThread: QEMU
     * hangs (fault G of qemu-tracepoints/README.md). */
    if (!(g.maps_data && g.not_ram) && chance(&g, 2) &&
        initiator_ring_hba((Initiator *)ring)->kind->reset) {
        step->reset = below(&g, HBA_RESET__COUNT);
    }
    return step;
}
