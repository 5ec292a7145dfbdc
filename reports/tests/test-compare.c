/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reports/compare.h"

#include <math.h>
#include <string.h>
#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>

#include "run-writer.h"

#define MIB (1 << 20)

static const FakeCell usual[] = {
    {"native", MIB, 2000, 0.3},
    {"generic-bounce", MIB, 800, 0.8, 197},
    {"generic-control", MIB, 800, 0.8, 197},
    {"generic-zerocopy", MIB, 1000, 0.5},
    {NULL},
};

static FakeRun fake(const FakeCell *cells)
{
    return (FakeRun){"complete", 20, 400, FALSE, FALSE, cells};
}

/* Two runs on disk, and what is said of them. */
typedef struct Pair {
    char *base_folder, *new_folder;
    SgbRun *base, *new;
    SgbCompareOptions options;
    SgbComparison *c;
} Pair;

static void edit(const char *folder, const char *from, const char *to)
{
    g_autofree char *text = fake_run_read(folder, "run.json");
    g_auto(GStrv) parts = g_strsplit(text, from, -1);
    g_autofree char *changed = g_strjoinv(to, parts);

    g_assert_nonnull(parts[1]);
    fake_run_replace(folder, "run.json", changed);
}

static void pair_write(Pair *pair, const FakeRun *base, const FakeRun *new)
{
    pair->base_folder = fake_run_write(base);
    pair->new_folder = fake_run_write(new);
    pair->options = sgb_compare_defaults;
}

static void pair_compare(Pair *pair)
{
    g_autoptr(GError) error = NULL;

    g_clear_pointer(&pair->c, sgb_comparison_free);
    g_clear_pointer(&pair->base, sgb_run_free);
    g_clear_pointer(&pair->new, sgb_run_free);
    pair->base = sgb_run_load(pair->base_folder, &error);
    g_assert_no_error(error);
    pair->new = sgb_run_load(pair->new_folder, &error);
    g_assert_no_error(error);
    pair->c = sgb_compare(pair->base, pair->new, &pair->options);
}

static void pair_clear(Pair *pair)
{
    sgb_comparison_free(pair->c);
    sgb_run_free(pair->base);
    sgb_run_free(pair->new);
    fake_run_remove(pair->base_folder);
    fake_run_remove(pair->new_folder);
}

static const SgbChange *change_of(const SgbComparison *c, const char *path,
                                  SgbFigure figure)
{
    for (unsigned i = 0; i < c->changes->len; i++) {
        const SgbChange *change = &g_array_index(c->changes, SgbChange, i);

        if (change->figure == figure && strcmp(change->base->path, path) == 0) {
            return change;
        }
    }
    g_assert_not_reached();
}

static void test_same(void)
{
    FakeRun run = fake(usual);
    Pair pair = {};
    const SgbChange *change;

    pair_write(&pair, &run, &run);
    pair_compare(&pair);
    g_assert_cmpuint(pair.c->outcome, ==, SGB_OUTCOME_FINE);
    g_assert_cmpuint(pair.c->tested, ==, 6); /* the control is not */
    g_assert_cmpuint(pair.c->counts[SGB_VERDICT_NONE], ==, 6);
    g_assert_cmpuint(pair.c->notes->len, ==, 1); /* no references */
    change = change_of(pair.c, "generic-control", SGB_FIGURE_CPU);
    g_assert_cmpuint(change->role, ==, SGB_ROLE_CONTROL);
    change = change_of(pair.c, "native", SGB_FIGURE_THROUGHPUT);
    g_assert_cmpfloat(change->ratio, ==, 1);
    g_assert_cmpfloat(change->p, ==, 1);
    g_assert_cmpfloat(change->visible, >, .005);
    g_assert_cmpfloat(change->visible, <, .05);

    /* What would not have been seen is not called fine. */
    pair.options.must_see = change->visible / 2;
    pair_compare(&pair);
    g_assert_cmpuint(pair.c->outcome, ==, SGB_OUTCOME_INCONCLUSIVE);
    g_assert_cmpuint(pair.c->unseen, >, 0);
    pair_clear(&pair);
}

