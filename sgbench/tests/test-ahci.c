/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The ring initiator on AHCI, with a real QEMU: READs and WRITEs that are
 * translated, lists of every kind, errors and resets. */
#include <scsi/sg_unaligned.h>
#include <string.h>

#include "ring-fixture.h"
#include "sgbench/ata-disk.h"
#include "sgbench/error.h"
#include "sgbench/load-list.h"

#define MIB (UINT64_C(1) << 20)
#define STORED "driver=null-sg,data=stored,size=67108864"
/* Sector 4096 can be neither read nor written. */
#define BAD_LBA 4096
#define BROKEN                                                            \
    "driver=blkdebug,image.driver=null-sg,image.data=stored,"             \
    "image.size=67108864,inject-error.0.event=none,inject-error.0.errno=" \
    "5,inject-error.0.sector=4096"

static Initiator *open_disk(const char *blockdev, uint64_t device_memory)
{
    Target target = ring_target(blockdev);
    PathKind path = {.name = "test", .build = ring_build, .device = "ide-hd"};
    InitiatorNeeds needs = {
        .arena_size = ARENA,
        .device_memory = device_memory,
        .hba = &hba_ahci,
    };
    g_autoptr(GError) error = NULL;
    Initiator *ring =
        initiator_ring.open(&ring_context, &target, &path, &needs, &error);

    g_assert_no_error(error);
    return ring;
}

/* Out in one layout, in by another, for all pairs of them. */
static void test_layouts(void)
{
    static const uint64_t lengths[] = {512, 9 * 4096 + 512, 9 * MIB};
    g_autoptr(Initiator) ring = NULL;

    if (ring_no_qemu()) {
        return;
    }
    ring = open_disk(STORED, 8 * MIB);
    g_assert_cmpint(ring->iothread_tid, ==, 0);
    g_assert_cmpuint(ring->max_depth, ==, 32);
    ring_check_layouts(ring, lengths, G_N_ELEMENTS(lengths));
}

/* More pieces than any SCSI HBA takes, each of an odd length at an odd
 * address. */
static void test_pieces(void)
{
    enum {
        PIECES = 8192,
        EACH = 513
    };
    g_autofree Piece *pieces = g_new0(Piece, PIECES);
    g_autoptr(Initiator) ring = NULL;
    const uint64_t length = (uint64_t)PIECES * EACH / BLOCK * BLOCK;
    g_autofree uint8_t *data = NULL;
    Completion completion;
    Command command;
    uint8_t *memory;
    Piece one;

    if (ring_no_qemu()) {
        return;
    }
    ring = open_disk(STORED, 0);
    g_assert_cmpuint(ring->max_pieces, ==, PIECES);
    memory = ring->arena.base + ring->arena.start;
    data = g_malloc(PIECES * EACH);
    for (unsigned i = 0; i < PIECES; i++) {
        pieces[i].offset = ring->arena.start + 1 + (PIECES - 1 - i) * 2 * EACH;
        pieces[i].length = EACH;
        memset(ring->arena.base + pieces[i].offset, i % 251, EACH);
        memset(data + (size_t)i * EACH, i % 251, EACH);
    }
    command_read_write(&command, DATA_OUT, 10, 7, length / BLOCK);
    command.length = (uint64_t)PIECES * EACH;
    command.pieces = pieces;
    command.n_pieces = PIECES;
    ring_send_good(ring, &command, &completion);

    memset(memory, 0xee, length);
    command_read_write(&command, DATA_IN, 10, 7, length / BLOCK);
    command.length = length;
    ring_one_piece(ring, &command, &one);
    ring_send_good(ring, &command, &completion);
    g_assert_true(memcmp(memory, data, length) == 0);
}

static void assert_refused(Initiator *ring, Command *command, uint8_t key,
                           uint8_t asc)
{
    Completion completion;

    g_assert_true(initiator_send(ring, command, &completion, NULL));
    g_assert_cmpuint(completion.response, ==, 0);
    g_assert_cmpuint(completion.status, ==, 2);
    g_assert_cmphex(completion.sense[2], ==, key);
    g_assert_cmphex(completion.sense[12], ==, asc);
}

