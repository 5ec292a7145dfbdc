/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The views, as tables. */
#include "output.h"

static void end(SgbOutput *output)
{
    static const SgbView *const by_default[] = {&sgb_view_summary,
                                                &sgb_view_stages};
    const GPtrArray *views = output->options->views;
    unsigned count = views->len ? views->len : G_N_ELEMENTS(by_default);
    gsize before = output->text->len;

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
}

const SgbOutputKind sgb_output_text = {
    .name = "text",
    .sink = "summary",
    .help = "tables for people",
    .outputs = SGB_OUTPUT_TEXT,
    .end = end,
};
