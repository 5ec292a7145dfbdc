/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Guest RAM shared between QEMU and us.
 */
#ifndef SGBENCH_GUEST_RAM_H
#define SGBENCH_GUEST_RAM_H

#include <stdint.h>
#include <glib.h>

/*
 * Make @size bytes without a file that could stay behind, and with every page
 * there from the start: a page that can't be had later would be a SIGBUS, here
 * or in QEMU. @populate also maps every page now.
 *
 * Returns a descriptor to hand to QEMU and to close; @ram is the mapping, for
 * munmap. -1 with SGBENCH_ERROR_PREFLIGHT.
 */
int guest_ram_new(uint64_t size, gboolean populate, uint8_t **ram,
                  GError **error);

#endif
