/* SPDX-License-Identifier: GPL-2.0-or-later */
/* compare, bundle and history from the command line: exit codes and messages.
 * The runs are made up (run-writer.h). */
#include <string.h>

#include "program.h"
#include "reports/tests/run-writer.h"

static const FakeCell usual[] = {
    {"generic-bounce", 1 << 20, 800, 0.8, 197},
    {"generic-control", 1 << 20, 800, 0.8, 197},
    {"generic-zerocopy", 1 << 20, 1000, 0.5},
    {NULL},
};

static const FakeCell slower[] = {
    {"generic-bounce", 1 << 20, 800, 0.8, 197},
    {"generic-control", 1 << 20, 800, 0.8, 197},
    {"generic-zerocopy", 1 << 20, 1000, 0.6},
    {NULL},
};

static const FakeCell failing[] = {
    {"generic-bounce", 1 << 20, 800, 0.8, 197},
    {"generic-control", 1 << 20, 800, 0.8, 197},
    {"generic-zerocopy", 1 << 20, 1000, 0.5, 0, 3},
    {NULL},
};

static char *make_run(const FakeCell *cells, unsigned rounds)
{
    FakeRun run = {"complete", rounds, 400, FALSE, FALSE, cells};

    return fake_run_write(&run);
}

/* Run sgbench with @args; its code is @code, standard output matches @out and
 * standard error @err. */
static void check_in(const char *const *env, const char *const *args, int code,
                     const char *out, const char *err)
{
    g_autoptr(Program) program = program_start(env, NULL, args);
    int got = program_wait(program, 60);
    g_autofree char *o = program_out(program);
    g_autofree char *e = program_err(program);

    if (got != code || !g_pattern_match_simple(out, o) ||
        !g_pattern_match_simple(err, e)) {
        g_error("%s %s: %d instead of %d, output:\n%s\nerrors:\n%s", args[0],
                args[1] ? args[1] : "", got, code, o, e);
    }
}

#define CHECK(ENV, CODE, OUT, ERR, ...) \
    check_in(ENV, (const char *const[]){__VA_ARGS__, NULL}, CODE, OUT, ERR)

static void test_compare(void)
{
    char *base = make_run(usual, 20), *few = make_run(usual, 3);
    char *worse = make_run(slower, 20), *fails = make_run(failing, 20);
    char *other = make_run(usual, 20);
    g_autofree char *text = fake_run_read(other, "run.json");
    g_auto(GStrv) parts = g_strsplit(text, "Linux 6.1", -1);
    g_autofree char *changed = g_strjoinv("Linux 6.2", parts);

    fake_run_replace(other, "run.json", changed);
    CHECK(NULL, 0, "no regression: of 4, 0 slower*", "", "compare", base, base);
    CHECK(NULL, 3, "INCONCLUSIVE: of 4, 1 slower*NO VERDICT*", "", "compare",
          base, worse);
    CHECK(NULL, 1, "REGRESSION: of 4, *", "", "compare", base, fails);
    CHECK(NULL, 0, "no regression: of 4, 0 slower, 1 faster*", "", "compare",
          worse, base);
    CHECK(NULL, 3, "INCONCLUSIVE*", "", "compare", base, few);
    CHECK(NULL, 3, "INCONCLUSIVE*would not have been seen*", "", "compare",
          "--must-see", "0.01", base, base);
    CHECK(NULL, 0, "no regression: of 2, *", "", "compare", "--threshold", "25",
          "--figure", "cpu", base, worse);
    CHECK(NULL, 4, "NOT COMPARED*DIFFERENT kernel*",
          "sgbench: not compared, the runs differ in kernel; *--vary kernel\n",
          "compare", base, other);
    CHECK(NULL, 4, "NOT COMPARED*", "sgbench: not compared, *", "compare",
          "--vary", "qemu", base, other);
    CHECK(NULL, 0, "no regression*varies  kernel: Linux 6.1 -> Linux 6.2*", "",
          "compare", "--vary", "kernel", base, other);
    CHECK(NULL, 1, "{*\"outcome\" : \"regression\"*}\n", "", "compare",
          "--format", "json", base, fails);
    CHECK(NULL, 2, "", "sgbench: which two runs? *", "compare", base);
    CHECK(NULL, 2, "", "sgbench: --vary takes *", "compare", "--vary", "cpu",
          base, base);
    CHECK(NULL, 2, "", "*'speed' is not a figure; there are: throughput, *",
          "compare", "--figure", "speed", base, base);
    CHECK(NULL, 2, "", "*'xml' is not a format*", "compare", "-f", "xml", base,
          base);
    CHECK(NULL, 2, "", "*--alpha takes*", "compare", "--alpha", "0", base,
          base);
    CHECK(NULL, 2, "", "*--must-see takes*", "compare", "--must-see", "nan",
          base, base);
    CHECK(NULL, 9, "", "sgbench: /nonexistent: not a run: *", "compare", base,
          "/nonexistent");
    fake_run_remove(base);
    fake_run_remove(few);
    fake_run_remove(worse);
    fake_run_remove(fails);
    fake_run_remove(other);
}

