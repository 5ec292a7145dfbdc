/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whole runs, on the iSCSI target, inside QEMU and in the lab, with nothing
 * made up. */
#include <string.h>
#include <unistd.h>

#include "program.h"

/* Every element of array @name of @run has @member = @value; how many. */
static unsigned assert_all(JsonObject *run, const char *name,
                           const char *member, const char *value)
{
    JsonArray *array = json_object_get_array_member(run, name);
    unsigned i;

    for (i = 0; i < json_array_get_length(array); i++) {
        JsonObject *object = json_array_get_object_element(array, i);

        g_assert_cmpstr(json_object_get_string_member(object, member), ==,
                        value);
    }
    return i;
}

/* Its target does not have the command. */
static gboolean is_left_out(JsonObject *run, const char *cell)
{
    JsonArray *list = json_object_has_member(run, "not_run")
                          ? json_object_get_array_member(run, "not_run")
                          : NULL;
    unsigned i;

    for (i = 0; list && i < json_array_get_length(list); i++) {
        JsonObject *object = json_array_get_object_element(list, i);

        if (g_str_equal(json_object_get_string_member(object, "cell"), cell)) {
            return TRUE;
        }
    }
    return FALSE;
}

/* Cells that were run: all, or of the native path, which has no traced round. */
static unsigned count_cells(JsonObject *run, gboolean native)
{
    JsonArray *cells = json_object_get_array_member(run, "cells");
    unsigned i, n = 0;

    for (i = 0; i < json_array_get_length(cells); i++) {
        JsonObject *cell = json_array_get_object_element(cells, i);
        const char *path = json_object_get_string_member(cell, "path");

        n += (!native || g_str_equal(path, "native")) &&
             !is_left_out(run, json_object_get_string_member(cell, "id"));
    }
    return n;
}

/* What is verified: each path, with each HBA that it has in a cell. */
static unsigned count_verifiable(JsonObject *run)
{
    g_autoptr(GHashTable) seen =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    JsonArray *cells = json_object_get_array_member(run, "cells");
    unsigned i;

    for (i = 0; i < json_array_get_length(cells); i++) {
        JsonObject *cell = json_array_get_object_element(cells, i);

        g_hash_table_add(
            seen, g_strdup_printf("%s %s",
                                  json_object_get_string_member(cell, "path"),
                                  json_object_get_string_member_with_default(
                                      cell, "hba", "virtio-scsi")));
    }
    return g_hash_table_size(seen);
}

/* Every request of @sample ended in one of its slices. */
static void assert_series(JsonObject *sample)
{
    JsonArray *slices = json_object_get_array_member(
        json_object_get_object_member(sample, "series"), "requests");
    int64_t requests = 0;
    unsigned i;

    for (i = 0; i < json_array_get_length(slices); i++) {
        requests += json_array_get_int_element(slices, i);
    }
    g_assert_cmpint(requests, ==,
                    json_object_get_int_member(sample, "requests"));
}

/* A tape that was moved was looked for afterwards, and no bytes went. */
static void assert_stood(JsonObject *sample)
{
    const char *cell = json_object_get_string_member(sample, "cell");
    gboolean moved = strstr(cell, "/space/") || strstr(cell, "/locate/");

    g_assert_true(json_object_has_member(sample, "stood_at") == moved);
    if (moved) {
        g_assert_cmpint(json_object_get_int_member(sample, "bytes"), ==, 0);
    }
}

/* The trace of every cell says how long its requests took. */
static void assert_stages(JsonObject *run)
{
    JsonArray *rows = json_object_get_array_member(run, "reconciliation");
    unsigned i;

    for (i = 0; i < json_array_get_length(rows); i++) {
        JsonObject *row = json_array_get_object_element(rows, i);
        JsonObject *total = json_object_get_object_member(
            json_object_get_object_member(row, "stages"), "total");

        g_assert_cmpint(json_object_get_int_member(total, "count"), ==,
                        json_object_get_int_member(row, "trace_requests"));
    }
}

