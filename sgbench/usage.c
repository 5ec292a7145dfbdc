/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a process uses, from /proc (proc(5); the kernel's
 * Documentation/filesystems/proc.rst and scheduler/sched-stats.rst).
 *
 * Nanoseconds come from /proc/PID/task/TID/schedstat where the kernel has it
 * (CONFIG_SCHED_INFO). User-mode-linux has not: there CPU time is counted in
 * ticks of 1/_SC_CLK_TCK s, and Usage.tick_ns says so.
 */
#include <errno.h>
#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "error.h"
#include "usage.h"

#define NS_PER_S 1000000000ull

/* Fields of /proc/PID/stat that are used; numbers as in proc(5). */
typedef struct Stat {
    char state;            /* 3 */
    uint64_t minor, major; /* 10, 12 */
    uint64_t ticks;        /* 14 + 15: user and system time */
} Stat;

static uint64_t ns_per_tick(void)
{
    long hz = sysconf(_SC_CLK_TCK);

    return NS_PER_S / (hz > 0 ? hz : 100);
}

/* /proc/PID/NAME, or /proc/PID/task/TID/NAME if @tid is not 0. The content is
 * the caller's; NULL if the task is gone. */
static char *read_proc(pid_t pid, pid_t tid, const char *name)
{
    char path[96];
    char *text;

    if (tid) {
        g_snprintf(path, sizeof(path), "/proc/%d/task/%d/%s", pid, tid, name);
    } else {
        g_snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
    }
    return g_file_get_contents(path, &text, NULL, NULL) ? text : NULL;
}

static gboolean read_stat(pid_t pid, pid_t tid, Stat *stat)
{
    g_autofree char *text = read_proc(pid, tid, "stat");
    unsigned long long minor, major, user, system;
    const char *rest;

    if (!text) {
        return FALSE;
    }
    /* Field 2 is the name in brackets and may contain anything, brackets and
     * spaces too: what counts comes after the last one. */
    rest = strrchr(text, ')');
    if (!rest || sscanf(rest + 1,
                        " %c %*d %*d %*d %*d %*d %*u %llu %*u %llu %*u"
                        " %llu %llu",
                        &stat->state, &minor, &major, &user, &system) != 5) {
        return FALSE;
    }
    stat->minor = minor;
    stat->major = major;
    stat->ticks = user + system;
    return TRUE;
}

/* CPU time of one thread, ns; *@exact says whether it was more than ticks. */
static gboolean thread_cpu(pid_t pid, pid_t tid, uint64_t *ns, gboolean *exact)
{
    g_autofree char *text = read_proc(pid, tid, "schedstat");
    Stat stat;

    /* Zero is also what a kernel says that has the file but not the counts. */
    if (text && (*ns = g_ascii_strtoull(text, NULL, 10)) > 0) {
        *exact = TRUE;
        return TRUE;
    }
    *exact = FALSE;
    if (!read_stat(pid, tid, &stat)) {
        return FALSE;
    }
    *ns = stat.ticks * ns_per_tick();
    return TRUE;
}

/* CPU time of the whole process, ended threads included. */
static uint64_t process_cpu(pid_t pid, const Stat *stat)
{
    struct timespec time;
    clockid_t clock;

    if (clock_getcpuclockid(pid, &clock) == 0 &&
        clock_gettime(clock, &time) == 0) {
        return time.tv_sec * NS_PER_S + time.tv_nsec;
    }
    return stat->ticks * ns_per_tick();
}

/* Number behind "@key:" in a /proc status file, 0 if it is not there. */
static uint64_t status_field(const char *status, const char *key)
{
    const char *line = strstr(status, key);

    return line ? g_ascii_strtoull(line + strlen(key), NULL, 10) : 0;
}

/* Context switches of all live threads; one that ends meanwhile is left out. */
static void count_switches(pid_t pid, Usage *usage)
{
    g_autofree char *folder = g_strdup_printf("/proc/%d/task", pid);
    g_autoptr(GDir) tasks = g_dir_open(folder, 0, NULL);
    const char *name;

    while (tasks && (name = g_dir_read_name(tasks))) {
        g_autofree char *status = read_proc(pid, atoi(name), "status");

        if (status) {
            /* The newline tells it from nonvoluntary_ctxt_switches. */
            usage->voluntary +=
                status_field(status, "\nvoluntary_ctxt_switches:");
            usage->involuntary +=
                status_field(status, "\nnonvoluntary_ctxt_switches:");
        }
    }
}

static gboolean gone(pid_t pid, GError **error)
{
    g_set_error(error, SGBENCH_ERROR, SGBENCH_ERROR_TARGET,
                "process %d has ended: its CPU time can't be read", pid);
    return FALSE;
}

/* Any thread. A zombie counts as gone. The figures are read one after the
 * other, some 50 µs apart, while the process goes on. */
