/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between the files of the plugin. */
#ifndef ANALYSIS_PLUGIN_PRIVATE_H
#define ANALYSIS_PLUGIN_PRIVATE_H

#include <babeltrace2/babeltrace.h>
#include "options.h"

/*
 * Set @options from @params, for a component of @outputs. A value may be a
 * string, an integer, or an array of these where a parameter may be given more
 * than once. FALSE with an SGB_OPTIONS_ERROR. @other, which may be NULL, is a
 * boolean parameter of the component's own.
 */
gboolean sgb_plugin_options(SgbOptions *options, SgbOutputs outputs,
                            const bt_value *params, const char *other,
                            gboolean *other_value, GError **error);

/* Answer query object "parameters": a map from their names to maps with
 * "argument" and "help". */
bt_component_class_query_method_status
sgb_plugin_query(const char *object, SgbOutputs outputs, const char *other,
                 const char *other_help, const bt_value **result);

/* Make @error the cause of a failure of @self. */
void sgb_plugin_blame(bt_self_component *self, const GError *error);

/* The filter's methods (plugin-filter.c) */
bt_message_iterator_class_next_method_status
sgb_filter_next(bt_self_message_iterator *self, bt_message_array_const messages,
                uint64_t capacity, uint64_t *count);
bt_component_class_initialize_method_status
sgb_filter_initialize(bt_self_component_filter *self,
                      bt_self_component_filter_configuration *configuration,
                      const bt_value *params, void *data);
void sgb_filter_finalize(bt_self_component_filter *self);
bt_component_class_query_method_status
sgb_filter_query(bt_self_component_class_filter *self,
                 bt_private_query_executor *executor, const char *object,
                 const bt_value *params, void *data, const bt_value **result);
bt_message_iterator_class_initialize_method_status
sgb_filter_iterator_initialize(
    bt_self_message_iterator *self,
    bt_self_message_iterator_configuration *configuration,
    bt_self_component_port_output *port);
void sgb_filter_iterator_finalize(bt_self_message_iterator *self);

/* The sinks' methods (plugin-sink.c); all share them but for two. */
bt_component_class_sink_consume_method_status
sgb_sink_consume(bt_self_component_sink *self);
void sgb_sink_finalize(bt_self_component_sink *self);
bt_component_class_sink_graph_is_configured_method_status
sgb_sink_configured(bt_self_component_sink *self);

#define SGB_SINK_METHODS(name)                                              \
    bt_component_class_initialize_method_status sgb_sink_initialize_##name( \
        bt_self_component_sink *self,                                       \
        bt_self_component_sink_configuration *configuration,                \
        const bt_value *params, void *data);                                \
    bt_component_class_query_method_status sgb_sink_query_##name(           \
        bt_self_component_class_sink *self,                                 \
        bt_private_query_executor *executor, const char *object,            \
        const bt_value *params, void *data, const bt_value **result)

SGB_SINK_METHODS(summary);
SGB_SINK_METHODS(json);
SGB_SINK_METHODS(csv);
SGB_SINK_METHODS(timeline);

#endif
