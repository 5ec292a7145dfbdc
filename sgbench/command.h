/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A SCSI command with its data buffer, and what came back.
 */
#ifndef SGBENCH_COMMAND_H
#define SGBENCH_COMMAND_H

#include <stdint.h>
#include <glib.h>

#define COMMAND_CDB_MAX 32
#define COMMAND_SENSE_MAX 96 /* VIRTIO 1.2, 5.6.6.1: default sense_size */

typedef enum DataDirection {
    DATA_NONE,
    DATA_IN,  /* from the device */
    DATA_OUT, /* to the device */
} DataDirection;

/* Memory of a device in the machine, not RAM: the initiator reaches it only
 * through accesses of the CPU, which are slow. In bytes; the addresses are in
 * it. Main thread, nothing in flight. */
typedef struct DeviceMemory {
    uint64_t start, size; /* guest physical address; bytes */
    void *opaque;
    void (*read)(void *opaque, uint64_t address, void *data, uint64_t length);
    void (*write)(void *opaque, uint64_t address, const void *data,
                  uint64_t length);
} DeviceMemory;

/* Memory that the initiator can transfer from and to: guest RAM for the ring
 * (an offset is then a guest physical address), plain memory otherwise. */
typedef struct Arena {
    uint8_t *base;
    uint64_t start; /* offsets below belong to the initiator itself */
    uint64_t size;
    const DeviceMemory *device; /* offsets in it are no memory of ours; or
                                  * NULL */
} Arena;

/* A stretch of an Arena, or of its device memory. */
typedef struct Piece {
    uint64_t offset;
    uint32_t length;
} Piece;

typedef struct Command {
    uint8_t cdb[COMMAND_CDB_MAX];
    unsigned cdb_length;
    DataDirection direction;
    uint64_t length;     /* bytes; the sum of the pieces */
    const Piece *pieces; /* borrowed: must outlive the command */
    unsigned n_pieces;
    uint64_t due_ns; /* CLOCK_MONOTONIC: when it was to be posted, which may be
                      * earlier than it was; 0: at once */
    uint32_t tag;    /* set by the initiator, unique in the process */
} Command;

/* Not all was transferred, and the HBA does not say how much. */
#define RESID_UNKNOWN UINT64_MAX

typedef struct Completion {
    int transport;    /* 0, or an errno of the host: nothing below counts */
    uint8_t response; /* HBA's; 0 is VIRTIO_SCSI_S_OK */
    uint8_t status;   /* SAM status, 0 is GOOD */
    uint8_t sense[COMMAND_SENSE_MAX];
    unsigned sense_length;
    uint64_t resid;     /* bytes not transferred, or RESID_UNKNOWN */
    gboolean dio;       /* kernel did direct I/O; FALSE if not known */
    uint64_t posted_ns; /* CLOCK_MONOTONIC, before the HBA could see it */
    uint64_t done_ns;   /* CLOCK_MONOTONIC, when the answer was seen */
} Completion;

/* TRUE if all of it was transferred with status GOOD. */
gboolean completion_good(const Completion *completion);

/* One line of text for what came back, e.g. "status 02h CHECK CONDITION,
 * sense 3h/11h/0h Medium Error: Unrecovered read error"; the caller's. Names
 * of status and sense are libsgutils2's. */
char *completion_text(const Completion *completion);

/* @length bytes of ASCII that a device says (SPC-4 4.3.1), without blanks
 * around; what is not printable is a '?', since it goes to messages and JSON.
 * The caller's. */
char *command_ascii(const uint8_t *data, unsigned length);

/* TRUE if it may change the medium, the device's settings or where a robot has
 * what; also of a command that is not known. */
gboolean command_writes(const Command *command);

/* A CDB of @length bytes, all zero but for its operation code. */
void command_set_cdb(Command *command, uint8_t opcode, unsigned length,
                     DataDirection direction);

/* READ/WRITE (6), (10), (12) or (16), SBC-4 5.x: @cdb_size; @lba and @blocks in
 * logical blocks, which must fit (21/8 bits for 6, where 256 blocks are written
 * as 0; 32/16 for 10, 32/32 for 12, 64/32 for 16). */
void command_read_write(Command *command, DataDirection direction, int cdb_size,
                        uint64_t lba, uint32_t blocks);

/* INQUIRY (SPC-4 6.6), standard data if @page < 0. */
void command_inquiry(Command *command, int page, uint16_t length);

/* READ CAPACITY (16) (SBC-4), TEST UNIT READY (SPC-4). */
void command_read_capacity_16(Command *command, uint32_t length);
void command_test_unit_ready(Command *command);

#endif
