/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The sinks: an SgbOutput each, fed by whatever is upstream. */
#include "output.h"
#include "plugin-private.h"

typedef struct Sink {
    bt_message_iterator *iterator;
    SgbOutput *output;
    gboolean finished;
} Sink;

static bt_component_class_initialize_method_status
initialize(bt_self_component_sink *self_sink, const SgbOutputKind *kind,
           const bt_value *params)
{
    bt_self_component *self =
        bt_self_component_sink_as_self_component(self_sink);
    g_autoptr(SgbOptions) options = sgb_options_new();
    g_autoptr(GError) error = NULL;
    SgbOutput *output = NULL;
    Sink *sink;

    if (sgb_plugin_options(options, kind->outputs, params, NULL, NULL,
                           &error)) {
        output = sgb_output_new(kind, g_steal_pointer(&options), &error);
    }
    if (!output) {
        sgb_plugin_blame(self, error);
        return BT_COMPONENT_CLASS_INITIALIZE_METHOD_STATUS_ERROR;
    }
    if (bt_self_component_sink_add_input_port(self_sink, "in", NULL, NULL) !=
        BT_SELF_COMPONENT_ADD_PORT_STATUS_OK) {
        sgb_output_free(output);
        return BT_COMPONENT_CLASS_INITIALIZE_METHOD_STATUS_ERROR;
    }
    sink = g_new0(Sink, 1);
    sink->output = output;
    bt_self_component_set_data(self, sink);
    return BT_COMPONENT_CLASS_INITIALIZE_METHOD_STATUS_OK;
}

#define DEFINE_SINK(name, kind)                                               \
    bt_component_class_initialize_method_status sgb_sink_initialize_##name(   \
        bt_self_component_sink *self,                                         \
        bt_self_component_sink_configuration *configuration,                  \
        const bt_value *params, void *data)                                   \
    {                                                                         \
        return initialize(self, kind, params);                                \
    }                                                                         \
    bt_component_class_query_method_status sgb_sink_query_##name(             \
        bt_self_component_class_sink *self,                                   \
        bt_private_query_executor *executor, const char *object,              \
        const bt_value *params, void *data, const bt_value **result)          \
    {                                                                         \
        return sgb_plugin_query(object, (kind)->outputs, NULL, NULL, result); \
    }

DEFINE_SINK(summary, &sgb_output_text)
DEFINE_SINK(json, &sgb_output_json)
DEFINE_SINK(csv, &sgb_output_csv)
DEFINE_SINK(timeline, &sgb_output_timeline)

static Sink *sink_of(bt_self_component_sink *self)
{
    return bt_self_component_get_data(
        bt_self_component_sink_as_self_component(self));
}

bt_component_class_sink_graph_is_configured_method_status
sgb_sink_configured(bt_self_component_sink *self)
{
    Sink *sink = sink_of(self);

    return bt_message_iterator_create_from_sink_component(
               self, bt_self_component_sink_borrow_input_port_by_index(self, 0),
               &sink->iterator) ==
                   BT_MESSAGE_ITERATOR_CREATE_FROM_SINK_COMPONENT_STATUS_OK
               ? BT_COMPONENT_CLASS_SINK_GRAPH_IS_CONFIGURED_METHOD_STATUS_OK
               : BT_COMPONENT_CLASS_SINK_GRAPH_IS_CONFIGURED_METHOD_STATUS_ERROR;
}

/* Write it all, once. */
static gboolean finish(bt_self_component_sink *self, Sink *sink)
{
    g_autoptr(GError) error = NULL;

    if (sink->finished) {
        return TRUE;
    }
    sink->finished = TRUE;
    if (!sgb_output_finish(sink->output, &error)) {
        sgb_plugin_blame(bt_self_component_sink_as_self_component(self), error);
        return FALSE;
    }
    return TRUE;
}

bt_component_class_sink_consume_method_status
sgb_sink_consume(bt_self_component_sink *self)
{
    Sink *sink = sink_of(self);
    bt_message_array_const messages;
    uint64_t count;

    switch (bt_message_iterator_next(sink->iterator, &messages, &count)) {
    case BT_MESSAGE_ITERATOR_NEXT_STATUS_OK:
        break;
    case BT_MESSAGE_ITERATOR_NEXT_STATUS_AGAIN:
        return BT_COMPONENT_CLASS_SINK_CONSUME_METHOD_STATUS_AGAIN;
    case BT_MESSAGE_ITERATOR_NEXT_STATUS_END:
        return finish(self, sink)
                   ? BT_COMPONENT_CLASS_SINK_CONSUME_METHOD_STATUS_END
                   : BT_COMPONENT_CLASS_SINK_CONSUME_METHOD_STATUS_ERROR;
    case BT_MESSAGE_ITERATOR_NEXT_STATUS_MEMORY_ERROR:
        return BT_COMPONENT_CLASS_SINK_CONSUME_METHOD_STATUS_MEMORY_ERROR;
    case BT_MESSAGE_ITERATOR_NEXT_STATUS_ERROR:
    default:
        return BT_COMPONENT_CLASS_SINK_CONSUME_METHOD_STATUS_ERROR;
    }
    for (uint64_t i = 0; i < count; i++) {
        sgb_output_message(sink->output, messages[i]);
        bt_message_put_ref(messages[i]);
    }
    return BT_COMPONENT_CLASS_SINK_CONSUME_METHOD_STATUS_OK;
}

/* A graph that was interrupted, or failed: what there was is shown. */
void sgb_sink_finalize(bt_self_component_sink *self)
{
    Sink *sink = sink_of(self);

    if (sink->iterator && !sink->finished) {
        sgb_output_finish(sink->output, NULL);
    }
    bt_message_iterator_put_ref(sink->iterator);
    sgb_output_free(sink->output);
    g_free(sink);
}
