/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>

#include "command-line.h"
#include "context.h"
#include "error.h"
#include "job.h"
#include "lab.h"
#include "plan.h"
#include "reports/table.h"
#include "run-lock.h"
#include "runner.h"

/* `run` and `lab` take the same options: a job is a job. */
typedef struct RunArguments {
    char *output;
    char *resume;
    char *progress;
    char **overrides;
    char **only;
    char **devices;
    char **write_to;
    char **write_to_tape;
    gboolean dry_run;
    gboolean no_table;
    Job *job;
    ProgressStyle style;
} RunArguments;

static void run_arguments_clear(RunArguments *arguments)
{
    g_free(arguments->output);
    g_free(arguments->resume);
    g_free(arguments->progress);
    g_strfreev(arguments->overrides);
    g_strfreev(arguments->only);
    g_strfreev(arguments->devices);
    g_strfreev(arguments->write_to);
    g_strfreev(arguments->write_to_tape);
    if (arguments->job) {
        job_free(arguments->job);
    }
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(RunArguments, run_arguments_clear)

static gboolean usage(GError **error, const char *what)
{
    g_set_error(error, SGBENCH_ERROR, SGBENCH_ERROR_USAGE, "%s; try --help",
                what);
    return FALSE;
}

/* A new name for the results of @job: results/NAME-TIME. */
static char *default_output(const Job *job)
{
    g_autoptr(GDateTime) now = g_date_time_new_now_local();
    g_autofree char *time = g_date_time_format(now, "%Y%m%d-%H%M%S");

    return g_strdup_printf("results/%s-%s", job->name, time);
}

/* What is in @output from before must not be taken for this run's. */
static gboolean check_new(const char *output, GError **error)
{
    g_autofree char *file = g_build_filename(output, "run.json", NULL);

    if (g_file_test(file, G_FILE_TEST_EXISTS)) {
        g_set_error(error, SGBENCH_ERROR, SGBENCH_ERROR_RESULTS,
                    "%s is a run already; choose another --output, or go on "
                    "with it by --resume",
                    output);
        return FALSE;
    }
    return TRUE;
}

static gboolean parse(const Subcommand *subcommand, int argc, char **argv,
                      RunArguments *arguments, GError **error)
{
    const GOptionEntry entries[] = {
        {"output", 'o', 0, G_OPTION_ARG_FILENAME, &arguments->output,
         "Run directory to make (default: results/JOB-TIME)", "DIR"},
        {"resume", 'r', 0, G_OPTION_ARG_FILENAME, &arguments->resume,
         "Go on with the unfinished run in DIR", "DIR"},
        {"set", 's', 0, G_OPTION_ARG_STRING_ARRAY, &arguments->overrides,
         "Set a key of [job], e.g. rounds=20", "KEY=VALUE"},
        {"only", 0, 0, G_OPTION_ARG_STRING_ARRAY, &arguments->only,
         "Run the cells whose ids match, e.g. '*/read/64K/*'", "PATTERN"},
        {"device", 'd', 0, G_OPTION_ARG_STRING_ARRAY, &arguments->devices,
         "The device of the job's targets of kind device", "[TARGET=]NAME"},
        {"write-to", 0, 0, G_OPTION_ARG_STRING_ARRAY, &arguments->write_to,
         "A device that may be overwritten, by its serial number", "SERIAL"},
        {"write-to-tape", 0, 0, G_OPTION_ARG_STRING_ARRAY,
         &arguments->write_to_tape,
         "A cartridge that may be overwritten, by its barcode", "BARCODE"},
        {"dry-run", 'n', 0, G_OPTION_ARG_NONE, &arguments->dry_run,
         "Print the plan, start nothing", NULL},
        {"no-table", 0, 0, G_OPTION_ARG_NONE, &arguments->no_table,
         "Do not print the table at the end", NULL},
        {"progress", 0, 0, G_OPTION_ARG_STRING, &arguments->progress,
         "auto, bar, lines or none", "STYLE"},
        {NULL},
    };
    g_autoptr(GOptionContext) context = subcommand_options(subcommand, entries);
    char **override, **pattern;

    if (!g_option_context_parse(context, &argc, &argv, error)) {
        return FALSE;
    }
    if (argc != 2) {
        return usage(error, argc < 2 ? "which job? (a file of configs/)"
                                     : "one job at a time");
    }
    if (arguments->progress &&
        !progress_parse_style(arguments->progress, &arguments->style)) {
        return usage(error, "--progress takes auto, bar, lines or none");
    }
    if (arguments->output && arguments->resume) {
        return usage(error, "--output and --resume exclude each other");
    }
    arguments->job = job_load(argv[1], error);
    if (!arguments->job) {
        return FALSE;
    }
    for (override = arguments->overrides; override && *override; override++) {
        if (!job_override(arguments->job, *override, error)) {
            return FALSE;
        }
    }
    for (pattern = arguments->only; pattern && *pattern; pattern++) {
        if (!job_only(arguments->job, *pattern, error)) {
            return FALSE;
        }
    }
    for (override = arguments->devices; override && *override; override++) {
        if (!job_set_device(arguments->job, *override, error)) {
            return FALSE;
        }
    }
    if (!arguments->output && !arguments->resume) {
        arguments->output = default_output(arguments->job);
    }
    return arguments->dry_run || arguments->resume ||
           check_new(arguments->output, error);
}

static gboolean print_plan(const Job *job, gboolean in_lab, GError **error)
{
    g_autoptr(Plan) plan = plan_new(job, error);
    g_autofree char *text = plan ? plan_text(plan, in_lab) : NULL;

    if (!plan) {
        return FALSE;
    }
    fputs(text, stdout);
    return TRUE;
}

/* The table of what is in @path, if anything is. */
static void print_table(const char *path)
{
    g_autoptr(GPtrArray) runs =
        g_ptr_array_new_with_free_func((GDestroyNotify)sgb_run_free);
    SgbRun *run = sgb_run_load(path, NULL);

    if (run) {
        g_autofree char *text = NULL;

        g_ptr_array_add(runs, run);
        text = sgb_table_text(runs);
        fputs(text, stdout);
        fflush(stdout);
    }
}

/* Where the results are, and how to go on if @complete is FALSE. */
static void print_end(const char *path, gboolean complete)
{
    g_autofree char *results = g_build_filename(path, "run.json", NULL);

    if (run_in_lab()) {
        return; /* `sgbench lab`, outside, says it */
    }
    if (complete) {
        fprintf(stderr, "sgbench: results are in %s\n", path);
    } else if (g_file_test(results, G_FILE_TEST_EXISTS)) {
        fprintf(stderr,
                "sgbench: what was measured until then is in %s; "
                "--resume %s goes on with it\n",
                path, path);
    }
}

static gboolean take_lock(GError **error)
{
    g_autofree char *cache =
        g_build_filename(g_get_user_cache_dir(), "sgbench", NULL);

    return run_lock_take(cache, error);
}

static int run_main(int argc, char **argv, GError **error)
{
    g_auto(RunArguments) arguments = {};
    RunOptions options = {};
    GError *fault = NULL;
    gboolean ok;

    if (!parse(&subcommand_run, argc, argv, &arguments, error)) {
        return SGBENCH_ERROR_USAGE;
    }
    if (arguments.dry_run) {
        print_plan(arguments.job, FALSE, error);
        return SGBENCH_OK;
    }
    options.resume = arguments.resume != NULL;
    options.output = options.resume ? arguments.resume : arguments.output;
    options.overrides = (const char *const *)arguments.overrides;
    options.write_to = (const char *const *)arguments.write_to;
    options.write_to_tape = (const char *const *)arguments.write_to_tape;
    options.progress = arguments.style;

    if (!take_lock(error)) {
        return SGBENCH_ERROR_PREFLIGHT;
    }
    run_catch_signals();
    ok = run_job(arguments.job, &options, &fault);
    if (!arguments.no_table) {
        print_table(options.output);
    }
    print_end(options.output, ok);
    if (!ok) {
        g_propagate_error(error, fault);
    }
    return SGBENCH_OK;
}

static void add_options(GPtrArray *inner, const char *name, char **values)
{
    for (; values && *values; values++) {
        g_ptr_array_add(inner, g_strdup(name));
        g_ptr_array_add(inner, g_strdup(*values));
    }
}

/* The command line of the sgbench inside the lab: this program, `run`. */
static GPtrArray *inner_arguments(const RunArguments *arguments)
{
    GPtrArray *inner = g_ptr_array_new_with_free_func(g_free);
    const char *output =
        arguments->resume ? arguments->resume : arguments->output;
    ProgressStyle style = arguments->style;

    g_ptr_array_add(inner, g_file_read_link("/proc/self/exe", NULL));
    g_ptr_array_add(inner, g_strdup("run"));
    g_ptr_array_add(inner, g_strdup("--no-table"));
    g_ptr_array_add(inner,
                    g_strdup(arguments->resume ? "--resume" : "--output"));
    g_ptr_array_add(inner, g_canonicalize_filename(output, NULL));
    add_options(inner, "--set", arguments->overrides);
    add_options(inner, "--only", arguments->only);
    add_options(inner, "--device", arguments->devices);
    add_options(inner, "--write-to", arguments->write_to);
    add_options(inner, "--write-to-tape", arguments->write_to_tape);
    /* The console inside always looks like a terminal. */
    g_ptr_array_add(inner, g_strdup("--progress"));
    g_ptr_array_add(inner, g_strdup(progress_style_name(style)));
    g_ptr_array_add(inner, g_canonicalize_filename(arguments->job->file, NULL));
    g_ptr_array_add(inner, NULL);
    return inner;
}

static int lab_main(int argc, char **argv, GError **error)
{
    g_auto(RunArguments) arguments = {};
    g_autoptr(GPtrArray) inner = NULL;
    const char *output;
    GError *fault = NULL;
    int code;

    if (!parse(&subcommand_lab, argc, argv, &arguments, error)) {
        return SGBENCH_ERROR_USAGE;
    }
    if (arguments.dry_run) {
        print_plan(arguments.job, TRUE, error);
        return SGBENCH_OK;
    }
    output = arguments.resume ? arguments.resume : arguments.output;
    inner = inner_arguments(&arguments);
    if (!take_lock(error)) {
        return SGBENCH_ERROR_PREFLIGHT;
    }
    run_catch_signals();
    code = lab_run((const char *const *)inner->pdata, output, &fault);
    if (!arguments.no_table) {
        print_table(output);
    }
    /* If there is no fault, the sgbench inside has said what it was. */
    print_end(output, code == SGBENCH_OK && !fault);
    if (fault) {
        g_propagate_error(error, fault);
    }
    return code;
}

const Subcommand subcommand_run = {
    .name = "run",
    .arguments = "JOB",
    .summary = "run a job (a file of configs/)",
    .run = run_main,
};

const Subcommand subcommand_lab = {
    .name = "lab",
    .arguments = "JOB",
    .summary = "run a job inside a user-mode Linux lab",
    .run = lab_main,
};
