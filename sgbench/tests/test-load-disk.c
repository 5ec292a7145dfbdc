/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The load of a disk, without a device: where its commands go, when they are
 * due, and what they carry.
 */
#include <glib.h>
#include <glib/gstdio.h>
#include <scsi/sg_unaligned.h>
#include <string.h>
#include <zlib.h>

#include "sgbench/error.h"
#include "sgbench/fill.h"
#include "sgbench/load-disk.h"
#include "sgbench/plan.h"

#define OPS "operations="

static Job *load_job(const char *matrix)
{
    g_autofree char *text =
        g_strdup_printf("[target t]\nkind=null\n[matrix m]\ntargets=t\n"
                        "paths=generic-zerocopy\n%s",
                        matrix);
    g_autofree char *file = NULL;
    g_autoptr(GError) error = NULL;
    int fd = g_file_open_tmp("sgbench-XXXXXX.conf", &file, &error);
    Job *job;

    g_assert_no_error(error);
    g_close(fd, NULL);
    g_assert_true(g_file_set_contents(file, text, -1, NULL));
    job = job_load(file, &error);
    g_assert_no_error(error);
    g_unlink(file);
    return job;
}

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

    f->job = load_job(matrix);
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
    load_timed_arm(f->load, NULL, &(LoadLimits){0});
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

    /* 64 places of 8 blocks from 3 on, and 6 blocks that are in none: a place
     * more would end behind the disk */
    set_up(&f, "sizes=4K\nshift=1536\n", PLACES * 8 + 3 + 6);
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

/* Complete @command, posted now, @took ns later. */
static gboolean complete(Fixture *f, Command *command, uint64_t took)
{
    uint64_t now = g_get_monotonic_time() * UINT64_C(1000);
    Completion completion = {.posted_ns = now, .done_ns = now + took};

    return f->load->load.done(&f->load->load, 0, command, &completion);
}

static Command *wait_for_next(Fixture *f)
{
    Command *command;

    while (!(command = f->load->load.next(&f->load->load, 0))) {
        g_assert_cmpuint(f->load->load.wake_ns, >, 0);
    }
    g_assert_cmpuint(f->load->load.wake_ns, ==, 0);
    return command;
}

#define MS UINT64_C(1000000)

static unsigned above(const SgbHistogram *h, uint64_t ns)
{
    unsigned n = 0, i;

    for (i = sgb_histogram_index(ns) + 1; i < SGB_HISTOGRAM_BUCKETS; i++) {
        n += h->buckets[i];
    }
    return n;
}

/* 4096 bytes at 4096000 a second: one each ms. A device that stalls for 20 ms is
 * slow once, but 20 commands come late. */
static void test_rate(void)
{
    g_autoptr(Sample) sample = sample_new("c", 1);
    uint64_t due = 0;
    Fixture f = {0};
    unsigned i;

    set_up(&f, "sizes=4K\nrates=4000K\n", PLACES * 8);
    sample_count_responses(sample);
    sample_count_gaps(sample);
    load_timed_arm(f.load, sample, &(LoadLimits){.data = 40});
    for (i = 0; i < 40; i++) {
        Command *command = wait_for_next(&f);

        g_assert_true(i == 0 || command->due_ns == due + MS);
        due = command->due_ns;
        if (i == 10) {
            g_usleep(20000);
        }
        complete(&f, command, i == 10 ? 0 : 1000);
    }
    g_assert_null(f.load->load.next(&f.load->load, 0));
    g_assert_cmpuint(f.load->load.wake_ns, ==, 0);
    load_timed_finish(f.load);
    g_assert_cmpuint(sample->interval_ns, ==, MS);
    g_assert_cmpuint(sample->due, ==, 40);
    g_assert_cmpuint(sample->not_posted, ==, 0);
    g_assert_cmpuint(sample->response->count, ==, 40);
    g_assert_cmpuint(sample->gap->count, ==, 39);
    g_assert_cmpuint(above(sample->latency, 5 * MS), ==, 0);
    g_assert_cmpuint(above(sample->response, 5 * MS), >=, 14);
    tear_down(&f);
}

/* What could not be posted before the time was over is told of. */
static void test_rate_not_kept(void)
{
    g_autoptr(Sample) sample = sample_new("c", 1);
    Fixture f = {0};

    set_up(&f, "sizes=4K\nrates=4000K\n", PLACES * 8);
    sample_count_responses(sample);
    load_timed_arm(f.load, sample, &(LoadLimits){.ns = 10 * MS});
    g_assert_false(complete(&f, wait_for_next(&f), 50 * MS));
    load_timed_finish(f.load);
    g_assert_cmpuint(sample->due, ==, 10);
    g_assert_cmpuint(sample->not_posted, ==, 9);
    /* and nothing is due beyond the end */
    load_timed_arm(f.load, sample, &(LoadLimits){.ns = MS / 2});
    wait_for_next(&f);
    g_assert_null(f.load->load.next(&f.load->load, 0));
    g_assert_cmpuint(f.load->load.wake_ns, ==, 0);
    tear_down(&f);
}

/* Bytes of @fill after zlib, of 1 MiB. */
static unsigned long packed(Fill fill, uint64_t seed)
{
    uLong size = 1 << 20;
    g_autofree Bytef *data = g_malloc0(size);
    uLongf length = compressBound(size);
    g_autofree Bytef *out = g_malloc(length);

    fill_make(fill, data, size, seed);
    g_assert_cmpint(compress2(out, &length, data, size, 6), ==, Z_OK);
    return length;
}

static void test_fill(void)
{
    uint8_t one[1000], other[1000], same[1000];

    g_assert_cmpuint(packed(FILL_ANY, 1), <, 2000);
    g_assert_cmpuint(packed(FILL_INCOMPRESSIBLE, 1), >, 1 << 20);
    g_assert_cmpuint(packed(FILL_COMPRESSIBLE, 1), >, (1 << 20) * 48 / 100);
    g_assert_cmpuint(packed(FILL_COMPRESSIBLE, 1), <, (1 << 20) * 55 / 100);
    fill_make(FILL_INCOMPRESSIBLE, one, sizeof(one), 1);
    fill_make(FILL_INCOMPRESSIBLE, same, sizeof(same), 1);
    fill_make(FILL_INCOMPRESSIBLE, other, sizeof(other), 2);
    g_assert_cmpmem(one, sizeof(one), same, sizeof(same));
    g_assert_cmpint(memcmp(one, other, sizeof(one)), !=, 0);
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

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/load-disk/sequential", test_sequential);
    g_test_add_func("/load-disk/random", test_random);
    g_test_add_func("/load-disk/mixed", test_mixed);
    g_test_add_func("/load-disk/rate", test_rate);
    g_test_add_func("/load-disk/rate-not-kept", test_rate_not_kept);
    g_test_add_func("/load-disk/fill", test_fill);
    g_test_add_func("/load-disk/reach", test_reach);
    g_test_add_func("/load-disk/too-small", test_too_small);
    return g_test_run();
}
