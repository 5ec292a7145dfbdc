/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "html.h"

#include <string.h>

#include "text.h"

void sgb_html_text(GString *out, const char *text)
{
    g_autofree char *clean = sgb_text_clean(text, G_MAXUINT);
    g_autofree char *escaped = g_markup_escape_text(clean, -1);

    g_string_append(out, escaped);
}

void sgb_html_element(GString *out, const char *tag, const char *class,
                      const char *text)
{
    g_string_append_printf(out, class ? "<%s class=\"%s\">" : "<%s>", tag,
                           class);
    sgb_html_text(out, text);
    g_string_append_printf(out, "</%s>", tag);
}

void sgb_html_json(GString *out, JsonNode *node)
{
    g_autofree char *text = json_to_string(node, FALSE);
    const char *p = text;

    /* "<" is in strings only, and there \u003c means the same. */
    while (*p) {
        gsize plain = strcspn(p, "<");

        g_string_append_len(out, p, plain);
        p += plain;
        if (*p) {
            g_string_append(out, "\\u003c");
            p++;
        }
    }
}

static gboolean of_numbers(const char *head)
{
    return *head == '#';
}

SgbHtmlTable sgb_html_table_begin(GString *out, const char *caption,
                                  const char *const *heads)
{
    SgbHtmlTable table = {out, heads};

    g_string_append_printf(out,
                           "<div class=\"scroll\" tabindex=\"0\" "
                           "role=\"region\" aria-label=\"%s\">\n<table>"
                           "<caption>%s</caption>\n<thead><tr>",
                           caption, caption);
    for (; *heads; heads++) {
        gboolean n = of_numbers(*heads);

        g_string_append_printf(out, "<th scope=\"col\"%s>%s</th>",
                               n ? " class=\"n\"" : "", *heads + n);
    }
    g_string_append(out, "</tr></thead>\n<tbody>\n");
    return table;
}

void sgb_html_table_row(SgbHtmlTable *table, const char *class, char **cells)
{
    g_string_append_printf(table->out, class ? "<tr class=\"%s\">" : "<tr>",
                           class);
    for (unsigned i = 0; table->heads[i]; i++) {
        gboolean n = of_numbers(table->heads[i]);

        if (i == 0) {
            g_string_append(table->out, "<th scope=\"row\">");
        } else {
            g_string_append(table->out, n ? "<td class=\"n\">" : "<td>");
        }
        sgb_html_text(table->out, cells[i]);
        g_string_append(table->out, i == 0 ? "</th>" : "</td>");
    }
    g_string_append(table->out, "</tr>\n");
    for (unsigned i = 0; table->heads[i]; i++) {
        g_free(cells[i]);
    }
}

void sgb_html_table_end(SgbHtmlTable *table)
{
    g_string_append(table->out, "</tbody></table></div>\n");
}
