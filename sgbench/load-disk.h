/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The load of a disk: READs or WRITEs, sequential over the medium.
 */
#ifndef SGBENCH_LOAD_DISK_H
#define SGBENCH_LOAD_DISK_H

#include "load-timed.h"

/* See load_timed_new(). */
LoadTimed *load_disk_new(const Cell *cell, const Target *target,
                         const Arena *arena, uint64_t seed);

#endif
