/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tables of the HTML report. */
#include <math.h>
#include <string.h>

#include "finding.h"
#include "gain.h"
#include "html.h"
#include "json.h"
#include "text.h"

/* Rows from which on a table is folded up at first. */
#define MANY_ROWS 80

/* A workload with its target, where the run has more than one. */
static char *name_of(const SgbBlock *block)
{
    JsonArray *targets = sgb_json_array(block->run->json, "targets");
    char *workload = sgb_cell_workload(block->first);

    if (json_array_get_length(targets) > 1) {
        char *both = g_strdup_printf("%s: %s", block->first->target, workload);

        g_free(workload);
        return both;
    }
    return workload;
}

static void begin_section(GString *out, const char *title, unsigned rows)
{
    g_string_append_printf(out, "<details%s><summary>%s</summary>\n",
                           rows <= MANY_ROWS ? " open" : "", title);
}

/* ---- ratios ---- */

static char *effect_text(const SgbFinding *f)
{
    if (f->effect == SGB_EFFECT_UNSHOWN && isfinite(f->would_see)) {
        return g_strdup_printf("%s: would have seen ≥ %.0f %%",
                               sgb_effect_name(f->effect),
                               ceil(100 * f->would_see));
    }
    return g_strdup(sgb_effect_name(f->effect));
}

static void add_ratio(SgbHtmlTable *table, const SgbFinding *speed,
                      const SgbFinding *cpu, gboolean first)
{
    unsigned n = MIN(speed->ratio.n, cpu->ratio.n);
    char *cells[] = {
        name_of(speed->block),
        g_strdup_printf("%s / %s%s", speed->pair.over->path,
                        speed->pair.under->path,
                        speed->pair.control ? " (noise)" : ""),
        sgb_ratio_text(&speed->ratio),
        effect_text(speed),
        sgb_ratio_text(&cpu->ratio),
        effect_text(cpu),
        g_strdup_printf("%u%s", n, n < SGB_ROUNDS_FOR_VERDICT ? "?" : ""),
    };

    sgb_html_table_row(table, first ? "first" : NULL, cells);
}

static void add_ratios(GString *out, GPtrArray *blocks)
{
    static const char *const heads[] = {
        "workload", "paths",         "#throughput", "what it shows",
        "#CPU/GiB", "what it shows", "#pairs",      NULL};
    SgbHtmlTable table;

    begin_section(out, "Ratios", blocks->len * 4);
    table = sgb_html_table_begin(
        out, "Medians of ratios paired by round, with intervals", heads);
    for (unsigned i = 0; i < blocks->len; i++) {
        g_autoptr(GArray) findings =
            sgb_block_findings(g_ptr_array_index(blocks, i));
        unsigned half = findings->len / 2; /* throughput, then CPU */

        for (unsigned j = 0; j < half; j++) {
            add_ratio(&table, &g_array_index(findings, SgbFinding, j),
                      &g_array_index(findings, SgbFinding, j + half), j == 0);
        }
    }
    sgb_html_table_end(&table);
    g_string_append(
        out, "<p class=\"soft\">Throughput above 1 and CPU below 1 are better. "
             "~ no difference shown. ? fewer than 10 rounds: indicative. "
             "Noise is the same path twice.</p></details>\n");
}

/* ---- figures ---- */

static void add_cell(SgbHtmlTable *table, const SgbBlock *block,
                     const SgbCell *cell, gboolean first)
{
    g_autofree char *speed = sgb_cell_throughput_text(cell, TRUE);
    char *cells[] = {
        name_of(block),
        g_strdup(cell->path),
        g_strconcat(speed, block->machine_speed ? "" : " *", NULL),
        sgb_cell_cpu_text(cell, FALSE, TRUE),
        sgb_cell_cpu_text(cell, TRUE, FALSE),
        sgb_text_number(sgb_cell_median(cell, SGB_FIGURE_FAULTS)),
        sgb_text_number(sgb_cell_median(cell, SGB_FIGURE_SWITCHES)),
        sgb_text_duration(sgb_cell_quantile(cell, 0.5)),
        sgb_text_duration(sgb_cell_quantile(cell, 0.99)),
        sgb_text_duration(cell->latency->count ? cell->latency->max : NAN),
        sgb_text_ratio(sgb_cell_median(cell, SGB_FIGURE_ANON) / (1 << 20)),
        isnan(cell->dio) ? g_strdup("-")
                         : g_strdup_printf("%.0f", 100 * cell->dio),
        g_strdup_printf("%" G_GUINT64_FORMAT, cell->requests),
        g_strdup_printf("%" G_GUINT64_FORMAT, cell->failed),
        g_strdup_printf("%u of %u", cell->samples->len, block->run->rounds),
    };

    sgb_html_table_row(table, first ? "first" : NULL, cells);
}

