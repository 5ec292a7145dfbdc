/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <babeltrace2/babeltrace.h>

#include "analysis/ctf-source.h"
#include "analysis/trace.h"
#include "count.h"

GHashTable *counts_new(void)
{
    return g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
}

uint64_t counts_of(GHashTable *counts, const char *name)
{
    const uint64_t *count = g_hash_table_lookup(counts, name);

    return count ? *count : 0;
}

static void add(GHashTable *counts, const char *name, uint64_t n)
{
    uint64_t *count = g_hash_table_lookup(counts, name);

    if (!count) {
        count = g_new0(uint64_t, 1);
        g_hash_table_insert(counts, g_strdup(name), count);
    }
    *count += n;
}

static void take(GHashTable *counts, const bt_message *message)
{
    uint64_t lost = 1;

    if (bt_message_get_type(message) == BT_MESSAGE_TYPE_EVENT) {
        add(counts,
            bt_event_class_get_name(bt_event_borrow_class_const(
                bt_message_event_borrow_event_const(message))),
            1);
    } else if (bt_message_get_type(message) ==
               BT_MESSAGE_TYPE_DISCARDED_EVENTS) {
        bt_message_discarded_events_get_count(message, &lost);
        add(counts, "lost", lost);
    }
}

static bt_graph_simple_sink_component_initialize_func_status
sink_initialize(bt_message_iterator *iterator, void *data)
{
    return BT_GRAPH_SIMPLE_SINK_COMPONENT_INITIALIZE_FUNC_STATUS_OK;
}

static bt_graph_simple_sink_component_consume_func_status
sink_consume(bt_message_iterator *iterator, void *data)
{
    bt_message_array_const messages;
    uint64_t n;

    switch (bt_message_iterator_next(iterator, &messages, &n)) {
    case BT_MESSAGE_ITERATOR_NEXT_STATUS_OK:
        break;
    case BT_MESSAGE_ITERATOR_NEXT_STATUS_END:
        return BT_GRAPH_SIMPLE_SINK_COMPONENT_CONSUME_FUNC_STATUS_END;
    case BT_MESSAGE_ITERATOR_NEXT_STATUS_AGAIN:
        return BT_GRAPH_SIMPLE_SINK_COMPONENT_CONSUME_FUNC_STATUS_AGAIN;
    case BT_MESSAGE_ITERATOR_NEXT_STATUS_MEMORY_ERROR:
    case BT_MESSAGE_ITERATOR_NEXT_STATUS_ERROR:
    default:
        return BT_GRAPH_SIMPLE_SINK_COMPONENT_CONSUME_FUNC_STATUS_ERROR;
    }
    for (uint64_t i = 0; i < n; i++) {
        take(data, messages[i]);
        bt_message_put_ref(messages[i]);
    }
    return BT_GRAPH_SIMPLE_SINK_COMPONENT_CONSUME_FUNC_STATUS_OK;
}

gboolean count_events(const char *folder, GHashTable *counts, GError **error)
{
    const char *const inputs[] = {folder, NULL};
    bt_graph *graph = bt_graph_create(0);
    const bt_port_output *port = sgb_ctf_add_sources(graph, inputs, error);
    bt_graph_run_status status = BT_GRAPH_RUN_STATUS_OK;
    const bt_component_sink *sink;

    if (!port) {
        bt_graph_put_ref(graph);
        return FALSE;
    }
    if (bt_graph_add_simple_sink_component(graph, "count", sink_initialize,
                                           sink_consume, NULL, counts, &sink) ||
        bt_graph_connect_ports(
            graph, port,
            bt_component_sink_borrow_input_port_by_index_const(sink, 0),
            NULL)) {
        status = BT_GRAPH_RUN_STATUS_ERROR;
    }
    if (status == BT_GRAPH_RUN_STATUS_OK) {
        do {
            status = bt_graph_run(graph);
        } while (status == BT_GRAPH_RUN_STATUS_AGAIN);
    }
    bt_graph_put_ref(graph);
    if (status != BT_GRAPH_RUN_STATUS_OK) {
        sgb_ctf_set_error(error, SGB_TRACE_ERROR_DAMAGED, folder,
                          "this trace can't be read");
        return FALSE;
    }
    return TRUE;
}
