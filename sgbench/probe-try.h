/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whether one value works on one path: the commands of the probe.
 */
#ifndef SGBENCH_PROBE_TRY_H
#define SGBENCH_PROBE_TRY_H

#include "context.h"
#include "probe.h"

/* A value that did not work, as it was seen last. */
typedef struct ProbeRefusal {
    Completion completion;
    uint32_t tag; /* of the command */
    char *broke;  /* the way to the device broke instead: what was said */
} ProbeRefusal;

/* One path while it is probed. */
typedef struct ProbeTrial {
    RunContext *context;
    Target *target;
    const PathKind *path;
    gboolean may_write;
    InitiatorNeeds needs;
    Initiator *initiator; /* NULL while the path is broken */
    unsigned reopened;
    gboolean (*opened)(struct ProbeTrial *trial, GError **error); /* or NULL */
    void *opaque;

    ProbeQuantity quantity;       /* of the search that is under way */
    GHashTable *refusals;         /* value (uint64_t *) -> ProbeRefusal * */
    uint32_t seed;                /* of the data written last */
    uint64_t prepared;            /* bytes of a disk that have data of seed */
    uint32_t first_tag, last_tag; /* of the search for the depth */
} ProbeTrial;

void probe_trial_init(ProbeTrial *trial, RunContext *context, Target *target,
                      const PathKind *path, gboolean may_write,
                      const InitiatorNeeds *needs);
void probe_trial_clear(ProbeTrial *trial);

/* Open the path, close what was open. */
gboolean probe_trial_open(ProbeTrial *trial, GError **error);

/* Begin a search for @quantity: forget what was refused before. */
void probe_trial_begin(ProbeTrial *trial, ProbeQuantity quantity);

/* A ProbeTry for a ProbeTrial. Wrong data is an error (SGBENCH_ERROR_DATA); a
 * path that breaks is a refusal, and is opened again. */
ProbeAnswer probe_trial_try(void *trial, uint64_t value, GError **error);

/* What is known of @value that was refused, or NULL. Borrowed. */
const ProbeRefusal *probe_trial_refusal(const ProbeTrial *trial,
                                        uint64_t value);

/* The largest number of pieces that can be tried on the path. */
unsigned probe_trial_pieces(const ProbeTrial *trial);
unsigned probe_trial_depth(const ProbeTrial *trial);

#endif
