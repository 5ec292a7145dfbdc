/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Initiators: who sends the commands. `ring` drives an HBA of QEMU's without a
 * guest; `sgio` issues SG_IO on the host; `iscsi` speaks to the target
 * through libiscsi. The last two are the `native` path.
 */
#ifndef SGBENCH_INITIATOR_H
#define SGBENCH_INITIATOR_H

#include <stdint.h>
#include <sys/types.h>
#include <glib.h>
#include "command.h"
#include "hba.h"
#include "load.h"
#include "path.h"

typedef struct Initiator Initiator;
typedef struct RunContext RunContext;
typedef struct Target Target;

/* CPU the initiator itself used in one drive(), ns. */
typedef struct InitiatorCost {
    uint64_t cpu_ns;   /* thread CPU time in all */
    uint64_t empty_ns; /* of it in polls that found nothing */
    uint64_t empty_polls;
    uint64_t doorbells;
    uint64_t doorbells_saved; /* EVENT_IDX said not needed */
} InitiatorCost;

/* What is wanted of an initiator. */
typedef struct InitiatorNeeds {
    uint64_t arena_size;    /* bytes of data memory */
    uint64_t device_memory; /* bytes of Arena.device; 0: none. Ring only */
    const HbaKind *hba;     /* NULL: the default. Ring only */
    /* More values of QEMU's -device, NULL-terminated; or NULL. Ring only */
    const char *const *devices;
} InitiatorNeeds;

typedef struct InitiatorKind {
    const char *name;

    /* Open @target by @path. May be slow. NULL with an error of the run's kind
     * (see error.h). */
    Initiator *(*open)(RunContext *context, Target *target,
                       const PathKind *path, const InitiatorNeeds *needs,
                       GError **error);

    /*
     * Post what @load gives until it has no more and nothing is in flight.
     * FALSE with an error if the way to the device broke (QEMU died or hung,
     * device gone, interrupted); commands that failed with a status are the
     * load's business. @cost may be NULL.
     */
    gboolean (*drive)(Initiator *initiator, Load *load, InitiatorCost *cost,
                      GError **error);

    /* Stop and free; never fails, ends a hung QEMU by force. */
    void (*close)(Initiator *initiator);
} InitiatorKind;

/* Every initiator begins with this. */
struct Initiator {
    const InitiatorKind *kind;
    Arena arena;
    unsigned max_depth;
    unsigned max_pieces;  /* per command */
    pid_t qemu_pid;       /* 0 if there is no QEMU */
    pid_t iothread_tid;   /* 0 if there is none */
    uint32_t hba_seg_max; /* what the HBA tells a guest, or 0 */
    uint32_t hba_max_sectors;
    gboolean traced;    /* emit sgbench:post and sgbench:complete */
    gboolean eager;     /* ring: poll in the ordinary scheduling class; for
                         * tests, whose times mean nothing */
    gboolean read_only; /* the target's: see initiator_may_send() */
    gboolean guarded;   /* its medium may be changed by others */
    gboolean changed;   /* and may have been: see initiator_saw() */
};

extern const InitiatorKind initiator_ring, initiator_sgio, initiator_iscsi;

void initiator_close(Initiator *initiator);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Initiator, initiator_close)

/*
 * For the initiators, at each command: TRUE unless it would write to a target
 * that is read_only, a fault of sgbench which the device must not pay for
 * (SGBENCH_ERROR_INTERNAL), or to a medium that may have been changed meanwhile
 * (SGBENCH_ERROR_TARGET).
 */
gboolean initiator_may_send(const Initiator *initiator, const Command *command,
                            GError **error);

/* For the initiators, at each answer: notice a unit attention which says that
 * the medium, or the device, may be another one now (SPC-4 table E.2: 28h/00h
 * NOT READY TO READY CHANGE, MEDIUM MAY HAVE CHANGED; 3Fh/03h INQUIRY DATA HAS
 * CHANGED; 3Fh/0Eh REPORTED LUNS DATA HAS CHANGED is about others). */
void initiator_saw(Initiator *initiator, const Completion *completion);

/* Send one command and wait for it; for identity, verification and tests.
 * FALSE with an error if the way to the device broke. */
gboolean initiator_send(Initiator *initiator, Command *command,
                        Completion *completion, GError **error);

/* End the QEMU of a ring initiator, which may take as long as an answer; nothing
 * but initiator_close() is allowed then. FALSE with SGBENCH_ERROR_QEMU if it does
 * not end by itself, and well. */
gboolean initiator_ring_end(Initiator *initiator, GError **error);

/* The HBA of a ring initiator, to abort and reset; from Load.posted(), or with
 * nothing in flight. */
Hba *initiator_ring_hba(Initiator *initiator);

#endif
