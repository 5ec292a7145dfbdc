/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Recorded rounds, for calibration: what a job's cells measured, round after
 * round, in several runs of it, and in the same rounds beside them the same
 * cells with CPU time planted. Kept as text: a line for what a file is of, a
 * line for each cell, a line for each round and what is planted in it.
 */
#ifndef REPORTS_TESTS_ROUNDS_H
#define REPORTS_TESTS_ROUNDS_H

#include <glib.h>
#include "reports/run.h"

#define ROUNDS_CELLS 32

typedef struct RoundsCell {
    char *path, *build, *control_of;
    guint64 size;
    unsigned depth;
} RoundsCell;

/* A round of all cells; NAN: not measured in it. */
typedef struct Round {
    unsigned run; /* rounds of one run follow each other */
    double cpu[ROUNDS_CELLS], throughput[ROUNDS_CELLS];
} Round;

typedef struct Rounds {
    char *about;
    RoundsCell cells[ROUNDS_CELLS];
    unsigned n_cells;
    GArray *plain;   /* Round */
    GArray *planted; /* Round: as that at the same place of plain, with CPU
                      * planted in some cells */
} Rounds;

/* Read @file; exits with a message if it is no such file. */
Rounds *rounds_read(const char *file);

/* Take the cells of target "null" of @folders (a NULL-terminated list of run
 * directories) as plain, and those of targets called "planted…" as planted in
 * the same rounds. */
Rounds *rounds_of_runs(char **folders);

char *rounds_text(const Rounds *rounds);
void rounds_free(Rounds *rounds);

/* An empty run with these cells, to be filled by rounds_fill; @series is the key
 * of the QEMU build of that name. */
SgbRun *rounds_run(const Rounds *rounds, const char *series);

/* Let @run be @n rounds: those that @list (of Round *) has. */
void rounds_fill(SgbRun *run, const Rounds *rounds, const Round *const *list,
                 unsigned n);

#endif
