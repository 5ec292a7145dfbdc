/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * LTTng sessions through liblttng-ctl. A session daemon that runs already is
 * used; otherwise one of our own is started and ended with the run.
 */
#ifndef SGBENCH_TRACING_H
#define SGBENCH_TRACING_H

#include <sys/types.h>
#include <glib.h>
#include "context.h"
#include "tracing-kernel.h"

typedef struct Tracing Tracing;

/*
 * Make sure that there is a session daemon, and that it has a consumer. Call it
 * before anything that is to be traced starts: as a normal user a private
 * LTTNG_HOME is set for this process and its children. @kernel says whether
 * sessions have the kernel's events, too. SGBENCH_ERROR_PREFLIGHT; that is also
 * the error of all below if the daemon does not answer any more.
 */
Tracing *tracing_start(RunContext *context, KernelTrace kernel, GError **error);

/* Stop what is left and our own daemon; never fails. */
void tracing_stop(Tracing *tracing);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Tracing, tracing_stop)

/* Begin a session called @name (unique in the run) that writes into @folder
 * (absolute, made here): of this process alone, all events that the catalogue
 * of qemu-tracepoints has, or those that @rules match (NULL-terminated; or
 * NULL). The machine's other QEMUs are left in peace. SGBENCH_ERROR_TRACE. */
gboolean tracing_begin(Tracing *tracing, const char *name, const char *folder,
                       const char *const *rules, GError **error);

/* Trace process @pid as well from now on. SGBENCH_ERROR_TRACE. */
gboolean tracing_follow(Tracing *tracing, pid_t pid, GError **error);

/* Stop the session, wait until its data is written, and destroy it. */
gboolean tracing_end(Tracing *tracing, GError **error);

#endif
