/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The near end of a babeltrace2 graph: CTF traces below a folder, merged into
 * one stream of messages in order of time.
 */
#ifndef ANALYSIS_CTF_SOURCE_H
#define ANALYSIS_CTF_SOURCE_H

#include <glib.h>
#include <babeltrace2/babeltrace.h>

/*
 * Add sources for all @inputs (as for sgb_trace_feed) to @graph, with a muxer
 * behind them. Returns the muxer's output port, owned by @graph, or NULL with
 * an SGB_TRACE_ERROR.
 */
const bt_port_output *
sgb_ctf_add_sources(bt_graph *graph, const char *const *inputs, GError **error);

/* Set @error to SGB_TRACE_ERROR @code, "@folder: @what: CAUSE", where CAUSE is
 * what babeltrace2 has to say; takes babeltrace2's error of this thread. */
void sgb_ctf_set_error(GError **error, int code, const char *folder,
                       const char *what);

#endif
