/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "table.h"
#include "cell.h"

#include <math.h>
#include <string.h>

#include "json.h"
#include "note.h"
#include "steady.h"
#include "text.h"

/* Columns of a note's label. */
#define LABEL 11

/* Intervals shown, and how many of them may be expected to miss their median. */
typedef struct Chance {
    unsigned shown;
    double misses;
} Chance;

/* What is noted while the ratios of a block are written. */
typedef struct Notes {
    gboolean indicative;   /* a ratio of fewer rounds than a verdict needs */
    GHashTable *coverages; /* n of ratios shown -> double * */
    Chance *chance;
} Notes;

static void add_column(GString *out, char *text, int width)
{
    sgb_text_pad(out, text, width);
    g_free(text);
}

static void add_row(GString *out, const SgbBlock *block, const SgbCell *cell)
{
    double throughput = sgb_cell_median(cell, sgb_cell_throughput(cell));
    double anon = sgb_cell_median(cell, SGB_FIGURE_ANON);
    g_autofree char *name = sgb_text_clean(cell->path, 17);
    g_autofree char *number = sgb_text_number(throughput);

    g_string_append(out, "  ");
    sgb_text_pad(out, name, -17);
    add_column(out,
               g_strconcat(
                   number,
                   block->machine_speed || isnan(throughput) ? " " : "*", NULL),
               9);
    add_column(out, sgb_cell_cpu_text(cell, FALSE, FALSE), 7);
    add_column(out, sgb_cell_cpu_text(cell, TRUE, FALSE), 7);
    add_column(out, sgb_text_number(sgb_cell_median(cell, SGB_FIGURE_FAULTS)),
               8);
    add_column(out, sgb_text_duration(sgb_cell_median(cell, SGB_FIGURE_P50)),
               9);
    add_column(out, sgb_text_duration(sgb_cell_quantile(cell, 0.99)), 9);
    add_column(out, sgb_text_ratio(anon / (1 << 20)), 6);
    if (block->kernel_sgio) {
        add_column(out,
                   isnan(cell->dio) ? g_strdup("-")
                                    : g_strdup_printf("%.0f", 100 * cell->dio),
                   5);
    }
    if (cell->failed) {
        g_string_append(out, " !");
    }
    g_string_append_c(out, '\n');
}

/* "p50 120 us, p99 1.3 ms"; the caller's. @h may be NULL. */
static char *quantiles_text(const SgbHistogram *h)
{
    uint64_t n = h ? h->count : 0;
    g_autofree char *p50 =
        sgb_text_duration(n ? sgb_histogram_quantile(h, .5) : NAN);
    g_autofree char *p99 = sgb_text_duration(
        n >= SGB_REQUESTS_FOR_P99 ? sgb_histogram_quantile(h, .99) : NAN);

    return g_strdup_printf("p50 %s, p99 %s", p50, p99);
}

/* READs and WRITEs of a mixed load apart. */
static void add_split(GString *out, const SgbCell *cell, const char *name)
{
    g_autofree char *reads = quantiles_text(cell->more[SGB_TIMES_READS]);
    g_autofree char *writes = quantiles_text(cell->more[SGB_TIMES_WRITES]);
    g_autofree char *text =
        g_strdup_printf("%s: reads %s; writes %s", name, reads, writes);

    sgb_text_paragraph(out, "", 4, text);
}

/* How regular a stream is, and whether it kept its rate. */
static void add_stream(GString *out, const SgbCell *cell, const char *name)
{
    g_autofree char *gap = quantiles_text(cell->more[SGB_TIMES_GAP]);
    g_autoptr(GString) text = g_string_new(NULL);

    g_string_printf(text, "%s: gap %s", name, gap);
    if (cell->more[SGB_TIMES_RESPONSE]) {
        g_autofree char *response =
            quantiles_text(cell->more[SGB_TIMES_RESPONSE]);

        g_string_append_printf(text, "; response %s", response);
    }
    if (cell->not_posted) {
        g_string_append_printf(
            text,
            "; RATE NOT KEPT: %" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT
            " commands that were due were not posted in time, and are in no "
            "figure",
            cell->not_posted, cell->due);
    }
    sgb_text_paragraph(out, "", 4, text->str);
}

