/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is written: data that a drive can compress, or not, made in memory.
 */
#ifndef SGBENCH_FILL_H
#define SGBENCH_FILL_H

#include <stdint.h>
#include <glib.h>
#include "job.h"

/*
 * Fill @length bytes at @data. FILL_INCOMPRESSIBLE: noise. FILL_COMPRESSIBLE:
 * 512 bytes of noise and 512 zeroes in turns, shorter than the history of what
 * tape drives use (SLDC, ECMA-321: 1024 bytes), so that any of them packs it to
 * about a half. Another @seed is another noise. Nothing for FILL_ANY.
 */
void fill_make(Fill fill, void *data, uint64_t length, uint64_t seed);

#endif
