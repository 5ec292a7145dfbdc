/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <math.h>

#include "steady.h"

#define TENTHS 10
#define RANGE_MAX 0.20 /* of the average */
#define DRIFT_MAX 0.10

/* Slope of the least-squares line through @y at 0 … n - 1. */
static double slope_of(const double *y, unsigned n)
{
    double middle = (n - 1) / 2.0, products = 0, squares = 0;

    for (unsigned i = 0; i < n; i++) {
        products += (i - middle) * y[i];
        squares += (i - middle) * (i - middle);
    }
    return products / squares;
}

static SgbSteady judge(const double *y, unsigned n)
{
    double low = y[0], high = y[0], sum = 0;

    for (unsigned i = 0; i < n; i++) {
        if (y[i] < SGB_STEADY_REQUESTS) {
            return SGB_STEADY_UNKNOWN;
        }
        low = MIN(low, y[i]);
        high = MAX(high, y[i]);
        sum += y[i];
    }
    return high - low <= RANGE_MAX * sum / n &&
                   fabs(slope_of(y, n)) * (n - 1) <= DRIFT_MAX * sum / n
               ? SGB_STEADY
               : SGB_STEADY_NOT;
}

SgbSteady sgb_sample_steady(const SgbSample *sample)
{
    const SgbSeries *series = &sample->series;
    double rates[SGB_STEADY_WINDOW] = {0};
    unsigned whole, each, first;

    if (!series->n) {
        return SGB_STEADY_UNKNOWN;
    }
    /* What ended last may have been all that was left. */
    whole = MIN(series->n, sample->wall / series->slice);
    each = whole / TENTHS;
    if (!each) {
        return SGB_STEADY_UNKNOWN;
    }
    first = whole - SGB_STEADY_WINDOW * each;
    for (unsigned i = 0; i < SGB_STEADY_WINDOW * each; i++) {
        rates[i / each] += series->requests[first + i];
    }
    return judge(rates, SGB_STEADY_WINDOW);
}
