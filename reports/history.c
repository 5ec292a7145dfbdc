/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <string.h>
#include <zlib.h>

#include "history-private.h"

/* How long to wait for another process's transaction, ms. */
#define PATIENCE 60000
#define SHORTEST_PREFIX 4

/*
 * Each brings a history from the version that is its index to the next. Never
 * changed once released; the last one's result is SGB_HISTORY_VERSION.
 */
static const char *const migrations[SGB_HISTORY_VERSION] = {
    "CREATE TABLE runs ("
    "  id TEXT PRIMARY KEY, job TEXT NOT NULL, started TEXT NOT NULL,"
    "  outcome TEXT NOT NULL, host TEXT NOT NULL, cpu TEXT NOT NULL,"
    "  kernel TEXT NOT NULL, rounds INTEGER NOT NULL,"
    "  samples INTEGER NOT NULL,"
    /* run.json and samples.jsonl, deflated, and their sizes before */
    "  run BLOB NOT NULL, run_size INTEGER NOT NULL,"
    "  journal BLOB, journal_size INTEGER);"
    "CREATE INDEX runs_started ON runs (started);"
    /* A cell's figure in its run; environment: what must be the same along a
     * series (sgb_series_environment). */
    "CREATE TABLE figures ("
    "  run TEXT NOT NULL REFERENCES runs ON DELETE CASCADE,"
    "  environment TEXT NOT NULL, target TEXT NOT NULL,"
    "  workload TEXT NOT NULL, path TEXT NOT NULL, figure TEXT NOT NULL,"
    "  rounds INTEGER NOT NULL, median REAL NOT NULL, low REAL NOT NULL,"
    "  high REAL NOT NULL,"
    "  PRIMARY KEY (environment, target, workload, path, figure, run)"
    ") WITHOUT ROWID;"
    "CREATE INDEX figures_run ON figures (run);",

    /* Which QEMU each figure is of, for what has changed where; known of new
     * imports only. And names for runs to compare with. */
    "ALTER TABLE figures ADD COLUMN build TEXT NOT NULL DEFAULT '';"
    "CREATE TABLE baselines ("
    "  name TEXT PRIMARY KEY,"
    "  run TEXT NOT NULL REFERENCES runs ON DELETE CASCADE);",
};

char *sgb_history_default(void)
{
    const char *set = g_getenv("SGBENCH_HISTORY");

    return set && *set ? g_strdup(set)
                       : g_build_filename(g_get_user_data_dir(), "sgbench",
                                          "history.db", NULL);
}

/* ---- SQLite ---- */

gboolean sgb_history_fail(SgbHistory *h, const char *doing, GError **error)
{
    int code = sqlite3_errcode(h->db);

    g_set_error(error, SGB_REPORT_ERROR,
                code == SQLITE_NOTADB || code == SQLITE_CORRUPT
                    ? SGB_REPORT_ERROR_FORMAT
                    : SGB_REPORT_ERROR_WRITE,
                "%s: can't %s: %s%s", h->file, doing, sqlite3_errmsg(h->db),
                code == SQLITE_BUSY ? "; another sgbench is at work on it"
                                    : "");
    return FALSE;
}

gboolean sgb_history_execute(SgbHistory *h, const char *sql, GError **error)
{
    return sqlite3_exec(h->db, sql, NULL, NULL, NULL) == SQLITE_OK ||
           sgb_history_fail(h, "change it", error);
}

sqlite3_stmt *sgb_history_prepare(SgbHistory *h, const char *sql,
                                  GError **error)
{
    sqlite3_stmt *statement = NULL;

    if (sqlite3_prepare_v2(h->db, sql, -1, &statement, NULL) != SQLITE_OK) {
        sgb_history_fail(h, "read it", error);
        return NULL;
    }
    return statement;
}

const char *sgb_history_text(sqlite3_stmt *row, int i)
{
    const char *text = (const char *)sqlite3_column_text(row, i);

    return text ? text : "";
}

/* A PRAGMA's number; -1 with an error. */
static gint64 number(SgbHistory *h, const char *sql, GError **error)
{
    g_autoptr(sqlite3_stmt) statement = sgb_history_prepare(h, sql, error);

    if (!statement) {
        return -1;
    }
    if (sqlite3_step(statement) != SQLITE_ROW) {
        sgb_history_fail(h, "read it", error);
        return -1;
    }
    return sqlite3_column_int64(statement, 0);
}

