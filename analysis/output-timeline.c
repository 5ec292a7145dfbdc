/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Chrome's trace event format (JSON object form, "Trace Event Format", Google),
 * which ui.perfetto.dev opens: a process for each QEMU, in it a track for each
 * device and queue slot with the requests and, nested, their stages, and
 * counters for the depths. Times are microseconds from the first event on:
 * since the epoch they would not fit a double.
 *
 * A request makes a dozen lines. What is the same in many of them is made once
 * and copied.
 */
#include "format.h"
#include "key-table.h"
#include "output.h"
#include "put.h"

#define LIMIT_DEFAULT 100000

/* Tracks, devices and processes told apart. Requests of more are left out. */
#define TRACKS_MAX 4096

/* Names of requests that are kept, a power of two. */
#define NAMES 64

/* Room for a line without the texts that are not ours. */
#define LINE_ROOM 512

/* A text that is copied into many lines. */
typedef struct Piece {
    const char *text; /* NULL: not yet made */
    size_t length;
} Piece;

/* A short one, which is copied whole: no call, no loop. */
#define SHORT 64
typedef struct ShortPiece {
    char text[SHORT];
    unsigned length;
} ShortPiece;

typedef struct Slot {
    uint64_t busy_until_ns;
    ShortPiece ids; /* "pid":1,"tid":1,"ts": */
} Slot;

/* A device of a process; or, without a device, what is the process's. */
typedef struct Owner {
    const char *host, *device;
    int64_t vpid;
    unsigned pid;
    GArray *slots;                    /* Slot */
    Piece counters[SGB_LEVEL__COUNT]; /* their lines up to the time */
} Owner;

typedef struct Process {
    const char *host;
    int64_t vpid;
} Process;

/* A request's name, as JSON. */
typedef struct Name {
    uint8_t opcode;
    uint64_t length;
    Piece piece;
} Name;

typedef struct Timeline {
    GArray *processes;  /* Process; its index + 1 is the process id */
    SgbKeyTable owners; /* host, vpid, device -> Owner * */
    Owner *last;        /* that was asked for */
    unsigned tracks;
    ShortPiece stages[SGB_STAGE__COUNT]; /* their lines up to the ids */
    Name names[NAMES];
    char *cell; /* that the next one is of */
    Piece cell_argument;
    gboolean begun;
} Timeline;

static Piece piece_take(GString *text)
{
    size_t length = text->len;

    return (Piece){g_string_free(text, FALSE), length};
}

static void piece_clear(Piece *piece)
{
    g_free((char *)piece->text);
    *piece = (Piece){};
}

static char *put_piece(char *to, const Piece *piece)
{
    return sgb_put_bytes(to, piece->text, piece->length);
}

static void G_GNUC_PRINTF(2, 3)
    short_piece_print(ShortPiece *piece, const char *format, ...)
{
    va_list ap;

    va_start(ap, format);
    piece->length = g_vsnprintf(piece->text, SHORT, format, ap);
    va_end(ap);
    g_assert(piece->length < SHORT);
}

static char *put_short(char *to, const ShortPiece *piece)
{
    memcpy(to, piece->text, SHORT);
    return to + piece->length;
}

static char *put_time(const SgbOutput *output, char *to, uint64_t ns)
{
    uint64_t begin = output->counts.begin_ns;

    return sgb_put_microseconds(to, ns > begin ? ns - begin : 0);
}

static void owner_free(const SgbKey *key, void *what, void *opaque)
{
    Owner *owner = what;

    for (unsigned i = 0; i < SGB_LEVEL__COUNT; i++) {
        piece_clear(&owner->counters[i]);
    }
    g_array_unref(owner->slots);
    g_free(owner);
}

static void timeline_free(gpointer data)
{
    Timeline *t = data;

    sgb_key_table_foreach(&t->owners, owner_free, NULL);
    sgb_key_table_clear(&t->owners);
    for (unsigned i = 0; i < NAMES; i++) {
        piece_clear(&t->names[i].piece);
    }
    piece_clear(&t->cell_argument);
    g_free(t->cell);
    g_array_unref(t->processes);
    g_free(t);
}

static void begin(SgbOutput *output)
{
    Timeline *t = g_new0(Timeline, 1);

    t->processes = g_array_new(FALSE, FALSE, sizeof(Process));
    for (unsigned i = 0; i < SGB_STAGE__COUNT; i++) {
        short_piece_print(&t->stages[i],
                          ",\n{\"ph\":\"X\",\"name\":\"%s\","
                          "\"cat\":\"stage\",",
                          sgb_stage_name(i));
    }
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
    Timeline *t = output->private;
    GString *text = output->text;

    /* The first line of all is a process's. */
    g_string_append(text, t->begun ? ",\n" : "\n");
    t->begun = TRUE;
    g_string_append_printf(text,
                           "{\"ph\":\"M\",\"name\":\"%s\",\"pid\":%u,"
                           "\"tid\":%u,\"args\":{\"name\":",
                           what, pid, tid);
    sgb_format_json(text, name);
    g_string_append(text, "}}");
}

