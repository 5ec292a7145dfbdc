/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Measures one cell on an open initiator.
 */
#ifndef SGBENCH_MEASURE_H
#define SGBENCH_MEASURE_H

#include <stdint.h>
#include <glib.h>
#include "context.h"
#include "load-timed.h"
#include "plan.h"
#include "sample.h"

typedef struct MeasureSpec {
    unsigned round; /* 0: the traced round */
    uint64_t warmup_ns;
    LoadLimits limits;
    uint64_t seed; /* the same for all paths of a round */
    gboolean traced;
} MeasureSpec;

/*
 * Warm up, then run @cell. The first post to the last completion are counted,
 * with the CPU of QEMU, target and sgbench in that time. Commands that fail
 * with a status are counted in the sample; NULL with an error only if the way
 * to the device broke.
 */
Sample *measure_cell(RunContext *context, const Target *target,
                     Initiator *initiator, const Cell *cell,
                     const MeasureSpec *spec, GError **error);

#endif
