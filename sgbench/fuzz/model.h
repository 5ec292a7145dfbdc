/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What guest memory and disk hold, or may hold, after commands.
 *
 * Each byte of guest RAM and of the window of device memory is known. What a
 * command may have done to it is added up first, then memory is looked at
 * (model_check() says how much of it): each byte that no command of the step has
 * in its list must be what it was, each other one of what the commands leave open.
 * Bytes of the disk that came from elsewhere (VGA, ROM, nothing), or that a failed
 * WRITE has left, are not known until they are written again.
 */
#ifndef FUZZ_MODEL_H
#define FUZZ_MODEL_H

#include <stdint.h>
#include <glib.h>
#include "device.h"
#include "sgbench/initiator.h"
#include "step.h"

/* Device memory that commands use, but for lists across its end, from its
 * beginning; bytes. */
#define FUZZ_DEVICE_WINDOW (256 << 10)

/* What is behind is RAM again (hw/i386/pc_piix.c). */
#define FUZZ_VGA UINT64_C(0xa0000)
#define FUZZ_VGA_END UINT64_C(0x100000)

typedef struct FuzzMemory {
    uint64_t start, size;
    uint8_t *is;    /* what is there */
    uint8_t *data;  /* what a command of this step may have put there */
    uint8_t *marks; /* which of that is possible; 0: none of the commands */
} FuzzMemory;

typedef struct FuzzModel {
    const Arena *arena;
    gboolean whole_commands; /* scsi-generic: each is executed as it is */
    gboolean raw;            /* no answers of the disk's rules */
    gboolean maps_data;      /* the HBA does: device memory ends as zeros */
    FuzzMemory ram, device;
    GArray *touched; /* Piece: stretches of either with marks */
    uint8_t *disk, *known;
    unsigned steps;
    gboolean attention; /* a reset may still have to be told of */
    /* Bytes of memory that commands may have changed so far; those of which one
     * value was possible; those of which any was. */
    uint64_t checked, strict, open;
} FuzzModel;

/* Of memory as it is now; the disk must be what model_disk() says. */
FuzzModel *model_new(const Initiator *ring, gboolean whole_commands);
void model_free(FuzzModel *model);

/* The contents of the disk in the beginning: the bytes of area @area, @length
 * of them. */
uint8_t *model_disk(FuzzModel *model, unsigned area, uint64_t *length);

/* Fill the memory of @step's commands with bytes of its seed. */
void model_fill(FuzzModel *model, const FuzzStep *step);

/* What a command that is no READ or WRITE has for data. */
typedef struct FuzzReference {
    uint8_t *data;
    uint64_t length;
} FuzzReference;

/* What @command with @completion has done to disk and memory. @reference may be
 * NULL: its data is not known. */
void model_command(FuzzModel *model, const FuzzCommand *command,
                   const Completion *completion,
                   const FuzzReference *reference);

/* Some byte of @area is not known. */
gboolean model_is_lost(const FuzzModel *model, unsigned area);

/* @area has been written, all of it, with what model_disk() says. */
void model_written(FuzzModel *model, unsigned area);

/* Look at memory: where lists are, and near there; each 128th time all RAM and the
 * device memory that lists use; if @all, all of that too.
 * SGBENCH_ERROR_DATA. */
gboolean model_check(FuzzModel *model, gboolean all, GError **error);

#endif
