/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The slowest requests, with their stages and why they bounced. */
#include "format.h"
#include "record.h"
#include "view.h"

static void append_request(GString *to, const SgbTopEntry *entry)
{
    const SgbRequest *r = &entry->request;
    uint64_t duration[SGB_STAGE__COUNT];
    unsigned present;
    char text[SGB_FORMAT_SIZE];

    sgb_format_pad(to, sgb_format_ns(text, entry->total_ns), 10);
    g_string_append_printf(to, "  %s",
                           sgb_format_time(text, sgb_request_end(r)));
    g_string_append_printf(to, "  %s", sgb_format_opcode(text, r->opcode));
    g_string_append_printf(to, " of %s, tag %u on %s LUN %u",
                           sgb_format_bytes(text, r->length), r->tag,
                           sgb_format_device(r->device), r->lun);
    if (entry->cell->cell) {
        g_string_append_printf(to, ", cell %s", entry->cell->cell);
    }
    g_string_append_printf(to, "\n            %s", sgb_data_path_name(r->path));
    if (r->reason) {
        g_string_append_printf(to, " (%s)", sgb_reason_name(r->reason));
    }
    if (!sgb_request_good(r)) {
        g_string_append_printf(to, ", %s", sgb_format_status(text, r->status));
    }
    g_string_append(to, ":");
    sgb_request_stages(r, duration, &present);
    for (unsigned i = 0; i < SGB_STAGE__COUNT; i++) {
        if (present & 1u << i) {
            g_string_append_printf(to, " %s %s", sgb_stage_name(i),
                                   sgb_format_ns(text, duration[i]));
        }
    }
    g_string_append_c(to, '\n');
}

static void append_unfinished(GString *to, const SgbTop *top)
{
    if (!top->unfinished->len) {
        return;
    }
    g_string_append(to, "\nNever finished:\n");
    for (unsigned i = 0; i < top->unfinished->len; i++) {
        append_request(to, &g_array_index(top->unfinished, SgbTopEntry, i));
    }
    if (top->unfinished_left_out) {
        g_string_append_printf(to, "and %" G_GUINT64_FORMAT " more\n",
                               top->unfinished_left_out);
    }
}

static void text(const SgbAnalysis *a, GString *to)
{
    g_autoptr(GArray) sorted = sgb_top_sorted(a->top);

    if (sorted->len) {
        g_string_append_printf(to, "The %u slowest requests:\n", sorted->len);
    }
    for (unsigned i = 0; i < sorted->len; i++) {
        append_request(to, &g_array_index(sorted, SgbTopEntry, i));
    }
    append_unfinished(to, a->top);
}

static void add_list(JsonBuilder *to, const char *name, const GArray *list)
{
    const SgbColumn *columns = sgb_record_columns();
    SgbRecord record;

    json_builder_set_member_name(to, name);
    json_builder_begin_array(to);
    for (unsigned i = 0; i < list->len; i++) {
        const SgbTopEntry *entry = &g_array_index(list, SgbTopEntry, i);

        sgb_record_fill(&record, &entry->request, entry->cell);
        json_builder_begin_object(to);
        for (unsigned j = 0; j < SGB_RECORD_COLUMNS; j++) {
            if (columns[j].type == SGB_COLUMN_STRING) {
                sgb_view_add_string(to, columns[j].name,
                                    record.value[j].string);
            } else {
                sgb_view_add_integer(to, columns[j].name, record.value[j].s);
            }
        }
        json_builder_end_object(to);
    }
    json_builder_end_array(to);
}

static void json(const SgbAnalysis *a, JsonBuilder *to)
{
    g_autoptr(GArray) sorted = sgb_top_sorted(a->top);

    add_list(to, "slowest", sorted);
    add_list(to, "never_finished", a->top->unfinished);
    sgb_view_add_integer(to, "never_finished_left_out",
                         a->top->unfinished_left_out);
}

const SgbView sgb_view_top = {
    .name = "top",
    .help = "slowest requests, stage by stage; those that never finished",
    .text = text,
    .json = json,
};
