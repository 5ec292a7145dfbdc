/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads LTTng traces (CTF) with libbabeltrace2 and gives back one SgbRequest
 * per SCSI request.
 */
#ifndef ANALYSIS_TRACE_H
#define ANALYSIS_TRACE_H

#include <stdint.h>
#include <glib.h>
#include <babeltrace2/babeltrace.h>
#include "request.h"

#define SGB_TRACE_ERROR (sgb_trace_error_quark())
GQuark sgb_trace_error_quark(void);

typedef enum SgbTraceError {
    SGB_TRACE_ERROR_OPEN,    /* not there, not readable, not a trace */
    SGB_TRACE_ERROR_DAMAGED, /* cut off or damaged in the middle */
    SGB_TRACE_ERROR_FOREIGN, /* a trace, but with no event we know */
    SGB_TRACE_ERROR_LIVE,    /* no connection, no session, or it broke */
} SgbTraceError;

/* A stretch of the trace between sgbench:cell_begin and :cell_end, or outside
 * of any; @cell is NULL there. Counts as the initiator itself stated them. */
typedef struct SgbTraceCell {
    char *cell;
    uint32_t round;
    gboolean ended; /* cell_end was seen */
    uint64_t stated_requests, stated_bytes;
} SgbTraceCell;

/* What a trace shows the depth of. */
typedef enum SgbLevelKind {
    SGB_LEVEL_HBA,            /* requests between arrive and respond */
    SGB_LEVEL_SGIO,           /* requests in SG_IO (scsi_sgio_depth) */
    SGB_LEVEL_BOUNCE_BUFFERS, /* whole-request bounce buffers */
    SGB_LEVEL_BOUNCE_HELD,    /* bytes in these */
    SGB_LEVEL_QUEUE_DEPTH,    /* buffers in the bounce queues of transfers */
    SGB_LEVEL_QUEUE_HELD,     /* bytes in these */
    SGB_LEVEL__COUNT,
} SgbLevelKind;

/* A level changed. */
typedef struct SgbLevel {
    SgbLevelKind kind;
    uint64_t ns;
    const char *host, *device; /* interned, or NULL; of HBA and QUEUE_ levels,
                                * which are a process's, @device is NULL */
    int64_t vpid;
    uint64_t value;
} SgbLevel;

/*
 * Called for what the trace holds, in order of time; requests when they end.
 * @request is complete (or given up: finished is FALSE) and valid only during
 * the call; @cell is the cell it began in, never NULL (cell->cell is, outside
 * of any) and the same pointer for all of a cell, valid until sgb_trace_read
 * returns. cell_end is called for each cell that began. A request of a cell that
 * its initiator never claimed comes at the end of the cell. level is called for
 * changes of depth; a bounce buffer is reported when its device is known, which
 * may be after other levels that changed later. Any member may be NULL.
 */
typedef struct SgbTraceSink {
    void (*cell_begin)(void *opaque, const SgbTraceCell *cell);
    void (*request)(void *opaque, const SgbRequest *request,
                    const SgbTraceCell *cell);
    void (*cell_end)(void *opaque, const SgbTraceCell *cell);
    void *opaque;
    void (*level)(void *opaque, const SgbLevel *level);
} SgbTraceSink;

/* Who emits the events of the catalogue. */
typedef enum SgbEventGroup {
    SGB_EVENTS_INITIATOR, /* sgbench:post, complete */
    SGB_EVENTS_CELL,      /* sgbench:cell_begin, cell_end */
    SGB_EVENTS_HBA,       /* virtio_scsi_cmd_req, _resp */
    SGB_EVENTS_SCSI,      /* scsi_sgio_* */
    SGB_EVENTS_MAP,       /* dma_* */
    SGB_EVENTS_IOCTL,     /* file_sgio_*, iscsi_sgio_* */
    SGB_EVENTS_UPSTREAM,  /* what QEMU has without our patches */
    SGB_EVENTS_KERNEL,    /* scsi_dispatch_cmd_* */
    SGB_EVENTS__COUNT,
} SgbEventGroup;

typedef struct SgbTraceCounts {
    uint64_t events; /* known to the catalogue */
    uint64_t events_other;
    uint64_t requests; /* given to the sink and finished */
    uint64_t unfinished;
    uint64_t lost_events; /* babeltrace2's discarded events */
    uint64_t lost_packets;
    uint64_t orphans; /* events of a request whose start is not there */
    uint64_t by_group[SGB_EVENTS__COUNT]; /* of events */
    uint64_t kernel_foreign;   /* commands in the kernel that are not QEMU's */
    uint64_t kernel_trouble;   /* not dispatched, or timed out there */
    uint64_t managed;          /* task management functions (aborts, resets) */
    uint64_t cells_left_out;   /* cells beyond SGB_CORRELATOR_CELLS_MAX */
    uint64_t begin_ns, end_ns; /* first and last event of the catalogue */
} SgbTraceCounts;

/* Set SGB_TRACE_ERROR_FOREIGN if there is no event of the catalogue in what was
 * read of @path, and return FALSE then. */
gboolean sgb_trace_check(const char *path, const SgbTraceCounts *counts,
                         GError **error);

/*
 * Hand all messages of @inputs (NULL-terminated: folders, read with all traces
 * in and below them, and sessions of lttng-relayd,
 * "net://HOST[:PORT]/host/HOSTNAME/SESSION"), merged by time, to @message.
 * @poll (may be NULL) is called often, and every some 10 ms while a session has
 * nothing new (@idle); FALSE ends it, and is no error. A session that ends is
 * the end of that input. Returns FALSE with an SGB_TRACE_ERROR.
 */
gboolean sgb_trace_feed(const char *const *inputs,
                        void (*message)(void *opaque,
                                        const bt_message *message),
                        gboolean (*poll)(void *opaque, gboolean idle),
                        void *opaque, GError **error);

/* Whether @input is a session's address, and no folder. */
gboolean sgb_trace_is_live(const char *input);

/*
 * Read the trace in folder @path: all traces in and below it, merged by time.
 * @counts is filled even on failure, as far as it went.
 * Returns FALSE with an SGB_TRACE_ERROR.
 */
gboolean sgb_trace_read(const char *path, const SgbTraceSink *sink,
                        SgbTraceCounts *counts, GError **error);

#endif
