/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Properties that hold for every trace: random requests of several processes
 * and devices, interleaved at random, with tags and handles used again and
 * events left out, against what the generator knows.
 */
#include <string.h>

#include "output-run.h"
#include "trace-seen.h"

#define PROCESSES 3
#define SLOTS 6
#define REQUESTS 400

/* A request on its way: which of its events come next, and when. */
typedef struct Walk {
    gboolean busy;
    unsigned tag, req, step, bytes, device;
    gboolean direct, dropped;
    uint64_t begin;
} Walk;

typedef struct Truth {
    unsigned finished, direct_requests;
    uint64_t direct, bounced, total_ns;
} Truth;

/* Emit the next event of @k; whether it was the last. */
static gboolean step(TraceWriter *w, Walk *k, unsigned vpid, uint64_t now,
                     unsigned *held)
{
    switch (k->step++) {
    case 0:
        k->begin = now;
        trace_writer_add(w, now, vpid, "qemu:virtio_scsi_cmd_req",
                         "tag=%u cmd=0x28 lun=%u", k->tag, k->device);
        return FALSE;
    case 1:
        if (k->direct) {
            trace_writer_add(w, now, vpid, "qemu:scsi_sgio_map",
                             "req=%u tag=%u", k->req, k->tag);
        } else {
            *held += k->bytes;
            trace_writer_add(w, now, vpid, "qemu:scsi_sgio_bounce_alloc",
                             "req=%u tag=%u len=%u held=%u", k->req, k->tag,
                             k->bytes, *held);
        }
        return FALSE;
    case 2:
        trace_writer_add(w, now, vpid, "qemu:scsi_sgio_path",
                         "req=%u tag=%u path=%d", k->req, k->tag,
                         k->direct ? 2 : 1);
        return FALSE;
    case 3:
        trace_writer_add(w, now, vpid, "qemu:scsi_sgio_submit",
                         "req=%u hdr=%u tag=%u id=dev%u len=%u opcode=0x28",
                         k->req, k->req + 1, k->tag, k->device, k->bytes);
        return FALSE;
    case 4:
        trace_writer_add(w, now, vpid, "qemu:iscsi_sgio_begin", "hdr=%u",
                         k->req + 1);
        return FALSE;
    case 5:
        trace_writer_add(w, now, vpid, "qemu:iscsi_sgio_end", "hdr=%u",
                         k->req + 1);
        return FALSE;
    case 6:
        trace_writer_add(w, now, vpid, "qemu:scsi_sgio_complete",
                         "req=%u tag=%u direct=%u bounced=%u len=%u", k->req,
                         k->tag, k->direct ? k->bytes : 0,
                         k->direct ? 0 : k->bytes, k->bytes);
        return FALSE;
    case 7:
        trace_writer_add(w, now, vpid, "qemu:virtio_scsi_cmd_resp", "tag=%u",
                         k->tag);
        return FALSE;
    default:
        if (!k->direct) {
            *held -= k->bytes;
            trace_writer_add(w, now, vpid, "qemu:scsi_sgio_bounce_free",
                             "req=%u tag=%u held=%u", k->req, k->tag, *held);
        }
        return TRUE;
    }
}

static void generate(TraceWriter *w, GRand *rand, Truth *truth)
{
    Walk walks[PROCESSES][SLOTS] = {};
    unsigned held[PROCESSES] = {}, begun = 0, busy = 0;
    uint64_t now = 1000;

    while (begun < REQUESTS || busy) {
        unsigned p = g_rand_int_range(rand, 0, PROCESSES);
        unsigned s = g_rand_int_range(rand, 0, SLOTS);
        Walk *k = &walks[p][s];

        now += g_rand_int_range(rand, 1, 3000);
        if (!k->busy) {
            if (begun == REQUESTS) {
                continue;
            }
            /* Tags and handles are the slot's: used again and again, and the
             * same in all processes. */
            *k = (Walk){
                .busy = TRUE,
                .tag = s,
                .req = 0x1000 + s * 16,
                .bytes = 512 << g_rand_int_range(rand, 0, 8),
                .device = s % 2,
                .direct = g_rand_boolean(rand),
            };
            begun++;
            busy++;
        }
        if (k->step == 7) {
            truth->finished++;
            truth->direct_requests += k->direct;
            truth->direct += k->direct ? k->bytes : 0;
            truth->bounced += k->direct ? 0 : k->bytes;
            truth->total_ns += now - k->begin;
        }
        if (step(w, k, 100 + p, now, &held[p])) {
            k->busy = FALSE;
            busy--;
        }
        if (g_rand_int_range(rand, 0, 50) == 0) {
            trace_writer_packet(w);
        }
    }
}

