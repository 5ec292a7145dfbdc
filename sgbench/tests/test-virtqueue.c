/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The driver's side of a virtqueue against a stand-in for the device, which
 * works from VIRTIO 1.2, 2.7, alone and reads nothing but shared memory. */
#include <glib.h>
#include <string.h>

#include "sgbench/virtqueue.h"

#define MEMORY (1 << 20)
#define QUEUE_AT 4096
#define TABLES_AT 65536
#define TABLE_BYTES 1024

typedef struct Device {
    uint8_t *memory;
    const Virtqueue *queue; /* its addresses and size only */
    uint16_t seen;          /* avail index */
    uint16_t answered;      /* used index */
} Device;

typedef struct Chain {
    uint16_t head;
    unsigned n;
    uint64_t address[64];
    uint32_t length[64];
    gboolean writes[64];
} Chain;

static uint16_t get16(const Device *device, uint64_t at)
{
    return __atomic_load_n((uint16_t *)(device->memory + at), __ATOMIC_SEQ_CST);
}

static void put16(Device *device, uint64_t at, uint16_t value)
{
    __atomic_store_n((uint16_t *)(device->memory + at), value,
                     __ATOMIC_SEQ_CST);
}

static void put32(Device *device, uint64_t at, uint32_t value)
{
    memcpy(device->memory + at, &value, sizeof(value));
}

/* Take the next chain off the avail ring (2.7.6, 2.7.5). */
static gboolean device_take(Device *device, Chain *chain)
{
    const Virtqueue *queue = device->queue;
    uint64_t table = queue->descriptor_area;
    unsigned limit = queue->size, at;

    if (get16(device, queue->driver_area + 2) == device->seen) {
        return FALSE;
    }
    /* With EVENT_IDX the driver must leave flags 0 (2.7.7.1). */
    g_assert_cmpuint(get16(device, queue->driver_area), ==, 0);
    at = get16(device,
               queue->driver_area + 4 + 2 * (device->seen++ % queue->size));
    chain->head = at;
    chain->n = 0;
    for (;;) {
        VirtqueueDescriptor descriptor;

        g_assert_cmpuint(at, <, limit);
        memcpy(&descriptor, device->memory + table + at * 16, 16);
        if (descriptor.flags & 4) { /* VIRTQ_DESC_F_INDIRECT, 2.7.5.3 */
            g_assert_cmpuint(table, ==, queue->descriptor_area);
            g_assert_cmpuint(descriptor.flags, ==, 4);
            g_assert_cmpuint(descriptor.length % 16, ==, 0);
            table = descriptor.address;
            limit = descriptor.length / 16;
            at = 0;
            continue;
        }
        g_assert_cmpuint(chain->n, <, G_N_ELEMENTS(chain->address));
        chain->address[chain->n] = descriptor.address;
        chain->length[chain->n] = descriptor.length;
        chain->writes[chain->n++] = !!(descriptor.flags & 2);
        if (!(descriptor.flags & 1)) {
            return TRUE;
        }
        at = descriptor.next;
    }
}

/* Put an answer on the used ring (2.7.8); TRUE if the driver wants to be
 * interrupted for it (2.7.10). */
static gboolean device_answer(Device *device, uint32_t head, uint32_t written)
{
    const Virtqueue *queue = device->queue;
    uint64_t element =
        queue->device_area + 4 + 8 * (device->answered % queue->size);
    uint16_t event;

    put32(device, element, head);
    put32(device, element + 4, written);
    put16(device, queue->device_area + 2, ++device->answered);
    event = get16(device, queue->driver_area + 4 + 2 * queue->size);
    return event == (uint16_t)(device->answered - 1);
}

/* avail_event: ring when the entry with this index is published. */
static void device_wants(Device *device, uint16_t index)
{
    put16(device, device->queue->device_area + 4 + 8 * device->queue->size,
          index);
}

typedef struct Fixture {
    uint8_t *memory;
    Virtqueue *queue;
    Device device;
} Fixture;

static void set_up(Fixture *fixture, unsigned size)
{
    fixture->memory = g_malloc(MEMORY);
    memset(fixture->memory, 0xa5, MEMORY);
    fixture->queue = virtqueue_new(fixture->memory, QUEUE_AT, size);
    fixture->device =
        (Device){.memory = fixture->memory, .queue = fixture->queue};
}

