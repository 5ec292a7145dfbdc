/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a set of requests amounts to: counts, bytes per way, stage times,
 * depth. Fed from a trace by `sgbench run` (which checks it against its own
 * count), by `sgbench analyze` and by the babeltrace2 plugin.
 */
#ifndef ANALYSIS_METRICS_H
#define ANALYSIS_METRICS_H

#include <stdint.h>
#include <glib.h>
#include "histogram.h"
#include "request.h"
#include "trace.h"

typedef struct SgbMetrics {
    char *cell; /* NULL: outside of any cell */
    uint32_t round;

    /* Finished requests, and those never finished. */
    uint64_t requests, unfinished;
    /* Bytes: asked for, actually transferred (length minus resid of requests
     * with status GOOD), of these mapped and bounced. */
    uint64_t length, transferred, direct, bounced;
    uint64_t sgio_count, map_hits, map_misses, dio;
    uint64_t by_path[SGB_DATA_PATH__COUNT + 1];
    uint64_t by_reason[SGB_REASON__COUNT]; /* [0]: none */
    uint64_t by_status[256];               /* SCSI status */
    uint64_t failed;                       /* not sgb_request_good() */
    uint64_t errors;                       /* ioctl results that are not 0 */
    uint64_t refused;                      /* of these: no byte was sent */
    uint64_t bounce_held_max;

    /* stage[i]: time from the previous stage that the request has to stage i,
     * ns; stage[POST] is empty; total: first stage seen to last. */
    SgbHistogram *stage[SGB_STAGE__COUNT];
    SgbHistogram *total;

    /* As cell_end states them; 0 if it was not seen. */
    uint64_t stated_requests, stated_bytes;
    gboolean ended;
} SgbMetrics;

SgbMetrics *sgb_metrics_new(const char *cell, uint32_t round);
void sgb_metrics_free(SgbMetrics *m);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SgbMetrics, sgb_metrics_free)

/* Count one request, finished or not. */
void sgb_metrics_add(SgbMetrics *m, const SgbRequest *r);

/* Add all of @other to @m. */
void sgb_metrics_merge(SgbMetrics *m, const SgbMetrics *other);

/*
 * Read a trace and return one SgbMetrics per cell, in order of appearance
 * (GPtrArray with free function; requests outside any cell come as one with
 * cell NULL, if there are any). @counts as for sgb_trace_read.
 * Returns NULL with an SGB_TRACE_ERROR.
 */
GPtrArray *sgb_metrics_from_trace(const char *path, SgbTraceCounts *counts,
                                  GError **error);

#endif
