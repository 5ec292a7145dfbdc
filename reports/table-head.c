/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "table.h"

#include <string.h>

#include "json.h"
#include "text.h"

#define LABEL 11

static void line(GString *out, const char *label, const char *format, ...)
    G_GNUC_PRINTF(3, 4);

static void line(GString *out, const char *label, const char *format, ...)
{
    g_autofree char *text = NULL;
    va_list ap;

    va_start(ap, format);
    text = g_strdup_vprintf(format, ap);
    va_end(ap);
    sgb_text_paragraph(out, label, LABEL, text);
}

static void add_outcome(GString *out, const SgbRun *run)
{
    JsonObject *object = sgb_json_object(run->json, "run");
    const char *outcome = sgb_json_string(object, "outcome");
    const char *message = sgb_json_string(object, "message");
    unsigned samples = 0;

    if (run->complete) {
        return;
    }
    for (unsigned i = 0; i < run->cells->len; i++) {
        const SgbCell *cell = g_ptr_array_index(run->cells, i);

        samples += cell->samples->len;
    }
    line(out, "INCOMPLETE",
         "this run %s%s%s. %u of %" G_GUINT64_FORMAT " samples are there; what "
         "follows is what they say.",
         !outcome || strcmp(outcome, "running") == 0
             ? "is going on, or was killed"
         : strcmp(outcome, "interrupted") == 0 ? "was interrupted"
                                               : "failed",
         message ? ": " : "", message ? message : "", samples,
         (uint64_t)run->rounds * run->cells->len);
}

static char *builds_text(JsonObject *builds)
{
    GString *text = g_string_new(NULL);
    g_autoptr(GList) names = json_object_get_members(builds);

    names = g_list_sort(names, (GCompareFunc)strcmp);
    for (GList *l = names; l; l = l->next) {
        static const SgbJsonMember members[] = {
            {"version", SGB_JSON_STRING, TRUE},
            {"key", SGB_JSON_STRING, TRUE},
            {NULL},
        };
        JsonNode *node = json_object_get_member(builds, l->data);
        JsonObject *build =
            JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
        const char *version = NULL, *key = NULL;

        if (build && sgb_json_check(build, members, "", "", NULL)) {
            version = sgb_json_string(build, "version");
            key = sgb_json_string(build, "key");
        }
        g_string_append_printf(text, "%s%s %s (%s)", text->len ? ", " : "",
                               (char *)l->data, version ? version : "?",
                               key ? key : "key not known");
    }
    return g_string_free(text, FALSE);
}

static void add_environment(GString *out, const SgbRun *run)
{
    JsonObject *e = sgb_json_object(run->json, "environment");
    JsonArray *warnings = sgb_json_array(e, "warnings");
    g_autofree char *builds = builds_text(sgb_json_object(e, "builds"));
    double memory = sgb_json_count(e, "memory") / (double)(1 << 30);

    line(out, "machine", "%s, %s, %" G_GUINT64_FORMAT " CPUs (%s), %.1f GiB",
         sgb_json_string(e, "kernel"), sgb_json_string(e, "machine"),
         sgb_json_count(e, "cpus"), sgb_json_string(e, "cpu"), memory);
    if (sgb_json_count(e, "minor_fault")) {
        line(out, "faults", "a minor page fault costs %.2g µs here",
             sgb_json_count(e, "minor_fault") / 1e3);
    }
    if (sgb_json_boolean(e, "lab")) {
        line(out, "LAB",
             "a kernel in a process, on one CPU: times marked * are not those "
             "of a machine");
    }
    if (*builds) {
        line(out, "QEMU", "%s", builds);
    }
    for (unsigned i = 0; warnings && i < json_array_get_length(warnings); i++) {
        JsonNode *node = json_array_get_element(warnings, i);

        if (JSON_NODE_HOLDS_VALUE(node) &&
            json_node_get_value_type(node) == G_TYPE_STRING) {
            line(out, "warning", "%s", json_node_get_string(node));
        }
    }
}

