/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * filter.sgbench.requests: all messages as they come and, behind the event that
 * ended a request, one of our own. Ours belong to a trace per host, whose clock
 * is like the one of the event, so that they stay in order wherever they are
 * merged or written.
 */
#include <string.h>

#include "correlate.h"
#include "plugin-private.h"
#include "record.h"

#define EVENT_NAME "sgbench:request"
#define ONLY "only-requests"
#define ONLY_HELP "leave the events of the trace out"

/* Hosts with a trace of ours; requests of more have no event. */
#define HOSTS_MAX 256

typedef struct Filter {
    SgbOptions *options;
    gboolean only;
} Filter;

/* Where the events of a host's requests go. */
typedef struct Home {
    const char *host; /* interned, or NULL */
    bt_stream *stream;
    bt_event_class *class;
    gboolean has_clock;
} Home;

typedef struct Iterator {
    bt_self_message_iterator *self;
    const Filter *filter;
    bt_message_iterator *upstream;
    SgbTraceSink sink;
    SgbTraceCounts counts;
    SgbCorrelator *correlator;
    GArray *homes;             /* Home */
    const bt_message *current; /* the one that is being looked at */
    const bt_message **out;    /* room for @room messages, to be handed on */
    uint64_t room;
    GPtrArray *pending; /* const bt_message * for which there was none */
    unsigned next;      /* of these */
    gboolean failed, ended;
} Iterator;

/* A clock that goes with the one of @stream's class: nanoseconds from the same
 * origin. NULL: that has none. */
static bt_clock_class *make_clock(bt_self_component *self,
                                  const bt_stream *stream)
{
    const bt_clock_class *like =
        bt_stream_class_borrow_default_clock_class_const(
            bt_stream_borrow_class_const(stream));
    bt_clock_class *clock;
    bt_uuid uuid;

    if (!like) {
        return NULL;
    }
    clock = bt_clock_class_create(self);
    bt_clock_class_set_frequency(clock, G_GUINT64_CONSTANT(1000000000));
    bt_clock_class_set_origin_is_unix_epoch(
        clock, bt_clock_class_origin_is_unix_epoch(like));
    uuid = bt_clock_class_get_uuid(like);
    if (uuid) {
        bt_clock_class_set_uuid(clock, uuid);
    }
    if (bt_clock_class_get_name(like)) {
        bt_clock_class_set_name(clock, bt_clock_class_get_name(like));
    }
    return clock;
}

static bt_field_class *make_payload(bt_trace_class *trace_class)
{
    const SgbColumn *columns = sgb_record_columns();
    bt_field_class *payload = bt_field_class_structure_create(trace_class);

    for (unsigned i = 0; i < SGB_RECORD_COLUMNS; i++) {
        bt_field_class *field =
            columns[i].type == SGB_COLUMN_STRING
                ? bt_field_class_string_create(trace_class)
            : columns[i].type == SGB_COLUMN_SIGNED
                ? bt_field_class_integer_signed_create(trace_class)
                : bt_field_class_integer_unsigned_create(trace_class);

        bt_field_class_structure_append_member(payload, columns[i].name, field);
        bt_field_class_put_ref(field);
    }
    return payload;
}

static void make_home(Iterator *it, Home *home)
{
    bt_self_component *self =
        bt_self_message_iterator_borrow_component(it->self);
    bt_trace_class *trace_class = bt_trace_class_create(self);
    bt_stream_class *stream_class = bt_stream_class_create(trace_class);
    bt_clock_class *clock =
        make_clock(self, bt_event_borrow_stream_const(
                             bt_message_event_borrow_event_const(it->current)));
    bt_field_class *payload = make_payload(trace_class);
    bt_trace *trace = bt_trace_create(trace_class);

    bt_stream_class_set_name(stream_class, "requests");
    if (clock) {
        bt_stream_class_set_default_clock_class(stream_class, clock);
        home->has_clock = TRUE;
    }
    home->class = bt_event_class_create(stream_class);
    bt_event_class_set_name(home->class, EVENT_NAME);
    bt_event_class_set_payload_field_class(home->class, payload);
    bt_trace_set_name(trace, "sgbench-requests");
    if (home->host) {
        bt_trace_set_environment_entry_string(trace, "hostname", home->host);
    }
    bt_trace_set_environment_entry_string(trace, "tracer_name", "sgbench");
    home->stream = bt_stream_create(stream_class, trace);

    bt_trace_put_ref(trace);
    bt_field_class_put_ref(payload);
    bt_clock_class_put_ref(clock);
    bt_stream_class_put_ref(stream_class);
    bt_trace_class_put_ref(trace_class);
}

/* Hand @message on, now or next time; takes the reference. */
static void emit(Iterator *it, const bt_message *message)
{
    if (it->room) {
        *it->out++ = message;
        it->room--;
    } else {
        g_ptr_array_add(it->pending, (void *)message);
    }
}

