/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "request.h"

/* <scsi/sg.h>, SG_INFO_DIRECT_IO_MASK and SG_INFO_DIRECT_IO */
#define INFO_DIRECT_IO_MASK 0x6
#define INFO_DIRECT_IO 0x2

/* SAM-5, 5.3.1 */
#define STATUS_GOOD 0x00
#define STATUS_CONDITION_MET 0x04

gboolean sgb_request_dio(const SgbRequest *r)
{
    return (r->info & INFO_DIRECT_IO_MASK) == INFO_DIRECT_IO;
}

gboolean sgb_request_good(const SgbRequest *r)
{
    return r->result == 0 && r->response == 0 && r->host_status == 0 &&
           (r->status == STATUS_GOOD || r->status == STATUS_CONDITION_MET);
}

uint64_t sgb_request_transferred(const SgbRequest *r)
{
    uint64_t resid = r->resid < 0 ? 0 : r->resid;

    return r->status == STATUS_GOOD && r->result == 0
               ? r->length - MIN(resid, r->length)
               : 0;
}

uint64_t sgb_request_at(const SgbRequest *r, SgbStage stage)
{
    uint64_t ns = r->stage_ns[stage], arrive = r->stage_ns[SGB_STAGE_ARRIVE];

    return stage == SGB_STAGE_POST && ns && arrive ? MIN(ns, arrive) : ns;
}

uint64_t sgb_request_stages(const SgbRequest *r,
                            uint64_t duration[SGB_STAGE__COUNT],
                            unsigned *present)
{
    uint64_t previous = 0, total = 0;

    *present = 0;
    for (unsigned i = 0; i < SGB_STAGE__COUNT; i++) {
        uint64_t now = sgb_request_at(r, i);

        duration[i] = 0;
        if (!now) {
            continue;
        }
        if (previous) {
            duration[i] = now > previous ? now - previous : 0;
            total += duration[i];
            *present |= 1u << i;
        }
        previous = MAX(previous, now);
    }
    return total;
}

uint64_t sgb_request_begin(const SgbRequest *r)
{
    for (unsigned i = 0; i < SGB_STAGE__COUNT; i++) {
        if (r->stage_ns[i]) {
            return sgb_request_at(r, i);
        }
    }
    return 0;
}

uint64_t sgb_request_end(const SgbRequest *r)
{
    uint64_t last = 0;

    for (unsigned i = 0; i < SGB_STAGE__COUNT; i++) {
        last = MAX(last, r->stage_ns[i]);
    }
    return last;
}

const char *sgb_stage_identifier(SgbStage stage)
{
    static const char *const names[] = {
        [SGB_STAGE_POST] = "post",
        [SGB_STAGE_ARRIVE] = "arrive",
        [SGB_STAGE_MAP] = "map",
        [SGB_STAGE_SUBMIT] = "submit",
        [SGB_STAGE_IOCTL_BEGIN] = "ioctl_begin",
        [SGB_STAGE_DISPATCH] = "dispatch",
        [SGB_STAGE_DEVICE] = "device",
        [SGB_STAGE_IOCTL_END] = "ioctl_end",
        [SGB_STAGE_COMPLETE] = "complete",
        [SGB_STAGE_UNMAP] = "unmap",
        [SGB_STAGE_RESPOND] = "respond",
        [SGB_STAGE_SEEN] = "seen",
    };

    G_STATIC_ASSERT(G_N_ELEMENTS(names) == SGB_STAGE__COUNT);
    g_assert(stage < SGB_STAGE__COUNT);
    return names[stage];
}

const char *sgb_stage_name(SgbStage stage)
{
    static const char *const names[] = {
        [SGB_STAGE_POST] = "post",
        [SGB_STAGE_ARRIVE] = "arrive",
        [SGB_STAGE_MAP] = "map",
        [SGB_STAGE_SUBMIT] = "submit",
        [SGB_STAGE_IOCTL_BEGIN] = "ioctl begin",
        [SGB_STAGE_DISPATCH] = "dispatch",
        [SGB_STAGE_DEVICE] = "device",
        [SGB_STAGE_IOCTL_END] = "ioctl end",
        [SGB_STAGE_COMPLETE] = "complete",
        [SGB_STAGE_UNMAP] = "unmap",
        [SGB_STAGE_RESPOND] = "respond",
        [SGB_STAGE_SEEN] = "seen",
    };

    G_STATIC_ASSERT(G_N_ELEMENTS(names) == SGB_STAGE__COUNT);
    g_assert(stage < SGB_STAGE__COUNT);
    return names[stage];
}

const char *sgb_data_path_name(SgbDataPath path)
{
    static const char *const names[] = {
        [SGB_DATA_PATH_NONE] = "no data",
        [SGB_DATA_PATH_BOUNCE] = "bounced",
        [SGB_DATA_PATH_PLAIN] = "direct, plain",
        [SGB_DATA_PATH_IOVEC] = "direct, iovec",
        [SGB_DATA_PATH_MIXED] = "mixed",
        [SGB_DATA_PATH_DMA] = "dma-helpers",
        [SGB_DATA_PATH_UNKNOWN] = "unknown",
    };

    G_STATIC_ASSERT(G_N_ELEMENTS(names) == SGB_DATA_PATH__COUNT + 1);
    g_assert(path <= SGB_DATA_PATH__COUNT);
    return names[path];
}

const char *sgb_reason_name(unsigned reason)
{
    /* The numbers are those of the event catalogue. */
    static const char *const names[] = {
        "none",
        "no zero-copy in this build",
        "property off",
        "no SG list from the HBA",
        "data that QEMU inspects",
        "too many pieces",
        "list shorter than the transfer",
        "not all of it is RAM",
        "retry after an errno",
    };

    G_STATIC_ASSERT(G_N_ELEMENTS(names) == SGB_REASON__COUNT);
    return reason < SGB_REASON__COUNT ? names[reason] : "unknown";
}
