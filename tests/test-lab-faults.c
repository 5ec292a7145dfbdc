/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Faults of a kernel's device x paths: scsi_debug's, and a reservation on an
 * iSCSI LUN, in the lab, where this program runs itself (argument --inside).
 * See sgbench/faults.md.
 */
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>

#include "other-host.h"
#include "program.h"
#include "sgbench/ask.h"
#include "sgbench/context.h"
#include "sgbench/kernel-iscsi.h"
#include "sgbench/lab.h"
#include "sgbench/target.h"
#include "sgbench/tempdir.h"
#include "sgbench/tests/target-fixture.h"

#define DONE 7 /* exit code of the inner program */
#define DEVICES "/sys/class/scsi_device"
#define DRIVER "/sys/bus/pseudo/drivers/scsi_debug"
#define DISK "kind=lab-disk\nsize=16M\n"

/* ---- inside ---- */

/* Of target "t", whose group is @keys. */
static char *write_job(const char *keys, const char *paths, const char *axes)
{
    char *file = g_build_filename(g_get_tmp_dir(), "fault.conf", NULL);
    g_autofree char *text = g_strdup_printf("[job]\n"
                                            "rounds=2\n"
                                            "cell-seconds=0.3\n"
                                            "warmup-seconds=0\n"
                                            "trace=off\n"
                                            "verify=false\n"
                                            "[target t]\n"
                                            "%s"
                                            "[matrix m]\n"
                                            "targets=t\n"
                                            "paths=%s\n"
                                            "%s"
                                            "sizes=64K\n",
                                            keys, paths, axes);

    g_assert_true(g_file_set_contents(file, text, -1, NULL));
    return file;
}

static Program *start(const char *keys, const char *paths, const char *axes,
                      const char *rounds)
{
    g_autofree char *job = write_job(keys, paths, axes);
    const char *const args[] = {"run",   "--progress", "lines",    "--no-table",
                                "--set", rounds,       "--output", "{RUN}",
                                job,     NULL};

    return program_start(NULL, NULL, args);
}

static void assert_ends(Program *program, int code, const char *text)
{
    int got = program_wait(program, 120);
    g_autofree char *err = program_err(program);

    if (got != code || (text && !strstr(err, text))) {
        g_error("exit code %d, not %d, or no '%s' in:\n%s", got, code, text,
                err);
    }
    program_assert_nothing_left(program, 10);
}

static const char *path_of(JsonObject *sample)
{
    return json_object_get_string_member(sample, "cell");
}

/* Of a run that ends well, having said @text (or NULL: anything): all @n of
 * them, which are part of *@run, the caller's. */
static JsonArray *samples_of(Program *program, const char *text, unsigned n,
                             JsonObject **run)
{
    JsonArray *samples;

    assert_ends(program, 0, text);
    *run = program_results(program);
    samples = json_object_get_array_member(*run, "samples");
    g_assert_cmpuint(json_array_get_length(samples), ==, n);
    return samples;
}

/* All READs fail where the medium does. */
static void medium_error(void)
{
    g_autoptr(Program) program = start(
        DISK "opts=2\nmedium_error_start=0\nmedium_error_count=2147483647\n",
        "native;generic-bounce;generic-zerocopy;block", "", "rounds=1");
    g_autoptr(JsonObject) run = NULL;
    JsonArray *samples;

    samples = samples_of(program, "sense 3h/11h/00h", 4, &run);
    for (unsigned i = 0; i < 4; i++) {
        JsonObject *sample = json_array_get_object_element(samples, i);

        printf("# inside: %s: %s\n", path_of(sample),
               json_object_get_string_member(sample, "first_failure"));
        g_assert_cmpint(json_object_get_int_member(sample, "requests"), ==, 0);
        g_assert_cmpint(json_object_get_int_member(sample, "failed"), >, 0);
        g_assert_nonnull(
            strstr(json_object_get_string_member(sample, "first_failure"),
                   "sense 3h/11h/00h"));
    }
}

