/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sgbench-fuzz: hostile commands on every way through QEMU, with what becomes
 * of guest memory and disk compared to a model. See --help.
 */
#include <glib/gstdio.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "count.h"
#include "failure.h"
#include "random.h"
#include "sgbench/error.h"
#include "sgbench/tempdir.h"
#include "sgbench/tracing.h"

/* Of one QEMU. */
#define SESSION_LISTS 4000
#define SESSION_FAILURES_KEPT 20 /* of each path */

typedef struct Options {
    char **paths;
    char *failures, *replay;
    gint64 seed, lists, faults;
    double seconds; /* of each path; 0: no limit */
    double shrink_seconds;
    gboolean count, shrink_replay;
    char *breaks;
    FuzzBreak what;
} Options;

/* What became of one path. */
typedef struct Tally {
    const FuzzPath *path;
    uint64_t lists, steps, sessions;
    int64_t n_faults;
    gboolean stopped;   /* there are faults enough */
    GHashTable *faults; /* kind -> times */
    GHashTable *events; /* of counts_new() */
} Tally;

typedef struct Fuzz {
    Options options;
    RunContext context;
    Tracing *tracing; /* NULL: events are not counted */
    unsigned sessions;
} Fuzz;

/* What the QEMU that was started last has said, if anything, beside @file: what
 * a sanitizer says is more than a line. */
static void keep_log(const Fuzz *fuzz, const FuzzPath *path, const char *file)
{
    g_autofree char *log = session_log(&fuzz->context, path);
    g_autofree char *copy = g_strconcat(file, ".log", NULL);
    g_autofree char *text = NULL;
    gsize length;

    if (g_file_get_contents(log, &text, &length, NULL) && length > 0) {
        g_file_set_contents(copy, text, length, NULL);
    }
}

static void note_fault(Fuzz *fuzz, Tally *tally, GPtrArray *steps,
                       const char *message, uint64_t session, GError **error)
{
    g_autoptr(Failure) failure = failure_new(tally->path, steps, message);
    g_autofree char *kind = failure_kind(message);
    unsigned n = GPOINTER_TO_UINT(g_hash_table_lookup(tally->faults, kind));
    g_autofree char *name = NULL, *file = NULL;

    if (n == 0) {
        fprintf(stderr, "%s, seed %" PRId64 ", session %" PRIu64 ": %s\n",
                tally->path->name, fuzz->options.seed, session, message);
    }
    g_hash_table_insert(tally->faults, g_strdup(kind), GUINT_TO_POINTER(n + 1));
    tally->n_faults++;
    if (n > 0 || g_hash_table_size(tally->faults) > SESSION_FAILURES_KEPT) {
        return;
    }
    name = g_strdup_printf("%s-%" PRId64 "-%" PRIu64 ".fuzz", tally->path->name,
                           fuzz->options.seed, session);
    file = g_build_filename(fuzz->options.failures, name, NULL);
    g_mkdir_with_parents(fuzz->options.failures, 0755);
    keep_log(fuzz, tally->path, file);
    if (!failure_save(failure, file, error)) {
        return;
    }
    if (!failure_shrink(&fuzz->context, failure, fuzz->options.shrink_seconds,
                        error) ||
        !failure_save(failure, file, error)) {
        return;
    }
    fprintf(stderr, "  %u step%s: sgbench-fuzz --replay %s\n  %s\n",
            failure->steps->len, failure->steps->len == 1 ? "" : "s", file,
            failure->message);
}

/* Events of a session that must come in pairs. */
static char *unpaired(GHashTable *events)
{
    static const char *const pairs[][2] = {
        {"qemu:scsi_sgio_bounce_alloc", "qemu:scsi_sgio_bounce_free"},
        {"qemu:dma_bounce_alloc", "qemu:dma_bounce_free"},
        {"qemu:dma_blk_io", "qemu:dma_complete"},
    };

    if (counts_of(events, "lost")) {
        return NULL; /* nothing can be said */
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(pairs); i++) {
        uint64_t a = counts_of(events, pairs[i][0]);
        uint64_t b = counts_of(events, pairs[i][1]);

        if (a != b) {
            return g_strdup_printf("LEAK: %" PRIu64 " %s, %" PRIu64 " %s", a,
                                   pairs[i][0], b, pairs[i][1]);
        }
    }
    return NULL;
}

