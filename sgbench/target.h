/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Targets: where the commands go. What a target can prove is written in its
 * capability table once, and printed with every result:
 *
 * | kind        | stores data | resid | machine speed | kernel SG_IO | depth |
 * |-------------|-------------|-------|---------------|--------------|-------|
 * | device:     | yes         | yes   | yes, but in   | yes          | 16    |
 * |  disk       |             |       | the lab       |              |       |
 * | device:     | yes         | yes,  | the same      | yes          | 1     |
 * |  tape       |             | not   |               |              |       |
 * |             |             | tgt's |               |              |       |
 * | device:     | its status  | no    | never timed   | yes          | 1     |
 * |  changer    |             |       |               |              |       |
 * | lab-disk    | yes         | yes   | no            | yes          | 16    |
 * | lab-tape    | yes         | no    | no            | yes          | 1     |
 * | lab-changer | its status  | no    | never timed   | yes          | 1     |
 * | iscsi disk  | file: yes,  | yes   | yes           | no           | 64    |
 * |             | null: no    |       |               |              |       |
 * | iscsi tape  | yes         | no    | yes           | no           | 1     |
 * | iscsi       | its status  | no    | never timed   | no           | 1     |
 * | changer     |             |       |               |              |       |
 * | iscsi-url   | yes; of a   | disk: | yes           | no           | 64;   |
 * |             | changer its | yes   |               |              | tape 1|
 * |             | status      |       |               |              |       |
 * | null        | stored: yes,| yes   | yes           | no           | 64;   |
 * |             | others: no  |       |               |              | tape 1|
 */
#ifndef SGBENCH_TARGET_H
#define SGBENCH_TARGET_H

#include <stdint.h>
#include <sys/types.h>
#include <glib.h>
#include "initiator.h"
#include "job.h"

typedef struct Medium Medium;

/* What not every tape has. */
typedef enum TapeAbility {
    TAPE_LOCATES = 1 << 0,      /* LOCATE, READ POSITION */
    TAPE_LOGS = 1 << 1,         /* LOG SENSE */
    TAPE_WARNS_EARLY = 1 << 2,  /* early warning before the end of medium */
    TAPE_SPACES_BACK = 1 << 3,  /* SPACE back over filemarks, to before them */
    TAPE_ENDS_FIXED = 1 << 4,   /* end of data is BLANK CHECK in fixed mode */
    TAPE_CUTS_LONG = 1 << 5,    /* the beginning of a block that is too long */
    TAPE_COUNTS_SPACE = 1 << 6, /* INFORMATION of a SPACE that was stopped */
} TapeAbility;

typedef struct TargetCaps {
    const Medium *medium;        /* medium.h */
    unsigned tape;               /* TapeAbility, if it is one */
    gboolean no_unmap;           /* a disk that is known not to take UNMAP */
    const char *no_unmap_remedy; /* "write ...", or NULL */
    const char *no_raw;          /* "has ...; write ...": why no path that is
                                  * raw can be taken; NULL: they can */
    gboolean stores_data;        /* what was written can be read back */
    gboolean reports_resid;
    gboolean kernel_sgio;   /* commands go through the kernel's SG_IO */
    gboolean users_unseen;  /* others may use it without our knowing */
    gboolean machine_speed; /* times mean something outside the lab */
    unsigned max_depth;     /* commands in flight, per descriptor */
    uint64_t max_transfer;  /* bytes per command */
    uint32_t block_size;    /* logical block it will have, bytes; tape: 1 */
    uint64_t size;          /* capacity it will have, bytes */
    unsigned timeout_s;     /* of a command; 0: TARGET_TIMEOUT_S */
    const char *verdicts;   /* what its figures may feed, for the reader */
} TargetCaps;

/* What QEMU gives a command (DEFAULT_IO_TIMEOUT, hw/scsi/scsi-disk.c and
 * scsi-generic.c). */
#define TARGET_TIMEOUT_S 30
/* Unless told otherwise, of a tape drive or changer that is not ours: it winds,
 * loads and moves. */
#define TARGET_TIMEOUT_SLOW_S 900

typedef struct TargetKind {
    const char *name;
    const char *summary;
    gboolean needs_lab;
    gboolean foreign; /* not made by sgbench: written to only if named */
    const InitiatorKind *native; /* NULL: nothing but QEMU reaches it */

    /* Check the keys of @spec (SGBENCH_ERROR_USAGE with file and line) and say
     * what the target will be able to do; starts nothing. */
    gboolean (*check)(const Job *job, const TargetSpec *spec, TargetCaps *caps,
                      GError **error);

    /* Bring it up; the device is ours alone. NULL with PREFLIGHT or TARGET. */
    Target *(*start)(RunContext *context, const Job *job,
                     const TargetSpec *spec, GError **error);

    /* Take it down; never fails. */
    void (*stop)(Target *target);

    /* Value of QEMU's -blockdev option (without node-name) for device model
     * @device (scsi-generic and scsi-block open different nodes); the
     * caller's. */
    char *(*blockdev)(Target *target, const char *device);

    /* Value of a QEMU -object option that blockdev() refers to (the caller's);
     * NULL: there is none. */
    char *(*object)(Target *target);

    /* FALSE with SGBENCH_ERROR_TARGET that says what became of it. */
    gboolean (*alive)(Target *target, GError **error);

    /* Of a foreign one, NULL else: is what @initiator reaches still what start()
     * admitted? SGBENCH_ERROR_TARGET. */
    gboolean (*confirm)(RunContext *context, const Target *target,
                        Initiator *initiator, GError **error);
} TargetKind;

struct Target {
    const TargetKind *kind;
    char *name; /* as in the job */
    TargetCaps caps;
    uint32_t block_size; /* logical block, bytes; of a tape, the largest */
    uint32_t physical_block_size; /* of a disk, bytes; 0: not known */
    uint64_t blocks;              /* capacity; of a tape, 0 */
    char *vendor, *product, *revision, *serial; /* trimmed; "" if none */
    char *device;         /* /dev/sgN, iscsi:// URL: for messages */
    char *block_device;   /* /dev/sdX if there is one, or NULL */
    gboolean read_only;   /* foreign, and not named to be written to: no
                           * initiator sends it a command that writes */
    pid_t server_pid;     /* process whose CPU is the target's own, or 0 */
    GHashTable *settings; /* char * -> char *: what run.json records */
};

/* All kinds, NULL-terminated; one file each (target-KIND.c). */
extern const TargetKind *const target_kinds[];
const TargetKind *target_find(const char *name);

Target *target_start(RunContext *context, const Job *job,
                     const TargetSpec *spec, GError **error);
void target_stop(Target *target);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Target, target_stop)

/* Fill vendor … serial, block size and capacity by asking the device through
 * @initiator (INQUIRY, VPD 80h, READ CAPACITY (16)). */
gboolean target_identify(Target *target, Initiator *initiator, GError **error);

/*
 * What a guest does first on a path: TEST UNIT READY until nothing is left to
 * be told of the reset that opening was, READ CAPACITY (16), which scsi-block
 * learns block size and range from (hw/scsi/scsi-disk.c). FALSE with
 * SGBENCH_ERROR_TARGET if the path does not show the @target that
 * target_identify() saw.
 */
gboolean target_bring_up(const Target *target, Initiator *initiator,
                         GError **error);

#endif
