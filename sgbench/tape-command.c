/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <scsi/sg_lib.h>
#include <scsi/sg_unaligned.h>

#include "tape-command.h"

/* SSC-3 tables 13 and 45, SPC-4 table E.2 */
enum {
    OP_REWIND = 0x01,
    OP_READ_BLOCK_LIMITS = 0x05,
    OP_READ_6 = 0x08,
    OP_WRITE_6 = 0x0a,
    OP_WRITE_FILEMARKS_6 = 0x10,
    OP_SPACE_6 = 0x11,
    OP_MODE_SELECT_6 = 0x15,
    OP_MODE_SENSE_6 = 0x1a,
    OP_LOCATE_10 = 0x2b,
    OP_READ_POSITION = 0x34,
    OP_LOG_SENSE = 0x4d,
};

#define LIMITS_BYTES 6
#define POSITION_BYTES 20
#define MODE_BYTES 12           /* header (6) and one block descriptor */
#define LOG_CUMULATIVE (1 << 6) /* SPC-4 table 202: PC 01b */

static void no_data(Command *command, uint8_t opcode, unsigned length)
{
    command_set_cdb(command, opcode, length, DATA_NONE);
    command->length = 0;
    command->pieces = NULL;
    command->n_pieces = 0;
}

static void data_in(Command *command, uint8_t opcode, unsigned cdb_length,
                    uint32_t length)
{
    command_set_cdb(command, opcode, cdb_length, DATA_IN);
    command->length = length;
}

void tape_read_write(Command *command, DataDirection direction, uint32_t length,
                     uint32_t block_size)
{
    g_assert(direction != DATA_NONE && length <= TAPE_BLOCK_MAX);
    g_assert(block_size == 0 || length % block_size == 0);
    command_set_cdb(command, direction == DATA_OUT ? OP_WRITE_6 : OP_READ_6, 6,
                    direction);
    command->cdb[1] = block_size != 0; /* FIXED */
    sg_put_unaligned_be24(block_size ? length / block_size : length,
                          command->cdb + 2);
    command->length = length;
}

void tape_write_filemarks(Command *command, uint32_t count)
{
    no_data(command, OP_WRITE_FILEMARKS_6, 6);
    sg_put_unaligned_be24(count, command->cdb + 2);
}

void tape_rewind(Command *command)
{
    no_data(command, OP_REWIND, 6);
}

void tape_space(Command *command, TapeSpace what, int32_t count)
{
    no_data(command, OP_SPACE_6, 6);
    command->cdb[1] = what;
    sg_put_unaligned_be24(count & 0xffffff, command->cdb + 2);
}

void tape_locate_10(Command *command, uint32_t object)
{
    no_data(command, OP_LOCATE_10, 10);
    sg_put_unaligned_be32(object, command->cdb + 3);
}

void tape_read_position(Command *command)
{
    data_in(command, OP_READ_POSITION, 10, POSITION_BYTES);
}

/* LOGICAL OBJECT NUMBER of the first (SSC-3 table 55) */
uint32_t tape_position(const uint8_t *data)
{
    return sg_get_unaligned_be32(data + 4);
}

/* LOLU (SSC-3 table 55), which was called BPU (SSC-2) */
gboolean tape_position_known(const uint8_t *data)
{
    return !(data[0] & 0x04);
}

void tape_read_block_limits(Command *command)
{
    data_in(command, OP_READ_BLOCK_LIMITS, 6, LIMITS_BYTES);
}

void tape_block_limits(const uint8_t *data, uint32_t *min, uint32_t *max)
{
    *max = sg_get_unaligned_be24(data + 1);
    *max = *max ? *max : TAPE_BLOCK_MAX; /* SSC-3 6.5.2: 0 is no maximum */
    *min = sg_get_unaligned_be16(data + 4);
}

