/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "source.h"

#include "bundle.h"

SgbRun *sgb_run_open(const char *where, GError **error)
{
    return sgb_bundle_is_name(where) && !g_file_test(where, G_FILE_TEST_IS_DIR)
               ? sgb_bundle_load(where, error)
               : sgb_run_load(where, error);
}
