/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "histogram.h"

#include <math.h>
#include <string.h>

#define SUB_BUCKETS (1u << SGB_HISTOGRAM_BITS)

SgbHistogram *sgb_histogram_new(void)
{
    SgbHistogram *h = g_new0(SgbHistogram, 1);

    h->buckets = g_new0(uint64_t, SGB_HISTOGRAM_BUCKETS);
    h->min = UINT64_MAX;
    return h;
}

void sgb_histogram_free(SgbHistogram *h)
{
    if (h) {
        g_free(h->buckets);
        g_free(h);
    }
}

void sgb_histogram_reset(SgbHistogram *h)
{
    h->count = 0;
    h->sum = 0;
    h->min = UINT64_MAX;
    h->max = 0;
    memset(h->buckets, 0, SGB_HISTOGRAM_BUCKETS * sizeof(*h->buckets));
}

unsigned sgb_histogram_index(uint64_t value)
{
    unsigned shift;

    if (value < SUB_BUCKETS) {
        return value;
    }
    shift = 63 - __builtin_clzll(value) - SGB_HISTOGRAM_BITS;
    /* The shifted value lies in [SUB_BUCKETS, 2 SUB_BUCKETS): its leading one
     * makes the group one higher than the shift. */
    return (shift << SGB_HISTOGRAM_BITS) + (value >> shift);
}

uint64_t sgb_histogram_lower(unsigned index)
{
    unsigned group = index >> SGB_HISTOGRAM_BITS;

    g_assert(index < SGB_HISTOGRAM_BUCKETS);
    if (group == 0) {
        return index;
    }
    return (uint64_t)(SUB_BUCKETS + index % SUB_BUCKETS) << (group - 1);
}

uint64_t sgb_histogram_width(unsigned index)
{
    unsigned group = index >> SGB_HISTOGRAM_BITS;

    g_assert(index < SGB_HISTOGRAM_BUCKETS);
    return group == 0 ? 1 : UINT64_C(1) << (group - 1);
}

void sgb_histogram_add(SgbHistogram *h, uint64_t value)
{
    h->buckets[sgb_histogram_index(value)]++;
    h->count++;
    h->sum += value;
    h->min = MIN(h->min, value);
    h->max = MAX(h->max, value);
}

gboolean sgb_histogram_add_bucket(SgbHistogram *h, unsigned index, uint64_t n)
{
    uint64_t lower, upper;

    if (index >= SGB_HISTOGRAM_BUCKETS || n > UINT64_MAX - h->count) {
        return FALSE;
    }
    if (n == 0) {
        return TRUE;
    }

    lower = sgb_histogram_lower(index);
    upper = lower + (sgb_histogram_width(index) - 1);
    if (h->min > upper || h->min == UINT64_MAX) {
        h->min = lower;
    }
    if (h->max < lower) {
        h->max = upper;
    }
    h->buckets[index] += n;
    h->count += n;
    h->sum += (lower + (upper - lower) / 2.0) * n;
    return TRUE;
}

void sgb_histogram_merge(SgbHistogram *h, const SgbHistogram *other)
{
    for (unsigned i = 0; i < SGB_HISTOGRAM_BUCKETS; i++) {
        h->buckets[i] += other->buckets[i];
    }
    h->count += other->count;
    h->sum += other->sum;
    h->min = MIN(h->min, other->min);
    h->max = MAX(h->max, other->max);
}

uint64_t sgb_histogram_quantile(const SgbHistogram *h, double q)
{
    double rank = ceil(q * h->count);
    uint64_t seen = 0;

    if (h->count == 0) {
        return 0;
    }
    /* The extremes are known exactly. Not "rank <= 1" alone: NAN too. */
    if (!(rank > 1)) {
        return h->min;
    }
    if (rank >= h->count) {
        return h->max;
    }
    for (unsigned i = 0; i < SGB_HISTOGRAM_BUCKETS; i++) {
        seen += h->buckets[i];
        if (seen >= rank) {
            uint64_t middle =
                sgb_histogram_lower(i) + sgb_histogram_width(i) / 2;
            return CLAMP(middle, h->min, h->max);
        }
    }
    return h->max;
}

double sgb_histogram_mean(const SgbHistogram *h)
{
    return h->count ? h->sum / h->count : 0;
}
