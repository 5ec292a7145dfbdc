/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "batch.h"

#include "stats.h"

GArray *sgb_batches(const GArray *values)
{
    GArray *batches = g_array_new(FALSE, FALSE, sizeof(double));
    unsigned each = MAX(values->len / SGB_BATCHES, 1);
    unsigned n = values->len / each;

    for (unsigned i = 0; i < n; i++) {
        unsigned from = (guint64)i * values->len / n;
        unsigned to = (guint64)(i + 1) * values->len / n;
        double median =
            sgb_median((const double *)(void *)values->data + from, to - from);

        g_array_append_val(batches, median);
    }
    return batches;
}
