/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sgbench/environment.h"
#include "sgbench/error.h"
#include "sgbench/rundir.h"

#define CELL "lun/native/read/4K/qd1/contiguous"

typedef struct {
    char *path; /* of the run; not there yet */
    char *folder;
    RunDir *dir;
} Fixture;

static JsonNode *parse(const char *text)
{
    g_autoptr(GError) error = NULL;
    JsonNode *node = json_from_string(text, &error);

    g_assert_no_error(error);
    return node;
}

/* All that rundir_create() is given. */
static JsonObject *new_header(void)
{
    g_autoptr(JsonNode) node =
        parse("{'schema': 2,"
              " 'run': {'id': '01234567-89ab-cdef-0123-456789abcdef',"
              "  'tool': '0', 'started': '2025-01-01T00:00:00Z',"
              "  'outcome': 'running'},"
              " 'job': {'name': 'j', 'text': '[job]\\n', 'rounds': 1,"
              "  'cell_seconds': 1.5, 'warmup_seconds': 0.0, 'seed': 1,"
              "  'trace': 'off', 'verify': true},"
              " 'targets': [], 'paths': [], 'cells': []}");
    g_autoptr(GHashTable) builds = g_hash_table_new(g_str_hash, g_str_equal);
    JsonObject *header = json_node_dup_object(node);

    g_hash_table_insert(builds, (char *)"series", (char *)"/nonexistent");
    json_object_set_object_member(header, "environment",
                                  environment_describe(FALSE, builds));
    return header;
}

static void set_up(Fixture *f, gconstpointer unused)
{
    g_autoptr(GError) error = NULL;

    f->folder = g_dir_make_tmp("sgbench-XXXXXX", &error);
    g_assert_no_error(error);
    f->path = g_build_filename(f->folder, "a", "run", NULL);
    f->dir = rundir_create(f->path, new_header(), &error);
    g_assert_no_error(error);
    g_assert_cmpstr(rundir_path(f->dir), ==, f->path);
}

static void tear_down(Fixture *f, gconstpointer unused)
{
    g_autofree char *command = g_strdup_printf("rm -rf '%s'", f->folder);

    g_clear_pointer(&f->dir, rundir_free);
    g_assert_true(g_spawn_command_line_sync(command, NULL, NULL, NULL, NULL));
    g_free(f->folder);
    g_free(f->path);
}

/* A sample with something in every field, and @n_buckets buckets. */
static Sample *new_sample(unsigned round, unsigned n_buckets)
{
    Sample *sample = sample_new(CELL, round);
    unsigned i;

    for (i = 0; i < n_buckets; i++) {
        sgb_histogram_add(sample->latency,
                          sgb_histogram_lower(1000 + i) + round);
    }
    sample->start = 3;
    sample->position = 2;
    sample->started = 1.7e9;
    sample->traced = TRUE;
    sample->requests = n_buckets;
    sample->bytes = n_buckets * 4096ull;
    sample->wall_ns = 1000000000;
    sample->dio_requests = 7;
    sample->failed = 5;
    sample->short_transfers = 1;
    sample->statuses[0x02] = 3;
    sample->statuses[0x28] = 1;
    sample->responses[0x05] = 1;
    sample->first_failure = g_strdup("status 02h \"CHECK CONDITION\"\n");
    sample->has_qemu = sample->has_server = sample->has_iothread = TRUE;
    sample->qemu.cpu_ns = 123456789012345;
    sample->anon_samples = 4;
    sample->anon_max = 1 << 20;
    return sample;
}

static void append(RunDir *dir, unsigned round)
{
    g_autoptr(Sample) sample = new_sample(round, 20);
    g_autoptr(GError) error = NULL;

    g_assert_true(rundir_append(dir, sample, &error));
    g_assert_no_error(error);
}

static JsonObject *read_run(const Fixture *f)
{
    g_autofree char *path = g_build_filename(f->path, "run.json", NULL);
    g_autofree char *text = NULL;
    g_autoptr(JsonNode) node = NULL;

    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    node = parse(text);
    return json_node_dup_object(node);
}

static char *read_journal(const Fixture *f)
{
    g_autofree char *path = g_build_filename(f->path, "samples.jsonl", NULL);
    char *text = NULL;

    g_file_get_contents(path, &text, NULL, NULL);
    return text;
}

static unsigned count_samples(const Fixture *f)
{
    g_autoptr(JsonObject) run = read_run(f);

    return json_array_get_length(json_object_get_array_member(run, "samples"));
}

