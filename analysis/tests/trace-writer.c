/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "trace-writer.h"

#include <gio/gio.h>
#include <glib/gstdio.h>
#include <string.h>
#include <babeltrace2/babeltrace.h>

#define HANDLES "req:x tag:u "
#define IOCTL_END                                                        \
    "hdr:x ret:d status:u host_status:u driver_status:u resid:d info:u " \
    "duration:u"

#define KERNEL_ADDRESS "host_no:u channel:u id:u lun:u "
#define KERNEL_COMMAND \
    "opcode:u cmd_len:u data_sglen:u prot_sglen:u prot_op:u cmnd:c"

/* As qemu-tracepoints/README.md has them. */
static const char *const catalogue[][2] = {
    {"sgbench:cell_begin", "cell:s round:u"},
    {"sgbench:cell_end", "cell:s requests:x bytes:x"},
    {"sgbench:post", "tag:u lun:u opcode:u dir:d len:u"},
    {"sgbench:complete", "tag:u status:u response:u resid:u len:u sense:u"},
    {"qemu:virtio_scsi_cmd_req", "lun:d tag:u cmd:u"},
    {"qemu:virtio_scsi_cmd_resp", "lun:d tag:u response:d status:u"},
    {"qemu:scsi_sgio_submit", "req:x hdr:x dev:x id:s tag:u target:u lun:u "
                              "opcode:u dir:d len:u"},
    {"qemu:scsi_sgio_path", HANDLES "path:d reason:d entries:u pieces:u "
                                    "direct:x bounced:x"},
    {"qemu:scsi_sgio_map", HANDLES "entries:u len:u"},
    {"qemu:dma_map_direct", "transfer:x pos:x addr:x len:x dir:d"},
    {"qemu:dma_map_miss", "transfer:x pos:x addr:x len:x dir:d"},
    {"qemu:dma_bounce_alloc", "transfer:x pos:x addr:x len:x depth:u held:x"},
    {"qemu:dma_bounce_free", "transfer:x pos:x addr:x len:x depth:u held:x"},
    {"qemu:dma_bounce_limit", "transfer:x pos:x depth:u held:x"},
    {"qemu:scsi_sgio_unmap", HANDLES "mappings:u bytes:x dir:d"},
    {"qemu:scsi_sgio_bounce_alloc", HANDLES "len:u buffers:u held:x"},
    {"qemu:scsi_sgio_bounce_free", HANDLES "len:u buffers:u held:x"},
    {"qemu:scsi_sgio_depth", "dev:x id:s inflight:u"},
    {"qemu:scsi_sgio_complete", HANDLES "ret:d status:u len:u resid:u pieces:u "
                                        "direct:x bounced:x info:u"},
    {"qemu:scsi_sgio_sense", HANDLES "key:u asc:u ascq:u"},
    {"qemu:file_sgio_begin", "hdr:x fd:d dir:d len:u iovecs:u"},
    {"qemu:file_sgio_end", IOCTL_END},
    {"qemu:iscsi_sgio_begin", "hdr:x lun:x dir:d len:u iovecs:u"},
    {"qemu:iscsi_sgio_end", IOCTL_END},
    /* QEMU's own, hw/scsi/trace-events */
    {"qemu:virtio_scsi_tmf_req", "lun:d tag:u subtype:d"},
    {"qemu:virtio_scsi_tmf_resp", "lun:d tag:u response:d"},
    {"qemu:scsi_req_parsed", "target:d lun:d tag:d cmd:d mode:d xfer:d"},
    {"qemu:scsi_req_build_sense", "target:d lun:d tag:d key:d asc:d ascq:d"},
    /* lttng-modules, include/instrumentation/events/scsi.h */
    {"scsi_dispatch_cmd_start", KERNEL_ADDRESS KERNEL_COMMAND},
    {"scsi_dispatch_cmd_done", KERNEL_ADDRESS "result:d " KERNEL_COMMAND},
    {"scsi_dispatch_cmd_error", KERNEL_ADDRESS "rtn:d " KERNEL_COMMAND},
    {"scsi_dispatch_cmd_timeout", KERNEL_ADDRESS "result:d " KERNEL_COMMAND},
};

typedef struct Record {
    enum {
        EVENT,
        PACKET,
        LOSS
    } kind;
    uint64_t ns; /* of an event */
    int vpid, tid;
    char *name;
    char **values;  /* "FIELD=VALUE", NULL-terminated */
    uint64_t count; /* of a loss */
} Record;

