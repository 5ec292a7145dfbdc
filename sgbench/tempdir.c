/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "error.h"
#include "tempdir.h"

#define PREFIX ".sgbench-temp-"
/* Held locked by the owner for as long as it lives, so that a later run can
 * tell what a killed one left behind. */
#define LOCK "lock"
/* What a lock of ours says: nothing is removed without it. */
#define MAGIC "sgbench: folder of a run; may be removed when not locked\n"

static int remove_one(const char *path, const struct stat *st, int type,
                      struct FTW *walk)
{
    return remove(path);
}

void temp_dir_remove(const char *path)
{
    nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}

/* TRUE if @path is a folder of ours that nobody holds. */
static gboolean is_stale(const char *path)
{
    g_autofree char *lock = g_build_filename(path, LOCK, NULL);
    char text[sizeof(MAGIC)] = "";
    GStatBuf st;
    int fd;
    gboolean stale;

    if (g_lstat(path, &st) < 0 || !S_ISDIR(st.st_mode) ||
        st.st_uid != getuid()) {
        return FALSE;
    }
    fd = open(lock, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0) {
        return FALSE;
    }
    stale = flock(fd, LOCK_EX | LOCK_NB) == 0 &&
            read(fd, text, strlen(MAGIC)) == strlen(MAGIC) &&
            g_str_equal(text, MAGIC);
    close(fd);
    return stale;
}

static void remove_stale(const char *parent)
{
    g_autoptr(GDir) dir = g_dir_open(parent, 0, NULL);
    const char *name;

    while (dir && (name = g_dir_read_name(dir))) {
        g_autofree char *path = g_build_filename(parent, name, NULL);

        if (g_str_has_prefix(name, PREFIX) && is_stale(path)) {
            temp_dir_remove(path);
        }
    }
}

char *temp_dir_make(GError **error)
{
    const char *parent = g_get_tmp_dir();
    g_autofree char *path = g_build_filename(parent, PREFIX "XXXXXX", NULL);
    g_autofree char *lock = NULL;
    int fd;

    remove_stale(parent);
    if (g_mkdtemp(path)) {
        lock = g_build_filename(path, LOCK, NULL);
        fd = open(lock, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        if (fd >= 0 && flock(fd, LOCK_EX) == 0 &&
            write(fd, MAGIC, strlen(MAGIC)) == strlen(MAGIC)) {
            return g_steal_pointer(&path); /* the lock ends with us */
        }
    }
    g_set_error(error, SGBENCH_ERROR, SGBENCH_ERROR_PREFLIGHT,
                "%s: can't make a folder there: %s; set TMPDIR to a folder "
                "that can be written",
                parent, g_strerror(errno));
    return NULL;
}
