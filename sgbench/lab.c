/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <poll.h>
#include <sched.h>
#include <string.h>
#include <unistd.h>

#include "context.h"
#include "error.h"
#include "lab-host.h"
#include "lab.h"
#include "process.h"
#include "tempdir.h"

#define KERNEL "linux.uml"
#define INIT SGBENCH_SOURCE_DIR "/sgbench/lab-init.sh"
#define STARTED "sgbench-lab: started"
#define ENDED '\001'   /* lab-init.sh prints it; no text has it */
#define BOOT_MS 60000  /* it takes one second */
#define GRACE_MS 30000 /* from Ctrl-C to its end */
#define HALT_MS 3000
#define POLL_MS 100
#define LAST_LINES 12
#define INTERRUPT_CHARACTER "\003" /* termios(3): VINTR */

/* Where in its life the lab is; what it prints in between is for the user. */
typedef enum Stage {
    BOOTING,
    RUNNING,
    ENDING,
} Stage;

typedef struct Lab {
    char *dir; /* private: command, exit code, kernel's own files */
    char *run_dir;
    char *memory;
    char *memory_dir;
    char *release; /* of the kernel's modules */
    Process *process;
    int input, output; /* its console */
    Stage stage;
    GString *line; /* of the console, as far as it has come */
    GQueue lines;  /* the last ones before and after RUNNING, char * */
} Lab;

/* ---- before it starts ---- */

static gboolean shell_name(const char *name)
{
    if (!g_ascii_isalpha(*name) && *name != '_') {
        return FALSE;
    }
    for (; *name; name++) {
        if (!g_ascii_isalnum(*name) && *name != '_') {
            return FALSE;
        }
    }
    return TRUE;
}

/* Our environment goes along, except for what is about this machine. */
static gboolean goes_along(const char *name)
{
    static const char *const left_out[] = {
        "TMPDIR",
        "XDG_RUNTIME_DIR",
        "LTTNG_HOME",
        "DBUS_SESSION_BUS_ADDRESS",
        "SSH_AUTH_SOCK",
        "PWD",
        "OLDPWD",
        "SHLVL",
        "_",
        "SGBENCH_IN_LAB",
        "SGBENCH_LAB_MODULES",
        NULL,
    };

    return shell_name(name) && !g_strv_contains(left_out, name);
}

static gboolean write_command(Lab *lab, const char *const *argv, GError **error)
{
    g_autofree char *file = g_build_filename(lab->dir, "command", NULL);
    g_autofree char *folder = g_get_current_dir();
    g_autofree char *quoted = g_shell_quote(folder);
    g_autoptr(GString) text = g_string_new(NULL);
    g_auto(GStrv) names = g_listenv();

    for (char **name = names; *name; name++) {
        if (goes_along(*name)) {
            g_autofree char *value = g_shell_quote(g_getenv(*name));

            g_string_append_printf(text, "export %s=%s\n", *name, value);
        }
    }
    g_string_append_printf(text, "cd %s\nexec", quoted);
    for (; *argv; argv++) {
        g_autofree char *word = g_shell_quote(*argv);

        g_string_append_printf(text, " %s", word);
    }
    g_string_append_c(text, '\n');
    if (!g_file_set_contents_full(file, text->str, text->len,
                                  G_FILE_SET_CONTENTS_NONE, 0600, NULL)) {
        g_set_error(error, SGBENCH_ERROR, SGBENCH_ERROR_PREFLIGHT,
                    "can't write %s: %s", file, g_strerror(errno));
        return FALSE;
    }
    return TRUE;
}

/* For the kernel's command line, as printf's %b reads it back. */
static char *encode(const char *path)
{
    GString *text = g_string_new(NULL);

    for (; *path; path++) {
        if (g_ascii_isalnum(*path) || strchr("/._-+@:", *path)) {
            g_string_append_c(text, *path);
        } else {
            g_string_append_printf(text, "\\0%03o", (unsigned char)*path);
        }
    }
    return g_string_free(text, FALSE);
}

