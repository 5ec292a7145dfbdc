/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two samples that are not paired: does one tend to be larger (Mann and
 * Whitney), and by how much (Hodges and Lehmann)? Neither assumes a
 * distribution; both assume that the values of a sample are independent.
 */
#ifndef REPORTS_RANK_SUM_H
#define REPORTS_RANK_SUM_H

#include <glib.h>

/* Values of both samples together up to which the distribution is computed,
 * not approximated. */
#define SGB_RANK_SUM_EXACT 100

typedef struct SgbRankSum {
    double u; /* pairs with y > x, and half of those with y = x */
    double p; /* two-sided: twice the smaller tail, at most 1; 1 if a sample is
               * empty */
    gboolean exact;
} SgbRankSum;

/*
 * Compare @nx values of @x with @ny of @y. With ties the distribution is that
 * of all ways to deal the pooled mid-ranks (Streitberg and Röhmel, Exact
 * distributions for permutation and rank tests, 1986); without, it is that of
 * Mann and Whitney, Annals of Mathematical Statistics 18 (1947) 50-60. Above
 * SGB_RANK_SUM_EXACT values a normal one, corrected for continuity and ties
 * (Lehmann, Nonparametrics, 1975, 1.3 and 1.4).
 */
SgbRankSum sgb_rank_sum(const double *x, unsigned nx, const double *y,
                        unsigned ny);

/* P(U <= @u) of samples of @nx and @ny values, none of them equal, where there
 * is no difference. Exact up to SGB_RANK_SUM_EXACT values; kept for the next
 * call. Not thread-safe. */
double sgb_rank_sum_probability(unsigned nx, unsigned ny, unsigned u);

/* How much larger y is than x. */
typedef struct SgbShift {
    double estimate;  /* median of all y - x, NAN if a sample is empty */
    double low, high; /* -INFINITY, INFINITY: too few values for the level */
    double coverage;  /* of [low, high], at least the level asked for */
} SgbShift;

/* Hodges and Lehmann's estimate, and the interval that Mann and Whitney's test
 * does not reject at 1 - @level (Lehmann, 2.5; Hollander and Wolfe,
 * Nonparametric Statistical Methods, 4.3). */
SgbShift sgb_shift(const double *x, unsigned nx, const double *y, unsigned ny,
                   double level);

#endif
