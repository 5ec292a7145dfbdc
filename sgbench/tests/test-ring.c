/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The ring initiator against a real QEMU, whose scsi-hd on null-co or on a
 * file stands in for a device: no SCSI on the host is needed. */
#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "sgbench/context.h"
#include "sgbench/error.h"
#include "sgbench/initiator.h"
#include "sgbench/layout.h"
#include "sgbench/qemu.h"
#include "sgbench/target.h"
#include "sgbench/ust.h"

#define DISK_BYTES (UINT64_C(64) << 20)
#define BLOCK 512
#define ARENA (UINT64_C(48) << 20)

static RunContext context;
static char *build_name; /* NULL: no QEMU here */
static const char *blockdev_value;

static char *test_blockdev(Target *target, const char *device)
{
    return g_strdup(blockdev_value);
}

static const TargetKind test_kind = {
    .name = "test",
    .blockdev = test_blockdev,
};

static char null_blockdev[128], slow_blockdev[128];

static Initiator *open_ring(const char *blockdev, const char *properties,
                            GError **error)
{
    Target target = {.kind = &test_kind, .name = (char *)"disk"};
    PathKind path = {.name = "test", .build = build_name, .device = "scsi-hd",
                     .properties = properties};

    blockdev_value = blockdev;
    return initiator_ring.open(&context, &target, &path, ARENA, error);
}

