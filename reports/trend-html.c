/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Charts as SVG in the page itself: no script, no network, prints as it is. */
#include <math.h>
#include <string.h>

#include "trend.h"
#include "text.h"

#define WIDTH 640
#define HEIGHT 178
#define LEFT 80
#define RIGHT 10
#define TOP 18
#define BOTTOM 30

static const char head[] =
    "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
    "<meta name=\"viewport\" content=\"width=device-width, "
    "initial-scale=1\">\n"
    "<meta name=\"color-scheme\" content=\"light dark\">\n"
    "<title>sgbench history</title>\n<style>\n"
    ":root{color-scheme:light dark;--line:#1f5fa8;--change:#b3261e;"
    "--grid:#8886}\n"
    "@media(prefers-color-scheme:dark){:root{--line:#8ab8f0;"
    "--change:#ff8a80}}\n"
    "body{font:16px/1.5 system-ui,sans-serif;max-width:46rem;margin:auto;"
    "padding:1rem}\n"
    "svg{width:100%;height:auto}\n"
    "svg text{font-size:12px;fill:currentColor}\n"
    ".line{fill:none;stroke:var(--line);stroke-width:1.5}\n"
    ".bar{stroke:var(--line);stroke-opacity:.5}\n"
    ".dot{fill:var(--line)}\n"
    "@media(max-width:40rem){" /* half as large there */
    "svg text{font-size:22px}.line,.bar{stroke-width:3}}\n"
    ".grid{stroke:var(--grid)}\n"
    ".change{stroke:var(--change);stroke-width:2;stroke-dasharray:5 3}\n"
    ".worse{color:var(--change);font-weight:bold}\n"
    "table{border-collapse:collapse;font-size:.85rem}\n"
    "td,th{padding:.1rem .6rem;text-align:right;border-bottom:1px solid "
    "var(--grid)}\n"
    ".wide{overflow-x:auto}\n"
    "figure{margin:1.5rem 0;break-inside:avoid}\n"
    "h2{font-size:1.05rem;margin-bottom:0}\n"
    "</style></head><body>\n<main>\n<h1>History</h1>\n";

/* Append @format with all its texts escaped. */
static void add(GString *out, const char *format, ...) G_GNUC_PRINTF(2, 3);

static void add(GString *out, const char *format, ...)
{
    g_autofree char *text = NULL;
    va_list ap;

    va_start(ap, format);
    text = g_markup_vprintf_escaped(format, ap);
    va_end(ap);
    g_string_append(out, text);
}

static const SgbPoint *point_at(const SgbTrend *s, unsigned i)
{
    return g_ptr_array_index(s->points, i);
}

typedef struct Scale {
    double low, high;
    unsigned n;
} Scale;

static Scale scale_of(const SgbTrend *s)
{
    Scale scale = {.low = INFINITY, .high = -INFINITY, .n = s->points->len};
    double room;

    for (unsigned i = 0; i < s->points->len; i++) {
        scale.low = fmin(scale.low, point_at(s, i)->low);
        scale.high = fmax(scale.high, point_at(s, i)->high);
    }
    /* Not from zero: what is asked is whether it changed. The numbers at the
     * axis say so. */
    room = fmax(scale.high - scale.low, scale.high * .02) * .1;
    scale.low = fmax(scale.low - room, 0);
    scale.high += room;
    return scale;
}

static double x_of(const Scale *scale, double i)
{
    return LEFT + (i + .5) * (WIDTH - LEFT - RIGHT) / scale->n;
}

static double y_of(const Scale *scale, double value)
{
    return HEIGHT - BOTTOM -
           (value - scale->low) / (scale->high - scale->low) *
               (HEIGHT - TOP - BOTTOM);
}

static void add_axis(GString *out, const SgbTrend *s, const Scale *scale)
{
    const SgbFigureKind *kind = &sgb_figure_kinds[s->figure];

    for (unsigned i = 0; i <= 2; i++) {
        double value = scale->low + i * (scale->high - scale->low) / 2;
        g_autofree char *number = sgb_text_number(value * kind->scale);

        add(out,
            "<line class=\"grid\" x1=\"%d\" x2=\"%d\" y1=\"%.1f\" "
            "y2=\"%.1f\"/><text x=\"%d\" y=\"%.1f\" "
            "text-anchor=\"end\">%s</text>\n",
            LEFT, WIDTH - RIGHT, y_of(scale, value), y_of(scale, value),
            LEFT - 6, y_of(scale, value) + 4, number);
    }
    add(out,
        "<text x=\"%d\" y=\"%d\">%.10s</text><text x=\"%d\" y=\"%d\" "
        "text-anchor=\"end\">%.10s</text>\n",
        LEFT, HEIGHT - 6, point_at(s, 0)->started, WIDTH - RIGHT, HEIGHT - 6,
        point_at(s, s->points->len - 1)->started);
}

