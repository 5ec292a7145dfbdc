/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sgbench/context.h"
#include "sgbench/error.h"
#include "sgbench/process.h"
#include "sgbench/tempdir.h"
#include "sgbench/tool.h"

static char *folder;

static Process *start_shell(const char *script, const char *log,
                            const char *const *env, const int *fds,
                            unsigned n_fds)
{
    const char *const argv[] = {"sh", "-c", script, NULL};
    ProcessSpec spec = {.name = "test",
                        .argv = argv,
                        .env = env,
                        .log = log,
                        .fds = fds,
                        .n_fds = n_fds,
                        .stdin_fd = -1};
    GError *error = NULL;
    Process *process = process_start(&spec, &error);

    g_assert_no_error(error);
    return process;
}

static gboolean exists(pid_t pid)
{
    return kill(pid, 0) == 0;
}

static void wait_until_gone(pid_t pid)
{
    for (unsigned i = 0; i < 500 && exists(pid); i++) {
        g_usleep(10000);
    }
    g_assert_false(exists(pid));
}

static void test_end(void)
{
    static const char *const env[] = {"A=1=2", NULL};
    g_autofree char *log = g_build_filename(folder, "log", NULL);
    g_autofree char *text = NULL, *obituary = NULL;
    Process *process =
        start_shell("cat; echo one; echo $A >&2; exit 3", log, env, NULL, 0);

    g_assert_true(process_wait(process, 10000));
    g_assert_true(process->ended);
    g_assert_false(process_running(process));
    obituary = process_obituary(process);
    g_assert_cmpstr(obituary, ==, "ended with exit code 3; last line: 1=2");
    g_assert_true(g_file_get_contents(log, &text, NULL, NULL));
    g_assert_cmpstr(text, ==, "one\n1=2\n");
    process_stop(process, 0);
}

static void test_stubborn(void)
{
    gint64 begin = g_get_monotonic_time();
    Process *process = start_shell("trap '' TERM; while :; do sleep 0.05; "
                                   "done",
                                   NULL, NULL, NULL, 0);
    pid_t pid = process->pid;

    g_assert_false(process_wait(process, 100));
    g_assert_cmpint(getpgid(pid), ==, pid);
    g_assert_false(process_end(process, 200));
    process_stop(process, 0);
    g_assert_cmpint(g_get_monotonic_time() - begin, <, 5 * G_USEC_PER_SEC);
    wait_until_gone(-pid);
}

/* What a process leaves in its group ends with it. */
static void test_grandchild(void)
{
    g_autofree char *log = g_build_filename(folder, "log", NULL);
    g_autofree char *text = NULL;
    Process *process = start_shell("sleep 1000 & echo $!", log, NULL, NULL, 0);

    g_assert_true(process_wait(process, 10000));
    g_assert_true(g_file_get_contents(log, &text, NULL, NULL));
    g_assert_cmpint(atoi(text), >, 0);
    wait_until_gone(-process->pid);
    process_stop(process, 0);
}

static void test_killed(void)
{
    g_autofree char *obituary = NULL;
    Process *process = start_shell("kill -SEGV $$", NULL, NULL, NULL, 0);

    g_assert_true(process_wait(process, 10000));
    obituary = process_obituary(process);
    g_assert_cmpstr(obituary, ==, "killed by signal 11 (Segmentation fault)");
    process_stop(process, 0);
}

/* Only what is listed is inherited, and under its own number. */
static void test_descriptors(void)
{
    g_autofree char *script = NULL,
                    *log = g_build_filename(folder, "log", NULL);
    g_autofree char *obituary = NULL;
    int listed = open("/dev/null", O_RDONLY | O_CLOEXEC);
    int open_too = open("/dev/null", O_RDONLY); /* somebody forgot CLOEXEC */
    Process *process;

    script = g_strdup_printf("[ -e /proc/self/fd/%d ] && "
                             "[ ! -e /proc/self/fd/%d ]",
                             listed, open_too);
    process = start_shell(script, log, NULL, &listed, 1);
    g_assert_true(process_wait(process, 10000));
    obituary = process_obituary(process);
    g_assert_cmpstr(obituary, ==, "ended with exit code 0");
    process_stop(process, 0);
    close(listed);
    close(open_too);
}

static void assert_preflight(const char *program, const char *part)
{
    const char *const argv[] = {program, NULL};
    ProcessSpec spec = {.name = "thing", .argv = argv, .stdin_fd = -1};
    g_autoptr(GError) error = NULL;

    g_assert_null(process_start(&spec, &error));
    g_assert_error(error, SGBENCH_ERROR, SGBENCH_ERROR_PREFLIGHT);
    if (!strstr(error->message, part)) {
        g_error("\"%s\" is not in \"%s\"", part, error->message);
    }
    g_assert_true(g_str_has_prefix(error->message, "thing: "));
}

static void test_no_program(void)
{
    g_autofree char *file = g_build_filename(folder, "text", NULL);
    g_autofree char *path = g_strdup(g_getenv("PATH"));
    g_autofree char *found = NULL;

    assert_preflight("no-such-program", "no-such-program not found in PATH");
    /* found, but not a program */
    g_assert_true(g_file_set_contents(file, "\177ELF no", -1, NULL));
    g_assert_cmpint(g_chmod(file, 0755), ==, 0);
    assert_preflight(file, "Exec format error");
    /* sbin is searched although it is not in PATH; modules need no root to
     * be looked at */
    g_setenv("PATH", folder, TRUE);
    assert_preflight("babeltrace2", "install the package babeltrace2");
    found = process_find_program("ldconfig", NULL);
    g_assert_nonnull(found);
    g_setenv("PATH", path, TRUE);
}