static Initiator *open_good(const char *blockdev)
{
    g_autoptr(GError) error = NULL;
    Initiator *ring = open_ring(blockdev, "serial=S1", &error);
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

static gboolean no_qemu(void)
{
    if (build_name) {
        return FALSE;
    }
    if (g_getenv("CI")) {
        g_test_fail_printf("no QEMU: run qemu-tracepoints/build upstream");
    } else {
        g_test_skip("no QEMU: run qemu-tracepoints/build upstream");
    }
    return TRUE;
}

static void send_good(Initiator *ring, Command *command,
                      Completion *completion)
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

/* Point @command's data to one piece at the start of the arena. */
static uint8_t *one_piece(Initiator *ring, Command *command, Piece *piece)
{
    piece->offset = ring->arena.start;
    piece->length = command->length;
    command->pieces = piece;
    command->n_pieces = 1;
    return ring->arena.base + ring->arena.start;
}

static void test_identity(void)
{
    g_autoptr(Initiator) ring = NULL;
    Completion completion;
    Command command;
    Piece piece;
    uint8_t *data;

    if (no_qemu()) {
        return;
    }
    ring = open_good(null_blockdev);
    g_assert_cmpint(ring->qemu_pid, >, 0);
    g_assert_cmpint(ring->iothread_tid, >, 0);
    g_assert_cmpint(ring->iothread_tid, !=, ring->qemu_pid);

    command_inquiry(&command, -1, 96);
    data = one_piece(ring, &command, &piece);
    send_good(ring, &command, &completion);
    g_assert_cmpmem(data + 8, 8, "QEMU    ", 8);
    g_assert_cmpmem(data + 16, 13, "QEMU HARDDISK", 13);

    command_inquiry(&command, 0x80, 255);
    data = one_piece(ring, &command, &piece);
    g_assert_true(initiator_send(ring, &command, &completion, NULL));
    g_assert_cmpmem(data + 4, 2, "S1", 2);
    g_assert_cmpuint(completion.status, ==, 0);

    command_read_capacity_16(&command, 32);
    data = one_piece(ring, &command, &piece);
    send_good(ring, &command, &completion);
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

    if (no_qemu()) {
        return;
    }
    ring = open_good(null_blockdev);
    command_read_write(&command, DATA_IN, 10, DISK_BYTES / BLOCK, 1);
    command.length = BLOCK;
    one_piece(ring, &command, &piece);
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
    char *file = g_build_filename(context.temp_dir, "disk", NULL);
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
    g_autoptr(Buffer) from = buffer_new(&ring->arena, out, length, region,
                                        random);
    g_autoptr(Buffer) to = buffer_new(&ring->arena, in, length, region + span,
                                      random);
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
    send_good(ring, &command, &completion);
    g_assert_cmpuint(completion.resid, ==, 0);
    read_file(file, lba * BLOCK, seen, length);
    g_assert_true(memcmp(seen, data, length) == 0);

    command_read_write(&command, DATA_IN, cdb_size, lba, blocks);
    command.length = length;
    command.pieces = to->pieces;
    command.n_pieces = to->n_pieces;
    send_good(ring, &command, &completion);
    memset(seen, 0, length);
    buffer_read(to, seen);
    g_assert_true(memcmp(seen, data, length) == 0);
    g_assert_cmphex(buffer_check_guards(from), ==, UINT64_MAX);
    g_assert_cmphex(buffer_check_guards(to), ==, UINT64_MAX);
}

static void test_data(void)
{
    static const uint64_t lengths[] = {512, 4096, 5 * 512, 256 << 10,
                                       1 << 20, 4 << 20};
    g_autoptr(GRand) random = g_rand_new_with_seed(7);
    g_autoptr(Initiator) ring = NULL;
    g_autofree char *file = NULL, *blockdev = NULL;

    if (no_qemu()) {
        return;
    }
    file = make_disk();
    blockdev = g_strdup_printf(
        "driver=raw,file.driver=file,file.filename=%s", file);
    ring = open_good(blockdev);
    for (size_t i = 0; i < G_N_ELEMENTS(lengths); i++) {
        for (Layout out = 0; out < LAYOUT__COUNT; out++) {
            for (Layout in = 0; in < LAYOUT__COUNT; in++) {
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

    if (no_qemu()) {
        return;
    }
    ring = open_good(null_blockdev);
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
    send_good(ring, &command, &completion);
    for (unsigned i = 0; i < ring->max_pieces; i++) {
        const uint8_t *at = ring->arena.base + pieces[i].offset;

        g_assert_cmphex(at[0] | at[BLOCK - 1], ==, 0);
        g_assert_cmphex(at[BLOCK], ==, 0xa5);
    }

    command_read_write(&command, DATA_IN, 10, 0, (16 << 20) / BLOCK);
    command.length = 16 << 20;
    one_piece(ring, &command, &piece);
    send_good(ring, &command, &completion);
}

/* A load of READs, WRITEs, TEST UNIT READYs and refused READs in turn that
 * checks what the contract of Load says, and may do something on the way. */
typedef struct CheckedLoad {
    Load load;
    Initiator *ring;
    Command commands[64];
    Piece pieces[64];
    gboolean busy[64];
    GHashTable *tags;
    GThread *thread;          /* the one all calls come from */
    unsigned limit, posted, done, in_flight, most_in_flight;
    unsigned stop_at;         /* done() says enough; 0: never */
    unsigned act_at;          /* next() calls act(); 0: never */
    void (*act)(Initiator *ring);
    gboolean stopped, ended;
} CheckedLoad;

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
    g_assert_true(g_hash_table_add(checked->tags,
                                   GUINT_TO_POINTER(command->tag)));
    g_assert_cmpint(completion->response, ==, 0);
    g_assert_cmpint(completion->status, ==, refused ? 2 : 0);
    g_assert_cmpuint(completion->done_ns, >=, completion->posted_ns);
    if (checked->done == checked->stop_at) {
        checked->stopped = TRUE;
    }
    return !checked->stopped;
}

static void set_up_load(CheckedLoad *checked, Initiator *ring, unsigned depth,
                        unsigned limit)
{
    memset(checked, 0, sizeof(*checked));
    checked->load = (Load){depth, checked_next, checked_done};
    checked->ring = ring;
    checked->limit = limit;
    checked->tags = g_hash_table_new(NULL, NULL);
}

static void test_load(void)
{
    static const unsigned depths[] = {64, 1, 4};
    g_autoptr(Initiator) ring = NULL;

    if (no_qemu()) {
        return;
    }
    ring = open_good(null_blockdev);
    for (size_t i = 0; i < G_N_ELEMENTS(depths); i++) {
        g_autoptr(GError) error = NULL;
        CheckedLoad checked;
        InitiatorCost cost;

        set_up_load(&checked, ring, depths[i], 10000);
        g_assert_true(ring->kind->drive(ring, &checked.load, &cost, &error));
        g_assert_no_error(error);
        g_assert_cmpuint(checked.done, ==, 10000);
        g_assert_cmpuint(g_hash_table_size(checked.tags), ==, 10000);
        g_assert_cmpuint(checked.most_in_flight, ==, depths[i]);
        g_assert_cmpuint(cost.cpu_ns, >, cost.empty_ns);
        g_assert_cmpuint(cost.doorbells, >=, 1);
        g_assert_cmpuint(cost.doorbells + cost.doorbells_saved, <=, 10000);
        g_hash_table_unref(checked.tags);
    }
}

/* done() that says stop: what is in flight still comes, nothing new goes. */
static void test_stop(void)
{
    g_autoptr(Initiator) ring = NULL;
    g_autoptr(GError) error = NULL;
    CheckedLoad checked;

    if (no_qemu()) {
        return;
    }
    ring = open_good(null_blockdev);
    set_up_load(&checked, ring, 16, 10000);
    checked.stop_at = 100;
    g_assert_true(ring->kind->drive(ring, &checked.load, NULL, &error));
    g_assert_no_error(error);
    g_assert_cmpuint(checked.done, >=, 100);
    g_assert_cmpuint(checked.done, ==, checked.posted);
    g_assert_cmpuint(checked.done, <, 100 + 2 * 16);
    g_hash_table_unref(checked.tags);
}

static void kill_qemu(Initiator *ring)
{
    g_assert_cmpint(kill(ring->qemu_pid, SIGKILL), ==, 0);
}

static void stop_qemu(Initiator *ring)
{
    g_assert_cmpint(kill(ring->qemu_pid, SIGSTOP), ==, 0);
}

static void interrupt_us(Initiator *ring)
{
    g_assert_cmpint(raise(SIGINT), ==, 0);
}

static void stop_qemu_and_interrupt_us(Initiator *ring)
{
    stop_qemu(ring);
    interrupt_us(ring);
}

/* Drive 10000 requests with @act in the middle; the error must have @code and
 * contain @text. Returns commands that were left behind. */
static unsigned drive_into_trouble(Initiator *ring, void (*act)(Initiator *),
                                   int code, const char *text)
{
    g_autoptr(GError) error = NULL;
    CheckedLoad checked;

    set_up_load(&checked, ring, 8, 10000);
    checked.act_at = 501;
    checked.act = act;
    g_assert_false(ring->kind->drive(ring, &checked.load, NULL, &error));
    g_assert_error(error, SGBENCH_ERROR, code);
    g_test_message("%s", error->message);
    g_assert_nonnull(strstr(error->message, text));
    g_assert_null(strchr(error->message, '\n'));
    g_hash_table_unref(checked.tags);
    return checked.in_flight;
}

static void test_killed(void)
{
    g_autoptr(Initiator) ring = NULL;
    g_autoptr(GError) error = NULL;
    Completion completion;
    Command command;

    if (no_qemu()) {
        return;
    }
    ring = open_good(null_blockdev);
    g_assert_cmpuint(drive_into_trouble(ring, kill_qemu, SGBENCH_ERROR_QEMU,
                                        "killed by signal 9"),
                     >, 0);
    command_test_unit_ready(&command);
    g_assert_false(initiator_send(ring, &command, &completion, &error));
    g_assert_error(error, SGBENCH_ERROR, SGBENCH_ERROR_QEMU);
}

static void test_hung(void)
{
    g_autoptr(Initiator) ring = NULL;

    if (no_qemu()) {
        return;
    }
    g_setenv("SGBENCH_ANSWER_SECONDS", "1", TRUE);
    ring = open_good(null_blockdev);
    g_unsetenv("SGBENCH_ANSWER_SECONDS");
    g_assert_cmpuint(drive_into_trouble(ring, stop_qemu, SGBENCH_ERROR_QEMU,
                                        "no answer to"),
                     >, 0);
}

/* A list entry of length 0 is against VIRTIO 1.2, 2.7.4: QEMU gives up the
 * whole HBA and answers nothing any more. */
static void test_needs_reset(void)
{
    g_autoptr(Initiator) ring = NULL;
    g_autoptr(GError) error = NULL;
    Completion completion;
    Command command;
    Piece pieces[2];

    if (no_qemu()) {
        return;
    }
    ring = open_good(null_blockdev);
    command_read_write(&command, DATA_IN, 10, 0, 1);
    command.length = BLOCK;
    pieces[0] = (Piece){ring->arena.start, 0};
    pieces[1] = (Piece){ring->arena.start, BLOCK};
    command.pieces = pieces;
    command.n_pieces = 2;
    g_assert_false(initiator_send(ring, &command, &completion, &error));
    g_assert_error(error, SGBENCH_ERROR, SGBENCH_ERROR_QEMU);
    g_assert_nonnull(strstr(error->message, "DEVICE_NEEDS_RESET"));
}

/* The handlers stay for the process's life: each in one of its own. */
static void test_interrupted(void)
{
    if (no_qemu()) {
        return;
    }
    if (g_test_subprocess()) {
        g_autoptr(Initiator) ring = open_good(null_blockdev);

        run_catch_signals();
        g_assert_cmpuint(drive_into_trouble(ring, interrupt_us,
                                            SGBENCH_INTERRUPTED,
                                            "interrupted"),
                         ==, 0);
        return;
    }
    g_test_trap_subprocess(NULL, 60 * G_USEC_PER_SEC,
                           G_TEST_SUBPROCESS_INHERIT_STDERR);
    g_test_trap_assert_passed();
}

static void test_interrupted_while_hung(void)
{
    if (no_qemu()) {
        return;
    }
    if (g_test_subprocess()) {
        g_autoptr(Initiator) ring = open_good(null_blockdev);

        run_catch_signals();
        g_assert_cmpuint(drive_into_trouble(ring, stop_qemu_and_interrupt_us,
                                            SGBENCH_INTERRUPTED,
                                            "interrupted"),
                         >, 0);
        return;
    }
    g_test_trap_subprocess(NULL, 60 * G_USEC_PER_SEC,
                           G_TEST_SUBPROCESS_INHERIT_STDERR);
    g_test_trap_assert_passed();
}

static void assert_refused(const char *blockdev, const char *properties,
                           int code, const char *text)
{
    g_autoptr(GError) error = NULL;

    g_assert_null(open_ring(blockdev, properties, &error));
    g_assert_error(error, SGBENCH_ERROR, code);
    g_test_message("%s", error->message);
    g_assert_nonnull(strstr(error->message, text));
}

static void test_refused(void)
{
    if (no_qemu()) {
        return;
    }
    assert_refused(null_blockdev, "no_such_property=1", SGBENCH_ERROR_QEMU,
                   "no_such_property");
    assert_refused("driver=file,filename=/nonexistent/disk", NULL,
                   SGBENCH_ERROR_QEMU, "No such file or directory");
    assert_refused("driver=no-such-driver", NULL, SGBENCH_ERROR_QEMU,
                   "no-such-driver");
}

static void test_preflight(void)
{
    Target target = {.kind = &test_kind, .name = (char *)"disk"};
    PathKind path = {.name = "test", .build = "nowhere", .device = "scsi-hd"};
    g_autoptr(GError) error = NULL, too_large = NULL;

    g_setenv("SGBENCH_QEMU_NOWHERE", "/nonexistent", TRUE);
    g_assert_null(
        initiator_ring.open(&context, &target, &path, ARENA, &error));
    g_assert_error(error, SGBENCH_ERROR, SGBENCH_ERROR_PREFLIGHT);
    g_assert_nonnull(strstr(error->message, "/nonexistent"));

    g_assert_null(initiator_ring.open(&context, &target, &path,
                                      UINT64_MAX / 2, &too_large));
    g_assert_error(too_large, SGBENCH_ERROR, SGBENCH_ERROR_PREFLIGHT);
    g_assert_nonnull(strstr(too_large->message, "is the most"));
}

/* QEMU's allocator is set by the path alone, and a session daemon that is none
 * of its business is not found. */
static void test_environment(void)
{
    static const char *const env[] = {"MALLOC_TRIM_THRESHOLD_=123", NULL};
    Target target = {.kind = &test_kind, .name = (char *)"disk"};
    PathKind path = {.name = "test", .build = build_name, .device = "scsi-hd",
                     .env = env};
    g_autoptr(Initiator) ring = NULL;
    g_autoptr(GError) error = NULL;
    g_autofree char *file = NULL, *text = NULL;
    gsize length;

    if (no_qemu()) {
        return;
    }
    g_setenv("MALLOC_ARENA_MAX", "7", TRUE);
    g_setenv("MALLOC_TRIM_THRESHOLD_", "456", TRUE);
    blockdev_value = null_blockdev;
    ring = initiator_ring.open(&context, &target, &path, ARENA, &error);
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

    if (no_qemu()) {
        return;
    }
    ring = open_good(null_blockdev);
    pid = ring->qemu_pid;
    from = g_get_monotonic_time();
    initiator_close(g_steal_pointer(&ring));
    g_assert_cmpint(g_get_monotonic_time() - from, <, 2500000);
    g_assert_cmpint(kill(pid, 0), ==, -1);
    g_assert_cmpint(errno, ==, ESRCH);
}

static void assert_slow(Initiator *ring)
{
    Command command;
    Completion completion;
    Piece piece;

    command_read_write(&command, DATA_IN, 10, 0, 8);
    command.length = 4096;
    one_piece(ring, &command, &piece);
    send_good(ring, &command, &completion);
    g_assert_cmpuint(completion.done_ns - completion.posted_ns, >=, 300000000);
}

/* Times are the command's own: a device that takes 300 ms, looked at several
 * times while nothing comes. */
static void test_slow_device(void)
{
    g_autoptr(Initiator) ring = NULL;

    if (no_qemu()) {
        return;
    }
    ring = open_good(slow_blockdev);
    assert_slow(ring);
    assert_slow(ring);
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

static void find_build(void)
{
    static const char *const names[] = {"upstream", "baseline", "series"};

    for (size_t i = 0; i < G_N_ELEMENTS(names) && !build_name; i++) {
        g_autofree char *dir = qemu_build_dir(&context, names[i], NULL);

        if (dir) {
            build_name = g_strdup(names[i]);
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

int main(int argc, char **argv)
{
    g_autofree char *folder = g_dir_make_tmp("sgbench-ring-XXXXXX", NULL);
    int result;

    g_test_init(&argc, &argv, NULL);
    g_snprintf(null_blockdev, sizeof(null_blockdev),
               "driver=null-co,read-zeroes=on,size=%" G_GUINT64_FORMAT,
               DISK_BYTES);
    g_snprintf(slow_blockdev, sizeof(slow_blockdev), "%s,latency-ns=300000000",
               null_blockdev);
    context.run_id = (char *)"test";
    context.run_dir = folder;
    context.temp_dir = folder;
    context.cache_dir = g_build_filename(g_get_user_cache_dir(), "sgbench",
                                         NULL);
    find_build();

    g_test_add_func("/ring/identity", test_identity);
    g_test_add_func("/ring/illegal-lba", test_illegal_lba);
    g_test_add_func("/ring/data", test_data);
    g_test_add_func("/ring/limits", test_limits);
    g_test_add_func("/ring/load", test_load);
    g_test_add_func("/ring/stop", test_stop);
    g_test_add_func("/ring/killed", test_killed);
    g_test_add_func("/ring/hung", test_hung);
    g_test_add_func("/ring/needs-reset", test_needs_reset);
    g_test_add_func("/ring/interrupted", test_interrupted);
    g_test_add_func("/ring/interrupted-while-hung",
                    test_interrupted_while_hung);
    g_test_add_func("/ring/refused", test_refused);
    g_test_add_func("/ring/preflight", test_preflight);
    g_test_add_func("/ring/environment", test_environment);
    g_test_add_func("/ring/close", test_close);
    g_test_add_func("/ring/slow-device", test_slow_device);
    g_test_add_func("/ring/trace-provider", test_trace_provider);
    result = g_test_run();

    remove_tree(folder);
    g_free(context.cache_dir);
    g_free(build_name);
    return result;
}
