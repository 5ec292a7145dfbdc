/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The load of a tape: blocks one after the other, one command at a time, with
 * filemarks as the cell has them, from the beginning of the tape; at the end of
 * what fits, or of TAPE_PASS_BLOCKS commands (or what cell-bytes asks for, if it
 * does), it rewinds and goes on. A read
 * has its blocks written before, by the same path, which is not counted.
 *
 * What is expected at each place is known: a READ that meets a filemark where
 * none is, or none where one is, is a failure.
 */
#ifndef SGBENCH_LOAD_TAPE_H
#define SGBENCH_LOAD_TAPE_H

#include "load-timed.h"

/* Commands from one rewinding to the next: more would only take longer to get
 * ready. */
#define TAPE_PASS_BLOCKS 2048

/* See load_timed_new(). */
LoadTimed *load_tape_new(const Cell *cell, const Target *target,
                         const Arena *arena, uint64_t seed);

#endif
