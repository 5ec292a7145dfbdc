/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "compare.h"
#include "cell.h"

#include <math.h>
#include <string.h>
#include <gsl/gsl_cdf.h>

#include "batch.h"
#include "block.h"
#include "holm.h"
#include "json.h"
#include "references.h"

/* Of the intervals that are shown beside figures. */
#define LEVEL 0.95

const SgbCompareOptions sgb_compare_defaults = {
    .vary = SGB_FACTOR_NONE,
    /* The second two are of cells that have not the first two. */
    .figures = {[SGB_FIGURE_THROUGHPUT] = TRUE,
                [SGB_FIGURE_CPU] = TRUE,
                [SGB_FIGURE_RATE] = TRUE,
                [SGB_FIGURE_CPU_REQUEST] = TRUE},
    .alpha = 0.05,
    .power = 0.9,
    .threshold = 0,
    .must_see = 0.1,
};

static const char *const verdict_names[SGB_VERDICT__COUNT] = {
    [SGB_VERDICT_NONE] = "no difference shown",
    [SGB_VERDICT_FASTER] = "faster",
    [SGB_VERDICT_SLOWER] = "slower",
    [SGB_VERDICT_FEW] = "too few rounds",
};

const char *sgb_verdict_name(SgbVerdict verdict)
{
    return verdict_names[verdict];
}

static void change_clear(gpointer data)
{
    SgbChange *change = data;

    g_array_unref(change->base_logs);
    g_array_unref(change->new_logs);
}

void sgb_comparison_free(SgbComparison *comparison)
{
    if (comparison) {
        g_ptr_array_unref(comparison->differences);
        g_ptr_array_unref(comparison->notes);
        g_array_unref(comparison->changes);
        g_free(comparison);
    }
}

static void note(SgbComparison *c, const char *format, ...) G_GNUC_PRINTF(2, 3);

static void note(SgbComparison *c, const char *format, ...)
{
    va_list ap;

    va_start(ap, format);
    g_ptr_array_add(c->notes, g_strdup_vprintf(format, ap));
    va_end(ap);
}

/* ---- what is compared with what ---- */

/* The path that @path of @run repeats, or NULL. */
static const char *control_of(const SgbRun *run, const char *path)
{
    JsonObject *object = sgb_run_named(run, "paths", path);

    return object ? sgb_json_string(object, "control_of") : NULL;
}

/* TRUE if QEMU varies, but not that of @cell: then it tells what the machine
 * did. Where all QEMUs are the same none can tell, and all are looked at. */
static gboolean is_reference(const SgbComparison *c, const SgbCell *cell)
{
    if (c->options.vary != SGB_FACTOR_QEMU ||
        !sgb_same_build(c->base, c->new, cell->path)) {
        return FALSE;
    }
    for (unsigned i = 0; i < c->differences->len; i++) {
        const SgbDifference *d = g_ptr_array_index(c->differences, i);

        if (d->factor == SGB_FACTOR_QEMU) {
            return TRUE;
        }
    }
    return FALSE;
}

static SgbRole role_of(const SgbComparison *c, const SgbCell *cell)
{
    return control_of(c->base, cell->path) ? SGB_ROLE_CONTROL
           : is_reference(c, cell)         ? SGB_ROLE_REFERENCE
                                           : SGB_ROLE_TESTED;
}

static gboolean is_measured(const SgbCell *cell)
{
    return cell && cell->samples->len > 0;
}

static const double *values(const GArray *array)
{
    return (const double *)(void *)array->data;
}

/* Those of what is tested in @change: of the same workload, or if @far, of the
 * same target. The steadier one is, the more it counts. */
