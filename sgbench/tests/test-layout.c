/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "sgbench/layout.h"

#define PAGE 4096
#define GUARD 64
#define REGION (3 * PAGE)
#define ARENA (REGION + 4 * 1024 * 1024)
#define DEVICE (UINT64_C(3) << 30) /* where no arena is */
#define DEVICE_SIZE (1024 * 1024)

static const uint64_t lengths[] = {512,   4096,          4608,
                                   65536, 1048576 - 512, 1048576};

/* Stands in for a device of QEMU's. */
static uint8_t device_bytes[DEVICE_SIZE];

static void device_read(void *opaque, uint64_t address, void *data,
                        uint64_t length)
{
    g_assert_cmpuint(address, >=, DEVICE);
    g_assert_cmpuint(address + length, <=, DEVICE + DEVICE_SIZE);
    memcpy(data, device_bytes + (address - DEVICE), length);
}

static void device_write(void *opaque, uint64_t address, const void *data,
                         uint64_t length)
{
    g_assert_cmpuint(address, >=, DEVICE);
    g_assert_cmpuint(address + length, <=, DEVICE + DEVICE_SIZE);
    memcpy(device_bytes + (address - DEVICE), data, length);
}

static const DeviceMemory device = {
    .start = DEVICE,
    .size = DEVICE_SIZE,
    .read = device_read,
    .write = device_write,
};

/* A byte of the arena or of device memory. */
static uint8_t *byte_at(const Arena *arena, uint64_t offset)
{
    return offset >= DEVICE ? device_bytes + (offset - DEVICE)
                            : arena->base + offset;
}

/* An arena with an initiator's own part before, and memory after the buffer
 * that must stay as it is. */
static Arena new_arena(void)
{
    Arena arena = {.base = g_malloc0(ARENA),
                   .start = REGION,
                   .size = ARENA,
                   .device = &device};
    return arena;
}

static int compare_pieces(const void *a, const void *b)
{
    const Piece *left = a, *right = b;

    return left->offset < right->offset ? -1 : left->offset > right->offset;
}

static Piece *sorted_pieces(const Buffer *buffer)
{
    Piece *sorted =
        g_memdup2(buffer->pieces, buffer->n_pieces * sizeof(*buffer->pieces));

    qsort(sorted, buffer->n_pieces, sizeof(*sorted), compare_pieces);
    return sorted;
}

/* Pieces are inside the region, apart, guarded, and as long as the data. */
static void check_shape(const Buffer *buffer, Layout layout, uint64_t length)
{
    g_autofree Piece *sorted = sorted_pieces(buffer);
    uint64_t at = buffer->region, sum = 0, in_device = 0;
    unsigned i;

    g_assert_cmpuint(buffer->n_pieces, ==, layout_pieces(layout, length));
    g_assert_cmpuint(buffer->span, ==, layout_span(layout, length));
    g_assert_cmpuint(buffer->span % PAGE, ==, 0);
    for (i = 0; i < buffer->n_pieces; i++) {
        g_assert_cmpuint(sorted[i].length, >, 0);
        /* Device memory lies behind all RAM. */
        if (sorted[i].offset >= DEVICE) {
            if (!in_device) {
                g_assert_cmpuint(at + GUARD, <=, buffer->region + buffer->span);
                at = buffer->device;
            }
            in_device += sorted[i].length;
        }
        /* Not joinable with the one before, whatever the order; or always. */
        if (layout == LAYOUT_ADJACENT && i > 0) {
            g_assert_cmpuint(sorted[i].offset, ==, at);
            g_assert_cmpuint(buffer->pieces[i].offset, ==, at);
        } else {
            g_assert_cmpuint(sorted[i].offset, >=, at + GUARD);
        }
        at = sorted[i].offset + sorted[i].length;
        sum += sorted[i].length;
    }
    g_assert_cmpuint(at + GUARD, <=,
                     in_device ? buffer->device + buffer->device_span
                               : buffer->region + buffer->span);
    g_assert_cmpuint(sum, ==, length);
    g_assert_cmpuint(in_device, ==, layout_device_bytes(layout, length));
    g_assert_cmpuint(in_device > 0, ==, layout == LAYOUT_MMIO);
}

