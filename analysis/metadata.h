/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The metadata of a CTF trace, before babeltrace2 reads it. */
#ifndef ANALYSIS_METADATA_H
#define ANALYSIS_METADATA_H

#include <glib.h>

/*
 * Check that the packets of @folder's metadata are whole (CTF 1.8.3, 7.1):
 * babeltrace2 (2.0.4) reads one that is cut off for ever.
 * Metadata that is plain text, or can't be read, is left to it.
 * SGB_TRACE_ERROR_DAMAGED.
 */
gboolean sgb_metadata_check(const char *folder, GError **error);

#endif
