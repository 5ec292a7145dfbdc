/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <glib.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "context.h"
#include "error.h"
#include "process.h"

static volatile sig_atomic_t caught;
static volatile sig_atomic_t led; /* by a parent that has these handlers, too */
static _Atomic pid_t worker;      /* that hears of signals from us, or 0 */

/*
 * Async-signal-safe throughout. The first signal asks; a second one means that
 * asking did not help, so everything ends here and now: children have groups
 * of their own and would not hear the terminal's Ctrl-C.
 */
static void on_signal(int number)
{
    int saved = errno;
    pid_t pid = atomic_load(&worker);

    if (caught && !led) {
        process_kill_all();
        if (pid) {
            kill(pid, SIGKILL);
        }
        _exit(SGBENCH_INTERRUPTED);
    }
    caught = number;
    if (pid) {
        kill(pid, number);
    }
    errno = saved;
}

/* May be called from any thread; costs one load. */
gboolean run_interrupted(void)
{
    return caught != 0;
}

/*
 * No SA_RESTART: a wait in the kernel must end with EINTR, so that its loop
 * looks at run_interrupted(). SIGPIPE and SIGXFSZ are ignored: a peer that went
 * away, or a file that may not grow, is an error of the write that saw it
 * (EPIPE, EFBIG), not the end of sgbench.
 */
void run_catch_signals(void)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
    struct sigaction action = {.sa_handler = on_signal};

    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < G_N_ELEMENTS(signals); i++) {
        sigaction(signals[i], &action, NULL);
    }
    action.sa_handler = SIG_IGN;
    sigaction(SIGPIPE, &action, NULL);
    sigaction(SIGXFSZ, &action, NULL);
}

void run_pass_signals_to(pid_t child)
{
    atomic_store(&worker, child);
}

/* A terminal's Ctrl-C comes twice then, from it and from the parent. */
void run_leave_signals_to_parent(void)
{
    led = 1;
}

gboolean run_check_interrupted(GError **error)
{
    if (!caught) {
        return FALSE;
    }
    g_set_error(error, SGBENCH_ERROR, SGBENCH_INTERRUPTED,
                "interrupted by %s: what was measured so far is kept",
                caught == SIGINT    ? "Ctrl-C (SIGINT)"
                : caught == SIGTERM ? "SIGTERM"
                                    : "SIGHUP");
    return TRUE;
}

gboolean run_in_lab(void)
{
    g_autofree char *cpus = NULL;

    return g_getenv("SGBENCH_IN_LAB") &&
           g_file_get_contents("/proc/cpuinfo", &cpus, NULL, NULL) &&
           strstr(cpus, "User Mode Linux");
}
