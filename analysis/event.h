/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One event of a trace: who emitted it, when, and its fields. Everything in a
 * trace is foreign: a field may be missing or of another type than the event
 * catalogue says.
 */
#ifndef ANALYSIS_EVENT_H
#define ANALYSIS_EVENT_H

#include <glib.h>
#include <babeltrace2/babeltrace.h>

typedef struct SgbEvent {
    const char *name;        /* "provider:event"; "" if it has none */
    uint64_t ns;             /* since the epoch, never 0 */
    const char *host;        /* environment's hostname, interned, or NULL */
    int64_t vpid;            /* context vpid; -1 if there is none */
    const bt_field *payload; /* structure, or NULL */
} SgbEvent;

/* Remembers what the events of a trace have in common; starts as zeros. */
typedef struct SgbEventReader {
    const bt_trace *trace; /* whose environment the rest is */
    const char *host;
    int64_t vpid; /* of a trace with one buffer per process */
} SgbEventReader;

/* Fill @event from event message @message, which must outlive it. */
void sgb_event_read(SgbEventReader *reader, const bt_message *message,
                    SgbEvent *event);

/*
 * Get integer field @name whatever its width and signedness; a negative value
 * comes as its two's complement. FALSE if there is no such integer; *@value is
 * left alone then.
 */
gboolean sgb_event_integer(const SgbEvent *event, const char *name,
                           uint64_t *value);

/* The same for what is used as 32 bits wide (tags, lengths); FALSE also if the
 * value is not one of 32 bits, signed or unsigned. */
gboolean sgb_event_uint32(const SgbEvent *event, const char *name,
                          uint32_t *value);

/* String field @name, borrowed from the event; NULL if there is none. */
const char *sgb_event_string(const SgbEvent *event, const char *name);

#endif
