/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads LTTng traces (CTF) with libbabeltrace2 and gives back one SgbRequest
 * per SCSI request.
 */
#ifndef ANALYSIS_TRACE_H
#define ANALYSIS_TRACE_H

#include <stdint.h>
#include <stdint.h>
#include <glib.h>
#include "request.h"

#define SGB_TRACE_ERROR (sgb_trace_error_quark())
GQuark sgb_trace_error_quark(void);

typedef enum SgbTraceError {
    SGB_TRACE_ERROR_OPEN,    /* not there, not readable, not a trace */
    SGB_TRACE_ERROR_DAMAGED, /* cut off or damaged in the middle */
    SGB_TRACE_ERROR_FOREIGN, /* a trace, but with no event we know */
} SgbTraceError;

/* A stretch of the trace between sgbench:cell_begin and :cell_end, or outside
 * of any; @cell is NULL there. Counts as the initiator itself stated them. */
typedef struct SgbTraceCell {
    char *cell;
    uint32_t round;
    gboolean ended; /* cell_end was seen */
    uint64_t stated_requests, stated_bytes;
} SgbTraceCell;

/*
 * Called for what the trace holds, in order of time; requests when they end.
 * @request is complete (or given up: finished is FALSE) and valid only during
 * the call; @cell is the cell it began in, never NULL (cell->cell is, outside
 * of any) and the same pointer for all of a cell, valid until sgb_trace_read
 * returns. cell_end is called for each cell that began. A request of a cell that
 * its initiator never claimed comes at the end of the cell. Any member may be
 * NULL.
 */
typedef struct SgbTraceSink {
    void (*cell_begin)(void *opaque, const SgbTraceCell *cell);
    void (*request)(void *opaque, const SgbRequest *request,
                    const SgbTraceCell *cell);
    void (*cell_end)(void *opaque, const SgbTraceCell *cell);
    void *opaque;
} SgbTraceSink;

typedef struct SgbTraceCounts {
    uint64_t events; /* known to the catalogue */
    uint64_t events_other;
    uint64_t requests; /* given to the sink and finished */
    uint64_t unfinished;
    uint64_t lost_events; /* babeltrace2's discarded events */
    uint64_t lost_packets;
    uint64_t orphans; /* events of a request whose start is not there */
} SgbTraceCounts;

/*
 * Read the trace in folder @path: all traces in and below it, merged by time.
 * @counts is filled even on failure, as far as it went.
 * Returns FALSE with an SGB_TRACE_ERROR.
 */
gboolean sgb_trace_read(const char *path, const SgbTraceSink *sink,
                        SgbTraceCounts *counts, GError **error);

#endif