/* What each layout is there for. */
static void check_kind(const Buffer *buffer, Layout layout)
{
    unsigned i;

    switch (layout) {
    case LAYOUT_CONTIGUOUS:
        g_assert_cmpuint(buffer->n_pieces, ==, 1);
        g_assert_cmpuint(buffer->pieces[0].offset % PAGE, ==, 0);
        break;
    case LAYOUT_MANY:
        g_assert_cmpuint(buffer->n_pieces, <=, 2048);
        g_assert_true(buffer->n_pieces > SG_IO_PIECES ||
                      buffer->pieces[0].length == 512 || buffer->n_pieces == 1);
        break;
    case LAYOUT_MMIO:
        /* Both kinds from 8 KiB on, device memory always. */
        g_assert_cmpuint(buffer->pieces[0].offset, >=, DEVICE);
        if (buffer->n_pieces > 1) {
            g_assert_cmpuint(buffer->pieces[1].offset, <, DEVICE);
        }
        G_GNUC_FALLTHROUGH;
    case LAYOUT_PAGES:
    case LAYOUT_ADJACENT:
        for (i = 0; i < buffer->n_pieces; i++) {
            g_assert_cmpuint(buffer->pieces[i].offset % PAGE, ==, 0);
            if (i + 1 < buffer->n_pieces) {
                g_assert_cmpuint(buffer->pieces[i].length, ==, PAGE);
            }
        }
        break;
    case LAYOUT_OFFSET:
        g_assert_cmpuint(buffer->n_pieces, ==, 1);
        g_assert_cmpuint(buffer->pieces[0].offset % PAGE, ==, 512 + 4);
        break;
    case LAYOUT__COUNT:
        g_assert_not_reached();
    }
}

static void test_shape(gconstpointer data)
{
    Layout layout = GPOINTER_TO_INT(data);
    g_autoptr(GRand) random = g_rand_new_with_seed(1);
    Arena arena = new_arena();
    unsigned i;

    for (i = 0; i < G_N_ELEMENTS(lengths); i++) {
        g_autoptr(Buffer) buffer =
            buffer_new(&arena, layout, lengths[i], REGION, random);

        check_shape(buffer, layout, lengths[i]);
        check_kind(buffer, layout);
        /* Never more than twice the data and some pages. */
        g_assert_cmpuint(buffer->span, <=, 2 * lengths[i] + 3 * PAGE);
    }
    g_free(arena.base);
}

/* Shuffled, and the same again for the same seed. */
static void test_shuffled(void)
{
    g_autoptr(GRand) random = g_rand_new_with_seed(1);
    g_autoptr(GRand) again = g_rand_new_with_seed(1);
    Arena arena = new_arena();
    g_autoptr(Buffer) a =
        buffer_new(&arena, LAYOUT_PAGES, 1 << 20, REGION, random);
    g_autoptr(Buffer) b =
        buffer_new(&arena, LAYOUT_PAGES, 1 << 20, REGION, again);
    unsigned ascending = 0, i;

    for (i = 0; i < a->n_pieces; i++) {
        g_assert_cmpuint(a->pieces[i].offset, ==, b->pieces[i].offset);
        ascending += i > 0 && a->pieces[i].offset > a->pieces[i - 1].offset;
    }
    g_assert_cmpuint(ascending, >, a->n_pieces / 4);
    g_assert_cmpuint(ascending, <, a->n_pieces * 3 / 4);
    g_free(arena.base);
}

/* What is written comes back, and only the pieces have it. */
static void test_data(gconstpointer data)
{
    Layout layout = GPOINTER_TO_INT(data);
    g_autoptr(GRand) random = g_rand_new_with_seed(2);
    Arena arena = new_arena();
    unsigned i, j;

    for (i = 0; i < G_N_ELEMENTS(lengths); i++) {
        g_autoptr(Buffer) buffer =
            buffer_new(&arena, layout, lengths[i], REGION, random);
        g_autofree uint8_t *in = g_malloc(lengths[i]);
        g_autofree uint8_t *out = g_malloc0(lengths[i]);
        uint64_t at = 0;

        for (j = 0; j < lengths[i]; j++) {
            in[j] = g_rand_int(random);
        }
        buffer_set_guards(buffer);
        buffer_write(buffer, in);
        g_assert_cmpuint(buffer_check_guards(buffer), ==, UINT64_MAX);
        for (j = 0; j < buffer->n_pieces; j++) {
            const Piece *piece = &buffer->pieces[j];

            g_assert_cmpint(
                memcmp(byte_at(&arena, piece->offset), in + at, piece->length),
                ==, 0);
            at += piece->length;
        }
        buffer_read(buffer, out);
        g_assert_cmpmem(in, lengths[i], out, lengths[i]);
    }
    g_free(arena.base);
}

/* Every byte outside the pieces is watched, and none inside or beyond. */
static void test_guards(gconstpointer data)
{
    Layout layout = GPOINTER_TO_INT(data);
    g_autoptr(GRand) random = g_rand_new_with_seed(3);
    uint64_t length = 3 * PAGE + 512;
    Arena arena = new_arena();
    g_autoptr(Buffer) buffer =
        buffer_new(&arena, layout, length, REGION, random);
    uint64_t end = buffer->region + buffer->span;
    uint64_t device_end = buffer->device + buffer->device_span;
    uint64_t at, watched = 0;

    buffer_set_guards(buffer);
    for (at = 0; at < REGION; at++) {
        g_assert_cmpuint(arena.base[at], ==, 0);
    }
    for (at = end; at < end + PAGE; at++) {
        g_assert_cmpuint(arena.base[at], ==, 0);
    }
    at = buffer->region;
    while (at < end || (at >= DEVICE && at < device_end)) {
        static const uint8_t strays[] = {0x00, 0xff};
        uint8_t *byte = byte_at(&arena, at), was = *byte;
        unsigned i;

        /* What a stray transfer leaves is zeros, ones, or its neighbour. */
        for (i = 0; i < G_N_ELEMENTS(strays); i++) {
            *byte = strays[i];
            if (buffer_check_guards(buffer) == at) {
                watched++;
            } else {
                g_assert_cmpuint(buffer_check_guards(buffer), ==, UINT64_MAX);
            }
        }
        *byte = was;
        if (++at == end && buffer->device_span) {
            at = buffer->device;
        }
    }
    g_assert_cmpuint(watched, ==,
                     2 * (buffer->span + buffer->device_span - length));
    g_free(arena.base);
}

