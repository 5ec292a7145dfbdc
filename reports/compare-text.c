/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <math.h>
#include <string.h>

#include "block.h"
#include "cell.h"
#include "compare.h"
#include "json.h"
#include "text.h"

#define LABEL 8

static const char *const legend[] = {
    "Medians of rounds, ± the farther end of their 95 % interval; change: "
    "median of all pairs of rounds (Hodges-Lehmann), its own 95 % interval; p: "
    "Mann-Whitney, corrected for all that is tested here (Holm).",
    "~ no difference shown; sees X: a worsening by X would have been seen. "
    "slower and faster stand for worse and better in that figure.",
    "# control: the same path a second time, the noise floor. = reference: not "
    "touched by what varies; changes are relative to it, round by round.",
};

static void add_run(GString *out, const char *label, const SgbRun *run)
{
    JsonObject *object = sgb_json_object(run->json, "run");
    g_autofree char *text = g_strdup_printf(
        "%s: run %s, job %s, %s, %u rounds", run->path,
        sgb_json_string(object, "id"),
        sgb_json_string(sgb_json_object(run->json, "job"), "name"),
        sgb_json_string(object, "started"), run->rounds);

    sgb_text_paragraph(out, label, LABEL, text);
}

static void add_differences(GString *out, const SgbComparison *c)
{
    for (unsigned i = 0; i < c->differences->len; i++) {
        const SgbDifference *d = g_ptr_array_index(c->differences, i);
        gboolean allowed = sgb_comparison_allows(c, d);
        g_autofree char *text =
            g_strdup_printf("%s%s: %s -> %s", allowed ? "" : "DIFFERENT ",
                            d->what, d->base, d->new);

        sgb_text_paragraph(out, allowed ? "varies" : "", LABEL, text);
    }
    if (c->differences->len == 0) {
        sgb_text_paragraph(out, "varies", LABEL,
                           "nothing: same machine, QEMU, kernel, device");
    }
}

static char *percent(double share)
{
    double value = 100 * share;

    if (!isfinite(value)) {
        return g_strdup(value > 0 ? "∞" : "-");
    }
    if (fabs(value) >= 9999.5) {
        return g_strdup(value > 0 ? ">9999%" : "<-999%");
    }
    return g_strdup_printf("%.*f%%", fabs(value) < 99.95 ? 1 : 0, value);
}

static char *signed_percent(double share)
{
    g_autofree char *text = percent(share);

    return g_strdup_printf("%s%s", share >= 0 ? "+" : "", text);
}

static void pad(GString *out, char *text, int width)
{
    sgb_text_pad(out, text, width);
    g_free(text);
}

/* "0.412 ±  2%" */
static char *median_text(const SgbInterval *x, const SgbFigureKind *kind)
{
    double value = x->median * kind->scale;
    g_autofree char *number = value < 99999.5
                                  ? sgb_text_number(value)
                                  : g_strdup_printf("%.0fk", value / 1e3);
    double spread = fmax(x->high / x->median, x->median / x->low) - 1;

    if (x->coverage < .95) {
        return g_strdup_printf("%s ±  ?", number);
    }
    return spread < 9.995 ? g_strdup_printf("%s ±%3.0f%%", number, 100 * spread)
                          : g_strdup_printf("%s ± >9x", number);
}

static char *interval_text(const SgbChange *change)
{
    g_autofree char *low = signed_percent(change->low - 1);
    g_autofree char *high = signed_percent(change->high - 1);

    low[strcspn(low, "%")] = '\0';
    high[strcspn(high, "%")] = '\0';
    return isfinite(change->high) ? g_strdup_printf("[%s, %s]", low, high)
                                  : g_strdup("[?]");
}

static char *p_text(const SgbChange *change)
{
    return change->adjusted < .001 ? g_strdup("<.001")
                                   : g_strdup_printf("%.3f", change->adjusted);
}

static char *verdict_text(const SgbChange *change)
{
    g_autofree char *seen = NULL;

    switch (change->role) {
    case SGB_ROLE_CONTROL:
        return g_strdup("#");
    case SGB_ROLE_REFERENCE:
        return g_strdup("=");
    case SGB_ROLE_TESTED:
    case SGB_ROLE__COUNT:
        break;
    }
    if (change->verdict == SGB_VERDICT_NONE) {
        seen = isfinite(change->visible)
                   ? g_strdup_printf("%.*f%%", change->visible < .0995 ? 1 : 0,
                                     100 * change->visible)
                   : g_strdup("none");
        return g_strdup_printf("sees %s", seen);
    }
    return g_strdup(change->verdict == SGB_VERDICT_FEW
                        ? "few"
                        : sgb_verdict_name(change->verdict));
}

static void add_row(GString *out, const SgbChange *change)
{
    const SgbFigureKind *kind = &sgb_figure_kinds[change->figure];
    g_autofree char *name = sgb_text_clean(change->base->path, 16);
    gboolean same =
        change->role == SGB_ROLE_TESTED && change->verdict == SGB_VERDICT_NONE;

    g_string_append(out, "  ");
    sgb_text_pad(out, name, -16);
    pad(out, median_text(&change->base_median, kind), 12);
    pad(out, median_text(&change->new_median, kind), 12);
    pad(out, same ? g_strdup("~") : signed_percent(change->ratio - 1), 7);
    pad(out, interval_text(change), 15);
    pad(out, change->role == SGB_ROLE_TESTED ? p_text(change) : g_strdup(""),
        6);
    g_string_append_c(out, ' ');
    pad(out, verdict_text(change), -1);
    g_string_append_c(out, '\n');
}

