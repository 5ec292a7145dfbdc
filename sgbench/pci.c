/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <glib.h>
#include <linux/pci_regs.h>

#include "pci.h"

#define CONFIG_ADDRESS 0xcf8
#define CONFIG_DATA 0xcfc
#define SLOTS 32
#define FUNCTIONS 8
#define CAPABILITIES_MAX 48 /* 4 bytes each in 192: a longer chain is a loop */
#define BAR_LIMIT UINT64_C(0xfec00000) /* I/O APIC of a pc, behind the hole */

static void select_dword(PciDevice *device, unsigned offset)
{
    qtest_outl(device->qtest, CONFIG_ADDRESS,
               1u << 31 | device->slot << 11 | device->function << 8 |
                   (offset & ~3u));
}

uint32_t pci_read(PciDevice *device, unsigned bytes, unsigned offset)
{
    uint32_t value;

    g_assert(offset % bytes == 0);
    select_dword(device, offset);
    value = qtest_inl(device->qtest, CONFIG_DATA) >> offset % 4 * 8;
    return bytes == 4 ? value : value & ((1u << bytes * 8) - 1);
}

/* Whole words only: nothing here needs less, and what shares a word with the
 * command register is write-1-to-clear. */
void pci_write(PciDevice *device, unsigned offset, uint32_t value)
{
    g_assert(offset % 4 == 0);
    select_dword(device, offset);
    qtest_outl(device->qtest, CONFIG_DATA, value);
}

gboolean pci_find(Qtest *qtest, uint16_t vendor, uint16_t device,
                  PciDevice *found)
{
    for (unsigned slot = 0; slot < SLOTS; slot++) {
        unsigned functions = 1;

        for (unsigned function = 0; function < functions; function++) {
            PciDevice here = {
                .qtest = qtest, .slot = slot, .function = function};
            uint32_t id = pci_read(&here, 4, PCI_VENDOR_ID);

            if (id == (vendor | (uint32_t)device << 16)) {
                *found = here;
                return TRUE;
            }
            if (function == 0 && (id & 0xffff) != 0xffff &&
                pci_read(&here, 1, PCI_HEADER_TYPE) & 0x80) {
                functions = FUNCTIONS;
            }
        }
    }
    return FALSE;
}

unsigned pci_capability(PciDevice *device, uint8_t id, unsigned previous)
{
    unsigned offset;

    if (!(pci_read(device, 2, PCI_STATUS) & PCI_STATUS_CAP_LIST)) {
        return 0;
    }
    offset = previous ? previous + PCI_CAP_LIST_NEXT : PCI_CAPABILITY_LIST;
    for (unsigned i = 0; i < CAPABILITIES_MAX; i++) {
        /* "the bottom two bits are reserved ... software must mask them" */
        offset = pci_read(device, 1, offset) & ~3u;
        if (offset < PCI_STD_HEADER_SIZEOF) {
            return 0;
        }
        if (pci_read(device, 1, offset) == id) {
            return offset;
        }
        offset += PCI_CAP_LIST_NEXT;
    }
    return 0;
}

gboolean pci_place_bar(PciDevice *device, unsigned bar, uint64_t *next)
{
    unsigned offset = PCI_BASE_ADDRESS_0 + bar * 4;
    gboolean wide;
    uint32_t kind;
    uint64_t size, address;

    if (bar >= PCI_BARS) {
        return FALSE;
    }
    if (device->bar[bar]) {
        return TRUE;
    }
    kind = pci_read(device, 4, offset);
    if (kind & PCI_BASE_ADDRESS_SPACE_IO) {
        return FALSE;
    }
    wide =
        (kind & PCI_BASE_ADDRESS_MEM_TYPE_MASK) == PCI_BASE_ADDRESS_MEM_TYPE_64;

    /* Sizing, PCI Local Bus 3.0, 6.2.5.1: bits that don't stick are address.
     * One of 4 GiB or more would show zeros here; it can't be placed anyway. */
    pci_write(device, offset, UINT32_MAX);
    size = (uint32_t) -
           (pci_read(device, 4, offset) & (uint32_t)PCI_BASE_ADDRESS_MEM_MASK);
    if (size == 0) {
        return FALSE;
    }
    address = (*next + size - 1) & ~(size - 1);
    if (address + size > BAR_LIMIT) {
        return FALSE;
    }
    pci_write(device, offset, address);
    if (wide) {
        pci_write(device, offset + 4, 0);
    }
    device->bar[bar] = address;
    *next = address + size;
    return TRUE;
}

void pci_enable(PciDevice *device)
{
    uint32_t command = pci_read(device, 2, PCI_COMMAND);

    /* The upper half, the status, is write-1-to-clear: zeros leave it. */
    pci_write(device, PCI_COMMAND,
              command | PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER |
                  PCI_COMMAND_INTX_DISABLE);
}
