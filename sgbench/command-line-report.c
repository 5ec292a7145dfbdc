/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>

#include "command-line.h"
#include "error.h"
#include "reports/source.h"
#include "reports/table.h"

static int report_main(int argc, char **argv, GError **error)
{
    g_autofree char *format = NULL;
    const GOptionEntry entries[] = {
        {"format", 'f', 0, G_OPTION_ARG_STRING, &format,
         "text (the default and, so far, the only one)", "FORMAT"},
        {NULL},
    };
    g_autoptr(GOptionContext) context =
        subcommand_options(&subcommand_report, entries);
    g_autoptr(GPtrArray) runs =
        g_ptr_array_new_with_free_func((GDestroyNotify)sgb_run_free);
    g_autofree char *text = NULL;
    int i;

    if (!g_option_context_parse(context, &argc, &argv, error)) {
        return SGBENCH_ERROR_USAGE;
    }
    if (format && !g_str_equal(format, "text")) {
        g_set_error(error, SGBENCH_ERROR, SGBENCH_ERROR_USAGE,
                    "'%s' is not a format; there is: text", format);
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
    text = sgb_table_text(runs);
    fputs(text, stdout);
    return SGBENCH_OK;
}

const Subcommand subcommand_report = {
    .name = "report",
    .arguments = "RUN...",
    .summary = "print the table of one or more runs",
    .run = report_main,
};
