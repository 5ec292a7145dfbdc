/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's SCSI and block tracepoints, recorded by lttng-modules in the
 * same session. The analysis splits the time of an SG_IO with them.
 */
#ifndef SGBENCH_TRACING_KERNEL_H
#define SGBENCH_TRACING_KERNEL_H

#include <glib.h>

/* Job key trace-kernel. */
typedef enum KernelTrace {
    KERNEL_TRACE_OFF,
    KERNEL_TRACE_AUTO, /* where the machine can */
    KERNEL_TRACE_ON,   /* or the run fails */
} KernelTrace;

/* Add them to @session, which is not started yet. SGBENCH_ERROR_PREFLIGHT, with
 * what to do, if there is no kernel tracer, SGBENCH_ERROR_TRACE if it fails. */
gboolean tracing_kernel_add(const char *session, GError **error);

#endif
