/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reports/run.h"
#include "reports/cell.h"

#include <math.h>
#include <string.h>
#include <glib/gstdio.h>

#include "run-writer.h"
#include "reports/json-elements.h"
#include "reports/json.h"
#include "reports/table.h"

#define MIB (1 << 20)

static const FakeCell cells[] = {
    {"native", MIB, 1500, 0.30, 0, 0, 0},
    {"generic-bounce", MIB, 800, 0.80, 197, 0, 0},
    {"generic-zerocopy", MIB, 1200, 0.40, 0.01, 3, 0},
    {NULL},
};

static const FakeRun whole = {
    .outcome = "complete",
    .rounds = 3,
    .requests = 400,
    .cells = cells,
};

static void test_figures(void)
{
    char *folder = fake_run_write(&whole);
    g_autoptr(GError) error = NULL;
    g_autoptr(SgbRun) run = sgb_run_load(folder, &error);
    const SgbCell *cell;
    const SgbSample *s;
    double gib = 400.0 / 1024;

    g_assert_no_error(error);
    g_assert_true(run->complete);
    g_assert_cmpuint(run->rounds, ==, 3);
    g_assert_cmpuint(run->bad_lines, ==, 0);
    g_assert_cmpuint(run->cells->len, ==, 3);
    g_assert_cmpuint(
        json_array_get_length(sgb_json_array(run->json, "samples")), ==, 0);

    cell = g_ptr_array_index(run->cells, 1);
    g_assert_cmpstr(cell->path, ==, "generic-bounce");
    g_assert_cmpuint(cell->samples->len, ==, 3);
    s = g_ptr_array_index(cell->samples, 0);
    g_assert_cmpuint(s->round, ==, 1);
    g_assert_cmpfloat_with_epsilon(s->figures[SGB_FIGURE_THROUGHPUT], 816,
                                   1e-3);
    g_assert_cmpfloat_with_epsilon(s->figures[SGB_FIGURE_CPU], 0.8, 1e-6);
    g_assert_cmpfloat_with_epsilon(s->figures[SGB_FIGURE_CPU_ALL],
                                   0.9 + 2e-3 / gib, 1e-6);
    g_assert_cmpfloat_with_epsilon(s->figures[SGB_FIGURE_FAULTS], 197, 1e-6);
    g_assert_cmpfloat_with_epsilon(s->figures[SGB_FIGURE_SWITCHES], 10 / 400.0,
                                   1e-6);
    g_assert_cmpfloat(s->figures[SGB_FIGURE_ANON], ==, 18874368);
    g_assert_cmpfloat_with_epsilon(s->figures[SGB_FIGURE_P50],
                                   MIB / 816e6 * 1e9, 1);
    g_assert_cmpfloat_with_epsilon(s->initiator_share,
                                   0.05 / (0.95 + 2e-3 / gib), 1e-6);

    /* No QEMU: its figures are absent, CPU is the initiator's own. */
    cell = g_ptr_array_index(run->cells, 0);
    s = g_ptr_array_index(cell->samples, 0);
    g_assert_cmpfloat_with_epsilon(s->figures[SGB_FIGURE_CPU], 0.3, 1e-6);
    g_assert_cmpfloat_with_epsilon(s->figures[SGB_FIGURE_CPU_ALL],
                                   0.4 + 1e-3 / gib, 1e-6);
    g_assert_true(isnan(s->figures[SGB_FIGURE_FAULTS]));
    g_assert_true(isnan(s->figures[SGB_FIGURE_SWITCHES]));
    g_assert_true(isnan(s->figures[SGB_FIGURE_ANON]));

    g_assert_true(sgb_run_sibling(run, cell, "generic-bounce") ==
                  g_ptr_array_index(run->cells, 1));
    g_assert_null(sgb_run_sibling(run, cell, "block"));
    fake_run_remove(folder);
}

