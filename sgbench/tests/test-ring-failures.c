/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The ring initiator when QEMU does not start, dies, hangs or gives up its
 * HBA, and when a signal comes: an error that says so, in time. */
#include <glib.h>
#include <signal.h>
#include <string.h>

#include "ring-fixture.h"
#include "sgbench/error.h"
#include "sgbench/guest-ram.h"

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

    checked_load_init(&checked, ring, 8, 10000);
    checked.act_at = 501;
    checked.act = act;
    g_assert_false(ring->kind->drive(ring, &checked.load, NULL, &error));
    g_assert_error(error, SGBENCH_ERROR, code);
    g_test_message("%s", error->message);
    g_assert_nonnull(strstr(error->message, text));
    g_assert_null(strchr(error->message, '\n'));
    checked_load_clear(&checked);
    return checked.in_flight;
}

static void test_killed(void)
{
    g_autoptr(Initiator) ring = NULL;
    g_autoptr(GError) error = NULL;
    Completion completion;
    Command command;

    if (ring_no_qemu()) {
        return;
    }
    ring = ring_open_good(ring_null);
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

    if (ring_no_qemu()) {
        return;
    }
    g_setenv("SGBENCH_ANSWER_SECONDS", "1", TRUE);
    ring = ring_open_good(ring_null);
    g_unsetenv("SGBENCH_ANSWER_SECONDS");
    g_assert_cmpuint(
        drive_into_trouble(ring, stop_qemu, SGBENCH_ERROR_QEMU, "no answer"), >,
        0);
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

    if (ring_no_qemu()) {
        return;
    }
    ring = ring_open_good(ring_null);
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
    if (ring_no_qemu()) {
        return;
    }
    if (g_test_subprocess()) {
        g_autoptr(Initiator) ring = ring_open_good(ring_null);

        run_catch_signals();
        g_assert_cmpuint(drive_into_trouble(ring, interrupt_us,
                                            SGBENCH_INTERRUPTED, "interrupted"),
                         ==, 0);
        return;
    }
    g_test_trap_subprocess(NULL, 60 * G_USEC_PER_SEC,
                           G_TEST_SUBPROCESS_INHERIT_STDERR);
    g_test_trap_assert_passed();
}

static void test_interrupted_while_hung(void)
{
    if (ring_no_qemu()) {
        return;
    }
    if (g_test_subprocess()) {
        g_autoptr(Initiator) ring = ring_open_good(ring_null);

        run_catch_signals();
        g_assert_cmpuint(drive_into_trouble(ring, stop_qemu_and_interrupt_us,
                                            SGBENCH_INTERRUPTED, "interrupted"),
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

    g_assert_null(ring_open(blockdev, properties, &error));
    g_assert_error(error, SGBENCH_ERROR, code);
    g_test_message("%s", error->message);
    g_assert_nonnull(strstr(error->message, text));
}

static void test_refused(void)
{
    if (ring_no_qemu()) {
        return;
    }
    assert_refused(ring_null, "no_such_property=1", SGBENCH_ERROR_QEMU,
                   "no_such_property");
    assert_refused("driver=file,filename=/nonexistent/disk", NULL,
                   SGBENCH_ERROR_QEMU, "No such file or directory");
    assert_refused("driver=no-such-driver", NULL, SGBENCH_ERROR_QEMU,
                   "no-such-driver");
}

static void test_preflight(void)
{
    Target target = ring_target(ring_null);
    PathKind path = {.name = "test", .build = "nowhere", .device = "scsi-hd"};
    g_autoptr(GError) error = NULL, too_large = NULL;

    g_setenv("SGBENCH_QEMU_NOWHERE", "/nonexistent", TRUE);
    g_assert_null(initiator_ring.open(&ring_context, &target, &path,
                                      &(InitiatorNeeds){.arena_size = ARENA},
                                      &error));
    g_assert_error(error, SGBENCH_ERROR, SGBENCH_ERROR_PREFLIGHT);
    g_assert_nonnull(strstr(error->message, "/nonexistent"));

    g_assert_null(initiator_ring.open(
        &ring_context, &target, &path,
        &(InitiatorNeeds){.arena_size = UINT64_MAX / 2}, &too_large));
    g_assert_error(too_large, SGBENCH_ERROR, SGBENCH_ERROR_PREFLIGHT);
    g_assert_nonnull(strstr(too_large->message, "is the most"));
}

static void test_no_memory(void)
{
    g_autoptr(GError) error = NULL;
    uint8_t *ram = NULL;

    g_assert_cmpint(guest_ram_new(UINT64_C(1) << 50, FALSE, &ram, &error), ==,
                    -1);
    g_assert_error(error, SGBENCH_ERROR, SGBENCH_ERROR_PREFLIGHT);
    g_assert_nonnull(strstr(error->message, "need 1073741952 MiB"));
    g_assert_null(ram);
}

int main(int argc, char **argv)
{
    int result;

    g_test_init(&argc, &argv, NULL);
    ring_set_up();
    g_test_add_func("/ring-failures/killed", test_killed);
    g_test_add_func("/ring-failures/hung", test_hung);
    g_test_add_func("/ring-failures/needs-reset", test_needs_reset);
    g_test_add_func("/ring-failures/interrupted", test_interrupted);
    g_test_add_func("/ring-failures/interrupted-while-hung",
                    test_interrupted_while_hung);
    g_test_add_func("/ring-failures/refused", test_refused);
    g_test_add_func("/ring-failures/preflight", test_preflight);
    g_test_add_func("/ring-failures/no-memory", test_no_memory);
    result = g_test_run();
    ring_tear_down();
    return result;
}
