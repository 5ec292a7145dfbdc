/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The load of a disk: commands of one shape, one after the other over the
 * medium from a place that is drawn by lot, or each at a place drawn by lot.
 *
 * A place is one of the stretches of the cell's size that the medium has; the
 * cell's shift moves all of them. What a CDB cannot name is left out.
 */
#ifndef SGBENCH_LOAD_DISK_H
#define SGBENCH_LOAD_DISK_H

#include "load-timed.h"

/* Places that VERIFY with data goes to: their content is written before. */
#define DISK_COMPARE_PLACES 1024

/* How many places there are for @cell, and the address of one. */
uint64_t disk_places(const Cell *cell, const Target *target);
uint64_t disk_place(const Cell *cell, const Target *target, uint64_t place);

/* GOOD, as commands of @cell must come back. */
gboolean disk_good(const Cell *cell, const Completion *completion);

/* See load_timed_new(). */
LoadTimed *load_disk_new(const Cell *cell, const Target *target,
                         const Arena *arena, uint64_t seed);

#endif
