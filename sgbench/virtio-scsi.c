/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Driver of a modern virtio-scsi-pci HBA (VIRTIO 1.2, 4.1 and 5.6), through
 * qtest for its registers and shared guest RAM for everything else. It polls;
 * interrupts are not used.
 */
#include <glib.h>
#include <inttypes.h>
#include <linux/pci_regs.h>
#include <sched.h>
#include <stddef.h>
#include <string.h>

#include "hba.h"
#include "pci.h"
#include "virtqueue.h"

/* Largest data list of a command. QEMU takes 1024 descriptors off a queue
 * (VIRTQUEUE_MAX_SIZE, include/hw/virtio/virtio.h), two of them are the
 * headers; one more marks the HBA broken until reset. */
#define PIECES_MAX 1022

/* Request queues; all are served by one IOThread. DEVICE has the same. */
#define QUEUES 1
#define DEVICE \
    "virtio-scsi-pci,num_queues=1,virtqueue_size=1024,disable-legacy=on"

/* VIRTIO 1.2, 4.1.2: 0x1040 + device ID 8 */
#define PCI_VENDOR_VIRTIO 0x1af4
#define PCI_DEVICE_VIRTIO_SCSI 0x1048

/* VIRTIO 1.2, 4.1.4: struct virtio_pci_cap */
#define CAP_LENGTH 2
#define CAP_TYPE 3
#define CAP_BAR 4
#define CAP_OFFSET 8
#define CAP_NOTIFY_MULTIPLIER 16
enum {
    TYPE_COMMON = 1,
    TYPE_NOTIFY = 2,
    TYPE_ISR = 3,
    TYPE_DEVICE = 4
};

/* VIRTIO 1.2, 4.1.4.3: struct virtio_pci_common_cfg */
enum {
    DEVICE_FEATURE_SELECT = 0,
    DEVICE_FEATURE = 4,
    DRIVER_FEATURE_SELECT = 8,
    DRIVER_FEATURE = 12,
    NUM_QUEUES = 18,
    DEVICE_STATUS = 20,
    QUEUE_SELECT = 22,
    QUEUE_SIZE = 24,
    QUEUE_ENABLE = 28,
    QUEUE_NOTIFY_OFF = 30,
    QUEUE_DESC = 32,
    QUEUE_DRIVER = 40,
    QUEUE_DEVICE = 48,
};

/* VIRTIO 1.2, 2.1 */
#define STATUS_ACKNOWLEDGE 1
#define STATUS_DRIVER 2
#define STATUS_DRIVER_OK 4
#define STATUS_FEATURES_OK 8
#define STATUS_NEEDS_RESET 64

/* VIRTIO 1.2, 6: bit numbers */
#define FEATURE_INDIRECT_DESC 28
#define FEATURE_EVENT_IDX 29
#define FEATURE_VERSION_1 32

/* VIRTIO 1.2, 5.6.4: struct virtio_scsi_config */
enum {
    CONFIG_NUM_QUEUES = 0,
    CONFIG_SEG_MAX = 4,
    CONFIG_MAX_SECTORS = 8,
    CONFIG_SENSE_SIZE = 20,
    CONFIG_CDB_SIZE = 24
};

/* VIRTIO 1.2, 5.6.2: control and event queue come before the request queues.
 * Nothing is posted to the latter. */
#define CONTROL_QUEUE 0
#define FIRST_REQUEST_QUEUE 2

/* VIRTIO 1.2, 5.6.6.2: a task management function, and its subtypes */
#define TYPE_TMF 0
#define TMF_ABORT_TASK 0
#define TMF_I_T_NEXUS_RESET 4
#define TMF_LOGICAL_UNIT_RESET 5

/* It waits for commands that cannot be aborted; more is a hang. */
#define TMF_SECONDS 10

typedef struct TmfMemory {
    uint32_t type, subtype;
    uint8_t lun[8];
    uint64_t tag;
    uint8_t response;
} TmfMemory;