static void check_request(const SgbRequest *r)
{
    uint64_t duration[SGB_STAGE__COUNT], sum = 0;
    unsigned present;
    uint64_t total = sgb_request_stages(r, duration, &present);

    for (unsigned i = 0; i < SGB_STAGE__COUNT; i++) {
        g_assert_true(duration[i] == 0 || (present & 1u << i));
        sum += duration[i];
    }
    g_assert_cmpuint(sum, ==, total);
    g_assert_cmpuint(total, ==, sgb_request_end(r) - sgb_request_begin(r));
}

static void test_interleaved(gconstpointer data)
{
    g_autoptr(GRand) rand = g_rand_new_with_seed(GPOINTER_TO_UINT(data));
    g_autoptr(TraceWriter) w = trace_writer_new("alpha");
    g_autoptr(Seen) seen = NULL;
    g_autofree char *text = NULL, *timeline = NULL, *fault = NULL;
    g_autoptr(JsonNode) root = NULL;
    JsonArray *depth;
    Truth truth = {};
    uint64_t direct = 0, bounced = 0, total = 0;
    unsigned slices;

    generate(w, rand, &truth);
    seen = seen_write_and_read(w);
    g_assert_cmpuint(seen->counts.requests, ==, truth.finished);
    g_assert_cmpuint(seen->counts.orphans, ==, 0);
    g_assert_cmpuint(seen->counts.unfinished, ==, 0);
    for (unsigned i = 0; i < seen->requests->len; i++) {
        const SgbRequest *r = seen_nth(seen, i);

        check_request(r);
        direct += r->direct;
        bounced += r->bounced;
        total += sgb_request_end(r) - sgb_request_begin(r);
    }
    g_assert_cmpuint(direct, ==, truth.direct);
    g_assert_cmpuint(bounced, ==, truth.bounced);
    g_assert_cmpuint(total, ==, truth.total_ns);

    /* The HBA's depth is never negative, never more than there are slots, and
     * ends at 0; time adds up. */
    text = output_of(w, &sgb_output_json, NULL);
    root = output_json(text);
    g_assert_cmpuint(output_integer(json_node_get_object(root), "requests"), ==,
                     truth.finished);
    depth = json_object_get_array_member(json_node_get_object(root), "depth");
    for (unsigned i = 0; i < json_array_get_length(depth); i++) {
        JsonObject *s = json_array_get_object_element(depth, i);
        const char *level = json_object_get_string_member(s, "level");

        if (strcmp(level, "hba") == 0) {
            g_assert_cmpint(output_integer(s, "max"), <=, SLOTS);
            g_assert_cmpint(output_integer(s, "max"), >=, 1);
            g_assert_cmpfloat(json_object_get_double_member(s, "mean"), <=,
                              SLOTS);
        }
        g_assert_cmpint(output_integer(s, "max"), <, INT32_MAX);
        g_assert_cmpfloat(json_object_get_double_member(s, "mean"), >=, 0);
    }
    timeline = output_of(w, &sgb_output_timeline, NULL);
    fault = output_check_timeline(timeline, &slices);
    g_assert_cmpstr(fault, ==, NULL);
    g_assert_cmpuint(slices, >=, truth.finished);
}

/* Whatever is left out, in the middle or at the beginning: no request counts
 * twice, no time is negative, and all that is known is accounted for. */
static void test_lossy(gconstpointer data)
{
    g_autoptr(GRand) rand = g_rand_new_with_seed(GPOINTER_TO_UINT(data));
    g_autoptr(TraceWriter) w = trace_writer_new("alpha");
    g_autoptr(Seen) seen = NULL;
    g_autofree char *timeline = NULL, *fault = NULL;
    Truth truth = {};
    unsigned slices;

    generate(w, rand, &truth);
    trace_writer_drop(w, rand, .1);
    seen = seen_write_and_read(w);
    g_assert_cmpuint(seen->counts.requests, <=, truth.finished);
    g_assert_cmpuint(seen->counts.requests, >, truth.finished / 2);
    g_assert_cmpuint(seen->counts.requests + seen->counts.unfinished, ==,
                     seen->requests->len);
    for (unsigned i = 0; i < seen->requests->len; i++) {
        check_request(seen_nth(seen, i));
    }
    timeline = output_of(w, &sgb_output_timeline, NULL);
    fault = output_check_timeline(timeline, &slices);
    g_assert_cmpstr(fault, ==, NULL);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (unsigned seed = 1; seed <= 5; seed++) {
        g_autofree char *whole =
            g_strdup_printf("/random/interleaved/%u", seed);
        g_autofree char *lossy = g_strdup_printf("/random/lossy/%u", seed);

        g_test_add_data_func(whole, GUINT_TO_POINTER(seed), test_interleaved);
        g_test_add_data_func(lossy, GUINT_TO_POINTER(seed), test_lossy);
    }
    return g_test_run();
}