static void tear_down(Fixture *fixture)
{
    virtqueue_free(fixture->queue);
    g_free(fixture->memory);
}

/* A chain of @n pieces whose lengths tell which chain and piece they are; the
 * last is written by the device. */
static gboolean add(Fixture *fixture, unsigned n, uint64_t table,
                    unsigned number)
{
    if (!virtqueue_begin(fixture->queue, n, table)) {
        return FALSE;
    }
    for (unsigned i = 0; i < n; i++) {
        virtqueue_put(fixture->queue, 0x100000000 + number, number * 100 + i,
                      i == n - 1);
    }
    virtqueue_publish(fixture->queue, GUINT_TO_POINTER(number));
    return TRUE;
}

static void assert_chain(const Chain *chain, unsigned n, unsigned number)
{
    g_assert_cmpuint(chain->n, ==, n);
    for (unsigned i = 0; i < n; i++) {
        g_assert_cmphex(chain->address[i], ==, 0x100000000 + number);
        g_assert_cmpuint(chain->length[i], ==, number * 100 + i);
        g_assert_cmpint(chain->writes[i], ==, i == n - 1);
    }
}

static void assert_polled(Fixture *fixture, unsigned number)
{
    void *token = NULL;
    uint32_t written = 0;

    g_assert_cmpint(virtqueue_poll(fixture->queue, &token, &written), ==,
                    VIRTQUEUE_ANSWER);
    g_assert_cmpuint(GPOINTER_TO_UINT(token), ==, number);
    g_assert_cmpuint(written, ==, number + 7);
}

static void assert_nothing(Fixture *fixture)
{
    void *token;

    g_assert_cmpint(virtqueue_poll(fixture->queue, &token, NULL), ==,
                    VIRTQUEUE_NOTHING);
}

/* Areas are aligned, apart, and inside what virtqueue_bytes() says. */
static void test_areas(void)
{
    for (unsigned size = 1; size <= 1024; size *= 2) {
        Fixture fixture;
        const Virtqueue *queue;
        uint64_t end;

        set_up(&fixture, size);
        queue = fixture.queue;
        end = queue->device_area + 6 + 8 * size;
        g_assert_cmpuint(queue->descriptor_area % 16, ==, 0);
        g_assert_cmpuint(queue->driver_area % 2, ==, 0);
        g_assert_cmpuint(queue->device_area % 4, ==, 0);
        g_assert_cmpuint(queue->driver_area, >=,
                         queue->descriptor_area + 16 * size);
        g_assert_cmpuint(queue->device_area, >=,
                         queue->driver_area + 6 + 2 * size);
        g_assert_cmpuint(end, <=, QUEUE_AT + virtqueue_bytes(size));
        g_assert_cmphex(fixture.memory[QUEUE_AT - 1], ==, 0xa5);
        g_assert_cmphex(fixture.memory[QUEUE_AT + virtqueue_bytes(size)], ==,
                        0xa5);
        tear_down(&fixture);
    }
}

/* Past both 16-bit indices twice, direct and indirect chains of all lengths,
 * and never an interrupt. */
static void test_wrap_around(void)
{
    Fixture fixture;
    Chain chain;

    set_up(&fixture, 8);
    for (unsigned i = 0; i < 140000; i++) {
        unsigned n = 1 + i % 5, number = 1 + i % 1000;

        g_assert_true(add(&fixture, n, i % 3 ? 0 : TABLES_AT, number));
        g_assert_true(device_take(&fixture.device, &chain));
        assert_chain(&chain, n, number);
        assert_nothing(&fixture);
        g_assert_false(device_answer(&fixture.device, chain.head, number + 7));
        assert_polled(&fixture, number);
    }
    assert_nothing(&fixture);
    tear_down(&fixture);
}

