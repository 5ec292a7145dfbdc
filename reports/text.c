/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "text.h"

#include <math.h>

char *sgb_text_clean(const char *text, unsigned max)
{
    g_autofree char *valid = g_utf8_make_valid(text ? text : "-", -1);
    GString *out = g_string_new(NULL);
    unsigned n = 0;

    for (const char *p = valid; *p && n < max; p = g_utf8_next_char(p), n++) {
        gunichar c = g_utf8_get_char(p);

        /* Zero-width ones too: they could turn the text around. */
        g_string_append_unichar(
            out, g_unichar_isspace(c)                                ? ' '
                 : g_unichar_isprint(c) && !g_unichar_iszerowidth(c) ? c
                                                                     : '?');
    }
    return g_string_free(out, FALSE);
}

void sgb_text_pad(GString *out, const char *text, int width)
{
    int blanks = ABS(width) - (int)g_utf8_strlen(text, -1);

    if (width > 0) {
        g_string_append_printf(out, "%*s%s", MAX(blanks, 0), "", text);
    } else {
        g_string_append_printf(out, "%s%*s", text, MAX(blanks, 0), "");
    }
}

void sgb_text_paragraph(GString *out, const char *label, unsigned indent,
                        const char *text)
{
    g_autofree char *clean = sgb_text_clean(text, G_MAXUINT);
    g_auto(GStrv) words = g_strsplit(clean, " ", -1);
    unsigned column = indent;
    gboolean first = TRUE;

    sgb_text_pad(out, label, -(int)indent);
    for (char **w = words; *w; w++) {
        unsigned length = g_utf8_strlen(*w, -1);

        if (length == 0) {
            continue;
        }
        if (!first && column + 1 + length > SGB_TEXT_COLUMNS) {
            g_string_append_printf(out, "\n%*s", indent, "");
            column = indent;
            first = TRUE;
        }
        if (!first) {
            g_string_append_c(out, ' ');
            column++;
        }
        /* A word that is longer than a line is cut: hashes and paths. */
        if (column + length > SGB_TEXT_COLUMNS) {
            g_autofree char *head =
                g_utf8_substring(*w, 0, SGB_TEXT_COLUMNS - indent - 1);

            g_string_append_printf(out, "%s…", head);
            length = SGB_TEXT_COLUMNS - indent;
        } else {
            g_string_append(out, *w);
        }
        column += length;
        first = FALSE;
    }
    while (out->len && out->str[out->len - 1] == ' ') {
        g_string_truncate(out, out->len - 1);
    }
    g_string_append_c(out, '\n');
}

void sgb_text_wrap(GString *out, const char *margin, unsigned columns,
                   const char *text)
{
    g_autofree char *clean = sgb_text_clean(text, G_MAXUINT);
    g_auto(GStrv) words = g_strsplit(clean, " ", -1);
    unsigned indent = g_utf8_strlen(margin, -1), column = 0;

    for (char **w = words; *w; w++) {
        unsigned length = g_utf8_strlen(*w, -1);

        if (length == 0) {
            continue;
        }
        if (column && column + 1 + length > columns) {
            g_string_append_c(out, '\n');
            column = 0;
        }
        g_string_append_printf(out, "%s%s", column ? " " : margin, *w);
        column += (column ? 1 : indent) + length;
    }
    g_string_append_c(out, '\n');
}

char *sgb_text_number(double value)
{
    if (!isfinite(value)) {
        return g_strdup("-");
    }
    if (fabs(value) >= 1e7) {
        return g_strdup_printf("%.1e", value);
    }
    return g_strdup_printf("%.*f",
                           fabs(value) < 9.9995   ? 3
                           : fabs(value) < 999.95 ? 1
                                                  : 0,
                           value);
}

char *sgb_text_ratio(double value)
{
    if (!isfinite(value)) {
        return g_strdup("-");
    }
    if (value >= 9999.5) {
        return g_strdup(">9999");
    }
    if (value > 0 && value < 0.0005) {
        return g_strdup("<.001");
    }
    if (value > 0 && value < 0.0995) { /* as wide as 0.25 */
        g_autofree char *text = g_strdup_printf("%.3f", value);

        return g_strdup(text + 1);
    }
    return g_strdup_printf("%.*f",
                           value < 9.995   ? 2
                           : value < 99.95 ? 1
                                           : 0,
                           value);
}

char *sgb_text_duration(double ns)
{
    if (!isfinite(ns)) {
        return g_strdup("-");
    }
    if (ns < 99950) {
        return g_strdup_printf("%.1f µs", ns / 1e3);
    }
    if (ns < 999500) {
        return g_strdup_printf("%.0f µs", ns / 1e3);
    }
    if (ns < 999.5e6) {
        return g_strdup_printf("%.*f ms",
                               ns < 9.995e6   ? 2
                               : ns < 99.95e6 ? 1
                                              : 0,
                               ns / 1e6);
    }
    return ns < 9999e9 ? g_strdup_printf("%.1f s", ns / 1e9)
                       : g_strdup(">9999 s");
}

char *sgb_text_bytes(uint64_t bytes)
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
    unsigned unit = 0;

    while (bytes && bytes % 1024 == 0 && unit + 1 < G_N_ELEMENTS(units)) {
        bytes /= 1024;
        unit++;
    }
    return g_strdup_printf("%" G_GUINT64_FORMAT " %s", bytes, units[unit]);
}
