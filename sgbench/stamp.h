/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Stamps: data that says of itself where it belongs. Every 512 bytes of a
 * written block carry the run's id, the byte address on the medium and a
 * generation, then noise that follows from these, then a CRC-32 of it all; so a
 * read shows whether it got the right data, another block's, an older
 * generation's, another run's, or none of ours.
 */
#ifndef SGBENCH_STAMP_H
#define SGBENCH_STAMP_H

#include <stdint.h>
#include <glib.h>

/* Bytes that carry one stamp; every block size is a multiple of it. */
#define STAMP_SIZE 512

/* Fill @length bytes (the last stamp may be cut off) at @data, which belong at byte
 * @address of the medium. @run is the run's UUID. */
void stamp_fill(void *data, uint64_t length, const char *run, uint64_t address,
                uint32_t generation);

/*
 * Check them. Returns NULL if all is right, otherwise a text that says where
 * the first wrong stamp is and what is there instead; the caller's.
 */
char *stamp_check(const void *data, uint64_t length, const char *run,
                  uint64_t address, uint32_t generation);

#endif
