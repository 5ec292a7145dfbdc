/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <glib.h>

#include "sgbench/tests/target-fixture.h"

Job *fixture_job(const char *folder, const char *name, const char *text)
{
    g_autofree char *file = g_build_filename(folder, name, NULL);
    GError *error = NULL;
    Job *job;

    g_assert_true(g_file_set_contents(file, text, -1, NULL));
    job = job_load(file, &error);
    g_assert_no_error(error);
    return job;
}

Target *fixture_target(RunContext *context, const char *kind,
                       const char *const *keys)
{
    Job job = {.file = (char *)"test.conf"};
    TargetSpec spec = {.name = (char *)kind, .kind = (char *)kind};
    GError *error = NULL;
    Target *target;

    spec.keys = g_hash_table_new(g_str_hash, g_str_equal);
    spec.lines = g_hash_table_new(g_str_hash, g_str_equal);
    for (; *keys; keys += 2) {
        g_hash_table_insert(spec.keys, (void *)keys[0], (void *)keys[1]);
    }
    target = target_start(context, &job, &spec, &error);
    g_assert_no_error(error);
    g_hash_table_unref(spec.keys);
    g_hash_table_unref(spec.lines);
    return target;
}
