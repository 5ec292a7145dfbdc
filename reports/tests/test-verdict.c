/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is said of runs whose figures are made up, so that it is known. */
#include "reports/verdict.h"

#include <string.h>

#include "run-writer.h"
#include "reports/evidence.h"
#include "reports/gain.h"

#define KIB UINT64_C(1024)
#define MIB (1024 * KIB)

static SgbRun *load(const FakeRun *fake)
{
    g_autoptr(GError) error = NULL;
    char *folder = fake_run_write(fake);
    SgbRun *run = sgb_run_load(folder, &error);

    g_assert_no_error(error);
    fake_run_remove(folder);
    return run;
}

/* The one answer to question @name. */
static void check(const FakeRun *fake, const char *name, SgbTone tone,
                  const char *pattern, const char *detail)
{
    g_autoptr(GPtrArray) runs =
        g_ptr_array_new_with_free_func((GDestroyNotify)sgb_run_free);
    g_autoptr(GPtrArray) verdicts = NULL;

    g_ptr_array_add(runs, load(fake));
    verdicts = sgb_verdicts(runs);
    for (unsigned i = 0; i < verdicts->len; i++) {
        const SgbVerdict *verdict = g_ptr_array_index(verdicts, i);
        const SgbAnswer *answer = g_ptr_array_index(verdict->answers, 0);

        if (strcmp(verdict->name, name) != 0) {
            continue;
        }
        g_assert_cmpuint(verdict->answers->len, ==, 1);
        if (!g_pattern_match_simple(pattern, answer->sentence) ||
            !g_pattern_match_simple(detail, answer->detail)) {
            g_error("'%s' ('%s') does not match", answer->sentence,
                    answer->detail);
        }
        g_assert_cmpstr(sgb_tone_name(answer->tone), ==, sgb_tone_name(tone));
        return;
    }
    g_assert_cmpstr(pattern, ==, "nothing");
}

/* The fake rounds wobble by up to 2 % in throughput, not at all in CPU. */
static const FakeCell faster[] = {
    {"generic-bounce", MIB, 800, 0.80, 197, 0, 0},
    {"generic-notrim", MIB, 1100, 0.50, 0.1, 0, 0},
    {"generic-zerocopy", MIB, 1200, 0.40, 0.01, 0, 0},
    {"block", MIB, 1200, 0.40, 0, 0, 0},
    {NULL},
};

static const FakeCell slower[] = {
    {"generic-bounce", MIB, 800, 0.80, 0, 0, 0},
    {"generic-zerocopy", MIB, 600, 0.90, 0, 0, 0},
    {"generic-bounce", 64 * KIB, 800, 0.80, 0, 0, 0},
    {"generic-zerocopy", 64 * KIB, 900, 0.80, 0, 0, 0},
    {NULL},
};

/* The control is 15 % off: no difference of that size counts. */
static const FakeCell doubtful[] = {
    {"generic-bounce", MIB, 800, 0.80, 0, 0, 0},
    {"generic-control", MIB, 920, 0.60, 0, 0, 0},
    {"generic-zerocopy", MIB, 700, 0.40, 0, 0, 0},
    {NULL},
};

static FakeRun run_of(const FakeCell *cells, unsigned rounds)
{
    return (FakeRun){.outcome = "complete",
                     .rounds = rounds,
                     .requests = 100,
                     .cells = cells};
}

static void test_faster(void)
{
    FakeRun run = run_of(faster, 12);

    check(&run, "faster", SGB_TONE_GOOD,
          "Yes: throughput is higher in 1 of 1 workload (most: ×1.* at "
          "read 1 MiB, depth 4, contiguous memory); CPU is lower in 1 of 1 "
          "workload (most: ×0.50 [0.50, 0.50] at *).",
          "QEMU's minor page faults per request: 197.0 bouncing, 0.010 with "
          "zero-copy, at *. By chance alone about 0.1 of these 2 intervals "
          "miss.");
    check(&run, "where", SGB_TONE_MIXED,
          "Of 0.400 [0.400, 0.400] CPU s/GiB saved at *, 0.300 [0.300, 0.300] "
          "is page faults on memory that malloc gave back, 0.100 [0.100, "
          "0.100] is allocating, clearing and copying.",
          "generic-pool, which tells clearing from copying, was not *");
    check(&run, "slower", SGB_TONE_GOOD,
          "Nothing is shown to be slower, in 2 comparisons.", "*");
    /* CPU is the same; throughput too, as far as the wobble lets see. */
    check(&run, "block", SGB_TONE_OPEN,
          "Not shown: throughput is higher in 0 of 1 workload; CPU is lower in "
          "0 of 1 workload.",
          "Throughput: the same within 5 % in 1. CPU: the same within 5 % in "
          "1. By*");
    check(&run, "data", SGB_TONE_OPEN, "Not known: nothing was verified; *",
          "");
}

