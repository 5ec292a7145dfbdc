/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <glib.h>
#include <glib/gstdio.h>
#include <sys/wait.h>

#include "error.h"
#include "process.h"
#include "tool.h"

/* From the main thread (process.h). The log is removed again. */
gboolean tool_run(const char *const *argv, const char *const *env,
                  const char *log, unsigned timeout_ms, int code, char **output,
                  GError **error)
{
    ProcessSpec spec = {
        .name = argv[0],
        .argv = argv,
        .env = env,
        .log = log,
        .stdin_fd = -1,
    };
    Process *process = process_start(&spec, error);
    gboolean ended, good;

    if (!process) {
        return FALSE;
    }
    ended = process_wait(process, timeout_ms);
    good = ended && WIFEXITED(process->wait_status) &&
           WEXITSTATUS(process->wait_status) == 0;
    if (!good) {
        g_autofree char *line = g_strjoinv(" ", (char **)argv);
        g_autofree char *end = process_obituary(process);

        if (ended) {
            g_set_error(error, SGBENCH_ERROR, code, "%s: %s", line, end);
        } else {
            g_set_error(error, SGBENCH_ERROR, code,
                        "%s: no end after %u s, killed", line,
                        timeout_ms / 1000);
        }
    }
    process_stop(process, 0);
    if (output) {
        *output = NULL;
        if (good && !g_file_get_contents(log, output, NULL, NULL)) {
            *output = g_strdup("");
        }
    }
    g_unlink(log);
    return good;
}
