/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A run as read from its directory (sgbench/run.schema.json), finished or not.
 */
#ifndef REPORTS_RUN_H
#define REPORTS_RUN_H

#include <stdint.h>
#include <stdint.h>
#include <glib.h>
#include <json-glib/json-glib.h>
#include "analysis/histogram.h"

#define SGB_REPORT_ERROR (sgb_report_error_quark())
GQuark sgb_report_error_quark(void);

typedef enum SgbReportError {
    SGB_REPORT_ERROR_OPEN,   /* not there, not readable */
    SGB_REPORT_ERROR_FORMAT, /* not a run, or of a newer schema */
    SGB_REPORT_ERROR_EMPTY,  /* nothing measured */
    SGB_REPORT_ERROR_WRITE,  /* a file or database that can't be written */
} SgbReportError;

/*
 * Figures of a sample, derived from what run.json has. Per GiB (2^30) and per
 * request means those completed GOOD and in full.
 *
 * CPU is what the path itself costs: QEMU without its main thread, which serves
 * qtest here and would do other things for a guest; that leaves the IOThread,
 * the workers and whatever other threads QEMU has. The native path has no QEMU:
 * there it is the initiator's own CPU without its empty polls, which issues the
 * commands that QEMU would issue.
 */
typedef enum SgbFigure {
    SGB_FIGURE_THROUGHPUT, /* bytes over wall time, MB/s (10^6 bytes) */
    SGB_FIGURE_CPU,        /* see above, s per GiB */
    SGB_FIGURE_CPU_ALL,    /* all of QEMU (native: as CPU) and the target's
                              * own process, s per GiB */
    SGB_FIGURE_FAULTS,     /* QEMU's minor faults per request */
    SGB_FIGURE_SWITCHES,   /* QEMU's context switches per request */
    SGB_FIGURE_P50,        /* latency, ns */
    SGB_FIGURE_P99,
    SGB_FIGURE_ANON, /* QEMU's anonymous memory, maximum, bytes */
    /* Of cells that move no data, which have not the first three: requests a
     * second; CPU and CPU_ALL of a request, ns. */
    SGB_FIGURE_RATE,
    SGB_FIGURE_CPU_REQUEST,
    SGB_FIGURE_CPU_ALL_REQUEST,
    SGB_FIGURE__COUNT,
} SgbFigure;

/* Slices of a sample's time, from its first request on. */
typedef struct SgbSeries {
    uint64_t slice;     /* ns */
    unsigned n;         /* 0: not recorded */
    uint64_t *requests; /* that ended in each */
    uint64_t *slowest;  /* of these, ns */
} SgbSeries;

typedef struct SgbSample {
    unsigned round; /* 0: the traced round */
    gboolean traced;
    uint64_t requests, bytes, failed, dio_requests;
    uint64_t due, not_posted;
    double figures[SGB_FIGURE__COUNT]; /* NAN: this path has no such figure */
    uint64_t slowest;                  /* latency, ns; 0: no request */
    uint64_t wall;                     /* ns */
    SgbSeries series;
    double initiator_share; /* initiator's CPU without empty polls, of it and
                              * what CPU_ALL counts */
    char *failure;          /* the first one, or NULL */
} SgbSample;

/* Times that only some loads have. */
typedef enum SgbTimes {
    SGB_TIMES_READS, /* latency of the READs of a mixed load */
    SGB_TIMES_WRITES,
    SGB_TIMES_RESPONSE, /* from when a command was due (fixed rate) */
    SGB_TIMES_GAP,      /* from the end of one to the end of the next */
    SGB_TIMES__COUNT,
} SgbTimes;

typedef struct SgbCell {
    const char *id, *target, *path, *operation, *layout; /* of the JSON */
    uint64_t size;
    unsigned depth;
    int cdb_size;
    gboolean random;     /* places drawn by lot; FALSE: one after the other */
    unsigned reads;      /* of a mixed load, percent; 0: of one kind */
    uint64_t shift;      /* bytes from multiples of size to where it begins */
    uint64_t rate;       /* bytes a second that are fed; 0: all it takes */
    const char *data;    /* of the JSON: what is written; NULL: anything */
    gboolean moves_data; /* FALSE: bytes mean nothing, requests count */
    uint64_t tape_block; /* fixed blocks of a tape, bytes; 0: variable */
    uint64_t filemarks;  /* bytes between filemarks of a tape; 0: one, last */
    const char *hba;     /* of the JSON; NULL: virtio-scsi */
    GPtrArray *samples; /* SgbSample *, timed rounds (traced too if the job says
                         * trace=on), by round */
    GPtrArray *traced;  /* SgbSample *, round 0 */

    /* Of all timed rounds together. */
    SgbHistogram *latency;
    SgbHistogram *more[SGB_TIMES__COUNT]; /* NULL: it has none */
    uint64_t requests, failed;
    uint64_t due, not_posted; /* at a fixed rate: commands that were due, and
                               * those that there was no time for */
    const char *failure;      /* the first one, of a sample, or NULL */

    /* What its trace says (an element of the JSON's reconciliation), if it
     * agrees with the initiator; or NULL. */
    JsonObject *trace;
    double dio; /* share of requests with direct I/O of the kernel's sg driver:
                 * in QEMU from the trace, natively counted; NAN: unknown */
} SgbCell;

typedef struct SgbRun {
    char *path;
    JsonObject *json; /* all of run.json, with "samples" empty */
    GPtrArray *cells; /* SgbCell *, in the order of the job, without those
                       * that were left out (sgb_run_not_run()) */
    gboolean complete;
    unsigned rounds;    /* of the job */
    unsigned bad_lines; /* of the journal, left out (torn, not ours) */
} SgbRun;

/*
 * Load the run in folder @path: run.json, and samples.jsonl of a run that has
 * not ended. NULL with an SGB_REPORT_ERROR whose message names file and member;
 * EMPTY if there is nothing to report at all: no sample, no verification, no
 * cell that was left out.
 * In @json everything that run.schema.json requires is there and of its type.
 */
SgbRun *sgb_run_load(const char *path, GError **error);

/* The same of texts that are at hand: run.json, and samples.jsonl or NULL. @path
 * says where they are from. */
SgbRun *sgb_run_parse(const char *path, GBytes *text, GBytes *lines,
                      GError **error);
void sgb_run_free(SgbRun *run);

/* Cells that were left out because their target does not have the command: id
 * to what it said. The caller's; the texts are @run's. */
GHashTable *sgb_run_not_run(const SgbRun *run);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(SgbRun, sgb_run_free)

#endif
