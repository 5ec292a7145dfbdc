/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analysis/trace.h"

#include <errno.h>
#include <string.h>
#include <glib/gstdio.h>

#include "analysis/correlate.h"
#include "trace-seen.h"
#include "trace-writer.h"

#define QEMU 100
#define INITIATOR 200
#define T0 UINT64_C(1700000000000000000)

/* Events of one read of 64 KiB that goes direct, at @t (10 ns apart). The
 * initiator's events are there if @posted. */
static void add_direct(TraceWriter *w, uint64_t t, int vpid, unsigned tag,
                       unsigned req, gboolean posted)
{
    unsigned hdr = req + 1;

    if (posted) {
        trace_writer_add(w, t, INITIATOR, "sgbench:post",
                         "tag=%u lun=3 opcode=0x28 dir=-3 len=65536", tag);
    }
    trace_writer_add(w, t + 10, vpid, "qemu:virtio_scsi_cmd_req",
                     "lun=3 tag=%u cmd=0x28", tag);
    trace_writer_add(w, t + 20, vpid, "qemu:scsi_sgio_map",
                     "req=%u tag=%u entries=2 len=65536", req, tag);
    trace_writer_add(w, t + 21, vpid, "qemu:dma_map_direct",
                     "transfer=%u addr=0x1000 len=32768 dir=1", req);
    trace_writer_add(w, t + 22, vpid, "qemu:dma_map_direct",
                     "transfer=%u addr=0x9000 pos=32768 len=32768 dir=1", req);
    /* of a device that is none of ours */
    trace_writer_add(w, t + 23, vpid, "qemu:dma_map_miss",
                     "transfer=%u addr=0x9000 len=32768 dir=1", req + 1000000);
    trace_writer_add(w, t + 25, vpid, "qemu:scsi_sgio_path",
                     "req=%u tag=%u path=2 entries=2 pieces=1 direct=65536",
                     req, tag);
    trace_writer_add(w, t + 29, vpid, "qemu:scsi_sgio_depth",
                     "dev=9 id=disk inflight=1");
    trace_writer_add(w, t + 30, vpid, "qemu:scsi_sgio_submit",
                     "req=%u hdr=%u dev=9 id=disk tag=%u lun=3 opcode=0x28 "
                     "dir=-3 len=65536",
                     req, hdr, tag);
    trace_writer_add(w, t + 40, vpid, "qemu:file_sgio_begin",
                     "hdr=%u fd=5 dir=-3 len=65536", hdr);
    trace_writer_add(w, t + 50, vpid, "qemu:file_sgio_end",
                     "hdr=%u resid=512 info=3 duration=1", hdr);
    trace_writer_add(w, t + 60, vpid, "qemu:scsi_sgio_complete",
                     "req=%u tag=%u len=65536 resid=512 pieces=1 direct=65536 "
                     "info=3",
                     req, tag);
    trace_writer_add(w, t + 70, vpid, "qemu:scsi_sgio_unmap",
                     "req=%u tag=%u mappings=2 bytes=65536 dir=1", req, tag);
    trace_writer_add(w, t + 80, vpid, "qemu:virtio_scsi_cmd_resp",
                     "lun=3 tag=%u", tag);
    if (posted) {
        trace_writer_add(w, t + 90, INITIATOR, "sgbench:complete",
                         "tag=%u resid=512 len=65536", tag);
    }
}

