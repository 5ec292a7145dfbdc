/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's own iSCSI initiator (iscsi_tcp), in the lab: makes a SCSI device
 * of a LUN, with /dev/sgN and what else its type has.
 */
#ifndef SGBENCH_KERNEL_ISCSI_H
#define SGBENCH_KERNEL_ISCSI_H

#include <glib.h>
#include "context.h"
#include "device.h"

typedef struct KernelIscsi KernelIscsi;

/*
 * Log in to @iqn at @portal ("127.0.0.1:PORT") and wait until its LUN @lun is
 * there with its nodes. NULL with SGBENCH_ERROR_PREFLIGHT (open-iscsi is not
 * installed), SGBENCH_ERROR_TARGET. Main thread only (process.h).
 */
KernelIscsi *kernel_iscsi_login(RunContext *context, const char *portal,
                                const char *iqn, unsigned lun, GError **error);

/* The device, as it was when it appeared; borrowed. */
const Device *kernel_iscsi_device(const KernelIscsi *session);

/* Log out; the device is gone then. Never fails; NULL is fine. */
void kernel_iscsi_logout(KernelIscsi *session);

#endif