/* What a row has no room for. */
static void add_notes(GString *out, const SgbBlock *block, const SgbCell *cell)
{
    g_autofree char *name = sgb_text_clean(cell->path, 40);
    unsigned not_steady = 0;

    if (cell->reads) {
        add_split(out, cell, name);
    }
    if (cell->more[SGB_TIMES_RESPONSE] || cell->more[SGB_TIMES_GAP]) {
        add_stream(out, cell, name);
    }
    if (cell->failed) {
        g_autofree char *text = g_strdup_printf(
            "! %s: %" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT
            " requests failed, these rounds are in no ratio%s%s",
            name, cell->failed, cell->failed + cell->requests,
            cell->failure ? ": " : "", cell->failure ? cell->failure : "");

        sgb_text_paragraph(out, "", 4, text);
    }
    for (unsigned i = 0; i < cell->samples->len; i++) {
        not_steady += sgb_sample_steady(g_ptr_array_index(cell->samples, i)) ==
                      SGB_STEADY_NOT;
    }
    if (not_steady) {
        g_string_append_printf(out, "    %s: not steady in %u of %u rounds\n",
                               name, not_steady, cell->samples->len);
    }
    if (cell->samples->len < block->run->rounds) {
        g_string_append_printf(out, "    %s: %u of %u rounds\n", name,
                               cell->samples->len, block->run->rounds);
    }
}

/* Note what the ratio says of itself, and write it. */
static char *ratio_text(Notes *notes, const SgbInterval *x)
{
    if (x->n) {
        g_hash_table_insert(notes->coverages, GUINT_TO_POINTER(x->n),
                            g_memdup2(&x->coverage, sizeof(x->coverage)));
        notes->indicative |= x->n < SGB_ROUNDS_FOR_VERDICT;
    }
    if (x->n > 1) {
        notes->chance->misses += 1 - x->coverage;
        notes->chance->shown++;
    }
    return sgb_ratio_text(x);
}

static void add_ratio(GString *out, Notes *notes, const SgbPair *pair)
{
    g_autofree char *text =
        g_strdup_printf("%s / %s%s", pair->over->path, pair->under->path,
                        pair->control ? " #" : "");
    g_autofree char *name = sgb_text_clean(text, 48);
    SgbInterval speed =
        sgb_ratio(pair->over, pair->under, sgb_cell_throughput(pair->over));
    SgbInterval cpu =
        sgb_ratio(pair->over, pair->under, sgb_cell_cpu(pair->over));
    unsigned n = MIN(speed.n, cpu.n);

    g_string_append(out, "  ");
    sgb_text_pad(out, name, -34);
    add_column(out, ratio_text(notes, &speed), 20);
    add_column(out, ratio_text(notes, &cpu), 19);
    g_string_append_printf(out, "%4u%s\n", n,
                           n < SGB_ROUNDS_FOR_VERDICT ? "?" : "");
}

static int compare_numbers(gconstpointer a, gconstpointer b)
{
    return GPOINTER_TO_UINT(a) < GPOINTER_TO_UINT(b) ? 1 : -1;
}

static void add_coverage(GString *out, const Notes *notes)
{
    g_autoptr(GString) text =
        g_string_new("The interval covers the median with");
    g_autoptr(GList) counts =
        g_list_sort(g_hash_table_get_keys(notes->coverages), compare_numbers);
    unsigned shown = 0;

    for (GList *l = counts; l; l = l->next) {
        const double *coverage = g_hash_table_lookup(notes->coverages, l->data);

        if (*coverage <= 0) {
            continue; /* one pair */
        }

        /* Cut, not rounded: a claim must not be larger than it is. */
        g_string_append_printf(text, "%s %.1f %% (n %u)", shown++ ? "," : "",
                               floor(*coverage * 1000) / 10,
                               GPOINTER_TO_UINT(l->data));
    }
    g_string_append_c(text, '.');
    if (shown) {
        sgb_text_paragraph(out, "", 2, text->str);
    }
}

