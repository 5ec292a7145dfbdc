/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <string.h>

#include "command-line.h"
#include "error.h"
#include "reports/history.h"
#include "reports/table.h"
#include "reports/trend.h"

typedef struct HistoryArguments {
    char *db, *output, *format, *path, *target;
    char **figures;
    double significance; /* per cent */
} HistoryArguments;

static void history_arguments_clear(HistoryArguments *a)
{
    g_free(a->db);
    g_free(a->output);
    g_free(a->format);
    g_free(a->path);
    g_free(a->target);
    g_strfreev(a->figures);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(HistoryArguments, history_arguments_clear)

/* What can be done with a history. */
typedef struct Action {
    const char *name, *arguments, *summary;
    int least, most; /* arguments; most -1: any number */
    gboolean creates;

    /* @words is NULL-terminated. FALSE with an error. */
    gboolean (*run)(SgbHistory *history, const HistoryArguments *a,
                    char **words, GError **error);
} Action;

/* Each by itself: one that can't be taken in does not keep the others out. */
static gboolean do_import(SgbHistory *h, const HistoryArguments *a,
                          char **words, GError **error)
{
    SgbImport import = {};
    gboolean ok = TRUE;

    for (; *words; words++) {
        g_autoptr(GError) fault = NULL;

        if (sgb_history_import(h, *words, &import, &fault)) {
            continue;
        }
        ok = FALSE;
        if (error && !*error) {
            *error = g_steal_pointer(&fault);
        } else {
            fprintf(stderr, "sgbench: %s\n", fault->message);
        }
    }
    printf("%u added, %u replaced, %u known already\n", import.added,
           import.replaced, import.known);
    return ok;
}

static gboolean do_list(SgbHistory *h, const HistoryArguments *a, char **words,
                        GError **error)
{
    g_autoptr(GPtrArray) runs = sgb_history_runs(h, error);

    if (!runs) {
        return FALSE;
    }
    printf("%-8s  %-16s  %-8s  %-20s  %6s  %-11s  %s\n", "run", "started",
           "machine", "job", "rounds", "outcome", "baseline");
    for (unsigned i = 0; i < runs->len; i++) {
        const SgbHistoryRun *run = g_ptr_array_index(runs, i);

        printf("%-8.8s  %-16.16s  %-8.8s  %-20.20s  %6u  %-11.11s  %s\n",
               run->id, run->started, run->host, run->job, run->rounds,
               run->outcome, run->baselines);
    }
    return TRUE;
}

static gboolean do_show(SgbHistory *h, const HistoryArguments *a, char **words,
                        GError **error)
{
    g_autoptr(GPtrArray) runs =
        g_ptr_array_new_with_free_func((GDestroyNotify)sgb_run_free);
    g_autofree char *text = NULL;

    for (; *words; words++) {
        SgbRun *run = sgb_history_load(h, *words, error);

        if (!run) {
            return FALSE;
        }
        g_ptr_array_add(runs, run);
    }
    text = sgb_table_text(runs);
    fputs(text, stdout);
    return TRUE;
}

static gboolean read_trend_options(const HistoryArguments *a,
                                   SgbTrendOptions *options, GError **error)
{
    *options = sgb_trend_defaults;
    options->path = a->path;
    options->target = a->target;
    options->significance = a->significance / 100;
    if (!(a->significance > 0 && a->significance < 50)) {
        return sgbench_fail(
            error, SGBENCH_ERROR_USAGE,
            "--significance takes per cent above 0 and below 50");
    }
    if (a->figures) {
        memset(options->figures, 0, sizeof(options->figures));
    }
    for (char **name = a->figures; name && *name; name++) {
        SgbFigure figure = sgb_figure_find(*name);

        if (figure == SGB_FIGURE__COUNT) {
            g_autofree char *all = sgb_figure_names();

            return sgbench_fail(error, SGBENCH_ERROR_USAGE,
                                "'%s' is not a figure; there are: %s", *name,
                                all);
        }
        options->figures[figure] = TRUE;
    }
    return TRUE;
}

/* To --output, or standard output. */
static gboolean put(const HistoryArguments *a, const char *text, GError **error)
{
    if (a->output) {
        return g_file_set_contents(a->output, text, -1, error);
    }
    fputs(text, stdout);
    return TRUE;
}

static gboolean do_trend(SgbHistory *h, const HistoryArguments *a, char **words,
                         GError **error)
{
    static const struct {
        const char *name;
        char *(*print)(GPtrArray *trends);
    } formats[] = {{"text", sgb_trend_text},
                   {"html", sgb_trend_html},
                   {"csv", sgb_trend_csv}};
    g_autoptr(GPtrArray) trends = NULL;
    g_autofree char *text = NULL;
    SgbTrendOptions options;
    const char *format = a->format;
    unsigned i;

    if (!format) {
        format = a->output && g_str_has_suffix(a->output, ".html")  ? "html"
                 : a->output && g_str_has_suffix(a->output, ".csv") ? "csv"
                                                                    : "text";
    }
    for (i = 0; i < G_N_ELEMENTS(formats); i++) {
        if (strcmp(formats[i].name, format) == 0) {
            break;
        }
    }
    if (i == G_N_ELEMENTS(formats)) {
        return sgbench_fail(error, SGBENCH_ERROR_USAGE,
                            "'%s' is not a format; there are: text, html, csv",
                            format);
    }
    if (!read_trend_options(a, &options, error)) {
        return FALSE;
    }
    trends = sgb_history_trends(h, &options, error);
    if (!trends) {
        return FALSE;
    }
    text = formats[i].print(trends);
    return put(a, text, error);
}

static gboolean do_baseline(SgbHistory *h, const HistoryArguments *a,
                            char **words, GError **error)
{
    return sgb_history_name(h, words[0], words[1], error);
}

static gboolean do_remove(SgbHistory *h, const HistoryArguments *a,
                          char **words, GError **error)
{
    for (; *words; words++) {
        if (!sgb_history_remove(h, *words, error)) {
            return FALSE;
        }
    }
    return TRUE;
}

static gboolean put_text(const char *folder, const char *name, GBytes *text,
                         GError **error)
{
    g_autofree char *file = g_build_filename(folder, name, NULL);

    return !text || g_file_set_contents(file, g_bytes_get_data(text, NULL),
                                        g_bytes_get_size(text), error);
}

/* As a run directory, with what the history has of it: no logs, no traces. */
static gboolean do_export(SgbHistory *h, const HistoryArguments *a,
                          char **words, GError **error)
{
    g_auto(SgbBundleTexts) texts = {};

    if (!a->output) {
        return sgbench_fail(error, SGBENCH_ERROR_USAGE,
                            "export to where? --output DIR");
    }
    if (g_file_test(a->output, G_FILE_TEST_EXISTS)) {
        return sgbench_fail(error, SGBENCH_ERROR_USAGE,
                            "%s: is there already; name another folder",
                            a->output);
    }
    if (!sgb_history_texts(h, words[0], &texts, error)) {
        return FALSE;
    }
    if (g_mkdir_with_parents(a->output, 0755) < 0) {
        g_set_error(error, SGBENCH_ERROR, SGBENCH_ERROR_RESULTS,
                    "%s: can't make this folder", a->output);
        return FALSE;
    }
    return put_text(a->output, "samples.jsonl", texts.journal, error) &&
           put_text(a->output, "run.json", texts.run, error);
}

static const Action actions[] = {
    {"import", "WHAT...", "take in run directories, bundles, other histories",
     1, -1, TRUE, do_import},
    {"list", "", "all runs", 0, 0, FALSE, do_list},
    {"show", "RUN...", "the table of a run", 1, -1, FALSE, do_show},
    {"trend", "", "series of runs and where they changed; html: charts", 0, 0,
     FALSE, do_trend},
    {"baseline", "NAME [RUN]", "call a run NAME, or take the name away", 1, 2,
     FALSE, do_baseline},
    {"export", "RUN", "a run directory again", 1, 1, FALSE, do_export},
    {"remove", "RUN...", "forget a run", 1, -1, FALSE, do_remove},
};

static char *describe_actions(void)
{
    GString *text = g_string_new("Actions:\n");

    for (unsigned i = 0; i < G_N_ELEMENTS(actions); i++) {
        g_autofree char *words =
            g_strdup_printf("%s %s", actions[i].name, actions[i].arguments);

        g_string_append_printf(text, "  %-20s %s\n", words, actions[i].summary);
    }
    g_string_append(text,
                    "\nRUN is a baseline's name or the beginning of an id; "
                    "elsewhere it is called\nhistory:RUN, as in `sgbench "
                    "compare history:release results/today`.");
    return g_string_free(text, FALSE);
}

static const Action *find_action(const char *name, int n, GError **error)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(actions); i++) {
        const Action *action = &actions[i];

        if (strcmp(action->name, name) != 0) {
            continue;
        }
        if (n < action->least || (action->most >= 0 && n > action->most)) {
            sgbench_fail(error, SGBENCH_ERROR_USAGE,
                         "usage: sgbench history %s %s", action->name,
                         action->arguments);
            return NULL;
        }
        return action;
    }
    sgbench_fail(error, SGBENCH_ERROR_USAGE,
                 "'%s' is no action; `sgbench history --help` lists them",
                 name);
    return NULL;
}

