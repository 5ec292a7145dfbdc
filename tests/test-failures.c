/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What goes wrong: one clear line, the documented exit code, nothing left
 * running, nothing measured lost. */
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "program.h"

/* Long enough to be shot at. */
#define LONG_RUN "--set", "rounds=50", "--set", "trace=off"

static char *job_file(void)
{
    return source_file("configs/check-iscsi.conf");
}

static void assert_says(const Program *program, const char *text)
{
    g_autofree char *err = program_err(program);

    if (!strstr(err, text)) {
        g_error("no '%s' in:\n%s", text, err);
    }
}

static unsigned samples(const Program *program)
{
    g_autoptr(JsonObject) run = program_results(program);

    return json_array_get_length(json_object_get_array_member(run, "samples"));
}

static void assert_outcome(const Program *program, const char *outcome)
{
    g_autoptr(JsonObject) run = program_results(program);

    g_assert_cmpstr(json_object_get_string_member(
                        json_object_get_object_member(run, "run"), "outcome"),
                    ==, outcome);
}

/* A run that has come as far as its second round. */
static Program *running(void)
{
    g_autofree char *job = job_file();
    const char *const args[] = {"run",      "--progress", "lines", LONG_RUN,
                                "--output", "{RUN}",      job,     NULL};
    Program *program = program_start(NULL, NULL, args);

    program_await(program, "round 2 of", 120);
    return program;
}

/* A run of @job that never gets going; its error in one line. */
static void assert_job_refused(const char *job, const char *const *env,
                               const char *const *launcher, int code,
                               const char *text)
{
    const char *const args[] = {"run", "--output", "{RUN}", job, NULL};
    g_autoptr(Program) program = program_start(env, launcher, args);

    g_assert_cmpint(program_wait(program, 60), ==, code);
    assert_says(program, text);
    program_assert_nothing_left(program, 10);
}

static void assert_refused(const char *const *env, int code, const char *text)
{
    g_autofree char *job = job_file();

    assert_job_refused(job, env, NULL, code, text);
}

static void test_no_qemu(void)
{
    const char *const env[] = {"SGBENCH_QEMU_BASELINE=/nonexistent", NULL};

    assert_refused(env, 5, "/nonexistent");
}

/* lttng-sessiond waits for its consumer for ever: sgbench does not. The first
 * can't be started, the second ends without a word. */
static void test_no_consumer(void)
{
    static const char *const consumers[] = {"/nonexistent/consumerd",
                                            "/bin/true"};
    g_autofree char *job = source_file("configs/check-iscsi-null.conf");

    for (unsigned i = 0; i < G_N_ELEMENTS(consumers); i++) {
        g_autofree char *variable =
            g_strdup_printf("LTTNG_CONSUMERD64_BIN=%s", consumers[i]);
        g_autofree char *says = g_strdup_printf(
            "unset LTTNG_CONSUMERD64_BIN, which names %s", consumers[i]);
        const char *const env[] = {variable, NULL};

        assert_job_refused(job, env, NULL, 5, says);
    }
}

/* One that comes up and says nothing: until sgbench is interrupted. */
static void test_consumer_hangs(void)
{
    static const char script[] = "#!/bin/sh\nexec sleep 1000\n";
    g_autofree char *job = source_file("configs/check-iscsi-null.conf");
    g_autofree char *folder = g_dir_make_tmp("sgbench-test-XXXXXX", NULL);
    g_autofree char *file = g_build_filename(folder, "consumerd", NULL);
    g_autofree char *variable =
        g_strdup_printf("LTTNG_CONSUMERD64_BIN=%s", file);
    const char *const env[] = {variable, NULL};
    const char *const args[] = {"run", "--output", "{RUN}", job, NULL};
    g_autoptr(Program) program = NULL;

    g_assert_true(g_file_set_contents(file, script, -1, NULL));
    g_assert_cmpint(chmod(file, 0755), ==, 0);
    program = program_start(env, NULL, args);
    for (unsigned i = 0; !program_find(program, "sleep 1000"); i++) {
        g_assert_cmpuint(i, <, 3000);
        g_usleep(10000);
    }
    kill(program->pid, SIGINT);
    g_assert_cmpint(program_wait(program, 30), ==, 130);
    program_assert_nothing_left(program, 10);
    unlink(file);
    rmdir(folder);
}

static void test_qemu_not_executable(void)
{
    g_autofree char *folder = g_dir_make_tmp("sgbench-test-XXXXXX", NULL);
    g_autofree char *file =
        g_build_filename(folder, "qemu-system-x86_64", NULL);
    g_autofree char *build = g_build_filename(folder, "build.json", NULL);
    g_autofree char *variable =
        g_strdup_printf("SGBENCH_QEMU_BASELINE=%s", folder);
    const char *const env[] = {variable, NULL};

    g_assert_true(g_file_set_contents(file, "x", 1, NULL));
    g_assert_true(g_file_set_contents(build, "{}", 2, NULL));
    assert_refused(env, 5, "Permission denied");
    unlink(file);
    unlink(build);
    rmdir(folder);
}

