/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "holm.h"

#include <gsl/gsl_sort.h>

void sgb_holm(double *p, unsigned n)
{
    g_autofree size_t *order = g_new(size_t, n);
    double largest = 0;

    gsl_sort_index(order, p, 1, n);
    for (unsigned i = 0; i < n; i++) {
        double adjusted = MIN((n - i) * p[order[i]], 1);

        largest = MAX(largest, adjusted);
        p[order[i]] = largest;
    }
}
