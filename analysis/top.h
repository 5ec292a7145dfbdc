/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The slowest requests of a trace, and those that never ended. */
#ifndef ANALYSIS_TOP_H
#define ANALYSIS_TOP_H

#include "request.h"
#include "trace.h"

#define SGB_TOP_MAX 1000

typedef struct SgbTopEntry {
    SgbRequest request;
    const SgbTraceCell *cell; /* as the trace's sink got it */
    uint64_t total_ns;
} SgbTopEntry;

typedef struct SgbTop {
    unsigned limit;
    GArray *slowest;    /* SgbTopEntry, a heap */
    GArray *unfinished; /* SgbTopEntry, the first ones in order */
    uint64_t unfinished_left_out;
} SgbTop;

/* Keep up to @limit (at most SGB_TOP_MAX) of each. */
SgbTop *sgb_top_new(unsigned limit);
void sgb_top_free(SgbTop *top);

void sgb_top_add(SgbTop *top, const SgbRequest *request,
                 const SgbTraceCell *cell);

/* A copy of the slowest, slowest first; the caller's. */
GArray *sgb_top_sorted(const SgbTop *top);

#endif
