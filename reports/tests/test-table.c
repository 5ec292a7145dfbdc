/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reports/table.h"

#include <math.h>
#include <string.h>

#include "run-writer.h"
#include "reports/text.h"

#define MIB (1 << 20)

/* The table of a run that is made up. */
static char *table_of(const FakeRun *fake)
{
    g_autoptr(GPtrArray) runs =
        g_ptr_array_new_with_free_func((GDestroyNotify)sgb_run_free);
    g_autoptr(GError) error = NULL;
    char *folder = fake_run_write(fake);
    SgbRun *run = sgb_run_load(folder, &error);
    g_auto(GStrv) lines = NULL;
    char *text;

    g_assert_no_error(error);
    g_ptr_array_add(runs, run);
    text = sgb_table_text(runs);
    fake_run_remove(folder);

    lines = g_strsplit(text, "\n", -1);
    for (char **l = lines; *l; l++) {
        g_assert_cmpint(g_utf8_strlen(*l, -1), <=, SGB_TEXT_COLUMNS);
        g_assert_false(g_str_has_suffix(*l, " "));
    }
    return text;
}

static void check_line(const char *text, const char *pattern)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

    for (char **l = lines; *l; l++) {
        if (g_pattern_match_simple(pattern, *l)) {
            return;
        }
    }
    g_error("no line '%s' in\n%s", pattern, text);
}

static const FakeCell cells[] = {
    {"native", MIB, 1500, 0.30, 0, 0, 0},
    {"generic-bounce", MIB, 800, 0.80, 197, 0, 0},
    {"generic-control", MIB, 805, 0.79, 196, 0, 0},
    {"generic-notrim", MIB, 1100, 0.50, 0.1, 0, 0},
    {"generic-zerocopy", MIB, 1200, 0.40, 0.01, 3, 0},
    {"block", MIB, 1210, 0.41, 0, 0, 2},
    {NULL},
};

static void test_golden(void)
{
    static const char expected[] =
        "run        00000000-1111-2222-3333-444444444444, job stand-in,\n"
        "           2024-01-01T00:00:00Z, sgbench 0.0\n"
        "machine    Linux 6.1, x86_64, 2 CPUs (made up), 8.0 GiB\n"
        "QEMU       baseline ? (key not known), series 10.0 (abc)\n"
        "warning    this is no measurement, but a stand-in for one\n"
        "rounds     12, each path started afresh in each; 0.25 s a cell\n"
        "data       verified: 1 path; not verifiable: 1\n"
        "traces     2 of 2 cells agree with the initiator in requests and "
        "bytes\n"
        "\n"
        "TARGET lun\n"
        "  what     iscsi, NONE STAND-IN 1, 512-byte blocks, 256.0 MiB\n"
        "  can      stores data; resid not reported; no kernel SG_IO; machine "
        "speed;\n"
        "           depth 64, 16 MiB a command\n"
        "  set      allow_dio=1 store=memory\n"
        "  good for nothing, it is made up\n"
        "\n"
        "read 1 MiB, depth 4, contiguous memory\n"
        "  path                 MB/s   s/GiB   +all  faults      p50      p99  "
        " MiB\n"
        "  native               1500   0.300  0.410       -   699 µs   713 µs  "
        "   -\n"
        "  generic-bounce      800.0   0.800  0.920   197.0  1.31 ms  1.34 ms  "
        "18.0\n"
        "  generic-control     805.0   0.790  0.910   196.0  1.30 ms  1.33 ms  "
        "18.0\n"
        "  generic-notrim       1100   0.500  0.620   0.100   953 µs   973 µs  "
        "18.0\n"
        "  generic-zerocopy     1200   0.400  0.520   0.010   874 µs   891 µs  "
        "18.0 !\n"
        "  block                1222   0.410  0.530   0.000   858 µs        -  "
        "18.0\n"
        "    ! generic-zerocopy: 3 of 1203 requests failed, these rounds are "
        "in "
        "no ratio:\n"
        "    CHECK CONDITION\n"
        "    block: 2 of 12 rounds\n"
        "  ratios, median of pairs [interval]          throughput             "
        "   CPU   n\n"
        "  generic-zerocopy / generic-bounce    1.51 [1.46, 1.53]  0.50 [0.50, "
        "0.50]  11\n"
        "  generic-zerocopy / generic-notrim    1.10 [1.05, 1.12]  0.80 [0.80, "
        "0.80]  11\n"
        "  generic-zerocopy / block               0.98 [one pair]    0.98 [one "
        "pair]   1?\n"
        "  generic-control / generic-bounce #  ~1.02 [0.97, 1.04]  0.99 [0.99, "
        "0.99]  12\n"
        "  The interval covers the median with 96.1 % (n 12), 98.8 % (n 11).\n"
        "  ? INDICATIVE: fewer than 10 rounds\n"
        "\n"
        "Steady: 0 of 62 cells of a round are, 0 are not, of 62 it cannot be "
        "told (too\n"
        "short, or too few requests). All are in the figures.\n\n"
        "Of the 6 intervals above about 0.1 must be expected to miss";
    const FakeRun fake = {
        .outcome = "complete",
        .rounds = 12,
        .requests = 100,
        .cells = cells,
        .verification =
            "[{\"target\": \"lun\", \"path\": \"block\", \"result\": "
            "\"verified\"}, {\"target\": \"lun\", \"path\": \"native\", "
            "\"result\": \"not verifiable\"}]",
        .reconciliation = "[{\"cell\": \"c1\", \"result\": \"agrees\"}, "
                          "{\"cell\": \"c2\", \"result\": \"agrees\"}]",
    };
    g_autofree char *text = table_of(&fake);

    g_assert_cmpint(strlen(text), >, strlen(expected));
    text[strlen(expected)] = '\0';
    g_assert_cmpstr(text, ==, expected);
}

