/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Disks: commands beside READ and WRITE, what a job may ask for, and the
 * verification of each operation on the disk of null-sg, in a real QEMU. Its rules make it answer wrongly, to see that this
 * is noticed.
 */
#include <glib.h>
#include <string.h>

#include "ring-fixture.h"
#include "sgbench/disk-command.h"
#include "sgbench/error.h"
#include "sgbench/measure.h"
#include "sgbench/plan.h"
#include "sgbench/verify.h"
#include "target-fixture.h"

/* ---- commands ---- */

/* Against SBC-4 5.31, 5.32, 5.35 to 5.39. */
static void test_commands(void)
{
    static const uint8_t list[DISK_UNMAP_BYTES] = {
        0, 22, 0, 16, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
    uint8_t data[DISK_UNMAP_BYTES];
    Command c = {0};

    disk_verify(&c, 10, 0x01020304, 0x0506, 0);
    ring_assert_cdb(&c, "2f000102030400050600", DATA_NONE, 0);
    disk_verify(&c, 12, 0x01020304, 0x05060708, 0);
    ring_assert_cdb(&c, "af0001020304050607080000", DATA_NONE, 0);
    disk_verify(&c, 16, 0x0102030405060708, 0x090a0b0c, 1024);
    ring_assert_cdb(&c, "8f020102030405060708090a0b0c0000", DATA_OUT, 1024);
    disk_synchronize_cache(&c, 10, 0x01020304, 0x0506);
    ring_assert_cdb(&c, "35000102030400050600", DATA_NONE, 0);
    disk_synchronize_cache(&c, 16, 0x0102030405060708, 0x090a0b0c);
    ring_assert_cdb(&c, "91000102030405060708090a0b0c0000", DATA_NONE, 0);
    memset(data, 0xff, sizeof(data));
    disk_unmap(&c, 0x0102030405060708, 0x090a0b0c, data);
    ring_assert_cdb(&c, "42000000000000001800", DATA_OUT, DISK_UNMAP_BYTES);
    g_assert_cmpmem(data, sizeof(data), list, sizeof(list));
}

/* ---- what a job may ask for ---- */

static Job *load_job(const char *target, const char *matrix)
{
    g_autofree char *text =
        g_strdup_printf("[target t]\n%s[matrix m]\ntargets=t\n"
                        "paths=generic-zerocopy\n%s",
                        target, matrix);

    return fixture_job(ring_context.temp_dir, "disk.conf", text);
}

#define NOTHING "kind=null\n"
#define OPS "operations="

static void test_job(void)
{
    static const struct {
        const char *target, *matrix, *says;
    } cases[] = {
        {NOTHING, OPS "verify;verify-bytes\nsizes=4K\ncdb=10;12;16\n", NULL},
        {NOTHING, OPS "synchronize-cache\nsizes=4K\ncdb=10;16\n", NULL},
        {NOTHING, OPS "unmap\nsizes=16M\n", NULL},
        {"kind=iscsi\nunmap=yes\n", OPS "unmap\nsizes=64K\n", NULL},
        {"kind=iscsi\n", OPS "unmap\nsizes=64K\n",
         "does not take UNMAP; write unmap=yes"},
        {"kind=lab-disk\nlbpu=1\n", OPS "unmap\nsizes=64K\n", NULL},
        {"kind=lab-disk\nlbpu=0\n", OPS "unmap\nsizes=64K\n",
         "does not take UNMAP; write lbpu=1"},
        {NOTHING, OPS "read\nsizes=128K\ncdb=6\n", NULL},
        {NOTHING, OPS "write;read\nsizes=4K\ndata=compressible\n", NULL},
        {NOTHING, OPS "read\nsizes=4K\ndata=any\n", NULL},
        {NOTHING "block-size=4096\n", OPS "read\nsizes=1M\ncdb=6\n", NULL},
        {NOTHING, OPS "read\nsizes=256K\ncdb=6\n",
         "a CDB of 6 bytes can name no more than 128K"},
        {NOTHING, OPS "verify\nsizes=4K\ncdb=6\n",
         "VERIFY has no CDB of 6 bytes; allowed: 10, 12, 16"},
        {NOTHING, OPS "verify-bytes\nsizes=4K\ncdb=6\n", "VERIFY has no CDB"},
        {NOTHING, OPS "synchronize-cache\nsizes=4K\ncdb=12\n",
         "SYNCHRONIZE CACHE has no CDB of 12 bytes; allowed: 10, 16"},
        {NOTHING, OPS "unmap\nsizes=4K\ncdb=16\n", "UNMAP has no CDB of 16"},
        {NOTHING, OPS "verify\nsizes=4K\nlayouts=pages\n",
         "operation verify has no data to lay out"},
        {NOTHING, OPS "read\nsizes=4K\nshift=4K\n", "shift 4K: allowed"},
        {NOTHING "block-size=4096\n", OPS "read\nsizes=8K\nshift=512\n",
         "shift 512: allowed: a multiple of the 4096-byte blocks"},
        {NOTHING "personality=tape\n", OPS "mixed\nsizes=64K\n",
         "operation mixed is for disks"},
        {NOTHING "personality=tape\n", "sizes=64K\naccess=random\n",
         "access is for disks"},
        {NOTHING "personality=tape\n", "sizes=64K\nshift=512\n",
         "shift is for disks"},
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Job) job = load_job(cases[i].target, cases[i].matrix);
        g_autoptr(GError) error = NULL;
        g_autoptr(Plan) plan = plan_new(job, &error);

        if (!cases[i].says) {
            g_assert_no_error(error);
            g_assert_nonnull(plan);
            continue;
        }
        g_assert_error(error, SGBENCH_ERROR, SGBENCH_ERROR_USAGE);
        g_assert_null(plan);
        g_test_message("%s", error->message);
        g_assert_nonnull(strstr(error->message, "disk.conf:"));
        g_assert_nonnull(strstr(error->message, cases[i].says));
    }
}