/* Every cell has a sample of every round, and every command was GOOD. */
static void assert_samples(JsonObject *run)
{
    JsonArray *samples = json_object_get_array_member(run, "samples");
    unsigned rounds = json_object_get_int_member(
        json_object_get_object_member(run, "job"), "rounds");
    unsigned i;

    g_assert_cmpuint(json_array_get_length(samples), ==,
                     count_cells(run, FALSE) * (rounds + 1) -
                         count_cells(run, TRUE));
    for (i = 0; i < json_array_get_length(samples); i++) {
        JsonObject *sample = json_array_get_object_element(samples, i);

        g_assert_cmpint(json_object_get_int_member(sample, "failed"), ==, 0);
        g_assert_cmpint(json_object_get_int_member(sample, "requests"), >, 0);
        assert_series(sample);
        assert_stood(sample);
    }
}

static void assert_complete(const Program *program, const char *target)
{
    g_autoptr(JsonObject) run = program_results(program);
    g_autofree char *out = program_out(program);

    program_assert_schema(program);
    g_assert_cmpstr(json_object_get_string_member(
                        json_object_get_object_member(run, "run"), "outcome"),
                    ==, "complete");
    assert_samples(run);
    assert_stages(run);
    g_assert_cmpuint(assert_all(run, "verification", "result", "verified"), ==,
                     count_verifiable(run));
    g_assert_cmpuint(assert_all(run, "reconciliation", "result", "agrees"), ==,
                     count_cells(run, FALSE) - count_cells(run, TRUE));
    g_assert_nonnull(strstr(out, target));
    g_assert_nonnull(strstr(out, "generic-zerocopy"));
    g_assert_nonnull(strstr(out, "INDICATIVE"));
}

/* @not_run: of the cells; @says: about them, on standard error and in the
 * table; NULL: nothing. */
static void run_job_without(const char *name, const char *target,
                            unsigned not_run, const char *says)
{
    g_autofree char *job = source_file(name);
    const char *const args[] = {
        "run", "--output", "{RUN}", "--set", "cell-seconds=0.05", job, NULL};
    g_autoptr(Program) program = program_start(NULL, NULL, args);
    int code = program_wait(program, 300);
    g_autofree char *err = program_err(program);
    g_autofree char *out = NULL;
    g_autoptr(JsonObject) run = NULL;

    g_test_message("%s", err);
    g_assert_cmpint(code, ==, 0);
    assert_complete(program, target);
    program_assert_nothing_left(program, 10);
    run = program_results(program);
    out = program_out(program);
    g_assert_cmpuint(
        json_array_get_length(json_object_get_array_member(run, "cells")) -
            count_cells(run, FALSE),
        ==, not_run);
    if (says) {
        g_assert_nonnull(strstr(err, says));
        g_assert_nonnull(strstr(out, "NOT RUN"));
    }
}

static void run_job(const char *name, const char *target)
{
    run_job_without(name, target, 0, NULL);
}

static void test_iscsi(void)
{
    run_job("configs/check-iscsi.conf", "iscsi");
}

static void test_tape(void)
{
    run_job("configs/check-tape.conf", "null, QEMU NULL-SG TAPE");
}

static void test_iscsi_tape(void)
{
    run_job_without("configs/check-iscsi-tape.conf", "VIRTUAL-TAPE", 3,
                    "tape: locate is not supported by target: skipped "
                    "(LOCATE (10): status 02h CHECK CONDITION");
}

/* What verification says of each path of @target, and how many it has. */
static void assert_verification(JsonObject *run, const char *target,
                                const char *result, unsigned paths)
{
    JsonArray *array = json_object_get_array_member(run, "verification");
    gboolean verified = g_str_equal(result, "verified");
    unsigned i, n = 0;

    for (i = 0; i < json_array_get_length(array); i++) {
        JsonObject *object = json_array_get_object_element(array, i);

        if (g_str_equal(json_object_get_string_member(object, "target"),
                        target)) {
            g_assert_cmpstr(json_object_get_string_member(object, "result"), ==,
                            result);
            g_assert_true((json_object_get_int_member(object, "bytes") > 0) ==
                          verified);
            g_assert_true(json_object_has_member(object, "message") ==
                          verified);
            n++;
        }
    }
    g_assert_cmpuint(n, ==, paths);
}

