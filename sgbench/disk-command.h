/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Commands of a disk (SBC-4, 5) beside READ and WRITE (command.h). Addresses
 * and lengths are in logical blocks and must fit the CDB. Commands with data
 * have their length set, the pieces are the caller's.
 */
#ifndef SGBENCH_DISK_COMMAND_H
#define SGBENCH_DISK_COMMAND_H

#include <stdint.h>
#include <glib.h>
#include "command.h"

/* UNMAP with one descriptor (SBC-4 5.35, table 109): header 8, descriptor 16. */
#define DISK_UNMAP_BYTES 24

/* VERIFY (10), (12) or (16), SBC-4 5.36 to 5.39. With @bytes (not 0) BYTCHK is
 * 01b: the device compares so many of ours with what it has. */
void disk_verify(Command *command, int cdb_size, uint64_t lba, uint32_t blocks,
                 uint64_t bytes);

/* SYNCHRONIZE CACHE (10) or (16), SBC-4 5.31 and 5.32, without IMMED: it ends
 * when the blocks are on the medium. */
void disk_synchronize_cache(Command *command, int cdb_size, uint64_t lba,
                            uint32_t blocks);

/* UNMAP of one range, whose parameter list is put into @data. */
void disk_unmap(Command *command, uint64_t lba, uint32_t blocks,
                uint8_t data[DISK_UNMAP_BYTES]);

/* The largest number of blocks, and the first address beyond, that a CDB of
 * @cdb_size bytes can name (READ (6): SBC-3 5.13). */
uint64_t disk_cdb_blocks(int cdb_size);
uint64_t disk_cdb_reach(int cdb_size);

#endif
