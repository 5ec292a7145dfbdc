/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SCSI devices of this machine, as the kernel shows them in /sys: who they are,
 * by which names they are reached, what they take at most, who uses them. No
 * device is opened for writing and none is sent a command; /dev/sgN is opened
 * for reading, for limits that only its ioctls tell.
 */
#ifndef SGBENCH_DEVICE_H
#define SGBENCH_DEVICE_H

#include <stdint.h>
#include <glib.h>

#define DEVICE_UNKNOWN UINT64_MAX

/* Each in bytes or as a number; DEVICE_UNKNOWN if it is not known. */
typedef struct DeviceLimits {
    uint64_t max_bytes;     /* of a command, as it is set */
    uint64_t max_hw_bytes;  /* of a command, that may be set */
    uint64_t segments;      /* of a command, scattered in memory */
    uint64_t segment_bytes; /* of one of these */
    uint64_t host_segments; /* the HBA's sg_tablesize */
    uint64_t queue_depth;   /* commands it is given at a time */
    uint64_t host_queue;    /* the HBA's can_queue */
    uint64_t logical_block; /* of a disk */
    uint64_t physical_block;
    uint64_t size;             /* of a disk */
    uint64_t max_transfer;     /* of a disk, as it says itself (VPD page B0h) */
    uint64_t optimal_transfer; /* likewise */
    uint64_t reserved_bytes;   /* the sg driver's buffer of a new descriptor */
    uint64_t allow_dio;        /* the sg driver's parameter, 0 or 1 */
    char *problem;             /* why /dev/sgN does not tell, or NULL */
} DeviceLimits;

typedef struct Device {
    char *address;                   /* H:C:T:L */
    unsigned type;                   /* SPC-4 6.6.2, PERIPHERAL DEVICE TYPE */
    char *vendor, *model, *revision; /* trimmed */
    char *serial;                    /* VPD page 80h, "" if there is none */
    char *wwid;      /* "naa.…", "eui.…", "t10.…" of VPD page
                                      * 83h, or NULL */
    char *state;     /* "running", "offline", … */
    char *transport; /* of the HBA: "iscsi", "sas", "fc", … or NULL */
    char *driver;    /* of the HBA: "scsi_debug", "mpt3sas", … or NULL */
    char *sg, *block, *tape, *changer; /* nodes in /dev, or NULL */
    GPtrArray *links; /* char *: names in /dev/disk/by-id, /dev/tape/by-id */
    DeviceLimits limits;
    GPtrArray *users; /* char *: "mounted at /mnt", "held by dm-0", … */
} Device;

/*
 * All of them, by address (GPtrArray of Device *, the caller's). @root is put
 * before /sys, /dev and /proc: "" but in tests. NULL with
 * SGBENCH_ERROR_PREFLIGHT if the kernel has no SCSI.
 */
GPtrArray *device_list(const char *root, GError **error);

/* The one that @name means: its address, a node, or a link to one. NULL with
 * SGBENCH_ERROR_USAGE if there is none, with what there is. Borrowed. */
Device *device_find(GPtrArray *devices, const char *root, const char *name,
                    GError **error);

/* Whether @path, "/dev/…", is a node of @device, a partition, or one of the
 * modes of its tape. */
gboolean device_has_node(const Device *device, const char *path);

/* "disk", "tape", "changer", …; static. */
const char *device_type_name(unsigned type);

/* Parts of device_list(): device-limits.c, device-users.c */
void device_read_limits(Device *device, const char *root);
void device_read_users(Device *device, const char *root);

/* A line of a file of @root without blanks around it, or NULL; the caller's. */
char *device_line(const char *root, const char *format, ...)
    G_GNUC_PRINTF(2, 3);

/* The list as a table, and as JSON (device-text.c); the caller's. */
char *device_table(GPtrArray *devices);
char *device_json(GPtrArray *devices);

#endif