static void check_direct(const SgbRequest *r, uint64_t t, unsigned tag,
                         gboolean posted)
{
    /* In the order of add_direct(), which has no kernel events. */
    static const SgbStage stages[] = {
        SGB_STAGE_POST,     SGB_STAGE_ARRIVE,      SGB_STAGE_MAP,
        SGB_STAGE_SUBMIT,   SGB_STAGE_IOCTL_BEGIN, SGB_STAGE_IOCTL_END,
        SGB_STAGE_COMPLETE, SGB_STAGE_UNMAP,       SGB_STAGE_RESPOND,
        SGB_STAGE_SEEN};

    g_assert_true(r->finished);
    g_assert_cmpuint(r->tag, ==, tag);
    g_assert_cmpuint(r->lun, ==, 3);
    g_assert_cmpstr(r->device, ==, "disk");
    g_assert_cmphex(r->opcode, ==, 0x28);
    g_assert_cmpint(r->direction, ==, -3);
    g_assert_cmpuint(r->length, ==, 65536);
    g_assert_cmpint(r->path, ==, SGB_DATA_PATH_PLAIN);
    g_assert_cmpuint(r->entries, ==, 2);
    g_assert_cmpuint(r->pieces, ==, 1);
    g_assert_cmpuint(r->sgio_count, ==, 1);
    g_assert_cmpuint(r->direct, ==, 65536);
    g_assert_cmpuint(r->bounced, ==, 0);
    g_assert_cmpuint(r->map_hits, ==, 2);
    g_assert_cmpuint(r->map_misses, ==, 0);
    g_assert_cmpint(r->resid, ==, 512);
    g_assert_cmphex(r->info, ==, 3);
    for (unsigned i = 0; i < G_N_ELEMENTS(stages); i++) {
        gboolean initiators =
            stages[i] == SGB_STAGE_POST || stages[i] == SGB_STAGE_SEEN;

        g_assert_cmpuint(r->stage_ns[stages[i]], ==,
                         initiators && !posted ? 0 : t + 10 * i);
    }
    g_assert_cmpuint(r->stage_ns[SGB_STAGE_DISPATCH], ==, 0);
    g_assert_cmpuint(r->stage_ns[SGB_STAGE_DEVICE], ==, 0);
}

static void test_direct(void)
{
    g_autoptr(TraceWriter) w = trace_writer_new("alpha");
    g_autoptr(Seen) seen = NULL;

    trace_writer_add(w, T0, INITIATOR, "sgbench:cell_begin", "cell=c1 round=0");
    add_direct(w, T0 + 100, QEMU, 7, 0x1000, TRUE);
    trace_writer_add(w, T0 + 300, INITIATOR, "sgbench:cell_end",
                     "cell=c1 requests=1 bytes=65536");
    add_direct(w, T0 + 400, QEMU, 8, 0x1000, FALSE);
    trace_writer_declare(w, "qemu:other", "x:u");
    trace_writer_add(w, T0 + 600, QEMU, "qemu:other", "x=1");

    seen = seen_write_and_read(w);
    g_assert_cmpstr(seen->order->str, ==,
                    "begin c1/0;request 7;end c1 1 1;request 8;");
    check_direct(seen_nth(seen, 0), T0 + 100, 7, TRUE);
    check_direct(seen_nth(seen, 1), T0 + 400, 8, FALSE);
    g_assert_cmpint(seen_nth(seen, 0)->vpid, ==, QEMU);
    g_assert_cmpstr(seen_nth(seen, 0)->host, ==, "alpha");
    g_assert_cmpstr(g_ptr_array_index(seen->cells, 0), ==, "c1");
    g_assert_cmpstr(g_ptr_array_index(seen->cells, 1), ==, "");
    g_assert_cmpuint(seen->counts.events, ==, 30);
    g_assert_cmpuint(seen->counts.events_other, ==, 1);
    g_assert_cmpuint(seen->counts.requests, ==, 2);
    g_assert_cmpuint(seen->counts.unfinished, ==, 0);
    g_assert_cmpuint(seen->counts.orphans, ==, 0);
    g_assert_cmpuint(seen->counts.lost_events, ==, 0);
}