static const char *outcome(JsonObject *run)
{
    return json_object_get_string_member(
        json_object_get_object_member(run, "run"), "outcome");
}

/* Hold run.json against run.schema.json with Debian's jsonschema. */
static void check_schema(const Fixture *f)
{
    g_autofree char *schema = g_build_filename(
        g_getenv("G_TEST_SRCDIR"), "sgbench", "run.schema.json", NULL);
    g_autofree char *path = g_build_filename(f->path, "run.json", NULL);
    const char *argv[] = {"/usr/bin/jsonschema", "-i", path, schema, NULL};
    g_autofree char *out = NULL;
    g_autofree char *err = NULL;
    g_autoptr(GError) error = NULL;
    int status;

    if (access(argv[0], X_OK) < 0) {
        if (g_getenv("CI")) {
            g_error("%s is missing: install python3-jsonschema", argv[0]);
        }
        g_test_skip("no jsonschema (package python3-jsonschema)");
        return;
    }
    g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_DEFAULT, NULL, NULL, &out,
                 &err, &status, &error);
    g_assert_no_error(error);
    if (status) {
        g_error("run.json is not as the schema says: %s%s", out, err);
    }
}

/* ---- a run from beginning to end ---- */

static void test_empty(Fixture *f, gconstpointer unused)
{
    g_autoptr(JsonObject) run = read_run(f);

    g_assert_cmpstr(outcome(run), ==, "running");
    g_assert_cmpuint(count_samples(f), ==, 0);
    g_assert_false(rundir_has_sample(f->dir, CELL, 1));
    check_schema(f);
}

static void test_journal(Fixture *f, gconstpointer unused)
{
    g_autofree char *text = NULL;
    g_auto(GStrv) lines = NULL;
    unsigned i;

    for (i = 0; i < 3; i++) {
        append(f->dir, i);
        g_assert_true(rundir_has_sample(f->dir, CELL, i));
        g_assert_false(rundir_has_sample(f->dir, CELL, i + 1));
        g_assert_false(rundir_has_sample(f->dir, "other", i));
    }
    text = read_journal(f);
    g_assert_true(g_str_has_suffix(text, "}\n"));
    lines = g_strsplit(text, "\n", -1);
    g_assert_cmpuint(g_strv_length(lines), ==, 4);
    for (i = 0; i < 3; i++) {
        g_autoptr(JsonNode) node = parse(lines[i]);

        g_assert_cmpint(
            json_object_get_int_member(json_node_get_object(node), "round"), ==,
            i);
    }
    g_assert_cmpuint(count_samples(f), ==, 0);
}

static void test_sample(Fixture *f, gconstpointer unused)
{
    g_autoptr(Sample) sample = new_sample(1, 3);
    g_autoptr(JsonObject) object = sample_to_json(sample);
    JsonObject *latency = json_object_get_object_member(object, "latency");
    JsonObject *statuses = json_object_get_object_member(object, "statuses");
    JsonArray *buckets = json_object_get_array_member(latency, "buckets");
    JsonArray *pair = json_array_get_array_element(buckets, 0);

    g_assert_cmpuint(json_array_get_length(buckets), ==, 3);
    g_assert_cmpint(json_array_get_int_element(pair, 0), ==, 1000);
    g_assert_cmpint(json_array_get_int_element(pair, 1), ==, 1);
    g_assert_cmpint(json_object_get_int_member(latency, "min"), ==,
                    sgb_histogram_lower(1000) + 1);
    g_assert_cmpuint(json_object_get_size(statuses), ==, 2);
    g_assert_cmpint(json_object_get_int_member(statuses, "28h"), ==, 1);
    g_assert_cmpint(json_object_get_int_member(
                        json_object_get_object_member(object, "qemu"), "cpu"),
                    ==, 123456789012345);
}

/* What there is nothing to say about is left out, not said to be 0. */
static void test_sample_bare(Fixture *f, gconstpointer unused)
{
    static const char *const absent[] = {"qemu", "server", "anon",
                                         "first_failure"};
    g_autoptr(Sample) sample = sample_new(CELL, 1);
    g_autoptr(JsonObject) object = sample_to_json(sample);
    g_autoptr(GError) error = NULL;
    unsigned i;

    for (i = 0; i < G_N_ELEMENTS(absent); i++) {
        g_assert_false(json_object_has_member(object, absent[i]));
    }
    g_assert_cmpint(
        json_object_get_int_member(
            json_object_get_object_member(object, "latency"), "min"),
        ==, 0);
    g_assert_true(rundir_append(f->dir, sample, &error));
    g_assert_true(rundir_finish(f->dir, "failed", "not \xff UTF-8", &error));
    g_assert_no_error(error);
    check_schema(f);
}

