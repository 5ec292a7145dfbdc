/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Chrome's trace event format (JSON object form, "Trace Event Format", Google),
 * which ui.perfetto.dev opens: a process for each QEMU, in it a track for each
 * device and queue slot with the requests and, nested, their stages, and
 * counters for the depths. Times are microseconds from the first event on:
 * since the epoch they would not fit a double.
 */
#include "format.h"
#include "output.h"

#define LIMIT_DEFAULT 100000

/* Tracks and processes told apart. What would be more goes to the last one. */
#define TRACKS_MAX 4096

typedef struct Track {
    const char *host, *device;
    int64_t vpid;
    unsigned slot;
    uint64_t busy_until_ns;
} Track;

typedef struct Timeline {
    GArray *tracks;    /* Track; its index + 1 is the thread id */
    GArray *processes; /* Track without device */
    gboolean begun;
} Timeline;

static void separate(SgbOutput *output)
{
    Timeline *t = output->private;

    g_string_append(output->text, t->begun ? ",\n" : "\n");
    t->begun = TRUE;
}

static double microseconds(const SgbOutput *output, uint64_t ns)
{
    uint64_t begin = output->counts.begin_ns;

    return ns > begin ? (ns - begin) / 1e3 : 0;
}

static void timeline_free(gpointer data)
{
    Timeline *t = data;

    g_array_unref(t->tracks);
    g_array_unref(t->processes);
    g_free(t);
}

static void begin(SgbOutput *output)
{
    Timeline *t = g_new0(Timeline, 1);

    t->tracks = g_array_new(FALSE, FALSE, sizeof(Track));
    t->processes = g_array_new(FALSE, FALSE, sizeof(Track));
    output->private = t;
    output->private_free = timeline_free;
    if (!output->options->limited) {
        output->options->limit = LIMIT_DEFAULT;
    }
    g_string_append(output->text, "{\"displayTimeUnit\":\"ns\","
                                  "\"traceEvents\":[");
}

static void append_name(SgbOutput *output, const char *what, unsigned pid,
                        unsigned tid, const char *name)
{
    separate(output);
    g_string_append_printf(output->text,
                           "{\"ph\":\"M\",\"name\":\"%s\",\"pid\":%u,"
                           "\"tid\":%u,\"args\":{\"name\":",
                           what, pid, tid);
    sgb_format_json(output->text, name);
    g_string_append(output->text, "}}");
}

/* A number for a process; real ones may be the same on several hosts. */
static unsigned process_of(SgbOutput *output, const char *host, int64_t vpid)
{
    Timeline *t = output->private;
    g_autofree char *name = NULL;
    Track process = {.host = host, .vpid = vpid};

    for (unsigned i = 0; i < t->processes->len; i++) {
        const Track *p = &g_array_index(t->processes, Track, i);

        if (p->host == host && p->vpid == vpid) {
            return i + 1;
        }
    }
    if (t->processes->len >= TRACKS_MAX) {
        return t->processes->len;
    }
    g_array_append_val(t->processes, process);
    name = g_strdup_printf("QEMU %" G_GINT64_FORMAT " on %s", vpid,
                           host ? host : "?");
    append_name(output, "process_name", t->processes->len, 0, name);
    return t->processes->len;
}

/* The lowest slot of @r's device that is free when it begins. */
static unsigned track_of(SgbOutput *output, const SgbRequest *r, unsigned pid)
{
    Timeline *t = output->private;
    uint64_t begin_ns = sgb_request_begin(r), end_ns = sgb_request_end(r);
    unsigned slots = 0;
    g_autofree char *name = NULL;
    Track track;

    for (unsigned i = 0; i < t->tracks->len; i++) {
        Track *known = &g_array_index(t->tracks, Track, i);

        if (known->host != r->host || known->vpid != r->vpid ||
            known->device != r->device) {
            continue;
        }
        if (known->busy_until_ns <= begin_ns) {
            known->busy_until_ns = end_ns;
            return i + 1;
        }
        slots++;
    }
    if (t->tracks->len >= TRACKS_MAX) {
        return 0;
    }
    track = (Track){r->host, r->device, r->vpid, slots, end_ns};
    g_array_append_val(t->tracks, track);
    name = g_strdup_printf("%s slot %u", sgb_format_device(r->device), slots);
    append_name(output, "thread_name", pid, t->tracks->len, name);
    return t->tracks->len;
}

