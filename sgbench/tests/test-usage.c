/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <glib.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "sgbench/error.h"
#include "sgbench/usage.h"

#define MIB (1u << 20)
#define MS UINT64_C(1000000)

static uint64_t thread_ns(void)
{
    struct timespec time;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return time.tv_sec * UINT64_C(1000000000) + time.tv_nsec;
}

static void burn(uint64_t ns)
{
    uint64_t end = thread_ns() + ns;

    while (thread_ns() < end) {
    }
}

typedef struct Worker {
    GMutex lock;
    GCond cond;
    int step; /* 1: named, 2: go on */
} Worker;

static void step_to(Worker *worker, int step)
{
    g_mutex_lock(&worker->lock);
    worker->step = step;
    g_cond_signal(&worker->cond);
    g_mutex_unlock(&worker->lock);
}

static void wait_step(Worker *worker, int step)
{
    g_mutex_lock(&worker->lock);
    while (worker->step < step) {
        g_cond_wait(&worker->cond, &worker->lock);
    }
    g_mutex_unlock(&worker->lock);
}

static gpointer work(gpointer opaque)
{
    Worker *worker = opaque;

    prctl(PR_SET_NAME, "a) R 1 (name");
    burn(100 * MS);
    step_to(worker, 1);
    wait_step(worker, 2);
    return NULL;
}

/* A thread that burns 100 ms is seen apart from the main thread, and its time
 * stays the process's when it has ended. */
static void test_cpu(void)
{
    Worker worker = {0};
    Usage before, during, after, used;
    GError *error = NULL;
    GThread *thread;
    pid_t tid;

    g_assert_true(usage_read(getpid(), 0, &before, &error));
    g_assert_cmpuint(before.iothread_ns, ==, 0);
    thread = g_thread_new("work", work, &worker);
    wait_step(&worker, 1);
    tid = usage_find_thread(getpid(), "a) R 1 (name");
    g_assert_cmpint(tid, >, 0);
    g_assert_cmpint(tid, !=, getpid());
    g_assert_true(usage_read(getpid(), tid, &during, &error));
    g_assert_cmpuint(during.iothread_ns + during.tick_ns, >=, 100 * MS);
    used = usage_difference(&during, &before);
    g_assert_cmpuint(used.cpu_ns + used.tick_ns, >=, 100 * MS);
    g_assert_cmpuint(used.main_ns, <, 90 * MS);
    /* read one after the other, so not to the last microsecond */
    g_assert_cmpuint(used.cpu_ns + 2 * used.tick_ns + MS, >=,
                     used.main_ns + used.iothread_ns);
    step_to(&worker, 2);
    g_thread_join(thread);

    g_assert_true(usage_read(getpid(), 0, &after, &error));
    used = usage_difference(&after, &before);
    g_assert_cmpuint(used.cpu_ns + used.tick_ns, >=, 100 * MS);
    g_assert_cmpint(usage_find_thread(getpid(), "no such name"), ==, 0);
    g_assert_false(usage_read(getpid(), tid, &after, &error));
    g_assert_error(error, SGBENCH_ERROR, SGBENCH_ERROR_TARGET);
    g_error_free(error);
}

static void test_faults_and_switches(void)
{
    enum {
        PAGES = 1000
    };
    Usage before, after, used;
    GError *error = NULL;
    char *memory;

    /* a name that looks like the fields behind it in /proc/PID/stat */
    prctl(PR_SET_NAME, "a) R 1 1 (b");
    g_assert_true(usage_read(getpid(), 0, &before, &error));
    memory = mmap(NULL, PAGES * 4096, PROT_READ | PROT_WRITE,
                  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    g_assert_true(memory != MAP_FAILED);
    madvise(memory, PAGES * 4096, MADV_NOHUGEPAGE);
    for (unsigned i = 0; i < PAGES; i++) {
        memory[i * 4096] = 1;
    }
    for (unsigned i = 0; i < 20; i++) {
        g_usleep(1000);
    }
    g_assert_true(usage_read(getpid(), 0, &after, &error));
    used = usage_difference(&after, &before);
    g_assert_cmpuint(used.minor_faults, >=, PAGES);
    g_assert_cmpuint(used.minor_faults, <, PAGES * 3);
    g_assert_cmpuint(used.voluntary, >=, 20);
    munmap(memory, PAGES * 4096);
}

static void test_sampler(void)
{
    uint64_t mean, max, before;
    UsageSampler *sampler = usage_sampler_start(getpid(), 5);
    unsigned samples;
    char *memory;

    g_usleep(50000);
    usage_sampler_stop(sampler, &before, NULL, NULL);
    sampler = usage_sampler_start(getpid(), 5);
    memory = mmap(NULL, 64 * MIB, PROT_READ | PROT_WRITE,
                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    g_assert_true(memory != MAP_FAILED);
    g_usleep(200000);
    usage_sampler_stop(sampler, &mean, &max, &samples);
    munmap(memory, 64 * MIB);
    g_assert_cmpuint(samples, >=, 3);
    g_assert_cmpuint(max, >=, before + 60 * MIB);
    g_assert_cmpuint(mean, >, before);
    g_assert_cmpuint(mean, <=, max);
}

/* A zombie has nothing to read, and a sampler of one has seen nothing. */
static void test_gone(void)
{
    uint64_t mean, max;
    unsigned samples;
    Usage usage;
    g_autoptr(GError) error = NULL;
    siginfo_t info;
    pid_t pid = fork();

    if (pid == 0) {
        _exit(0);
    }
    waitid(P_PID, pid, &info, WEXITED | WNOWAIT);
    g_assert_false(usage_read(pid, 0, &usage, &error));
    g_assert_error(error, SGBENCH_ERROR, SGBENCH_ERROR_TARGET);
    usage_sampler_stop(usage_sampler_start(pid, 1000), &mean, &max, &samples);
    g_assert_cmpuint(mean + max + samples, ==, 0);
    waitpid(pid, NULL, 0);
}

static void test_difference(void)
{
    Usage earlier = {.cpu_ns = 5, .voluntary = 9, .tick_ns = 1};
    Usage later = {.cpu_ns = 7, .voluntary = 8, .tick_ns = 10};
    Usage used = usage_difference(&later, &earlier);

    g_assert_cmpuint(used.cpu_ns, ==, 2);
    g_assert_cmpuint(used.voluntary, ==, 0); /* a thread has ended */
    g_assert_cmpuint(used.tick_ns, ==, 10);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/usage/cpu", test_cpu);
    g_test_add_func("/usage/faults-and-switches", test_faults_and_switches);
    g_test_add_func("/usage/sampler", test_sampler);
    g_test_add_func("/usage/gone", test_gone);
    g_test_add_func("/usage/difference", test_difference);
    return g_test_run();
}
