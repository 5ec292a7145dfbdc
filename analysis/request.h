/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One SCSI request as the trace shows it: what went by, when it passed each
 * stage, which way its data took. The event catalogue in
 * qemu-tracepoints/README.md says which event sets which field.
 */
#ifndef ANALYSIS_REQUEST_H
#define ANALYSIS_REQUEST_H

#include <stdint.h>
#include <glib.h>

/* In the order in which a request passes them. */
typedef enum SgbStage {
    SGB_STAGE_POST,        /* sgbench:post */
    SGB_STAGE_ARRIVE,      /* virtio_scsi_cmd_req */
    SGB_STAGE_MAP,         /* scsi_sgio_map, or bounce_alloc */
    SGB_STAGE_SUBMIT,      /* scsi_sgio_submit */
    SGB_STAGE_IOCTL_BEGIN, /* file_sgio_begin, iscsi_sgio_begin */
    SGB_STAGE_DISPATCH,    /* the kernel's scsi_dispatch_cmd_start */
    SGB_STAGE_DEVICE,      /* the kernel's scsi_dispatch_cmd_done */
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

/* Of a request whose sense data the trace does not tell. Sense keys have four
 * bits (SPC-4, 4.5.6). */
#define SGB_SENSE_UNKNOWN 0xff

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
    uint8_t sense_key, asc, ascq;        /* key SGB_SENSE_UNKNOWN: not known */
    uint32_t response;                   /* the HBA's (virtio-scsi), 0: OK */
    uint32_t host_status, driver_status; /* of the last ioctl */
    int64_t resid;                       /* bytes */
    uint32_t info;                       /* sg's info */
    uint64_t stage_ns[SGB_STAGE__COUNT]; /* ns since the epoch; 0: absent */
} SgbRequest;

/* sg's "info" says that the kernel moved the data from or to the caller's
 * memory itself (<scsi/sg.h>, SG_INFO_DIRECT_IO_MASK, SG_INFO_DIRECT_IO). */
gboolean sgb_request_dio(const SgbRequest *r);

/* Status GOOD or CONDITION MET, and everybody says that it went well. */
gboolean sgb_request_good(const SgbRequest *r);

/* Bytes transferred: the length without the residual, if it went well. */
uint64_t sgb_request_transferred(const SgbRequest *r);

/*
 * The time each stage took in ns: from the latest stage before that the request
 * has. Absent stages and the first one have 0 and are not in *@present (bits).
 * The sum is the total, which is returned: from the first stage seen to the
 * last. A stage that is seen before an earlier one took no time.
 */
uint64_t sgb_request_stages(const SgbRequest *r,
                            uint64_t duration[SGB_STAGE__COUNT],
                            unsigned *present);

/* When it passed @stage, 0 if it did not. As stage_ns, but that an initiator
 * which got to trace late that it had posted did so before the HBA took it. */
uint64_t sgb_request_at(const SgbRequest *r, SgbStage stage);

/* First and last time of a request, ns since the epoch; 0 if it has none. */
uint64_t sgb_request_begin(const SgbRequest *r);
uint64_t sgb_request_end(const SgbRequest *r);

/* Name of a stage, path or reason as tables print it; static. */
const char *sgb_stage_name(SgbStage stage);
/* The same as a name of a field or column: ioctl_end. */
const char *sgb_stage_identifier(SgbStage stage);
const char *sgb_data_path_name(SgbDataPath path);
const char *sgb_reason_name(unsigned reason);

#endif
