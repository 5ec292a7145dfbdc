/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Gains: what each thing that bouncing does costs, from two paths that differ
 * in that alone.
 */
#ifndef REPORTS_GAIN_H
#define REPORTS_GAIN_H

#include <glib.h>
#include "block.h"

typedef struct SgbGain {
    const char *what; /* that @from does and @to does not; static */
    gboolean step;    /* one of those that add up from generic-bounce to
                       * generic-zerocopy */
    const SgbCell *from, *to;
    SgbInterval cpu; /* saved by leaving it out, s/GiB, paired by round */
    SgbInterval throughput; /* @to / @from */
} SgbGain;

/* The gains of @block that its paths tell (SgbGain; unref the array); none if
 * it moves no data or tells no paths apart. */
GArray *sgb_block_gains(const SgbBlock *block);

/* "0.412 [0.401, 0.430]", ~ where 0 is in it; the caller's. */
char *sgb_gain_text(const SgbInterval *cpu);

#endif