static void test_journal(void)
{
    FakeRun going = whole;
    g_autoptr(GError) error = NULL;
    g_autoptr(SgbRun) run = NULL;
    g_autofree char *text = NULL;
    g_autofree char *torn = NULL;
    g_autofree char *first = NULL;
    const SgbCell *cell;
    char *folder;

    going.outcome = "running";
    going.journal = TRUE;
    folder = fake_run_write(&going);
    text = fake_run_read(folder, "samples.jsonl");
    first = g_strndup(text, strchr(text, '\n') + 1 - text);

    /* The first line again, one of another cell, and a torn last one. */
    torn = g_strdup_printf("%s%s\n{\"cell\": \"c9\"}\n%.*s", text, first, 300,
                           first);
    fake_run_replace(folder, "samples.jsonl", torn);
    run = sgb_run_load(folder, &error);
    g_assert_no_error(error);
    g_assert_false(run->complete);
    g_assert_cmpuint(run->bad_lines, ==, 2);
    for (unsigned i = 0; i < run->cells->len; i++) {
        cell = g_ptr_array_index(run->cells, i);
        g_assert_cmpuint(cell->samples->len, ==, 3);
    }
    fake_run_remove(folder);
}

/* What is left of a journal after run.json took it in does not count. */
static void test_old_journal(void)
{
    char *folder = fake_run_write(&whole);
    g_autoptr(SgbRun) run = NULL;

    fake_run_replace(folder, "samples.jsonl", "garbage\n");
    run = sgb_run_load(folder, NULL);
    g_assert_nonnull(run);
    g_assert_cmpuint(run->bad_lines, ==, 0);
    fake_run_remove(folder);
}

static void test_nothing(void)
{
    FakeRun none = whole;
    g_autoptr(GError) error = NULL;
    g_autoptr(SgbRun) run = NULL;
    char *folder;

    g_assert_null(sgb_run_load("/nonexistent", &error));
    g_assert_error(error, SGB_REPORT_ERROR, SGB_REPORT_ERROR_OPEN);
    g_clear_error(&error);

    none.rounds = 0;
    folder = fake_run_write(&none);
    g_assert_null(sgb_run_load(folder, &error));
    g_assert_error(error, SGB_REPORT_ERROR, SGB_REPORT_ERROR_EMPTY);
    g_clear_error(&error);
    fake_run_remove(folder);

    /* Wrong data on the first path ends a run: that must be told. */
    none.verification = "[{\"target\": \"lun\", \"path\": \"block\", "
                        "\"result\": \"mismatch\", \"commands\": 1, "
                        "\"bytes\": 1}]";
    folder = fake_run_write(&none);
    run = sgb_run_load(folder, &error);
    g_assert_no_error(error);
    g_assert_nonnull(run);
    g_clear_pointer(&run, sgb_run_free);
    fake_run_remove(folder);

    /* And that the target has nothing of what was asked for. */
    none.verification = NULL;
    none.not_run = "[{\"cell\": \"c0\", \"message\": \"20h\"}]";
    folder = fake_run_write(&none);
    run = sgb_run_load(folder, &error);
    g_assert_no_error(error);
    g_assert_nonnull(run);
    fake_run_remove(folder);
}

/* A valid run with @from (its first occurrence) replaced by @to. */
static void check_hostile(const char *from, const char *to, const char *message)
{
    char *folder = fake_run_write(&whole);
    g_autofree char *text = fake_run_read(folder, "run.json");
    const char *at = strstr(text, from);
    g_autofree char *changed = NULL;
    g_autofree char *pattern =
        g_strdup_printf("%s/run.json: %s", folder, message);
    g_autoptr(GError) error = NULL;

    g_assert_nonnull(at);
    changed = g_strdup_printf("%.*s%s%s", (int)(at - text), text, to,
                              at + strlen(from));
    fake_run_replace(folder, "run.json", changed);
    g_assert_null(sgb_run_load(folder, &error));
    g_assert_error(error, SGB_REPORT_ERROR, SGB_REPORT_ERROR_FORMAT);
    if (!g_pattern_match_simple(pattern, error->message)) {
        g_error("'%s' does not match '%s'", error->message, pattern);
    }
    fake_run_remove(folder);
}

static void replace_all(GString *text, const char *from, const char *to)
{
    g_assert_cmpuint(g_string_replace(text, from, to, 0), >, 0);
}

