/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reports/history.h"

#include <signal.h>
#include <sqlite3.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "reports/json.h"
#include "reports/trend.h"
#include "run-writer.h"

static const FakeCell cells[] = {
    {"native", 1 << 20, 2000, 0.3},
    {"generic-bounce", 1 << 20, 800, 0.8, 197},
    {NULL},
};

static const FakeRun whole = {"complete", 3, 400, FALSE, FALSE, cells};

typedef struct Place {
    char *folder, *db;
} Place;

static void remove_tree(const char *path)
{
    const char *argv[] = {"rm", "-rf", path, NULL};

    g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL,
                 NULL, NULL, NULL, NULL);
}

static Place place_new(void)
{
    Place p = {.folder = g_dir_make_tmp("sgbench-history-XXXXXX", NULL)};

    p.db = g_build_filename(p.folder, "sub", "history.db", NULL);
    return p;
}

static void place_clear(Place *p)
{
    remove_tree(p->folder);
    g_free(p->folder);
    g_free(p->db);
}

static void edit(const char *folder, const char *from, const char *to)
{
    g_autofree char *text = fake_run_read(folder, "run.json");
    g_auto(GStrv) parts = g_strsplit(text, from, -1);
    g_autofree char *changed = g_strjoinv(to, parts);

    g_assert_nonnull(parts[1]);
    fake_run_replace(folder, "run.json", changed);
}

/* Run @number, made in minute @number; fake_run_remove it. */
static char *make_run(const FakeRun *run, unsigned number)
{
    char *folder = fake_run_write(run);
    g_autofree char *id =
        g_strdup_printf("%08x-1111-2222-3333-444444444444", number);
    g_autofree char *started =
        g_strdup_printf("2024-01-01T%02u:%02u:00Z", number / 60, number % 60);

    edit(folder, "00000000-1111-2222-3333-444444444444", id);
    edit(folder, "2024-01-01T00:00:00Z", started);
    return folder;
}

static void import_folder(SgbHistory *h, char *folder, SgbImport *import)
{
    g_autoptr(GError) error = NULL;

    sgb_history_import(h, folder, import, &error);
    g_assert_no_error(error);
    fake_run_remove(folder);
}

static SgbHistory *open_new(const Place *p)
{
    g_autoptr(GError) error = NULL;
    SgbHistory *h = sgb_history_open(p->db, TRUE, &error);

    g_assert_no_error(error);
    return h;
}

static unsigned count(SgbHistory *h)
{
    g_autoptr(GPtrArray) runs = sgb_history_runs(h, NULL);

    g_assert_nonnull(runs);
    return runs->len;
}

/* A number that @sql asks of the file. */
static gint64 ask(const Place *p, const char *sql)
{
    sqlite3_stmt *statement;
    sqlite3 *db;
    gint64 value;

    g_assert_cmpint(sqlite3_open(p->db, &db), ==, SQLITE_OK);
    g_assert_cmpint(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), ==,
                    SQLITE_OK);
    g_assert_cmpint(sqlite3_step(statement), ==, SQLITE_ROW);
    value = strstr(sql, "integrity")
                ? !strcmp((const char *)sqlite3_column_text(statement, 0), "ok")
                : sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    sqlite3_close(db);
    return value;
}

static void command(const Place *p, const char *sql)
{
    char *message = NULL;
    sqlite3 *db;

    g_assert_cmpint(sqlite3_open(p->db, &db), ==, SQLITE_OK);
    if (sqlite3_exec(db, sql, NULL, NULL, &message) != SQLITE_OK) {
        g_error("%s: %s", sql, message);
    }
    sqlite3_close(db);
}

