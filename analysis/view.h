/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What can be looked at in an analysis: a table of views, each as text for
 * people and as JSON for machines.
 */
#ifndef ANALYSIS_VIEW_H
#define ANALYSIS_VIEW_H

#include <glib.h>
#include <json-glib/json-glib.h>
#include "analysis.h"

typedef struct SgbView {
    const char *name;
    const char *help;
    /* Append a section, or nothing if there is nothing to say. */
    void (*text)(const SgbAnalysis *a, GString *to);
    /* Add members to the object that @to is in. */
    void (*json)(const SgbAnalysis *a, JsonBuilder *to);
} SgbView;

extern const SgbView sgb_view_summary, sgb_view_stages, sgb_view_latency,
    sgb_view_depth, sgb_view_top, sgb_view_errors;

/* All of them, in the order in which they are printed; NULL-terminated. */
extern const SgbView *const sgb_views[];

/* The view called @name, or NULL. */
const SgbView *sgb_view_find(const char *name);

/* Append what the trace lacks, or nothing; the summary has it, too. */
void sgb_view_append_lost(const SgbTraceCounts *c, GString *to);

/* Helpers for views: a member with its value. */
void sgb_view_add_integer(JsonBuilder *to, const char *name, int64_t value);
void sgb_view_add_double(JsonBuilder *to, const char *name, double value);
void sgb_view_add_string(JsonBuilder *to, const char *name, const char *value);

/* Members count, sum, min, mean, p50, p90, p99, p999, max of @h, in ns. */
void sgb_view_add_histogram(JsonBuilder *to, const SgbHistogram *h);

/* Call @text for each group that has finished requests, in order, with its
 * name; a blank line between them. */
void sgb_view_each_group(const SgbAnalysis *a, GString *to,
                         void (*text)(GString *to, const SgbMetrics *m,
                                      const char *name));

/* "READ(10), bounced" or what stands for the other groups; the caller's. */
char *sgb_group_name(const SgbGroup *group);

#endif
