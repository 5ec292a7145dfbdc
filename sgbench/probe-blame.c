/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where no source is given, what is said of the kernel was read in Linux 6.1
 * (drivers/scsi/sg.c, block/blk-map.c, block/scsi_ioctl.c) and seen with
 * scsi_debug, and of QEMU in 10.0.
 */
#include <errno.h>
#include <string.h>

#include "probe-blame.h"
#include "reports/text.h"
#include "sgio.h"
#include "tape-command.h"

#define PAGE 4096
#define SG_QUEUE 16                  /* SG_MAX_QUEUE, drivers/scsi/sg.c */
#define KERNEL_SEGMENTS 2048         /* SG_MAX_SEGMENTS, linux/scatterlist.h */
#define QEMU_MAX_TRANSFER (64 << 20) /* 2-fixes: scsi-generic */

static void set(ProbeLimit *limit, ProbeLayer layer, char *evidence,
                const char *remedy)
{
    limit->layer = layer;
    limit->evidence = evidence;
    limit->remedy = g_strdup(remedy);
}

static gboolean in_bytes(ProbeQuantity quantity)
{
    return quantity == PROBE_READ || quantity == PROBE_WRITE;
}

static gboolean known(uint64_t limit)
{
    return limit != DEVICE_UNKNOWN;
}

/* ---- the end of what can be tried ---- */

static void blame_bound(const ProbeFacts *facts, ProbeLimit *limit)
{
    const Probe *probe = facts->probe;

    if (facts->quantity == PROBE_PIECES && facts->path->build &&
        probe->hba == &hba_virtio_scsi &&
        facts->bound == hba_virtio_scsi.max_pieces) {
        set(limit, PROBE_HBA,
            g_strdup("a virtio queue has 1024 descriptors (VIRTQUEUE_MAX_SIZE "
                     "of QEMU), two of them for the command itself; more were "
                     "not sent: QEMU gives up the whole HBA then"),
            "smaller transfers, or memory in larger pieces (huge pages); "
            "QEMU's pvscsi takes more (--hba pvscsi)");
    } else if (facts->quantity == PROBE_PIECES && facts->path->build &&
               facts->bound == probe->hba->max_pieces) {
        set(limit, PROBE_HBA,
            g_strdup_printf("QEMU's %s looks at no more of a command's list",
                            probe->hba->name),
            NULL);
    } else if (in_bytes(facts->quantity) && probe->tape &&
               facts->bound == TAPE_BLOCK_MAX) {
        set(limit, PROBE_INITIATOR,
            g_strdup("TRANSFER LENGTH of READ (6) and WRITE (6) has 24 bits "
                     "(SSC-3 5.3)"),
            NULL);
    }
}

/* ---- an errno of the ioctl ---- */

typedef struct Cause {
    int code; /* errno; 0: any */
    gboolean (*fits)(const ProbeFacts *facts);
    ProbeLayer layer;
    const char *why;
    const char *remedy;
} Cause;

static gboolean is_pieces(const ProbeFacts *facts)
{
    return facts->quantity == PROBE_PIECES;
}

static gboolean is_many_pieces(const ProbeFacts *facts)
{
    return is_pieces(facts) && facts->refused > SGIO_PIECES_MAX;
}

static gboolean is_depth(const ProbeFacts *facts)
{
    return facts->quantity == PROBE_DEPTH;
}

static gboolean is_above_hardware(const ProbeFacts *facts)
{
    return in_bytes(facts->quantity) &&
           known(facts->probe->limits.max_hw_bytes) &&
           facts->refused > facts->probe->limits.max_hw_bytes;
}

/* A piece of memory may begin inside a page: one page more than its length. */
static gboolean needs_more_than(const ProbeFacts *facts, uint64_t segments)
{
    return is_pieces(facts) ? facts->refused > segments
                            : in_bytes(facts->quantity) &&
                                  facts->refused > (segments - 1) * PAGE;
}

static gboolean is_above_segments(const ProbeFacts *facts)
{
    const DeviceLimits *limits = &facts->probe->limits;
    uint64_t segments = MIN(limits->segments, limits->host_segments);

    return known(segments) && needs_more_than(facts, segments);
}