static gboolean check_version(SgbHistory *h, gint64 version, GError **error)
{
    gint64 magic = number(h, "PRAGMA application_id", error);
    gint64 tables = number(h, "SELECT count(*) FROM sqlite_master", error);

    if (version < 0 || magic < 0 || tables < 0) {
        return FALSE;
    }
    if (version == 0 && tables == 0) {
        return TRUE; /* new */
    }
    if (magic != SGB_HISTORY_MAGIC || version == 0) {
        g_set_error(error, SGB_REPORT_ERROR, SGB_REPORT_ERROR_FORMAT,
                    "%s: a database, but no history of sgbench", h->file);
        return FALSE;
    }
    if (version > SGB_HISTORY_VERSION) {
        g_set_error(error, SGB_REPORT_ERROR, SGB_REPORT_ERROR_FORMAT,
                    "%s: a history of version %" G_GINT64_FORMAT
                    ", this sgbench knows %d: use a newer one",
                    h->file, version, SGB_HISTORY_VERSION);
        return FALSE;
    }
    return TRUE;
}

/* What it is, at one point in time: another process may be about to make it a
 * history. FALSE: it is none, or can't be read. */
static gboolean read_version(SgbHistory *h, gint64 *version, GError **error)
{
    gboolean ok;

    if (!sgb_history_execute(h, "BEGIN", error)) {
        return FALSE;
    }
    *version = number(h, "PRAGMA user_version", error);
    ok = *version >= 0 && check_version(h, *version, error);
    sqlite3_exec(h->db, "ROLLBACK", NULL, NULL, NULL); /* nothing is changed */
    return ok;
}

/* One process brings it up to date, others wait and find it done. */
static gboolean migrate(SgbHistory *h, GError **error)
{
    gint64 version;

    if (!read_version(h, &version, error)) {
        return FALSE;
    }
    if (version == SGB_HISTORY_VERSION) {
        return TRUE;
    }
    if (!sgb_history_execute(h, "BEGIN IMMEDIATE", error)) {
        return FALSE;
    }
    version = number(h, "PRAGMA user_version", error);
    for (gint64 i = version; i >= 0 && i < SGB_HISTORY_VERSION; i++) {
        g_autofree char *done = g_strdup_printf("PRAGMA application_id = %d;"
                                                "PRAGMA user_version = %d",
                                                SGB_HISTORY_MAGIC, (int)i + 1);

        if (!sgb_history_execute(h, migrations[i], error) ||
            !sgb_history_execute(h, done, error)) {
            sqlite3_exec(h->db, "ROLLBACK", NULL, NULL, NULL);
            return FALSE;
        }
    }
    return sgb_history_execute(h, "COMMIT", error);
}

/* Of several that find a new file one changes it, and for the others SQLite
 * does not wait (sqlite3_busy_handler(): where waiting could be a deadlock). */
static gboolean write_ahead(SgbHistory *h, GError **error)
{
    gint64 end = g_get_monotonic_time() + PATIENCE * G_TIME_SPAN_MILLISECOND;
    int code;

    while ((code = sqlite3_exec(h->db, "PRAGMA journal_mode = WAL", NULL, NULL,
                                NULL)) == SQLITE_BUSY &&
           g_get_monotonic_time() < end) {
        g_usleep(5000);
    }
    return code == SQLITE_OK || sgb_history_fail(h, "change it", error);
}

