/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Does `compare` err as often as it says, and find what is there? On rounds that
 * were recorded, with all that a real machine does to them: skewness, drift,
 * disturbances that hit several cells at once. regression.rounds is of a machine
 * that was left alone, as configs/regression.conf asks for, and that job's
 * rounds are a run's; loaded.rounds of one that was building QEMU meanwhile.
 * SGBENCH_ROUNDS names another file in place of both; SGBENCH_CALIBRATION says
 * that all pairs are to be drawn, 2000 without and 500 with a change, and not a
 * tenth of them (tests/calibration).
 */
#include <math.h>
#include <string.h>

#include "reports/compare.h"
#include "rounds.h"

#define ALL_PAIRS 2000
#define ALL_PLANTED_PAIRS 500
#define BLOCK 5 /* rounds that stay together, as neighbours are alike */
#define REAL 35 /* rounds of a run that is not drawn but as it was recorded */

static Rounds *rounds, *loaded;
static unsigned n_rounds; /* of a run that is drawn */
static unsigned n_pairs = ALL_PAIRS / 10;
static unsigned n_planted_pairs = ALL_PLANTED_PAIRS / 10;

/* Share of @n trials with its standard error. */
static double error_of(double share, unsigned n)
{
    return sqrt(share * (1 - share) / n);
}

/* A pair of runs, and what is drawn for them. */
typedef struct Pair {
    const Rounds *from;
    SgbRun *base, *new;
    GRand *rand;
    unsigned block;
    GArray *starts; /* of the whole blocks of rounds that there are */
    GArray *base_starts, *new_starts; /* of those drawn */
} Pair;

static GArray *starts_new(void)
{
    return g_array_new(FALSE, FALSE, sizeof(unsigned));
}

