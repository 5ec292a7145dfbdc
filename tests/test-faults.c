/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Faults of a device x paths: what each path reports, that the run goes on or
 * ends with a line that says why and the exit code for it, and that what was
 * measured stays. sgbench/faults.md has the matrix; faults of processes are
 * test-failures', of the kernel's device test-lab-faults'.
 */
#include <glib/gstdio.h>
#include <string.h>

#include "program.h"

#define PASSED 7 /* fault-skip of configs/faults.conf */
#define FAILED 3 /* fault-count */

/* What a sample is to have, on all paths. */
typedef struct Expected {
    const char *target;
    const char *list; /* member of the sample: "statuses" or "responses" */
    const char *code; /* member of that list; NULL: short_transfers */
    const char *text; /* in first_failure */
} Expected;

static const Expected expected[] = {
    {"medium-error", "statuses", "02h", "sense 3h/11h/00h"},
    {"unit-attention", "statuses", "02h", "sense 6h/29h/00h"},
    {"busy", "statuses", "08h", "status 08h BUSY"},
    {"task-set-full", "statuses", "28h", "status 28h TASK SET FULL"},
    {"reservation-conflict", "statuses", "18h",
     "status 18h RESERVATION CONFLICT"},
    {"timeout", "responses", "02h", "HBA response 02h ABORTED"},
    {"transport", "responses", "06h", "HBA response 06h TRANSPORT FAILURE"},
    {"no-memory", "statuses", "02h", "sense 4h/44h/00h"},
    {"no-device", "statuses", "02h", "sense bh/00h/06h"},
    {"short", NULL, NULL, "status 00h GOOD, 512 bytes not transferred"},
};

static void assert_says(const Program *program, const char *text)
{
    g_autofree char *err = program_err(program);

    if (!strstr(err, text)) {
        g_error("no '%s' in:\n%s", text, err);
    }
}

static JsonArray *samples(JsonObject *run)
{
    return json_object_get_array_member(run, "samples");
}

/* "TARGET/…" */
static const Expected *find_expected(const char *cell)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(expected); i++) {
        size_t n = strlen(expected[i].target);

        if (strncmp(cell, expected[i].target, n) == 0 && cell[n] == '/') {
            return &expected[i];
        }
    }
    g_error("cell %s is not in the table", cell);
}

static void check_sample(JsonObject *sample)
{
    const char *cell = json_object_get_string_member(sample, "cell");
    const Expected *e = find_expected(cell);
    gint64 counted;

    g_test_message("%s", cell);
    g_assert_cmpint(json_object_get_int_member(sample, "failed"), ==, FAILED);
    g_assert_cmpint(json_object_get_int_member(sample, "requests"), >=, PASSED);
    counted = e->code
                  ? json_object_get_int_member(
                        json_object_get_object_member(sample, e->list), e->code)
                  : json_object_get_int_member(sample, "short_transfers");
    g_assert_cmpint(counted, ==, FAILED);
    if (!strstr(json_object_get_string_member(sample, "first_failure"),
                e->text)) {
        g_error("%s: no '%s' in: %s", cell, e->text,
                json_object_get_string_member(sample, "first_failure"));
    }
}

static void assert_outcome(JsonObject *run, const char *outcome)
{
    g_assert_cmpstr(json_object_get_string_member(
                        json_object_get_object_member(run, "run"), "outcome"),
                    ==, outcome);
}

/* Each fault on each path, and the run ends well. */
static void test_matrix(void)
{
    g_autofree char *job = source_file("configs/faults.conf");
    const char *const args[] = {
        "run",      "--progress", "lines", "--no-table",
        "--set",    "trace=off",  "--set", "cell-seconds=0.02",
        "--output", "{RUN}",      job,     NULL};
    g_autoptr(Program) program = program_start(NULL, NULL, args);
    g_autoptr(JsonObject) run = NULL;
    JsonArray *array;

    g_assert_cmpint(program_wait(program, 240), ==, 0);
    assert_says(program, "busy/generic-zerocopy/read/64K/qd1/contiguous: 3 of");
    run = program_results(program);
    assert_outcome(run, "complete");
    array = samples(run);
    /* nine on five paths, read and write; one on three, read */
    g_assert_cmpuint(json_array_get_length(array), ==, 9 * 5 * 2 + 3);
    for (unsigned i = 0; i < json_array_get_length(array); i++) {
        check_sample(json_array_get_object_element(array, i));
    }
    program_assert_nothing_left(program, 10);
}