static void write_line(const char *folder, const char *name, const char *text)
{
    g_autofree char *file = g_build_filename(folder, name, NULL);
    FILE *out = fopen(file, "we");

    g_assert_nonnull(out);
    fputs(text, out);
    g_assert_cmpint(fclose(out), ==, 0);
}

/* Each READ gets half of its data. Not before the kernel has looked for
 * partitions, and not on scsi-block, which opens /dev/sdX: the block layer asks
 * for the rest for ever. */
static void short_transfer(void)
{
    g_autoptr(Program) program =
        start(DISK, "native;generic-bounce;generic-zerocopy", "", "rounds=2");
    g_autoptr(JsonObject) run = NULL;
    JsonArray *samples;
    unsigned seen = 0;

    program_await(program, "round 1 of", 120);
    write_line(DRIVER, "every_nth", "1");
    write_line(DRIVER, "opts", "256");
    assert_ends(program, 0, "32768 bytes not transferred");
    run = program_results(program);
    samples = json_object_get_array_member(run, "samples");
    for (unsigned i = 0; i < json_array_get_length(samples); i++) {
        JsonObject *sample = json_array_get_object_element(samples, i);
        gint64 requests = json_object_get_int_member(sample, "requests");
        gint64 cut = json_object_get_int_member(sample, "short_transfers");

        if (json_object_get_int_member(sample, "round") == 1) {
            continue;
        }
        seen++;
        printf("# inside: %s: %d whole, %d short\n", path_of(sample),
               (int)requests, (int)cut);
        g_assert_cmpint(requests, ==, 0);
        g_assert_cmpint(cut, >, 0);
    }
    g_assert_cmpuint(seen, ==, 3);
}

/* The kernel sends again what a full device refuses: nobody sees it. */
static void task_set_full(void)
{
    g_autoptr(Program) program =
        start(DISK "opts=1024\nmax_queue=1\ndelay_ns=2000000\n",
              "native;generic-bounce;block", "depths=4\n", "rounds=1");
    g_autoptr(JsonObject) run = NULL;
    JsonArray *samples;

    samples = samples_of(program, NULL, 3, &run);
    for (unsigned i = 0; i < 3; i++) {
        JsonObject *sample = json_array_get_object_element(samples, i);

        printf("# inside: %s: %d failed\n", path_of(sample),
               (int)json_object_get_int_member(sample, "failed"));
        g_assert_cmpint(json_object_get_int_member(sample, "failed"), ==, 0);
        g_assert_cmpint(json_object_get_int_member(sample, "requests"), >, 0);
    }
}

/* Switched on when it runs: the kernel's own commands would meet it, too. What
 * every one of @paths is @expected to have seen, or NULL: nothing. */
static void from_now_on(const char *opts, const char *every, const char *paths,
                        const char *expected)
{
    g_autoptr(Program) program = start(DISK, paths, "", "rounds=1");
    g_autoptr(JsonObject) run = NULL;
    JsonArray *samples;

    program_await(program, "round 1 of", 120);
    write_line(DRIVER, "every_nth", every);
    write_line(DRIVER, "opts", opts);
    samples = samples_of(program, expected, 3, &run);
    for (unsigned i = 0; i < 3; i++) {
        JsonObject *sample = json_array_get_object_element(samples, i);
        gint64 failed = json_object_get_int_member(sample, "failed");

        printf("# inside: %s: %d failed, %d good%s%s\n", path_of(sample),
               (int)failed, (int)json_object_get_int_member(sample, "requests"),
               failed ? ": " : "",
               failed ? json_object_get_string_member(sample, "first_failure")
                      : "");
        g_assert_cmpint(json_object_get_int_member(sample, "requests"), >, 0);
        if (expected) {
            g_assert_cmpint(failed, >, 0);
        } else {
            g_assert_cmpint(failed, ==, 0);
        }
    }
}

