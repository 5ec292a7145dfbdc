/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "error.h"
#include "job.h"
#include "lab-host.h"

#define MEMORY "2G"

char *lab_host_release(GError **error)
{
    g_autoptr(GDir) dir = g_dir_open(LAB_MODULES, 0, NULL);
    const char *name = dir ? g_dir_read_name(dir) : NULL;

    if (!name) {
        g_set_error(error, SGBENCH_ERROR, SGBENCH_ERROR_PREFLIGHT,
                    "%s: no modules of the lab's kernel: install the package "
                    "user-mode-linux (make setup)",
                    LAB_MODULES);
    }
    return g_strdup(name);
}

static gboolean holds(const char *folder, uint64_t bytes)
{
    struct statvfs fs;

    return statvfs(folder, &fs) == 0 && !(fs.f_flag & ST_NOEXEC) &&
           access(folder, W_OK) == 0 &&
           (uint64_t)fs.f_bavail * fs.f_frsize >= bytes;
}

/* The kernel's memory is a nameless file that it maps executable; where that
 * is too small the lab dies of SIGBUS in the middle of the work. */
gboolean lab_host_memory(const char *dir, char **memory, char **folder,
                         GError **error)
{
    const char *wanted = g_getenv("SGBENCH_LAB_MEMORY");
    uint64_t bytes;

    *memory = g_strdup(wanted ? wanted : MEMORY);
    if (!job_parse_size(*memory, &bytes) || bytes < 256 << 20) {
        g_set_error(error, SGBENCH_ERROR, SGBENCH_ERROR_USAGE,
                    "SGBENCH_LAB_MEMORY=%s: a size of at least 256M is wanted",
                    *memory);
        return FALSE;
    }
    if (holds("/dev/shm", bytes)) {
        *folder = g_strdup("/dev/shm");
        return TRUE;
    }
    if (holds(dir, bytes)) {
        *folder = g_strdup(dir);
        return TRUE;
    }
    g_set_error(error, SGBENCH_ERROR, SGBENCH_ERROR_PREFLIGHT,
                "no %s for the lab's memory in /dev/shm or %s (mounted noexec "
                "does not do): make one larger, or set SGBENCH_LAB_MEMORY",
                *memory, dir);
    return FALSE;
}

/* yama's 3 forbids ptrace, on which the lab's kernel rests, to everybody
 * (Documentation/admin-guide/LSM/Yama.rst). */
gboolean lab_host_allows_ptrace(GError **error)
{
    static const char scope[] = "/proc/sys/kernel/yama/ptrace_scope";
    g_autofree char *text = NULL;

    if (g_file_get_contents(scope, &text, NULL, NULL) && text[0] == '3') {
        g_set_error(error, SGBENCH_ERROR, SGBENCH_ERROR_PREFLIGHT,
                    "%s is 3: this machine forbids ptrace, which the lab "
                    "needs; only a reboot can change that",
                    scope);
        return FALSE;
    }
    return TRUE;
}

/* "LD_PRELOAD=" what knows this CPU's registers. As a link in our folder, as a
 * blank or a colon in its path would end it. NULL without: most CPUs need none
 * of it, and the others' kernel says that it can't start. */
char *lab_host_preload(const char *dir)
{
    g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
    g_autofree char *folder = self ? g_path_get_dirname(self) : NULL;
    g_autofree char *module =
        folder ? g_build_filename(folder, LAB_PTRACE, NULL) : NULL;
    g_autofree char *link = g_build_filename(dir, "ptrace.so", NULL);

    if (!module || symlink(module, link) < 0) {
        return NULL;
    }
    return g_strconcat("LD_PRELOAD=", link, NULL);
}
