/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "event.h"

#include <string.h>

#include "key-table.h"

/*
 * What is kept; beyond that all is forgotten. A trace of QEMU has some 25
 * classes that matter, kernel traces have hundreds; streams are as many as CPUs
 * and processes together.
 */
#define CLASSES_MAX 2048
#define STREAMS_MAX 512

#define HOSTS_MAX 1024

typedef enum FieldType {
    FIELD_OTHER,
    FIELD_UNSIGNED,
    FIELD_SIGNED,
    FIELD_STRING,
} FieldType;

static const char *const field_names[] = {
    [SGB_FIELD_ASC] = "asc",
    [SGB_FIELD_ASCQ] = "ascq",
    [SGB_FIELD_BOUNCED] = "bounced",
    [SGB_FIELD_BUFFERS] = "buffers",
    [SGB_FIELD_BYTES] = "bytes",
    [SGB_FIELD_CELL] = "cell",
    [SGB_FIELD_CHANNEL] = "channel",
    [SGB_FIELD_CMD] = "cmd",
    [SGB_FIELD_DEPTH] = "depth",
    [SGB_FIELD_DEV] = "dev",
    [SGB_FIELD_DIR] = "dir",
    [SGB_FIELD_DIRECT] = "direct",
    [SGB_FIELD_DRIVER_STATUS] = "driver_status",
    [SGB_FIELD_ENTRIES] = "entries",
    [SGB_FIELD_HDR] = "hdr",
    [SGB_FIELD_HELD] = "held",
    [SGB_FIELD_HOST_NO] = "host_no",
    [SGB_FIELD_HOST_STATUS] = "host_status",
    [SGB_FIELD_ID] = "id",
    [SGB_FIELD_INFLIGHT] = "inflight",
    [SGB_FIELD_INFO] = "info",
    [SGB_FIELD_KEY] = "key",
    [SGB_FIELD_LEN] = "len",
    [SGB_FIELD_LUN] = "lun",
    [SGB_FIELD_OPCODE] = "opcode",
    [SGB_FIELD_PATH] = "path",
    [SGB_FIELD_PIECES] = "pieces",
    [SGB_FIELD_REASON] = "reason",
    [SGB_FIELD_REQ] = "req",
    [SGB_FIELD_REQUESTS] = "requests",
    [SGB_FIELD_RESID] = "resid",
    [SGB_FIELD_RESPONSE] = "response",
    [SGB_FIELD_RET] = "ret",
    [SGB_FIELD_ROUND] = "round",
    [SGB_FIELD_SENSE] = "sense",
    [SGB_FIELD_STATUS] = "status",
    [SGB_FIELD_TAG] = "tag",
    [SGB_FIELD_TRANSFER] = "transfer",
    [SGB_FIELD_XFER] = "xfer",
};
G_STATIC_ASSERT(G_N_ELEMENTS(field_names) == SGB_FIELD__COUNT);

/* What the events of a stream have in common. */
typedef struct Stream {
    const bt_stream *stream; /* a reference */
    const char *host;
    int64_t vpid; /* of a trace with one buffer per process, or -1 */
} Stream;

struct SgbEventReader {
    sgb_event_handler_func handler;
    unsigned hosts;      /* interned */
    SgbKeyTable classes; /* SgbEventClass *, by address of babeltrace2's */
    SgbKeyTable streams; /* Stream *, likewise */
};

SgbEventReader *sgb_event_reader_new(sgb_event_handler_func handler)
{
    SgbEventReader *reader = g_new0(SgbEventReader, 1);

    reader->handler = handler;
    return reader;
}

static void free_class(const SgbKey *key, void *what, void *opaque)
{
    SgbEventClass *class = what;

    bt_event_class_put_ref(class->class);
    g_free(class);
}

static void free_stream(const SgbKey *key, void *what, void *opaque)
{
    Stream *stream = what;

    bt_stream_put_ref(stream->stream);
    g_free(stream);
}

static void forget_classes(SgbEventReader *reader)
{
    sgb_key_table_foreach(&reader->classes, free_class, NULL);
    sgb_key_table_clear(&reader->classes);
}

static void forget_streams(SgbEventReader *reader)
{
    sgb_key_table_foreach(&reader->streams, free_stream, NULL);
    sgb_key_table_clear(&reader->streams);
}

void sgb_event_reader_free(SgbEventReader *reader)
{
    if (reader) {
        forget_classes(reader);
        forget_streams(reader);
        g_free(reader);
    }
}

const char *sgb_intern_bounded(const char *text, unsigned *used, unsigned limit)
{
    if (!g_quark_try_string(text)) {
        if (*used >= limit) {
            return g_intern_static_string("(others)");
        }
        ++*used;
    }
    return g_intern_string(text);
}

static FieldType type_of(const bt_field_class *class)
{
    bt_field_class_type type = bt_field_class_get_type(class);

    if (bt_field_class_type_is(type, BT_FIELD_CLASS_TYPE_UNSIGNED_INTEGER)) {
        return FIELD_UNSIGNED;
    }
    if (bt_field_class_type_is(type, BT_FIELD_CLASS_TYPE_SIGNED_INTEGER)) {
        return FIELD_SIGNED;
    }
    if (type == BT_FIELD_CLASS_TYPE_STRING) {
        return FIELD_STRING;
    }
    return FIELD_OTHER;
}

