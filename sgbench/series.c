/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "series.h"

/* Two slices in one. */
static void fold(Series *s)
{
    for (unsigned i = 0; i < SERIES_SLICES / 2; i++) {
        s->requests[i] = s->requests[2 * i] + s->requests[2 * i + 1];
        s->slowest[i] = MAX(s->slowest[2 * i], s->slowest[2 * i + 1]);
    }
    memset(s->requests + SERIES_SLICES / 2, 0, sizeof(s->requests) / 2);
    memset(s->slowest + SERIES_SLICES / 2, 0, sizeof(s->slowest) / 2);
    s->slice_ns *= 2;
    s->used = (s->used + 1) / 2;
}

void series_add(Series *series, uint64_t ns, uint64_t latency)
{
    unsigned i;

    if (!series->slice_ns) {
        series->slice_ns = SERIES_FIRST_SLICE;
    }
    while (ns / series->slice_ns >= SERIES_SLICES) {
        fold(series);
    }
    i = ns / series->slice_ns;
    series->used = MAX(series->used, i + 1);
    series->requests[i]++;
    series->slowest[i] = MAX(series->slowest[i], latency);
}

static JsonArray *counts_to_json(const uint64_t *counts, unsigned n)
{
    JsonArray *array = json_array_sized_new(n);

    for (unsigned i = 0; i < n; i++) {
        json_array_add_int_element(array, counts[i]);
    }
    return array;
}

JsonObject *series_to_json(const Series *series)
{
    JsonObject *object = json_object_new();

    json_object_set_int_member(object, "slice", series->slice_ns);
    json_object_set_array_member(
        object, "requests", counts_to_json(series->requests, series->used));
    json_object_set_array_member(object, "slowest",
                                 counts_to_json(series->slowest, series->used));
    return object;
}
