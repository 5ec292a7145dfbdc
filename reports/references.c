/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "references.h"

#include <math.h>

#include "stats.h"

void sgb_references_clear(SgbReferences *r)
{
    g_clear_pointer(&r->base, g_ptr_array_unref);
    g_clear_pointer(&r->new, g_ptr_array_unref);
    g_clear_pointer(&r->weights, g_array_unref);
}

/* NAN for a round that has failed requests or no such figure. */
static double log_of(const SgbSample *s, SgbFigure figure)
{
    double value = log(s->figures[figure]);

    return s->failed == 0 && isfinite(value) ? value : NAN;
}

static const double *values(const GArray *array)
{
    return (const double *)(void *)array->data;
}

/* Mean logarithm of @cells in @round, NAN if it has none. */
static double reference_log(const GPtrArray *cells, const GArray *weights,
                            unsigned round, SgbFigure figure)
{
    double sum = 0, weight = 0;

    for (unsigned i = 0; i < cells->len; i++) {
        const SgbCell *cell = g_ptr_array_index(cells, i);

        for (unsigned k = 0; k < cell->samples->len; k++) {
            const SgbSample *s = g_ptr_array_index(cell->samples, k);

            if (s->round == round && isfinite(log_of(s, figure))) {
                sum += values(weights)[i] * log_of(s, figure);
                weight += values(weights)[i];
            }
        }
    }
    return weight > 0 ? sum / weight : NAN;
}

/*
 * Logarithms of @figure in the rounds of @cell without failed requests; less
 * those of @references in the same round, if there are any. What slows the whole
 * machine down for seconds or for an hour is then not in it.
 */
GArray *sgb_logs_of(const SgbCell *cell, SgbFigure figure,
                    const GPtrArray *references, const GArray *weights)
{
    GArray *logs = g_array_new(FALSE, FALSE, sizeof(double));

    for (unsigned i = 0; i < cell->samples->len; i++) {
        const SgbSample *s = g_ptr_array_index(cell->samples, i);
        double value = log_of(s, figure);

        if (references) {
            value -= reference_log(references, weights, s->round, figure);
        }
        if (isfinite(value)) {
            g_array_append_val(logs, value);
        }
    }
    return logs;
}

/* Squared spread of @cell's rounds, by the median distance from the median. */
static double spread_of(const SgbCell *cell, SgbFigure figure)
{
    g_autoptr(GArray) logs = sgb_logs_of(cell, figure, NULL, NULL);
    double median = sgb_median(values(logs), logs->len), distance;

    for (unsigned i = 0; i < logs->len; i++) {
        double *value = &g_array_index(logs, double, i);

        *value = fabs(*value - median);
    }
    distance = sgb_median(values(logs), logs->len);
    return distance * distance;
}

void sgb_references_add(SgbReferences *r, const SgbCell *base,
                        const SgbCell *new, SgbFigure figure)
{
    double spread = spread_of(base, figure) + spread_of(new, figure);
    double weight = 1 / fmax(spread, 1e-8);

    if (isfinite(weight)) {
        g_ptr_array_add(r->base, (gpointer)base);
        g_ptr_array_add(r->new, (gpointer) new);
        g_array_append_val(r->weights, weight);
    }
}
