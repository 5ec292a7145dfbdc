/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One event of a trace: who emitted it, when, and its fields. Everything in a
 * trace is foreign: a field may be missing or of another type than the event
 * catalogue says.
 *
 * Traces have millions of events and few classes of them. Names are looked up
 * once per class; what an event costs is a slot in a small cache.
 */
#ifndef ANALYSIS_EVENT_H
#define ANALYSIS_EVENT_H

#include <glib.h>
#include <babeltrace2/babeltrace.h>

/* The fields that are read, by the catalogue's names (event.c). */
typedef enum SgbField {
    SGB_FIELD_ASC,
    SGB_FIELD_ASCQ,
    SGB_FIELD_BOUNCED,
    SGB_FIELD_BUFFERS,
    SGB_FIELD_BYTES,
    SGB_FIELD_CELL,
    SGB_FIELD_CHANNEL,
    SGB_FIELD_CMD,
    SGB_FIELD_DEPTH,
    SGB_FIELD_DEV,
    SGB_FIELD_DIR,
    SGB_FIELD_DIRECT,
    SGB_FIELD_DRIVER_STATUS,
    SGB_FIELD_ENTRIES,
    SGB_FIELD_HDR,
    SGB_FIELD_HELD,
    SGB_FIELD_HOST_NO,
    SGB_FIELD_HOST_STATUS,
    SGB_FIELD_ID,
    SGB_FIELD_INFLIGHT,
    SGB_FIELD_INFO,
    SGB_FIELD_KEY,
    SGB_FIELD_LEN,
    SGB_FIELD_LUN,
    SGB_FIELD_OPCODE,
    SGB_FIELD_PATH,
    SGB_FIELD_PIECES,
    SGB_FIELD_REASON,
    SGB_FIELD_REQ,
    SGB_FIELD_REQUESTS,
    SGB_FIELD_RESID,
    SGB_FIELD_RESPONSE,
    SGB_FIELD_RET,
    SGB_FIELD_ROUND,
    SGB_FIELD_SENSE,
    SGB_FIELD_STATUS,
    SGB_FIELD_TAG,
    SGB_FIELD_TRANSFER,
    SGB_FIELD_XFER,
    SGB_FIELD__COUNT,
} SgbField;

/* Where the fields of a class of events are. */
typedef struct SgbEventClass {
    const bt_event_class *class; /* a reference */
    gconstpointer handler;       /* what sgb_event_handler_func answered */
    gboolean has_clock;
    struct {
        int16_t index; /* in the payload; -1: not there */
        uint8_t type;  /* private to event.c */
    } field[SGB_FIELD__COUNT];
    struct {
        int16_t common, specific; /* in the event's contexts, or -1 */
        gboolean common_signed, specific_signed;
    } vpid, tid;
} SgbEventClass;

typedef struct SgbEvent {
    const SgbEventClass *class;
    uint64_t ns;             /* since the epoch, never 0 */
    const char *host;        /* environment's hostname, interned, or NULL */
    int64_t vpid;            /* context vpid; -1 if there is none */
    const bt_field *payload; /* structure, or NULL */
    const bt_event *event;
} SgbEvent;

/* What is done with events called @name ("provider:event"; "" if they have
 * none); NULL: nothing, and they are not read. */
typedef gconstpointer (*sgb_event_handler_func)(const char *name);

/* Remembers what the events of a trace have in common. */
typedef struct SgbEventReader SgbEventReader;

SgbEventReader *sgb_event_reader_new(sgb_event_handler_func handler);
void sgb_event_reader_free(SgbEventReader *reader);

/* The handler of event message @message; if there is one, @event is filled, and
 * valid as long as @message. */
gconstpointer sgb_event_read(SgbEventReader *reader, const bt_message *message,
                             SgbEvent *event);

/*
 * Get integer field @field whatever its width and signedness; a negative value
 * comes as its two's complement. FALSE if there is no such integer; *@value is
 * left alone then.
 */
gboolean sgb_event_integer(const SgbEvent *event, SgbField field,
                           uint64_t *value);

/* The same for what is used as 32 bits wide (tags, lengths); FALSE also if the
 * value is not one of 32 bits, signed or unsigned. */
gboolean sgb_event_uint32(const SgbEvent *event, SgbField field,
                          uint32_t *value);

/* String field @field, borrowed from the event; NULL if there is none. */
const char *sgb_event_string(const SgbEvent *event, SgbField field);

/* The thread that emitted @event: context vtid (UST), or tid (the kernel's
 * tracer, where it is the same number unless there are namespaces of process
 * ids); FALSE if the trace does not say. */
gboolean sgb_event_tid(const SgbEvent *event, int64_t *tid);

/* The bytes of payload member "cmnd" (a CDB, as the kernel's tracepoints have
 * it), at most @size; how many there were. */
size_t sgb_event_cdb(const SgbEvent *event, uint8_t *cdb, size_t size);

/* @text interned, but for that the @limit of different ones (counted in *@used)
 * is kept: beyond it, a text that was not interned before is "(others)". A
 * trace must not be able to fill the memory with names. */
const char *sgb_intern_bounded(const char *text, unsigned *used,
                               unsigned limit);

#endif