static void test_finish(Fixture *f, gconstpointer unused)
{
    g_autoptr(JsonNode) verified =
        parse("{'target': 't', 'path': 'p', 'result': 'verified',"
              " 'commands': 1, 'bytes': 512}");
    g_autoptr(GError) error = NULL;
    g_autoptr(JsonObject) run = NULL;
    g_autofree char *journal = NULL;

    append(f->dir, 0);
    append(f->dir, 1);
    rundir_record(f->dir, "verification", json_node_dup_object(verified));
    g_assert_true(rundir_finish(f->dir, "complete", NULL, &error));
    g_assert_no_error(error);
    run = read_run(f);
    g_assert_cmpstr(outcome(run), ==, "complete");
    g_assert_cmpuint(count_samples(f), ==, 2);
    g_assert_cmpuint(json_array_get_length(
                         json_object_get_array_member(run, "verification")),
                     ==, 1);
    journal = read_journal(f);
    g_assert_null(journal);
    check_schema(f);
}

/* The header changes while targets come up; a killed run must have that. */
static void test_header_written(Fixture *f, gconstpointer unused)
{
    g_autoptr(JsonObject) run = NULL;

    json_object_set_string_member(
        json_object_get_object_member(rundir_header(f->dir), "job"), "name",
        "other");
    append(f->dir, 1);
    run = read_run(f);
    g_assert_cmpstr(json_object_get_string_member(
                        json_object_get_object_member(run, "job"), "name"),
                    ==, "other");
}

static void test_not_empty(Fixture *f, gconstpointer unused)
{
    g_autoptr(GError) error = NULL;

    g_assert_null(rundir_create(f->path, new_header(), &error));
    g_assert_error(error, SGBENCH_ERROR, SGBENCH_ERROR_RESULTS);
    g_assert_nonnull(strstr(error->message, "not empty"));
    g_assert_nonnull(strstr(error->message, f->path));
}

/* ---- going on ---- */

static void resume(Fixture *f, gboolean ok, const char *says)
{
    g_autoptr(GError) error = NULL;

    g_clear_pointer(&f->dir, rundir_free);
    f->dir = rundir_resume(f->path, NULL, NULL, &error);
    if (ok) {
        g_assert_no_error(error);
        g_assert_nonnull(f->dir);
    } else {
        g_assert_null(f->dir);
        g_assert_error(error, SGBENCH_ERROR, SGBENCH_ERROR_RESULTS);
        g_test_message("%s", error->message);
        g_assert_nonnull(strstr(error->message, says));
    }
}

static void change_journal(const Fixture *f, const char *more)
{
    g_autofree char *path = g_build_filename(f->path, "samples.jsonl", NULL);
    FILE *stream = fopen(path, "a");

    g_assert_nonnull(stream);
    fputs(more, stream);
    fclose(stream);
}

static void test_killed(Fixture *f, gconstpointer unused)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(JsonObject) run = NULL;

    append(f->dir, 0);
    append(f->dir, 1);
    change_journal(f, "{\"cell\": \"" CELL "\", \"rou");
    resume(f, TRUE, NULL);
    g_assert_true(rundir_has_sample(f->dir, CELL, 0));
    g_assert_true(rundir_has_sample(f->dir, CELL, 1));
    g_assert_false(rundir_has_sample(f->dir, CELL, 2));
    append(f->dir, 2);
    g_assert_true(rundir_finish(f->dir, "complete", NULL, &error));
    g_assert_cmpuint(count_samples(f), ==, 3);
    run = read_run(f);
    g_assert_cmpint(json_object_get_int_member(
                        json_object_get_object_member(run, "run"), "resumed"),
                    ==, 1);
    check_schema(f);
}

