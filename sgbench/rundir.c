/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "error.h"
#include "rundir.h"

/*
 * The journal counts while run.json's outcome is "running", and only then: the
 * outcome and the samples it takes over change in one rename.
 */
struct RunDir {
    char *path;         /* absolute */
    char *json, *lines; /* run.json, samples.jsonl */
    JsonObject *header; /* all but the samples */
    gboolean changed;   /* the header may not be what is written */
    GString *samples;   /* those in run.json, a line each (a resumed run) */
    int journal;
    GHashTable *done; /* "ROUND CELL" */
};

static gboolean fail(GError **error, const char *format, ...)
    G_GNUC_PRINTF(2, 3);

static gboolean fail(GError **error, const char *format, ...)
{
    va_list ap;

    va_start(ap, format);
    if (error) {
        *error = g_error_new_valist(SGBENCH_ERROR, SGBENCH_ERROR_RESULTS,
                                    format, ap);
    }
    va_end(ap);
    return FALSE;
}

static RunDir *rundir_new(const char *path)
{
    RunDir *dir = g_new0(RunDir, 1);

    dir->path = g_canonicalize_filename(path, NULL);
    dir->json = g_build_filename(dir->path, "run.json", NULL);
    dir->lines = g_build_filename(dir->path, "samples.jsonl", NULL);
    dir->samples = g_string_new(NULL);
    dir->journal = -1;
    dir->done = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    return dir;
}

void rundir_free(RunDir *dir)
{
    if (dir) {
        if (dir->journal >= 0) {
            close(dir->journal);
        }
        if (dir->header) {
            json_object_unref(dir->header);
        }
        g_string_free(dir->samples, TRUE);
        g_hash_table_unref(dir->done);
        g_free(dir->path);
        g_free(dir->json);
        g_free(dir->lines);
        g_free(dir);
    }
}

const char *rundir_path(const RunDir *dir)
{
    return dir->path;
}

JsonObject *rundir_header(RunDir *dir)
{
    dir->changed = TRUE;
    return dir->header;
}

static char *sample_key(const char *cell, unsigned round)
{
    return g_strdup_printf("%u %s", round, cell);
}

gboolean rundir_has_sample(RunDir *dir, const char *cell, unsigned round)
{
    g_autofree char *key = sample_key(cell, round);

    return g_hash_table_contains(dir->done, key);
}

void rundir_record(RunDir *dir, const char *name, JsonObject *record)
{
    if (!json_object_has_member(dir->header, name)) {
        json_object_set_array_member(dir->header, name, json_array_new());
    }
    json_array_add_object_element(
        json_object_get_array_member(dir->header, name), record);
    dir->changed = TRUE;
}

void rundir_forget(RunDir *dir, const char *name)
{
    json_object_set_array_member(dir->header, name, json_array_new());
    dir->changed = TRUE;
}

/* ---- writing ---- */

/*
 * run.json, with @samples (whole lines) besides. They are text already and
 * stay text: making five thousand of them into JsonNodes and back would take
 * many times as long as writing them.
 */
static gboolean write_json(RunDir *dir, const GString *samples, GError **error)
{
    g_autoptr(JsonNode) node =
        json_node_init_object(json_node_alloc(), dir->header);
    g_autofree char *header = json_to_string(node, TRUE);
    g_autoptr(GString) text =
        g_string_sized_new(strlen(header) + samples->len * 5 / 4 + 64);
    g_autoptr(GError) fault = NULL;
    const char *line = samples->str;
    const char *end;

    g_string_append(text, header);
    g_assert(g_str_has_suffix(text->str, "\n}"));
    g_string_truncate(text, text->len - 2);
    g_string_append(text, ",\n  \"samples\" : [");
    for (; (end = strchr(line, '\n')); line = end + 1) {
        g_string_append(text, line == samples->str ? "\n" : ",\n");
        g_string_append_len(text, line, end - line);
    }
    g_string_append(text, "\n  ]\n}\n");
    if (!g_file_set_contents_full(dir->json, text->str, text->len,
                                  G_FILE_SET_CONTENTS_CONSISTENT |
                                      G_FILE_SET_CONTENTS_DURABLE,
                                  0644, &fault)) {
        return fail(error,
                    "%s: can't write run.json: %s; make room or mend "
                    "that, then go on with --resume",
                    dir->path, fault->message);
    }
    dir->changed = FALSE;
    return TRUE;
}

