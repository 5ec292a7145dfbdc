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
#include "trial.h"

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
    uint64_t own;                   /* lists that are no step's */
    uint32_t answers;               /* a hash of all */
    uint64_t checked, strict, open; /* bytes, as FuzzModel has them */
    int64_t n_faults;
    gboolean stopped;   /* there are faults enough */
    GHashTable *faults; /* kind -> times */
    GHashTable *events; /* of counts_new() */
} Tally;

typedef struct Fuzz {
    Options options;
    Trials trials;
} Fuzz;

/* What the QEMU that was started last has said, if anything, beside @file: what
 * a sanitizer says is more than a line. */
static void keep_log(const Fuzz *fuzz, const FuzzPath *path, const char *file)
{
    g_autofree char *log = session_log(&fuzz->trials.context, path);
    g_autofree char *copy = g_strconcat(file, ".log", NULL);
    g_autofree char *text = NULL;
    gsize length;

    if (g_file_get_contents(log, &text, &length, NULL) && length > 0) {
        g_file_set_contents(copy, text, length, NULL);
    }
}

/* How steps of a failure are tried again. */
typedef struct Try {
    Fuzz *fuzz;
    const FuzzPath *path;
    gboolean traced; /* it is one that shows in the trace alone */
} Try;

typedef struct ListSource {
    StepSource source; /* first */
    const GPtrArray *steps;
    unsigned next;
} ListSource;

static const FuzzStep *next_in_list(StepSource *source,
                                    const FuzzSession *session)
{
    ListSource *list = (ListSource *)source;

    return list->next < list->steps->len ? list->steps->pdata[list->next++]
                                         : NULL;
}

static char *try_steps(const GPtrArray *steps, void *opaque, GError **error)
{
    Try *how = opaque;
    ListSource list = {.source = {.next = next_in_list}, .steps = steps};
    g_autoptr(GHashTable) events = how->traced ? counts_new() : NULL;
    char *message;
    TrialCounts counts;

    return trial_steps(&how->fuzz->trials, how->path, &list.source, events,
                       &counts, &message, error)
               ? message
               : NULL;
}

static gboolean note_fault(Fuzz *fuzz, Tally *tally, GPtrArray *steps,
                           const char *message, uint64_t session,
                           GError **error)
{
    g_autofree char *origin =
        g_strdup_printf("seed %" PRId64 ", session %" PRIu64 ", %u steps",
                        fuzz->options.seed, session, steps->len);
    g_autoptr(Failure) failure =
        failure_new(tally->path, steps, message, origin);
    Try how = {fuzz, tally->path, trial_is_leak(message)};
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
        return TRUE;
    }
    name = g_strdup_printf("%s-%" PRId64 "-%" PRIu64 ".fuzz", tally->path->name,
                           fuzz->options.seed, session);
    file = g_build_filename(fuzz->options.failures, name, NULL);
    g_mkdir_with_parents(fuzz->options.failures, 0755);
    keep_log(fuzz, tally->path, file);
    if (!failure_save(failure, file, error)) {
        return FALSE;
    }
    if (!failure_shrink(try_steps, &how, failure, fuzz->options.shrink_seconds,
                        error) ||
        !failure_save(failure, file, error)) {
        return FALSE;
    }
    fprintf(stderr, "  %u step%s: sgbench-fuzz --replay %s\n  %s\n",
            failure->steps->len, failure->steps->len == 1 ? "" : "s", file,
            failure->message);
    return TRUE;
}

/* Random steps, which are kept. */
typedef struct RandomSource {
    StepSource source; /* first */
    GPtrArray *steps;
    uint64_t seed, lists;
    gint64 end; /* monotonic; 0: none */
} RandomSource;

static const FuzzStep *next_random(StepSource *source,
                                   const FuzzSession *session)
{
    RandomSource *random = (RandomSource *)source;

    if (session->lists >= random->lists ||
        (random->end && g_get_monotonic_time() >= random->end)) {
        return NULL;
    }
    g_ptr_array_add(random->steps, random_step(session->ring, random->seed,
                                               random->steps->len));
    return random->steps->pdata[random->steps->len - 1];
}

/* Lists that --break leaves alone: some go well first. */
#define UNBROKEN 20

