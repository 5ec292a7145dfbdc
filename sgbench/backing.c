/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "backing.h"
#include "error.h"
#include "tool.h"

#define RESERVE (512ull << 20) /* memory left to others */
#define TOOL_MS 10000

/* /proc/meminfo, bytes; 0 if it can't be read. */
static uint64_t memory_available(void)
{
    g_autofree char *text = NULL;
    const char *line;

    if (!g_file_get_contents("/proc/meminfo", &text, NULL, NULL)) {
        return 0;
    }
    line = strstr(text, "MemAvailable:");
    return line ? strtoull(line + strlen("MemAvailable:"), NULL, 10) * 1024 : 0;
}

int backing_new(const char *folder, gboolean memory, uint64_t size,
                GError **error)
{
    uint64_t available = memory_available();
    int fd, failure;

    /* A memfd has no limit but the OOM killer. */
    if (memory && available && size + RESERVE > available) {
        g_set_error(error, SGBENCH_ERROR, SGBENCH_ERROR_TARGET,
                    "no space for %" G_GUINT64_FORMAT " MiB of backing memory: "
                    "%" G_GUINT64_FORMAT " MiB are available; lower size or "
                    "set store = disk",
                    size >> 20, available >> 20);
        return -1;
    }
    fd = memory ? memfd_create("sgbench-backing", MFD_CLOEXEC)
                : open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    failure = fd < 0 ? errno : posix_fallocate(fd, 0, size);
    if (failure) {
        g_set_error(error, SGBENCH_ERROR, SGBENCH_ERROR_TARGET,
                    "no space for %" G_GUINT64_FORMAT " MiB of backing %s: %s; "
                    "lower size%s",
                    size >> 20, memory ? "memory" : folder, g_strerror(failure),
                    memory ? "" : " or set TMPDIR to a larger disk");
        if (fd >= 0) {
            close(fd);
        }
        return -1;
    }
    return fd;
}

gboolean backing_make_tape(int fd, uint64_t size, const char *log,
                           GError **error)
{
    /* tgtimg takes a name. That of the file is only known to us. */
    g_autofree char *file =
        g_strdup_printf("--file=/proc/%d/fd/%d", getpid(), fd);
    g_autofree char *mib =
        g_strdup_printf("--size=%" G_GUINT64_FORMAT, size >> 20);
    const char *const argv[] = {
        "tgtimg",
        "--op",
        "new",
        "--device-type",
        "tape",
        mib,
        "--barcode=SGBENCH",
        "--type=data",
        file,
        NULL,
    };

    if (!tool_run(argv, NULL, log, TOOL_MS, SGBENCH_ERROR_TARGET, NULL,
                  error)) {
        return FALSE;
    }
    /* It has cut the file off. Its end is where the blocks end. */
    if (fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, size) < 0 &&
        errno != EOPNOTSUPP) {
        g_set_error(error, SGBENCH_ERROR, SGBENCH_ERROR_TARGET,
                    "no space for a tape of %" G_GUINT64_FORMAT " MiB: %s; "
                    "lower size",
                    size >> 20, g_strerror(errno));
        return FALSE;
    }
    return TRUE;
}