/* ---- start ---- */

/*
 * One core: on several the kernel's one CPU and its helper processes chase
 * each other, three to five times slower. The last one that we may use; the
 * first gets most interrupts. *@before is what to go back to.
 */
static void pin(cpu_set_t *before)
{
    cpu_set_t one;

    CPU_ZERO(&one);
    if (sched_getaffinity(0, sizeof(*before), before) < 0) {
        CPU_ZERO(before);
        return; /* more than 1024 CPUs: leave it */
    }
    for (int i = CPU_SETSIZE - 1; i >= 0; i--) {
        if (CPU_ISSET(i, before)) {
            CPU_SET(i, &one);
            sched_setaffinity(0, sizeof(one), &one);
            return;
        }
    }
}

static void unpin(const cpu_set_t *before)
{
    if (CPU_COUNT(before) > 0) {
        sched_setaffinity(0, sizeof(*before), before);
    }
}

static gboolean start_kernel(Lab *lab, const int *fds, GError **error)
{
    g_autofree char *log = g_build_filename(lab->dir, "kernel.log", NULL);
    g_autofree char *dir = encode(lab->dir);
    g_autofree char *run_dir = encode(lab->run_dir);
    g_autofree char *memory = g_strdup_printf("mem=%s", lab->memory);
    g_autofree char *uml_dir = g_strdup_printf("uml_dir=%s/", lab->dir);
    g_autofree char *console =
        g_strdup_printf("con0=fd:%d,fd:%d", fds[0], fds[1]);
    g_autofree char *lab_word = g_strdup_printf("SGBENCH_LAB_DIR=%s", dir);
    g_autofree char *run_word = g_strdup_printf("SGBENCH_LAB_RUN=%s", run_dir);
    g_autofree char *uml_word =
        g_strdup_printf("SGBENCH_LAB_UML=" LAB_MODULES "/%s", lab->release);
    g_autofree char *temp = g_strdup_printf("TMPDIR=%s", lab->memory_dir);
    /* The kernel joins the words with blanks and takes quotes for its own. */
    const char *const argv[] = {
        KERNEL,         memory,   "root=/dev/root", "rootfstype=hostfs",
        "rootflags=/",  "ro",     "quiet",          "loglevel=2",
        "con=null",     console,  "ssl=null",       uml_dir,
        "umid=lab",     lab_word, run_word,         uml_word,
        "init=/bin/sh", "--",     "\"" INIT "\"",   NULL,
    };
    g_autofree char *module = lab_host_preload(lab->dir);
    const char *const env[] = {temp, module, NULL};
    ProcessSpec spec = {
        .name = "lab",
        .argv = argv,
        .env = env,
        .log = log,
        .fds = fds,
        .n_fds = 2,
        .stdin_fd = -1,
    };
    cpu_set_t before;

    pin(&before);
    lab->process = process_start(&spec, error);
    unpin(&before);
    return lab->process != NULL;
}

static gboolean start(Lab *lab, GError **error)
{
    int in[2] = {-1, -1}, out[2] = {-1, -1};
    gboolean ok;

    if (pipe2(in, O_CLOEXEC) < 0 || pipe2(out, O_CLOEXEC) < 0) {
        g_set_error(error, SGBENCH_ERROR, SGBENCH_ERROR_PREFLIGHT,
                    "can't make a pipe: %s", g_strerror(errno));
        ok = FALSE;
    } else {
        const int fds[] = {in[0], out[1]};

        ok = start_kernel(lab, fds, error);
    }
    lab->input = in[1];
    lab->output = out[0];
    if (in[0] >= 0) {
        close(in[0]);
    }
    if (out[1] >= 0) {
        close(out[1]);
    }
    return ok;
}

/* ---- its console ---- */

