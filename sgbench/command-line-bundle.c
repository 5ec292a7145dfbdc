/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <string.h>

#include "command-line.h"
#include "error.h"
#include "reports/bundle.h"

typedef struct BundleArguments {
    char *output;
    gboolean extract;
    SgbBundleOptions options;
} BundleArguments;

/* "RUN.tar.zst" in the current folder for run directory @run; the caller's. */
static char *default_bundle(const char *run)
{
    g_autofree char *absolute = g_canonicalize_filename(run, NULL);
    g_autofree char *name = g_path_get_basename(absolute);

    return g_strconcat(name, ".tar.zst", NULL);
}

/* The folder that bundle @file is unpacked to if none is named; the caller's. */
static char *default_folder(const char *file)
{
    char *name = g_path_get_basename(file);

    for (char *p = name + strlen(name); p > name; p--) {
        if (g_str_equal(p, ".tar.zst") || g_str_equal(p, ".tar.gz")) {
            *p = '\0';
        }
    }
    return name;
}

static int pack(const char *run, const BundleArguments *a, GError **error)
{
    g_autofree char *file =
        a->output ? g_strdup(a->output) : default_bundle(run);
    g_autofree char *size = NULL;
    SgbBundleSummary summary;

    if (!sgb_bundle_is_name(file)) {
        g_set_error(error, SGBENCH_ERROR, SGBENCH_ERROR_USAGE,
                    "%s: a bundle is called something.tar.zst or "
                    "something.tar.gz",
                    file);
        return SGBENCH_ERROR_USAGE;
    }
    if (!sgb_bundle_write(run, file, &a->options, &summary, error)) {
        return SGBENCH_ERROR_RESULTS;
    }
    size = g_format_size_full(summary.bytes, G_FORMAT_SIZE_IEC_UNITS);
    printf("%s: %u files, %s before packing", file, summary.files, size);
    if (a->options.hash) {
        printf("; %u identities hashed, no traces", summary.identities);
    }
    fputs("\n", stdout);
    return SGBENCH_OK;
}

static int unpack(const char *file, const BundleArguments *a, GError **error)
{
    g_autofree char *folder =
        a->output ? g_strdup(a->output) : default_folder(file);

    if (!sgb_bundle_extract(file, folder, error)) {
        return SGBENCH_ERROR_RESULTS;
    }
    printf("%s: run directory\n", folder);
    return SGBENCH_OK;
}

static int bundle_main(int argc, char **argv, GError **error)
{
    BundleArguments a = {};
    g_autofree char *output = NULL;
    const GOptionEntry entries[] = {
        {"output", 'o', 0, G_OPTION_ARG_FILENAME, &output,
         "File to make (default: RUN.tar.zst here), or folder with --extract",
         "PATH"},
        {"hash-identities", 'i', 0, G_OPTION_ARG_NONE, &a.options.hash,
         "Hash serial numbers and the like; leave traces out", NULL},
        {"no-trace", 0, 0, G_OPTION_ARG_NONE, &a.options.no_trace,
         "Leave traces out", NULL},
        {"force", 0, 0, G_OPTION_ARG_NONE, &a.options.force,
         "Replace a file that is there", NULL},
        {"extract", 'x', 0, G_OPTION_ARG_NONE, &a.extract,
         "Unpack a bundle into a new run directory", NULL},
        {NULL},
    };
    g_autoptr(GOptionContext) context =
        subcommand_options(&subcommand_bundle, entries);

    if (!g_option_context_parse(context, &argc, &argv, error)) {
        return SGBENCH_ERROR_USAGE;
    }
    if (argc != 2) {
        g_set_error(error, SGBENCH_ERROR, SGBENCH_ERROR_USAGE,
                    "which run? (one run directory, or a bundle with "
                    "--extract)");
        return SGBENCH_ERROR_USAGE;
    }
    if (a.extract &&
        (a.options.hash || a.options.no_trace || a.options.force)) {
        g_set_error(error, SGBENCH_ERROR, SGBENCH_ERROR_USAGE,
                    "--extract takes no option but --output");
        return SGBENCH_ERROR_USAGE;
    }
    a.output = output;
    return a.extract ? unpack(argv[1], &a, error) : pack(argv[1], &a, error);
}

const Subcommand subcommand_bundle = {
    .name = "bundle",
    .arguments = "RUN",
    .summary = "pack a run into one file, for someone else",
    .run = bundle_main,
};
