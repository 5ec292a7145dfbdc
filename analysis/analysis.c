/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analysis.h"

static void group_free(gpointer data)
{
    SgbGroup *group = data;

    sgb_metrics_free(group->metrics);
    g_free(group);
}

SgbAnalysis *sgb_analysis_new(const SgbSelection *selection,
                              const SgbTraceCounts *counts, unsigned top)
{
    SgbAnalysis *a = g_new0(SgbAnalysis, 1);

    a->selection = selection;
    a->counts = counts;
    a->groups = g_ptr_array_new_with_free_func(group_free);
    a->devices = g_array_new(FALSE, FALSE, sizeof(SgbDeviceTotals));
    a->depth = sgb_depth_new();
    a->top = sgb_top_new(top);
    a->faults = sgb_faults_new();
    return a;
}

void sgb_analysis_free(SgbAnalysis *a)
{
    if (a) {
        g_ptr_array_unref(a->groups);
        g_array_unref(a->devices);
        sgb_depth_free(a->depth);
        sgb_top_free(a->top);
        sgb_faults_free(a->faults);
        g_free(a);
    }
}

static SgbGroup *group_of(SgbAnalysis *a, const SgbRequest *r)
{
    SgbGroup **slot =
        &a->group_of[r->opcode][MIN(r->path, SGB_DATA_PATH__COUNT)];

    if (*slot) {
        return *slot;
    }
    if (a->groups->len <= SGB_GROUPS_MAX) {
        SgbGroup *group = g_new0(SgbGroup, 1);

        group->others = a->groups->len == SGB_GROUPS_MAX;
        group->opcode = r->opcode;
        group->path = MIN(r->path, SGB_DATA_PATH__COUNT);
        group->metrics = sgb_metrics_new(NULL, 0);
        g_ptr_array_add(a->groups, group);
    }
    *slot = g_ptr_array_index(a->groups, a->groups->len - 1);
    return *slot;
}

static void add_device(SgbAnalysis *a, const SgbRequest *r)
{
    SgbDeviceTotals *d = NULL;

    for (unsigned i = 0; i < a->devices->len; i++) {
        d = &g_array_index(a->devices, SgbDeviceTotals, i);
        if (d->device == r->device && d->vpid == r->vpid &&
            d->host == r->host) {
            break;
        }
        d = NULL;
    }
    if (!d) {
        SgbDeviceTotals empty = {
            .host = r->host, .device = r->device, .vpid = r->vpid};

        if (a->devices->len >= SGB_DEVICES_MAX) {
            a->devices_left_out++;
            return;
        }
        g_array_append_val(a->devices, empty);
        d = &g_array_index(a->devices, SgbDeviceTotals, a->devices->len - 1);
    }
    d->requests++;
    d->transferred += sgb_request_transferred(r);
    d->direct += r->direct;
    d->bounced += r->bounced;
}

/* By the first event that has a time the trace's begin is known. */
static void resolve(SgbAnalysis *a)
{
    if (!a->resolved) {
        a->from_ns =
            sgb_moment_resolve(&a->selection->from, a->counts->begin_ns, 0);
        a->to_ns = sgb_moment_resolve(&a->selection->to, a->counts->begin_ns,
                                      G_MAXUINT64);
        a->resolved = TRUE;
    }
}

gboolean sgb_analysis_selects(SgbAnalysis *a, const SgbRequest *request,
                              const SgbTraceCell *cell)
{
    uint64_t end = sgb_request_end(request);

    resolve(a);
    return end >= a->from_ns && end <= a->to_ns &&
           sgb_selection_has(a->selection, request, cell);
}

gboolean sgb_analysis_selects_level(SgbAnalysis *a, const SgbLevel *level)
{
    resolve(a);
    return level->ns >= a->from_ns && level->ns <= a->to_ns &&
           sgb_selection_has_device(a->selection, level->device);
}

void sgb_analysis_request(SgbAnalysis *a, const SgbRequest *request,
                          const SgbTraceCell *cell)
{
    if (!sgb_analysis_selects(a, request, cell)) {
        a->not_selected++;
        return;
    }
    sgb_metrics_add(group_of(a, request)->metrics, request);
    sgb_top_add(a->top, request, cell);
    if (request->finished) {
        add_device(a, request);
        sgb_faults_add(a->faults, request);
    }
}

/* What was before the selected time still is when it begins. */
void sgb_analysis_level(SgbAnalysis *a, const SgbLevel *level)
{
    resolve(a);
    if (sgb_selection_has_device(a->selection, level->device)) {
        sgb_depth_add(a->depth, level, a->from_ns, a->to_ns);
    }
}

static int compare(gconstpointer a, gconstpointer b)
{
    const SgbGroup *x = *(SgbGroup *const *)a, *y = *(SgbGroup *const *)b;

    if (x->others != y->others) {
        return x->others - y->others;
    }
    return x->opcode != y->opcode ? x->opcode - y->opcode
                                  : (int)x->path - (int)y->path;
}

GPtrArray *sgb_analysis_sorted(const SgbAnalysis *a)
{
    GPtrArray *sorted = g_ptr_array_new();

    for (unsigned i = 0; i < a->groups->len; i++) {
        g_ptr_array_add(sorted, g_ptr_array_index(a->groups, i));
    }
    g_ptr_array_sort(sorted, compare);
    return sorted;
}

SgbMetrics *sgb_analysis_total(const SgbAnalysis *a)
{
    SgbMetrics *total = sgb_metrics_new(NULL, 0);

    for (unsigned i = 0; i < a->groups->len; i++) {
        SgbGroup *group = g_ptr_array_index(a->groups, i);

        sgb_metrics_merge(total, group->metrics);
    }
    return total;
}
