/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "layout.h"

#define PAGE 4096      /* the guest's: a PC's, whatever the host's */
#define GUARD 64       /* at least this much on both sides: a cache line */
#define SECTOR 512     /* no piece of many is smaller */
#define MANY 2048      /* its pieces: what pvscsi carries, twice SG_IO's */
#define DEVICE_EVERY 8 /* of the pieces of mmio, one is device memory */
#define OFFSET_START (512 + 4) /* sg wants 4-byte alignment for direct I/O */

static uint64_t round_to_pages(uint64_t bytes)
{
    return (bytes + PAGE - 1) / PAGE * PAGE;
}

/* Bytes of each piece but the last. */
static uint64_t piece_length(Layout layout, uint64_t length)
{
    switch (layout) {
    case LAYOUT_CONTIGUOUS:
    case LAYOUT_OFFSET:
        return length;
    case LAYOUT_PAGES:
    case LAYOUT_MMIO:
    case LAYOUT_ADJACENT:
        return PAGE;
    case LAYOUT_MANY:
        return MAX(SECTOR,
                   (length + MANY * SECTOR - 1) / (MANY * SECTOR) * SECTOR);
    case LAYOUT__COUNT:
        break;
    }
    g_assert_not_reached();
}

unsigned layout_pieces(Layout layout, uint64_t length)
{
    uint64_t each = piece_length(layout, length);

    return length ? (length + each - 1) / each : 0;
}

unsigned layout_joined(Layout layout, uint64_t length)
{
    unsigned pieces = layout_pieces(layout, length);

    return layout == LAYOUT_ADJACENT ? MIN(pieces, 1) : pieces;
}

static gboolean is_scattered(Layout layout)
{
    return layout == LAYOUT_PAGES || layout == LAYOUT_MANY ||
           layout == LAYOUT_MMIO;
}

/* The first of a buffer, too: the smallest one has some. */
static gboolean in_device(Layout layout, unsigned piece)
{
    return layout == LAYOUT_MMIO && piece % DEVICE_EVERY == 0;
}

static unsigned device_pieces(Layout layout, uint64_t length)
{
    return layout == LAYOUT_MMIO
               ? (layout_pieces(layout, length) + DEVICE_EVERY - 1) /
                     DEVICE_EVERY
               : 0;
}

uint64_t layout_device_bytes(Layout layout, uint64_t length)
{
    unsigned n = layout_pieces(layout, length);
    uint64_t bytes = device_pieces(layout, length) * (uint64_t)PAGE;

    /* The last one may be shorter. */
    return n && in_device(layout, n - 1) ? bytes - (n * (uint64_t)PAGE - length)
                                         : bytes;
}

/* With a guard as long as a piece before, between and after: neighbours never
 * touch, so that whoever joins neighbours finds none, whatever the order. */
static uint64_t scattered(unsigned n_pieces, uint64_t each)
{
    return round_to_pages((2 * (uint64_t)n_pieces + 1) * each);
}

uint64_t layout_span(Layout layout, uint64_t length)
{
    switch (layout) {
    case LAYOUT_CONTIGUOUS:
    case LAYOUT_ADJACENT:
        return PAGE + round_to_pages(length + GUARD);
    case LAYOUT_PAGES:
    case LAYOUT_MANY:
    case LAYOUT_MMIO:
        return scattered(layout_pieces(layout, length) -
                             device_pieces(layout, length),
                         piece_length(layout, length));
    case LAYOUT_OFFSET:
        return round_to_pages(OFFSET_START + length + GUARD);
    case LAYOUT__COUNT:
        break;
    }
    g_assert_not_reached();
}

uint64_t layout_device_span(Layout layout, uint64_t length)
{
    unsigned n = device_pieces(layout, length);

    return n ? scattered(n, PAGE) : 0;
}

/* Pieces of RAM are shuffled among themselves, and so are those of device
 * memory: which are which is the layout's. */
static void place_scattered(Buffer *buffer, Layout layout, GRand *random)
{
    uint64_t each = piece_length(layout, buffer->length);
    uint64_t left = buffer->length;
    unsigned n[2] = {0, 0}, i;

    for (i = 0; i < buffer->n_pieces; i++) {
        gboolean device = in_device(layout, i);

        buffer->pieces[i].offset = (device ? buffer->device : buffer->region) +
                                   (2 * (uint64_t)n[device]++ + 1) * each;
    }
    for (i = buffer->n_pieces; i > 1; i--) {
        unsigned other = g_rand_int_range(random, 0, i);
        uint64_t offset = buffer->pieces[i - 1].offset;

        if (in_device(layout, other) == in_device(layout, i - 1)) {
            buffer->pieces[i - 1].offset = buffer->pieces[other].offset;
            buffer->pieces[other].offset = offset;
        }
    }
    for (i = 0; i < buffer->n_pieces; i++) {
        buffer->pieces[i].length = MIN(left, each);
        left -= buffer->pieces[i].length;
    }
}

/* One after the other: whoever joins neighbours finds one piece. */
static void place_adjacent(Buffer *buffer)
{
    for (unsigned i = 0; i < buffer->n_pieces; i++) {
        uint64_t at = (uint64_t)i * PAGE;

        buffer->pieces[i].offset = buffer->region + PAGE + at;
        buffer->pieces[i].length = MIN(buffer->length - at, PAGE);
    }
}

static void find_device(Buffer *buffer, Layout layout)
{
    const DeviceMemory *device = buffer->arena.device;

    buffer->device_span = layout_device_span(layout, buffer->length);
    if (buffer->device_span) {
        uint64_t number = (buffer->region - buffer->arena.start) / buffer->span;

        g_assert(device && (number + 1) * buffer->device_span <= device->size);
        buffer->device = device->start + number * buffer->device_span;
    }
}

