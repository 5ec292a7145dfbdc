/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Target kind "null": what QEMU is given, and a real QEMU that answers. Nothing
 * but QEMU reaches it, so verification has to find faults with the path alone.
 */
#include <glib.h>
#include <glib/gstdio.h>
#include <string.h>

#include "ring-fixture.h"
#include "sgbench/error.h"
#include "sgbench/layout.h"
#include "sgbench/plan.h"
#include "sgbench/verify.h"
#include "target-fixture.h"

#define MIB (UINT64_C(1) << 20)

typedef struct Fixture {
    Job *job;
    Plan *plan;
    GPtrArray *starts;
    Target *target;
} Fixture;

/* A job with a target that has @keys (whole lines). */
static void set_up(Fixture *f, const char *keys)
{
    g_autofree char *text = g_strdup_printf("[target n]\n"
                                            "kind=null\n"
                                            "%s"
                                            "[matrix m]\n"
                                            "targets=n\n"
                                            "paths=generic-bounce;"
                                            "generic-zerocopy;block\n"
                                            "operations=read;write\n"
                                            "sizes=4K;256K\n"
                                            "depths=2\n"
                                            "layouts=contiguous;pages;offset\n",
                                            keys);
    g_autoptr(GError) error = NULL;

    f->job = fixture_job(ring_context.temp_dir, "null.conf", text);
    f->plan = plan_new(f->job, &error);
    g_assert_no_error(error);
    f->starts = plan_round(f->plan, 0);
    g_assert_cmpuint(f->starts->len, ==, 3);
    f->target = target_start(&ring_context, f->job,
                             g_ptr_array_index(f->job->targets, 0), &error);
    g_assert_no_error(error);
}

static void tear_down(Fixture *f)
{
    target_stop(f->target);
    g_ptr_array_unref(f->starts);
    plan_free(f->plan);
    job_free(f->job);
}

/* @start's path to the target, who it is asked first. */
static Initiator *open_start(Fixture *f, const Start *start)
{
    g_autoptr(GError) error = NULL;
    InitiatorNeeds needs = plan_needs(start);
    Initiator *ring = initiator_ring.open(&ring_context, f->target, start->path,
                                          &needs, &error);

    g_assert_no_error(error);
    g_assert_true(target_identify(f->target, ring, &error));
    g_assert_no_error(error);
    g_assert_true(target_bring_up(f->target, ring, &error));
    g_assert_no_error(error);
    return ring;
}

/* ---- what QEMU is given ---- */

static void assert_blockdev(const char *keys, const char *value)
{
    static const char *const devices[] = {"scsi-generic", "scsi-block"};
    Fixture f;

    set_up(&f, keys);
    for (unsigned i = 0; i < G_N_ELEMENTS(devices); i++) {
        g_autofree char *blockdev =
            f.target->kind->blockdev(f.target, devices[i]);

        g_assert_cmpstr(blockdev, ==, value);
    }
    tear_down(&f);
}

static void test_blockdev(void)
{
    assert_blockdev("", "driver=null-sg,personality=disk,size=268435456,"
                        "block-size=512,data=untouched,latency-ns=0,busy-ns=0,"
                        "max-iovecs=1024");
    assert_blockdev("personality=disk\nsize=1G\nblock-size=4096\ndata=stored\n"
                    "latency-ns=1000000000\nbusy-ns=7\nmax-iovecs=1\n",
                    "driver=null-sg,personality=disk,size=1073741824,"
                    "block-size=4096,data=stored,latency-ns=1000000000,"
                    "busy-ns=7,max-iovecs=1");
}

static void test_capabilities(void)
{
    static const struct {
        const char *keys;
        gboolean stores;
        const char *says;
    } cases[] = {
        {"", FALSE, "not on data"},
        {"data=untouched\n", FALSE, "not on data"},
        {"data=filled\n", FALSE, "not on data"},
        {"data=stored\n", TRUE, "data, QEMU's own cost"},
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        const TargetCaps *caps;
        Fixture f;

        set_up(&f, cases[i].keys);
        caps = &f.target->caps;
        g_assert_true(caps->stores_data == cases[i].stores);
        g_assert_true(g_str_has_prefix(caps->verdicts, "data,") ==
                      cases[i].stores);
        g_assert_nonnull(strstr(caps->verdicts, cases[i].says));
        g_assert_nonnull(strstr(caps->verdicts, "not on the kernel's SG_IO, "
                                                "not on a device"));
        g_assert_false(caps->kernel_sgio);
        g_assert_true(caps->machine_speed);
        g_assert_cmpuint(caps->max_depth, ==, 64);
        g_assert_null(f.target->kind->native);
        g_assert_true(f.target->kind->alive(f.target, &error));
        g_assert_cmpint(f.target->server_pid, ==, 0);
        tear_down(&f);
    }
}

/* ---- a QEMU that answers ---- */

