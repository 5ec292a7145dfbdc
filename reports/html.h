/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pieces of the HTML report. What comes from a file or a device goes through
 * sgb_html_text() or sgb_html_json(), nothing else does.
 */
#ifndef REPORTS_HTML_H
#define REPORTS_HTML_H

#include <glib.h>
#include <json-glib/json-glib.h>
#include "run.h"

/* Append @text, made harmless and with HTML's own characters escaped. */
void sgb_html_text(GString *out, const char *text);

/* Append <@tag class="@class">@text</@tag>; @tag and @class (may be NULL) are
 * ours. */
void sgb_html_element(GString *out, const char *tag, const char *class,
                      const char *text);

/* Append @node as JSON that may stand in a <script>: no "<" is in it. */
void sgb_html_json(GString *out, JsonNode *node);

/* A table that scrolls by itself; @caption ours. A head that begins with "#" is
 * of numbers. _row takes as many cells, by the kind of their heads; it frees
 * @cells. */
typedef struct SgbHtmlTable {
    GString *out;
    const char *const *heads;
} SgbHtmlTable;

SgbHtmlTable sgb_html_table_begin(GString *out, const char *caption,
                                  const char *const *heads);
void sgb_html_table_row(SgbHtmlTable *table, const char *class, char **cells);
void sgb_html_table_end(SgbHtmlTable *table);

/* The tables of @run: ratios, where the gain comes from, figures, traces. */
void sgb_html_tables(GString *out, const SgbRun *run);

#endif
