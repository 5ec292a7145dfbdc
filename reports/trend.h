/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Series of a history: one figure of one cell, run after run, on one machine and
 * device, measured in one way. QEMU and kernel are what changes along it.
 */
#ifndef REPORTS_TREND_H
#define REPORTS_TREND_H

#include <glib.h>
#include "change-point.h"
#include "figure.h"
#include "history.h"

typedef struct SgbPoint {
    char *run, *started, *kernel;
    char *build; /* of QEMU: its key; "" if not known or there is none */
    unsigned rounds;
    double median, low, high; /* of the rounds, as sgb_cell_interval */
} SgbPoint;

typedef struct SgbTrend {
    char *environment; /* sgb_series_environment */
    char *host, *cpu, *target, *workload, *path;
    SgbFigure figure;
    GPtrArray *points; /* SgbPoint *, oldest first */
    GArray *changes;   /* SgbChangePoint, of logarithms of medians */
} SgbTrend;

typedef struct SgbTrendOptions {
    gboolean figures[SGB_FIGURE__COUNT];
    const char *path, *target; /* only these; NULL: all */
    double significance;       /* of a change, in each series by itself */
    unsigned permutations;
} SgbTrendOptions;

/* Throughput and CPU, or requests; 1 %, 999. */
extern const SgbTrendOptions sgb_trend_defaults;

/* Points that a series must have for changes to be looked for. */
#define SGB_TREND_SHORTEST (2 * SGB_CHANGE_POINT_SEGMENT)

/* Series of the complete runs (SgbTrend *, freed with the array), and their
 * changes. NULL with an error as sgb_history_open. */
GPtrArray *sgb_history_trends(SgbHistory *history,
                              const SgbTrendOptions *options, GError **error);

/* For people (80 columns): series and their changes; and as a page with charts
 * that needs no network and no script. The caller's. */
char *sgb_trend_text(GPtrArray *series);
char *sgb_trend_html(GPtrArray *series);

/* All points as CSV (RFC 4180), a line each, header first; the caller's. */
char *sgb_trend_csv(GPtrArray *series);

#endif
