/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The views, as tables. */
#include "output.h"

/* Whoever asks for a part of it is to know what is not in there, too. */
static void append_head(SgbOutput *output)
{
    GPtrArray *views = output->options->views;

    if (views->len && !g_ptr_array_find(views, &sgb_view_summary, NULL)) {
        sgb_view_append_lost(&output->counts, output->text);
    }
}

static void append_nothing(SgbOutput *output)
{
    const SgbAnalysis *a = output->analysis;

    g_string_append(output->text, "Nothing to show: no request finished");
    if (a->not_selected) {
        g_string_append_printf(output->text,
                               " of those that are selected; %" G_GUINT64_FORMAT
                               " are not",
                               a->not_selected);
    }
    g_string_append_c(output->text, '\n');
}

static void end(SgbOutput *output)
{
    static const SgbView *const by_default[] = {&sgb_view_summary,
                                                &sgb_view_stages};
    GPtrArray *views = output->options->views;
    unsigned count = views->len ? views->len : G_N_ELEMENTS(by_default);
    gsize before = output->text->len, head;

    append_head(output);
    head = output->text->len;
    for (unsigned i = 0; i < count; i++) {
        const SgbView *view =
            views->len ? g_ptr_array_index(views, i) : by_default[i];

        /* A blank line between those that have something to say. */
        if (output->text->len > before) {
            g_string_append_c(output->text, '\n');
            before = output->text->len;
        }
        view->text(output->analysis, output->text);
    }
    if (output->text->len <= head + 1) {
        append_nothing(output);
    }
}

const SgbOutputKind sgb_output_text = {
    .name = "text",
    .sink = "summary",
    .help = "tables for people",
    .outputs = SGB_OUTPUT_TEXT,
    .end = end,
};
