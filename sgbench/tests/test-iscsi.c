/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Target kind "iscsi" and the native initiator, against a real tgtd on the
 * loopback interface.
 */
#include <glib.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>

#include "sgbench/context.h"
#include "sgbench/error.h"
#include "sgbench/initiator.h"
#include "sgbench/layout.h"
#include "sgbench/load-list.h"
#include "sgbench/process.h"
#include "sgbench/target.h"
#include "sgbench/tempdir.h"
#include "target-fixture.h"

#define BLOCK 512u
#define MIB (1u << 20)

typedef struct Fixture {
    RunContext context;
    Target *target;
    Initiator *initiator;
} Fixture;

/* @opaque: NULL-terminated list of key, value, key, value ... */
static void set_up(Fixture *f, gconstpointer opaque)
{
    GError *error = NULL;

    f->context.run_id = g_uuid_string_random();
    f->context.temp_dir = temp_dir_make(&error);
    g_assert_no_error(error);
    f->target = fixture_target(&f->context, "iscsi", opaque);
    f->initiator = initiator_iscsi.open(
        &f->context, f->target, NULL,
        &(InitiatorNeeds){.arena_size = 160 * MIB}, &error);
    g_assert_no_error(error);
}

static void tear_down(Fixture *f, gconstpointer opaque)
{
    initiator_close(f->initiator);
    target_stop(f->target);
    if (f->context.temp_dir) {
        temp_dir_remove(f->context.temp_dir);
        g_assert_false(g_file_test(f->context.temp_dir, G_FILE_TEST_EXISTS));
    }
    g_free(f->context.temp_dir);
    g_free(f->context.run_id);
}

static void assert_good(const Completion *completion)
{
    g_autofree char *text = completion_text(completion);

    if (!completion_good(completion)) {
        g_error("%s", text);
    }
    g_assert_cmpuint(completion->posted_ns, <=, completion->done_ns);
}

static void send_good(Fixture *f, DataDirection direction, Buffer *buffer,
                      uint64_t lba)
{
    Command command = {
        .length = buffer->length,
        .pieces = buffer->pieces,
        .n_pieces = buffer->n_pieces,
    };
    Completion completion = {0};
    GError *error = NULL;

    command_read_write(&command, direction, 16, lba, buffer->length / BLOCK);
    initiator_send(f->initiator, &command, &completion, &error);
    g_assert_no_error(error);
    assert_good(&completion);
}

static void test_identity(Fixture *f, gconstpointer opaque)
{
    GError *error = NULL;

    g_assert_true(target_identify(f->target, f->initiator, &error));
    g_assert_no_error(error);
    g_assert_cmpstr(f->target->vendor, ==, "IET");
    g_assert_cmpstr(f->target->product, ==, "VIRTUAL-DISK");
    g_assert_cmpstr(f->target->serial, !=, "");
    g_assert_cmpuint(f->target->block_size, ==, BLOCK);
    g_assert_cmpuint(f->target->blocks, ==, 64 * MIB / BLOCK);
    g_assert_cmpstr(g_hash_table_lookup(f->target->settings, "MaxQueueCmd"), ==,
                    "128");
    g_assert_nonnull(g_hash_table_lookup(f->target->settings, "tgt"));
    g_assert_true(f->target->caps.stores_data);
    g_assert_cmpint(f->target->server_pid, >, 0);
    g_assert_true(f->target->kind->alive(f->target, &error));
}

/* Every layout at sizes around tgt's bursts (64 and 256 KiB) up to the
 * largest; read back into a buffer of another layout. */
static void test_data(Fixture *f, gconstpointer opaque)
{
    static const uint64_t sizes[] = {512,          4096,    65536,
                                     262144 + 512, 4 * MIB, 16 * MIB};
    g_autoptr(GRand) random = g_rand_new_with_seed(7);
    const Arena *arena = &f->initiator->arena;

    for (unsigned i = 0; i < G_N_ELEMENTS(sizes) * LAYOUT_MMIO; i++) {
        uint64_t size = sizes[i / LAYOUT_MMIO];
        Layout out = i % LAYOUT_MMIO, in = (i + 1) % LAYOUT_MMIO;
        g_autofree uint8_t *data = g_malloc(size), *back = g_malloc(size);
        g_autoptr(Buffer) from =
            buffer_new(arena, out, size, arena->start, random);
        g_autoptr(Buffer) to =
            buffer_new(arena, in, size, arena->start + 80 * MIB, random);

        for (uint64_t j = 0; j < size; j++) {
            data[j] = g_rand_int(random);
        }
        buffer_set_guards(from);
        buffer_set_guards(to);
        buffer_write(from, data);
        send_good(f, DATA_OUT, from, i * 64);
        send_good(f, DATA_IN, to, i * 64);
        buffer_read(to, back);
        g_assert_cmpmem(back, size, data, size);
        g_assert_cmpuint(buffer_check_guards(from), ==, UINT64_MAX);
        g_assert_cmpuint(buffer_check_guards(to), ==, UINT64_MAX);
    }
}

