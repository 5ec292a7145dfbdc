/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Child processes. Three things keep them from outliving us: process_stop(),
 * process_kill_all() from the signal handler, and the parent-death signal for
 * when we are killed ourselves.
 */
#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "error.h"
#include "process.h"

#define CLOSE_RANGE_CLOEXEC_FLAG (1u << 2) /* linux/close_range.h */
#define POLL_MS 2
#define LAST_LINE_MAX 2048 /* bytes of a log's end that are looked at */

/*
 * Groups to kill when the second signal arrives. An array of atomics: the
 * handler may run at any moment, also in the middle of an insertion.
 */
static _Atomic pid_t children[64];

static void remember(pid_t pid)
{
    for (size_t i = 0; i < G_N_ELEMENTS(children); i++) {
        pid_t none = 0;

        if (atomic_compare_exchange_strong(&children[i], &none, pid)) {
            return;
        }
    }
    /* Full: the parent-death signal still covers this one. */
}

static void forget(pid_t pid)
{
    for (size_t i = 0; i < G_N_ELEMENTS(children); i++) {
        pid_t expected = pid;

        if (atomic_compare_exchange_strong(&children[i], &expected, 0)) {
            return;
        }
    }
}

/* SIGKILL to the group of every child. Async-signal-safe. */
void process_kill_all(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(children); i++) {
        pid_t pid = atomic_load(&children[i]);

        if (pid > 0) {
            kill(-pid, SIGKILL);
        }
    }
}

/* Where Debian has the programs we start. */
static const char *package_of(const char *program)
{
    static const struct {
        const char *program, *package;
    } packages[] = {
        {"tgtd", "tgt"},
        {"tgtadm", "tgt"},
        {"tgtimg", "tgt"},
        {"linux.uml", "user-mode-linux"},
        {"modprobe", "kmod"},
        {"rmmod", "kmod"},
        {"iscsid", "open-iscsi"},
        {"iscsiadm", "open-iscsi"},
        {"lttng", "lttng-tools"},
        {"lttng-sessiond", "lttng-tools"},
        {"lttng-relayd", "lttng-tools"},
        {"babeltrace2", "babeltrace2"},
        {"valgrind", "valgrind"},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(packages); i++) {
        if (strcmp(program, packages[i].program) == 0) {
            return packages[i].package;
        }
    }
    return NULL;
}

/*
 * Full path of a program: PATH, then the sbin folders, which Debian leaves out
 * of the PATH of ordinary users although tgtd or modprobe work for them. NULL
 * with SGBENCH_ERROR_PREFLIGHT that names the package. The caller's.
 */
char *process_find_program(const char *program, GError **error)
{
    static const char *const folders[] = {"/usr/sbin", "/sbin",
                                          "/usr/local/sbin"};
    g_autofree char *found = g_find_program_in_path(program);
    const char *package = package_of(program);

    if (found) {
        /* A relative PATH entry or argv[0] must survive a chdir. */
        return g_canonicalize_filename(found, NULL);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(folders) && !strchr(program, '/');
         i++) {
        g_autofree char *path = g_build_filename(folders[i], program, NULL);

        if (access(path, X_OK) == 0) {
            return g_steal_pointer(&path);
        }
    }
    if (package) {
        g_set_error(error, SGBENCH_ERROR, SGBENCH_ERROR_PREFLIGHT,
                    "%s not found: install the package %s (apt install %s)",
                    program, package, package);
    } else {
        g_set_error(error, SGBENCH_ERROR, SGBENCH_ERROR_PREFLIGHT,
                    "%s not found in PATH", program);
    }
    return NULL;
}

/* What the child needs, made before the fork: after it only async-signal-safe
 * calls are allowed, because another thread may hold malloc's lock. */
typedef struct Launch {
    const char *path;
    char *const *argv;
    char **env;
    int stdin_fd, log_fd, report_fd;
    const int *fds;
    unsigned n_fds;
    pid_t parent;
} Launch;

static G_NORETURN void child_fail(const Launch *launch)
{
    int failure = errno;

    while (write(launch->report_fd, &failure, sizeof(failure)) < 0 &&
           errno == EINTR) {
    }
    _exit(127);
}

