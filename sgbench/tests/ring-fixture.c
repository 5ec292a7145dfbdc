/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <glib.h>
#include <glib/gstdio.h>
#include <string.h>

#include "ring-fixture.h"
#include "sgbench/layout.h"
#include "sgbench/qemu.h"

RunContext ring_context;
char *ring_build;
const char ring_null[] = "driver=null-co,read-zeroes=on,size=67108864";
const char ring_slow[] = "driver=null-co,read-zeroes=on,size=67108864,"
                         "latency-ns=300000000";
G_STATIC_ASSERT(DISK_BYTES == 67108864);
static const char *blockdev_value;

static char *test_blockdev(Target *target, const char *device)
{
    return g_strdup(blockdev_value);
}

static const TargetKind test_kind = {
    .name = "test",
    .blockdev = test_blockdev,
};

Target ring_target(const char *blockdev)
{
    blockdev_value = blockdev;
    return (Target){.kind = &test_kind, .name = (char *)"disk"};
}

Initiator *ring_open(const char *blockdev, const char *properties,
                     GError **error)
{
    Target target = ring_target(blockdev);
    PathKind path = {.name = "test",
                     .build = ring_build,
                     .device = "scsi-hd",
                     .properties = properties};

    return initiator_ring.open(&ring_context, &target, &path,
                               &(InitiatorNeeds){.arena_size = ARENA}, error);
}

Initiator *ring_open_good(const char *blockdev)
{
    g_autoptr(GError) error = NULL;
    Initiator *ring = ring_open(blockdev, "serial=S1", &error);
    Command command;
    Completion completion;

    g_assert_no_error(error);
    g_assert_nonnull(ring);
    /* The first command gets POWER ON OCCURRED; that one is over then. */
    command_test_unit_ready(&command);
    g_assert_true(initiator_send(ring, &command, &completion, &error));
    g_assert_no_error(error);
    return ring;
}

gboolean ring_no_qemu(void)
{
    if (ring_build) {
        return FALSE;
    }
    if (g_getenv("CI")) {
        g_test_fail_printf("no QEMU: run qemu-tracepoints/build upstream");
    } else {
        g_test_skip("no QEMU: run qemu-tracepoints/build upstream");
    }
    return TRUE;
}

void ring_send_good(Initiator *ring, Command *command, Completion *completion)
{
    g_autoptr(GError) error = NULL;

    g_assert_true(initiator_send(ring, command, completion, &error));
    g_assert_no_error(error);
    if (!completion_good(completion)) {
        g_autofree char *text = completion_text(completion);

        g_error("opcode %02Xh: %s", command->cdb[0], text);
    }
    g_assert_cmpuint(completion->posted_ns, >, 0);
    g_assert_cmpuint(completion->done_ns, >, completion->posted_ns);
}

void ring_assert_cdb(const Command *command, const char *hex,
                     DataDirection direction, uint64_t length)
{
    g_autoptr(GString) text = g_string_new(NULL);

    for (unsigned i = 0; i < command->cdb_length; i++) {
        g_string_append_printf(text, "%02x", command->cdb[i]);
    }
    g_assert_cmpstr(text->str, ==, hex);
    g_assert_cmpint(command->direction, ==, direction);
    g_assert_cmpuint(command->length, ==, length);
}

