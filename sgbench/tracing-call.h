/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Calls to lttng-sessiond that come to an end. Those of liblttng-ctl wait for
 * the daemon's answer without a limit (lttcomm_recv_unix_sock()), and a daemon
 * whose consumer did not come up, or that is stopped, never gives one.
 */
#ifndef SGBENCH_TRACING_CALL_H
#define SGBENCH_TRACING_CALL_H

#include <glib.h>
#include "process.h"

typedef gboolean (*TracingFunction)(gpointer data, GError **error);

/*
 * @function(@data) in a thread of its own; @data is freed with @destroy when
 * that thread is through. What @function returns and sets is passed on, if it
 * returns in time. If it does not, *@daemon (our own, or NULL) is killed and
 * freed, which ends the call, and *@stuck is set: nothing must be asked of the
 * daemon any more. Somebody else's daemon is left alone, and the thread to
 * itself. SGBENCH_ERROR_PREFLIGHT then says what, @what ("start tracing"), and the
 * remedy; SGBENCH_INTERRUPTED if a signal came before. Main thread.
 */
gboolean tracing_call(TracingFunction function, gpointer data,
                      GDestroyNotify destroy, const char *what,
                      Process **daemon, gboolean *stuck, GError **error);

#endif
