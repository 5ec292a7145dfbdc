/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writers: the formats a report can have. One file each (writer-NAME.c).
 */
#ifndef REPORTS_WRITER_H
#define REPORTS_WRITER_H

#include <glib.h>
#include "run.h"

typedef struct SgbWriter {
    const char *name;
    const char *summary;
    const char *suffix; /* of a file in this format */
    gboolean file;      /* not to be read on a terminal */

    /* Append the report on @runs (SgbRun *) to @out. FALSE with an
     * SGB_REPORT_ERROR. Main thread only. */
    gboolean (*write)(GPtrArray *runs, GString *out, GError **error);
} SgbWriter;

extern const SgbWriter sgb_writer_html, sgb_writer_text,
    sgb_writer_cover_letter, sgb_writer_markdown, sgb_writer_csv,
    sgb_writer_json;

/* All of them, NULL-terminated; the first is the default. */
extern const SgbWriter *const sgb_writers[];

/* The writer of this name, or of the suffix that @name ends in; NULL if there
 * is none. */
const SgbWriter *sgb_writer_by_name(const char *name);
const SgbWriter *sgb_writer_by_suffix(const char *name);

#endif
