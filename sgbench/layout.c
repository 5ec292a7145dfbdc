/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "layout.h"

#define PAGE 4096 /* the guest's: a PC's, whatever the host's */
#define GUARD 64  /* at least this much on both sides: a cache line */
#define OFFSET_START (512 + 4) /* sg wants 4-byte alignment for direct I/O */

static uint64_t round_to_pages(uint64_t bytes)
{
    return (bytes + PAGE - 1) / PAGE * PAGE;
}

unsigned layout_pieces(Layout layout, uint64_t length)
{
    if (length == 0) {
        return 0;
    }
    return layout == LAYOUT_PAGES ? round_to_pages(length) / PAGE : 1;
}

uint64_t layout_span(Layout layout, uint64_t length)
{
    switch (layout) {
    case LAYOUT_CONTIGUOUS:
        return PAGE + round_to_pages(length + GUARD);
    case LAYOUT_PAGES:
        /* A guard page before, between and after: neighbours never touch, so
         * that whoever joins neighbours finds none, whatever the order. */
        return (2 * (uint64_t)layout_pieces(layout, length) + 1) * PAGE;
    case LAYOUT_OFFSET:
        return round_to_pages(OFFSET_START + length + GUARD);
    case LAYOUT__COUNT:
        break;
    }
    g_assert_not_reached();
}

static void place_pages(Buffer *buffer, GRand *random)
{
    uint64_t left = buffer->length;
    unsigned i;

    for (i = 0; i < buffer->n_pieces; i++) {
        buffer->pieces[i].offset =
            buffer->region + (2 * (uint64_t)i + 1) * PAGE;
    }
    for (i = buffer->n_pieces; i > 1; i--) {
        unsigned other = g_rand_int_range(random, 0, i);
        uint64_t offset = buffer->pieces[i - 1].offset;

        buffer->pieces[i - 1].offset = buffer->pieces[other].offset;
        buffer->pieces[other].offset = offset;
    }
    for (i = 0; i < buffer->n_pieces; i++) {
        buffer->pieces[i].length = MIN(left, PAGE);
        left -= buffer->pieces[i].length;
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
    if (layout == LAYOUT_PAGES) {
        place_pages(buffer, random);
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

void buffer_write(Buffer *buffer, const void *data)
{
    const uint8_t *from = data;
    unsigned i;

    for (i = 0; i < buffer->n_pieces; i++) {
        const Piece *piece = &buffer->pieces[i];

        memcpy(buffer->arena.base + piece->offset, from, piece->length);
        from += piece->length;
    }
}

void buffer_read(const Buffer *buffer, void *data)
{
    uint8_t *to = data;
    unsigned i;

    for (i = 0; i < buffer->n_pieces; i++) {
        const Piece *piece = &buffer->pieces[i];

        memcpy(to, buffer->arena.base + piece->offset, piece->length);
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
    uint64_t end = buffer->region + buffer->span;
    uint64_t i;

    for (i = buffer->region; i < end; i++) {
        buffer->arena.base[i] = guard_byte(i);
    }
}

static uint64_t check_stretch(const Buffer *buffer, uint64_t from, uint64_t to)
{
    uint64_t i;

    for (i = from; i < to; i++) {
        if (buffer->arena.base[i] != guard_byte(i)) {
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

uint64_t buffer_check_guards(const Buffer *buffer)
{
    g_autofree Piece *sorted = g_new(Piece, buffer->n_pieces);
    uint64_t at = buffer->region;
    unsigned i;

    for (i = 0; i < buffer->n_pieces; i++) {
        sorted[i] = buffer->pieces[i];
    }
    qsort(sorted, buffer->n_pieces, sizeof(*sorted), compare_pieces);
    for (i = 0; i < buffer->n_pieces; i++) {
        uint64_t stray = check_stretch(buffer, at, sorted[i].offset);

        if (stray != UINT64_MAX) {
            return stray;
        }
        at = sorted[i].offset + sorted[i].length;
    }
    return check_stretch(buffer, at, buffer->region + buffer->span);
}
