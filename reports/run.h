/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A run as read from its directory (sgbench/run.schema.json), finished or not.
 */
#ifndef REPORTS_RUN_H
#define REPORTS_RUN_H

#include <stdint.h>
#include <glib.h>
#include <json-glib/json-glib.h>
#include "analysis/histogram.h"

#define SGB_REPORT_ERROR (sgb_report_error_quark())
GQuark sgb_report_error_quark(void);

typedef enum SgbReportError {
    SGB_REPORT_ERROR_OPEN,    /* not there, not readable */
    SGB_REPORT_ERROR_FORMAT,  /* not a run, or of a newer schema */
    SGB_REPORT_ERROR_EMPTY,   /* nothing measured */
} SgbReportError;

/* What a figure of a sample is called here and how it is derived. */
typedef enum SgbFigure {
    SGB_FIGURE_THROUGHPUT,   /* MB/s (10^6 bytes) */
    SGB_FIGURE_CPU,          /* QEMU's IOThread and workers, s per GiB (2^30) */
    SGB_FIGURE_CPU_ALL,      /* with QEMU's main thread and the target, s/GiB */
    SGB_FIGURE_FAULTS,       /* QEMU's minor faults per request */
    SGB_FIGURE_SWITCHES,     /* QEMU's context switches per request */
    SGB_FIGURE_P50,          /* latency, ns */
    SGB_FIGURE_P99,
    SGB_FIGURE_ANON,         /* QEMU's anonymous memory, maximum, bytes */
    SGB_FIGURE__COUNT,
} SgbFigure;

typedef struct SgbSample {
    unsigned round;          /* 0: the traced round */
    gboolean traced;
    uint64_t requests, bytes, failed, dio_requests;
    double figures[SGB_FIGURE__COUNT]; /* NAN: this path has no such figure */
    SgbHistogram *latency;
    double initiator_share;  /* initiator's CPU without empty polls, of all CPU */
} SgbSample;

typedef struct SgbCell {
    const char *id, *target, *path, *operation, *layout; /* of the JSON */
    uint64_t size;
    unsigned depth;
    int cdb_size;
    GPtrArray *samples;      /* SgbSample *, untraced timed rounds, by round */
    GPtrArray *traced;       /* SgbSample *, round 0 */
} SgbCell;

typedef struct SgbRun {
    char *path;
    JsonObject *json;        /* all of run.json but the samples */
    GPtrArray *cells;        /* SgbCell *, in the order of the job */
    gboolean complete;
    unsigned rounds;         /* of the job */
    unsigned bad_lines;      /* of the journal, left out */
} SgbRun;

/* Load the run in folder @path. NULL with an SGB_REPORT_ERROR. */
SgbRun *sgb_run_load(const char *path, GError **error);
void sgb_run_free(SgbRun *run);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SgbRun, sgb_run_free)

/* The cell that differs from @cell in its path only, or NULL. */
const SgbCell *sgb_run_sibling(const SgbRun *run, const SgbCell *cell,
                               const char *path);

#endif
