/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "block.h"
#include "cell.h"

#include <math.h>
#include <string.h>

#include "cell.h"
#include "figure.h"
#include "json.h"
#include "text.h"

/* The level that intervals are to reach. */
#define LEVEL 0.95

/* Which ratios are shown where both paths are there. Bounce is today; notrim
 * and pool are today without what the allocator costs; block is the
 * alternative for disks. */
static const struct {
    const char *over, *under;
} pairs[] = {
    {"generic-zerocopy", "generic-bounce"},
    {"generic-zerocopy", "generic-notrim"},
    {"generic-zerocopy", "generic-pool"},
    {"generic-zerocopy", "block"},
    {"generic-off", "generic-bounce"},
    {"block-series", "block"},
    {"raw-series", "raw-baseline"},
};

JsonObject *sgb_run_named(const SgbRun *run, const char *array,
                          const char *name)
{
    JsonArray *all = sgb_json_array(run->json, array);

    for (unsigned i = 0; i < json_array_get_length(all); i++) {
        JsonObject *object = json_array_get_object_element(all, i);

        if (strcmp(sgb_json_string(object, "name"), name) == 0) {
            return object;
        }
    }
    return NULL;
}

static char *describe(const SgbCell *cell, const char *size)
{
    g_autofree char *operation = sgb_text_clean(cell->operation, 20);
    g_autofree char *layout = sgb_text_clean(cell->layout, 20);
    GString *out = g_string_new(NULL);

    g_string_append_printf(out, "%s%s%s%s, depth %u",
                           cell->random ? "random " : "", operation,
                           *size ? " " : "", size, cell->depth);
    if (cell->moves_data) {
        g_string_append_printf(out, ", %s memory", layout);
    }
    if (cell->reads) {
        g_string_append_printf(out, ", %u %% reads", cell->reads);
    }
    if (cell->shift) {
        g_autofree char *shift = sgb_text_bytes(cell->shift);

        g_string_append_printf(out, ", shifted by %s", shift);
    }
    if (cell->rate) {
        g_autofree char *rate = sgb_text_bytes(cell->rate);

        g_string_append_printf(out, ", fed %s/s", rate);
    }
    if (cell->data) {
        g_autofree char *data = sgb_text_clean(cell->data, 20);

        g_string_append_printf(out, ", %s data", data);
    }
    if (cell->cdb_size != 10) {
        g_string_append_printf(out, ", %d-byte CDB", cell->cdb_size);
    }
    if (cell->tape_block) {
        g_autofree char *block_size = sgb_text_bytes(cell->tape_block);

        g_string_append_printf(out, ", fixed %s", block_size);
    }
    if (cell->filemarks) {
        g_autofree char *every = sgb_text_bytes(cell->filemarks);

        g_string_append_printf(out, ", filemarks %s", every);
    }
    if (cell->hba) {
        g_autofree char *hba = sgb_text_clean(cell->hba, 20);

        g_string_append_printf(out, ", %s", hba);
    }
    return g_string_free(out, FALSE);
}

char *sgb_cell_workload(const SgbCell *cell)
{
    g_autofree char *size = sgb_text_bytes(cell->size);

    return describe(cell, size);
}

char *sgb_cell_group(const SgbCell *cell)
{
    return describe(cell, "");
}

/* ---- figures of a cell ---- */

static GArray *figures_of(const SgbCell *cell, SgbFigure figure)
{
    GArray *values = g_array_new(FALSE, FALSE, sizeof(double));

    for (unsigned i = 0; i < cell->samples->len; i++) {
        const SgbSample *s = g_ptr_array_index(cell->samples, i);

        if (isfinite(s->figures[figure])) {
            g_array_append_val(values, s->figures[figure]);
        }
    }
    return values;
}

SgbInterval sgb_cell_interval(const SgbCell *cell, SgbFigure figure)
{
    g_autoptr(GArray) values = figures_of(cell, figure);

    return sgb_median_interval((const double *)(void *)values->data,
                               values->len, LEVEL);
}

