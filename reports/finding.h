/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Findings: what the ratio of two paths of a block amounts to.
 */
#ifndef REPORTS_FINDING_H
#define REPORTS_FINDING_H

#include <glib.h>
#include "block.h"

/* Paths are called the same only if the whole interval is this close to 1, up
 * or down (measurement charter: equivalence within a stated margin). */
#define SGB_MARGIN 0.05

typedef enum SgbEffect {
    SGB_EFFECT_UNKNOWN,  /* fewer than two pairs */
    SGB_EFFECT_BETTER,   /* the whole interval on the good side of 1 */
    SGB_EFFECT_WORSE,    /* on the bad side */
    SGB_EFFECT_SAME,     /* 1 is in it, and all of it within SGB_MARGIN */
    SGB_EFFECT_UNSHOWN,  /* 1 is in it: no difference shown */
    SGB_EFFECT_DOUBTFUL, /* 1 is not in it, but the same path twice differs as
                          * much in this block */
    SGB_EFFECT__COUNT,
} SgbEffect;

typedef struct SgbFinding {
    const SgbBlock *block;
    SgbPair pair;
    SgbFigure figure; /* sgb_cell_throughput() or sgb_cell_cpu() */
    SgbInterval ratio;
    SgbEffect effect;
    double would_see; /* an effect of this share (0.08: 8 %) or more would have
                       * been shown, with this spread; NAN: unknown */
} SgbFinding;

/* Throughput and CPU of each pair of @block (SgbFinding; unref the array). */
GArray *sgb_block_findings(const SgbBlock *block);

/* "better", "worse", ...; static. */
const char *sgb_effect_name(SgbEffect effect);

#endif