static void test_slower(void)
{
    FakeRun run = run_of(slower, 12);

    check(&run, "faster", SGB_TONE_MIXED,
          "In part: throughput is higher in 1 of 2 workloads (most: ×1.1* at "
          "read 64 KiB, *), lower in 1 (most: ×0.7* at read 1 MiB*); CPU is "
          "lower in 0 of 2 workloads, higher in 1 (most: ×1.12 *).",
          "*");
    check(&run, "slower", SGB_TONE_BAD, "Yes, 2 of 4 comparisons are worse.",
          "generic-zerocopy against generic-bounce: throughput is higher *");
    check(&run, "where", SGB_TONE_OPEN, "No CPU is shown to be saved*", "");
    check(&run, "block", SGB_TONE_OPEN, "nothing", "");
}

/* One worse of two is what three rounds give by chance often enough. */
static void test_indicative(void)
{
    FakeRun run = run_of(slower, 3);

    check(&run, "faster", SGB_TONE_MIXED, "Indicative: In part: *", "*");
    run = run_of(faster, 1);
    check(&run, "faster", SGB_TONE_OPEN,
          "Indicative: Not shown: throughput is higher in 0 of 1 workload; *",
          "Throughput: not known in 1 for want of rounds. *");
}

/* Three rounds: an interval misses one time in four, so that one of four says
 * nothing. */
static void test_chance(void)
{
    static const FakeCell cells[] = {
        {"generic-bounce", MIB, 800, 0.80, 0, 0, 0},
        {"generic-zerocopy", MIB, 800, 0.80, 0, 0, 0},
        {"generic-bounce", 64 * KIB, 800, 0.80, 0, 0, 0},
        {"generic-zerocopy", 64 * KIB, 900, 0.80, 0, 0, 0},
        {NULL},
    };
    FakeRun run = run_of(cells, 3);

    check(&run, "faster", SGB_TONE_OPEN,
          "Indicative: No more than chance: throughput is higher in 1 of 2 *",
          "*about 1.0 of these 4 intervals miss.");
}

/* 3 % and a wobble: neither different nor the same within 5 %. */
static void test_unshown(void)
{
    static const FakeCell cells[] = {
        {"generic-bounce", MIB, 800, 0.80, 0, 0, 0},
        {"generic-zerocopy", MIB, 824, 0.80, 0, 0, 0},
        {NULL},
    };
    FakeRun run = run_of(cells, 12);

    check(&run, "faster", SGB_TONE_OPEN,
          "Not shown: throughput is higher in 0 of 1 workload; *",
          "Throughput: no difference shown in 1 (would have seen ≥ 6 %). "
          "CPU: the same within 5 % in 1. *");
}

static void test_doubtful(void)
{
    FakeRun run = run_of(doubtful, 12);

    check(&run, "faster", SGB_TONE_GOOD,
          "Yes: throughput is higher in 0 of 1 workload; CPU is lower in 1 of "
          "1 workload (most: ×0.50*).",
          "Throughput: doubtful in 1, where the same path twice differs too. "
          "*");
}

static void test_wrong_data(void)
{
    FakeRun run = run_of(faster, 12);

    run.verification = "[{\"target\": \"lun\", \"path\": \"block\", "
                       "\"result\": \"verified\"}, {\"target\": \"lun\", "
                       "\"path\": \"native\", \"result\": \"mismatch\"}]";
    check(&run, "data", SGB_TONE_BAD, "NO, at least one path gives WRONG *",
          "");
}

static void test_lab(void)
{
    FakeRun run = run_of(faster, 12);

    run.lab = TRUE;
    check(&run, "faster", SGB_TONE_GOOD,
          "At a speed that is not a machine's: Yes: *", "*");
}

