/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>

#include "command-line.h"
#include "device.h"
#include "error.h"

static int devices_main(int argc, char **argv, GError **error)
{
    gboolean json = FALSE;
    const GOptionEntry entries[] = {
        {"json", 'j', 0, G_OPTION_ARG_NONE, &json,
         "Print JSON: sizes in bytes, null for what is not known", NULL},
        {NULL},
    };
    g_autoptr(GOptionContext) context =
        subcommand_options(&subcommand_devices, entries);
    g_autoptr(GPtrArray) devices = NULL;
    g_autoptr(GPtrArray) chosen = NULL;
    g_autofree char *text = NULL;
    int i;

    if (!g_option_context_parse(context, &argc, &argv, error)) {
        return SGBENCH_ERROR_USAGE;
    }
    devices = device_list("", error);
    if (!devices) {
        return SGBENCH_ERROR_PREFLIGHT;
    }
    chosen = g_ptr_array_new();
    for (i = 1; i < argc; i++) {
        Device *device = device_find(devices, "", argv[i], error);

        if (!device) {
            return SGBENCH_ERROR_USAGE;
        }
        g_ptr_array_add(chosen, device);
    }
    text = json ? device_json(argc > 1 ? chosen : devices)
                : device_table(argc > 1 ? chosen : devices);
    if (devices->len == 0 && !json) {
        fputs("no SCSI devices here\n", stdout);
    } else {
        fputs(text, stdout);
        fputs(json ? "\n" : "", stdout);
    }
    return SGBENCH_OK;
}

const Subcommand subcommand_devices = {
    .name = "devices",
    .arguments = "[DEVICE...]",
    .summary = "list the SCSI devices of this machine",
    .run = devices_main,
};