/* VIRTIO 1.2, 5.6.6.1, with the default sizes of CDB and sense */
typedef struct RequestHeader {
    uint8_t lun[8];
    uint64_t tag;
    uint8_t task_attribute; /* 0: SIMPLE */
    uint8_t priority;
    uint8_t crn;
    uint8_t cdb[COMMAND_CDB_MAX];
} __attribute__((packed)) RequestHeader;

typedef struct ResponseHeader {
    uint32_t sense_length;
    uint32_t resid;
    uint16_t status_qualifier;
    uint8_t status;
    uint8_t response;
    uint8_t sense[COMMAND_SENSE_MAX];
} __attribute__((packed)) ResponseHeader;

G_STATIC_ASSERT(sizeof(RequestHeader) == 51);
G_STATIC_ASSERT(sizeof(ResponseHeader) == 108);

/* A slot in guest RAM. What the device writes has cache lines of its own. */
typedef struct SlotMemory {
    VirtqueueDescriptor table[PIECES_MAX + 2];
    RequestHeader request __attribute__((aligned(64)));
    ResponseHeader response __attribute__((aligned(64)));
} SlotMemory;

typedef struct Slot {
    unsigned index;
    gboolean busy;
    uint64_t address; /* of its SlotMemory */
    SlotMemory *memory;
} Slot;

typedef struct RequestQueue {
    Virtqueue *ring;
    uint16_t index;    /* what a doorbell says */
    uint64_t doorbell; /* where it is written */
} RequestQueue;

typedef struct VirtioScsi {
    Hba base; /* first */
    Qtest *qtest;
    PciDevice pci;
    uint64_t common, notify, config; /* guest physical addresses */
    uint32_t notify_multiplier;
    uint8_t *ram;
    Slot *slots;
    unsigned n_slots;
    RequestQueue *queues;
    unsigned n_queues;
    unsigned next_queue; /* where the next poll begins */
    RequestQueue control;
    TmfMemory *tmf;
    uint64_t tmf_address;
    gboolean tmf_lost; /* one was not answered */
} VirtioScsi;

#define PAGE 4096
#define QUEUE_SIZE_WANTED (PIECES_MAX + 2)

static uint64_t page_up(uint64_t value)
{
    return (value + 4095) & ~UINT64_C(4095);
}

static uint64_t virtio_bytes(unsigned n_slots)
{
    return page_up(virtqueue_bytes(QUEUE_SIZE_WANTED)) * (QUEUES + 1) + PAGE +
           page_up(sizeof(SlotMemory) * (uint64_t)n_slots);
}

/* Find the structures of VIRTIO 1.2, 4.1.4, and place the BARs they are in. */
static gboolean find_structures(VirtioScsi *hba, GError **error)
{
    uint64_t next = HBA_BAR_START;
    unsigned offset = 0;

    while ((offset = pci_capability(&hba->pci, PCI_CAP_ID_VNDR, offset))) {
        unsigned type = pci_read(&hba->pci, 1, offset + CAP_TYPE);
        unsigned bar = pci_read(&hba->pci, 1, offset + CAP_BAR);
        uint64_t *where = type == TYPE_COMMON   ? &hba->common
                          : type == TYPE_NOTIFY ? &hba->notify
                          : type == TYPE_DEVICE ? &hba->config
                                                : NULL;

        /* "the driver SHOULD use the first instance" of each type */
        if (!where || *where) {
            continue;
        }
        if (!pci_place_bar(&hba->pci, bar, &next)) {
            return hba_refuse(&hba_virtio_scsi, error, "BAR %u can't be placed",
                              bar);
        }
        *where =
            hba->pci.bar[bar] + pci_read(&hba->pci, 4, offset + CAP_OFFSET);
        if (type == TYPE_NOTIFY) {
            hba->notify_multiplier =
                pci_read(&hba->pci, 4, offset + CAP_NOTIFY_MULTIPLIER);
        }
    }
    if (!hba->common || !hba->notify || !hba->config) {
        return hba_refuse(&hba_virtio_scsi, error,
                          "not a modern device: "
                          "common, notify or device structure missing");
    }
    pci_enable(&hba->pci);
    return TRUE;
}

