/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * All that the views show of a trace: what `sgbench analyze` and the plugin's
 * sinks collect in one pass. Memory does not grow with the trace.
 */
#ifndef ANALYSIS_ANALYSIS_H
#define ANALYSIS_ANALYSIS_H

#include "depth.h"
#include "faults.h"
#include "metrics.h"
#include "selection.h"
#include "top.h"

/* Opcodes and ways told apart; the rest is one more group. */
#define SGB_GROUPS_MAX 64

/* Devices told apart. */
#define SGB_DEVICES_MAX 256

/* The requests of an opcode whose data went the same way. */
typedef struct SgbGroup {
    gboolean others; /* those beyond SGB_GROUPS_MAX; opcode and path unset */
    uint8_t opcode;
    SgbDataPath path;
    SgbMetrics *metrics;
} SgbGroup;

typedef struct SgbDeviceTotals {
    const char *host, *device; /* interned, or NULL */
    int64_t vpid;
    uint64_t requests, transferred, direct, bounced;
} SgbDeviceTotals;

typedef struct SgbAnalysis {
    const SgbSelection *selection;
    const SgbTraceCounts *counts; /* of the whole trace */
    GPtrArray *groups;            /* SgbGroup *, in order of appearance */
    GArray *devices;              /* SgbDeviceTotals */
    uint64_t devices_left_out;    /* requests of others */
    SgbDepth *depth;
    SgbTop *top;
    SgbFaults *faults;
    uint64_t not_selected; /* requests */
    uint64_t cells;        /* that began */

    /* The selected time, once the trace has begun; the end of a request counts */
    gboolean resolved;
    uint64_t from_ns, to_ns;

    SgbGroup *group_of[256][SGB_DATA_PATH__COUNT + 1]; /* private */
} SgbAnalysis;

/* @selection and @counts must outlive it; @top as for sgb_top_new. */
SgbAnalysis *sgb_analysis_new(const SgbSelection *selection,
                              const SgbTraceCounts *counts, unsigned top);
void sgb_analysis_free(SgbAnalysis *a);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SgbAnalysis, sgb_analysis_free)

/* Take what a trace's sink gets, if it is selected. */
void sgb_analysis_request(SgbAnalysis *a, const SgbRequest *request,
                          const SgbTraceCell *cell);
void sgb_analysis_level(SgbAnalysis *a, const SgbLevel *level);

/* Whether it is; nothing is taken. */
gboolean sgb_analysis_selects(SgbAnalysis *a, const SgbRequest *request,
                              const SgbTraceCell *cell);
gboolean sgb_analysis_selects_level(SgbAnalysis *a, const SgbLevel *level);

/* The groups by opcode and path; the caller's array, their entries not. */
GPtrArray *sgb_analysis_sorted(const SgbAnalysis *a);

/* All groups together; the caller frees it. */
SgbMetrics *sgb_analysis_total(const SgbAnalysis *a);

#endif