Buffer *buffer_new(const Arena *arena, Layout layout, uint64_t length,
                   uint64_t region, GRand *random)
{
    Buffer *buffer = g_new0(Buffer, 1);

    buffer->arena = *arena;
    buffer->region = region;
    buffer->span = layout_span(layout, length);
    buffer->length = length;
    g_assert(region % PAGE == 0 && region >= arena->start);
    g_assert(region <= arena->size && buffer->span <= arena->size - region);
    g_assert(length <= G_MAXUINT32);

    buffer->n_pieces = layout_pieces(layout, length);
    buffer->pieces = g_new0(Piece, buffer->n_pieces);
    find_device(buffer, layout);
    if (is_scattered(layout)) {
        place_scattered(buffer, layout, random);
    } else if (layout == LAYOUT_ADJACENT) {
        place_adjacent(buffer);
    } else if (buffer->n_pieces) {
        buffer->pieces[0].offset =
            region + (layout == LAYOUT_OFFSET ? OFFSET_START : PAGE);
        buffer->pieces[0].length = length;
    }
    return buffer;
}

void buffer_free(Buffer *buffer)
{
    if (buffer) {
        g_free(buffer->pieces);
        g_free(buffer);
    }
}

static gboolean is_device(const Arena *arena, uint64_t offset)
{
    return arena->device && offset >= arena->device->start &&
           offset - arena->device->start < arena->device->size;
}

void buffer_write(Buffer *buffer, const void *data)
{
    const Arena *arena = &buffer->arena;
    const uint8_t *from = data;
    unsigned i;

    for (i = 0; i < buffer->n_pieces; i++) {
        const Piece *piece = &buffer->pieces[i];

        if (is_device(arena, piece->offset)) {
            arena->device->write(arena->device->opaque, piece->offset, from,
                                 piece->length);
        } else {
            memcpy(arena->base + piece->offset, from, piece->length);
        }
        from += piece->length;
    }
}

void buffer_read(const Buffer *buffer, void *data)
{
    const Arena *arena = &buffer->arena;
    uint8_t *to = data;
    unsigned i;

    for (i = 0; i < buffer->n_pieces; i++) {
        const Piece *piece = &buffer->pieces[i];

        if (is_device(arena, piece->offset)) {
            arena->device->read(arena->device->opaque, piece->offset, to,
                                piece->length);
        } else {
            memcpy(to, arena->base + piece->offset, piece->length);
        }
        to += piece->length;
    }
}

/* Differs from place to place, so that a guard copied elsewhere is no guard,
 * and is never 00h or FFh, what stray data is most often. */
static uint8_t guard_byte(uint64_t offset)
{
    return 0xc0 | ((uint32_t)offset * 0x9e3779b1u) >> 27;
}

void buffer_set_guards(Buffer *buffer)
{
    const DeviceMemory *device = buffer->arena.device;
    uint64_t i;

    for (i = buffer->region; i < buffer->region + buffer->span; i++) {
        buffer->arena.base[i] = guard_byte(i);
    }
    if (buffer->device_span) {
        g_autofree uint8_t *guards = g_malloc(buffer->device_span);

        for (i = 0; i < buffer->device_span; i++) {
            guards[i] = guard_byte(buffer->device + i);
        }
        device->write(device->opaque, buffer->device, guards,
                      buffer->device_span);
    }
}

/* The bytes of @memory, which are those from @from to @to. */
static uint64_t check_stretch(const uint8_t *memory, uint64_t from, uint64_t to)
{
    uint64_t i;

    for (i = from; i < to; i++) {
        if (memory[i - from] != guard_byte(i)) {
            return i;
        }
    }
    return UINT64_MAX;
}

static int compare_pieces(const void *a, const void *b)
{
    uint64_t left = ((const Piece *)a)->offset;
    uint64_t right = ((const Piece *)b)->offset;

    return left < right ? -1 : left > right;
}

/* All of @memory, which is what lies from @start on, but for the pieces. */
static uint64_t check_region(const Piece *sorted, unsigned n,
                             const uint8_t *memory, uint64_t start,
                             uint64_t span)
{
    uint64_t at = start;
    unsigned i;

    for (i = 0; i < n; i++) {
        uint64_t stray;

        if (sorted[i].offset < start || sorted[i].offset >= start + span) {
            continue;
        }
        stray = check_stretch(memory + (at - start), at, sorted[i].offset);
        if (stray != UINT64_MAX) {
            return stray;
        }
        at = sorted[i].offset + sorted[i].length;
    }
    return check_stretch(memory + (at - start), at, start + span);
}

uint64_t buffer_check_guards(const Buffer *buffer)
{
    const DeviceMemory *device = buffer->arena.device;
    unsigned n = buffer->n_pieces;
    g_autofree Piece *sorted =
        g_memdup2(buffer->pieces, n * sizeof(*buffer->pieces));
    uint64_t stray;

    if (n) {
        qsort(sorted, n, sizeof(*sorted), compare_pieces);
    }
    stray = check_region(sorted, n, buffer->arena.base + buffer->region,
                         buffer->region, buffer->span);
    if (stray == UINT64_MAX && buffer->device_span) {
        g_autofree uint8_t *memory = g_malloc(buffer->device_span);

        device->read(device->opaque, buffer->device, memory,
                     buffer->device_span);
        stray = check_region(sorted, n, memory, buffer->device,
                             buffer->device_span);
    }
    return stray;
}
