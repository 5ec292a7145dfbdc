/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "note.h"

#include <string.h>

#include "json.h"
#include "stats.h"
#include "text.h"

static void note(GPtrArray *notes, SgbNoteKind kind, const char *label,
                 const char *format, ...) G_GNUC_PRINTF(4, 5);

static void note(GPtrArray *notes, SgbNoteKind kind, const char *label,
                 const char *format, ...)
{
    SgbNote *n = g_new0(SgbNote, 1);
    va_list ap;

    va_start(ap, format);
    n->text = g_strdup_vprintf(format, ap);
    va_end(ap);
    n->kind = kind;
    n->label = label;
    g_ptr_array_add(notes, n);
}

static void note_free(gpointer data)
{
    SgbNote *n = data;

    g_free(n->text);
    g_free(n);
}

static void add_outcome(GPtrArray *out, const SgbRun *run)
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
    note(out, SGB_NOTE_ALARM, "INCOMPLETE",
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

static void add_environment(GPtrArray *out, const SgbRun *run)
{
    JsonObject *e = sgb_json_object(run->json, "environment");
    JsonArray *warnings = sgb_json_array(e, "warnings");
    g_autofree char *builds = builds_text(sgb_json_object(e, "builds"));
    double memory = sgb_json_count(e, "memory") / (double)(1 << 30);

    note(out, SGB_NOTE_FACT, "machine",
         "%s, %s, %" G_GUINT64_FORMAT " CPUs (%s), %.1f GiB",
         sgb_json_string(e, "kernel"), sgb_json_string(e, "machine"),
         sgb_json_count(e, "cpus"), sgb_json_string(e, "cpu"), memory);
    if (sgb_json_count(e, "minor_fault")) {
        note(out, SGB_NOTE_FACT, "faults",
             "a minor page fault costs %.2g µs here",
             sgb_json_count(e, "minor_fault") / 1e3);
    }
    if (sgb_json_boolean(e, "lab")) {
        note(out, SGB_NOTE_LIMIT, "LAB",
             "a kernel in a process, on one CPU: times marked * are not those "
             "of a machine");
    }
    if (*builds) {
        note(out, SGB_NOTE_FACT, "QEMU", "%s", builds);
    }
    for (unsigned i = 0; warnings && i < json_array_get_length(warnings); i++) {
        JsonNode *node = json_array_get_element(warnings, i);

        if (JSON_NODE_HOLDS_VALUE(node) &&
            json_node_get_value_type(node) == G_TYPE_STRING) {
            note(out, SGB_NOTE_WARNING, "warning", "%s",
                 json_node_get_string(node));
        }
    }
}

static void add_rounds(GPtrArray *out, const SgbRun *run)
{
    JsonObject *job = sgb_json_object(run->json, "job");
    double seconds = sgb_json_number(job, "cell_seconds");

    g_autofree char *bytes = sgb_text_bytes(sgb_json_count(job, "cell_bytes"));

    if (sgb_json_count(job, "cell_bytes")) {
        note(out, SGB_NOTE_FACT, "rounds",
             "%u, each path started afresh in each; %s a cell%s", run->rounds,
             bytes, seconds > 0 ? ", or less where time ended it" : "");
    } else {
        note(out, SGB_NOTE_FACT, "rounds",
             "%u, each path started afresh in each; %g s a cell", run->rounds,
             seconds);
    }
    if (run->rounds < SGB_ROUNDS_FOR_VERDICT) {
        note(out, SGB_NOTE_LIMIT, "INDICATIVE",
             "fewer than the %d rounds that a verdict needs",
             SGB_ROUNDS_FOR_VERDICT);
    }
    if (g_strcmp0(sgb_json_string(job, "trace"), "on") == 0) {
        note(out, SGB_NOTE_LIMIT, "TRACED",
             "the timed rounds ran with tracing on: what it "
             "costs is in the figures (but not in native's)");
    }
    if (run->bad_lines) {
        note(out, SGB_NOTE_WARNING, "journal",
             "%u line%s cut off or damaged: left out", run->bad_lines,
             run->bad_lines == 1 ? " was" : "s were");
    }
}

static void add_verification(GPtrArray *out, const SgbRun *run)
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

            note(out, SGB_NOTE_ALARM, "MISMATCH", "%s by %s: WRONG DATA%s%s",
                 sgb_json_string(v, "target"), sgb_json_string(v, "path"),
                 message ? ": " : "", message ? message : "");
        }
    }
    if (n == 0) {
        note(out, SGB_NOTE_FACT, "data", "not verified on any path");
        return;
    }
    note(out, SGB_NOTE_FACT, "data", "verified: %u path%s; not verifiable: %u",
         verified, verified == 1 ? "" : "s", impossible);
}

/* One note for each target and operation. */
static void add_not_run(GPtrArray *out, const SgbRun *run)
{
    g_autoptr(GHashTable) not_run = sgb_run_not_run(run);
    g_autoptr(GHashTable) said =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    JsonArray *cells = sgb_json_array(run->json, "cells");

    for (unsigned i = 0; i < json_array_get_length(cells); i++) {
        JsonObject *cell = json_array_get_object_element(cells, i);
        const char *message =
            g_hash_table_lookup(not_run, sgb_json_string(cell, "id"));
        char *what;

        if (!message) {
            continue;
        }
        what = g_strdup_printf("%s on %s", sgb_json_string(cell, "operation"),
                               sgb_json_string(cell, "target"));
        if (g_hash_table_add(said, what)) { /* takes it over */
            note(out, SGB_NOTE_LIMIT, "NOT RUN",
                 "%s is not supported by target: skipped (%s)", what, message);
        }
    }
}