/* What a target does not have is told once, and is missed by nobody. */
static void test_not_run(void)
{
    const FakeRun fake = {
        .outcome = "failed",
        .rounds = 3,
        .requests = 10,
        .cells = cells,
        .not_run = "[{\"cell\": \"c0\", \"message\": \"LOCATE (10): 20h\"}, "
                   "{\"cell\": \"c4\", \"message\": \"LOCATE (10): 20h\"}]",
    };
    g_autofree char *text = table_of(&fake);
    const char *note = strstr(text, "NOT RUN");

    /* 6 cells of 3 rounds, without 2 of them, and 1 round of the last */
    check_line(text, "INCOMPLETE this run failed. 11 of 12 samples are there*");
    check_line(text, "NOT RUN    read on lun is not supported by target: "
                     "skipped (LOCATE (10):*");
    g_assert_nonnull(note);
    g_assert_null(strstr(note + 1, "NOT RUN"));
    g_assert_null(strstr(text, "  native "));
    g_assert_null(strstr(text, "zerocopy"));
    g_assert_nonnull(strstr(text, "  generic-notrim "));
}

/* What went wrong stands before all figures. */
static void test_loud(void)
{
    const FakeRun fake = {
        .outcome = "failed",
        .rounds = 3,
        .requests = 10,
        .cells = cells,
        .verification =
            "[{\"target\": \"lun\", \"path\": \"block\", \"result\": "
            "\"mismatch\", \"message\": \"block 17\\u001b[2J is\\nblock 3\"}]",
        .reconciliation =
            "[{\"cell\": \"c1\", \"result\": \"events lost\", "
            "\"lost_events\": 7}, {\"cell\": \"c2\", \"result\": \"differs\", "
            "\"message\": \"11 requests in the trace, 10 by the initiator\"}]",
    };
    g_autofree char *text = table_of(&fake);

    check_line(text, "INCOMPLETE this run failed. 17 of 18 samples are there*");
    check_line(text, "INDICATIVE fewer than the 10 rounds *");
    check_line(text, "MISMATCH   lun by block: WRONG DATA: block 17?[2J is "
                     "block 3");
    check_line(text, "traces     0 of 2 cells agree *");
    check_line(text, "TRACE      c2: DIFFERS from what the initiator counted: "
                     "11 requests*");
    check_line(text, "TRACE      1 cell lost 7 events: nothing is claimed *");
    g_assert_null(strchr(text, '\033'));
}

static void test_indicative(void)
{
    const FakeRun fake = {
        .outcome = "complete",
        .rounds = 5,
        .requests = 10,
        .cells = cells,
    };
    g_autofree char *text = table_of(&fake);

    check_line(text, "  generic-notrim * -  18.0"); /* 50 requests: no p99 */
    check_line(text, "  generic-zerocopy / generic-notrim *   4?");
    check_line(text, "  The interval covers the median with 93.7 % (n 5), 87.5 "
                     "% (n 4).");
    check_line(text, "  ? INDICATIVE: fewer than 10 rounds");
}

static void test_lab(void)
{
    static const FakeCell small[] = {
        {"generic-bounce", 4096, 8, 0.80, 1, 0, 0},
        {"generic-zerocopy", 4096, 9, 0.80, 1, 0, 0},
        {"generic-bounce", MIB, 800, 0.80, 1, 0, 0},
        {"generic-zerocopy", MIB, 900, 0.80, 1, 0, 0},
        {NULL},
    };
    const FakeRun fake = {
        .outcome = "complete",
        .rounds = 10,
        .requests = 10,
        .lab = TRUE,
        .cells = small,
        /* 3 of 4 requests of the large bounce cell; the other large one lost
         * events, so that nothing is known */
        .reconciliation = "[{\"cell\": \"c2\", \"result\": \"agrees\", "
                          "\"trace_requests\": 4, \"dio_requests\": 3}, "
                          "{\"cell\": \"c3\", \"result\": \"events lost\", "
                          "\"trace_requests\": 4, \"dio_requests\": 4}]",
    };
    g_autofree char *text = table_of(&fake);
    const char *large = strstr(text, "\nread 1 MiB");

    check_line(text, "LAB        a kernel in a process*");
    check_line(text, "           SPEED (lab); *");
    check_line(text, "* dio%");
    check_line(large, "  generic-bounce      800.0?  *   75");
    check_line(large, "  generic-zerocopy    900.0?  *    -");
    check_line(text, "  no ratios: the lab tells no paths apart below 256 KiB");
    g_assert_null(g_strstr_len(text, large - text, "generic-zerocopy / "));
    check_line(large, "  generic-zerocopy / generic-bounce *");
}

