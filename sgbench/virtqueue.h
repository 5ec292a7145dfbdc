/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Driver's side of a split virtqueue (VIRTIO 1.2, 2.7) in memory shared with
 * the device, with VIRTIO_F_INDIRECT_DESC and VIRTIO_F_EVENT_IDX. Pure memory:
 * how a doorbell is rung is the caller's business. Addresses are the device's
 * (guest physical). One thread at a time.
 */
#ifndef SGBENCH_VIRTQUEUE_H
#define SGBENCH_VIRTQUEUE_H

#include <stdint.h>
#include <glib.h>

/* VIRTIO 1.2, 2.7.5. Little-endian, as the hosts this is built for. */
typedef struct VirtqueueDescriptor {
    uint64_t address;
    uint32_t length;
    uint16_t flags;
    uint16_t next;
} VirtqueueDescriptor;

typedef struct Virtqueue {
    unsigned size;   /* entries, a power of two up to 32768 */
    uint8_t *memory; /* device's address 0 */
    uint64_t descriptor_area, driver_area, device_area; /* addresses */

    /* private */
    VirtqueueDescriptor *descriptors;
    uint16_t *avail; /* flags, idx, ring[size], used_event */
    uint16_t *used;  /* flags, idx, ring[size] of 8 bytes, avail_event */
    void **tokens;   /* by head descriptor */
    uint16_t free_head;
    unsigned n_free;
    uint16_t avail_index;  /* next to publish */
    uint16_t kicked_index; /* avail_index when the device was last told */
    uint16_t used_index;   /* next to look at */
    /* the chain under construction */
    VirtqueueDescriptor *table; /* where its next descriptor goes */
    uint16_t head;
    unsigned wanted, built;
    gboolean indirect;
} Virtqueue;

typedef enum VirtqueueAnswer {
    VIRTQUEUE_NOTHING,
    VIRTQUEUE_ANSWER,
    VIRTQUEUE_BROKEN, /* the device names a chain that it does not hold */
} VirtqueueAnswer;

/* Bytes that a queue of @size entries takes. */
uint64_t virtqueue_bytes(unsigned size);

/* Lay an empty queue out at @address (16-byte aligned) of @memory, which must
 * outlive it. */
Virtqueue *virtqueue_new(uint8_t *memory, uint64_t address, unsigned size);
void virtqueue_free(Virtqueue *queue);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Virtqueue, virtqueue_free)

/*
 * Begin a chain of exactly @n descriptors. @table: address of an indirect
 * table of @n entries (16-byte aligned; untouched until the answer), or 0 for
 * direct descriptors. FALSE if the queue is too full.
 */
gboolean virtqueue_begin(Virtqueue *queue, unsigned n, uint64_t table);

/* Add memory to the chain; what the device writes comes after what it reads
 * (VIRTIO 1.2, 2.7.4.2). */
void virtqueue_put(Virtqueue *queue, uint64_t address, uint32_t length,
                   gboolean device_writes);

/* Give the chain to the device, which may start on it at once. @token, not
 * NULL, comes back with the answer. */
void virtqueue_publish(Virtqueue *queue, void *token);

/* TRUE if the device wants a doorbell for what was published since the last
 * call (VIRTIO 1.2, 2.7.10). @published (or NULL): FALSE if that is nothing. */
gboolean virtqueue_kick_needed(Virtqueue *queue, gboolean *published);

/* Take one answer, in the device's order. @written: bytes the device says it
 * wrote; may be NULL. */
VirtqueueAnswer virtqueue_poll(Virtqueue *queue, void **token,
                               uint32_t *written);

#endif