static void remove_device(void)
{
    g_autoptr(GDir) dir = g_dir_open(DEVICES, 0, NULL);
    const char *name = g_dir_read_name(dir);
    g_autofree char *folder = NULL;

    g_assert_nonnull(name);
    folder = g_build_filename(DEVICES, name, "device", NULL);
    write_line(folder, "delete", "1");
}

/* Pulled out while @path is measured. */
static void removed(const char *path)
{
    g_autoptr(Program) program = start(DISK, path, "", "rounds=200");
    g_autoptr(JsonObject) run = NULL;
    g_autofree char *err = NULL;

    program_await(program, "round 3 of", 120);
    remove_device();
    assert_ends(program, 6, "target t: ");
    err = program_err(program);
    printf("# inside: removed under %s: %s", path, strstr(err, "target t: "));
    run = program_results(program);
    g_assert_cmpstr(json_object_get_string_member(
                        json_object_get_object_member(run, "run"), "outcome"),
                    ==, "failed");
    g_assert_cmpuint(
        json_array_get_length(json_object_get_array_member(run, "samples")), >=,
        2);
}

/* ---- a LUN that another host reserves ---- */

/* tgtd with a LUN of type @device ("disk", "tape"). */
static Target *start_server(RunContext *context, const char *device)
{
    const char *const keys[] = {"device", device, "size", "16M", NULL};

    return fixture_target(context, "iscsi", keys);
}

static const char *setting(const Target *server, const char *name)
{
    return g_hash_table_lookup(server->settings, name);
}

static char *url_of(const Target *server)
{
    return g_strdup_printf("iscsi://%s/%s/1", setting(server, "portal"),
                           setting(server, "iqn"));
}

/* What was measured before stays, what comes then fails, and the run goes on.
 */
static void reserved_under(const char *path, const char *keys, Initiator *host)
{
    g_autoptr(Program) program = start(keys, path, "", "rounds=6");
    g_autoptr(JsonObject) run = NULL;
    JsonArray *samples;
    JsonObject *sample;

    program_await(program, "round 3 of", 120);
    other_host_reserve_out(host, PR_REGISTER);
    other_host_reserve_out(host, PR_RESERVE);
    samples = samples_of(program, "status 18h RESERVATION CONFLICT", 6, &run);
    other_host_reserve_out(host, PR_CLEAR);
    sample = json_array_get_object_element(samples, 0);
    g_assert_cmpint(json_object_get_int_member(sample, "failed"), ==, 0);
    sample = json_array_get_object_element(samples, 5);
    printf("# inside: reserved under %s: %d failed: %s\n", path,
           (int)json_object_get_int_member(sample, "failed"),
           json_object_get_string_member(sample, "first_failure"));
    g_assert_cmpint(json_object_get_int_member(sample, "requests"), ==, 0);
    g_assert_cmpint(json_object_get_int_member(sample, "failed"), >, 0);
}

/* Nothing is measured: verification names @node and what to do. */
static void reserved_before(const char *path, const char *keys,
                            const char *node, Initiator *host)
{
    g_autoptr(Program) program = NULL;
    g_autofree char *err = NULL;

    other_host_reserve_out(host, PR_REGISTER);
    other_host_reserve_out(host, PR_RESERVE);
    program = start(keys, path, "", "verify=true");
    assert_ends(program, 6,
                "RESERVATION CONFLICT: another host has reserved it; "
                "sg_persist -r");
    g_assert_nonnull(strstr(err = program_err(program), node));
    other_host_reserve_out(host, PR_CLEAR);
    printf("# inside: reserved before %s: %s", path, err);
}

/* tgt's tape looks for reservations (usr/ssc.c, ssc_rw), but takes none: none
 * can be brought about. */