static void test_verdicts(void)
{
    static const FakeCell changed[] = {
        {"native", MIB, 2000, 0.3},
        {"generic-bounce", MIB, 960, 0.8, 197},
        {"generic-control", MIB, 750, 0.8, 197},
        {"generic-zerocopy", MIB, 1000, 0.6},
        {NULL},
    };
    FakeRun before = fake(usual), after = fake(changed);
    const SgbChange *change;
    SgbGeomean mean;
    Pair pair = {};

    pair_write(&pair, &before, &after);
    pair_compare(&pair);
    g_assert_cmpuint(pair.c->outcome, ==, SGB_OUTCOME_INCONCLUSIVE);
    g_assert_cmpuint(pair.c->counts[SGB_VERDICT_SLOWER], ==, 1);
    change = change_of(pair.c, "generic-zerocopy", SGB_FIGURE_CPU);
    g_assert_cmpuint(change->verdict, ==, SGB_VERDICT_SLOWER);
    g_assert_cmpfloat_with_epsilon(change->ratio, 1.2, 1e-6);
    g_assert_cmpfloat_with_epsilon(change->base_median.median, .5, 1e-6);
    g_assert_cmpfloat_with_epsilon(change->new_median.median, .6, 1e-6);
    g_assert_cmpfloat(change->adjusted, >, change->p);
    change = change_of(pair.c, "generic-zerocopy", SGB_FIGURE_THROUGHPUT);
    g_assert_cmpuint(change->verdict, ==, SGB_VERDICT_NONE);
    mean = sgb_comparison_geomean(pair.c, SGB_FIGURE_CPU);
    g_assert_cmpfloat_with_epsilon(mean.ratio, cbrt(1.2), 1e-6);
    g_assert_cmpfloat_with_epsilon(mean.base, cbrt(.3 * .8 * .5), 1e-6);

    /* The control of the new run is 22 % off its original: nothing smaller is
     * believed of throughput, and bounce's own change is not larger. */
    change = change_of(pair.c, "generic-bounce", SGB_FIGURE_THROUGHPUT);
    g_assert_cmpfloat(change->p, <, 1e-4);
    g_assert_cmpfloat(change->floor, >, .2);
    g_assert_cmpuint(change->verdict, ==, SGB_VERDICT_NONE);

    /* A threshold above it: no regression. */
    pair.options.threshold = .25;
    pair_compare(&pair);
    g_assert_cmpuint(pair.c->counts[SGB_VERDICT_SLOWER], ==, 0);
    pair_clear(&pair);

    /* The other way round, and a figure alone. */
    pair = (Pair){};
    pair_write(&pair, &after, &before);
    pair.options.figures[SGB_FIGURE_THROUGHPUT] = FALSE;
    pair_compare(&pair);
    g_assert_cmpuint(pair.c->tested, ==, 3);
    g_assert_cmpuint(pair.c->counts[SGB_VERDICT_FASTER], ==, 1);
    g_assert_cmpuint(pair.c->outcome, ==, SGB_OUTCOME_FINE);
    pair_clear(&pair);
}

static void test_few(void)
{
    FakeRun run = fake(usual), few = fake(usual);
    Pair pair = {};

    few.rounds = 9;
    pair_write(&pair, &run, &few);
    pair_compare(&pair);
    g_assert_cmpuint(pair.c->counts[SGB_VERDICT_FEW], ==, 6);
    g_assert_cmpuint(pair.c->outcome, ==, SGB_OUTCOME_INCONCLUSIVE);
    pair_clear(&pair);
}