static void test_full(void)
{
    Fixture fixture;
    Chain chain;

    set_up(&fixture, 8);
    g_assert_true(add(&fixture, 5, 0, 1));
    g_assert_false(add(&fixture, 4, 0, 2));
    g_assert_true(add(&fixture, 3, 0, 3));
    g_assert_false(add(&fixture, 1, 0, 4));
    g_assert_false(add(&fixture, 8, TABLES_AT, 4)); /* takes one of the ring */
    g_assert_true(device_take(&fixture.device, &chain));
    assert_chain(&chain, 5, 1);
    device_answer(&fixture.device, chain.head, 8);
    assert_polled(&fixture, 1);
    /* Five have come back: as many indirect chains fit. */
    for (unsigned i = 0; i < 5; i++) {
        g_assert_true(add(&fixture, 8, TABLES_AT + i * TABLE_BYTES, 10 + i));
    }
    g_assert_false(add(&fixture, 8, TABLES_AT + 5 * TABLE_BYTES, 20));
    g_assert_true(device_take(&fixture.device, &chain));
    assert_chain(&chain, 3, 3);
    for (unsigned i = 0; i < 5; i++) {
        g_assert_true(device_take(&fixture.device, &chain));
        assert_chain(&chain, 8, 10 + i);
    }
    g_assert_false(device_take(&fixture.device, &chain));
    tear_down(&fixture);
}

/* Answers in any order: each token comes back once, every descriptor can be
 * used again, and no chain is handed out while another holds it. */
static void test_out_of_order(void)
{
    g_autoptr(GRand) random = g_rand_new_with_seed(1);
    Fixture fixture;
    Chain held[16];
    unsigned numbers[16], n_held = 0, next = 1;

    set_up(&fixture, 32);
    for (unsigned step = 0; step < 200000; step++) {
        unsigned n = g_rand_int_range(random, 1, 6), which;
        uint64_t table =
            g_rand_boolean(random) ? TABLES_AT + (next % 64) * TABLE_BYTES : 0;

        if (n_held < 16 && g_rand_boolean(random) &&
            add(&fixture, n, table, next)) {
            g_assert_true(device_take(&fixture.device, &held[n_held]));
            assert_chain(&held[n_held], n, next);
            numbers[n_held++] = next;
            next = next % 100000 + 1;
        } else if (n_held) {
            which = g_rand_int_range(random, 0, n_held);
            device_answer(&fixture.device, held[which].head,
                          numbers[which] + 7);
            assert_polled(&fixture, numbers[which]);
            n_held--;
            held[which] = held[n_held];
            numbers[which] = numbers[n_held];
        }
    }
    g_assert_cmpuint(next, >, 1000);
    tear_down(&fixture);
}

/* Doorbells by EVENT_IDX, also where the indices wrap. */
static void test_event_index(void)
{
    Fixture fixture;
    gboolean published;

    set_up(&fixture, 8);
    g_assert_false(virtqueue_kick_needed(fixture.queue, &published));
    g_assert_false(published);
    for (unsigned i = 0; i < 66000; i++) {
        Chain chain;
        uint16_t index = i * 3; /* of the next entry */

        /* It waits for the second of three. */
        device_wants(&fixture.device, index + 1);
        g_assert_true(add(&fixture, 1, 0, 1));
        g_assert_false(virtqueue_kick_needed(fixture.queue, &published));
        g_assert_true(published);
        g_assert_true(add(&fixture, 1, 0, 2));
        g_assert_true(add(&fixture, 1, 0, 3));
        g_assert_true(virtqueue_kick_needed(fixture.queue, &published));
        g_assert_true(published);
        g_assert_false(virtqueue_kick_needed(fixture.queue, &published));
        g_assert_false(published);
        for (unsigned j = 1; j <= 3; j++) {
            g_assert_true(device_take(&fixture.device, &chain));
            device_answer(&fixture.device, chain.head, j + 7);
            assert_polled(&fixture, j);
        }
    }
    tear_down(&fixture);
}

/* A device that polls leaves avail_event where it was: no doorbell. */
static void test_busy_device(void)
{
    Fixture fixture;
    Chain chain;

    set_up(&fixture, 8);
    device_wants(&fixture.device, 0);
    for (unsigned i = 0; i < 1000; i++) {
        g_assert_true(add(&fixture, 1, 0, 1));
        g_assert_cmpint(virtqueue_kick_needed(fixture.queue, NULL), ==, i == 0);
        g_assert_true(device_take(&fixture.device, &chain));
        device_answer(&fixture.device, chain.head, 8);
        assert_polled(&fixture, 1);
    }
    tear_down(&fixture);
}

