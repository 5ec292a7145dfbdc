/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The job files of configs/ in a short form: each really runs, once, with cells
 * of a moment. Which take part is in one table; whatever is in the folder has
 * to be in it.
 */
#include <string.h>

#include "program.h"

typedef struct Config {
    const char *name;
    const char *elsewhere; /* why it is not run here, or NULL */
    const char *only[3];   /* patterns, where a job has many cells alike */
    const char *command;   /* what runs it, if not "run" */
} Config;

#define WHOLE "end-to-end runs the whole of it"
#define FAULTS "its commands are meant to fail: test-faults"
#define PART "end-to-end runs a part of it"
#define FOREIGN "needs a device to be named: test-safety, in the lab"

static const Config configs[] = {
    {"ablation", .only = {"*/64K/qd4/*", "*/adjacent"}},
    {"check-changer", WHOLE},
    {"check-iscsi", WHOLE},
    {"check-iscsi-null"},
    {"check-iscsi-tape", WHOLE},
    {"check-lab", WHOLE},
    {"check-lab-tape", PART},
    {"check-null", WHOLE},
    {"check-tape", WHOLE},
    {"demo-iscsi", .only = {"*/256K/qd4/*"}},
    {"demo-lab", .only = {"*/256K/*"}, .command = "lab"},
    {"disk", .only = {"*/native/*", "*/generic-zerocopy/*", "*/block/*"}},
    {"example", .only = {"*/256K/*"}},
    {"evidence-iscsi", .only = {"*/256K/qd4/*"}},
    {"evidence-lab", .only = {"*/read/1M/qd4/offset"}, .command = "lab"},
    {"lab-ablation", .only = {"*/1M/qd4/*"}, .command = "lab"},
    {"faults", FAULTS},
    {"layouts", .only = {"*/64K/*"}},
    {"mmio", .only = {"*/64K/*"}},
    {"null", .only = {"*/64K/qd4/*"}},
    {"quick"},
    {"real-disk", FOREIGN},
    {"real-tape", FOREIGN},
    {"regression"},
    {"small", .only = {"*/read/4K/qd16/*"}},
    {"tape", .only = {"*/256K/*"}},
};

/* One round of every cell, whose commands all were GOOD. */
static void assert_samples(JsonObject *run)
{
    JsonArray *samples = json_object_get_array_member(run, "samples");
    JsonArray *cells = json_object_get_array_member(run, "cells");
    unsigned i;

    g_assert_cmpuint(json_array_get_length(cells), >, 0);
    g_assert_cmpuint(json_array_get_length(samples), ==,
                     json_array_get_length(cells));
    for (i = 0; i < json_array_get_length(samples); i++) {
        JsonObject *sample = json_array_get_object_element(samples, i);

        g_assert_cmpint(json_object_get_int_member(sample, "failed"), ==, 0);
        g_assert_cmpint(json_object_get_int_member(sample, "requests"), >, 0);
    }
}

static void test_run(gconstpointer data)
{
    static const char *const common[] = {
        "--output",         "{RUN}", "--no-table",        "--set",
        "rounds=1",         "--set", "cell-seconds=0.01", "--set",
        "warmup-seconds=0", "--set", "trace=off",         "--set",
        "verify=false",     NULL};
    const Config *config = data;
    g_autofree char *name = g_strdup_printf("configs/%s.conf", config->name);
    g_autofree char *job = source_file(name);
    g_autoptr(GPtrArray) args = g_ptr_array_new();
    g_autoptr(Program) program = NULL;
    g_autoptr(JsonObject) run = NULL;
    g_autofree char *err = NULL;
    unsigned i;
    int code;

    g_ptr_array_add(args,
                    (gpointer)(config->command ? config->command : "run"));
    for (i = 0; common[i]; i++) {
        g_ptr_array_add(args, (gpointer)common[i]);
    }
    for (i = 0; i < G_N_ELEMENTS(config->only) && config->only[i]; i++) {
        g_ptr_array_add(args, (gpointer) "--only");
        g_ptr_array_add(args, (gpointer)config->only[i]);
    }
    g_ptr_array_add(args, job);
    g_ptr_array_add(args, NULL);
    program = program_start(NULL, NULL, (const char *const *)args->pdata);
    code = program_wait(program, 120);
    err = program_err(program);
    g_test_message("%s", err);
    g_assert_cmpint(code, ==, 0);
    program_assert_schema(program);
    run = program_results(program);
    assert_samples(run);
}

/* A new job has to be put into the table, one way or the other. */
static void test_all_there(void)
{
    g_autofree char *folder = source_file("configs");
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    const char *entry;
    unsigned i;

    g_assert_nonnull(dir);
    while ((entry = g_dir_read_name(dir))) {
        gboolean found = !g_str_has_suffix(entry, ".conf");

        for (i = 0; i < G_N_ELEMENTS(configs) && !found; i++) {
            g_autofree char *file = g_strconcat(configs[i].name, ".conf", NULL);

            found = g_str_equal(entry, file);
        }
        if (!found) {
            g_error("%s is not in the table of test-configs.c", entry);
        }
    }
    for (i = 0; i < G_N_ELEMENTS(configs); i++) {
        if (configs[i].elsewhere) {
            g_test_message("%s: %s", configs[i].name, configs[i].elsewhere);
        }
    }
}

int main(int argc, char **argv)
{
    unsigned i;

    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/configs/all-there", test_all_there);
    for (i = 0; i < G_N_ELEMENTS(configs); i++) {
        if (!configs[i].elsewhere) {
            g_autofree char *path =
                g_strdup_printf("/configs/%s", configs[i].name);

            g_test_add_data_func(path, &configs[i], test_run);
        }
    }
    return g_test_run();
}