static void remove_tree(const char *path)
{
    const char *argv[] = {"rm", "-rf", path, NULL};

    g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL,
                 NULL, NULL, NULL, NULL);
}

static void test_bundle(void)
{
    g_autofree char *folder = g_dir_make_tmp("sgbench-judge-XXXXXX", NULL);
    g_autofree char *file = g_build_filename(folder, "run.tar.zst", NULL);
    g_autofree char *out = g_build_filename(folder, "run", NULL);
    g_autofree char *wrong = g_build_filename(folder, "run.zip", NULL);
    char *run = make_run(usual, 20);

    CHECK(NULL, 0, "*run.tar.zst: 1 files, *0 identities hashed*", "", "bundle",
          "-i", "-o", file, run);
    CHECK(NULL, 9, "", "sgbench: *is there already*", "bundle", "-o", file,
          run);
    CHECK(NULL, 2, "", "sgbench: *called something.tar.zst*", "bundle", "-o",
          wrong, run);
    CHECK(NULL, 0, "no regression*", "", "compare", file, run);
    CHECK(NULL, 0, "run *generic-zerocopy*", "", "report", "--format", "text",
          file);
    CHECK(NULL, 0, "*run: run directory\n", "", "bundle", "-x", "-o", out,
          file);
    CHECK(NULL, 0, "no regression*", "", "compare", out, file);
    CHECK(NULL, 9, "", "sgbench: *no such file*", "bundle", "-x", "-o", wrong,
          "/nonexistent.tar.gz");
    CHECK(NULL, 2, "", "sgbench: --extract takes no option*", "bundle", "-x",
          "-i", file);
    CHECK(NULL, 2, "", "sgbench: which run? *", "bundle");
    fake_run_remove(run);
    remove_tree(folder);
}

static void test_history(void)
{
    g_autofree char *folder = g_dir_make_tmp("sgbench-judge-XXXXXX", NULL);
    g_autofree char *out = g_build_filename(folder, "out", NULL);
    g_autofree char *html = g_build_filename(folder, "trend.html", NULL);
    g_autofree char *variable =
        g_strdup_printf("SGBENCH_HISTORY=%s/history.db", folder);
    g_autofree char *json = NULL;
    g_autofree char *exported = NULL;
    const char *const env[] = {variable, NULL};
    char *run = make_run(usual, 20);

    CHECK(env, 9, "", "*no history yet; *import*", "history", "list");
    CHECK(env, 0, "1 added, 0 replaced, 1 known already\n", "", "history",
          "import", run, run);
    CHECK(env, 9, "1 added, *", "sgbench: /nonexistent: not a run*", "history",
          "import", "--db", out, "/nonexistent", run);
    remove_tree(out);
    CHECK(env, 0, "", "", "history", "baseline", "release", "00000000");
    CHECK(env, 0, "run *\n00000000 *stand-in*complete*release\n", "", "history",
          "list");
    CHECK(env, 0, "run *generic-zerocopy*", "", "history", "show", "release");
    CHECK(env, 0, "no regression*", "", "compare", "history:release", run);
    CHECK(env, 0, "0 of 0 series changed; 6 are shorter*", "", "history",
          "trend");
    CHECK(env, 0, "", "", "history", "trend", "-o", html);
    CHECK(env, 0, "", "", "history", "export", "-o", out, "release");
    json = fake_run_read(run, "run.json");
    exported = fake_run_read(out, "run.json");
    g_assert_cmpstr(json, ==, exported);
    CHECK(env, 2, "", "*is there already*", "history", "export", "-o", out,
          "release");
    CHECK(env, 9, "", "*no run or baseline 'nobody'*", "history", "show",
          "nobody");
    CHECK(env, 2, "", "*'forget' is no action*", "history", "forget");
    CHECK(env, 2, "", "*usage: sgbench history show RUN...\n", "history",
          "show");
    CHECK(env, 0, "*import WHAT...*", "", "history", "--help");
    CHECK(env, 0, "", "", "history", "remove", "release");
    CHECK(env, 9, "", "*no run or baseline*", "compare", "history:release",
          run);
    fake_run_remove(run);
    remove_tree(folder);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/judge/compare", test_compare);
    g_test_add_func("/judge/bundle", test_bundle);
    g_test_add_func("/judge/history", test_history);
    return g_test_run();
}
