/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Progress of a run on standard error: a bar with the time left on a terminal,
 * a line for each step otherwise.
 */
#ifndef SGBENCH_PROGRESS_H
#define SGBENCH_PROGRESS_H

#include <glib.h>

typedef enum ProgressStyle {
    PROGRESS_AUTO, /* bar if standard error is a terminal, else lines */
    PROGRESS_BAR,
    PROGRESS_LINES,
    PROGRESS_NONE,
} ProgressStyle;

typedef struct Progress Progress;

/* "auto", "bar", "lines", "none". FALSE if @text is none of them. */
gboolean progress_parse_style(const char *text, ProgressStyle *style);

/* Name of @style; AUTO is resolved first: "bar" or "lines". */
const char *progress_style_name(ProgressStyle style);

/* @total: units of work, of any one kind. */
Progress *progress_new(ProgressStyle style, unsigned total);

/* A unit of work is done; the estimate of the time left follows from them. */
void progress_advance(Progress *progress);

/* What is being done now. On a terminal it is shown beside the bar; otherwise
 * it is a line if @step, nothing if not. */
void progress_say(Progress *progress, gboolean step, const char *format, ...)
    G_GNUC_PRINTF(3, 4);

/* A line that stays, whatever the style (but NONE). */
void progress_note(Progress *progress, const char *format, ...)
    G_GNUC_PRINTF(2, 3);

/* Remove the bar. */
void progress_free(Progress *progress);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Progress, progress_free)

#endif
