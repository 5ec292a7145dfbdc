/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "event.h"

static gboolean integer_of_field(const bt_field *field, uint64_t *value)
{
    bt_field_class_type type;

    if (!field) {
        return FALSE;
    }
    type = bt_field_get_class_type(field);
    if (bt_field_class_type_is(type, BT_FIELD_CLASS_TYPE_UNSIGNED_INTEGER)) {
        *value = bt_field_integer_unsigned_get_value(field);
        return TRUE;
    }
    if (bt_field_class_type_is(type, BT_FIELD_CLASS_TYPE_SIGNED_INTEGER)) {
        *value = bt_field_integer_signed_get_value(field);
        return TRUE;
    }
    return FALSE;
}

static const bt_field *member(const bt_field *structure, const char *name)
{
    if (!structure ||
        bt_field_get_class_type(structure) != BT_FIELD_CLASS_TYPE_STRUCTURE) {
        return NULL;
    }
    return bt_field_structure_borrow_member_field_by_name_const(structure,
                                                                name);
}

static void read_environment(SgbEventReader *reader, const bt_trace *trace)
{
    const bt_value *value;

    reader->trace = trace;
    reader->host = NULL;
    reader->vpid = -1;

    value = bt_trace_borrow_environment_entry_value_by_name_const(trace,
                                                                  "hostname");
    if (value && bt_value_is_string(value)) {
        reader->host = g_intern_string(bt_value_string_get(value));
    }
    /* LTTng writes it there if each process has buffers of its own. */
    value =
        bt_trace_borrow_environment_entry_value_by_name_const(trace, "vpid");
    if (value && bt_value_is_signed_integer(value)) {
        reader->vpid = bt_value_integer_signed_get(value);
    }
}

static uint64_t time_of(const bt_message *message, const bt_stream *stream)
{
    const bt_clock_snapshot *snapshot;
    int64_t ns = 0;

    if (!bt_stream_class_borrow_default_clock_class_const(
            bt_stream_borrow_class_const(stream))) {
        return 1;
    }
    snapshot = bt_message_event_borrow_default_clock_snapshot_const(message);
    if (bt_clock_snapshot_get_ns_from_origin(snapshot, &ns) !=
        BT_CLOCK_SNAPSHOT_GET_NS_FROM_ORIGIN_STATUS_OK) {
        /* Out of range; the error is not to be blamed on a later call. */
        bt_current_thread_clear_error();
    }
    /* 0 means "absent" in SgbRequest. */
    return MAX(ns, 1);
}

void sgb_event_read(SgbEventReader *reader, const bt_message *message,
                    SgbEvent *event)
{
    const bt_event *e = bt_message_event_borrow_event_const(message);
    const bt_stream *stream = bt_event_borrow_stream_const(e);
    const bt_trace *trace = bt_stream_borrow_trace_const(stream);
    const char *name = bt_event_class_get_name(bt_event_borrow_class_const(e));
    uint64_t vpid;

    if (trace != reader->trace) {
        read_environment(reader, trace);
    }
    event->name = name ? name : "";
    event->ns = time_of(message, stream);
    event->host = reader->host;
    event->payload = bt_event_borrow_payload_field_const(e);

    event->vpid = reader->vpid;
    if (integer_of_field(
            member(bt_event_borrow_common_context_field_const(e), "vpid"),
            &vpid) ||
        integer_of_field(
            member(bt_event_borrow_specific_context_field_const(e), "vpid"),
            &vpid)) {
        event->vpid = vpid;
    }
}

gboolean sgb_event_integer(const SgbEvent *event, const char *name,
                           uint64_t *value)
{
    return integer_of_field(member(event->payload, name), value);
}

gboolean sgb_event_uint32(const SgbEvent *event, const char *name,
                          uint32_t *value)
{
    uint64_t wide;

    if (!sgb_event_integer(event, name, &wide) ||
        (wide > UINT32_MAX && (int64_t)wide < INT32_MIN) ||
        (wide > UINT32_MAX && (int64_t)wide >= 0)) {
        return FALSE;
    }
    *value = wide;
    return TRUE;
}

const char *sgb_event_string(const SgbEvent *event, const char *name)
{
    const bt_field *field = member(event->payload, name);

    if (!field ||
        bt_field_get_class_type(field) != BT_FIELD_CLASS_TYPE_STRING) {
        return NULL;
    }
    return bt_field_string_get_value(field);
}