static void test_round_trip(void)
{
    Place p = place_new();
    g_autoptr(GError) error = NULL;
    g_autoptr(SgbHistory) h = NULL;
    g_autoptr(SgbRun) run = NULL;
    g_auto(SgbBundleTexts) texts = {};
    g_autofree char *json = NULL;
    SgbImport import = {};
    char *folder = make_run(&whole, 1);

    g_assert_null(sgb_history_open(p.db, FALSE, &error));
    g_assert_error(error, SGB_REPORT_ERROR, SGB_REPORT_ERROR_OPEN);
    g_clear_error(&error);
    h = open_new(&p);
    json = fake_run_read(folder, "run.json");
    g_assert_true(sgb_history_import(h, folder, &import, &error));
    import_folder(h, folder, &import);
    g_assert_cmpuint(import.added, ==, 1);
    g_assert_cmpuint(import.known, ==, 1);
    g_assert_true(sgb_history_texts(h, "00000001", &texts, &error));
    g_assert_cmpmem(g_bytes_get_data(texts.run, NULL),
                    g_bytes_get_size(texts.run), json, strlen(json));
    g_assert_null(texts.journal);
    run = sgb_history_load(h, "00000001", &error);
    g_assert_no_error(error);
    g_assert_cmpuint(run->cells->len, ==, 2);
    g_assert_cmpstr(run->path, ==, "history:00000001");

    /* What is no run is not taken, and says why. */
    g_assert_false(sgb_history_import(h, "/nonexistent", &import, &error));
    g_assert_error(error, SGB_REPORT_ERROR, SGB_REPORT_ERROR_OPEN);
    g_clear_error(&error);
    folder = make_run(&whole, 2);
    edit(folder, "00000002-1111-2222-3333-444444444444", "../../evil");
    g_assert_false(sgb_history_import(h, folder, &import, &error));
    g_assert_error(error, SGB_REPORT_ERROR, SGB_REPORT_ERROR_FORMAT);
    g_assert_cmpuint(count(h), ==, 1);
    fake_run_remove(folder);
    place_clear(&p);
}

/* A run that goes on later: the state with more samples wins, names stay. */
static void test_unfinished(void)
{
    Place p = place_new();
    FakeRun going = whole, shorter = whole;
    g_autoptr(SgbHistory) h = open_new(&p);
    g_autoptr(GPtrArray) runs = NULL;
    g_autoptr(SgbRun) run = NULL;
    SgbImport import = {};

    going.outcome = "running";
    going.journal = TRUE;
    shorter.outcome = "interrupted";
    shorter.rounds = 2;
    import_folder(h, make_run(&shorter, 1), &import);
    g_assert_true(sgb_history_name(h, "mine", "0000", NULL));
    import_folder(h, make_run(&going, 1), &import);
    g_assert_cmpuint(import.replaced, ==, 1);
    run = sgb_history_load(h, "mine", NULL);
    g_assert_nonnull(run); /* its journal is there */
    import_folder(h, make_run(&shorter, 1), &import);
    g_assert_cmpuint(import.known, ==, 1);
    import_folder(h, make_run(&whole, 1), &import);
    g_assert_cmpuint(import.replaced, ==, 2);
    import_folder(h, make_run(&going, 1), &import);
    g_assert_cmpuint(import.known, ==, 2);
    runs = sgb_history_runs(h, NULL);
    g_assert_cmpuint(runs->len, ==, 1);
    g_assert_cmpstr(((SgbHistoryRun *)g_ptr_array_index(runs, 0))->outcome, ==,
                    "complete");
    g_assert_cmpstr(((SgbHistoryRun *)g_ptr_array_index(runs, 0))->baselines,
                    ==, "mine");
    place_clear(&p);
}

