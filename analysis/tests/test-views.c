/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A made-up trace with something for each view, and what they say of it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/put.h"
#include "output-run.h"

#define QEMU 100
#define INITIATOR 200
/* 2023-11-14 22:13:20 UTC */
#define T0 UINT64_C(1700000000000000000)

/* A read that bounces and one that goes direct, a write that fails, one whose
 * end is not there, and events that were lost. */
static TraceWriter *golden(void)
{
    TraceWriter *w = trace_writer_new("alpha");

    trace_writer_add(w, T0, INITIATOR, "sgbench:cell_begin", "cell=c1 round=2");
    trace_writer_add(w, T0 + 1000, INITIATOR, "sgbench:post",
                     "tag=1 opcode=0x28 dir=-3 len=262144");
    trace_writer_add(w, T0 + 2000, QEMU, "qemu:virtio_scsi_cmd_req",
                     "tag=1 cmd=0x28");
    trace_writer_add(w, T0 + 3000, QEMU, "qemu:scsi_sgio_bounce_alloc",
                     "req=1 tag=1 len=262144 buffers=1 held=262144");
    trace_writer_add(w, T0 + 4000, QEMU, "qemu:scsi_sgio_path",
                     "req=1 tag=1 path=1 reason=1 pieces=1 bounced=262144");
    trace_writer_add(w, T0 + 4500, QEMU, "qemu:scsi_sgio_depth",
                     "id=disk inflight=1");
    trace_writer_add(w, T0 + 5000, QEMU, "qemu:scsi_sgio_submit",
                     "req=1 hdr=1 tag=1 id=disk opcode=0x28 dir=-3 len=262144");
    trace_writer_add(w, T0 + 6000, QEMU, "qemu:file_sgio_begin", "hdr=1");

    trace_writer_add(w, T0 + 7000, INITIATOR, "sgbench:post",
                     "tag=2 opcode=0x28 dir=-3 len=4096");
    trace_writer_add(w, T0 + 8000, QEMU, "qemu:virtio_scsi_cmd_req",
                     "tag=2 cmd=0x28");
    trace_writer_add(w, T0 + 9000, QEMU, "qemu:scsi_sgio_path",
                     "req=2 tag=2 path=2 pieces=1 direct=4096");
    trace_writer_add(w, T0 + 9500, QEMU, "qemu:scsi_sgio_depth",
                     "id=disk inflight=2");
    trace_writer_add(w, T0 + 10000, QEMU, "qemu:scsi_sgio_submit",
                     "req=2 hdr=2 tag=2 id=disk opcode=0x28 dir=-3 len=4096");
    trace_writer_add(w, T0 + 11000, QEMU, "qemu:scsi_sgio_complete",
                     "req=2 tag=2 pieces=1 direct=4096 info=3 resid=96");
    trace_writer_add(w, T0 + 11500, QEMU, "qemu:scsi_sgio_depth",
                     "id=disk inflight=1");
    trace_writer_add(w, T0 + 12000, QEMU, "qemu:virtio_scsi_cmd_resp", "tag=2");
    trace_writer_add(w, T0 + 13000, INITIATOR, "sgbench:complete", "tag=2");

    trace_writer_add(w, T0 + 106000, QEMU, "qemu:file_sgio_end", "hdr=1");
    trace_writer_add(w, T0 + 107000, QEMU, "qemu:scsi_sgio_complete",
                     "req=1 tag=1 pieces=1 bounced=262144 info=1");
    trace_writer_add(w, T0 + 107500, QEMU, "qemu:scsi_sgio_depth",
                     "id=disk inflight=0");
    trace_writer_add(w, T0 + 108000, QEMU, "qemu:virtio_scsi_cmd_resp",
                     "tag=1");
    trace_writer_add(w, T0 + 108500, QEMU, "qemu:scsi_sgio_bounce_free",
                     "req=1 tag=1 len=262144");
    trace_writer_add(w, T0 + 109000, INITIATOR, "sgbench:complete", "tag=1");
    trace_writer_add(w, T0 + 110000, INITIATOR, "sgbench:cell_end",
                     "cell=c1 requests=2 bytes=266144");
    trace_writer_lose(w, 5);

    trace_writer_add(w, T0 + 1000000, QEMU, "qemu:virtio_scsi_cmd_req",
                     "lun=1 tag=3 cmd=0x2a");
    trace_writer_add(w, T0 + 1001000, QEMU, "qemu:scsi_req_build_sense",
                     "lun=1 tag=3 key=3 asc=0x11 ascq=0");
    trace_writer_add(w, T0 + 1002000, QEMU, "qemu:virtio_scsi_cmd_resp",
                     "lun=1 tag=3 status=2");
    trace_writer_add(w, T0 + 1003000, QEMU, "qemu:virtio_scsi_cmd_req",
                     "lun=1 tag=4 cmd=0x2a");
    return w;
}

