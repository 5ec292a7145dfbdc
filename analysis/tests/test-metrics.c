/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analysis/metrics.h"

#include <errno.h>

#include "trace-writer.h"

static SgbRequest request(uint64_t t)
{
    SgbRequest r = {
        .finished = TRUE,
        .length = 4096,
        .path = SGB_DATA_PATH_UNKNOWN,
    };

    for (unsigned i = 0; i < SGB_STAGE__COUNT; i++) {
        r.stage_ns[i] = t + 10 * i;
    }
    return r;
}

static void test_counts(void)
{
    g_autoptr(SgbMetrics) m = sgb_metrics_new("c", 3);
    SgbRequest r = request(1000);

    r.path = SGB_DATA_PATH_PLAIN;
    r.direct = 4096;
    r.info = 3;
    r.sgio_count = 1;
    r.map_hits = 2;
    sgb_metrics_add(m, &r);

    r = request(2000);
    r.path = SGB_DATA_PATH_BOUNCE;
    r.reason = 7;
    r.bounced = 4096;
    r.bounce_held = 8192;
    r.resid = 96;
    r.map_misses = 1;
    r.info = 4; /* mixed I/O is not direct */
    sgb_metrics_add(m, &r);

    r = request(3000);
    r.status = 2;
    r.bounce_held = 1;
    sgb_metrics_add(m, &r);

    r = request(4000);
    r.result = -EIO;
    sgb_metrics_add(m, &r);
    r.direct = 512;
    sgb_metrics_add(m, &r);
    r.length = 0;
    r.direct = 0;
    sgb_metrics_add(m, &r);

    r = request(5000);
    r.resid = 5000; /* more than there is */
    r.reason = 1000;
    sgb_metrics_add(m, &r);

    r = request(6000);
    r.finished = FALSE;
    sgb_metrics_add(m, &r);

    g_assert_cmpstr(m->cell, ==, "c");
    g_assert_cmpuint(m->round, ==, 3);
    g_assert_cmpuint(m->requests, ==, 7);
    g_assert_cmpuint(m->unfinished, ==, 1);
    g_assert_cmpuint(m->length, ==, 6 * 4096);
    g_assert_cmpuint(m->transferred, ==, 4096 + 4000);
    g_assert_cmpuint(m->direct, ==, 4096 + 512);
    g_assert_cmpuint(m->bounced, ==, 4096);
    g_assert_cmpuint(m->sgio_count, ==, 1);
    g_assert_cmpuint(m->map_hits, ==, 2);
    g_assert_cmpuint(m->map_misses, ==, 1);
    g_assert_cmpuint(m->dio, ==, 1);
    g_assert_cmpuint(m->by_path[SGB_DATA_PATH_PLAIN], ==, 1);
    g_assert_cmpuint(m->by_path[SGB_DATA_PATH_BOUNCE], ==, 1);
    g_assert_cmpuint(m->by_path[SGB_DATA_PATH_UNKNOWN], ==, 5);
    g_assert_cmpuint(m->by_reason[0], ==, 5);
    g_assert_cmpuint(m->by_reason[7], ==, 1);
    g_assert_cmpuint(m->by_status[0], ==, 6);
    g_assert_cmpuint(m->by_status[2], ==, 1);
    g_assert_cmpuint(m->errors, ==, 3);
    g_assert_cmpuint(m->refused, ==, 1);
    g_assert_cmpuint(m->bounce_held_max, ==, 8192);
}

static void test_stages(void)
{
    g_autoptr(SgbMetrics) m = sgb_metrics_new(NULL, 0);
    SgbRequest r = request(1000);

    sgb_metrics_add(m, &r);
    g_assert_null(m->cell);
    g_assert_cmpuint(m->stage[SGB_STAGE_POST]->count, ==, 0);
    for (unsigned i = 1; i < SGB_STAGE__COUNT; i++) {
        g_assert_cmpuint(m->stage[i]->count, ==, 1);
        g_assert_cmpuint(m->stage[i]->min, ==, 10);
    }
    g_assert_cmpuint(m->total->min, ==, 10 * (SGB_STAGE__COUNT - 1));

    /* A stage that is absent is not counted, the next one takes its time. */
    r = request(2000);
    r.stage_ns[SGB_STAGE_MAP] = 0;
    r.stage_ns[SGB_STAGE_SEEN] = 0;
    sgb_metrics_add(m, &r);
    g_assert_cmpuint(m->stage[SGB_STAGE_MAP]->count, ==, 1);
    g_assert_cmpuint(m->stage[SGB_STAGE_SUBMIT]->max, ==, 20);
    g_assert_cmpuint(m->total->min, ==, 10 * (SGB_STAGE__COUNT - 2));

    /* Posted after it arrived, says a late tracepoint: it was before. */
    r = request(3000);
    r.stage_ns[SGB_STAGE_POST] = 3015;
    sgb_metrics_add(m, &r);
    g_assert_cmpuint(m->stage[SGB_STAGE_ARRIVE]->min, ==, 0);
    g_assert_cmpuint(m->stage[SGB_STAGE_MAP]->min, ==, 10);
    g_assert_cmpuint(m->total->count, ==, 3);

    /* No stage at all. */
    r = (SgbRequest){.finished = TRUE};
    sgb_metrics_add(m, &r);
    g_assert_cmpuint(m->requests, ==, 4);
    g_assert_cmpuint(m->total->count, ==, 3);
}