static void test_illegal_block(Fixture *f, gconstpointer opaque)
{
    Piece piece = {.offset = f->initiator->arena.start, .length = BLOCK};
    Command command = {.length = BLOCK, .pieces = &piece, .n_pieces = 1};
    Completion completion = {0};
    g_autofree char *text = NULL;
    GError *error = NULL;

    command_read_write(&command, DATA_IN, 16, 64 * MIB / BLOCK, 1);
    g_assert_true(initiator_send(f->initiator, &command, &completion, &error));
    g_assert_no_error(error);
    g_assert_cmpuint(completion.status, ==, 2);
    text = completion_text(&completion);
    /* SBC-4 4.8.3.1: ILLEGAL REQUEST, LOGICAL BLOCK ADDRESS OUT OF RANGE */
    g_assert_cmpstr(text, ==,
                    "status 02h CHECK CONDITION, sense 5h/21h/00h "
                    "Illegal Request: Logical block address out of range, "
                    "512 bytes not transferred");

    /* and the session goes on */
    command_test_unit_ready(&command);
    g_assert_true(initiator_send(f->initiator, &command, &completion, &error));
    assert_good(&completion);
}

/* Reads, writes and commands without data, a thousand of each, deep. */
static void test_many(Fixture *f, gconstpointer opaque)
{
    enum {
        N = 3000,
        SIZE = 8192
    };
    g_autofree Command *commands = g_new0(Command, N);
    g_autofree Completion *completions = g_new0(Completion, N);
    g_autofree Piece *pieces = g_new0(Piece, N * 2);
    g_autoptr(LoadList) list = load_list_new(commands, completions, N, 64);
    InitiatorCost cost = {0};
    GError *error = NULL;

    for (unsigned i = 0; i < N; i++) {
        Command *command = &commands[i];

        if (i % 3 == 2) {
            command_test_unit_ready(command);
            continue;
        }
        command->pieces = &pieces[2 * i];
        command->n_pieces = 1 + i % 2;
        command->length = SIZE;
        pieces[2 * i].offset = f->initiator->arena.start + i * SIZE;
        pieces[2 * i].length = SIZE / command->n_pieces;
        pieces[2 * i + 1].offset = pieces[2 * i].offset + SIZE / 2;
        pieces[2 * i + 1].length = SIZE / 2;
        command_read_write(command, i % 3 ? DATA_OUT : DATA_IN, i % 2 ? 10 : 16,
                           i, SIZE / BLOCK);
    }
    f->initiator->kind->drive(f->initiator, load_list_load(list), &cost,
                              &error);
    g_assert_no_error(error);
    g_assert_cmpuint(load_list_completed(list), ==, N);
    for (unsigned i = 0; i < N; i++) {
        assert_good(&completions[i]);
        for (unsigned j = i > 64 ? i - 64 : 0; j < i; j++) {
            g_assert_cmpuint(commands[i].tag, !=, commands[j].tag);
        }
    }
    g_assert_cmpuint(cost.cpu_ns, >, 0);
}

/* A load without end that kills tgtd after a while. */
typedef struct Killer {
    Load load;
    Fixture *fixture;
    Command command;
    unsigned left;
} Killer;

static Command *killer_next(Load *load, unsigned slot)
{
    return &((Killer *)load)->command;
}

static gboolean killer_done(Load *load, unsigned slot, Command *command,
                            const Completion *completion)
{
    Killer *killer = (Killer *)load;

    if (--killer->left == 0) {
        kill(killer->fixture->target->server_pid, SIGKILL);
    }
    return TRUE;
}

static void test_killed(Fixture *f, gconstpointer opaque)
{
    Piece piece = {.offset = f->initiator->arena.start, .length = MIB};
    Killer killer = {
        .load = {.depth = 1, .next = killer_next, .done = killer_done},
        .fixture = f,
        .command = {.length = MIB, .pieces = &piece, .n_pieces = 1},
        .left = 20,
    };
    g_autoptr(GError) error = NULL;
    g_autoptr(GError) reason = NULL;
    gint64 begin = g_get_monotonic_time();

    command_read_write(&killer.command, DATA_IN, 10, 0, MIB / BLOCK);
    g_assert_false(
        f->initiator->kind->drive(f->initiator, &killer.load, NULL, &error));
    g_assert_error(error, SGBENCH_ERROR, SGBENCH_ERROR_TARGET);
    g_assert_nonnull(strstr(error->message, "tgtd killed by signal 9"));
    g_assert_cmpint(g_get_monotonic_time() - begin, <, 3 * G_USEC_PER_SEC);
    g_assert_false(f->target->kind->alive(f->target, &reason));
    g_assert_error(reason, SGBENCH_ERROR, SGBENCH_ERROR_TARGET);
    g_assert_nonnull(strstr(reason->message, "killed by signal 9"));

    /* and it stays broken, without a hang */
    g_clear_error(&error);
    g_assert_false(
        f->initiator->kind->drive(f->initiator, &killer.load, NULL, &error));
    g_assert_error(error, SGBENCH_ERROR, SGBENCH_ERROR_TARGET);
}