static gboolean trace_begin(Fuzz *fuzz, const FuzzPath *path, char **folder,
                            GError **error)
{
    const char *rules[] = {"qemu:scsi_sgio_bounce_*",
                           "qemu:dma_bounce_alloc",
                           "qemu:dma_bounce_free",
                           "qemu:dma_blk_io",
                           "qemu:dma_complete",
                           NULL,
                           NULL};
    g_autofree char *name = g_strdup_printf(
        "sgbench-fuzz-%.8s-%u", fuzz->context.run_id, fuzz->sessions);

    /* LTTng takes none twice. */
    if (strcmp(path->reached, "qemu:dma_blk_io") != 0) {
        rules[G_N_ELEMENTS(rules) - 2] = path->reached;
    }
    *folder = g_build_filename(fuzz->context.temp_dir, name, NULL);
    return tracing_begin(fuzz->tracing, name, *folder, rules, error);
}

/* Take over what one session's trace has. */
static gboolean trace_end(Fuzz *fuzz, Tally *tally, const char *folder,
                          gboolean whole, char **message, GError **error)
{
    g_autoptr(GHashTable) events = counts_new();
    GHashTableIter iter;
    gpointer name, count;

    if (!tracing_end(fuzz->tracing, error)) {
        return FALSE;
    }
    if (!count_events(folder, events, error)) {
        return FALSE;
    }
    temp_dir_remove(folder);
    if (whole) {
        *message = unpaired(events);
    }
    g_hash_table_iter_init(&iter, events);
    while (g_hash_table_iter_next(&iter, &name, &count)) {
        uint64_t *sum = g_hash_table_lookup(tally->events, name);

        if (!sum) {
            sum = g_new0(uint64_t, 1);
            g_hash_table_insert(tally->events, g_strdup(name), sum);
        }
        *sum += *(uint64_t *)count;
    }
    return TRUE;
}

/* One QEMU, until it has had its steps or something goes wrong. */
static gboolean run_session(Fuzz *fuzz, Tally *tally, uint64_t number,
                            gint64 end, GError **error)
{
    uint64_t seed = fuzz->options.seed * UINT64_C(100000) + number;
    uint64_t lists =
        MIN(SESSION_LISTS, (uint64_t)fuzz->options.lists - tally->lists);
    g_autoptr(GPtrArray) steps =
        g_ptr_array_new_with_free_func((GDestroyNotify)step_free);
    g_autofree char *message = NULL, *folder = NULL;
    g_autoptr(GError) fault = NULL;
    FuzzSession *session;
    gboolean ok;

    fuzz->sessions++;
    if (fuzz->tracing && !trace_begin(fuzz, tally->path, &folder, error)) {
        return FALSE;
    }
    fuzz->context.traced = fuzz->tracing != NULL;
    session = session_new(&fuzz->context, tally->path, &fault);
    fuzz->context.traced = FALSE;
    if (!session) {
        g_propagate_error(error, g_steal_pointer(&fault));
        return FALSE;
    }
    session->breaks = fuzz->options.what;
    ok = !fuzz->tracing ||
         tracing_follow(fuzz->tracing, session->ring->qemu_pid, &fault);
    while (ok && session->lists < lists &&
           (!end || g_get_monotonic_time() < end)) {
        FuzzStep *step = random_step(session->ring, seed, steps->len);

        g_ptr_array_add(steps, step);
        ok = session_step(session, step, &fault);
        if (session->ring && run_interrupted()) {
            break;
        }
    }
    tally->lists += session->lists;
    tally->steps += steps->len;
    tally->sessions++;
    if (ok) {
        ok = session_end(session, &fault);
    } else {
        session_free(session);
    }
    if (fuzz->tracing && !trace_end(fuzz, tally, folder, ok, &message, error)) {
        return FALSE;
    }
    if (run_check_interrupted(error)) {
        return FALSE;
    }
    if (!ok || message) {
        GError *late = NULL;

        note_fault(fuzz, tally, steps, ok ? message : fault->message, number,
                   &late);
        if (late) {
            g_propagate_error(error, late);
            return FALSE;
        }
    }
    return TRUE;
}

