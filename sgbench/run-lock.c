/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <sys/file.h>
#include <unistd.h>

#include "context.h"
#include "error.h"
#include "run-lock.h"

static gboolean fail(GError **error, const char *path)
{
    g_set_error(error, SGBENCH_ERROR, SGBENCH_ERROR_PREFLIGHT,
                "%s: %s; set XDG_CACHE_HOME to a folder that can be written",
                path, g_strerror(errno));
    return FALSE;
}

gboolean run_lock_take(const char *cache_dir, GError **error)
{
    g_autofree char *path = g_build_filename(cache_dir, "run.lock", NULL);
    char owner[16] = "";
    int fd;

    if (run_in_lab()) {
        return TRUE;
    }
    if (g_mkdir_with_parents(cache_dir, 0755) < 0) {
        return fail(error, cache_dir);
    }
    fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (fd < 0) {
        return fail(error, path);
    }
    if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
        if (read(fd, owner, sizeof(owner) - 1) < 0) {
            owner[0] = '\0';
        }
        close(fd);
        g_set_error(error, SGBENCH_ERROR, SGBENCH_ERROR_PREFLIGHT,
                    "another run is going on (process %s): the two would "
                    "disturb each other; wait until it has ended",
                    g_strstrip(owner));
        return FALSE;
    }
    if (ftruncate(fd, 0) < 0 || dprintf(fd, "%d\n", (int)getpid()) < 0) {
        return fail(error, path);
    }
    return TRUE; /* fd stays open: the lock ends with the process */
}
