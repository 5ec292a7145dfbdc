/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What QEMU's tracepoints saw of the probe's commands.
 */
#ifndef SGBENCH_PROBE_TRACE_H
#define SGBENCH_PROBE_TRACE_H

#include <glib.h>
#include "analysis/request.h"

typedef struct ProbeTrace {
    GHashTable *requests; /* tag -> SgbRequest *; the last with this tag */
    gboolean lossy;       /* events were lost: absence says nothing */
} ProbeTrace;

/* Read the trace in @folder. NULL with an error of the trace's. */
ProbeTrace *probe_trace_read(const char *folder, GError **error);
void probe_trace_free(ProbeTrace *trace);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ProbeTrace, probe_trace_free)

/* The request with @tag, or NULL. Borrowed. */
const SgbRequest *probe_trace_request(const ProbeTrace *trace, uint32_t tag);

/* The most requests with tags from @first to @last that were handed to the
 * host, or the driver inside QEMU, at the same time. */
unsigned probe_trace_overlap(const ProbeTrace *trace, uint32_t first,
                             uint32_t last);

#endif