double sgb_cell_median(const SgbCell *cell, SgbFigure figure)
{
    g_autoptr(GArray) values = figures_of(cell, figure);

    return sgb_median((const double *)(void *)values->data, values->len);
}

static char *figure_text(const SgbCell *cell, SgbFigure figure,
                         gboolean interval)
{
    double scale = sgb_figure_kinds[figure].scale;
    SgbInterval x = sgb_cell_interval(cell, figure);
    g_autofree char *median = sgb_text_number(x.median * scale);
    g_autofree char *low = sgb_text_number(x.low * scale);
    g_autofree char *high = sgb_text_number(x.high * scale);

    return interval && x.n > 1
               ? g_strdup_printf("%s [%s, %s]", median, low, high)
               : g_strdup(median);
}

char *sgb_cell_throughput_text(const SgbCell *cell, gboolean interval)
{
    return figure_text(cell, sgb_cell_throughput(cell), interval);
}

char *sgb_cell_cpu_text(const SgbCell *cell, gboolean all, gboolean interval)
{
    SgbFigure of_all =
        cell->moves_data ? SGB_FIGURE_CPU_ALL : SGB_FIGURE_CPU_ALL_REQUEST;

    return figure_text(cell, all ? of_all : sgb_cell_cpu(cell), interval);
}

double sgb_cell_quantile(const SgbCell *cell, double q)
{
    double needed = SGB_REQUESTS_FOR_P99 * 0.01 / (1 - q);

    return cell->latency->count + 0.5 < needed
               ? NAN
               : sgb_histogram_quantile(cell->latency, q);
}

static const SgbSample *sample_of_round(const SgbCell *cell, unsigned round)
{
    for (unsigned i = 0; i < cell->samples->len; i++) {
        const SgbSample *s = g_ptr_array_index(cell->samples, i);

        if (s->round == round) {
            return s;
        }
    }
    return NULL;
}

static gboolean usable(const SgbSample *s, SgbFigure figure)
{
    return s && s->failed == 0 && isfinite(s->figures[figure]) &&
           s->figures[figure] > 0;
}

static double divide(double a, double b)
{
    return a / b;
}

static double subtract(double a, double b)
{
    return a - b;
}

static SgbInterval paired(const SgbCell *over, const SgbCell *under,
                          SgbFigure figure, double (*of)(double a, double b))
{
    g_autoptr(GArray) values = g_array_new(FALSE, FALSE, sizeof(double));

    for (unsigned i = 0; i < over->samples->len; i++) {
        const SgbSample *a = g_ptr_array_index(over->samples, i);
        const SgbSample *b = sample_of_round(under, a->round);

        if (usable(a, figure) && usable(b, figure)) {
            double value = of(a->figures[figure], b->figures[figure]);

            g_array_append_val(values, value);
        }
    }
    return sgb_median_interval((const double *)(void *)values->data,
                               values->len, LEVEL);
}

SgbInterval sgb_ratio(const SgbCell *over, const SgbCell *under,
                      SgbFigure figure)
{
    return paired(over, under, figure, divide);
}

SgbInterval sgb_difference(const SgbCell *over, const SgbCell *under,
                           SgbFigure figure)
{
    return paired(over, under, figure, subtract);
}

char *sgb_ratio_text(const SgbInterval *x)
{
    g_autofree char *median = sgb_text_ratio(x->median);
    g_autofree char *low = sgb_text_ratio(x->low);
    g_autofree char *high = sgb_text_ratio(x->high);

    if (x->n == 0) {
        return g_strdup("-");
    }
    if (x->n == 1) {
        return g_strdup_printf("%s [one pair]", median);
    }
    return g_strdup_printf("%s%s [%s, %s]",
                           x->low <= 1 && 1 <= x->high ? "~" : "", median, low,
                           high);
}

/* ---- blocks ---- */