/* What only some loads have: of another kind of command, at a fixed rate. */
static void test_loads(void)
{
    static const char times[] =
        "{\"bits\": 7, \"count\": 1500, \"min\": 2000000, \"max\": 2000000, "
        "\"sum\": 3e9, \"buckets\": [[%u, 1500]]}";
    unsigned bucket = sgb_histogram_index(2000000);
    g_autofree char *histogram = g_strdup_printf(times, bucket);
    g_autofree char *more = g_strdup_printf(
        "\"failed\": 0, \"pace\": {\"interval\": 1000, \"due\": 70, "
        "\"not_posted\": 20}, \"response\": %s, \"gap\": %s, "
        "\"read_latency\": %s, \"write_latency\": %s",
        histogram, histogram, histogram, histogram);
    char *folder = fake_run_write(&whole);
    g_autofree char *read = fake_run_read(folder, "run.json");
    g_autoptr(GString) text = g_string_new(read);
    g_autoptr(GPtrArray) runs = g_ptr_array_new();
    g_autoptr(GError) error = NULL;
    g_autoptr(SgbRun) run = NULL;
    g_autofree char *table = NULL;
    const SgbCell *cell;

    replace_all(text, "\"schema\": 1", "\"schema\": 2");
    replace_all(text, "\"operation\": \"read\"",
                "\"operation\": \"mixed\", \"access\": \"random\", "
                "\"reads\": 60, \"shift\": 512, \"rate\": 1048576, "
                "\"data\": \"compressible\"");
    replace_all(text, "\"failed\": 0", more);
    fake_run_replace(folder, "run.json", text->str);
    run = sgb_run_load(folder, &error);
    g_assert_no_error(error);
    cell = g_ptr_array_index(run->cells, 0);
    g_assert_true(cell->random && cell->moves_data);
    g_assert_cmpuint(cell->reads, ==, 60);
    g_assert_cmpuint(cell->rate, ==, 1048576);
    g_assert_cmpuint(cell->due, ==, 70 * cell->samples->len);
    g_assert_cmpuint(cell->not_posted, ==, 20 * cell->samples->len);
    for (unsigned i = 0; i < SGB_TIMES__COUNT; i++) {
        g_assert_cmpuint(cell->more[i]->count, ==, 1500 * cell->samples->len);
    }
    g_ptr_array_add(runs, run);
    table = sgb_table_text(runs);
    g_assert_nonnull(strstr(table, "random mixed"));
    g_assert_nonnull(strstr(table, "60 % reads"));
    g_assert_nonnull(strstr(table, "gap p50 2.00 ms, p99 2.00 ms"));
    g_assert_nonnull(strstr(table, "RATE NOT"));
    g_assert_nonnull(strstr(table, "writes p50 2.00 ms"));
    fake_run_remove(folder);
}

#define LOG(start, when, received, alert)                                 \
    "{\"target\": \"lun\", \"path\": \"x\", \"start\": " start            \
    ", \"round\": 1, \"when\": \"" when "\", \"pages\": [{\"page\": 12, " \
    "\"parameters\": {\"0000\": " received "}}, {\"page\": 46, "          \
    "\"parameters\": {\"0003\": 0, \"0014\": " alert "}}]}"

/* What a drive counted. */
static void test_logs(void)
{
    /* clang-format off */
    static const char logs[] =
        "\"log_pages\": ["
        LOG("1", "before", "1048576", "0") ", "
        LOG("1", "after", "3145728", "1") ", "
        LOG("2", "before", "0", "0") ", "
        LOG("2", "after", "524288", "0")
        "], \"samples\": [";
    /* clang-format on */
    char *folder = fake_run_write(&whole);
    g_autofree char *read = fake_run_read(folder, "run.json");
    g_autoptr(GString) text = g_string_new(read);
    g_autoptr(GPtrArray) runs = g_ptr_array_new();
    g_autoptr(GError) error = NULL;
    g_autoptr(SgbRun) run = NULL;
    g_autofree char *table = NULL;

    replace_all(text, "\"samples\": [", logs);
    fake_run_replace(folder, "run.json", text->str);
    run = sgb_run_load(folder, &error);
    g_assert_no_error(error);
    g_ptr_array_add(runs, run);
    table = sgb_table_text(runs);
    g_assert_nonnull(strstr(table, "2 starts, as the drive counts: 2.5 MiB "
                                   "received, TAPEALERT 20"));
    fake_run_remove(folder);
}

