/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The load that is measured: a closed loop of READs or WRITEs at one depth,
 * sequential over the medium, for a time or a number of requests.
 */
#ifndef SGBENCH_LOAD_TIMED_H
#define SGBENCH_LOAD_TIMED_H

#include <stdint.h>
#include <glib.h>
#include "load.h"
#include "plan.h"
#include "sample.h"

typedef struct LoadTimed LoadTimed;

/*
 * Lay out one buffer for each slot of @cell in the initiator's @arena and
 * build its commands. @target gives block size and capacity; @seed shuffles
 * layouts and chooses the starting block.
 */
LoadTimed *load_timed_new(const Cell *cell, const Target *target,
                          const Arena *arena, uint64_t seed);
void load_timed_free(LoadTimed *timed);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LoadTimed, load_timed_free)

/* From now on count into @sample (NULL: count nothing, warm-up) and stop
 * posting after @ns (0: no limit) or @requests (0: no limit). */
void load_timed_arm(LoadTimed *timed, Sample *sample, uint64_t ns,
                    uint64_t requests);

Load *load_timed_load(LoadTimed *timed);

#endif
