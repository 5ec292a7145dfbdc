/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * trace-load REQUESTS FOLDER: writes a trace of that many requests, 13 or 14
 * events each, as a QEMU with a zero-copy and a bouncing device has them at
 * depth 4: for benchmarks. What they say is made up. All is in one stream,
 * which babeltrace2 merges at no cost: the cheapest for it, and so the hardest
 * to compare with.
 */
#include <stdlib.h>
#include <stdio.h>
#include <string.h>

#include "trace-writer.h"

#define QEMU 100
#define INITIATOR 200
#define DEPTH 4
#define T0 UINT64_C(1700000000000000000)

/* Events of a request, in ns after it was posted. */
static const struct {
    unsigned ns;
    int vpid;
    const char *name, *fields[2]; /* of a direct one, of a bounced one */
} script[] = {
    {0,
     INITIATOR,
     "sgbench:post",
     {"tag=%u lun=0 opcode=0x28 dir=-3 len=262144",
      "tag=%u lun=1 opcode=0x2a dir=-2 len=262144"}},
    {2000,
     QEMU,
     "qemu:virtio_scsi_cmd_req",
     {"lun=0 tag=%u cmd=0x28", "lun=1 tag=%u cmd=0x2a"}},
    {3000,
     QEMU,
     "qemu:scsi_sgio_map",
     {"tag=%u req=%u entries=1 len=262144", NULL}},
    {3100,
     QEMU,
     "qemu:dma_map_direct",
     {"addr=%u transfer=%u len=262144 dir=1", NULL}},
    {3200,
     QEMU,
     "qemu:scsi_sgio_bounce_alloc",
     {NULL, "tag=%u req=%u len=262144 buffers=1 held=262144"}},
    {4000,
     QEMU,
     "qemu:scsi_sgio_path",
     {"tag=%u req=%u path=2 entries=1 pieces=1 direct=262144",
      "tag=%u req=%u path=1 reason=2 entries=1 pieces=1 bounced=262144"}},
    {4100,
     QEMU,
     "qemu:scsi_sgio_depth",
     {"dev=9 id=direct inflight=1", "dev=8 id=bouncing inflight=1"}},
    {5000,
     QEMU,
     "qemu:scsi_sgio_submit",
     {"tag=%u req=%u hdr=%u dev=9 id=direct lun=0 opcode=0x28 dir=-3 "
      "len=262144",
      "tag=%u req=%u hdr=%u dev=8 id=bouncing lun=1 opcode=0x2a dir=-2 "
      "len=262144"}},
    {9000,
     QEMU,
     "qemu:file_sgio_begin",
     {"fd=%u dir=%u hdr=%u len=262144", "fd=%u dir=%u hdr=%u len=262144"}},
    {99000,
     QEMU,
     "qemu:file_sgio_end",
     {"status=0 resid=%.0u dir=%u hdr=%u", "resid=%.0u dir=%u hdr=%u"}},
    {105000,
     QEMU,
     "qemu:scsi_sgio_depth",
     {"dev=9 id=direct inflight=0", "dev=8 id=bouncing inflight=0"}},
    {106000,
     QEMU,
     "qemu:scsi_sgio_complete",
     {"tag=%u req=%u len=262144 pieces=1 direct=262144 info=3",
      "tag=%u req=%u len=262144 pieces=1 bounced=262144 info=1"}},
    {107000,
     QEMU,
     "qemu:scsi_sgio_unmap",
     {"tag=%u req=%u mappings=1 bytes=262144 dir=1", NULL}},
    {109000, QEMU, "qemu:virtio_scsi_cmd_resp", {"tag=%u", "tag=%u"}},
    {109500,
     QEMU,
     "qemu:scsi_sgio_bounce_free",
     {NULL, "tag=%u req=%u len=262144"}},
    {112000,
     INITIATOR,
     "sgbench:complete",
     {"tag=%u len=262144", "tag=%u len=262144"}},
};

typedef struct Load {
    unsigned done, requests;
    uint64_t ns;
} Load;

/* DEPTH requests that go through each stage one after the other. */
static gboolean more(TraceWriter *w, void *opaque)
{
    Load *load = opaque;

    if (load->done >= load->requests) {
        return FALSE;
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(script); i++) {
        for (unsigned j = 0; j < DEPTH; j++) {
            unsigned tag = load->done + j, req = 0x10000 + j * 0x400;
            const char *fields = script[i].fields[tag % 2];
            if (fields) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
                /* Real times are not round, and digits cost. */
                trace_writer_add(w, load->ns + script[i].ns + i * 137 + j * 13,
                                 script[i].vpid, script[i].name, fields, tag,
                                 req, req + 16);
#pragma GCC diagnostic pop
            }
        }
    }
    load->done += DEPTH;
    load->ns += 115007;
    /* LTTng's are full after some thousands of events, too. */
    if (load->done % 1000 == 0) {
        trace_writer_packet(w);
    }
    return TRUE;
}

int main(int argc, char **argv)
{
    g_autoptr(TraceWriter) w = trace_writer_new("made-up");
    Load load = {.ns = T0};

    if (argc != 3 || (load.requests = strtoul(argv[1], NULL, 10)) == 0) {
        fputs("usage: trace-load REQUESTS FOLDER\n", stderr);
        return 2;
    }
    trace_writer_pull(w, more, &load);
    trace_writer_write(w, argv[2]);
    return 0;
}