static void add_chart(GString *out, const SgbTrend *s, unsigned number)
{
    const SgbFigureKind *kind = &sgb_figure_kinds[s->figure];
    Scale scale = scale_of(s);
    g_autofree char *first =
        sgb_text_number(point_at(s, 0)->median * kind->scale);
    g_autofree char *last =
        sgb_text_number(point_at(s, s->points->len - 1)->median * kind->scale);

    add(out,
        "<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-labelledby=\"t%u\">"
        "<title id=\"t%u\">%s of %u runs, from %s to %s %s, %u "
        "changes</title>\n",
        WIDTH, HEIGHT, number, number, kind->title, s->points->len, first, last,
        kind->unit, s->changes->len);
    add_axis(out, s, &scale);
    for (unsigned i = 0; i < s->changes->len; i++) {
        const SgbChangePoint *c = &g_array_index(s->changes, SgbChangePoint, i);
        double x = x_of(&scale, c->at - .5);

        add(out,
            "<line class=\"change\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%d\" "
            "y2=\"%d\"/>\n",
            x, x, TOP, HEIGHT - BOTTOM);
    }
    g_string_append(out, "<polyline class=\"line\" points=\"");
    for (unsigned i = 0; i < s->points->len; i++) {
        add(out, "%.1f,%.1f ", x_of(&scale, i),
            y_of(&scale, point_at(s, i)->median));
    }
    g_string_append(out, "\"/>\n");
    for (unsigned i = 0; i < s->points->len; i++) {
        const SgbPoint *p = point_at(s, i);
        g_autofree char *value = sgb_text_number(p->median * kind->scale);

        add(out,
            "<line class=\"bar\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" "
            "y2=\"%.1f\"/><circle class=\"dot\" cx=\"%.1f\" cy=\"%.1f\" "
            "r=\"3\"><title>%.16s: %s %s, run %.8s</title></circle>\n",
            x_of(&scale, i), x_of(&scale, i), y_of(&scale, p->low),
            y_of(&scale, p->high), x_of(&scale, i), y_of(&scale, p->median),
            p->started, value, kind->unit, p->run);
    }
    g_string_append(out, "</svg>\n");
}

static void add_changes(GString *out, const SgbTrend *s)
{
    const SgbFigureKind *kind = &sgb_figure_kinds[s->figure];

    if (s->points->len < SGB_TREND_SHORTEST) {
        add(out, "<p>Fewer than %d runs: no changes looked for.</p>\n",
            SGB_TREND_SHORTEST);
        return;
    }
    if (s->changes->len == 0) {
        g_string_append(out, "<p>No change shown.</p>\n");
    }
    for (unsigned i = 0; i < s->changes->len; i++) {
        const SgbChangePoint *c = &g_array_index(s->changes, SgbChangePoint, i);
        const SgbPoint *from = point_at(s, c->at - 1);
        const SgbPoint *to = point_at(s, c->at);
        g_autofree char *before = sgb_text_number(c->before * kind->scale);
        g_autofree char *after = sgb_text_number(c->after * kind->scale);
        gboolean worse =
            kind->more_is_better ? c->after < c->before : c->after > c->before;

        add(out,
            "<p><span class=\"%s\">%s</span> from %.16s on (run %.8s): %s "
            "→ %s %s, %+.1f %%, p %.3f. QEMU %s → %s, kernel %s → %s.</p>\n",
            worse ? "worse" : "better", worse ? "Worse" : "Better", to->started,
            to->run, before, after, kind->unit,
            100 * (c->after / c->before - 1), c->p,
            *from->build ? from->build : "-", *to->build ? to->build : "-",
            from->kernel, to->kernel);
    }
}

static void add_table(GString *out, const SgbTrend *s)
{
    const SgbFigureKind *kind = &sgb_figure_kinds[s->figure];

    add(out,
        "<details><summary>Figures</summary><div class=\"wide\"><table>"
        "<tr><th>run</th><th>started</th><th>QEMU</th><th>kernel</th>"
        "<th>rounds</th><th>%s</th><th>low</th><th>high</th></tr>\n",
        kind->unit);
    for (unsigned i = 0; i < s->points->len; i++) {
        const SgbPoint *p = point_at(s, i);
        g_autofree char *median = sgb_text_number(p->median * kind->scale);
        g_autofree char *low = sgb_text_number(p->low * kind->scale);
        g_autofree char *high = sgb_text_number(p->high * kind->scale);

        add(out,
            "<tr><td>%.8s</td><td>%.16s</td><td>%s</td><td>%s</td>"
            "<td>%u</td><td>%s</td><td>%s</td><td>%s</td></tr>\n",
            p->run, p->started, p->build, p->kernel, p->rounds, median, low,
            high);
    }
    g_string_append(out, "</table></div></details>\n");
}

char *sgb_trend_html(GPtrArray *series)
{
    GString *out = g_string_new(head);
    unsigned changed = 0;

    for (unsigned i = 0; i < series->len; i++) {
        const SgbTrend *s = g_ptr_array_index(series, i);

        changed += s->changes->len > 0;
    }
    add(out,
        "<p>%u of %u series changed. A point is the median of a run's rounds, "
        "its bar the 95 %% interval; a dashed line is where the series "
        "changed (E-divisive, permutation test in each series by itself). "
        "Runs are in the order in which they were made, and a series never "
        "mixes machines, devices or ways of measuring.</p>\n",
        changed, series->len);
    for (unsigned i = 0; i < series->len; i++) {
        const SgbTrend *s = g_ptr_array_index(series, i);
        const SgbFigureKind *kind = &sgb_figure_kinds[s->figure];

        add(out,
            "<figure><figcaption><h2>%s by %s: %s</h2>%s, %s (%s is better); "
            "machine %.8s, %s</figcaption>\n",
            s->target, s->path, s->workload, kind->title, kind->unit,
            kind->more_is_better ? "more" : "less", s->host, s->cpu);
        add_chart(out, s, i);
        add_changes(out, s);
        add_table(out, s);
        g_string_append(out, "</figure>\n");
    }
    g_string_append(out, "</main></body></html>\n");
    return g_string_free(out, FALSE);
}
