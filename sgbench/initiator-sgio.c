/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The native path to a kernel device: SG_IO on /dev/sgN. The ioctl blocks, so
 * a depth above 1 means a thread for each slot, each with a descriptor of its
 * own (one takes 16 commands, SG_MAX_QUEUE in drivers/scsi/sg.c, then EDOM).
 */
#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <string.h>
#include <unistd.h>

#include "context.h"
#include "error.h"
#include "initiator.h"
#include "native.h"
#include "sgio.h"
#include "target.h"
#include "ust.h"

#define DEPTH_MAX 16

typedef struct SgioInitiator {
    Initiator base;
    char *device;        /* for messages */
    unsigned timeout_ms; /* then the kernel aborts the command */
    int fds[DEPTH_MAX];
    struct iovec *iovs[DEPTH_MAX]; /* base.max_pieces each */
} SgioInitiator;

/* One drive(); what is below the lock is shared by its threads. */
typedef struct Drive {
    SgioInitiator *initiator;
    Load *load;
    GMutex lock;
    gboolean stopping;
    GError *error;
    uint64_t cpu_ns;
    uint64_t idle_ns; /* of it, for nothing */
} Drive;

typedef struct Loop {
    Drive *drive;
    unsigned slot;
} Loop;

/* Under the lock. */
static void answer(Drive *drive, unsigned slot, Command *command,
                   const Completion *completion)
{
    const char *fatal = sgio_fatal(completion->transport);

    if (drive->initiator->base.traced) {
        ust_complete(command, completion);
    }
    initiator_saw(&drive->initiator->base, completion);
    if (fatal) {
        drive->stopping = TRUE;
        if (!drive->error) {
            g_set_error(&drive->error, SGBENCH_ERROR, SGBENCH_ERROR_TARGET,
                        "%s: SG_IO: %s: %s", drive->initiator->device,
                        g_strerror(completion->transport), fatal);
        }
        return;
    }
    if (!drive->load->done(drive->load, slot, command, completion)) {
        drive->stopping = TRUE;
    }
}

/* The closed loop of one slot: the load decides under the lock, the device
 * works outside. */
static gpointer loop_main(gpointer opaque)
{
    const Loop *loop = opaque;
    Drive *drive = loop->drive;
    SgioInitiator *initiator = drive->initiator;
    uint64_t cpu = native_clock(CLOCK_THREAD_CPUTIME_ID);
    unsigned slot = loop->slot;
    uint64_t now = 0;

    g_mutex_lock(&drive->lock);
    while (!drive->stopping && !run_interrupted()) {
        Command *command = drive->load->next(drive->load, slot);
        Completion completion;

        if (!command && drive->load->wake_ns) {
            uint64_t wake = drive->load->wake_ns, idle;

            g_mutex_unlock(&drive->lock);
            idle = native_wait_until(wake);
            now = 0;
            g_mutex_lock(&drive->lock);
            drive->idle_ns += idle;
            continue;
        }
        if (!command) {
            drive->stopping = TRUE;
            break;
        }
        g_assert(command->n_pieces <= initiator->base.max_pieces);
        if (!initiator_may_send(&initiator->base, command,
                                drive->error ? NULL : &drive->error)) {
            drive->stopping = TRUE;
            break;
        }
        command->tag = native_tag();
        g_mutex_unlock(&drive->lock);

        if (initiator->base.traced) {
            ust_post(command, 0);
        }
        sgio_send(initiator->fds[slot], &initiator->base.arena, command,
                  initiator->iovs[slot], initiator->timeout_ms, now,
                  &completion);
        /* Alone, the end of a command is the beginning of the next; among
         * several the wait for the lock would be taken for latency. */
        now = drive->load->depth == 1 ? completion.done_ns : 0;

        g_mutex_lock(&drive->lock);
        answer(drive, slot, command, &completion);
    }
    drive->cpu_ns += native_clock(CLOCK_THREAD_CPUTIME_ID) - cpu;
    g_mutex_unlock(&drive->lock);
    return NULL;
}

