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
#include "job.h"
#include "path.h"
#include "target.h"

typedef struct Cell {
    char *id;       /* TARGET/PATH/read/1M/qd4/contiguous[/cdb16]
                     [/fixed32K][/fm64M][/pvscsi] */
    unsigned index; /* in Plan.cells */
    const TargetSpec *target;
    const PathKind *path;
    Operation operation;
    uint64_t size;
    unsigned depth;
    Layout layout;
    const HbaKind *hba; /* a native path has none, but its cells pair */
    int cdb_size;
    uint32_t tape_block; /* fixed blocks of a tape, bytes; 0: variable */
    uint64_t filemarks;  /* bytes between filemarks of a tape; 0: one, last */
} Cell;

/* One QEMU start (or one opening of the native path). */
typedef struct Start {
    const TargetSpec *target;
    const PathKind *path;
    const HbaKind *hba;
    GPtrArray *cells; /* Cell *, in the order to run */
} Start;

typedef struct Plan {
    const Job *job;
    GPtrArray *cells;  /* Cell * */
    GHashTable *by_id; /* Cell.id -> Cell * */
} Plan;

/* Expand @job. SGBENCH_ERROR_USAGE with file and line if a cell asks for what
 * its target or path can't do (depth, size, a path the target hasn't). */
Plan *plan_new(const Job *job, GError **error);
void plan_free(Plan *plan);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Plan, plan_free)

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
