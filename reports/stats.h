/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Statistics of rounds. The unit of measurement is one QEMU start; ratios are
 * paired by round, the figure is the median of the paired ratios.
 */
#ifndef REPORTS_STATS_H
#define REPORTS_STATS_H

#include <glib.h>

/* Rounds below which a figure is "indicative" only (measurement charter). */
#define SGB_ROUNDS_FOR_VERDICT 10

/* A median with an interval from order statistics. */
typedef struct SgbInterval {
    unsigned n;
    double median;
    double low, high;
    double coverage; /* of [low, high], exact: 1 - 2 P(Binomial(n, ½) < rank) */
} SgbInterval;

/* Median of @n values (mean of the middle two if @n is even); NAN for none. */
double sgb_median(const double *values, unsigned n);

/*
 * Median of @values and the narrowest pair of order statistics, symmetric in
 * rank, that covers the median with probability of at least @level. Where @n is
 * too small for that (@level .95 needs 6), the range, with its real coverage.
 * David and Nagaraja, Order Statistics, 3rd ed., 7.1.
 */
SgbInterval sgb_median_interval(const double *values, unsigned n, double level);

#endif
