/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <scsi/sg_unaligned.h>

#include "transfer.h"

/* What scsi-block sends with an LBA above it has 10 bytes even if the guest's
 * CDB has 6 (hw/scsi/scsi-disk.c, scsi_block_do_sgio()). */
#define SIX_BYTES_LBA_MAX 0x1ffff

uint64_t transfer_area_offset(unsigned area)
{
    return area ? FUZZ_MAIN_BYTES + (area - 1) * (uint64_t)FUZZ_AREA_BYTES : 0;
}

Transfer transfer_of(const Command *command)
{
    const uint8_t *cdb = command->cdb;
    Transfer t = {.known = TRUE, .write = (cdb[0] & 0x1f) == 0x0a};
    uint64_t blocks, within, limit;

    switch (cdb[0]) {
    case 0x08: /* READ (6), WRITE (6) */
    case 0x0a:
        t.lba = sg_get_unaligned_be24(cdb + 1) & 0x1fffff;
        blocks = cdb[4] ? cdb[4] : 256;
        break;
    case 0x28: /* (10) */
    case 0x2a:
        t.lba = sg_get_unaligned_be32(cdb + 2);
        blocks = sg_get_unaligned_be16(cdb + 7);
        break;
    case 0xa8: /* (12) */
    case 0xaa:
        t.lba = sg_get_unaligned_be32(cdb + 2);
        blocks = sg_get_unaligned_be32(cdb + 6);
        break;
    case 0x88: /* (16) */
    case 0x8a:
        t.lba = sg_get_unaligned_be64(cdb + 2);
        blocks = sg_get_unaligned_be32(cdb + 10);
        break;
    default:
        t.known = FALSE;
        return t;
    }
    t.bytes = blocks * FUZZ_BLOCK;
    t.beyond = blocks > fuzz_blocks() || t.lba > fuzz_blocks() - blocks;
    t.area = MIN(t.lba / FUZZ_AREA_BLOCKS, fuzz_n_answers + 1);
    within = t.lba % FUZZ_AREA_BLOCKS * FUZZ_BLOCK;
    limit = t.area ? FUZZ_AREA_BYTES : FUZZ_MAIN_BYTES;
    t.modelled = t.area <= fuzz_n_answers && within + t.bytes <= limit;
    t.offset = transfer_area_offset(t.area) + within;
    if (t.area <= fuzz_n_answers && within < limit) {
        t.ours = MIN(t.bytes, limit - within);
    }
    return t;
}

uint64_t transfer_allocation(const Command *command)
{
    const uint8_t *cdb = command->cdb;

    switch (cdb[0]) {
    case 0x03: /* REQUEST SENSE */
    case 0x1a: /* MODE SENSE (6) */
        return cdb[4];
    case 0x12: /* INQUIRY */
        return sg_get_unaligned_be16(cdb + 3);
    case 0x25: /* READ CAPACITY (10) */
        return 8;
    case 0x5a: /* MODE SENSE (10) */
    case 0x5e: /* PERSISTENT RESERVE IN */
        return sg_get_unaligned_be16(cdb + 7);
    case 0x9e: /* READ CAPACITY (16) */
        return sg_get_unaligned_be32(cdb + 10);
    case 0xa0: /* REPORT LUNS */
        return sg_get_unaligned_be32(cdb + 6);
    default:
        return 0;
    }
}

const FuzzAnswer *transfer_answer(const Transfer *t, const Command *command,
                                  gboolean whole_commands)
{
    gboolean ten = command->cdb_length == 10 ||
                   (!whole_commands && command->cdb_length == 6 &&
                    t->lba > SIX_BYTES_LBA_MAX);

    return ten && t->area > 0 && t->area <= fuzz_n_answers
               ? &fuzz_answers[t->area - 1]
               : NULL;
}