static void add_workload(GString *out, const SgbCell *cell)
{
    g_autofree char *workload = sgb_cell_workload(cell);
    g_autofree char *text = g_strdup_printf("%s: %s", cell->target, workload);

    sgb_text_paragraph(out, "", 1, text);
}

static gboolean has_figure(const SgbComparison *c, SgbFigure figure)
{
    for (unsigned i = 0; i < c->changes->len; i++) {
        if (g_array_index(c->changes, SgbChange, i).figure == figure) {
            return TRUE;
        }
    }
    return FALSE;
}

static void pad_mean(GString *out, double value)
{
    g_autofree char *number = sgb_text_number(value);

    pad(out, g_strconcat(number, "      ", NULL), 12);
}

/* Rows of one workload together, in the order in which they first come. */
static void add_figure(GString *out, const SgbComparison *c, SgbFigure figure)
{
    const SgbFigureKind *kind = &sgb_figure_kinds[figure];
    SgbGeomean mean = sgb_comparison_geomean(c, figure);
    g_autofree gboolean *done = g_new0(gboolean, MAX(c->changes->len, 1));

    if (!has_figure(c, figure)) {
        return;
    }
    g_string_append_printf(out, "\n%s, %s (%s is better)\n", kind->title,
                           kind->unit, kind->more_is_better ? "more" : "less");
    g_string_append_printf(out, "  %-16s%12s%12s%7s%15s%6s\n", "", "base ",
                           "new ", "change", "[95 %]", "p");
    for (unsigned i = 0; i < c->changes->len; i++) {
        const SgbChange *first = &g_array_index(c->changes, SgbChange, i);

        if (first->figure != figure || done[i]) {
            continue;
        }
        add_workload(out, first->base);
        for (unsigned k = i; k < c->changes->len; k++) {
            const SgbChange *row = &g_array_index(c->changes, SgbChange, k);

            if (row->figure == figure &&
                sgb_cells_alike(row->base, first->base)) {
                add_row(out, row);
                done[k] = TRUE;
            }
        }
    }
    if (isfinite(mean.ratio)) {
        g_string_append(out, "  geomean         ");
        pad_mean(out, mean.base * kind->scale);
        pad_mean(out, mean.new * kind->scale);
        pad(out, signed_percent(mean.ratio - 1), 7);
        g_string_append_c(out, '\n');
    }
}

static char *headline(const SgbComparison *c)
{
    static const char *const words[] = {
        [SGB_OUTCOME_FINE] = "no regression",
        [SGB_OUTCOME_REGRESSION] = "REGRESSION",
        [SGB_OUTCOME_INCONCLUSIVE] = "INCONCLUSIVE",
        [SGB_OUTCOME_UNLIKE] = "NOT COMPARED",
    };
    GString *text = g_string_new(words[c->outcome]);

    if (c->outcome == SGB_OUTCOME_UNLIKE) {
        g_string_append(text,
                        ": the runs differ in more than what may vary here");
        return g_string_free(text, FALSE);
    }
    g_string_append_printf(
        text, ": of %u, %u slower, %u faster, %u no difference shown",
        c->tested, c->counts[SGB_VERDICT_SLOWER], c->counts[SGB_VERDICT_FASTER],
        c->counts[SGB_VERDICT_NONE]);
    if (c->counts[SGB_VERDICT_FEW]) {
        g_string_append_printf(text,
                               ", %u without a verdict (fewer than %d "
                               "rounds)",
                               c->counts[SGB_VERDICT_FEW],
                               SGB_ROUNDS_FOR_VERDICT);
    }
    if (c->unseen) {
        g_string_append_printf(
            text, "; in %u a worsening by %.3g %% would not have been seen",
            c->unseen, 100 * (c->options.threshold + c->options.must_see));
    }
    return g_string_free(text, FALSE);
}

char *sgb_compare_text(const SgbComparison *c)
{
    GString *out = g_string_new(NULL);
    g_autofree char *head = headline(c);

    sgb_text_paragraph(out, "", 0, head);
    g_string_append_c(out, '\n');
    add_run(out, "base", c->base);
    add_run(out, "new", c->new);
    add_differences(out, c);
    for (unsigned i = 0; i < c->notes->len; i++) {
        sgb_text_paragraph(out, "note", LABEL, g_ptr_array_index(c->notes, i));
    }
    if (c->outcome == SGB_OUTCOME_UNLIKE) {
        return g_string_free(out, FALSE);
    }
    for (unsigned f = 0; f < SGB_FIGURE__COUNT; f++) {
        if (c->options.figures[f]) {
            add_figure(out, c, f);
        }
    }
    g_string_append_c(out, '\n');
    for (unsigned i = 0; i < G_N_ELEMENTS(legend); i++) {
        sgb_text_paragraph(out, "", 0, legend[i]);
    }
    return g_string_free(out, FALSE);
}
