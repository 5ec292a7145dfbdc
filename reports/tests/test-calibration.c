/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Does `compare` err as often as it says, and find what is there? On rounds that
 * were recorded, with all that a real machine does to them: skewness, drift,
 * disturbances that hit several cells at once. SGBENCH_ROUNDS names another
 * file; SGBENCH_CALIBRATION says that all pairs are to be drawn, 2000 without
 * and 500 with a change, and not a tenth of them (tests/calibration).
 */
#include <math.h>
#include <string.h>

#include "reports/compare.h"
#include "rounds.h"

#define ALL_PAIRS 2000
#define ALL_PLANTED_PAIRS 500
#define BLOCK 5   /* rounds that stay together, as neighbours are alike */
#define ROUNDS 60 /* of a run, as configs/regression.conf has it */

static Rounds *rounds;
static unsigned n_pairs = ALL_PAIRS / 10;
static unsigned n_planted_pairs = ALL_PLANTED_PAIRS / 10;

/* Share of @n trials with its standard error. */
static double error_of(double share, unsigned n)
{
    return sqrt(share * (1 - share) / n);
}

/* A pair of runs, and what is drawn for them. */
typedef struct Pair {
    SgbRun *base, *new;
    GRand *rand;
    unsigned block, rounds;
    GArray *starts; /* of the whole blocks of rounds that there are */
    GArray *planted_starts;
} Pair;

static GArray *find_blocks(const GArray *list, unsigned block)
{
    GArray *starts = g_array_new(FALSE, FALSE, sizeof(unsigned));

    for (unsigned i = 0; i + block <= list->len; i += block) {
        unsigned run = g_array_index(list, Round, i).run;

        if (g_array_index(list, Round, i + block - 1).run == run) {
            g_array_append_val(starts, i);
        } else {
            while (g_array_index(list, Round, i + 1).run == run) {
                i++; /* what is left of this run */
            }
            i -= block - 1;
        }
    }
    return starts;
}

/* @referenced: as for a new build of the series, that of the baseline stays and
 * is the reference. */
static void pair_init(Pair *p, unsigned block, gboolean referenced)
{
    p->base = rounds_run(rounds, "before");
    p->new = rounds_run(rounds, referenced ? "after" : "before");
    p->rand = g_rand_new_with_seed(2026);
    p->block = block;
    p->rounds = ROUNDS;
    p->starts = find_blocks(rounds->plain, block);
    p->planted_starts = find_blocks(rounds->planted, block);
}

static void pair_clear(Pair *p)
{
    sgb_run_free(p->base);
    sgb_run_free(p->new);
    g_rand_free(p->rand);
    g_array_unref(p->starts);
    g_array_unref(p->planted_starts);
}

/* Shuffle, so that the first are drawn without any coming twice: the same round
 * in both runs would be no independent measurement. */
static void shuffle(Pair *p, GArray *starts)
{
    unsigned *s = (unsigned *)(void *)starts->data;

    for (unsigned i = starts->len - 1; i > 0; i--) {
        unsigned k = g_rand_int_range(p->rand, 0, i + 1);
        unsigned t = s[i];

        s[i] = s[k];
        s[k] = t;
    }
}

static void draw(const Pair *p, SgbRun *run, const GArray *list,
                 const GArray *starts, unsigned first)
{
    const Round *drawn[ROUNDS];

    for (unsigned i = 0; i < p->rounds; i++) {
        unsigned start = g_array_index(starts, unsigned, first + i / p->block);

        drawn[i] = &g_array_index(list, Round, start + i % p->block);
    }
    rounds_fill(run, rounds, drawn, p->rounds);
}

/* ---- nothing is there ---- */

/* The share of pairs in which anything is found. */
static double share_of_nothing(unsigned block, gboolean referenced)
{
    SgbCompareOptions options = sgb_compare_defaults;
    unsigned found = 0, slower = 0, tested = 0;
    double share;
    Pair p;

    pair_init(&p, block, referenced);
    options.vary = referenced ? SGB_FACTOR_QEMU : SGB_FACTOR_NONE;
    g_assert_cmpuint(p.starts->len, >=, 2 * ROUNDS / block);
    for (unsigned i = 0; i < n_pairs; i++) {
        g_autoptr(SgbComparison) c = NULL;

        shuffle(&p, p.starts);
        draw(&p, p.base, rounds->plain, p.starts, 0);
        draw(&p, p.new, rounds->plain, p.starts, ROUNDS / block);
        c = sgb_compare(p.base, p.new, &options);
        g_assert_cmpuint(c->counts[SGB_VERDICT_FEW], ==, 0);
        tested = c->tested;
        slower += c->outcome == SGB_OUTCOME_REGRESSION;
        found +=
            c->counts[SGB_VERDICT_SLOWER] + c->counts[SGB_VERDICT_FASTER] > 0;
    }
    share = found / (double)n_pairs;
    g_test_message("%s references, blocks of %u: of %u pairs of %u rounds "
                   "%.1f %% (± %.1f) find anything in %u tests, %.1f %% a "
                   "regression",
                   referenced ? "with" : "WITHOUT", block, n_pairs, ROUNDS,
                   100 * share, 100 * error_of(share, n_pairs), tested,
                   100.0 * slower / n_pairs);
    pair_clear(&p);
    return share;
}

static void test_nothing(void)
{
    double share = share_of_nothing(BLOCK, TRUE);

    /* A tenth of the pairs cannot tell it as well. */
    g_assert_cmpfloat(share, <=,
                      n_pairs == ALL_PAIRS ? .05
                                           : .05 + 2 * error_of(.05, n_pairs));
}

/* What it is like where nothing tells a machine that has become slower: said,
 * not asserted, as it depends on the machine alone. */