static uint64_t common_read(VirtioScsi *hba, unsigned bytes, unsigned offset)
{
    return qtest_read(hba->qtest, bytes, hba->common + offset);
}

static void common_write(VirtioScsi *hba, unsigned bytes, unsigned offset,
                         uint64_t value)
{
    qtest_write(hba->qtest, bytes, hba->common + offset, value);
}

/* 64-bit fields take two 32-bit accesses (VIRTIO 1.2, 4.1.3.1). */
static void common_write_address(VirtioScsi *hba, unsigned offset,
                                 uint64_t value)
{
    common_write(hba, 4, offset, value & UINT32_MAX);
    common_write(hba, 4, offset + 4, value >> 32);
}

static gboolean negotiate(VirtioScsi *hba, GError **error)
{
    static const struct {
        const char *name;
        unsigned bit;
    } wanted[] = {
        {"VIRTIO_F_INDIRECT_DESC", FEATURE_INDIRECT_DESC},
        {"VIRTIO_F_EVENT_IDX", FEATURE_EVENT_IDX},
        {"VIRTIO_F_VERSION_1", FEATURE_VERSION_1},
    };
    uint64_t offered = 0, taken = 0;
    unsigned status = STATUS_ACKNOWLEDGE | STATUS_DRIVER;

    /* The steps of VIRTIO 1.2, 3.1.1. */
    common_write(hba, 1, DEVICE_STATUS, 0);
    common_write(hba, 1, DEVICE_STATUS, STATUS_ACKNOWLEDGE);
    common_write(hba, 1, DEVICE_STATUS, status);
    for (unsigned i = 0; i < 2; i++) {
        common_write(hba, 4, DEVICE_FEATURE_SELECT, i);
        offered |= common_read(hba, 4, DEVICE_FEATURE) << i * 32;
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(wanted); i++) {
        uint64_t bit = UINT64_C(1) << wanted[i].bit;

        if (!(offered & bit)) {
            return hba_refuse(&hba_virtio_scsi, error,
                              "does not offer %s, which sgbench needs",
                              wanted[i].name);
        }
        taken |= bit;
    }
    for (unsigned i = 0; i < 2; i++) {
        common_write(hba, 4, DRIVER_FEATURE_SELECT, i);
        common_write(hba, 4, DRIVER_FEATURE, taken >> i * 32 & UINT32_MAX);
    }
    common_write(hba, 1, DEVICE_STATUS, status | STATUS_FEATURES_OK);
    if (!(common_read(hba, 1, DEVICE_STATUS) & STATUS_FEATURES_OK)) {
        return hba_refuse(&hba_virtio_scsi, error,
                          "refuses the features 0x%" PRIx64, taken);
    }
    return TRUE;
}

/* The sizes that our headers are made for (they are the defaults, and what a
 * reset restores), and queues enough. */
static gboolean check_config(VirtioScsi *hba, GError **error)
{
    uint64_t cdb = qtest_read(hba->qtest, 4, hba->config + CONFIG_CDB_SIZE);
    uint64_t sense = qtest_read(hba->qtest, 4, hba->config + CONFIG_SENSE_SIZE);
    uint64_t queues =
        qtest_read(hba->qtest, 4, hba->config + CONFIG_NUM_QUEUES);

    if (cdb != COMMAND_CDB_MAX || sense != COMMAND_SENSE_MAX) {
        return hba_refuse(&hba_virtio_scsi, error,
                          "cdb_size %" PRIu64 ", sense_size %" PRIu64
                          " instead of %d and %d",
                          cdb, sense, COMMAND_CDB_MAX, COMMAND_SENSE_MAX);
    }
    if (queues < hba->n_queues) {
        return hba_refuse(&hba_virtio_scsi, error,
                          "has %" PRIu64 " request queues, %u are wanted",
                          queues, hba->n_queues);
    }
    return TRUE;
}

