/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Data buffers in an Arena: the memory layouts of a job, surrounded by guard
 * bytes (canaries) that no transfer may touch.
 *
 * What a buffer of layout `mmio` has in the arena's device memory lies where
 * the number of its region in the arena puts it: regions that do not overlap,
 * for buffers of one length, have stretches of device memory that do not.
 */
#ifndef SGBENCH_LAYOUT_H
#define SGBENCH_LAYOUT_H

#include <stdint.h>
#include <glib.h>
#include "command.h"
#include "job.h"

/* Pieces that SG_IO takes in one command: UIO_MAXIOV of <linux/uio.h>. */
#define SG_IO_PIECES 1024

typedef struct Buffer {
    Arena arena;                  /* a copy; the memory stays the initiator's */
    uint64_t region;              /* offset of its region in the arena */
    uint64_t span;                /* bytes of the region */
    uint64_t device, device_span; /* the same in device memory */
    uint64_t length;              /* bytes of data */
    Piece *pieces;
    unsigned n_pieces;
} Buffer;

/* Bytes of arena that a buffer of @length bytes takes, guards included; a
 * multiple of the page size. */
uint64_t layout_span(Layout layout, uint64_t length);

/* The same for the arena's device memory. */
uint64_t layout_device_span(Layout layout, uint64_t length);

/* Pieces a buffer of @length bytes has; what is left of them once neighbors are
 * joined; bytes of them in device memory. */
unsigned layout_pieces(Layout layout, uint64_t length);
unsigned layout_joined(Layout layout, uint64_t length);
uint64_t layout_device_bytes(Layout layout, uint64_t length);

/* Lay a buffer out at @region, which must be page-aligned and leave
 * layout_span bytes. @random shuffles pages. Free with buffer_free. */
Buffer *buffer_new(const Arena *arena, Layout layout, uint64_t length,
                   uint64_t region, GRand *random);
void buffer_free(Buffer *buffer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Buffer, buffer_free)

/* Copy @length bytes of data into the pieces in order, or out of them. Device
 * memory: nothing is in flight. */
void buffer_write(Buffer *buffer, const void *data);
void buffer_read(const Buffer *buffer, void *data);

/* Fill the whole region with the guard pattern; check that all of it outside
 * the pieces still is. Returns the arena offset of a byte that is not, or
 * UINT64_MAX. */
void buffer_set_guards(Buffer *buffer);
uint64_t buffer_check_guards(const Buffer *buffer);

#endif