static void find_references(const SgbComparison *c, const SgbChange *change,
                            gboolean far, SgbReferences *r)
{
    sgb_references_clear(r);
    r->base = g_ptr_array_new();
    r->new = g_ptr_array_new();
    r->weights = g_array_new(FALSE, FALSE, sizeof(double));
    for (unsigned i = 0; i < c->base->cells->len; i++) {
        const SgbCell *base = g_ptr_array_index(c->base->cells, i);
        const SgbCell *new = sgb_run_sibling(c->new, base, base->path);

        if (is_measured(base) && is_measured(new) &&
            (far ? strcmp(base->target, change->base->target) == 0
                 : sgb_cells_alike(base, change->base)) &&
            is_reference(c, base)) {
            sgb_references_add(r, base, new, change->figure);
        }
    }
}

static SgbInterval median_of_logs(const GArray *logs)
{
    SgbInterval x = sgb_median_interval(values(logs), logs->len, LEVEL);

    x.median = exp(x.median);
    x.low = exp(x.low);
    x.high = exp(x.high);
    return x;
}

static uint64_t failed(const SgbCell *cell)
{
    uint64_t sum = 0;

    for (unsigned i = 0; i < cell->samples->len; i++) {
        sum += ((SgbSample *)g_ptr_array_index(cell->samples, i))->failed;
    }
    return sum;
}

/* The values that are compared: of what is tested relative to its references,
 * of controls and references as they are. */
static void add_values(const SgbComparison *c, SgbChange *change)
{
    g_auto(SgbReferences) r = {};
    g_autoptr(GArray) base = NULL, new = NULL;

    if (change->role == SGB_ROLE_TESTED) {
        find_references(c, change, FALSE, &r);
        if (r.weights->len == 0) {
            find_references(c, change, TRUE, &r);
        }
        change->relative = r.weights->len > 0;
    }
    base = sgb_logs_of(change->base, change->figure,
                       change->relative ? r.base : NULL, r.weights);
    new = sgb_logs_of(change->new, change->figure,
                      change->relative ? r.new : NULL, r.weights);
    change->base_logs = sgb_batches(base);
    change->new_logs = sgb_batches(new);
}

static void add_change(SgbComparison *c, const SgbCell *base,
                       const SgbCell *new, SgbFigure figure)
{
    g_autoptr(GArray) raw_base = sgb_logs_of(base, figure, NULL, NULL);
    g_autoptr(GArray) raw_new = sgb_logs_of(new, figure, NULL, NULL);
    const GArray *x, *y;
    SgbChange change = {
        .base = base,
        .new = new,
        .figure = figure,
        .role = role_of(c, base),
        .floor = NAN,
        .visible = INFINITY,
        .failing = failed(new) && !failed(base),
    };
    SgbShift shift;

    if (raw_base->len == 0 || (raw_new->len == 0 && !change.failing)) {
        return; /* the path, the target or what is done has no such figure */
    }
    change.base_median = median_of_logs(raw_base);
    change.new_median = median_of_logs(raw_new);
    add_values(c, &change);
    x = change.base_logs;
    y = change.new_logs;
    shift = sgb_shift(values(x), x->len, values(y), y->len, LEVEL);
    change.ratio = exp(shift.estimate);
    change.low = exp(shift.low);
    change.high = exp(shift.high);
    change.p = sgb_rank_sum(values(x), x->len, values(y), y->len).p;
    change.adjusted = change.p;
    g_array_append_val(c->changes, change);
}

static void add_changes(SgbComparison *c, SgbFigure figure)
{
    for (unsigned i = 0; i < c->base->cells->len; i++) {
        const SgbCell *base = g_ptr_array_index(c->base->cells, i);
        const SgbCell *new = sgb_run_sibling(c->new, base, base->path);

        if (new && base->samples->len &&new->samples->len) {
            add_change(c, base, new, figure);
        }
    }
}

static SgbChange *change_at(const SgbComparison *c, unsigned i)
{
    return &g_array_index(c->changes, SgbChange, i);
}

/* ---- noise ---- */

/* How far a control cell of @run is from its original, as a logarithm; NAN if
 * there is no pair. */