/* Guards copied to another page, as a shifted transfer would, are no guards. */
static void test_guards_moved(void)
{
    g_autoptr(GRand) random = g_rand_new_with_seed(4);
    Arena arena = new_arena();
    g_autoptr(Buffer) buffer =
        buffer_new(&arena, LAYOUT_PAGES, 4 * PAGE, REGION, random);
    static const unsigned shifts[] = {1, 4, 64, 512, PAGE, 2 * PAGE};
    unsigned i;

    for (i = 0; i < G_N_ELEMENTS(shifts); i++) {
        buffer_set_guards(buffer);
        memmove(arena.base + REGION + 2 * PAGE,
                arena.base + REGION + 2 * PAGE + shifts[i], 64);
        g_assert_cmpuint(buffer_check_guards(buffer), !=, UINT64_MAX);
    }
    g_free(arena.base);
}

/* What is promised from 513K on, and that no piece is larger than it must be. */
static void test_many(void)
{
    for (uint64_t length = 1025 * 512; length <= 16 << 20; length += 512) {
        unsigned n = layout_pieces(LAYOUT_MANY, length);

        g_assert_cmpuint(n, >, SG_IO_PIECES);
        g_assert_cmpuint(n, <=, 2048);
    }
    g_assert_cmpuint(layout_pieces(LAYOUT_MANY, 1 << 20), ==, 2048);
    g_assert_cmpuint(layout_pieces(LAYOUT_MANY, 8 << 20), ==, 2048);
    g_assert_cmpuint(layout_pieces(LAYOUT_MANY, (16 << 20) - 1), ==, 2048);
    g_assert_cmpuint(layout_pieces(LAYOUT_MANY, 1024 * 512), ==, 1024);
}

/* Buffers beside one another share no device memory either. */
static void test_device_regions(void)
{
    g_autoptr(GRand) random = g_rand_new_with_seed(5);
    uint64_t length = 20 * PAGE, span = layout_span(LAYOUT_MMIO, length);
    Arena arena = new_arena();
    uint64_t next = 0;

    for (unsigned i = 0; i < 4; i++) {
        g_autoptr(Buffer) buffer =
            buffer_new(&arena, LAYOUT_MMIO, length, REGION + i * span, random);

        g_assert_cmpuint(buffer->device, >=, next);
        next = buffer->device + buffer->device_span;
    }
    g_assert_cmpuint(layout_device_bytes(LAYOUT_MMIO, length), ==, 3 * PAGE);
    g_assert_cmpuint(layout_device_bytes(LAYOUT_MMIO, 8 * PAGE + 5), ==,
                     PAGE + 5);
    g_assert_cmpuint(layout_device_bytes(LAYOUT_PAGES, length), ==, 0);
    g_free(arena.base);
}

/* Only neighbors that are in the list one after the other are joined. */
static void test_joined(void)
{
    g_assert_cmpuint(layout_pieces(LAYOUT_ADJACENT, 20 * PAGE), ==, 20);
    g_assert_cmpuint(layout_joined(LAYOUT_ADJACENT, 20 * PAGE), ==, 1);
    g_assert_cmpuint(layout_joined(LAYOUT_ADJACENT, 0), ==, 0);
    g_assert_cmpuint(layout_joined(LAYOUT_PAGES, 20 * PAGE), ==, 20);
    g_assert_cmpuint(layout_joined(LAYOUT_CONTIGUOUS, 20 * PAGE), ==, 1);
}

int main(int argc, char **argv)
{
    unsigned i;

    g_test_init(&argc, &argv, NULL);
    for (i = 0; i < LAYOUT__COUNT; i++) {
        static const struct {
            const char *name;
            GTestDataFunc test;
        } tests[] = {{"shape", test_shape},
                     {"data", test_data},
                     {"guards", test_guards}};
        unsigned j;

        for (j = 0; j < G_N_ELEMENTS(tests); j++) {
            g_autofree char *name =
                g_strdup_printf("/layout/%s/%s", tests[j].name, layout_name(i));
            g_test_add_data_func(name, GINT_TO_POINTER(i), tests[j].test);
        }
    }
    g_test_add_func("/layout/many", test_many);
    g_test_add_func("/layout/device-regions", test_device_regions);
    g_test_add_func("/layout/joined", test_joined);
    g_test_add_func("/layout/shuffled", test_shuffled);
    g_test_add_func("/layout/guards-moved", test_guards_moved);
    return g_test_run();
}