/* What is no READ or WRITE: from IDENTIFY DEVICE, or refused. */
static void test_commands(void)
{
    g_autoptr(Initiator) ring = NULL;
    Completion completion;
    Command command;
    uint8_t *memory;
    Piece piece;

    if (ring_no_qemu()) {
        return;
    }
    ring = open_disk(STORED, 0);
    command_read_capacity_16(&command, 32);
    memory = ring_one_piece(ring, &command, &piece);
    ring_send_good(ring, &command, &completion);
    g_assert_cmpuint(sg_get_unaligned_be64(memory), ==, DISK_BYTES / BLOCK - 1);
    g_assert_cmpuint(sg_get_unaligned_be32(memory + 8), ==, BLOCK);

    command_inquiry(&command, -1, 36);
    ring_one_piece(ring, &command, &piece);
    ring_send_good(ring, &command, &completion);
    g_assert_true(memcmp(memory + 8, "ATA     QEMU HARDDISK   ", 24) == 0);
    command_inquiry(&command, 0x80, 252);
    ring_one_piece(ring, &command, &piece);
    g_assert_true(initiator_send(ring, &command, &completion, NULL));
    g_assert_cmpuint(completion.status, ==, 0);
    g_assert_cmpuint(completion.resid, ==, 252 - 24);
    g_assert_true(memcmp(memory + 4, "QM00", 4) == 0);

    command_inquiry(&command, 0xb0, 64);
    ring_one_piece(ring, &command, &piece);
    assert_refused(ring, &command, 5, 0x24);
    command_set_cdb(&command, 0x35, 10, DATA_NONE); /* SYNCHRONIZE CACHE */
    command.length = command.n_pieces = 0;
    assert_refused(ring, &command, 5, 0x20);
    command_read_write(&command, DATA_IN, 16, 0, 65537);
    assert_refused(ring, &command, 5, 0x24);
    command_read_write(&command, DATA_IN, 16, UINT64_C(1) << 48, 1);
    assert_refused(ring, &command, 5, 0x21);
    command_read_write(&command, DATA_IN, 10, 0, 0); /* no blocks */
    ring_send_good(ring, &command, &completion);
}

/* An error ends the command, and the next one goes well; so after a list that
 * is too short, or none. */
static void test_errors(void)
{
    g_autoptr(Initiator) ring = NULL;
    Completion completion;
    Command command;
    Piece piece;

    if (ring_no_qemu()) {
        return;
    }
    ring = open_disk(BROKEN, 0);
    for (unsigned i = 0; i < 8; i++) {
        command_read_write(&command, i % 2 ? DATA_OUT : DATA_IN, 10,
                           BAD_LBA - i / 2, 8);
        command.length = i < 6 ? 8 * BLOCK : i == 6 ? 8 * BLOCK - 1 : 0;
        ring_one_piece(ring, &command, &piece);
        command.n_pieces = i < 7;
        assert_refused(ring, &command, 0x0b, 0);

        command_read_write(&command, DATA_OUT, 10, BAD_LBA + 1, 8);
        command.length = 8 * BLOCK;
        ring_one_piece(ring, &command, &piece);
        ring_send_good(ring, &command, &completion);
    }
}

/* 0 … HBA_RESET__COUNT - 1: a reset; HBA_RESET__COUNT: abort */
static unsigned action;

static void act(Initiator *ring)
{
    Hba *hba = initiator_ring_hba(ring);

    if (action == HBA_RESET__COUNT) {
        hba->kind->abort(hba, 0);
    } else {
        hba->kind->reset(hba, action);
    }
}

typedef struct ActedLoad {
    Load load;
    Initiator *ring;
    Command commands[8];
    Piece pieces[8];
    unsigned posted, good, aborted;
    gboolean acted;
} ActedLoad;

static Command *acted_next(Load *load, unsigned slot)
{
    ActedLoad *l = (ActedLoad *)load;
    Command *command = &l->commands[slot];

    if (l->posted == load->depth) {
        return NULL;
    }
    l->pieces[slot] =
        (Piece){l->ring->arena.start + slot * MIB, BLOCK * (slot + 1)};
    command_read_write(command, DATA_IN, 10, slot, slot + 1);
    command->length = l->pieces[slot].length;
    command->pieces = &l->pieces[slot];
    command->n_pieces = 1;
    l->posted++;
    return command;
}

