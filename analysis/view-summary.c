/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What ran, and whether the trace has all of it. */
#include "format.h"
#include "view.h"

/* What a trace without these events can't tell. */
static const struct {
    SgbEventGroup group;
    const char *identifier, *text;
} missing[] = {
    {SGB_EVENTS_HBA, "hba",
     "virtio_scsi_cmd_*: when the HBA took and answered requests"},
    {SGB_EVENTS_SCSI, "scsi",
     "scsi_sgio_*: paths, bytes direct and bounced, depths; QEMU without the "
     "tracepoints?"},
    {SGB_EVENTS_IOCTL, "ioctl",
     "file_sgio_*, iscsi_sgio_*: how long SG_IO took"},
    {SGB_EVENTS_INITIATOR, "initiator",
     "sgbench:post, complete: the way from and to the initiator"},
    {SGB_EVENTS_KERNEL, "kernel",
     "scsi_dispatch_cmd_*: the kernel's and the device's share of SG_IO"},
};

void sgb_view_append_lost(const SgbTraceCounts *c, GString *to)
{
    if (c->lost_events || c->lost_packets) {
        g_string_append_printf(to,
                               "LOST: %" G_GUINT64_FORMAT
                               " events and %" G_GUINT64_FORMAT
                               " packets; figures below lack them\n",
                               c->lost_events, c->lost_packets);
    }
    if (c->orphans) {
        g_string_append_printf(to,
                               "%" G_GUINT64_FORMAT
                               " events of requests whose beginning is not in "
                               "the trace\n",
                               c->orphans);
    }
    if (c->cells_left_out) {
        g_string_append_printf(to,
                               "%" G_GUINT64_FORMAT
                               " cells too many; they are not told apart\n",
                               c->cells_left_out);
    }
}

static void append_share(GString *to, const SgbMetrics *m)
{
    uint64_t data = m->direct + m->bounced;
    char direct[SGB_FORMAT_SIZE], bounced[SGB_FORMAT_SIZE];

    if (data) {
        g_string_append_printf(
            to, "  %s direct (%.1f %%), %s bounced (%.1f %%)\n",
            sgb_format_bytes(direct, m->direct), 100.0 * m->direct / data,
            sgb_format_bytes(bounced, m->bounced), 100.0 * m->bounced / data);
    }
    if (m->dio) {
        g_string_append_printf(to,
                               "  the sg driver did direct I/O for "
                               "%" G_GUINT64_FORMAT " requests\n",
                               m->dio);
    }
}

static void append_groups(const SgbAnalysis *a, GString *to)
{
    g_autoptr(GPtrArray) sorted = sgb_analysis_sorted(a);
    char text[SGB_FORMAT_SIZE];

    if (!sorted->len) {
        return;
    }
    g_string_append(to, "\n");
    sgb_format_pad(to, "requests of, and their way", -36);
    sgb_format_pad(to, "count", 10);
    sgb_format_pad(to, "moved", 12);
    sgb_format_pad(to, "mean", 11);
    sgb_format_pad(to, "failed", 8);
    g_string_append_c(to, '\n');
    for (unsigned i = 0; i < sorted->len; i++) {
        const SgbGroup *group = g_ptr_array_index(sorted, i);
        const SgbMetrics *m = group->metrics;
        g_autofree char *name = sgb_group_name(group);

        sgb_format_pad(to, name, -36);
        g_snprintf(text, sizeof(text), "%" G_GUINT64_FORMAT, m->requests);
        sgb_format_pad(to, text, 10);
        sgb_format_pad(to, sgb_format_bytes(text, m->transferred), 12);
        sgb_format_pad(to, sgb_format_ns(text, sgb_histogram_mean(m->total)),
                       11);
        g_snprintf(text, sizeof(text), "%" G_GUINT64_FORMAT, m->failed);
        sgb_format_pad(to, text, 8);
        g_string_append_c(to, '\n');
    }
}

static void append_devices(const SgbAnalysis *a, GString *to)
{
    char moved[SGB_FORMAT_SIZE];

    if (!a->devices->len) {
        return;
    }
    g_string_append(to, "\n");
    for (unsigned i = 0; i < a->devices->len; i++) {
        const SgbDeviceTotals *d =
            &g_array_index(a->devices, SgbDeviceTotals, i);

        g_string_append_printf(to,
                               "device %s of QEMU %" G_GINT64_FORMAT
                               " on %s: %" G_GUINT64_FORMAT " requests, %s\n",
                               sgb_format_device(d->device), d->vpid,
                               d->host ? d->host : "an unknown host",
                               d->requests,
                               sgb_format_bytes(moved, d->transferred));
    }
    if (a->devices_left_out) {
        g_string_append_printf(
            to, "and %" G_GUINT64_FORMAT " requests of more devices\n",
            a->devices_left_out);
    }
}