/* Not of an HBA that takes no more itself (__scsi_init_queue,
 * drivers/scsi/scsi_lib.c, has the smaller of the two). */
static gboolean is_above_kernel_segments(const ProbeFacts *facts)
{
    uint64_t host = facts->probe->limits.host_segments;

    return known(host) && host > KERNEL_SEGMENTS &&
           needs_more_than(facts, KERNEL_SEGMENTS);
}

static gboolean is_bytes(const ProbeFacts *facts)
{
    return in_bytes(facts->quantity);
}

static const char smaller[] = "smaller transfers: set the block size of the "
                              "application to what works";

/* The first that fits. max_sectors_kb is not among them: passthrough may have
 * as much as max_hw_sectors_kb (block/blk.h, blk_rq_get_max_sectors). */
static const Cause causes[] = {
    {EDOM, is_depth, PROBE_DRIVER,
     "the sg driver takes 16 commands on one descriptor (SG_MAX_QUEUE), more "
     "only as fast as earlier ones end; QEMU makes TASK SET FULL of it",
     "keep the guest's queue at 16: -device virtio-scsi-pci,cmd_per_lun=16; "
     "scsi-block on /dev/sdX has no such limit"},
    {EINVAL, is_many_pieces, PROBE_DRIVER,
     "SG_IO takes 1024 pieces (UIO_MAXIOV)",
     "a buffer in one piece (scsi-generic without zero-copy), or memory in "
     "larger pieces"},
    {0, is_above_hardware, PROBE_HOST_HBA,
     "more than the host's HBA takes in one command (max_hw_sectors_kb)",
     "smaller transfers; some HBA drivers have a module parameter for "
     "max_sectors"},
    {EINVAL, is_above_kernel_segments, PROBE_DRIVER,
     "the memory has more pages than the kernel gives segments to a command: "
     "2048 (SG_MAX_SEGMENTS), 8 MiB; the host's HBA would take more",
     "smaller transfers: set the block size of the application to what works; "
     "huge pages help where memory is mapped"},
    {EINVAL, is_above_segments, PROBE_HOST_HBA,
     "the memory has more pages than the host's HBA takes segments "
     "(sg_tablesize, max_segments)",
     "smaller transfers; some HBA drivers have a module parameter for it "
     "(max_sgl_entries of mpt3sas, lpfc_sg_seg_cnt of lpfc); huge pages help "
     "where memory is mapped"},
    {ENOMEM, NULL, PROBE_DRIVER,
     "the sg driver finds no buffer of this size in its scatter-gather table, "
     "or the kernel no memory",
     "smaller transfers; try again after echo 1 > "
     "/proc/sys/vm/compact_memory"},
    {EBUSY, NULL, PROBE_DRIVER, "the driver had no buffer or request to spare",
     smaller},
    {EIO, is_bytes, PROBE_DRIVER, "the block layer refused its length",
     smaller},
    {EINVAL, is_bytes, PROBE_DRIVER,
     "the driver can't make one request of so much memory", smaller},
    {0, NULL, PROBE_DRIVER, "the driver refused it", NULL},
};

static void blame_errno(const ProbeFacts *facts, int failure, const char *seen,
                        ProbeLimit *limit)
{
    const char *name = strerrorname_np(failure);
    const Cause *cause = causes;

    if (facts->probe->in_qemu) {
        set(limit, PROBE_DRIVE,
            g_strdup_printf("%s %s, of the driver null-sg that stands for "
                            "kernel and drive",
                            seen, name ? name : "?"),
            is_pieces(facts) ? "the target's max-iovecs" : NULL);
        return;
    }
    while ((cause->code && cause->code != failure) ||
           (cause->fits && !cause->fits(facts))) {
        cause++;
    }
    set(limit, cause->layer,
        g_strdup_printf("%s %s: %s", seen, name ? name : "?", cause->why),
        cause->remedy);
}

/* ---- an answer ---- */

