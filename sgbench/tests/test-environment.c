/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <glib/gstdio.h>
#include <string.h>

#include "sgbench/environment.h"

static void test_environment(void)
{
    g_autofree char *folder = g_dir_make_tmp("sgbench-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(folder, "build.json", NULL);
    g_autoptr(GHashTable) builds = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(JsonObject) here = NULL;
    g_autoptr(JsonNode) node = NULL;
    g_autofree char *text = NULL;
    JsonObject *build;

    g_assert_true(g_file_set_contents(path, "{\"key\": \"abc\"}", -1, NULL));
    g_hash_table_insert(builds, (char *)"baseline", folder);
    here = environment_describe(TRUE, builds);
    build = json_object_get_object_member(
        json_object_get_object_member(here, "builds"), "baseline");
    g_assert_cmpstr(json_object_get_string_member(build, "key"), ==, "abc");
    g_assert_true(json_object_get_boolean_member(here, "lab"));
    g_assert_cmpint(json_object_get_int_member(here, "cpus"), >, 0);
    g_assert_cmpint(json_object_get_int_member(here, "memory"), >, 1 << 20);
    g_assert_cmpuint(strlen(json_object_get_string_member(here, "host")), ==,
                     16);
    node = json_node_init_object(json_node_alloc(), here);
    text = json_to_string(node, FALSE);
    g_test_message("%s", text);
    g_assert_nonnull(strstr(text, "not machine speed"));
    g_assert_cmpstr(json_object_get_string_member(here, "host"), !=,
                    g_get_host_name());
    g_assert_cmpint(json_object_get_int_member(here, "minor_fault"), >, 0);
    g_unlink(path);
    g_rmdir(folder);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/environment", test_environment);
    return g_test_run();
}
