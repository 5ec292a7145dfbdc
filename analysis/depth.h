/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How deep the queues of a trace are, weighted by time: how long it was at each
 * depth, not how often it changed.
 */
#ifndef ANALYSIS_DEPTH_H
#define ANALYSIS_DEPTH_H

#include "trace.h"

/* Depths from 0 have a bucket each; the last one has the rest. */
#define SGB_DEPTH_BUCKETS 65

/* Series of devices and processes told apart; the rest is counted only. */
#define SGB_DEPTH_SERIES_MAX 1024

typedef struct SgbDepthSeries {
    SgbLevelKind kind;
    const char *host, *device; /* as in SgbLevel */
    int64_t vpid;
    uint64_t changes, max;
    uint64_t first_ns, last_ns, value;
    double area;                         /* value times ns */
    uint64_t time_at[SGB_DEPTH_BUCKETS]; /* ns, up to last_ns */
} SgbDepthSeries;

typedef struct SgbDepth {
    GPtrArray *series; /* SgbDepthSeries *, in order of appearance */
    uint64_t left_out; /* changes of series beyond SERIES_MAX */
} SgbDepth;

SgbDepth *sgb_depth_new(void);
void sgb_depth_free(SgbDepth *depth);

/* Take a change of level; only what lies in @from_ns ... @to_ns counts. One
 * that comes after a later one counts for the maximum alone. */
void sgb_depth_add(SgbDepth *depth, const SgbLevel *level, uint64_t from_ns,
                   uint64_t to_ns);

/* Mean over the time from the series' first change to its last; 0 if there was
 * no time. */
double sgb_depth_mean(const SgbDepthSeries *series);

/* The highest depth that it was at or below for a share @q of the time; no more
 * than SGB_DEPTH_BUCKETS - 1, which stands for all beyond. */
unsigned sgb_depth_quantile(const SgbDepthSeries *series, double q);

/* "requests in SG_IO" and the like, static. */
const char *sgb_level_name(SgbLevelKind kind);
/* The same as an identifier: sgio. */
const char *sgb_level_identifier(SgbLevelKind kind);

/* Whether it is in bytes: depths have buckets, bytes have none. */
gboolean sgb_level_bytes(SgbLevelKind kind);

#endif