static double within_run(const SgbRun *run, const SgbCell *cell,
                         SgbFigure figure)
{
    const char *of = control_of(run, cell->path);
    const SgbCell *original = of ? sgb_run_sibling(run, cell, of) : NULL;

    return original ? fabs(log(sgb_ratio(cell, original, figure).median)) : NAN;
}

/*
 * How far a run drifts: the medians of its first and second half. Rounds that are
 * near each other are alike, so that two runs may differ by as much for no other
 * reason than when they were made.
 */
static double drift_of(const SgbCell *cell, SgbFigure figure)
{
    g_autoptr(GArray) logs = sgb_logs_of(cell, figure, NULL, NULL);
    unsigned half = logs->len / 2;

    return fabs(sgb_median(values(logs), half) -
                sgb_median(values(logs) + logs->len - half, half));
}

/* The noise floor of @change, as a logarithm; NAN if nothing tells. */
static double floor_of(const SgbComparison *c, const SgbChange *change)
{
    double near = NAN, far = NAN, floor;

    for (unsigned i = 0; i < c->changes->len; i++) {
        const SgbChange *other = change_at(c, i);
        double noise;

        if (other->figure != change->figure ||
            other->role != SGB_ROLE_CONTROL ||
            strcmp(other->base->target, change->base->target) != 0) {
            continue;
        }
        noise = fmax(within_run(c->base, other->base, other->figure),
                     within_run(c->new, other->new, other->figure));
        far = fmax(far, noise); /* leaves out NAN */
        if (sgb_cells_alike(other->base, change->base)) {
            near = fmax(near, noise);
        }
    }
    floor = isnan(near) ? far : near;
    if (!change->relative) {
        floor = fmax(floor, drift_of(change->base, change->figure));
        floor = fmax(floor, drift_of(change->new, change->figure));
    }
    return floor;
}

/* ---- verdicts ---- */

/*
 * The change that would have been seen with the given power, as a logarithm:
 * the interval at the level that each test has at least is z standard errors
 * wide to either side; what is to be seen has to be larger than that, and than
 * the floor, by what its own estimate may scatter.
 */
static double visible(const SgbComparison *c, const SgbChange *change,
                      double floor)
{
    const GArray *x = change->base_logs, *y = change->new_logs;
    double level = 1 - c->options.alpha / MAX(c->tested, 1);
    double half, error, least;
    SgbShift shift;

    shift = sgb_shift(values(x), x->len, values(y), y->len, level);
    half = (shift.high - shift.low) / 2;
    error = half / gsl_cdf_ugaussian_Pinv((1 + shift.coverage) / 2);
    least = fmax(half, log1p(c->options.threshold));
    if (!isfinite(half)) {
        return INFINITY;
    }
    return fmax(least, floor) +
           error * gsl_cdf_ugaussian_Pinv(c->options.power);
}

static gboolean is_worse(const SgbChange *change)
{
    return sgb_figure_kinds[change->figure].more_is_better ? change->ratio < 1
                                                           : change->ratio > 1;
}

static void judge(SgbComparison *c, SgbChange *change)
{
    double floor = floor_of(c, change);
    double least = fmax(floor, log1p(c->options.threshold));
    double seen = visible(c, change, floor);
    unsigned n = MIN(change->base_median.n, change->new_median.n);

    change->floor = expm1(floor);
    /* Throughput gets worse by getting less. */
    change->visible = sgb_figure_kinds[change->figure].more_is_better
                          ? -expm1(-seen)
                          : expm1(seen);
    if (n < SGB_ROUNDS_FOR_VERDICT) {
        change->verdict = SGB_VERDICT_FEW;
    } else if (change->adjusted <= c->options.alpha &&
               fabs(log(change->ratio)) > least) {
        change->verdict =
            is_worse(change) ? SGB_VERDICT_SLOWER : SGB_VERDICT_FASTER;
    }
    if (change->failing) {
        change->verdict = SGB_VERDICT_SLOWER;
    }
}

