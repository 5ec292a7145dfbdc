/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a disk behind an ATA controller makes of SCSI commands: the part of SAT
 * (SCSI/ATA Translation, SAT-3) that sgbench's own commands need. READ and
 * WRITE become READ and WRITE FPDMA QUEUED; what asks who the disk is has its
 * answer from IDENTIFY DEVICE; all else is refused.
 */
#ifndef SGBENCH_ATA_DISK_H
#define SGBENCH_ATA_DISK_H

#include <stdint.h>
#include <glib.h>
#include "command.h"

#define ATA_BLOCK 512
#define ATA_IDENTIFY_BYTES 512

/* ATA8-ACS, 7.30 and 7.72: a count of 16 bits, where 0 is 65536; an address of
 * 48. */
#define ATA_BLOCKS_MAX 65536
#define ATA_LBA_END (UINT64_C(1) << 48)

typedef struct AtaDisk {
    uint64_t blocks; /* of ATA_BLOCK bytes */
    char serial[21], firmware[9], model[41];
} AtaDisk;

typedef struct AtaTransfer {
    gboolean write;
    uint64_t lba;
    uint32_t blocks; /* 1 … ATA_BLOCKS_MAX */
} AtaTransfer;

/* From the data of IDENTIFY DEVICE (ATA8-ACS, 7.16). FALSE if it is not a disk
 * with blocks of ATA_BLOCK bytes and addresses of 48 bits. */
gboolean ata_disk_parse(AtaDisk *disk,
                        const uint8_t identify[ATA_IDENTIFY_BYTES]);

/*
 * TRUE: @command is @transfer. FALSE: it is answered here, by @completion
 * (times aside) and, if it has data for the initiator, @data of @length bytes,
 * which is the caller's.
 */
gboolean ata_disk_translate(const AtaDisk *disk, const Command *command,
                            AtaTransfer *transfer, Completion *completion,
                            uint8_t **data, uint32_t *length);

/* CHECK CONDITION with fixed sense data (SPC-4, 4.5.3). */
void ata_disk_sense(Completion *completion, uint8_t key, uint8_t asc);

#endif
