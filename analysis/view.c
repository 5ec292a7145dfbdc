/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "view.h"

#include <string.h>

#include "format.h"

const SgbView *const sgb_views[] = {&sgb_view_summary,
                                    &sgb_view_stages,
                                    &sgb_view_latency,
                                    &sgb_view_depth,
                                    &sgb_view_top,
                                    &sgb_view_errors,
                                    NULL};

const SgbView *sgb_view_find(const char *name)
{
    for (const SgbView *const *v = sgb_views; *v; v++) {
        if (strcmp((*v)->name, name) == 0) {
            return *v;
        }
    }
    return NULL;
}

void sgb_view_add_integer(JsonBuilder *to, const char *name, int64_t value)
{
    json_builder_set_member_name(to, name);
    json_builder_add_int_value(to, value);
}

void sgb_view_add_double(JsonBuilder *to, const char *name, double value)
{
    json_builder_set_member_name(to, name);
    json_builder_add_double_value(to, value);
}

void sgb_view_add_string(JsonBuilder *to, const char *name, const char *value)
{
    g_autofree char *valid = value ? g_utf8_make_valid(value, -1) : NULL;

    json_builder_set_member_name(to, name);
    if (valid) {
        json_builder_add_string_value(to, valid);
    } else {
        json_builder_add_null_value(to);
    }
}

void sgb_view_add_histogram(JsonBuilder *to, const SgbHistogram *h)
{
    sgb_view_add_integer(to, "count", h->count);
    sgb_view_add_double(to, "sum", h->sum);
    sgb_view_add_integer(to, "min", h->count ? h->min : 0);
    sgb_view_add_double(to, "mean", sgb_histogram_mean(h));
    sgb_view_add_integer(to, "p50", sgb_histogram_quantile(h, .5));
    sgb_view_add_integer(to, "p90", sgb_histogram_quantile(h, .9));
    sgb_view_add_integer(to, "p99", sgb_histogram_quantile(h, .99));
    sgb_view_add_integer(to, "p999", sgb_histogram_quantile(h, .999));
    sgb_view_add_integer(to, "max", h->max);
}

char *sgb_group_name(const SgbGroup *group)
{
    char opcode[SGB_FORMAT_SIZE];

    return group->others
               ? g_strdup("others")
               : g_strdup_printf("%s, %s",
                                 sgb_format_opcode(opcode, group->opcode),
                                 sgb_data_path_name(group->path));
}

void sgb_view_each_group(const SgbAnalysis *a, GString *to,
                         void (*text)(GString *to, const SgbMetrics *m,
                                      const char *name))
{
    g_autoptr(GPtrArray) sorted = sgb_analysis_sorted(a);
    gboolean first = TRUE;

    for (unsigned i = 0; i < sorted->len; i++) {
        const SgbGroup *group = g_ptr_array_index(sorted, i);
        g_autofree char *name = sgb_group_name(group);

        if (!group->metrics->requests) {
            continue;
        }
        if (!first) {
            g_string_append_c(to, '\n');
        }
        first = FALSE;
        text(to, group->metrics, name);
    }
}
