/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Disks: commands beside READ and WRITE, what a job may ask for, where the
 * commands of a load go, and the verification of each operation on the disk of
 * null-sg, in a real QEMU. Its rules make it answer wrongly, to see that this
 * is noticed.
 */
#include <glib.h>
#include <scsi/sg_unaligned.h>
#include <string.h>

#include "ring-fixture.h"
#include "sgbench/disk-command.h"
#include "sgbench/error.h"
#include "sgbench/load-disk.h"
#include "sgbench/measure.h"
#include "sgbench/plan.h"
#include "sgbench/verify.h"

/* ---- commands ---- */

static void assert_cdb(const Command *command, const char *hex,
                       DataDirection direction, uint64_t length)
{
    g_autoptr(GString) text = g_string_new(NULL);

    for (unsigned i = 0; i < command->cdb_length; i++) {
        g_string_append_printf(text, "%02x", command->cdb[i]);
    }
    g_assert_cmpstr(text->str, ==, hex);
    g_assert_cmpint(command->direction, ==, direction);
    g_assert_cmpuint(command->length, ==, length);
}

/* Against SBC-4 5.31, 5.32, 5.35 to 5.39. */
static void test_commands(void)
{
    static const uint8_t list[DISK_UNMAP_BYTES] = {
        0, 22, 0, 16, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
    uint8_t data[DISK_UNMAP_BYTES];
    Command c = {0};

    disk_verify(&c, 10, 0x01020304, 0x0506, 0);
    assert_cdb(&c, "2f000102030400050600", DATA_NONE, 0);
    disk_verify(&c, 12, 0x01020304, 0x05060708, 0);
    assert_cdb(&c, "af0001020304050607080000", DATA_NONE, 0);
    disk_verify(&c, 16, 0x0102030405060708, 0x090a0b0c, 1024);
    assert_cdb(&c, "8f020102030405060708090a0b0c0000", DATA_OUT, 1024);
    disk_synchronize_cache(&c, 10, 0x01020304, 0x0506);
    assert_cdb(&c, "35000102030400050600", DATA_NONE, 0);
    disk_synchronize_cache(&c, 16, 0x0102030405060708, 0x090a0b0c);
    assert_cdb(&c, "91000102030405060708090a0b0c0000", DATA_NONE, 0);
    memset(data, 0xff, sizeof(data));
    disk_unmap(&c, 0x0102030405060708, 0x090a0b0c, data);
    assert_cdb(&c, "42000000000000001800", DATA_OUT, DISK_UNMAP_BYTES);
    g_assert_cmpmem(data, sizeof(data), list, sizeof(list));
}

/* ---- what a job may ask for ---- */

static Job *load_job(const char *target, const char *matrix)
{
    g_autofree char *file =
        g_build_filename(ring_context.temp_dir, "disk.conf", NULL);
    g_autofree char *text =
        g_strdup_printf("[target t]\n%s[matrix m]\ntargets=t\n"
                        "paths=generic-zerocopy\n%s",
                        target, matrix);
    g_autoptr(GError) error = NULL;
    Job *job;

    g_assert_true(g_file_set_contents(file, text, -1, NULL));
    job = job_load(file, &error);
    g_assert_no_error(error);
    return job;
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

/* ---- where commands go ---- */

#define PLACES 64
#define MANY 6400

typedef struct Fixture {
    Job *job;
    Plan *plan;
    Target target;
    Arena arena;
    LoadTimed *load;
} Fixture;

static void set_up(Fixture *f, const char *matrix, uint64_t blocks)
{
    g_autoptr(GError) error = NULL;
    const Cell *cell;

    f->job = load_job(NOTHING, matrix);
    f->plan = plan_new(f->job, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(f->plan->cells->len, ==, 1);
    cell = f->plan->cells->pdata[0];
    g_assert_true(target_find("null")->check(f->job, cell->target,
                                             &f->target.caps, NULL));
    f->target.block_size = 512;
    f->target.blocks = blocks;
    f->arena.size = 1 << 20;
    f->arena.base = g_malloc0(f->arena.size);
    f->load = load_timed_new(cell, &f->target, &f->arena, 7);
    load_timed_arm(f->load, NULL, 0, 0);
}

static void tear_down(Fixture *f)
{
    load_timed_free(f->load);
    g_free(f->arena.base);
    plan_free(f->plan);
    job_free(f->job);
}

/* Address of the next command, which is of @opcode unless that is 0. */
static uint64_t next_lba(Fixture *f, uint8_t opcode)
{
    const Command *command = f->load->load.next(&f->load->load, 0);

    g_assert_true(!opcode || command->cdb[0] == opcode);
    return command->cdb_length == 6 ? sg_get_unaligned_be24(command->cdb + 1)
                                    : sg_get_unaligned_be32(command->cdb + 2);
}

static void test_sequential(void)
{
    Fixture f = {0};
    uint64_t lba, last;

    /* 64 places of 8 blocks from 3 on, and 4 blocks that are in none */
    set_up(&f, "sizes=4K\nshift=1536\n", PLACES * 8 + 3 + 4);
    last = next_lba(&f, 0x28);
    for (unsigned i = 0; i < 3 * PLACES; i++) {
        lba = next_lba(&f, 0x28);
        g_assert_cmpuint(lba, ==, last == 3 + 8 * (PLACES - 1) ? 3 : last + 8);
        last = lba;
    }
    tear_down(&f);
}

static void test_random(void)
{
    unsigned seen[PLACES] = {0}, in_order = 0;
    uint64_t last = 0;
    Fixture f = {0};

    set_up(&f, "sizes=4K\naccess=random\nshift=1536\n", PLACES * 8 + 3 + 4);
    for (unsigned i = 0; i < MANY; i++) {
        uint64_t lba = next_lba(&f, 0x28);

        g_assert_cmpuint((lba - 3) % 8, ==, 0);
        g_assert_cmpuint((lba - 3) / 8, <, PLACES);
        seen[(lba - 3) / 8]++;
        in_order += lba == last + 8;
        last = lba;
    }
    /* 100 expected, 5 standard deviations are 50 */
    for (unsigned i = 0; i < PLACES; i++) {
        g_assert_cmpuint(seen[i], >, 50);
        g_assert_cmpuint(seen[i], <, 150);
    }
    g_assert_cmpuint(in_order, <, 150);
    tear_down(&f);
}

static void test_mixed(void)
{
    unsigned reads = 0;
    Fixture f = {0};

    set_up(&f, OPS "mixed\nsizes=4K\nreads=25\n", PLACES * 8);
    for (unsigned i = 0; i < MANY; i++) {
        const Command *command = f.load->load.next(&f.load->load, 0);

        g_assert_true(command->cdb[0] == 0x28 || command->cdb[0] == 0x2a);
        reads += command->cdb[0] == 0x28;
    }
    /* 1600 expected, 5 standard deviations are 173 */
    g_assert_cmpuint(reads, >, 1427);
    g_assert_cmpuint(reads, <, 1773);
    tear_down(&f);
}

/* READ (6) does not reach beyond 2^21 blocks, the others go on. */
static void test_reach(void)
{
    static const struct {
        const char *matrix;
        uint64_t end;
    } cases[] = {
        {"sizes=4K\naccess=random\ncdb=6\n", 1 << 21},
        {"sizes=4K\naccess=random\ncdb=10\n", 1 << 24},
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        uint64_t highest = 0;
        Fixture f = {0};

        set_up(&f, cases[i].matrix, 1 << 24);
        for (unsigned j = 0; j < 1000; j++) {
            highest = MAX(highest, next_lba(&f, 0) + 8);
        }
        g_assert_cmpuint(highest, <=, cases[i].end);
        g_assert_cmpuint(highest, >, cases[i].end / 20 * 19);
        tear_down(&f);
    }
}

/* A disk turns out to be smaller than a command: an error, no crash. */
static void test_too_small(void)
{
    g_autoptr(GError) error = NULL;
    Fixture f = {0};

    set_up(&f, "sizes=4K\n", 7);
    g_assert_false(load_timed_prepare(f.load, NULL, &error));
    g_assert_error(error, SGBENCH_ERROR, SGBENCH_ERROR_TARGET);
    g_assert_nonnull(strstr(error->message, "does not fit on the disk"));
    tear_down(&f);
}

/* ---- in QEMU ---- */

static const char *rules; /* more of null-sg's options */

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
        MeasureSpec spec = {.round = 1, .requests = 50};
        g_autoptr(Sample) sample =
            measure_cell(&ring_context, tried, ring, cell, &spec, &error);

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
    g_test_add_func("/disk/sequential", test_sequential);
    g_test_add_func("/disk/random", test_random);
    g_test_add_func("/disk/mixed", test_mixed);
    g_test_add_func("/disk/reach", test_reach);
    g_test_add_func("/disk/too-small", test_too_small);
    g_test_add_func("/disk/operations", test_operations);
    g_test_add_func("/disk/wrong-answers", test_wrong_answers);
    result = g_test_run();
    ring_tear_down();
    return result;
}