static void test_no_common(void)
{
    static const FakeCell other[] = {{"block", MIB, 800, 0.8}, {NULL}};
    FakeRun run = fake(usual), alone = fake(other);
    Pair pair = {};

    pair_write(&pair, &run, &alone);
    pair_compare(&pair);
    g_assert_cmpuint(pair.c->tested, ==, 0);
    g_assert_cmpuint(pair.c->outcome, ==, SGB_OUTCOME_INCONCLUSIVE);
    g_assert_cmpuint(pair.c->notes->len, ==, 3);
    pair_clear(&pair);
}

static void test_failing(void)
{
    FakeCell cells[G_N_ELEMENTS(usual)];
    FakeRun run = fake(usual), fails = fake(cells);
    Pair pair = {};

    memcpy(cells, usual, sizeof(usual));
    cells[3].failed = 7;
    pair_write(&pair, &run, &fails);
    pair_compare(&pair);
    g_assert_cmpuint(pair.c->outcome, ==, SGB_OUTCOME_REGRESSION);
    g_assert_true(
        change_of(pair.c, "generic-zerocopy", SGB_FIGURE_CPU)->failing);
    pair_clear(&pair);

    /* Failing in both: nothing new. */
    pair = (Pair){};
    pair_write(&pair, &fails, &fails);
    pair_compare(&pair);
    g_assert_cmpuint(pair.c->outcome, ==, SGB_OUTCOME_FINE);
    pair_clear(&pair);

    fails = run;
    fails.verification = "[{\"target\": \"lun\", \"path\": \"block\", "
                         "\"result\": \"mismatch\", \"commands\": 1, "
                         "\"bytes\": 1}]";
    pair = (Pair){};
    pair_write(&pair, &run, &fails);
    pair_compare(&pair);
    g_assert_cmpuint(pair.c->outcome, ==, SGB_OUTCOME_REGRESSION);
    g_assert_cmpuint(pair.c->notes->len, ==, 2);
    pair_clear(&pair);
}

/* ---- likeness ---- */

#define BUILD(KEY) \
    "{\"version\": \"10.0\", \"compiler\": \"gcc\", \"key\": \"" KEY "\"}"

/* Name the builds of the paths, which the stand-in does not. */
static void name_builds(const char *folder, const char *series_key)
{
    g_autofree char *series = g_strdup_printf(BUILD("%s"), series_key);

    edit(folder, "{\"version\": \"10.0\", \"key\": \"abc\"}", series);
    edit(folder, "{\"version\": 3}", BUILD("old"));
    edit(folder, "\"generic-zerocopy\", \"summary\": \"\", \"build\": null",
         "\"generic-zerocopy\", \"summary\": \"\", \"build\": \"series\"");
    edit(folder, "\"generic-bounce\", \"summary\": \"\", \"build\": null",
         "\"generic-bounce\", \"summary\": \"\", \"build\": \"baseline\"");
    edit(folder, "\"generic-control\", \"summary\": \"\", \"build\": null",
         "\"generic-control\", \"summary\": \"\", \"build\": \"baseline\"");
}

/* A run that differs in @from -> @to is only compared where @factor varies. */
static void check_unlike(const char *from, const char *to, SgbFactor factor)
{
    FakeRun run = fake(usual);
    Pair pair = {};

    pair_write(&pair, &run, &run);
    name_builds(pair.base_folder, "abc");
    name_builds(pair.new_folder, "abc");
    edit(pair.new_folder, from, to);
    for (unsigned vary = 0; vary < SGB_FACTOR__COUNT; vary++) {
        gboolean allowed = vary != SGB_FACTOR_NONE && vary == factor;

        pair.options.vary = vary;
        pair_compare(&pair);
        g_assert_cmpuint(pair.c->differences->len, ==, 1);
        if (allowed != (pair.c->outcome != SGB_OUTCOME_UNLIKE)) {
            g_error("%s -> %s with --vary %s", from, to, sgb_factor_name(vary));
        }
        g_assert_cmpuint(pair.c->changes->len, ==, allowed ? 8 : 0);
    }
    pair_clear(&pair);
}

