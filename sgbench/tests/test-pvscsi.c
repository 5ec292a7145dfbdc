/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The ring initiator on pvscsi, and device memory, with a real QEMU. */
#include <string.h>

#include "ring-fixture.h"
#include "sgbench/error.h"
#include "sgbench/layout.h"

#define MIB (UINT64_C(1) << 20)

/* A disk that keeps its data, through pvscsi; past the unit attention. */
static Initiator *open_disk(uint64_t device_memory, GError **error)
{
    Target target = ring_target("driver=null-sg,data=stored,size=67108864");
    PathKind path = {
        .name = "test", .build = ring_build, .device = "scsi-generic"};
    InitiatorNeeds needs = {
        .arena_size = ARENA,
        .device_memory = device_memory,
        .hba = &hba_pvscsi,
    };
    Initiator *ring =
        initiator_ring.open(&ring_context, &target, &path, &needs, error);
    Completion completion;
    Command command;

    if (ring) {
        command_test_unit_ready(&command);
        g_assert_true(initiator_send(ring, &command, &completion, NULL));
        g_assert_cmpuint(completion.response, ==, 0);
    }
    return ring;
}

static Initiator *open_good(uint64_t device_memory)
{
    g_autoptr(GError) error = NULL;
    Initiator *ring = open_disk(device_memory, &error);

    g_assert_no_error(error);
    return ring;
}

static void send_buffer(Initiator *ring, DataDirection direction,
                        const Buffer *buffer, uint64_t lba)
{
    Completion completion;
    Command command;

    command_read_write(&command, direction, 10, lba, buffer->length / BLOCK);
    command.length = buffer->length;
    command.pieces = buffer->pieces;
    command.n_pieces = buffer->n_pieces;
    ring_send_good(ring, &command, &completion);
}

/* Out in one layout, in by another, for all pairs of them. */
static void test_layouts(void)
{
    static const uint64_t lengths[] = {512, 4096, 9 * 4096 + 512, 8 * MIB};
    g_autoptr(GRand) random = g_rand_new_with_seed(11);
    g_autoptr(Initiator) ring = NULL;

    if (ring_no_qemu()) {
        return;
    }
    ring = open_good(8 * MIB);
    g_assert_cmpint(ring->iothread_tid, ==, 0);
    g_assert_cmpuint(ring->max_pieces, ==, 2048);
    for (unsigned i = 0; i < G_N_ELEMENTS(lengths) * LAYOUT__COUNT; i++) {
        uint64_t length = lengths[i / LAYOUT__COUNT];
        Layout out = i % LAYOUT__COUNT, in = (out + 3) % LAYOUT__COUNT;
        uint64_t region = ring->arena.start;
        g_autofree uint8_t *data = g_malloc(length), *seen = g_malloc0(length);
        g_autoptr(Buffer) from =
            buffer_new(&ring->arena, out, length, region, random);
        g_autoptr(Buffer) to =
            buffer_new(&ring->arena, in, length, region + from->span, random);

        for (uint64_t j = 0; j < length; j += 4) {
            *(uint32_t *)(void *)(data + j) = g_rand_int(random);
        }
        buffer_set_guards(from);
        buffer_set_guards(to);
        buffer_write(from, data);
        send_buffer(ring, DATA_OUT, from, i);
        send_buffer(ring, DATA_IN, to, i);
        buffer_read(to, seen);
        g_assert_true(memcmp(seen, data, length) == 0);
        g_assert_cmphex(buffer_check_guards(from), ==, UINT64_MAX);
        g_assert_cmphex(buffer_check_guards(to), ==, UINT64_MAX);
    }
}

/* Sense data arrives; of a short transfer is known that it was short. */
static void test_completions(void)
{
    g_autoptr(Initiator) ring = NULL;
    g_autofree char *text = NULL;
    Completion completion;
    Command command;
    Piece piece;

    if (ring_no_qemu()) {
        return;
    }
    ring = open_good(0);
    command_read_write(&command, DATA_IN, 10, DISK_BYTES / BLOCK, 1);
    command.length = BLOCK;
    ring_one_piece(ring, &command, &piece);
    g_assert_true(initiator_send(ring, &command, &completion, NULL));
    g_assert_cmpuint(completion.response, ==, 0);
    g_assert_cmpuint(completion.status, ==, 2);
    g_assert_cmphex(completion.sense[2] & 15, ==, 5);
    g_assert_cmphex(completion.sense[12], ==, 0x21);

    /* A block for a buffer of two. */
    command_read_write(&command, DATA_IN, 10, 0, 1);
    command.length = 2 * BLOCK;
    ring_one_piece(ring, &command, &piece);
    g_assert_true(initiator_send(ring, &command, &completion, NULL));
    g_assert_cmpuint(completion.status, ==, 0);
    g_assert_true(completion.resid == RESID_UNKNOWN);
    g_assert_false(completion_good(&completion));
    text = completion_text(&completion);
    g_assert_nonnull(strstr(text, "not all transferred"));
}

/* The rings go round many times, 64 deep. */
static void test_depth(void)
{
    g_autoptr(Initiator) ring = NULL;
    g_autoptr(GError) error = NULL;
    CheckedLoad checked;

    if (ring_no_qemu()) {
        return;
    }
    ring = open_good(0);
    checked_load_init(&checked, ring, 64, 5000);
    g_assert_true(ring->kind->drive(ring, &checked.load, NULL, &error));
    g_assert_no_error(error);
    g_assert_cmpuint(checked.done, ==, 5000);
    g_assert_cmpuint(checked.most_in_flight, ==, 64);
    checked_load_clear(&checked);
}

static void test_device_memory(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Initiator) ring = NULL;
    static uint8_t data[5000], seen[5000];

    if (ring_no_qemu()) {
        return;
    }
    g_assert_null(open_disk(1024 * MIB, &error));
    g_assert_error(error, SGBENCH_ERROR, SGBENCH_ERROR_PREFLIGHT);
    g_assert_nonnull(strstr(error->message, "device memory"));

    ring = open_good(3 * MIB);
    g_assert_nonnull(ring->arena.device);
    g_assert_cmpuint(ring->arena.device->size, ==, 4 * MIB);
    for (unsigned i = 0; i < sizeof(data); i++) {
        data[i] = i * 7 + (i >> 8);
    }
    for (unsigned i = 0; i < 2; i++) {
        const DeviceMemory *device = ring->arena.device;
        uint64_t at = device->start + (i ? device->size - sizeof(data) : 1);

        device->write(device->opaque, at, data, sizeof(data));
        device->read(device->opaque, at, seen, sizeof(seen));
        g_assert_true(memcmp(seen, data, sizeof(data)) == 0);
    }
}

int main(int argc, char **argv)
{
    int status;

    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/pvscsi/layouts", test_layouts);
    g_test_add_func("/pvscsi/completions", test_completions);
    g_test_add_func("/pvscsi/depth", test_depth);
    g_test_add_func("/pvscsi/device-memory", test_device_memory);
    ring_set_up();
    status = g_test_run();
    ring_tear_down();
    return status;
}