static void test_names(void)
{
    Place p = place_new();
    g_autoptr(SgbHistory) h = open_new(&p);
    g_autoptr(GError) error = NULL;
    g_autofree char *id = NULL;
    SgbImport import = {};

    import_folder(h, make_run(&whole, 0x10), &import);
    import_folder(h, make_run(&whole, 0x11), &import);
    g_assert_null(sgb_history_find(h, "0000001", &error)); /* two */
    g_assert_error(error, SGB_REPORT_ERROR, SGB_REPORT_ERROR_OPEN);
    g_clear_error(&error);
    g_assert_null(sgb_history_find(h, "000", NULL));
    g_assert_null(sgb_history_find(h, "release", NULL));
    g_assert_true(sgb_history_name(h, "release", "00000010", NULL));
    g_assert_true(sgb_history_name(h, "release", "00000011", NULL));
    id = sgb_history_find(h, "release", NULL);
    g_assert_true(g_str_has_prefix(id, "00000011"));
    g_assert_false(sgb_history_name(h, "beef", "release", &error));
    g_assert_error(error, SGB_REPORT_ERROR, SGB_REPORT_ERROR_FORMAT);
    g_clear_error(&error);
    g_assert_false(sgb_history_name(h, "no blanks", "release", NULL));
    g_assert_false(sgb_history_name(h, "", "release", NULL));
    g_assert_true(sgb_history_name(h, "release", NULL, NULL));
    g_assert_false(sgb_history_name(h, "release", NULL, NULL));

    g_assert_true(sgb_history_name(h, "gone", "00000010", NULL));
    g_assert_true(sgb_history_remove(h, "00000010", NULL));
    g_assert_null(sgb_history_find(h, "gone", NULL));
    g_assert_cmpuint(count(h), ==, 1);
    g_assert_cmpint(ask(&p, "SELECT count(DISTINCT run) FROM figures"), ==, 1);
    place_clear(&p);
}

/* ---- versions ---- */

/* Version 1 as it was, word for word: it must not follow the code. */
static const char version_1[] =
    "PRAGMA journal_mode = WAL;"
    "CREATE TABLE runs (id TEXT PRIMARY KEY, job TEXT NOT NULL, started TEXT "
    "NOT NULL, outcome TEXT NOT NULL, host TEXT NOT NULL, cpu TEXT NOT NULL, "
    "kernel TEXT NOT NULL, rounds INTEGER NOT NULL, samples INTEGER NOT NULL, "
    "run BLOB NOT NULL, run_size INTEGER NOT NULL, journal BLOB, journal_size "
    "INTEGER);"
    "CREATE INDEX runs_started ON runs (started);"
    "CREATE TABLE figures (run TEXT NOT NULL REFERENCES runs ON DELETE "
    "CASCADE, environment TEXT NOT NULL, target TEXT NOT NULL, workload TEXT "
    "NOT NULL, path TEXT NOT NULL, figure TEXT NOT NULL, rounds INTEGER NOT "
    "NULL, median REAL NOT NULL, low REAL NOT NULL, high REAL NOT NULL, "
    "PRIMARY KEY (environment, target, workload, path, figure, run)) WITHOUT "
    "ROWID;"
    "CREATE INDEX figures_run ON figures (run);"
    "PRAGMA application_id = 1397178952; PRAGMA user_version = 1";

/* Make @p's file one of version 1, with the runs that @h has. */
static void write_version_1(Place *p, const Place *from)
{
    g_autofree char *parent = g_path_get_dirname(p->db);
    g_autofree char *copy = g_strdup_printf(
        "ATTACH '%s' AS new; INSERT INTO runs SELECT * FROM new.runs; "
        "INSERT INTO figures SELECT run, environment, target, workload, path, "
        "figure, rounds, median, low, high FROM new.figures",
        from->db);

    g_assert_cmpint(g_mkdir_with_parents(parent, 0755), ==, 0);
    command(p, version_1);
    command(p, copy);
}

