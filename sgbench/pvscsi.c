/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Driver of VMware's paravirtual SCSI HBA, as QEMU has it (hw/scsi/vmw_pvscsi.h
 * for registers and rings). QEMU's model hands the list of a command on without
 * looking at it, so this is where lists go that virtio-scsi does not carry.
 * It polls; interrupts are not used. There is no IOThread: commands begin and
 * end in QEMU's main thread.
 */
#include <glib.h>
#include <linux/pci_regs.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>

#include "hba.h"
#include "pci.h"

#define PCI_VENDOR_VMWARE 0x15ad
#define PCI_DEVICE_PVSCSI 0x07c0

/* enum PVSCSIRegOffset, enum PVSCSICommands */
#define REG_COMMAND 0x0
#define REG_COMMAND_DATA 0x4
#define REG_COMMAND_STATUS 0x8
#define REG_KICK_RW 0x4018
#define CMD_ADAPTER_RESET 1
#define CMD_SETUP_RINGS 3
#define CMD_RESET_BUS 4
#define CMD_RESET_DEVICE 5
#define CMD_ABORT 6

/* PVSCSIRingReqDesc.flags */
#define FLAG_SG_LIST (1 << 0)
#define FLAG_NONE (1 << 2)
#define FLAG_TO_HOST (1 << 3)
#define FLAG_TO_DEVICE (1 << 4)

/* PVSCSI_MAX_SG_ELEM: what is behind them is ignored */
#define PIECES_MAX 2048

#define PAGE 4096
#define RING_PAGES_MAX 32 /* PVSCSI_SETUP_RINGS_MAX_NUM_PAGES */

/* Rings hold a power of two of entries each; more than there are slots, so
 * that they are never full. */
#define REQUEST_PAGES 8
#define ANSWER_PAGES 2

typedef struct SetupRings {
    uint32_t request_pages, answer_pages;
    uint64_t state;
    uint64_t requests[RING_PAGES_MAX], answers[RING_PAGES_MAX];
} __attribute__((packed)) SetupRings;

/* Indices count on and on; the HBA takes them modulo the ring's size. */
typedef struct RingsState {
    _Atomic uint32_t request_producer;
    uint32_t request_consumer, request_log2;
    _Atomic uint32_t answer_producer;
    uint32_t answer_consumer, answer_log2;
} RingsState;

typedef struct RequestEntry {
    uint64_t context;
    uint64_t data_address, data_length;
    uint64_t sense_address;
    uint32_t sense_length;
    uint32_t flags;
    uint8_t cdb[16];
    uint8_t cdb_length;
    uint8_t lun[8];
    uint8_t tag; /* 20h: SIMPLE */
    uint8_t bus, target, vcpu;
    uint8_t unused[59];
} __attribute__((packed)) RequestEntry;

typedef struct AnswerEntry {
    uint64_t context;
    uint64_t data_length;
    uint32_t sense_length;
    uint16_t host_status, scsi_status;
    uint32_t pad[2];
} __attribute__((packed)) AnswerEntry;

typedef struct SgEntry {
    uint64_t address;
    uint32_t length, flags;
} SgEntry;

G_STATIC_ASSERT(sizeof(SetupRings) == 528);
G_STATIC_ASSERT(sizeof(RequestEntry) == 128);
G_STATIC_ASSERT(sizeof(AnswerEntry) == 32);
G_STATIC_ASSERT(sizeof(SgEntry) == 16);

#define REQUESTS (REQUEST_PAGES * PAGE / sizeof(RequestEntry))
#define ANSWERS (ANSWER_PAGES * PAGE / sizeof(AnswerEntry))
#define SLOTS_MAX (MIN(REQUESTS, ANSWERS) - 1)
#define TAG_SIMPLE 0x20

/* A slot in guest RAM. */
typedef struct SlotMemory {
    SgEntry list[PIECES_MAX];
    uint8_t sense[COMMAND_SENSE_MAX];
} __attribute__((aligned(64))) SlotMemory;