static void test_interrupted(Fixture *f, gconstpointer unused)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(JsonObject) run = NULL;
    unsigned i;

    for (i = 0; i < 3; i++) {
        append(f->dir, i);
        g_assert_true(
            rundir_finish(f->dir, "interrupted", "by signal", &error));
        g_assert_no_error(error);
        resume(f, TRUE, NULL);
        g_assert_true(rundir_has_sample(f->dir, CELL, i));
        g_assert_cmpuint(count_samples(f), ==, i + 1);
    }
    run = read_run(f);
    g_assert_cmpstr(outcome(run), ==, "running");
    g_assert_false(json_object_has_member(
        json_object_get_object_member(run, "run"), "message"));
    append(f->dir, 3);
    /* Both sources, without an end. */
    resume(f, TRUE, NULL);
    g_assert_true(rundir_has_sample(f->dir, CELL, 3));
    g_assert_true(rundir_finish(f->dir, "complete", NULL, &error));
    g_assert_cmpuint(count_samples(f), ==, 4);
    check_schema(f);
}

/* Killed between the rename and the removal of the journal. */
static void test_stale_journal(Fixture *f, gconstpointer unused)
{
    g_autofree char *journal = NULL;
    g_autoptr(GError) error = NULL;

    append(f->dir, 0);
    journal = read_journal(f);
    g_assert_true(rundir_finish(f->dir, "interrupted", NULL, &error));
    change_journal(f, journal);
    resume(f, TRUE, NULL);
    append(f->dir, 1);
    g_assert_true(rundir_finish(f->dir, "complete", NULL, &error));
    g_assert_cmpuint(count_samples(f), ==, 2);
}

static void test_complete(Fixture *f, gconstpointer unused)
{
    g_autofree char *journal = NULL;

    g_assert_true(rundir_finish(f->dir, "complete", NULL, NULL));
    resume(f, FALSE, "complete");
    journal = read_journal(f);
    g_assert_null(journal);
}

static void test_damaged(Fixture *f, gconstpointer unused)
{
    g_autofree char *path = g_build_filename(f->path, "run.json", NULL);
    g_autofree char *lines = g_build_filename(f->path, "samples.jsonl", NULL);
    g_autofree char *good = NULL;
    g_autoptr(GString) text = NULL;
    static const struct {
        const char *from, *to, *says;
    } damages[] = {
        {"\"schema\" : 2", "\"schema\" : 3", "version 3"},
        {"\"schema\" : 2", "\"schema\" : \"x\"", "not a run"},
        {"\"samples\"", "\"sample\"", "no array 'samples'"},
        {"\"run\"", "\"ran\"", "no object 'run'"},
        {"\"id\"", "\"it\"", "no run id"},
        {"\"samples\" : [", "\"samples\" : [3", "sample 1 is none"},
        {"}\n", "", "can't go on"},
    };
    unsigned i;

    append(f->dir, 0);
    g_assert_true(g_file_get_contents(path, &good, NULL, NULL));
    for (i = 0; i < G_N_ELEMENTS(damages); i++) {
        text = g_string_new(good);
        g_assert_cmpuint(
            g_string_replace(text, damages[i].from, damages[i].to, 0), >, 0);
        g_assert_true(g_file_set_contents(path, text->str, -1, NULL));
        resume(f, FALSE, damages[i].says);
        g_string_free(g_steal_pointer(&text), TRUE);
    }
    g_assert_true(g_file_set_contents(path, "[]", -1, NULL));
    resume(f, FALSE, "not a run");
    g_assert_true(g_file_set_contents(path, good, -1, NULL));
    change_journal(f, "{\"cell\": 3}\n");
    resume(f, FALSE, "samples.jsonl:2: not a sample");
    g_unlink(path);
    resume(f, FALSE, "no run.json");
}

static void test_two_writers(Fixture *f, gconstpointer unused)
{
    g_autoptr(GError) error = NULL;

    append(f->dir, 0);
    g_assert_null(rundir_resume(f->path, NULL, NULL, &error));
    g_assert_error(error, SGBENCH_ERROR, SGBENCH_ERROR_RESULTS);
    g_assert_nonnull(strstr(error->message, "another sgbench"));
    append(f->dir, 1);
}

/* ---- a full disk ---- */

/* RLIMIT_FSIZE stands for it: write(2) comes up short, then fails. */
static void limit_file_size(rlim_t bytes)
{
    struct rlimit limit;

    signal(SIGXFSZ, SIG_IGN);
    g_assert_cmpint(getrlimit(RLIMIT_FSIZE, &limit), ==, 0);
    limit.rlim_cur = bytes;
    g_assert_cmpint(setrlimit(RLIMIT_FSIZE, &limit), ==, 0);
}

