/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What can go wrong, and the exit code it ends with. One table for all
 * commands; sgbench(1) prints it. A message is one line that says what, where
 * and what to do.
 */
#ifndef SGBENCH_ERROR_H
#define SGBENCH_ERROR_H

#include <glib.h>

#define SGBENCH_ERROR (sgbench_error_quark())
GQuark sgbench_error_quark(void);

/* The codes of SGBENCH_ERROR are exit codes. 0, 1, 3 and 4 are verdicts of
 * `compare`. */
typedef enum SgbenchError {
    SGBENCH_OK = 0,
    SGBENCH_REGRESSION = 1,
    SGBENCH_ERROR_USAGE = 2, /* command line or job file */
    SGBENCH_INCONCLUSIVE = 3,
    SGBENCH_UNLIKE = 4,          /* environments differ */
    SGBENCH_ERROR_PREFLIGHT = 5, /* something needed is missing or refused */
    SGBENCH_ERROR_TARGET = 6,    /* target or device failed in mid-run */
    SGBENCH_ERROR_QEMU = 7,      /* QEMU did not start, died or hung */
    SGBENCH_ERROR_DATA = 8,      /* wrong data */
    SGBENCH_ERROR_RESULTS = 9,   /* results can't be written or read */
    SGBENCH_ERROR_TRACE = 10,    /* trace lost, damaged or not reconciled */
    SGBENCH_ERROR_INTERNAL = 11,
    SGBENCH_INTERRUPTED = 130, /* SIGINT or SIGTERM */
} SgbenchError;

/* Set SGBENCH_ERROR of @code. Always FALSE. */
gboolean sgbench_fail(GError **error, SgbenchError code, const char *format,
                      ...) G_GNUC_PRINTF(3, 4);

/* One line of text for an exit code, static; NULL if it is not one. */
const char *sgbench_error_summary(int code);

/* The exit code for @error of any domain: its code if it is ours, the fitting
 * one for the libraries' domains, INTERNAL otherwise. */
int sgbench_error_exit_code(const GError *error);

#endif
