/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rank-sum.h"

#include <math.h>
#include <string.h>
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics_double.h>

/* ---- distributions ---- */

typedef struct Distribution {
    unsigned most;     /* the largest sum */
    double *cumulated; /* P(sum <= 0 … most) */
} Distribution;

static void distribution_free(gpointer data)
{
    Distribution *d = data;

    g_free(d->cumulated);
    g_free(d);
}

/*
 * Of all ways to choose @chosen of the @n @weights, which sum have how many?
 * Additions only, so the counts are as exact as a double, and there are at most
 * C(100, 50) = 1.0e29 of them.
 */
static Distribution *deal(const unsigned *weights, unsigned n, unsigned chosen)
{
    Distribution *d = g_new0(Distribution, 1);
    g_autofree double *counts = NULL;
    unsigned reached = 0, width;
    double sum = 0, total = 0;
    double *last;

    for (unsigned i = 0; i < n; i++) {
        d->most += weights[i];
    }
    width = d->most + 1;
    counts = g_new0(double, (size_t)(chosen + 1) * width);
    counts[0] = 1;
    for (unsigned i = 0; i < n; i++) {
        for (unsigned k = MIN(i + 1, chosen); k > 0; k--) {
            const double *from = counts + (size_t)(k - 1) * width;
            double *to = counts + (size_t)k * width + weights[i];

            for (unsigned s = 0; s <= reached; s++) {
                to[s] += from[s];
            }
        }
        reached += weights[i];
    }
    last = counts + (size_t)chosen * width;
    for (unsigned s = 0; s < width; s++) {
        total += last[s];
    }
    d->cumulated = g_new(double, width);
    for (unsigned s = 0; s < width; s++) {
        sum += last[s];
        d->cumulated[s] = MIN(sum / total, 1);
    }
    return d;
}

/* That of U where no two values are equal; of the cache. */
static const Distribution *untied(unsigned nx, unsigned ny)
{
    static GHashTable *cache;
    unsigned small = MIN(nx, ny), n = nx + ny;
    gpointer key = GUINT_TO_POINTER(small * 65536 + n);
    Distribution *d;
    g_autofree unsigned *ranks = NULL;

    if (!cache) {
        cache = g_hash_table_new_full(NULL, NULL, NULL, distribution_free);
    }
    d = g_hash_table_lookup(cache, key);
    if (!d) {
        /* U is the sum of ranks less the smallest there can be. */
        unsigned least = small * (small + 1) / 2;

        ranks = g_new(unsigned, n);
        for (unsigned i = 0; i < n; i++) {
            ranks[i] = i + 1;
        }
        d = deal(ranks, n, small);
        d->most = nx * ny;
        memmove(d->cumulated, d->cumulated + least,
                (d->most + 1) * sizeof(double));
        g_hash_table_insert(cache, key, d);
    }
    return d;
}

/* P(U <= @u) by the normal distribution; @ties is the sum of t^3 - t over groups
 * of t equal values. */
static double normal_tail(unsigned nx, unsigned ny, double u, double ties)
{
    double n = (double)nx + ny, pairs = (double)nx * ny;
    double variance = pairs / 12 * (n + 1 - ties / (n * (n - 1)));

    return variance > 0
               ? gsl_cdf_ugaussian_P((u + 0.5 - pairs / 2) / sqrt(variance))
               : 1;
}

double sgb_rank_sum_probability(unsigned nx, unsigned ny, unsigned u)
{
    if (nx == 0 || ny == 0 || u >= nx * ny) {
        return 1;
    }
    return nx + ny <= SGB_RANK_SUM_EXACT ? untied(nx, ny)->cumulated[u]
                                         : normal_tail(nx, ny, u, 0);
}

/* ---- the test ---- */

/* Twice the mid-ranks of the pooled values, x before y: whole numbers. @ties:
 * as normal_tail has it. */
static unsigned *double_ranks(const double *x, unsigned nx, const double *y,
                              unsigned ny, double *ties)
{
    unsigned n = nx + ny;
    g_autofree double *pooled = g_new(double, n);
    g_autofree size_t *order = g_new(size_t, n);
    unsigned *ranks = g_new(unsigned, n);

    memcpy(pooled, x, nx * sizeof(*x));
    memcpy(pooled + nx, y, ny * sizeof(*y));
    gsl_sort_index(order, pooled, 1, n);
    *ties = 0;
    for (unsigned i = 0, end; i < n; i = end) {
        double t;

        for (end = i + 1; end < n && pooled[order[end]] == pooled[order[i]];) {
            end++;
        }
        t = end - i;
        *ties += t * t * t - t;
        for (unsigned k = i; k < end; k++) {
            ranks[order[k]] = i + 1 + end;
        }
    }
    return ranks;
}

SgbRankSum sgb_rank_sum(const double *x, unsigned nx, const double *y,
                        unsigned ny)
{
    SgbRankSum result = {.p = 1};
    g_autofree unsigned *ranks = NULL;
    unsigned pairs = nx * ny;
    unsigned sum = 0;
    double below, above, ties;

    if (pairs == 0) {
        return result;
    }
    ranks = double_ranks(x, nx, y, ny, &ties);
    for (unsigned i = nx; i < nx + ny; i++) {
        sum += ranks[i];
    }
    result.u = (sum - ny * (ny + 1)) / 2.0;
    result.exact = nx + ny <= SGB_RANK_SUM_EXACT;
    if (!result.exact) {
        below = normal_tail(nx, ny, result.u, ties);
        above = normal_tail(nx, ny, pairs - result.u, ties);
    } else if (ties == 0) {
        below = sgb_rank_sum_probability(nx, ny, result.u);
        above = sgb_rank_sum_probability(nx, ny, pairs - result.u);
    } else {
        Distribution *d = deal(ranks, nx + ny, ny);

        below = d->cumulated[sum];
        above = 1 - d->cumulated[sum - 1];
        distribution_free(d);
    }
    result.p = MIN(2 * MIN(below, above), 1);
    return result;
}

/* ---- the shift ---- */

SgbShift sgb_shift(const double *x, unsigned nx, const double *y, unsigned ny,
                   double level)
{
    SgbShift shift = {.estimate = NAN, .low = -INFINITY, .high = INFINITY};
    unsigned pairs = nx * ny, rank = 0;
    g_autofree double *d = NULL;

    if (pairs == 0) {
        return shift;
    }
    d = g_new(double, pairs);
    for (unsigned i = 0; i < nx; i++) {
        for (unsigned j = 0; j < ny; j++) {
            d[i * ny + j] = y[j] - x[i];
        }
    }
    gsl_sort(d, 1, pairs);
    shift.estimate = gsl_stats_median_from_sorted_data(d, 1, pairs);
    shift.coverage = 1;
    while (2 * (rank + 1) <= pairs &&
           1 - 2 * sgb_rank_sum_probability(nx, ny, rank) >= level) {
        rank++;
    }
    if (rank) {
        shift.low = d[rank - 1];
        shift.high = d[pairs - rank];
        shift.coverage = 1 - 2 * sgb_rank_sum_probability(nx, ny, rank - 1);
    }
    return shift;
}
