/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PCI configuration of a pc machine without firmware: configuration mechanism
 * #1 (PCI Local Bus 3.0, 3.2.2.3.2), bus 0 only. Errors stick in the Qtest.
 */
#ifndef SGBENCH_PCI_H
#define SGBENCH_PCI_H

#include <stdint.h>
#include <glib.h>
#include "qtest.h"

#define PCI_BARS 6

typedef struct PciDevice {
    Qtest *qtest; /* borrowed */
    unsigned slot, function;
    uint64_t bar[PCI_BARS]; /* address, 0 if not placed */
} PciDevice;

/* The first device with @vendor and @device on bus 0. FALSE if there is
 * none. */
gboolean pci_find(Qtest *qtest, uint16_t vendor, uint16_t device,
                  PciDevice *found);

/* Configuration space; @bytes is 1, 2 or 4, @offset a multiple of it. */
uint32_t pci_read(PciDevice *device, unsigned bytes, unsigned offset);
void pci_write(PciDevice *device, unsigned offset, uint32_t value);

/* Offset of the next capability with @id after @previous (0: from the start),
 * 0 if there is none (PCI Local Bus 3.0, 6.7). */
unsigned pci_capability(PciDevice *device, uint8_t id, unsigned previous);

/* Give memory BAR @bar an address at or above @next, which moves behind it;
 * one that is placed already stays. Returns FALSE if @bar is not a memory BAR
 * or does not fit below 4 GiB. */
gboolean pci_place_bar(PciDevice *device, unsigned bar, uint64_t *next);

/* Let it answer memory accesses and do DMA. */
void pci_enable(PciDevice *device);

#endif