static gboolean run_session(Fuzz *fuzz, Tally *tally, uint64_t number,
                            gint64 end, GError **error)
{
    g_autoptr(GPtrArray) steps =
        g_ptr_array_new_with_free_func((GDestroyNotify)step_free);
    RandomSource random = {
        .source = {.next = next_random, .breaks_from = UNBROKEN},
        .steps = steps,
        .seed = fuzz->options.seed * UINT64_C(100000) + number,
        .lists =
            MIN(SESSION_LISTS, (uint64_t)fuzz->options.lists - tally->lists),
        .end = end,
    };
    g_autofree char *message = NULL;
    TrialCounts counts = {};

    if (!trial_steps(&fuzz->trials, tally->path, &random.source,
                     fuzz->trials.tracing ? tally->events : NULL, &counts,
                     &message, error)) {
        return FALSE;
    }
    tally->lists += counts.lists;
    tally->own += counts.own;
    tally->answers = tally->answers * 31 + counts.answers;
    tally->checked += counts.checked;
    tally->strict += counts.strict;
    tally->open += counts.open;
    tally->steps += steps->len;
    tally->sessions++;
    return !message || note_fault(fuzz, tally, steps, message, number, error);
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

/* Lists of steps that came to QEMU's mapping code: the events of
 * tally->path->reached, which may be a pattern. */
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
    return sum - MIN(sum, tally->own);
}

static unsigned percent(uint64_t part, uint64_t all)
{
    return all ? (100 * part + all / 2) / all : 0;
}

/* "path NAME seed N lists N steps N sessions N strict P% open P%[ reached N lost
 * N] answers HASH faults N[ stopped]", and a line per kind of fault. */
static void print_tally(const Fuzz *fuzz, const Tally *tally)
{
    GHashTableIter iter;
    gpointer kind, times;

    printf("path %s seed %" PRId64 " lists %" PRIu64 " steps %" PRIu64
           " sessions %" PRIu64,
           tally->path->name, fuzz->options.seed, tally->lists, tally->steps,
           tally->sessions);
    printf(" strict %u%% open %u%%", percent(tally->strict, tally->checked),
           percent(tally->open, tally->checked));
    if (fuzz->trials.tracing) {
        printf(" reached %" PRIu64 " lost %" PRIu64, reached(tally),
               counts_of(tally->events, "lost"));
    }
    printf(" answers %08" PRIx32, tally->answers);
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
    if (fuzz->options.count &&
        !(fuzz->trials.tracing =
              tracing_start(&fuzz->trials.context, KERNEL_TRACE_OFF, error))) {
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
    Try how;

    if (!failure) {
        return FALSE;
    }
    how = (Try){fuzz, failure->path, trial_is_leak(failure->message)};
    if (how.traced && !(fuzz->trials.tracing = tracing_start(
                            &fuzz->trials.context, KERNEL_TRACE_OFF, error))) {
        return FALSE;
    }
    message = try_steps(failure->steps, &how, &fault);
    if (fault) {
        g_propagate_error(error, fault);
        return FALSE;
    }
    printf("%s: %s\n", failure->path->name,
           message ? message : "nothing goes wrong");
    *good = !message;
    if (!message || !fuzz->options.shrink_replay) {
        return TRUE;
    }
    g_free(failure->message);
    failure->message = g_steal_pointer(&message);
    return failure_shrink(try_steps, &how, failure,
                          fuzz->options.shrink_seconds, error) &&
           failure_save(failure, fuzz->options.replay, error);
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
         "status, good, leak, other",
         "WHAT"},
        {NULL},
    };
    static const char *const breaks[] = {"nothing", "outside", "inside",
                                         "disk",    "status",  "good",
                                         "leak",    "other",   NULL};
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
        g_set_error(error, SGBENCH_ERROR, SGBENCH_ERROR_USAGE,
                    "--break %s: not one of outside, inside, disk, status, "
                    "good, leak, other",
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

int main(int argc, char **argv)
{
    Fuzz fuzz = {};
    g_autofree char *logs = NULL;
    g_autoptr(GError) error = NULL;
    gboolean good = TRUE, ok = FALSE;

    g_set_prgname("sgbench-fuzz");
    /* A command that takes this long hangs. */
    g_setenv("SGBENCH_ANSWER_SECONDS", "6", FALSE);
    run_catch_signals();
    if (parse(argc, argv, &fuzz.options, &error) &&
        (fuzz.trials.context.temp_dir = temp_dir_make(&error))) {
        fuzz.trials.context.run_id = g_uuid_string_random();
        fuzz.trials.context.run_dir = fuzz.trials.context.temp_dir;
        fuzz.trials.context.cache_dir =
            g_build_filename(g_get_user_cache_dir(), "sgbench", NULL);
        fuzz.trials.breaks = fuzz.options.what;
        logs = g_build_filename(fuzz.trials.context.run_dir, "logs", NULL);
        g_mkdir_with_parents(logs, 0700);
        ok = fuzz.options.replay ? replay(&fuzz, &good, &error)
                                 : run_paths(&fuzz, &good, &error);
        tracing_stop(fuzz.trials.tracing);
        temp_dir_remove(fuzz.trials.context.temp_dir);
        g_free(fuzz.trials.context.run_id);
        g_free(fuzz.trials.context.cache_dir);
        g_free(fuzz.trials.context.temp_dir);
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