/* Commands that move no data are counted, not weighed. */
static void test_no_data(void)
{
    char *folder = fake_run_write(&whole);
    g_autofree char *read = fake_run_read(folder, "run.json");
    g_autoptr(GString) text = g_string_new(read);
    g_autoptr(GPtrArray) runs = g_ptr_array_new();
    g_autoptr(GError) error = NULL;
    g_autoptr(SgbRun) run = NULL;
    g_autofree char *table = NULL;
    const SgbCell *cell;
    const SgbSample *sample;

    replace_all(text, "\"operation\": \"read\"",
                "\"operation\": \"unmap\", \"moves_data\": false");
    fake_run_replace(folder, "run.json", text->str);
    run = sgb_run_load(folder, &error);
    g_assert_no_error(error);
    cell = g_ptr_array_index(run->cells, 0);
    sample = g_ptr_array_index(cell->samples, 0);
    g_assert_cmpint(sgb_cell_throughput(cell), ==, SGB_FIGURE_RATE);
    g_assert_true(isnan(sample->figures[SGB_FIGURE_THROUGHPUT]));
    g_assert_true(sample->figures[SGB_FIGURE_RATE] > 0);
    g_assert_true(sample->figures[SGB_FIGURE_CPU_REQUEST] > 0);
    g_ptr_array_add(runs, run);
    table = sgb_table_text(runs);
    g_assert_nonnull(strstr(table, "req/s"));
    g_assert_null(strstr(table, "   MB/s"));
    fake_run_remove(folder);
}

/* "TEXT": what is found in it of array "x", elements in angle brackets, and
 * what is left. */
static void check_elements(const char *text, const char *expected)
{
    GString *rest = NULL;
    g_autoptr(GArray) elements =
        sgb_json_elements(text, strlen(text), "x", &rest);
    g_autoptr(GString) found = g_string_new(NULL);

    for (unsigned i = 0; elements && i < elements->len; i++) {
        SgbJsonSpan span = g_array_index(elements, SgbJsonSpan, i);

        g_string_append_printf(found, "<%.*s>", (int)span.length, span.begin);
    }
    g_string_append(found, rest ? rest->str : "nothing");
    g_assert_cmpstr(found->str, ==, expected);
    if (rest) {
        g_string_free(rest, TRUE);
    }
}

static void test_elements(void)
{
    check_elements("{\"x\":[]}", "{\"x\":[]}");
    check_elements(" { \"a\" : [1, {\"x\": [2]}], \"x\": [ 1 , [3,{}] ], 4}",
                   "<1><[3,{}]> { \"a\" : [1, {\"x\": [2]}], \"x\": [], 4}");
    check_elements("{\"a\\\"x\": 1, \"x\":[\"],[\\\"\"]}",
                   "<\"],[\\\"\">{\"a\\\"x\": 1, \"x\":[]}");
    check_elements("", "nothing");
    check_elements("[]", "nothing");
    check_elements("{\"y\": []}", "nothing");
    check_elements("{\"x\": 1}", "nothing");
    check_elements("{\"x\": [1", "nothing");
    check_elements("{\"x\": [1,]}", "nothing");
    /* Which bracket closes which is the parser's business. */
    check_elements("{\"x\": [[1}]", "<[1}>{\"x\": []");
    check_elements("{\"x\": [\"", "nothing");
    check_elements("{\"x", "nothing");
}

