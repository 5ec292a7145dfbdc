/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The lab for real: this program runs itself inside (argument --inside), where
 * it checks the lab disk and SG_IO. The inner output is TAP's diagnostics.
 */
#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sgbench/context.h"
#include "sgbench/device.h"
#include "sgbench/error.h"
#include "sgbench/initiator.h"
#include "sgbench/lab.h"
#include "sgbench/layout.h"
#include "sgbench/load-list.h"
#include "sgbench/process.h"
#include "sgbench/target.h"
#include "sgbench/tempdir.h"
#include "target-fixture.h"

#define MIB (1u << 20)

/* ---- inside ---- */

typedef struct Inside {
    RunContext context;
    Target *target;
    Initiator *initiator;
    gboolean allow_dio;
} Inside;

static void inside_open(Inside *inside, const char *const *keys)
{
    GError *error = NULL;

    inside->context.run_id = g_uuid_string_random();
    inside->context.in_lab = TRUE;
    inside->context.temp_dir = temp_dir_make(&error);
    g_assert_no_error(error);
    inside->context.run_dir = g_strdup(inside->context.temp_dir);
    inside->context.cache_dir =
        g_build_filename(g_get_user_cache_dir(), "sgbench", NULL);
    inside->target = fixture_target(&inside->context, "lab-disk", keys);
    inside->initiator =
        initiator_sgio.open(&inside->context, inside->target, NULL,
                            &(InitiatorNeeds){.arena_size = 64 * MIB}, &error);
    g_assert_no_error(error);
    g_assert_true(target_identify(inside->target, inside->initiator, &error));
    g_assert_no_error(error);
}

static void inside_close(Inside *inside)
{
    initiator_close(inside->initiator);
    target_stop(inside->target);
    g_assert_cmpint(access("/sys/bus/pseudo/drivers/scsi_debug", F_OK), !=, 0);
    temp_dir_remove(inside->context.temp_dir);
    g_free(inside->context.temp_dir);
    g_free(inside->context.run_dir);
    g_free(inside->context.cache_dir);
    g_free(inside->context.run_id);
}

static void transfer(Inside *inside, DataDirection direction, Buffer *buffer,
                     uint64_t lba, gboolean dio)
{
    Command command = {.length = buffer->length,
                       .pieces = buffer->pieces,
                       .n_pieces = buffer->n_pieces};
    Completion completion = {0};
    g_autofree char *text = NULL;
    GError *error = NULL;

    command_read_write(&command, direction, 10, lba,
                       buffer->length / inside->target->block_size);
    initiator_send(inside->initiator, &command, &completion, &error);
    g_assert_no_error(error);
    text = completion_text(&completion);
    if (!completion_good(&completion) || completion.dio != dio) {
        g_error("%s, dio %d (%d expected), %u pieces, %u KiB", text,
                completion.dio, dio, buffer->n_pieces,
                (unsigned)(buffer->length >> 10));
    }
}

/* Data goes out in one layout and comes back in the next; direct I/O exactly
 * for the plain pointer with allow_dio (drivers/scsi/sg.c, sg_start_req). */
static void check_data(Inside *inside, gboolean allow_dio)
{
    static const uint64_t sizes[] = {4096, 65536, MIB, 4 * MIB, 8 * MIB};
    g_autoptr(GRand) random = g_rand_new_with_seed(3);
    const Arena *arena = &inside->initiator->arena;

    for (unsigned i = 0; i < G_N_ELEMENTS(sizes) * LAYOUT_MMIO; i++) {
        uint64_t size = sizes[i / LAYOUT_MMIO];
        Layout out = i % LAYOUT_MMIO, in = (i + 1) % LAYOUT_MMIO;
        g_autofree uint8_t *data = g_malloc(size), *back = g_malloc(size);
        g_autoptr(Buffer) from = NULL, to = NULL;

        if (size > inside->target->caps.max_transfer) {
            break;
        }
        if (layout_pieces(out, size) > SG_IO_PIECES ||
            layout_pieces(in, size) > SG_IO_PIECES) {
            continue; /* EINVAL: UIO_MAXIOV */
        }
        from = buffer_new(arena, out, size, arena->start, random);
        to = buffer_new(arena, in, size, arena->start + 32 * MIB, random);
        for (uint64_t j = 0; j < size; j += 8) {
            *(uint64_t *)(void *)(data + j) = g_rand_int(random) + j;
        }
        buffer_set_guards(from);
        buffer_set_guards(to);
        buffer_write(from, data);
        transfer(inside, DATA_OUT, from, i, allow_dio && from->n_pieces == 1);
        transfer(inside, DATA_IN, to, i, allow_dio && to->n_pieces == 1);
        buffer_read(to, back);
        g_assert_cmpmem(back, size, data, size);
        g_assert_cmpuint(buffer_check_guards(from), ==, UINT64_MAX);
        g_assert_cmpuint(buffer_check_guards(to), ==, UINT64_MAX);
    }
}

