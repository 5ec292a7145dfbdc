/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * HBAs that the ring initiator drives. One file each; what differs for whoever
 * chooses:
 *
 * | HBA         | served by   | pieces | data is mapped by             | resid |
 * |-------------|-------------|--------|-------------------------------|-------|
 * | virtio-scsi | an IOThread | 1022   | itself, device memory within  | yes   |
 * |             |             |        | 4096 bytes (virtqueue_pop())  |       |
 * | pvscsi      | main thread | 2048   | whoever executes the command  | no    |
 * | ahci        | main thread | 8192   | dma-helpers                   | no    |
 *
 * The last one carries READs and WRITEs of a disk alone: see "raw".
 *
 * One thread at a time calls an HBA.
 */
#ifndef SGBENCH_HBA_H
#define SGBENCH_HBA_H

#include <stdint.h>
#include <glib.h>
#include "command.h"
#include "qtest.h"

/* Where BARs of HBAs go: the PCI hole of a pc machine begins here at the
 * latest (hw/i386/pc_piix.c), and RAM ends below. */
#define HBA_BAR_START UINT64_C(0xe0000000)

typedef struct Hba Hba;

typedef enum HbaReset {
    HBA_RESET_DEVICE, /* of @target 0, @lun 0 */
    HBA_RESET_BUS,
    HBA_RESET_ADAPTER, /* which is brought up again */
    HBA_RESET__COUNT,
} HbaReset;

typedef struct HbaKind {
    const char *name;   /* as in jobs */
    const char *device; /* QEMU's -device, without id */
    gboolean iothread;  /* -device takes iothread= */
    /* It speaks ATA to QEMU's model of a disk, on any block device: no SCSI
     * command passes through, READs and WRITEs are translated (ata-disk.h). */
    gboolean raw;
    unsigned max_slots;  /* commands under way; 0: as many as are asked for */
    unsigned max_pieces; /* of a command */
    gboolean maps_data;  /* QEMU's model maps the list itself */
    gboolean reports_resid;
    const char *broken; /* what is said if is_broken() */

    /* Bytes of guest RAM with @n_slots commands under way. */
    uint64_t (*bytes)(unsigned n_slots);

    /*
     * Find it on the PCI bus, bring it up. Its rings and requests live in the
     * bytes() at @address (4 KiB aligned) of @ram, which is guest physical
     * address 0. NULL with SGBENCH_ERROR_QEMU. @qtest and @ram are borrowed.
     */
    Hba *(*open)(Qtest *qtest, uint8_t *ram, uint64_t address, unsigned n_slots,
                 GError **error);

    /* Forget it; the device itself goes with QEMU. */
    void (*free)(Hba *hba);

    /* Publish @command (tag set, pieces in guest memory) on @slot, which must
     * be free, for @target and @lun. The HBA may see it at once, but counts on
     * kick(). */
    void (*post)(Hba *hba, unsigned slot, const Command *command,
                 uint8_t target, uint16_t lun);

    /* Ring the doorbells that are needed for what was posted; add their number
     * and that of those that were not needed. */
    void (*kick)(Hba *hba, uint64_t *doorbells, uint64_t *saved);

    /*
     * Take one answer: TRUE with its @slot and what the HBA says in
     * @completion (transport, response, status, sense, resid, dio). FALSE if
     * there is none, or if the ring makes no sense: @nonsense is set TRUE then.
     */
    gboolean (*poll)(Hba *hba, unsigned *slot, Completion *completion,
                     gboolean *nonsense);

    /* Abort the command of @slot, or reset: what is under way is answered as
     * ever, with a response that says so. NULL if sgbench cannot do this here.
     * Both wait for QEMU, which waits for commands that cannot be aborted. */
    void (*abort)(Hba *hba, unsigned slot);
    void (*reset)(Hba *hba, HbaReset what);

    /* TRUE if the HBA has given up. Asks over qtest: not for every poll. NULL
     * if this one cannot say so. */
    gboolean (*is_broken)(Hba *hba);

    /* What it tells a guest of its limits: pieces of memory, and 512-byte
     * sectors, of one command. NULL if this one tells nothing. */
    void (*limits)(Hba *hba, uint32_t *seg_max, uint32_t *max_sectors);
} HbaKind;

/* Every HBA begins with this. */
struct Hba {
    const HbaKind *kind;
};

/* All kinds, NULL-terminated; the first is the default. */
extern const HbaKind *const hba_kinds[];
extern const HbaKind hba_virtio_scsi, hba_pvscsi, hba_ahci;

/* The HBA called @name, or NULL. */
const HbaKind *hba_find(const char *name);

/* An SGBENCH_ERROR_QEMU about @kind. Always FALSE. */
gboolean hba_refuse(const HbaKind *kind, GError **error, const char *format,
                    ...) G_GNUC_PRINTF(3, 4);

/* NULL is fine. */
void hba_free(Hba *hba);

#endif
