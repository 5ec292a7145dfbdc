/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How often which event is in a trace.
 */
#ifndef FUZZ_COUNT_H
#define FUZZ_COUNT_H

#include <stdint.h>
#include <glib.h>

/* Add the events of the trace in @folder to @counts (char * -> uint64_t *, both
 * freed by the table). Lost ones count as "lost", scsi_sgio_path only if there
 * is data. FALSE with SGB_TRACE_ERROR. */
gboolean count_events(const char *folder, GHashTable *counts, GError **error);

/* An empty table; what it has for @name. */
GHashTable *counts_new(void);
uint64_t counts_of(GHashTable *counts, const char *name);

/* Add @n to what @counts has for @name. */
void counts_more(GHashTable *counts, const char *name, uint64_t n);

/* Add all of @more to @counts. */
void counts_add(GHashTable *counts, GHashTable *more);

#endif
