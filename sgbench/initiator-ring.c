/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ring initiator: no guest. Requests are put into the HBA's rings in QEMU's
 * RAM, doorbells go over qtest, answers are polled for.
 */
#include <errno.h>
#include <glib.h>
#include <inttypes.h>
#include <sched.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>

#include "context.h"
#include "error.h"
#include "initiator.h"
#include "qemu.h"
#include "target.h"
#include "ust.h"

/* Guest RAM below belongs to rings and requests. The first MiB is a pc's
 * (hw/i386/pc.c: VGA window and ROMs), data begins behind. */
#define HBA_START (UINT64_C(1) << 20)
#define DATA_START (UINT64_C(16) << 20)

#define DEPTH_MAX 128

/* Doorbell answers are taken in bulk: each read(2) costs as much as a
 * doorbell. Well below QTEST_DOORBELLS_MAX, where ringing would wait. */
#define DRAIN_AT 64

/* How often an empty-handed poll looks at signals and at QEMU, and whether an
 * answer is overdue. */
#define LOOK_NS (100 * UINT64_C(1000000))

/* A command of this age is a reason to ask the HBA how it is. */
#define SUSPICIOUS_NS (2 * UINT64_C(1000000000))

/* What commands under way get to finish after a signal. */
#define DRAIN_NS (2 * UINT64_C(1000000000))

/* QEMU gives the host's SG_IO the target's time; past that and a margin nothing
 * will come. $SGBENCH_ANSWER_SECONDS overrides. */
#define MARGIN_SECONDS 10

typedef struct Slot {
    Command *command; /* NULL: free */
    uint64_t posted_ns;
} Slot;

typedef struct RingInitiator {
    Initiator base; /* first */
    Qemu *qemu;
    Hba *hba;
    uint64_t answer_ns;
    gboolean given_up; /* commands were left behind in the ring */
    Slot slots[DEPTH_MAX];
} RingInitiator;

/* One drive(). */
typedef struct Drive {
    RingInitiator *ring;
    Load *load;
    unsigned free_slots[DEPTH_MAX]; /* a stack */
    unsigned n_free;
    gboolean stopping; /* no next() any more */
    gboolean interrupted;
    uint64_t interrupted_ns, looked_ns;
    uint64_t idle_from; /* thread's CPU clock when polls began to find
                             * nothing; 0: they find something */
    Completion completion;
    InitiatorCost cost;
    GError *error;
} Drive;

static uint64_t clock_ns(clockid_t clock)
{
    struct timespec now;

    clock_gettime(clock, &now);
    return now.tv_sec * UINT64_C(1000000000) + now.tv_nsec;
}

/* Tags are unique in the process: traces of several QEMUs can be told apart.
 * The HBA has 64 bits, but QEMU's events show the lower 32. 0 is left out. */
static uint32_t new_tag(void)
{
    static _Atomic uint32_t last;
    uint32_t tag;

    do {
        tag = atomic_fetch_add_explicit(&last, 1, memory_order_relaxed) + 1;
    } while (tag == 0);
    return tag;
}

static void drive_error(Drive *drive, const char *what)
{
    RingInitiator *ring = drive->ring;

    g_set_error(&drive->error, SGBENCH_ERROR, SGBENCH_ERROR_QEMU,
                "QEMU (%s): %s; log: %s", ring->qemu->label, what,
                ring->qemu->process->log);
}

/* The same, unless QEMU is gone, which explains all else. */
static void drive_fail(Drive *drive, const char *what)
{
    if (qemu_check(drive->ring->qemu, &drive->error)) {
        drive_error(drive, what);
    }
}

/* Fill free slots, ring for all of them once. */
static void post(Drive *drive)
{
    RingInitiator *ring = drive->ring;
    gboolean posted = FALSE;

    while (!drive->stopping && drive->n_free > 0) {
        unsigned index = drive->free_slots[drive->n_free - 1];
        Command *command = drive->load->next(drive->load, index);
        Slot *slot = &ring->slots[index];

        if (!command) {
            drive->stopping = drive->load->wake_ns == 0;
            break;
        }
        g_assert(command->n_pieces <= ring->base.max_pieces);
        if (!initiator_may_send(&ring->base, command, &drive->error)) {
            drive->stopping = TRUE;
            break;
        }
        drive->n_free--;
        command->tag = new_tag();
        slot->command = command;
        slot->posted_ns = clock_ns(CLOCK_MONOTONIC);
        /* Before the HBA can see it, or "arrive" might come before "post". */
        if (ring->base.traced) {
            ust_post(command, QEMU_SCSI_LUN);
        }
        ring->hba->kind->post(ring->hba, index, command, QEMU_SCSI_TARGET,
                              QEMU_SCSI_LUN);
        posted = TRUE;
    }
    if (posted) {
        ring->hba->kind->kick(ring->hba, &drive->cost.doorbells,
                              &drive->cost.doorbells_saved);
        if (drive->load->posted) {
            drive->load->posted(drive->load);
        }
    }
}

