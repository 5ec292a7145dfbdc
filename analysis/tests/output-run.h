/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an output makes of a trace, for tests. */
#ifndef ANALYSIS_TESTS_OUTPUT_RUN_H
#define ANALYSIS_TESTS_OUTPUT_RUN_H

#include <glib.h>
#include <json-glib/json-glib.h>
#include "analysis/output.h"
#include "trace-writer.h"

/*
 * What @kind writes of the traces below @folder with @settings ("NAME=VALUE",
 * NULL-terminated, may be NULL). NULL with an error; the caller's.
 */
char *output_run(const char *folder, const SgbOutputKind *kind,
                 const char *const *settings, GError **error);

/* The same of what @w has. */
char *output_of(TraceWriter *w, const SgbOutputKind *kind,
                const char *const *settings);

/* Parse @text, which must be JSON; the caller's. */
JsonNode *output_json(const char *text);

/* Member @name of @object, an integer. */
int64_t output_integer(JsonObject *object, const char *name);

/* What is wrong with @text as Chrome trace JSON (Trace Event Format), or NULL;
 * the caller's. Slices of a track must nest and not overlap; *@slices are
 * counted. */
char *output_check_timeline(const char *text, unsigned *slices);

#endif