/* Position of member @name of @structure, a structure or NULL or anything. */
static int index_of(const bt_field_class *structure, const char *name,
                    FieldType *type)
{
    uint64_t count;

    if (!structure ||
        bt_field_class_get_type(structure) != BT_FIELD_CLASS_TYPE_STRUCTURE) {
        return -1;
    }
    count = bt_field_class_structure_get_member_count(structure);
    for (uint64_t i = 0; i < MIN(count, INT16_MAX); i++) {
        const bt_field_class_structure_member *member =
            bt_field_class_structure_borrow_member_by_index_const(structure, i);

        if (strcmp(bt_field_class_structure_member_get_name(member), name) ==
            0) {
            *type = type_of(
                bt_field_class_structure_member_borrow_field_class_const(
                    member));
            return i;
        }
    }
    return -1;
}

static int context_index(const bt_field_class *structure, const char *name,
                         gboolean *is_signed)
{
    FieldType type = FIELD_OTHER;
    int index = index_of(structure, name, &type);

    *is_signed = type == FIELD_SIGNED;
    return type == FIELD_SIGNED || type == FIELD_UNSIGNED ? index : -1;
}

static SgbKey key_of(const void *object)
{
    return (SgbKey){.value = (uintptr_t)object};
}

/* Not inlined: it is rare, and would leave what is not without registers. */
G_GNUC_NO_INLINE static const SgbEventClass *
class_learn(SgbEventReader *reader, const bt_event_class *class)
{
    SgbKey key = key_of(class);
    SgbEventClass *c = g_new0(SgbEventClass, 1);
    const char *name = bt_event_class_get_name(class);
    const bt_field_class *payload =
        bt_event_class_borrow_payload_field_class_const(class);
    const bt_field_class *specific =
        bt_event_class_borrow_specific_context_field_class_const(class);
    const bt_stream_class *stream_class =
        bt_event_class_borrow_stream_class_const(class);
    const bt_field_class *common =
        bt_stream_class_borrow_event_common_context_field_class_const(
            stream_class);

    c->class = class;
    bt_event_class_get_ref(class);
    c->handler = reader->handler(name ? name : "");
    c->has_clock =
        bt_stream_class_borrow_default_clock_class_const(stream_class) != NULL;
    for (unsigned i = 0; i < SGB_FIELD__COUNT; i++) {
        FieldType type = FIELD_OTHER;

        c->field[i].index = index_of(payload, field_names[i], &type);
        c->field[i].type = c->field[i].index < 0 ? FIELD_OTHER : type;
    }
    c->vpid.common = context_index(common, "vpid", &c->vpid.common_signed);
    c->vpid.specific =
        context_index(specific, "vpid", &c->vpid.specific_signed);
    c->tid.common = context_index(common, "vtid", &c->tid.common_signed);
    if (c->tid.common < 0) {
        c->tid.common = context_index(common, "tid", &c->tid.common_signed);
    }
    c->tid.specific = context_index(specific, "vtid", &c->tid.specific_signed);
    if (c->tid.specific < 0) {
        c->tid.specific =
            context_index(specific, "tid", &c->tid.specific_signed);
    }
    if (reader->classes.used == CLASSES_MAX) {
        forget_classes(reader);
    }
    sgb_key_table_set(&reader->classes, &key, c);
    return c;
}

static const SgbEventClass *class_of(SgbEventReader *reader,
                                     const bt_event_class *class)
{
    SgbKey key = key_of(class);
    const SgbEventClass *known = sgb_key_table_find(&reader->classes, &key);

    return known ? known : class_learn(reader, class);
}

G_GNUC_NO_INLINE static const Stream *stream_learn(SgbEventReader *reader,
                                                   const bt_stream *stream)
{
    const bt_trace *trace = bt_stream_borrow_trace_const(stream);
    const bt_value *value;
    SgbKey key = key_of(stream);
    Stream *s = g_new(Stream, 1);

    bt_stream_get_ref(stream);
    *s = (Stream){.stream = stream, .vpid = -1};
    value = bt_trace_borrow_environment_entry_value_by_name_const(trace,
                                                                  "hostname");
    if (value && bt_value_is_string(value)) {
        s->host = sgb_intern_bounded(bt_value_string_get(value), &reader->hosts,
                                     HOSTS_MAX);
    }
    /* LTTng writes it there if each process has buffers of its own. */
    value =
        bt_trace_borrow_environment_entry_value_by_name_const(trace, "vpid");
    if (value && bt_value_is_signed_integer(value)) {
        s->vpid = bt_value_integer_signed_get(value);
    }
    if (reader->streams.used == STREAMS_MAX) {
        forget_streams(reader);
    }
    sgb_key_table_set(&reader->streams, &key, s);
    return s;
}

