/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <glib.h>
#include <sched.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <unistd.h>

#include "context.h"
#include "error.h"
#include "native.h"

#define WAKE_UP_NS 200000           /* of a sleeping thread, with a margin */
#define LOOK_NS UINT64_C(100000000) /* between two looks at signals */

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

/* Timers come late by up to two ticks of the clock (100 a second in the lab) and
 * what waking up takes. */
uint64_t native_sleep_until(uint64_t wake_ns)
{
    struct timespec tick;
    uint64_t margin;

    /* The clock that only counts ticks tells how long one is; timers that are
     * exact have a clock of 1 ns. */
    clock_getres(CLOCK_MONOTONIC, &tick);
    margin =
        2 * (tick.tv_sec * UINT64_C(1000000000) + tick.tv_nsec) + WAKE_UP_NS;
    return wake_ns > margin ? wake_ns - margin : 0;
}

uint64_t native_wait_until(uint64_t wake_ns)
{
    uint64_t before = native_clock(CLOCK_THREAD_CPUTIME_ID);
    uint64_t asleep = native_sleep_until(wake_ns);
    uint64_t now = native_clock(CLOCK_MONOTONIC);

    while (now < asleep && !run_interrupted()) {
        uint64_t until = MIN(asleep, now + LOOK_NS);
        struct timespec time = {
            .tv_sec = until / UINT64_C(1000000000),
            .tv_nsec = until % UINT64_C(1000000000),
        };

        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, NULL);
        now = native_clock(CLOCK_MONOTONIC);
    }
    while (now < wake_ns && !run_interrupted()) {
        sched_yield();
        now = native_clock(CLOCK_MONOTONIC);
    }
    return native_clock(CLOCK_THREAD_CPUTIME_ID) - before;
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