static void test_bounce(void)
{
    g_autoptr(TraceWriter) w = trace_writer_new("alpha");
    g_autoptr(Seen) seen = NULL;
    const SgbRequest *r;

    trace_writer_add(w, 10, QEMU, "qemu:virtio_scsi_cmd_req", "tag=1 cmd=0x2a");
    trace_writer_add(w, 20, QEMU, "qemu:scsi_sgio_bounce_alloc",
                     "req=5 tag=1 len=4096 buffers=2 held=8192");
    trace_writer_add(w, 30, QEMU, "qemu:scsi_sgio_path",
                     "req=5 tag=1 path=1 reason=1 entries=3 pieces=1 "
                     "bounced=4096");
    trace_writer_add(w, 40, QEMU, "qemu:scsi_sgio_submit",
                     "req=5 hdr=6 tag=1 opcode=0x2a dir=-2 len=4096");
    trace_writer_add(w, 41, QEMU, "qemu:iscsi_sgio_begin", "hdr=6");
    trace_writer_add(w, 51, QEMU, "qemu:iscsi_sgio_end", "hdr=6 status=2");
    trace_writer_add(w, 52, QEMU, "qemu:scsi_sgio_complete",
                     "req=5 tag=1 status=2 len=4096 pieces=1 bounced=4096");
    trace_writer_add(w, 60, QEMU, "qemu:virtio_scsi_cmd_resp",
                     "tag=1 status=2");
    /* The buffer goes when the request is over for everybody else. */
    trace_writer_add(w, 61, QEMU, "qemu:scsi_sgio_bounce_free",
                     "req=5 tag=1 len=4096");

    seen = seen_write_and_read(w);
    r = seen_nth(seen, 0);
    g_assert_true(r->finished);
    g_assert_cmpint(r->path, ==, SGB_DATA_PATH_BOUNCE);
    g_assert_cmpuint(r->reason, ==, 1);
    g_assert_cmpuint(r->bounced, ==, 4096);
    g_assert_cmpuint(r->direct, ==, 0);
    g_assert_cmpuint(r->bounce_held, ==, 8192);
    g_assert_cmpuint(r->status, ==, 2);
    g_assert_cmpuint(r->length, ==, 4096);
    g_assert_cmpuint(r->stage_ns[SGB_STAGE_MAP], ==, 20);
    g_assert_cmpuint(r->stage_ns[SGB_STAGE_IOCTL_BEGIN], ==, 41);
    g_assert_cmpuint(r->stage_ns[SGB_STAGE_IOCTL_END], ==, 51);
    g_assert_cmpuint(r->stage_ns[SGB_STAGE_UNMAP], ==, 0);
    g_assert_cmpuint(seen->counts.orphans, ==, 0);
}

/* Two pieces of a request of scsi-block, the same header for both. */
static void test_block(void)
{
    g_autoptr(TraceWriter) w = trace_writer_new("alpha");
    g_autoptr(Seen) seen = NULL;
    const SgbRequest *r;

    trace_writer_add(w, 10, QEMU, "qemu:virtio_scsi_cmd_req", "tag=1");
    for (unsigned t = 100; t <= 200; t += 100) {
        trace_writer_add(w, t, QEMU, "qemu:scsi_sgio_path",
                         "req=5 tag=1 path=5 entries=4 pieces=2 direct=4096");
        trace_writer_add(w, t + 1, QEMU, "qemu:scsi_sgio_submit",
                         "req=5 hdr=6 tag=1 dir=-3 len=4096");
        trace_writer_add(w, t + 2, QEMU, "qemu:file_sgio_begin", "hdr=6");
        trace_writer_add(w, t + 3, QEMU, "qemu:file_sgio_end", "hdr=6");
        trace_writer_add(w, t + 4, QEMU, "qemu:scsi_sgio_complete",
                         "req=5 tag=1 len=4096 resid=8 pieces=2 direct=4096");
    }
    trace_writer_add(w, 300, QEMU, "qemu:virtio_scsi_cmd_resp", "tag=1");

    seen = seen_write_and_read(w);
    g_assert_cmpuint(seen->requests->len, ==, 1);
    r = seen_nth(seen, 0);
    g_assert_cmpuint(r->sgio_count, ==, 2);
    g_assert_cmpuint(r->length, ==, 8192);
    g_assert_cmpuint(r->direct, ==, 8192);
    g_assert_cmpuint(r->pieces, ==, 4);
    g_assert_cmpint(r->resid, ==, 16);
    g_assert_cmpuint(r->stage_ns[SGB_STAGE_SUBMIT], ==, 101);
    g_assert_cmpuint(r->stage_ns[SGB_STAGE_IOCTL_END], ==, 103);
    g_assert_cmpuint(seen->counts.orphans, ==, 0);
}

