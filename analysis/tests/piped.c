/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "piped.h"

GSubprocess *piped_start(GPtrArray *argv, const char *first, va_list ap)
{
    g_autoptr(GError) error = NULL;
    GSubprocess *process;

    for (const char *a = first; a; a = va_arg(ap, const char *)) {
        g_ptr_array_add(argv, g_strdup(a));
    }
    g_ptr_array_add(argv, NULL);
    process = g_subprocess_newv((const char *const *)argv->pdata,
                                G_SUBPROCESS_FLAGS_STDOUT_PIPE |
                                    G_SUBPROCESS_FLAGS_STDERR_PIPE,
                                &error);
    g_assert_no_error(error);
    g_ptr_array_unref(argv);
    return process;
}
