/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <inttypes.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "error.h"
#include "guest-ram.h"

#define MIB (UINT64_C(1) << 20)

/* What the host and QEMU itself need beside guest RAM. */
#define RESERVE (128 * MIB)

/* The number behind @key in the file @path, or UINT64_MAX ("max", no file). */
static uint64_t number_in(const char *path, const char *key)
{
    g_autofree char *text = NULL;
    const char *at;
    char *end;
    uint64_t value;

    if (!g_file_get_contents(path, &text, NULL, NULL) ||
        !(at = strstr(text, key))) {
        return UINT64_MAX;
    }
    at += strlen(key);
    value = g_ascii_strtoull(at, &end, 10);
    return end == at ? UINT64_MAX : value;
}

/* Bytes that can be had without swapping or being killed: the machine's, and
 * those of a container, which sees its own control group at the root. */
static uint64_t memory_available(void)
{
    uint64_t kib = number_in("/proc/meminfo", "MemAvailable:");
    uint64_t limit = number_in("/sys/fs/cgroup/memory.max", "");
    uint64_t used = number_in("/sys/fs/cgroup/memory.current", "");
    uint64_t available = kib == UINT64_MAX ? UINT64_MAX : kib * 1024;

    if (limit != UINT64_MAX && used != UINT64_MAX) {
        available = MIN(available, limit > used ? limit - used : 0);
    }
    return available;
}

static void no_memory(uint64_t size, GError **error)
{
    uint64_t available = memory_available();

    g_set_error(error, SGBENCH_ERROR, SGBENCH_ERROR_PREFLIGHT,
                "not enough memory for guest RAM: need %" PRIu64
                " MiB, %" PRIu64 " MiB are available: free some, or use "
                "smaller sizes or depths",
                (size + RESERVE) / MIB, available / MIB);
}

int guest_ram_new(uint64_t size, gboolean populate, uint8_t **ram,
                  GError **error)
{
    void *mapped;
    int fd;

    /* memfds have no size limit of their own and are allocated beyond what
     * there is (the OOM killer comes), so look first. */
    if (memory_available() < size + RESERVE) {
        no_memory(size, error);
        return -1;
    }
    fd = memfd_create("sgbench-ram", MFD_CLOEXEC);
    if (fd < 0) {
        g_set_error(error, SGBENCH_ERROR, SGBENCH_ERROR_PREFLIGHT,
                    "can't make guest RAM: %s", g_strerror(errno));
        return -1;
    }
    if (fallocate(fd, 0, 0, size) < 0) {
        if (errno == ENOSPC || errno == ENOMEM) {
            no_memory(size, error);
        } else {
            g_set_error(error, SGBENCH_ERROR, SGBENCH_ERROR_PREFLIGHT,
                        "can't make %" PRIu64 " MiB of guest RAM: %s",
                        size / MIB, g_strerror(errno));
        }
        close(fd);
        return -1;
    }
    mapped = mmap(NULL, size, PROT_READ | PROT_WRITE,
                  MAP_SHARED | (populate ? MAP_POPULATE : 0), fd, 0);
    if (mapped == MAP_FAILED) {
        no_memory(size, error);
        close(fd);
        return -1;
    }
    *ram = mapped;
    return fd;
}
