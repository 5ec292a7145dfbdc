/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The text table of runs: per target, operation, size, depth and layout what
 * each path did, and the paired ratios of zero-copy against its rivals.
 */
#ifndef REPORTS_TABLE_H
#define REPORTS_TABLE_H

#include <glib.h>
#include "run.h"
#include "stats.h"

/* Latencies that a p99 needs, pooled over the rounds (measurement charter). */
#define SGB_REQUESTS_FOR_P99 1000

/* Bytes of a transfer below which the lab tells no two paths apart: one request
 * costs about as much there as moving that many (one CPU, slow faults). */
#define SGB_LAB_SMALLEST_RATIO (256 * 1024)

/* Median paired ratio of @figure, @over / @under, over the rounds both have
 * without failed requests and with figures above 0. n is 0 if there are
 * none. */
SgbInterval sgb_ratio(const SgbCell *over, const SgbCell *under,
                      SgbFigure figure);

/* What stands before the figures of @run: how it ended, machine, builds,
 * verification, reconciliation. Appends to @out. */
void sgb_table_head(GString *out, const SgbRun *run);

/* The figures of @run. Appends to @out. */
void sgb_table_body(GString *out, const SgbRun *run);

/* The table of @runs (SgbRun *), at most 80 columns; the caller's. */
char *sgb_table_text(GPtrArray *runs);

#endif
