/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A cell: one combination of what a job's matrix has. Its id names all of it,
 * and never changes: runs of years are compared by it.
 */
#ifndef SGBENCH_CELL_H
#define SGBENCH_CELL_H

#include <stdint.h>
#include <glib.h>
#include "job.h"
#include "path.h"

typedef struct Cell {
    char *id;       /* TARGET/PATH/read/1M/qd4/contiguous, and behind it what
                     * is not as usual: /cdb16/fixed32K/fm64M/pvscsi/random
                     * /reads70/shift512/rate100M/compressible */
    unsigned index; /* in Plan.cells */
    const TargetSpec *target;
    const PathKind *path;
    const Matrix *matrix; /* it comes from */
    Operation operation;
    uint64_t size; /* bytes of the medium that a command is for; of those that
                    * move a tape, its blocks */
    unsigned depth;
    Layout layout;
    const HbaKind *hba; /* a native path has none, but its cells pair */
    int cdb_size;
    Access access;
    unsigned reads; /* of OPERATION_MIXED, percent; 0: another one */
    uint64_t rate;  /* bytes a second that are fed; 0: as fast as it goes */
    Fill fill;      /* of what is written */
    uint64_t bytes; /* that end it in each round, 0: none do; not in id */
    uint64_t shift; /* bytes from a multiple of size to where commands
                          * begin on a disk */
    uint32_t tape_block; /* fixed blocks of a tape, bytes; 0: variable */
    uint64_t filemarks;  /* bytes between filemarks of a tape; 0: one, last */
    gboolean left_out;   /* its target has not the command (runner.c) */
} Cell;

/* The id that @cell has on @path; the caller's. */
char *cell_id(const Cell *cell, const PathKind *path);

/* Combinations of the axes of @matrix beside targets and paths. */
unsigned cell_combinations(const Matrix *matrix);

/* Make @cell combination @number of @matrix. What does not apply to its
 * operation is as if it had not been given: several numbers may be one cell. */
void cell_combine(Cell *cell, const Matrix *matrix, unsigned number);

/* Bytes that one command transfers: not always what it is for. */
uint64_t cell_data_length(const Cell *cell);

/* TRUE if commands transfer what is on the medium: bytes a second mean
 * something. */
gboolean cell_moves_data(const Cell *cell);

/* TRUE if commands move a tape from one place to another, and nothing else. */
gboolean cell_moves_tape(const Cell *cell);

/* Commands with data that @bytes take. */
uint64_t cell_commands(const Cell *cell, uint64_t bytes);

/* From one command of @cell to the next, ns; 0 if it has no rate. */
uint64_t cell_interval(const Cell *cell);

/* TRUE if what is on the medium may be another thing afterwards, because of
 * commands that are measured or that get the medium ready for them. */
gboolean cell_writes(const Cell *cell);

#endif
