/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two runs of the same job: what is faster, what is slower, and what would have
 * been seen. The rounds of two runs are not paired: they are compared by ranks.
 */
#ifndef REPORTS_COMPARE_H
#define REPORTS_COMPARE_H

#include <glib.h>
#include "figure.h"
#include "likeness.h"
#include "rank-sum.h"
#include "run.h"
#include "stats.h"

typedef struct SgbCompareOptions {
    SgbFactor vary;
    gboolean figures[SGB_FIGURE__COUNT];
    double alpha;     /* chance that anything is found where nothing is */
    double power;     /* chance to see what "would have been seen" */
    double threshold; /* changes up to this share are none; 0: any counts */
    double must_see;  /* inconclusive if a worsening by this share, and the
                       * threshold, would not have been seen somewhere */
} SgbCompareOptions;

/* CPU and throughput, 5 %, 90 %, 0, 10 %. */
extern const SgbCompareOptions sgb_compare_defaults;

typedef enum SgbVerdict {
    SGB_VERDICT_NONE, /* no difference shown */
    SGB_VERDICT_FASTER,
    SGB_VERDICT_SLOWER,
    SGB_VERDICT_FEW, /* too few rounds for any verdict */
    SGB_VERDICT__COUNT,
} SgbVerdict;

/* Why a cell is looked at. */
typedef enum SgbRole {
    SGB_ROLE_TESTED,
    SGB_ROLE_CONTROL,   /* the same path a second time: noise within a run */
    SGB_ROLE_REFERENCE, /* not touched by what varies: noise between runs */
    SGB_ROLE__COUNT,
} SgbRole;

/* A cell in a figure. Shares are of the base: 0.05 is 5 % more. */
typedef struct SgbChange {
    const SgbCell *base, *new;
    SgbFigure figure;
    SgbRole role;
    SgbInterval base_median, new_median; /* of each run by itself, 95 % */
    double ratio, low, high; /* new / base, 95 % interval of this one alone */
    double p;                /* of this one alone */
    double adjusted;         /* for all that are tested (Holm) */
    double floor;            /* noise floor, as a share; NAN: no controls */
    double visible;          /* worsening that would have been seen, a share */
    gboolean relative;       /* ratio and p are relative to references */
    GArray *base_logs, *new_logs; /* double: what was compared, batches */
    gboolean failing;             /* requests fail in new, none in base */
    SgbVerdict verdict;
} SgbChange;

typedef enum SgbOutcome {
    SGB_OUTCOME_FINE, /* no regression, and one would have been seen */
    SGB_OUTCOME_REGRESSION,
    SGB_OUTCOME_INCONCLUSIVE, /* or it is slower, and nothing tells whether the
                               * machine is */
    SGB_OUTCOME_UNLIKE,       /* not compared */
} SgbOutcome;

typedef struct SgbComparison {
    const SgbRun *base, *new;
    SgbCompareOptions options;
    GPtrArray *differences; /* SgbDifference *, those allowed too */
    GArray *changes;        /* SgbChange, by figure, then as in the job */
    GPtrArray *notes;       /* char *, what else is to be known */
    unsigned tested;        /* changes that a verdict was sought for */
    unsigned counts[SGB_VERDICT__COUNT]; /* of those */
    unsigned unseen; /* of those, NONE and visible > threshold + must_see */
    SgbOutcome outcome;
} SgbComparison;

/*
 * Compare @new with @base, which have to live as long as the result. Never
 * NULL: runs that differ in more than what is to vary are UNLIKE, and nothing
 * is compared.
 *
 * A difference is shown where the adjusted p of Mann and Whitney's test of
 * batches of rounds (batch.h) is at most alpha, and it is larger than the
 * threshold and the noise floor.
 *
 * Where QEMU varies, and that of some paths does not (or they have none), these
 * are references: each round of what is tested is taken relative to theirs, of
 * the same workload or else the same target, weighted by how steady they are. A machine is slower for an hour for
 * many reasons, and within that hour all rounds are alike, which no test of
 * rounds sees.
 *
 * Without references nothing is a REGRESSION but what fails or is wrong: a
 * machine that has changed in between looks like a change, whatever is tested.
 *
 * The noise floor is the largest median ratio of a control cell to its original
 * in either run, of the same workload or else the same target; without
 * references also how far the halves of either run are apart.
 */
SgbComparison *sgb_compare(const SgbRun *base, const SgbRun *new,
                           const SgbCompareOptions *options);
void sgb_comparison_free(SgbComparison *comparison);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SgbComparison, sgb_comparison_free)

/* "faster", "slower", "no difference shown", "too few rounds". */
const char *sgb_verdict_name(SgbVerdict verdict);

/* TRUE if @difference is what was declared to vary. */
gboolean sgb_comparison_allows(const SgbComparison *comparison,
                               const SgbDifference *difference);

/* A geometric mean of what was tested in @figure; NAN if there is nothing. */
typedef struct SgbGeomean {
    double base, new, ratio;
} SgbGeomean;

SgbGeomean sgb_comparison_geomean(const SgbComparison *comparison,
                                  SgbFigure figure);

/* The comparison for people, at most 80 columns, and for programs
 * (reports/compare.schema.json); the caller's. */
char *sgb_compare_text(const SgbComparison *comparison);
char *sgb_compare_json(const SgbComparison *comparison);

#endif
