/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the parts of the runner share: runner.c (a whole run) and
 * runner-start.c (one start of a path).
 */
#ifndef SGBENCH_RUNNER_PRIVATE_H
#define SGBENCH_RUNNER_PRIVATE_H

#include <glib.h>
#include "context.h"
#include "plan.h"
#include "rundir.h"
#include "runner.h"
#include "tracing.h"

typedef struct Runner {
    const Job *job;
    const RunOptions *options;
    RunContext context;
    Plan *plan;
    GHashTable *builds; /* QEMU build's name -> its folder */
    RunDir *dir;
    GHashTable *targets; /* TargetSpec * -> Target * */
    Tracing *tracing;
    Progress *progress;
    char *trace_fault; /* first trace that does not agree */
} Runner;

/* Open @target by @path: through QEMU, or by the target's native initiator. */
Initiator *runner_open(Runner *runner, Target *target, const PathKind *path,
                       const InitiatorNeeds *needs, GError **error);

/* Open @path to the target of @start, with data memory for its cells, ready
 * for commands. */
Initiator *runner_open_path(Runner *runner, const Start *start,
                            const PathKind *path, GError **error);

/* The way to the device broke: put the end of @target, if that is the cause,
 * in place of @error. Always FALSE. */
gboolean runner_blame(const Target *target, GError **error);

/* Start the path of @start and run its cells as round @round; keep the samples
 * in @kept (Sample *) if it is not NULL. */
gboolean runner_run_cells(Runner *runner, const Start *start, unsigned round,
                          gboolean traced, GPtrArray *kept, GError **error);

/* The same, with an LTTng session around it that is reconciled afterwards. */
gboolean runner_run_traced(Runner *runner, const Start *start, unsigned round,
                           GError **error);

#endif