#define LOST "LOST: 5 events and 0 packets; figures below lack them\n"

/* Whatever is asked for, lost events are said first. */
static void check_text(const char *view, const char *expected)
{
    g_autoptr(TraceWriter) w = golden();
    g_autofree char *setting = g_strconcat("view=", view, NULL);
    const char *const settings[] = {setting, NULL};
    g_autofree char *text = output_of(w, &sgb_output_text, settings);
    g_autofree char *all = g_str_has_prefix(expected, LOST)
                               ? g_strdup(expected)
                               : g_strconcat(LOST "\n", expected, NULL);

    g_assert_cmpstr(text, ==, all);
}

/* Numbers are written as printf() writes them. */
static void check_number(uint64_t number)
{
    char text[SGB_PUT_NUMBER_MAX + 5];
    g_autofree char *expected =
        g_strdup_printf("%" G_GINT64_FORMAT, (int64_t)number);

    *sgb_put_signed(text, number) = '\0';
    g_assert_cmpstr(text, ==, expected);
    g_free(expected);
    expected = g_strdup_printf("%" G_GUINT64_FORMAT, number);
    *sgb_put_number(text, number) = '\0';
    g_assert_cmpstr(text, ==, expected);
    g_free(expected);
    expected = number % 1000
                   ? g_strdup_printf("%" G_GUINT64_FORMAT ".%03u",
                                     number / 1000, (unsigned)(number % 1000))
                   : g_strdup_printf("%" G_GUINT64_FORMAT, number / 1000);
    *sgb_put_microseconds(text, number) = '\0';
    g_assert_cmpstr(text, ==, expected);
}

static void test_numbers(void)
{
    uint64_t power = 1;

    for (unsigned i = 0; i < 20; i++, power *= 10) {
        check_number(power - 1);
        check_number(power);
        check_number(power + 1);
    }
    for (unsigned i = 0; i < 64; i++) {
        check_number((UINT64_C(1) << i) - 1);
        check_number(UINT64_C(1) << i);
    }
    check_number(UINT64_MAX);
    for (unsigned i = 0; i < 1000; i++) {
        check_number(i);
    }
}

/* Nothing is not answered with silence. */
static void test_nothing(void)
{
    g_autoptr(TraceWriter) w = golden();
    const char *const settings[] = {"view=stages,latency,top", "tag=99", NULL};
    g_autofree char *text = output_of(w, &sgb_output_text, settings);

    g_assert_cmpstr(text, ==,
                    LOST "\nNothing to show: no request finished of those "
                         "that are selected; 4 are not\n");
}

static void test_summary(void)
{
    check_text(
        "summary", LOST
        "2023-11-14 22:13:20.000000 to 22:13:20.001003 (1.0 ms): 28 events, "
        "0 others\n"
        "3 requests finished, 1 never did\n"
        "  4 KiB direct (1.5 %), 256 KiB bounced (98.5 %)\n"
        "  the sg driver did direct I/O for 1 requests\n"
        "\n"
        "requests of, and their way               count       moved       mean"
        "  failed\n"
        "Read(10), bounced                            1     256 KiB   108.0 µs"
        "       0\n"
        "Read(10), direct, plain                      1     3.9 KiB     6.0 µs"
        "       0\n"
        "Write(10), unknown                           1         0 B     2.0 µs"
        "       1\n"
        "\n"
        "device disk of QEMU 100 on alpha: 2 requests, 259.9 KiB\n"
        "device (no id) of QEMU 100 on alpha: 1 requests, 0 B\n"
        "\n"
        "Not in this trace:\n"
        "  scsi_dispatch_cmd_*: the kernel's and the device's share of "
        "SG_IO\n");
}