static void assert_ids(const Plan *plan, const char *const *ids)
{
    unsigned i;

    for (i = 0; i < plan->cells->len; i++) {
        const Cell *cell = g_ptr_array_index(plan->cells, i);

        g_assert_cmpstr(cell->id, ==, ids[i]);
    }
    g_assert_null(ids[i]);
}

/* Ids never change; an axis that does not apply does not multiply. */
static void test_ids(void)
{
    static const char *const ids[] = {
        "t/generic-zerocopy/mixed/8K/qd1/contiguous/reads70/shift4K",
        "t/generic-zerocopy/mixed/8K/qd1/contiguous/reads50/shift4K",
        "t/generic-zerocopy/mixed/8K/qd1/contiguous/random/reads70/shift4K",
        "t/generic-zerocopy/mixed/8K/qd1/contiguous/random/reads50/shift4K",
        "t/generic-zerocopy/read/8K/qd1/contiguous/shift4K",
        "t/generic-zerocopy/read/8K/qd1/contiguous/random/shift4K",
        NULL,
    };
    static const char *const chosen[] = {
        "t/generic-zerocopy/mixed/8K/qd1/contiguous/random/reads50/shift4K",
        "t/generic-zerocopy/read/8K/qd1/contiguous/shift4K",
        NULL,
    };
    g_autoptr(Job) job =
        load_job(NOTHING, OPS "mixed;read\nsizes=8K\naccess=sequential;random\n"
                              "reads=70;50\nshift=4K\n");
    g_autoptr(GError) error = NULL;
    g_autoptr(Plan) plan = plan_new(job, &error);
    g_autoptr(Plan) some = NULL;

    g_assert_no_error(error);
    assert_ids(plan, ids);
    g_assert_true(job_only(job, "*/random/reads5?/*", NULL));
    g_assert_true(job_only(job, "*/read/8K/qd1/contiguous/shift4K", NULL));
    some = plan_new(job, &error);
    g_assert_no_error(error);
    assert_ids(some, chosen);
    g_assert_true(job_only(job, "*/write/*", NULL));
    g_assert_null(plan_new(job, &error));
    g_assert_error(error, SGBENCH_ERROR, SGBENCH_ERROR_USAGE);
    g_assert_nonnull(strstr(error->message, "--only */write/*: no cell"));
    g_assert_false(job_only(job, "", NULL));
}

/* ---- in QEMU ---- */

#define MS UINT64_C(1000000)

static const char *rules; /* more of null-sg's options */

/* In time the initiator waits, and posts. */
static void check_paced(Target *tried, Initiator *ring, const Cell *cell)
{
    MeasureSpec spec = {.round = 1, .limits.requests = 50};
    g_autoptr(GError) error = NULL;
    g_autoptr(Sample) sample =
        measure_cell(&ring_context, tried, ring, cell, &spec, &error);

    g_assert_no_error(error);
    g_assert_cmpuint(sample->requests, ==, 50);
    g_assert_cmpuint(sample->due, ==, 50);
    g_assert_cmpuint(sample->response->count, ==, 50);
    g_assert_cmpuint(sample->gap->count, ==, 49);
    g_assert_cmpuint(sample->wall_ns, >=, 49 * MS);
}

static char *blockdev_with_rules(Target *target, const char *device)
{
    const TargetKind *null = target_find("null");
    g_autofree char *plain = null->blockdev(target, device);

    return g_strconcat(plain, rules, NULL);
}

#define EVERY                                                            \
    OPS "read;write;mixed;verify;verify-bytes;unmap;synchronize-cache\n" \
        "sizes=64K\ndepths=4\naccess=random\n"

/* Verify, then measure each cell for 50 requests. @says: what verification has
 * to find, NULL if nothing */
