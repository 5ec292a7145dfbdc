/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <scsi/sg.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "device.h"

#define VPD_BLOCK_LIMITS 0xb0

/* A number in a file, times @unit. */
static uint64_t number(char *line, uint64_t unit)
{
    g_autofree char *text = line;
    guint64 value;

    if (!text || !g_ascii_string_to_unsigned(
                     text, 10, 0, DEVICE_UNKNOWN / unit - 1, &value, NULL)) {
        return DEVICE_UNKNOWN;
    }
    return value * unit;
}

/* Documentation/ABI/stable/sysfs-block */
static void read_queue(Device *device, const char *root)
{
    DeviceLimits *limits = &device->limits;
    const char *name = strrchr(device->block, '/') + 1;

#define QUEUE(file) device_line(root, "/sys/block/%s/queue/" file, name)
    limits->max_bytes = number(QUEUE("max_sectors_kb"), 1024);
    limits->max_hw_bytes = number(QUEUE("max_hw_sectors_kb"), 1024);
    limits->segments = number(QUEUE("max_segments"), 1);
    limits->segment_bytes = number(QUEUE("max_segment_size"), 1);
    limits->logical_block = number(QUEUE("logical_block_size"), 1);
    limits->physical_block = number(QUEUE("physical_block_size"), 1);
#undef QUEUE
    limits->size = number(device_line(root, "/sys/block/%s/size", name), 512);
}

/* A big-endian number of blocks at @at, in bytes; 0 means that the device does
 * not say. */
static uint64_t blocks_at(const char *page, unsigned at, uint64_t block)
{
    uint32_t blocks;

    memcpy(&blocks, page + at, sizeof(blocks));
    return blocks ? GUINT32_FROM_BE(blocks) * block : DEVICE_UNKNOWN;
}

/* MAXIMUM and OPTIMAL TRANSFER LENGTH of a disk's VPD page Block Limits (SBC-4
 * 6.6.4), which the kernel has asked for when it found the disk (from Linux 5.18
 * on). */
static void read_block_limits(Device *device, const char *root)
{
    DeviceLimits *limits = &device->limits;
    g_autofree char *path = g_strdup_printf(
        "%s/sys/class/scsi_device/%s/device/vpd_pgb0", root, device->address);
    g_autofree char *page = NULL;
    gsize size;

    if (limits->logical_block == DEVICE_UNKNOWN ||
        !g_file_get_contents(path, &page, &size, NULL) || size < 16 ||
        (uint8_t)page[1] != VPD_BLOCK_LIMITS) {
        return;
    }
    limits->max_transfer = blocks_at(page, 8, limits->logical_block);
    limits->optimal_transfer = blocks_at(page, 12, limits->logical_block);
}

/* drivers/scsi/sg.c, sg_ioctl_common(): none of these sends a command. */
static void ask_sg(Device *device, const char *root)
{
    DeviceLimits *limits = &device->limits;
    g_autofree char *path = g_strconcat(root, device->sg, NULL);
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    int value;

    if (fd < 0) {
        limits->problem =
            g_strdup_printf("%s: %s%s", device->sg, g_strerror(errno),
                            errno == EACCES || errno == EPERM
                                ? "; be root, or in the group that owns it"
                                : "");
        return;
    }
    if (ioctl(fd, SG_GET_RESERVED_SIZE, &value) == 0) {
        limits->reserved_bytes = value;
    }
    if (limits->max_bytes == DEVICE_UNKNOWN &&
        ioctl(fd, BLKSECTGET, &value) == 0) {
        limits->max_bytes = value; /* bytes: sg.c, max_sectors_bytes() */
    }
    if (limits->host_segments == DEVICE_UNKNOWN &&
        ioctl(fd, SG_GET_SG_TABLESIZE, &value) == 0) {
        limits->host_segments = value;
    }
    close(fd);
}

void device_read_limits(Device *device, const char *root)
{
    DeviceLimits *limits = &device->limits;
    g_autofree char *host =
        g_strndup(device->address, strcspn(device->address, ":"));

    *limits = (DeviceLimits){
        .max_bytes = DEVICE_UNKNOWN,
        .max_hw_bytes = DEVICE_UNKNOWN,
        .segments = DEVICE_UNKNOWN,
        .segment_bytes = DEVICE_UNKNOWN,
        .logical_block = DEVICE_UNKNOWN,
        .physical_block = DEVICE_UNKNOWN,
        .size = DEVICE_UNKNOWN,
        .max_transfer = DEVICE_UNKNOWN,
        .optimal_transfer = DEVICE_UNKNOWN,
        .reserved_bytes = DEVICE_UNKNOWN,
    };
    limits->host_segments = number(
        device_line(root, "/sys/class/scsi_host/host%s/sg_tablesize", host), 1);
    limits->host_queue = number(
        device_line(root, "/sys/class/scsi_host/host%s/can_queue", host), 1);
    limits->queue_depth =
        number(device_line(root, "/sys/class/scsi_device/%s/device/queue_depth",
                           device->address),
               1);
    limits->allow_dio =
        number(device_line(root, "/sys/module/sg/parameters/allow_dio"), 1);
    if (limits->allow_dio == DEVICE_UNKNOWN) {
        limits->allow_dio =
            number(device_line(root, "/proc/scsi/sg/allow_dio"), 1);
    }
    if (device->block) {
        read_queue(device, root);
        read_block_limits(device, root);
    }
    if (device->sg) {
        ask_sg(device, root);
    } else {
        limits->problem = g_strdup("no /dev/sg node; modprobe sg");
    }
}
