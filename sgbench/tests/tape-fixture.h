/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The tape of null-sg in a real QEMU, whose rules can make it answer wrongly.
 */
#ifndef TESTS_TAPE_FIXTURE_H
#define TESTS_TAPE_FIXTURE_H

#include "ring-fixture.h"
#include "sgbench/plan.h"
#include "sgbench/sample.h"

#define TAPE "personality=tape\n"
#define ZC "paths=generic-zerocopy\n"

/* One of null-sg's options more, for tape_set_up(). */
#define RULE(n, text) ",rules." #n "." text

typedef struct TapeFixture {
    Job *job;
    Plan *plan;
    GPtrArray *starts; /* of a round: one */
    TargetKind kind;
    Target *target;
    Initiator *ring;
} TapeFixture;

/* A job with one target, t, of kind null and with keys @target, and one
 * matrix. */
Job *tape_job(const char *target, const char *matrix);

/* Start a tape with keys @target for cells of @matrix, and with @more options
 * of null-sg's (kept until the next call), on the path generic-zerocopy. */
void tape_set_up(TapeFixture *f, const char *target, const char *matrix,
                 const char *more);
void tape_tear_down(TapeFixture *f);

void tape_assert_counts(const Sample *sample, unsigned requests, unsigned marks,
                        unsigned controls, unsigned failed);

#endif
