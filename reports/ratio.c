/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "table.h"

#include <math.h>

/* The level that intervals are to reach. */
#define LEVEL 0.95

static const SgbSample *sample_of_round(const SgbCell *cell, unsigned round)
{
    for (unsigned i = 0; i < cell->samples->len; i++) {
        const SgbSample *s = g_ptr_array_index(cell->samples, i);

        if (s->round == round) {
            return s;
        }
    }
    return NULL;
}

static gboolean usable(const SgbSample *s, SgbFigure figure)
{
    return s && s->failed == 0 && isfinite(s->figures[figure]) &&
           s->figures[figure] > 0;
}

SgbInterval sgb_ratio(const SgbCell *over, const SgbCell *under,
                      SgbFigure figure)
{
    g_autoptr(GArray) ratios = g_array_new(FALSE, FALSE, sizeof(double));

    for (unsigned i = 0; i < over->samples->len; i++) {
        const SgbSample *a = g_ptr_array_index(over->samples, i);
        const SgbSample *b = sample_of_round(under, a->round);

        if (usable(a, figure) && usable(b, figure)) {
            double ratio = a->figures[figure] / b->figures[figure];

            g_array_append_val(ratios, ratio);
        }
    }
    return sgb_median_interval((const double *)(void *)ratios->data,
                               ratios->len, LEVEL);
}
