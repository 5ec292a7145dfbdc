/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "table.h"

#include <math.h>
#include <string.h>

#include "json.h"
#include "text.h"

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
};

/* Where a block's cells are and what may be said of them. */
/* Intervals shown, and how many of them may be expected to miss their median. */
typedef struct Chance {
    unsigned shown;
    double misses;
} Chance;

typedef struct Block {
    const SgbRun *run;
    GPtrArray *cells; /* const SgbCell *, in the job's order of paths */
    gboolean machine_speed;
    gboolean kernel_sgio;
    gboolean indicative;   /* a ratio of fewer rounds than a verdict needs */
    GHashTable *coverages; /* n of ratios shown -> double * */
    Chance *chance;
} Block;

static JsonObject *find_named(const SgbRun *run, const char *array,
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

static double median_of(const SgbCell *cell, SgbFigure figure)
{
    g_autoptr(GArray) values = g_array_new(FALSE, FALSE, sizeof(double));

    for (unsigned i = 0; i < cell->samples->len; i++) {
        const SgbSample *s = g_ptr_array_index(cell->samples, i);

        if (isfinite(s->figures[figure])) {
            g_array_append_val(values, s->figures[figure]);
        }
    }
    return sgb_median((const double *)(void *)values->data, values->len);
}

typedef struct Pooled {
    uint64_t requests, failed;
    double dio; /* share, NAN if not known */
    const char *failure;
    double p99;
} Pooled;

static Pooled pool(const SgbCell *cell)
{
    g_autoptr(SgbHistogram) latency = sgb_histogram_new();
    Pooled p = {.p99 = NAN, .dio = cell->dio};
    uint64_t dio = 0;
    gboolean native = FALSE;

    for (unsigned i = 0; i < cell->samples->len; i++) {
        const SgbSample *s = g_ptr_array_index(cell->samples, i);

        sgb_histogram_merge(latency, s->latency);
        p.requests += s->requests;
        p.failed += s->failed;
        dio += s->dio_requests;
        native |= isnan(s->figures[SGB_FIGURE_FAULTS]); /* no QEMU */
        if (!p.failure) {
            p.failure = s->failure;
        }
    }
    if (native && p.requests) {
        p.dio = (double)dio / p.requests;
    }
    if (latency->count >= SGB_REQUESTS_FOR_P99) {
        p.p99 = sgb_histogram_quantile(latency, 0.99);
    }
    return p;
}

static void add_column(GString *out, char *text, int width)
{
    sgb_text_pad(out, text, width);
    g_free(text);
}

static void add_row(GString *out, const Block *block, const SgbCell *cell)
{
    Pooled p = pool(cell);
    double throughput = median_of(cell, SGB_FIGURE_THROUGHPUT);
    double anon = median_of(cell, SGB_FIGURE_ANON);
    g_autofree char *name = sgb_text_clean(cell->path, 17);
    g_autofree char *number = sgb_text_number(throughput);

    g_string_append(out, "  ");
    sgb_text_pad(out, name, -17);
    add_column(out,
               g_strconcat(
                   number,
                   block->machine_speed || isnan(throughput) ? " " : "*", NULL),
               9);
    add_column(out, sgb_text_number(median_of(cell, SGB_FIGURE_CPU)), 7);
    add_column(out, sgb_text_number(median_of(cell, SGB_FIGURE_CPU_ALL)), 7);
    add_column(out, sgb_text_number(median_of(cell, SGB_FIGURE_FAULTS)), 8);
    add_column(out, sgb_text_duration(median_of(cell, SGB_FIGURE_P50)), 9);
    add_column(out, sgb_text_duration(p.p99), 9);
    add_column(out, sgb_text_ratio(anon / (1 << 20)), 6);
    if (block->kernel_sgio) {
        add_column(out,
                   isnan(p.dio) ? g_strdup("-")
                                : g_strdup_printf("%.0f", 100 * p.dio),
                   5);
    }
    if (p.failed) {
        g_string_append(out, " !");
    }
    g_string_append_c(out, '\n');
}

/* What a row has no room for. */
static void add_notes(GString *out, const Block *block, const SgbCell *cell)
{
    Pooled p = pool(cell);
    g_autofree char *name = sgb_text_clean(cell->path, 40);

    if (p.failed) {
        g_autofree char *text = g_strdup_printf(
            "! %s: %" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT
            " requests failed, these rounds are in no ratio%s%s",
            name, p.failed, p.failed + p.requests, p.failure ? ": " : "",
            p.failure ? p.failure : "");

        sgb_text_paragraph(out, "", 4, text);
    }
    if (cell->samples->len < block->run->rounds) {
        g_string_append_printf(out, "    %s: %u of %u rounds\n", name,
                               cell->samples->len, block->run->rounds);
    }
}

/* "~1.02 [0.98, 1.07]"; ~ where no difference is shown. */
static char *ratio_text(Block *block, const SgbInterval *x)
{
    g_autofree char *median = sgb_text_ratio(x->median);
    g_autofree char *low = sgb_text_ratio(x->low);
    g_autofree char *high = sgb_text_ratio(x->high);

    if (x->n == 0) {
        return g_strdup("-");
    }
    g_hash_table_insert(block->coverages, GUINT_TO_POINTER(x->n),
                        g_memdup2(&x->coverage, sizeof(x->coverage)));
    block->indicative |= x->n < SGB_ROUNDS_FOR_VERDICT;
    if (x->n > 1) {
        block->chance->misses += 1 - x->coverage;
        block->chance->shown++;
    }
    if (x->n == 1) {
        return g_strdup_printf("%s [one pair]", median);
    }
    return g_strdup_printf("%s%s [%s, %s]",
                           x->low <= 1 && 1 <= x->high ? "~" : "", median, low,
                           high);
}

static const SgbCell *cell_of(const Block *block, const char *path)
{
    for (unsigned i = 0; i < block->cells->len; i++) {
        const SgbCell *cell = g_ptr_array_index(block->cells, i);

        if (strcmp(cell->path, path) == 0) {
            return cell;
        }
    }
    return NULL;
}

static void add_ratio(GString *out, Block *block, const char *over,
                      const char *under, const char *what)
{
    const SgbCell *a = cell_of(block, over), *b = cell_of(block, under);
    g_autofree char *text = g_strdup_printf("%s / %s%s", over, under, what);
    g_autofree char *name = sgb_text_clean(text, 48);
    SgbInterval speed, cpu;
    unsigned n;

    if (!a || !b) {
        return;
    }
    if (block->coverages == NULL) {
        block->coverages = g_hash_table_new_full(NULL, NULL, NULL, g_free);
        g_string_append(out, "  ratios, median of pairs [interval]"
                             "          throughput                CPU   n\n");
    }
    speed = sgb_ratio(a, b, SGB_FIGURE_THROUGHPUT);
    cpu = sgb_ratio(a, b, SGB_FIGURE_CPU);
    g_string_append(out, "  ");
    sgb_text_pad(out, name, -34);
    add_column(out, ratio_text(block, &speed), 20);
    add_column(out, ratio_text(block, &cpu), 19);
    n = MIN(speed.n, cpu.n);
    g_string_append_printf(out, "%4u%s\n", n,
                           n < SGB_ROUNDS_FOR_VERDICT ? "?" : "");
}

static int compare_numbers(gconstpointer a, gconstpointer b)
{
    return GPOINTER_TO_UINT(a) < GPOINTER_TO_UINT(b) ? 1 : -1;
}

static void add_ratios(GString *out, Block *block)
{
    const SgbCell *first = g_ptr_array_index(block->cells, 0);
    JsonArray *paths = sgb_json_array(block->run->json, "paths");
    JsonObject *environment = sgb_json_object(block->run->json, "environment");
    g_autoptr(GList) counts = NULL;
    g_autoptr(GString) text = NULL;
    unsigned shown = 0;

    if (sgb_json_boolean(environment, "lab") && !block->machine_speed &&
        first->size < SGB_LAB_SMALLEST_RATIO) {
        g_string_append(out, "  no ratios: the lab tells no paths apart below "
                             "256 KiB\n");
        return;
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(pairs); i++) {
        add_ratio(out, block, pairs[i].over, pairs[i].under, "");
    }
    for (unsigned i = 0; i < json_array_get_length(paths); i++) {
        JsonObject *path = json_array_get_object_element(paths, i);
        const char *of = sgb_json_string(path, "control_of");

        if (of) {
            add_ratio(out, block, sgb_json_string(path, "name"), of, " #");
        }
    }
    if (!block->coverages) {
        return;
    }
    counts =
        g_list_sort(g_hash_table_get_keys(block->coverages), compare_numbers);
    text = g_string_new("The interval covers the median with");
    for (GList *l = counts; l; l = l->next) {
        const double *coverage = g_hash_table_lookup(block->coverages, l->data);

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
    if (block->indicative) {
        g_string_append_printf(out, "  ? INDICATIVE: fewer than %d rounds\n",
                               SGB_ROUNDS_FOR_VERDICT);
    }
}

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

static void add_block(GString *out, const SgbRun *run, const SgbCell *first,
                      JsonObject *capabilities, Chance *chance)
{
    g_autoptr(GPtrArray) cells = collect(run, first);
    g_autofree char *size = sgb_text_bytes(first->size);
    g_autofree char *operation = sgb_text_clean(first->operation, 20);
    g_autofree char *layout = sgb_text_clean(first->layout, 20);
    Block block = {
        .run = run,
        .cells = cells,
        .chance = chance,
        .machine_speed =
            capabilities && sgb_json_boolean(capabilities, "machine_speed"),
        .kernel_sgio =
            capabilities && sgb_json_boolean(capabilities, "kernel_sgio"),
    };

    g_string_append_printf(out, "\n%s %s, depth %u, %s memory", operation, size,
                           first->depth, layout);
    if (first->cdb_size != 10) {
        g_string_append_printf(out, ", %d-byte CDB", first->cdb_size);
    }
    if (first->tape_block) {
        g_autofree char *block_size = sgb_text_bytes(first->tape_block);
        g_string_append_printf(out, ", fixed %s", block_size);
    }
    if (first->filemarks) {
        g_autofree char *every = sgb_text_bytes(first->filemarks);
        g_string_append_printf(out, ", filemarks %s", every);
    }
    g_string_append_printf(out, "\n  %-17s%9s%7s%7s%8s%9s%9s%6s%s\n", "path",
                           "MB/s ", "s/GiB", "+all", "faults", "p50", "p99",
                           "MiB", block.kernel_sgio ? " dio%" : "");
    for (unsigned i = 0; i < cells->len; i++) {
        add_row(out, &block, g_ptr_array_index(cells, i));
    }
    for (unsigned i = 0; i < cells->len; i++) {
        add_notes(out, &block, g_ptr_array_index(cells, i));
    }
    add_ratios(out, &block);
    g_clear_pointer(&block.coverages, g_hash_table_unref);
}

static char *settings_text(JsonObject *settings)
{
    g_autoptr(GList) names = json_object_get_members(settings);
    GString *text = g_string_new(NULL);

    names = g_list_sort(names, (GCompareFunc)strcmp);
    for (GList *l = names; l; l = l->next) {
        JsonNode *node = json_object_get_member(settings, l->data);

        if (JSON_NODE_HOLDS_VALUE(node) &&
            json_node_get_value_type(node) == G_TYPE_STRING) {
            g_string_append_printf(text, "%s%s=%s", text->len ? " " : "",
                                   (char *)l->data, json_node_get_string(node));
        }
    }
    return g_string_free(text, FALSE);
}

/* The shape of the medium; the caller's. A tape has no number of blocks, and
 * its block size is the largest it takes. */
static char *medium_text(JsonObject *identity)
{
    uint64_t block_size = sgb_json_count(identity, "block_size");
    uint64_t blocks = sgb_json_count(identity, "blocks");
    g_autofree char *size = sgb_text_bytes(block_size);

    if (!blocks) {
        return g_strdup_printf("blocks of up to %s", size);
    }
    return g_strdup_printf("%" G_GUINT64_FORMAT "-byte blocks, %.1f MiB",
                           block_size, (double)blocks * block_size / (1 << 20));
}

static void add_target(GString *out, JsonObject *target)
{
    JsonObject *caps = sgb_json_object(target, "capabilities");
    JsonObject *identity = sgb_json_object(target, "identity");
    g_autofree char *medium = medium_text(identity);
    g_autofree char *settings =
        settings_text(sgb_json_object(target, "settings"));
    g_autofree char *largest =
        sgb_text_bytes(sgb_json_count(caps, "max_transfer"));
    g_autofree char *who =
        g_strdup_printf("%s, %s %s %s, %s", sgb_json_string(target, "kind"),
                        sgb_json_string(identity, "vendor"),
                        sgb_json_string(identity, "product"),
                        sgb_json_string(identity, "revision"), medium);
    g_autofree char *can = g_strdup_printf(
        "%s; %s; %s; %s; depth %" G_GUINT64_FORMAT ", %s a command",
        sgb_json_boolean(caps, "stores_data") ? "stores data"
                                              : "stores no data",
        sgb_json_boolean(caps, "reports_resid") ? "resid reported"
                                                : "resid not reported",
        sgb_json_boolean(caps, "kernel_sgio") ? "the kernel's SG_IO"
                                              : "no kernel SG_IO",
        sgb_json_boolean(caps, "machine_speed") ? "machine speed"
                                                : "NOT MACHINE SPEED (lab)",
        sgb_json_count(caps, "max_depth"), largest);

    sgb_text_paragraph(out, "  what", 11, who);
    sgb_text_paragraph(out, "  can", 11, can);
    if (*settings) {
        sgb_text_paragraph(out, "  set", 11, settings);
    }
    sgb_text_paragraph(out, "  good for", 11,
                       sgb_json_string(caps, "verdicts"));
}

static gboolean seen_before(const SgbRun *run, unsigned index,
                            gboolean (*same)(const SgbCell *a,
                                             const SgbCell *b))
{
    for (unsigned i = 0; i < index; i++) {
        if (same(g_ptr_array_index(run->cells, i),
                 g_ptr_array_index(run->cells, index))) {
            return TRUE;
        }
    }
    return FALSE;
}

static gboolean same_target(const SgbCell *a, const SgbCell *b)
{
    return strcmp(a->target, b->target) == 0;
}

void sgb_table_body(GString *out, const SgbRun *run)
{
    Chance chance = {0};

    for (unsigned t = 0; t < run->cells->len; t++) {
        const SgbCell *of = g_ptr_array_index(run->cells, t);
        g_autofree char *name = sgb_text_clean(of->target, 60);
        JsonObject *target = find_named(run, "targets", of->target);

        if (seen_before(run, t, same_target)) {
            continue;
        }
        g_string_append_printf(out, "\nTARGET %s\n", name);
        if (target) {
            add_target(out, target);
        }
        for (unsigned i = t; i < run->cells->len; i++) {
            const SgbCell *cell = g_ptr_array_index(run->cells, i);

            if (same_target(cell, of) &&
                !seen_before(run, i, sgb_cells_alike)) {
                add_block(out, run, cell,
                          target ? sgb_json_object(target, "capabilities")
                                 : NULL,
                          &chance);
            }
        }
    }
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