static void blame_drive(const ProbeFacts *facts, const char *text,
                        ProbeLimit *limit)
{
    const Probe *probe = facts->probe;
    const char *sent = facts->path->build && facts->request
                           ? "; the trace has it sent and answered"
                           : "";

    if (probe->tape && in_bytes(facts->quantity)) {
        g_autofree char *most = sgb_text_bytes(probe->max_block);

        if (facts->refused > probe->max_block) {
            set(limit, PROBE_DRIVE,
                g_strdup_printf("%s%s; READ BLOCK LIMITS says so: %s", text,
                                sent, most),
                "blocks of up to what works; a drive of another make may take "
                "more");
        } else {
            set(limit, PROBE_DRIVE,
                g_strdup_printf("%s%s; though READ BLOCK LIMITS has up to %u "
                                "bytes",
                                text, sent, probe->max_block),
                "blocks of up to what works; ask the drive's vendor");
        }
        return;
    }
    set(limit, PROBE_DRIVE, g_strdup_printf("%s%s", text, sent),
        facts->quantity == PROBE_DEPTH
            ? "keep the guest's queue at what works (cmd_per_lun)"
            : "smaller transfers: the device itself refuses");
}

/* The HBA of the host, or its driver, gave up: a host status that became an
 * answer of the guest's HBA. */
static void blame_host(const char *text, ProbeLimit *limit)
{
    set(limit, PROBE_HOST_HBA,
        g_strdup_printf("%s: the host's HBA or its driver gave up", text),
        "the kernel's log (dmesg) has its reason");
}

static void blame_qemu(const ProbeFacts *facts, const char *text,
                       ProbeLimit *limit)
{
    gboolean large =
        in_bytes(facts->quantity) && facts->refused > QEMU_MAX_TRANSFER;

    set(limit, PROBE_QEMU,
        g_strdup_printf("%s; the trace has no scsi_sgio_submit: QEMU itself "
                        "answered%s",
                        text,
                        large ? ", as it does above 64 MiB "
                                "(SCSI_GENERIC_MAX_XFER)"
                              : ""),
        large ? "nothing is lost: no drive takes more in one command"
              : smaller);
}

static void blame_answer(const ProbeFacts *facts, ProbeLimit *limit)
{
    const SgbRequest *request = facts->request;
    g_autofree char *text = completion_text(facts->completion);

    if (request && request->stage_ns[SGB_STAGE_SUBMIT] && request->result) {
        gboolean ioctl = request->stage_ns[SGB_STAGE_IOCTL_BEGIN];
        g_autofree char *seen =
            g_strdup_printf("%s ret %d",
                            !ioctl                      ? "scsi_sgio_complete"
                            : facts->probe->kernel_sgio ? "file_sgio_end"
                                                        : "iscsi_sgio_end",
                            request->result);

        blame_errno(facts, -request->result, seen, limit);
    } else if (request && !request->stage_ns[SGB_STAGE_SUBMIT] &&
               facts->traced) {
        blame_qemu(facts, text, limit);
    } else if (facts->completion->response) {
        blame_host(text, limit);
    } else {
        blame_drive(facts, text, limit);
    }
}

/* The same without QEMU tells on which side of it the limit is, whatever was
 * traced. */
static void add_native(const ProbeFacts *facts, ProbeLimit *limit)
{
    const ProbeLimit *native = facts->native;
    char *more;

    if (!native || !native->tried || !limit->evidence) {
        return;
    }
    if (facts->refused <= native->found.works) {
        more = g_strdup_printf("%s; without QEMU it works", limit->evidence);
    } else if (native->found.refused &&
               native->found.refused == facts->refused) {
        more = g_strdup_printf("%s; the same without QEMU", limit->evidence);
    } else {
        return;
    }
    g_free(limit->evidence);
    limit->evidence = more;
}

void probe_blame(const ProbeFacts *facts, ProbeLimit *limit)
{
    if (!facts->refused) {
        blame_bound(facts, limit);
        return;
    }
    if (facts->broke) {
        set(limit, facts->path->build ? PROBE_QEMU : PROBE_DRIVER,
            g_strdup(facts->broke),
            facts->path->build
                ? "this should not happen: report it, with the log"
                : "stay below: the library or driver of the host broke");
    } else if (facts->completion->transport) {
        blame_errno(facts, facts->completion->transport, "SG_IO", limit);
    } else {
        blame_answer(facts, limit);
    }
    add_native(facts, limit);
}