/* A direct request that the kernel refuses, sent again bounced: what was not
 * sent does not count. */
static void test_retry(void)
{
    g_autoptr(TraceWriter) w = trace_writer_new("alpha");
    g_autoptr(Seen) seen = NULL;
    const SgbRequest *r;

    trace_writer_add(w, 10, QEMU, "qemu:virtio_scsi_cmd_req", "tag=1");
    for (unsigned t = 100; t <= 200; t += 100) {
        gboolean first = t == 100;

        trace_writer_add(w, t, QEMU, "qemu:scsi_sgio_path",
                         "req=5 tag=1 path=%d reason=%d", first ? 3 : 1,
                         first ? 0 : 8);
        trace_writer_add(w, t + 1, QEMU, "qemu:scsi_sgio_submit",
                         "req=5 hdr=6 tag=1 dir=-3 len=4096");
        trace_writer_add(w, t + 4, QEMU, "qemu:scsi_sgio_complete",
                         "req=5 tag=1 ret=%d pieces=1 direct=%d bounced=%d "
                         "resid=%d",
                         first ? -EINVAL : 0, first ? 4096 : 0,
                         first ? 0 : 4096, first ? 77 : 0);
    }
    trace_writer_add(w, 300, QEMU, "qemu:virtio_scsi_cmd_resp", "tag=1");

    seen = seen_write_and_read(w);
    r = seen_nth(seen, 0);
    g_assert_cmpint(r->result, ==, 0);
    g_assert_cmpint(r->path, ==, SGB_DATA_PATH_BOUNCE);
    g_assert_cmpuint(r->reason, ==, 8);
    g_assert_cmpuint(r->direct, ==, 0);
    g_assert_cmpuint(r->bounced, ==, 4096);
    g_assert_cmpuint(r->length, ==, 4096);
    g_assert_cmpint(r->resid, ==, 0);
    g_assert_cmpuint(r->sgio_count, ==, 2);
}

static void test_unfinished(void)
{
    g_autoptr(TraceWriter) w = trace_writer_new("alpha");
    g_autoptr(Seen) seen = NULL;

    trace_writer_add(w, 5, INITIATOR, "sgbench:cell_begin", "cell=a round=1");
    trace_writer_add(w, 10, INITIATOR, "sgbench:post", "tag=1 len=512");
    trace_writer_add(w, 11, QEMU, "qemu:virtio_scsi_cmd_req", "tag=1");
    trace_writer_add(w, 12, QEMU, "qemu:virtio_scsi_cmd_req", "tag=2");
    /* Answered, but the initiator never saw it. */
    trace_writer_add(w, 13, QEMU, "qemu:virtio_scsi_cmd_resp", "tag=1");
    /* Without an end, a cell ends where the next one begins. */
    trace_writer_add(w, 20, INITIATOR, "sgbench:cell_begin", "cell=b round=1");
    trace_writer_add(w, 30, INITIATOR, "sgbench:post", "tag=3 len=512");

    seen = seen_write_and_read(w);
    g_assert_cmpstr(seen->order->str, ==,
                    "begin a/1;end a 0 0;begin b/1;unfinished 1;unfinished 2;"
                    "unfinished 3;end b 0 0;");
    g_assert_cmpstr(g_ptr_array_index(seen->cells, 0), ==, "a");
    g_assert_cmpstr(g_ptr_array_index(seen->cells, 2), ==, "b");
    g_assert_cmpuint(seen->counts.requests, ==, 0);
    g_assert_cmpuint(seen->counts.unfinished, ==, 3);
}

/* QEMU's handles are used again while the initiator has not yet seen the
 * answer to their first request. */