static void add_rounds(GString *out, const SgbRun *run)
{
    JsonObject *job = sgb_json_object(run->json, "job");
    double seconds = sgb_json_number(job, "cell_seconds");

    g_autofree char *bytes = sgb_text_bytes(sgb_json_count(job, "cell_bytes"));

    if (sgb_json_count(job, "cell_bytes")) {
        line(out, "rounds", "%u, each path started afresh in each; %s a cell%s",
             run->rounds, bytes,
             seconds > 0 ? ", or less where time ended it" : "");
    } else {
        line(out, "rounds", "%u, each path started afresh in each; %g s a cell",
             run->rounds, seconds);
    }
    if (run->rounds < SGB_ROUNDS_FOR_VERDICT) {
        line(out, "INDICATIVE", "fewer than the %d rounds that a verdict needs",
             SGB_ROUNDS_FOR_VERDICT);
    }
    if (g_strcmp0(sgb_json_string(job, "trace"), "on") == 0) {
        line(out, "TRACED",
             "the timed rounds ran with tracing on: what it "
             "costs is in the figures (but not in native's)");
    }
    if (run->bad_lines) {
        line(out, "journal", "%u line%s cut off or damaged: left out",
             run->bad_lines, run->bad_lines == 1 ? " was" : "s were");
    }
}

static void add_verification(GString *out, const SgbRun *run)
{
    JsonArray *all = sgb_json_array(run->json, "verification");
    unsigned n = all ? json_array_get_length(all) : 0;
    unsigned verified = 0, impossible = 0;

    for (unsigned i = 0; i < n; i++) {
        JsonObject *v = json_array_get_object_element(all, i);
        const char *result = sgb_json_string(v, "result");

        if (strcmp(result, "verified") == 0) {
            verified++;
        } else if (strcmp(result, "not verifiable") == 0) {
            impossible++;
        } else {
            const char *message = sgb_json_string(v, "message");

            line(out, "MISMATCH", "%s by %s: WRONG DATA%s%s",
                 sgb_json_string(v, "target"), sgb_json_string(v, "path"),
                 message ? ": " : "", message ? message : "");
        }
    }
    if (n == 0) {
        line(out, "data", "not verified on any path");
        return;
    }
    line(out, "data", "verified: %u path%s; not verifiable: %u", verified,
         verified == 1 ? "" : "s", impossible);
}

static void add_reconciliation(GString *out, const SgbRun *run)
{
    JsonArray *all = sgb_json_array(run->json, "reconciliation");
    unsigned n = all ? json_array_get_length(all) : 0;
    unsigned agree = 0, lost = 0;
    uint64_t lost_events = 0;

    for (unsigned i = 0; i < n; i++) {
        JsonObject *r = json_array_get_object_element(all, i);
        const char *result = sgb_json_string(r, "result");
        const char *message = sgb_json_string(r, "message");

        if (strcmp(result, "agrees") == 0) {
            agree++;
        } else if (strcmp(result, "events lost") == 0) {
            lost++;
            lost_events += sgb_json_count(r, "lost_events");
        } else {
            line(out, "TRACE", "%s: %s%s%s", sgb_json_string(r, "cell"),
                 strcmp(result, "differs") == 0
                     ? "DIFFERS from what the initiator counted"
                     : result,
                 message ? ": " : "", message ? message : "");
        }
    }
    if (n == 0) {
        line(out, "traces", "none");
        return;
    }
    line(out, "traces",
         "%u of %u cells agree with the initiator in requests and bytes", agree,
         n);
    if (lost) {
        line(out, "TRACE",
             "%u cell%s lost %" G_GUINT64_FORMAT " events: nothing is claimed "
             "from the trace there",
             lost, lost == 1 ? "" : "s", lost_events);
    }
}

void sgb_table_head(GString *out, const SgbRun *run)
{
    JsonObject *object = sgb_json_object(run->json, "run");
    JsonObject *job = sgb_json_object(run->json, "job");

    line(out, "run", "%s, job %s, %s, sgbench %s",
         sgb_json_string(object, "id"), sgb_json_string(job, "name"),
         sgb_json_string(object, "started"), sgb_json_string(object, "tool"));
    add_outcome(out, run);
    add_environment(out, run);
    add_rounds(out, run);
    add_verification(out, run);
    add_reconciliation(out, run);
}