/* Polls have found something, or are given up: what was spent so far was for
 * nothing; what is done with the answers is not. */
static void end_idle(Drive *drive)
{
    if (drive->idle_from) {
        drive->cost.empty_ns +=
            clock_ns(CLOCK_THREAD_CPUTIME_ID) - drive->idle_from;
        drive->idle_from = 0;
    }
}

/* Take what has come. The time is read once and for all of it: it was all seen
 * together. Returns the number of answers. */
static unsigned reap(Drive *drive)
{
    RingInitiator *ring = drive->ring;
    Completion *completion = &drive->completion;
    gboolean nonsense = FALSE;
    uint64_t now = 0;
    unsigned n = 0, index;

    while (ring->hba->kind->poll(ring->hba, &index, completion, &nonsense)) {
        Slot *slot = &ring->slots[index];
        Command *command = slot->command;

        if (n++ == 0) {
            now = clock_ns(CLOCK_MONOTONIC);
            end_idle(drive);
        }
        completion->done_ns = now;
        completion->posted_ns = slot->posted_ns;
        slot->command = NULL;
        drive->free_slots[drive->n_free++] = index;
        initiator_saw(&ring->base, completion);
        if (ring->base.traced) {
            ust_complete(command, completion);
        }
        if (!drive->load->done(drive->load, index, command, completion)) {
            drive->stopping = TRUE;
        }
    }
    if (nonsense) {
        drive_fail(drive, "answered a request that was not under way");
    }
    return n;
}

/* "no answer to 2 commands for 40 s (tag 17 opcode 28h, tag 18 opcode 2Ah)" */
static char *overdue_text(const Drive *drive, uint64_t now)
{
    const RingInitiator *ring = drive->ring;
    g_autoptr(GString) list = g_string_new(NULL);
    unsigned n = 0;

    for (unsigned i = 0; i < drive->load->depth; i++) {
        const Slot *slot = &ring->slots[i];

        if (!slot->command || now < slot->posted_ns + ring->answer_ns) {
            continue;
        }
        if (++n <= 8) {
            g_string_append_printf(list, "%stag %u opcode %02Xh",
                                   n > 1 ? ", " : "", slot->command->tag,
                                   slot->command->cdb[0]);
        }
    }
    return g_strdup_printf("no answer to %u command%s for %" PRIu64 " s (%s%s)",
                           n, n == 1 ? "" : "s", ring->answer_ns / 1000000000,
                           list->str, n > 8 ? ", …" : "");
}

/* When the oldest command under way was posted; UINT64_MAX if there is none. */
static uint64_t oldest_post(const Drive *drive)
{
    uint64_t oldest = UINT64_MAX;

    for (unsigned i = 0; i < drive->load->depth; i++) {
        if (drive->ring->slots[i].command) {
            oldest = MIN(oldest, drive->ring->slots[i].posted_ns);
        }
    }
    return oldest;
}

/* What must be looked at now and then, whether answers come or not. */
static void look_around(Drive *drive, uint64_t now)
{
    RingInitiator *ring = drive->ring;
    uint64_t oldest = oldest_post(drive);
    Process *qemu = ring->qemu->process;
    gboolean answers;

    drive->looked_ns = now;
    if (!qemu_check(ring->qemu, &drive->error) || oldest == UINT64_MAX ||
        now < oldest + MIN(SUSPICIOUS_NS, ring->answer_ns)) {
        return;
    }
    /* qemu_check() has taken all answers to doorbells that are there. One that
     * is still missing tells as much as asking again, and does not wait. */
    answers = qtest_outstanding(ring->qemu->qtest) == 0;
    if (answers && ring->hba->kind->is_broken &&
        ring->hba->kind->is_broken(ring->hba)) {
        g_autofree char *text =
            g_strconcat("its HBA ", ring->hba->kind->broken, NULL);

        drive_fail(drive, text);
        return;
    }
    if (answers && !qtest_check(ring->qemu->qtest, NULL)) {
        /* Nor was the question answered, for as long as a command may take. */
        answers = FALSE;
        now = clock_ns(CLOCK_MONOTONIC_COARSE);
    }
    if (now >= oldest + ring->answer_ns && process_running(qemu)) {
        g_autofree char *commands = overdue_text(drive, now);
        g_autofree char *text = g_strconcat(
            commands, answers ? "" : "; its main loop hangs as well", NULL);

        drive_error(drive, text);
    }
}

