/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Is there something on a disk? File systems, RAID members, volume managers,
 * swap, partition tables, whatever libblkid knows.
 */
#ifndef SGBENCH_SIGNATURE_H
#define SGBENCH_SIGNATURE_H

#include <glib.h>
#include "target.h"

/*
 * Look at the identified disk @target through @initiator (at rest), not through
 * the kernel's cache, which SG_IO goes round. *@found gets what is there, "ext4
 * file system "home"", or NULL if nothing that is known is; the caller's. FALSE
 * with SGBENCH_ERROR_TARGET if it can't be read, SGBENCH_ERROR_PREFLIGHT if
 * it can't be told.
 */
gboolean signature_find(const Target *target, Initiator *initiator,
                        char **found, GError **error);

#endif