static void test_unlike(void)
{
    check_unlike("\"host\": \"0\"", "\"host\": \"1\"", SGB_FACTOR_NONE);
    check_unlike("made up", "something else", SGB_FACTOR_NONE);
    check_unlike("\"cpus\": 2", "\"cpus\": 3", SGB_FACTOR_NONE);
    check_unlike("8589934592", "4294967296", SGB_FACTOR_NONE);
    check_unlike("\"lab\": false", "\"lab\": true", SGB_FACTOR_NONE);
    check_unlike("\"lab\": false", "\"lab\": false, \"governor\": \"x\"",
                 SGB_FACTOR_NONE);
    check_unlike("\"tool\": \"0.0\"", "\"tool\": \"0.1\"", SGB_FACTOR_NONE);
    check_unlike("\"cell_seconds\": 0.25", "\"cell_seconds\": 1",
                 SGB_FACTOR_NONE);
    check_unlike("\"trace\": \"round\"", "\"trace\": \"on\"", SGB_FACTOR_NONE);
    check_unlike("Linux 6.1", "Linux 6.2", SGB_FACTOR_KERNEL);
    check_unlike("STAND-IN", "OTHER", SGB_FACTOR_DEVICE);
    check_unlike("\"blocks\": 524288", "\"blocks\": 5", SGB_FACTOR_DEVICE);
    check_unlike("\"allow_dio\": \"1\"", "\"allow_dio\": \"0\"",
                 SGB_FACTOR_DEVICE);
    check_unlike("\"allow_dio\": \"1\"", "\"x\": \"\", \"allow_dio\": \"1\"",
                 SGB_FACTOR_DEVICE);
    check_unlike("\"kind\": \"iscsi\"", "\"kind\": \"null\"",
                 SGB_FACTOR_DEVICE);
    check_unlike("\"key\": \"abc\"", "\"key\": \"abd\"", SGB_FACTOR_QEMU);
    check_unlike("\"key\": \"abc\"", "\"no\": 1", SGB_FACTOR_QEMU);
}

/* What may differ: where the target is reached, a little memory, tracing a
 * round of its own. */
static void test_alike(void)
{
    FakeRun run = fake(usual);
    Pair pair = {};

    pair_write(&pair, &run, &run);
    edit(pair.base_folder, "\"allow_dio\"", "\"portal\": \"a\", \"allow_dio\"");
    edit(pair.new_folder, "\"allow_dio\"", "\"portal\": \"b\", \"allow_dio\"");
    edit(pair.new_folder, "8589934592", "8489934592");
    edit(pair.new_folder, "\"trace\": \"round\"", "\"trace\": \"off\"");
    pair_compare(&pair);
    g_assert_cmpuint(pair.c->differences->len, ==, 0);

    /* Of a QEMU nothing is known: it is like no other. */
    edit(pair.base_folder, "\"build\": null", "\"build\": \"baseline\"");
    edit(pair.new_folder, "\"build\": null", "\"build\": \"baseline\"");
    pair_compare(&pair);
    g_assert_cmpuint(pair.c->outcome, ==, SGB_OUTCOME_UNLIKE);
    pair.options.vary = SGB_FACTOR_QEMU;
    pair_compare(&pair);
    g_assert_cmpuint(pair.c->outcome, ==, SGB_OUTCOME_FINE);
    pair_clear(&pair);
}