static void test_migration(void)
{
    Place new = place_new(), old = place_new();
    g_autoptr(SgbHistory) h = open_new(&new);
    g_autoptr(SgbHistory) migrated = NULL;
    g_autoptr(SgbRun) run = NULL;
    g_autoptr(GPtrArray) trends = NULL;
    g_autoptr(GError) error = NULL;
    SgbImport import = {};

    import_folder(h, make_run(&whole, 1), &import);
    import_folder(h, make_run(&whole, 2), &import);
    write_version_1(&old, &new);
    g_assert_cmpint(ask(&old, "PRAGMA user_version"), ==, 1);

    /* Another history takes it as it is. */
    g_assert_true(sgb_history_remove(h, "00000002", NULL));
    g_assert_true(sgb_history_import(h, old.db, &import, &error));
    g_assert_no_error(error);
    g_assert_cmpuint(import.added, ==, 3);
    g_assert_cmpuint(import.known, ==, 1);
    g_assert_cmpint(ask(&old, "PRAGMA user_version"), ==, 1);

    migrated = sgb_history_open(old.db, FALSE, &error);
    g_assert_no_error(error);
    g_assert_cmpint(ask(&old, "PRAGMA user_version"), ==, 2);
    g_assert_cmpuint(count(migrated), ==, 2);
    g_assert_true(sgb_history_name(migrated, "first", "00000001", NULL));
    run = sgb_history_load(migrated, "first", &error);
    g_assert_no_error(error);
    trends = sgb_history_trends(migrated, &sgb_trend_defaults, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(trends->len, ==, 4);
    import_folder(migrated, make_run(&whole, 3), &import);
    g_assert_cmpuint(count(migrated), ==, 3);
    place_clear(&new);
    place_clear(&old);
}

static void check_no_history(Place *p, const char *pattern)
{
    g_autoptr(GError) error = NULL;

    g_assert_null(sgb_history_open(p->db, TRUE, &error));
    g_assert_error(error, SGB_REPORT_ERROR, SGB_REPORT_ERROR_FORMAT);
    if (!g_pattern_match_simple(pattern, error->message)) {
        g_error("'%s' does not match '%s'", error->message, pattern);
    }
}

static void test_other_files(void)
{
    Place p = place_new();

    sgb_history_close(open_new(&p));
    command(&p, "PRAGMA user_version = 3");
    check_no_history(&p, "*version 3*newer*");
    command(&p, "PRAGMA user_version = 2; PRAGMA application_id = 5");
    check_no_history(&p, "*no history of sgbench");
    g_assert_true(g_file_set_contents(p.db,
                                      "these are no figures, only words "
                                      "that go on for a while, longer "
                                      "than a header of SQLite's, which "
                                      "is a hundred bytes",
                                      -1, NULL));
    check_no_history(&p, "*not a database*");
    place_clear(&p);
}

/* What a hostile history has in it is looked at like any other run. */
static void test_hostile_history(void)
{
    static const char *const damages[] = {
        "UPDATE runs SET run_size = 1 << 40",
        "UPDATE runs SET run_size = -1",
        "UPDATE runs SET run = x'0000'",
        "UPDATE runs SET run = 'text'",
        "UPDATE runs SET journal = x'00', journal_size = 5",
        "DROP TABLE figures; DROP TABLE runs",
        "DROP TABLE figures; DROP TABLE runs; CREATE VIEW runs AS SELECT "
        "load_extension('x') AS run, 1 AS run_size, 1 AS journal, 1 AS "
        "journal_size, 1 AS started",
    };
    Place mine = place_new();
    g_autoptr(SgbHistory) h = open_new(&mine);

    for (unsigned i = 0; i < G_N_ELEMENTS(damages); i++) {
        Place p = place_new();
        SgbHistory *other = open_new(&p);
        g_autoptr(GError) error = NULL;
        SgbImport import = {};

        import_folder(other, make_run(&whole, 1), &import);
        sgb_history_close(other);
        command(&p, damages[i]);
        g_assert_false(sgb_history_import(h, p.db, &import, &error));
        g_assert_true(error->domain == SGB_REPORT_ERROR);
        g_assert_cmpuint(count(h), ==, 0);
        place_clear(&p);
    }
    place_clear(&mine);
}

/* ---- several writers ---- */

/* Import runs @from to @to in a process of its own. What it leaves if it is
 * killed is in @p's folder. */
static pid_t start_writer(const Place *p, unsigned from, unsigned to)
{
    pid_t pid = fork();

    g_assert_cmpint(pid, >=, 0);
    if (pid == 0) {
        g_autoptr(GError) error = NULL;
        SgbHistory *h = sgb_history_open(p->db, TRUE, &error);
        gboolean ok = h != NULL;
        FakeRun run = whole;

        run.parent = p->folder;
        for (unsigned i = from; ok && i < to; i++) {
            SgbImport import = {};
            char *folder = make_run(&run, i);

            ok = sgb_history_import(h, folder, &import, &error);
            fake_run_remove(folder);
        }
        sgb_history_close(h);
        if (!ok) {
            g_printerr("%s\n", error->message);
        }
        _exit(!ok);
    }
    return pid;
}

/* All begin with no file at all, and some runs are the same. */
static void test_concurrent(void)
{
    Place p = place_new();
    pid_t writers[4];
    g_autoptr(SgbHistory) h = NULL;

    for (unsigned i = 0; i < G_N_ELEMENTS(writers); i++) {
        writers[i] = start_writer(&p, i * 8, i * 8 + 12);
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(writers); i++) {
        int status;

        g_assert_cmpint(waitpid(writers[i], &status, 0), ==, writers[i]);
        g_assert_cmpint(status, ==, 0);
    }
    h = open_new(&p);
    g_assert_cmpuint(count(h), ==, 36);
    g_assert_cmpint(ask(&p, "PRAGMA integrity_check"), ==, 1);
    place_clear(&p);
}

/* Killed at any time: each run is there with all of its figures or not at
 * all, and the next writer goes on. */
static void test_killed(void)
{
    Place p = place_new();
    g_autoptr(GRand) rand = g_rand_new_with_seed(11);
    unsigned before = 0, torn = 0;

    sgb_history_close(open_new(&p));
    for (unsigned i = 0; i < 25; i++) {
        pid_t pid = start_writer(&p, i * 1000, i * 1000 + 1000);
        SgbHistory *h = open_new(&p);
        unsigned now;

        /* until it is at it, however busy the machine is */
        for (unsigned j = 0; j < 10000 && count(h) == before; j++) {
            g_usleep(1000);
        }
        sgb_history_close(h);
        g_usleep(g_rand_int_range(rand, 0, 20000));
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
        h = open_new(&p);
        now = count(h);
        torn += now > before;
        before = now;
        sgb_history_close(h);
    }
    g_test_message("%u runs by %u killed writers", before, torn);
    g_assert_cmpuint(torn, ==, 25);
    g_assert_cmpint(ask(&p, "PRAGMA integrity_check"), ==, 1);
    g_assert_cmpint(ask(&p, "SELECT count(*) FROM figures"), ==,
                    before * ask(&p, "SELECT count(*) FROM figures WHERE run = "
                                     "(SELECT min(id) FROM runs)"));
    g_assert_cmpint(ask(&p, "SELECT count(*) FROM runs WHERE NOT EXISTS "
                            "(SELECT 1 FROM figures WHERE run = id)"),
                    ==, 0);
    place_clear(&p);
}

/* ---- trends ---- */

static SgbTrend *trend_of(GPtrArray *trends, const char *path, SgbFigure figure,
                          unsigned points)
{
    for (unsigned i = 0; i < trends->len; i++) {
        SgbTrend *t = g_ptr_array_index(trends, i);

        if (t->figure == figure && strcmp(t->path, path) == 0 &&
            t->points->len == points) {
            return t;
        }
    }
    g_assert_not_reached();
}

static void test_trends(void)
{
    Place p = place_new();
    g_autoptr(SgbHistory) h = open_new(&p);
    g_autoptr(GPtrArray) trends = NULL;
    g_autoptr(GPtrArray) few = NULL;
    g_autoptr(GError) error = NULL;
    g_autofree char *text = NULL;
    g_autofree char *html = NULL;
    g_autofree char *csv = NULL;
    SgbTrendOptions options = sgb_trend_defaults;
    SgbImport import = {};
    const SgbChangePoint *change;
    SgbTrend *t;

    /* Run 12 is the first of a QEMU that costs 10 % more; another machine's
     * runs lie between, and one that was not complete. */
    for (unsigned i = 0; i < 20; i++) {
        FakeCell changed[] = {cells[0], cells[1], {NULL}};
        FakeRun run = whole;
        char *folder;

        run.cells = changed;
        changed[1].cpu *= (i < 12 ? 1 : 1.1) * (1 + i % 3 * .005);
        folder = make_run(&run, i);
        edit(folder, "generic-bounce\", \"summary\": \"\", \"build\": null",
             "generic-bounce\", \"summary\": \"\", \"build\": \"series\"");
        if (i >= 12) {
            edit(folder, "\"key\": \"abc\"", "\"key\": \"new<QEMU>\"");
        }
        import_folder(h, folder, &import);
        if (i % 4 == 0) {
            folder = make_run(&whole, 100 + i);
            edit(folder, "\"host\": \"0\"", "\"host\": \"other\"");
            import_folder(h, folder, &import);
        }
    }
    {
        FakeRun cut = whole;

        cut.outcome = "interrupted";
        import_folder(h, make_run(&cut, 500), &import);
    }
    trends = sgb_history_trends(h, &options, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(trends->len, ==, 8);
    t = trend_of(trends, "generic-bounce", SGB_FIGURE_CPU, 20);
    g_assert_cmpuint(t->changes->len, ==, 1);
    change = &g_array_index(t->changes, SgbChangePoint, 0);
    g_assert_cmpuint(change->at, ==, 12);
    g_assert_cmpfloat_with_epsilon(change->after / change->before, 1.1, .006);
    g_assert_cmpstr(((SgbPoint *)g_ptr_array_index(t->points, 11))->build, ==,
                    "abc");
    t = trend_of(trends, "generic-bounce", SGB_FIGURE_CPU, 5);
    g_assert_cmpstr(t->host, ==, "other");
    g_assert_cmpuint(t->changes->len, ==, 0);
    t = trend_of(trends, "native", SGB_FIGURE_CPU, 20);
    g_assert_cmpuint(t->changes->len, ==, 0);

    text = sgb_trend_text(trends);
    g_assert_nonnull(strstr(text, "WORSE from run 0000000c"));
    g_assert_nonnull(strstr(text, "QEMU abc -> new<QEMU>"));
    g_assert_nonnull(strstr(text, "1 of 4 series changed; 4 are shorter"));
    html = sgb_trend_html(trends);
    g_assert_nonnull(strstr(html, "class=\"worse\">Worse<"));
    g_assert_nonnull(strstr(html, "new&lt;QEMU&gt;"));
    g_assert_null(strstr(html, "<script"));
    g_assert_null(strstr(html, "http"));
    csv = sgb_trend_csv(trends);
    g_assert_nonnull(strstr(csv, ",\"cpu\",\"s/GiB\",\"0000000c-"));

    options.path = "native";
    memset(options.figures, 0, sizeof(options.figures));
    options.figures[SGB_FIGURE_P50] = TRUE;
    few = sgb_history_trends(h, &options, &error);
    g_assert_cmpuint(few->len, ==, 2);
    place_clear(&p);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/history/round-trip", test_round_trip);
    g_test_add_func("/history/unfinished", test_unfinished);
    g_test_add_func("/history/names", test_names);
    g_test_add_func("/history/migration", test_migration);
    g_test_add_func("/history/other-files", test_other_files);
    g_test_add_func("/history/hostile-history", test_hostile_history);
    g_test_add_func("/history/concurrent", test_concurrent);
    g_test_add_func("/history/killed", test_killed);
    g_test_add_func("/history/trends", test_trends);
    return g_test_run();
}
