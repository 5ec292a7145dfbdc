/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The native path to an iSCSI target: libiscsi, as QEMU's iSCSI driver uses it
 * (block/iscsi.c), without QEMU. One session, one connection, one thread: all
 * of it belongs to the thread that opened it.
 */
#include <errno.h>
#include <glib.h>
#include <iscsi/iscsi.h>
#include <iscsi/scsi-lowlevel.h>
#include <poll.h>
#include <sched.h>
#include <string.h>

#include "context.h"
#include "error.h"
#include "initiator.h"
#include "native.h"
#include "target.h"
#include "ust.h"

#define INITIATOR_NAME "iqn.2025-01.example.sgbench:native"
#define DEPTH_MAX 64    /* half of tgt's MaxQueueCmd */
#define PIECES_MAX 8192 /* 16 MiB in pages, twice over; libiscsi has none */
#define POLL_MS 200     /* between two looks at interruption and time-outs */
#define LOGIN_S 10
#define OBITUARY_TRIES 20
#define DRAIN_NS (2 * UINT64_C(1000000000)) /* after an interruption */

typedef struct IscsiInitiator IscsiInitiator;
typedef struct Drive Drive;

typedef struct Slot {
    IscsiInitiator *initiator;
    Command *command; /* NULL: free */
    struct scsi_task *task;
    uint64_t posted_ns;
    struct iovec *iov; /* grows as needed */
    unsigned iov_size;
} Slot;

struct IscsiInitiator {
    Initiator base;
    struct iscsi_context *iscsi;
    Target *target;
    char *device; /* for messages */
    int lun;
    gboolean broken; /* the connection is gone */
    Drive *drive;    /* in drive(), else NULL */
    Slot slots[DEPTH_MAX];
};

struct Drive {
    Load *load;
    unsigned in_flight;
    gboolean stopping; /* next() is not called any more */
    unsigned free_slots[DEPTH_MAX];
    unsigned n_free;
};

/* What became of the target says more than what the socket saw; a server that
 * was killed closes its sockets a moment before it counts as ended. */
static void set_broken(IscsiInitiator *initiator, GError **error)
{
    const char *why = iscsi_get_error(initiator->iscsi);

    initiator->broken = TRUE;
    for (unsigned i = 0; i < OBITUARY_TRIES; i++) {
        if (!initiator->target->kind->alive(initiator->target, error)) {
            return;
        }
        g_usleep(10000);
    }
    g_set_error(error, SGBENCH_ERROR, SGBENCH_ERROR_TARGET,
                "%s: the connection broke%s%s; the target's log says more",
                initiator->device, why && *why ? ": " : "", why ? why : "");
}

/* Sense comes as two bytes of length, then the data (RFC 7143, 11.4.7). */
static void take_sense(const struct scsi_task *task, Completion *completion)
{
    const uint8_t *data = task->datain.data;
    unsigned length;

    if (!data || task->datain.size < 2) {
        return;
    }
    length = data[0] << 8 | data[1];
    length = MIN(length, task->datain.size - 2);
    completion->sense_length = MIN(length, COMMAND_SENSE_MAX);
    memcpy(completion->sense, data + 2, completion->sense_length);
}

/* libiscsi calls it from iscsi_service(), and for what is left when the
 * context is destroyed: then there is no drive. */
static void command_done(struct iscsi_context *iscsi, int status, void *data,
                         void *opaque)
{
    Slot *slot = opaque;
    IscsiInitiator *initiator = slot->initiator;
    Drive *drive = initiator->drive;
    Command *command = slot->command;
    struct scsi_task *task = g_steal_pointer(&slot->task);
    unsigned index = slot - initiator->slots;
    Completion completion = {.posted_ns = slot->posted_ns};

    slot->command = NULL;
    if (!drive || initiator->broken || status == SCSI_STATUS_CANCELLED ||
        status == SCSI_STATUS_ERROR || status == SCSI_STATUS_TIMEOUT) {
        initiator->broken = TRUE;
        scsi_free_scsi_task(task);
        return;
    }

    completion.done_ns = native_clock(CLOCK_MONOTONIC);
    completion.status = status;
    if (status == SCSI_STATUS_CHECK_CONDITION) {
        take_sense(task, &completion);
    }
    if (task->residual_status == SCSI_RESIDUAL_UNDERFLOW) {
        completion.resid = task->residual;
    }
    scsi_free_scsi_task(task);

    initiator_saw(&initiator->base, &completion);
    drive->in_flight--;
    drive->free_slots[drive->n_free++] = index;
    if (initiator->base.traced) {
        ust_complete(command, &completion);
    }
    if (!drive->load->done(drive->load, index, command, &completion)) {
        drive->stopping = TRUE;
    }
}

