/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The load of a tape that is moved and not read: SPACE or LOCATE to places
 * drawn by lot, one at a time, on a tape that was written before, which is not
 * counted (tape-places.h). Where no command of the operation leads on it
 * rewinds. After the time is over the tape has to be where it was told to be.
 */
#ifndef SGBENCH_LOAD_POSITION_H
#define SGBENCH_LOAD_POSITION_H

#include "load-timed.h"

/* Files on the tape where the job does not say how long they are. */
#define POSITION_FILES 8

/* See load_timed_new(). */
LoadTimed *load_position_new(const Cell *cell, const Target *target,
                             const Arena *arena, uint64_t seed);

#endif