static int history_main(int argc, char **argv, GError **error)
{
    g_auto(HistoryArguments)
        a = {.significance = 100 * sgb_trend_defaults.significance};
    const GOptionEntry entries[] = {
        {"db", 'd', 0, G_OPTION_ARG_FILENAME, &a.db,
         "The history's file (default: $SGBENCH_HISTORY, or "
         "sgbench/history.db in ~/.local/share)",
         "FILE"},
        {"output", 'o', 0, G_OPTION_ARG_FILENAME, &a.output,
         "trend: file to write; export: folder to make", "PATH"},
        {"format", 'f', 0, G_OPTION_ARG_STRING, &a.format,
         "trend: text, html or csv (default: by the output's name)", "FORMAT"},
        {"figure", 'F', 0, G_OPTION_ARG_STRING_ARRAY, &a.figures,
         "trend: this figure; may be repeated (default: throughput, cpu)",
         "NAME"},
        {"path", 'p', 0, G_OPTION_ARG_STRING, &a.path, "trend: this path only",
         "PATH"},
        {"target", 't', 0, G_OPTION_ARG_STRING, &a.target,
         "trend: this target only", "NAME"},
        {"significance", 0, 0, G_OPTION_ARG_DOUBLE, &a.significance,
         "trend: chance of a false change in a series (default: 1)", "PCT"},
        {NULL},
    };
    g_autoptr(GOptionContext) context =
        subcommand_options(&subcommand_history, entries);
    g_autofree char *description = describe_actions();
    g_autoptr(SgbHistory) history = NULL;
    const Action *action;

    g_option_context_set_description(context, description);
    if (!g_option_context_parse(context, &argc, &argv, error)) {
        return SGBENCH_ERROR_USAGE;
    }
    if (argc < 2) {
        sgbench_fail(error, SGBENCH_ERROR_USAGE,
                     "what? `sgbench history --help` lists the actions");
        return SGBENCH_ERROR_USAGE;
    }
    action = find_action(argv[1], argc - 2, error);
    if (!action) {
        return SGBENCH_ERROR_USAGE;
    }
    if (!a.db) {
        a.db = sgb_history_default();
    }
    history = sgb_history_open(a.db, action->creates, error);
    if (!history) {
        return SGBENCH_ERROR_RESULTS;
    }
    return action->run(history, &a, argv + 2, error) ? SGBENCH_OK
                                                     : SGBENCH_ERROR_RESULTS;
}

const Subcommand subcommand_history = {
    .name = "history",
    .arguments = "ACTION ...",
    .summary = "keep runs, see trends and what changed",
    .run = history_main,
};