static void check_full(const Fixture *f, const GError *error)
{
    g_assert_error(error, SGBENCH_ERROR, SGBENCH_ERROR_RESULTS);
    g_test_message("%s", error->message);
    g_assert_nonnull(strstr(error->message, f->path));
    g_assert_nonnull(strstr(error->message, "make room"));
    g_assert_nonnull(strstr(error->message, "--resume"));
}

static void test_full(Fixture *f, gconstpointer unused)
{
    g_autoptr(Sample) sample = new_sample(1, 20);
    g_autofree char *before = NULL;
    unsigned cut;

    append(f->dir, 0);
    before = read_journal(f);
    /* From no byte at all to all but one. */
    for (cut = 0; cut < strlen(before); cut += strlen(before) - 1) {
        g_autoptr(GError) error = NULL;
        g_autofree char *after = NULL;
        gboolean ok;

        limit_file_size(strlen(before) + cut);
        ok = rundir_append(f->dir, sample, &error);
        limit_file_size(RLIM_INFINITY);
        g_assert_false(ok);
        check_full(f, error);
        g_assert_false(rundir_has_sample(f->dir, CELL, 1));
        after = read_journal(f);
        g_assert_cmpstr(after, ==, before);
    }
    append(f->dir, 1);
    g_assert_true(rundir_finish(f->dir, "complete", NULL, NULL));
    g_assert_cmpuint(count_samples(f), ==, 2);
}

static void test_full_at_end(Fixture *f, gconstpointer unused)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(JsonObject) run = NULL;
    gboolean ok;

    append(f->dir, 0);
    limit_file_size(1000);
    ok = rundir_finish(f->dir, "complete", NULL, &error);
    limit_file_size(RLIM_INFINITY);
    g_assert_false(ok);
    check_full(f, error);
    run = read_run(f);
    g_assert_cmpstr(outcome(run), ==, "running");
    resume(f, TRUE, NULL);
    g_assert_true(rundir_has_sample(f->dir, CELL, 0));
}

/* ---- five thousand samples ---- */

static void test_large(Fixture *f, gconstpointer unused)
{
    g_autofree char *path = g_build_filename(f->path, "run.json", NULL);
    g_autoptr(GError) error = NULL;
    struct stat status;
    gint64 begin;
    unsigned i;

    if (!g_test_perf()) {
        g_test_skip("with -m perf");
        return;
    }
    begin = g_get_monotonic_time();
    for (i = 0; i < 5000; i++) {
        g_autoptr(Sample) sample = new_sample(i, 300);

        g_assert_true(rundir_append(f->dir, sample, &error));
    }
    g_test_message("append: %.3f ms each",
                   (g_get_monotonic_time() - begin) / 5000 / 1e3);
    begin = g_get_monotonic_time();
    g_assert_true(rundir_finish(f->dir, "interrupted", NULL, &error));
    g_test_message("finish: %.2f s", (g_get_monotonic_time() - begin) / 1e6);
    g_assert_cmpint(g_stat(path, &status), ==, 0);
    g_test_message("%.1f MB", status.st_size / 1e6);
    begin = g_get_monotonic_time();
    resume(f, TRUE, NULL);
    g_test_message("resume: %.2f s", (g_get_monotonic_time() - begin) / 1e6);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*test)(Fixture *f, gconstpointer unused);
    } tests[] = {
        {"/rundir/empty", test_empty},
        {"/rundir/journal", test_journal},
        {"/rundir/sample", test_sample},
        {"/rundir/sample-bare", test_sample_bare},
        {"/rundir/finish", test_finish},
        {"/rundir/header-written", test_header_written},
        {"/rundir/not-empty", test_not_empty},
        {"/rundir/killed", test_killed},
        {"/rundir/interrupted", test_interrupted},
        {"/rundir/stale-journal", test_stale_journal},
        {"/rundir/complete", test_complete},
        {"/rundir/damaged", test_damaged},
        {"/rundir/two-writers", test_two_writers},
        {"/rundir/full", test_full},
        {"/rundir/full-at-end", test_full_at_end},
        {"/rundir/large", test_large},
    };
    unsigned i;

    g_test_init(&argc, &argv, NULL);
    for (i = 0; i < G_N_ELEMENTS(tests); i++) {
        g_test_add(tests[i].name, Fixture, NULL, set_up, tests[i].test,
                   tear_down);
    }
    return g_test_run();
}
