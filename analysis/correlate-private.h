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

/* Handles of others that are remembered; beyond, all are forgotten. */
#define SGB_HANDLES_MAX 65536

struct SgbCorrelator {
    const SgbTraceSink *sink;
    SgbTraceCounts *counts;
    SgbEventReader *reader;
    SgbInflight inflight;
    SgbKeyTable own;     /* ioctls without a request */
    GPtrArray *cells;    /* SgbTraceCell *: requests point to them */
    GHashTable *cell_of; /* host -> SgbTraceCell * that is going on */
    SgbTraceCell outside;
    const char *device[8]; /* the last ones named, interned */
    unsigned devices;      /* named so far, at most a limit */
    unsigned next_device;  /* of these to be replaced */
    struct SgbLevels *levels;
    struct SgbKernel *kernel;
};

typedef struct SgbEventHandler {
    const char *name;
    SgbEventGroup group;
    void (*handle)(SgbCorrelator *c, const SgbEvent *e);
} SgbEventHandler;

/* Events of requests (stages.c), of depths (levels.c), of the kernel
 * (kernel.c); each ended by one without a name. */
extern const SgbEventHandler sgb_stage_handlers[];
extern const SgbEventHandler sgb_level_handlers[];
extern const SgbEventHandler sgb_kernel_handlers[];

/* levels.c: what is remembered, and what requests say of levels. */
struct SgbLevels *sgb_levels_new(void);
void sgb_levels_free(struct SgbLevels *levels);
void sgb_levels_hba(SgbCorrelator *c, SgbOpen *o, uint64_t ns, gboolean inside);
void sgb_levels_allocated(SgbCorrelator *c, SgbOpen *o, const SgbEvent *e);
void sgb_levels_submitted(SgbCorrelator *c, SgbOpen *o);

/* kernel.c: the request goes, whatever the kernel makes of it. */
struct SgbKernel *sgb_kernel_new(void);
void sgb_kernel_free(struct SgbKernel *kernel);
void sgb_kernel_forget(SgbCorrelator *c, SgbOpen *o);

/* The interned qdev id @id, or what stands for those beyond a limit. */
const char *sgb_correlator_device(SgbCorrelator *c, const char *id);

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
