/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the initiators of the native path share: data memory of our own,
 * clocks, tags, and pieces as an iovec.
 */
#ifndef SGBENCH_NATIVE_H
#define SGBENCH_NATIVE_H

#include <glib.h>
#include <sys/uio.h>
#include <time.h>
#include "command.h"

/* Map @size bytes (rounded up to pages) that are zero and resident: no fault
 * is left for the timed part. FALSE with SGBENCH_ERROR_PREFLIGHT. */
gboolean native_arena_map(Arena *arena, uint64_t size, GError **error);
void native_arena_unmap(Arena *arena);

/* A clock in ns. */
uint64_t native_clock(clockid_t clock);

/*
 * Wait until CLOCK_MONOTONIC is @wake_ns, or a signal came: asleep as long as
 * the clock's timers are exact enough, polling for the rest. Returns the CPU
 * time that this took, ns.
 */
uint64_t native_wait_until(uint64_t wake_ns);

/* Of that, up to when one may sleep; 0: not at all. */
uint64_t native_sleep_until(uint64_t wake_ns);

/* A tag no other native command of this process has, never 0. Any thread. */
uint32_t native_tag(void);

/* Point @iov (n_pieces entries) at the pieces of @command. */
void native_iovec(const Arena *arena, const Command *command,
                  struct iovec *iov);

#endif
