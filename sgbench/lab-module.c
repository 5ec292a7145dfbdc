/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "error.h"
#include "lab-module.h"
#include "tool.h"

#define TOOL_MS 60000

gboolean lab_module_load(const char *temp_dir, const char *const *words,
                         GError **error)
{
    const char *folder = g_getenv("SGBENCH_LAB_MODULES");
    g_autofree char *log = g_build_filename(temp_dir, "modprobe.log", NULL);
    g_autoptr(GPtrArray) argv = g_ptr_array_new();

    g_ptr_array_add(argv, (void *)"modprobe");
    if (folder) {
        g_ptr_array_add(argv, (void *)"-d");
        g_ptr_array_add(argv, (void *)folder);
    }
    for (; *words; words++) {
        g_ptr_array_add(argv, (void *)*words);
    }
    g_ptr_array_add(argv, NULL);
    return tool_run((const char *const *)argv->pdata, NULL, log, TOOL_MS,
                    SGBENCH_ERROR_TARGET, NULL, error);
}