static gboolean set_up_queue(VirtioScsi *hba, RequestQueue *queue,
                             unsigned index, uint64_t address, GError **error)
{
    uint64_t size;

    queue->index = index;
    common_write(hba, 2, QUEUE_SELECT, queue->index);
    size = common_read(hba, 2, QUEUE_SIZE);
    if (size < QUEUE_SIZE_WANTED) {
        return hba_refuse(&hba_virtio_scsi, error,
                          "queue %u holds %" PRIu64
                          " descriptors, %d are wanted (virtqueue_size)",
                          queue->index, size, QUEUE_SIZE_WANTED);
    }
    common_write(hba, 2, QUEUE_SIZE, QUEUE_SIZE_WANTED);
    queue->ring = virtqueue_new(hba->ram, address, QUEUE_SIZE_WANTED);
    common_write_address(hba, QUEUE_DESC, queue->ring->descriptor_area);
    common_write_address(hba, QUEUE_DRIVER, queue->ring->driver_area);
    common_write_address(hba, QUEUE_DEVICE, queue->ring->device_area);
    queue->doorbell = hba->notify + common_read(hba, 2, QUEUE_NOTIFY_OFF) *
                                        hba->notify_multiplier;
    common_write(hba, 2, QUEUE_ENABLE, 1);
    return TRUE;
}

static void set_up_slots(VirtioScsi *hba, uint64_t address)
{
    hba->slots = g_new0(Slot, hba->n_slots);
    for (unsigned i = 0; i < hba->n_slots; i++) {
        Slot *slot = &hba->slots[i];

        slot->index = i;
        slot->address = address + i * sizeof(SlotMemory);
        slot->memory = (void *)(hba->ram + slot->address);
        memset(slot->memory, 0, sizeof(SlotMemory));
    }
}

static gboolean virtio_is_broken(Hba *base)
{
    VirtioScsi *hba = (VirtioScsi *)base;

    return hba->tmf_lost ||
           (common_read(hba, 1, DEVICE_STATUS) & STATUS_NEEDS_RESET);
}

static gboolean bring_up(VirtioScsi *hba, uint64_t address, GError **error)
{
    if (!pci_find(hba->qtest, PCI_VENDOR_VIRTIO, PCI_DEVICE_VIRTIO_SCSI,
                  &hba->pci)) {
        return hba_refuse(&hba_virtio_scsi, error, "not on PCI bus 0");
    }
    if (!find_structures(hba, error) || !negotiate(hba, error) ||
        !check_config(hba, error)) {
        return FALSE;
    }
    for (unsigned i = 0; i < hba->n_queues; i++) {
        if (!set_up_queue(hba, &hba->queues[i], FIRST_REQUEST_QUEUE + i,
                          address, error)) {
            return FALSE;
        }
        address += page_up(virtqueue_bytes(QUEUE_SIZE_WANTED));
    }
    if (!set_up_queue(hba, &hba->control, CONTROL_QUEUE, address, error)) {
        return FALSE;
    }
    address += page_up(virtqueue_bytes(QUEUE_SIZE_WANTED));
    hba->tmf_address = address;
    hba->tmf = (void *)(hba->ram + address);
    address += PAGE;
    set_up_slots(hba, address);
    common_write(hba, 1, DEVICE_STATUS,
                 STATUS_ACKNOWLEDGE | STATUS_DRIVER | STATUS_FEATURES_OK |
                     STATUS_DRIVER_OK);
    return !virtio_is_broken(&hba->base) ||
           hba_refuse(&hba_virtio_scsi, error,
                      "refuses its queues (DEVICE_NEEDS_RESET)");
}

static void virtio_free(Hba *base)
{
    VirtioScsi *hba = (VirtioScsi *)base;

    for (unsigned i = 0; i < hba->n_queues; i++) {
        virtqueue_free(hba->queues[i].ring);
    }
    if (hba->control.ring) {
        virtqueue_free(hba->control.ring);
    }
    g_free(hba->queues);
    g_free(hba->slots);
    g_free(hba);
}

