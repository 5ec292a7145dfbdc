/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Log-linear histogram of durations.
 *
 * Values below 2^SGB_HISTOGRAM_BITS have a bucket each; above, every power of
 * two is cut into 2^SGB_HISTOGRAM_BITS buckets of equal width. A bucket is at
 * most 1/128 of its lower edge wide and answers with its midpoint, so that a
 * quantile is off by at most SGB_HISTOGRAM_ERROR of the true value. Memory does
 * not depend on the number of values.
 */
#ifndef ANALYSIS_HISTOGRAM_H
#define ANALYSIS_HISTOGRAM_H

#include <stdint.h>
#include <stdint.h>
#include <glib.h>

#define SGB_HISTOGRAM_BITS 7
/* Half a bucket's width over its lower edge. */
#define SGB_HISTOGRAM_ERROR (1.0 / (1 << (SGB_HISTOGRAM_BITS + 1)))
/* Every uint64_t has a bucket. */
#define SGB_HISTOGRAM_BUCKETS \
    ((64 - SGB_HISTOGRAM_BITS + 1) << SGB_HISTOGRAM_BITS)

typedef struct SgbHistogram {
    uint64_t count;
    uint64_t min, max; /* exact; min is UINT64_MAX while count is 0 */
    double sum;        /* for the mean */
    uint64_t *buckets; /* SGB_HISTOGRAM_BUCKETS counts */
} SgbHistogram;

/* A new, empty histogram (caller frees with sgb_histogram_free). */
SgbHistogram *sgb_histogram_new(void);
void sgb_histogram_free(SgbHistogram *h);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SgbHistogram, sgb_histogram_free)

/* Forget all values. */
void sgb_histogram_reset(SgbHistogram *h);

/* Count @value once. Never fails; not thread-safe. */
void sgb_histogram_add(SgbHistogram *h, uint64_t value);

/* Count @n values in bucket @index; for reading stored histograms. The
 * extremes become the bucket's edges where they were not known better.
 * Returns FALSE, and changes nothing, if there is no such bucket or the count
 * would overflow. */
gboolean sgb_histogram_add_bucket(SgbHistogram *h, unsigned index, uint64_t n);

/* Add all of @other to @h. */
void sgb_histogram_merge(SgbHistogram *h, const SgbHistogram *other);

/* The value below or at which a share @q (0 … 1) of all values lies (nearest
 * rank), within SGB_HISTOGRAM_ERROR; never outside [min, max]. 0 if empty. */
uint64_t sgb_histogram_quantile(const SgbHistogram *h, double q);

/* Mean of all values; exact but for rounding. 0 if empty. */
double sgb_histogram_mean(const SgbHistogram *h);

/* Bucket of @value, and the lowest value and width of a bucket. */
unsigned sgb_histogram_index(uint64_t value);
uint64_t sgb_histogram_lower(unsigned index);
uint64_t sgb_histogram_width(unsigned index);

#endif
