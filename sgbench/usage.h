/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What processes use: CPU by thread, faults, context switches, memory, from
 * /proc (proc(5)).
 */
#ifndef SGBENCH_USAGE_H
#define SGBENCH_USAGE_H

#include <stdint.h>
#include <sys/types.h>
#include <glib.h>
#include <sys/types.h>

/* Counters since the process began; subtract two readings. */
typedef struct Usage {
    uint64_t cpu_ns;      /* whole process, ended threads included */
    uint64_t main_ns;     /* its main thread */
    uint64_t iothread_ns; /* the IOThread, 0 if there is none */
    uint64_t minor_faults, major_faults; /* whole process */
    uint64_t voluntary, involuntary;     /* context switches, live threads */
    uint64_t tick_ns;                    /* resolution of the CPU figures */
} Usage;

/* Read the counters of @pid, @iothread_tid may be 0. FALSE with
 * SGBENCH_ERROR_TARGET if the process is gone. */
gboolean usage_read(pid_t pid, pid_t iothread_tid, Usage *usage,
                    GError **error);

/* later - earlier, field by field. */
Usage usage_difference(const Usage *later, const Usage *earlier);

/* Thread of @pid whose name (comm) is @name, or 0. */
pid_t usage_find_thread(pid_t pid, const char *name);

/*
 * Samples anonymous memory (RssAnon of /proc/PID/status, bytes) of a process
 * from a thread of its own. usage_sampler_stop frees it and gives the mean and
 * the maximum of what was seen (0 if nothing).
 */
typedef struct UsageSampler UsageSampler;
UsageSampler *usage_sampler_start(pid_t pid, unsigned interval_ms);
void usage_sampler_stop(UsageSampler *sampler, uint64_t *mean, uint64_t *max,
                        unsigned *samples);

#endif
