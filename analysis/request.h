/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One SCSI request as the trace shows it: what went by, when it passed each
 * stage, which way its data took. The event catalogue in
 * qemu-tracepoints/README.md says which event sets which field.
 */
#ifndef ANALYSIS_REQUEST_H
#define ANALYSIS_REQUEST_H

#include <stdint.h>
#include <stdint.h>
#include <glib.h>

/* In the order in which a request passes them. */
typedef enum SgbStage {
    SGB_STAGE_POST,        /* sgbench:post */
    SGB_STAGE_ARRIVE,      /* virtio_scsi_cmd_req */
    SGB_STAGE_MAP,         /* scsi_sgio_map, or bounce_alloc */
    SGB_STAGE_SUBMIT,      /* scsi_sgio_submit */
    SGB_STAGE_IOCTL_BEGIN, /* file_sgio_begin, iscsi_sgio_begin */
    SGB_STAGE_IOCTL_END,   /* file_sgio_end, iscsi_sgio_end */
    SGB_STAGE_COMPLETE,    /* scsi_sgio_complete */
    SGB_STAGE_UNMAP,       /* scsi_sgio_unmap */
    SGB_STAGE_RESPOND,     /* virtio_scsi_cmd_resp */
    SGB_STAGE_SEEN,        /* sgbench:complete */
    SGB_STAGE__COUNT,
} SgbStage;

/* Values of scsi_sgio_path's "path". */
typedef enum SgbDataPath {
    SGB_DATA_PATH_NONE,
    SGB_DATA_PATH_BOUNCE,
    SGB_DATA_PATH_PLAIN,
    SGB_DATA_PATH_IOVEC,
    SGB_DATA_PATH_MIXED,
    SGB_DATA_PATH_DMA,
    SGB_DATA_PATH__COUNT,
    SGB_DATA_PATH_UNKNOWN = SGB_DATA_PATH__COUNT, /* no such event seen */
} SgbDataPath;

/* Values of scsi_sgio_path's "reason". */
#define SGB_REASON__COUNT 9

typedef struct SgbRequest {
    /* Who: unique together while the request lives. */
    uint32_t tag;
    uint32_t lun;
    int64_t vpid;       /* QEMU's process; -1 if not seen */
    const char *host;   /* trace environment's hostname, interned, or NULL */
    const char *device; /* qdev id, interned, or NULL */

    /* What: CDB's first byte, direction (dxfer_direction of <scsi/sg.h>, 0 if
     * unknown), bytes asked for. */
    uint8_t opcode;
    int direction;
    uint64_t length;

    /* How. Byte counts are sums over all SG_IO of the request (scsi-block may
     * need several) but those that the ioctl refused. */
    SgbDataPath path;
    unsigned reason;
    uint32_t entries, pieces;
    uint32_t sgio_count;
    uint64_t direct, bounced;
    uint64_t map_hits, map_misses;
    uint64_t bounce_held; /* bytes held by the device at its last alloc */

    /* Outcome. */
    gboolean finished; /* the initiator saw its answer; of a request that no
                            * initiator posted: the HBA answered */
    int result;        /* 0 or -errno of the last ioctl; -EIO if only the
                            * HBA or the initiator says that it failed */
    uint8_t status;    /* SCSI status */
    int64_t resid;     /* bytes */
    uint32_t info;     /* sg's info */
    uint64_t stage_ns[SGB_STAGE__COUNT]; /* ns since the epoch; 0: absent */
} SgbRequest;

/* Name of a stage, path or reason as tables print it; static. */
const char *sgb_stage_name(SgbStage stage);
const char *sgb_data_path_name(SgbDataPath path);
const char *sgb_reason_name(unsigned reason);

#endif