typedef struct Pvscsi {
    Hba base; /* first */
    Qtest *qtest;
    PciDevice pci;
    RingsState *state;
    RequestEntry *requests;
    const AnswerEntry *answers;
    uint64_t slots_address;
    SlotMemory *slots_memory;
    uint32_t *tags; /* of each slot; 0: free */
    unsigned n_slots;
    uint32_t posted, kicked, taken; /* indices as in RingsState */
    SetupRings rings;
    GQueue saved; /* Saved *: answers from before a reset of the adapter */
} Pvscsi;

typedef struct Saved {
    unsigned slot;
    Completion completion;
} Saved;

/*
 * What its host status (enum HostBusAdapterStatus) is in terms of virtio-scsi's
 * response (VIRTIO 1.2, 5.6.6.1), which a Completion has; as QEMU comes to them
 * from the same host error (pvscsi_command_failed() and
 * virtio_scsi_command_failed()).
 */
static const struct {
    uint16_t host_status;
    uint8_t response;
} responses[] = {
    {0x00, 0}, /* SUCCESS */
    {0x12, 0}, /* DATARUN: fewer bytes, and a SCSI status */
    {0x11, 3}, /* SELTIMEO: BAD_TARGET */
    {0x17, 3}, /* LUNMISMATCH */
    {0x26, 2}, /* ABORTQUEUE: ABORTED */
    {0x22, 2}, /* SENTRST */
    {0x25, 4}, /* BUSRESET: RESET */
};
#define DATARUN 0x12
#define RESPONSE_FAILURE 9

static uint64_t page_up(uint64_t value)
{
    return (value + PAGE - 1) & ~(uint64_t)(PAGE - 1);
}

static uint64_t pvscsi_bytes(unsigned n_slots)
{
    return (1 + REQUEST_PAGES + ANSWER_PAGES) * PAGE +
           page_up(sizeof(SlotMemory) * (uint64_t)n_slots);
}

static void write_register(Pvscsi *hba, unsigned offset, uint32_t value)
{
    qtest_write(hba->qtest, 4, hba->pci.bar[0] + offset, value);
}

/* @length bytes of arguments, a multiple of 4. TRUE if it was understood. */
static gboolean run_command(Pvscsi *hba, uint32_t command,
                            const void *arguments, unsigned length)
{
    const uint8_t *from = arguments;

    write_register(hba, REG_COMMAND, command);
    for (unsigned i = 0; i < length; i += 4) {
        uint32_t word;

        memcpy(&word, from + i, 4);
        write_register(hba, REG_COMMAND_DATA, word);
    }
    return qtest_read(hba->qtest, 4, hba->pci.bar[0] + REG_COMMAND_STATUS) == 0;
}

static gboolean bring_up(Pvscsi *hba, uint8_t *ram, uint64_t address,
                         GError **error)
{
    uint64_t next = HBA_BAR_START;
    SetupRings *rings = &hba->rings;

    if (!pci_find(hba->qtest, PCI_VENDOR_VMWARE, PCI_DEVICE_PVSCSI,
                  &hba->pci)) {
        return hba_refuse(&hba_pvscsi, error, "not on PCI bus 0");
    }
    if (!pci_place_bar(&hba->pci, 0, &next)) {
        return hba_refuse(&hba_pvscsi, error, "BAR 0 can't be placed");
    }
    pci_enable(&hba->pci);

    memset(ram + address, 0, pvscsi_bytes(hba->n_slots));
    hba->state = (void *)(ram + address);
    rings->request_pages = REQUEST_PAGES;
    rings->answer_pages = ANSWER_PAGES;
    rings->state = address / PAGE;
    address += PAGE;
    hba->requests = (void *)(ram + address);
    for (unsigned i = 0; i < REQUEST_PAGES; i++, address += PAGE) {
        rings->requests[i] = address / PAGE;
    }
    hba->answers = (void *)(ram + address);
    for (unsigned i = 0; i < ANSWER_PAGES; i++, address += PAGE) {
        rings->answers[i] = address / PAGE;
    }
    hba->slots_address = address;
    hba->slots_memory = (void *)(ram + address);

    run_command(hba, CMD_ADAPTER_RESET, NULL, 0);
    if (!run_command(hba, CMD_SETUP_RINGS, rings, sizeof(*rings)) ||
        1u << hba->state->request_log2 != REQUESTS ||
        1u << hba->state->answer_log2 != ANSWERS) {
        return hba_refuse(&hba_pvscsi, error, "refuses its rings");
    }
    return TRUE;
}

