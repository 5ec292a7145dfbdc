/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The plan: every cell of a job, and the order in which rounds run them.
 *
 * A round starts each path of each target, and each of its HBAs, afresh, in a
 * seeded random order; inside a start the cells come in another seeded order,
 * the same for all paths of that round, so that paired cells have the same
 * past.
 */
#ifndef SGBENCH_PLAN_H
#define SGBENCH_PLAN_H

#include <stdint.h>
#include <glib.h>
#include "cell.h"
#include "job.h"
#include "path.h"
#include "target.h"

/* One QEMU start (or one opening of the native path). */
typedef struct Start {
    const TargetSpec *target;
    const PathKind *path;
    const HbaKind *hba;
    GPtrArray *cells; /* Cell *, in the order to run */
} Start;

typedef struct Plan {
    const Job *job;
    GPtrArray *cells;    /* Cell * */
    GHashTable *by_id;   /* Cell.id -> Cell * */
    GHashTable *matched; /* the patterns of Job.only that match a cell */
} Plan;

/* Expand @job. SGBENCH_ERROR_USAGE with file and line if a cell asks for what
 * its target or path can't do (depth, size, a path the target hasn't). */
Plan *plan_new(const Job *job, GError **error);
void plan_free(Plan *plan);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Plan, plan_free)

/* FALSE if no cell is of @spec: job_only() may leave a target nothing. */
gboolean plan_has_target(const Plan *plan, const TargetSpec *spec);

/* Can the target of @spec, now that it was asked, do what its cells want?
 * SGBENCH_ERROR_USAGE as of plan_new(). */
gboolean plan_check_target(const Plan *plan, const TargetSpec *spec,
                           const TargetCaps *caps, GError **error);

/* Starts of round @round in order (GPtrArray of Start *, the caller's). The
 * same job, seed and round always give the same order. */
GPtrArray *plan_round(const Plan *plan, unsigned round);

/* The HBA of @start, and the largest memories that any cell of it needs. */
InitiatorNeeds plan_needs(const Start *start);

/* Seconds the run should take, without set-up of targets; an estimate. */
double plan_seconds(const Plan *plan, gboolean in_lab);

/* The plan in words, for --dry-run; the caller's. (plan-text.c) */
char *plan_text(const Plan *plan, gboolean in_lab);

#endif
