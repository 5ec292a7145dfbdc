/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "top.h"

SgbTop *sgb_top_new(unsigned limit)
{
    SgbTop *top = g_new0(SgbTop, 1);

    top->limit = MIN(limit, SGB_TOP_MAX);
    top->slowest = g_array_new(FALSE, FALSE, sizeof(SgbTopEntry));
    top->unfinished = g_array_new(FALSE, FALSE, sizeof(SgbTopEntry));
    return top;
}

void sgb_top_free(SgbTop *top)
{
    if (top) {
        g_array_unref(top->slowest);
        g_array_unref(top->unfinished);
        g_free(top);
    }
}

static uint64_t total(const GArray *heap, unsigned i)
{
    return g_array_index(heap, SgbTopEntry, i).total_ns;
}

static void swap(GArray *heap, unsigned i, unsigned j)
{
    SgbTopEntry entry = g_array_index(heap, SgbTopEntry, i);

    g_array_index(heap, SgbTopEntry, i) = g_array_index(heap, SgbTopEntry, j);
    g_array_index(heap, SgbTopEntry, j) = entry;
}

/* A heap with the fastest of the slowest at its root. */
static void add_to_heap(GArray *heap, const SgbTopEntry *entry)
{
    unsigned i = heap->len, parent;

    g_array_append_val(heap, *entry);
    while (i > 0 && total(heap, parent = (i - 1) / 2) > total(heap, i)) {
        swap(heap, i, parent);
        i = parent;
    }
}

static void replace_root(GArray *heap, const SgbTopEntry *entry)
{
    unsigned i = 0, child;

    g_array_index(heap, SgbTopEntry, 0) = *entry;
    while ((child = 2 * i + 1) < heap->len) {
        if (child + 1 < heap->len &&
            total(heap, child + 1) < total(heap, child)) {
            child++;
        }
        if (total(heap, i) <= total(heap, child)) {
            break;
        }
        swap(heap, i, child);
        i = child;
    }
}

void sgb_top_add(SgbTop *top, const SgbRequest *request,
                 const SgbTraceCell *cell)
{
    SgbTopEntry entry;
    uint64_t begin = sgb_request_begin(request);
    uint64_t ns = begin ? sgb_request_end(request) - begin : 0;

    if (!request->finished) {
        if (top->unfinished->len >= top->limit) {
            top->unfinished_left_out++;
            return;
        }
    } else if (!top->limit || (top->slowest->len >= top->limit &&
                               ns <= total(top->slowest, 0))) {
        return;
    }
    entry = (SgbTopEntry){*request, cell, ns};
    if (!request->finished) {
        g_array_append_val(top->unfinished, entry);
    } else if (top->slowest->len < top->limit) {
        add_to_heap(top->slowest, &entry);
    } else {
        replace_root(top->slowest, &entry);
    }
}

static int compare(gconstpointer a, gconstpointer b)
{
    const SgbTopEntry *x = a, *y = b;

    if (x->total_ns != y->total_ns) {
        return x->total_ns < y->total_ns ? 1 : -1;
    }
    /* Equal ones in order of time, so that output can be compared. */
    return sgb_request_end(&x->request) < sgb_request_end(&y->request) ? -1 : 1;
}

GArray *sgb_top_sorted(const SgbTop *top)
{
    GArray *sorted = g_array_copy(top->slowest);

    g_array_sort(sorted, compare);
    return sorted;
}