/* A number for a process; real ones may be the same on several hosts. */
static unsigned process_of(SgbOutput *output, const char *host, int64_t vpid)
{
    Timeline *t = output->private;
    Process process = {.host = host, .vpid = vpid};
    g_autofree char *name = NULL;

    for (unsigned i = 0; i < t->processes->len; i++) {
        const Process *p = &g_array_index(t->processes, Process, i);

        if (p->host == host && p->vpid == vpid) {
            return i + 1;
        }
    }
    g_array_append_val(t->processes, process);
    name = g_strdup_printf("QEMU %" G_GINT64_FORMAT " on %s", vpid,
                           host ? host : "?");
    append_name(output, "process_name", t->processes->len, 0, name);
    return t->processes->len;
}

/* NULL: too many. */
static Owner *owner_of(SgbOutput *output, const char *host, int64_t vpid,
                       const char *device)
{
    Timeline *t = output->private;
    SgbKey key = {host, vpid, (uintptr_t)device};
    Owner *owner = t->last;

    if (owner && owner->host == host && owner->vpid == vpid &&
        owner->device == device) {
        return owner;
    }
    owner = sgb_key_table_find(&t->owners, &key);
    if (!owner) {
        if (t->owners.used >= TRACKS_MAX) {
            return NULL;
        }
        owner = g_new0(Owner, 1);
        owner->host = host;
        owner->vpid = vpid;
        owner->device = device;
        owner->pid = process_of(output, host, vpid);
        owner->slots = g_array_new(FALSE, FALSE, sizeof(Slot));
        sgb_key_table_set(&t->owners, &key, owner);
    }
    t->last = owner;
    return owner;
}

/* The lowest slot of @r's device that is free when it begins. NULL: too many.
 * Valid until the next call. */
static const Slot *slot_of(SgbOutput *output, const SgbRequest *r)
{
    Timeline *t = output->private;
    Owner *owner = owner_of(output, r->host, r->vpid, r->device);
    uint64_t begin_ns = sgb_request_begin(r);
    Slot slot = {.busy_until_ns = sgb_request_end(r)};
    g_autofree char *name = NULL;

    for (unsigned i = 0; owner && i < owner->slots->len; i++) {
        Slot *known = &g_array_index(owner->slots, Slot, i);

        if (known->busy_until_ns <= begin_ns) {
            known->busy_until_ns = slot.busy_until_ns;
            return known;
        }
    }
    if (!owner || t->tracks >= TRACKS_MAX) {
        return NULL;
    }
    short_piece_print(&slot.ids, "\"pid\":%u,\"tid\":%u,\"ts\":", owner->pid,
                      ++t->tracks);
    name = g_strdup_printf("%s slot %u", sgb_format_device(r->device),
                           owner->slots->len);
    append_name(output, "thread_name", owner->pid, t->tracks, name);
    g_array_append_val(owner->slots, slot);
    return &g_array_index(owner->slots, Slot, owner->slots->len - 1);
}

static const Piece *name_of(Timeline *t, uint8_t opcode, uint64_t length)
{
    char opcode_text[SGB_FORMAT_SIZE], length_text[SGB_FORMAT_SIZE];
    /* Lengths are powers of two: where the bit is, or so. */
    unsigned hash = (opcode ^ g_bit_storage(length) * 5) % NAMES;
    Name *name = &t->names[hash];
    g_autofree char *text = NULL;
    GString *json;

    if (name->piece.text && name->opcode == opcode && name->length == length) {
        return &name->piece;
    }
    json = g_string_new(",\n{\"ph\":\"X\",\"name\":");
    text = g_strdup_printf("%s %s", sgb_format_opcode(opcode_text, opcode),
                           sgb_format_bytes(length_text, length));
    sgb_format_json(json, text);
    g_string_append(json, ",\"cat\":\"request\",");
    piece_clear(&name->piece);
    *name = (Name){opcode, length, piece_take(json)};
    return &name->piece;
}

/* Of the cell called @name. */
static const Piece *cell_argument(Timeline *t, const char *name)
{
    GString *json;

    if (!t->cell || strcmp(t->cell, name) != 0) {
        g_free(t->cell);
        t->cell = g_strdup(name);
        piece_clear(&t->cell_argument);
        json = g_string_new(",\"cell\":");
        sgb_format_json(json, name);
        g_string_append(json, "}}");
        t->cell_argument = piece_take(json);
    }
    return &t->cell_argument;
}