static gboolean open_journal(RunDir *dir, GError **error)
{
    dir->journal =
        open(dir->lines, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (dir->journal < 0) {
        return fail(error, "%s: can't open samples.jsonl: %s", dir->path,
                    g_strerror(errno));
    }
    /* Two writers would run every cell twice. A file system without locks is
     * no reason not to measure. */
    if (flock(dir->journal, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK) {
        return fail(error,
                    "%s: another sgbench is at work in this folder; "
                    "wait for it or choose another one",
                    dir->path);
    }
    return TRUE;
}

gboolean rundir_append(RunDir *dir, const Sample *sample, GError **error)
{
    g_autoptr(JsonNode) node = json_node_alloc();
    g_autofree char *json = NULL;
    g_autofree char *line = NULL;
    struct stat before;
    size_t length;
    ssize_t written;

    if (dir->changed && !write_json(dir, dir->samples, error)) {
        return FALSE;
    }
    json_node_init_object(node, NULL);
    json_node_take_object(node, sample_to_json(sample));
    json = json_to_string(node, FALSE);
    line = g_strconcat(json, "\n", NULL);
    length = strlen(line);

    /* No fsync: what is to be survived is the end of sgbench, and a disk that
     * is busy with the last cell would disturb the next. */
    written = fstat(dir->journal, &before);
    if (written == 0) {
        do {
            written = write(dir->journal, line, length);
        } while (written < 0 && errno == EINTR);
    }
    if (written != length) {
        int why = written < 0 ? errno : ENOSPC;

        if (written > 0 && ftruncate(dir->journal, before.st_size) < 0) {
            /* Readers leave out a last line that is not whole. */
        }
        return fail(error,
                    "%s: can't write to samples.jsonl: %s; what was "
                    "measured before is kept: make room, then go on with "
                    "--resume",
                    dir->path, g_strerror(why));
    }
    g_hash_table_add(dir->done, sample_key(sample->cell, sample->round));
    return TRUE;
}

gboolean rundir_finish(RunDir *dir, const char *outcome, const char *message,
                       GError **error)
{
    g_autoptr(GDateTime) now = g_date_time_new_now_utc();
    g_autofree char *finished = g_date_time_format_iso8601(now);
    g_autoptr(GString) samples = g_string_new(dir->samples->str);
    g_autoptr(GError) fault = NULL;
    g_autofree char *journal = NULL;
    JsonObject *run = json_object_get_object_member(dir->header, "run");

    if (!g_file_get_contents(dir->lines, &journal, NULL, &fault)) {
        return fail(error, "%s: can't read samples.jsonl: %s", dir->path,
                    fault->message);
    }
    g_string_append_len(
        samples, journal,
        strrchr(journal, '\n') ? strrchr(journal, '\n') + 1 - journal : 0);
    json_object_set_string_member(run, "finished", finished);
    json_object_set_string_member(run, "outcome", outcome);
    if (message) {
        /* It may quote a file name. */
        g_autofree char *valid = g_utf8_make_valid(message, -1);

        json_object_set_string_member(run, "message", valid);
    } else {
        json_object_remove_member(run, "message");
    }
    if (!write_json(dir, samples, error)) {
        return FALSE;
    }
    /* A journal that stays does no harm: the outcome says it is over. */
    g_unlink(dir->lines);
    return TRUE;
}

/* ---- a new run ---- */

static gboolean make_folder(const char *path, GError **error)
{
    g_autoptr(GError) fault = NULL;
    g_autoptr(GDir) folder = NULL;

    if (g_mkdir_with_parents(path, 0755) < 0) {
        return fail(error,
                    "%s: can't make this folder: %s; name another one "
                    "with --output",
                    path, g_strerror(errno));
    }
    folder = g_dir_open(path, 0, &fault);
    if (!folder) {
        return fail(error, "%s: can't read this folder: %s", path,
                    fault->message);
    }
    if (g_dir_read_name(folder)) {
        return fail(error,
                    "%s: this folder is not empty; name another one "
                    "with --output, or go on with its run with --resume",
                    path);
    }
    return TRUE;
}

RunDir *rundir_create(const char *path, JsonObject *header, GError **error)
{
    g_autoptr(RunDir) dir = rundir_new(path);

    dir->header = header;
    json_object_set_array_member(header, "verification", json_array_new());
    json_object_set_array_member(header, "reconciliation", json_array_new());
    if (!make_folder(dir->path, error) || !open_journal(dir, error) ||
        !write_json(dir, dir->samples, error)) {
        return NULL;
    }
    return g_steal_pointer(&dir);
}

/* ---- an old one ---- */

static gboolean has_member(JsonObject *object, const char *name,
                           JsonNodeType type)
{
    JsonNode *node = json_object_get_member(object, name);

    return node && JSON_NODE_TYPE(node) == type;
}

static const char *string_member(JsonObject *object, const char *name)
{
    JsonNode *node = json_object_get_member(object, name);

    return node && json_node_get_value_type(node) == G_TYPE_STRING
               ? json_node_get_string(node)
               : NULL;
}

/* Note the sample @node; FALSE if it is none. */
static gboolean note_sample(RunDir *dir, JsonNode *node)
{
    JsonObject *object;
    JsonNode *round;
    const char *cell;

    if (!JSON_NODE_HOLDS_OBJECT(node)) {
        return FALSE;
    }
    object = json_node_get_object(node);
    cell = string_member(object, "cell");
    round = json_object_get_member(object, "round");
    if (!cell || !round || json_node_get_value_type(round) != G_TYPE_INT64) {
        return FALSE;
    }
    g_hash_table_add(dir->done, sample_key(cell, json_node_get_int(round)));
    return TRUE;
}

static gboolean check_header(RunDir *dir, GError **error)
{
    static const char *const arrays[] = {"targets",      "paths",
                                         "cells",        "samples",
                                         "verification", "reconciliation"};
    static const char *const objects[] = {"run", "job", "environment"};
    JsonNode *schema = json_object_get_member(dir->header, "schema");
    JsonObject *run;
    unsigned i;

    if (!schema || json_node_get_value_type(schema) != G_TYPE_INT64) {
        return fail(error, "%s is not a run", dir->json);
    }
    if (json_node_get_int(schema) != RUNDIR_SCHEMA_VERSION) {
        return fail(error,
                    "%s has version %" G_GINT64_FORMAT " of the schema; "
                    "this sgbench goes on with version %d only",
                    dir->json, json_node_get_int(schema),
                    RUNDIR_SCHEMA_VERSION);
    }
    for (i = 0; i < G_N_ELEMENTS(objects); i++) {
        if (!has_member(dir->header, objects[i], JSON_NODE_OBJECT)) {
            return fail(error, "%s has no object '%s': it is damaged",
                        dir->json, objects[i]);
        }
    }
    for (i = 0; i < G_N_ELEMENTS(arrays); i++) {
        if (!has_member(dir->header, arrays[i], JSON_NODE_ARRAY)) {
            return fail(error, "%s has no array '%s': it is damaged", dir->json,
                        arrays[i]);
        }
    }
    run = json_object_get_object_member(dir->header, "run");
    if (!string_member(run, "id") || !string_member(run, "outcome")) {
        return fail(error, "%s has no run id or outcome: it is damaged",
                    dir->json);
    }
    if (strcmp(string_member(run, "outcome"), "complete") == 0) {
        return fail(error,
                    "%s: this run is complete; there is nothing to go "
                    "on with",
                    dir->path);
    }
    return TRUE;
}

/* Take the samples out of the header. */
static gboolean take_samples(RunDir *dir, GError **error)
{
    JsonArray *array = json_object_get_array_member(dir->header, "samples");
    unsigned i;

    for (i = 0; i < json_array_get_length(array); i++) {
        JsonNode *node = json_array_get_element(array, i);
        g_autofree char *line = NULL;

        if (!note_sample(dir, node)) {
            return fail(error, "%s: sample %u is none: the file is damaged",
                        dir->json, i + 1);
        }
        line = json_to_string(node, FALSE);
        g_string_append(dir->samples, line);
        g_string_append_c(dir->samples, '\n');
    }
    json_object_remove_member(dir->header, "samples");
    return TRUE;
}

static gboolean read_header(RunDir *dir, GError **error)
{
    g_autoptr(JsonParser) parser = json_parser_new();
    g_autoptr(GError) fault = NULL;
    JsonNode *root;

    if (!json_parser_load_from_file(parser, dir->json, &fault)) {
        return fail(error, "%s: can't go on with this run: %s", dir->path,
                    fault->message);
    }
    root = json_parser_get_root(parser);
    if (!root || !JSON_NODE_HOLDS_OBJECT(root)) {
        return fail(error, "%s is not a run", dir->json);
    }
    dir->header = json_node_dup_object(root);
    return check_header(dir, error) && take_samples(dir, error);
}

/* Note what the journal has, and cut off a last line that is not whole. */
static gboolean read_journal(RunDir *dir, GError **error)
{
    g_autoptr(GError) fault = NULL;
    g_autofree char *text = NULL;
    unsigned number = 0;
    char *line, *end;

    if (!g_file_get_contents(dir->lines, &text, NULL, &fault)) {
        return fail(error, "%s: can't read samples.jsonl: %s", dir->path,
                    fault->message);
    }
    for (line = text; (end = strchr(line, '\n')); line = end + 1) {
        g_autoptr(JsonNode) node = NULL;

        *end = '\0';
        number++;
        node = json_from_string(line, NULL);
        if (!node || !note_sample(dir, node)) {
            return fail(error,
                        "%s:%u: not a sample; take the line out to go "
                        "on without it",
                        dir->lines, number);
        }
    }
    if (*line && ftruncate(dir->journal, line - text) < 0) {
        return fail(error, "%s: can't cut off the last line: %s", dir->lines,
                    g_strerror(errno));
    }
    return TRUE;
}

/* Locking it may just have made it, in the folder of a run that is over. */
static void drop_empty_journal(RunDir *dir)
{
    struct stat status;

    if (fstat(dir->journal, &status) == 0 && status.st_size == 0) {
        g_unlink(dir->lines);
    }
}

RunDir *rundir_resume(const char *path, RunDirCheck check, void *opaque,
                      GError **error)
{
    g_autoptr(RunDir) dir = rundir_new(path);
    JsonObject *run;
    gint64 resumed;

    if (!g_file_test(dir->json, G_FILE_TEST_EXISTS)) {
        fail(error, "%s: no run.json here; name the folder of a run",
             dir->path);
        return NULL;
    }
    if (!open_journal(dir, error)) {
        return NULL;
    }
    if (!read_header(dir, error) ||
        (check && !check(dir->header, opaque, error))) {
        drop_empty_journal(dir);
        return NULL;
    }
    run = json_object_get_object_member(dir->header, "run");
    if (strcmp(string_member(run, "outcome"), "running") != 0 &&
        ftruncate(dir->journal, 0) < 0) {
        fail(error, "%s: can't empty the journal: %s", dir->lines,
             g_strerror(errno));
        return NULL;
    }
    if (!read_journal(dir, error)) {
        return NULL;
    }
    resumed = json_object_get_int_member_with_default(run, "resumed", 0);
    json_object_set_int_member(run, "resumed", resumed + 1);
    json_object_set_string_member(run, "outcome", "running");
    json_object_remove_member(run, "finished");
    json_object_remove_member(run, "message");
    if (!write_json(dir, dir->samples, error)) {
        return NULL;
    }
    return g_steal_pointer(&dir);
}