/* FALSE if it could not even be queued. */
static gboolean post_one(IscsiInitiator *initiator, Slot *slot,
                         Command *command)
{
    static const int directions[] = {
        [DATA_NONE] = SCSI_XFER_NONE,
        [DATA_IN] = SCSI_XFER_READ,
        [DATA_OUT] = SCSI_XFER_WRITE,
    };
    struct scsi_task *task;

    g_assert(command->cdb_length <= SCSI_CDB_MAX_SIZE);
    g_assert(command->n_pieces <= initiator->base.max_pieces);
    task = scsi_create_task(command->cdb_length, command->cdb,
                            directions[command->direction], command->length);
    if (!task) {
        return FALSE;
    }
    if (slot->iov_size < command->n_pieces) {
        slot->iov = g_renew(struct iovec, slot->iov, command->n_pieces);
        slot->iov_size = command->n_pieces;
    }
    native_iovec(&initiator->base.arena, command, slot->iov);
    /* scsi_iovec is an iovec by definition (scsi-lowlevel.h). */
    if (command->direction == DATA_OUT) {
        scsi_task_set_iov_out(task, (struct scsi_iovec *)slot->iov,
                              command->n_pieces);
    } else if (command->direction == DATA_IN) {
        scsi_task_set_iov_in(task, (struct scsi_iovec *)slot->iov,
                             command->n_pieces);
    }

    command->tag = native_tag();
    slot->command = command;
    slot->task = task; /* a cancelled command's callback gets none */
    slot->posted_ns = native_clock(CLOCK_MONOTONIC);
    if (initiator->base.traced) {
        ust_post(command, initiator->lun);
    }
    if (iscsi_scsi_command_async(initiator->iscsi, initiator->lun, task,
                                 command_done, NULL, slot) < 0) {
        slot->command = NULL;
        slot->task = NULL;
        scsi_free_scsi_task(task);
        return FALSE;
    }
    return TRUE;
}

static gboolean post(IscsiInitiator *initiator, Drive *drive, GError **error)
{
    while (!drive->stopping && drive->n_free > 0) {
        unsigned index = drive->free_slots[drive->n_free - 1];
        Command *command = drive->load->next(drive->load, index);

        if (!command) {
            drive->stopping = drive->load->wake_ns == 0;
            break;
        }
        if (!initiator_may_send(&initiator->base, command, error)) {
            return FALSE;
        }
        drive->n_free--;
        drive->in_flight++;
        if (!post_one(initiator, &initiator->slots[index], command)) {
            set_broken(initiator, error);
            return FALSE;
        }
    }
    return TRUE;
}

/* poll(), but not beyond the time at which a command is due. */
static int wait_for_socket(const Drive *drive, struct pollfd *socket,
                           InitiatorCost *cost)
{
    uint64_t wake =
        drive->stopping || !drive->n_free ? 0 : drive->load->wake_ns;
    uint64_t now = wake ? native_clock(CLOCK_MONOTONIC) : 0;
    uint64_t asleep = wake ? native_sleep_until(wake) : 0;
    uint64_t ns = POLL_MS * UINT64_C(1000000);
    struct timespec time;
    int n;

    if (wake) {
        ns = asleep > now ? MIN(ns, asleep - now) : 0;
    }
    time = (struct timespec){.tv_nsec = ns};
    n = ppoll(socket, 1, &time, NULL);
    if (wake && n == 0) {
        uint64_t cpu = native_clock(CLOCK_THREAD_CPUTIME_ID);

        /* What is left is polled for: it may be less than waking up takes. */
        while (n == 0 && native_clock(CLOCK_MONOTONIC) < wake &&
               native_clock(CLOCK_MONOTONIC) >= asleep && !run_interrupted()) {
            n = poll(socket, 1, 0);
            sched_yield();
        }
        cost->empty_ns += native_clock(CLOCK_THREAD_CPUTIME_ID) - cpu;
    }
    return n;
}

/* Wait for the socket and let libiscsi work on it. */
static gboolean serve(IscsiInitiator *initiator, InitiatorCost *cost,
                      GError **error)
{
    struct pollfd socket = {
        .fd = iscsi_get_fd(initiator->iscsi),
        .events = iscsi_which_events(initiator->iscsi),
    };
    int n = wait_for_socket(initiator->drive, &socket, cost);

    if (n <= 0) {
        /* With nothing to do it still looks at the commands' time-outs. */
        cost->empty_polls++;
        socket.revents = 0;
    }
    if (iscsi_service(initiator->iscsi, socket.revents) < 0 ||
        initiator->broken) {
        set_broken(initiator, error);
        return FALSE;
    }
    return TRUE;
}

static gboolean drive_loop(IscsiInitiator *initiator, Drive *drive,
                           InitiatorCost *cost, GError **error)
{
    uint64_t interrupted_ns = 0;

    for (;;) {
        if (run_interrupted()) {
            uint64_t now = native_clock(CLOCK_MONOTONIC);

            /* What is under way may still come back: the session then ends
             * in order. */
            drive->stopping = TRUE;
            interrupted_ns = interrupted_ns ? interrupted_ns : now;
            if (!drive->in_flight || now - interrupted_ns > DRAIN_NS) {
                return !run_check_interrupted(error);
            }
        }
        if (!post(initiator, drive, error)) {
            return FALSE;
        }
        if (!drive->in_flight && drive->stopping) {
            return TRUE;
        }
        if (!serve(initiator, cost, error)) {
            return FALSE;
        }
    }
}

