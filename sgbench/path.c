/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "path.h"

/*
 * mallopt(3): with these glibc neither trims its heap nor maps a bounce buffer
 * (16 MiB at most) of its own, so that freed memory is not faulted in again.
 * An arena other than the main one is a heap of its own that shrinks
 * regardless, and the IOThread would get one: hence the single arena.
 */
static const char *const keep_memory[] = {
    "MALLOC_TRIM_THRESHOLD_=1000000000",
    "MALLOC_MMAP_THRESHOLD_=33554432",
    "MALLOC_ARENA_MAX=1",
    NULL,
};

const PathKind path_kinds[] = {
    {
        .name = "native",
        .summary = "the same commands without QEMU: the ceiling",
        .data = EXPECT_NOT_QEMU,
    },
    {
        .name = "generic-bounce",
        .summary = "scsi-generic as it is today: bounces all data",
        .build = "baseline",
        .device = "scsi-generic",
        .data = EXPECT_BOUNCED,
    },
    {
        .name = "generic-control",
        .summary = "generic-bounce once more: the noise floor",
        .build = "baseline",
        .device = "scsi-generic",
        .data = EXPECT_BOUNCED,
        .control_of = "generic-bounce",
    },
    {
        .name = "generic-notrim",
        .summary = "generic-bounce without malloc's page faults",
        .build = "baseline",
        .device = "scsi-generic",
        .env = keep_memory,
        .data = EXPECT_BOUNCED,
    },
    {
        .name = "generic-noalloc",
        .summary = "bounce buffers kept, cleared each time: no allocation",
        .build = "ablation",
        .device = "scsi-generic",
        .properties = "zero-copy=off,x-no-alloc=on",
        .data = EXPECT_BOUNCED,
    },
    {
        .name = "generic-noclear",
        .summary = "bounce buffers allocated and not cleared",
        .build = "ablation",
        .device = "scsi-generic",
        .properties = "zero-copy=off,x-no-clear=on",
        .data = EXPECT_BOUNCED,
    },
    {
        .name = "generic-pool",
        .summary = "bounce buffers kept, not cleared: the cheap rival",
        .build = "ablation",
        .device = "scsi-generic",
        .properties = "zero-copy=off,x-no-alloc=on,x-no-clear=on",
        .data = EXPECT_BOUNCED,
    },
    {
        .name = "generic-zerocopy",
        .summary = "the series: maps guest memory into SG_IO",
        .build = "series",
        .device = "scsi-generic",
        .properties = "zero-copy=on",
        .data = EXPECT_DIRECT,
    },
    {
        .name = "zerocopy-nojoin",
        .summary = "generic-zerocopy without joining neighbors",
        .build = "ablation",
        .device = "scsi-generic",
        .properties = "zero-copy=on,x-no-join=on",
        .apart = TRUE,
        .data = EXPECT_DIRECT,
    },
    {
        .name = "zerocopy-noplain",
        .summary = "generic-zerocopy with an iovec even of one piece",
        .build = "ablation",
        .device = "scsi-generic",
        .properties = "zero-copy=on,x-no-plain=on",
        .data = EXPECT_DIRECT,
    },
    {
        .name = "generic-off",
        .summary = "the series, switched off: must cost nothing",
        .build = "series",
        .device = "scsi-generic",
        .properties = "zero-copy=off",
        .data = EXPECT_BOUNCED,
    },
    {
        .name = "block",
        .summary = "scsi-block: the alternative for disks",
        .build = "baseline",
        .device = "scsi-block",
        .disks_only = TRUE,
        .data = EXPECT_DIRECT,
    },
    {
        .name = "block-series",
        .summary = "scsi-block with the series: must not regress",
        .build = "series",
        .device = "scsi-block",
        .disks_only = TRUE,
        .data = EXPECT_DIRECT,
    },
    {
        .name = "raw-upstream",
        .summary = "AHCI disk, no passthrough: dma-helpers unchanged",
        .build = "upstream",
        .device = "ide-hd",
        .disks_only = TRUE,
        .raw = TRUE,
        .data = EXPECT_DIRECT,
    },
    {
        .name = "raw-baseline",
        .summary = "AHCI disk with the faults of dma-helpers fixed",
        .build = "baseline",
        .device = "ide-hd",
        .disks_only = TRUE,
        .raw = TRUE,
        .data = EXPECT_DIRECT,
    },
    {
        .name = "raw-control",
        .summary = "raw-baseline once more: the noise floor",
        .build = "baseline",
        .device = "ide-hd",
        .disks_only = TRUE,
        .raw = TRUE,
        .data = EXPECT_DIRECT,
        .control_of = "raw-baseline",
    },
    {
        .name = "raw-series",
        .summary = "AHCI disk with the dma-helpers of the series",
        .build = "series",
        .device = "ide-hd",
        .disks_only = TRUE,
        .raw = TRUE,
        .data = EXPECT_DIRECT,
    },
    {},
};

const PathKind *path_find(const char *name)
{
    const PathKind *path;

    for (path = path_kinds; path->name; path++) {
        if (strcmp(path->name, name) == 0) {
            return path;
        }
    }
    return NULL;
}
