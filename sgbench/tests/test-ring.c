/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The ring initiator: commands, data, loads, its QEMU's surroundings. */
#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "ring-fixture.h"
#include "sgbench/error.h"
#include "sgbench/layout.h"
#include "sgbench/ust.h"

static void test_identity(void)
{
    g_autoptr(Initiator) ring = NULL;
    Completion completion;
    Command command;
    Piece piece;
    uint8_t *data;

    if (ring_no_qemu()) {
        return;
    }
    ring = ring_open_good(ring_null);
    g_assert_cmpint(ring->qemu_pid, >, 0);
    g_assert_cmpint(ring->iothread_tid, >, 0);
    g_assert_cmpint(ring->iothread_tid, !=, ring->qemu_pid);

    command_inquiry(&command, -1, 96);
    data = ring_one_piece(ring, &command, &piece);
    ring_send_good(ring, &command, &completion);
    g_assert_cmpmem(data + 8, 8, "QEMU    ", 8);
    g_assert_cmpmem(data + 16, 13, "QEMU HARDDISK", 13);

    command_inquiry(&command, 0x80, 255);
    data = ring_one_piece(ring, &command, &piece);
    g_assert_true(initiator_send(ring, &command, &completion, NULL));
    g_assert_cmpmem(data + 4, 2, "S1", 2);
    g_assert_cmpuint(completion.status, ==, 0);

    command_read_capacity_16(&command, 32);
    data = ring_one_piece(ring, &command, &piece);
    ring_send_good(ring, &command, &completion);
    g_assert_cmpuint(GUINT64_FROM_BE(*(uint64_t *)data), ==,
                     DISK_BYTES / BLOCK - 1);
}

static void test_illegal_lba(void)
{
    g_autoptr(Initiator) ring = NULL;
    g_autofree char *text = NULL;
    Completion completion;
    Command command;
    Piece piece;

    if (ring_no_qemu()) {
        return;
    }
    ring = ring_open_good(ring_null);
    command_read_write(&command, DATA_IN, 10, DISK_BYTES / BLOCK, 1);
    command.length = BLOCK;
    ring_one_piece(ring, &command, &piece);
    g_assert_true(initiator_send(ring, &command, &completion, NULL));
    g_assert_cmpint(completion.transport, ==, 0);
    g_assert_cmpint(completion.response, ==, 0);
    g_assert_cmpint(completion.status, ==, 2);
    g_assert_cmpuint(completion.sense_length, >=, 14);
    /* ILLEGAL REQUEST, LOGICAL BLOCK ADDRESS OUT OF RANGE (SPC-4, annex) */
    g_assert_cmphex(completion.sense[2] & 15, ==, 5);
    g_assert_cmphex(completion.sense[12], ==, 0x21);
    g_assert_false(completion_good(&completion));
    text = completion_text(&completion);
    g_assert_nonnull(strstr(text, "CHECK CONDITION"));
}

