/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "table.h"
#include "writer.h"

static gboolean write_text(GPtrArray *runs, GString *out, GError **error)
{
    g_autofree char *text = sgb_table_text(runs);

    g_string_append(out, text);
    return TRUE;
}

const SgbWriter sgb_writer_text = {
    .name = "text",
    .summary = "the table, 80 columns",
    .suffix = ".txt",
    .write = write_text,
};
