/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "request.h"

const char *sgb_stage_name(SgbStage stage)
{
    static const char *const names[] = {
        [SGB_STAGE_POST] = "post",
        [SGB_STAGE_ARRIVE] = "arrive",
        [SGB_STAGE_MAP] = "map",
        [SGB_STAGE_SUBMIT] = "submit",
        [SGB_STAGE_IOCTL_BEGIN] = "ioctl begin",
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
