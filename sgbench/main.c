/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <locale.h>
#include <stdio.h>

#include "command-line.h"
#include "error.h"

const Subcommand *const subcommands[] = {
    &subcommand_run,     &subcommand_lab,
    &subcommand_report,  &subcommand_compare,
    &subcommand_bundle,  &subcommand_history,
    &subcommand_devices, &subcommand_probe,
    &subcommand_analyze, NULL,
};

GOptionContext *subcommand_options(const Subcommand *subcommand,
                                   const GOptionEntry *entries)
{
    g_autofree char *parameters =
        g_strdup_printf("%s - %s", subcommand->arguments, subcommand->summary);
    GOptionContext *context = g_option_context_new(parameters);

    g_option_context_add_main_entries(context, entries, NULL);
    return context;
}

static void print_help(void)
{
    int i, code;

    printf("Usage: sgbench COMMAND [OPTION…] …\n\n"
           "Benchmark and tracing of SCSI passthrough in QEMU.\n\nCommands:\n");
    for (i = 0; subcommands[i]; i++) {
        printf("  %-8s %-24s %s\n", subcommands[i]->name,
               subcommands[i]->arguments, subcommands[i]->summary);
    }
    printf("\n`sgbench COMMAND --help` lists a command's options; sgbench(1) "
           "and sgbench-job(5)\nhave the details.\n\nExit codes:\n");
    for (code = 0; code <= SGBENCH_INTERRUPTED; code++) {
        if (sgbench_error_summary(code)) {
            printf("  %3d  %s\n", code, sgbench_error_summary(code));
        }
    }
}

int main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *name = NULL;
    int i, code;

    setlocale(LC_CTYPE, "");
    g_set_prgname("sgbench");
    if (argc < 2) {
        fprintf(stderr,
                "sgbench: a command is missing; try `sgbench --help`\n");
        return SGBENCH_ERROR_USAGE;
    }
    if (g_str_equal(argv[1], "--help") || g_str_equal(argv[1], "-h")) {
        print_help();
        return SGBENCH_OK;
    }
    if (g_str_equal(argv[1], "--version")) {
        puts("sgbench " SGBENCH_VERSION);
        return SGBENCH_OK;
    }
    for (i = 0; subcommands[i]; i++) {
        if (g_str_equal(argv[1], subcommands[i]->name)) {
            break;
        }
    }
    if (!subcommands[i]) {
        fprintf(stderr,
                "sgbench: '%s' is not a command; try `sgbench --help`\n",
                argv[1]);
        return SGBENCH_ERROR_USAGE;
    }
    name = g_strconcat("sgbench ", subcommands[i]->name, NULL);
    g_set_prgname(name);
    code = subcommands[i]->run(argc - 1, argv + 1, &error);
    if (error) {
        fprintf(stderr, "sgbench: %s\n", error->message);
        code = sgbench_error_exit_code(error);
    }
    return code;
}
