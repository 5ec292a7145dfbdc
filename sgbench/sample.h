/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What was measured in one cell of one round.
 */
#ifndef SGBENCH_SAMPLE_H
#define SGBENCH_SAMPLE_H

#include <stdint.h>
#include <glib.h>
#include "analysis/histogram.h"
#include "initiator.h"
#include "series.h"
#include "usage.h"

typedef struct Sample {
    const char *cell;  /* id, borrowed */
    unsigned round;    /* from 1; the traced round is 0 */
    unsigned start;    /* number of the QEMU start in this run */
    unsigned position; /* of the cell inside the start, from 0 */
    double started;    /* seconds since the epoch */
    gboolean traced;

    uint64_t requests;     /* completed GOOD and in full */
    uint64_t bytes;        /* of these */
    uint64_t wall_ns;      /* first post to last completion counted */
    SgbHistogram *latency; /* ns, of the same requests */
    Series series;         /* of the same requests */
    uint64_t dio_requests; /* kernel did direct I/O */

    /*
     * Of commands that are fed at a fixed rate (interval_ns is 0 otherwise):
     * how many were due, how many of these could not be posted before the time
     * was over, and what the others took from when they were due. Those that
     * were not posted are not in response: it is too good then.
     */
    uint64_t interval_ns, due, not_posted;
    SgbHistogram *response;

    /* From the end of one command with data to the end of the next, if nothing
     * else was between them; of a tape, or of what is fed at a fixed rate. NULL
     * otherwise. */
    SgbHistogram *gap;

    /* Of READs and of WRITEs alone, if both are in the load; or NULL. */
    SgbHistogram *read_latency, *write_latency;

    /* Of a tape: what belongs to the load and is not counted as a request. */
    uint64_t marks;    /* READs that met a filemark where one is */
    uint64_t controls; /* commands without data: filemarks, rewinding */

    /* Of what moves a tape: the place where it was found afterwards, as it was
     * told to be, a logical object identifier (SSC-3); -1: not asked. */
    int64_t stood_at;

    /* What was not GOOD, in the same time. */
    uint64_t failed; /* all of these */
    uint64_t short_transfers;
    uint64_t short_bytes;    /* that came in them; not written to results */
    uint64_t statuses[256];  /* SAM status other than GOOD */
    uint64_t responses[256]; /* HBA responses other than OK */
    char *first_failure;     /* text, or NULL */

    gboolean has_qemu, has_server;
    gboolean has_iothread; /* QEMU serves the HBA in one */
    Usage qemu;            /* differences over the cell */
    Usage server;          /* the target's own process */
    Usage self;            /* sgbench */
    InitiatorCost cost;
    uint64_t anon_mean, anon_max; /* QEMU's anonymous memory, bytes */
    unsigned anon_samples;
} Sample;

/* Commands that were sent, whatever came of them. */
uint64_t sample_commands(const Sample *sample);

Sample *sample_new(const char *cell, unsigned round);

/* What is to be counted besides: READs and WRITEs apart; responses of what is
 * fed at a fixed rate; gaps. */
void sample_split(Sample *sample);
void sample_count_responses(Sample *sample);
void sample_count_gaps(Sample *sample);
void sample_free(Sample *sample);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Sample, sample_free)

#endif