/* After a failure commands may still be under way: only close() makes sure
 * that nothing writes to the arena any more. */
static gboolean iscsi_drive(Initiator *base, Load *load, InitiatorCost *cost,
                            GError **error)
{
    IscsiInitiator *initiator = (IscsiInitiator *)base;
    uint64_t cpu = native_clock(CLOCK_THREAD_CPUTIME_ID);
    InitiatorCost spent = {0};
    Drive drive = {.load = load};
    gboolean ok;

    g_assert(load->depth > 0 && load->depth <= base->max_depth);
    if (initiator->broken) {
        g_set_error(error, SGBENCH_ERROR, SGBENCH_ERROR_TARGET,
                    "%s: the connection broke earlier", initiator->device);
        return FALSE;
    }
    for (unsigned i = load->depth; i > 0; i--) {
        drive.free_slots[drive.n_free++] = i - 1;
    }
    initiator->drive = &drive;
    ok = drive_loop(initiator, &drive, &spent, error);
    initiator->drive = NULL;
    initiator->broken |= drive.in_flight > 0;

    /* Time in poll() is not CPU time: nothing of it was for nothing. */
    spent.cpu_ns = native_clock(CLOCK_THREAD_CPUTIME_ID) - cpu;
    if (cost) {
        *cost = spent;
    }
    return ok;
}

static void iscsi_close(Initiator *base)
{
    IscsiInitiator *initiator = (IscsiInitiator *)base;

    if (initiator->iscsi) {
        if (!initiator->broken && iscsi_is_logged_in(initiator->iscsi)) {
            iscsi_set_timeout(initiator->iscsi, 1);
            iscsi_logout_sync(initiator->iscsi);
        }
        /* Ends what is under way, with CANCELLED. */
        initiator->broken = TRUE;
        iscsi_destroy_context(initiator->iscsi);
    }
    for (unsigned i = 0; i < DEPTH_MAX; i++) {
        g_free(initiator->slots[i].iov);
    }
    native_arena_unmap(&base->arena);
    g_free(initiator->device);
    g_free(initiator);
}

static gboolean log_in(IscsiInitiator *initiator, GError **error)
{
    struct iscsi_url *url;
    gboolean ok;

    initiator->iscsi = iscsi_create_context(INITIATOR_NAME);
    if (!initiator->iscsi) {
        g_set_error(error, SGBENCH_ERROR, SGBENCH_ERROR_TARGET,
                    "%s: libiscsi can't make a context: out of memory",
                    initiator->device);
        return FALSE;
    }
    url = iscsi_parse_full_url(initiator->iscsi, initiator->device);
    if (!url) {
        g_set_error(error, SGBENCH_ERROR, SGBENCH_ERROR_TARGET, "%s: %s",
                    initiator->device, iscsi_get_error(initiator->iscsi));
        return FALSE;
    }
    initiator->lun = url->lun;
    /* As QEMU sets them up (block/iscsi.c, iscsi_open), but a connection that
     * breaks is a failure here and not for libiscsi to hide. */
    iscsi_set_session_type(initiator->iscsi, ISCSI_SESSION_NORMAL);
    iscsi_set_header_digest(initiator->iscsi, ISCSI_HEADER_DIGEST_NONE_CRC32C);
    iscsi_set_targetname(initiator->iscsi, url->target);
    iscsi_set_noautoreconnect(initiator->iscsi, 1);
    iscsi_set_timeout(initiator->iscsi, LOGIN_S);
    ok = iscsi_full_connect_sync(initiator->iscsi, url->portal, url->lun) == 0;
    if (!ok) {
        g_set_error(error, SGBENCH_ERROR, SGBENCH_ERROR_TARGET,
                    "%s: log-in failed: %s", initiator->device,
                    iscsi_get_error(initiator->iscsi));
    }
    iscsi_set_timeout(initiator->iscsi, initiator->target->caps.timeout_s
                                            ? initiator->target->caps.timeout_s
                                            : TARGET_TIMEOUT_S);
    iscsi_destroy_url(url);
    return ok;
}

static Initiator *iscsi_open(RunContext *context, Target *target,
                             const PathKind *path, const InitiatorNeeds *needs,
                             GError **error)
{
    IscsiInitiator *initiator = g_new0(IscsiInitiator, 1);
    Initiator *base = &initiator->base;

    base->kind = &initiator_iscsi;
    base->max_depth = DEPTH_MAX;
    base->max_pieces = PIECES_MAX;
    base->read_only = target->read_only;
    initiator->target = target;
    initiator->device = g_strdup(target->device);
    for (unsigned i = 0; i < DEPTH_MAX; i++) {
        initiator->slots[i].initiator = initiator;
    }
    if (!native_arena_map(&base->arena, needs->arena_size, error) ||
        !log_in(initiator, error)) {
        initiator->broken = TRUE;
        iscsi_close(base);
        return NULL;
    }
    return base;
}

const InitiatorKind initiator_iscsi = {
    .name = "iscsi",
    .open = iscsi_open,
    .drive = iscsi_drive,
    .close = iscsi_close,
};
