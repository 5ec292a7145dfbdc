/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One command through the kernel's SG_IO (struct sg_io_hdr version 3,
 * scsi/sg.h), the way QEMU's scsi-generic sends it.
 */
#ifndef SGBENCH_SGIO_H
#define SGBENCH_SGIO_H

#include <glib.h>
#include <sys/uio.h>
#include "command.h"

#define SGIO_PIECES_MAX \
    1024 /* UIO_MAXIOV; more is EINVAL (block/scsi_ioctl.c,
                              * drivers/scsi/sg.c: import_iovec) */

/*
 * Send @command on @fd (/dev/sgN or /dev/sdX) and wait for it. @iov has room
 * for its pieces. One piece goes as a plain pointer: only so can the sg driver
 * do direct I/O (drivers/scsi/sg.c, sg_start_req).
 *
 * @posted_ns is CLOCK_MONOTONIC now, if the caller knows it, or 0: one reading
 * of the clock is a system call in the lab and costs 0.1 ms.
 *
 * Everything that happened is in @completion; an errno of the ioctl is its
 * transport. EINTR is not among them: the sg driver has taken the command by
 * then, and sending it again would be twice.
 */
void sgio_send(int fd, const Arena *arena, const Command *command,
               struct iovec *iov, unsigned timeout_ms, uint64_t posted_ns,
               Completion *completion);

/* What an errno of SG_IO means and what to do; static. NULL if the command
 * alone is to blame and the device is still there. */
const char *sgio_fatal(int failure);

/* TRUE if @fd speaks SG_IO version 3 or later (SG_GET_VERSION_NUM). */
gboolean sgio_supported(int fd);

#endif