static void keep_line(Lab *lab)
{
    if (lab->line->len) {
        g_queue_push_tail(&lab->lines, g_strdup(lab->line->str));
        if (g_queue_get_length(&lab->lines) > LAST_LINES) {
            g_free(g_queue_pop_head(&lab->lines));
        }
    }
    g_string_truncate(lab->line, 0);
}

static void take_byte(Lab *lab, char byte)
{
    if (byte == '\n') {
        if (lab->stage == BOOTING && g_str_equal(lab->line->str, STARTED)) {
            lab->stage = RUNNING;
        }
        keep_line(lab);
    } else if (byte == ENDED && lab->stage == RUNNING) {
        lab->stage = ENDING;
    } else if (byte != '\r' && byte != '\0') {
        g_string_append_c(lab->line, byte);
    }
}

static void pass_on(const char *data, size_t n)
{
    while (n > 0) {
        ssize_t written = write(STDERR_FILENO, data, n);

        if (written < 0 && errno != EINTR) {
            return; /* nobody reads it: the results count */
        }
        if (written > 0) {
            data += written;
            n -= written;
        }
    }
}

/* What it prints is passed on without the carriage returns that its terminal
 * puts before line feeds (ours adds its own), and without the two markers.
 * FALSE at the end of file. */
static gboolean read_console(Lab *lab)
{
    g_autoptr(GString) text = g_string_new(NULL);
    char data[4096];
    ssize_t n = read(lab->output, data, sizeof(data));

    for (ssize_t i = 0; i < n; i++) {
        Stage before = lab->stage;

        take_byte(lab, data[i]);
        if (before == RUNNING && lab->stage == RUNNING &&
            !(data[i] == '\r' && (i + 1 == n || data[i + 1] == '\n'))) {
            g_string_append_c(text, data[i]);
        }
    }
    pass_on(text->str, text->len);
    return n > 0 || (n < 0 && errno == EINTR);
}

static void interrupt(Lab *lab)
{
    ssize_t written = write(lab->input, INTERRUPT_CHARACTER, 1);

    (void)written; /* if it fails, the grace period ends it */
}

/* Until it has ended. FALSE if it had to be given up. */
static gboolean attend(Lab *lab, GError **error)
{
    gint64 boot_end = g_get_monotonic_time() + BOOT_MS * 1000ll;
    gint64 grace_end = 0, halt_end = 0;
    gboolean open = TRUE;

    while (process_running(lab->process)) {
        struct pollfd console = {.fd = open ? lab->output : -1,
                                 .events = POLLIN};
        gint64 now = g_get_monotonic_time();

        if (poll(&console, 1, POLL_MS) > 0) {
            open = read_console(lab);
        }
        if (run_interrupted() && !grace_end) {
            grace_end = now + GRACE_MS * 1000ll;
            if (lab->stage == BOOTING) {
                return !run_check_interrupted(error);
            }
            interrupt(lab);
        }
        if (lab->stage == ENDING && !halt_end) {
            halt_end = now + HALT_MS * 1000ll;
        }
        if (halt_end && now > halt_end) {
            return TRUE; /* it can't switch itself off: process_stop() */
        }
        if (grace_end && now > grace_end) {
            g_set_error(error, SGBENCH_ERROR, SGBENCH_INTERRUPTED,
                        "interrupted, and ended by force after %d s: the cell "
                        "under way is lost",
                        GRACE_MS / 1000);
            return FALSE;
        }
        if (lab->stage == BOOTING && now > boot_end) {
            g_set_error(error, SGBENCH_ERROR, SGBENCH_ERROR_PREFLIGHT,
                        "the lab did not start in %d s", BOOT_MS / 1000);
            return FALSE;
        }
    }
    while (open && read_console(lab)) {
    }
    return TRUE;
}

