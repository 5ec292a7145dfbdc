/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A device for one run alone.
 *
 * Two runs of sgbench exclude each other, whatever nodes, users and HBAs they
 * come by: flock(2) on /dev/sgN, and on a file in /run/lock that is named after
 * the device's own identity. Others are kept out as well as each kind of device
 * allows, if the run writes, or the device is one that only one can use: a disk
 * is claimed (O_EXCL: mount, device-mapper, md, swap then fail), a tape's
 * /dev/nstN stays open (others get EBUSY; nothing is read through it, and
 * closing it moves nothing).
 */
#ifndef SGBENCH_DEVICE_LOCK_H
#define SGBENCH_DEVICE_LOCK_H

#include <glib.h>
#include "device.h"

typedef struct DeviceLock DeviceLock;

/*
 * Lock @device, one of @all, against other runs. Whether others have it open is
 * looked at now. NULL with SGBENCH_ERROR_PREFLIGHT: no permission, no node,
 * another run has it.
 */
DeviceLock *device_lock_take(const Device *device, GPtrArray *all,
                             GError **error);

/* Make sure that nobody else uses it, and keep others out from now on.
 * SGBENCH_ERROR_PREFLIGHT says who does and what to do. */
gboolean device_lock_exclude(DeviceLock *lock, GError **error);

/* NULL is fine. */
void device_lock_release(DeviceLock *lock);

/* The part of it that needs no device: the lock file of @identity. A
 * descriptor that holds it, or -1 with SGBENCH_ERROR_PREFLIGHT. */
int identity_lock(const char *identity, const char *what, GError **error);

#endif
