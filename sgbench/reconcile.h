/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reconciliation: what the trace of a start says must equal what the initiator
 * counted, and the bytes mapped and bounced what path and layout predict. Where
 * events were lost, nothing is claimed.
 */
#ifndef SGBENCH_RECONCILE_H
#define SGBENCH_RECONCILE_H

#include <glib.h>
#include "rundir.h"
#include "plan.h"

/*
 * Compare the trace in @folder (name below the run directory) with @samples
 * (Sample *, the traced ones of @start) and record a row for each cell in
 * @dir. Returns the number of cells that do not agree; what the first of them
 * said is in @message (the caller's) then.
 */
unsigned reconcile_start(RunDir *dir, const char *folder, const Start *start,
                         GPtrArray *samples, char **message);

#endif