static void test_stages(void)
{
    check_text(
        "stages",
        "Read(10), bounced: 1 requests\n"
        "  time to         count    share       min      mean       p50       "
        "p99       max\n"
        "  arrive              1    0.9 %    1.0 µs    1.0 µs    1.0 µs    "
        "1.0 µs    1.0 µs\n"
        "  map                 1    0.9 %    1.0 µs    1.0 µs    1.0 µs    "
        "1.0 µs    1.0 µs\n"
        "  submit              1    1.9 %    2.0 µs    2.0 µs    2.0 µs    "
        "2.0 µs    2.0 µs\n"
        "  ioctl begin         1    0.9 %    1.0 µs    1.0 µs    1.0 µs    "
        "1.0 µs    1.0 µs\n"
        "  ioctl end           1   92.6 %  100.0 µs  100.0 µs  100.0 µs  "
        "100.0 µs  100.0 µs\n"
        "  complete            1    0.9 %    1.0 µs    1.0 µs    1.0 µs    "
        "1.0 µs    1.0 µs\n"
        "  respond             1    0.9 %    1.0 µs    1.0 µs    1.0 µs    "
        "1.0 µs    1.0 µs\n"
        "  seen                1    0.9 %    1.0 µs    1.0 µs    1.0 µs    "
        "1.0 µs    1.0 µs\n"
        "  total               1  100.0 %  108.0 µs  108.0 µs  108.0 µs  "
        "108.0 µs  108.0 µs\n"
        "  (p99 of fewer than 1000 requests)\n"
        "\n"
        "Read(10), direct, plain: 1 requests\n"
        "  time to         count    share       min      mean       p50       "
        "p99       max\n"
        "  arrive              1   16.7 %    1.0 µs    1.0 µs    1.0 µs    "
        "1.0 µs    1.0 µs\n"
        "  submit              1   33.3 %    2.0 µs    2.0 µs    2.0 µs    "
        "2.0 µs    2.0 µs\n"
        "  complete            1   16.7 %    1.0 µs    1.0 µs    1.0 µs    "
        "1.0 µs    1.0 µs\n"
        "  respond             1   16.7 %    1.0 µs    1.0 µs    1.0 µs    "
        "1.0 µs    1.0 µs\n"
        "  seen                1   16.7 %    1.0 µs    1.0 µs    1.0 µs    "
        "1.0 µs    1.0 µs\n"
        "  total               1  100.0 %    6.0 µs    6.0 µs    6.0 µs    "
        "6.0 µs    6.0 µs\n"
        "  (p99 of fewer than 1000 requests)\n"
        "\n"
        "Write(10), unknown: 1 requests\n"
        "  time to         count    share       min      mean       p50       "
        "p99       max\n"
        "  respond             1  100.0 %    2.0 µs    2.0 µs    2.0 µs    "
        "2.0 µs    2.0 µs\n"
        "  total               1  100.0 %    2.0 µs    2.0 µs    2.0 µs    "
        "2.0 µs    2.0 µs\n"
        "  (p99 of fewer than 1000 requests)\n");
}

static void test_errors(void)
{
    check_text("errors",
               "1 requests failed:\n"
               "       1  Write(10): Check Condition, sense 3h/11h/00h Medium "
               "Error: Unrecovered read error (22:13:20.001002)\n"
               "1 went well, but short: residuals of 96 B\n"
               "Data that did not go direct:\n"
               "       1  no zero-copy in this build: 256 KiB bounced\n");
}

/* What a device said, told by QEMU: key, ASC and ASCQ, and each apart. No
 * initiator of ours is there to tell. */
static void test_errors_sense(void)
{
    static const char *const sense[] = {
        "key=5 asc=0x20 ascq=0", "key=3 asc=0x11 ascq=0",
        "key=5 asc=0x20 ascq=0", "key=3 asc=0x11 ascq=4"};
    const char *const settings[] = {"view=errors", NULL};
    const char *const csv_settings[] = {NULL};
    g_autoptr(TraceWriter) w = trace_writer_new("alpha");
    g_autoptr(TraceWriter) again = trace_writer_new("alpha");
    g_autofree char *text = NULL, *csv = NULL;

    for (unsigned i = 0; i < 2 * G_N_ELEMENTS(sense); i++) {
        TraceWriter *to = i < G_N_ELEMENTS(sense) ? w : again;
        unsigned tag = i % G_N_ELEMENTS(sense);
        uint64_t t = T0 + tag * 10000;

        trace_writer_add(to, t, QEMU, "qemu:virtio_scsi_cmd_req",
                         "tag=%u cmd=0x28", tag);
        trace_writer_add(to, t + 1000, QEMU, "qemu:scsi_sgio_submit",
                         "req=7 hdr=9 tag=%u id=disk opcode=0x28 len=512", tag);
        trace_writer_add(to, t + 2000, QEMU, "qemu:scsi_sgio_complete",
                         "req=7 tag=%u status=2 len=512", tag);
        trace_writer_add(to, t + 3000, QEMU, "qemu:scsi_sgio_sense",
                         "req=7 tag=%u %s", tag, sense[tag]);
        trace_writer_add(to, t + 4000, QEMU, "qemu:virtio_scsi_cmd_resp",
                         "tag=%u status=2", tag);
    }
    text = output_of(w, &sgb_output_text, settings);
    g_assert_cmpstr(
        text, ==,
        "4 requests failed:\n"
        "       2  Read(10): Check Condition, sense 5h/20h/00h Illegal "
        "Request: Invalid command operation code (22:13:20.000004 to "
        "22:13:20.000024)\n"
        "       1  Read(10): Check Condition, sense 3h/11h/00h Medium Error: "
        "Unrecovered read error (22:13:20.000014)\n"
        "       1  Read(10): Check Condition, sense 3h/11h/04h Medium Error: "
        "Unrecovered read error - auto reallocate failed "
        "(22:13:20.000034)\n");
    csv = output_of(again, &sgb_output_csv, csv_settings);
    g_assert_nonnull(strstr(csv, ",2,3,17,4,"));
}

