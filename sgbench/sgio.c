/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An ioctl of our own: libsgutils2's sg_pt interface can neither ask for
 * SG_FLAG_DIRECT_IO, as QEMU does, nor return "info", which says whether the
 * kernel did it.
 */
#include <errno.h>
#include <glib.h>
#include <scsi/sg.h>
#include <string.h>
#include <sys/ioctl.h>

#include "native.h"
#include "sgio.h"

/*
 * Host status (the kernel's DID_*, scsi/scsi_status.h) to what QEMU's
 * virtio-scsi answers (hw/scsi/virtio-scsi.c, virtio_scsi_command_failed), so
 * that the same trouble looks the same on every path. VIRTIO 1.2, 5.6.6.1.
 */
static uint8_t response_of(uint16_t host_status)
{
    enum {
        ABORTED = 2,
        BAD_TARGET = 3,
        RESET = 4,
        BUSY = 5,
        TRANSPORT_FAILURE = 6,
        TARGET_FAILURE = 7,
        NEXUS_FAILURE = 8,
        FAILURE = 9
    };

    switch (host_status) {
    case 0x00: /* DID_OK */
        return 0;
    case 0x01: /* DID_NO_CONNECT */
    case 0x04: /* DID_BAD_TARGET */
        return BAD_TARGET;
    case 0x02: /* DID_BUS_BUSY */
        return BUSY;
    case 0x03: /* DID_TIME_OUT */
    case 0x05: /* DID_ABORT */
        return ABORTED;
    case 0x08: /* DID_RESET */
        return RESET;
    case 0x0e: /* DID_TRANSPORT_DISRUPTED */
        return TRANSPORT_FAILURE;
    case 0x10: /* DID_TARGET_FAILURE */
        return TARGET_FAILURE;
    case 0x11: /* DID_NEXUS_FAILURE */
        return NEXUS_FAILURE;
    default:
        return FAILURE;
    }
}

static int direction_of(DataDirection direction)
{
    switch (direction) {
    case DATA_IN:
        return SG_DXFER_FROM_DEV;
    case DATA_OUT:
        return SG_DXFER_TO_DEV;
    case DATA_NONE:
    default:
        return SG_DXFER_NONE;
    }
}

void sgio_send(int fd, const Arena *arena, const Command *command,
               struct iovec *iov, unsigned timeout_ms, uint64_t posted_ns,
               Completion *completion)
{
    struct sg_io_hdr header = {
        .interface_id = 'S',
        .dxfer_direction = direction_of(command->direction),
        .cmd_len = command->cdb_length,
        .mx_sb_len = COMMAND_SENSE_MAX,
        .dxfer_len = command->length,
        .cmdp = (unsigned char *)command->cdb,
        .sbp = completion->sense,
        .timeout = timeout_ms,
        .pack_id = command->tag,
        /* As QEMU: hw/scsi/scsi-generic.c, execute_command. */
        .flags = SG_FLAG_DIRECT_IO,
    };

    memset(completion, 0, sizeof(*completion));
    native_iovec(arena, command, iov);
    if (command->n_pieces == 1) {
        header.dxferp = iov[0].iov_base;
    } else if (command->n_pieces > 1) {
        header.dxferp = iov;
        header.iovec_count = command->n_pieces;
    }

    completion->posted_ns =
        posted_ns ? posted_ns : native_clock(CLOCK_MONOTONIC);
    if (ioctl(fd, SG_IO, &header) < 0) {
        completion->transport = errno;
    }
    completion->done_ns = native_clock(CLOCK_MONOTONIC);
    if (completion->transport) {
        return;
    }
    completion->status = header.status;
    completion->response = response_of(header.host_status);
    completion->sense_length = MIN(header.sb_len_wr, COMMAND_SENSE_MAX);
    /* Negative when a device transferred more than it was asked for. */
    completion->resid = header.resid > 0 ? header.resid : 0;
    completion->dio =
        (header.info & SG_INFO_DIRECT_IO_MASK) == SG_INFO_DIRECT_IO;
}

const char *sgio_fatal(int failure)
{
    switch (failure) {
    case ENODEV:
    case ENXIO:
        return "the device is gone";
    case EPERM:
    case EACCES:
        return "the kernel refuses this command: CAP_SYS_RAWIO is needed";
    case ENOTTY:
        return "it does not speak SG_IO: name a /dev/sgN or a SCSI disk";
    case EBADF:
    case EFAULT:
        return "this is a fault of sgbench";
    default:
        return NULL;
    }
}

gboolean sgio_supported(int fd)
{
    int version = 0;

    return ioctl(fd, SG_GET_VERSION_NUM, &version) == 0 && version >= 30000;
}