/* One page more than a request may have: an errno, and the device is well. */
static void check_too_large(Inside *inside)
{
    Piece piece = {.offset = 512, .length = 8 * MIB};
    Command command = {.length = piece.length, .pieces = &piece, .n_pieces = 1};
    Completion completion;
    GError *error = NULL;

    command_read_write(&command, DATA_IN, 10, 0,
                       piece.length / inside->target->block_size);
    initiator_send(inside->initiator, &command, &completion, &error);
    g_assert_no_error(error);
    g_assert_cmpint(completion.transport, ==, EINVAL);
}

/* Sixteen deep, a thread each. */
static void check_many(Inside *inside)
{
    enum {
        N = 1000,
        SIZE = 16384
    };
    g_autofree Command *commands = g_new0(Command, N);
    g_autofree Completion *completions = g_new0(Completion, N);
    g_autofree Piece *pieces = g_new0(Piece, N);
    g_autoptr(LoadList) list = load_list_new(commands, completions, N, 16);
    InitiatorCost cost;
    GError *error = NULL;

    for (unsigned i = 0; i < N; i++) {
        pieces[i].offset = inside->initiator->arena.start + i * SIZE;
        pieces[i].length = SIZE;
        commands[i].pieces = &pieces[i];
        commands[i].n_pieces = 1;
        commands[i].length = SIZE;
        command_read_write(&commands[i], i % 2 ? DATA_IN : DATA_OUT, 16, i,
                           SIZE / inside->target->block_size);
    }
    inside->initiator->kind->drive(inside->initiator, load_list_load(list),
                                   &cost, &error);
    g_assert_no_error(error);
    for (unsigned i = 0; i < N; i++) {
        g_assert_true(completion_good(&completions[i]));
    }
    g_assert_cmpuint(cost.cpu_ns, >, 0);
}

static void check_illegal(Inside *inside)
{
    Piece piece = {.offset = 0, .length = inside->target->block_size};
    Command command = {.length = piece.length, .pieces = &piece, .n_pieces = 1};
    Completion completion;
    g_autofree char *text = NULL;
    GError *error = NULL;

    command_read_write(&command, DATA_IN, 16, inside->target->blocks, 1);
    initiator_send(inside->initiator, &command, &completion, &error);
    g_assert_no_error(error);
    text = completion_text(&completion);
    g_assert_nonnull(strstr(text, "sense 5h/21h/00h Illegal Request"));
}