SgbHistory *sgb_history_open(const char *file, gboolean create, GError **error)
{
    g_autoptr(SgbHistory) h = g_new0(SgbHistory, 1);
    g_autofree char *folder = g_path_get_dirname(file);

    h->file = g_strdup(file);
    if (!create && !g_file_test(file, G_FILE_TEST_EXISTS)) {
        g_set_error(error, SGB_REPORT_ERROR, SGB_REPORT_ERROR_OPEN,
                    "%s: no history yet; `sgbench history import RUN` begins "
                    "one",
                    file);
        return NULL;
    }
    if (create && g_mkdir_with_parents(folder, 0755) < 0) {
        g_set_error(error, SGB_REPORT_ERROR, SGB_REPORT_ERROR_WRITE,
                    "%s: can't make this folder: %s", folder,
                    g_strerror(errno));
        return NULL;
    }
    if (sqlite3_open_v2(file, &h->db,
                        SQLITE_OPEN_READWRITE |
                            (create ? SQLITE_OPEN_CREATE : 0),
                        NULL) != SQLITE_OK) {
        sgb_history_fail(h, "open it", error);
        return NULL;
    }
    sqlite3_busy_timeout(h->db, PATIENCE);
    /* What somebody else's file holds is data, never code. */
    sqlite3_db_config(h->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(h->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    if (!write_ahead(h, error) ||
        !sgb_history_execute(h,
                             "PRAGMA synchronous = FULL;"
                             "PRAGMA foreign_keys = ON",
                             error) ||
        !migrate(h, error)) {
        return NULL;
    }
    return g_steal_pointer(&h);
}

void sgb_history_close(SgbHistory *h)
{
    if (h) {
        sqlite3_close(h->db);
        g_free(h->file);
        g_free(h);
    }
}

/* ---- texts ---- */

static GBytes *inflate_one(sqlite3_stmt *row, int i)
{
    const void *blob = sqlite3_column_blob(row, i);
    gint64 size = sqlite3_column_int64(row, i + 1);
    uLongf length = size;
    guchar *text;

    if (!blob || size <= 0 || size > (gint64)SGB_BUNDLE_RUN_BYTES) {
        return NULL;
    }
    text = g_try_malloc(size);
    if (!text ||
        uncompress(text, &length, blob, sqlite3_column_bytes(row, i)) != Z_OK ||
        length != size) {
        g_free(text);
        return NULL;
    }
    return g_bytes_new_take(text, size);
}

gboolean sgb_history_inflate(SgbHistory *h, sqlite3_stmt *row, int i,
                             SgbBundleTexts *texts, GError **error)
{
    texts->run = inflate_one(row, i);
    if (sqlite3_column_type(row, i + 2) != SQLITE_NULL) {
        texts->journal = inflate_one(row, i + 2);
    }
    if (!texts->run ||
        (sqlite3_column_type(row, i + 2) != SQLITE_NULL && !texts->journal)) {
        g_set_error(error, SGB_REPORT_ERROR, SGB_REPORT_ERROR_FORMAT,
                    "%s: the text of a run is damaged", h->file);
        sgb_bundle_texts_clear(texts);
        return FALSE;
    }
    return TRUE;
}

gboolean sgb_history_texts(SgbHistory *h, const char *name,
                           SgbBundleTexts *texts, GError **error)
{
    g_autofree char *id = sgb_history_find(h, name, error);
    g_autoptr(sqlite3_stmt) row =
        id ? sgb_history_prepare(h,
                                 "SELECT run, run_size, journal, journal_size "
                                 "FROM runs WHERE id = ?",
                                 error)
           : NULL;

    if (!row) {
        return FALSE;
    }
    sqlite3_bind_text(row, 1, id, -1, SQLITE_STATIC);
    return sqlite3_step(row) == SQLITE_ROW
               ? sgb_history_inflate(h, row, 0, texts, error)
               : sgb_history_fail(h, "read a run of it", error);
}

SgbRun *sgb_history_load(SgbHistory *h, const char *name, GError **error)
{
    g_autofree char *path = g_strconcat("history:", name, NULL);
    g_auto(SgbBundleTexts) texts = {};

    return sgb_history_texts(h, name, &texts, error)
               ? sgb_run_parse(path, texts.run, texts.journal, error)
               : NULL;
}

/* ---- names ---- */

static void history_run_free(gpointer data)
{
    SgbHistoryRun *run = data;

    g_free(run->id);
    g_free(run->job);
    g_free(run->started);
    g_free(run->outcome);
    g_free(run->host);
    g_free(run->cpu);
    g_free(run->kernel);
    g_free(run->baselines);
    g_free(run);
}

GPtrArray *sgb_history_runs(SgbHistory *h, GError **error)
{
    g_autoptr(GPtrArray) runs =
        g_ptr_array_new_with_free_func(history_run_free);
    g_autoptr(sqlite3_stmt) row = sgb_history_prepare(
        h,
        "SELECT id, job, started, outcome, host, cpu, kernel, rounds,"
        "  (SELECT group_concat(name, ', ') FROM baselines WHERE run = id) "
        "FROM runs ORDER BY started, id",
        error);
    int status = SQLITE_DONE;

    while (row && (status = sqlite3_step(row)) == SQLITE_ROW) {
        SgbHistoryRun *run = g_new0(SgbHistoryRun, 1);

        run->id = g_strdup(sgb_history_text(row, 0));
        run->job = g_strdup(sgb_history_text(row, 1));
        run->started = g_strdup(sgb_history_text(row, 2));
        run->outcome = g_strdup(sgb_history_text(row, 3));
        run->host = g_strdup(sgb_history_text(row, 4));
        run->cpu = g_strdup(sgb_history_text(row, 5));
        run->kernel = g_strdup(sgb_history_text(row, 6));
        run->rounds = sqlite3_column_int64(row, 7);
        run->baselines = g_strdup(sgb_history_text(row, 8));
        g_ptr_array_add(runs, run);
    }
    if (!row || (status != SQLITE_DONE &&
                 !sgb_history_fail(h, "list its runs", error))) {
        return NULL;
    }
    return g_steal_pointer(&runs);
}

static char *find_by(SgbHistory *h, const char *sql, const char *name,
                     unsigned *n, GError **error)
{
    g_autoptr(sqlite3_stmt) row = sgb_history_prepare(h, sql, error);
    char *id = NULL;

    *n = 0;
    if (!row) {
        return NULL;
    }
    sqlite3_bind_text(row, 1, name, -1, SQLITE_STATIC);
    while (sqlite3_step(row) == SQLITE_ROW) {
        g_free(id);
        id = g_strdup(sgb_history_text(row, 0));
        (*n)++;
    }
    return id;
}

char *sgb_history_find(SgbHistory *h, const char *name, GError **error)
{
    g_autofree char *id = NULL;
    unsigned n;

    id =
        find_by(h, "SELECT run FROM baselines WHERE name = ?", name, &n, error);
    if (id) {
        return g_steal_pointer(&id);
    }
    if (strlen(name) >= SHORTEST_PREFIX) {
        id = find_by(h,
                     "SELECT id FROM runs WHERE substr(id, 1, length(?1)) = ?1",
                     name, &n, error);
        if (n == 1) {
            return g_steal_pointer(&id);
        }
        if (n > 1) {
            g_set_error(error, SGB_REPORT_ERROR, SGB_REPORT_ERROR_OPEN,
                        "%s: '%s' means %u runs; give more of the id", h->file,
                        name, n);
            return NULL;
        }
    }
    if (!error || !*error) {
        g_set_error(error, SGB_REPORT_ERROR, SGB_REPORT_ERROR_OPEN,
                    "%s: no run or baseline '%s'; `sgbench history list` has "
                    "them",
                    h->file, name);
    }
    return NULL;
}

/* Run @sql with one or two texts. */
static gboolean change(SgbHistory *h, const char *sql, const char *a,
                       const char *b, GError **error)
{
    g_autoptr(sqlite3_stmt) statement = sgb_history_prepare(h, sql, error);

    if (!statement) {
        return FALSE;
    }
    sqlite3_bind_text(statement, 1, a, -1, SQLITE_STATIC);
    if (b) {
        sqlite3_bind_text(statement, 2, b, -1, SQLITE_STATIC);
    }
    return sqlite3_step(statement) == SQLITE_DONE ||
           sgb_history_fail(h, "change it", error);
}

/* A name that could be an id would hide that run. */
static gboolean check_name(const char *name, GError **error)
{
    gboolean hex = TRUE;
    size_t length = strlen(name);

    for (const char *p = name; *p; p++) {
        if (!g_ascii_isalnum(*p) && !strchr("._-", *p)) {
            length = 0;
        }
        hex &= g_ascii_isxdigit(*p) || *p == '-';
    }
    if (length == 0 || length > 64 || (hex && length >= SHORTEST_PREFIX)) {
        g_set_error(error, SGB_REPORT_ERROR, SGB_REPORT_ERROR_FORMAT,
                    "'%s' can't name a baseline: up to 64 letters, digits, "
                    "'.', '_' and '-', and not what an id looks like",
                    name);
        return FALSE;
    }
    return TRUE;
}

gboolean sgb_history_name(SgbHistory *h, const char *name, const char *run,
                          GError **error)
{
    g_autofree char *id = run ? sgb_history_find(h, run, error) : NULL;

    if (!run) {
        if (!change(h, "DELETE FROM baselines WHERE name = ?", name, NULL,
                    error)) {
            return FALSE;
        }
        if (sqlite3_changes(h->db) == 0) {
            g_set_error(error, SGB_REPORT_ERROR, SGB_REPORT_ERROR_OPEN,
                        "%s: no baseline '%s'", h->file, name);
            return FALSE;
        }
        return TRUE;
    }
    return id && check_name(name, error) &&
           change(h,
                  "INSERT INTO baselines (name, run) VALUES (?1, ?2) "
                  "ON CONFLICT (name) DO UPDATE SET run = ?2",
                  name, id, error);
}

gboolean sgb_history_remove(SgbHistory *h, const char *run, GError **error)
{
    g_autofree char *id = sgb_history_find(h, run, error);

    return id && change(h, "DELETE FROM runs WHERE id = ?", id, NULL, error);
}
