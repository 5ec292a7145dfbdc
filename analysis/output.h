/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Messages of a trace in, text, JSON, CSV or a timeline out: what `sgbench
 * analyze` and the plugin's sinks are made of.
 */
#ifndef ANALYSIS_OUTPUT_H
#define ANALYSIS_OUTPUT_H

#include <stdio.h>
#include <babeltrace2/babeltrace.h>
#include "analysis.h"
#include "options.h"

typedef struct SgbOutput SgbOutput;

/* A way to write: requests (and levels) one by one, and then nothing is
 * collected of them; or the views at the end, without request(). Any member but
 * the names may be NULL. */
typedef struct SgbOutputKind {
    const char *name; /* of `sgbench analyze --format` */
    const char *sink; /* of the component class */
    const char *help;
    SgbOutputs outputs; /* its bit */
    void (*begin)(SgbOutput *output);
    /* Called with what is selected only. */
    void (*request)(SgbOutput *output, const SgbRequest *request,
                    const SgbTraceCell *cell);
    void (*level)(SgbOutput *output, const SgbLevel *level);
    void (*end)(SgbOutput *output);
} SgbOutputKind;

extern const SgbOutputKind sgb_output_text, sgb_output_json, sgb_output_csv,
    sgb_output_timeline;

/* All of them, NULL-terminated. */
extern const SgbOutputKind *const sgb_output_kinds[];

/* For the kinds' own files. */
struct SgbOutput {
    const SgbOutputKind *kind;
    SgbOptions *options;
    FILE *file;
    gboolean opened;  /* ours to close */
    gboolean emptied; /* of what was in it before */
    int fault;        /* errno of a write that failed, or 0 */
    SgbTraceCounts counts;
    SgbAnalysis *analysis;
    GString *text;     /* not yet written; see sgb_output_flush() */
    uint64_t written;  /* requests */
    uint64_t left_out; /* beyond options->limit */
    gpointer private;  /* the kind's */
    GDestroyNotify private_free;
    struct SgbCorrelator *correlator;
    SgbTraceSink sink;
};

/* Takes @options, also if it fails: G_FILE_ERROR if its path can't be
 * written. */
SgbOutput *sgb_output_new(const SgbOutputKind *kind, SgbOptions *options,
                          GError **error);

/* Take one message of any kind; borrowed for the call. */
void sgb_output_message(SgbOutput *output, const bt_message *message);

/* Print what there is until now, without an end: of text only. */
gboolean sgb_output_refresh(SgbOutput *output, GError **error);

/* There is no more: write it all. G_FILE_ERROR if that fails. Once. */
gboolean sgb_output_finish(SgbOutput *output, GError **error);

void sgb_output_free(SgbOutput *output);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SgbOutput, sgb_output_free)

/* Write output->text if it has become long, or @all. */
void sgb_output_flush(SgbOutput *output, gboolean all);

/* Whether one more request may be written; counts it. */
gboolean sgb_output_admit(SgbOutput *output);

#endif