static const Home *home_of(Iterator *it, const char *host)
{
    Home home = {.host = host};

    for (unsigned i = 0; i < it->homes->len; i++) {
        const Home *known = &g_array_index(it->homes, Home, i);

        if (known->host == host) {
            return known;
        }
    }
    if (it->homes->len >= HOSTS_MAX) {
        return NULL;
    }
    make_home(it, &home);
    emit(it, bt_message_stream_beginning_create(it->self, home.stream));
    g_array_append_val(it->homes, home);
    return &g_array_index(it->homes, Home, it->homes->len - 1);
}

static void fill(bt_field *payload, const SgbRecord *record)
{
    const SgbColumn *columns = sgb_record_columns();

    for (unsigned i = 0; i < SGB_RECORD_COLUMNS; i++) {
        bt_field *field =
            bt_field_structure_borrow_member_field_by_index(payload, i);

        switch (columns[i].type) {
        case SGB_COLUMN_STRING:
            bt_field_string_set_value(field, record->value[i].string);
            break;
        case SGB_COLUMN_SIGNED:
            bt_field_integer_signed_set_value(field, record->value[i].s);
            break;
        case SGB_COLUMN_UNSIGNED:
        default:
            bt_field_integer_unsigned_set_value(field, record->value[i].u);
        }
    }
}

/* Time of the current event from its clock's origin, ns. */
static gboolean current_time(const Iterator *it, uint64_t *ns)
{
    int64_t value;

    if (bt_clock_snapshot_get_ns_from_origin(
            bt_message_event_borrow_default_clock_snapshot_const(it->current),
            &value) != BT_CLOCK_SNAPSHOT_GET_NS_FROM_ORIGIN_STATUS_OK) {
        bt_current_thread_clear_error();
        return FALSE;
    }
    *ns = value;
    return value >= 0;
}

static gboolean selected(const Iterator *it, const SgbRequest *request,
                         const SgbTraceCell *cell)
{
    const SgbSelection *s = &it->filter->options->selection;
    uint64_t end = sgb_request_end(request);

    return sgb_selection_has(s, request, cell) &&
           end >= sgb_moment_resolve(&s->from, it->counts.begin_ns, 0) &&
           end <= sgb_moment_resolve(&s->to, it->counts.begin_ns, G_MAXUINT64);
}

static void on_request(void *opaque, const SgbRequest *request,
                       const SgbTraceCell *cell)
{
    Iterator *it = opaque;
    const Home *home;
    bt_message *message;
    SgbRecord record;
    uint64_t ns = 0;

    if (!request->finished || !it->current || !selected(it, request, cell)) {
        return;
    }
    home = home_of(it, request->host);
    if (!home || (home->has_clock && !current_time(it, &ns))) {
        return;
    }
    message =
        home->has_clock
            ? bt_message_event_create_with_default_clock_snapshot(
                  it->self, home->class, home->stream, ns)
            : bt_message_event_create(it->self, home->class, home->stream);
    if (!message) {
        it->failed = TRUE;
        return;
    }
    sgb_record_fill(&record, request, cell);
    fill(bt_event_borrow_payload_field(bt_message_event_borrow_event(message)),
         &record);
    emit(it, message);
}

/* Hand on what is upstream, and what follows from it. */
static bt_message_iterator_next_status take(Iterator *it)
{
    bt_message_array_const messages;
    uint64_t count;
    bt_message_iterator_next_status status =
        bt_message_iterator_next(it->upstream, &messages, &count);

    if (status != BT_MESSAGE_ITERATOR_NEXT_STATUS_OK) {
        return status;
    }
    for (uint64_t i = 0; i < count; i++) {
        gboolean event =
            bt_message_get_type(messages[i]) == BT_MESSAGE_TYPE_EVENT;

        if (!event || !it->filter->only) {
            emit(it, messages[i]);
        }
        it->current = event ? messages[i] : NULL;
        sgb_correlator_message(it->correlator, messages[i]);
        if (event && it->filter->only) {
            bt_message_put_ref(messages[i]);
        }
    }
    it->current = NULL;
    return status;
}

static void end_streams(Iterator *it)
{
    it->ended = TRUE;
    for (unsigned i = 0; i < it->homes->len; i++) {
        const Home *home = &g_array_index(it->homes, Home, i);

        emit(it, bt_message_stream_end_create(it->self, home->stream));
    }
}

