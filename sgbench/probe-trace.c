/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analysis/trace.h"
#include "probe-trace.h"

static void keep(void *opaque, const SgbRequest *request,
                 const SgbTraceCell *cell)
{
    ProbeTrace *trace = opaque;

    g_hash_table_replace(trace->requests, GUINT_TO_POINTER(request->tag),
                         g_memdup2(request, sizeof(*request)));
}

ProbeTrace *probe_trace_read(const char *folder, GError **error)
{
    g_autoptr(ProbeTrace) trace = g_new0(ProbeTrace, 1);
    SgbTraceSink sink = {.request = keep, .opaque = trace};
    SgbTraceCounts counts = {};

    trace->requests = g_hash_table_new_full(NULL, NULL, NULL, g_free);
    if (!sgb_trace_read(folder, &sink, &counts, error)) {
        return NULL;
    }
    trace->lossy = counts.lost_events || counts.lost_packets;
    return g_steal_pointer(&trace);
}

void probe_trace_free(ProbeTrace *trace)
{
    if (trace) {
        g_hash_table_unref(trace->requests);
        g_free(trace);
    }
}

const SgbRequest *probe_trace_request(const ProbeTrace *trace, uint32_t tag)
{
    return g_hash_table_lookup(trace->requests, GUINT_TO_POINTER(tag));
}

typedef struct Edge {
    uint64_t ns;
    int step; /* 1: one more, -1: one less */
} Edge;

static int compare_edges(gconstpointer a, gconstpointer b)
{
    const Edge *left = a, *right = b;

    if (left->ns != right->ns) {
        return left->ns < right->ns ? -1 : 1;
    }
    return left->step - right->step; /* an end before a beginning */
}

unsigned probe_trace_overlap(const ProbeTrace *trace, uint32_t first,
                             uint32_t last)
{
    g_autoptr(GArray) edges = g_array_new(FALSE, FALSE, sizeof(Edge));
    unsigned now = 0, most = 0;

    for (uint32_t tag = first; tag && tag <= last; tag++) {
        const SgbRequest *request = probe_trace_request(trace, tag);
        Edge begin = {.step = 1}, end = {.step = -1};

        if (!request) {
            continue;
        }
        begin.ns = request->stage_ns[SGB_STAGE_IOCTL_BEGIN];
        end.ns = request->stage_ns[SGB_STAGE_IOCTL_END];
        if (!begin.ns || !end.ns) {
            begin.ns = request->stage_ns[SGB_STAGE_SUBMIT];
            end.ns = request->stage_ns[SGB_STAGE_COMPLETE];
        }
        if (begin.ns && end.ns) {
            g_array_append_val(edges, begin);
            g_array_append_val(edges, end);
        }
    }
    g_array_sort(edges, compare_edges);
    for (unsigned i = 0; i < edges->len; i++) {
        now += g_array_index(edges, Edge, i).step;
        most = MAX(most, now);
    }
    return most;
}
