/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "program.h"

#define MARK "SGBENCH_TEST_MARK"
#define POLL_US 20000

char *source_file(const char *name)
{
    return g_test_build_filename(G_TEST_DIST, name, NULL);
}

static char *replace_run(const Program *program, const char *argument)
{
    g_auto(GStrv) parts = g_strsplit(argument, "{RUN}", -1);

    return g_strjoinv(program->run_dir, parts);
}

static void redirect(const char *file, int fd)
{
    int to = open(file, O_WRONLY | O_CREAT | O_TRUNC, 0600);

    dup2(to, fd);
    close(to);
}

static Program *start(Program *program, const char *const *env,
                      const char *const *launcher, const char *const *args)
{
    g_autoptr(GPtrArray) argv = g_ptr_array_new_with_free_func(g_free);
    g_auto(GStrv) environment = g_get_environ();

    for (; launcher && *launcher; launcher++) {
        g_ptr_array_add(argv, replace_run(program, *launcher));
    }
    g_ptr_array_add(
        argv, g_test_build_filename(G_TEST_BUILT, "sgbench", "sgbench", NULL));
    for (; *args; args++) {
        g_ptr_array_add(argv, replace_run(program, *args));
    }
    g_ptr_array_add(argv, NULL);
    environment = g_environ_setenv(environment, MARK, program->mark, TRUE);
    for (; env && *env; env++) {
        g_auto(GStrv) pair = g_strsplit(*env, "=", 2);
        environment = g_environ_setenv(environment, pair[0], pair[1], TRUE);
    }

    program->pid = fork();
    g_assert_cmpint(program->pid, >=, 0);
    if (program->pid == 0) {
        int null = open("/dev/null", O_RDONLY);

        dup2(null, STDIN_FILENO);
        redirect(program->out, STDOUT_FILENO);
        redirect(program->err, STDERR_FILENO);
        execvpe(argv->pdata[0], (char **)argv->pdata, environment);
        _exit(127);
    }
    return program;
}

static Program *new_program(const char *run_dir)
{
    Program *program = g_new0(Program, 1);
    g_autofree char *folder = g_dir_make_tmp("sgbench-test-XXXXXX", NULL);

    g_assert_nonnull(folder);
    program->mark = g_uuid_string_random();
    program->out = g_build_filename(folder, "out", NULL);
    program->err = g_build_filename(folder, "err", NULL);
    program->run_dir =
        run_dir ? g_strdup(run_dir) : g_build_filename(folder, "run", NULL);
    return program;
}

Program *program_start(const char *const *env, const char *const *launcher,
                       const char *const *args)
{
    return start(new_program(NULL), env, launcher, args);
}

Program *program_start_on(const Program *other, const char *const *args)
{
    return start(new_program(other->run_dir), NULL, NULL, args);
}

static char *contents(const char *file)
{
    char *text = NULL;

    if (!g_file_get_contents(file, &text, NULL, NULL)) {
        text = g_strdup("");
    }
    return text;
}

char *program_out(const Program *program)
{
    return contents(program->out);
}

char *program_err(const Program *program)
{
    return contents(program->err);
}

int program_wait(Program *program, unsigned seconds)
{
    gint64 end = g_get_monotonic_time() + seconds * G_USEC_PER_SEC;
    int status;

    while (waitpid(program->pid, &status, WNOHANG) == 0) {
        if (g_get_monotonic_time() > end) {
            g_autofree char *err = program_err(program);
            kill(program->pid, SIGKILL);
            g_error("sgbench did not end within %u s; it said:\n%s", seconds,
                    err);
        }
        g_usleep(POLL_US);
    }
    program->pid = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 256 + WTERMSIG(status);
}

void program_await(Program *program, const char *text, unsigned seconds)
{
    gint64 end = g_get_monotonic_time() + seconds * G_USEC_PER_SEC;

    for (;;) {
        g_autofree char *err = program_err(program);

        if (strstr(err, text)) {
            return;
        }
        if (g_get_monotonic_time() > end || kill(program->pid, 0) < 0) {
            g_error("'%s' did not come; it said:\n%s", text, err);
        }
        g_usleep(POLL_US);
    }
}

/* TRUE if process @pid is a descendant of ours, by its environment. */
static gboolean is_marked(const Program *program, const char *pid)
{
    g_autofree char *file = g_build_filename("/proc", pid, "environ", NULL);
    g_autofree char *text = NULL;
    g_autofree char *mark = g_strdup_printf(MARK "=%s", program->mark);
    gsize length;

    return g_file_get_contents(file, &text, &length, NULL) &&
           memmem(text, length, mark, strlen(mark));
}

pid_t program_find(const Program *program, const char *text)
{
    g_autoptr(GDir) dir = g_dir_open("/proc", 0, NULL);
    const char *name;

    while ((name = g_dir_read_name(dir))) {
        g_autofree char *file = NULL;
        g_autofree char *line = NULL;
        gsize length, i;

        if (!g_ascii_isdigit(*name) || !is_marked(program, name)) {
            continue;
        }
        file = g_build_filename("/proc", name, "cmdline", NULL);
        if (!g_file_get_contents(file, &line, &length, NULL) || length == 0) {
            continue;
        }
        for (i = 0; i + 1 < length; i++) {
            if (line[i] == '\0') {
                line[i] = ' ';
            }
        }
        if (strstr(line, text)) {
            return atoi(name);
        }
    }
    return 0;
}

void program_assert_nothing_left(const Program *program, unsigned seconds)
{
    gint64 end = g_get_monotonic_time() + seconds * G_USEC_PER_SEC;
    pid_t pid;

    while ((pid = program_find(program, ""))) {
        if (g_get_monotonic_time() > end) {
            g_autofree char *file = g_strdup_printf("/proc/%d/comm", pid);
            g_autofree char *comm = contents(file);
            g_error("process %d (%s) is left", pid, g_strchomp(comm));
        }
        g_usleep(POLL_US);
    }
}

JsonObject *program_results(const Program *program)
{
    g_autofree char *file =
        g_build_filename(program->run_dir, "run.json", NULL);
    g_autoptr(JsonParser) parser = json_parser_new();
    g_autoptr(GError) error = NULL;

    json_parser_load_from_file(parser, file, &error);
    g_assert_no_error(error);
    return json_object_ref(json_node_get_object(json_parser_get_root(parser)));
}

static void remove_tree(const char *path)
{
    const char *argv[] = {"rm", "-rf", path, NULL};

    g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL,
                 NULL, NULL, NULL, NULL);
}

void program_assert_schema(const Program *program)
{
    g_autofree char *schema = source_file("sgbench/run.schema.json");
    g_autofree char *run = g_build_filename(program->run_dir, "run.json", NULL);
    const char *argv[] = {"/usr/bin/jsonschema", "-i", run, schema, NULL};
    g_autofree char *err = NULL;
    g_autoptr(GError) error = NULL;
    int status;

    g_assert_true(g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_DEFAULT, NULL,
                               NULL, NULL, &err, &status, &error));
    if (!g_spawn_check_wait_status(status, NULL)) {
        g_error("run.json does not follow its schema: %.2000s", err);
    }
}

void program_free(Program *program)
{
    g_autofree char *folder = g_path_get_dirname(program->out);

    if (program->pid) {
        kill(program->pid, SIGKILL);
        waitpid(program->pid, NULL, 0);
    }
    remove_tree(folder);
    g_free(program->mark);
    g_free(program->out);
    g_free(program->err);
    g_free(program->run_dir);
    g_free(program);
}