void tape_mode_select(Command *command, uint32_t block_size, uint8_t data[12])
{
    command_set_cdb(command, OP_MODE_SELECT_6, 6, DATA_OUT);
    command->cdb[1] = 0x10; /* PF: as SPC-4 has pages, if there were any */
    command->cdb[4] = MODE_BYTES;
    command->length = MODE_BYTES;
    for (unsigned i = 0; i < MODE_BYTES; i++) {
        data[i] = 0;
    }
    data[2] = 0x10; /* BUFFERED MODE 1 (SSC-3 table 68) */
    data[3] = 8;    /* BLOCK DESCRIPTOR LENGTH */
    sg_put_unaligned_be24(block_size, data + 9);
}

void tape_mode_sense(Command *command)
{
    data_in(command, OP_MODE_SENSE_6, 6, MODE_BYTES);
    command->cdb[4] = MODE_BYTES;
}

uint32_t tape_mode_block_size(const uint8_t *data)
{
    return sg_get_unaligned_be24(data + 9);
}

void tape_log_sense(Command *command, uint8_t page, uint16_t length)
{
    data_in(command, OP_LOG_SENSE, 10, length);
    command->cdb[2] = LOG_CUMULATIVE | page;
    sg_put_unaligned_be16(length, command->cdb + 7);
}

TapeEnd tape_end(const Completion *completion, int64_t *information)
{
    struct sg_scsi_sense_hdr header;
    /* libsgutils2 sets them only if one is set. */
    bool filemark = false, eom = false, ili = false;
    uint64_t field;

    *information = 0;
    if (completion->transport || completion->response) {
        return TAPE_FAILED;
    }
    if (completion->status == SAM_STAT_GOOD) {
        return TAPE_GOOD;
    }
    if (completion->status != SAM_STAT_CHECK_CONDITION ||
        !sg_scsi_normalize_sense(completion->sense, completion->sense_length,
                                 &header)) {
        return TAPE_FAILED;
    }
    if (sg_get_sense_info_fld(completion->sense, completion->sense_length,
                              &field)) {
        /* 32 bits in fixed format, and a longer block than asked for is
         * negative */
        *information =
            header.response_code < 0x72 ? (int32_t)field : (int64_t)field;
    }
    sg_get_sense_filemark_eom_ili(completion->sense, completion->sense_length,
                                  &filemark, &eom, &ili);
    switch (header.sense_key) {
    case SPC_SK_NO_SENSE:
        return filemark                                     ? TAPE_FILEMARK
               : ili                                        ? TAPE_ILI
               : eom && header.asc == 0 && header.ascq == 4 ? TAPE_BEGINNING
               : eom                                        ? TAPE_EARLY_WARNING
                                                            : TAPE_FAILED;
    case SPC_SK_BLANK_CHECK:
        return TAPE_END_OF_DATA;
    case SPC_SK_VOLUME_OVERFLOW:
        return TAPE_FULL;
    case SPC_SK_ILLEGAL_REQUEST:
        return TAPE_REFUSED;
    default:
        return TAPE_FAILED;
    }
}

gboolean tape_lacks(const Completion *completion)
{
    struct sg_scsi_sense_hdr header;

    return !completion->transport && !completion->response &&
           completion->status == SAM_STAT_CHECK_CONDITION &&
           sg_scsi_normalize_sense(completion->sense, completion->sense_length,
                                   &header) &&
           header.sense_key == SPC_SK_ILLEGAL_REQUEST && header.asc == 0x20 &&
           header.ascq == 0;
}

const char *tape_end_name(TapeEnd end)
{
    static const char *const names[] = {
        [TAPE_GOOD] = "GOOD",
        [TAPE_FILEMARK] = "filemark",
        [TAPE_ILI] = "ILI",
        [TAPE_END_OF_DATA] = "end of data",
        [TAPE_BEGINNING] = "beginning of medium",
        [TAPE_EARLY_WARNING] = "early warning",
        [TAPE_FULL] = "end of medium",
        [TAPE_REFUSED] = "refused",
        [TAPE_FAILED] = "failed",
    };

    G_STATIC_ASSERT(G_N_ELEMENTS(names) == TAPE_END__COUNT);
    return names[end];
}