/* What `sgbench devices` lists: the disk, its limits, and who uses it. */
static void check_devices(Inside *inside)
{
    g_autoptr(GPtrArray) devices = NULL;
    g_autofree char *table = NULL;
    g_autofree char *mkfs =
        g_strdup_printf("mke2fs -q -F %s 1024", inside->target->block_device);
    g_autofree char *mount =
        g_strdup_printf("mount -o ro %s /mnt", inside->target->block_device);
    char *argv[] = {(char *)"sleep", (char *)"100", NULL};
    int fd = open(inside->target->device, O_RDONLY);
    GError *error = NULL;
    const Device *device;
    int status;
    GPid pid;

    g_assert_cmpint(system(mkfs), ==, 0);
    g_assert_cmpint(system(mount), ==, 0);
    g_spawn_async(NULL, argv, NULL,
                  G_SPAWN_SEARCH_PATH | G_SPAWN_DO_NOT_REAP_CHILD |
                      G_SPAWN_LEAVE_DESCRIPTORS_OPEN,
                  NULL, NULL, &pid, &error);
    g_assert_no_error(error);
    close(fd);
    g_usleep(200000); /* until it is sleep */

    devices = device_list("", &error);
    g_assert_no_error(error);
    table = device_table(devices);
    printf("# %s\n", table);
    g_assert_cmpuint(devices->len, ==, 1);
    device = device_find(devices, "", inside->target->block_device, &error);
    g_assert_no_error(error);
    g_assert_true(device == devices->pdata[0]);
    g_assert_cmpstr(device->sg, ==, inside->target->device);
    g_assert_cmpstr(device->block, ==, inside->target->block_device);
    g_assert_cmpstr(device->vendor, ==, inside->target->vendor);
    g_assert_cmpstr(device->model, ==, inside->target->product);
    g_assert_cmpstr(device->serial, ==, inside->target->serial);
    g_assert_cmpstr(device->driver, ==, "scsi_debug");
    g_assert_cmpuint(device->limits.size, ==, 64 * MIB);
    g_assert_cmpuint(device->limits.logical_block, ==, 512);
    g_assert_cmpuint(device->limits.max_bytes, >=, 8 * MIB);
    /* scsi_debug's opt_blks is 1024 */
    g_assert_cmpuint(device->limits.optimal_transfer, ==, 512 << 10);
    g_assert_cmpuint(device->limits.allow_dio, ==, 0);
    g_assert_cmpuint(device->limits.reserved_bytes, >=, 4096);
    g_assert_null(device->limits.problem);
    g_assert_nonnull(strstr(table, "mounted at /mnt"));
    g_assert_nonnull(strstr(table, "open by sleep ("));

    kill(pid, SIGKILL);
    waitpid(pid, &status, 0);
    g_assert_cmpint(system("umount /mnt"), ==, 0);
}

static int inside_disk(void)
{
    static const char *const copied[] = {"size", "64M", NULL};
    static const char *const direct[] = {"size",       "64M",  "allow_dio", "1",
                                         "block_size", "4096", NULL};
    Inside inside = {0};

    inside_open(&inside, copied);
    g_assert_cmpstr(inside.target->vendor, ==, "Linux");
    g_assert_cmpuint(inside.target->block_size, ==, 512);
    g_assert_cmpuint(inside.target->blocks, ==, 64 * MIB / 512);
    check_data(&inside, FALSE);
    check_illegal(&inside);
    check_many(&inside);
    check_devices(&inside);
    inside_close(&inside);
    printf("# inside: copied: ok\n");

    memset(&inside, 0, sizeof(inside));
    inside_open(&inside, direct);
    g_assert_cmpuint(inside.target->block_size, ==, 4096);
    check_data(&inside, TRUE);
    check_too_large(&inside);
    check_data(&inside, TRUE);
    inside_close(&inside);
    printf("# inside: direct: ok\n");
    return 7;
}

/* ---- what a short read leaves in memory ---- */

#define SHORT_ROOM 8192
#define CANARY 0xc5
#define SECRET 0xee /* what an earlier command has read */

/* Send @command; its answer, of which nothing is expected here. */
static Completion ask_as_is(Initiator *initiator, Command *command)
{
    Completion completion = {0};
    GError *error = NULL;

    initiator_send(initiator, command, &completion, &error);
    g_assert_no_error(error);
    g_assert_cmpint(completion.transport, ==, 0);
    return completion;
}

/*
 * LOG SENSE (SPC-4, 6.7) of the list of pages, which is some bytes, with room
 * for SHORT_ROOM, after a command that has read SECRETs through the same
 * descriptor. Counts what is not the canary, not zero and not the list.
 */