static void add_reconciliation(GPtrArray *out, const SgbRun *run)
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
            note(out, SGB_NOTE_ALARM, "TRACE", "%s: %s%s%s",
                 sgb_json_string(r, "cell"),
                 strcmp(result, "differs") == 0
                     ? "DIFFERS from what the initiator counted"
                     : result,
                 message ? ": " : "", message ? message : "");
        }
    }
    if (n == 0) {
        note(out, SGB_NOTE_FACT, "traces", "none");
        return;
    }
    note(out, SGB_NOTE_FACT, "traces",
         "%u of %u cells agree with the initiator in requests and bytes", agree,
         n);
    if (lost) {
        note(out, SGB_NOTE_ALARM, "TRACE",
             "%u cell%s lost %" G_GUINT64_FORMAT " events: nothing is claimed "
             "from the trace there",
             lost, lost == 1 ? "" : "s", lost_events);
    }
}

GPtrArray *sgb_run_notes(const SgbRun *run)
{
    GPtrArray *out = g_ptr_array_new_with_free_func(note_free);
    JsonObject *object = sgb_json_object(run->json, "run");
    JsonObject *job = sgb_json_object(run->json, "job");

    note(out, SGB_NOTE_FACT, "run", "%s, job %s, %s, sgbench %s",
         sgb_json_string(object, "id"), sgb_json_string(job, "name"),
         sgb_json_string(object, "started"), sgb_json_string(object, "tool"));
    add_outcome(out, run);
    add_environment(out, run);
    add_rounds(out, run);
    add_not_run(out, run);
    add_verification(out, run);
    add_reconciliation(out, run);
    return out;
}
static char *settings_text(JsonObject *settings)
{
    g_autoptr(GList) names = json_object_get_members(settings);
    GString *text = g_string_new(NULL);

    names = g_list_sort(names, (GCompareFunc)strcmp);
    for (GList *l = names; l; l = l->next) {
        JsonNode *node = json_object_get_member(settings, l->data);

        if (JSON_NODE_HOLDS_VALUE(node) &&
            json_node_get_value_type(node) == G_TYPE_STRING) {
            g_string_append_printf(text, "%s%s=%s", text->len ? " " : "",
                                   (char *)l->data, json_node_get_string(node));
        }
    }
    return g_string_free(text, FALSE);
}

/* The shape of the medium; the caller's. A tape has no number of blocks, and
 * its block size is the largest it takes. */
static char *medium_text(JsonObject *identity, gboolean timed)
{
    uint64_t block_size = sgb_json_count(identity, "block_size");
    uint64_t blocks = sgb_json_count(identity, "blocks");
    uint64_t physical = sgb_json_count(identity, "physical_block_size");
    g_autofree char *size = sgb_text_bytes(block_size);

    if (!timed) {
        return g_strdup_printf("%" G_GUINT64_FORMAT " storage elements",
                               blocks);
    }
    if (!blocks) {
        return g_strdup_printf("blocks of up to %s", size);
    }
    if (physical) {
        return g_strdup_printf("%" G_GUINT64_FORMAT "-byte blocks in physical "
                               "ones of %" G_GUINT64_FORMAT ", %.1f MiB",
                               block_size, physical,
                               (double)blocks * block_size / (1 << 20));
    }
    return g_strdup_printf("%" G_GUINT64_FORMAT "-byte blocks, %.1f MiB",
                           block_size, (double)blocks * block_size / (1 << 20));
}

GPtrArray *sgb_target_notes(JsonObject *target)
{
    GPtrArray *out = g_ptr_array_new_with_free_func(note_free);
    JsonObject *caps = sgb_json_object(target, "capabilities");
    JsonObject *identity = sgb_json_object(target, "identity");
    gboolean timed = !json_object_has_member(caps, "timed") ||
                     sgb_json_boolean(caps, "timed");
    g_autofree char *medium = medium_text(identity, timed);
    g_autofree char *settings =
        settings_text(sgb_json_object(target, "settings"));
    g_autofree char *largest =
        sgb_text_bytes(sgb_json_count(caps, "max_transfer"));
    g_autofree char *who =
        g_strdup_printf("%s, %s %s %s, %s", sgb_json_string(target, "kind"),
                        sgb_json_string(identity, "vendor"),
                        sgb_json_string(identity, "product"),
                        sgb_json_string(identity, "revision"), medium);
    g_autofree char *can = g_strdup_printf(
        "%s; %s; %s; %s; depth %" G_GUINT64_FORMAT ", %s a command",
        sgb_json_boolean(caps, "stores_data") ? "stores data"
                                              : "stores no data",
        sgb_json_boolean(caps, "reports_resid") ? "resid reported"
                                                : "resid not reported",
        sgb_json_boolean(caps, "kernel_sgio") ? "the kernel's SG_IO"
                                              : "no kernel SG_IO",
        sgb_json_boolean(caps, "machine_speed") ? "machine speed"
                                                : "NOT MACHINE SPEED (lab)",
        sgb_json_count(caps, "max_depth"), largest);

    note(out, SGB_NOTE_FACT, "what", "%s", who);
    note(out, SGB_NOTE_FACT, "can", "%s", can);
    if (*settings) {
        note(out, SGB_NOTE_FACT, "set", "%s", settings);
    }
    note(out, SGB_NOTE_FACT, "good for", "%s",
         sgb_json_string(caps, "verdicts"));
    return out;
}
