/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Depths, the kernel's events, and QEMU's own ones. */
#include <errno.h>

#include "trace-seen.h"

#define QEMU 100

static void test_hba(void)
{
    g_autoptr(TraceWriter) w = trace_writer_new("alpha");
    g_autoptr(Seen) seen = NULL;

    trace_writer_add(w, 1, QEMU, "qemu:virtio_scsi_cmd_req", "tag=1");
    trace_writer_add(w, 2, QEMU, "qemu:virtio_scsi_cmd_req", "tag=2");
    trace_writer_add(w, 3, QEMU, "qemu:virtio_scsi_cmd_resp", "tag=1");
    /* Its answer was lost: it is over when its tag is used again. */
    trace_writer_add(w, 4, QEMU, "qemu:virtio_scsi_cmd_req", "tag=2");
    trace_writer_add(w, 5, QEMU, "qemu:virtio_scsi_cmd_resp", "tag=2");
    trace_writer_add(w, 6, QEMU, "qemu:virtio_scsi_cmd_resp", "tag=2");
    seen = seen_write_and_read(w);
    g_assert_cmpstr(seen->levels->str, ==,
                    "1 hba =1;2 hba =2;3 hba =1;2 hba =0;4 hba =1;5 hba =0;");
}

static void test_buffers(void)
{
    g_autoptr(TraceWriter) w = trace_writer_new("alpha");
    g_autoptr(Seen) seen = NULL;

    trace_writer_add(w, 1, QEMU, "qemu:scsi_sgio_bounce_alloc",
                     "req=5 tag=1 len=512 buffers=3 held=4096");
    trace_writer_add(w, 2, QEMU, "qemu:scsi_sgio_submit",
                     "req=5 hdr=6 tag=1 id=disk");
    trace_writer_add(w, 3, QEMU, "qemu:scsi_sgio_depth", "id=disk inflight=7");
    trace_writer_add(w, 4, QEMU, "qemu:virtio_scsi_cmd_resp", "tag=1");
    trace_writer_add(w, 5, QEMU, "qemu:scsi_sgio_bounce_free",
                     "req=5 tag=1 len=512 buffers=2 held=3584");
    /* Of a request whose allocation was not seen. */
    trace_writer_add(w, 6, QEMU, "qemu:scsi_sgio_bounce_free",
                     "req=7 tag=1 len=512 buffers=1 held=512");
    seen = seen_write_and_read(w);
    g_assert_cmpstr(seen->levels->str, ==,
                    "1 buffers disk=3;1 held disk=4096;3 sgio disk=7;"
                    "5 buffers disk=2;5 held disk=3584;");
    g_assert_cmpuint(seen_nth(seen, 0)->bounce_held, ==, 4096);
}

/* Two transfers of a process, one of another. */
static void test_queue(void)
{
    g_autoptr(TraceWriter) w = trace_writer_new("alpha");
    g_autoptr(Seen) seen = NULL;

    trace_writer_add(w, 1, QEMU, "qemu:dma_bounce_alloc",
                     "transfer=1 depth=1 held=512");
    trace_writer_add(w, 2, QEMU, "qemu:dma_bounce_alloc",
                     "transfer=2 depth=1 held=1024");
    trace_writer_add(w, 3, 101, "qemu:dma_bounce_alloc",
                     "transfer=1 depth=9 held=9");
    trace_writer_add(w, 4, QEMU, "qemu:dma_bounce_free",
                     "transfer=1 depth=0 held=0");
    trace_writer_add(w, 5, QEMU, "qemu:dma_bounce_free",
                     "transfer=2 depth=0 held=0");
    seen = seen_write_and_read(w);
    g_assert_cmpstr(seen->levels->str, ==,
                    "1 queue =1;1 queued =512;2 queue =2;2 queued =1536;"
                    "3 queue =9;3 queued =9;4 queue =1;4 queued =1024;"
                    "5 queue =0;5 queued =0;");
}

static void add_ioctl(TraceWriter *w, unsigned ns, int tid, unsigned tag)
{
    trace_writer_thread(w, 1);
    trace_writer_add(w, ns, QEMU, "qemu:scsi_sgio_submit",
                     "req=%u hdr=%u tag=%u opcode=0x28", tag, tag, tag);
    trace_writer_thread(w, tid);
    trace_writer_add(w, ns + 1, QEMU, "qemu:file_sgio_begin", "hdr=%u", tag);
}