static void test_handle_reuse(void)
{
    g_autoptr(TraceWriter) w = trace_writer_new("alpha");
    g_autoptr(Seen) seen = NULL;

    trace_writer_add(w, 100, INITIATOR, "sgbench:post",
                     "tag=1 lun=3 opcode=0x28 dir=-3 len=65536");
    add_direct(w, 100, QEMU, 1, 0x1000, FALSE);
    add_direct(w, 200, QEMU, 2, 0x1000, FALSE);
    trace_writer_add(w, 290, INITIATOR, "sgbench:complete",
                     "tag=1 resid=512 len=65536");
    seen = seen_write_and_read(w);
    g_assert_cmpstr(seen->order->str, ==, "request 2;request 1;");
    check_direct(seen_nth(seen, 0), 200, 2, FALSE);
    g_assert_cmpuint(seen_nth(seen, 1)->map_hits, ==, 2);
    g_assert_cmpuint(seen_nth(seen, 1)->sgio_count, ==, 1);
    g_assert_cmpuint(seen_nth(seen, 1)->stage_ns[SGB_STAGE_RESPOND], ==, 180);
    g_assert_cmpuint(seen->counts.orphans, ==, 0);
}

/* The first request ends before it got to SG_IO. */
static void test_handle_reuse_early(void)
{
    g_autoptr(TraceWriter) w = trace_writer_new("alpha");
    g_autoptr(Seen) seen = NULL;

    trace_writer_add(w, 1, INITIATOR, "sgbench:post", "tag=1 len=512");
    trace_writer_add(w, 2, QEMU, "qemu:virtio_scsi_cmd_req", "tag=1");
    trace_writer_add(w, 3, QEMU, "qemu:scsi_sgio_map", "req=5 tag=1");
    trace_writer_add(w, 3, QEMU, "qemu:dma_map_direct", "transfer=5");
    trace_writer_add(w, 4, QEMU, "qemu:scsi_sgio_unmap", "req=5 tag=1");
    trace_writer_add(w, 5, QEMU, "qemu:virtio_scsi_cmd_resp", "tag=1");
    trace_writer_add(w, 6, QEMU, "qemu:virtio_scsi_cmd_req", "tag=2");
    trace_writer_add(w, 7, QEMU, "qemu:scsi_sgio_map", "req=5 tag=2");
    trace_writer_add(w, 7, QEMU, "qemu:dma_map_miss", "transfer=5");
    trace_writer_add(w, 8, QEMU, "qemu:scsi_sgio_path", "req=5 tag=2");
    trace_writer_add(w, 9, QEMU, "qemu:virtio_scsi_cmd_resp", "tag=2");
    trace_writer_add(w, 10, INITIATOR, "sgbench:complete", "tag=1");
    seen = seen_write_and_read(w);
    g_assert_cmpstr(seen->order->str, ==, "request 2;request 1;");
    g_assert_cmpuint(seen_nth(seen, 0)->map_hits, ==, 0);
    g_assert_cmpuint(seen_nth(seen, 0)->map_misses, ==, 1);
    g_assert_cmpuint(seen_nth(seen, 1)->map_hits, ==, 1);
    g_assert_cmpuint(seen_nth(seen, 1)->map_misses, ==, 0);
}

/* An HBA without events of its own: only the mapping shows that the handle
 * belongs to somebody else now. */
