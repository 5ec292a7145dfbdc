/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "analysis/output.h"
#include "analysis/trace.h"
#include "command-line.h"
#include "context.h"
#include "error.h"
#include "fence.h"

/* Seconds between two prints of a live session on a terminal. */
#define INTERVAL_DEFAULT 2

#define PARAMETERS_MAX 32

typedef struct AnalyzeArguments {
    char *format;
    double interval;
    char **values[PARAMETERS_MAX]; /* of sgb_parameters */
    const SgbOutputKind *kind;
    gboolean live;
} AnalyzeArguments;

static void analyze_arguments_clear(AnalyzeArguments *arguments)
{
    unsigned i;

    g_free(arguments->format);
    for (i = 0; i < PARAMETERS_MAX; i++) {
        g_strfreev(arguments->values[i]);
    }
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(AnalyzeArguments, analyze_arguments_clear)

/* What goes on while a trace is read. */
typedef struct Following {
    SgbOutput *output;
    double interval; /* seconds; 0: print at the end only */
    int64_t printed; /* us */
    gboolean clear;  /* the terminal, before each print */
    gboolean interrupted;
    GError *error;
} Following;

static gboolean usage(GError **error, const char *what)
{
    g_set_error(error, SGBENCH_ERROR, SGBENCH_ERROR_USAGE, "%s; try --help",
                what);
    return FALSE;
}

static gboolean find_kind(AnalyzeArguments *arguments, GError **error)
{
    const char *name = arguments->format ? arguments->format : "text";
    const SgbOutputKind *const *kind;

    for (kind = sgb_output_kinds; *kind; kind++) {
        if (g_str_equal((*kind)->name, name)) {
            arguments->kind = *kind;
            return TRUE;
        }
    }
    return usage(error, "--format takes text, json, csv or timeline");
}

/* The table's parameters, as options. */
static GArray *make_entries(AnalyzeArguments *arguments)
{
    const GOptionEntry own[] = {
        {"format", 'f', 0, G_OPTION_ARG_STRING, &arguments->format,
         "text, json, csv or timeline (for ui.perfetto.dev)", "FORMAT"},
        {"interval", 'i', 0, G_OPTION_ARG_DOUBLE, &arguments->interval,
         "of a live session: print every SECONDS; 0: at its end only",
         "SECONDS"},
    };
    GArray *entries = g_array_new(TRUE, TRUE, sizeof(GOptionEntry));
    unsigned i;

    g_array_append_vals(entries, own, G_N_ELEMENTS(own));
    for (i = 0; sgb_parameters[i].name; i++) {
        const SgbParameter *p = &sgb_parameters[i];
        GOptionEntry entry = {
            .long_name = g_str_equal(p->name, "path") ? "output" : p->name,
            .short_name = g_str_equal(p->name, "path")   ? 'o'
                          : g_str_equal(p->name, "view") ? 'v'
                                                         : 0,
            .arg = G_OPTION_ARG_STRING_ARRAY,
            .arg_data = &arguments->values[i],
            .description = p->help,
            .arg_description = p->argument,
        };

        g_assert(i < PARAMETERS_MAX);
        g_array_append_val(entries, entry);
    }
    return entries;
}

static gboolean set_options(const AnalyzeArguments *arguments,
                            SgbOptions *options, GError **error)
{
    unsigned i;

    for (i = 0; sgb_parameters[i].name; i++) {
        const SgbParameter *p = &sgb_parameters[i];
        char **value;

        for (value = arguments->values[i]; value && *value; value++) {
            if (!p->many && value[1]) {
                g_autofree char *what =
                    g_strdup_printf("--%s can be given once only", p->name);

                return usage(error, what);
            }
            if (!sgb_options_set(options, arguments->kind->outputs, p->name,
                                 *value, error)) {
                return FALSE;
            }
        }
    }
    return TRUE;
}

static gboolean parse(int *argc, char ***argv, AnalyzeArguments *arguments,
                      SgbOptions *options, GError **error)
{
    g_autoptr(GArray) entries = make_entries(arguments);
    g_autoptr(GOptionContext) context = subcommand_options(
        &subcommand_analyze, (const GOptionEntry *)entries->data);
    int i;

    arguments->interval = isatty(STDOUT_FILENO) ? INTERVAL_DEFAULT : 0;
    if (!g_option_context_parse(context, argc, argv, error)) {
        return FALSE;
    }
    if (*argc < 2) {
        return usage(error, "which trace? (a folder, or net://HOST/... of a "
                            "live session)");
    }
    if (arguments->interval < 0) {
        return usage(error, "--interval takes seconds, or 0");
    }
    for (i = 1; i < *argc; i++) {
        arguments->live |= sgb_trace_is_live((*argv)[i]);
    }
    return find_kind(arguments, error) &&
           set_options(arguments, options, error);
}

static void take_message(void *opaque, const bt_message *message)
{
    Following *f = opaque;

    sgb_output_message(f->output, message);
}

static gboolean poll_trace(void *opaque, gboolean idle)
{
    Following *f = opaque;
    int64_t now;

    if (run_interrupted()) {
        f->interrupted = TRUE;
        return FALSE;
    }
    if (f->interval <= 0) {
        return TRUE;
    }
    now = g_get_monotonic_time();
    if (now - f->printed < f->interval * 1e6) {
        return TRUE;
    }
    f->printed = now;
    fputs(f->clear ? "\033[H\033[2J" : "\n", stdout);
    return sgb_output_refresh(f->output, &f->error);
}

static gboolean read_all(const AnalyzeArguments *arguments,
                         const char *const *inputs, SgbOptions *options,
                         GError **error)
{
    g_autoptr(SgbOutput) output = NULL;
    Following f = {.interval = arguments->live ? arguments->interval : 0};
    GError *fault = NULL;

    if (arguments->kind != &sgb_output_text || options->path) {
        f.interval = 0;
    }
    f.output = output = sgb_output_new(arguments->kind, options, error);
    if (!output) {
        return FALSE;
    }
    f.clear = isatty(STDOUT_FILENO);
    f.printed = g_get_monotonic_time();
    sgb_trace_feed(inputs, take_message, poll_trace, &f, &fault);
    if (!fault && f.error) {
        fault = g_steal_pointer(&f.error);
    }
    if (!fault && !f.interrupted) {
        sgb_trace_check(inputs[0], &output->counts, &fault);
    }
    /* What could be read is shown even if the rest could not. */
    if (fault && !output->counts.events) {
        g_propagate_error(error, fault);
        return FALSE;
    }
    if (f.interval > 0 && f.clear) {
        fputs("\033[H\033[2J", stdout);
    }
    if (!sgb_output_finish(output, fault ? NULL : &fault) || fault) {
        if (!fault) {
            fault = g_error_new(SGBENCH_ERROR, SGBENCH_ERROR_RESULTS,
                                "the output can't be written");
        }
        g_propagate_error(error, fault);
        return FALSE;
    }
    if (arguments->kind == &sgb_output_csv && output->counts.lost_events) {
        /* The other formats have it in them. */
        g_printerr("sgbench: %" G_GUINT64_FORMAT " events were lost; their "
                   "requests are incomplete or missing\n",
                   output->counts.lost_events);
    }
    /* To end a live session so is the usual way. */
    return !f.interrupted || arguments->live || !run_check_interrupted(error);
}

/* What a process brings upon itself, by assertions or worse. */
static gboolean is_crash(int number)
{
    return number == SIGABRT || number == SIGSEGV || number == SIGBUS ||
           number == SIGFPE || number == SIGILL || number == SIGTRAP;
}

/* A signal ended the child that read @inputs. */
static void explain_signal(const AnalyzeArguments *arguments, char **inputs,
                           const Fence *fence, GError **error)
{
    g_autofree char *names = g_strjoinv(", ", inputs);
    const char *name = g_strsignal(fence->signal);

    if (strstr(fence->said, "ERROR:")) {
        /* GLib's assertions are our own, as are the sanitizers. */
        fputs(fence->said, stderr);
        g_set_error(error, SGBENCH_ERROR, SGBENCH_ERROR_INTERNAL,
                    "%s: a fault of sgbench itself (signal %d, %s)", names,
                    fence->signal, name);
    } else if (!is_crash(fence->signal)) {
        g_set_error(error, SGBENCH_ERROR, SGBENCH_ERROR_PREFLIGHT,
                    "%s: the process that read this was killed from outside "
                    "(signal %d, %s): is memory or time limited?",
                    names, fence->signal, name);
    } else if (arguments->live) {
        g_set_error(error, SGB_TRACE_ERROR, SGB_TRACE_ERROR_LIVE,
                    "%s: can't be followed any further: babeltrace2 gave up on "
                    "what came (signal %d, %s); start again, with a new "
                    "session if that does not help",
                    names, fence->signal, name);
    } else {
        g_set_error(error, SGB_TRACE_ERROR, SGB_TRACE_ERROR_DAMAGED,
                    "%s: this trace is damaged in a way that babeltrace2 gave "
                    "up on (signal %d, %s); try a copy without some of its "
                    "stream files, or trace again",
                    names, fence->signal, name);
    }
}

static int analyze_main(int argc, char **argv, GError **error)
{
    g_auto(AnalyzeArguments) arguments = {};
    g_auto(Fence) fence = {};
    g_autoptr(SgbOptions) options = sgb_options_new();
    char **inputs;

    if (!parse(&argc, &argv, &arguments, options, error)) {
        return SGBENCH_ERROR_USAGE;
    }
    inputs = argv + 1;
    run_catch_signals();
    switch (fence_enter(&fence, error)) {
    case FENCE_INSIDE:
        read_all(&arguments, (const char *const *)inputs,
                 g_steal_pointer(&options), error);
        return SGBENCH_OK;
    case FENCE_OUTSIDE:
        if (fence.signal) {
            explain_signal(&arguments, inputs, &fence, error);
        }
        return fence.exit_code;
    case FENCE_FAILED:
    default:
        return SGBENCH_ERROR_PREFLIGHT;
    }
}

const Subcommand subcommand_analyze = {
    .name = "analyze",
    .arguments = "TRACE...",
    .summary = "say where the time of traced requests went",
    .run = analyze_main,
};