static void append_slice(SgbOutput *output, const char *name,
                         const char *category, unsigned pid, unsigned tid,
                         uint64_t begin_ns, uint64_t end_ns)
{
    char ts[G_ASCII_DTOSTR_BUF_SIZE], duration[G_ASCII_DTOSTR_BUF_SIZE];

    separate(output);
    g_string_append(output->text, "{\"ph\":\"X\",\"name\":");
    sgb_format_json(output->text, name);
    g_string_append_printf(
        output->text,
        ",\"cat\":\"%s\",\"pid\":%u,\"tid\":%u,\"ts\":%s,\"dur\":%s", category,
        pid, tid,
        g_ascii_formatd(ts, sizeof(ts), "%.3f", microseconds(output, begin_ns)),
        g_ascii_formatd(duration, sizeof(duration), "%.3f",
                        (end_ns - begin_ns) / 1e3));
}

static void request(SgbOutput *output, const SgbRequest *r,
                    const SgbTraceCell *cell)
{
    uint64_t begin_ns = sgb_request_begin(r), end_ns = sgb_request_end(r);
    uint64_t previous = begin_ns;
    uint64_t duration[SGB_STAGE__COUNT];
    unsigned pid, tid, present;
    char opcode[SGB_FORMAT_SIZE], length[SGB_FORMAT_SIZE];
    g_autofree char *name = NULL;

    /* What never ended has no length. */
    if (!r->finished || !begin_ns || !sgb_output_admit(output)) {
        return;
    }
    pid = process_of(output, r->host, r->vpid);
    tid = track_of(output, r, pid);
    if (!tid) {
        output->written--;
        output->left_out++;
        return;
    }
    name = g_strdup_printf("%s %s", sgb_format_opcode(opcode, r->opcode),
                           sgb_format_bytes(length, r->length));
    append_slice(output, name, "request", pid, tid, begin_ns, end_ns);
    g_string_append_printf(
        output->text,
        ",\"args\":{\"tag\":%u,\"lun\":%u,\"path\":\"%s\",\"reason\":\"%s\","
        "\"pieces\":%u,\"direct\":%" G_GUINT64_FORMAT
        ",\"bounced\":%" G_GUINT64_FORMAT ",\"resid\":%" G_GINT64_FORMAT
        ",\"status\":%u,\"result\":%d,\"cell\":",
        r->tag, r->lun, sgb_data_path_name(r->path), sgb_reason_name(r->reason),
        r->pieces, r->direct, r->bounced, r->resid, r->status, r->result);
    sgb_format_json(output->text, cell->cell ? cell->cell : "");
    g_string_append(output->text, "}}");

    sgb_request_stages(r, duration, &present);
    for (unsigned i = 0; i < SGB_STAGE__COUNT; i++) {
        if (present & 1u << i) {
            append_slice(output, sgb_stage_name(i), "stage", pid, tid, previous,
                         previous + duration[i]);
            g_string_append_c(output->text, '}');
            previous += duration[i];
        }
    }
    sgb_output_flush(output, FALSE);
}

static void level(SgbOutput *output, const SgbLevel *level)
{
    char ts[G_ASCII_DTOSTR_BUF_SIZE];
    g_autofree char *name = NULL;
    unsigned pid;

    /* They would go on long after the last request that is drawn. */
    if (output->left_out) {
        return;
    }
    pid = process_of(output, level->host, level->vpid);
    name = level->device
               ? g_strdup_printf("%s, %s", sgb_level_name(level->kind),
                                 sgb_format_device(level->device))
               : g_strdup(sgb_level_name(level->kind));
    separate(output);
    g_string_append(output->text, "{\"ph\":\"C\",\"name\":");
    sgb_format_json(output->text, name);
    g_string_append_printf(
        output->text,
        ",\"pid\":%u,\"ts\":%s,\"args\":{\"value\":%" G_GUINT64_FORMAT "}}",
        pid,
        g_ascii_formatd(ts, sizeof(ts), "%.3f",
                        microseconds(output, level->ns)),
        level->value);
    sgb_output_flush(output, FALSE);
}

static void end(SgbOutput *output)
{
    g_string_append_printf(
        output->text,
        "\n],\"otherData\":{\"tool\":\"sgbench\",\"begin_ns\":"
        "\"%" G_GUINT64_FORMAT "\",\"lost_events\":\"%" G_GUINT64_FORMAT
        "\",\"requests_left_out\":\"%" G_GUINT64_FORMAT "\"}}\n",
        output->counts.begin_ns, output->counts.lost_events, output->left_out);
}

const SgbOutputKind sgb_output_timeline = {
    .name = "timeline",
    .sink = "timeline",
    .help = "Chrome trace JSON for Perfetto",
    .outputs = SGB_OUTPUT_TIMELINE,
    .begin = begin,
    .request = request,
    .level = level,
    .end = end,
};
