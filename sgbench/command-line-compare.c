/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "command-line.h"
#include "error.h"
#include "reports/compare.h"
#include "reports/source.h"

typedef struct CompareArguments {
    char *vary, *format;
    char **figures;
    double alpha, threshold, must_see; /* per cent */
} CompareArguments;

static void compare_arguments_clear(CompareArguments *arguments)
{
    g_free(arguments->vary);
    g_free(arguments->format);
    g_strfreev(arguments->figures);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(CompareArguments, compare_arguments_clear)

static gboolean read_figures(char **names, SgbCompareOptions *options,
                             GError **error)
{
    memset(options->figures, 0, sizeof(options->figures));
    for (; *names; names++) {
        SgbFigure figure = sgb_figure_find(*names);

        if (figure == SGB_FIGURE__COUNT) {
            g_autofree char *all = sgb_figure_names();

            return sgbench_fail(error, SGBENCH_ERROR_USAGE,
                                "'%s' is not a figure; there are: %s", *names,
                                all);
        }
        options->figures[figure] = TRUE;
    }
    return TRUE;
}

static gboolean read_options(const CompareArguments *arguments,
                             SgbCompareOptions *options, gboolean *json,
                             GError **error)
{
    *options = sgb_compare_defaults;
    if (arguments->vary) {
        options->vary = sgb_factor_find(arguments->vary);
        if (options->vary == SGB_FACTOR__COUNT) {
            return sgbench_fail(error, SGBENCH_ERROR_USAGE,
                                "--vary takes qemu, kernel or device");
        }
    }
    *json = g_strcmp0(arguments->format, "json") == 0;
    if (arguments->format && !*json && strcmp(arguments->format, "text") != 0) {
        return sgbench_fail(error, SGBENCH_ERROR_USAGE,
                            "'%s' is not a format; there are: text, json",
                            arguments->format);
    }
    if (!(arguments->alpha > 0 && arguments->alpha < 50)) {
        return sgbench_fail(error, SGBENCH_ERROR_USAGE,
                            "--alpha takes per cent above 0 and below 50");
    }
    if (!(arguments->threshold >= 0 && arguments->threshold <= 1000)) {
        return sgbench_fail(error, SGBENCH_ERROR_USAGE,
                            "--threshold takes per cent from 0 to 1000");
    }
    if (!(arguments->must_see > 0 && arguments->must_see <= 1000)) {
        return sgbench_fail(error, SGBENCH_ERROR_USAGE,
                            "--must-see takes per cent above 0, up to 1000");
    }
    options->alpha = arguments->alpha / 100;
    options->threshold = arguments->threshold / 100;
    options->must_see = arguments->must_see / 100;
    return !arguments->figures ||
           read_figures(arguments->figures, options, error);
}

/* One line for standard error, so that a machine's log has the remedy too. */
static void say_unlike(const SgbComparison *c)
{
    for (unsigned i = 0; i < c->differences->len; i++) {
        const SgbDifference *d = g_ptr_array_index(c->differences, i);

        if (sgb_comparison_allows(c, d)) {
            continue;
        }
        if (d->factor != SGB_FACTOR_NONE &&
            c->options.vary == SGB_FACTOR_NONE) {
            fprintf(stderr,
                    "sgbench: not compared, the runs differ in %s; if that is "
                    "what is to be judged: --vary %s\n",
                    d->what, sgb_factor_name(d->factor));
        } else {
            fprintf(stderr,
                    "sgbench: not compared, the runs differ in %s; make them "
                    "alike in all but one thing\n",
                    d->what);
        }
        return;
    }
}

static int compare_main(int argc, char **argv, GError **error)
{
    static const int codes[] = {
        [SGB_OUTCOME_FINE] = SGBENCH_OK,
        [SGB_OUTCOME_REGRESSION] = SGBENCH_REGRESSION,
        [SGB_OUTCOME_INCONCLUSIVE] = SGBENCH_INCONCLUSIVE,
        [SGB_OUTCOME_UNLIKE] = SGBENCH_UNLIKE,
    };
    g_auto(CompareArguments) a = {
        .alpha = 100 * sgb_compare_defaults.alpha,
        .threshold = 100 * sgb_compare_defaults.threshold,
        .must_see = 100 * sgb_compare_defaults.must_see,
    };
    const GOptionEntry entries[] = {
        {"vary", 'v', 0, G_OPTION_ARG_STRING, &a.vary,
         "What differs on purpose: qemu, kernel or device (default: nothing)",
         "FACTOR"},
        {"figure", 'F', 0, G_OPTION_ARG_STRING_ARRAY, &a.figures,
         "Judge this figure, e.g. p50; may be repeated (default: throughput, "
         "cpu)",
         "NAME"},
        {"format", 'f', 0, G_OPTION_ARG_STRING, &a.format, "text or json",
         "FORMAT"},
        {"alpha", 0, 0, G_OPTION_ARG_DOUBLE, &a.alpha,
         "Chance that anything is found where nothing is (default: 5)", "PCT"},
        {"threshold", 0, 0, G_OPTION_ARG_DOUBLE, &a.threshold,
         "Take changes up to this for none (default: 0)", "PCT"},
        {"must-see", 0, 0, G_OPTION_ARG_DOUBLE, &a.must_see,
         "Inconclusive if this would not have been seen (default: 10)", "PCT"},
        {NULL},
    };
    g_autoptr(GOptionContext) context =
        subcommand_options(&subcommand_compare, entries);
    g_autoptr(SgbComparison) comparison = NULL;
    g_autoptr(SgbRun) base = NULL;
    g_autoptr(SgbRun) new = NULL;
    g_autofree char *text = NULL;
    SgbCompareOptions options;
    gboolean json = FALSE;

    if (!g_option_context_parse(context, &argc, &argv, error) ||
        !read_options(&a, &options, &json, error)) {
        return SGBENCH_ERROR_USAGE;
    }
    if (argc != 3) {
        sgbench_fail(error, SGBENCH_ERROR_USAGE,
                     "which two runs? BASE and NEW");
        return SGBENCH_ERROR_USAGE;
    }
    base = sgb_run_open(argv[1], error);
    new = base ? sgb_run_open(argv[2], error) : NULL;
    if (!new) {
        return SGBENCH_ERROR_RESULTS;
    }
    comparison = sgb_compare(base, new, &options);
    text = json ? sgb_compare_json(comparison) : sgb_compare_text(comparison);
    fputs(text, stdout);
    fputs(json ? "\n" : "", stdout);
    if (comparison->outcome == SGB_OUTCOME_UNLIKE) {
        say_unlike(comparison);
    }
    return codes[comparison->outcome];
}

const Subcommand subcommand_compare = {
    .name = "compare",
    .arguments = "BASE NEW",
    .summary = "judge a run against another: faster, slower?",
    .run = compare_main,
};
