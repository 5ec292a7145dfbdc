/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <scsi/sg_unaligned.h>
#include <string.h>

#include "disk-command.h"

/* SBC-4 table E.1 */
enum {
    OP_VERIFY_10 = 0x2f,
    OP_SYNCHRONIZE_CACHE_10 = 0x35,
    OP_UNMAP = 0x42,
    OP_VERIFY_16 = 0x8f,
    OP_SYNCHRONIZE_CACHE_16 = 0x91,
    OP_VERIFY_12 = 0xaf,
};

#define BYTCHK_COMPARE (1 << 1)

/* LOGICAL BLOCK ADDRESS and the length behind it, where (10), (12) and (16)
 * have them. */
static void put_range(Command *command, uint64_t lba, uint32_t blocks)
{
    uint8_t *cdb = command->cdb;

    g_assert(lba < disk_cdb_reach(command->cdb_length) &&
             blocks <= disk_cdb_blocks(command->cdb_length));
    switch (command->cdb_length) {
    case 10:
        sg_put_unaligned_be32(lba, cdb + 2);
        sg_put_unaligned_be16(blocks, cdb + 7);
        break;
    case 12:
        sg_put_unaligned_be32(lba, cdb + 2);
        sg_put_unaligned_be32(blocks, cdb + 6);
        break;
    default:
        sg_put_unaligned_be64(lba, cdb + 2);
        sg_put_unaligned_be32(blocks, cdb + 10);
    }
}

void disk_verify(Command *command, int cdb_size, uint64_t lba, uint32_t blocks,
                 uint64_t bytes)
{
    uint8_t opcode = cdb_size == 10   ? OP_VERIFY_10
                     : cdb_size == 12 ? OP_VERIFY_12
                                      : OP_VERIFY_16;

    command_set_cdb(command, opcode, cdb_size, bytes ? DATA_OUT : DATA_NONE);
    command->cdb[1] = bytes ? BYTCHK_COMPARE : 0;
    command->length = bytes;
    put_range(command, lba, blocks);
}

void disk_synchronize_cache(Command *command, int cdb_size, uint64_t lba,
                            uint32_t blocks)
{
    g_assert(cdb_size == 10 || cdb_size == 16);
    command_set_cdb(command,
                    cdb_size == 10 ? OP_SYNCHRONIZE_CACHE_10
                                   : OP_SYNCHRONIZE_CACHE_16,
                    cdb_size, DATA_NONE);
    command->length = 0;
    put_range(command, lba, blocks);
}

void disk_unmap(Command *command, uint64_t lba, uint32_t blocks,
                uint8_t data[DISK_UNMAP_BYTES])
{
    command_set_cdb(command, OP_UNMAP, 10, DATA_OUT);
    sg_put_unaligned_be16(DISK_UNMAP_BYTES, command->cdb + 7);
    command->length = DISK_UNMAP_BYTES;
    memset(data, 0, DISK_UNMAP_BYTES);
    sg_put_unaligned_be16(DISK_UNMAP_BYTES - 2, data); /* what follows */
    sg_put_unaligned_be16(DISK_UNMAP_BYTES - 8, data + 2);
    sg_put_unaligned_be64(lba, data + 8);
    sg_put_unaligned_be32(blocks, data + 16);
}

uint64_t disk_cdb_blocks(int cdb_size)
{
    return cdb_size == 6 ? 256 : cdb_size == 10 ? G_MAXUINT16 : G_MAXUINT32;
}

uint64_t disk_cdb_reach(int cdb_size)
{
    return cdb_size == 6    ? UINT64_C(1) << 21
           : cdb_size == 16 ? UINT64_MAX
                            : UINT64_C(1) << 32;
}