static void test_hostile(void)
{
    g_autofree char *deep = g_strnfill(100000, '[');

    check_hostile("{", "", "not JSON: *");
    check_hostile("{", deep, "nested more than 64 levels deep");
    check_hostile("\"schema\": 1", "\"schema\": 3", "\"schema\" is 3*newer*");
    check_hostile("\"schema\": 1", "\"schema\": \"1\"",
                  "\"schema\" is not an integer");
    check_hostile("\"schema\": 1,", "", "\"schema\" is missing");
    check_hostile("\"rounds\": 3", "\"rounds\": -3",
                  "\"job.rounds\" is negative");
    check_hostile("\"lab\": false", "\"lab\": 0",
                  "\"environment.lab\" is not true or false");
    check_hostile("\"builds\": {", "\"builds\": 1, \"x\": {",
                  "\"environment.builds\" is not an object");
    check_hostile("\"max_depth\": 64", "\"max_depth\": 1e99",
                  "\"targets?0].capabilities.max_depth\" is not an integer");
    check_hostile("\"vendor\": \"NONE\"", "\"vendor\": null",
                  "\"targets?0].identity.vendor\" is not a string");
    check_hostile("\"cells\": [", "\"cells\": [7, ",
                  "\"cells?0]\" is not an object");
    check_hostile("\"size\": 1048576", "\"size\": []",
                  "\"cells?0].size\" is not an integer");
    check_hostile("\"samples\": [", "\"samples\": [[], ",
                  "\"samples?0]\" is not an object");
    check_hostile("\"samples\": [", "\"samples\": [], \"samples\": [",
                  "\"samples\" is there twice*");
    check_hostile("\"samples\": [{", "\"samples\": [{} {", "*JSON*");
    check_hostile("\"failed\": 0", "\"failed\": 0, \"pace\": {}",
                  "\"samples?0].pace.interval\" is missing");
    check_hostile("\"failed\": 0", "\"failed\": 0, \"gap\": {}",
                  "\"samples?0].gap.bits\" is missing");
    check_hostile("\"cell\": \"c0\"", "\"cell\": \"c7\"",
                  "\"samples?0].cell\" is not one of the run's cells");
    check_hostile("\"bits\": 7", "\"bits\": 8",
                  "\"samples?0].latency\" has buckets of another width");
    check_hostile("\"buckets\": [[", "\"buckets\": [[-1, 1], [",
                  "\"samples?0].latency\" has a bucket that is not one");
    check_hostile("\"buckets\": [[", "\"buckets\": [[99999999, 1], [",
                  "\"samples?0].latency\" has a bucket that is not one");
    check_hostile("\"buckets\": [[", "\"buckets\": [{}, [",
                  "\"samples?0].latency\" has a bucket that is not one");
    check_hostile("\"bits\": 7, \"count\": 400, \"min\": ",
                  "\"bits\": 7, \"count\": 400, \"min\": 9",
                  "\"samples?0].latency\" has extremes outside its buckets");
    check_hostile("\"qemu\": {", "\"qemu\": [], \"x\": {",
                  "\"samples?1].qemu\" is not an object");
    check_hostile("\"minor_faults\": 0, ", "",
                  "\"samples?0].server.minor_faults\" is missing");
    check_hostile("\"verification\": [", "\"verification\": [{}",
                  "\"verification?0].target\" is missing");
    check_hostile("\"not_run\": [", "\"not_run\": [{\"cell\": \"c0\"}",
                  "\"not_run?0].message\" is missing");
}

/* Never crashes, whatever it is given; and what it takes, the table takes. */
static void test_random_damage(void)
{
    char *folder = fake_run_write(&whole);
    g_autofree char *text = fake_run_read(folder, "run.json");
    g_autofree char *file = g_build_filename(folder, "run.json", NULL);
    gsize length = strlen(text);
    g_autoptr(GRand) rand = g_rand_new_with_seed(7);
    gint64 end = g_get_monotonic_time() + 1500000;
    unsigned loaded = 0, refused = 0;

    while (loaded + refused < 1500 && g_get_monotonic_time() < end) {
        g_autofree char *damaged = g_memdup2(text, length);
        g_autoptr(GError) error = NULL;
        g_autoptr(SgbRun) run = NULL;
        unsigned n = g_rand_int_range(rand, 1, 5);

        while (n--) {
            unsigned at = g_rand_int_range(rand, 0, length);

            if (g_rand_boolean(rand)) {
                damaged[at] ^= 1 << g_rand_int_range(rand, 0, 8);
            } else {
                static const char likely[] = "0123456789{}[]\",:-.eE";

                damaged[at] =
                    likely[g_rand_int_range(rand, 0, sizeof(likely) - 1)];
            }
        }
        g_assert_true(g_file_set_contents_full(
            file, damaged, length, G_FILE_SET_CONTENTS_NONE, 0600, NULL));
        run = sgb_run_load(folder, &error);
        if (run) {
            g_autoptr(GPtrArray) runs = g_ptr_array_new();
            g_autofree char *table = NULL;

            g_ptr_array_add(runs, run);
            table = sgb_table_text(runs);
            loaded++;
        } else {
            g_assert_true(g_str_has_prefix(error->message, folder));
            refused++;
        }
    }
    g_test_message("%u loaded, %u refused", loaded, refused);
    g_assert_cmpuint(refused, >, 0);
    fake_run_remove(folder);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/run/figures", test_figures);
    g_test_add_func("/run/journal", test_journal);
    g_test_add_func("/run/old-journal", test_old_journal);
    g_test_add_func("/run/nothing", test_nothing);
    g_test_add_func("/run/elements", test_elements);
    g_test_add_func("/run/hostile", test_hostile);
    g_test_add_func("/run/random-damage", test_random_damage);
    g_test_add_func("/run/loads", test_loads);
    g_test_add_func("/run/logs", test_logs);
    g_test_add_func("/run/no-data", test_no_data);
    return g_test_run();
}
