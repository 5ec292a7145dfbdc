/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The babeltrace2 plugin "sgbench": what it has. */
#include "plugin-private.h"

BT_PLUGIN_MODULE();
BT_PLUGIN(sgbench);
BT_PLUGIN_DESCRIPTION(
    "SCSI passthrough of QEMU: where each request's time went");
BT_PLUGIN_LICENSE("GPL-2.0-or-later");

BT_PLUGIN_FILTER_COMPONENT_CLASS(requests, sgb_filter_next);
BT_PLUGIN_FILTER_COMPONENT_CLASS_DESCRIPTION(
    requests, "Add an event for each finished SCSI request.");
BT_PLUGIN_FILTER_COMPONENT_CLASS_HELP(
    requests, "babeltrace2-filter.sgbench.requests(7) has the details.");
BT_PLUGIN_FILTER_COMPONENT_CLASS_INITIALIZE_METHOD(requests,
                                                   sgb_filter_initialize);
BT_PLUGIN_FILTER_COMPONENT_CLASS_FINALIZE_METHOD(requests, sgb_filter_finalize);
BT_PLUGIN_FILTER_COMPONENT_CLASS_QUERY_METHOD(requests, sgb_filter_query);
BT_PLUGIN_FILTER_COMPONENT_CLASS_MESSAGE_ITERATOR_CLASS_INITIALIZE_METHOD(
    requests, sgb_filter_iterator_initialize);
BT_PLUGIN_FILTER_COMPONENT_CLASS_MESSAGE_ITERATOR_CLASS_FINALIZE_METHOD(
    requests, sgb_filter_iterator_finalize);

#define SINK(name, description)                                              \
    BT_PLUGIN_SINK_COMPONENT_CLASS(name, sgb_sink_consume);                  \
    BT_PLUGIN_SINK_COMPONENT_CLASS_DESCRIPTION(name, description);           \
    BT_PLUGIN_SINK_COMPONENT_CLASS_HELP(                                     \
        name, "babeltrace2-sink.sgbench." #name "(7) has the details.");     \
    BT_PLUGIN_SINK_COMPONENT_CLASS_INITIALIZE_METHOD(                        \
        name, sgb_sink_initialize_##name);                                   \
    BT_PLUGIN_SINK_COMPONENT_CLASS_FINALIZE_METHOD(name, sgb_sink_finalize); \
    BT_PLUGIN_SINK_COMPONENT_CLASS_GRAPH_IS_CONFIGURED_METHOD(               \
        name, sgb_sink_configured);                                          \
    BT_PLUGIN_SINK_COMPONENT_CLASS_QUERY_METHOD(name, sgb_sink_query_##name)

SINK(summary, "Print tables of SCSI requests: stages, latencies, depths.");
SINK(json, "Write the same tables as JSON.");
SINK(csv, "Write a line for each SCSI request.");
SINK(timeline, "Write SCSI requests as Chrome trace JSON, for Perfetto.");
