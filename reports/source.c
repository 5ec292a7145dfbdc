/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "source.h"

#include <string.h>

#include "bundle.h"
#include "history.h"

#define HISTORY "history:"

static SgbRun *from_history(const char *name, GError **error)
{
    g_autofree char *file = sgb_history_default();
    g_autoptr(SgbHistory) history = sgb_history_open(file, FALSE, error);

    return history ? sgb_history_load(history, name, error) : NULL;
}

SgbRun *sgb_run_open(const char *where, GError **error)
{
    if (g_str_has_prefix(where, HISTORY)) {
        return from_history(where + strlen(HISTORY), error);
    }
    return sgb_bundle_is_name(where) && !g_file_test(where, G_FILE_TEST_IS_DIR)
               ? sgb_bundle_load(where, error)
               : sgb_run_load(where, error);
}
