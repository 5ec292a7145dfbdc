/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "document.h"
#include "verdict.h"
#include "writer.h"

static gboolean write_json(GPtrArray *runs, GString *out, GError **error)
{
    g_autoptr(GPtrArray) verdicts = sgb_verdicts(runs);
    g_autoptr(JsonNode) node = sgb_document(runs, verdicts);
    g_autofree char *text = json_to_string(node, TRUE);

    g_string_append(out, text);
    g_string_append_c(out, '\n');
    return TRUE;
}

const SgbWriter sgb_writer_json = {
    .name = "json",
    .summary = "everything for machines (reports/report.schema.json)",
    .suffix = ".json",
    .write = write_json,
};
