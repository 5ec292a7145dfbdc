/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "fill.h"

#define RUN 512 /* bytes of noise, and of zeroes behind them */

/* SplitMix64 (Steele, Lea, Flood 2014): one step of a 64-bit generator. */
static uint64_t next_noise(uint64_t *state)
{
    uint64_t z = (*state += 0x9e3779b97f4a7c15);

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
}

void fill_make(Fill fill, void *data, uint64_t length, uint64_t seed)
{
    uint8_t *bytes = data;
    uint64_t i;

    if (fill == FILL_ANY) {
        return;
    }
    for (i = 0; i < length; i += sizeof(uint64_t)) {
        gboolean zero = fill == FILL_COMPRESSIBLE && i / RUN % 2;
        uint64_t noise = zero ? 0 : next_noise(&seed);

        memcpy(bytes + i, &noise, MIN(sizeof(noise), length - i));
    }
}