static void test_no_log(void)
{
    static const char *const argv[] = {"true", NULL};
    ProcessSpec spec = {.name = "thing",
                        .argv = argv,
                        .stdin_fd = -1,
                        .log = "/no/such/folder/log"};
    g_autoptr(GError) error = NULL;

    g_assert_null(process_start(&spec, &error));
    g_assert_error(error, SGBENCH_ERROR, SGBENCH_ERROR_RESULTS);
}

static void test_tool(void)
{
    static const char *const good[] = {"echo", "hello", NULL};
    static const char *const bad[] = {"sh", "-c", "echo why; exit 1", NULL};
    static const char *const slow[] = {"sleep", "100", NULL};
    g_autofree char *log = g_build_filename(folder, "tool", NULL);
    g_autofree char *output = NULL;
    GError *error = NULL;

    g_assert_true(tool_run(good, NULL, log, 10000, SGBENCH_ERROR_TARGET,
                           &output, &error));
    g_assert_cmpstr(output, ==, "hello\n");
    g_assert_false(
        tool_run(bad, NULL, log, 10000, SGBENCH_ERROR_TARGET, NULL, &error));
    g_assert_error(error, SGBENCH_ERROR, SGBENCH_ERROR_TARGET);
    g_assert_nonnull(strstr(error->message, "exit code 1; last line: why"));
    g_clear_error(&error);
    g_assert_false(
        tool_run(slow, NULL, log, 50, SGBENCH_ERROR_TARGET, NULL, &error));
    g_assert_error(error, SGBENCH_ERROR, SGBENCH_ERROR_TARGET);
    g_clear_error(&error);
    g_assert_cmpint(g_access(log, F_OK), !=, 0);
}

/*
 * A child that starts a process and then ends as @how says; the process must
 * end too.
 */
static void check_orphan(int signals, int signal_number, int expected)
{
    int ends[2], status;
    pid_t child, grandchild = 0;

    g_assert_cmpint(pipe2(ends, O_CLOEXEC), ==, 0);
    child = fork();
    if (child == 0) {
        Process *process;

        run_catch_signals();
        process =
            start_shell("trap '' TERM INT; sleep 1000; :", NULL, NULL, NULL, 0);
        if (write(ends[1], &process->pid, sizeof(pid_t)) < 0) {
            _exit(1);
        }
        for (;;) {
            pause();
        }
    }
    close(ends[1]);
    g_assert_cmpint(read(ends[0], &grandchild, sizeof(pid_t)), ==,
                    sizeof(pid_t));
    close(ends[0]);
    g_assert_true(exists(grandchild));
    for (int i = 0; i < signals; i++) {
        if (i > 0) {
            g_usleep(100000); /* two at once would be one */
            g_assert_cmpint(waitpid(child, &status, WNOHANG), ==, 0);
        }
        kill(child, signal_number);
    }
    g_assert_cmpint(waitpid(child, &status, 0), ==, child);
    g_assert_cmpint(WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status),
                    ==, expected);
    if (signals > 1) {
        /* the handler's SIGKILL reaches the group, sleep included; the
         * parent-death signal only the process itself */
        wait_until_gone(-grandchild);
    }
    /* init reaps it, or nobody: then it is a zombie */
    for (unsigned i = 0; i < 500; i++) {
        g_autofree char *stat = g_strdup_printf("/proc/%d/stat", grandchild);
        g_autofree char *text = NULL;

        if (!g_file_get_contents(stat, &text, NULL, NULL) ||
            strstr(text, ") Z ")) {
            kill(-grandchild, SIGKILL); /* its sleep */
            return;
        }
        g_usleep(10000);
    }
    g_assert_not_reached();
}

static void test_orphan(void)
{
    check_orphan(1, SIGKILL, -SIGKILL);
}

static void test_second_signal(void)
{
    check_orphan(2, SIGINT, SGBENCH_INTERRUPTED);
}

static void test_interrupted(void)
{
    g_autoptr(GError) error = NULL;

    run_catch_signals();
    g_assert_false(run_interrupted());
    g_assert_false(run_check_interrupted(&error));
    raise(SIGTERM);
    g_assert_true(run_interrupted());
    g_assert_true(run_check_interrupted(&error));
    g_assert_error(error, SGBENCH_ERROR, SGBENCH_INTERRUPTED);
}

int main(int argc, char **argv)
{
    int code;

    g_test_init(&argc, &argv, NULL);
    folder = temp_dir_make(NULL);
    g_assert_nonnull(folder);
    g_test_add_func("/process/end", test_end);
    g_test_add_func("/process/stubborn", test_stubborn);
    g_test_add_func("/process/grandchild", test_grandchild);
    g_test_add_func("/process/killed", test_killed);
    g_test_add_func("/process/descriptors", test_descriptors);
    g_test_add_func("/process/no-program", test_no_program);
    g_test_add_func("/process/no-log", test_no_log);
    g_test_add_func("/process/tool", test_tool);
    g_test_add_func("/process/orphan", test_orphan);
    g_test_add_func("/process/second-signal", test_second_signal);
    g_test_add_func("/process/interrupted", test_interrupted);
    code = g_test_run();
    temp_dir_remove(folder);
    g_free(folder);
    return code;
}
