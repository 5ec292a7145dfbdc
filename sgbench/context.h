/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What all parts of one run share.
 */
#ifndef SGBENCH_CONTEXT_H
#define SGBENCH_CONTEXT_H

#include <sys/types.h>
#include <glib.h>

typedef struct RunContext {
    char *run_id;    /* UUID, lower case */
    char *run_dir;   /* absolute */
    char *temp_dir;  /* private, removed at the end */
    char *cache_dir; /* ${XDG_CACHE_HOME:-~/.cache}/sgbench */
    gboolean in_lab;
    /* NULL-terminated lists of the command line, or NULL: serial numbers of
     * devices that may be written to, barcodes of tapes (foreign.h) */
    const char *const *write_to, *const *write_to_tape;
    gboolean only_reads; /* foreign targets: nothing is to be written to them,
                          * whatever their job says */
    gboolean traced;     /* QEMU and initiator are being traced now */
    unsigned starts;     /* QEMU starts so far; names its log files */
} RunContext;

/* TRUE inside the lab: `sgbench lab` says so, and the kernel does. */
gboolean run_in_lab(void);

/* Set by SIGINT, SIGTERM and SIGHUP; every loop and wait looks at it. */
gboolean run_interrupted(void);

/* Install the handlers; the second signal ends the process at once, children
 * with it. Once per process. */
void run_catch_signals(void);

/* A child in our group that does the work is sent the signals that come; 0:
 * nobody is. In the child: the parent decides what a second one means. */
void run_pass_signals_to(pid_t child);
void run_leave_signals_to_parent(void);

/* SGBENCH_INTERRUPTED if a signal came. Returns TRUE if it did. */
gboolean run_check_interrupted(GError **error);

#endif
