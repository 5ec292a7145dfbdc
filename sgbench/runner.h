/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs a job: targets up, verification, the traced round, the timed rounds,
 * everything down again.
 */
#ifndef SGBENCH_RUNNER_H
#define SGBENCH_RUNNER_H

#include <glib.h>
#include "job.h"
#include "progress.h"

typedef struct RunOptions {
    const char *output;           /* run directory; made here */
    gboolean resume;              /* it is there already: go on */
    const char *const *overrides; /* KEY=VALUE given on the command line, for
                                   * the record; or NULL */
    /* what may be written to (foreign.h); NULL-terminated, or NULL */
    const char *const *write_to, *const *write_to_tape;
    ProgressStyle progress;
} RunOptions;

/*
 * Run @job. FALSE with an error of any of sgbench's kinds; what was measured
 * until then is in the run directory, and run.json says how it ended.
 */
gboolean run_job(const Job *job, const RunOptions *options, GError **error);

#endif