static const Stream *stream_of(SgbEventReader *reader, const bt_stream *stream)
{
    SgbKey key = key_of(stream);
    const Stream *known = sgb_key_table_find(&reader->streams, &key);

    return known ? known : stream_learn(reader, stream);
}

/* Of an event with a clock, in ns since the epoch. */
static uint64_t time_of(const bt_message *message)
{
    const bt_clock_snapshot *snapshot =
        bt_message_event_borrow_default_clock_snapshot_const(message);
    int64_t ns = 0;

    if (bt_clock_snapshot_get_ns_from_origin(snapshot, &ns) !=
        BT_CLOCK_SNAPSHOT_GET_NS_FROM_ORIGIN_STATUS_OK) {
        /* Out of range; the error is not to be blamed on a later call. */
        bt_current_thread_clear_error();
    }
    /* 0 means "absent" in SgbRequest. */
    return MAX(ns, 1);
}

static gboolean context_integer(const SgbEvent *event, int common,
                                gboolean common_signed, int specific,
                                gboolean specific_signed, int64_t *value)
{
    const bt_field *field;
    gboolean is_signed;

    if (common >= 0) {
        field = bt_field_structure_borrow_member_field_by_index_const(
            bt_event_borrow_common_context_field_const(event->event), common);
        is_signed = common_signed;
    } else if (specific >= 0) {
        field = bt_field_structure_borrow_member_field_by_index_const(
            bt_event_borrow_specific_context_field_const(event->event),
            specific);
        is_signed = specific_signed;
    } else {
        return FALSE;
    }
    *value = is_signed ? bt_field_integer_signed_get_value(field)
                       : (int64_t)bt_field_integer_unsigned_get_value(field);
    return TRUE;
}

gconstpointer sgb_event_read(SgbEventReader *reader, const bt_message *message,
                             SgbEvent *event)
{
    const bt_event *e = bt_message_event_borrow_event_const(message);
    const SgbEventClass *class =
        class_of(reader, bt_event_borrow_class_const(e));
    const Stream *stream;

    if (!class->handler) {
        return NULL;
    }
    stream = stream_of(reader, bt_event_borrow_stream_const(e));
    event->class = class;
    event->event = e;
    event->ns = class->has_clock ? time_of(message) : 1;
    event->host = stream->host;
    event->payload = bt_event_borrow_payload_field_const(e);
    event->vpid = stream->vpid;
    context_integer(event, class->vpid.common, class->vpid.common_signed,
                    class->vpid.specific, class->vpid.specific_signed,
                    &event->vpid);
    return class->handler;
}

static const bt_field *member(const SgbEvent *event, SgbField field)
{
    return bt_field_structure_borrow_member_field_by_index_const(
        event->payload, event->class->field[field].index);
}

gboolean sgb_event_integer(const SgbEvent *event, SgbField field,
                           uint64_t *value)
{
    if (event->class->field[field].type == FIELD_UNSIGNED) {
        *value = bt_field_integer_unsigned_get_value(member(event, field));
        return TRUE;
    }
    if (event->class->field[field].type == FIELD_SIGNED) {
        *value = bt_field_integer_signed_get_value(member(event, field));
        return TRUE;
    }
    return FALSE;
}

gboolean sgb_event_uint32(const SgbEvent *event, SgbField field,
                          uint32_t *value)
{
    uint64_t wide;

    if (!sgb_event_integer(event, field, &wide) ||
        (wide > UINT32_MAX && (int64_t)wide < INT32_MIN) ||
        (wide > UINT32_MAX && (int64_t)wide >= 0)) {
        return FALSE;
    }
    *value = wide;
    return TRUE;
}

const char *sgb_event_string(const SgbEvent *event, SgbField field)
{
    return event->class->field[field].type == FIELD_STRING
               ? bt_field_string_get_value(member(event, field))
               : NULL;
}

gboolean sgb_event_tid(const SgbEvent *event, int64_t *tid)
{
    const SgbEventClass *class = event->class;

    return context_integer(event, class->tid.common, class->tid.common_signed,
                           class->tid.specific, class->tid.specific_signed,
                           tid);
}

size_t sgb_event_cdb(const SgbEvent *event, uint8_t *cdb, size_t size)
{
    const bt_field *array;
    size_t count;

    if (!event->payload) {
        return 0;
    }
    array = bt_field_structure_borrow_member_field_by_name_const(event->payload,
                                                                 "cmnd");
    if (!array || !bt_field_class_type_is(bt_field_get_class_type(array),
                                          BT_FIELD_CLASS_TYPE_ARRAY)) {
        return 0;
    }
    count = MIN(bt_field_array_get_length(array), size);
    for (size_t i = 0; i < count; i++) {
        const bt_field *byte =
            bt_field_array_borrow_element_field_by_index_const(array, i);

        if (!bt_field_class_type_is(bt_field_get_class_type(byte),
                                    BT_FIELD_CLASS_TYPE_UNSIGNED_INTEGER)) {
            return 0;
        }
        cdb[i] = bt_field_integer_unsigned_get_value(byte);
    }
    return count;
}