static void test_null(Fixture *f, gconstpointer opaque)
{
    g_autoptr(GRand) random = g_rand_new_with_seed(1);
    g_autoptr(Buffer) buffer =
        buffer_new(&f->initiator->arena, LAYOUT_CONTIGUOUS, MIB,
                   f->initiator->arena.start, random);
    GError *error = NULL;

    g_assert_true(target_identify(f->target, f->initiator, &error));
    g_assert_cmpuint(f->target->blocks, ==, (1ull << 40) / BLOCK);
    g_assert_false(f->target->caps.stores_data);
    send_good(f, DATA_OUT, buffer, 0);
    send_good(f, DATA_IN, buffer, 0);
}

static void check_refused(const char *key, const char *value,
                          const char *also_key, const char *also_value)
{
    TargetSpec spec = {.name = (char *)"t", .kind = (char *)"iscsi", .line = 3};
    Job job = {.file = (char *)"test.conf"};
    g_autoptr(GError) error = NULL;
    TargetCaps caps;

    spec.keys = g_hash_table_new(g_str_hash, g_str_equal);
    spec.lines = g_hash_table_new(g_str_hash, g_str_equal);
    g_hash_table_insert(spec.keys, (void *)key, (void *)value);
    g_hash_table_insert(spec.lines, (void *)key, GINT_TO_POINTER(5));
    if (also_key) {
        g_hash_table_insert(spec.keys, (void *)also_key, (void *)also_value);
    }
    g_assert_false(target_find("iscsi")->check(&job, &spec, &caps, &error));
    g_assert_error(error, SGBENCH_ERROR, SGBENCH_ERROR_USAGE);
    g_assert_true(g_str_has_prefix(error->message, "test.conf:5:"));
    g_hash_table_unref(spec.keys);
    g_hash_table_unref(spec.lines);
}

static void test_keys(void)
{
    check_refused("bakcing", "file", NULL, NULL);
    check_refused("backing", "tape", NULL, NULL);
    check_refused("store", "cloud", NULL, NULL);
    check_refused("size", "many", NULL, NULL);
    check_refused("size", "0", NULL, NULL);
    check_refused("size", "2M", "backing", "null");
    g_assert_null(target_find("floppy"));
}

static void test_no_space(void)
{
    TargetSpec spec = {.name = (char *)"t", .kind = (char *)"iscsi"};
    RunContext context = {.run_id = (char *)"x", .temp_dir = (char *)"/tmp"};
    Job job = {.file = (char *)"test.conf"};
    g_autoptr(GError) error = NULL;

    spec.keys = g_hash_table_new(g_str_hash, g_str_equal);
    g_hash_table_insert(spec.keys, (void *)"size", (void *)"1024G");
    g_assert_null(target_start(&context, &job, &spec, &error));
    g_assert_error(error, SGBENCH_ERROR, SGBENCH_ERROR_TARGET);
    g_assert_nonnull(strstr(error->message, "no space"));
    g_hash_table_unref(spec.keys);
}

int main(int argc, char **argv)
{
    static const char *const memory[] = {"size", "64M", NULL};
    static const char *const disk[] = {"size", "64M", "store", "disk", NULL};
    static const char *const null[] = {"backing", "null", NULL};
    g_autofree char *tgtd = process_find_program("tgtd", NULL);

    g_test_init(&argc, &argv, NULL);
    if (!tgtd && !g_getenv("CI")) {
        g_print("1..0 # SKIP tgtd is not installed (package tgt)\n");
        return 0;
    }
    g_test_add_func("/iscsi/keys", test_keys);
    g_test_add_func("/iscsi/no-space", test_no_space);
#define ADD(name, keys, function) \
    g_test_add("/iscsi/" name, Fixture, keys, set_up, function, tear_down)
    ADD("identity", memory, test_identity);
    ADD("data/memory", memory, test_data);
    ADD("data/disk", disk, test_data);
    ADD("illegal-block", memory, test_illegal_block);
    ADD("many", memory, test_many);
    ADD("killed", memory, test_killed);
    ADD("null", null, test_null);
#undef ADD
    return g_test_run();
}