struct TraceWriter {
    char *hostname;
    gboolean no_vpid;
    int tid;
    gboolean (*more)(TraceWriter *w, void *opaque);
    void *more_opaque;
    GHashTable *declared; /* event name -> fields */
    GPtrArray *records;

    /* While it is written */
    bt_trace *trace;
    bt_stream *stream;
    GHashTable *classes; /* event name -> bt_event_class * */
    bt_packet *packet;
    unsigned next;
    uint64_t now;
    gboolean begun, ended;
};

static void record_free(gpointer data)
{
    Record *r = data;

    g_free(r->name);
    g_strfreev(r->values);
    g_free(r);
}

TraceWriter *trace_writer_new(const char *hostname)
{
    TraceWriter *w = g_new0(TraceWriter, 1);

    w->hostname = g_strdup(hostname);
    w->records = g_ptr_array_new_with_free_func(record_free);
    w->declared =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    for (unsigned i = 0; i < G_N_ELEMENTS(catalogue); i++) {
        trace_writer_declare(w, catalogue[i][0], catalogue[i][1]);
    }
    return w;
}

void trace_writer_free(TraceWriter *w)
{
    g_hash_table_unref(w->declared);
    g_ptr_array_unref(w->records);
    g_free(w->hostname);
    g_free(w);
}

void trace_writer_no_vpid(TraceWriter *w)
{
    w->no_vpid = TRUE;
}

void trace_writer_thread(TraceWriter *w, int tid)
{
    w->tid = tid;
}

void trace_writer_pull(TraceWriter *w,
                       gboolean (*more)(TraceWriter *w, void *opaque),
                       void *opaque)
{
    w->more = more;
    w->more_opaque = opaque;
}

void trace_writer_declare(TraceWriter *w, const char *name, const char *fields)
{
    g_hash_table_replace(w->declared, g_strdup(name), g_strdup(fields));
}

static Record *add_record(TraceWriter *w, int kind)
{
    Record *r = g_new0(Record, 1);

    r->kind = kind;
    g_ptr_array_add(w->records, r);
    return r;
}

void trace_writer_add(TraceWriter *w, uint64_t ns, int vpid, const char *name,
                      const char *format, ...)
{
    Record *r = add_record(w, EVENT);
    g_autofree char *text = NULL;
    va_list ap;

    va_start(ap, format);
    text = g_strdup_vprintf(format, ap);
    va_end(ap);
    g_assert(g_hash_table_contains(w->declared, name));
    r->ns = ns;
    r->vpid = vpid;
    r->tid = w->tid;
    r->name = g_strdup(name);
    r->values = g_strsplit(text, " ", -1);
}

void trace_writer_packet(TraceWriter *w)
{
    add_record(w, PACKET);
}

void trace_writer_lose(TraceWriter *w, uint64_t count)
{
    add_record(w, LOSS)->count = count;
}

void trace_writer_drop(TraceWriter *w, GRand *rand, double share)
{
    for (unsigned i = w->records->len; i-- > 0;) {
        const Record *r = g_ptr_array_index(w->records, i);

        if (r->kind == EVENT && g_rand_double(rand) < share) {
            g_ptr_array_remove_index(w->records, i);
        }
    }
}

static const char *value_of(const Record *r, const char *field)
{
    size_t length = strlen(field);

    for (char **v = r->values; *v; v++) {
        if (strncmp(*v, field, length) == 0 && (*v)[length] == '=') {
            return *v + length + 1;
        }
    }
    return NULL;
}

static bt_field_class *integer_class(bt_trace_class *class, char type)
{
    bt_field_class *fc = type == 'd'
                             ? bt_field_class_integer_signed_create(class)
                             : bt_field_class_integer_unsigned_create(class);

    bt_field_class_integer_set_field_value_range(fc, type == 'x' ? 64 : 32);
    return fc;
}

static bt_field_class *bytes_class(bt_trace_class *class)
{
    bt_field_class *byte = bt_field_class_integer_unsigned_create(class);
    bt_field_class *fc;

    bt_field_class_integer_set_field_value_range(byte, 8);
    fc = bt_field_class_array_dynamic_create(class, byte, NULL);
    bt_field_class_put_ref(byte);
    return fc;
}