static void append_missing(const SgbAnalysis *a, GString *to)
{
    const char *before = "\nNot in this trace:\n";

    for (unsigned i = 0; i < G_N_ELEMENTS(missing); i++) {
        if (!a->counts->by_group[missing[i].group]) {
            g_string_append_printf(to, "%s  %s\n", before, missing[i].text);
            before = "";
        }
    }
}

static void text(const SgbAnalysis *a, GString *to)
{
    const SgbTraceCounts *c = a->counts;
    SgbMetrics *total = sgb_analysis_total(a);
    char begin[SGB_FORMAT_SIZE], end[SGB_FORMAT_SIZE], span[SGB_FORMAT_SIZE];
    char date[SGB_FORMAT_SIZE];

    if (!c->lost_events && !c->lost_packets) {
        g_string_append(to, "No events were lost.\n");
    }
    sgb_view_append_lost(c, to);
    if (c->begin_ns) {
        g_string_append_printf(
            to, "%s %s to %s (%s): ", sgb_format_date(date, c->begin_ns),
            sgb_format_time(begin, c->begin_ns),
            sgb_format_time(end, c->end_ns),
            sgb_format_ns(span, c->end_ns - c->begin_ns));
    }
    g_string_append_printf(
        to, "%" G_GUINT64_FORMAT " events, %" G_GUINT64_FORMAT " others\n",
        c->events, c->events_other);
    g_string_append_printf(to, "%" G_GUINT64_FORMAT " requests finished",
                           total->requests);
    if (a->not_selected) {
        g_string_append_printf(to, " (and %" G_GUINT64_FORMAT " not selected)",
                               a->not_selected);
    }
    g_string_append_printf(to, ", %" G_GUINT64_FORMAT " never did\n",
                           total->unfinished);
    append_share(to, total);
    append_groups(a, to);
    append_devices(a, to);
    append_missing(a, to);
    sgb_metrics_free(total);
}

static void json(const SgbAnalysis *a, JsonBuilder *to)
{
    const SgbTraceCounts *c = a->counts;
    SgbMetrics *total = sgb_analysis_total(a);

    sgb_view_add_integer(to, "lost_events", c->lost_events);
    sgb_view_add_integer(to, "lost_packets", c->lost_packets);
    sgb_view_add_integer(to, "orphans", c->orphans);
    sgb_view_add_integer(to, "events", c->events);
    sgb_view_add_integer(to, "events_other", c->events_other);
    sgb_view_add_integer(to, "begin_ns", c->begin_ns);
    sgb_view_add_integer(to, "end_ns", c->end_ns);
    sgb_view_add_integer(to, "requests", total->requests);
    sgb_view_add_integer(to, "unfinished", total->unfinished);
    sgb_view_add_integer(to, "not_selected", a->not_selected);
    sgb_view_add_integer(to, "cells", a->cells);
    sgb_view_add_integer(to, "length", total->length);
    sgb_view_add_integer(to, "transferred", total->transferred);
    sgb_view_add_integer(to, "direct", total->direct);
    sgb_view_add_integer(to, "bounced", total->bounced);
    sgb_view_add_integer(to, "dio", total->dio);

    json_builder_set_member_name(to, "devices");
    json_builder_begin_array(to);
    for (unsigned i = 0; i < a->devices->len; i++) {
        const SgbDeviceTotals *d =
            &g_array_index(a->devices, SgbDeviceTotals, i);

        json_builder_begin_object(to);
        sgb_view_add_string(to, "host", d->host);
        sgb_view_add_integer(to, "vpid", d->vpid);
        sgb_view_add_string(to, "device", d->device);
        sgb_view_add_integer(to, "requests", d->requests);
        sgb_view_add_integer(to, "transferred", d->transferred);
        sgb_view_add_integer(to, "direct", d->direct);
        sgb_view_add_integer(to, "bounced", d->bounced);
        json_builder_end_object(to);
    }
    json_builder_end_array(to);

    json_builder_set_member_name(to, "missing_events");
    json_builder_begin_array(to);
    for (unsigned i = 0; i < G_N_ELEMENTS(missing); i++) {
        if (!c->by_group[missing[i].group]) {
            json_builder_add_string_value(to, missing[i].identifier);
        }
    }
    json_builder_end_array(to);
    sgb_metrics_free(total);
}

const SgbView sgb_view_summary = {
    .name = "summary",
    .help = "what ran, lost events, direct and bounced share",
    .text = text,
    .json = json,
};