static GArray *find_blocks(const GArray *list, unsigned block)
{
    GArray *starts = starts_new();

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
static void pair_init(Pair *p, const Rounds *from, unsigned block,
                      gboolean referenced)
{
    p->from = from;
    p->base = rounds_run(from, "before");
    p->new = rounds_run(from, referenced ? "after" : "before");
    p->rand = g_rand_new_with_seed(2026);
    p->block = block;
    p->starts = find_blocks(from->plain, block);
    p->base_starts = starts_new();
    p->new_starts = starts_new();
}

static void pair_clear(Pair *p)
{
    sgb_run_free(p->base);
    sgb_run_free(p->new);
    g_rand_free(p->rand);
    g_array_unref(p->starts);
    g_array_unref(p->base_starts);
    g_array_unref(p->new_starts);
}

static void shuffle(Pair *p)
{
    unsigned *s = (unsigned *)(void *)p->starts->data;

    for (unsigned i = p->starts->len - 1; i > 0; i--) {
        unsigned k = g_rand_int_range(p->rand, 0, i + 1);
        unsigned t = s[i];

        s[i] = s[k];
        s[k] = t;
    }
}

static gboolean is_planted(const Rounds *r, unsigned round)
{
    return memcmp(&g_array_index(r->plain, Round, round),
                  &g_array_index(r->planted, Round, round), sizeof(Round)) != 0;
}

/* Draw the blocks of both runs, those of the new one where CPU is planted if
 * @planted. None comes twice: the same round in both runs would be no
 * independent measurement. */
static void draw_blocks(Pair *p, gboolean planted)
{
    unsigned n = n_rounds / p->block;

    shuffle(p);
    g_array_set_size(p->base_starts, 0);
    g_array_set_size(p->new_starts, 0);
    for (unsigned i = 0; i < p->starts->len; i++) {
        unsigned start = g_array_index(p->starts, unsigned, i);

        if (p->new_starts->len < n &&
            (!planted || is_planted(p->from, start))) {
            g_array_append_val(p->new_starts, start);
        } else if (p->base_starts->len < n) {
            g_array_append_val(p->base_starts, start);
        }
    }
    g_assert_cmpuint(p->base_starts->len, ==, n);
    g_assert_cmpuint(p->new_starts->len, ==, n);
}

/* Let @run have the rounds of @list in the blocks that begin at @starts. */
static void fill(const Pair *p, SgbRun *run, const GArray *list,
                 const GArray *starts)
{
    unsigned n = starts->len * p->block;
    g_autofree const Round **drawn = g_new(const Round *, n);

    for (unsigned i = 0; i < n; i++) {
        unsigned start = g_array_index(starts, unsigned, i / p->block);

        drawn[i] = &g_array_index(list, Round, start + i % p->block);
    }
    rounds_fill(run, p->from, drawn, n);
}

static gboolean finds_any(const SgbComparison *c)
{
    return c->counts[SGB_VERDICT_SLOWER] + c->counts[SGB_VERDICT_FASTER] > 0;
}

/* ---- nothing is there ---- */

/* The share of pairs in which anything is found. */
static double share_of_nothing(const Rounds *from, gboolean referenced)
{
    SgbCompareOptions options = sgb_compare_defaults;
    unsigned found = 0, slower = 0, tested = 0;
    double share;
    Pair p;

    pair_init(&p, from, BLOCK, referenced);
    options.vary = referenced ? SGB_FACTOR_QEMU : SGB_FACTOR_NONE;
    for (unsigned i = 0; i < n_pairs; i++) {
        g_autoptr(SgbComparison) c = NULL;

        draw_blocks(&p, FALSE);
        fill(&p, p.base, from->plain, p.base_starts);
        fill(&p, p.new, from->plain, p.new_starts);
        c = sgb_compare(p.base, p.new, &options);
        g_assert_cmpuint(c->counts[SGB_VERDICT_FEW], ==, 0);
        tested = c->tested;
        slower += c->outcome == SGB_OUTCOME_REGRESSION;
        found += finds_any(c);
    }
    share = found / (double)n_pairs;
    g_test_message(
        "%s references%s: of %u pairs of %u rounds %.1f %% (+- %.1f) "
        "find anything in %u tests, %.1f %% a regression",
        referenced ? "with" : "WITHOUT", from == loaded ? ", loaded" : "",
        n_pairs, n_rounds, 100 * share, 100 * error_of(share, n_pairs), tested,
        100.0 * slower / n_pairs);
    pair_clear(&p);
    return share;
}

static void test_nothing(gconstpointer data)
{
    const Rounds *from = *(Rounds *const *)data;
    gboolean exact = from != loaded && n_pairs == ALL_PAIRS;
    double share = share_of_nothing(from, TRUE);

    /* A tenth of the pairs cannot tell it as well; and a machine that others
     * use is held to what can't be told from 5 %. */
    g_assert_cmpfloat(share, <=,
                      exact ? .05 : .05 + 2 * error_of(.05, n_pairs));
}

/* What it is like where nothing tells a machine that has become slower: said,
 * not asserted, as it depends on the machine alone. */
static void test_without(gconstpointer data)
{
    share_of_nothing(*(Rounds *const *)data, FALSE);
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
    g_autoptr(SgbRun) beside = rounds_run(p->from, "after");
    SgbCompareOptions options = sgb_compare_defaults;
    unsigned found = 0;

    options.vary = SGB_FACTOR_QEMU;
    for (unsigned i = 0; i < pairs; i++) {
        g_autoptr(SgbComparison) c = NULL;

        draw_blocks(p, TRUE);
        fill(p, p->base, p->from->plain, p->base_starts);
        fill(p, p->new, p->from->planted, p->new_starts);
        fill(p, beside, p->from->plain, p->new_starts);
        unplant(p->new, beside, only);
        c = sgb_compare(p->base, p->new, &options);
        found += c->outcome == SGB_OUTCOME_REGRESSION;
    }
    return found / (double)pairs;
}

/* By how much what is planted in @cell makes it dearer, as a share: the median
 * of the ratios in each round. NAN: nothing is planted there. */
static double planted_share(const Rounds *from, unsigned cell)
{
    g_autoptr(GArray) ratios = g_array_new(FALSE, FALSE, sizeof(double));

    for (unsigned i = 0; i < from->plain->len; i++) {
        double plain = g_array_index(from->plain, Round, i).cpu[cell];
        double planted = g_array_index(from->planted, Round, i).cpu[cell];
        double ratio = planted / plain;

        if (planted != plain && isfinite(ratio)) {
            g_array_append_val(ratios, ratio);
        }
    }
    return sgb_median((const double *)(void *)ratios->data, ratios->len) - 1;
}

/* A tenth of the pairs cannot tell 90 % as well as all of them. */
static void assert_found(double share)
{
    g_assert_cmpfloat(share, >=,
                      n_planted_pairs == ALL_PLANTED_PAIRS
                          ? .9
                          : .9 - 2 * error_of(.9, n_planted_pairs));
}

/* On a machine that was loaded it is said, not asserted. */
static void test_planted(gconstpointer data)
{
    const Rounds *from = *(Rounds *const *)data;
    const char *where = from == loaded ? "loaded, " : "";
    double share;
    Pair p;

    pair_init(&p, from, BLOCK, TRUE);
    for (unsigned i = 0; i < from->n_cells; i++) {
        const RoundsCell *c = &from->cells[i];
        double planted = planted_share(from, i);
        double alone;

        if (isnan(planted)) {
            continue;
        }
        alone = share_found(&p, i, n_planted_pairs);
        g_test_message("%s%s, %" G_GUINT64_FORMAT
                       " bytes, depth %u: %+.2f %% of CPU, alone found in "
                       "%.1f %%",
                       where, c->path, c->size, c->depth, 100 * planted,
                       100 * alone);
        if (from != loaded) {
            /* as well as 70 rounds tell it: standard errors are .2 to .4 % */
            g_assert_cmpfloat_with_epsilon(planted, .05, .006);
            assert_found(alone);
        }
    }
    share = share_found(&p, -1, n_planted_pairs);
    g_test_message("%splanted in all of them: found in %.1f %% (+- %.1f) of %u "
                   "pairs of %u rounds",
                   where, 100 * share, 100 * error_of(share, n_planted_pairs),
                   n_planted_pairs, n_rounds);
    if (from != loaded) {
        assert_found(share);
    }
    pair_clear(&p);
}

/* ---- real pairs ---- */

static void tell_found(const SgbComparison *c, unsigned pair)
{
    for (unsigned i = 0; i < c->changes->len; i++) {
        const SgbChange *change = &g_array_index(c->changes, SgbChange, i);

        if (change->verdict == SGB_VERDICT_SLOWER ||
            change->verdict == SGB_VERDICT_FASTER) {
            g_test_message("pair %u: %s, %" G_GUINT64_FORMAT
                           " bytes, depth %u: %s %+.1f %%",
                           pair, change->base->path, change->base->size,
                           change->base->depth,
                           sgb_figure_kinds[change->figure].name,
                           100 * (change->ratio - 1));
        }
    }
}

/* Rounds as they followed each other, with those after the next ones: of
 * another run, as all were recorded in runs of up to two times REAL. What is
 * left at the end may be of the same. */
static void test_real(gconstpointer data)
{
    const Rounds *from = *(Rounds *const *)data;
    SgbCompareOptions options = sgb_compare_defaults;
    unsigned found = 0, n = 0;
    Pair p;

    pair_init(&p, from, REAL, TRUE);
    options.vary = SGB_FACTOR_QEMU;
    g_array_set_size(p.base_starts, 1);
    g_array_set_size(p.new_starts, 1);
    for (unsigned i = 0; i + 1 < p.starts->len; i += i % 4 == 1 ? 3 : 1) {
        unsigned other = MIN(i + 2, p.starts->len - 1);
        g_autoptr(SgbComparison) c = NULL;

        if (i % 4 == 1 && other < i + 2) {
            break; /* was the other one of the pair before */
        }
        g_array_index(p.base_starts, unsigned, 0) =
            g_array_index(p.starts, unsigned, i);
        g_array_index(p.new_starts, unsigned, 0) =
            g_array_index(p.starts, unsigned, other);
        fill(&p, p.base, from->plain, p.base_starts);
        fill(&p, p.new, from->plain, p.new_starts);
        c = sgb_compare(p.base, p.new, &options);
        found += finds_any(c);
        n++;
        tell_found(c, n);
    }
    g_test_message("of %u real pairs of %u rounds%s %u find anything", n, REAL,
                   from == loaded ? ", loaded," : "", found);
    /* Three or more of 20 have a chance of 8 % where each has 5 %. */
    g_assert_cmpuint(found, <=, 2);
    pair_clear(&p);
}

static unsigned rounds_of_job(void)
{
    g_autofree char *file =
        g_test_build_filename(G_TEST_DIST, "configs", "regression.conf", NULL);
    g_autoptr(GKeyFile) job = g_key_file_new();
    g_autoptr(GError) error = NULL;
    int n;

    g_key_file_load_from_file(job, file, G_KEY_FILE_NONE, &error);
    g_assert_no_error(error);
    n = g_key_file_get_integer(job, "job", "rounds", &error);
    g_assert_no_error(error);
    g_assert_cmpint(n % BLOCK, ==, 0);
    return n;
}

static Rounds *read_recorded(const char *name)
{
    g_autofree char *file =
        g_test_build_filename(G_TEST_DIST, "reports", "tests", name, NULL);

    return rounds_read(file);
}

int main(int argc, char **argv)
{
    const char *other = g_getenv("SGBENCH_ROUNDS");
    gboolean all = g_getenv("SGBENCH_CALIBRATION") != NULL;
    int status;

    g_test_init(&argc, &argv, NULL);
    g_test_set_nonfatal_assertions(); /* all figures, if one is wrong, too */
    if (all) {
        n_pairs = ALL_PAIRS;
        n_planted_pairs = ALL_PLANTED_PAIRS;
    }
    rounds = other ? rounds_read(other) : read_recorded("regression.rounds");
    n_rounds = rounds_of_job();
    g_test_add_data_func("/calibration/nothing", &rounds, test_nothing);
    if (all) {
        g_test_add_data_func("/calibration/without", &rounds, test_without);
    }
    g_test_add_data_func("/calibration/planted", &rounds, test_planted);
    g_test_add_data_func("/calibration/real", &rounds, test_real);
    if (!other) {
        loaded = read_recorded("loaded.rounds");
        g_test_add_data_func("/calibration/loaded/nothing", &loaded,
                             test_nothing);
        if (all) {
            g_test_add_data_func("/calibration/loaded/planted", &loaded,
                                 test_planted);
        }
        g_test_add_data_func("/calibration/loaded/real", &loaded, test_real);
    }
    status = g_test_run();
    rounds_free(rounds);
    g_clear_pointer(&loaded, rounds_free);
    return status;
}