static bt_field_class *field_class(bt_trace_class *class, char type)
{
    return type == 's'   ? bt_field_class_string_create(class)
           : type == 'c' ? bytes_class(class)
                         : integer_class(class, type);
}

static void append(bt_field_class *structure, const char *name,
                   bt_field_class *fc)
{
    g_assert(bt_field_class_structure_append_member(structure, name, fc) ==
             BT_FIELD_CLASS_STRUCTURE_APPEND_MEMBER_STATUS_OK);
    bt_field_class_put_ref(fc);
}

static bt_event_class *event_class(TraceWriter *w, const char *name)
{
    bt_event_class *class = g_hash_table_lookup(w->classes, name);
    bt_stream_class *stream_class = bt_stream_borrow_class(w->stream);
    bt_trace_class *trace_class =
        bt_stream_class_borrow_trace_class(stream_class);
    g_auto(GStrv) fields = NULL;
    bt_field_class *payload;

    if (class) {
        return class;
    }
    class = bt_event_class_create(stream_class);
    bt_event_class_set_name(class, name);
    payload = bt_field_class_structure_create(trace_class);
    fields = g_strsplit(g_hash_table_lookup(w->declared, name), " ", -1);
    for (char **f = fields; *f && **f; f++) {
        char *colon = strchr(*f, ':');

        *colon = '\0';
        append(payload, *f, field_class(trace_class, colon[1]));
    }
    bt_event_class_set_payload_field_class(class, payload);
    bt_field_class_put_ref(payload);
    g_hash_table_insert(w->classes, g_strdup(name), class);
    return class;
}

static void fill_bytes(bt_field *array, const char *hex)
{
    size_t count = hex ? strlen(hex) / 2 : 0;

    g_assert(bt_field_array_dynamic_set_length(array, count) ==
             BT_FIELD_DYNAMIC_ARRAY_SET_LENGTH_STATUS_OK);
    for (size_t i = 0; i < count; i++) {
        bt_field_integer_unsigned_set_value(
            bt_field_array_borrow_element_field_by_index(array, i),
            g_ascii_xdigit_value(hex[2 * i]) << 4 |
                g_ascii_xdigit_value(hex[2 * i + 1]));
    }
}

static void fill(bt_field *field, const char *value)
{
    switch ((uint64_t)bt_field_get_class_type(field)) {
    case BT_FIELD_CLASS_TYPE_STRING:
        bt_field_string_set_value(field, value ? value : "");
        break;
    case BT_FIELD_CLASS_TYPE_DYNAMIC_ARRAY_WITHOUT_LENGTH_FIELD:
        fill_bytes(field, value);
        break;
    case BT_FIELD_CLASS_TYPE_SIGNED_INTEGER:
        bt_field_integer_signed_set_value(
            field, value ? g_ascii_strtoll(value, NULL, 0) : 0);
        break;
    default:
        bt_field_integer_unsigned_set_value(
            field, value ? g_ascii_strtoull(value, NULL, 0) : 0);
    }
}

static bt_message *event_message(TraceWriter *w, bt_self_message_iterator *self,
                                 const Record *r)
{
    bt_event_class *class = event_class(w, r->name);
    g_auto(GStrv) fields = NULL;
    bt_message *message =
        bt_message_event_create_with_packet_and_default_clock_snapshot(
            self, class, w->packet, r->ns);
    bt_event *event = bt_message_event_borrow_event(message);

    if (!w->no_vpid) {
        bt_field_integer_signed_set_value(
            bt_field_structure_borrow_member_field_by_name(
                bt_event_borrow_common_context_field(event), "vpid"),
            r->vpid);
        bt_field_integer_signed_set_value(
            bt_field_structure_borrow_member_field_by_name(
                bt_event_borrow_common_context_field(event), "vtid"),
            r->tid);
    }
    fields = g_strsplit(g_hash_table_lookup(w->declared, r->name), " ", -1);
    for (char **f = fields; *f && **f; f++) {
        *strchr(*f, ':') = '\0';
        fill(bt_field_structure_borrow_member_field_by_name(
                 bt_event_borrow_payload_field(event), *f),
             value_of(r, *f));
    }
    return message;
}