static void test_top(void)
{
    g_autoptr(TraceWriter) w = golden();
    const char *const settings[] = {"view=top", "top=1", NULL};
    g_autofree char *text = output_of(w, &sgb_output_text, settings);

    g_assert_cmpstr(
        text, ==,
        LOST
        "\nThe 1 slowest requests:\n"
        "  108.0 µs  22:13:20.000109  Read(10) of 256 KiB, tag 1 on disk LUN "
        "0, cell c1\n"
        "            bounced (no zero-copy in this build): arrive 1.0 µs map "
        "1.0 µs submit 2.0 µs ioctl begin 1.0 µs ioctl end 100.0 µs complete "
        "1.0 µs respond 1.0 µs seen 1.0 µs\n"
        "\n"
        "Never finished:\n"
        "      0 ns  22:13:20.001003  Write(10) of 0 B, tag 4 on (no id) LUN "
        "1\n"
        "            unknown:\n");
}

static void test_depth(void)
{
    check_text("depth",
               "depth, weighted by time         mean       max  of\n"
               "requests in the HBA             0.11         2  QEMU 100 on "
               "alpha\n"
               "    of the time at depth 0: 89.2 % 1: 10.4 % 2: 0.4 %\n"
               "requests in SG_IO               1.02         2  disk of QEMU "
               "100 on alpha\n"
               "    of the time at depth 1: 98.1 % 2: 1.9 %\n"
               "bounce buffers                  1.00         1  disk of QEMU "
               "100 on alpha\n"
               "    of the time at depth 1: 100.0 %\n"
               "bytes bounced                256 KiB   256 KiB  disk of QEMU "
               "100 on alpha\n");
}

static void test_latency(void)
{
    g_autoptr(TraceWriter) w = golden();
    const char *const settings[] = {"view=latency", "opcode=2ah", NULL};
    g_autofree char *text = output_of(w, &sgb_output_text, settings);

    g_assert_cmpstr(text, ==,
                    LOST
                    "\n"
                    "Write(10), unknown\n"
                    "  total\n"
                    "                        ns : count      distribution\n"
                    "        1024 -> 2047       : 1          "
                    "|**************************************|\n"
                    "\n"
                    "  time to respond\n"
                    "                        ns : count      distribution\n"
                    "        1024 -> 2047       : 1          "
                    "|**************************************|\n");
}

