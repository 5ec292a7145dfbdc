/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The text table of runs: per target, operation, size, depth and layout what
 * each path did, and the paired ratios of zero-copy against its rivals.
 */
#ifndef REPORTS_TABLE_H
#define REPORTS_TABLE_H

#include <glib.h>
#include "run.h"

/* Median paired ratio of @figure, @over / @under, over the rounds both have
 * without failed requests. n is 0 if there are none. */
#include "stats.h"
SgbInterval sgb_ratio(const SgbCell *over, const SgbCell *under,
                      SgbFigure figure);

/* The table of @runs (SgbRun *), at most 80 columns; the caller's. */
char *sgb_table_text(GPtrArray *runs);

#endif
