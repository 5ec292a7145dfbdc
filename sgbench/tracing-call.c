/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdatomic.h>
#include <stdio.h>

#include "context.h"
#include "error.h"
#include "tracing-call.h"

/* A call takes milliseconds, and to write out a full ring buffer on a slow
 * machine seconds. */
#define LIMIT_MS 60000
/* After a signal; a trace that is being ended should still be whole. */
#define INTERRUPTED_LIMIT_MS 5000
/* The daemon starts its consumer and waits for a message from it, also if it
 * has ended (lttng-tools 2.13, launch_consumer_management_thread()). */
#define CONSUMER_GRACE_MS 2000
#define LOOK_MS 200
/* Until a call whose daemon is gone has returned. */
#define KILLED_MS 5000
#define POLL_MS 5

/* What thread and caller share; the last one frees it. */
typedef struct Call {
    TracingFunction function;
    gpointer data;
    GDestroyNotify destroy;
    gboolean ok;
    GError *fault;
    atomic_bool done;
} Call;

static void call_clear(gpointer memory)
{
    Call *call = memory;

    call->destroy(call->data);
    g_clear_error(&call->fault);
}

static gpointer call_run(gpointer data)
{
    Call *call = data;

    call->ok = call->function(call->data, &call->fault);
    atomic_store(&call->done, TRUE);
    g_atomic_rc_box_release_full(call, call_clear);
    return NULL;
}

/* A child of @parent has ended and nobody has looked at it: proc(5), stat. */
static gboolean has_ended_child(pid_t parent)
{
    g_autoptr(GDir) proc = g_dir_open("/proc", 0, NULL);
    const char *entry;

    while (proc && (entry = g_dir_read_name(proc))) {
        g_autofree char *stat = NULL;
        g_autofree char *file = NULL;
        const char *name_end;
        char state;
        int ppid;

        if (!g_ascii_isdigit(*entry)) {
            continue;
        }
        file = g_build_filename("/proc", entry, "stat", NULL);
        if (g_file_get_contents(file, &stat, NULL, NULL) &&
            (name_end = strrchr(stat, ')')) &&
            sscanf(name_end + 1, " %c %d", &state, &ppid) == 2 &&
            state == 'Z' && ppid == parent) {
            return TRUE;
        }
    }
    return FALSE;
}

/* Wait for it; FALSE if that makes no sense any more. *@no_consumer says why
 * in one case. */
static gboolean await(Call *call, const Process *daemon, gboolean *no_consumer)
{
    unsigned waited, since = 0;

    for (waited = 0; !atomic_load(&call->done); waited += POLL_MS) {
        if (waited >= LIMIT_MS ||
            (run_interrupted() && waited >= INTERRUPTED_LIMIT_MS)) {
            return FALSE;
        }
        if (daemon && waited && waited % LOOK_MS == 0) {
            since = has_ended_child(daemon->pid) ? since + LOOK_MS : 0;
            if (since > CONSUMER_GRACE_MS) {
                *no_consumer = TRUE;
                return FALSE;
            }
        }
        g_usleep(POLL_MS * 1000);
    }
    return TRUE;
}

static void explain(const char *what, const Process *daemon,
                    gboolean no_consumer, GError **error)
{
    const char *consumer = g_getenv("LTTNG_CONSUMERD64_BIN");

    if (!daemon) {
        sgbench_fail(error, SGBENCH_ERROR_PREFLIGHT,
                     "LTTng: can't %s: the lttng-sessiond that runs here does "
                     "not answer; end it (kill -9), and sgbench starts its own",
                     what);
    } else if (!no_consumer) {
        sgbench_fail(error, SGBENCH_ERROR_PREFLIGHT,
                     "LTTng: can't %s: lttng-sessiond did not answer for %u s; "
                     "its log is %s",
                     what, LIMIT_MS / 1000, daemon->log);
    } else if (consumer) {
        sgbench_fail(error, SGBENCH_ERROR_PREFLIGHT,
                     "LTTng: can't %s: the consumer of lttng-sessiond does not "
                     "run; unset LTTNG_CONSUMERD64_BIN, which names %s; the "
                     "log is %s",
                     what, consumer, daemon->log);
    } else {
        sgbench_fail(error, SGBENCH_ERROR_PREFLIGHT,
                     "LTTng: can't %s: lttng-consumerd, which lttng-sessiond "
                     "starts, does not run; install the package lttng-tools "
                     "again (apt install --reinstall lttng-tools); the log is "
                     "%s",
                     what, daemon->log);
    }
}

gboolean tracing_call(TracingFunction function, gpointer data,
                      GDestroyNotify destroy, const char *what,
                      Process **daemon, gboolean *stuck, GError **error)
{
    Call *call = g_atomic_rc_box_new0(Call);
    gboolean no_consumer = FALSE, ok = FALSE;
    unsigned waited;

    call->function = function;
    call->data = data;
    call->destroy = destroy;
    atomic_init(&call->done, FALSE);
    g_thread_unref(
        g_thread_new("lttng", call_run, g_atomic_rc_box_acquire(call)));
    if (await(call, *daemon, &no_consumer)) {
        ok = call->ok;
        if (call->fault) {
            g_propagate_error(error, g_steal_pointer(&call->fault));
        }
    } else {
        *stuck = TRUE;
        if (!run_check_interrupted(error)) {
            explain(what, *daemon, no_consumer, error);
        }
        if (*daemon) {
            process_stop(g_steal_pointer(daemon), 0);
            for (waited = 0; waited < KILLED_MS && !atomic_load(&call->done);
                 waited += POLL_MS) {
                g_usleep(POLL_MS * 1000);
            }
        }
    }
    g_atomic_rc_box_release_full(call, call_clear);
    return ok;
}