bt_message_iterator_class_next_method_status
sgb_filter_next(bt_self_message_iterator *self, bt_message_array_const messages,
                uint64_t capacity, uint64_t *count)
{
    Iterator *it = bt_self_message_iterator_get_data(self);

    if (it->failed) {
        return BT_MESSAGE_ITERATOR_CLASS_NEXT_METHOD_STATUS_MEMORY_ERROR;
    }
    it->out = messages;
    it->room = capacity;
    while (it->room && it->next < it->pending->len) {
        emit(it, g_ptr_array_index(it->pending, it->next++));
    }
    if (it->next == it->pending->len) {
        g_ptr_array_set_size(it->pending, 0);
        it->next = 0;
    }
    while (it->room == capacity && !it->ended) {
        switch (take(it)) {
        case BT_MESSAGE_ITERATOR_NEXT_STATUS_OK:
            break;
        case BT_MESSAGE_ITERATOR_NEXT_STATUS_END:
            end_streams(it);
            break;
        case BT_MESSAGE_ITERATOR_NEXT_STATUS_AGAIN:
            return BT_MESSAGE_ITERATOR_CLASS_NEXT_METHOD_STATUS_AGAIN;
        case BT_MESSAGE_ITERATOR_NEXT_STATUS_MEMORY_ERROR:
            return BT_MESSAGE_ITERATOR_CLASS_NEXT_METHOD_STATUS_MEMORY_ERROR;
        case BT_MESSAGE_ITERATOR_NEXT_STATUS_ERROR:
        default:
            return BT_MESSAGE_ITERATOR_CLASS_NEXT_METHOD_STATUS_ERROR;
        }
    }
    *count = capacity - it->room;
    return *count ? BT_MESSAGE_ITERATOR_CLASS_NEXT_METHOD_STATUS_OK
                  : BT_MESSAGE_ITERATOR_CLASS_NEXT_METHOD_STATUS_END;
}

static void clear_home(gpointer data)
{
    Home *home = data;

    bt_event_class_put_ref(home->class);
    bt_stream_put_ref(home->stream);
}

bt_message_iterator_class_initialize_method_status
sgb_filter_iterator_initialize(
    bt_self_message_iterator *self,
    bt_self_message_iterator_configuration *configuration,
    bt_self_component_port_output *port)
{
    bt_self_component *component =
        bt_self_message_iterator_borrow_component(self);
    Iterator *it = g_new0(Iterator, 1);

    it->self = self;
    it->filter = bt_self_component_get_data(component);
    if (bt_message_iterator_create_from_message_iterator(
            self,
            bt_self_component_filter_borrow_input_port_by_index(
                (bt_self_component_filter *)component, 0),
            &it->upstream) !=
        BT_MESSAGE_ITERATOR_CREATE_FROM_MESSAGE_ITERATOR_STATUS_OK) {
        g_free(it);
        return BT_MESSAGE_ITERATOR_CLASS_INITIALIZE_METHOD_STATUS_ERROR;
    }
    it->sink = (SgbTraceSink){.request = on_request, .opaque = it};
    it->correlator = sgb_correlator_new(&it->sink, &it->counts);
    it->homes = g_array_new(FALSE, FALSE, sizeof(Home));
    g_array_set_clear_func(it->homes, clear_home);
    it->pending = g_ptr_array_new();
    bt_self_message_iterator_set_data(self, it);
    return BT_MESSAGE_ITERATOR_CLASS_INITIALIZE_METHOD_STATUS_OK;
}

void sgb_filter_iterator_finalize(bt_self_message_iterator *self)
{
    Iterator *it = bt_self_message_iterator_get_data(self);

    for (; it->next < it->pending->len; it->next++) {
        bt_message_put_ref(g_ptr_array_index(it->pending, it->next));
    }
    g_ptr_array_unref(it->pending);
    g_array_unref(it->homes);
    sgb_correlator_free(it->correlator);
    bt_message_iterator_put_ref(it->upstream);
    g_free(it);
}

bt_component_class_initialize_method_status
sgb_filter_initialize(bt_self_component_filter *self,
                      bt_self_component_filter_configuration *configuration,
                      const bt_value *params, void *data)
{
    bt_self_component *component =
        bt_self_component_filter_as_self_component(self);
    g_autoptr(SgbOptions) options = sgb_options_new();
    g_autoptr(GError) error = NULL;
    gboolean only = FALSE;
    Filter *filter;

    if (!sgb_plugin_options(options, SGB_OUTPUT_FILTER, params, ONLY, &only,
                            &error)) {
        sgb_plugin_blame(component, error);
        return BT_COMPONENT_CLASS_INITIALIZE_METHOD_STATUS_ERROR;
    }
    if (bt_self_component_filter_add_input_port(self, "in", NULL, NULL) !=
            BT_SELF_COMPONENT_ADD_PORT_STATUS_OK ||
        bt_self_component_filter_add_output_port(self, "out", NULL, NULL) !=
            BT_SELF_COMPONENT_ADD_PORT_STATUS_OK) {
        return BT_COMPONENT_CLASS_INITIALIZE_METHOD_STATUS_ERROR;
    }
    filter = g_new0(Filter, 1);
    filter->options = g_steal_pointer(&options);
    filter->only = only;
    bt_self_component_set_data(component, filter);
    return BT_COMPONENT_CLASS_INITIALIZE_METHOD_STATUS_OK;
}

void sgb_filter_finalize(bt_self_component_filter *self)
{
    Filter *filter = bt_self_component_get_data(
        bt_self_component_filter_as_self_component(self));

    sgb_options_free(filter->options);
    g_free(filter);
}

bt_component_class_query_method_status
sgb_filter_query(bt_self_component_class_filter *self,
                 bt_private_query_executor *executor, const char *object,
                 const bt_value *params, void *data, const bt_value **result)
{
    return sgb_plugin_query(object, SGB_OUTPUT_FILTER, ONLY, ONLY_HELP, result);
}
