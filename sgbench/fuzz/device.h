/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The fuzzer's disk: null-sg, which stores data. Its first blocks answer as a
 * disk does. Behind are areas of FUZZ_AREA_BLOCKS blocks each, one per entry of
 * fuzz_answers, in which READ (10) and WRITE (10) are answered as that says, so
 * that a CDB alone chooses the answer.
 */
#ifndef FUZZ_DEVICE_H
#define FUZZ_DEVICE_H

#include <stdint.h>
#include <glib.h>

#define FUZZ_BLOCK 512
#define FUZZ_AREA_BLOCKS 65536      /* area N begins at LBA N << 16 */
#define FUZZ_MAIN_BYTES (4 << 20)   /* of area 0, known to the model */
#define FUZZ_AREA_BYTES (512 << 10) /* of each other area */

#define FUZZ_ANY_KEY (-1) /* no sense data, or QEMU's own */

typedef struct FuzzAnswer {
    const char *keys;  /* of null-sg's rule, with its values; ";" between */
    gboolean good;     /* the device answers itself: GOOD, if the CDB is */
    gboolean executed; /* and it moves data, of which nothing else is said */
    gboolean moves;    /* or it fails after it has moved some */
    int32_t resid;     /* then, as reported */
    /* Else this comes of it: */
    uint8_t status;
    int key;       /* with status 2 */
    unsigned host; /* Linux' DID_*: no status, the HBA's response says so */
} FuzzAnswer;

extern const FuzzAnswer fuzz_answers[];
extern const unsigned fuzz_n_answers; /* areas 1 … fuzz_n_answers */

/* Value of -blockdev without node-name; the caller's. */
char *fuzz_blockdev(void);

/*
 * The same blocks for a path without SCSI commands: those of @file, of which in
 * every area but each third (and the main one) a block can be neither read nor
 * written (blkdebug). There are threads that read and write: what is reset is
 * under way.
 */
char *fuzz_raw_blockdev(const char *file);

/* There is such a block among @blocks from @lba on. */
gboolean fuzz_raw_fails(uint64_t lba, uint64_t blocks);

/* Blocks of the disk. */
uint64_t fuzz_blocks(void);

#endif
