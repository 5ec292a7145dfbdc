/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <glib.h>
#include <string.h>

#include "virtqueue.h"

G_STATIC_ASSERT(G_BYTE_ORDER == G_LITTLE_ENDIAN);
G_STATIC_ASSERT(sizeof(VirtqueueDescriptor) == 16);

/* VIRTIO 1.2, 2.7.5 */
#define F_NEXT 1
#define F_WRITE 2
#define F_INDIRECT 4

/* 16-bit words: flags and idx stand before the ring of both areas. */
#define FLAGS 0
#define INDEX 1
#define RING 2

/* A used ring's element (VIRTIO 1.2, 2.7.8) is two 32-bit words. */
#define USED_WORDS 4

static uint64_t align_up(uint64_t value, uint64_t to)
{
    return (value + to - 1) & ~(to - 1);
}

/* VIRTIO 1.2, 2.7: alignments 16, 2 and 4; sizes with the event fields. */
static uint64_t driver_offset(unsigned size)
{
    return 16 * (uint64_t)size;
}

static uint64_t device_offset(unsigned size)
{
    /* A line of its own: the device writes here while we write there. */
    return align_up(driver_offset(size) + 6 + 2 * (uint64_t)size, 64);
}

uint64_t virtqueue_bytes(unsigned size)
{
    return align_up(device_offset(size) + 6 + 8 * (uint64_t)size, 64);
}

static uint16_t load_acquire(const uint16_t *from)
{
    return __atomic_load_n(from, __ATOMIC_ACQUIRE);
}

static void store_release(uint16_t *to, uint16_t value)
{
    __atomic_store_n(to, value, __ATOMIC_RELEASE);
}

/*
 * We poll: ask to be told of an answer half the index space away. It has to
 * move on with us, or the device would arrive there.
 */
static void ask_for_no_interrupts(Virtqueue *queue)
{
    __atomic_store_n(&queue->avail[RING + queue->size],
                     (uint16_t)(queue->used_index + 0x8000), __ATOMIC_RELAXED);
}

Virtqueue *virtqueue_new(uint8_t *memory, uint64_t address, unsigned size)
{
    Virtqueue *queue = g_new0(Virtqueue, 1);

    g_assert(size > 0 && size <= 32768 && (size & (size - 1)) == 0);
    g_assert(address % 16 == 0);
    memset(memory + address, 0, virtqueue_bytes(size));

    queue->size = size;
    queue->memory = memory;
    queue->descriptor_area = address;
    queue->driver_area = address + driver_offset(size);
    queue->device_area = address + device_offset(size);
    queue->descriptors = (void *)(memory + queue->descriptor_area);
    queue->avail = (void *)(memory + queue->driver_area);
    queue->used = (void *)(memory + queue->device_area);
    queue->tokens = g_new0(void *, size);
    queue->n_free = size;
    for (unsigned i = 0; i < size; i++) {
        queue->descriptors[i].next = i + 1;
    }
    ask_for_no_interrupts(queue);
    return queue;
}

void virtqueue_free(Virtqueue *queue)
{
    if (queue) {
        g_free(queue->tokens);
        g_free(queue);
    }
}

gboolean virtqueue_begin(Virtqueue *queue, unsigned n, uint64_t table)
{
    /* VIRTIO 1.2, 2.7.5.3.1: no chain longer than the queue, indirect or
     * not. */
    g_assert(n > 0 && n <= queue->size);
    if (queue->n_free < (table ? 1 : n)) {
        return FALSE;
    }
    queue->head = queue->free_head;
    queue->wanted = n;
    queue->built = 0;
    queue->indirect = table != 0;
    if (table) {
        VirtqueueDescriptor *head = &queue->descriptors[queue->head];

        queue->free_head = head->next;
        queue->n_free--;
        head->address = table;
        head->length = n * sizeof(VirtqueueDescriptor);
        head->flags = F_INDIRECT;
        queue->table = (void *)(queue->memory + table);
    } else {
        queue->table = &queue->descriptors[queue->head];
    }
    return TRUE;
}

void virtqueue_put(Virtqueue *queue, uint64_t address, uint32_t length,
                   gboolean device_writes)
{
    VirtqueueDescriptor *descriptor = queue->table;
    gboolean more;

    g_assert(queue->built < queue->wanted);
    more = ++queue->built < queue->wanted;
    descriptor->address = address;
    descriptor->length = length;
    descriptor->flags = (more ? F_NEXT : 0) | (device_writes ? F_WRITE : 0);
    if (queue->indirect) {
        descriptor->next = more ? queue->built : 0;
        queue->table = descriptor + 1;
    } else {
        /* The free list already links what the chain needs. */
        queue->free_head = descriptor->next;
        queue->n_free--;
        queue->table = &queue->descriptors[queue->free_head % queue->size];
    }
}

void virtqueue_publish(Virtqueue *queue, void *token)
{
    g_assert(token && queue->built == queue->wanted);
    queue->tokens[queue->head] = token;
    queue->avail[RING + queue->avail_index % queue->size] = queue->head;
    queue->avail_index++;
    /* Everything above before the index (VIRTIO 1.2, 2.7.13.2). */
    store_release(&queue->avail[INDEX], queue->avail_index);
}

gboolean virtqueue_kick_needed(Virtqueue *queue, gboolean *published)
{
    uint16_t old = queue->kicked_index, now = queue->avail_index, event;

    if (published) {
        *published = now != old;
    }
    if (now == old) {
        return FALSE;
    }
    /*
     * The index must be out before avail_event is read, or we and the device
     * (which writes avail_event, then looks at the index once more) could miss
     * each other: store before load, which takes a full barrier even on x86.
     */
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    event = load_acquire(&queue->used[RING + queue->size * USED_WORDS]);
    queue->kicked_index = now;
    /* vring_need_event(), VIRTIO 1.2, 2.7.10 and Linux's virtio_ring.h: event
     * lies in [old, now). */
    return (uint16_t)(now - event - 1) < (uint16_t)(now - old);
}

/* Put a chain back; FALSE if it is not one. */
static gboolean release(Virtqueue *queue, uint16_t head)
{
    VirtqueueDescriptor *last = &queue->descriptors[head];
    unsigned n = 1;

    while (last->flags & F_NEXT) {
        if (last->next >= queue->size || n++ == queue->size) {
            return FALSE;
        }
        last = &queue->descriptors[last->next];
    }
    last->next = queue->free_head;
    queue->free_head = head;
    queue->n_free += n;
    return TRUE;
}

VirtqueueAnswer virtqueue_poll(Virtqueue *queue, void **token,
                               uint32_t *written)
{
    const uint32_t *element;
    uint32_t head;

    /* Acquire: the element and the device's data are read after the index. */
    if (load_acquire(&queue->used[INDEX]) == queue->used_index) {
        return VIRTQUEUE_NOTHING;
    }
    element = (const void *)&queue
                  ->used[RING + queue->used_index % queue->size * USED_WORDS];
    head = element[0];
    if (head >= queue->size || !queue->tokens[head] || !release(queue, head)) {
        return VIRTQUEUE_BROKEN;
    }
    *token = queue->tokens[head];
    queue->tokens[head] = NULL;
    if (written) {
        *written = element[1];
    }
    queue->used_index++;
    ask_for_no_interrupts(queue);
    return VIRTQUEUE_ANSWER;
}