static gboolean run_path(Fuzz *fuzz, Tally *tally, GError **error)
{
    gint64 end = fuzz->options.seconds
                     ? g_get_monotonic_time() + fuzz->options.seconds * 1e6
                     : 0;
    uint64_t number = 0;

    while (tally->lists < (uint64_t)fuzz->options.lists &&
           (!end || g_get_monotonic_time() < end)) {
        if (!run_session(fuzz, tally, number++, end, error)) {
            return FALSE;
        }
        /* A QEMU that hangs takes seconds each time, and may never have had a
         * list before. */
        if (fuzz->options.faults && tally->n_faults >= fuzz->options.faults) {
            tally->stopped = TRUE;
            break;
        }
    }
    return TRUE;
}

/* The events of tally->path->reached, which may be a pattern. */
static uint64_t reached(const Tally *tally)
{
    g_autoptr(GPatternSpec) pattern = g_pattern_spec_new(tally->path->reached);
    GHashTableIter iter;
    gpointer name, count;
    uint64_t sum = 0;

    g_hash_table_iter_init(&iter, tally->events);
    while (g_hash_table_iter_next(&iter, &name, &count)) {
        if (g_pattern_spec_match_string(pattern, name)) {
            sum += *(uint64_t *)count;
        }
    }
    return sum;
}

/* "path NAME seed N lists N steps N sessions N[ reached N lost N] faults N[
 * stopped]", and a line per kind of fault. */
static void print_tally(const Fuzz *fuzz, const Tally *tally)
{
    GHashTableIter iter;
    gpointer kind, times;

    printf("path %s seed %" PRId64 " lists %" PRIu64 " steps %" PRIu64
           " sessions %" PRIu64,
           tally->path->name, fuzz->options.seed, tally->lists, tally->steps,
           tally->sessions);
    if (fuzz->tracing) {
        printf(" reached %" PRIu64 " lost %" PRIu64, reached(tally),
               counts_of(tally->events, "lost"));
    }
    printf(" faults %" PRId64 "%s\n", tally->n_faults,
           tally->stopped ? " stopped" : "");
    g_hash_table_iter_init(&iter, tally->faults);
    while (g_hash_table_iter_next(&iter, &kind, &times)) {
        printf("fault %s times %u: %s\n", tally->path->name,
               GPOINTER_TO_UINT(times), (char *)kind);
    }
    fflush(stdout);
}

static gboolean wanted(const Fuzz *fuzz, const FuzzPath *path)
{
    return fuzz->options.paths
               ? g_strv_contains((const char *const *)fuzz->options.paths,
                                 path->name)
               : path->expected_good;
}

/* TRUE if all was done; *@good FALSE if there is a fault where none may be. */
static gboolean run_paths(Fuzz *fuzz, gboolean *good, GError **error)
{
    g_autofree char *logs =
        g_build_filename(fuzz->context.run_dir, "logs", NULL);

    g_mkdir_with_parents(logs, 0700);
    if (fuzz->options.count &&
        !(fuzz->tracing =
              tracing_start(&fuzz->context, KERNEL_TRACE_OFF, error))) {
        return FALSE;
    }
    for (const FuzzPath *path = fuzz_paths; path->name; path++) {
        Tally tally = {.path = path};
        gboolean ok;

        if (!wanted(fuzz, path)) {
            continue;
        }
        tally.faults =
            g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        tally.events = counts_new();
        ok = run_path(fuzz, &tally, error);
        print_tally(fuzz, &tally);
        *good =
            *good && !(path->expected_good && g_hash_table_size(tally.faults));
        g_hash_table_unref(tally.faults);
        g_hash_table_unref(tally.events);
        if (!ok) {
            return FALSE;
        }
    }
    return TRUE;
}

