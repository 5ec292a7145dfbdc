/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A job: what to measure, as written in a key file of configs/. sgbench-job(5)
 * describes the keys; everything unknown or out of range is an error that names
 * file and line.
 */
#ifndef SGBENCH_JOB_H
#define SGBENCH_JOB_H

#include <stdint.h>
#include <glib.h>
#include "tracing-kernel.h"
#include "hba.h"

typedef enum Operation {
    OPERATION_READ,
    OPERATION_WRITE,
    OPERATION_MIXED,   /* READs and WRITEs, drawn by lot */
    OPERATION_VERIFY,  /* VERIFY, BYTCHK 00b: no data */
    OPERATION_COMPARE, /* VERIFY, BYTCHK 01b: with data */
    OPERATION_UNMAP,
    OPERATION_SYNC, /* SYNCHRONIZE CACHE */
    /* Of tapes alone: */
    OPERATION_SPACE,
    OPERATION_LOCATE,
    OPERATION__COUNT,
} Operation;

typedef enum Access {
    ACCESS_SEQUENTIAL,
    ACCESS_RANDOM,
    ACCESS__COUNT,
} Access;

/* What is written; see fill.h. */
typedef enum Fill {
    FILL_ANY, /* whatever is in memory */
    FILL_INCOMPRESSIBLE,
    FILL_COMPRESSIBLE,
    FILL__COUNT,
} Fill;

typedef enum Layout {
    LAYOUT_CONTIGUOUS, /* one piece, page-aligned */
    LAYOUT_PAGES,      /* 4 KiB pieces, shuffled */
    LAYOUT_OFFSET,     /* one piece, starts 512 + 4 bytes into a page */
    LAYOUT_MANY,       /* up to 2048 pieces, as small as that needs, shuffled */
    LAYOUT_MMIO,       /* 4 KiB pieces, every eighth in device memory */
    LAYOUT_ADJACENT,   /* 4 KiB pieces, each next to the one before */
    LAYOUT__COUNT,
} Layout;

typedef enum TraceMode {
    TRACE_ROUND, /* one extra, traced round; timed rounds are untraced */
    TRACE_ON,    /* timed rounds are traced as well */
    TRACE_OFF,
} TraceMode;

/* [target NAME]: where commands go. Keys beside "kind" belong to the kind. */
typedef struct TargetSpec {
    char *name;
    char *kind;
    GHashTable *keys;  /* char * -> char * */
    GHashTable *lines; /* char * -> line number, for error messages */
    int line;
} TargetSpec;

/* [matrix NAME]: the product of its axes. A job may have several. */
typedef struct Matrix {
    char *name;
    GPtrArray *targets; /* TargetSpec *, owned by the job */
    GPtrArray *paths;   /* const PathKind * */
    GArray *operations; /* Operation */
    GArray *sizes;      /* uint64_t, bytes */
    GArray *depths;     /* unsigned */
    GArray *layouts;    /* Layout */
    const HbaKind *hba;
    GArray *cdb_sizes;   /* unsigned: 6, 10, 12, 16 */
    GArray *accesses;    /* Access */
    GArray *reads;       /* unsigned, percent of mixed */
    GArray *rates;       /* uint64_t, bytes a second; 0: as fast as it goes */
    GArray *fills;       /* Fill */
    uint64_t shift;      /* as in Cell (plan.h) */
    uint32_t tape_block; /* as in Cell (plan.h) */
    uint64_t filemarks;
    int line;
} Matrix;

typedef struct Job {
    char *name; /* file name without .conf */
    char *file;
    char *text; /* the file, verbatim, for run.json */
    char *description;
    unsigned rounds;
    double cell_seconds, warmup_seconds;
    gboolean has_cell_seconds; /* it was given */
    uint64_t cell_bytes;       /* 0: cells end by time alone */
    uint64_t seed;
    TraceMode trace;
    KernelTrace trace_kernel;
    unsigned trace_requests; /* per traced cell */
    gboolean verify;
    GPtrArray *targets;  /* TargetSpec * */
    GPtrArray *matrices; /* Matrix * */
    GPtrArray *only;     /* char *: patterns of the cells to run; empty: all */
} Job;

/* Load @file. Returns NULL with SGBENCH_ERROR_USAGE, "FILE:LINE: …". */
Job *job_load(const char *file, GError **error);
void job_free(Job *job);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Job, job_free)

/* Set one key from the command line, "rounds=3" ([job] keys only). */
gboolean job_override(Job *job, const char *assignment, GError **error);

/* Of all cells, run those whose id matches @pattern ('*' and '?'), or one of
 * those given before. SGBENCH_ERROR_USAGE if it can match none. */
gboolean job_only(Job *job, const char *pattern, GError **error);

/* How long a cell may take, seconds; 0 if only cell_bytes ends it. */
double job_cell_limit(const Job *job);

/* Set the key "device" of targets of kind device from the command line: of the
 * one called TARGET in "TARGET=NAME", of all without. SGBENCH_ERROR_USAGE if
 * there is none. */
gboolean job_set_device(Job *job, const char *assignment, GError **error);

/* An SGBENCH_ERROR_USAGE that points at @key of @spec. */
void target_spec_error(const Job *job, const TargetSpec *spec, const char *key,
                       GError **error, const char *format, ...)
    G_GNUC_PRINTF(5, 6);

/* "64K", "1M", "512" to bytes and back (power of two units; the shortest exact
 * text). job_size_text's result is the caller's. */
gboolean job_parse_size(const char *text, uint64_t *bytes);
char *job_size_text(uint64_t bytes);

const char *operation_name(Operation operation);
const char *access_name(Access access);
const char *fill_name(Fill fill);
const char *layout_name(Layout layout);

#endif