/* Depth 1 runs in the calling thread: nothing to hand over, nothing to wake.
 * The threads of greater depths are made for each drive; the load is called by
 * one of them at a time. */
static gboolean sgio_drive(Initiator *base, Load *load, InitiatorCost *cost,
                           GError **error)
{
    Drive drive = {.initiator = (SgioInitiator *)base, .load = load};
    GThread *threads[DEPTH_MAX];
    Loop loops[DEPTH_MAX];

    g_assert(load->depth > 0 && load->depth <= base->max_depth);
    g_mutex_init(&drive.lock);
    for (unsigned i = 0; i < load->depth; i++) {
        loops[i] = (Loop){.drive = &drive, .slot = i};
    }
    if (load->depth == 1) {
        loop_main(&loops[0]);
    } else {
        for (unsigned i = 0; i < load->depth; i++) {
            threads[i] = g_thread_new("sgio", loop_main, &loops[i]);
        }
        for (unsigned i = 0; i < load->depth; i++) {
            g_thread_join(threads[i]);
        }
    }
    g_mutex_clear(&drive.lock);

    if (cost) {
        *cost =
            (InitiatorCost){.cpu_ns = drive.cpu_ns, .empty_ns = drive.idle_ns};
    }
    if (drive.error) {
        g_propagate_error(error, drive.error);
        return FALSE;
    }
    return !run_check_interrupted(error);
}

static void sgio_close(Initiator *base)
{
    SgioInitiator *initiator = (SgioInitiator *)base;

    for (unsigned i = 0; i < DEPTH_MAX; i++) {
        if (initiator->fds[i] >= 0) {
            close(initiator->fds[i]);
        }
        g_free(initiator->iovs[i]);
    }
    native_arena_unmap(&base->arena);
    g_free(initiator->device);
    g_free(initiator);
}

static gboolean open_device(SgioInitiator *initiator, GError **error)
{
    for (unsigned i = 0; i < DEPTH_MAX; i++) {
        initiator->fds[i] =
            open(initiator->device, O_RDWR | O_NONBLOCK | O_CLOEXEC);
        if (initiator->fds[i] < 0) {
            g_set_error(error, SGBENCH_ERROR, SGBENCH_ERROR_TARGET,
                        "can't open %s: %s", initiator->device,
                        g_strerror(errno));
            return FALSE;
        }
        initiator->iovs[i] = g_new(struct iovec, SGIO_PIECES_MAX);
    }
    if (!sgio_supported(initiator->fds[0])) {
        g_set_error(error, SGBENCH_ERROR, SGBENCH_ERROR_TARGET, "%s: %s",
                    initiator->device, sgio_fatal(ENOTTY));
        return FALSE;
    }
    return TRUE;
}

static Initiator *sgio_open(RunContext *context, Target *target,
                            const PathKind *path, const InitiatorNeeds *needs,
                            GError **error)
{
    SgioInitiator *initiator = g_new0(SgioInitiator, 1);
    Initiator *base = &initiator->base;

    base->kind = &initiator_sgio;
    base->max_depth = DEPTH_MAX;
    base->max_pieces = SGIO_PIECES_MAX;
    base->traced = context->traced;
    base->read_only = target->read_only;
    initiator->timeout_ms =
        1000 *
        (target->caps.timeout_s ? target->caps.timeout_s : TARGET_TIMEOUT_S);
    initiator->device = g_strdup(target->device);
    for (unsigned i = 0; i < DEPTH_MAX; i++) {
        initiator->fds[i] = -1;
    }
    if (!native_arena_map(&base->arena, needs->arena_size, error) ||
        !open_device(initiator, error)) {
        sgio_close(base);
        return NULL;
    }
    return base;
}

const InitiatorKind initiator_sgio = {
    .name = "sgio",
    .open = sgio_open,
    .drive = sgio_drive,
    .close = sgio_close,
};