static void test_identity(void)
{
    static const struct {
        const char *keys;
        uint32_t block_size;
    } cases[] = {{"size=4M\n", 512}, {"size=4M\nblock-size=4096\n", 4096}};

    if (ring_no_qemu()) {
        return;
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        Fixture f;

        set_up(&f, cases[i].keys);
        for (unsigned j = 0; j < f.starts->len; j++) {
            g_autoptr(Initiator) ring =
                open_start(&f, g_ptr_array_index(f.starts, j));

            g_assert_cmpuint(f.target->block_size, ==, cases[i].block_size);
            g_assert_cmpuint(f.target->blocks, ==,
                             4 * MIB / cases[i].block_size);
            g_assert_cmpstr(f.target->vendor, !=, "");
            g_assert_cmpstr(f.target->product, !=, "");
        }
        tear_down(&f);
    }
}

/* One READ of 256 KiB by @path, its data in @layout. */
static void read_once(Fixture *f, const char *path, Layout layout,
                      Completion *completion)
{
    g_autoptr(GRand) random = g_rand_new_with_seed(5);
    g_autoptr(GError) error = NULL;

    for (unsigned i = 0; i < f->starts->len; i++) {
        const Start *start = g_ptr_array_index(f->starts, i);
        g_autoptr(Initiator) ring = NULL;
        g_autoptr(Buffer) buffer = NULL;
        Command command = {0};

        if (!g_str_equal(start->path->name, path)) {
            continue;
        }
        ring = open_start(f, start);
        buffer = buffer_new(&ring->arena, layout, 256 << 10, ring->arena.start,
                            random);
        command_read_write(&command, DATA_IN, 10, 0,
                           buffer->length / f->target->block_size);
        command.length = buffer->length;
        command.pieces = buffer->pieces;
        command.n_pieces = buffer->n_pieces;
        g_assert_true(initiator_send(ring, &command, completion, &error));
        g_assert_no_error(error);
        return;
    }
    g_assert_not_reached();
}

/* What a job sets is what happens. */
static void test_options(void)
{
    Completion completion = {0};
    Fixture f;

    if (ring_no_qemu()) {
        return;
    }
    set_up(&f, "latency-ns=30000000\nbusy-ns=20000000\n");
    read_once(&f, "generic-bounce", LAYOUT_CONTIGUOUS, &completion);
    g_assert_true(completion_good(&completion));
    g_assert_cmpuint(completion.done_ns - completion.posted_ns, >=, 50000000);
    tear_down(&f);

    set_up(&f, "max-iovecs=63\n");
    read_once(&f, "generic-zerocopy", LAYOUT_PAGES, &completion);
    g_assert_false(completion_good(&completion));
    read_once(&f, "generic-bounce", LAYOUT_PAGES, &completion);
    g_assert_true(completion_good(&completion));
    tear_down(&f);

    set_up(&f, "max-iovecs=64\n");
    read_once(&f, "generic-zerocopy", LAYOUT_PAGES, &completion);
    g_assert_true(completion_good(&completion));
    tear_down(&f);
}

/* Each path by itself. @right: nothing must be found, or something must. */
static void verify_all(const char *keys, gboolean right)
{
    Fixture f;

    if (ring_no_qemu()) {
        return;
    }
    set_up(&f, keys);
    for (unsigned i = 0; i < f.starts->len; i++) {
        const Start *start = g_ptr_array_index(f.starts, i);
        g_autoptr(Initiator) ring = open_start(&f, start);
        g_autoptr(GError) error = NULL;
        Verification done;
        gboolean ok = verify_start(&ring_context, f.target, start, ring, ring,
                                   &done, &error);

        if (right) {
            g_assert_no_error(error);
            g_assert_true(ok);
            g_assert_cmpuint(done.commands, ==, 2 * start->cells->len);
            g_assert_cmpuint(done.bytes, ==, 2 * 6 * (256 + 4) * 1024);
        } else {
            g_assert_false(ok);
            g_assert_error(error, SGBENCH_ERROR, SGBENCH_ERROR_DATA);
            g_test_message("%s", error->message);
        }
    }
    tear_down(&f);
}

static void test_stored(void)
{
    verify_all("data=stored\nsize=4M\n", TRUE);
    verify_all("data=stored\nsize=4M\nblock-size=4096\n", TRUE);
}

/* Data that is not there, or not what was written, is found. */
static void test_not_stored(void)
{
    verify_all("data=untouched\nsize=4M\n", FALSE);
    verify_all("data=filled\nsize=4M\n", FALSE);
}

int main(int argc, char **argv)
{
    int result;

    g_test_init(&argc, &argv, NULL);
    ring_set_up();
    g_test_add_func("/null/blockdev", test_blockdev);
    g_test_add_func("/null/capabilities", test_capabilities);
    g_test_add_func("/null/identity", test_identity);
    g_test_add_func("/null/options", test_options);
    g_test_add_func("/null/stored", test_stored);
    g_test_add_func("/null/not-stored", test_not_stored);
    result = g_test_run();
    ring_tear_down();
    return result;
}
