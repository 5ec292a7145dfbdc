/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stddef.h>
#include <string.h>
#include <zlib.h>

#include "stamp.h"

#define STAMP_MAGIC "SGBENCH1"

typedef struct Stamp {
    char magic[8];
    char run[36]; /* UUID in text, so that a hex dump can be read */
    uint32_t generation;
    uint64_t address;
    uint64_t noise[56];
    uint32_t reserved;
    uint32_t crc; /* of all bytes before it */
} Stamp;

G_STATIC_ASSERT(sizeof(Stamp) == STAMP_SIZE);

/* SplitMix64 (Steele, Lea, Flood 2014): one step of a 64-bit generator. */
static uint64_t next_noise(uint64_t *state)
{
    uint64_t z = (*state += 0x9e3779b97f4a7c15);

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
}

static void stamp_make(Stamp *stamp, const char *run, uint64_t address,
                       uint32_t generation)
{
    uint64_t state = address ^ ((uint64_t)generation << 40);
    size_t i;

    memset(stamp, 0, sizeof(*stamp));
    memcpy(stamp->magic, STAMP_MAGIC, sizeof(stamp->magic));
    memcpy(stamp->run, run, MIN(strlen(run), sizeof(stamp->run)));
    stamp->generation = generation;
    stamp->address = address;
    for (i = 0; i < G_N_ELEMENTS(stamp->noise); i++) {
        stamp->noise[i] = next_noise(&state);
    }
    stamp->crc = crc32(0, (const Bytef *)stamp, offsetof(Stamp, crc));
}

void stamp_fill(void *data, uint64_t length, const char *run, uint64_t address,
                uint32_t generation)
{
    uint64_t at;
    Stamp stamp;

    for (at = 0; at < length; at += STAMP_SIZE) {
        stamp_make(&stamp, run, address + at, generation);
        memcpy((char *)data + at, &stamp, MIN(sizeof(stamp), length - at));
    }
}

/* What the wrong stamp @got is, in words. */
static char *describe(const Stamp *got, const char *run, uint64_t address,
                      uint32_t generation)
{
    const uint8_t *bytes = (const uint8_t *)got;
    size_t i;

    for (i = 1; i < sizeof(*got) && bytes[i] == bytes[0]; i++) {
    }
    if (i == sizeof(*got)) {
        return g_strdup_printf("%zu bytes of %02xh", i, bytes[0]);
    }
    if (memcmp(got->magic, STAMP_MAGIC, sizeof(got->magic)) != 0) {
        return g_strdup_printf("foreign data (%02x %02x %02x %02x …)", bytes[0],
                               bytes[1], bytes[2], bytes[3]);
    }
    if (got->crc != crc32(0, (const Bytef *)got, offsetof(Stamp, crc))) {
        return g_strdup("a torn stamp (its checksum is wrong)");
    }
    if (strncmp(got->run, run, sizeof(got->run)) != 0) {
        return g_strdup_printf("data of another run (%.36s)", got->run);
    }
    if (got->address != address) {
        return g_strdup_printf("the data of byte %" G_GUINT64_FORMAT,
                               got->address);
    }
    if (got->generation != generation) {
        return g_strdup_printf("generation %u instead of %u", got->generation,
                               generation);
    }
    return g_strdup("the right header over wrong data");
}

char *stamp_check(const void *data, uint64_t length, const char *run,
                  uint64_t address, uint32_t generation)
{
    uint64_t at;
    Stamp want, got;

    for (at = 0; at < length; at += STAMP_SIZE) {
        size_t here = MIN(sizeof(got), length - at);

        stamp_make(&want, run, address + at, generation);
        memset(&got, 0, sizeof(got));
        memcpy(&got, (const char *)data + at, here);
        if (memcmp(&want, &got, here) != 0) {
            g_autofree char *what =
                describe(&got, run, address + at, generation);
            return g_strdup_printf("byte %" G_GUINT64_FORMAT
                                   " of the medium: %s",
                                   address + at, what);
        }
    }
    return NULL;
}
