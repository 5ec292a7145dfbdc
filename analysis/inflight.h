/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Requests that have begun and not ended, found by what events know them by.
 */
#ifndef ANALYSIS_INFLIGHT_H
#define ANALYSIS_INFLIGHT_H

#include <stdint.h>
#include <glib.h>
#include "key-table.h"
#include "request.h"
#include "trace.h"

/* What a request is found by, always together with its host. */
typedef enum SgbKeyKind {
    SGB_KEY_TAG,       /* QEMU's process and the tag */
    SGB_KEY_REQ,       /* QEMU's process and its request */
    SGB_KEY_HDR,       /* QEMU's process and the sg_io_hdr_t */
    SGB_KEY_INITIATOR, /* the tag alone */
    SGB_KEY_THREAD,    /* the thread that is in the ioctl */
    SGB_KEY__COUNT,
} SgbKeyKind;

typedef struct SgbOpen {
    SgbRequest r;
    const SgbTraceCell *cell;
    gboolean named;     /* its tag is known; else mappings only, so far */
    gboolean bound;     /* to QEMU's process: r.vpid holds */
    gboolean posted;    /* by the initiator, which will say how it ended */
    gboolean responded; /* the HBA is done with it */
    gboolean completed; /* at least one SG_IO came back */
    gboolean in_hba;    /* counted as such */
    uint64_t events;    /* while it has no name */

    /* As scsi_sgio_path and scsi_sgio_submit announced it. */
    uint32_t path_pieces;
    uint64_t path_direct, path_bounced;
    uint64_t submitted;

    /* A bounce buffer of its device, until the device is known. */
    uint64_t alloc_ns, alloc_buffers, alloc_held;

    /* Dispatched by the kernel: in which queue of kernel.c. */
    GQueue *device_queue;
    GList device_link;

    /* Private to inflight.c */
    struct {
        gboolean set;
        SgbKey key;
    } keys[SGB_KEY__COUNT];
    GList link;
} SgbOpen;

typedef struct SgbInflight {
    SgbKeyTable by[SGB_KEY__COUNT]; /* -> SgbOpen * */
    GQueue queue;                   /* SgbOpen *, oldest first */
    GQueue spare;                   /* SgbOpen * to be used again */
} SgbInflight;

void sgb_inflight_init(SgbInflight *t);

/* Frees what is still in there. */
void sgb_inflight_clear(SgbInflight *t);

/* A new, empty request at the end of the queue. */
SgbOpen *sgb_inflight_add(SgbInflight *t);

/* Take @o out and free it. */
void sgb_inflight_remove(SgbInflight *t, SgbOpen *o);

/* The request of @kind's key, or NULL. @vpid is not used for INITIATOR and
 * THREAD. */
SgbOpen *sgb_inflight_find(const SgbInflight *t, SgbKeyKind kind,
                           const char *host, int64_t vpid, uint64_t value);

/* From now on @o (r.host and r.vpid set) is found by @value. Whoever was before
 * is not any more: its handle has been reused. */
void sgb_inflight_set(SgbInflight *t, SgbOpen *o, SgbKeyKind kind,
                      uint64_t value);

/* @o is no longer found by its key of @kind, if it has one. */
void sgb_inflight_unset(SgbInflight *t, SgbOpen *o, SgbKeyKind kind);

#endif