/* Time at which the packet that is about to begin will end. */
static uint64_t packet_end(const TraceWriter *w, unsigned from)
{
    uint64_t ns = w->now;

    for (; from < w->records->len; from++) {
        const Record *r = g_ptr_array_index(w->records, from);

        if (r->kind != EVENT) {
            break;
        }
        ns = r->ns;
    }
    return ns;
}

static bt_message *loss_message(TraceWriter *w, bt_self_message_iterator *self,
                                const Record *r)
{
    bt_message *message =
        bt_message_discarded_events_create_with_default_clock_snapshots(
            self, w->stream, w->now, packet_end(w, w->next));

    if (r->count) {
        bt_message_discarded_events_set_count(message, r->count);
    }
    return message;
}

/* The next message, or NULL at the end. */
static bt_message *next_message(TraceWriter *w, bt_self_message_iterator *self)
{
    const Record *r;
    bt_message *message;

    if (w->more && w->next >= w->records->len) {
        g_ptr_array_set_size(w->records, 0);
        w->next = 0;
        if (!w->more(w, w->more_opaque)) {
            w->more = NULL;
        }
    }
    r = w->next < w->records->len ? g_ptr_array_index(w->records, w->next)
                                  : NULL;

    if (!w->begun) {
        w->begun = TRUE;
        return bt_message_stream_beginning_create(self, w->stream);
    }
    if (w->packet && (!r || r->kind != EVENT)) {
        message = bt_message_packet_end_create_with_default_clock_snapshot(
            self, w->packet, w->now);
        bt_packet_put_ref(w->packet);
        w->packet = NULL;
        return message;
    }
    if (!r) {
        message =
            w->ended ? NULL : bt_message_stream_end_create(self, w->stream);
        w->ended = TRUE;
        return message;
    }
    if (r->kind == EVENT && w->packet) {
        w->next++;
        w->now = r->ns;
        return event_message(w, self, r);
    }
    if (r->kind == LOSS) {
        w->next++;
        return loss_message(w, self, r);
    }
    if (r->kind == PACKET) {
        w->next++;
    }
    w->packet = bt_packet_create(w->stream);
    if (r->kind == EVENT) {
        w->now = MAX(w->now, r->ns);
    }
    return bt_message_packet_beginning_create_with_default_clock_snapshot(
        self, w->packet, w->now);
}

static bt_message_iterator_class_next_method_status
source_next(bt_self_message_iterator *self, bt_message_array_const messages,
            uint64_t capacity, uint64_t *count)
{
    TraceWriter *w = bt_self_component_get_data(
        bt_self_message_iterator_borrow_component(self));
    bt_message *message;

    for (*count = 0; *count < capacity; ++*count) {
        message = next_message(w, self);
        if (!message) {
            break;
        }
        messages[*count] = message;
    }
    return *count ? BT_MESSAGE_ITERATOR_CLASS_NEXT_METHOD_STATUS_OK
                  : BT_MESSAGE_ITERATOR_CLASS_NEXT_METHOD_STATUS_END;
}

static bt_component_class_initialize_method_status
source_initialize(bt_self_component_source *self,
                  bt_self_component_source_configuration *configuration,
                  const bt_value *params, void *data)
{
    bt_self_component *component =
        bt_self_component_source_as_self_component(self);
    TraceWriter *w = data;
    bt_trace_class *trace_class = bt_trace_class_create(component);
    bt_clock_class *clock = bt_clock_class_create(component);
    bt_stream_class *stream_class = bt_stream_class_create(trace_class);
    bt_field_class *context = bt_field_class_structure_create(trace_class);

    bt_clock_class_set_name(clock, "monotonic");
    bt_stream_class_set_default_clock_class(stream_class, clock);
    bt_stream_class_set_supports_packets(stream_class, BT_TRUE, BT_TRUE,
                                         BT_TRUE);
    bt_stream_class_set_supports_discarded_events(stream_class, BT_TRUE,
                                                  BT_TRUE);
    append(context, "vpid", integer_class(trace_class, 'd'));
    append(context, "vtid", integer_class(trace_class, 'd'));
    if (!w->no_vpid) {
        bt_stream_class_set_event_common_context_field_class(stream_class,
                                                             context);
    }
    bt_field_class_put_ref(context);

    w->trace = bt_trace_create(trace_class);
    if (w->hostname) {
        bt_trace_set_environment_entry_string(w->trace, "hostname",
                                              w->hostname);
    }
    w->stream = bt_stream_create(stream_class, w->trace);
    bt_self_component_set_data(component, w);
    bt_self_component_source_add_output_port(self, "out", NULL, NULL);

    bt_stream_class_put_ref(stream_class);
    bt_clock_class_put_ref(clock);
    bt_trace_class_put_ref(trace_class);
    return BT_COMPONENT_CLASS_INITIALIZE_METHOD_STATUS_OK;
}

