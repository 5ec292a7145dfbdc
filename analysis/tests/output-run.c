/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "output-run.h"

#include <string.h>
#include <glib/gstdio.h>

static void take(void *opaque, const bt_message *message)
{
    sgb_output_message(opaque, message);
}

char *output_run(const char *folder, const SgbOutputKind *kind,
                 const char *const *settings, GError **error)
{
    const char *const inputs[] = {folder, NULL};
    SgbOptions *options = sgb_options_new();
    g_autoptr(SgbOutput) output = NULL;
    g_autofree char *path = NULL;
    char *text = NULL;
    int fd = g_file_open_tmp("sgbench-output-XXXXXX", &path, NULL);

    g_assert_cmpint(fd, >=, 0);
    g_close(fd, NULL);
    options->path = g_strdup(path);
    for (; settings && *settings; settings++) {
        g_auto(GStrv) parts = g_strsplit(*settings, "=", 2);

        if (!sgb_options_set(options, kind->outputs, parts[0], parts[1],
                             error)) {
            sgb_options_free(options);
            g_unlink(path);
            return NULL;
        }
    }
    output = sgb_output_new(kind, options, error);
    g_assert_nonnull(output);
    if (sgb_trace_feed(inputs, take, NULL, output, error) &&
        sgb_output_finish(output, error)) {
        g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    }
    g_unlink(path);
    return text;
}

char *output_of(TraceWriter *w, const SgbOutputKind *kind,
                const char *const *settings)
{
    g_autoptr(GError) error = NULL;
    char *folder = trace_folder_new();
    g_autofree char *path = g_build_filename(folder, "t", NULL);
    char *text;

    trace_writer_write(w, path);
    text = output_run(folder, kind, settings, &error);
    g_assert_no_error(error);
    trace_folder_remove(folder);
    return text;
}

JsonNode *output_json(const char *text)
{
    g_autoptr(GError) error = NULL;
    JsonNode *node = json_from_string(text, &error);

    g_assert_no_error(error);
    g_assert_nonnull(node);
    return node;
}

int64_t output_integer(JsonObject *object, const char *name)
{
    g_assert_true(json_object_has_member(object, name));
    return json_object_get_int_member(object, name);
}

/* Ends of the slices of a track that are not over, outermost first. */
typedef struct Track {
    double ends[8];
    unsigned depth;
} Track;

static gboolean has(JsonObject *event, const char *name, GType type)
{
    JsonNode *node = json_object_get_member(event, name);

    if (!node || !JSON_NODE_HOLDS_VALUE(node)) {
        return FALSE;
    }
    /* A whole number may be written without a point. */
    return json_node_get_value_type(node) == type ||
           (type == G_TYPE_DOUBLE &&
            json_node_get_value_type(node) == G_TYPE_INT64);
}

static const char *check_slice(JsonObject *event, GHashTable *tracks)
{
    double begin, end;
    int64_t id;
    Track *track;

    if (!has(event, "ts", G_TYPE_DOUBLE) || !has(event, "dur", G_TYPE_DOUBLE) ||
        !has(event, "tid", G_TYPE_INT64) || !has(event, "cat", G_TYPE_STRING)) {
        return "a slice lacks ts, dur, tid or cat";
    }
    begin = json_object_get_double_member(event, "ts");
    end = begin + json_object_get_double_member(event, "dur");
    if (begin < 0 || end < begin) {
        return "a slice has a negative time";
    }
    id = json_object_get_int_member(event, "pid") << 32 |
         json_object_get_int_member(event, "tid");
    track = g_hash_table_lookup(tracks, &id);
    if (!track) {
        track = g_new0(Track, 1);
        g_hash_table_insert(tracks, g_memdup2(&id, sizeof(id)), track);
    }
    /* Within a rounding of the three digits. */
    while (track->depth && track->ends[track->depth - 1] <= begin + .0015) {
        track->depth--;
    }
    if (track->depth && track->ends[track->depth - 1] + .0015 < end) {
        return "a slice ends after the one that it is in";
    }
    if (track->depth == G_N_ELEMENTS(track->ends)) {
        return "slices are nested too deeply";
    }
    track->ends[track->depth++] = end;
    return NULL;
}

static const char *check_event(JsonObject *event, GHashTable *tracks,
                               unsigned *slices)
{
    const char *phase;

    if (!has(event, "ph", G_TYPE_STRING) ||
        !has(event, "name", G_TYPE_STRING) ||
        !has(event, "pid", G_TYPE_INT64)) {
        return "an event lacks ph, name or pid";
    }
    phase = json_object_get_string_member(event, "ph");
    if (strcmp(phase, "X") == 0) {
        ++*slices;
        return check_slice(event, tracks);
    }
    if (!json_object_has_member(event, "args")) {
        return "a counter or a name lacks args";
    }
    if (strcmp(phase, "M") == 0) {
        return NULL;
    }
    if (strcmp(phase, "C") != 0) {
        return "an event has a phase that is not ours";
    }
    if (!has(event, "ts", G_TYPE_DOUBLE)) {
        return "a counter lacks ts";
    }
    return json_object_get_int_member(
               json_object_get_object_member(event, "args"), "value") < 0
               ? "a counter is negative"
               : NULL;
}

char *output_check_timeline(const char *text, unsigned *slices)
{
    g_autoptr(JsonNode) root = json_from_string(text, NULL);
    g_autoptr(GHashTable) tracks =
        g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, g_free);
    JsonArray *events;

    *slices = 0;
    if (!root || !JSON_NODE_HOLDS_OBJECT(root)) {
        return g_strdup("not a JSON object");
    }
    if (!json_object_has_member(json_node_get_object(root), "traceEvents")) {
        return g_strdup("no traceEvents");
    }
    events =
        json_object_get_array_member(json_node_get_object(root), "traceEvents");
    for (unsigned i = 0; i < json_array_get_length(events); i++) {
        const char *fault = check_event(
            json_array_get_object_element(events, i), tracks, slices);

        if (fault) {
            return g_strdup_printf("event %u: %s", i, fault);
        }
    }
    return NULL;
}