static G_NORETURN void child_run(const Launch *launch)
{
    struct sigaction plain = {.sa_handler = SIG_DFL};
    sigset_t none;

    setpgid(0, 0);
    /* SIGKILL: SIGTERM can be ignored, and nobody would be left to insist. */
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != launch->parent) {
        _exit(127); /* it died before the line above */
    }

    /* Handlers go with exec, but what is ignored or blocked stays so. */
    sigaction(SIGPIPE, &plain, NULL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);

    if (dup2(launch->stdin_fd, STDIN_FILENO) < 0 ||
        dup2(launch->log_fd, STDOUT_FILENO) < 0 ||
        dup2(launch->log_fd, STDERR_FILENO) < 0) {
        child_fail(launch);
    }
    /* Libraries do not all set CLOEXEC; nothing but what is listed goes on.
     * Before Linux 5.11 this fails and their descriptors stay open. */
    syscall(SYS_close_range, STDERR_FILENO + 1, ~0u, CLOSE_RANGE_CLOEXEC_FLAG);
    for (unsigned i = 0; i < launch->n_fds; i++) {
        int flags = fcntl(launch->fds[i], F_GETFD);

        if (flags < 0 ||
            fcntl(launch->fds[i], F_SETFD, flags & ~FD_CLOEXEC) < 0) {
            child_fail(launch);
        }
    }
    execve(launch->path, launch->argv, launch->env);
    child_fail(launch);
}

static char **make_env(const char *const *extra)
{
    char **env = g_get_environ();

    for (; extra && *extra; extra++) {
        const char *equals = strchr(*extra, '=');
        g_autofree char *name = NULL;

        g_assert(equals);
        name = g_strndup(*extra, equals - *extra);
        env = g_environ_setenv(env, name, equals + 1, TRUE);
    }
    return env;
}

/* The errno with which exec failed, 0 if it did not. */
static int read_report(int fd)
{
    int failure = 0;
    ssize_t n;

    do {
        n = read(fd, &failure, sizeof(failure));
    } while (n < 0 && errno == EINTR);
    return n == sizeof(failure) ? failure : 0;
}

/* A descriptor above stdin, stdout and stderr, so that dup2 in the child
 * cannot overwrite one that is still needed. */
static int raise_fd(int fd)
{
    int raised;

    if (fd < 0 || fd > STDERR_FILENO) {
        return fd;
    }
    raised = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    close(fd);
    return raised;
}

static void close_fd(int *fd)
{
    if (*fd >= 0) {
        close(*fd);
    }
}
typedef int ScopedFd;
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(ScopedFd, close_fd)

/*
 * fork and exec rather than posix_spawn, which can't set a parent-death signal
 * (prctl(2)). That signal is sent when the *thread* that called this ends:
 * start processes from the main thread.
 *
 * Without a log, output goes to /dev/null. SGBENCH_ERROR_PREFLIGHT names the
 * program and the reason, SGBENCH_ERROR_RESULTS the log that can't be written.
 */
Process *process_start(const ProcessSpec *spec, GError **error)
{
    g_autofree char *path = process_find_program(spec->argv[0], error);
    g_auto(GStrv) env = make_env(spec->env);
    g_auto(ScopedFd) null = -1, log = -1, reader = -1, writer = -1;
    int ends[2], failure;
    Process *process;
    Launch launch;
    pid_t pid;

    if (!path) {
        g_prefix_error(error, "%s: ", spec->name);
        return NULL;
    }
    null = raise_fd(open("/dev/null", O_RDWR | O_CLOEXEC));
    log = raise_fd(open(spec->log ? spec->log : "/dev/null",
                        O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC,
                        0644));
    if (log < 0) {
        g_set_error(error, SGBENCH_ERROR, SGBENCH_ERROR_RESULTS,
                    "%s: can't write its log %s: %s", spec->name, spec->log,
                    g_strerror(errno));
        return NULL;
    }
    if (null < 0 || pipe2(ends, O_CLOEXEC) < 0) {
        g_set_error(error, SGBENCH_ERROR, SGBENCH_ERROR_PREFLIGHT,
                    "%s: can't start %s: %s", spec->name, path,
                    g_strerror(errno));
        return NULL;
    }
    reader = raise_fd(ends[0]);
    writer = raise_fd(ends[1]);

    launch = (Launch){
        .path = path,
        .argv = (char *const *)spec->argv,
        .env = env,
        .stdin_fd = spec->stdin_fd >= 0 ? spec->stdin_fd : null,
        .log_fd = log,
        .report_fd = writer,
        .fds = spec->fds,
        .n_fds = spec->n_fds,
        .parent = getpid(),
    };
    pid = fork();
    if (pid < 0) {
        g_set_error(error, SGBENCH_ERROR, SGBENCH_ERROR_PREFLIGHT,
                    "%s: fork failed: %s", spec->name, g_strerror(errno));
        return NULL;
    }
    if (pid == 0) {
        child_run(&launch);
    }
    /* Here too: whoever runs first, the group exists before we go on. */
    setpgid(pid, pid);
    remember(pid);
    close_fd(&writer);
    writer = -1;

    failure = read_report(reader);
    if (failure) {
        waitpid(pid, NULL, 0);
        forget(pid);
        g_set_error(error, SGBENCH_ERROR, SGBENCH_ERROR_PREFLIGHT,
                    "%s: can't execute %s: %s", spec->name, path,
                    g_strerror(failure));
        return NULL;
    }

    process = g_new0(Process, 1);
    process->name = g_strdup(spec->name);
    process->log = g_strdup(spec->log);
    process->pid = pid;
    return process;
}

