/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Driver of QEMU's AHCI controller with a disk on port 0 (Serial ATA AHCI
 * 1.3.1; QEMU's hw/ide/ahci.c). No SCSI command passes through: READs and
 * WRITEs go as READ and WRITE FPDMA QUEUED, with lists that QEMU's dma-helpers
 * map, for a block device of any kind. A table has up to 65535 entries with any
 * address (the standard's are even), so lists go here that no SCSI HBA carries.
 * There is no IOThread: commands begin and end in QEMU's main thread.
 *
 * It polls memory, where the device leaves a Set Device Bits FIS when commands
 * end, and only then reads the registers that say which: one qtest access for
 * all that has ended meanwhile.
 */
#include <glib.h>
#include <linux/pci_regs.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>

#include "ata-disk.h"
#include "hba.h"
#include "pci.h"

#define PCI_VENDOR_INTEL 0x8086
#define PCI_DEVICE_ICH9_AHCI 0x2922
#define AHCI_BAR 5

/* AHCI 1.3.1, 3.1 and 3.3: registers of the controller and of port 0 */
#define GHC 0x04
#define GHC_HR (1u << 0)
#define GHC_AE (1u << 31)
#define PORT 0x100
#define PX_CLB 0x00
#define PX_CLBU 0x04
#define PX_FB 0x08
#define PX_FBU 0x0c
#define PX_IS 0x10
#define PX_CMD 0x18
#define PX_TFD 0x20
#define PX_SSTS 0x28
#define PX_SCTL 0x2c
#define PX_SERR 0x30
#define PX_SACT 0x34
#define PX_CI 0x38

#define CMD_ST (1u << 0)
#define CMD_SUD (1u << 1)
#define CMD_POD (1u << 2)
#define CMD_FRE (1u << 4)
#define DET_MASK 0xfu
#define DET_PRESENT 3u
#define DET_COMRESET 1u
#define TFD_BSY 0x80
#define TFD_DRQ 0x08
#define TFD_ERR 0x01
/* overflow; interface, fatal or not; host bus, data or fatal; task file */
#define IS_ERRORS \
    (1u << 24 | 1u << 26 | 1u << 27 | 1u << 28 | 1u << 29 | 1u << 30)

#define SLOTS 32
#define PIECES_MAX 8192
#define ENTRY_BYTES_MAX (4u << 20) /* 4.2.3.3: 22 bits, counted from 0 */
/* A piece that is longer takes more than one entry. */
#define ENTRIES_MAX (PIECES_MAX + 2048)

#define FIS_H2D 0x27
#define FIS_IS_COMMAND 0x80
#define FIS_DWORDS 5
#define HEADER_WRITE (1 << 6)
#define ATA_IDENTIFY 0xec
#define ATA_READ_FPDMA 0x60
#define ATA_WRITE_FPDMA 0x61
#define ATA_DEVICE_LBA 0x40
#define FIS_SDB_OFFSET 0x58 /* 4.2.1 */

#define PAGE 4096
#define READY_US 2000000
#define RESPONSE_ABORTED 2 /* VIRTIO 1.2, 5.6.6.1 */
#define RESPONSE_RESET 4
#define SENSE_ABORTED_COMMAND 0x0b

typedef struct Header {
    uint16_t flags, entries;
    uint32_t transferred;
    uint64_t table;
    uint32_t reserved[4];
} Header;

typedef struct Entry {
    uint64_t address;
    uint32_t reserved, count; /* less one */
} Entry;

typedef struct Table {
    uint8_t fis[64], atapi[16], reserved[48];
    Entry entries[ENTRIES_MAX];
} Table;

G_STATIC_ASSERT(sizeof(Header) == 32);
G_STATIC_ASSERT(sizeof(Entry) == 16);
G_STATIC_ASSERT(offsetof(Table, entries) == 0x80);
G_STATIC_ASSERT(sizeof(Table) % 128 == 0);

/* All that is in guest RAM. */
typedef struct Memory {
    Header headers[SLOTS];
    uint8_t fis[256];
    uint8_t identify[ATA_IDENTIFY_BYTES];
    uint8_t pad[PAGE - SLOTS * sizeof(Header) - 256 - ATA_IDENTIFY_BYTES];
    Table tables[SLOTS];
} Memory;

typedef struct Ahci {
    Hba base; /* first */
    Qtest *qtest;
    PciDevice pci;
    uint8_t *ram;
    uint64_t address;
    Memory *memory;
    unsigned n_slots;
    AtaDisk disk;
    uint32_t posted; /* bit per slot: not yet rung for */
    uint32_t issued; /* rung for, not answered */
    /* Of these, the ones whose end may not be seen in memory: QEMU refuses a list
     * that is too short with an overflow alone. */
    uint32_t no_event;
    GQueue answers; /* Answer *: what poll() has to say */
} Ahci;

typedef struct Answer {
    unsigned slot;
    Completion completion;
} Answer;

static uint64_t ahci_bytes(unsigned n_slots)
{
    return sizeof(Memory);
}

static uint32_t get(Ahci *hba, unsigned offset)
{
    return qtest_read(hba->qtest, 4, hba->pci.bar[AHCI_BAR] + PORT + offset);
}

static void set(Ahci *hba, unsigned offset, uint32_t value)
{
    qtest_write(hba->qtest, 4, hba->pci.bar[AHCI_BAR] + PORT + offset, value);
}

/* A doorbell that rings for a slot which has ended finds no command there. */
static void push(Ahci *hba, unsigned slot, const Completion *completion)
{
    Answer *answer = g_new(Answer, 1);

    hba->memory->tables[slot].fis[0] = 0;
    *answer = (Answer){slot, *completion};
    g_queue_push_tail(&hba->answers, answer);
}

/* ---- bringing it up ---- */

static void start(Ahci *hba)
{
    set(hba, PX_CMD, CMD_SUD | CMD_POD | CMD_FRE | CMD_ST);
}

static void stop(Ahci *hba)
{
    set(hba, PX_CMD, CMD_SUD | CMD_POD | CMD_FRE);
}

/* 10.4.2: the link is reset, and the disk with it. */
static void comreset(Ahci *hba)
{
    set(hba, PX_SCTL, DET_COMRESET);
    set(hba, PX_SCTL, 0);
    set(hba, PX_SERR, UINT32_MAX);
    set(hba, PX_IS, UINT32_MAX);
}

static void set_up_port(Ahci *hba)
{
    uint64_t headers = hba->address + offsetof(Memory, headers);
    uint64_t fis = hba->address + offsetof(Memory, fis);

    qtest_write(hba->qtest, 4, hba->pci.bar[AHCI_BAR] + GHC, GHC_AE);
    set(hba, PX_CLB, headers);
    set(hba, PX_CLBU, headers >> 32);
    set(hba, PX_FB, fis);
    set(hba, PX_FBU, fis >> 32);
    set(hba, PX_SERR, UINT32_MAX);
    set(hba, PX_IS, UINT32_MAX);
    start(hba);
}

static void set_header(Ahci *hba, unsigned slot, gboolean write,
                       unsigned entries)
{
    hba->memory->headers[slot] = (Header){
        .flags = FIS_DWORDS | (write ? HEADER_WRITE : 0),
        .entries = entries,
        .table = hba->address + offsetof(Memory, tables) + slot * sizeof(Table),
    };
}

/* IDENTIFY DEVICE (ATA8-ACS, 7.16), the one command that is waited for. */
static gboolean identify(Ahci *hba, GError **error)
{
    Table *table = &hba->memory->tables[0];
    gint64 end = g_get_monotonic_time() + READY_US;

    memset(table->fis, 0, sizeof(table->fis));
    table->fis[0] = FIS_H2D;
    table->fis[1] = FIS_IS_COMMAND;
    table->fis[2] = ATA_IDENTIFY;
    table->entries[0] = (Entry){
        .address = hba->address + offsetof(Memory, identify),
        .count = ATA_IDENTIFY_BYTES - 1,
    };
    set_header(hba, 0, FALSE, 1);
    set(hba, PX_CI, 1);
    while ((get(hba, PX_CI) & 1) || (get(hba, PX_TFD) & (TFD_BSY | TFD_DRQ))) {
        if (!qtest_check(hba->qtest, NULL) || g_get_monotonic_time() > end) {
            return hba_refuse(&hba_ahci, error,
                              "the disk does not answer IDENTIFY DEVICE");
        }
    }
    if ((get(hba, PX_TFD) & TFD_ERR) ||
        !ata_disk_parse(&hba->disk, hba->memory->identify)) {
        return hba_refuse(&hba_ahci, error,
                          "port 0 has no disk with blocks of 512 bytes");
    }
    set(hba, PX_IS, UINT32_MAX);
    return TRUE;
}

static gboolean bring_up(Ahci *hba, GError **error)
{
    uint64_t next = HBA_BAR_START;

    if (!pci_find(hba->qtest, PCI_VENDOR_INTEL, PCI_DEVICE_ICH9_AHCI,
                  &hba->pci)) {
        return hba_refuse(&hba_ahci, error, "not on PCI bus 0");
    }
    if (!pci_place_bar(&hba->pci, AHCI_BAR, &next)) {
        return hba_refuse(&hba_ahci, error, "BAR %d can't be placed", AHCI_BAR);
    }
    pci_enable(&hba->pci);
    memset(hba->memory, 0, sizeof(Memory));
    set_up_port(hba);
    if ((get(hba, PX_SSTS) & DET_MASK) != DET_PRESENT) {
        return hba_refuse(&hba_ahci, error, "no disk on port 0");
    }
    return identify(hba, error);
}

static void ahci_free(Hba *base)
{
    Ahci *hba = (Ahci *)base;

    g_queue_clear_full(&hba->answers, g_free);
    g_free(hba);
}

static Hba *ahci_open(Qtest *qtest, uint8_t *ram, uint64_t address,
                      unsigned n_slots, GError **error)
{
    Ahci *hba = g_new0(Ahci, 1);

    g_assert(address % PAGE == 0 && n_slots <= SLOTS);
    hba->base.kind = &hba_ahci;
    hba->qtest = qtest;
    hba->ram = ram;
    hba->address = address;
    hba->memory = (void *)(ram + address);
    hba->n_slots = n_slots;
    if (!bring_up(hba, error)) {
        ahci_free(&hba->base);
        return NULL;
    }
    return &hba->base;
}

/* ---- commands ---- */

/* Entries of the pieces, which may take more than one; bytes in *@bytes. */
static unsigned put_list(Table *table, const Command *command, uint64_t *bytes)
{
    unsigned n = 0;

    *bytes = 0;
    for (unsigned i = 0; i < command->n_pieces; i++) {
        const Piece *piece = &command->pieces[i];
        uint64_t length = 0;

        /* There is no entry without data. */
        for (uint64_t at = 0; at < piece->length; at += length) {
            length = MIN(piece->length - at, ENTRY_BYTES_MAX);
            if (n == ENTRIES_MAX) {
                return n;
            }
            table->entries[n++] = (Entry){
                .address = piece->offset + at,
                .count = length - 1,
            };
            *bytes += length;
        }
    }
    return n;
}

/* What is answered here; its data goes to the one piece of who asks. */
static void answer(Ahci *hba, unsigned slot, const Command *command,
                   Completion *completion, const uint8_t *data, uint32_t length)
{
    if (data && command->n_pieces == 1) {
        const Piece *piece = &command->pieces[0];
        uint32_t n = MIN(length, piece->length);

        memcpy(hba->ram + piece->offset, data, n);
        completion->resid = piece->length - n;
    }
    push(hba, slot, completion);
}

/* ATA8-ACS, 7.30.2: the tag is the slot. */
static void put_fis(uint8_t *fis, unsigned slot, const AtaTransfer *transfer)
{
    memset(fis, 0, sizeof(((Table *)NULL)->fis));
    fis[0] = FIS_H2D;
    fis[1] = FIS_IS_COMMAND;
    fis[2] = transfer->write ? ATA_WRITE_FPDMA : ATA_READ_FPDMA;
    fis[3] = transfer->blocks;
    fis[7] = ATA_DEVICE_LBA;
    fis[11] = transfer->blocks >> 8;
    for (unsigned i = 0; i < 3; i++) {
        fis[4 + i] = transfer->lba >> 8 * i;
        fis[8 + i] = transfer->lba >> 8 * (i + 3);
    }
    fis[12] = slot << 3;
}

static void ahci_post(Hba *base, unsigned slot, const Command *command,
                      uint8_t target, uint16_t lun)
{
    Ahci *hba = (Ahci *)base;
    Table *table = &hba->memory->tables[slot];
    g_autofree uint8_t *data = NULL;
    Completion completion;
    AtaTransfer transfer;
    unsigned entries;
    uint32_t length;
    uint64_t bytes;

    g_assert(slot < hba->n_slots && command->tag);
    g_assert(!((hba->posted | hba->issued) & 1u << slot));
    g_assert(command->n_pieces <= PIECES_MAX);
    if (!ata_disk_translate(&hba->disk, command, &transfer, &completion, &data,
                            &length)) {
        answer(hba, slot, command, &completion, data, length);
        return;
    }
    put_fis(table->fis, slot, &transfer);
    entries = put_list(table, command, &bytes);
    set_header(hba, slot, transfer.write, entries);
    if (bytes < (uint64_t)transfer.blocks * ATA_BLOCK) {
        hba->no_event |= 1u << slot;
    }
    hba->posted |= 1u << slot;
}

static void ahci_kick(Hba *base, uint64_t *doorbells, uint64_t *saved)
{
    Ahci *hba = (Ahci *)base;
    uint64_t port = hba->pci.bar[AHCI_BAR] + PORT;

    if (hba->posted) {
        atomic_thread_fence(memory_order_release);
        qtest_doorbell(hba->qtest, 4, port + PX_SACT, hba->posted);
        qtest_doorbell(hba->qtest, 4, port + PX_CI, hba->posted);
        hba->issued |= hba->posted;
        hba->posted = 0;
        *doorbells += 2;
    }
}

/* Everything that is under way, and what is not yet, has ended so. */
static void end_all(Ahci *hba, const Completion *completion)
{
    for (unsigned slot = 0; slot < hba->n_slots; slot++) {
        if ((hba->issued | hba->posted) & 1u << slot) {
            push(hba, slot, completion);
        }
    }
    hba->issued = hba->posted = hba->no_event = 0;
}

/* 6.2.2.2, 10.4.2: stopping the engine while commands are under way calls for
 * a reset of the link. */
static void recover(Ahci *hba, const Completion *completion)
{
    stop(hba);
    comreset(hba);
    start(hba);
    end_all(hba, completion);
}

/* Which commands have ended? */
static void look(Ahci *hba)
{
    uint32_t registers[(PX_SACT + 4 - PX_IS) / 4];
    static const Completion good;
    uint32_t active, ended;

    qtest_read_bytes(hba->qtest, hba->pci.bar[AHCI_BAR] + PORT + PX_IS,
                     registers, sizeof(registers));
    if (!qtest_check(hba->qtest, NULL)) {
        return;
    }
    /* PxSACT is set before PxCI, and until the end. */
    active = registers[(PX_SACT - PX_IS) / 4];
    ended = hba->issued & ~active;
    for (unsigned slot = 0; slot < hba->n_slots; slot++) {
        if (ended & 1u << slot) {
            push(hba, slot, &good);
        }
    }
    hba->issued &= ~ended;
    hba->no_event &= ~ended;
    /* Of an error is not said which command it ended; to the disk all that are
     * queued have ended with it (ATA8-ACS, 4.15.3). */
    if (registers[0] & IS_ERRORS) {
        Completion failed = {0};

        ata_disk_sense(&failed, SENSE_ABORTED_COMMAND, 0);
        recover(hba, &failed);
    }
}

static gboolean ahci_poll(Hba *base, unsigned *slot, Completion *completion,
                          gboolean *nonsense)
{
    Ahci *hba = (Ahci *)base;
    _Atomic uint8_t *type = (void *)(hba->memory->fis + FIS_SDB_OFFSET);
    g_autofree Answer *answer = NULL;

    /* Taken away before the registers are read: what ends later puts it there
     * again. */
    if (hba->issued &&
        (hba->no_event || (atomic_load_explicit(type, memory_order_relaxed) &&
                           atomic_exchange(type, 0)))) {
        look(hba);
    }
    answer = g_queue_pop_head(&hba->answers);
    if (!answer) {
        return FALSE;
    }
    *slot = answer->slot;
    *completion = answer->completion;
    return TRUE;
}

/* One queued command cannot be aborted: what is under way ends with it. */
static void ahci_abort(Hba *base, unsigned slot)
{
    static const Completion aborted = {.response = RESPONSE_ABORTED};

    recover((Ahci *)base, &aborted);
}

/* Of the device: 10.4.1, a FIS that sets SRST and one that clears it. */
static void software_reset(Ahci *hba)
{
    Table *table = &hba->memory->tables[0];

    for (unsigned i = 0; i < 2; i++) {
        memset(table->fis, 0, sizeof(table->fis));
        table->fis[0] = FIS_H2D;
        table->fis[15] = i == 0 ? 1 << 2 : 0;
        set_header(hba, 0, FALSE, 0);
        hba->memory->headers[0].flags |= 1 << 10; /* clear BSY upon R_OK */
        set(hba, PX_CI, 1);
    }
}

/*
 * QEMU resets all but what it says of commands that ended while the FIS area was
 * off (AHCIDevice.finished, hw/ide/ahci.c): the next Set Device Bits FIS would
 * say of commands in the same slots that they have ended. A READ that nobody
 * has asked for takes that away.
 */
static void settle(Ahci *hba)
{
    gint64 end = g_get_monotonic_time() + READY_US;

    put_fis(hba->memory->tables[0].fis, 0, &(AtaTransfer){.blocks = 1});
    hba->memory->tables[0].entries[0] = (Entry){
        .address = hba->address + offsetof(Memory, identify),
        .count = ATA_BLOCK - 1,
    };
    set_header(hba, 0, FALSE, 1);
    hba->memory->fis[FIS_SDB_OFFSET] = 0;
    set(hba, PX_SACT, 1);
    set(hba, PX_CI, 1);
    while (!hba->memory->fis[FIS_SDB_OFFSET] && qtest_check(hba->qtest, NULL) &&
           g_get_monotonic_time() < end) {
        get(hba, PX_SACT); /* QEMU's main loop takes its turn */
    }
    hba->memory->fis[FIS_SDB_OFFSET] = 0;
}

static void ahci_reset(Hba *base, HbaReset what)
{
    static const Completion reset = {.response = RESPONSE_RESET};
    Ahci *hba = (Ahci *)base;

    switch (what) {
    case HBA_RESET_DEVICE:
        software_reset(hba);
        stop(hba);
        start(hba);
        break;
    case HBA_RESET_BUS:
        comreset(hba);
        break;
    case HBA_RESET_ADAPTER:
        qtest_write(hba->qtest, 4, hba->pci.bar[AHCI_BAR] + GHC,
                    GHC_AE | GHC_HR);
        set_up_port(hba);
        settle(hba);
        break;
    case HBA_RESET__COUNT:
        g_assert_not_reached();
    }
    set(hba, PX_SERR, UINT32_MAX);
    set(hba, PX_IS, UINT32_MAX);
    end_all(hba, &reset);
}

const HbaKind hba_ahci = {
    .name = "ahci",
    .device = "ich9-ahci",
    .raw = TRUE,
    .max_slots = SLOTS,
    .max_pieces = PIECES_MAX,
    .bytes = ahci_bytes,
    .open = ahci_open,
    .free = ahci_free,
    .post = ahci_post,
    .kick = ahci_kick,
    .poll = ahci_poll,
    .abort = ahci_abort,
    .reset = ahci_reset,
};