/* The last lines of its console and of the kernel's own log, on one line. */
static char *last_words(Lab *lab)
{
    g_autofree char *end = process_obituary(lab->process);
    GString *text = g_string_new(end);

    keep_line(lab);
    if (lab->lines.length) {
        g_string_append(text, "; its console's last lines:");
    }
    for (GList *item = lab->lines.head; item; item = item->next) {
        g_autofree char *line = g_utf8_make_valid(item->data, -1);

        g_string_append_printf(text, "%s %s", item->prev ? " |" : "", line);
    }
    return g_string_free(text, FALSE);
}

/* Exit code that lab-init.sh left, or -1. */
static int exit_code(const Lab *lab)
{
    g_autofree char *file = g_build_filename(lab->dir, "exit", NULL);
    g_autofree char *text = NULL;
    guint64 code;

    if (!g_file_get_contents(file, &text, NULL, NULL) ||
        !g_ascii_string_to_unsigned(g_strchomp(text), 10, 0, 255, &code,
                                    NULL)) {
        return -1;
    }
    return code;
}

static gboolean prepare(Lab *lab, const char *const *argv, GError **error)
{
    g_autofree char *kernel = process_find_program(KERNEL, error);

    if (!kernel || !lab_host_allows_ptrace(error)) {
        return FALSE;
    }
    lab->release = lab_host_release(error);
    if (!lab->release) {
        return FALSE;
    }
    if (access(INIT, R_OK) < 0) {
        g_set_error(error, SGBENCH_ERROR, SGBENCH_ERROR_PREFLIGHT,
                    INIT ": %s: has the checkout moved? build again",
                    g_strerror(errno));
        return FALSE;
    }
    if (g_mkdir_with_parents(lab->run_dir, 0755) < 0) {
        g_set_error(error, SGBENCH_ERROR, SGBENCH_ERROR_RESULTS,
                    "can't make %s: %s", lab->run_dir, g_strerror(errno));
        return FALSE;
    }
    lab->dir = temp_dir_make(error);
    return lab->dir &&
           lab_host_memory(lab->dir, &lab->memory, &lab->memory_dir, error) &&
           write_command(lab, argv, error);
}

/* The exit code's file is in a private folder, so nothing of it is seen in
 * the run directory. */
int lab_run(const char *const *argv, const char *run_dir, GError **error)
{
    Lab lab = {.input = -1, .output = -1};
    int code = SGBENCH_ERROR_PREFLIGHT;
    GError *fault = NULL;

    lab.run_dir = g_canonicalize_filename(run_dir, NULL);
    lab.line = g_string_new(NULL);
    g_queue_init(&lab.lines);
    if (prepare(&lab, argv, &fault) && start(&lab, &fault) &&
        attend(&lab, &fault)) {
        code = exit_code(&lab);
        if (code < 0) {
            g_autofree char *words = last_words(&lab);

            g_set_error(&fault, SGBENCH_ERROR, SGBENCH_ERROR_PREFLIGHT,
                        "the lab %s: %s",
                        lab.stage == BOOTING ? "did not start" : "died", words);
        }
    } else if (lab.process && fault->code == SGBENCH_ERROR_PREFLIGHT) {
        g_autofree char *words = last_words(&lab);
        g_autofree char *message = g_steal_pointer(&fault->message);

        fault->message = g_strdup_printf("%s: %s", message, words);
    }
    process_stop(lab.process, 0);
    if (lab.input >= 0) {
        close(lab.input);
    }
    if (lab.output >= 0) {
        close(lab.output);
    }
    if (lab.dir) {
        temp_dir_remove(lab.dir);
    }
    g_queue_clear_full(&lab.lines, g_free);
    g_string_free(lab.line, TRUE);
    g_free(lab.dir);
    g_free(lab.run_dir);
    g_free(lab.memory);
    g_free(lab.memory_dir);
    g_free(lab.release);
    if (fault) {
        code = fault->code;
        g_propagate_error(error, fault);
    }
    return code;
}