/* Nothing but QEMU reaches the targets: verified by the path alone. */
static void test_null(void)
{
    g_autofree char *job = source_file("configs/check-null.conf");
    const char *const args[] = {"run", "--output", "{RUN}", job, NULL};
    g_autoptr(Program) program = program_start(NULL, NULL, args);
    int code = program_wait(program, 300);
    g_autofree char *err = program_err(program);
    g_autofree char *out = program_out(program);
    g_autoptr(JsonObject) run = NULL;

    g_test_message("%s", err);
    g_assert_cmpint(code, ==, 0);
    run = program_results(program);
    program_assert_schema(program);
    assert_samples(run);
    assert_verification(run, "stored", "verified", 18);
    assert_verification(run, "untouched", "not verifiable", 5);
    g_assert_cmpuint(
        assert_all(run, "reconciliation", "result", "agrees"), ==,
        json_array_get_length(json_object_get_array_member(run, "cells")));
    g_assert_nonnull(strstr(out, "verified: 18 paths; not verifiable: 5"));
    g_assert_nonnull(strstr(out, "QEMU's own cost"));
    program_assert_nothing_left(program, 10);
}

/* A device that takes few pieces: commands fail, before a byte is sent, and the
 * trace says the same. */
static void test_refused(void)
{
    static const char text[] = "[job]\n"
                               "rounds=1\n"
                               "cell-seconds=0.05\n"
                               "warmup-seconds=0\n"
                               "trace-requests=20\n"
                               "[target few]\n"
                               "kind=null\n"
                               "max-iovecs=8\n"
                               "[matrix all]\n"
                               "targets=few\n"
                               "paths=generic-bounce;generic-zerocopy;block\n"
                               "sizes=64K\n"
                               "layouts=contiguous;pages\n";
    g_autofree char *folder = g_dir_make_tmp("sgbench-test-XXXXXX", NULL);
    g_autofree char *file = g_build_filename(folder, "refused.conf", NULL);
    const char *const args[] = {"run", "--output", "{RUN}", file, NULL};
    g_autoptr(Program) program = NULL;
    g_autoptr(JsonObject) run = NULL;
    JsonArray *samples;
    unsigned i;

    g_assert_true(g_file_set_contents(file, text, -1, NULL));
    program = program_start(NULL, NULL, args);
    g_assert_cmpint(program_wait(program, 300), ==, 0);
    unlink(file);
    rmdir(folder);
    run = program_results(program);
    program_assert_schema(program);
    g_assert_cmpuint(assert_all(run, "reconciliation", "result", "agrees"), ==,
                     6);
    samples = json_object_get_array_member(run, "samples");
    for (i = 0; i < json_array_get_length(samples); i++) {
        JsonObject *sample = json_array_get_object_element(samples, i);
        const char *cell = json_object_get_string_member(sample, "cell");
        gboolean refused =
            g_str_has_suffix(cell, "/pages") && !strstr(cell, "generic-bounce");

        g_assert_true((json_object_get_int_member(sample, "failed") > 0) ==
                      refused);
        g_assert_true((json_object_get_int_member(sample, "bytes") > 0) !=
                      refused);
    }
}

/* A changer is verified, and nothing of it is timed. */
static void assert_changer(const Program *program, unsigned paths)
{
    g_autoptr(JsonObject) run = program_results(program);
    g_autofree char *out = program_out(program);

    program_assert_schema(program);
    g_assert_cmpstr(json_object_get_string_member(
                        json_object_get_object_member(run, "run"), "outcome"),
                    ==, "complete");
    g_assert_cmpuint(assert_all(run, "verification", "result", "verified"), ==,
                     paths);
    g_assert_nonnull(strstr(out, "4 storage elements"));
    g_assert_nonnull(strstr(out, "verified, not timed"));
    program_assert_nothing_left(program, 10);
}