/* The cells that differ from @first in their path only. */
static GPtrArray *collect(const SgbRun *run, const SgbCell *first)
{
    GPtrArray *cells = g_ptr_array_new();
    JsonArray *paths = sgb_json_array(run->json, "paths");

    for (unsigned p = 0; p < json_array_get_length(paths); p++) {
        const char *name =
            sgb_json_string(json_array_get_object_element(paths, p), "name");
        const SgbCell *cell = sgb_run_sibling(run, first, name);

        if (cell && !g_ptr_array_find(cells, cell, NULL)) {
            g_ptr_array_add(cells, (void *)cell);
        }
    }
    for (unsigned i = 0; i < run->cells->len; i++) {
        SgbCell *cell = g_ptr_array_index(run->cells, i);

        if (sgb_cells_alike(cell, first) &&
            !g_ptr_array_find(cells, cell, NULL)) {
            g_ptr_array_add(cells, cell);
        }
    }
    return cells;
}

static void block_free(gpointer data)
{
    SgbBlock *block = data;

    g_ptr_array_unref(block->cells);
    g_free(block);
}

static SgbBlock *block_new(const SgbRun *run, const SgbCell *first)
{
    SgbBlock *block = g_new0(SgbBlock, 1);
    JsonObject *environment = sgb_json_object(run->json, "environment");
    JsonObject *caps;

    block->run = run;
    block->first = first;
    block->cells = collect(run, first);
    block->target = sgb_run_named(run, "targets", first->target);
    caps =
        block->target ? sgb_json_object(block->target, "capabilities") : NULL;
    block->machine_speed = caps && sgb_json_boolean(caps, "machine_speed");
    block->kernel_sgio = caps && sgb_json_boolean(caps, "kernel_sgio");
    block->stores_data = caps && sgb_json_boolean(caps, "stores_data");
    block->timed = !caps || !json_object_has_member(caps, "timed") ||
                   sgb_json_boolean(caps, "timed");
    block->comparable = !sgb_json_boolean(environment, "lab") ||
                        block->machine_speed ||
                        first->size >= SGB_LAB_SMALLEST_RATIO;
    return block;
}

GPtrArray *sgb_run_blocks(const SgbRun *run)
{
    GPtrArray *blocks = g_ptr_array_new_with_free_func(block_free);
    g_autoptr(GHashTable) done = g_hash_table_new(NULL, NULL);

    for (unsigned t = 0; t < run->cells->len; t++) {
        const SgbCell *of = g_ptr_array_index(run->cells, t);

        for (unsigned i = t; i < run->cells->len; i++) {
            const SgbCell *cell = g_ptr_array_index(run->cells, i);
            SgbBlock *block;

            if (g_hash_table_contains(done, cell) ||
                strcmp(cell->target, of->target) != 0) {
                continue;
            }
            block = block_new(run, cell);
            g_ptr_array_add(blocks, block);
            for (unsigned j = 0; j < block->cells->len; j++) {
                g_hash_table_add(done, g_ptr_array_index(block->cells, j));
            }
        }
    }
    return blocks;
}

const SgbCell *sgb_block_cell(const SgbBlock *block, const char *path)
{
    for (unsigned i = 0; i < block->cells->len; i++) {
        const SgbCell *cell = g_ptr_array_index(block->cells, i);

        if (strcmp(cell->path, path) == 0) {
            return cell;
        }
    }
    return NULL;
}

static void add_pair(GArray *all, const SgbBlock *block, const char *over,
                     const char *under, gboolean control)
{
    SgbPair pair = {sgb_block_cell(block, over), sgb_block_cell(block, under),
                    control};

    if (pair.over && pair.under) {
        g_array_append_val(all, pair);
    }
}

GArray *sgb_block_pairs(const SgbBlock *block)
{
    JsonArray *paths = sgb_json_array(block->run->json, "paths");
    GArray *all = g_array_new(FALSE, FALSE, sizeof(SgbPair));

    if (!block->comparable || !block->timed) {
        return all;
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(pairs); i++) {
        add_pair(all, block, pairs[i].over, pairs[i].under, FALSE);
    }
    for (unsigned i = 0; i < json_array_get_length(paths); i++) {
        JsonObject *path = json_array_get_object_element(paths, i);
        const char *of = sgb_json_string(path, "control_of");

        if (of) {
            add_pair(all, block, sgb_json_string(path, "name"), of, TRUE);
        }
    }
    return all;
}