static gboolean acted_done(Load *load, unsigned slot, Command *command,
                           const Completion *completion)
{
    ActedLoad *l = (ActedLoad *)load;

    g_assert_cmpuint(completion->status, ==, 0);
    l->good += completion->response == 0;
    l->aborted += completion->response == (action == HBA_RESET__COUNT ? 2 : 4);
    return TRUE;
}

static void acted_posted(Load *load)
{
    ActedLoad *l = (ActedLoad *)load;

    if (!l->acted) {
        l->acted = TRUE;
        act(l->ring);
    }
}

/* What is under way is ended by it, and the disk answers as before. */
static void test_actions(void)
{
    g_autoptr(Initiator) ring = NULL;

    if (ring_no_qemu()) {
        return;
    }
    ring = open_disk(ring_slow, 0);
    for (action = 0; action <= HBA_RESET__COUNT; action++) {
        ActedLoad l = {
            .load = {.depth = 8,
                     .next = acted_next,
                     .done = acted_done,
                     .posted = acted_posted},
            .ring = ring,
        };
        g_autoptr(GError) error = NULL;

        g_assert_true(ring->kind->drive(ring, &l.load, NULL, &error));
        g_assert_no_error(error);
        g_assert_cmpuint(l.good, ==, 0);
        g_assert_cmpuint(l.aborted, ==, 8);
        l.posted = 0;
        g_assert_true(ring->kind->drive(ring, &l.load, NULL, &error));
        g_assert_cmpuint(l.good, ==, 8);
    }
}

/* All slots, many times, each with memory of its own. */
static void test_load(void)
{
    enum {
        COMMANDS = 3000,
        DEPTH = 32
    };
    g_autofree Command *commands = g_new0(Command, COMMANDS);
    g_autofree Completion *completions = g_new0(Completion, COMMANDS);
    g_autofree Piece *pieces = g_new0(Piece, COMMANDS);
    g_autoptr(Initiator) ring = NULL;
    g_autoptr(GError) error = NULL;

    if (ring_no_qemu()) {
        return;
    }
    ring = open_disk(STORED, 0);
    for (unsigned round = 0; round < 2; round++) {
        g_autoptr(LoadList) list =
            load_list_new(commands, completions, COMMANDS, DEPTH);

        for (unsigned i = 0; i < COMMANDS; i++) {
            pieces[i] = (Piece){ring->arena.start + i * BLOCK, BLOCK};
            memset(ring->arena.base + pieces[i].offset, round ? 0 : i % 251,
                   BLOCK);
            command_read_write(&commands[i], round ? DATA_IN : DATA_OUT, 10, i,
                               1);
            commands[i].length = BLOCK;
            commands[i].pieces = &pieces[i];
            commands[i].n_pieces = 1;
        }
        g_assert_true(
            ring->kind->drive(ring, load_list_load(list), NULL, &error));
        g_assert_no_error(error);
        for (unsigned i = 0; i < COMMANDS; i++) {
            const uint8_t *data = ring->arena.base + pieces[i].offset;

            g_assert_true(completion_good(&completions[i]));
            g_assert_cmpuint(completions[i].done_ns, >,
                             completions[i].posted_ns);
            g_assert_cmphex(data[0], ==, i % 251);
            g_assert_cmphex(data[BLOCK - 1], ==, i % 251);
        }
    }
}

int main(int argc, char **argv)
{
    int status;

    g_test_init(&argc, &argv, NULL);
    ring_set_up();
    g_test_add_func("/ahci/layouts", test_layouts);
    g_test_add_func("/ahci/pieces", test_pieces);
    g_test_add_func("/ahci/commands", test_commands);
    g_test_add_func("/ahci/errors", test_errors);
    g_test_add_func("/ahci/actions", test_actions);
    g_test_add_func("/ahci/load", test_load);
    status = g_test_run();
    ring_tear_down();
    return status;
}
