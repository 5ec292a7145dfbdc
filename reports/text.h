/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pieces of text tables, 80 columns of UTF-8. What comes from a file is made
 * harmless for a terminal first.
 */
#ifndef REPORTS_TEXT_H
#define REPORTS_TEXT_H

#include <stdint.h>
#include <glib.h>

#define SGB_TEXT_COLUMNS 80

/* A copy of @text (NULL: "-") without control characters, cut to @max
 * characters; the caller's. */
char *sgb_text_clean(const char *text, unsigned max);

/* Append @text right (@width > 0) or left (@width < 0) aligned in |@width|
 * columns, never cut. */
void sgb_text_pad(GString *out, const char *text, int width);

/* Append @text (made harmless), broken at blanks into lines of at most @columns
 * (and more only for a word that is longer), each after @margin. */
void sgb_text_wrap(GString *out, const char *margin, unsigned columns,
                   const char *text);

/* Append "LABEL  TEXT" as a paragraph: @label in the first @indent columns of
 * its first line, @text (made harmless) broken at blanks. Ends with a line
 * break. */
void sgb_text_paragraph(GString *out, const char *label, unsigned indent,
                        const char *text);

/* Figures in few characters, the caller's; "-" for NAN. */
char *sgb_text_number(double value);  /* three or more digits: 0.412, 1536 */
char *sgb_text_ratio(double value);   /* .004, 1.65, 24.1, 130 */
char *sgb_text_duration(double ns);   /* 650 µs, 12.3 ms */
char *sgb_text_bytes(uint64_t bytes); /* 512 B, 64 KiB, 1 MiB */

#endif