static void check_signal(Drive *drive, uint64_t now)
{
    if (!drive->interrupted) {
        drive->interrupted = TRUE;
        drive->interrupted_ns = now;
        drive->stopping = TRUE;
    } else if (now >= drive->interrupted_ns + DRAIN_NS) {
        run_check_interrupted(&drive->error);
    }
}

/* Signals, QEMU and overdue answers. FALSE if the drive is over. */
static gboolean watch(Drive *drive)
{
    uint64_t now = clock_ns(CLOCK_MONOTONIC_COARSE);

    if (!drive->error && run_interrupted()) {
        check_signal(drive, now);
    }
    if (!drive->error && now >= drive->looked_ns + LOOK_NS) {
        look_around(drive, now);
    }
    return !drive->error;
}

/* There is something to be posted, or nothing more to come. */
static gboolean is_due(const Drive *drive)
{
    gboolean idle = drive->n_free == drive->load->depth;

    if (drive->stopping) {
        return idle;
    }
    return drive->n_free && drive->load->wake_ns &&
           clock_ns(CLOCK_MONOTONIC) >= drive->load->wake_ns;
}

/*
 * Poll until something comes, or has to be posted, or the drive is over. Empty polls yield: on few
 * cores QEMU needs the one we are on, and under SCHED_IDLE it gets it. Never
 * sleep: a timer of the lab's kernel takes 10 ms and more.
 */
static void wait_for_answer(Drive *drive)
{
    /* Doorbell answers pile up; an idle moment is the time for them. */
    if (qtest_outstanding(drive->ring->qemu->qtest) >= DRAIN_AT) {
        qtest_drain(drive->ring->qemu->qtest);
    }
    while (!reap(drive) && !drive->error && !is_due(drive)) {
        if (!drive->idle_from) {
            drive->idle_from = clock_ns(CLOCK_THREAD_CPUTIME_ID);
        }
        drive->cost.empty_polls++;
        if (!watch(drive)) {
            break;
        }
        sched_yield();
    }
    end_idle(drive);
}

/*
 * The loop, in a thread of its own: an ordinary user may enter SCHED_IDLE but
 * not leave it again (sched(7), RLIMIT_NICE), so the thread takes it to its
 * grave. The caller waits for it: one thread at a time calls the load.
 */
static void *drive_thread(void *opaque)
{
    Drive *drive = opaque;
    RingInitiator *ring = drive->ring;
    struct sched_param none = {0};

    /* If this is refused polling costs QEMU more; nothing else changes. */
    if (!ring->base.eager) {
        (void)sched_setscheduler(0, SCHED_IDLE, &none);
    }
    drive->looked_ns = clock_ns(CLOCK_MONOTONIC_COARSE);
    while (watch(drive)) {
        post(drive);
        if (drive->stopping && drive->n_free == drive->load->depth) {
            break;
        }
        wait_for_answer(drive);
    }
    if (!drive->error && drive->interrupted) {
        run_check_interrupted(&drive->error);
    }
    if (drive->n_free < drive->load->depth) {
        ring->given_up = TRUE;
    }
    drive->cost.cpu_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID);
    return NULL;
}

static gboolean ring_drive(Initiator *initiator, Load *load,
                           InitiatorCost *cost, GError **error)
{
    RingInitiator *ring = (RingInitiator *)initiator;
    Drive drive = {.ring = ring, .load = load};

    g_assert(load->depth > 0 && load->depth <= initiator->max_depth);
    if (ring->given_up) {
        g_set_error(error, SGBENCH_ERROR, SGBENCH_ERROR_QEMU,
                    "QEMU (%s) still has commands of an earlier failure",
                    ring->qemu->label);
        return FALSE;
    }
    memset(ring->slots, 0, sizeof(ring->slots));
    while (drive.n_free < load->depth) {
        /* Slot 0 on top: slots are first used in order. */
        drive.free_slots[drive.n_free] = load->depth - 1 - drive.n_free;
        drive.n_free++;
    }
    g_thread_join(g_thread_new("sgbench ring", drive_thread, &drive));
    if (cost) {
        *cost = drive.cost;
    }
    if (drive.error) {
        g_propagate_error(error, drive.error);
        return FALSE;
    }
    return TRUE;
}