static void test_handle_reuse_unseen(void)
{
    g_autoptr(TraceWriter) w = trace_writer_new("alpha");
    g_autoptr(Seen) seen = NULL;

    for (unsigned i = 1; i <= 2; i++) {
        trace_writer_add(w, i * 100, INITIATOR, "sgbench:post", "tag=%u", i);
        trace_writer_add(w, i * 100 + 1, QEMU, "qemu:scsi_sgio_map",
                         "req=5 tag=%u", i);
        trace_writer_add(w, i * 100 + 1, QEMU, "qemu:dma_map_direct",
                         "transfer=5");
        trace_writer_add(w, i * 100 + 2, QEMU, "qemu:scsi_sgio_path",
                         "req=5 tag=%u path=2 direct=512", i);
        trace_writer_add(w, i * 100 + 3, QEMU, "qemu:scsi_sgio_submit",
                         "req=5 hdr=6 tag=%u len=512", i);
        trace_writer_add(w, i * 100 + 4, QEMU, "qemu:scsi_sgio_complete",
                         "req=5 tag=%u direct=512", i);
    }
    trace_writer_add(w, 300, INITIATOR, "sgbench:complete", "tag=1");
    /* The handle is the second one's, whatever becomes of the first. */
    trace_writer_add(w, 300, QEMU, "qemu:dma_map_direct", "transfer=5");
    trace_writer_add(w, 301, INITIATOR, "sgbench:complete", "tag=2");
    seen = seen_write_and_read(w);
    g_assert_cmpstr(seen->order->str, ==, "request 1;request 2;");
    for (unsigned i = 0; i < 2; i++) {
        g_assert_cmpuint(seen_nth(seen, i)->map_hits, ==, i + 1);
        g_assert_cmpuint(seen_nth(seen, i)->direct, ==, 512);
    }
    g_assert_cmpuint(seen->counts.orphans, ==, 0);
}

/* The same tags and handles in two processes, and on two hosts. */
static void test_same_tags(void)
{
    g_autoptr(GError) error = NULL;
    char *folder = trace_folder_new();
    g_autoptr(Seen) seen = NULL;

    for (unsigned host = 0; host < 2; host++) {
        g_autoptr(TraceWriter) w = trace_writer_new(host ? "beta" : "alpha");
        g_autofree char *path =
            g_build_filename(folder, host ? "b" : "a", NULL);

        for (unsigned t = 0; t < 50; t += 10) {
            for (int vpid = 1; vpid <= 2; vpid++) {
                static const char *const names[] = {
                    "virtio_scsi_cmd_req", "scsi_sgio_submit",
                    "file_sgio_begin", "scsi_sgio_complete",
                    "virtio_scsi_cmd_resp"};
                g_autofree char *name =
                    g_strconcat("qemu:", names[t / 10], NULL);

                trace_writer_add(w, 1000 + t + vpid + 5 * host, vpid, name,
                                 "req=5 hdr=6 tag=7 lun=%d len=512", vpid);
            }
        }
        trace_writer_write(w, path);
    }
    seen = seen_read(folder, &error);
    g_assert_no_error(error);
    trace_folder_remove(folder);

    g_assert_cmpuint(seen->counts.requests, ==, 4);
    g_assert_cmpuint(seen->counts.orphans, ==, 0);
    for (unsigned i = 0; i < 4; i++) {
        const SgbRequest *r = seen_nth(seen, i);
        unsigned host = i / 2, vpid = i % 2 + 1;

        g_assert_cmpstr(r->host, ==, host ? "beta" : "alpha");
        g_assert_cmpint(r->vpid, ==, vpid);
        g_assert_cmpuint(r->lun, ==, vpid);
        for (unsigned s = 0; s < SGB_STAGE__COUNT; s++) {
            g_assert_true(r->stage_ns[s] == 0 ||
                          r->stage_ns[s] % 10 == vpid + 5 * host);
        }
    }
}