static gboolean replay(Fuzz *fuzz, gboolean *good, GError **error)
{
    g_autoptr(Failure) failure = failure_load(fuzz->options.replay, error);
    GError *fault = NULL;
    g_autofree char *message = NULL;

    if (!failure) {
        return FALSE;
    }
    message =
        failure_try(&fuzz->context, failure->path, failure->steps, &fault);
    if (fault) {
        g_propagate_error(error, fault);
        return FALSE;
    }
    printf("%s: %s\n", failure->path->name,
           message ? message : "nothing goes wrong");
    *good = !message;
    if (message && fuzz->options.shrink_replay) {
        return failure_shrink(&fuzz->context, failure,
                              fuzz->options.shrink_seconds, error) &&
               failure_save(failure, fuzz->options.replay, error);
    }
    return TRUE;
}

static char *path_names(void)
{
    GString *text = g_string_new("Paths:\n");

    for (const FuzzPath *path = fuzz_paths; path->name; path++) {
        g_string_append_printf(
            text, "  %-20s %s, %s%s%s, %s%s\n", path->name, path->kind.build,
            path->kind.device, path->kind.properties ? "," : "",
            path->kind.properties ? path->kind.properties : "", path->hba->name,
            path->expected_good ? "" : "; only if named: it has known faults");
    }
    g_string_append(text,
                    "Exit status: 0 no fault but of paths with known ones, 1 "
                    "faults, else as sgbench's.\n");
    return g_string_free(text, FALSE);
}

static gboolean parse(int argc, char **argv, Options *o, GError **error)
{
    const GOptionEntry entries[] = {
        {"path", 'p', 0, G_OPTION_ARG_STRING_ARRAY, &o->paths,
         "Only this way through QEMU; may be given again", "NAME"},
        {"seed", 's', 0, G_OPTION_ARG_INT64, &o->seed,
         "The same seed gives the same lists (default 1)", "N"},
        {"lists", 'n', 0, G_OPTION_ARG_INT64, &o->lists,
         "Lists on each path (default 1000)", "N"},
        {"seconds", 't', 0, G_OPTION_ARG_DOUBLE, &o->seconds,
         "At most so long on each path", "S"},
        {"faults", 0, 0, G_OPTION_ARG_INT64, &o->faults,
         "Stop a path after so many faults (default 20; 0: never)", "N"},
        {"count", 'c', 0, G_OPTION_ARG_NONE, &o->count,
         "Count by tracepoint how many lists QEMU maps, and what is leaked",
         NULL},
        {"failures", 'f', 0, G_OPTION_ARG_FILENAME, &o->failures,
         "Where failures go (default fuzz-failures)", "FOLDER"},
        {"replay", 'r', 0, G_OPTION_ARG_FILENAME, &o->replay,
         "Try a failure again", "FILE"},
        {"shrink", 0, 0, G_OPTION_ARG_NONE, &o->shrink_replay,
         "Make the replayed failure smaller, in its file", NULL},
        {"shrink-seconds", 0, 0, G_OPTION_ARG_DOUBLE, &o->shrink_seconds,
         "How long that may take (default 60)", "S"},
        {"break", 0, G_OPTION_FLAG_HIDDEN, G_OPTION_ARG_STRING, &o->breaks,
         "Spoil what a faulty QEMU would: outside, inside, disk, "
         "status, good",
         "WHAT"},
        {NULL},
    };
    static const char *const breaks[] = {"nothing", "outside", "inside", "disk",
                                         "status",  "good",    NULL};
    g_autoptr(GOptionContext) context =
        g_option_context_new("- hostile SCSI commands for QEMU");
    g_autofree char *names = path_names();
    gboolean known = FALSE;

    o->seed = 1;
    o->lists = 1000;
    o->faults = 20;
    o->shrink_seconds = 60;
    g_option_context_add_main_entries(context, entries, NULL);
    g_option_context_set_description(context, names);
    if (!g_option_context_parse(context, &argc, &argv, error)) {
        (*error)->domain = SGBENCH_ERROR;
        (*error)->code = SGBENCH_ERROR_USAGE;
        return FALSE;
    }
    if (argc > 1 || o->lists < 1 || o->seconds < 0 || o->faults < 0 ||
        o->seed < 0) {
        g_set_error(error, SGBENCH_ERROR, SGBENCH_ERROR_USAGE,
                    argc > 1
                        ? "%s: not an option"
                        : "%s: --lists is from 1 on, --seconds, --faults and "
                          "--seed from 0",
                    argc > 1 ? argv[1] : "sgbench-fuzz");
        return FALSE;
    }
    for (unsigned i = 0; breaks[i]; i++) {
        if (strcmp(breaks[i], o->breaks ? o->breaks : "nothing") == 0) {
            o->what = i;
            known = TRUE;
        }
    }
    if (!known) {
        g_set_error(
            error, SGBENCH_ERROR, SGBENCH_ERROR_USAGE,
            "--break %s: not one of outside, inside, disk, status, good",
            o->breaks);
        return FALSE;
    }
    for (char **name = o->paths; name && *name; name++) {
        if (!fuzz_path_find(*name)) {
            g_set_error(error, SGBENCH_ERROR, SGBENCH_ERROR_USAGE,
                        "no path '%s'; --help has them", *name);
            return FALSE;
        }
    }
    if (!o->failures) {
        o->failures = g_strdup("fuzz-failures");
    }
    return TRUE;
}