static void test_json(void)
{
    g_autoptr(TraceWriter) w = golden();
    g_autofree char *text = output_of(w, &sgb_output_json, NULL);
    g_autoptr(JsonNode) root = output_json(text);
    JsonObject *o = json_node_get_object(root), *group, *stages;
    JsonArray *array;

    g_assert_cmpstr(json_object_get_string_member(o, "format"), ==,
                    "sgbench-analysis/1");
    g_assert_cmpint(output_integer(o, "lost_events"), ==, 5);
    g_assert_cmpint(output_integer(o, "requests"), ==, 3);
    g_assert_cmpint(output_integer(o, "unfinished"), ==, 1);
    g_assert_cmpint(output_integer(o, "direct"), ==, 4096);
    g_assert_cmpint(output_integer(o, "bounced"), ==, 262144);
    g_assert_cmpint(output_integer(o, "cells"), ==, 1);
    g_assert_cmpint(output_integer(o, "failed"), ==, 1);
    g_assert_cmpint(output_integer(o, "short_bytes"), ==, 96);
    array = json_object_get_array_member(o, "groups");
    g_assert_cmpuint(json_array_get_length(array), ==, 3);
    group = json_array_get_object_element(array, 0);
    g_assert_cmpint(output_integer(group, "opcode"), ==, 0x28);
    stages = json_object_get_object_member(group, "stages");
    g_assert_cmpint(
        output_integer(json_object_get_object_member(stages, "ioctl_end"),
                       "max"),
        ==, 100000);
    array = json_object_get_array_member(o, "faults");
    g_assert_cmpint(
        output_integer(json_array_get_object_element(array, 0), "asc"), ==,
        0x11);
    /* The slowest first. */
    array = json_object_get_array_member(o, "slowest");
    g_assert_cmpuint(json_array_get_length(array), ==, 3);
    for (unsigned i = 0; i < 3; i++) {
        g_assert_cmpint(
            output_integer(json_array_get_object_element(array, i), "tag"), ==,
            i + 1);
    }
    array = json_object_get_array_member(o, "never_finished");
    g_assert_cmpint(
        output_integer(json_array_get_object_element(array, 0), "tag"), ==, 4);
    array = json_object_get_array_member(o, "depth");
    g_assert_cmpuint(json_array_get_length(array), ==, 4);
}

/* Whatever is asked for, lost events are in it. */
static void test_json_part(void)
{
    g_autoptr(TraceWriter) w = golden();
    const char *const settings[] = {"view=top", NULL};
    g_autofree char *text = output_of(w, &sgb_output_json, settings);
    g_autoptr(JsonNode) root = output_json(text);
    JsonObject *o = json_node_get_object(root);

    g_assert_cmpint(output_integer(o, "lost_events"), ==, 5);
    g_assert_false(json_object_has_member(o, "groups"));
}

static void test_csv(void)
{
    g_autoptr(TraceWriter) w = golden();
    const char *const settings[] = {"tag=2", "tag=4", NULL};
    g_autofree char *text = output_of(w, &sgb_output_csv, settings);
    g_auto(GStrv) lines = g_strsplit(text, "\r\n", -1);

    g_assert_cmpuint(g_strv_length(lines), ==, 4);
    g_assert_true(g_str_has_prefix(lines[0], "host,vpid,device,cell,"));
    g_assert_true(g_str_has_suffix(lines[0], ",seen_ns,finished"));
    g_assert_true(g_str_has_prefix(
        lines[1],
        "alpha,100,disk,c1,2,2,0,40,-3,4096,4000,\"direct, plain\",none,"));
    g_assert_true(g_str_has_suffix(
        lines[1], ",6000,-1,1000,-1,2000,-1,-1,-1,-1,1000,-1,1000,1000,1"));
    g_assert_true(g_str_has_prefix(lines[2], "alpha,100,,,0,4,1,42,"));
    g_assert_true(g_str_has_suffix(lines[2], ",0"));
}

static void test_timeline(void)
{
    g_autoptr(TraceWriter) w = golden();
    g_autofree char *text = output_of(w, &sgb_output_timeline, NULL);
    unsigned slices;
    g_autofree char *fault = output_check_timeline(text, &slices);

    g_assert_cmpstr(fault, ==, NULL);
    /* Three requests with eight, five and one stages. */
    g_assert_cmpuint(slices, ==, 3 + 8 + 5 + 1);
    g_assert_nonnull(strstr(text, "\"name\":\"disk slot 1\""));
    g_assert_nonnull(strstr(text, "\"name\":\"bounce buffers, disk\""));
    g_assert_nonnull(strstr(text, "\"name\":\"bytes bounced, disk\""));
    g_assert_nonnull(strstr(text, "\"name\":\"Read(10) 256 KiB\""));
}

/* That the checker finds faults. */
static void test_timeline_checker(void)
{
    static const char *const wrong[] = {
        "[]",
        "{}",
        "{\"traceEvents\":[{}]}",
        "{\"traceEvents\":[{\"ph\":\"X\",\"name\":\"a\",\"pid\":1}]}",
        "{\"traceEvents\":[{\"ph\":\"C\",\"name\":\"a\",\"pid\":1,\"ts\":1,"
        "\"args\":{\"value\":-1}}]}",
        "{\"traceEvents\":[{\"ph\":\"X\",\"name\":\"a\",\"cat\":\"c\","
        "\"pid\":1,\"tid\":1,\"ts\":1,\"dur\":5},{\"ph\":\"X\",\"name\":\"b\","
        "\"cat\":\"c\",\"pid\":1,\"tid\":1,\"ts\":3,\"dur\":5}]}",
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(wrong); i++) {
        unsigned slices;
        g_autofree char *fault = output_check_timeline(wrong[i], &slices);

        g_assert_nonnull(fault);
    }
}

