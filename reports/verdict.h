/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Verdicts: the questions that a run is made for, answered in a sentence for
 * each target, with what stands behind it. Nothing is said that the table does
 * not show.
 */
#ifndef REPORTS_VERDICT_H
#define REPORTS_VERDICT_H

#include <glib.h>
#include "run.h"

typedef enum SgbTone {
    SGB_TONE_GOOD,
    SGB_TONE_MIXED,
    SGB_TONE_BAD,
    SGB_TONE_OPEN, /* nothing shown either way */
} SgbTone;

typedef struct SgbAnswer {
    const SgbRun *run;
    const char *target;
    SgbTone tone;
    char *sentence;
    char *detail; /* more of it, and how much of it may be chance */
    char *basis;  /* what stands behind it: target, rounds, verification */
} SgbAnswer;

typedef struct SgbVerdict {
    const char *name;     /* "faster", for machines; static */
    const char *question; /* static */
    GPtrArray *answers;   /* SgbAnswer *, at least one */
} SgbVerdict;

/* The verdicts on @runs (SgbRun *), as SgbVerdict *, freed with the array. A
 * question that no run has the paths for is left out. */
GPtrArray *sgb_verdicts(GPtrArray *runs);

/* "good", "mixed", "bad", "open"; static. */
const char *sgb_tone_name(SgbTone tone);

#endif
