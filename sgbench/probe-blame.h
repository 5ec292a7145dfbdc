/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who refused a command, what shows it, and what can be done: from what came
 * back, from QEMU's tracepoints and from the kernel's limits.
 */
#ifndef SGBENCH_PROBE_BLAME_H
#define SGBENCH_PROBE_BLAME_H

#include "analysis/request.h"
#include "command.h"
#include "probe.h"

typedef struct ProbeFacts {
    const Probe *probe; /* the device, and the host's limits */
    const PathKind *path;
    ProbeQuantity quantity;
    uint64_t works, refused; /* refused 0: nothing was, up to the bound */
    uint64_t bound;
    const Completion *completion; /* of @refused; or NULL */
    const char *broke;            /* or the path broke: what was said */
    const SgbRequest *request;    /* what the trace has of it; or NULL */
    gboolean traced;              /* it would have it if QEMU had sent it */
    const ProbeLimit *native;     /* the same without QEMU; or NULL */
} ProbeFacts;

/* Fill layer, evidence and remedy of @limit; they were empty. */
void probe_blame(const ProbeFacts *facts, ProbeLimit *limit);

#endif
