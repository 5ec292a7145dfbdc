/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which requests of a trace are looked at. */
#ifndef ANALYSIS_SELECTION_H
#define ANALYSIS_SELECTION_H

#include "request.h"
#include "trace.h"

/* A point in time as a person names it. */
typedef struct SgbMoment {
    enum {
        SGB_MOMENT_NONE,
        SGB_MOMENT_ABSOLUTE, /* ns since the epoch */
        SGB_MOMENT_RELATIVE, /* ns since the first event of the trace */
        SGB_MOMENT_OF_DAY,   /* ns since midnight, local time, of its day */
    } kind;
    int64_t ns;
} SgbMoment;

/*
 * Parse "+SECONDS", "SECONDS" (since the epoch), "HH:MM:SS" or
 * "YYYY-MM-DD HH:MM:SS" (local time), each with up to nine digits behind a
 * point. FALSE if it is none.
 */
gboolean sgb_moment_parse(const char *text, SgbMoment *moment);

/* It in ns since the epoch, in a trace that begins at @begin_ns; @otherwise if
 * it is none. */
uint64_t sgb_moment_resolve(const SgbMoment *moment, uint64_t begin_ns,
                            uint64_t otherwise);

/* Zeros select all. A list matches if one of it does. */
typedef struct SgbSelection {
    SgbMoment from, to;
    GArray *tags, *luns, *opcodes, *lengths; /* uint64_t, or NULL: any */
    GPtrArray *devices, *cells; /* char * patterns (? *), or NULL */
} SgbSelection;

void sgb_selection_clear(SgbSelection *selection);

/* Whether @request, which began in @cell, is one of them, but for the time. */
gboolean sgb_selection_has(const SgbSelection *selection,
                           const SgbRequest *request, const SgbTraceCell *cell);

/* Whether @selection has a device called @device (NULL: none, a process's). */
gboolean sgb_selection_has_device(const SgbSelection *selection,
                                  const char *device);

#endif
