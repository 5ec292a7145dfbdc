/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Evidence: all findings of a run on one target, and what they add up to in
 * words.
 */
#ifndef REPORTS_EVIDENCE_H
#define REPORTS_EVIDENCE_H

#include <glib.h>
#include "finding.h"

typedef struct SgbEvidence {
    const SgbRun *run;
    const char *target;
    GPtrArray *blocks; /* SgbBlock *, those of this target */
    GArray *findings;  /* SgbFinding, of all of these */
} SgbEvidence;

/* How many findings of one kind came out how. */
typedef struct SgbTally {
    unsigned n, effects[SGB_EFFECT__COUNT];
    unsigned rounds;                /* the fewest pairs of any; 0: no finding */
    double misses;                  /* intervals that miss their median, to be
                                     * expected by chance */
    const SgbFinding *best, *worst; /* with the largest effect, or NULL */
    double would_see, would_see_worst; /* of those where nothing is shown: the
                                        * median and the largest */
} SgbTally;

/* The evidence of @run, target by target (SgbEvidence *, freed with the
 * array), of @blocks (sgb_run_blocks(@run)), which must outlive it. */
GPtrArray *sgb_run_evidence(const SgbRun *run, GPtrArray *blocks);

/* Count @over against @under, by throughput (@speed) or by CPU. */
SgbTally sgb_evidence_tally(const SgbEvidence *evidence, const char *over,
                            const char *under, gboolean speed);

/* Append "throughput is higher in 5 of 12 workloads (most: ×1.65 [1.41, 1.80]
 * at read 1 MiB, depth 4)", and what is lower, for a tally of throughput
 * (@speed) or CPU. */
void sgb_tally_say(GString *out, const SgbTally *tally, gboolean speed);

/* Append "Throughput: no difference shown in 5 (...), ..."; nothing if that was
 * all. */
void sgb_tally_say_rest(GString *out, const SgbTally *tally, gboolean speed);

/* What stands behind the findings; the caller's. */
char *sgb_evidence_basis(const SgbEvidence *evidence);

#endif
