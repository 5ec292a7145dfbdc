/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A block: the cells of a run that differ in nothing but their path, with what
 * may be said of them. Every report goes through these.
 */
#ifndef REPORTS_BLOCK_H
#define REPORTS_BLOCK_H

#include <glib.h>
#include "run.h"
#include "stats.h"

/* Latencies that a p99 needs, pooled over the rounds (measurement charter). */
#define SGB_REQUESTS_FOR_P99 1000

/* Bytes of a transfer below which the lab tells no two paths apart: one request
 * costs about as much there as moving that many (one CPU, slow faults). */
#define SGB_LAB_SMALLEST_RATIO (256 * 1024)

typedef struct SgbBlock {
    const SgbRun *run;
    const SgbCell *first; /* of the job; stands for what all have in common */
    GPtrArray *cells;     /* const SgbCell *, in the job's order of paths */
    JsonObject *target;   /* of run.json, or NULL: the run does not have it */
    gboolean machine_speed;
    gboolean kernel_sgio;
    gboolean stores_data;
    gboolean timed;      /* FALSE: a changer's, only verified: no samples */
    gboolean comparable; /* its paths can be told apart, so that ratios are
                          * worth showing */
} SgbBlock;

/* Two paths of a block to be compared. */
typedef struct SgbPair {
    const SgbCell *over, *under;
    gboolean control; /* the same path twice: the noise floor */
} SgbPair;

/* The blocks of @run (SgbBlock *, freed with the array), target by target, in
 * the order of the job. */
GPtrArray *sgb_run_blocks(const SgbRun *run);

/* The cell of @block that takes @path, or NULL. */
const SgbCell *sgb_block_cell(const SgbBlock *block, const char *path);

/* The pairs of @block that are worth a ratio, controls last (SgbPair; unref the
 * array). Empty if it is not comparable. */
GArray *sgb_block_pairs(const SgbBlock *block);

/* "read 1 MiB, depth 4, contiguous memory": what @cell does whatever its path;
 * the caller's. */
char *sgb_cell_workload(const SgbCell *cell);

/* The same without the size: what belongs into one chart over sizes. */
char *sgb_cell_group(const SgbCell *cell);

/* Median of @figure over the rounds of @cell that have it; NAN: none has. */
double sgb_cell_median(const SgbCell *cell, SgbFigure figure);

/* The same with an interval. */
SgbInterval sgb_cell_interval(const SgbCell *cell, SgbFigure figure);

/* The same in figures as tables print them, "0.412 [0.401, 0.430]" (without the
 * interval for one round): throughput in MB/s, or requests a second where no
 * data is moved; CPU in s/GiB, or µs a request. The caller's. */
char *sgb_cell_throughput_text(const SgbCell *cell, gboolean interval);
char *sgb_cell_cpu_text(const SgbCell *cell, gboolean all, gboolean interval);

/* Quantile @q of the latencies of all rounds, ns; NAN if there are too few of
 * them for it: 10 / (1 - @q), which makes 1000 for a p99. */
double sgb_cell_quantile(const SgbCell *cell, double q);

/* Median paired ratio of @figure, @over / @under, over the rounds both have
 * without failed requests and with figures above 0. n is 0 if there are
 * none. */
SgbInterval sgb_ratio(const SgbCell *over, const SgbCell *under,
                      SgbFigure figure);

/* The same of the differences @over - @under. */
SgbInterval sgb_difference(const SgbCell *over, const SgbCell *under,
                           SgbFigure figure);

/* "~1.02 [0.98, 1.07]", ~ where 1 is in the interval; "-" for no pair; the
 * caller's. */
char *sgb_ratio_text(const SgbInterval *x);

/* Element of @array of run.json with this @name, or NULL. */
JsonObject *sgb_run_named(const SgbRun *run, const char *array,
                          const char *name);

#endif
