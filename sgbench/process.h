/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Child processes that cannot outlive us: own process group (a Ctrl-C reaches
 * sgbench alone), parent-death signal, output to a log file.
 */
#ifndef SGBENCH_PROCESS_H
#define SGBENCH_PROCESS_H

#include <sys/types.h>
#include <glib.h>
#include <sys/types.h>

typedef struct Process {
    char *name; /* for messages, "QEMU (generic-bounce)" */
    char *log;  /* file with its stdout and stderr */
    pid_t pid;
    gboolean ended;
    int wait_status; /* of waitpid, once ended */
} Process;

typedef struct ProcessSpec {
    const char *name;
    const char *const *argv; /* NULL-terminated; argv[0] looked up in PATH */
    const char *const *env;  /* NAME=VALUE in addition to ours, or NULL */
    const char *log;         /* file to write, created or truncated */
    const int *fds;          /* descriptors to hand on under the same number */
    unsigned n_fds;
    int stdin_fd; /* or -1 for /dev/null */
} ProcessSpec;

/* Start it. NULL with SGBENCH_ERROR_PREFLIGHT that names the program. */
Process *process_start(const ProcessSpec *spec, GError **error);

/* Full path of a program in PATH or an sbin folder; the caller's. NULL with
 * SGBENCH_ERROR_PREFLIGHT that names the package to install. */
char *process_find_program(const char *program, GError **error);

/* TRUE while it runs; reaps it otherwise. Does not block. */
gboolean process_running(Process *process);

/* SIGTERM to its group, SIGKILL after @grace_ms; waits for it. FALSE if it took
 * SIGKILL. */
gboolean process_end(Process *process, unsigned grace_ms);

/* The same, and frees it. */
void process_stop(Process *process, unsigned grace_ms);

/* How it ended and the last line of its log, e.g. "killed by signal 11
 * (Segmentation fault); last line: …"; the caller's. */
char *process_obituary(Process *process);

/* Wait until it has ended or @timeout_ms passed; TRUE if ended. */
gboolean process_wait(Process *process, unsigned timeout_ms);

/* SIGKILL to every child's group, for a signal handler (async-signal-safe). */
void process_kill_all(void);

#endif