gboolean usage_read(pid_t pid, pid_t iothread_tid, Usage *usage, GError **error)
{
    gboolean exact, iothread_exact;
    Stat stat;

    memset(usage, 0, sizeof(*usage));
    if (!read_stat(pid, 0, &stat) || stat.state == 'Z' || stat.state == 'X') {
        return gone(pid, error);
    }
    usage->minor_faults = stat.minor;
    usage->major_faults = stat.major;
    if (!thread_cpu(pid, pid, &usage->main_ns, &exact)) {
        return gone(pid, error);
    }
    if (iothread_tid &&
        !thread_cpu(pid, iothread_tid, &usage->iothread_ns, &iothread_exact)) {
        g_set_error(error, SGBENCH_ERROR, SGBENCH_ERROR_TARGET,
                    "thread %d of process %d has ended: its CPU time can't "
                    "be read",
                    iothread_tid, pid);
        return FALSE;
    }
    usage->cpu_ns = process_cpu(pid, &stat);
    usage->tick_ns = exact ? 1 : ns_per_tick();
    count_switches(pid, usage);
    return TRUE;
}

/* A counter that went backwards counts as 0: context switches are those of
 * live threads, and a thread may have ended in between. */
static uint64_t minus(uint64_t later, uint64_t earlier)
{
    return later > earlier ? later - earlier : 0;
}

Usage usage_difference(const Usage *later, const Usage *earlier)
{
    return (Usage){
        .cpu_ns = minus(later->cpu_ns, earlier->cpu_ns),
        .main_ns = minus(later->main_ns, earlier->main_ns),
        .iothread_ns = minus(later->iothread_ns, earlier->iothread_ns),
        .minor_faults = minus(later->minor_faults, earlier->minor_faults),
        .major_faults = minus(later->major_faults, earlier->major_faults),
        .voluntary = minus(later->voluntary, earlier->voluntary),
        .involuntary = minus(later->involuntary, earlier->involuntary),
        .tick_ns = MAX(later->tick_ns, earlier->tick_ns),
    };
}

/* The kernel keeps 15 characters of a name (TASK_COMM_LEN, linux/sched.h);
 * a longer @name is compared as far as that. */
pid_t usage_find_thread(pid_t pid, const char *name)
{
    g_autofree char *folder = g_strdup_printf("/proc/%d/task", pid);
    g_autoptr(GDir) tasks = g_dir_open(folder, 0, NULL);
    g_autofree char *wanted = g_strndup(name, 15);
    const char *entry;

    while (tasks && (entry = g_dir_read_name(tasks))) {
        g_autofree char *comm = read_proc(pid, atoi(entry), "comm");

        if (comm && strcmp(g_strchomp(comm), wanted) == 0) {
            return atoi(entry);
        }
    }
    return 0;
}

struct UsageSampler {
    pid_t pid;
    unsigned interval_ms;
    GThread *thread;
    GMutex lock;
    GCond wake;
    gboolean stop; /* under the lock */
    double sum;    /* the thread's until it is joined */
    uint64_t max;
    unsigned samples;
};

static void sample(UsageSampler *sampler)
{
    g_autofree char *status = read_proc(sampler->pid, 0, "status");
    const char *line = status ? strstr(status, "\nRssAnon:") : NULL;
    uint64_t bytes;

    if (!line) {
        return; /* ended, or a kernel before 4.5 */
    }
    bytes = status_field(line, "\nRssAnon:") * 1024; /* it is in kB */
    sampler->sum += bytes;
    sampler->max = MAX(sampler->max, bytes);
    sampler->samples++;
}

static gpointer sampler_main(gpointer opaque)
{
    UsageSampler *sampler = opaque;

    g_mutex_lock(&sampler->lock);
    while (!sampler->stop) {
        gint64 next = g_get_monotonic_time() + sampler->interval_ms * 1000ll;

        g_mutex_unlock(&sampler->lock);
        sample(sampler);
        g_mutex_lock(&sampler->lock);
        while (!sampler->stop &&
               g_cond_wait_until(&sampler->wake, &sampler->lock, next)) {
        }
    }
    g_mutex_unlock(&sampler->lock);
    return NULL;
}

/* The first sample is taken at once. */
UsageSampler *usage_sampler_start(pid_t pid, unsigned interval_ms)
{
    UsageSampler *sampler = g_new0(UsageSampler, 1);

    sampler->pid = pid;
    sampler->interval_ms = MAX(interval_ms, 1);
    g_mutex_init(&sampler->lock);
    g_cond_init(&sampler->wake);
    sampler->thread = g_thread_new("usage-sampler", sampler_main, sampler);
    return sampler;
}

/* Any of the three may be NULL; @mean and @max are bytes. */
void usage_sampler_stop(UsageSampler *sampler, uint64_t *mean, uint64_t *max,
                        unsigned *samples)
{
    g_mutex_lock(&sampler->lock);
    sampler->stop = TRUE;
    g_cond_signal(&sampler->wake);
    g_mutex_unlock(&sampler->lock);
    g_thread_join(sampler->thread);

    if (mean) {
        *mean = sampler->samples ? sampler->sum / sampler->samples : 0;
    }
    if (max) {
        *max = sampler->max;
    }
    if (samples) {
        *samples = sampler->samples;
    }
    g_cond_clear(&sampler->wake);
    g_mutex_clear(&sampler->lock);
    g_free(sampler);
}