/* Where it saves most, but no path tells what, is not where it is divided. */
static void test_divided(void)
{
    static const FakeCell cells[] = {
        {"generic-bounce", MIB, 800, 0.80, 197, 0, 0},
        {"generic-zerocopy", MIB, 1200, 0.10, 0.01, 0, 0},
        {"generic-bounce", 64 * KIB, 800, 0.80, 197, 0, 0},
        {"generic-notrim", 64 * KIB, 1100, 0.50, 0.1, 0, 0},
        {"generic-zerocopy", 64 * KIB, 1200, 0.40, 0.01, 0, 0},
        {NULL},
    };
    FakeRun run = run_of(cells, 12);

    check(&run, "where", SGB_TONE_MIXED,
          "Of 0.400 [0.400, 0.400] CPU s/GiB saved at read 64 KiB, *", "*");
    run.cells = cells + 3; /* without what is bounced */
    check(&run, "where", SGB_TONE_OPEN, "nothing", "");
}

static void test_undivided(void)
{
    static const FakeCell cells[] = {
        {"generic-bounce", MIB, 800, 0.80, 197, 0, 0},
        {"generic-zerocopy", MIB, 1200, 0.10, 0.01, 0, 0},
        {NULL},
    };
    FakeRun run = run_of(cells, 12);

    check(&run, "where", SGB_TONE_OPEN, "Not known: generic-notrim, *", "");
}

static void test_amount(void)
{
    SgbInterval nothing = {
        .median = -0.0001, .low = -0.0004, .high = 0.0002, .n = 12};
    SgbInterval some = {.median = 0.3, .low = -0.02, .high = 0.4, .n = 12};
    g_autofree char *none = sgb_gain_text(&nothing);
    g_autofree char *much = sgb_gain_text(&some);

    g_assert_cmpstr(none, ==, "~0.000 [0.000, 0.000]");
    g_assert_cmpstr(much, ==, "~0.300 [-0.020, 0.400]");
}

/* Of a ladder with all of its steps; what none of the paths tells is not said.
 */
static void test_gains(void)
{
    static const FakeCell cells[] = {
        {"generic-bounce", MIB, 800, 0.80, 197, 0, 0},
        {"generic-notrim", MIB, 1100, 0.50, 0.1, 0, 0},
        {"generic-noclear", MIB, 800, 0.70, 197, 0, 0},
        {"generic-pool", MIB, 1100, 0.45, 0.1, 0, 0},
        {"generic-zerocopy", MIB, 1200, 0.40, 0.01, 0, 0},
        {NULL},
    };
    static const struct {
        const char *what;
        double cpu;
        gboolean step;
    } expected[] = {
        {"all that bouncing does", 0.40, FALSE},
        {"page faults on memory that malloc gave back", 0.30, TRUE},
        {"allocating and clearing", 0.05, TRUE},
        {"copying", 0.05, TRUE},
        {"clearing", 0.10, FALSE},
    };
    FakeRun fake = run_of(cells, 12);
    g_autoptr(SgbRun) run = load(&fake);
    g_autoptr(GPtrArray) blocks = sgb_run_blocks(run);
    g_autoptr(GArray) gains = sgb_block_gains(g_ptr_array_index(blocks, 0));

    g_assert_cmpuint(gains->len, ==, G_N_ELEMENTS(expected));
    for (unsigned i = 0; i < gains->len; i++) {
        const SgbGain *gain = &g_array_index(gains, SgbGain, i);

        g_assert_cmpstr(gain->what, ==, expected[i].what);
        g_assert_cmpint(gain->step, ==, expected[i].step);
        g_assert_cmpuint(gain->cpu.n, ==, 12);
        g_assert_cmpfloat_with_epsilon(gain->cpu.median, expected[i].cpu, 1e-6);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/verdict/faster", test_faster);
    g_test_add_func("/verdict/slower", test_slower);
    g_test_add_func("/verdict/indicative", test_indicative);
    g_test_add_func("/verdict/chance", test_chance);
    g_test_add_func("/verdict/unshown", test_unshown);
    g_test_add_func("/verdict/doubtful", test_doubtful);
    g_test_add_func("/verdict/wrong-data", test_wrong_data);
    g_test_add_func("/verdict/lab", test_lab);
    g_test_add_func("/verdict/divided", test_divided);
    g_test_add_func("/verdict/undivided", test_undivided);
    g_test_add_func("/verdict/amount", test_amount);
    g_test_add_func("/verdict/gains", test_gains);
    return g_test_run();
}
