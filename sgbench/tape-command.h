/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Commands of a tape (SSC-3, 5 and 6), and what its sense data says. Counts and
 * lengths must fit their fields: 24 bits, signed for SPACE (6). Commands with
 * data have their length set, the pieces are the caller's.
 */
#ifndef SGBENCH_TAPE_COMMAND_H
#define SGBENCH_TAPE_COMMAND_H

#include <stdint.h>
#include <glib.h>
#include "command.h"

/* SSC-3 5.3 READ (6), 5.6 WRITE (6): TRANSFER LENGTH has 24 bits. */
#define TAPE_BLOCK_MAX ((1u << 24) - 1)

typedef enum TapeSpace { /* SSC-3 6.9, table 62: CODE */
    TAPE_SPACE_BLOCKS = 0,
    TAPE_SPACE_FILEMARKS = 1,
    TAPE_SPACE_END_OF_DATA = 3,
} TapeSpace;

/*
 * READ (6) or WRITE (6) of @length bytes: one block of this length if
 * @block_size is 0 (variable), as many of @block_size as it has otherwise
 * (FIXED; the drive must have been set to it).
 */
void tape_read_write(Command *command, DataDirection direction, uint32_t length,
                     uint32_t block_size);

/* WRITE FILEMARKS (6): 0 writes what the drive has in its buffer. Without
 * IMMED: it ends when the tape has them. */
void tape_write_filemarks(Command *command, uint32_t count);
void tape_rewind(Command *command);
void tape_space(Command *command, TapeSpace what, int32_t count);
void tape_locate_10(Command *command, uint32_t object);

/* Short form, 20 bytes (SSC-3 6.6.2). */
void tape_read_position(Command *command);
uint32_t tape_position(const uint8_t *data);

/* FALSE: the drive says that it does not know, and tape_position() is nothing.
 * tgt 1.0.85 says so always. */
gboolean tape_position_known(const uint8_t *data);

/* 6 bytes (SSC-3 6.5): the largest and the smallest block. */
void tape_read_block_limits(Command *command);
void tape_block_limits(const uint8_t *data, uint32_t *min, uint32_t *max);

/* MODE SELECT (6) with no page, only a block descriptor of @block_size (0:
 * variable), which is put into the 12 bytes of @data: what the st driver sends
 * for MTSETBLK (drivers/scsi/st.c, st_int_ioctl). Buffered mode on. */
void tape_mode_select(Command *command, uint32_t block_size, uint8_t data[12]);

/* MODE SENSE (6), header and block descriptor, 12 bytes. */
void tape_mode_sense(Command *command);
uint32_t tape_mode_block_size(const uint8_t *data);

/* LOG SENSE (SPC-4 6.8) of @page, cumulative values, @length bytes of it. */
void tape_log_sense(Command *command, uint8_t page, uint16_t length);

/* What came of a command of a tape; several are normal results. */
typedef enum TapeEnd {
    TAPE_GOOD,
    TAPE_FILEMARK,      /* READ or SPACE has met one and is behind it */
    TAPE_ILI,           /* the block has another length */
    TAPE_END_OF_DATA,   /* nothing is written from here on */
    TAPE_BEGINNING,     /* SPACE backwards has met it */
    TAPE_EARLY_WARNING, /* all was written, the end is near */
    TAPE_FULL,          /* VOLUME OVERFLOW: not all was written */
    TAPE_REFUSED,       /* ILLEGAL REQUEST */
    TAPE_FAILED,        /* anything else; completion_text() */
    TAPE_END__COUNT,
} TapeEnd;

/*
 * Classify @completion (SSC-3 4.2.6 and 5.3; SPC-4 4.5). *@information gets
 * the INFORMATION field if it is valid, signed as SSC-3 has it (of ILI: what
 * was asked for minus what the block has), 0 otherwise.
 */
TapeEnd tape_end(const Completion *completion, int64_t *information);

/* TRUE if the drive does not have the command at all: ILLEGAL REQUEST, INVALID
 * COMMAND OPERATION CODE (SPC-4 table E.2, 20h/00h). */
gboolean tape_lacks(const Completion *completion);

/* "filemark", "ILI", …; static. */
const char *tape_end_name(TapeEnd end);

#endif
