/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Keys of a target of kind "iscsi":
 *
 *   device   disk (default); tape: a drive with a blank tape of size; changer:
 *            a robot with two cartridges in four slots
 *   backing  file (default): stores data; null: reads return anything
 *   store    memory (default) or disk: where the file is
 *   size     of the file; a null store always has 1 TiB (tgt, bs_null.c)
 *   block-size  of a disk: 512 (default) or 4096
 *   unmap    no (default) or yes: a disk takes UNMAP, and the file gets holes
 *   segment  largest PDU the target takes (MaxRecvDataSegmentLength, RFC 7143
 *            13.12), 256K by default: tgt's own 8K make a WRITE cost more in
 *            iSCSI headers than in anything that is to be measured
 */
#ifndef SGBENCH_ISCSI_KEYS_H
#define SGBENCH_ISCSI_KEYS_H

#include <stdint.h>
#include <glib.h>
#include "target.h"

typedef struct IscsiKeys {
    gboolean tape, changer; /* neither: a disk */
    gboolean null, in_memory, unmap;
    unsigned block_size;
    uint64_t size, segment; /* bytes */
} IscsiKeys;

/* Read and check the keys of @spec. SGBENCH_ERROR_USAGE with file and line.
 * @caps gets what such a target will be able to do. */
gboolean iscsi_keys_read(const Job *job, const TargetSpec *spec,
                         IscsiKeys *keys, TargetCaps *caps, GError **error);

#endif