static void test_changer(void)
{
    g_autofree char *job = source_file("configs/check-changer.conf");
    const char *const args[] = {"run", "--output", "{RUN}", job, NULL};
    g_autoptr(Program) program = program_start(NULL, NULL, args);
    g_autoptr(JsonObject) run = NULL;

    g_assert_cmpint(program_wait(program, 120), ==, 0);
    run = program_results(program);
    g_assert_cmpuint(
        json_array_get_length(json_object_get_array_member(run, "samples")), ==,
        0);
    assert_changer(program, 6);
}

/* The same by the lab's kernel, and its tape; a part of the job, which takes a
 * minute. */
static void test_lab_tape(void)
{
    g_autofree char *job = source_file("configs/check-lab-tape.conf");
    const char *const args[] = {"lab",
                                "--output",
                                "{RUN}",
                                "--set",
                                "trace=off",
                                "--only",
                                "tape/generic-zerocopy/*/64K/*",
                                "--only",
                                "robot/generic-zerocopy/*",
                                job,
                                NULL};
    g_autoptr(Program) program = program_start(NULL, NULL, args);
    int code = program_wait(program, 300);
    g_autofree char *err = program_err(program);

    g_test_message("%s", err);
    g_assert_cmpint(code, ==, 0);
    assert_changer(program, 2);
}

static void test_lab(void)
{
    g_autofree char *job = source_file("configs/check-lab.conf");
    const char *const args[] = {"lab", "--output", "{RUN}", job, NULL};
    g_autoptr(Program) program = program_start(NULL, NULL, args);
    int code = program_wait(program, 600);
    g_autofree char *err = program_err(program);
    g_autofree char *left = NULL;

    g_test_message("%s", err);
    g_assert_cmpint(code, ==, 0);
    assert_complete(program, "lab-disk");
    program_assert_nothing_left(program, 10);
}

static void test_report(void)
{
    const char *const args[] = {"report", "/nonexistent", NULL};
    g_autoptr(Program) program = program_start(NULL, NULL, args);

    g_assert_cmpint(program_wait(program, 10), ==, 9);
}

static void test_report_usage(void)
{
    const char *const format[] = {"report", "--format", "odd", "x", NULL};
    const char *const nothing[] = {"report", NULL};
    g_autoptr(Program) first = program_start(NULL, NULL, format);
    g_autoptr(Program) second = program_start(NULL, NULL, nothing);

    g_assert_cmpint(program_wait(first, 10), ==, 2);
    g_assert_cmpint(program_wait(second, 10), ==, 2);
}

static void test_help(void)
{
    const char *const commands[] = {"run", "lab", "report"};
    unsigned i;

    for (i = 0; i < G_N_ELEMENTS(commands); i++) {
        const char *const args[] = {commands[i], "--help", NULL};
        g_autoptr(Program) program = program_start(NULL, NULL, args);
        g_autofree char *out = NULL;

        g_assert_cmpint(program_wait(program, 10), ==, 0);
        out = program_out(program);
        g_assert_nonnull(strstr(out, "Usage:"));
    }
}

static void test_dry_run(void)
{
    g_autofree char *job = source_file("configs/demo-iscsi.conf");
    const char *const args[] = {"run", "--dry-run", job, NULL};
    g_autoptr(Program) program = program_start(NULL, NULL, args);
    g_autofree char *out = NULL;

    g_assert_cmpint(program_wait(program, 10), ==, 0);
    out = program_out(program);
    g_assert_nonnull(strstr(out, "generic-zerocopy"));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/end-to-end/help", test_help);
    g_test_add_func("/end-to-end/dry-run", test_dry_run);
    g_test_add_func("/end-to-end/report-nothing", test_report);
    g_test_add_func("/end-to-end/report-usage", test_report_usage);
    g_test_add_func("/end-to-end/iscsi", test_iscsi);
    g_test_add_func("/end-to-end/null", test_null);
    g_test_add_func("/end-to-end/refused", test_refused);
    g_test_add_func("/end-to-end/tape", test_tape);
    g_test_add_func("/end-to-end/iscsi-tape", test_iscsi_tape);
    g_test_add_func("/end-to-end/changer", test_changer);
    g_test_add_func("/end-to-end/lab", test_lab);
    g_test_add_func("/end-to-end/lab-tape", test_lab_tape);
    return g_test_run();
}