/* Paths whose QEMU is the same tell how much the machine has changed. */
static void test_references(void)
{
    static const FakeCell changed[] = {
        {"native", MIB, 2000, 0.33},
        {"generic-bounce", MIB, 800, 0.88, 197},
        {"generic-control", MIB, 800, 0.88, 197},
        {"generic-zerocopy", MIB, 1000, 0.55},
        {NULL},
    };
    static const FakeCell dearer[] = {
        {"native", MIB, 2000, 0.33},
        {"generic-bounce", MIB, 800, 0.88, 197},
        {"generic-control", MIB, 800, 0.88, 197},
        {"generic-zerocopy", MIB, 1000, 0.66},
        {NULL},
    };
    FakeRun before = fake(usual), after = fake(changed), more = fake(dearer);
    const SgbChange *change;
    Pair pair = {};

    /* All cost 10 % more: it is the machine. */
    pair_write(&pair, &before, &after);
    name_builds(pair.base_folder, "abc");
    name_builds(pair.new_folder, "abd");
    pair.options.vary = SGB_FACTOR_QEMU;
    pair_compare(&pair);
    g_assert_cmpuint(pair.c->tested, ==, 2);
    change = change_of(pair.c, "generic-bounce", SGB_FIGURE_CPU);
    g_assert_cmpuint(change->role, ==, SGB_ROLE_REFERENCE);
    g_assert_cmpfloat_with_epsilon(change->ratio, 1.1, 1e-6);
    change = change_of(pair.c, "generic-zerocopy", SGB_FIGURE_CPU);
    g_assert_true(change->relative);
    g_assert_cmpfloat_with_epsilon(change->ratio, 1, 1e-6);
    g_assert_cmpfloat_with_epsilon(change->new_median.median, .55, 1e-6);
    g_assert_cmpuint(change->verdict, ==, SGB_VERDICT_NONE);
    g_assert_cmpuint(pair.c->notes->len, ==, 2); /* native, bounce */
    pair_clear(&pair);

    /* Unless nothing is known of that: then it is a change. */
    pair = (Pair){};
    pair_write(&pair, &before, &after);
    pair_compare(&pair);
    change = change_of(pair.c, "generic-zerocopy", SGB_FIGURE_CPU);
    g_assert_false(change->relative);
    g_assert_cmpfloat_with_epsilon(change->ratio, 1.1, 1e-6);
    g_assert_cmpuint(change->verdict, ==, SGB_VERDICT_SLOWER);
    g_assert_cmpuint(pair.c->outcome, ==, SGB_OUTCOME_INCONCLUSIVE);
    pair_clear(&pair);

    /* Not so what costs more than the machine has made all cost. */
    pair = (Pair){};
    pair_write(&pair, &after, &more);
    name_builds(pair.base_folder, "abc");
    name_builds(pair.new_folder, "abd");
    pair.options.vary = SGB_FACTOR_QEMU;
    pair_compare(&pair);
    g_assert_cmpuint(pair.c->outcome, ==, SGB_OUTCOME_REGRESSION);
    pair_clear(&pair);

    /* The one that differs costs no more, all others do: it is better. */
    pair = (Pair){};
    pair_write(&pair, &before, &after);
    name_builds(pair.base_folder, "abc");
    name_builds(pair.new_folder, "abc");
    edit(pair.new_folder, "\"key\": \"old\"", "\"key\": \"older\"");
    pair.options.vary = SGB_FACTOR_QEMU;
    pair_compare(&pair);
    change = change_of(pair.c, "generic-zerocopy", SGB_FIGURE_CPU);
    g_assert_cmpuint(change->role, ==, SGB_ROLE_REFERENCE);
    change = change_of(pair.c, "generic-bounce", SGB_FIGURE_CPU);
    g_assert_cmpuint(change->role, ==, SGB_ROLE_TESTED);
    g_assert_true(change->relative);
    pair_clear(&pair);
}

