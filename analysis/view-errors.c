/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What failed, fell short or fell back. */
#include "format.h"
#include "view.h"

static void append_fault(GString *to, const SgbFault *f)
{
    char text[SGB_FORMAT_SIZE];

    g_snprintf(text, sizeof(text), "%" G_GUINT64_FORMAT, f->count);
    sgb_format_pad(to, text, 8);
    g_string_append_printf(to, "  %s", sgb_format_opcode(text, f->opcode));
    g_string_append_printf(to, ": %s", sgb_format_status(text, f->status));
    if (f->sense_key != SGB_SENSE_UNKNOWN) {
        g_string_append_printf(
            to, ", sense %s",
            sgb_format_sense(text, f->sense_key, f->asc, f->ascq));
    }
    if (f->result) {
        g_string_append_printf(to, ", %s", g_strerror(-f->result));
    }
    if (f->response) {
        g_string_append_printf(to, ", HBA response %u", f->response);
    }
    if (f->host_status || f->driver_status) {
        g_string_append_printf(to, ", host status %Xh, driver status %Xh",
                               f->host_status, f->driver_status);
    }
    g_string_append_printf(to, " (%s", sgb_format_time(text, f->first_ns));
    if (f->last_ns != f->first_ns) {
        g_string_append_printf(to, " to %s", sgb_format_time(text, f->last_ns));
    }
    g_string_append(to, ")\n");
}

static void append_fall_backs(GString *to, const SgbFaults *f)
{
    const char *before = "Data that did not go direct:\n";
    char text[SGB_FORMAT_SIZE];

    for (unsigned i = 1; i < SGB_REASON__COUNT; i++) {
        if (f->by_reason[i].count) {
            g_string_append(to, before);
            g_snprintf(text, sizeof(text), "%" G_GUINT64_FORMAT,
                       f->by_reason[i].count);
            sgb_format_pad(to, text, 8);
            g_string_append_printf(
                to, "  %s: %s bounced\n", sgb_reason_name(i),
                sgb_format_bytes(text, f->by_reason[i].bytes));
            before = "";
        }
    }
}

static void text(const SgbAnalysis *a, GString *to)
{
    const SgbFaults *f = a->faults;
    char bytes[SGB_FORMAT_SIZE];

    g_string_append_printf(to, "%" G_GUINT64_FORMAT " requests failed%s\n",
                           f->failed, f->failed ? ":" : ".");
    for (unsigned i = 0; i < f->faults->len; i++) {
        append_fault(to, &g_array_index(f->faults, SgbFault, i));
    }
    if (f->left_out) {
        g_string_append_printf(to, "%8" G_GUINT64_FORMAT "  in other ways\n",
                               f->left_out);
    }
    if (f->shorter) {
        g_string_append_printf(
            to, "%" G_GUINT64_FORMAT " went well, but short: residuals of %s\n",
            f->shorter, sgb_format_bytes(bytes, f->shorter_bytes));
    }
    if (f->overrun) {
        g_string_append_printf(
            to, "%" G_GUINT64_FORMAT " had a negative residual\n", f->overrun);
    }
    if (a->counts->managed) {
        g_string_append_printf(to,
                               "%" G_GUINT64_FORMAT
                               " task management functions (aborts, resets)\n",
                               a->counts->managed);
    }
    if (a->counts->kernel_trouble) {
        g_string_append_printf(
            to,
            "%" G_GUINT64_FORMAT
            " commands that the kernel could not dispatch, or timed out\n",
            a->counts->kernel_trouble);
    }
    append_fall_backs(to, f);
}

static void json(const SgbAnalysis *a, JsonBuilder *to)
{
    const SgbFaults *f = a->faults;

    sgb_view_add_integer(to, "failed", f->failed);
    sgb_view_add_integer(to, "failed_left_out", f->left_out);
    sgb_view_add_integer(to, "short", f->shorter);
    sgb_view_add_integer(to, "short_bytes", f->shorter_bytes);
    sgb_view_add_integer(to, "negative_residual", f->overrun);
    sgb_view_add_integer(to, "task_management", a->counts->managed);
    sgb_view_add_integer(to, "kernel_trouble", a->counts->kernel_trouble);
    json_builder_set_member_name(to, "faults");
    json_builder_begin_array(to);
    for (unsigned i = 0; i < f->faults->len; i++) {
        const SgbFault *fault = &g_array_index(f->faults, SgbFault, i);
        gboolean sense = fault->sense_key != SGB_SENSE_UNKNOWN;

        json_builder_begin_object(to);
        sgb_view_add_integer(to, "count", fault->count);
        sgb_view_add_integer(to, "opcode", fault->opcode);
        sgb_view_add_integer(to, "status", fault->status);
        sgb_view_add_integer(to, "sense_key", sense ? fault->sense_key : -1);
        sgb_view_add_integer(to, "asc", sense ? fault->asc : -1);
        sgb_view_add_integer(to, "ascq", sense ? fault->ascq : -1);
        sgb_view_add_integer(to, "response", fault->response);
        sgb_view_add_integer(to, "host_status", fault->host_status);
        sgb_view_add_integer(to, "driver_status", fault->driver_status);
        sgb_view_add_integer(to, "result", fault->result);
        sgb_view_add_integer(to, "first_ns", fault->first_ns);
        sgb_view_add_integer(to, "last_ns", fault->last_ns);
        json_builder_end_object(to);
    }
    json_builder_end_array(to);
    json_builder_set_member_name(to, "fall_backs");
    json_builder_begin_array(to);
    for (unsigned i = 1; i < SGB_REASON__COUNT; i++) {
        if (f->by_reason[i].count) {
            json_builder_begin_object(to);
            sgb_view_add_integer(to, "reason", i);
            sgb_view_add_string(to, "text", sgb_reason_name(i));
            sgb_view_add_integer(to, "requests", f->by_reason[i].count);
            sgb_view_add_integer(to, "bounced", f->by_reason[i].bytes);
            json_builder_end_object(to);
        }
    }
    json_builder_end_array(to);
}

const SgbView sgb_view_errors = {
    .name = "errors",
    .help = "sense, status, residuals, fall-backs by reason",
    .text = text,
    .json = json,
};