static SgbCell *new_cell(void)
{
    SgbCell *cell = g_new0(SgbCell, 1);

    cell->samples = g_ptr_array_new_with_free_func(g_free);
    return cell;
}

static void add_sample(SgbCell *cell, unsigned round, double figure,
                       unsigned failed)
{
    SgbSample *s = g_new0(SgbSample, 1);

    s->round = round;
    s->failed = failed;
    s->figures[SGB_FIGURE_CPU] = figure;
    g_ptr_array_add(cell->samples, s);
}

static void cell_free(SgbCell *cell)
{
    g_ptr_array_unref(cell->samples);
    g_free(cell);
}

/* Only rounds that both have, whole, count; and they are paired. */
static void test_ratio(void)
{
    SgbCell *a = new_cell(), *b = new_cell();
    SgbInterval x = sgb_ratio(a, b, SGB_FIGURE_CPU);

    g_assert_cmpuint(x.n, ==, 0);
    g_assert_true(isnan(x.median));

    add_sample(a, 1, 2, 0);
    add_sample(b, 1, 1, 0);
    add_sample(a, 2, 90, 0); /* paired: 3; of medians it would not be */
    add_sample(b, 2, 30, 0);
    add_sample(a, 3, 400, 0);
    add_sample(b, 3, 100, 0);
    add_sample(a, 4, 1000, 1); /* failed requests on either side */
    add_sample(b, 4, 1, 0);
    add_sample(a, 5, 1000, 0);
    add_sample(b, 5, 1, 1);
    add_sample(a, 6, NAN, 0);
    add_sample(b, 6, 1, 0);
    add_sample(a, 7, 1, 0);
    add_sample(b, 7, 0, 0);
    add_sample(a, 8, 1, 0); /* only here */
    x = sgb_ratio(a, b, SGB_FIGURE_CPU);
    g_assert_cmpuint(x.n, ==, 3);
    g_assert_cmpfloat(x.median, ==, 3);
    g_assert_cmpfloat(x.low, ==, 2);
    g_assert_cmpfloat(x.high, ==, 4);
    g_assert_cmpfloat_with_epsilon(x.coverage, 0.75, 1e-12);
    cell_free(a);
    cell_free(b);
}

static void check_text(char *text, const char *expected)
{
    g_assert_cmpstr(text, ==, expected);
    g_free(text);
}

static void test_text(void)
{
    GString *out = g_string_new("");

    check_text(sgb_text_number(NAN), "-");
    check_text(sgb_text_number(INFINITY), "-");
    check_text(sgb_text_number(0.0004), "0.000");
    check_text(sgb_text_number(9.9996), "10.0");
    check_text(sgb_text_number(12345), "12345");
    check_text(sgb_text_number(1e300), "1.0e+300");
    check_text(sgb_text_ratio(NAN), "-");
    check_text(sgb_text_ratio(0.0004), "<.001");
    check_text(sgb_text_ratio(0.0042), ".004");
    check_text(sgb_text_ratio(0.0994), ".099");
    check_text(sgb_text_ratio(0.0996), "0.10");
    check_text(sgb_text_ratio(0.5), "0.50");
    check_text(sgb_text_ratio(24.06), "24.1");
    check_text(sgb_text_ratio(1e300), ">9999");
    check_text(sgb_text_duration(NAN), "-");
    check_text(sgb_text_duration(950), "0.9 µs");
    check_text(sgb_text_duration(650400), "650 µs");
    check_text(sgb_text_duration(1310000), "1.31 ms");
    check_text(sgb_text_duration(2.5e9), "2.5 s");
    check_text(sgb_text_duration(1e19), ">9999 s");
    check_text(sgb_text_bytes(0), "0 B");
    check_text(sgb_text_bytes(513), "513 B");
    check_text(sgb_text_bytes(1536), "1536 B");
    check_text(sgb_text_bytes(256 * 1024), "256 KiB");
    check_text(sgb_text_clean("a\033\n\xff\xe2\x80\xae", 10),
               "a? \xef\xbf\xbd?");
    check_text(sgb_text_clean("e\xcc\x81", 10), "e?");
    check_text(sgb_text_clean(NULL, 10), "-");
    check_text(sgb_text_clean("abcdef", 3), "abc");

    sgb_text_paragraph(out, "label", 8, "");
    g_assert_cmpstr(out->str, ==, "label\n");
    g_string_free(out, TRUE);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/table/golden", test_golden);
    g_test_add_func("/table/not-run", test_not_run);
    g_test_add_func("/table/loud", test_loud);
    g_test_add_func("/table/indicative", test_indicative);
    g_test_add_func("/table/lab", test_lab);
    g_test_add_func("/table/ratio", test_ratio);
    g_test_add_func("/table/text", test_text);
    return g_test_run();
}