static void adjust(SgbComparison *c)
{
    g_autofree double *p = g_new(double, MAX(c->tested, 1));
    unsigned n = 0;

    for (unsigned i = 0; i < c->changes->len; i++) {
        if (change_at(c, i)->role == SGB_ROLE_TESTED) {
            p[n++] = change_at(c, i)->p;
        }
    }
    sgb_holm(p, n);
    n = 0;
    for (unsigned i = 0; i < c->changes->len; i++) {
        if (change_at(c, i)->role == SGB_ROLE_TESTED) {
            change_at(c, i)->adjusted = p[n++];
        }
    }
}

static void judge_all(SgbComparison *c)
{
    for (unsigned i = 0; i < c->changes->len; i++) {
        c->tested += change_at(c, i)->role == SGB_ROLE_TESTED;
    }
    adjust(c);
    for (unsigned i = 0; i < c->changes->len; i++) {
        SgbChange *change = change_at(c, i);

        if (change->role == SGB_ROLE_TESTED) {
            judge(c, change);
            c->counts[change->verdict]++;
            /* Nothing is asked of what has got better. */
            c->unseen +=
                change->verdict == SGB_VERDICT_NONE &&
                change->visible > c->options.threshold + c->options.must_see;
        }
    }
}

/* ---- all of it ---- */

gboolean sgb_comparison_allows(const SgbComparison *c, const SgbDifference *d)
{
    return d->factor != SGB_FACTOR_NONE && d->factor == c->options.vary;
}

static gboolean is_alike(const SgbComparison *c)
{
    for (unsigned i = 0; i < c->differences->len; i++) {
        if (!sgb_comparison_allows(c, g_ptr_array_index(c->differences, i))) {
            return FALSE;
        }
    }
    return TRUE;
}

/* Wrong data in @new of a path that was right in @base. */
static gboolean note_mismatches(SgbComparison *c)
{
    JsonArray *all = sgb_json_array(c->new->json, "verification");
    gboolean any = FALSE;

    for (unsigned i = 0; all && i < json_array_get_length(all); i++) {
        JsonObject *v = json_array_get_object_element(all, i);

        if (strcmp(sgb_json_string(v, "result"), "mismatch") == 0) {
            note(c, "WRONG DATA in the new run: target %s by path %s",
                 sgb_json_string(v, "target"), sgb_json_string(v, "path"));
            any = TRUE;
        }
    }
    return any;
}

static unsigned without_partner(const SgbRun *run, const SgbRun *other)
{
    unsigned n = 0;

    for (unsigned i = 0; i < run->cells->len; i++) {
        const SgbCell *cell = g_ptr_array_index(run->cells, i);
        const SgbCell *partner = sgb_run_sibling(other, cell, cell->path);

        n += cell->samples->len && (!partner || partner->samples->len == 0);
    }
    return n;
}

static void note_noise(SgbComparison *c)
{
    double base = sgb_json_count(sgb_json_object(c->base->json, "environment"),
                                 "minor_fault");
    double new = sgb_json_count(sgb_json_object(c->new->json, "environment"),
                                "minor_fault");
    unsigned unknown = 0, absolute = 0;

    for (unsigned i = 0; i < c->changes->len; i++) {
        const SgbChange *change = change_at(c, i);

        unknown += change->role == SGB_ROLE_TESTED && isnan(change->floor);
        absolute += change->role == SGB_ROLE_TESTED && !change->relative;
        if (change->role == SGB_ROLE_REFERENCE && change->p < .001) {
            note(c,
                 "%s of %s, which nothing that varies touches, has changed "
                 "by %+.1f %%: the machine was not the same; changes are "
                 "relative to that",
                 sgb_figure_kinds[change->figure].title, change->base->id,
                 100 * (change->ratio - 1));
        }
    }
    if (absolute) {
        note(c,
             "NO VERDICT on what varies from %u of %u: they have no reference, "
             "a cell that it does not touch. A machine that has become slower "
             "or faster meanwhile looks like a change there",
             absolute, c->tested);
    }
    if (unknown) {
        note(c,
             "%u of %u without control cells: their noise floor is not "
             "known",
             unknown, c->tested);
    }
    if (base && new &&fmax(base / new, new / base) > 1.5) {
        note(c,
             "a minor page fault cost %.1f µs in the base run and %.1f µs in "
             "the new one: the machine was not in the same state",
             base / 1e3, new / 1e3);
    }
}