static void test_without(void)
{
    share_of_nothing(BLOCK, FALSE);
}

/* ---- 5 % are there ---- */

/* Let all cells but @only (if not -1) of @run be as @beside has them. */
static void unplant(SgbRun *run, const SgbRun *beside, int only)
{
    for (unsigned i = 0; i < run->cells->len; i++) {
        const SgbCell *from = g_ptr_array_index(beside->cells, i);
        SgbCell *to = g_ptr_array_index(run->cells, i);

        for (unsigned k = 0; only >= 0 && k < to->samples->len; k++) {
            SgbSample *s = g_ptr_array_index(to->samples, k);
            const SgbSample *t = g_ptr_array_index(from->samples, k);

            if (i != (unsigned)only) {
                memcpy(s->figures, t->figures, sizeof(s->figures));
            }
        }
    }
}

/* Pairs of which the second has CPU planted in cell @only, or in all that have
 * it: the share that ends as a regression. */
static double share_found(Pair *p, int only, unsigned pairs)
{
    g_autoptr(SgbRun) beside = rounds_run(rounds, "after");
    SgbCompareOptions options = sgb_compare_defaults;
    unsigned found = 0;

    options.vary = SGB_FACTOR_QEMU;
    for (unsigned i = 0; i < pairs; i++) {
        g_autoptr(SgbComparison) c = NULL;

        shuffle(p, p->starts);
        shuffle(p, p->planted_starts);
        draw(p, p->base, rounds->plain, p->starts, 0);
        draw(p, p->new, rounds->planted, p->planted_starts, 0);
        draw(p, beside, rounds->beside, p->planted_starts, 0);
        unplant(p->new, beside, only);
        c = sgb_compare(p->base, p->new, &options);
        found += c->outcome == SGB_OUTCOME_REGRESSION;
    }
    return found / (double)pairs;
}

static double median_cpu(const GArray *list, unsigned cell)
{
    g_autoptr(GArray) values = g_array_new(FALSE, FALSE, sizeof(double));

    for (unsigned i = 0; i < list->len; i++) {
        double value = g_array_index(list, Round, i).cpu[cell];

        if (isfinite(value)) {
            g_array_append_val(values, value);
        }
    }
    return sgb_median((const double *)(void *)values->data, values->len);
}

static void test_planted(void)
{
    double share;
    Pair p;

    pair_init(&p, BLOCK, TRUE);
    g_assert_cmpuint(p.planted_starts->len, >=, ROUNDS / BLOCK);
    for (unsigned i = 0; i < rounds->n_cells; i++) {
        const RoundsCell *c = &rounds->cells[i];
        double planted = median_cpu(rounds->planted, i);
        double plain = median_cpu(rounds->beside, i);

        if (planted != plain) {
            double alone = share_found(&p, i, n_planted_pairs);

            g_test_message("%s, %" G_GUINT64_FORMAT
                           " bytes, depth %u: %+.1f %% of CPU, "
                           "alone found in %.0f %%",
                           c->path, c->size, c->depth,
                           100 * (planted / plain - 1), 100 * alone);
        }
    }
    share = share_found(&p, -1, n_planted_pairs);
    g_test_message("planted in all of them: found in %.1f %% (± %.1f) of %u "
                   "pairs of %u rounds",
                   100 * share, 100 * error_of(share, n_planted_pairs),
                   n_planted_pairs, ROUNDS);
    g_assert_cmpfloat(share, >=, .9);
    pair_clear(&p);
}

/* ---- real pairs ---- */

/* Whole runs, each with the next: not resampled at all. */
static void test_real(void)
{
    SgbCompareOptions options = sgb_compare_defaults;
    unsigned found = 0, length = 0;
    Pair p;

    while (length < rounds->plain->len &&
           g_array_index(rounds->plain, Round, length).run ==
               g_array_index(rounds->plain, Round, 0).run) {
        length++;
    }
    pair_init(&p, length, TRUE);
    p.rounds = length;
    g_assert_cmpuint(p.starts->len, >=, 2);
    options.vary = SGB_FACTOR_QEMU;
    for (unsigned i = 0; i + 1 < p.starts->len; i += 2) {
        g_autoptr(SgbComparison) c = NULL;

        draw(&p, p.base, rounds->plain, p.starts, i);
        draw(&p, p.new, rounds->plain, p.starts, i + 1);
        c = sgb_compare(p.base, p.new, &options);
        found +=
            c->counts[SGB_VERDICT_SLOWER] + c->counts[SGB_VERDICT_FASTER] > 0;
    }
    g_test_message("of %u real pairs %u find anything", p.starts->len / 2,
                   found);
    /* Three or more of 20 have a chance of 8 % where each has 5 %. */
    g_assert_cmpuint(found, <=, 2);
    pair_clear(&p);
}

int main(int argc, char **argv)
{
    const char *other = g_getenv("SGBENCH_ROUNDS");
    g_autofree char *file = NULL;
    int status;

    g_test_init(&argc, &argv, NULL);
    if (g_getenv("SGBENCH_CALIBRATION")) {
        n_pairs = ALL_PAIRS;
        n_planted_pairs = ALL_PLANTED_PAIRS;
    }
    file = other ? g_strdup(other)
                 : g_test_build_filename(G_TEST_DIST, "reports", "tests",
                                         "regression.rounds", NULL);
    rounds = rounds_read(file);
    g_test_add_func("/calibration/nothing", test_nothing);
    if (g_getenv("SGBENCH_CALIBRATION")) {
        g_test_add_func("/calibration/without", test_without);
    }
    g_test_add_func("/calibration/planted", test_planted);
    g_test_add_func("/calibration/real", test_real);
    status = g_test_run();
    rounds_free(rounds);
    return status;
}
