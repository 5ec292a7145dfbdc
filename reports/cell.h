/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Cells of a run beside each other.
 */
#ifndef REPORTS_CELL_H
#define REPORTS_CELL_H

#include <glib.h>
#include "run.h"

/* What a second is worth, and what CPU is for: bytes where @cell moves data,
 * requests where it does not. */
SgbFigure sgb_cell_throughput(const SgbCell *cell);
SgbFigure sgb_cell_cpu(const SgbCell *cell);

/* TRUE if @a and @b differ in nothing but their path. */
gboolean sgb_cells_alike(const SgbCell *a, const SgbCell *b);

/* The cell that differs from @cell in its path only, or NULL. */
const SgbCell *sgb_run_sibling(const SgbRun *run, const SgbCell *cell,
                               const char *path);

#endif