static unsigned short_read(Initiator *initiator, Layout layout, GRand *random)
{
    const Arena *arena = &initiator->arena;
    g_autoptr(Buffer) secret =
        buffer_new(arena, layout, SHORT_ROOM, arena->start, random);
    g_autoptr(Buffer) room =
        buffer_new(arena, layout, SHORT_ROOM, arena->start + MIB, random);
    g_autofree uint8_t *data = g_malloc(SHORT_ROOM);
    Command command = {.length = SHORT_ROOM,
                       .pieces = secret->pieces,
                       .n_pieces = secret->n_pieces};
    Completion completion;
    unsigned stale = 0;

    memset(data, SECRET, SHORT_ROOM);
    buffer_write(secret, data);
    command_read_write(&command, DATA_OUT, 10, 0, SHORT_ROOM / 512);
    completion = ask_as_is(initiator, &command);
    g_assert_true(completion_good(&completion));
    command_read_write(&command, DATA_IN, 10, 0, SHORT_ROOM / 512);
    completion = ask_as_is(initiator, &command);
    g_assert_true(completion_good(&completion));

    buffer_set_guards(room);
    memset(data, CANARY, SHORT_ROOM);
    buffer_write(room, data);
    command.pieces = room->pieces;
    command.n_pieces = room->n_pieces;
    command_set_cdb(&command, 0x4d, 10, DATA_IN);
    command.cdb[7] = SHORT_ROOM >> 8;
    completion = ask_as_is(initiator, &command);
    g_assert_cmpint(completion.status, ==, 0);
    g_assert_cmpuint(completion.resid, >, SHORT_ROOM - 64);
    g_assert_cmpuint(completion.resid, <, SHORT_ROOM);
    g_assert_cmpuint(buffer_check_guards(room), ==, UINT64_MAX);

    buffer_read(room, data);
    g_assert_cmpuint(data[0], ==, 0);
    g_assert_cmpuint(data[3], ==, SHORT_ROOM - completion.resid - 4);
    for (uint64_t i = SHORT_ROOM - completion.resid; i < SHORT_ROOM; i++) {
        stale += data[i] != CANARY && data[i] != 0;
    }
    return stale;
}

/* On each way that the data goes: the sg driver copies a list and what is not
 * direct, by way of a buffer that the descriptor keeps (drivers/scsi/sg.c). */
static void check_short(Inside *inside, const char *name)
{
    static const Layout layouts[] = {LAYOUT_CONTIGUOUS, LAYOUT_PAGES,
                                     LAYOUT_OFFSET};
    g_autoptr(GRand) random = g_rand_new_with_seed(5);
    g_autoptr(Initiator) ring = NULL;
    Initiator *initiator = inside->initiator;
    GError *error = NULL;

    if (name) {
        ring = initiator_ring.open(
            &inside->context, inside->target, path_find(name),
            &(InitiatorNeeds){.arena_size = 4 * MIB}, &error);
        g_assert_no_error(error);
        target_bring_up(inside->target, ring, &error);
        g_assert_no_error(error);
        initiator = ring;
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(layouts); i++) {
        unsigned stale = short_read(initiator, layouts[i], random);

        printf("# inside: %s, %s, allow_dio %s: %u bytes of another command\n",
               name ? name : "native", layout_name(layouts[i]),
               inside->allow_dio ? "on" : "off", stale);
        /* native: that is the driver, and shows that there is a danger */
        if (name) {
            g_assert_cmpuint(stale, ==, 0);
        } else if (!inside->allow_dio) {
            g_assert_cmpuint(stale, >, 0);
        }
    }
}

static int inside_short(void)
{
    static const char *const keys[] = {"size", "16M", "allow_dio", "0", NULL};
    static const char *const direct[] = {"size", "16M", "allow_dio", "1", NULL};
    Inside inside = {0};

    inside_open(&inside, keys);
    check_short(&inside, NULL);
    check_short(&inside, "generic-bounce");
    check_short(&inside, "generic-zerocopy");
    inside_close(&inside);

    memset(&inside, 0, sizeof(inside));
    inside.allow_dio = TRUE;
    inside_open(&inside, direct);
    check_short(&inside, NULL);
    check_short(&inside, "generic-zerocopy");
    inside_close(&inside);
    return 7;
}

/* Until it is interrupted. */
static int inside_wait(const char *folder)
{
    g_autofree char *file = g_build_filename(folder, "result", NULL);

    run_catch_signals();
    g_assert_true(g_file_set_contents(file, "waiting", -1, NULL));
    printf("# inside: waiting\n");
    fflush(stdout);
    while (!run_interrupted()) {
        g_usleep(100000);
    }
    g_assert_true(g_file_set_contents(file, "kept", -1, NULL));
    return SGBENCH_INTERRUPTED;
}