static Hba *virtio_open(Qtest *qtest, uint8_t *ram, uint64_t address,
                        unsigned n_slots, GError **error)
{
    VirtioScsi *hba = g_new0(VirtioScsi, 1);

    g_assert(address % 4096 == 0);
    /* An indirect chain takes one descriptor: posting never finds it full. */
    g_assert(n_slots <= QUEUE_SIZE_WANTED);
    hba->base.kind = &hba_virtio_scsi;
    hba->qtest = qtest;
    hba->ram = ram;
    hba->n_slots = n_slots;
    hba->n_queues = QUEUES;
    hba->queues = g_new0(RequestQueue, hba->n_queues);
    if (!bring_up(hba, address, error)) {
        virtio_free(&hba->base);
        return NULL;
    }
    return &hba->base;
}

static void virtio_limits(Hba *base, uint32_t *seg_max, uint32_t *max_sectors)
{
    VirtioScsi *hba = (VirtioScsi *)base;

    *seg_max = qtest_read(hba->qtest, 4, hba->config + CONFIG_SEG_MAX);
    *max_sectors = qtest_read(hba->qtest, 4, hba->config + CONFIG_MAX_SECTORS);
}

/* VIRTIO 1.2, 5.6.6.1: byte 0 is 1, byte 1 the target, bytes 2 and 3 a
 * single-level LUN, flat space addressing (SAM-5, 4.7.7.3). */
static void encode_lun(uint8_t *lun, uint8_t target, uint16_t number)
{
    memset(lun, 0, 8);
    lun[0] = 1;
    lun[1] = target;
    lun[2] = 0x40 | number >> 8;
    lun[3] = number & 0xff;
}

static void virtio_post(Hba *base, unsigned index, const Command *command,
                        uint8_t target, uint16_t lun)
{
    VirtioScsi *hba = (VirtioScsi *)base;
    Slot *slot = &hba->slots[index];
    SlotMemory *memory = slot->memory;
    Virtqueue *ring = hba->queues[index % hba->n_queues].ring;
    unsigned n_data = command->direction == DATA_NONE ? 0 : command->n_pieces;
    gboolean in = command->direction == DATA_IN, fits;

    g_assert(index < hba->n_slots && !slot->busy);
    g_assert(n_data <= PIECES_MAX);
    encode_lun(memory->request.lun, target, lun);
    memory->request.tag = command->tag;
    memcpy(memory->request.cdb, command->cdb, COMMAND_CDB_MAX);

    fits = virtqueue_begin(ring, 2 + n_data,
                           slot->address + offsetof(SlotMemory, table));
    g_assert(fits);
    virtqueue_put(ring, slot->address + offsetof(SlotMemory, request),
                  sizeof(RequestHeader), FALSE);
    /* Data to the device stands before the response, data from it after. */
    if (in) {
        virtqueue_put(ring, slot->address + offsetof(SlotMemory, response),
                      sizeof(ResponseHeader), TRUE);
    }
    for (unsigned i = 0; i < n_data; i++) {
        virtqueue_put(ring, command->pieces[i].offset,
                      command->pieces[i].length, in);
    }
    if (!in) {
        virtqueue_put(ring, slot->address + offsetof(SlotMemory, response),
                      sizeof(ResponseHeader), TRUE);
    }
    slot->busy = TRUE;
    virtqueue_publish(ring, slot);
}

static void virtio_kick(Hba *base, uint64_t *doorbells, uint64_t *saved)
{
    VirtioScsi *hba = (VirtioScsi *)base;

    for (unsigned i = 0; i < hba->n_queues; i++) {
        RequestQueue *queue = &hba->queues[i];
        gboolean published;

        if (virtqueue_kick_needed(queue->ring, &published)) {
            qtest_doorbell(hba->qtest, 2, queue->doorbell, queue->index);
            ++*doorbells;
        } else if (published) {
            ++*saved;
        }
    }
}

