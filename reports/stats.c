/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stats.h"

#include <math.h>
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics_double.h>

static double *sorted(const double *values, unsigned n)
{
    double *copy = g_memdup2(values, n * sizeof(*values));

    gsl_sort(copy, 1, n);
    return copy;
}

double sgb_median(const double *values, unsigned n)
{
    g_autofree double *copy = NULL;

    if (n == 0) {
        return NAN;
    }
    copy = sorted(values, n);
    return gsl_stats_median_from_sorted_data(copy, 1, n);
}

/* Of the interval between order statistics @rank and n + 1 - @rank. */
static double coverage(unsigned rank, unsigned n)
{
    return 1 - 2 * gsl_cdf_binomial_P(rank - 1, 0.5, n);
}

SgbInterval sgb_median_interval(const double *values, unsigned n, double level)
{
    SgbInterval interval = {.n = n, .median = NAN, .low = NAN, .high = NAN};
    g_autofree double *copy = NULL;
    unsigned rank = 1;

    if (n == 0) {
        return interval;
    }
    copy = sorted(values, n);
    while (2 * (rank + 1) <= n && coverage(rank + 1, n) >= level) {
        rank++;
    }
    interval.median = gsl_stats_median_from_sorted_data(copy, 1, n);
    interval.low = copy[rank - 1];
    interval.high = copy[n - rank];
    interval.coverage = coverage(rank, n);
    return interval;
}