/* Any thread, but one at a time for a process. */
gboolean process_running(Process *process)
{
    siginfo_t info = {0};

    if (process->ended) {
        return FALSE;
    }
    if (waitid(P_PID, process->pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
        info.si_pid == 0) {
        return TRUE;
    }
    /* What it left in its group goes with it. Before the zombie is reaped:
     * as long as it is there, nobody else can have its number. */
    kill(-process->pid, SIGKILL);
    forget(process->pid);
    while (waitpid(process->pid, &process->wait_status, 0) < 0 &&
           errno == EINTR) {
    }
    process->ended = TRUE;
    return FALSE;
}

/*
 * Polls: no signal, descriptor or thread to get wrong, and these waits are
 * outside everything that is measured. A signal cuts a nap short but not the
 * wait; callers that should give up look at run_interrupted() themselves.
 */
gboolean process_wait(Process *process, unsigned timeout_ms)
{
    gint64 end = g_get_monotonic_time() + (gint64)timeout_ms * 1000;

    while (process_running(process)) {
        if (g_get_monotonic_time() >= end) {
            return FALSE;
        }
        g_usleep(POLL_MS * 1000);
    }
    return TRUE;
}

gboolean process_end(Process *process, unsigned grace_ms)
{
    if (!process_running(process)) {
        return TRUE;
    }
    kill(-process->pid, SIGTERM);
    if (process_wait(process, grace_ms)) {
        return TRUE;
    }
    kill(-process->pid, SIGKILL);
    while (process_running(process)) {
        g_usleep(POLL_MS * 1000);
    }
    return FALSE;
}

/* NULL is allowed. */
void process_stop(Process *process, unsigned grace_ms)
{
    if (!process) {
        return;
    }
    process_end(process, grace_ms);
    g_free(process->name);
    g_free(process->log);
    g_free(process);
}

/* Last line with something on it, or NULL. */
static char *last_line(const char *file)
{
    char buffer[LAST_LINE_MAX + 1];
    FILE *log = file ? fopen(file, "re") : NULL;
    char *line, *newline;
    size_t n;

    if (!log) {
        return NULL;
    }
    if (fseek(log, -LAST_LINE_MAX, SEEK_END) < 0) {
        rewind(log); /* shorter than that */
    }
    n = fread(buffer, 1, LAST_LINE_MAX, log);
    fclose(log);
    buffer[n] = '\0';
    g_strchomp(buffer);
    newline = strrchr(buffer, '\n');
    line = newline ? newline + 1 : buffer;
    return *line ? g_utf8_make_valid(line, -1) : NULL;
}

char *process_obituary(Process *process)
{
    g_autofree char *line = last_line(process->log);
    GString *text = g_string_new(NULL);

    if (process_running(process)) {
        g_string_append(text, "still running");
    } else if (WIFSIGNALED(process->wait_status)) {
        int number = WTERMSIG(process->wait_status);

        g_string_append_printf(text, "killed by signal %d (%s)", number,
                               g_strsignal(number));
    } else {
        g_string_append_printf(text, "ended with exit code %d",
                               WEXITSTATUS(process->wait_status));
    }
    if (line) {
        g_string_append_printf(text, "; last line: %s", line);
    }
    return g_string_free(text, FALSE);
}
