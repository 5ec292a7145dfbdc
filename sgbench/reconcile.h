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

/* From best to worst. */
typedef enum Reconciled {
    RECONCILED_AGREES,
    RECONCILED_LOST,       /* events were lost: nothing is known */
    RECONCILED_UNREADABLE, /* the trace is damaged */
    RECONCILED_DIFFERS,
} Reconciled;

/*
 * Compare the trace in @folder (name below the run directory) with @samples
 * (Sample *, the traced ones of @start) and record a row for each cell in
 * @dir. Returns how it went for the worst cell; @message (the caller's) says
 * what was wrong with the first that was, or is NULL.
 */
Reconciled reconcile_start(RunDir *dir, const char *folder, const Start *start,
                           GPtrArray *samples, char **message);

#endif
