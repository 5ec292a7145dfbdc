/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The run directory: run.json (run.schema.json describes it), trace/, logs/.
 *
 * While a run is going on, run.json holds all but the samples, and each sample
 * is one line of samples.jsonl, written with one write(2) as soon as the cell
 * is done; at the end run.json takes them in and the journal goes. A reader
 * takes both, so that a killed run keeps what it measured.
 */
#ifndef SGBENCH_RUNDIR_H
#define SGBENCH_RUNDIR_H

#include <glib.h>
#include <json-glib/json-glib.h>
#include "sample.h"

#define RUNDIR_SCHEMA_VERSION 2

typedef struct RunDir RunDir;

/* Make @path (must not exist, or be an empty folder) and write a first
 * run.json. @header is an object with all but "samples", "reconciliation",
 * "verification", "finished" and "outcome"; taken over. SGBENCH_ERROR_RESULTS. */
RunDir *rundir_create(const char *path, JsonObject *header, GError **error);

/* Looks at the header of a run that is to go on. FALSE with an error if it must
 * not: nothing has been changed then. */
typedef gboolean (*RunDirCheck)(JsonObject *header, void *opaque,
                                GError **error);

/* Open an unfinished run again; its samples stay. @check may be NULL. */
RunDir *rundir_resume(const char *path, RunDirCheck check, void *opaque,
                      GError **error);

/* TRUE if the run already has a sample of @cell in @round. */
gboolean rundir_has_sample(RunDir *dir, const char *cell, unsigned round);

/* The header of run.json; borrowed, may be changed before the next write. */
JsonObject *rundir_header(RunDir *dir);

/* Append one sample. FALSE with SGBENCH_ERROR_RESULTS (disk full: the journal
 * is cut back to its last whole line). */
gboolean rundir_append(RunDir *dir, const Sample *sample, GError **error);

/* Append @record to array @name ("verification", "reconciliation",
 * "log_pages", "not_run"). Taken over. */
void rundir_record(RunDir *dir, const char *name, JsonObject *record);

/* Empty that array: what it said is going to be said anew. */
void rundir_forget(RunDir *dir, const char *name);

/* Write run.json (atomically) with outcome @outcome ("complete",
 * "interrupted", "failed") and @message, and remove the journal. */
gboolean rundir_finish(RunDir *dir, const char *outcome, const char *message,
                       GError **error);
void rundir_free(RunDir *dir);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RunDir, rundir_free)

const char *rundir_path(const RunDir *dir);

/* One sample as run.json has it; the caller's. */
JsonObject *sample_to_json(const Sample *sample);

#endif