static void read_response(const ResponseHeader *from, Completion *to)
{
    to->transport = 0;
    to->response = from->response;
    to->status = from->status;
    to->resid = from->resid;
    to->dio = FALSE;
    to->sense_length = MIN(from->sense_length, COMMAND_SENSE_MAX);
    memcpy(to->sense, from->sense, to->sense_length);
}

static gboolean virtio_poll(Hba *base, unsigned *index, Completion *completion,
                            gboolean *nonsense)
{
    VirtioScsi *hba = (VirtioScsi *)base;

    for (unsigned i = 0; i < hba->n_queues; i++) {
        /* In turn, so that one busy queue does not starve the others. */
        RequestQueue *queue = &hba->queues[hba->next_queue];
        void *token = NULL;

        hba->next_queue = (hba->next_queue + 1) % hba->n_queues;
        switch (virtqueue_poll(queue->ring, &token, NULL)) {
        case VIRTQUEUE_ANSWER: {
            Slot *slot = token;

            slot->busy = FALSE;
            *index = slot->index;
            read_response(&slot->memory->response, completion);
            return TRUE;
        }
        case VIRTQUEUE_BROKEN:
            *nonsense = TRUE;
            return FALSE;
        case VIRTQUEUE_NOTHING:
            break;
        }
    }
    return FALSE;
}

/* Send a task management function, wait for its answer. What it does to
 * commands comes with theirs. */
static void manage(VirtioScsi *hba, uint32_t subtype, uint64_t tag)
{
    gint64 end = g_get_monotonic_time() + TMF_SECONDS * G_USEC_PER_SEC;
    Virtqueue *ring = hba->control.ring;
    VirtqueueAnswer answer;
    void *token;

    if (hba->tmf_lost || !virtqueue_begin(ring, 2, 0)) {
        return;
    }
    *hba->tmf = (TmfMemory){
        .type = TYPE_TMF,
        .subtype = subtype,
        .tag = tag,
    };
    encode_lun(hba->tmf->lun, 0, 0);
    virtqueue_put(ring, hba->tmf_address, offsetof(TmfMemory, response), FALSE);
    virtqueue_put(ring, hba->tmf_address + offsetof(TmfMemory, response), 1,
                  TRUE);
    virtqueue_publish(ring, hba);
    if (virtqueue_kick_needed(ring, NULL)) {
        qtest_doorbell(hba->qtest, 2, hba->control.doorbell,
                       hba->control.index);
    }
    while ((answer = virtqueue_poll(ring, &token, NULL)) == VIRTQUEUE_NOTHING &&
           g_get_monotonic_time() < end && qtest_check(hba->qtest, NULL)) {
        qtest_drain(hba->qtest);
        sched_yield();
    }
    hba->tmf_lost = answer != VIRTQUEUE_ANSWER;
}

static void virtio_abort(Hba *base, unsigned index)
{
    VirtioScsi *hba = (VirtioScsi *)base;

    manage(hba, TMF_ABORT_TASK, hba->slots[index].memory->request.tag);
}

/* None of the HBA itself answers what is under way: the bus stands for it. */
static void virtio_reset(Hba *base, HbaReset what)
{
    manage((VirtioScsi *)base,
           what == HBA_RESET_DEVICE ? TMF_LOGICAL_UNIT_RESET
                                    : TMF_I_T_NEXUS_RESET,
           0);
}

const HbaKind hba_virtio_scsi = {
    .name = "virtio-scsi",
    .device = DEVICE,
    .iothread = TRUE,
    .max_pieces = PIECES_MAX,
    .maps_data = TRUE,
    .reports_resid = TRUE,
    .broken = "has given up (DEVICE_NEEDS_RESET, or no answer to a task "
              "management function)",
    .bytes = virtio_bytes,
    .open = virtio_open,
    .free = virtio_free,
    .post = virtio_post,
    .kick = virtio_kick,
    .poll = virtio_poll,
    .abort = virtio_abort,
    .reset = virtio_reset,
    .is_broken = virtio_is_broken,
    .limits = virtio_limits,
};