static void test_no_memory(void)
{
    /* Guest RAM is a file in memory: 8 MiB are not enough for it. */
    const char *const launcher[] = {
        "/bin/bash", "-c", "ulimit -f 8192; exec \"$@\"", "bash", NULL};
    g_autofree char *job = source_file("configs/check-iscsi-null.conf");

    assert_job_refused(job, NULL, launcher, 5, "guest RAM");
}

static void test_no_results(void)
{
    g_autofree char *job = job_file();
    const char *const args[] = {"run", "--output", "/proc/sgbench", job, NULL};
    g_autoptr(Program) program = program_start(NULL, NULL, args);

    g_assert_cmpint(program_wait(program, 60), ==, 9);
    assert_says(program, "/proc/sgbench");
}

/* Results on a file system of 128 KiB: root mounts one, others may in a
 * namespace of their own (which nobody may make inside a chroot). */
#define ON_A_SMALL_DISK                                                  \
    "mkdir {RUN} && mount -t tmpfs -o size=128k none {RUN} || exit 99; " \
    "\"$@\"; code=$?; cp -r {RUN} {RUN}.kept; umount {RUN}; exit $code"

static void test_no_space(void)
{
    g_autofree char *job = job_file();
    const char *const as_root[] = {"/bin/sh", "-c", ON_A_SMALL_DISK, "sh",
                                   NULL};
    const char *const as_user[] = {
        "unshare", "--map-root-user", "--mount", "/bin/sh",
        "-c",      ON_A_SMALL_DISK,   "sh",      NULL};
    const char *const *launcher = getuid() == 0 ? as_root : as_user;
    const char *const args[] = {"run",     LONG_RUN, "--output",
                                "{RUN}/r", job,      NULL};
    g_autoptr(Program) program = NULL;
    g_autofree char *journal = NULL;
    g_autofree char *text = NULL;
    g_auto(GStrv) lines = NULL;
    unsigned i;

    program = program_start(NULL, launcher, args);
    g_assert_cmpint(program_wait(program, 300), ==, 9);
    assert_says(program, "No space left");
    /* every line of the journal is whole */
    journal = g_strdup_printf("%s.kept/r/samples.jsonl", program->run_dir);
    g_assert_true(g_file_get_contents(journal, &text, NULL, NULL));
    lines = g_strsplit(text, "\n", -1);
    for (i = 0; lines[i + 1]; i++) {
        g_autoptr(JsonParser) parser = json_parser_new();
        g_assert_true(json_parser_load_from_data(parser, lines[i], -1, NULL));
    }
    g_assert_cmpuint(i, >, 5);
    g_assert_cmpstr(lines[i], ==, "");
    program_assert_nothing_left(program, 10);
}

static void test_qemu_dies(void)
{
    g_autoptr(Program) program = running();
    pid_t pid = 0;

    while (!pid) {
        pid = program_find(program, "qemu-system-x86_64 ");
    }
    kill(pid, SIGSEGV);
    g_assert_cmpint(program_wait(program, 60), ==, 7);
    assert_says(program, "signal 11");
    assert_outcome(program, "failed");
    g_assert_cmpuint(samples(program), >, 5);
    program_assert_nothing_left(program, 10);
}

static void test_qemu_hangs(void)
{
    g_autoptr(Program) program = running();
    pid_t pid = 0;

    while (!pid) {
        pid = program_find(program, "qemu-system-x86_64 ");
    }
    kill(pid, SIGSTOP);
    g_assert_cmpint(program_wait(program, 120), ==, 7);
    assert_outcome(program, "failed");
    program_assert_nothing_left(program, 10);
}

static void test_target_dies(void)
{
    g_autoptr(Program) program = running();
    pid_t pid = program_find(program, "tgtd");

    g_assert_cmpint(pid, !=, 0);
    kill(pid, SIGKILL);
    g_assert_cmpint(program_wait(program, 120), ==, 6);
    assert_says(program, "tgtd");
    assert_outcome(program, "failed");
    g_assert_cmpuint(samples(program), >, 5);
    program_assert_nothing_left(program, 10);
}