/*
 * For a QEMU that is built with sanitizers. Leaks that are not of what is
 * tested: QEMU's of its start, and the list of a command that pvscsi was told to
 * abort (pvscsi_request_cancelled(), hw/scsi/vmw_pvscsi.c). The functions that
 * allocated are known only if the stack is walked with care.
 */
static gboolean set_sanitizers(const RunContext *context, GError **error)
{
    static const char leaks[] = "leak:qtest_set_log\n"
                                "leak:qtest_set_chardev\n"
                                "leak:chardev_new\n"
                                "leak:qemu_sglist_init\n"
                                "leak:qemu_sglist_add\n";
    g_autofree char *file = g_build_filename(context->temp_dir, "leaks", NULL);
    g_autofree char *options =
        g_strdup_printf("suppressions=%s:print_suppressions=0", file);

    g_setenv("ASAN_OPTIONS", "fast_unwind_on_malloc=0:detect_leaks=1", FALSE);
    g_setenv("LSAN_OPTIONS", options, FALSE);
    g_setenv("UBSAN_OPTIONS", "print_stacktrace=1", FALSE);
    return g_file_set_contents(file, leaks, -1, error);
}

int main(int argc, char **argv)
{
    Fuzz fuzz = {};
    g_autoptr(GError) error = NULL;
    gboolean good = TRUE, ok = FALSE;

    g_set_prgname("sgbench-fuzz");
    /* A command that takes this long hangs. */
    g_setenv("SGBENCH_ANSWER_SECONDS", "6", FALSE);
    run_catch_signals();
    if (parse(argc, argv, &fuzz.options, &error) &&
        (fuzz.context.temp_dir = temp_dir_make(&error))) {
        fuzz.context.run_id = g_uuid_string_random();
        fuzz.context.run_dir = fuzz.context.temp_dir;
        fuzz.context.cache_dir =
            g_build_filename(g_get_user_cache_dir(), "sgbench", NULL);
        ok = set_sanitizers(&fuzz.context, &error) &&
             (fuzz.options.replay ? replay(&fuzz, &good, &error)
                                  : run_paths(&fuzz, &good, &error));
        tracing_stop(fuzz.tracing);
        temp_dir_remove(fuzz.context.temp_dir);
        g_free(fuzz.context.run_id);
        g_free(fuzz.context.cache_dir);
        g_free(fuzz.context.temp_dir);
    }
    g_strfreev(fuzz.options.paths);
    g_free(fuzz.options.failures);
    g_free(fuzz.options.replay);
    g_free(fuzz.options.breaks);
    if (!ok) {
        fprintf(stderr, "sgbench-fuzz: %s\n", error->message);
        return sgbench_error_exit_code(error);
    }
    return good ? 0 : 1;
}
