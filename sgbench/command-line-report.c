/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "command-line.h"
#include "error.h"
#include "reports/source.h"
#include "reports/writer.h"

/* Where a report goes that is a file, if nobody says where. */
#define DEFAULT_NAME "report"

static char *formats_text(void)
{
    GString *text = g_string_new("html (the default), ");
    unsigned i;

    for (i = 1; sgb_writers[i]; i++) {
        g_string_append_printf(text, "%s%s", sgb_writers[i]->name,
                               sgb_writers[i + 1] ? ", " : "");
    }
    return g_string_free(text, FALSE);
}

/* "  html  one page with ...": for --help; the caller's. */
static char *formats_help(void)
{
    GString *text = g_string_new("Formats:\n");
    unsigned i;

    for (i = 0; sgb_writers[i]; i++) {
        g_string_append_printf(text, "  %-14s %s\n", sgb_writers[i]->name,
                               sgb_writers[i]->summary);
    }
    g_string_append(text, "\nhtml is written to report.html in the first run's "
                          "folder (or beside a bundle),\neverything else to "
                          "standard output, unless --output says where; its "
                          "suffix says\nthe format if --format does not.");
    return g_string_free(text, FALSE);
}

static const SgbWriter *find_writer(const char *format, const char *output,
                                    GError **error)
{
    g_autofree char *formats = NULL;
    const SgbWriter *writer;

    if (format) {
        writer = sgb_writer_by_name(format);
    } else {
        writer = output ? sgb_writer_by_suffix(output) : NULL;
        writer = writer ? writer : sgb_writers[0];
    }
    if (!writer) {
        formats = formats_text();
        g_set_error(error, SGBENCH_ERROR, SGBENCH_ERROR_USAGE,
                    "'%s' is not a format; there are: %s", format, formats);
    }
    return writer;
}

static int write_file(const char *path, const GString *text, GError **error)
{
    g_autoptr(GError) cause = NULL;

    if (!g_file_set_contents_full(path, text->str, text->len,
                                  G_FILE_SET_CONTENTS_CONSISTENT, 0644,
                                  &cause)) {
        g_set_error(error, SGBENCH_ERROR, SGBENCH_ERROR_RESULTS,
                    "can't write the report: %s; name another file with "
                    "--output",
                    cause->message);
        return SGBENCH_ERROR_RESULTS;
    }
    printf("report: %s\n", path);
    return SGBENCH_OK;
}

static int write_stdout(const GString *text, GError **error)
{
    if (fwrite(text->str, 1, text->len, stdout) != text->len ||
        fflush(stdout) != 0) {
        g_set_error(error, SGBENCH_ERROR, SGBENCH_ERROR_RESULTS,
                    "can't write the report to standard output");
        return SGBENCH_ERROR_RESULTS;
    }
    return SGBENCH_OK;
}

static int report_main(int argc, char **argv, GError **error)
{
    g_autofree char *format = NULL;
    g_autofree char *output = NULL;
    g_autofree char *formats = formats_text();
    g_autofree char *help = formats_help();
    const GOptionEntry entries[] = {
        {"format", 'f', 0, G_OPTION_ARG_STRING, &format, formats, "FORMAT"},
        {"output", 'o', 0, G_OPTION_ARG_FILENAME, &output,
         "File to write, - for standard output", "FILE"},
        {NULL},
    };
    g_autoptr(GOptionContext) context =
        subcommand_options(&subcommand_report, entries);
    g_autoptr(GPtrArray) runs =
        g_ptr_array_new_with_free_func((GDestroyNotify)sgb_run_free);
    g_autoptr(GString) text = g_string_new(NULL);
    const SgbWriter *writer;
    int i;

    g_option_context_set_description(context, help);
    if (!g_option_context_parse(context, &argc, &argv, error)) {
        return SGBENCH_ERROR_USAGE;
    }
    writer = find_writer(format, output, error);
    if (!writer) {
        return SGBENCH_ERROR_USAGE;
    }
    if (argc < 2) {
        g_set_error(error, SGBENCH_ERROR, SGBENCH_ERROR_USAGE,
                    "which runs? (run directories)");
        return SGBENCH_ERROR_USAGE;
    }
    for (i = 1; i < argc; i++) {
        SgbRun *run = sgb_run_open(argv[i], error);

        if (!run) {
            return SGBENCH_ERROR_RESULTS;
        }
        g_ptr_array_add(runs, run);
    }
    if (!writer->write(runs, text, error)) {
        return SGBENCH_ERROR_RESULTS;
    }
    if (!output && writer->file) {
        g_autofree char *name = g_strconcat(DEFAULT_NAME, writer->suffix, NULL);

        output = g_file_test(argv[1], G_FILE_TEST_IS_DIR)
                     ? g_build_filename(argv[1], name, NULL)
                     : g_strconcat(argv[1], writer->suffix, NULL);
    }
    return !output || strcmp(output, "-") == 0
               ? write_stdout(text, error)
               : write_file(output, text, error);
}

const Subcommand subcommand_report = {
    .name = "report",
    .arguments = "RUN...",
    .summary = "write the report of one or more runs",
    .run = report_main,
};