/* The same, and then a new one: nothing that was measured is measured again. */
static void test_target_restarts(void)
{
    g_autoptr(Program) program = running();
    g_autofree char *job = job_file();
    const char *const args[] = {"run",      LONG_RUN, "--progress", "lines",
                                "--resume", "{RUN}",  job,          NULL};
    g_autoptr(Program) again = NULL;
    pid_t pid = program_find(program, "tgtd");
    unsigned before;

    g_assert_cmpint(pid, !=, 0);
    kill(pid, SIGKILL);
    g_assert_cmpint(program_wait(program, 120), ==, 6);
    before = samples(program);
    g_assert_cmpuint(before, >, 5);

    again = program_start_on(program, args);
    program_await(again, "round 3 of", 120);
    kill(again->pid, SIGINT);
    g_assert_cmpint(program_wait(again, 30), ==, 130);
    g_assert_cmpuint(samples(again), >, before);
    program_assert_nothing_left(again, 10);
}

/* A second run would disturb the first. */
static void test_two_at_once(void)
{
    g_autoptr(Program) program = running();

    assert_refused(NULL, 5, "another run");
    kill(program->pid, SIGINT);
    g_assert_cmpint(program_wait(program, 30), ==, 130);
}

/* Ctrl-C, then go on with the same run to its end. */
static void test_interrupt_resume(void)
{
    g_autoptr(Program) program = running();
    g_autofree char *job = job_file();
    const char *const args[] = {
        "run",   "--set",    "rounds=50", "--set", "trace=off", "--progress",
        "lines", "--resume", "{RUN}",     job,     NULL};
    g_autoptr(Program) again = NULL;
    unsigned before;

    kill(program->pid, SIGINT);
    g_assert_cmpint(program_wait(program, 30), ==, 130);
    assert_outcome(program, "interrupted");
    before = samples(program);
    g_assert_cmpuint(before, >, 5);
    program_assert_nothing_left(program, 10);

    {
        /* not the same run */
        const char *const other[] = {"run",   "--set",     "rounds=49",
                                     "--set", "trace=off", "--resume",
                                     "{RUN}", job,         NULL};
        g_autoptr(Program) refused = program_start_on(program, other);

        g_assert_cmpint(program_wait(refused, 30), ==, 2);
        assert_says(refused, "the job or its --set");
        assert_outcome(program, "interrupted");
    }
    again = program_start_on(program, args);
    program_await(again, "round 4 of", 120);
    kill(again->pid, SIGTERM);
    g_assert_cmpint(program_wait(again, 30), ==, 130);
    g_assert_cmpuint(samples(program), >, before);
    program_assert_nothing_left(again, 10);
}

/* Killed outright: the journal has what was measured, and nobody is left. */
static void test_killed(void)
{
    g_autoptr(Program) program = running();
    const char *const args[] = {"report", "--format", "text", "{RUN}", NULL};
    g_autoptr(Program) report = NULL;
    g_autofree char *out = NULL;

    kill(program->pid, SIGKILL);
    g_assert_cmpint(program_wait(program, 10), ==, 256 + SIGKILL);
    program_assert_nothing_left(program, 10);

    report = program_start_on(program, args);
    g_assert_cmpint(program_wait(report, 10), ==, 0);
    out = program_out(report);
    g_assert_nonnull(strstr(out, "generic-bounce"));
}

static void test_lab_interrupt(void)
{
    g_autofree char *job = source_file("configs/check-lab.conf");
    const char *const args[] = {"lab",      "--progress", "lines", LONG_RUN,
                                "--output", "{RUN}",      job,     NULL};
    g_autoptr(Program) program = program_start(NULL, NULL, args);

    program_await(program, "round 2 of", 300);
    kill(program->pid, SIGINT);
    g_assert_cmpint(program_wait(program, 60), ==, 130);
    assert_outcome(program, "interrupted");
    g_assert_cmpuint(samples(program), >, 2);
    program_assert_nothing_left(program, 10);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/failures/no-qemu", test_no_qemu);
    g_test_add_func("/failures/no-consumer", test_no_consumer);
    g_test_add_func("/failures/consumer-hangs", test_consumer_hangs);
    g_test_add_func("/failures/qemu-not-executable", test_qemu_not_executable);
    g_test_add_func("/failures/no-memory", test_no_memory);
    g_test_add_func("/failures/no-results", test_no_results);
    g_test_add_func("/failures/no-space", test_no_space);
    g_test_add_func("/failures/qemu-dies", test_qemu_dies);
    g_test_add_func("/failures/qemu-hangs", test_qemu_hangs);
    g_test_add_func("/failures/target-dies", test_target_dies);
    g_test_add_func("/failures/target-restarts", test_target_restarts);
    g_test_add_func("/failures/two-at-once", test_two_at_once);
    g_test_add_func("/failures/interrupt-resume", test_interrupt_resume);
    g_test_add_func("/failures/killed", test_killed);
    g_test_add_func("/failures/lab-interrupt", test_lab_interrupt);
    return g_test_run();
}