static void ring_close(Initiator *initiator)
{
    RingInitiator *ring = (RingInitiator *)initiator;

    hba_free(ring->hba);
    qemu_stop(ring->qemu);
    g_free(ring);
}

gboolean initiator_ring_end(Initiator *initiator, GError **error)
{
    RingInitiator *ring = (RingInitiator *)initiator;

    g_clear_pointer(&ring->hba, hba_free);
    return qemu_end(ring->qemu, ring->answer_ns / 1000000, error);
}

static uint64_t answer_seconds(const Target *target)
{
    unsigned timeout =
        target->caps.timeout_s ? target->caps.timeout_s : TARGET_TIMEOUT_S;
    const char *text = g_getenv("SGBENCH_ANSWER_SECONDS");
    uint64_t seconds;

    return text && g_ascii_string_to_unsigned(text, 10, 1, 86400, &seconds,
                                              NULL)
               ? seconds
               : timeout + MARGIN_SECONDS;
}

/* A lost connection reads as all ones; if so say that, not what those seemed to
 * mean. */
static gboolean open_hba(RingInitiator *ring, const HbaKind *kind,
                         unsigned n_slots, GError **error)
{
    g_autoptr(GError) cause = NULL;

    ring->hba = kind->open(ring->qemu->qtest, ring->qemu->ram, HBA_START,
                           n_slots, &cause);
    if (!qtest_check(ring->qemu->qtest, error)) {
        return FALSE;
    }
    if (!ring->hba) {
        g_propagate_error(error, g_steal_pointer(&cause));
        return FALSE;
    }
    return TRUE;
}

static Initiator *ring_open(RunContext *context, Target *target,
                            const PathKind *path, const InitiatorNeeds *needs,
                            GError **error)
{
    const HbaKind *hba = needs->hba ? needs->hba : hba_kinds[0];
    unsigned n_slots = hba->max_slots ? hba->max_slots : DEPTH_MAX;
    g_autoptr(Initiator) initiator = NULL;
    RingInitiator *ring = g_new0(RingInitiator, 1);
    QemuNeeds machine = {
        .hba = hba,
        .ram_size = DATA_START + MIN(needs->arena_size, QEMU_RAM_MAX),
        .device_memory = needs->device_memory,
        .devices = needs->devices,
    };
    Qemu *qemu;

    g_assert(HBA_START + hba->bytes(n_slots) <= DATA_START);
    initiator = &ring->base;
    initiator->kind = &initiator_ring;
    ring->answer_ns = answer_seconds(target) * UINT64_C(1000000000);
    ring->qemu = qemu = qemu_start(context, target, path, &machine, error);
    if (!qemu || !open_hba(ring, hba, n_slots, error)) {
        return NULL;
    }
    /* Start-up may take longer than an answer later on. */
    qtest_set_timeout(qemu->qtest, ring->answer_ns / 1000000);
    initiator->arena = (Arena){
        .base = qemu->ram,
        .start = DATA_START,
        .size = qemu->ram_size,
        .device = qemu->device.size ? &qemu->device : NULL,
    };
    initiator->max_depth = n_slots;
    initiator->max_pieces = hba->max_pieces;
    initiator->read_only = target->read_only;
    initiator->qemu_pid = qemu->process->pid;
    initiator->iothread_tid = qemu->iothread_tid;
    if (hba->limits) {
        hba->limits(ring->hba, &initiator->hba_seg_max,
                    &initiator->hba_max_sectors);
    }
    return g_steal_pointer(&initiator);
}

Hba *initiator_ring_hba(Initiator *initiator)
{
    g_assert(initiator->kind == &initiator_ring);
    return ((RingInitiator *)initiator)->hba;
}

const InitiatorKind initiator_ring = {
    .name = "ring",
    .open = ring_open,
    .drive = ring_drive,
    .close = ring_close,
};