static void add_figures(GString *out, const SgbRun *run, GPtrArray *blocks)
{
    static const char *const heads[] = {
        "workload",  "path",    "#MB/s",   "#s/GiB", "#+all", "#faults",
        "#switches", "#p50",    "#p99",    "#max",   "#MiB",  "#dio %",
        "#requests", "#failed", "#rounds", NULL};
    SgbHtmlTable table;

    begin_section(out, "Figures of every path", run->cells->len);
    table = sgb_html_table_begin(
        out, "Medians of rounds, with intervals; latencies of all requests",
        heads);
    for (unsigned i = 0; i < blocks->len; i++) {
        const SgbBlock *block = g_ptr_array_index(blocks, i);

        for (unsigned j = 0; j < block->cells->len; j++) {
            add_cell(&table, block, g_ptr_array_index(block->cells, j), j == 0);
        }
    }
    sgb_html_table_end(&table);
    g_string_append(
        out,
        "<p class=\"soft\">MB/s: 10<sup>6</sup> bytes a second, * not a "
        "machine's speed. s/GiB: CPU seconds of QEMU's IOThread and workers "
        "(native: of the initiator) for 2<sup>30</sup> bytes; +all: with "
        "QEMU's main thread, which takes the doorbells, and the target's "
        "process. Where no data is moved: requests a second, and &micro;s of a "
        "request. Faults (minor) and context switches: of QEMU, per request. "
        "MiB: QEMU's anonymous memory, the largest of a round, guest RAM not "
        "in "
        "it. p99 from 1000 requests on. dio: requests whose data the sg driver "
        "did not copy.</p></details>\n");
}

/* ---- where the CPU goes ---- */

static void add_gain(SgbHtmlTable *table, const SgbBlock *block,
                     const SgbGain *gain, gboolean first)
{
    char *cells[] = {
        name_of(block),
        g_strdup(gain->what),
        g_strdup_printf("%s → %s", gain->from->path, gain->to->path),
        sgb_gain_text(&gain->cpu),
        sgb_ratio_text(&gain->throughput),
        g_strdup_printf("%u", gain->cpu.n),
    };

    sgb_html_table_row(table, first ? "first" : NULL, cells);
}

static void add_gains(GString *out, GPtrArray *blocks)
{
    static const char *const heads[] = {
        "workload",    "left out", "paths", "#saves, CPU s/GiB",
        "#throughput", "#pairs",   NULL};
    SgbHtmlTable table;

    begin_section(out, "Where the gain comes from", blocks->len * 4);
    table = sgb_html_table_begin(
        out, "What is saved by leaving something out, medians of pairs", heads);
    for (unsigned i = 0; i < blocks->len; i++) {
        const SgbBlock *block = g_ptr_array_index(blocks, i);
        g_autoptr(GArray) gains = sgb_block_gains(block);

        for (unsigned j = 0; j < gains->len; j++) {
            add_gain(&table, block, &g_array_index(gains, SgbGain, j), j == 0);
        }
    }
    sgb_html_table_end(&table);
    g_string_append(
        out,
        "<p class=\"soft\">From generic-bounce to generic-notrim only "
        "malloc's giving memory back goes away; from there to generic-pool "
        "the buffer is neither allocated nor cleared; from there to "
        "generic-zerocopy nothing is copied. ~ 0 is in the interval.</p>"
        "</details>\n");
}

/* ---- paths ---- */

static void add_paths(GString *out, const SgbRun *run)
{
    static const char *const heads[] = {"path", "QEMU build", "what it shows",
                                        NULL};
    JsonArray *paths = sgb_json_array(run->json, "paths");
    SgbHtmlTable table;

    begin_section(out, "Paths", 0);
    table = sgb_html_table_begin(out, "What each path is", heads);
    for (unsigned i = 0; i < json_array_get_length(paths); i++) {
        JsonObject *path = json_array_get_object_element(paths, i);
        const char *build = sgb_json_string(path, "build");
        char *cells[] = {
            g_strdup(sgb_json_string(path, "name")),
            g_strdup(build ? build : "none"),
            g_strdup(sgb_json_string(path, "summary")),
        };

        sgb_html_table_row(&table, NULL, cells);
    }
    sgb_html_table_end(&table);
    g_string_append(out, "</details>\n");
}

/* ---- traces ---- */

static void add_traces(GString *out, const SgbRun *run)
{
    static const char *const heads[] = {"cell",
                                        "trace and initiator",
                                        "#requests",
                                        "#bytes direct",
                                        "#bytes bounced",
                                        "what",
                                        NULL};
    JsonArray *all = sgb_json_array(run->json, "reconciliation");
    unsigned n = all ? json_array_get_length(all) : 0;
    SgbHtmlTable table;

    if (n == 0) {
        return;
    }
    begin_section(out, "Traces", n);
    table = sgb_html_table_begin(
        out, "The traced round, against what the initiator counted", heads);
    for (unsigned i = 0; i < n; i++) {
        JsonObject *row = json_array_get_object_element(all, i);
        char *cells[] = {
            g_strdup(sgb_json_string(row, "cell")),
            g_strdup(sgb_json_string(row, "result")),
            g_strdup_printf("%" G_GUINT64_FORMAT,
                            sgb_json_count(row, "trace_requests")),
            g_strdup_printf("%" G_GUINT64_FORMAT,
                            sgb_json_count(row, "direct")),
            g_strdup_printf("%" G_GUINT64_FORMAT,
                            sgb_json_count(row, "bounced")),
            g_strdup(sgb_json_string(row, "message")),
        };

        if (!cells[5]) {
            cells[5] = g_strdup("");
        }
        sgb_html_table_row(&table, NULL, cells);
    }
    sgb_html_table_end(&table);
    g_string_append(out, "</details>\n");
}

void sgb_html_tables(GString *out, const SgbRun *run)
{
    g_autoptr(GPtrArray) blocks = sgb_run_blocks(run);

    add_ratios(out, blocks);
    add_gains(out, blocks);
    add_figures(out, run, blocks);
    add_paths(out, run);
    add_traces(out, run);
}
