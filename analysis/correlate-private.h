/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Between correlate.c, which finds requests, and stages.c, which knows what
 * each event says about one.
 */
#ifndef ANALYSIS_CORRELATE_PRIVATE_H
#define ANALYSIS_CORRELATE_PRIVATE_H

#include "correlate.h"
#include "event.h"
#include "inflight.h"

struct SgbCorrelator {
    const SgbTraceSink *sink;
    SgbTraceCounts *counts;
    SgbEventReader reader;
    SgbInflight inflight;
    GHashTable *handlers; /* event name -> const SgbEventHandler * */
    GHashTable *own;      /* SgbKey * of ioctls without a request */
    GPtrArray *cells;     /* SgbTraceCell *: requests point to them */
    GHashTable *cell_of;  /* host -> SgbTraceCell * that is going on */
    SgbTraceCell outside;
};

typedef struct SgbEventHandler {
    const char *name;
    void (*handle)(SgbCorrelator *c, const SgbEvent *e);
} SgbEventHandler;

/* Events of requests, ended by one without a name (stages.c). */
extern const SgbEventHandler sgb_stage_handlers[];

/* Count an event whose request is not known. */
void sgb_correlator_orphan(SgbCorrelator *c);

/* The cell that is going on where @e comes from, or the outside. */
SgbTraceCell *sgb_correlator_cell(SgbCorrelator *c, const SgbEvent *e);

/* A new request with nothing but a host and a cell. */
SgbOpen *sgb_correlator_begin(SgbCorrelator *c, const SgbEvent *e);

/* Say that @e's process is QEMU's, for @o. */
void sgb_correlator_bind(SgbOpen *o, const SgbEvent *e);

/* Make @o (bound) known by @tag. */
void sgb_correlator_name(SgbCorrelator *c, SgbOpen *o, uint32_t tag);

/* The request that QEMU's process calls @tag, or that the initiator has posted
 * with it and no process has taken yet; NULL if there is none. */
SgbOpen *sgb_correlator_find_tag(SgbCorrelator *c, const SgbEvent *e,
                                 uint32_t tag);

/* The request of an event with fields "req" and "tag"; if there is none a new
 * one (@create), or NULL and an orphan more. */
SgbOpen *sgb_correlator_resolve(SgbCorrelator *c, const SgbEvent *e,
                                gboolean create);

/* Hand a request to the sink and forget it. */
void sgb_correlator_deliver(SgbCorrelator *c, SgbOpen *o, gboolean finished);

/* Deliver a request whose end is not there. */
void sgb_correlator_give_up(SgbCorrelator *c, SgbOpen *o);

#endif
