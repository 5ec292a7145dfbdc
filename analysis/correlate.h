/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Puts the events of a trace together to requests. Feed it all messages in
 * order of time; it calls the sink.
 *
 * How events find their request:
 *  - (host, vpid, tag) for the HBA's and the SCSI layer's events;
 *  - (host, vpid, req) and (host, vpid, hdr) for those that have a handle only.
 *    Handles are reused, so they are forgotten as soon as the layer that owns
 *    them is done with the request;
 *  - (host, tag) between the initiator and QEMU, which are different processes:
 *    the initiator's tags are unique in a run.
 *
 * A request ends with the initiator's sgbench:complete if the initiator posted
 * it, and with the HBA's response otherwise. Inside a cell the HBA may be seen
 * to take, and even to answer, a request before the initiator got to say that
 * it has posted it: such a request waits for that until the end of its cell.
 */
#ifndef ANALYSIS_CORRELATE_H
#define ANALYSIS_CORRELATE_H

#include <babeltrace2/babeltrace.h>
#include "trace.h"

/* Requests kept at a time that have begun and not ended. Beyond, the oldest is
 * given up as unfinished, so that memory does not grow with the trace. */
#define SGB_CORRELATOR_OPEN_MAX 65536

/* Cells told apart; what comes after them is outside of any. */
#define SGB_CORRELATOR_CELLS_MAX 65536

typedef struct SgbCorrelator SgbCorrelator;

/* @sink and @counts must outlive it; @counts is added to. */
SgbCorrelator *sgb_correlator_new(const SgbTraceSink *sink,
                                  SgbTraceCounts *counts);

/* Take one message of any kind; borrowed for the call. */
void sgb_correlator_message(SgbCorrelator *c, const bt_message *message);

/* There is no more: give up what is open, end the cells that have no end. */
void sgb_correlator_finish(SgbCorrelator *c);

void sgb_correlator_free(SgbCorrelator *c);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SgbCorrelator, sgb_correlator_free)

#endif
