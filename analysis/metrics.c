/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "metrics.h"

SgbMetrics *sgb_metrics_new(const char *cell, uint32_t round)
{
    SgbMetrics *m = g_new0(SgbMetrics, 1);

    m->cell = g_strdup(cell);
    m->round = round;
    for (unsigned i = 0; i < SGB_STAGE__COUNT; i++) {
        m->stage[i] = sgb_histogram_new();
    }
    m->total = sgb_histogram_new();
    return m;
}

void sgb_metrics_free(SgbMetrics *m)
{
    if (!m) {
        return;
    }
    for (unsigned i = 0; i < SGB_STAGE__COUNT; i++) {
        sgb_histogram_free(m->stage[i]);
    }
    sgb_histogram_free(m->total);
    g_free(m->cell);
    g_free(m);
}

static void add_stages(SgbMetrics *m, const SgbRequest *r)
{
    uint64_t duration[SGB_STAGE__COUNT];
    unsigned present;
    uint64_t total = sgb_request_stages(r, duration, &present);

    for (unsigned i = 0; i < SGB_STAGE__COUNT; i++) {
        if (present & 1u << i) {
            sgb_histogram_add(m->stage[i], duration[i]);
        }
    }
    if (sgb_request_begin(r)) {
        sgb_histogram_add(m->total, total);
    }
}

void sgb_metrics_add(SgbMetrics *m, const SgbRequest *r)
{
    if (!r->finished) {
        m->unfinished++;
        return;
    }
    m->requests++;
    m->length += r->length;
    m->transferred += sgb_request_transferred(r);
    m->direct += r->direct;
    m->bounced += r->bounced;
    m->sgio_count += r->sgio_count;
    m->map_hits += r->map_hits;
    m->map_misses += r->map_misses;
    m->dio += sgb_request_dio(r);
    m->by_path[MIN(r->path, SGB_DATA_PATH__COUNT)]++;
    if (r->reason < SGB_REASON__COUNT) {
        m->by_reason[r->reason]++;
    }
    m->by_status[r->status]++;
    m->failed += !sgb_request_good(r);
    m->errors += r->result != 0;
    m->refused += r->result != 0 && r->length && !r->direct && !r->bounced;
    m->bounce_held_max = MAX(m->bounce_held_max, r->bounce_held);
    add_stages(m, r);
}

void sgb_metrics_merge(SgbMetrics *m, const SgbMetrics *other)
{
    m->requests += other->requests;
    m->unfinished += other->unfinished;
    m->length += other->length;
    m->transferred += other->transferred;
    m->direct += other->direct;
    m->bounced += other->bounced;
    m->sgio_count += other->sgio_count;
    m->map_hits += other->map_hits;
    m->map_misses += other->map_misses;
    m->dio += other->dio;
    for (unsigned i = 0; i < G_N_ELEMENTS(m->by_path); i++) {
        m->by_path[i] += other->by_path[i];
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(m->by_reason); i++) {
        m->by_reason[i] += other->by_reason[i];
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(m->by_status); i++) {
        m->by_status[i] += other->by_status[i];
    }
    m->failed += other->failed;
    m->errors += other->errors;
    m->refused += other->refused;
    m->bounce_held_max = MAX(m->bounce_held_max, other->bounce_held_max);
    for (unsigned i = 0; i < SGB_STAGE__COUNT; i++) {
        sgb_histogram_merge(m->stage[i], other->stage[i]);
    }
    sgb_histogram_merge(m->total, other->total);
}

/* What is being made of a trace. */
typedef struct Collection {
    GPtrArray *all;      /* SgbMetrics * */
    GHashTable *by_cell; /* const SgbTraceCell * -> SgbMetrics * */
} Collection;

static SgbMetrics *metrics_of(Collection *c, const SgbTraceCell *cell)
{
    SgbMetrics *m = g_hash_table_lookup(c->by_cell, cell);

    if (!m) {
        m = sgb_metrics_new(cell->cell, cell->round);
        g_ptr_array_add(c->all, m);
        g_hash_table_insert(c->by_cell, (void *)cell, m);
    }
    return m;
}

static void on_cell_begin(void *opaque, const SgbTraceCell *cell)
{
    metrics_of(opaque, cell);
}

static void on_request(void *opaque, const SgbRequest *request,
                       const SgbTraceCell *cell)
{
    sgb_metrics_add(metrics_of(opaque, cell), request);
}

static void on_cell_end(void *opaque, const SgbTraceCell *cell)
{
    SgbMetrics *m = metrics_of(opaque, cell);

    m->ended = cell->ended;
    m->stated_requests = cell->stated_requests;
    m->stated_bytes = cell->stated_bytes;
}

GPtrArray *sgb_metrics_from_trace(const char *path, SgbTraceCounts *counts,
                                  GError **error)
{
    g_autoptr(GPtrArray) all =
        g_ptr_array_new_with_free_func((GDestroyNotify)sgb_metrics_free);
    g_autoptr(GHashTable) by_cell = g_hash_table_new(NULL, NULL);
    Collection collection = {all, by_cell};
    SgbTraceSink sink = {
        .cell_begin = on_cell_begin,
        .request = on_request,
        .cell_end = on_cell_end,
        .opaque = &collection,
    };

    if (!sgb_trace_read(path, &sink, counts, error)) {
        return NULL;
    }
    return g_steal_pointer(&all);
}
