/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The paths: ways for a command from the initiator to the device. One row
 * each; what a row shows is in design terms:
 *
 * | path             | QEMU build | device       | shows                     |
 * |------------------|------------|--------------|---------------------------|
 * | native           | none       | -            | the ceiling               |
 * | generic-bounce   | baseline   | scsi-generic | today                     |
 * | generic-control  | baseline   | scsi-generic | today again: noise floor  |
 * | generic-notrim   | baseline   | scsi-generic | today, malloc keeps memory|
 * | generic-noalloc  | ablation   | scsi-generic | today, buffers kept       |
 * | generic-noclear  | ablation   | scsi-generic | today, buffers not cleared|
 * | generic-pool     | ablation   | scsi-generic | kept and not cleared      |
 * | generic-zerocopy | series     | scsi-generic | the design                |
 * | zerocopy-nojoin  | ablation   | scsi-generic | without joining neighbors |
 * | zerocopy-noplain | ablation   | scsi-generic | without plain pointers    |
 * | generic-off      | series     | scsi-generic | the series, switched off  |
 * | block            | baseline   | scsi-block   | the alternative for disks |
 * | block-series     | series     | scsi-block   | does not regress          |
 * | raw-upstream     | upstream   | ide-hd       | dma-helpers unchanged     |
 * | raw-baseline     | baseline   | ide-hd       | with their faults fixed   |
 * | raw-control      | baseline   | ide-hd       | the same: noise floor     |
 * | raw-series       | series     | ide-hd       | the series' dma-helpers   |
 */
#ifndef SGBENCH_PATH_H
#define SGBENCH_PATH_H

#include <glib.h>

typedef enum ExpectedData {
    EXPECT_NOT_QEMU, /* native: nothing to expect of QEMU */
    EXPECT_BOUNCED,  /* every byte goes through the bounce buffer */
    EXPECT_DIRECT,   /* every byte of a RAM layout is mapped */
} ExpectedData;

typedef struct PathKind {
    const char *name;
    const char *summary;
    const char *build;      /* QEMU build, NULL for native */
    const char *device;     /* QEMU device model, NULL for native */
    const char *properties; /* more -device properties, or NULL */
    const char *const *env; /* NAME=VALUE for QEMU, NULL-terminated, or NULL */
    gboolean disks_only;    /* scsi-block */
    /* No passthrough: READs and WRITEs of a block device, by an HBA that is
     * raw. A disk, too. */
    gboolean raw;
    gboolean apart; /* neighbors in the SG list are not joined */
    ExpectedData data;
    const char *control_of; /* name of the path this one repeats, or NULL */
} PathKind;

/* All paths, ended by one with a NULL name. */
extern const PathKind path_kinds[];

/* The path called @name, or NULL. */
const PathKind *path_find(const char *name);

#endif