static void end_ioctl(TraceWriter *w, unsigned ns, int tid, unsigned tag)
{
    trace_writer_thread(w, tid);
    trace_writer_add(w, ns, QEMU, "qemu:file_sgio_end", "hdr=%u", tag);
    trace_writer_add(w, ns + 1, QEMU, "qemu:virtio_scsi_cmd_resp", "tag=%u",
                     tag);
}

static void dispatch(TraceWriter *w, unsigned ns, int tid, const char *name,
                     unsigned lun, const char *cdb)
{
    trace_writer_thread(w, tid);
    trace_writer_add(w, ns, tid, name,
                     "host_no=2 lun=%u opcode=0x28 cmd_len=10 cmnd=%s", lun,
                     cdb);
}

#define START "scsi_dispatch_cmd_start"
#define DONE "scsi_dispatch_cmd_done"
#define READ_0 "28000000000000000800"
#define READ_8 "28000000000800000800"

static void check_kernel(const SgbRequest *r, unsigned tag, uint64_t dispatched,
                         uint64_t done)
{
    g_assert_cmpuint(r->tag, ==, tag);
    g_assert_cmpuint(r->stage_ns[SGB_STAGE_DISPATCH], ==, dispatched);
    g_assert_cmpuint(r->stage_ns[SGB_STAGE_DEVICE], ==, done);
}

static void test_kernel(void)
{
    g_autoptr(TraceWriter) w = trace_writer_new("alpha");
    g_autoptr(Seen) seen = NULL;

    add_ioctl(w, 10, 11, 1);
    add_ioctl(w, 20, 12, 2);
    dispatch(w, 30, 11, START, 0, READ_0);
    dispatch(w, 31, 12, START, 0, READ_8);
    dispatch(w, 32, 99, START, 0, READ_8); /* somebody else */
    dispatch(w, 40, 0, DONE, 0, READ_8);
    dispatch(w, 41, 0, DONE, 1, READ_0); /* another LUN */
    dispatch(w, 42, 0, DONE, 0, READ_0);
    dispatch(w, 43, 0, DONE, 0, READ_0);
    end_ioctl(w, 50, 11, 1);
    end_ioctl(w, 60, 12, 2);

    /* The same CDB twice: in the order in which they were sent. A command that
     * the kernel sends again counts from the first time to the last answer. */
    add_ioctl(w, 110, 11, 3);
    add_ioctl(w, 120, 12, 4);
    dispatch(w, 130, 11, START, 0, READ_0);
    dispatch(w, 131, 12, START, 0, READ_0);
    dispatch(w, 140, 0, DONE, 0, READ_0);
    dispatch(w, 141, 0, DONE, 0, READ_0);
    dispatch(w, 142, 12, START, 0, READ_0);
    dispatch(w, 143, 0, DONE, 0, READ_0);
    end_ioctl(w, 150, 11, 3);
    /* By another thread, and by one that is in no ioctl any more. */
    add_ioctl(w, 200, 13, 5);
    dispatch(w, 210, 11, START, 0, READ_0);
    dispatch(w, 220, 0, DONE, 0, READ_0);
    end_ioctl(w, 250, 13, 5);
    /* Dispatched, and given up: the answer finds nobody. */
    dispatch(w, 260, 12, START, 0, READ_0);
    end_ioctl(w, 270, 12, 4);
    dispatch(w, 280, 0, DONE, 0, READ_0);
    dispatch(w, 281, 0, "scsi_dispatch_cmd_timeout", 0, READ_0);

    seen = seen_write_and_read(w);
    check_kernel(seen_nth(seen, 0), 1, 30, 42);
    check_kernel(seen_nth(seen, 1), 2, 31, 40);
    check_kernel(seen_nth(seen, 2), 3, 130, 140);
    check_kernel(seen_nth(seen, 3), 5, 0, 0);
    check_kernel(seen_nth(seen, 4), 4, 131, 143);
    g_assert_cmpuint(seen->counts.kernel_foreign, ==, 2);
    g_assert_cmpuint(seen->counts.kernel_trouble, ==, 1);
    g_assert_cmpuint(seen->counts.by_group[SGB_EVENTS_KERNEL], ==, 18);
}

