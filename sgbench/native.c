/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <glib.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <unistd.h>

#include "error.h"
#include "native.h"

gboolean native_arena_map(Arena *arena, uint64_t size, GError **error)
{
    uint64_t page = sysconf(_SC_PAGESIZE);
    void *base;

    size = MAX((size + page - 1) / page * page, page);
    base = mmap(NULL, size, PROT_READ | PROT_WRITE,
                MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    if (base == MAP_FAILED) {
        g_set_error(error, SGBENCH_ERROR, SGBENCH_ERROR_PREFLIGHT,
                    "no %" G_GUINT64_FORMAT " MiB of memory for data: %s; use "
                    "a smaller size or depth",
                    size >> 20, g_strerror(errno));
        return FALSE;
    }
    *arena = (Arena){.base = base, .start = 0, .size = size};
    return TRUE;
}

void native_arena_unmap(Arena *arena)
{
    if (arena->base) {
        munmap(arena->base, arena->size);
        arena->base = NULL;
    }
}

uint64_t native_clock(clockid_t clock)
{
    struct timespec time;

    clock_gettime(clock, &time);
    return time.tv_sec * UINT64_C(1000000000) + time.tv_nsec;
}

/* The upper half of the numbers: the ring initiator counts from 1, and the
 * two must not meet in one process. */
uint32_t native_tag(void)
{
    static _Atomic uint32_t last;

    return UINT32_C(0x80000000) |
           atomic_fetch_add_explicit(&last, 1, memory_order_relaxed);
}

void native_iovec(const Arena *arena, const Command *command, struct iovec *iov)
{
    for (unsigned i = 0; i < command->n_pieces; i++) {
        const Piece *piece = &command->pieces[i];

        g_assert(piece->offset <= arena->size &&
                 piece->length <= arena->size - piece->offset);
        iov[i].iov_base = arena->base + piece->offset;
        iov[i].iov_len = piece->length;
    }
}
