/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <glib/gstdio.h>
#include <json-glib/json-glib.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "command-line.h"
#include "context.h"
#include "error.h"
#include "job.h"
#include "lab.h"
#include "probe.h"
#include "run-lock.h"
#include "suggest.h"
#include "tempdir.h"

#define TEXT_FILE "probe.txt"
#define JSON_FILE "probe.json"

typedef struct ProbeArguments {
    gboolean json, lab;
    char **paths, **targets;
    char *up_to, *output, *progress, *hba_name;
    const char *what;
    const HbaKind *hba;
    uint64_t most;
    ProgressStyle style;
    GPtrArray *only; /* const PathKind *, or NULL */
    Job *job;
} ProbeArguments;

static void probe_arguments_clear(ProbeArguments *arguments)
{
    g_strfreev(arguments->paths);
    g_strfreev(arguments->targets);
    g_free(arguments->up_to);
    g_free(arguments->output);
    g_free(arguments->progress);
    g_free(arguments->hba_name);
    if (arguments->only) {
        g_ptr_array_unref(arguments->only);
    }
    job_free(arguments->job);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(ProbeArguments, probe_arguments_clear)

/* ---- what is to be probed ---- */

#define URL_PREFIX "iscsi://"

static gboolean is_url(const char *what)
{
    return g_str_has_prefix(what, URL_PREFIX);
}

static gboolean is_device(const char *what)
{
    return g_str_has_prefix(what, "/dev/") ||
           g_regex_match_simple("^[0-9]+:[0-9]+:[0-9]+:[0-9]+$", what, 0, 0);
}

/* A job of one target, as a job's file would have it. */
static Job *job_of_words(const char *what, GError **error)
{
    g_auto(GStrv) words = g_strsplit(what, ",", -1);
    g_autoptr(GString) text = g_string_new("[target probe]\n");
    g_autofree char *file = NULL;
    g_autoptr(GError) fault = NULL;
    Job *job = NULL;
    int fd;

    g_string_append_printf(text, "kind=%s\n", words[0]);
    for (char **word = words + 1; *word; word++) {
        g_string_append_printf(text, "%s\n", *word);
    }
    g_string_append(text, "[matrix all]\ntargets=probe\n"
                          "paths=generic-bounce\nsizes=4K\n");
    fd = g_file_open_tmp("sgbench-probe-XXXXXX", &file, &fault);
    if (fd < 0) {
        g_set_error(error, SGBENCH_ERROR, SGBENCH_ERROR_PREFLIGHT,
                    "can't make a temporary file: %s", fault->message);
        return NULL;
    }
    close(fd);
    if (g_file_set_contents(file, text->str, text->len, error)) {
        job = job_load(file, &fault);
    }
    unlink(file);
    if (!job) {
        /* "FILE:LINE: " is of no use to anybody */
        const char *message = fault ? strstr(fault->message, ": ") : NULL;

        sgbench_fail(error, SGBENCH_ERROR_USAGE, "%s: %s", what,
                     message ? message + 2 : "can't be read");
        return NULL;
    }
    g_free(job->file);
    job->file = g_strdup(what);
    return job;
}

static gboolean is_kind(const char *what)
{
    g_autofree char *name = g_strndup(what, strcspn(what, ","));

    return target_find(name) != NULL;
}

static gboolean find_job(ProbeArguments *arguments, GError **error)
{
    const char *what = arguments->what;

    if (is_device(what)) {
        g_autofree char *words = g_strconcat("device,device=", what, NULL);

        arguments->job = job_of_words(words, error);
    } else if (is_url(what)) {
        g_autofree char *words = g_strconcat("iscsi-url,url=", what, NULL);

        arguments->job = job_of_words(words, error);
    } else if (is_kind(what)) {
        arguments->job = job_of_words(what, error);
    } else if (g_file_test(what, G_FILE_TEST_IS_REGULAR)) {
        arguments->job = job_load(what, error);
    } else {
        g_autoptr(GString) kinds = g_string_new(NULL);

        for (unsigned i = 0; target_kinds[i]; i++) {
            g_string_append_printf(kinds, "%s%s", i ? ", " : "",
                                   target_kinds[i]->name);
        }
        return sgbench_fail(
            error, SGBENCH_ERROR_USAGE,
            "%s: neither a device, a job's file nor a target; a "
            "target is KIND[,KEY=VALUE...], and kinds are: %s",
            what, kinds->str);
    }
    return arguments->job != NULL;
}

static gboolean is_chosen(const ProbeArguments *arguments,
                          const TargetSpec *spec)
{
    return !arguments->targets ||
           g_strv_contains((const char *const *)arguments->targets, spec->name);
}

static gboolean check_targets(const ProbeArguments *arguments, GError **error)
{
    const GPtrArray *targets = arguments->job->targets;

    for (char **name = arguments->targets; name && *name; name++) {
        gboolean there = FALSE;

        for (unsigned i = 0; i < targets->len; i++) {
            const TargetSpec *spec = g_ptr_array_index(targets, i);

            there |= g_str_equal(spec->name, *name);
        }
        if (!there) {
            return sgbench_fail(error, SGBENCH_ERROR_USAGE,
                                "%s: no target '%s'", arguments->what, *name);
        }
    }
    return TRUE;
}

static gboolean find_paths(ProbeArguments *arguments, GError **error)
{
    for (char **name = arguments->paths; name && *name; name++) {
        const PathKind *path = path_find(*name);

        if (!path) {
            g_autoptr(GString) names = g_string_new(NULL);

            for (path = path_kinds; path->name; path++) {
                g_string_append_printf(names, "%s%s", names->len ? ", " : "",
                                       path->name);
            }
            return sgbench_fail(error, SGBENCH_ERROR_USAGE,
                                "'%s' is not a path; there are: %s", *name,
                                names->str);
        }
        if (!arguments->only) {
            arguments->only = g_ptr_array_new();
        }
        g_ptr_array_add(arguments->only, (gpointer)path);
    }
    return TRUE;
}

static gboolean parse(int argc, char **argv, ProbeArguments *arguments,
                      GError **error)
{
    const GOptionEntry entries[] = {
        {"json", 'j', 0, G_OPTION_ARG_NONE, &arguments->json,
         "Print JSON: sizes in bytes", NULL},
        {"lab", 'l', 0, G_OPTION_ARG_NONE, &arguments->lab,
         "Inside the lab, where the kernel's SCSI drivers are", NULL},
        {"path", 'p', 0, G_OPTION_ARG_STRING_ARRAY, &arguments->paths,
         "Probe this path; may be given several times (default: all that "
         "differ)",
         "PATH"},
        {"target", 't', 0, G_OPTION_ARG_STRING_ARRAY, &arguments->targets,
         "Probe this target of the job (default: all)", "NAME"},
        {"up-to", 'u', 0, G_OPTION_ARG_STRING, &arguments->up_to,
         "Largest transfer to try (default: 128M, in the lab 32M)", "SIZE"},
        {"hba", 0, 0, G_OPTION_ARG_STRING, &arguments->hba_name,
         "QEMU's HBA: virtio-scsi (default) or pvscsi", "HBA"},
        {"output", 'o', 0, G_OPTION_ARG_FILENAME, &arguments->output,
         "Keep logs, traces, " TEXT_FILE " and " JSON_FILE " in DIR", "DIR"},
        {"progress", 0, 0, G_OPTION_ARG_STRING, &arguments->progress,
         "auto, bar, lines or none", "STYLE"},
        {NULL},
    };
    g_autoptr(GOptionContext) context =
        subcommand_options(&subcommand_probe, entries);

    g_option_context_set_description(
        context, "It takes a device (/dev/sg3, a link to one, H:C:T:L), the "
                 "URL of an iSCSI LUN\n(iscsi://HOST/IQN/LUN), a job's file, "
                 "whose targets are probed, or a target:\n"
                 "KIND[,KEY=VALUE...]\nwith the keys of sgbench-job(5), for "
                 "example iscsi,device=tape\n");
    if (!g_option_context_parse(context, &argc, &argv, error)) {
        return FALSE;
    }
    if (argc != 2) {
        return sgbench_fail(error, SGBENCH_ERROR_USAGE, "probe %s; try --help",
                            argc < 2 ? "what? (a target, or a job's file)"
                                     : "takes one argument");
    }
    arguments->what = argv[1];
    if (arguments->progress &&
        !progress_parse_style(arguments->progress, &arguments->style)) {
        return sgbench_fail(error, SGBENCH_ERROR_USAGE,
                            "--progress takes auto, bar, lines or none");
    }
    if (arguments->up_to &&
        (!job_parse_size(arguments->up_to, &arguments->most) ||
         arguments->most < 4096 || arguments->most > 1 << 30)) {
        return sgbench_fail(error, SGBENCH_ERROR_USAGE,
                            "--up-to %s: a size from 4K to 1G is wanted",
                            arguments->up_to);
    }
    if (arguments->hba_name) {
        arguments->hba = hba_find(arguments->hba_name);
        if (!arguments->hba || arguments->hba->raw) {
            return sgbench_fail(error, SGBENCH_ERROR_USAGE,
                                "--hba %s: there are virtio-scsi and pvscsi",
                                arguments->hba_name);
        }
    }
    return find_paths(arguments, error) && find_job(arguments, error) &&
           check_targets(arguments, error);
}

/* ---- results ---- */

static gboolean write_file(const char *folder, const char *name,
                           const char *text, GError **error)
{
    g_autofree char *file = g_build_filename(folder, name, NULL);

    return g_file_set_contents(file, text, -1, error);
}

/* To standard output, and into @folder if it is not NULL. What the lab prints
 * goes to standard error: there only the files count. */
static gboolean show(const ProbeArguments *arguments, const char *folder,
                     const char *text, const char *json, GError **error)
{
    if (folder && (!write_file(folder, TEXT_FILE, text, error) ||
                   !write_file(folder, JSON_FILE, json, error))) {
        return FALSE;
    }
    if (!run_in_lab()) {
        fputs(arguments->json ? json : text, stdout);
        fflush(stdout);
    }
    return TRUE;
}

static gboolean probe_all(const ProbeArguments *arguments, GError **error)
{
    const Job *job = arguments->job;
    g_autoptr(GString) text = g_string_new(NULL);
    g_autoptr(JsonNode) root = json_node_new(JSON_NODE_ARRAY);
    JsonArray *array = json_array_new();
    g_autofree char *json = NULL;
    GError *first = NULL;
    gboolean shown;

    for (unsigned i = 0; i < job->targets->len; i++) {
        const TargetSpec *spec = g_ptr_array_index(job->targets, i);
        g_autofree char *folder =
            arguments->output
                ? g_build_filename(arguments->output, spec->name, NULL)
                : NULL;
        ProbeOptions options = {
            .output = folder,
            .only = arguments->only,
            .hba = arguments->hba,
            .most = arguments->most,
            .progress = arguments->style,
        };
        g_autoptr(Probe) probe = NULL;
        GError *fault = NULL;

        if (!is_chosen(arguments, spec) || run_interrupted()) {
            continue;
        }
        probe = probe_target(job, spec, &options, &fault);
        if (probe) {
            g_autofree char *page = probe_text(probe);

            g_string_append_printf(text, "%s%s", text->len ? "\n\n" : "", page);
            json_array_add_object_element(array, probe_json(probe));
        }
        if (fault && first) {
            g_error_free(fault);
        } else if (fault) {
            first = fault;
        }
    }
    json_node_take_array(root, array);
    if (text->len) {
        g_string_append_c(text, '\n');
    }
    {
        g_autofree char *body = json_to_string(root, TRUE);

        json = g_strconcat(body, "\n", NULL);
    }
    shown = show(arguments, arguments->output, text->str, json,
                 first ? NULL : error);
    if (first) {
        g_propagate_error(error, first);
        return FALSE;
    }
    return shown;
}

/* ---- inside the lab ---- */

static void add_option(GPtrArray *argv, const char *name, const char *value)
{
    g_ptr_array_add(argv, g_strdup(name));
    g_ptr_array_add(argv, g_strdup(value));
}

static GPtrArray *inner_arguments(const ProbeArguments *arguments,
                                  const char *output)
{
    GPtrArray *inner = g_ptr_array_new_with_free_func(g_free);

    g_ptr_array_add(inner, g_file_read_link("/proc/self/exe", NULL));
    g_ptr_array_add(inner, g_strdup("probe"));
    add_option(inner, "--output", output);
    add_option(inner, "--progress", progress_style_name(arguments->style));
    for (char **path = arguments->paths; path && *path; path++) {
        add_option(inner, "--path", *path);
    }
    for (char **name = arguments->targets; name && *name; name++) {
        add_option(inner, "--target", *name);
    }
    if (arguments->up_to) {
        add_option(inner, "--up-to", arguments->up_to);
    }
    if (arguments->hba_name) {
        add_option(inner, "--hba", arguments->hba_name);
    }
    g_ptr_array_add(inner,
                    is_kind(arguments->what) || is_device(arguments->what) ||
                            is_url(arguments->what)
                        ? g_strdup(arguments->what)
                        : g_canonicalize_filename(arguments->what, NULL));
    g_ptr_array_add(inner, NULL);
    return inner;
}

static int probe_lab(const ProbeArguments *arguments, GError **error)
{
    g_autofree char *temp = arguments->output ? NULL : temp_dir_make(error);
    g_autofree char *output =
        arguments->output ? g_canonicalize_filename(arguments->output, NULL)
        : temp            ? g_build_filename(temp, "probe", NULL)
                          : NULL;
    g_autoptr(GPtrArray) inner = NULL;
    g_autofree char *text = NULL, *file = NULL;
    int code;

    if (!output) {
        return SGBENCH_ERROR_PREFLIGHT;
    }
    inner = inner_arguments(arguments, output);
    code = lab_run((const char *const *)inner->pdata, output, error);
    file =
        g_build_filename(output, arguments->json ? JSON_FILE : TEXT_FILE, NULL);
    /* If it is not there the sgbench inside has said why. */
    if (g_file_get_contents(file, &text, NULL, NULL)) {
        fputs(text, stdout);
        fflush(stdout);
    }
    if (temp) {
        temp_dir_remove(temp);
    }
    return code;
}

static gboolean take_lock(GError **error)
{
    g_autofree char *cache =
        g_build_filename(g_get_user_cache_dir(), "sgbench", NULL);

    return run_lock_take(cache, error);
}

static int probe_main(int argc, char **argv, GError **error)
{
    g_auto(ProbeArguments) arguments = {};

    if (!parse(argc, argv, &arguments, error)) {
        return SGBENCH_ERROR_USAGE;
    }
    if (!take_lock(error)) {
        return SGBENCH_ERROR_PREFLIGHT;
    }
    run_catch_signals();
    if (arguments.lab) {
        return probe_lab(&arguments, error);
    }
    if (arguments.output && g_mkdir_with_parents(arguments.output, 0755) < 0) {
        g_set_error(error, SGBENCH_ERROR, SGBENCH_ERROR_RESULTS,
                    "can't make %s: %s", arguments.output, g_strerror(errno));
        return SGBENCH_ERROR_RESULTS;
    }
    probe_all(&arguments, error);
    return SGBENCH_OK;
}

const Subcommand subcommand_probe = {
    .name = "probe",
    .arguments = "DEVICE|TARGET|JOB",
    .summary = "largest transfers that work, and who refuses more",
    .run = probe_main,
};
