/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <zlib.h>

#include "block.h"
#include "figure.h"
#include "history-private.h"
#include "json.h"
#include "likeness.h"

static gboolean step(SgbHistory *h, sqlite3_stmt *statement, GError **error)
{
    int status = sqlite3_step(statement);

    sqlite3_reset(statement);
    return status == SQLITE_DONE || sgb_history_fail(h, "add to it", error);
}

static void bind(sqlite3_stmt *statement, int i, const char *text)
{
    sqlite3_bind_text(statement, i, text ? text : "", -1, SQLITE_TRANSIENT);
}

/* Deflated text at @i, its size before at @i + 1. */
static void bind_deflated(sqlite3_stmt *statement, int i, GBytes *text)
{
    gsize size;
    const void *data = g_bytes_get_data(text, &size);
    uLongf length = compressBound(size);
    guchar *deflated = g_malloc(length);

    g_assert(compress2(deflated, &length, data, size, 6) == Z_OK);
    sqlite3_bind_blob64(statement, i, deflated, length, g_free);
    sqlite3_bind_int64(statement, i + 1, size);
}

/* ---- figures ---- */

/* What tells the QEMU of @path: its key, or its version. */
static const char *build_of(const SgbRun *run, const char *path)
{
    static const SgbJsonMember members[] = {
        {"key", SGB_JSON_STRING, TRUE},
        {"version", SGB_JSON_STRING, TRUE},
        {NULL},
    };
    JsonObject *object = sgb_run_named(run, "paths", path);
    const char *name = object ? sgb_json_string(object, "build") : NULL;
    JsonObject *builds =
        sgb_json_object(sgb_json_object(run->json, "environment"), "builds");
    JsonNode *node = name ? json_object_get_member(builds, name) : NULL;
    JsonObject *build = node && JSON_NODE_HOLDS_OBJECT(node)
                            ? json_node_get_object(node)
                            : NULL;
    const char *key;

    if (!build || !sgb_json_check(build, members, "", "", NULL)) {
        return "";
    }
    key = sgb_json_string(build, "key");
    return key ? key : sgb_json_string(build, "version");
}

static gboolean add_cell(SgbHistory *h, sqlite3_stmt *statement,
                         const SgbRun *run, const SgbCell *cell, GError **error)
{
    const char *id = sgb_json_string(sgb_json_object(run->json, "run"), "id");
    g_autofree char *environment = sgb_series_environment(run, cell->target);
    g_autofree char *workload = sgb_cell_workload(cell);

    for (unsigned f = 0; f < SGB_FIGURE__COUNT; f++) {
        SgbInterval x = sgb_cell_interval(cell, f);

        if (x.n == 0 || !isfinite(x.median)) {
            continue;
        }
        bind(statement, 1, id);
        bind(statement, 2, environment);
        bind(statement, 3, cell->target);
        bind(statement, 4, workload);
        bind(statement, 5, cell->path);
        bind(statement, 6, sgb_figure_kinds[f].name);
        sqlite3_bind_int64(statement, 7, x.n);
        sqlite3_bind_double(statement, 8, x.median);
        sqlite3_bind_double(statement, 9, x.low);
        sqlite3_bind_double(statement, 10, x.high);
        bind(statement, 11, build_of(run, cell->path));
        if (!step(h, statement, error)) {
            return FALSE;
        }
    }
    return TRUE;
}

/* ---- a run ---- */

static unsigned samples_of(const SgbRun *run)
{
    unsigned n = 0;

    for (unsigned i = 0; i < run->cells->len; i++) {
        n += ((SgbCell *)g_ptr_array_index(run->cells, i))->samples->len;
    }
    return n;
}

