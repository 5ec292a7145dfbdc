/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "trace.h"

#include <babeltrace2/babeltrace.h>

#include "correlate.h"
#include "ctf-source.h"

/* How long to wait for a session's next packet. */
#define IDLE_US 10000

/* Batches of messages between two polls. */
#define POLL_BATCHES 256

G_DEFINE_QUARK(sgb - trace - error - quark, sgb_trace_error)

typedef struct Feed {
    void (*message)(void *opaque, const bt_message *message);
    gboolean (*poll)(void *opaque, gboolean idle);
    void *opaque;
} Feed;

static bt_graph_simple_sink_component_initialize_func_status
reader_initialize(bt_message_iterator *iterator, void *data)
{
    return BT_GRAPH_SIMPLE_SINK_COMPONENT_INITIALIZE_FUNC_STATUS_OK;
}

static bt_graph_simple_sink_component_consume_func_status
reader_consume(bt_message_iterator *iterator, void *data)
{
    const Feed *feed = data;
    bt_message_array_const messages;
    uint64_t count;

    switch (bt_message_iterator_next(iterator, &messages, &count)) {
    case BT_MESSAGE_ITERATOR_NEXT_STATUS_OK:
        break;
    case BT_MESSAGE_ITERATOR_NEXT_STATUS_END:
        return BT_GRAPH_SIMPLE_SINK_COMPONENT_CONSUME_FUNC_STATUS_END;
    case BT_MESSAGE_ITERATOR_NEXT_STATUS_AGAIN:
        return BT_GRAPH_SIMPLE_SINK_COMPONENT_CONSUME_FUNC_STATUS_AGAIN;
    case BT_MESSAGE_ITERATOR_NEXT_STATUS_MEMORY_ERROR:
        return BT_GRAPH_SIMPLE_SINK_COMPONENT_CONSUME_FUNC_STATUS_MEMORY_ERROR;
    case BT_MESSAGE_ITERATOR_NEXT_STATUS_ERROR:
    default:
        return BT_GRAPH_SIMPLE_SINK_COMPONENT_CONSUME_FUNC_STATUS_ERROR;
    }
    for (uint64_t i = 0; i < count; i++) {
        feed->message(feed->opaque, messages[i]);
        bt_message_put_ref(messages[i]);
    }
    return BT_GRAPH_SIMPLE_SINK_COMPONENT_CONSUME_FUNC_STATUS_OK;
}

static gboolean poll_feed(const Feed *feed, gboolean idle)
{
    return !feed->poll || feed->poll(feed->opaque, idle);
}

/* Until the end, an error or a poll that ends it. */
static bt_graph_run_once_status run(bt_graph *graph, const Feed *feed)
{
    bt_graph_run_once_status status;
    unsigned batches = 0;

    for (;;) {
        status = bt_graph_run_once(graph);
        if (status == BT_GRAPH_RUN_ONCE_STATUS_AGAIN) {
            if (!poll_feed(feed, TRUE)) {
                return BT_GRAPH_RUN_ONCE_STATUS_END;
            }
            g_usleep(IDLE_US);
        } else if (status != BT_GRAPH_RUN_ONCE_STATUS_OK) {
            return status;
        } else if (++batches % POLL_BATCHES == 0 && !poll_feed(feed, FALSE)) {
            return BT_GRAPH_RUN_ONCE_STATUS_END;
        }
    }
}

static gboolean run_graph(bt_graph *graph, const char *const *inputs,
                          Feed *feed, GError **error)
{
    const bt_port_output *port = sgb_ctf_add_sources(graph, inputs, error);
    const bt_component_sink *sink;
    gboolean live = FALSE;

    if (!port) {
        return FALSE;
    }
    for (const char *const *input = inputs; *input; input++) {
        live |= sgb_trace_is_live(*input);
    }
    if (bt_graph_add_simple_sink_component(graph, "sgbench", reader_initialize,
                                           reader_consume, NULL, feed, &sink) !=
            BT_GRAPH_ADD_COMPONENT_STATUS_OK ||
        bt_graph_connect_ports(
            graph, port,
            bt_component_sink_borrow_input_port_by_index_const(sink, 0),
            NULL) != BT_GRAPH_CONNECT_PORTS_STATUS_OK) {
        sgb_ctf_set_error(error, SGB_TRACE_ERROR_OPEN, inputs[0],
                          "can't read this trace");
        return FALSE;
    }
    if (run(graph, feed) != BT_GRAPH_RUN_ONCE_STATUS_END) {
        sgb_ctf_set_error(error,
                          live ? SGB_TRACE_ERROR_LIVE : SGB_TRACE_ERROR_DAMAGED,
                          inputs[0],
                          live ? "the session can't be followed"
                               : "this trace is cut off or damaged");
        return FALSE;
    }
    return TRUE;
}

gboolean sgb_trace_feed(const char *const *inputs,
                        void (*message)(void *opaque,
                                        const bt_message *message),
                        gboolean (*poll)(void *opaque, gboolean idle),
                        void *opaque, GError **error)
{
    Feed feed = {message, poll, opaque};
    bt_graph *graph = bt_graph_create(0);
    gboolean ok;

    if (!graph) {
        sgb_ctf_set_error(error, SGB_TRACE_ERROR_OPEN, inputs[0],
                          "babeltrace2 can't make a graph");
        return FALSE;
    }
    ok = run_graph(graph, inputs, &feed, error);
    bt_graph_put_ref(graph);
    return ok;
}

gboolean sgb_trace_check(const char *path, const SgbTraceCounts *counts,
                         GError **error)
{
    if (counts->events) {
        return TRUE;
    }
    g_set_error(error, SGB_TRACE_ERROR, SGB_TRACE_ERROR_FOREIGN,
                "%s: a trace without any event of QEMU's SCSI passthrough "
                "or of sgbench (%" G_GUINT64_FORMAT " others, "
                "%" G_GUINT64_FORMAT " lost)",
                path, counts->events_other, counts->lost_events);
    return FALSE;
}

static void feed_correlator(void *opaque, const bt_message *message)
{
    sgb_correlator_message(opaque, message);
}

gboolean sgb_trace_read(const char *path, const SgbTraceSink *sink,
                        SgbTraceCounts *counts, GError **error)
{
    const char *const inputs[] = {path, NULL};
    SgbTraceCounts own = {0};
    g_autoptr(SgbCorrelator) correlator = NULL;
    gboolean ok;

    counts = counts ? counts : &own;
    *counts = (SgbTraceCounts){0};
    correlator = sgb_correlator_new(sink, counts);
    ok = sgb_trace_feed(inputs, feed_correlator, NULL, correlator, error);
    sgb_correlator_finish(correlator);
    return ok && sgb_trace_check(path, counts, error);
}