static char *make_disk(void)
{
    char *file = g_build_filename(ring_context.temp_dir, "disk", NULL);
    int fd = g_open(file, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    g_assert_cmpint(fd, >=, 0);
    g_assert_cmpint(ftruncate(fd, DISK_BYTES), ==, 0);
    close(fd);
    return file;
}

static void read_file(const char *file, uint64_t offset, void *data,
                      size_t length)
{
    int fd = g_open(file, O_RDONLY | O_CLOEXEC);

    g_assert_cmpint(pread(fd, data, length, offset), ==, length);
    close(fd);
}

/* One buffer out to the disk, seen in the file, and back into another buffer
 * of another layout; nothing around either is touched. */
static void check_round_trip(Initiator *ring, const char *file, Layout out,
                             Layout in, uint64_t length, int cdb_size,
                             GRand *random)
{
    uint64_t region = ring->arena.start, span = layout_span(out, length);
    g_autoptr(Buffer) from =
        buffer_new(&ring->arena, out, length, region, random);
    g_autoptr(Buffer) to =
        buffer_new(&ring->arena, in, length, region + span, random);
    g_autofree uint8_t *data = g_malloc(length), *seen = g_malloc0(length);
    uint32_t blocks = length / BLOCK;
    uint64_t lba = g_rand_int_range(random, 0, DISK_BYTES / BLOCK - blocks);
    Completion completion;
    Command command;

    for (uint64_t i = 0; i < length; i++) {
        data[i] = g_rand_int(random) >> 24;
    }
    buffer_set_guards(from);
    buffer_set_guards(to);
    buffer_write(from, data);

    command_read_write(&command, DATA_OUT, cdb_size, lba, blocks);
    command.length = length;
    command.pieces = from->pieces;
    command.n_pieces = from->n_pieces;
    ring_send_good(ring, &command, &completion);
    g_assert_cmpuint(completion.resid, ==, 0);
    read_file(file, lba * BLOCK, seen, length);
    g_assert_true(memcmp(seen, data, length) == 0);

    command_read_write(&command, DATA_IN, cdb_size, lba, blocks);
    command.length = length;
    command.pieces = to->pieces;
    command.n_pieces = to->n_pieces;
    ring_send_good(ring, &command, &completion);
    memset(seen, 0, length);
    buffer_read(to, seen);
    g_assert_true(memcmp(seen, data, length) == 0);
    g_assert_cmphex(buffer_check_guards(from), ==, UINT64_MAX);
    g_assert_cmphex(buffer_check_guards(to), ==, UINT64_MAX);
}

static void test_data(void)
{
    static const uint64_t lengths[] = {512,       4096,    5 * 512,
                                       256 << 10, 1 << 20, 4 << 20};
    g_autoptr(GRand) random = g_rand_new_with_seed(7);
    g_autoptr(Initiator) ring = NULL;
    g_autofree char *file = NULL, *blockdev = NULL;

    if (ring_no_qemu()) {
        return;
    }
    file = make_disk();
    blockdev =
        g_strdup_printf("driver=raw,file.driver=file,file.filename=%s", file);
    ring = ring_open_good(blockdev);
    for (size_t i = 0; i < G_N_ELEMENTS(lengths); i++) {
        for (Layout out = 0; out < LAYOUT_MMIO; out++) {
            for (Layout in = 0; in < LAYOUT_MMIO; in++) {
                if (layout_pieces(out, lengths[i]) <= ring->max_pieces &&
                    layout_pieces(in, lengths[i]) <= ring->max_pieces) {
                    check_round_trip(ring, file, out, in, lengths[i],
                                     i % 2 ? 16 : 10, random);
                }
            }
        }
    }
}

/* The longest list that is promised, and the largest transfer of a job. */
static void test_limits(void)
{
    g_autoptr(Initiator) ring = NULL;
    g_autofree Piece *pieces = NULL;
    Completion completion;
    Command command;
    Piece piece;

    if (ring_no_qemu()) {
        return;
    }
    ring = ring_open_good(ring_null);
    g_assert_cmpuint(ring->max_depth, >=, 64);
    pieces = g_new(Piece, ring->max_pieces);
    for (unsigned i = 0; i < ring->max_pieces; i++) {
        pieces[i] = (Piece){ring->arena.start + i * 1024, BLOCK};
        memset(ring->arena.base + pieces[i].offset, 0xa5, 1024);
    }
    command_read_write(&command, DATA_IN, 16, 0, ring->max_pieces);
    command.length = (uint64_t)ring->max_pieces * BLOCK;
    command.pieces = pieces;
    command.n_pieces = ring->max_pieces;
    ring_send_good(ring, &command, &completion);
    for (unsigned i = 0; i < ring->max_pieces; i++) {
        const uint8_t *at = ring->arena.base + pieces[i].offset;

        g_assert_cmphex(at[0] | at[BLOCK - 1], ==, 0);
        g_assert_cmphex(at[BLOCK], ==, 0xa5);
    }

    command_read_write(&command, DATA_IN, 10, 0, (16 << 20) / BLOCK);
    command.length = 16 << 20;
    ring_one_piece(ring, &command, &piece);
    ring_send_good(ring, &command, &completion);
}

static void test_load(void)
{
    static const unsigned depths[] = {64, 1, 4};
    g_autoptr(Initiator) ring = NULL;

    if (ring_no_qemu()) {
        return;
    }
    ring = ring_open_good(ring_null);
    for (size_t i = 0; i < G_N_ELEMENTS(depths); i++) {
        g_autoptr(GError) error = NULL;
        CheckedLoad checked;
        InitiatorCost cost;

        checked_load_init(&checked, ring, depths[i], 10000);
        g_assert_true(ring->kind->drive(ring, &checked.load, &cost, &error));
        g_assert_no_error(error);
        g_assert_cmpuint(checked.done, ==, 10000);
        g_assert_cmpuint(g_hash_table_size(checked.tags), ==, 10000);
        g_assert_cmpuint(checked.most_in_flight, ==, depths[i]);
        g_assert_cmpuint(cost.cpu_ns, >, cost.empty_ns);
        g_assert_cmpuint(cost.doorbells, >=, 1);
        g_assert_cmpuint(cost.doorbells + cost.doorbells_saved, <=, 10000);
        checked_load_clear(&checked);
    }
}

/* done() that says stop: what is in flight still comes, nothing new goes. */
static void test_stop(void)
{
    g_autoptr(Initiator) ring = NULL;
    g_autoptr(GError) error = NULL;
    CheckedLoad checked;

    if (ring_no_qemu()) {
        return;
    }
    ring = ring_open_good(ring_null);
    checked_load_init(&checked, ring, 16, 10000);
    checked.stop_at = 100;
    g_assert_true(ring->kind->drive(ring, &checked.load, NULL, &error));
    g_assert_no_error(error);
    g_assert_cmpuint(checked.done, >=, 100);
    g_assert_cmpuint(checked.done, ==, checked.posted);
    g_assert_cmpuint(checked.done, <, 100 + 2 * 16);
    checked_load_clear(&checked);
}

static void assert_slow(Initiator *ring)
{
    Command command;
    Completion completion;
    Piece piece;

    command_read_write(&command, DATA_IN, 10, 0, 8);
    command.length = 4096;
    ring_one_piece(ring, &command, &piece);
    ring_send_good(ring, &command, &completion);
    g_assert_cmpuint(completion.done_ns - completion.posted_ns, >=, 300000000);
}

/* Times are the command's own: a device that takes 300 ms, looked at several
 * times while nothing comes. */
static void test_slow_device(void)
{
    g_autoptr(Initiator) ring = NULL;

    if (ring_no_qemu()) {
        return;
    }
    ring = ring_open_good(ring_slow);
    assert_slow(ring);
    assert_slow(ring);
}

/* QEMU's allocator is set by the path alone, and a session daemon that is none
 * of its business is not found. */
static void test_environment(void)
{
    static const char *const env[] = {"MALLOC_TRIM_THRESHOLD_=123", NULL};
    Target target = ring_target(ring_null);
    PathKind path = {
        .name = "test", .build = ring_build, .device = "scsi-hd", .env = env};
    g_autoptr(Initiator) ring = NULL;
    g_autoptr(GError) error = NULL;
    g_autofree char *file = NULL, *text = NULL;
    gsize length;

    if (ring_no_qemu()) {
        return;
    }
    g_setenv("MALLOC_ARENA_MAX", "7", TRUE);
    g_setenv("MALLOC_TRIM_THRESHOLD_", "456", TRUE);
    ring = initiator_ring.open(&ring_context, &target, &path,
                               &(InitiatorNeeds){.arena_size = ARENA}, &error);
    g_assert_no_error(error);
    g_unsetenv("MALLOC_ARENA_MAX");
    g_unsetenv("MALLOC_TRIM_THRESHOLD_");
    file = g_strdup_printf("/proc/%d/environ", ring->qemu_pid);
    g_assert_true(g_file_get_contents(file, &text, &length, NULL));
    for (gsize i = 0; i < length; i++) {
        text[i] = text[i] ? text[i] : '\n';
    }
    g_assert_nonnull(strstr(text, "MALLOC_TRIM_THRESHOLD_=123\n"));
    g_assert_null(strstr(text, "=456"));
    g_assert_null(strstr(text, "MALLOC_ARENA_MAX"));
    g_assert_nonnull(strstr(text, "LTTNG_UST_REGISTER_TIMEOUT=0\n"));
}

/* Closing is quick also with commands under way, and leaves nothing. */
static void test_close(void)
{
    g_autoptr(Initiator) ring = NULL;
    pid_t pid;
    gint64 from;

    if (ring_no_qemu()) {
        return;
    }
    ring = ring_open_good(ring_null);
    pid = ring->qemu_pid;
    from = g_get_monotonic_time();
    initiator_close(g_steal_pointer(&ring));
    g_assert_cmpint(g_get_monotonic_time() - from, <, 2500000);
    g_assert_cmpint(kill(pid, 0), ==, -1);
    g_assert_cmpint(errno, ==, ESRCH);
}

/* Loads and emits without a session daemon, without hanging. */
static void test_trace_provider(void)
{
    g_autoptr(GError) error = NULL;

    ust_cell_begin("before loading", 0); /* harmless */
    g_assert_true(ust_load(&error));
    g_assert_no_error(error);
    g_assert_null(g_getenv("LTTNG_UST_REGISTER_TIMEOUT"));
    ust_cell_begin("cell", 0);
    ust_cell_end("cell", 0, 0);
}

int main(int argc, char **argv)
{
    int result;

    g_test_init(&argc, &argv, NULL);
    ring_set_up();
    g_test_add_func("/ring/identity", test_identity);
    g_test_add_func("/ring/illegal-lba", test_illegal_lba);
    g_test_add_func("/ring/data", test_data);
    g_test_add_func("/ring/limits", test_limits);
    g_test_add_func("/ring/load", test_load);
    g_test_add_func("/ring/stop", test_stop);
    g_test_add_func("/ring/close", test_close);
    g_test_add_func("/ring/slow-device", test_slow_device);
    g_test_add_func("/ring/trace-provider", test_trace_provider);
    g_test_add_func("/ring/environment", test_environment);
    result = g_test_run();
    ring_tear_down();
    return result;
}