static gboolean add_run(SgbHistory *h, const SgbRun *run,
                        const SgbBundleTexts *texts, GError **error)
{
    JsonObject *object = sgb_json_object(run->json, "run");
    JsonObject *environment = sgb_json_object(run->json, "environment");
    const char *outcome = sgb_json_string(object, "outcome");
    g_autoptr(sqlite3_stmt) statement = sgb_history_prepare(
        h,
        "INSERT INTO runs (id, job, started, outcome, host, cpu, kernel, "
        "rounds, samples, run, run_size, journal, journal_size) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        error);
    g_autoptr(sqlite3_stmt) figures = sgb_history_prepare(
        h,
        "INSERT OR IGNORE INTO figures (run, environment, target, workload, "
        "path, figure, rounds, median, low, high, build) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        error);

    if (!statement || !figures) {
        return FALSE;
    }
    bind(statement, 1, sgb_json_string(object, "id"));
    bind(statement, 2,
         sgb_json_string(sgb_json_object(run->json, "job"), "name"));
    bind(statement, 3, sgb_json_string(object, "started"));
    bind(statement, 4, outcome ? outcome : "running");
    bind(statement, 5, sgb_json_string(environment, "host"));
    bind(statement, 6, sgb_json_string(environment, "cpu"));
    bind(statement, 7, sgb_json_string(environment, "kernel"));
    sqlite3_bind_int64(statement, 8, run->rounds);
    sqlite3_bind_int64(statement, 9, samples_of(run));
    bind_deflated(statement, 10, texts->run);
    if (texts->journal) {
        bind_deflated(statement, 12, texts->journal);
    }
    if (!step(h, statement, error)) {
        return FALSE;
    }
    for (unsigned i = 0; i < run->cells->len; i++) {
        if (!add_cell(h, figures, run, g_ptr_array_index(run->cells, i),
                      error)) {
            return FALSE;
        }
    }
    return TRUE;
}

/* What is known of run @id: samples, or -1 if nothing is; is it complete? */
static gboolean look_up(SgbHistory *h, const char *id, gint64 *samples,
                        gboolean *complete, GError **error)
{
    g_autoptr(sqlite3_stmt) row = sgb_history_prepare(
        h, "SELECT samples, outcome = 'complete' FROM runs WHERE id = ?",
        error);
    int status;

    *samples = -1;
    *complete = FALSE;
    if (!row) {
        return FALSE;
    }
    bind(row, 1, id);
    status = sqlite3_step(row);
    if (status == SQLITE_ROW) {
        *samples = sqlite3_column_int64(row, 0);
        *complete = sqlite3_column_int(row, 1);
    }
    return status == SQLITE_ROW || status == SQLITE_DONE ||
           sgb_history_fail(h, "read it", error);
}

/* Make room for @run by taking away an earlier state of it; its names stay. */
static gboolean replace(SgbHistory *h, const SgbRun *run,
                        const SgbBundleTexts *texts, GError **error)
{
    const char *id = sgb_json_string(sgb_json_object(run->json, "run"), "id");
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(sqlite3_stmt) row = sgb_history_prepare(
        h, "SELECT name FROM baselines WHERE run = ?", error);

    if (!row) {
        return FALSE;
    }
    bind(row, 1, id);
    while (sqlite3_step(row) == SQLITE_ROW) {
        g_ptr_array_add(names, g_strdup(sgb_history_text(row, 0)));
    }
    sqlite3_reset(row);
    if (!sgb_history_remove(h, id, error) || !add_run(h, run, texts, error)) {
        return FALSE;
    }
    for (unsigned i = 0; i < names->len; i++) {
        if (!sgb_history_name(h, g_ptr_array_index(names, i), id, error)) {
            return FALSE;
        }
    }
    return TRUE;
}

static gboolean take(SgbHistory *h, const SgbRun *run,
                     const SgbBundleTexts *texts, SgbImport *import,
                     GError **error)
{
    const char *id = sgb_json_string(sgb_json_object(run->json, "run"), "id");
    gboolean complete;
    gint64 samples;

    if (!look_up(h, id, &samples, &complete, error)) {
        return FALSE;
    }
    if (samples < 0) {
        import->added++;
        return add_run(h, run, texts, error);
    }
    if (complete || samples_of(run) < samples ||
        (samples_of(run) == samples && !run->complete)) {
        import->known++;
        return TRUE;
    }
    import->replaced++;
    return replace(h, run, texts, error);
}

/* All of a run or nothing; the work before it is done outside of the
 * transaction, so that others need not wait for it. */
static gboolean import_texts(SgbHistory *h, const char *where,
                             const SgbBundleTexts *texts, SgbImport *import,
                             GError **error)
{
    g_autoptr(SgbRun) run =
        sgb_run_parse(where, texts->run, texts->journal, error);
    SgbImport before = *import;

    if (!run) {
        return FALSE;
    }
    if (!g_uuid_string_is_valid(
            sgb_json_string(sgb_json_object(run->json, "run"), "id"))) {
        g_set_error(error, SGB_REPORT_ERROR, SGB_REPORT_ERROR_FORMAT,
                    "%s: \"run.id\" is not a UUID", where);
        return FALSE;
    }
    if (!sgb_history_execute(h, "BEGIN IMMEDIATE", error)) {
        return FALSE;
    }
    if (!take(h, run, texts, import, error) ||
        !sgb_history_execute(h, "COMMIT", error)) {
        sqlite3_exec(h->db, "ROLLBACK", NULL, NULL, NULL);
        *import = before;
        return FALSE;
    }
    return TRUE;
}

/* ---- where from ---- */

static GBytes *read_file(const char *folder, const char *name, GError **cause)
{
    g_autofree char *file = g_build_filename(folder, name, NULL);
    char *text;
    gsize length;

    return g_file_get_contents(file, &text, &length, cause)
               ? g_bytes_new_take(text, length)
               : NULL;
}

static gboolean read_folder(const char *folder, SgbBundleTexts *texts,
                            GError **error)
{
    g_autoptr(GError) cause = NULL;

    texts->run = read_file(folder, "run.json", &cause);
    if (!texts->run) {
        g_set_error(error, SGB_REPORT_ERROR, SGB_REPORT_ERROR_OPEN,
                    "%s: not a run: %s", folder, cause->message);
        return FALSE;
    }
    texts->journal = read_file(folder, "samples.jsonl", NULL);
    return TRUE;
}

/* SQLite's files begin so (sqlite.org/fileformat2.html, 1.3). */
static gboolean is_database(const char *file)
{
    static const char magic[] = "SQLite format 3";
    char head[sizeof(magic)] = "";
    FILE *f =
        g_file_test(file, G_FILE_TEST_IS_REGULAR) ? fopen(file, "rb") : NULL;

    if (f) {
        if (fread(head, 1, sizeof(head), f) != sizeof(head)) {
            head[0] = '\0';
        }
        fclose(f);
    }
    return memcmp(head, magic, sizeof(magic)) == 0;
}

/* All runs of another history, which is not changed, and may be older. */
static gboolean import_history(SgbHistory *h, const char *file,
                               SgbImport *import, GError **error)
{
    g_autoptr(SgbHistory) other = g_new0(SgbHistory, 1);
    g_autoptr(sqlite3_stmt) row = NULL;
    gboolean ok = TRUE;
    int status = SQLITE_DONE;

    other->file = g_strdup(file);
    if (sqlite3_open_v2(file, &other->db, SQLITE_OPEN_READONLY, NULL) !=
        SQLITE_OK) {
        return sgb_history_fail(other, "open it", error);
    }
    sqlite3_busy_timeout(other->db, 10000);
    sqlite3_db_config(other->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(other->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    row = sgb_history_prepare(other,
                              "SELECT run, run_size, journal, journal_size "
                              "FROM runs ORDER BY started",
                              error);
    if (!row) {
        return FALSE;
    }
    while (ok && (status = sqlite3_step(row)) == SQLITE_ROW) {
        g_auto(SgbBundleTexts) texts = {};

        ok = sgb_history_inflate(other, row, 0, &texts, error) &&
             import_texts(h, file, &texts, import, error);
    }
    if (ok && status != SQLITE_DONE) {
        ok = sgb_history_fail(other, "read it", error);
    }
    sqlite3_finalize(g_steal_pointer(&row)); /* before its database */
    return ok;
}

gboolean sgb_history_import(SgbHistory *h, const char *where, SgbImport *import,
                            GError **error)
{
    g_auto(SgbBundleTexts) texts = {};

    if (is_database(where)) {
        return import_history(h, where, import, error);
    }
    return (g_file_test(where, G_FILE_TEST_IS_REGULAR)
                ? sgb_bundle_read(where, &texts, error)
                : read_folder(where, &texts, error)) &&
           import_texts(h, where, &texts, import, error);
}
