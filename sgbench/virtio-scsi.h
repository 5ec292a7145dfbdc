/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Driver of a modern virtio-scsi-pci HBA (VIRTIO 1.2, 4.1 and 5.6), through
 * qtest for its registers and shared guest RAM for everything else. It polls;
 * interrupts are not used. One thread at a time.
 */
#ifndef SGBENCH_VIRTIO_SCSI_H
#define SGBENCH_VIRTIO_SCSI_H

#include <stdint.h>
#include <glib.h>
#include "command.h"
#include "qtest.h"

/* Largest data list of a command. QEMU takes 1024 descriptors off a queue
 * (VIRTQUEUE_MAX_SIZE, include/hw/virtio/virtio.h), two of them are the
 * headers; one more marks the HBA broken until reset. */
#define VIRTIO_SCSI_PIECES_MAX 1022

typedef struct VirtioScsi VirtioScsi;

/* Bytes of guest RAM for an HBA with @n_slots slots and @n_queues request
 * queues. */
uint64_t virtio_scsi_bytes(unsigned n_slots, unsigned n_queues);

/*
 * Find the HBA, bring it up. Its rings and requests live in the
 * virtio_scsi_bytes() at @address (4 KiB aligned) of @ram, which is guest
 * physical address 0. @n_slots commands at most are under way, spread over
 * @n_queues request queues (the HBA must have as many). NULL with
 * SGBENCH_ERROR_QEMU. @qtest and @ram are borrowed.
 */
VirtioScsi *virtio_scsi_new(Qtest *qtest, uint8_t *ram, uint64_t address,
                            unsigned n_slots, unsigned n_queues,
                            GError **error);

/* Forget it; the device itself goes with QEMU. NULL is fine. */
void virtio_scsi_free(VirtioScsi *hba);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VirtioScsi, virtio_scsi_free)

/* Publish @command (tag set, pieces in guest RAM) on @slot, which must be
 * free, for target @target and LUN @lun. The HBA may see it at once, but
 * counts on virtio_scsi_kick(). */
void virtio_scsi_post(VirtioScsi *hba, unsigned slot, const Command *command,
                      uint8_t target, uint16_t lun);

/* Ring the doorbells that are needed for what was posted; add their number
 * and that of the queues where none was needed. */
void virtio_scsi_kick(VirtioScsi *hba, uint64_t *doorbells, uint64_t *saved);

/*
 * Take one answer: TRUE with its @slot and what the HBA says in @completion
 * (transport, response, status, sense, resid, dio). FALSE if there is none,
 * or if the ring is broken: @broken is set TRUE then.
 */
gboolean virtio_scsi_poll(VirtioScsi *hba, unsigned *slot,
                          Completion *completion, gboolean *broken);

/* TRUE if the HBA has given up (DEVICE_NEEDS_RESET, VIRTIO 1.2, 2.1.2). Asks
 * over qtest: not for every poll. */
gboolean virtio_scsi_needs_reset(VirtioScsi *hba);

#endif