/* A run that drifts: nothing smaller is believed without references. */
static void test_drift(void)
{
    FakeRun run = fake(usual);
    const SgbChange *change;
    Pair pair = {};

    pair_write(&pair, &run, &run);
    pair_compare(&pair);
    for (unsigned i = 0; i < 4; i++) {
        const SgbCell *base = g_ptr_array_index(pair.base->cells, i);
        const SgbCell *new = g_ptr_array_index(pair.new->cells, i);

        for (unsigned k = 0; k < base->samples->len; k++) {
            SgbSample *s = g_ptr_array_index(base->samples, k);
            SgbSample *t = g_ptr_array_index(new->samples, k);

            s->figures[SGB_FIGURE_CPU] = k < 10 ? 1 : 1.1;
            t->figures[SGB_FIGURE_CPU] = 1.09 + k * .0001;
        }
    }
    g_clear_pointer(&pair.c, sgb_comparison_free);
    pair.c = sgb_compare(pair.base, pair.new, &pair.options);
    change = change_of(pair.c, "native", SGB_FIGURE_CPU);
    g_assert_cmpfloat_with_epsilon(change->floor, .1, 1e-6);
    g_assert_cmpuint(change->verdict, ==, SGB_VERDICT_NONE);
    pair_clear(&pair);
}

/* ---- what the whole procedure does with noise ---- */

/* Fill all cells of @run with noise of 3 %, the figures of the last @planted
 * times too large. */
static void fill(SgbRun *run, gsl_rng *rng, double planted)
{
    for (unsigned i = 0; i < run->cells->len; i++) {
        const SgbCell *cell = g_ptr_array_index(run->cells, i);
        double factor = i + 1 == run->cells->len ? planted : 1;

        for (unsigned k = 0; k < cell->samples->len; k++) {
            SgbSample *s = g_ptr_array_index(cell->samples, k);

            s->figures[SGB_FIGURE_CPU] =
                factor * gsl_ran_lognormal(rng, 0, .03);
            s->figures[SGB_FIGURE_THROUGHPUT] =
                1 / factor * gsl_ran_lognormal(rng, 0, .03);
        }
    }
}

static void test_simulation(void)
{
    FakeRun run = fake(usual);
    gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
    const unsigned trials = 1000;
    unsigned found = 0, seen = 0;
    double visible = 0;
    Pair pair = {};

    gsl_rng_set(rng, 7);
    pair_write(&pair, &run, &run);
    pair_compare(&pair);
    for (unsigned i = 0; i < trials; i++) {
        g_autoptr(SgbComparison) c = NULL;

        fill(pair.base, rng, 1);
        fill(pair.new, rng, 1);
        c = sgb_compare(pair.base, pair.new, &pair.options);
        found +=
            c->counts[SGB_VERDICT_SLOWER] + c->counts[SGB_VERDICT_FASTER] > 0;
        visible +=
            change_of(c, "generic-zerocopy", SGB_FIGURE_CPU)->visible / trials;
    }
    g_test_message("%u of %u found what is not there; would have seen %.1f %%",
                   found, trials, 100 * visible);
    g_assert_cmpfloat(found / (double)trials, <,
                      .05 + 4 * sqrt(.05 * .95 / trials));
    for (unsigned i = 0; i < trials; i++) {
        g_autoptr(SgbComparison) c = NULL;

        fill(pair.base, rng, 1);
        fill(pair.new, rng, 1 + visible);
        c = sgb_compare(pair.base, pair.new, &pair.options);
        seen += change_of(c, "generic-zerocopy", SGB_FIGURE_CPU)->verdict ==
                SGB_VERDICT_SLOWER;
    }
    g_test_message("%u of %u found what was planted", seen, trials);
    g_assert_cmpfloat_with_epsilon(seen / (double)trials, .92, .06);
    gsl_rng_free(rng);
    pair_clear(&pair);
}

/* ---- output ---- */

static void assert_columns(const char *text)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

    for (char **line = lines; *line; line++) {
        if (g_utf8_strlen(*line, -1) > 80) {
            g_error("too long: %s", *line);
        }
    }
}

