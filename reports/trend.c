/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "trend.h"

#include <math.h>
#include <string.h>

#include "history-private.h"
#include "text.h"

/* Shuffles have to be the same each time, or a change would come and go. */
#define SEED 1
#define LABEL 2

const SgbTrendOptions sgb_trend_defaults = {
    .figures = {[SGB_FIGURE_THROUGHPUT] = TRUE,
                [SGB_FIGURE_CPU] = TRUE,
                [SGB_FIGURE_RATE] = TRUE,
                [SGB_FIGURE_CPU_REQUEST] = TRUE},
    .significance = 0.01,
    .permutations = 999,
};

static void point_free(gpointer data)
{
    SgbPoint *point = data;

    g_free(point->run);
    g_free(point->started);
    g_free(point->kernel);
    g_free(point->build);
    g_free(point);
}

static void series_free(gpointer data)
{
    SgbTrend *s = data;

    g_free(s->environment);
    g_free(s->host);
    g_free(s->cpu);
    g_free(s->target);
    g_free(s->workload);
    g_free(s->path);
    g_ptr_array_unref(s->points);
    g_clear_pointer(&s->changes, g_array_unref);
    g_free(s);
}

/* ---- reading ---- */

enum {
    COLUMN_ENVIRONMENT,
    COLUMN_TARGET,
    COLUMN_WORKLOAD,
    COLUMN_PATH,
    COLUMN_FIGURE,
    COLUMN_MEDIAN,
    COLUMN_LOW,
    COLUMN_HIGH,
    COLUMN_ROUNDS,
    COLUMN_BUILD,
    COLUMN_RUN,
    COLUMN_STARTED,
    COLUMN_KERNEL,
    COLUMN_HOST,
    COLUMN_CPU,
};

static const char select_figures[] =
    "SELECT environment, target, workload, path, figure, median, low, high, "
    "figures.rounds, build, runs.id, started, kernel, host, cpu "
    "FROM figures JOIN runs ON runs.id = figures.run "
    "WHERE outcome = 'complete' "
    "ORDER BY environment, target, workload, path, figure, started, runs.id";

/* TRUE if the row @r goes on with @s. */
static gboolean belongs(const SgbTrend *s, sqlite3_stmt *r, SgbFigure figure)
{
    return s && s->figure == figure &&
           strcmp(s->environment, sgb_history_text(r, COLUMN_ENVIRONMENT)) ==
               0 &&
           strcmp(s->target, sgb_history_text(r, COLUMN_TARGET)) == 0 &&
           strcmp(s->workload, sgb_history_text(r, COLUMN_WORKLOAD)) == 0 &&
           strcmp(s->path, sgb_history_text(r, COLUMN_PATH)) == 0;
}

static SgbTrend *series_new(sqlite3_stmt *r, SgbFigure figure)
{
    SgbTrend *s = g_new0(SgbTrend, 1);

    s->environment = g_strdup(sgb_history_text(r, COLUMN_ENVIRONMENT));
    s->target = g_strdup(sgb_history_text(r, COLUMN_TARGET));
    s->workload = g_strdup(sgb_history_text(r, COLUMN_WORKLOAD));
    s->path = g_strdup(sgb_history_text(r, COLUMN_PATH));
    s->host = g_strdup(sgb_history_text(r, COLUMN_HOST));
    s->cpu = g_strdup(sgb_history_text(r, COLUMN_CPU));
    s->figure = figure;
    s->points = g_ptr_array_new_with_free_func(point_free);
    return s;
}

static void add_point(SgbTrend *s, sqlite3_stmt *r)
{
    SgbPoint *point = g_new0(SgbPoint, 1);

    point->run = g_strdup(sgb_history_text(r, COLUMN_RUN));
    point->started = g_strdup(sgb_history_text(r, COLUMN_STARTED));
    point->kernel = g_strdup(sgb_history_text(r, COLUMN_KERNEL));
    point->build = g_strdup(sgb_history_text(r, COLUMN_BUILD));
    point->rounds = sqlite3_column_int64(r, COLUMN_ROUNDS);
    point->median = sqlite3_column_double(r, COLUMN_MEDIAN);
    point->low = sqlite3_column_double(r, COLUMN_LOW);
    point->high = sqlite3_column_double(r, COLUMN_HIGH);
    g_ptr_array_add(s->points, point);
}

static gboolean is_wanted(const SgbTrendOptions *o, sqlite3_stmt *r,
                          SgbFigure figure)
{
    double median = sqlite3_column_double(r, COLUMN_MEDIAN);

    return figure < SGB_FIGURE__COUNT && o->figures[figure] && median > 0 &&
           isfinite(median) &&
           (!o->path ||
            strcmp(o->path, sgb_history_text(r, COLUMN_PATH)) == 0) &&
           (!o->target ||
            strcmp(o->target, sgb_history_text(r, COLUMN_TARGET)) == 0);
}

static void find_changes(SgbTrend *s, const SgbTrendOptions *o)
{
    g_autofree double *logs = g_new(double, s->points->len);

    for (unsigned i = 0; i < s->points->len; i++) {
        logs[i] = log(((SgbPoint *)g_ptr_array_index(s->points, i))->median);
    }
    s->changes = sgb_change_points(logs, s->points->len, o->significance,
                                   o->permutations, SEED);
    for (unsigned i = 0; i < s->changes->len; i++) {
        SgbChangePoint *c = &g_array_index(s->changes, SgbChangePoint, i);

        c->before = exp(c->before);
        c->after = exp(c->after);
    }
}

