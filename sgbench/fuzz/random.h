/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Random steps: lists of RAM, device memory, the VGA window, ROM, nothing and
 * the HBA's registers, joined, overlapping, empty, unaligned, huge and long;
 * lengths that differ from the CDB's; directions that are not the command's;
 * answers of every kind; aborts and resets.
 */
#ifndef FUZZ_RANDOM_H
#define FUZZ_RANDOM_H

#include "sgbench/initiator.h"
#include "step.h"

/* RAM that lists use, from the arena's start on: a window for each command of a
 * step, and one behind them for a command that is alone. Bytes. */
#define RANDOM_WINDOW (96 << 10)
#define RANDOM_WINDOWS (1 << 20)
#define RANDOM_WIDE (20 << 20)
#define RANDOM_ARENA (RANDOM_WINDOWS + RANDOM_WIDE)

/* Step number @index of @seed; always the same one. */
FuzzStep *random_step(const Initiator *ring, uint64_t seed, uint64_t index);

#endif
