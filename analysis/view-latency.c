/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Log2 histograms of the whole and of each stage, as biolatency prints them. */
#include "format.h"
#include "view.h"

#define BAR_WIDTH 38

/* Values from 2^i to 2^(i+1) - 1 ns; [0] has 0, too. */
typedef struct Log2 {
    uint64_t count[64];
    unsigned first, last; /* that have any */
    uint64_t max;
} Log2;

static void fold(Log2 *log, const SgbHistogram *h)
{
    *log = (Log2){.first = 63};
    for (unsigned i = 0; i < SGB_HISTOGRAM_BUCKETS; i++) {
        uint64_t lower = sgb_histogram_lower(i);
        unsigned bit = lower ? 63 - __builtin_clzll(lower) : 0;

        if (h->buckets[i]) {
            log->count[bit] += h->buckets[i];
            log->first = MIN(log->first, bit);
            log->last = MAX(log->last, bit);
            log->max = MAX(log->max, log->count[bit]);
        }
    }
}

static void append_histogram(GString *to, const char *name,
                             const SgbHistogram *h)
{
    Log2 log;

    if (!h->count) {
        return;
    }
    fold(&log, h);
    g_string_append_printf(to, "\n  %s\n", name);
    g_string_append_printf(to, "  %24s : %-10s distribution\n", "ns", "count");
    for (unsigned i = log.first; i <= log.last; i++) {
        uint64_t low = i ? UINT64_C(1) << i : 0;
        uint64_t high = i == 63 ? UINT64_MAX : (UINT64_C(2) << i) - 1;
        unsigned stars = log.count[i] * (double)BAR_WIDTH / log.max + .5;

        g_string_append_printf(to,
                               "  %10" G_GUINT64_FORMAT
                               " -> %-10" G_GUINT64_FORMAT
                               " : %-10" G_GUINT64_FORMAT " |",
                               low, high, log.count[i]);
        for (unsigned j = 0; j < BAR_WIDTH; j++) {
            g_string_append_c(to, j < stars ? '*' : ' ');
        }
        g_string_append(to, "|\n");
    }
}

static void append_group(GString *to, const SgbMetrics *m, const char *name)
{
    g_string_append(to, name);
    append_histogram(to, "total", m->total);
    for (unsigned i = 0; i < SGB_STAGE__COUNT; i++) {
        g_autofree char *stage =
            g_strconcat("time to ", sgb_stage_name(i), NULL);

        append_histogram(to, stage, m->stage[i]);
    }
}

static void text(const SgbAnalysis *a, GString *to)
{
    sgb_view_each_group(a, to, append_group);
}

static void add_histogram(JsonBuilder *to, const char *name,
                          const SgbHistogram *h)
{
    Log2 log;

    if (!h->count) {
        return;
    }
    fold(&log, h);
    json_builder_set_member_name(to, name);
    json_builder_begin_array(to);
    for (unsigned i = log.first; i <= log.last; i++) {
        json_builder_begin_object(to);
        sgb_view_add_integer(to, "from_ns", i ? INT64_C(1) << i : 0);
        sgb_view_add_integer(to, "count", log.count[i]);
        json_builder_end_object(to);
    }
    json_builder_end_array(to);
}

static void json(const SgbAnalysis *a, JsonBuilder *to)
{
    g_autoptr(GPtrArray) sorted = sgb_analysis_sorted(a);

    json_builder_set_member_name(to, "latency");
    json_builder_begin_array(to);
    for (unsigned i = 0; i < sorted->len; i++) {
        const SgbGroup *group = g_ptr_array_index(sorted, i);
        g_autofree char *name = sgb_group_name(group);

        json_builder_begin_object(to);
        sgb_view_add_string(to, "group", name);
        add_histogram(to, "total", group->metrics->total);
        for (unsigned j = 0; j < SGB_STAGE__COUNT; j++) {
            add_histogram(to, sgb_stage_identifier(j),
                          group->metrics->stage[j]);
        }
        json_builder_end_object(to);
    }
    json_builder_end_array(to);
}

const SgbView sgb_view_latency = {
    .name = "latency",
    .help = "log2 histograms of the total and of each stage",
    .text = text,
    .json = json,
};