uint8_t *ring_one_piece(Initiator *ring, Command *command, Piece *piece)
{
    piece->offset = ring->arena.start;
    piece->length = command->length;
    command->pieces = piece;
    command->n_pieces = 1;
    return ring->arena.base + ring->arena.start;
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

void ring_check_layouts(Initiator *ring, const uint64_t *lengths, unsigned n)
{
    g_autoptr(GRand) random = g_rand_new_with_seed(11);

    for (unsigned i = 0; i < n * LAYOUT__COUNT; i++) {
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

static Command *checked_next(Load *load, unsigned slot)
{
    CheckedLoad *checked = (CheckedLoad *)load;
    Command *command = &checked->commands[slot];
    uint32_t lba = checked->posted % 1000;

    g_assert_cmpuint(slot, <, load->depth);
    g_assert_false(checked->busy[slot]);
    g_assert_false(checked->stopped || checked->ended);
    if (!checked->thread) {
        checked->thread = g_thread_self();
    }
    g_assert_true(checked->thread == g_thread_self());
    if (checked->posted == checked->limit) {
        checked->ended = TRUE;
        return NULL;
    }
    switch (checked->posted % 4) {
    case 0:
        command_read_write(command, DATA_IN, 10, lba, 8);
        break;
    case 1:
        command_read_write(command, DATA_OUT, 16, lba, 8);
        break;
    case 2:
        command_test_unit_ready(command);
        break;
    default:
        command_read_write(command, DATA_IN, 10, DISK_BYTES / BLOCK, 8);
        break;
    }
    checked->pieces[slot] =
        (Piece){checked->ring->arena.start + slot * 4096, 4096};
    command->length = command->direction == DATA_NONE ? 0 : 4096;
    command->pieces = &checked->pieces[slot];
    command->n_pieces = command->direction == DATA_NONE ? 0 : 1;
    checked->busy[slot] = TRUE;
    checked->in_flight++;
    checked->most_in_flight = MAX(checked->most_in_flight, checked->in_flight);
    if (++checked->posted == checked->act_at) {
        checked->act(checked->ring);
    }
    return command;
}

static gboolean checked_done(Load *load, unsigned slot, Command *command,
                             const Completion *completion)
{
    CheckedLoad *checked = (CheckedLoad *)load;
    gboolean refused = command->cdb[0] == 0x28 &&
                       command->cdb[2] * 16777216u + command->cdb[3] * 65536u +
                               command->cdb[4] * 256u + command->cdb[5] ==
                           DISK_BYTES / BLOCK;

    g_assert_true(checked->thread == g_thread_self());
    g_assert_true(command == &checked->commands[slot]);
    g_assert_true(checked->busy[slot]);
    checked->busy[slot] = FALSE;
    checked->in_flight--;
    checked->done++;
    g_assert_true(
        g_hash_table_add(checked->tags, GUINT_TO_POINTER(command->tag)));
    g_assert_cmpint(completion->response, ==, 0);
    g_assert_cmpint(completion->status, ==, refused ? 2 : 0);
    g_assert_cmpuint(completion->done_ns, >=, completion->posted_ns);
    if (checked->done == checked->stop_at) {
        checked->stopped = TRUE;
    }
    return !checked->stopped;
}

void checked_load_init(CheckedLoad *checked, Initiator *ring, unsigned depth,
                       unsigned limit)
{
    memset(checked, 0, sizeof(*checked));
    checked->load = (Load){depth, checked_next, checked_done};
    checked->ring = ring;
    checked->limit = limit;
    checked->tags = g_hash_table_new(NULL, NULL);
}

void checked_load_clear(CheckedLoad *checked)
{
    g_hash_table_unref(checked->tags);
}

static void find_build(void)
{
    static const char *const names[] = {"upstream", "baseline", "series"};

    for (size_t i = 0; i < G_N_ELEMENTS(names) && !ring_build; i++) {
        g_autofree char *dir = qemu_build_dir(&ring_context, names[i], NULL);

        if (dir) {
            ring_build = g_strdup(names[i]);
        }
    }
}

static void remove_tree(const char *path)
{
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    const char *name;

    while (dir && (name = g_dir_read_name(dir))) {
        g_autofree char *child = g_build_filename(path, name, NULL);

        remove_tree(child);
    }
    g_remove(path);
}

void ring_set_up(void)
{
    char *folder = g_dir_make_tmp("sgbench-ring-XXXXXX", NULL);

    g_assert_nonnull(folder);
    ring_context.run_id = (char *)"test";
    ring_context.run_dir = folder;
    ring_context.temp_dir = folder;
    ring_context.cache_dir =
        g_build_filename(g_get_user_cache_dir(), "sgbench", NULL);
    find_build();
}

void ring_tear_down(void)
{
    remove_tree(ring_context.temp_dir);
    g_free(ring_context.temp_dir);
    g_free(ring_context.cache_dir);
    g_free(ring_build);
}