static void add_request(TraceWriter *w, uint64_t t, unsigned tag)
{
    trace_writer_add(w, t, 2, "sgbench:post", "tag=%u len=512", tag);
    trace_writer_add(w, t + 1, 1, "qemu:virtio_scsi_cmd_req", "tag=%u", tag);
    trace_writer_add(w, t + 2, 1, "qemu:scsi_sgio_path",
                     "req=1 tag=%u path=2 direct=512", tag);
    trace_writer_add(w, t + 3, 1, "qemu:scsi_sgio_submit",
                     "req=1 hdr=2 tag=%u len=512", tag);
    trace_writer_add(w, t + 4, 1, "qemu:scsi_sgio_complete",
                     "req=1 tag=%u direct=512 len=512 pieces=1", tag);
    trace_writer_add(w, t + 5, 1, "qemu:virtio_scsi_cmd_resp", "tag=%u", tag);
    trace_writer_add(w, t + 6, 2, "sgbench:complete", "tag=%u", tag);
}

static void test_from_trace(void)
{
    g_autoptr(TraceWriter) w = trace_writer_new("alpha");
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) all = NULL;
    char *folder = trace_folder_new();
    g_autofree char *path = g_build_filename(folder, "t", NULL);
    SgbTraceCounts counts;
    SgbMetrics *m;

    add_request(w, 10, 1);
    trace_writer_add(w, 100, 2, "sgbench:cell_begin", "cell=one round=4");
    add_request(w, 110, 2);
    add_request(w, 120, 3);
    trace_writer_add(w, 130, 2, "sgbench:cell_end",
                     "cell=one requests=2 bytes=1024");
    trace_writer_add(w, 200, 2, "sgbench:cell_begin", "cell=two round=4");
    trace_writer_add(w, 201, 2, "sgbench:post", "tag=4 len=512");
    trace_writer_write(w, path);

    all = sgb_metrics_from_trace(folder, &counts, &error);
    trace_folder_remove(folder);
    g_assert_no_error(error);
    g_assert_cmpuint(all->len, ==, 3);
    g_assert_cmpuint(counts.requests, ==, 3);

    m = g_ptr_array_index(all, 0);
    g_assert_null(m->cell);
    g_assert_cmpuint(m->requests, ==, 1);
    m = g_ptr_array_index(all, 1);
    g_assert_cmpstr(m->cell, ==, "one");
    g_assert_cmpuint(m->round, ==, 4);
    g_assert_cmpuint(m->requests, ==, 2);
    g_assert_cmpuint(m->direct, ==, 1024);
    g_assert_cmpuint(m->transferred, ==, 1024);
    g_assert_true(m->ended);
    g_assert_cmpuint(m->stated_requests, ==, 2);
    g_assert_cmpuint(m->stated_bytes, ==, 1024);
    g_assert_cmpuint(m->total->min, ==, 6);
    /* Block drivers that answer themselves have no events of an ioctl: there
     * is no such stage, and completing took what time there was. */
    g_assert_cmpuint(m->stage[SGB_STAGE_IOCTL_BEGIN]->count, ==, 0);
    g_assert_cmpuint(m->stage[SGB_STAGE_IOCTL_END]->count, ==, 0);
    g_assert_cmpuint(m->stage[SGB_STAGE_COMPLETE]->count, ==, 2);
    g_assert_cmpuint(m->stage[SGB_STAGE_COMPLETE]->min, ==, 1);
    m = g_ptr_array_index(all, 2);
    g_assert_cmpstr(m->cell, ==, "two");
    g_assert_cmpuint(m->requests, ==, 0);
    g_assert_cmpuint(m->unfinished, ==, 1);
    g_assert_false(m->ended);

    g_assert_null(sgb_metrics_from_trace("/nonexistent", NULL, &error));
    g_assert_error(error, SGB_TRACE_ERROR, SGB_TRACE_ERROR_OPEN);
}

static void test_names(void)
{
    g_assert_cmpstr(sgb_stage_name(SGB_STAGE_IOCTL_END), ==, "ioctl end");
    g_assert_cmpstr(sgb_data_path_name(SGB_DATA_PATH_UNKNOWN), ==, "unknown");
    g_assert_cmpstr(sgb_reason_name(0), ==, "none");
    g_assert_cmpstr(sgb_reason_name(8), ==, "retry after an errno");
    g_assert_cmpstr(sgb_reason_name(99), ==, "unknown");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/metrics/counts", test_counts);
    g_test_add_func("/metrics/stages", test_stages);
    g_test_add_func("/metrics/from-trace", test_from_trace);
    g_test_add_func("/metrics/names", test_names);
    return g_test_run();
}