static const bt_component_sink *add_sink(bt_graph *graph, const char *path)
{
    const bt_plugin *plugin;
    const bt_component_sink *sink;
    bt_value *params = bt_value_map_create();

    g_assert(bt_plugin_find("ctf", BT_TRUE, BT_FALSE, BT_TRUE, BT_TRUE,
                            BT_FALSE, &plugin) == BT_PLUGIN_FIND_STATUS_OK);
    bt_value_map_insert_string_entry(params, "path", path);
    bt_value_map_insert_bool_entry(params, "assume-single-trace", BT_TRUE);
    bt_value_map_insert_bool_entry(params, "quiet", BT_TRUE);
    g_assert(
        bt_graph_add_sink_component(
            graph,
            bt_plugin_borrow_sink_component_class_by_name_const(plugin, "fs"),
            "sink", params, BT_LOGGING_LEVEL_WARNING,
            &sink) == BT_GRAPH_ADD_COMPONENT_STATUS_OK);
    bt_value_put_ref(params);
    bt_plugin_put_ref(plugin);
    return sink;
}

void trace_writer_write(TraceWriter *w, const char *path)
{
    bt_graph *graph = bt_graph_create(0);
    bt_message_iterator_class *iterator =
        bt_message_iterator_class_create(source_next);
    bt_component_class_source *class =
        bt_component_class_source_create("test", iterator);
    const bt_component_source *source;
    const bt_component_sink *sink = add_sink(graph, path);

    w->classes = g_hash_table_new_full(g_str_hash, g_str_equal, g_free,
                                       (GDestroyNotify)bt_event_class_put_ref);
    w->next = 0;
    w->now = 0;
    w->begun = w->ended = FALSE;
    bt_component_class_source_set_initialize_method(class, source_initialize);
    g_assert(bt_graph_add_source_component_with_initialize_method_data(
                 graph, class, "source", NULL, w, BT_LOGGING_LEVEL_WARNING,
                 &source) == BT_GRAPH_ADD_COMPONENT_STATUS_OK);
    g_assert(
        bt_graph_connect_ports(
            graph,
            bt_component_source_borrow_output_port_by_index_const(source, 0),
            bt_component_sink_borrow_input_port_by_index_const(sink, 0),
            NULL) == BT_GRAPH_CONNECT_PORTS_STATUS_OK);
    g_assert(bt_graph_run(graph) == BT_GRAPH_RUN_STATUS_OK);

    g_hash_table_unref(w->classes);
    bt_stream_put_ref(w->stream);
    bt_trace_put_ref(w->trace);
    bt_component_class_source_put_ref(class);
    bt_message_iterator_class_put_ref(iterator);
    bt_graph_put_ref(graph);
}

char *trace_folder_new(void)
{
    g_autoptr(GError) error = NULL;
    char *path = g_dir_make_tmp("sgbench-trace-XXXXXX", &error);

    g_assert_no_error(error);
    return path;
}

static void remove_tree(const char *path)
{
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    const char *name;

    while (dir && (name = g_dir_read_name(dir))) {
        g_autofree char *below = g_build_filename(path, name, NULL);

        if (g_file_test(below, G_FILE_TEST_IS_DIR) &&
            !g_file_test(below, G_FILE_TEST_IS_SYMLINK)) {
            remove_tree(below);
        } else {
            g_unlink(below);
        }
    }
    g_rmdir(path);
}

void trace_folder_remove(char *path)
{
    remove_tree(path);
    g_free(path);
}

char *trace_folder_stream(const char *path)
{
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    const char *name;

    while (dir && (name = g_dir_read_name(dir))) {
        g_autofree char *below = g_build_filename(path, name, NULL);
        char *found;

        if (g_file_test(below, G_FILE_TEST_IS_DIR)) {
            found = trace_folder_stream(below);
            if (found) {
                return found;
            }
        } else if (strcmp(name, "metadata") != 0) {
            return g_steal_pointer(&below);
        }
    }
    return NULL;
}
