/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs of months, of many machines, in one SQLite file. A run is kept whole, as
 * text, so that whatever is wanted of it later can be derived again; medians of
 * its figures stand beside it, for trends.
 *
 * Several processes may use one file at once (write-ahead log, a transaction
 * for each run). One that is killed leaves nothing half done.
 */
#ifndef REPORTS_HISTORY_H
#define REPORTS_HISTORY_H

#include <stdint.h>
#include <glib.h>
#include "bundle.h"
#include "run.h"

typedef struct SgbHistory SgbHistory;

/* $SGBENCH_HISTORY, or sgbench/history.db in the user's data folder; the
 * caller's. */
char *sgb_history_default(void);

/*
 * Open @file, which is made if it is not there and @create; an older one is
 * brought up to date. NULL with an SGB_REPORT_ERROR: OPEN, FORMAT if it is not a
 * history or a newer one, WRITE. Use it in one thread.
 */
SgbHistory *sgb_history_open(const char *file, gboolean create, GError **error);
void sgb_history_close(SgbHistory *history);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SgbHistory, sgb_history_close)

/* What an import did, added up. */
typedef struct SgbImport {
    unsigned added, replaced, known;
} SgbImport;

/*
 * Take in what @where is: a run directory, a bundle, or another history with
 * all its runs. A run that is there already (by its id) stays, unless it was not
 * complete and the new one has more samples. Errors as for sgb_run_load and
 * sgb_bundle_read, and WRITE; runs taken in before one stay.
 */
gboolean sgb_history_import(SgbHistory *history, const char *where,
                            SgbImport *import, GError **error);

typedef struct SgbHistoryRun {
    char *id, *job, *started, *outcome, *host, *cpu, *kernel;
    char *baselines; /* names, with ", " between, or "" */
    unsigned rounds;
} SgbHistoryRun;

/* All runs (SgbHistoryRun *, freed with the array), oldest first. */
GPtrArray *sgb_history_runs(SgbHistory *history, GError **error);

/*
 * The id of the run that @name means: a baseline, an id, or the beginning of
 * just one (four characters at least). The caller's; NULL with
 * SGB_REPORT_ERROR_OPEN.
 */
char *sgb_history_find(SgbHistory *history, const char *name, GError **error);

/* Its texts, as they were; the caller clears them. */
gboolean sgb_history_texts(SgbHistory *history, const char *name,
                           SgbBundleTexts *texts, GError **error);

/* The run itself; its path is "history:@name". */
SgbRun *sgb_history_load(SgbHistory *history, const char *name, GError **error);

/* Call the run @run @name from now on; NULL takes the name away. A name is up
 * to 64 letters, digits, '.', '_' and '-', and no beginning of an id. */
gboolean sgb_history_name(SgbHistory *history, const char *name,
                          const char *run, GError **error);

/* Forget a run and its names. */
gboolean sgb_history_remove(SgbHistory *history, const char *run,
                            GError **error);

#endif