/* A slice behind its name, but for its last bracket. */
static char *put_times(const SgbOutput *output, char *to, const Slot *slot,
                       uint64_t begin_ns, uint64_t duration)
{
    to = put_short(to, &slot->ids);
    to = put_time(output, to, begin_ns);
    to = sgb_put_literal(to, ",\"dur\":");
    return sgb_put_microseconds(to, duration);
}

static char *put_arguments(char *to, const SgbRequest *r, const Piece *cell)
{
    to = sgb_put_literal(to, ",\"args\":{\"tag\":");
    to = sgb_put_number(to, r->tag);
    to = sgb_put_literal(to, ",\"lun\":");
    to = sgb_put_number(to, r->lun);
    to = sgb_put_literal(to, ",\"path\":\"");
    to = g_stpcpy(to, sgb_data_path_name(r->path));
    to = sgb_put_literal(to, "\",\"reason\":\"");
    to = g_stpcpy(to, sgb_reason_name(r->reason));
    to = sgb_put_literal(to, "\",\"pieces\":");
    to = sgb_put_number(to, r->pieces);
    to = sgb_put_literal(to, ",\"direct\":");
    to = sgb_put_number(to, r->direct);
    to = sgb_put_literal(to, ",\"bounced\":");
    to = sgb_put_number(to, r->bounced);
    to = sgb_put_literal(to, ",\"resid\":");
    to = sgb_put_signed(to, r->resid);
    to = sgb_put_literal(to, ",\"status\":");
    to = sgb_put_number(to, r->status);
    to = sgb_put_literal(to, ",\"result\":");
    to = sgb_put_signed(to, r->result);
    return put_piece(to, cell);
}

static void request(SgbOutput *output, const SgbRequest *r,
                    const SgbTraceCell *cell)
{
    Timeline *t = output->private;
    GString *text = output->text;
    uint64_t duration[SGB_STAGE__COUNT];
    uint64_t now = sgb_request_begin(r);
    const Piece *name, *argument;
    const Slot *slot;
    unsigned present;
    char *to;

    /* What never ended has no length. */
    if (!r->finished || !now || !sgb_output_admit(output)) {
        return;
    }
    slot = slot_of(output, r);
    if (!slot) {
        output->written--;
        output->left_out++;
        return;
    }
    name = name_of(t, r->opcode, r->length);
    argument = cell_argument(t, cell->cell ? cell->cell : "");
    to = sgb_put_room(text, text->str + text->len,
                      (SGB_STAGE__COUNT + 2) * LINE_ROOM + name->length +
                          argument->length);
    to = put_piece(to, name);
    to = put_times(output, to, slot, now, sgb_request_end(r) - now);
    to = put_arguments(to, r, argument);
    sgb_request_stages(r, duration, &present);
    for (unsigned i = 0; i < SGB_STAGE__COUNT; i++) {
        if (present & 1u << i) {
            to = put_short(to, &t->stages[i]);
            to = put_times(output, to, slot, now, duration[i]);
            *to++ = '}';
            now += duration[i];
        }
    }
    sgb_put_end(text, to);
    sgb_output_flush(output, FALSE);
}

/* The line of a counter up to the time. */
static const Piece *counter_of(Owner *owner, SgbLevelKind kind)
{
    Piece *counter = &owner->counters[kind];
    g_autofree char *name = NULL;
    GString *json;

    if (!counter->text) {
        name = owner->device ? g_strdup_printf("%s, %s", sgb_level_name(kind),
                                               sgb_format_device(owner->device))
                             : g_strdup(sgb_level_name(kind));
        json = g_string_new(",\n{\"ph\":\"C\",\"name\":");
        sgb_format_json(json, name);
        g_string_append_printf(json, ",\"pid\":%u,\"ts\":", owner->pid);
        *counter = piece_take(json);
    }
    return counter;
}

static void level(SgbOutput *output, const SgbLevel *level)
{
    GString *text = output->text;
    const Piece *counter;
    Owner *owner;
    char *to;

    /* They would go on long after the last request that is drawn. */
    if (output->left_out) {
        return;
    }
    owner = owner_of(output, level->host, level->vpid, level->device);
    if (!owner) {
        return;
    }
    counter = counter_of(owner, level->kind);
    to = sgb_put_room(text, text->str + text->len, counter->length + LINE_ROOM);
    to = put_piece(to, counter);
    to = put_time(output, to, level->ns);
    to = sgb_put_literal(to, ",\"args\":{\"value\":");
    to = sgb_put_number(to, level->value);
    to = sgb_put_literal(to, "}}");
    sgb_put_end(text, to);
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
