/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where in a series of figures did their distribution change? E-divisive:
 * Matteson and James, A Nonparametric Approach for Multiple Change Point
 * Analysis of Multivariate Data, JASA 109 (2014) 334-345; for one dimension
 * and with |x - y| as the distance.
 */
#ifndef REPORTS_CHANGE_POINT_H
#define REPORTS_CHANGE_POINT_H

#include <stdint.h>
#include <glib.h>

/* Fewer values than this between two changes are not looked at. */
#define SGB_CHANGE_POINT_SEGMENT 3

/* Values of a series at most: time and memory
 * grow with the square. */
#define SGB_CHANGE_POINT_LONGEST 500

typedef struct SgbChangePoint {
    unsigned at; /* index of the first value after the change */
    double q;    /* scaled energy distance of what is before and after */
    double p;    /* of this or more in a shuffled series */
    double before, after; /* medians of the two sides, up to the next change */
} SgbChangePoint;

/*
 * Find changes in @n finite @values: the best one, then the best in what lies
 * before and after it, until one is no longer significant at @significance
 * by @permutations shuffles. @seed makes that repeatable. Returns an array of
 * SgbChangePoint by place, the caller's; empty if there are none. Of a longer
 * series the last SGB_CHANGE_POINT_LONGEST values are looked at.
 */
GArray *sgb_change_points(const double *values, unsigned n, double significance,
                          unsigned permutations, uint32_t seed);

/* The best split of @n values, as it is or not: @at and @q only. FALSE if there
 * are too few. */
gboolean sgb_change_point_best(const double *values, unsigned n,
                               SgbChangePoint *best);

#endif