static void run_cells(const char *target, const char *matrix, const char *more,
                      const char *says)
{
    g_autoptr(Job) job = load_job(target, matrix);
    g_autoptr(GError) error = NULL;
    g_autoptr(Plan) plan = plan_new(job, &error);
    g_autoptr(GPtrArray) starts = plan_round(plan, 0);
    const Start *start = starts->pdata[0];
    g_autoptr(Target) tried = NULL;
    g_autoptr(Initiator) ring = NULL;
    InitiatorNeeds needs;
    TargetKind kind;
    Verification done;
    unsigned i;

    g_assert_no_error(error);
    tried = target_start(&ring_context, job, job->targets->pdata[0], &error);
    g_assert_no_error(error);
    rules = more;
    kind = *tried->kind;
    kind.blockdev = blockdev_with_rules;
    tried->kind = &kind;
    needs = plan_needs(start);
    ring =
        initiator_ring.open(&ring_context, tried, start->path, &needs, &error);
    g_assert_no_error(error);
    g_assert_true(target_identify(tried, ring, &error));
    g_assert_true(target_bring_up(tried, ring, &error));
    verify_start(&ring_context, tried, start, ring, ring, &done, &error);
    if (says) {
        g_assert_nonnull(error);
        g_test_message("%s", error->message);
        g_assert_nonnull(strstr(error->message, says));
        return;
    }
    g_assert_no_error(error);
    for (i = 0; i < plan->cells->len; i++) {
        const Cell *cell = plan->cells->pdata[i];
        MeasureSpec spec = {.round = 1, .limits.requests = 50};
        g_autoptr(Sample) sample = NULL;

        if (cell->rate) {
            check_paced(tried, ring, cell);
            continue;
        }
        sample = measure_cell(&ring_context, tried, ring, cell, &spec, &error);

        g_assert_no_error(error);
        g_assert_cmpuint(sample->failed, ==, 0);
        g_assert_cmpuint(sample->requests, ==, 50);
        g_assert_cmpuint(sample->bytes, ==, 50 * cell_data_length(cell));
        g_assert_true((sample->read_latency != NULL) ==
                      (cell->operation == OPERATION_MIXED));
        if (sample->read_latency) {
            g_assert_cmpuint(sample->read_latency->count, >, 0);
            g_assert_cmpuint(sample->read_latency->count +
                                 sample->write_latency->count,
                             ==, 50);
        }
    }
}

static void test_operations(void)
{
    if (ring_no_qemu()) {
        return;
    }
    run_cells(NOTHING "data=stored\nsize=4M\n", EVERY, "", NULL);
    run_cells(NOTHING "data=stored\nsize=4M\nblock-size=4096\n", EVERY, "",
              NULL);
    run_cells(NOTHING "data=stored\nsize=4M\n",
              OPS "read;write\nsizes=64K\ncdb=6;12;16\nshift=512\n", "", NULL);
    run_cells(NOTHING "data=stored\nsize=4M\n",
              OPS "verify;verify-bytes\nsizes=64K\ncdb=12;16\n", "", NULL);
    run_cells(NOTHING "data=stored\nsize=4M\n",
              OPS "read;mixed\nsizes=4K\ndepths=1;3\nrates=4000K\n", "", NULL);
    /* no room for neighbours, and for one of two */
    run_cells(NOTHING "data=stored\nsize=1M\n", OPS "unmap\nsizes=1M;512K\n",
              "", NULL);
}

#define RULE(text) ",rules.0." text

static void test_wrong_answers(void)
{
    static const char target[] = NOTHING "data=stored\nsize=4M\n";

    if (ring_no_qemu()) {
        return;
    }
    /* What differs is called equal. */
    run_cells(target, OPS "verify-bytes\nsizes=64K\n",
              RULE("cdb=2f,rules.0.status=0"), "instead of MISCOMPARE");
    /* It fails, but for another reason. */
    run_cells(target, OPS "verify-bytes\nsizes=64K\n",
              RULE("cdb=2f,rules.0.skip=1,rules.0.status=2,rules.0.sense="
                   "70000300000000000a000000001100000000"),
              "instead of MISCOMPARE");
    /* Commands that the device does not know. */
    run_cells(target, OPS "verify\nsizes=64K\n",
              RULE("cdb=2f,rules.0.status=2,rules.0.sense="
                   "70000500000000000a000000002000000000"),
              "Illegal Request");
    run_cells(target, OPS "unmap\nsizes=64K\n",
              RULE("cdb=42,rules.0.status=2,rules.0.sense="
                   "70000500000000000a000000002000000000"),
              "Illegal Request");
    run_cells(target, OPS "synchronize-cache\nsizes=64K\n",
              RULE("cdb=35,rules.0.status=2,rules.0.sense="
                   "70000500000000000a000000002000000000"),
              "Illegal Request");
    /* WRITE (12) says GOOD and writes nothing. */
    run_cells(target, OPS "mixed\nsizes=64K\ncdb=12\n",
              RULE("cdb=aa,rules.0.status=0"), "WRONG DATA");
}

int main(int argc, char **argv)
{
    int result;

    g_test_init(&argc, &argv, NULL);
    ring_set_up();
    g_test_add_func("/disk/commands", test_commands);
    g_test_add_func("/disk/job", test_job);
    g_test_add_func("/disk/ids", test_ids);
    g_test_add_func("/disk/operations", test_operations);
    g_test_add_func("/disk/wrong-answers", test_wrong_answers);
    result = g_test_run();
    ring_tear_down();
    return result;
}
