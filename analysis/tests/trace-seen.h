/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What comes out of a trace, for tests. */
#ifndef ANALYSIS_TESTS_TRACE_SEEN_H
#define ANALYSIS_TESTS_TRACE_SEEN_H

#include <glib.h>
#include "analysis/trace.h"
#include "trace-writer.h"

typedef struct Seen {
    GArray *requests; /* SgbRequest */
    GPtrArray *cells; /* cell name of each request, or "" */
    GString *order;   /* what was called, in order */
    GString *levels;  /* "KIND device=value;" in order */
    SgbTraceCounts counts;
} Seen;

/* All traces below @path. */
Seen *seen_read(const char *path, GError **error);

/* What @w has, through a file. */
Seen *seen_write_and_read(TraceWriter *w);

void seen_free(Seen *seen);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Seen, seen_free)

const SgbRequest *seen_nth(const Seen *seen, unsigned i);

#endif