/* QEMU without our patches. */
static void test_upstream(void)
{
    g_autoptr(TraceWriter) w = trace_writer_new("alpha");
    g_autoptr(Seen) seen = NULL;
    const SgbRequest *r;

    trace_writer_add(w, 1, QEMU, "qemu:virtio_scsi_cmd_req",
                     "lun=2 tag=1 cmd=0x12");
    trace_writer_add(w, 2, QEMU, "qemu:scsi_req_parsed",
                     "lun=2 tag=1 cmd=0x12 mode=1 xfer=36");
    trace_writer_add(w, 3, QEMU, "qemu:scsi_req_build_sense",
                     "lun=2 tag=1 key=5 asc=0x24 ascq=1");
    trace_writer_add(w, 4, QEMU, "qemu:virtio_scsi_cmd_resp",
                     "lun=2 tag=1 status=2");
    trace_writer_add(w, 5, QEMU, "qemu:virtio_scsi_cmd_req", "lun=2 tag=2");
    trace_writer_add(w, 6, QEMU, "qemu:virtio_scsi_tmf_req", "lun=2 tag=2");
    trace_writer_add(w, 7, QEMU, "qemu:virtio_scsi_cmd_resp",
                     "lun=2 tag=2 response=3");
    trace_writer_add(w, 8, QEMU, "qemu:virtio_scsi_tmf_resp", "lun=2 tag=2");
    seen = seen_write_and_read(w);
    r = seen_nth(seen, 0);
    g_assert_cmpuint(r->length, ==, 36);
    g_assert_cmpuint(r->sense_key, ==, 5);
    g_assert_cmpuint(r->asc, ==, 0x24);
    g_assert_cmpuint(r->ascq, ==, 1);
    g_assert_false(sgb_request_good(r));
    r = seen_nth(seen, 1);
    g_assert_cmpuint(r->sense_key, ==, SGB_SENSE_UNKNOWN);
    g_assert_cmpuint(r->response, ==, 3);
    g_assert_cmpint(r->result, ==, -EIO);
    g_assert_cmpuint(seen->counts.managed, ==, 1);
    g_assert_cmpuint(seen->counts.orphans, ==, 0);
    g_assert_cmpuint(seen->counts.by_group[SGB_EVENTS_SCSI], ==, 0);
    g_assert_cmpuint(seen->counts.by_group[SGB_EVENTS_UPSTREAM], ==, 2);
    g_assert_cmpuint(seen->counts.begin_ns, ==, 1);
    g_assert_cmpuint(seen->counts.end_ns, ==, 8);
}

static void test_outcome(void)
{
    g_autoptr(TraceWriter) w = trace_writer_new("alpha");
    g_autoptr(Seen) seen = NULL;
    const SgbRequest *r;

    trace_writer_add(w, 1, 1, "sgbench:post", "tag=1 len=512 opcode=0x28");
    trace_writer_add(w, 2, QEMU, "qemu:scsi_sgio_submit",
                     "req=1 hdr=2 tag=1 len=512 opcode=0x28");
    trace_writer_add(w, 3, QEMU, "qemu:file_sgio_end",
                     "hdr=2 status=2 host_status=3 driver_status=8 info=1");
    trace_writer_add(w, 4, QEMU, "qemu:scsi_sgio_complete",
                     "req=1 tag=1 status=2 info=1");
    trace_writer_add(w, 5, 1, "sgbench:complete",
                     "tag=1 status=2 sense=0x031100");
    seen = seen_write_and_read(w);
    r = seen_nth(seen, 0);
    g_assert_cmpuint(r->host_status, ==, 3);
    g_assert_cmpuint(r->driver_status, ==, 8);
    g_assert_cmpuint(r->sense_key, ==, 3);
    g_assert_cmpuint(r->asc, ==, 0x11);
    g_assert_cmpuint(r->ascq, ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/levels/hba", test_hba);
    g_test_add_func("/levels/buffers", test_buffers);
    g_test_add_func("/levels/queue", test_queue);
    g_test_add_func("/kernel/split", test_kernel);
    g_test_add_func("/upstream/events", test_upstream);
    g_test_add_func("/outcome/fields", test_outcome);
    return g_test_run();
}
