/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The subcommands of sgbench, one file each (command-line-NAME.c).
 */
#ifndef SGBENCH_COMMAND_LINE_H
#define SGBENCH_COMMAND_LINE_H

#include <glib.h>

typedef struct Subcommand {
    const char *name;
    const char *arguments; /* for the usage line */
    const char *summary;

    /* Run it; argv[0] is the subcommand's name. Returns an exit code (see
     * error.h); with an error set, that error's. */
    int (*run)(int argc, char **argv, GError **error);
} Subcommand;

extern const Subcommand subcommand_run, subcommand_lab, subcommand_report,
    subcommand_devices, subcommand_compare, subcommand_bundle,
    subcommand_history, subcommand_probe, subcommand_analyze;

/* All of them, NULL-terminated. */
extern const Subcommand *const subcommands[];

/* A GOptionContext for @subcommand with @entries; the caller's. */
GOptionContext *subcommand_options(const Subcommand *subcommand,
                                   const GOptionEntry *entries);

#endif