/* A job of our own: target "t" with @keys, on @paths. */
static char *write_job(const char *folder, const char *keys, const char *paths)
{
    char *file = g_build_filename(folder, "fault.conf", NULL);
    g_autofree char *text = g_strdup_printf("[job]\n"
                                            "rounds=1\n"
                                            "cell-seconds=0.02\n"
                                            "warmup-seconds=0\n"
                                            "trace-requests=20\n"
                                            "[target t]\n"
                                            "%s"
                                            "[matrix m]\n"
                                            "targets=t\n"
                                            "paths=%s\n"
                                            "sizes=64K\n",
                                            keys, paths);

    g_assert_true(g_file_set_contents(file, text, -1, NULL));
    return file;
}

/* Run it; exit code @code and @text in what it says. The run, if it got as far
 * as having one. */
static JsonObject *run_fault(const char *keys, const char *paths,
                             const char *const *env, int code, const char *text)
{
    g_autofree char *folder = g_dir_make_tmp("sgbench-test-XXXXXX", NULL);
    g_autofree char *job = write_job(folder, keys, paths);
    const char *const args[] = {"run",      "--progress", "lines", "--no-table",
                                "--output", "{RUN}",      job,     NULL};
    g_autoptr(Program) program = program_start(env, NULL, args);
    int got = program_wait(program, 120);
    g_autofree char *err = program_err(program);

    g_assert_cmpint(g_unlink(job), ==, 0);
    g_assert_cmpint(g_rmdir(folder), ==, 0);
    if (got != code) {
        g_error("exit code %d, not %d: %s", got, code, err);
    }
    if (text) {
        assert_says(program, text);
    }
    program_assert_nothing_left(program, 10);
    return program_results(program);
}

/* Bytes of a short transfer are known to trace and initiator. */
static void test_short_agrees(void)
{
    g_autoptr(JsonObject) run = run_fault(
        "kind=null\nfault=short\nfault-count=5\n",
        "generic-bounce;generic-zerocopy", NULL, 0, "5 of 20 commands failed");

    assert_outcome(run, "complete");
}

/* scsi-block says GOOD and nothing else; the trace knows better. */
static void test_short_hidden(void)
{
    g_autoptr(JsonObject) run =
        run_fault("kind=null\nfault=short\nfault-count=5\n", "block", NULL, 10,
                  "trace and initiator differ: t/block/read/64K");

    assert_outcome(run, "complete");
    g_assert_cmpuint(json_array_get_length(samples(run)), ==, 2);
}

/* All fail, for good: a cell without a request that went well is one, too. */
static void test_all_fail(void)
{
    g_autoptr(JsonObject) run =
        run_fault("kind=null\nfault=medium-error\n",
                  "generic-bounce;generic-zerocopy;block", NULL, 0,
                  "20 of 20 commands failed, first: status 02h");
    JsonArray *array = samples(run);

    assert_outcome(run, "complete");
    g_assert_cmpuint(json_array_get_length(array), ==, 3 * 2);
    for (unsigned i = 0; i < json_array_get_length(array); i++) {
        JsonObject *sample = json_array_get_object_element(array, i);

        g_assert_cmpint(json_object_get_int_member(sample, "requests"), ==, 0);
        g_assert_cmpint(json_object_get_int_member(sample, "failed"), >, 0);
    }
}

/* A command that never comes back. */
static void test_hang(void)
{
    const char *const env[] = {"SGBENCH_ANSWER_SECONDS=2", NULL};
    g_autoptr(JsonObject) run =
        run_fault("kind=null\nfault=hang\nfault-skip=25\n", "generic-bounce",
                  env, 7, "no answer to 1 command for 2 s (tag ");

    assert_outcome(run, "failed");
}

/* The same commands of a tape. */
static void test_tape(void)
{
    g_autoptr(JsonObject) run = run_fault(
        "kind=null\npersonality=tape\nfault=busy\nfault-skip=2\n"
        "fault-count=1\n",
        "generic-bounce;generic-zerocopy", NULL, 6, "status 08h BUSY");

    assert_outcome(run, "failed");
}

/* What is no fault is refused before anything starts. */
static void test_unknown(void)
{
    g_autofree char *folder = g_dir_make_tmp("sgbench-test-XXXXXX", NULL);
    g_autofree char *job =
        write_job(folder, "kind=null\nfault=fire\n", "generic-bounce");
    const char *const args[] = {"run", "--output", "{RUN}", job, NULL};
    g_autoptr(Program) program = program_start(NULL, NULL, args);

    g_assert_cmpint(program_wait(program, 30), ==, 2);
    assert_says(program, "must be one of: none, medium-error");
    assert_says(program, "fault.conf:8: ");
    g_unlink(job);
    g_rmdir(folder);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/faults/unknown", test_unknown);
    g_test_add_func("/faults/matrix", test_matrix);
    g_test_add_func("/faults/short-agrees", test_short_agrees);
    g_test_add_func("/faults/short-hidden", test_short_hidden);
    g_test_add_func("/faults/all-fail", test_all_fail);
    g_test_add_func("/faults/hang", test_hang);
    g_test_add_func("/faults/tape", test_tape);
    return g_test_run();
}