static void assert_schema(const char *json)
{
    g_autofree char *schema =
        g_test_build_filename(G_TEST_DIST, "reports/compare.schema.json", NULL);
    char *folder = fake_run_write(&(FakeRun){"complete", .cells = usual});
    g_autofree char *file = g_build_filename(folder, "run.json", NULL);
    const char *argv[] = {"/usr/bin/jsonschema", "-i", file, schema, NULL};
    g_autofree char *err = NULL;
    g_autoptr(GError) error = NULL;
    int status;

    fake_run_replace(folder, "run.json", json);
    g_assert_true(g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_DEFAULT, NULL,
                               NULL, NULL, &err, &status, &error));
    if (!g_spawn_check_wait_status(status, NULL)) {
        g_error("not as its schema says: %.2000s", err);
    }
    fake_run_remove(folder);
}

static void test_output(void)
{
    static const FakeCell changed[] = {
        {"native", MIB, 2e6, 0.3},
        {"generic-bounce", MIB, 800, 8000, 197, 3},
        {"generic-control", MIB, 800, 8000, 197},
        {"generic-zerocopy", MIB, 1000, 0.6},
        {"block", 512, 1000, 0.6},
        {NULL},
    };
    FakeRun before = fake(usual), after = fake(changed);
    g_autofree char *text = NULL;
    g_autofree char *json = NULL;
    Pair pair = {};

    pair_write(&pair, &before, &after);
    for (unsigned f = 0; f < SGB_FIGURE__COUNT; f++) {
        pair.options.figures[f] = TRUE;
    }
    pair_compare(&pair);
    text = sgb_compare_text(pair.c);
    json = sgb_compare_json(pair.c);
    assert_columns(text);
    assert_schema(json);
    g_assert_true(g_str_has_prefix(text, "REGRESSION: of "));
    g_assert_nonnull(strstr(text, "0.500 ±  0% 0.600 ±  0% +20.0%"));
    g_assert_nonnull(strstr(text, "<.001 slower"));
    g_assert_nonnull(strstr(text, "geomean"));
    g_assert_nonnull(strstr(text, "sees "));
    g_assert_nonnull(strstr(json, "\"outcome\" : \"regression\""));
    pair_clear(&pair);

    pair = (Pair){};
    before.rounds = after.rounds = 3;
    pair_write(&pair, &before, &after);
    edit(pair.new_folder, "Linux 6.1", "Linux 6.2");
    pair_compare(&pair);
    g_clear_pointer(&text, g_free);
    g_clear_pointer(&json, g_free);
    text = sgb_compare_text(pair.c);
    json = sgb_compare_json(pair.c);
    assert_schema(json);
    g_assert_true(g_str_has_prefix(text, "NOT COMPARED"));
    g_assert_nonnull(strstr(text, "DIFFERENT kernel: Linux 6.1 -> Linux 6.2"));

    pair.options.vary = SGB_FACTOR_KERNEL;
    pair_compare(&pair);
    g_clear_pointer(&text, g_free);
    g_clear_pointer(&json, g_free);
    text = sgb_compare_text(pair.c);
    json = sgb_compare_json(pair.c);
    assert_columns(text);
    assert_schema(json);
    g_assert_nonnull(strstr(text, "varies  kernel: Linux 6.1 -> Linux 6.2"));
    g_assert_nonnull(strstr(text, " few\n"));
    pair_clear(&pair);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/compare/same", test_same);
    g_test_add_func("/compare/verdicts", test_verdicts);
    g_test_add_func("/compare/few", test_few);
    g_test_add_func("/compare/no-common", test_no_common);
    g_test_add_func("/compare/failing", test_failing);
    g_test_add_func("/compare/unlike", test_unlike);
    g_test_add_func("/compare/alike", test_alike);
    g_test_add_func("/compare/references", test_references);
    g_test_add_func("/compare/drift", test_drift);
    g_test_add_func("/compare/simulation", test_simulation);
    g_test_add_func("/compare/output", test_output);
    return g_test_run();
}
