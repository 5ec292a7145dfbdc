/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Figures and names as the views print them. */
#ifndef ANALYSIS_FORMAT_H
#define ANALYSIS_FORMAT_H

#include <stdint.h>
#include <glib.h>
#include "request.h"
#include "trace.h"

/* Room for any of the texts below. */
#define SGB_FORMAT_SIZE 128

/* "812 ns", "41.3 µs", "1.25 s". Returns @text. */
const char *sgb_format_ns(char text[SGB_FORMAT_SIZE], double ns);

/* "512 B", "256 KiB", "1.5 GiB". Returns @text. */
const char *sgb_format_bytes(char text[SGB_FORMAT_SIZE], double bytes);

/* "READ(10)"-like, from libsgutils2's tables, or "opcode 28h". */
const char *sgb_format_opcode(char text[SGB_FORMAT_SIZE], uint8_t opcode);

/* "GOOD", "CHECK CONDITION". */
const char *sgb_format_status(char text[SGB_FORMAT_SIZE], uint8_t status);

/* "3h/11h/00h Medium Error: Unrecovered read error" */
const char *sgb_format_sense(char text[SGB_FORMAT_SIZE], uint8_t key,
                             uint8_t asc, uint8_t ascq);

/* Local date, "2026-11-24". */
const char *sgb_format_date(char text[SGB_FORMAT_SIZE], uint64_t ns);

/* Local time of day with microseconds. */
const char *sgb_format_time(char text[SGB_FORMAT_SIZE], uint64_t ns);

/* "disk", or what stands for a device without an id. */
const char *sgb_format_device(const char *device);

/* Append @text, padded on the left (@width > 0) or right (@width < 0). */
void sgb_format_pad(GString *to, const char *text, int width);

/* Append @text as a JSON string, with its quotes. */
void sgb_format_json(GString *to, const char *text);

#endif
