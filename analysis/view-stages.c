/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where the time went: a row for each stage of the requests of an opcode whose
 * data went the same way. */
#include "format.h"
#include "view.h"

static void append_row(GString *to, const char *name, const SgbHistogram *h,
                       double total)
{
    const double columns[] = {h->min, sgb_histogram_mean(h),
                              sgb_histogram_quantile(h, .5),
                              sgb_histogram_quantile(h, .99), h->max};
    char text[SGB_FORMAT_SIZE];

    g_string_append(to, "  ");
    sgb_format_pad(to, name, -12);
    g_snprintf(text, sizeof(text), "%" G_GUINT64_FORMAT, h->count);
    sgb_format_pad(to, text, 9);
    g_snprintf(text, sizeof(text), "%.1f %%",
               total > 0 ? 100 * h->sum / total : 0);
    sgb_format_pad(to, text, 9);
    for (unsigned i = 0; i < G_N_ELEMENTS(columns); i++) {
        sgb_format_pad(to, sgb_format_ns(text, columns[i]), 10);
    }
    g_string_append_c(to, '\n');
}

static void append_group(GString *to, const SgbMetrics *m, const char *name)
{
    static const char *const heads[] = {"min", "mean", "p50", "p99", "max"};

    g_string_append_printf(to, "%s: %" G_GUINT64_FORMAT " requests\n", name,
                           m->requests);
    g_string_append(to, "  ");
    sgb_format_pad(to, "time to", -12);
    sgb_format_pad(to, "count", 9);
    sgb_format_pad(to, "share", 9);
    for (unsigned i = 0; i < G_N_ELEMENTS(heads); i++) {
        sgb_format_pad(to, heads[i], 10);
    }
    g_string_append_c(to, '\n');
    for (unsigned i = 0; i < SGB_STAGE__COUNT; i++) {
        if (m->stage[i]->count) {
            append_row(to, sgb_stage_name(i), m->stage[i], m->total->sum);
        }
    }
    append_row(to, "total", m->total, m->total->sum);
    if (m->total->count < 1000) {
        g_string_append(to, "  (p99 of fewer than 1000 requests)\n");
    }
}

static void text(const SgbAnalysis *a, GString *to)
{
    sgb_view_each_group(a, to, append_group);
}

static void json(const SgbAnalysis *a, JsonBuilder *to)
{
    g_autoptr(GPtrArray) sorted = sgb_analysis_sorted(a);

    json_builder_set_member_name(to, "groups");
    json_builder_begin_array(to);
    for (unsigned i = 0; i < sorted->len; i++) {
        const SgbGroup *group = g_ptr_array_index(sorted, i);
        const SgbMetrics *m = group->metrics;
        char opcode[SGB_FORMAT_SIZE];

        json_builder_begin_object(to);
        if (!group->others) {
            sgb_view_add_integer(to, "opcode", group->opcode);
            sgb_view_add_string(to, "command",
                                sgb_format_opcode(opcode, group->opcode));
            sgb_view_add_string(to, "path", sgb_data_path_name(group->path));
        }
        sgb_view_add_integer(to, "requests", m->requests);
        sgb_view_add_integer(to, "unfinished", m->unfinished);
        sgb_view_add_integer(to, "length", m->length);
        sgb_view_add_integer(to, "transferred", m->transferred);
        sgb_view_add_integer(to, "direct", m->direct);
        sgb_view_add_integer(to, "bounced", m->bounced);
        sgb_view_add_integer(to, "sgio_count", m->sgio_count);
        sgb_view_add_integer(to, "dio", m->dio);
        json_builder_set_member_name(to, "stages");
        json_builder_begin_object(to);
        for (unsigned j = 0; j < SGB_STAGE__COUNT; j++) {
            if (m->stage[j]->count) {
                json_builder_set_member_name(to, sgb_stage_identifier(j));
                json_builder_begin_object(to);
                sgb_view_add_histogram(to, m->stage[j]);
                json_builder_end_object(to);
            }
        }
        json_builder_end_object(to);
        json_builder_set_member_name(to, "total");
        json_builder_begin_object(to);
        sgb_view_add_histogram(to, m->total);
        json_builder_end_object(to);
        json_builder_end_object(to);
    }
    json_builder_end_array(to);
}

const SgbView sgb_view_stages = {
    .name = "stages",
    .help = "time of each stage, by opcode and path",
    .text = text,
    .json = json,
};