/* ---- outside ---- */

/* In a child, so that a signal can be sent to it, and not to the test. */
static pid_t fork_lab(const char *const *argv, const char *folder)
{
    pid_t pid;

    fflush(stdout);
    pid = fork();
    if (pid == 0) {
        GError *error = NULL;
        int code;

        run_catch_signals();
        code = lab_run(argv, folder, &error);
        if (error) {
            g_printerr("# %s\n", error->message);
        }
        _exit(code);
    }
    return pid;
}

static int wait_for(pid_t pid)
{
    int status;

    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* A name that the kernel's command line can't have as it is. */
static char *run_folder(void)
{
    g_autofree char *name = g_dir_make_tmp("sgbench test \"lab\" XXXXXX", NULL);

    g_assert_nonnull(name);
    return g_steal_pointer(&name);
}

static void remove_folder(char *folder)
{
    g_autofree char *file = g_build_filename(folder, "result", NULL);

    g_unlink(file);
    g_assert_cmpint(g_rmdir(folder), ==, 0); /* nothing else is left in it */
    g_free(folder);
}

/* What @data names, inside. */
static void test_inside(const void *data)
{
    g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
    const char *argv[] = {self, "--inside", data, NULL};
    char *folder = run_folder();

    g_assert_cmpint(wait_for(fork_lab(argv, folder)), ==, 7);
    remove_folder(folder);
}

static void test_interrupted(void)
{
    g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
    char *folder = run_folder();
    const char *argv[] = {self, "--inside", folder, NULL};
    g_autofree char *file = g_build_filename(folder, "result", NULL);
    g_autofree char *text = NULL;
    pid_t pid = fork_lab(argv, folder);

    for (unsigned i = 0; i < 600 && access(file, F_OK) != 0; i++) {
        g_usleep(100000);
    }
    kill(pid, SIGINT);
    g_assert_cmpint(wait_for(pid), ==, SGBENCH_INTERRUPTED);
    g_assert_true(g_file_get_contents(file, &text, NULL, NULL));
    g_assert_cmpstr(text, ==, "kept");
    remove_folder(folder);
}

static void test_not_there(void)
{
    static const char *const argv[] = {"/no/such/program", NULL};
    char *folder = run_folder();

    /* sh's exit code for it; POSIX, 2.8.2 */
    g_assert_cmpint(wait_for(fork_lab(argv, folder)), ==, 127);
    remove_folder(folder);
}

static void test_memory(void)
{
    static const char *const argv[] = {"/bin/true", NULL};
    char *folder = run_folder();
    GError *error = NULL;

    g_setenv("SGBENCH_LAB_MEMORY", "1000000G", TRUE);
    lab_run(argv, folder, &error);
    g_assert_error(error, SGBENCH_ERROR, SGBENCH_ERROR_PREFLIGHT);
    g_clear_error(&error);
    g_setenv("SGBENCH_LAB_MEMORY", "lots", TRUE);
    lab_run(argv, folder, &error);
    g_assert_error(error, SGBENCH_ERROR, SGBENCH_ERROR_USAGE);
    g_clear_error(&error);
    g_unsetenv("SGBENCH_LAB_MEMORY");
    remove_folder(folder);
}

int main(int argc, char **argv)
{
    g_autofree char *kernel = process_find_program("linux.uml", NULL);

    if (argc == 3 && strcmp(argv[1], "--inside") == 0) {
        return strcmp(argv[2], "disk") == 0    ? inside_disk()
               : strcmp(argv[2], "short") == 0 ? inside_short()
                                               : inside_wait(argv[2]);
    }
    g_test_init(&argc, &argv, NULL);
    if (!kernel && !g_getenv("CI")) {
        g_print("1..0 # SKIP linux.uml is not installed (package "
                "user-mode-linux)\n");
        return 0;
    }
    g_test_add_func("/lab/memory", test_memory);
    g_test_add_func("/lab/not-there", test_not_there);
    g_test_add_data_func("/lab/disk", "disk", test_inside);
    g_test_add_data_func("/lab/short-reads", "short", test_inside);
    g_test_add_func("/lab/interrupted", test_interrupted);
    return g_test_run();
}