static void not_reserved(RunContext *context)
{
    static const uint8_t opcodes[] = {0x16, 0x5e}; /* RESERVE, PR IN */
    Target *server = start_server(context, "tape");
    g_autofree char *url = url_of(server);
    Initiator *host = other_host(context, url);

    for (unsigned i = 0; i < G_N_ELEMENTS(opcodes); i++) {
        Command command = {0};
        Completion completion;
        GError *error = NULL;
        g_autofree char *text = NULL;

        command_set_cdb(&command, opcodes[i], i ? 10 : 6, DATA_NONE);
        g_assert_true(ask(host, &command, &completion, &error));
        g_assert_no_error(error);
        text = completion_text(&completion);
        printf("# inside: tape, %02xh: %s\n", opcodes[i], text);
        g_assert_nonnull(strstr(text, "sense 5h/20h/00h"));
    }
    initiator_close(host);
    target_stop(server);
}

static void reserved(void)
{
    static const char *const paths[] = {"native", "generic-bounce",
                                        "generic-zerocopy", "block"};
    RunContext context = {.in_lab = TRUE};
    g_autofree char *url = NULL, *keys = NULL;
    KernelIscsi *session;
    Initiator *host;
    Target *server;
    GError *error = NULL;

    context.run_id = g_uuid_string_random();
    context.temp_dir = temp_dir_make(&error);
    g_assert_no_error(error);
    server = start_server(&context, "disk");
    url = url_of(server);
    host = other_host(&context, url);
    session = kernel_iscsi_login(&context, setting(server, "portal"),
                                 setting(server, "iqn"), 1, &error);
    g_assert_no_error(error);
    keys = g_strdup_printf("kind=device\ndevice=%s\n",
                           kernel_iscsi_device(session)->sg);
    for (unsigned i = 0; i < G_N_ELEMENTS(paths); i++) {
        reserved_under(paths[i], keys, host);
        reserved_before(paths[i], keys, kernel_iscsi_device(session)->sg, host);
    }
    initiator_close(host);
    kernel_iscsi_logout(session);
    target_stop(server);
    not_reserved(&context);
    temp_dir_remove(context.temp_dir);
    g_free(context.temp_dir);
    g_free(context.run_id);
}

static int inside(const char *what)
{
    if (g_str_equal(what, "medium-error")) {
        medium_error();
    } else if (g_str_equal(what, "short")) {
        short_transfer();
    } else if (g_str_equal(what, "task-set-full")) {
        task_set_full();
    } else if (g_str_equal(what, "host-busy")) {
        /* SDEBUG_OPT_HOST_BUSY (drivers/scsi/scsi_debug.c) */
        from_now_on("32768", "3", "native;generic-bounce;block", NULL);
    } else if (g_str_equal(what, "timeout")) {
        /* SDEBUG_OPT_TIMEOUT: every so many commands is never answered; the
         * kernel gives it up after 30 s */
        from_now_on("4", "100", "native;generic-zerocopy;block", "failed");
    } else if (g_str_equal(what, "reserved")) {
        reserved();
    } else if (g_str_equal(what, "removed")) {
        removed("native");
        removed("generic-bounce");
        removed("generic-zerocopy");
        removed("block");
    } else {
        return 1;
    }
    fflush(stdout);
    return DONE;
}

/* ---- outside ---- */

static void test_inside(const void *what)
{
    g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
    g_autofree char *folder = g_dir_make_tmp("sgbench-test-XXXXXX", NULL);
    const char *argv[] = {self, "--inside", what, NULL};
    g_autoptr(GError) error = NULL;
    int code = lab_run(argv, folder, &error);

    g_assert_no_error(error);
    g_assert_cmpint(code, ==, DONE);
    g_assert_cmpint(g_rmdir(folder), ==, 0);
}

int main(int argc, char **argv)
{
    const char *const cases[] = {"medium-error", "short",   "task-set-full",
                                 "host-busy",    "timeout", "removed",
                                 "reserved"};
    gboolean in = argc == 3 && strcmp(argv[1], "--inside") == 0;

    g_test_init(&argc, &argv, NULL);
    if (in) {
        return inside(argv[2]);
    }
    run_catch_signals();
    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = g_strconcat("/lab-faults/", cases[i], NULL);

        g_test_add_data_func(path, cases[i], test_inside);
    }
    return g_test_run();
}
