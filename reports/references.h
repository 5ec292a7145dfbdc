/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a change of the machine between two runs is seen by. */
#ifndef REPORTS_REFERENCES_H
#define REPORTS_REFERENCES_H

#include <glib.h>
#include "run.h"

/* Cells that both runs have, and that what varies does not touch. */
typedef struct SgbReferences {
    GPtrArray *base, *new; /* const SgbCell *, at the same places */
    GArray *weights;       /* double */
} SgbReferences;

void sgb_references_clear(SgbReferences *r);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(SgbReferences, sgb_references_clear)

/* Add a cell of each run; the steadier @figure is, the more it counts. */
void sgb_references_add(SgbReferences *r, const SgbCell *base,
                        const SgbCell *new, SgbFigure figure);

/* Logarithms (double) of @figure in the rounds of @cell without failed requests,
 * less those of @references (NULL: none) in the same round; unref it. */
GArray *sgb_logs_of(const SgbCell *cell, SgbFigure figure,
                    const GPtrArray *references, const GArray *weights);

#endif