static void test_limit(void)
{
    g_autoptr(TraceWriter) w = golden();
    const char *const settings[] = {"limit=1", NULL};
    g_autofree char *csv = output_of(w, &sgb_output_csv, settings);
    g_autofree char *timeline = output_of(w, &sgb_output_timeline, settings);

    g_assert_cmpint(strchr(strchr(csv, '\n') + 1, '\n')[1], ==, '\0');
    g_assert_nonnull(strstr(timeline, "\"requests_left_out\":\"2\""));
}

/* How many requests each selection leaves. */
static void test_selection(void)
{
    static const struct {
        const char *settings[3];
        int requests;
    } cases[] = {
        {{NULL}, 3},
        {{"tag=1", "tag=3"}, 2},
        {{"lun=1"}, 1},
        {{"opcode=28h"}, 2},
        {{"opcode=0x2a"}, 1},
        {{"opcode=40", "tag=2"}, 1},
        {{"device=di*"}, 2},
        {{"device=tape"}, 0},
        {{"cell=c1"}, 2},
        {{"length=4K"}, 1},
        {{"from=+0.0005"}, 1},
        {{"to=+0.000013"}, 1},
        {{"from=+0.000013", "to=+0.000013"}, 1},
        {{"from=22:13:20.0005"}, 1},
        {{"from=1700000000.0005"}, 1},
        {{"to=2023-11-14 22:13:20.0005"}, 2},
        {{"to=2023-11-14 22:13:19"}, 0},
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(TraceWriter) w = golden();
        const char *settings[4] = {"view=summary"};
        g_autofree char *text = NULL;
        g_autoptr(JsonNode) root = NULL;

        memcpy(settings + 1, cases[i].settings, 2 * sizeof(char *));
        text = output_of(w, &sgb_output_json, settings);
        root = output_json(text);
        g_test_message("%s", cases[i].settings[0]);
        g_assert_cmpint(output_integer(json_node_get_object(root), "requests"),
                        ==, cases[i].requests);
    }
}

static void test_bad_settings(void)
{
    static const char *const bad[] = {
        "view=vew",
        "from=yesterday",
        "from=12:61:00",
        "from=25:00:00",
        "from=+",
        "from=1.",
        "to=2023-13-01 00:00:00",
        "to=99999999999999999999",
        "tag=x",
        "tag=4294967296",
        "opcode=100h",
        "length=K",
        "top=1001",
        "limit=5",
        "nothing=1",
        "path=",
        "lun=-1",
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(SgbOptions) options = sgb_options_new();
        g_auto(GStrv) parts = g_strsplit(bad[i], "=", 2);
        g_autoptr(GError) error = NULL;

        g_test_message("%s", bad[i]);
        g_assert_false(sgb_options_set(options, SGB_OUTPUT_TEXT, parts[0],
                                       parts[1], &error));
        g_assert_error(error, SGB_OPTIONS_ERROR, 0);
        g_assert_true(g_str_has_prefix(error->message, parts[0]));
    }
}

int main(int argc, char **argv)
{
    /* Times of day are local ones. */
    g_setenv("TZ", "UTC", TRUE);
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/views/summary", test_summary);
    g_test_add_func("/views/stages", test_stages);
    g_test_add_func("/views/latency", test_latency);
    g_test_add_func("/views/depth", test_depth);
    g_test_add_func("/views/top", test_top);
    g_test_add_func("/views/errors", test_errors);
    g_test_add_func("/views/errors/sense", test_errors_sense);
    g_test_add_func("/outputs/json", test_json);
    g_test_add_func("/outputs/csv", test_csv);
    g_test_add_func("/outputs/numbers", test_numbers);
    g_test_add_func("/outputs/json-part", test_json_part);
    g_test_add_func("/outputs/nothing", test_nothing);
    g_test_add_func("/outputs/timeline", test_timeline);
    g_test_add_func("/outputs/timeline-checker", test_timeline_checker);
    g_test_add_func("/outputs/limit", test_limit);
    g_test_add_func("/options/selection", test_selection);
    g_test_add_func("/options/bad", test_bad_settings);
    return g_test_run();
}