static void add_ratios(GString *out, const SgbBlock *block, Chance *chance)
{
    g_autoptr(GArray) pairs = sgb_block_pairs(block);
    g_autoptr(GHashTable) coverages =
        g_hash_table_new_full(NULL, NULL, NULL, g_free);
    Notes notes = {.coverages = coverages, .chance = chance};

    if (!block->comparable) {
        g_string_append(out, "  no ratios: the lab tells no paths apart below "
                             "256 KiB\n");
        return;
    }
    if (pairs->len == 0) {
        return;
    }
    g_string_append(out, "  ratios, median of pairs [interval]"
                         "          throughput                CPU   n\n");
    for (unsigned i = 0; i < pairs->len; i++) {
        add_ratio(out, &notes, &g_array_index(pairs, SgbPair, i));
    }
    add_coverage(out, &notes);
    if (notes.indicative) {
        g_string_append_printf(out, "  ? INDICATIVE: fewer than %d rounds\n",
                               SGB_ROUNDS_FOR_VERDICT);
    }
}

static void add_block(GString *out, const SgbBlock *block, Chance *chance)
{
    g_autofree char *workload = sgb_cell_workload(block->first);

    g_string_append_c(out, '\n');
    sgb_text_paragraph(out, "", 0, workload);
    g_string_append_printf(out, "  %-17s%9s%7s%7s%8s%9s%9s%6s%s\n", "path",
                           block->first->moves_data ? "MB/s " : "req/s ",
                           block->first->moves_data ? "s/GiB" : "us/rq", "+all",
                           "faults", "p50", "p99", "MiB",
                           block->kernel_sgio ? " dio%" : "");
    for (unsigned i = 0; i < block->cells->len; i++) {
        add_row(out, block, g_ptr_array_index(block->cells, i));
    }
    for (unsigned i = 0; i < block->cells->len; i++) {
        add_notes(out, block, g_ptr_array_index(block->cells, i));
    }
    add_ratios(out, block, chance);
}

static void add_paragraphs(GString *out, GPtrArray *notes, const char *margin)
{
    for (unsigned i = 0; i < notes->len; i++) {
        const SgbNote *note = g_ptr_array_index(notes, i);
        g_autofree char *label = g_strconcat(margin, note->label, NULL);

        sgb_text_paragraph(out, label, LABEL, note->text);
    }
}

void sgb_table_head(GString *out, const SgbRun *run)
{
    g_autoptr(GPtrArray) notes = sgb_run_notes(run);

    add_paragraphs(out, notes, "");
}

/* All samples by whether they are steady. */
static void add_steady(GString *out, const SgbRun *run)
{
    unsigned counts[SGB_STEADY__COUNT] = {0}, all = 0;
    g_autofree char *text = NULL;

    for (unsigned i = 0; i < run->cells->len; i++) {
        const SgbCell *cell = g_ptr_array_index(run->cells, i);

        for (unsigned j = 0; j < cell->samples->len; j++) {
            counts[sgb_sample_steady(g_ptr_array_index(cell->samples, j))]++;
            all++;
        }
    }
    if (!all) {
        return;
    }
    text = g_strdup_printf(
        "Steady: %u of %u cells of a round are, %u are not, of %u it cannot be "
        "told (too short, or too few requests). All are in the figures.",
        counts[SGB_STEADY], all, counts[SGB_STEADY_NOT],
        counts[SGB_STEADY_UNKNOWN]);
    g_string_append_c(out, '\n');
    sgb_text_paragraph(out, "", 0, text);
}

void sgb_table_body(GString *out, const SgbRun *run)
{
    g_autoptr(GPtrArray) blocks = sgb_run_blocks(run);
    const char *target = NULL;
    Chance chance = {0};

    for (unsigned i = 0; i < blocks->len; i++) {
        const SgbBlock *block = g_ptr_array_index(blocks, i);

        if (g_strcmp0(target, block->first->target) != 0) {
            g_autofree char *name = sgb_text_clean(block->first->target, 60);

            g_string_append_printf(out, "\nTARGET %s\n", name);
            if (block->target) {
                g_autoptr(GPtrArray) notes = sgb_target_notes(block->target);

                add_paragraphs(out, notes, "  ");
                sgb_table_logs(out, block->run, block->first->target);
            }
            if (!block->timed) {
                g_string_append(out, "  verified, not timed\n");
            }
            target = block->first->target;
        }
        if (block->timed) {
            add_block(out, block, &chance);
        }
    }
    add_steady(out, run);
    if (chance.shown) {
        g_autofree char *text = g_strdup_printf(
            "Of the %u intervals above about %.1f must be expected to miss "
            "their median by chance: one that just leaves out 1 proves "
            "nothing alone.",
            chance.shown, chance.misses);

        g_string_append_c(out, '\n');
        sgb_text_paragraph(out, "", 0, text);
    }
}