GPtrArray *sgb_history_trends(SgbHistory *h, const SgbTrendOptions *options,
                              GError **error)
{
    g_autoptr(GPtrArray) all = g_ptr_array_new_with_free_func(series_free);
    g_autoptr(sqlite3_stmt) row = sgb_history_prepare(h, select_figures, error);
    SgbTrend *s = NULL;
    int status = SQLITE_DONE;

    while (row && (status = sqlite3_step(row)) == SQLITE_ROW) {
        SgbFigure figure =
            sgb_figure_find(sgb_history_text(row, COLUMN_FIGURE));

        if (!is_wanted(options, row, figure)) {
            continue;
        }
        if (!belongs(s, row, figure)) {
            s = series_new(row, figure);
            g_ptr_array_add(all, s);
        }
        add_point(s, row);
    }
    if (!row || (status != SQLITE_DONE &&
                 !sgb_history_fail(h, "read its figures", error))) {
        return NULL;
    }
    for (unsigned i = 0; i < all->len; i++) {
        find_changes(g_ptr_array_index(all, i), options);
    }
    return g_steal_pointer(&all);
}

/* ---- text ---- */

static const SgbPoint *point_at(const SgbTrend *s, unsigned i)
{
    return g_ptr_array_index(s->points, i);
}

static void add_change(GString *out, const SgbTrend *s, const SgbChangePoint *c)
{
    const SgbFigureKind *kind = &sgb_figure_kinds[s->figure];
    const SgbPoint *from = point_at(s, c->at - 1), *to = point_at(s, c->at);
    double share = c->after / c->before - 1;
    gboolean worse = kind->more_is_better ? share < 0 : share > 0;
    g_autofree char *before = sgb_text_number(c->before * kind->scale);
    g_autofree char *after = sgb_text_number(c->after * kind->scale);
    g_autofree char *text = g_strdup_printf(
        "%s from run %.8s of %.16s on: %s -> %s %s, %+.1f %%, p %.3f; "
        "QEMU %s%s%s, kernel %s%s%s",
        worse ? "WORSE" : "better", to->run, to->started, before, after,
        kind->unit, 100 * share, c->p, *from->build ? from->build : "-",
        strcmp(from->build, to->build) ? " -> " : "",
        strcmp(from->build, to->build) ? to->build : " (the same)",
        from->kernel, strcmp(from->kernel, to->kernel) ? " -> " : "",
        strcmp(from->kernel, to->kernel) ? to->kernel : " (the same)");

    sgb_text_paragraph(out, "  *", 2 * LABEL, text);
}

char *sgb_trend_text(GPtrArray *series)
{
    GString *out = g_string_new(NULL);
    unsigned changed = 0, looked = 0;

    for (unsigned i = 0; i < series->len; i++) {
        const SgbTrend *s = g_ptr_array_index(series, i);
        g_autofree char *text = NULL;

        looked += s->points->len >= SGB_TREND_SHORTEST;
        if (s->changes->len == 0) {
            continue;
        }
        changed++;
        text = g_strdup_printf("%s by %s, %s: %s, machine %.8s, %u runs",
                               s->target, s->path, s->workload,
                               sgb_figure_kinds[s->figure].title, s->host,
                               s->points->len);
        sgb_text_paragraph(out, "", 0, text);
        for (unsigned k = 0; k < s->changes->len; k++) {
            add_change(out, s, &g_array_index(s->changes, SgbChangePoint, k));
        }
        g_string_append_c(out, '\n');
    }
    g_string_append_printf(
        out, "%u of %u series changed; %u are shorter than %u runs\n", changed,
        looked, series->len - looked, SGB_TREND_SHORTEST);
    return g_string_free(out, FALSE);
}

/* ---- CSV ---- */

static void add_field(GString *out, const char *text)
{
    g_auto(GStrv) parts = g_strsplit(text, "\"", -1);
    g_autofree char *quoted = g_strjoinv("\"\"", parts);

    g_string_append_printf(out, "\"%s\",", quoted);
}

/* As text, in every locale with a point. */
static void add_number(GString *out, double value, const char *end)
{
    char text[G_ASCII_DTOSTR_BUF_SIZE];

    g_string_append_printf(
        out, "%s%s", g_ascii_formatd(text, sizeof(text), "%.9g", value), end);
}

char *sgb_trend_csv(GPtrArray *series)
{
    GString *out =
        g_string_new("environment,host,target,workload,path,figure,unit,run,"
                     "started,kernel,build,rounds,median,low,high\r\n");

    for (unsigned i = 0; i < series->len; i++) {
        const SgbTrend *s = g_ptr_array_index(series, i);
        const SgbFigureKind *kind = &sgb_figure_kinds[s->figure];

        for (unsigned k = 0; k < s->points->len; k++) {
            const SgbPoint *p = point_at(s, k);

            add_field(out, s->environment);
            add_field(out, s->host);
            add_field(out, s->target);
            add_field(out, s->workload);
            add_field(out, s->path);
            add_field(out, kind->name);
            add_field(out, kind->unit);
            add_field(out, p->run);
            add_field(out, p->started);
            add_field(out, p->kernel);
            add_field(out, p->build);
            g_string_append_printf(out, "%u,", p->rounds);
            add_number(out, p->median * kind->scale, ",");
            add_number(out, p->low * kind->scale, ",");
            add_number(out, p->high * kind->scale, "\r\n");
        }
    }
    return g_string_free(out, FALSE);
}
