/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <scsi/sg_lib.h>
#include <scsi/sg_unaligned.h>
#include <string.h>

#include "ata-disk.h"

#define SENSE_BYTES 18
#define ASC_INVALID_COMMAND 0x20
#define ASC_LBA_OUT_OF_RANGE 0x21
#define ASC_INVALID_FIELD 0x24

#define INQUIRY_BYTES 36
#define CAPACITY_BYTES 32

static unsigned word(const uint8_t *identify, unsigned index)
{
    return sg_get_unaligned_le16(identify + 2 * index);
}

/* Two characters in a word, the first in its upper half; blanks behind. */
static void copy_text(char *text, const uint8_t *identify, unsigned first,
                      unsigned words)
{
    for (unsigned i = 0; i < words; i++) {
        text[2 * i] = word(identify, first + i) >> 8;
        text[2 * i + 1] = word(identify, first + i);
    }
    text[2 * words] = 0;
    g_strstrip(text);
}

gboolean ata_disk_parse(AtaDisk *disk,
                        const uint8_t identify[ATA_IDENTIFY_BYTES])
{
    gboolean ata = !(word(identify, 0) & 1 << 15);
    gboolean lba48 = word(identify, 83) & 1 << 10;
    /* bit 14 set and bit 15 clear: valid; bit 12: more than 256 words */
    gboolean large = (word(identify, 106) & 0xd000) == 0x5000;

    copy_text(disk->serial, identify, 10, 10);
    copy_text(disk->firmware, identify, 23, 4);
    copy_text(disk->model, identify, 27, 20);
    disk->blocks = sg_get_unaligned_le64(identify + 2 * 100);
    return ata && lba48 && !large && disk->blocks > 0;
}

void ata_disk_sense(Completion *completion, uint8_t key, uint8_t asc)
{
    completion->status = SAM_STAT_CHECK_CONDITION;
    completion->sense_length = SENSE_BYTES;
    memset(completion->sense, 0, SENSE_BYTES);
    completion->sense[0] = 0x70;
    completion->sense[2] = key;
    completion->sense[7] = SENSE_BYTES - 8;
    completion->sense[12] = asc;
}

/* ---- what is asked of it ---- */

static void put_text(uint8_t *field, const char *text, unsigned length)
{
    memset(field, ' ', length);
    memcpy(field, text, MIN(strlen(text), length));
}

/* Standard data as SAT-3 8.3.2 has it; unit serial number (80h). */
static uint8_t *inquiry(const AtaDisk *disk, const uint8_t *cdb,
                        uint32_t *length)
{
    uint8_t *data = g_malloc0(INQUIRY_BYTES);

    if (!(cdb[1] & 1)) {
        data[2] = 5; /* SPC-3 */
        data[3] = 2;
        data[4] = INQUIRY_BYTES - 5;
        put_text(data + 8, "ATA", 8);
        put_text(data + 16, disk->model, 16);
        put_text(data + 32, disk->firmware, 4);
        *length = INQUIRY_BYTES;
        return data;
    }
    data[1] = cdb[2];
    switch (cdb[2]) {
    case 0x00:
        data[3] = 2;
        data[5] = 0x80;
        *length = 6;
        return data;
    case 0x80:
        data[3] = sizeof(disk->serial) - 1;
        put_text(data + 4, disk->serial, data[3]);
        *length = 4 + data[3];
        return data;
    }
    g_free(data);
    return NULL;
}

static void answer(const AtaDisk *disk, const Command *command,
                   Completion *completion, uint8_t **data, uint32_t *length)
{
    const uint8_t *cdb = command->cdb;

    switch (cdb[0]) {
    case 0x00: /* TEST UNIT READY */
        return;
    case 0x12: /* INQUIRY */
        *data = inquiry(disk, cdb, length);
        if (!*data) {
            ata_disk_sense(completion, SPC_SK_ILLEGAL_REQUEST,
                           ASC_INVALID_FIELD);
            return;
        }
        *length = MIN(*length, sg_get_unaligned_be16(cdb + 3));
        return;
    case 0x9e: /* SERVICE ACTION IN (16): READ CAPACITY (16) */
        if ((cdb[1] & 0x1f) == 0x10) {
            *data = g_malloc0(CAPACITY_BYTES);
            sg_put_unaligned_be64(disk->blocks - 1, *data);
            sg_put_unaligned_be32(ATA_BLOCK, *data + 8);
            *length = MIN(CAPACITY_BYTES, sg_get_unaligned_be32(cdb + 10));
            return;
        }
        break;
    }
    ata_disk_sense(completion, SPC_SK_ILLEGAL_REQUEST, ASC_INVALID_COMMAND);
}

/* ---- transfers ---- */

static gboolean parse(const uint8_t *cdb, AtaTransfer *transfer)
{
    transfer->write = (cdb[0] & 0x1f) == 0x0a;
    switch (cdb[0]) {
    case 0x08: /* READ (6), WRITE (6) */
    case 0x0a:
        transfer->lba = sg_get_unaligned_be24(cdb + 1) & 0x1fffff;
        transfer->blocks = cdb[4] ? cdb[4] : 256;
        return TRUE;
    case 0x28: /* (10) */
    case 0x2a:
        transfer->lba = sg_get_unaligned_be32(cdb + 2);
        transfer->blocks = sg_get_unaligned_be16(cdb + 7);
        return TRUE;
    case 0xa8: /* (12) */
    case 0xaa:
        transfer->lba = sg_get_unaligned_be32(cdb + 2);
        transfer->blocks = sg_get_unaligned_be32(cdb + 6);
        return TRUE;
    case 0x88: /* (16) */
    case 0x8a:
        transfer->lba = sg_get_unaligned_be64(cdb + 2);
        transfer->blocks = sg_get_unaligned_be32(cdb + 10);
        return TRUE;
    }
    return FALSE;
}

gboolean ata_disk_translate(const AtaDisk *disk, const Command *command,
                            AtaTransfer *transfer, Completion *completion,
                            uint8_t **data, uint32_t *length)
{
    *completion = (Completion){0};
    *data = NULL;
    *length = 0;
    if (!parse(command->cdb, transfer)) {
        answer(disk, command, completion, data, length);
        return FALSE;
    }
    /* What is out of the disk's range is for the disk to say; what does not fit
     * the command's fields cannot be said to it. */
    if (transfer->lba >= ATA_LBA_END) {
        ata_disk_sense(completion, SPC_SK_ILLEGAL_REQUEST,
                       ASC_LBA_OUT_OF_RANGE);
        return FALSE;
    }
    if (transfer->blocks > ATA_BLOCKS_MAX ||
        command->direction != (transfer->write ? DATA_OUT : DATA_IN)) {
        ata_disk_sense(completion, SPC_SK_ILLEGAL_REQUEST, ASC_INVALID_FIELD);
        return FALSE;
    }
    return transfer->blocks > 0; /* none: GOOD */
}
