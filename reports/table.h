/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The text table of runs: per target, operation, size, depth and layout what
 * each path did, and the paired ratios of zero-copy against its rivals.
 */
#ifndef REPORTS_TABLE_H
#define REPORTS_TABLE_H

#include <glib.h>
#include "block.h"
#include "run.h"

/* What stands before the figures of @run: how it ended, machine, builds,
 * verification, reconciliation. Appends to @out. */
void sgb_table_head(GString *out, const SgbRun *run);

/* The figures of @run. Appends to @out. */
void sgb_table_body(GString *out, const SgbRun *run);

/* What the drive called @target counted itself, if it does. Appends to @out.
 * (table-log.c) */
void sgb_table_logs(GString *out, const SgbRun *run, const char *target);

/* The table of @runs (SgbRun *), at most 80 columns; the caller's. */
char *sgb_table_text(GPtrArray *runs);

#endif
