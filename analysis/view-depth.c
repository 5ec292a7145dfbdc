/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How deep the queues were, by time. */
#include "format.h"
#include "view.h"

static void append_depths(GString *to, const SgbDepthSeries *s)
{
    uint64_t total = s->last_ns - s->first_ns;

    if (sgb_level_bytes(s->kind) || !total) {
        return;
    }
    g_string_append(to, "    of the time at depth");
    for (unsigned i = 0; i < SGB_DEPTH_BUCKETS; i++) {
        double share = 100.0 * s->time_at[i] / total;

        if (share >= .05) {
            g_string_append_printf(to, " %u%s: %.1f %%", i,
                                   i == SGB_DEPTH_BUCKETS - 1 ? "+" : "",
                                   share);
        }
    }
    g_string_append_c(to, '\n');
}

static void text(const SgbAnalysis *a, GString *to)
{
    const GPtrArray *series = a->depth->series;
    char value[SGB_FORMAT_SIZE];

    if (series->len) {
        sgb_format_pad(to, "depth, weighted by time", -22);
        sgb_format_pad(to, "mean", 13);
        sgb_format_pad(to, "max", 10);
        g_string_append(to, "  of\n");
    }
    for (unsigned i = 0; i < series->len; i++) {
        const SgbDepthSeries *s = g_ptr_array_index(series, i);
        double mean = sgb_depth_mean(s);

        sgb_format_pad(to, sgb_level_name(s->kind), -22);
        if (sgb_level_bytes(s->kind)) {
            sgb_format_pad(to, sgb_format_bytes(value, (uint64_t)mean), 14);
            sgb_format_pad(to, sgb_format_bytes(value, s->max), 10);
        } else {
            g_snprintf(value, sizeof(value), "%.2f", mean);
            sgb_format_pad(to, value, 14);
            g_snprintf(value, sizeof(value), "%" G_GUINT64_FORMAT, s->max);
            sgb_format_pad(to, value, 10);
        }
        g_string_append_printf(to, "  %s%sQEMU %" G_GINT64_FORMAT " on %s\n",
                               s->device ? sgb_format_device(s->device) : "",
                               s->device ? " of " : "", s->vpid,
                               s->host ? s->host : "?");
        append_depths(to, s);
    }
    if (a->depth->left_out) {
        g_string_append_printf(
            to, "and %" G_GUINT64_FORMAT " changes of more devices\n",
            a->depth->left_out);
    }
}

static void json(const SgbAnalysis *a, JsonBuilder *to)
{
    const GPtrArray *series = a->depth->series;

    json_builder_set_member_name(to, "depth");
    json_builder_begin_array(to);
    for (unsigned i = 0; i < series->len; i++) {
        const SgbDepthSeries *s = g_ptr_array_index(series, i);

        json_builder_begin_object(to);
        sgb_view_add_string(to, "level", sgb_level_identifier(s->kind));
        sgb_view_add_string(to, "host", s->host);
        sgb_view_add_integer(to, "vpid", s->vpid);
        sgb_view_add_string(to, "device", s->device);
        sgb_view_add_integer(to, "changes", s->changes);
        sgb_view_add_integer(to, "time_ns", s->last_ns - s->first_ns);
        sgb_view_add_double(to, "mean", sgb_depth_mean(s));
        sgb_view_add_integer(to, "max", s->max);
        if (!sgb_level_bytes(s->kind)) {
            sgb_view_add_integer(to, "p50", sgb_depth_quantile(s, .5));
            sgb_view_add_integer(to, "p99", sgb_depth_quantile(s, .99));
        }
        json_builder_end_object(to);
    }
    json_builder_end_array(to);
    sgb_view_add_integer(to, "depth_left_out", a->depth->left_out);
}

const SgbView sgb_view_depth = {
    .name = "depth",
    .help = "requests in flight and bounce queue, weighted by time",
    .text = text,
    .json = json,
};