static void pvscsi_free(Hba *base)
{
    Pvscsi *hba = (Pvscsi *)base;

    g_queue_clear_full(&hba->saved, g_free);
    g_free(hba->tags);
    g_free(hba);
}

static Hba *pvscsi_open(Qtest *qtest, uint8_t *ram, uint64_t address,
                        unsigned n_slots, GError **error)
{
    Pvscsi *hba = g_new0(Pvscsi, 1);

    g_assert(address % PAGE == 0 && n_slots <= SLOTS_MAX);
    hba->base.kind = &hba_pvscsi;
    hba->qtest = qtest;
    hba->n_slots = n_slots;
    hba->tags = g_new0(uint32_t, n_slots);
    if (!bring_up(hba, ram, address, error)) {
        pvscsi_free(&hba->base);
        return NULL;
    }
    return &hba->base;
}

static uint32_t direction_flag(DataDirection direction)
{
    switch (direction) {
    case DATA_IN:
        return FLAG_TO_HOST;
    case DATA_OUT:
        return FLAG_TO_DEVICE;
    case DATA_NONE:
        return FLAG_NONE;
    }
    g_assert_not_reached();
}

static void pvscsi_post(Hba *base, unsigned index, const Command *command,
                        uint8_t target, uint16_t lun)
{
    Pvscsi *hba = (Pvscsi *)base;
    SlotMemory *memory = &hba->slots_memory[index];
    uint64_t address = hba->slots_address + index * sizeof(SlotMemory);
    RequestEntry *entry = &hba->requests[hba->posted % REQUESTS];
    unsigned n = command->direction == DATA_NONE ? 0 : command->n_pieces;

    g_assert(index < hba->n_slots && !hba->tags[index] && command->tag);
    g_assert(n <= PIECES_MAX && command->cdb_length <= sizeof(entry->cdb));
    *entry = (RequestEntry){
        /* QEMU's tag is the lower half; it aborts by nothing else. */
        .context = command->tag,
        .sense_address = address + offsetof(SlotMemory, sense),
        .sense_length = COMMAND_SENSE_MAX,
        .flags = direction_flag(command->direction),
        .cdb_length = command->cdb_length,
        .tag = TAG_SIMPLE,
        .target = target,
    };
    entry->lun[1] = lun;
    memcpy(entry->cdb, command->cdb, command->cdb_length);
    for (unsigned i = 0; i < n; i++) {
        entry->data_length += command->pieces[i].length;
    }
    /* As Linux' driver: a list only if it has more than one entry. */
    if (n == 1) {
        entry->data_address = command->pieces[0].offset;
    } else if (n > 1) {
        entry->flags |= FLAG_SG_LIST;
        entry->data_address = address + offsetof(SlotMemory, list);
        for (unsigned i = 0; i < n; i++) {
            memory->list[i] = (SgEntry){command->pieces[i].offset,
                                        command->pieces[i].length, 0};
        }
    }
    hba->tags[index] = command->tag;
    hba->posted++;
    atomic_store_explicit(&hba->state->request_producer, hba->posted,
                          memory_order_release);
}

/* The HBA looks at its ring only if it is told to. */
static void pvscsi_kick(Hba *base, uint64_t *doorbells, uint64_t *saved)
{
    Pvscsi *hba = (Pvscsi *)base;

    if (hba->kicked != hba->posted) {
        hba->kicked = hba->posted;
        qtest_doorbell(hba->qtest, 4, hba->pci.bar[0] + REG_KICK_RW, 0);
        ++*doorbells;
    }
}

