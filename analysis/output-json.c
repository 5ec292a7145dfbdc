/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The views, for machines: one object. */
#include "output.h"

/* Changes when members change their meaning or go. */
#define FORMAT "sgbench-analysis/1"

static void end(SgbOutput *output)
{
    GPtrArray *views = output->options->views;
    g_autoptr(JsonBuilder) builder = json_builder_new();
    g_autoptr(JsonGenerator) generator = json_generator_new();
    g_autoptr(JsonNode) root = NULL;
    g_autofree char *text = NULL;

    json_builder_begin_object(builder);
    sgb_view_add_string(builder, "format", FORMAT);
    if (views->len && !g_ptr_array_find(views, &sgb_view_summary, NULL)) {
        /* It has them, too. */
        sgb_view_add_integer(builder, "lost_events",
                             output->counts.lost_events);
        sgb_view_add_integer(builder, "lost_packets",
                             output->counts.lost_packets);
    }
    if (!views->len) {
        for (const SgbView *const *v = sgb_views; *v; v++) {
            (*v)->json(output->analysis, builder);
        }
    }
    for (unsigned i = 0; i < views->len; i++) {
        const SgbView *view = g_ptr_array_index(views, i);

        view->json(output->analysis, builder);
    }
    json_builder_end_object(builder);

    root = json_builder_get_root(builder);
    json_generator_set_root(generator, root);
    json_generator_set_pretty(generator, TRUE);
    text = json_generator_to_data(generator, NULL);
    g_string_append(output->text, text);
    g_string_append_c(output->text, '\n');
}

const SgbOutputKind sgb_output_json = {
    .name = "json",
    .sink = "json",
    .help = "the views for machines",
    .outputs = SGB_OUTPUT_JSON,
    .end = end,
};
