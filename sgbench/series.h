/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The course of a cell: its time in slices, and how many requests ended in each
 * and how long the slowest of them took, so that stalls can be seen. As long as
 * the cell takes, at most SERIES_SLICES numbers: when they are full, slices
 * become twice as long.
 */
#ifndef SGBENCH_SERIES_H
#define SGBENCH_SERIES_H

#include <stdint.h>
#include <json-glib/json-glib.h>

#define SERIES_SLICES 64
#define SERIES_FIRST_SLICE 125000 /* ns */

typedef struct Series {
    uint64_t slice_ns; /* 0: nothing was added yet */
    unsigned used;     /* slices up to the last that something ended in */
    uint64_t requests[SERIES_SLICES];
    uint64_t slowest[SERIES_SLICES]; /* ns */
} Series;

/* A request ended @ns after the beginning and took @latency ns. */
void series_add(Series *series, uint64_t ns, uint64_t latency);

/* As run.schema.json has it; the caller's. */
JsonObject *series_to_json(const Series *series);

#endif