static void read_answer(const AnswerEntry *from, const uint8_t *sense,
                        Completion *to)
{
    to->transport = 0;
    to->response = RESPONSE_FAILURE;
    for (unsigned i = 0; i < G_N_ELEMENTS(responses); i++) {
        if (responses[i].host_status == from->host_status) {
            to->response = responses[i].response;
        }
    }
    to->status = from->scsi_status;
    to->resid = from->host_status == DATARUN ? RESID_UNKNOWN : 0;
    to->dio = FALSE;
    to->sense_length = MIN(from->sense_length, COMMAND_SENSE_MAX);
    memcpy(to->sense, sense, to->sense_length);
}

static gboolean find_slot(const Pvscsi *hba, uint64_t tag, unsigned *index)
{
    for (*index = 0; *index < hba->n_slots; ++*index) {
        if (tag && hba->tags[*index] == tag) {
            return TRUE;
        }
    }
    return FALSE;
}

static gboolean pvscsi_poll(Hba *base, unsigned *index, Completion *completion,
                            gboolean *nonsense)
{
    Pvscsi *hba = (Pvscsi *)base;
    uint32_t produced = atomic_load_explicit(&hba->state->answer_producer,
                                             memory_order_acquire);
    const AnswerEntry *answer = &hba->answers[hba->taken % ANSWERS];
    g_autofree Saved *saved = g_queue_pop_head(&hba->saved);

    if (saved) {
        *index = saved->slot;
        *completion = saved->completion;
        return TRUE;
    }
    if (produced == hba->taken) {
        return FALSE;
    }
    if (produced - hba->taken > ANSWERS ||
        !find_slot(hba, answer->context, index)) {
        *nonsense = TRUE;
        return FALSE;
    }
    hba->tags[*index] = 0;
    read_answer(answer, hba->slots_memory[*index].sense, completion);
    hba->taken++;
    hba->state->answer_consumer = hba->taken;
    return TRUE;
}

/* PVSCSICmdDescAbortCmd */
static void pvscsi_abort(Hba *base, unsigned index)
{
    Pvscsi *hba = (Pvscsi *)base;
    const uint32_t arguments[4] = {hba->tags[index]};

    run_command(hba, CMD_ABORT, arguments, sizeof(arguments));
}

/* QEMU answers what is under way before it forgets the rings. */
static void reset_adapter(Pvscsi *hba)
{
    GQueue saved = G_QUEUE_INIT;
    gboolean nonsense = FALSE;
    Completion completion;
    unsigned slot;

    run_command(hba, CMD_ADAPTER_RESET, NULL, 0);
    while (pvscsi_poll(&hba->base, &slot, &completion, &nonsense)) {
        Saved *one = g_new(Saved, 1);

        *one = (Saved){slot, completion};
        g_queue_push_tail(&saved, one);
    }
    hba->saved = saved;
    hba->posted = hba->kicked = hba->taken = 0;
    run_command(hba, CMD_SETUP_RINGS, &hba->rings, sizeof(hba->rings));
}

static void pvscsi_reset(Hba *base, HbaReset what)
{
    Pvscsi *hba = (Pvscsi *)base;
    static const uint32_t device[3]; /* PVSCSICmdDescResetDevice */

    switch (what) {
    case HBA_RESET_DEVICE:
        run_command(hba, CMD_RESET_DEVICE, device, sizeof(device));
        break;
    case HBA_RESET_BUS:
        run_command(hba, CMD_RESET_BUS, NULL, 0);
        break;
    case HBA_RESET_ADAPTER:
        reset_adapter(hba);
        break;
    case HBA_RESET__COUNT:
        g_assert_not_reached();
    }
}

const HbaKind hba_pvscsi = {
    .name = "pvscsi",
    .device = "pvscsi",
    .max_pieces = PIECES_MAX,
    .bytes = pvscsi_bytes,
    .open = pvscsi_open,
    .free = pvscsi_free,
    .post = pvscsi_post,
    .kick = pvscsi_kick,
    .poll = pvscsi_poll,
    .abort = pvscsi_abort,
    .reset = pvscsi_reset,
};