static void note_gaps(SgbComparison *c)
{
    unsigned gone = without_partner(c->base, c->new);
    unsigned come = without_partner(c->new, c->base);

    if (gone) {
        note(c, "%u cells of the base run are not in the new one", gone);
    }
    if (come) {
        note(c, "%u cells of the new run are not in the base", come);
    }
    if (!c->base->complete) {
        note(c, "the base run is not complete");
    }
    if (!c->new->complete) {
        note(c, "the new run is not complete");
    }
    for (unsigned i = 0; i < c->changes->len; i++) {
        const SgbChange *change = change_at(c, i);

        if (change->failing && change->role == SGB_ROLE_TESTED) {
            note(c, "requests of %s fail in the new run, none did in the base",
                 change->base->id);
        }
    }
}

/* Is anything worse that a machine which has changed can't be blamed for? */
static gboolean is_regression(const SgbComparison *c)
{
    for (unsigned i = 0; i < c->changes->len; i++) {
        const SgbChange *change = change_at(c, i);

        if (change->verdict == SGB_VERDICT_SLOWER &&
            (change->relative || change->failing)) {
            return TRUE;
        }
    }
    return FALSE;
}

static SgbOutcome outcome_of(const SgbComparison *c, gboolean wrong)
{
    if (wrong || is_regression(c)) {
        return SGB_OUTCOME_REGRESSION;
    }
    return c->tested == 0 || c->counts[SGB_VERDICT_FEW] || c->unseen ||
                   c->counts[SGB_VERDICT_SLOWER]
               ? SGB_OUTCOME_INCONCLUSIVE
               : SGB_OUTCOME_FINE;
}

SgbComparison *sgb_compare(const SgbRun *base, const SgbRun *new,
                           const SgbCompareOptions *options)
{
    SgbComparison *c = g_new0(SgbComparison, 1);
    gboolean wrong;

    c->base = base;
    c->new = new;
    c->options = *options;
    c->differences = sgb_differences(base, new);
    c->changes = g_array_new(FALSE, TRUE, sizeof(SgbChange));
    g_array_set_clear_func(c->changes, change_clear);
    c->notes = g_ptr_array_new_with_free_func(g_free);
    if (!is_alike(c)) {
        c->outcome = SGB_OUTCOME_UNLIKE;
        return c;
    }
    for (unsigned f = 0; f < SGB_FIGURE__COUNT; f++) {
        if (options->figures[f]) {
            add_changes(c, f);
        }
    }
    wrong = note_mismatches(c);
    judge_all(c);
    note_noise(c);
    note_gaps(c);
    if (c->tested == 0) {
        note(c, "the runs have no measured cell in common");
    }
    c->outcome = outcome_of(c, wrong);
    return c;
}

SgbGeomean sgb_comparison_geomean(const SgbComparison *c, SgbFigure figure)
{
    SgbGeomean sum = {};
    unsigned n = 0;

    for (unsigned i = 0; i < c->changes->len; i++) {
        const SgbChange *change = change_at(c, i);

        if (change->figure == figure && change->role == SGB_ROLE_TESTED &&
            isfinite(log(change->ratio))) {
            sum.base += log(change->base_median.median);
            sum.new += log(change->new_median.median);
            sum.ratio += log(change->ratio);
            n++;
        }
    }
    /* 0 / 0: NAN */
    return (SgbGeomean){exp(sum.base / n), exp(sum.new / n),
                        exp(sum.ratio / n)};
}