static void test_broken_device(void)
{
    static const uint32_t heads[] = {8, 0xffff, 0x10000, 3};
    void *token;

    for (size_t i = 0; i < G_N_ELEMENTS(heads); i++) {
        Fixture fixture;

        set_up(&fixture, 8);
        g_assert_true(add(&fixture, 2, 0, 1));
        device_answer(&fixture.device, heads[i], 0);
        g_assert_cmpint(virtqueue_poll(fixture.queue, &token, NULL), ==,
                        VIRTQUEUE_BROKEN);
        tear_down(&fixture);
    }
}

/* Twice the same answer is one too many. */
static void test_answer_twice(void)
{
    Fixture fixture;
    Chain chain;
    void *token;

    set_up(&fixture, 8);
    g_assert_true(add(&fixture, 2, 0, 1));
    g_assert_true(device_take(&fixture.device, &chain));
    device_answer(&fixture.device, chain.head, 8);
    device_answer(&fixture.device, chain.head, 8);
    assert_polled(&fixture, 1);
    g_assert_cmpint(virtqueue_poll(fixture.queue, &token, NULL), ==,
                    VIRTQUEUE_BROKEN);
    tear_down(&fixture);
}

/* A device in another thread that sleeps unless it is rung, as QEMU does: if a
 * doorbell were saved wrongly, this would hang. */
typedef struct Worker {
    Device device;
    unsigned rung; /* atomic */
    gboolean stop; /* atomic */
} Worker;

static void *worker_thread(void *opaque)
{
    Worker *worker = opaque;
    Chain chain;

    while (!g_atomic_int_get(&worker->stop)) {
        if (g_atomic_int_get(&worker->rung)) {
            g_atomic_int_set(&worker->rung, 0);
            do {
                while (device_take(&worker->device, &chain)) {
                    device_answer(&worker->device, chain.head,
                                  chain.length[0] / 100 + 7);
                }
                /* 2.7.10: say from where on, then look once more. */
                device_wants(&worker->device, worker->device.seen);
                __atomic_thread_fence(__ATOMIC_SEQ_CST);
            } while (get16(&worker->device, worker->device.queue->driver_area +
                                                2) != worker->device.seen);
        } else {
            g_thread_yield();
        }
    }
    return NULL;
}

static void test_no_lost_doorbell(void)
{
    enum {
        N = 100000
    };
    Fixture fixture;
    Worker worker;
    GThread *thread;
    unsigned sent = 0, done = 0, saved = 0;
    gint64 progress = g_get_monotonic_time();

    set_up(&fixture, 16);
    worker = (Worker){.device = fixture.device};
    thread = g_thread_new("device", worker_thread, &worker);
    while (done < N) {
        void *token;
        gboolean published;

        while (sent < N && add(&fixture, 1, 0, 1)) {
            sent++;
            if (virtqueue_kick_needed(fixture.queue, &published)) {
                g_atomic_int_set(&worker.rung, 1);
            } else if (published) {
                saved++;
            }
        }
        while (virtqueue_poll(fixture.queue, &token, NULL) ==
               VIRTQUEUE_ANSWER) {
            done++;
            progress = g_get_monotonic_time();
        }
        g_assert_cmpint(g_get_monotonic_time() - progress, <, 20 * 1000000);
        if (sent - done == 16 || sent == N) {
            g_thread_yield();
        }
    }
    g_atomic_int_set(&worker.stop, TRUE);
    g_thread_join(thread);
    g_test_message("%u of %u doorbells saved", saved, sent);
    tear_down(&fixture);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/virtqueue/areas", test_areas);
    g_test_add_func("/virtqueue/wrap-around", test_wrap_around);
    g_test_add_func("/virtqueue/full", test_full);
    g_test_add_func("/virtqueue/out-of-order", test_out_of_order);
    g_test_add_func("/virtqueue/event-index", test_event_index);
    g_test_add_func("/virtqueue/busy-device", test_busy_device);
    g_test_add_func("/virtqueue/broken-device", test_broken_device);
    g_test_add_func("/virtqueue/answer-twice", test_answer_twice);
    g_test_add_func("/virtqueue/no-lost-doorbell", test_no_lost_doorbell);
    return g_test_run();
}