/* The HBA takes, and answers, before the initiator's "post" is traced. */
static void test_post_seen_late(void)
{
    g_autoptr(TraceWriter) w = trace_writer_new("alpha");
    g_autoptr(Seen) seen = NULL;

    trace_writer_add(w, 5, INITIATOR, "sgbench:cell_begin", "cell=a round=0");
    trace_writer_add(w, 10, QEMU, "qemu:virtio_scsi_cmd_req", "tag=1");
    trace_writer_add(w, 11, INITIATOR, "sgbench:post", "tag=1 len=512");
    trace_writer_add(w, 12, QEMU, "qemu:virtio_scsi_cmd_req", "tag=2");
    trace_writer_add(w, 13, QEMU, "qemu:virtio_scsi_cmd_resp", "tag=1");
    trace_writer_add(w, 14, QEMU, "qemu:virtio_scsi_cmd_resp", "tag=2");
    trace_writer_add(w, 15, INITIATOR, "sgbench:post", "tag=2 len=512");
    trace_writer_add(w, 16, INITIATOR, "sgbench:complete", "tag=1");
    trace_writer_add(w, 17, INITIATOR, "sgbench:complete", "tag=2");
    /* Somebody else's: nobody claims it in this cell. */
    trace_writer_add(w, 18, QEMU, "qemu:virtio_scsi_cmd_req", "tag=9");
    trace_writer_add(w, 19, QEMU, "qemu:virtio_scsi_cmd_resp", "tag=9");
    trace_writer_add(w, 20, INITIATOR, "sgbench:cell_end", "cell=a requests=2");
    seen = seen_write_and_read(w);
    g_assert_cmpstr(seen->order->str, ==,
                    "begin a/0;request 1;request 2;request 9;end a 1 2;");
    g_assert_cmpuint(seen_nth(seen, 1)->length, ==, 512);
    g_assert_cmpuint(seen_nth(seen, 1)->stage_ns[SGB_STAGE_ARRIVE], ==, 12);
    g_assert_cmpuint(seen_nth(seen, 1)->stage_ns[SGB_STAGE_POST], ==, 15);
    g_assert_cmpuint(seen->counts.orphans, ==, 0);
}

static void test_lost(void)
{
    g_autoptr(TraceWriter) w = trace_writer_new("alpha");
    g_autoptr(Seen) seen = NULL;

    add_direct(w, 100, QEMU, 1, 0x1000, FALSE);
    trace_writer_lose(w, 17);
    add_direct(w, 200, QEMU, 2, 0x1000, FALSE);
    trace_writer_lose(w, 0); /* sink.ctf.fs writes that as 1 */
    trace_writer_add(w, 400, QEMU, "qemu:virtio_scsi_cmd_resp", "tag=3");
    trace_writer_add(w, 401, QEMU, "qemu:scsi_sgio_complete", "req=1 tag=3");
    trace_writer_add(w, 402, QEMU, "qemu:file_sgio_end", "hdr=1");
    trace_writer_add(w, 403, QEMU, "qemu:scsi_sgio_map", "req=1 tag=9");
    trace_writer_add(w, 404, INITIATOR, "sgbench:complete", "tag=4");
    trace_writer_add(w, 405, INITIATOR, "sgbench:cell_end", "cell=x");
    seen = seen_write_and_read(w);
    g_assert_cmpuint(seen->counts.lost_events, ==, 18);
    g_assert_cmpuint(seen->counts.requests, ==, 2);
    g_assert_cmpuint(seen->counts.unfinished, ==, 1);
    g_assert_cmpuint(seen->counts.orphans, ==, 5);
}

/* QEMU's own SG_IO at start-up is nobody's. */
static void test_own_ioctl(void)
{
    g_autoptr(TraceWriter) w = trace_writer_new("alpha");
    g_autoptr(Seen) seen = NULL;

    trace_writer_add(w, 1, QEMU, "qemu:file_sgio_begin", "hdr=6");
    trace_writer_add(w, 2, QEMU, "qemu:file_sgio_end", "hdr=6");
    seen = seen_write_and_read(w);
    g_assert_cmpuint(seen->counts.events, ==, 2);
    g_assert_cmpuint(seen->counts.orphans, ==, 0);
    g_assert_cmpuint(seen->requests->len, ==, 0);
}

