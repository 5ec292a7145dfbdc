/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a READ or WRITE asks for, from its CDB, and which answer of the disk
 * (device.h) it gets.
 */
#ifndef FUZZ_TRANSFER_H
#define FUZZ_TRANSFER_H

#include <stdint.h>
#include <glib.h>
#include "device.h"
#include "sgbench/command.h"

typedef struct Transfer {
    gboolean known; /* it is one; nothing below counts otherwise */
    gboolean write;
    uint64_t lba;
    uint64_t bytes;
    unsigned area;     /* behind the last one: fuzz_n_answers + 1 */
    gboolean beyond;   /* the disk's end */
    gboolean modelled; /* all of it is in memory of the model */
    uint64_t offset;   /* there, if it begins in it */
    uint64_t ours;     /* bytes of it that are */
} Transfer;

Transfer transfer_of(const Command *command);

/* How many bytes another command may have for data, from its CDB; 0 if it is not
 * known (no data then, or an error). */
uint64_t transfer_allocation(const Command *command);

/* Where area @area begins in the memory of the model; 0: the main one. */
uint64_t transfer_area_offset(unsigned area);

/* The disk's rule for it, NULL if there is none. @whole_commands: QEMU sends the
 * guest's own CDB. */
const FuzzAnswer *transfer_answer(const Transfer *transfer,
                                  const Command *command,
                                  gboolean whole_commands);

#endif
