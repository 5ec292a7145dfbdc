/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One sample of a run, from its JSON to figures.
 */
#ifndef REPORTS_SAMPLE_H
#define REPORTS_SAMPLE_H

#include <glib.h>
#include <json-glib/json-glib.h>
#include "run.h"

/*
 * Check and read @object, which is @where ("samples[3]", "line 7") of @file.
 * @latency is reset and gets its latencies. Returns the sample (sgb_sample_free) and the id of its cell in *@cell
 * (borrowed from @object), or NULL with SGB_REPORT_ERROR_FORMAT.
 */
SgbSample *sgb_sample_from_json(JsonObject *object, const char *file,
                                const char *where, SgbHistogram *latency,
                                const char **cell, GError **error);
/* Its other times into @times, which is reset. FALSE as above; *@there tells
 * whether it has any. */
gboolean sgb_sample_times(JsonObject *object, SgbTimes which, const char *file,
                          const char *where, SgbHistogram *times,
                          gboolean *there, GError **error);
void sgb_sample_free(SgbSample *sample);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SgbSample, sgb_sample_free)

#endif
