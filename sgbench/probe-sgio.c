/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

#include "error.h"
#include "probe-sgio.h"
#include "sgio.h"

#define TIMEOUT_MS 30000

typedef struct Burst {
    int fd;
    const Arena *arena;
    const Command *command;
    unsigned times;
    pthread_barrier_t ready; /* all begin together, however long a start is */
    GMutex lock;             /* of what is below */
    Completion completion;
    gboolean failed;
} Burst;

/* Every thread reads into, or writes from, the same memory: nobody looks. */
static gpointer burst_thread(gpointer opaque)
{
    Burst *burst = opaque;
    unsigned n = MAX(burst->command->n_pieces, 1);
    g_autofree struct iovec *iov = g_new(struct iovec, n);

    pthread_barrier_wait(&burst->ready);
    for (unsigned i = 0; i < burst->times; i++) {
        Completion completion;

        sgio_send(burst->fd, burst->arena, burst->command, iov, TIMEOUT_MS, 0,
                  &completion);
        g_mutex_lock(&burst->lock);
        if (!burst->failed) {
            burst->completion = completion;
            burst->failed = !completion_good(&completion);
        }
        g_mutex_unlock(&burst->lock);
    }
    return NULL;
}

gboolean probe_sgio(const char *device, const Arena *arena,
                    const Command *command, unsigned depth, unsigned times,
                    Completion *completion, GError **error)
{
    Burst burst = {
        .fd = open(device, O_RDWR | O_NONBLOCK | O_CLOEXEC),
        .arena = arena,
        .command = command,
        .times = times,
    };
    g_autofree GThread **threads = g_new(GThread *, depth);
    const char *fatal;

    if (burst.fd < 0) {
        g_set_error(error, SGBENCH_ERROR, SGBENCH_ERROR_TARGET,
                    "can't open %s: %s", device, g_strerror(errno));
        return FALSE;
    }
    g_mutex_init(&burst.lock);
    pthread_barrier_init(&burst.ready, NULL, depth);
    for (unsigned i = 0; i < depth; i++) {
        threads[i] = g_thread_new("probe", burst_thread, &burst);
    }
    for (unsigned i = 0; i < depth; i++) {
        g_thread_join(threads[i]);
    }
    pthread_barrier_destroy(&burst.ready);
    g_mutex_clear(&burst.lock);
    close(burst.fd);
    *completion = burst.completion;
    fatal = sgio_fatal(completion->transport);
    if (fatal) {
        g_set_error(error, SGBENCH_ERROR, SGBENCH_ERROR_TARGET,
                    "%s: SG_IO: %s: %s", device,
                    g_strerror(completion->transport), fatal);
        return FALSE;
    }
    return TRUE;
}
