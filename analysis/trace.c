/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "trace.h"

#include <babeltrace2/babeltrace.h>

#include "correlate.h"
#include "ctf-source.h"

G_DEFINE_QUARK(sgb - trace - error - quark, sgb_trace_error)

static bt_graph_simple_sink_component_initialize_func_status
reader_initialize(bt_message_iterator *iterator, void *data)
{
    return BT_GRAPH_SIMPLE_SINK_COMPONENT_INITIALIZE_FUNC_STATUS_OK;
}

static bt_graph_simple_sink_component_consume_func_status
reader_consume(bt_message_iterator *iterator, void *data)
{
    SgbCorrelator *correlator = data;
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
        sgb_correlator_message(correlator, messages[i]);
        bt_message_put_ref(messages[i]);
    }
    return BT_GRAPH_SIMPLE_SINK_COMPONENT_CONSUME_FUNC_STATUS_OK;
}

static gboolean run_graph(bt_graph *graph, const char *path,
                          SgbCorrelator *correlator, GError **error)
{
    const bt_port_output *port = sgb_ctf_add_sources(graph, path, error);
    const bt_component_sink *sink;
    bt_graph_run_status status;

    if (!port) {
        return FALSE;
    }
    if (bt_graph_add_simple_sink_component(
            graph, "sgbench", reader_initialize, reader_consume, NULL,
            correlator, &sink) != BT_GRAPH_ADD_COMPONENT_STATUS_OK ||
        bt_graph_connect_ports(
            graph, port,
            bt_component_sink_borrow_input_port_by_index_const(sink, 0),
            NULL) != BT_GRAPH_CONNECT_PORTS_STATUS_OK) {
        sgb_ctf_set_error(error, SGB_TRACE_ERROR_OPEN, path,
                          "can't read this trace");
        return FALSE;
    }
    while ((status = bt_graph_run(graph)) == BT_GRAPH_RUN_STATUS_AGAIN) {
        g_usleep(1000);
    }
    if (status != BT_GRAPH_RUN_STATUS_OK) {
        sgb_ctf_set_error(error, SGB_TRACE_ERROR_DAMAGED, path,
                          "this trace is cut off or damaged");
        return FALSE;
    }
    return TRUE;
}

gboolean sgb_trace_read(const char *path, const SgbTraceSink *sink,
                        SgbTraceCounts *counts, GError **error)
{
    SgbTraceCounts own = {0};
    g_autoptr(SgbCorrelator) correlator = NULL;
    bt_graph *graph;
    gboolean ok;

    counts = counts ? counts : &own;
    *counts = (SgbTraceCounts){0};

    graph = bt_graph_create(0);
    if (!graph) {
        sgb_ctf_set_error(error, SGB_TRACE_ERROR_OPEN, path,
                          "babeltrace2 can't make a graph");
        return FALSE;
    }
    correlator = sgb_correlator_new(sink, counts);
    ok = run_graph(graph, path, correlator, error);
    sgb_correlator_finish(correlator);
    bt_graph_put_ref(graph);

    if (ok && counts->events == 0) {
        g_set_error(error, SGB_TRACE_ERROR, SGB_TRACE_ERROR_FOREIGN,
                    "%s: a trace without any event of QEMU's SCSI passthrough "
                    "or of sgbench (%" G_GUINT64_FORMAT " others, "
                    "%" G_GUINT64_FORMAT " lost)",
                    path, counts->events_other, counts->lost_events);
        return FALSE;
    }
    return ok;
}
