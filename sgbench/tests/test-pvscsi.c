/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The ring initiator on pvscsi, device memory, and what HBAs do to commands that
 * are under way, with a real QEMU. */
#include <string.h>

#include "ring-fixture.h"
#include "sgbench/error.h"

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

/* Out in one layout, in by another, for all pairs of them. */
static void test_layouts(void)
{
    static const uint64_t lengths[] = {512, 4096, 9 * 4096 + 512, 8 * MIB};
    g_autoptr(Initiator) ring = NULL;

    if (ring_no_qemu()) {
        return;
    }
    ring = open_good(8 * MIB);
    g_assert_cmpint(ring->iothread_tid, ==, 0);
    g_assert_cmpuint(ring->max_pieces, ==, 2048);
    ring_check_layouts(ring, lengths, G_N_ELEMENTS(lengths));
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

/* Three READs of 100 ms each; act() is called when they are under way. */
typedef struct SlowLoad {
    Load load; /* first */
    Initiator *ring;
    void (*act)(Hba *hba);
    Command commands[3];
    Piece pieces[3];
    Completion completions[3];
    unsigned sent;
    gboolean acted;
} SlowLoad;

static Command *slow_next(Load *load, unsigned slot)
{
    SlowLoad *slow = (SlowLoad *)load;
    Command *command = &slow->commands[slot];

    if (slow->sent == G_N_ELEMENTS(slow->commands)) {
        return NULL;
    }
    slow->sent++;
    slow->pieces[slot] = (Piece){slow->ring->arena.start + slot * BLOCK, BLOCK};
    command_read_write(command, DATA_IN, 10, slot, 1);
    command->length = BLOCK;
    command->pieces = &slow->pieces[slot];
    command->n_pieces = 1;
    return command;
}

static gboolean slow_done(Load *load, unsigned slot, Command *command,
                          const Completion *completion)
{
    ((SlowLoad *)load)->completions[slot] = *completion;
    return TRUE;
}

static void slow_posted(Load *load)
{
    SlowLoad *slow = (SlowLoad *)load;

    if (!slow->acted) {
        slow->acted = TRUE;
        /* virtio-scsi takes what is done from another queue than the commands,
         * and must have these first */
        g_usleep(150000);
        slow->act(initiator_ring_hba(slow->ring));
    }
}

static void abort_second(Hba *hba)
{
    hba->kind->abort(hba, 1);
}

static void reset_device(Hba *hba)
{
    hba->kind->reset(hba, HBA_RESET_DEVICE);
}

static void reset_bus(Hba *hba)
{
    hba->kind->reset(hba, HBA_RESET_BUS);
}

static void reset_adapter(Hba *hba)
{
    hba->kind->reset(hba, HBA_RESET_ADAPTER);
}

/* Every command is answered, by what was done to it; what comes after a reset
 * is told of it once. Responses: VIRTIO 1.2, 5.6.6.1. */
static void test_actions(gconstpointer data)
{
    static const struct {
        void (*act)(Hba *hba);
        uint8_t responses[3];
        gboolean attention;
    } cases[] = {{abort_second, {0, 2, 0}, FALSE},
                 {reset_device, {4, 4, 4}, TRUE},
                 {reset_bus, {4, 4, 4}, TRUE},
                 {reset_adapter, {4, 4, 4}, TRUE}};
    Target target = ring_target("driver=null-sg,latency-ns=600000000");
    PathKind path = {
        .name = "test", .build = ring_build, .device = "scsi-generic"};
    InitiatorNeeds needs = {.arena_size = ARENA, .hba = data};
    g_autoptr(GError) error = NULL;
    g_autoptr(Initiator) ring = NULL;
    Completion completion;
    Command command;

    if (ring_no_qemu()) {
        return;
    }
    ring = initiator_ring.open(&ring_context, &target, &path, &needs, &error);
    g_assert_no_error(error);
    command_test_unit_ready(&command);
    g_assert_true(initiator_send(ring, &command, &completion, &error));
    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        SlowLoad slow = {.load = {.depth = 3,
                                  .next = slow_next,
                                  .done = slow_done,
                                  .posted = slow_posted},
                         .ring = ring,
                         .act = cases[i].act};

        g_assert_true(ring->kind->drive(ring, &slow.load, NULL, &error));
        g_assert_no_error(error);
        for (unsigned j = 0; j < 3; j++) {
            g_assert_cmpuint(slow.completions[j].response, ==,
                             cases[i].responses[j]);
        }
        command_test_unit_ready(&command);
        g_assert_true(initiator_send(ring, &command, &completion, &error));
        g_assert_cmpuint(completion.status, ==, cases[i].attention ? 2 : 0);
        g_assert_true(initiator_send(ring, &command, &completion, &error));
        g_assert_cmpuint(completion.status, ==, 0);
    }
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
    g_test_add_data_func("/pvscsi/actions", &hba_pvscsi, test_actions);
    g_test_add_data_func("/virtio-scsi/actions", &hba_virtio_scsi,
                         test_actions);
    ring_set_up();
    status = g_test_run();
    ring_tear_down();
    return status;
}