/* Other types than expected, and fields that are not there. */
static void test_other_fields(void)
{
    g_autoptr(TraceWriter) w = trace_writer_new(NULL);
    g_autoptr(Seen) seen = NULL;

    trace_writer_no_vpid(w);
    trace_writer_declare(w, "qemu:virtio_scsi_cmd_req", "tag:d");
    trace_writer_declare(w, "qemu:scsi_sgio_submit", "req:s hdr:d tag:x len:d");
    trace_writer_declare(w, "qemu:file_sgio_begin", "");
    trace_writer_declare(w, "qemu:file_sgio_end", "hdr:s");
    trace_writer_declare(w, "qemu:scsi_sgio_path", "req:s path:s");
    trace_writer_declare(w, "qemu:dma_map_direct", "addr:x");
    trace_writer_declare(w, "qemu:scsi_sgio_complete", "tag:u path:d ret:s");
    trace_writer_declare(w, "sgbench:cell_begin", "cell:u round:s");
    trace_writer_declare(w, "sgbench:post", "tag:s");
    trace_writer_add(w, 1, 0, "sgbench:cell_begin", "cell=1");
    trace_writer_add(w, 2, 0, "qemu:virtio_scsi_cmd_req", "tag=-2");
    trace_writer_add(w, 3, 0, "qemu:scsi_sgio_submit",
                     "req=x hdr=-1 tag=0xfffffffe len=512");
    trace_writer_add(w, 4, 0, "qemu:file_sgio_begin", "x=1");
    trace_writer_add(w, 5, 0, "qemu:file_sgio_end", "hdr=1");
    trace_writer_add(w, 6, 0, "qemu:scsi_sgio_path", "req=1 path=1");
    trace_writer_add(w, 7, 0, "qemu:dma_map_direct", "addr=1");
    trace_writer_add(w, 8, 0, "sgbench:post", "tag=1");
    trace_writer_add(w, 9, 0, "qemu:scsi_sgio_complete", "tag=0xfffffffe");
    trace_writer_add(w, 10, 0, "qemu:virtio_scsi_cmd_resp", "tag=0xfffffffe");
    trace_writer_add(w, 11, 0, "sgbench:cell_end", "cell=");
    seen = seen_write_and_read(w);
    g_assert_cmpuint(seen->counts.requests, ==, 1);
    g_assert_cmpuint(seen_nth(seen, 0)->tag, ==, 0xfffffffe);
    g_assert_cmpuint(seen_nth(seen, 0)->length, ==, 512);
    g_assert_cmpint(seen_nth(seen, 0)->vpid, ==, -1);
    g_assert_null(seen_nth(seen, 0)->host);
    g_assert_cmpuint(seen->counts.orphans, ==, 5);
}

/* What never ends is given up, oldest first, before it fills the memory. */
static void test_many_open(void)
{
    g_autoptr(TraceWriter) w = trace_writer_new("alpha");
    g_autoptr(Seen) seen = NULL;
    unsigned n = SGB_CORRELATOR_OPEN_MAX + 10;

    for (unsigned i = 0; i < n; i++) {
        trace_writer_add(w, i + 1, QEMU, "qemu:virtio_scsi_cmd_req", "tag=%u",
                         i);
    }
    trace_writer_add(w, n + 1, QEMU, "qemu:virtio_scsi_cmd_resp", "tag=9");
    trace_writer_add(w, n + 2, QEMU, "qemu:virtio_scsi_cmd_resp", "tag=10");
    seen = seen_write_and_read(w);
    g_assert_cmpuint(seen->counts.requests, ==, 1);
    g_assert_cmpuint(seen->counts.orphans, ==, 1);
    g_assert_cmpuint(seen->counts.unfinished, ==, n - 1);
    g_assert_cmpuint(seen_nth(seen, 9)->tag, ==, 9);
    g_assert_cmpuint(seen_nth(seen, 10)->tag, ==, 10);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/trace/direct", test_direct);
    g_test_add_func("/trace/bounce", test_bounce);
    g_test_add_func("/trace/block", test_block);
    g_test_add_func("/trace/retry", test_retry);
    g_test_add_func("/trace/unfinished", test_unfinished);
    g_test_add_func("/trace/handle-reuse", test_handle_reuse);
    g_test_add_func("/trace/handle-reuse-early", test_handle_reuse_early);
    g_test_add_func("/trace/handle-reuse-unseen", test_handle_reuse_unseen);
    g_test_add_func("/trace/same-tags", test_same_tags);
    g_test_add_func("/trace/post-seen-late", test_post_seen_late);
    g_test_add_func("/trace/lost", test_lost);
    g_test_add_func("/trace/own-ioctl", test_own_ioctl);
    g_test_add_func("/trace/other-fields", test_other_fields);
    g_test_add_func("/trace/many-open", test_many_open);
    return g_test_run();
}
