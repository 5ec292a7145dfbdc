/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tapes: commands and what their sense data says, what a job may ask for, and
 * the load and the verification on the tape of null-sg, in a real QEMU. Its
 * rules make it answer wrongly, to see that this is noticed.
 */
#include <glib.h>
#include <string.h>

#include "tape-fixture.h"
#include "sgbench/error.h"
#include "sgbench/log-pages.h"
#include "sgbench/measure.h"
#include "sgbench/plan.h"
#include "sgbench/tape-command.h"
#include "sgbench/tape-conditions.h"
#include "sgbench/verify.h"

/* ---- commands ---- */

static void test_commands(void)
{
    static const uint8_t select_1k[12] = {
        [2] = 0x10, [3] = 8, [10] = 0x04, [11] = 0x00};
    static const uint8_t limits[] = {0, 0xff, 0xff, 0xfe, 0x01, 0x02};
    static const uint8_t nowhere[20] = {0x14}; /* tgt's */
    static const uint8_t somewhere[20] = {0x80, [6] = 0x12, [7] = 0x34};
    uint8_t data[12];
    uint32_t min, max;
    Command c = {0};

    tape_read_write(&c, DATA_IN, TAPE_BLOCK_MAX, 0);
    ring_assert_cdb(&c, "0800ffffff00", DATA_IN, TAPE_BLOCK_MAX);
    tape_read_write(&c, DATA_OUT, 0x12345, 0);
    ring_assert_cdb(&c, "0a0001234500", DATA_OUT, 0x12345);
    tape_read_write(&c, DATA_IN, 65536, 1024);
    ring_assert_cdb(&c, "080100004000", DATA_IN, 65536);
    tape_write_filemarks(&c, 3);
    ring_assert_cdb(&c, "100000000300", DATA_NONE, 0);
    tape_rewind(&c);
    ring_assert_cdb(&c, "010000000000", DATA_NONE, 0);
    tape_space(&c, TAPE_SPACE_FILEMARKS, -2);
    ring_assert_cdb(&c, "1101fffffe00", DATA_NONE, 0);
    tape_locate_10(&c, 0x12345678);
    ring_assert_cdb(&c, "2b000012345678000000", DATA_NONE, 0);
    tape_read_position(&c);
    ring_assert_cdb(&c, "34000000000000000000", DATA_IN, 20);
    g_assert_false(tape_position_known(nowhere));
    g_assert_true(tape_position_known(somewhere));
    g_assert_cmpuint(tape_position(somewhere), ==, 0x1234);
    tape_log_sense(&c, 0x0c, 252);
    ring_assert_cdb(&c,
                    "4d004c000000"
                    "0000fc00",
                    DATA_IN, 252);
    tape_mode_sense(&c);
    ring_assert_cdb(&c, "1a0000000c00", DATA_IN, 12);
    tape_mode_select(&c, 1024, data);
    ring_assert_cdb(&c, "151000000c00", DATA_OUT, 12);
    g_assert_cmpmem(data, 12, select_1k, 12);
    g_assert_cmpuint(tape_mode_block_size(data), ==, 1024);
    tape_read_block_limits(&c);
    ring_assert_cdb(&c, "050000000000", DATA_IN, 6);
    tape_block_limits(limits, &min, &max);
    g_assert_cmpuint(min, ==, 0x0102);
    g_assert_cmpuint(max, ==, 0xfffffe);
}

/* Fixed format; @bits: FILEMARK, EOM, ILI; @information valid if @valid. */
static Completion sense(uint8_t key, uint8_t bits, uint8_t ascq, gboolean valid,
                        uint32_t information)
{
    Completion completion = {.status = 0x02, .sense_length = 18};

    completion.sense[0] = 0x70 | (valid ? 0x80 : 0);
    completion.sense[2] = bits | key;
    completion.sense[3] = information >> 24;
    completion.sense[4] = information >> 16;
    completion.sense[5] = information >> 8;
    completion.sense[6] = information;
    completion.sense[7] = 10;
    completion.sense[13] = ascq;
    return completion;
}

static void test_ends(void)
{
    static const struct {
        uint8_t key, bits, ascq;
        gboolean valid;
        uint32_t information;
        TapeEnd end;
        int64_t value;
    } cases[] = {
        {0, 0x80, 1, TRUE, 4096, TAPE_FILEMARK, 4096},
        {0, 0x20, 0, TRUE, 100, TAPE_ILI, 100},
        {0, 0x20, 0, TRUE, -2048u, TAPE_ILI, -2048},
        {0, 0x40, 2, TRUE, 0, TAPE_EARLY_WARNING, 0},
        {0, 0x40, 4, FALSE, 7, TAPE_BEGINNING, 0},
        {8, 0, 5, FALSE, 7, TAPE_END_OF_DATA, 0},
        {0xd, 0x40, 2, TRUE, 512, TAPE_FULL, 512},
        {5, 0, 0, FALSE, 0, TAPE_REFUSED, 0},
        {3, 0, 0, FALSE, 0, TAPE_FAILED, 0},
        {0, 0, 0, FALSE, 0, TAPE_FAILED, 0}, /* why CHECK CONDITION, then? */
    };
    Completion completion = {0};
    int64_t value;

    g_assert_cmpint(tape_end(&completion, &value), ==, TAPE_GOOD);
    completion.status = 0x08;
    g_assert_cmpint(tape_end(&completion, &value), ==, TAPE_FAILED);
    completion = (Completion){.status = 0x02};
    g_assert_cmpint(tape_end(&completion, &value), ==, TAPE_FAILED);
    completion = (Completion){.response = 3};
    g_assert_cmpint(tape_end(&completion, &value), ==, TAPE_FAILED);
    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        completion = sense(cases[i].key, cases[i].bits, cases[i].ascq,
                           cases[i].valid, cases[i].information);
        g_assert_cmpstr(tape_end_name(tape_end(&completion, &value)), ==,
                        tape_end_name(cases[i].end));
        g_assert_cmpint(value, ==, cases[i].value);
    }
}

/* Only a command that is not there at all. */
static void test_lacks(void)
{
    Completion completion = sense(5, 0, 0, FALSE, 0);

    g_assert_false(tape_lacks(&completion));
    completion.sense[12] = 0x24; /* INVALID FIELD IN CDB */
    g_assert_false(tape_lacks(&completion));
    completion.sense[12] = 0x20;
    g_assert_true(tape_lacks(&completion));
    completion.sense[13] = 0x01; /* ACCESS DENIED */
    g_assert_false(tape_lacks(&completion));
    completion = (Completion){0};
    g_assert_false(tape_lacks(&completion));
    completion = (Completion){.status = 0x02};
    g_assert_false(tape_lacks(&completion));
}

/* ---- what a job may ask for ---- */

static void test_job(void)
{
#define MOVES ZC "operations=space;locate\n"
    static const struct {
        const char *target, *matrix, *says;
    } cases[] = {
        {TAPE, ZC "sizes=64K;16777215\n", NULL},
        {TAPE, ZC "sizes=64K\nblock=1K\nfilemarks=1M\n", NULL},
        {TAPE, "paths=block\nsizes=64K\n", "path block is for disks"},
        {TAPE, ZC "sizes=64K\ndepths=2\n", "depth 2 is above"},
        {TAPE, ZC "sizes=16M\n", "allowed: up to 16777215"},
        {TAPE, ZC "sizes=64K\ncdb=16\n", "cdb is for disks"},
        {TAPE, ZC "sizes=64K\nblock=48K\n", "not a multiple of block 48K"},
        {TAPE, ZC "sizes=64K\nfilemarks=100K\n", "filemarks 100K is not a"},
        {TAPE "size=1M\n", ZC "sizes=1M\n", "room for less than 4"},
        {TAPE, ZC "sizes=64K\nrates=100M\ndata=compressible\n", NULL},
        {TAPE "block-size=512\n", ZC "sizes=1M\n", "a tape has no block-size"},
        {TAPE, MOVES "sizes=64K\nfilemarks=1M\n", NULL},
        {TAPE, MOVES "sizes=64K\nlayouts=pages\n", "space has no data to lay"},
        {TAPE, MOVES "sizes=64K\nblock=1K\n", "block is for reading and"},
        {TAPE, MOVES "sizes=64K\nrates=1M\n", "rates is for reading and"},
        {TAPE, MOVES "sizes=64K\naccess=random\n", "access is for disks"},
        {TAPE, ZC "operations=verify\nsizes=64K\n", "verify is for disks"},
        {"", MOVES "sizes=64K\n", "space is for tapes"},
        {"", ZC "sizes=64K\nfilemarks=1M\n", "filemarks is for tapes"},
        {"", ZC "sizes=64K\nblock=1K\n", "block is for tapes"},
        {"", ZC "sizes=16777215\n", "not a multiple of the 512-byte"},
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Job) job = tape_job(cases[i].target, cases[i].matrix);
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
        g_assert_nonnull(strstr(error->message, cases[i].says));
    }
}

static void test_cell_ids(void)
{
    g_autoptr(Job) job = tape_job(
        TAPE, ZC "sizes=64K\noperations=write\nblock=1K\nfilemarks=1M\n");
    g_autoptr(GError) error = NULL;
    g_autoptr(Plan) plan = plan_new(job, &error);
    const Cell *cell;

    g_assert_no_error(error);
    g_assert_cmpuint(plan->cells->len, ==, 1);
    cell = g_ptr_array_index(plan->cells, 0);
    g_assert_cmpstr(cell->id, ==,
                    "t/generic-zerocopy/write/64K/qd1/contiguous/fixed1K/fm1M");
}

/* ---- in QEMU ---- */

/* @says: what has to be found, NULL if nothing */
static void verify(const char *keys, const char *more, const char *says)
{
    g_autoptr(GError) error = NULL;
    Verification done;
    TapeFixture f;

    tape_set_up(&f, keys,
                "operations=read;write\nsizes=4K;256K\nfilemarks=512K\n"
                "layouts=contiguous;pages\n",
                more);
    verify_start(&ring_context, f.target, f.starts->pdata[0], f.ring, f.ring,
                 &done, &error);
    if (says) {
        g_assert_error(error, SGBENCH_ERROR, SGBENCH_ERROR_DATA);
        g_test_message("%s", error->message);
        g_assert_nonnull(strstr(error->message, says));
    } else {
        g_assert_no_error(error);
        g_assert_cmpuint(done.commands, ==, 8 * 6);
        g_assert_cmpuint(done.bytes, ==, 4 * 6 * (256 + 4) * 1024);
        g_assert_cmpuint(done.conditions, ==, 11);
    }
    tape_tear_down(&f);
}

static void test_verified(void)
{
    if (!ring_no_qemu()) {
        verify("size=32M\ndata=stored\n", "", NULL);
    }
}

static void test_wrong_data(void)
{
    if (ring_no_qemu()) {
        return;
    }
    verify("size=32M\ndata=untouched\n", "", "WRONG DATA");
    verify("size=32M\ndata=filled\n", "", "WRONG DATA");
}

static void test_wrong_answers(void)
{
    if (ring_no_qemu()) {
        return;
    }
    /* SPACE says GOOD and stays */
    verify("size=32M\ndata=stored\n", RULE(0, "cdb=1100,rules.0.status=0"),
           "a block longer than asked for");
    verify("size=32M\ndata=stored\n", RULE(0, "cdb=1101,rules.0.status=0"),
           "space over filemarks");
    /* a filemark is not told of */
    verify("size=32M\ndata=stored\n", RULE(0, "cdb=1000,rules.0.status=0"),
           "instead of filemark");
    /* LOCATE stays */
    verify("size=32M\ndata=stored\n", RULE(0, "cdb=2b,rules.0.status=0"),
           "locate and read position");
    /* MODE SELECT does nothing */
    verify("size=32M\ndata=stored\n", RULE(0, "cdb=15,rules.0.status=0"),
           "fixed blocks");
    /* the end comes without a warning */
    verify("size=32M\ndata=stored\n", ",early-warning=0",
           "early warning and end of medium");
}

/* @requests of the only cell of a job */
static Sample *measure(const char *matrix, const char *more, unsigned requests)
{
    MeasureSpec spec = {.round = 1, .limits.requests = requests};
    g_autoptr(GError) error = NULL;
    Sample *sample;
    TapeFixture f;

    tape_set_up(&f, "size=32M\n", matrix, more);
    g_assert_cmpuint(f.plan->cells->len, ==, 1);
    sample = measure_cell(&ring_context, f.target, f.ring,
                          f.plan->cells->pdata[0], &spec, &error);
    g_assert_no_error(error);
    tape_tear_down(&f);
    return sample;
}

/* 24 MiB of 32 are used: 24 blocks of 1 MiB to a pass */
static void test_load(void)
{
    g_autoptr(Sample) write = NULL;
    g_autoptr(Sample) read = NULL;
    g_autoptr(Sample) files = NULL;

    if (ring_no_qemu()) {
        return;
    }
    write = measure("operations=write\nsizes=1M\n", "", 24 + 1 + 1 + 4);
    tape_assert_counts(write, 24 + 4, 0, 2, 0);
    read = measure("operations=read\nsizes=1M\n", "", 24 + 1 + 1 + 4);
    tape_assert_counts(read, 24 + 4, 1, 1, 0);
    g_assert_cmpuint(read->bytes, ==, UINT64_C(28) << 20);
    files = measure("operations=read\nsizes=1M\nfilemarks=10M\nblock=64K\n", "",
                    10 + 1 + 10 + 1 + 4 + 1 + 1 + 2);
    tape_assert_counts(files, 24 + 2, 3, 1, 0);
}

/* A number of bytes: with the filemark behind them, but no rewinding. And a
 * stream, whose gaps end at filemarks. */
static void test_bytes(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Sample) sample = NULL;
    MeasureSpec spec = {.round = 1, .limits.data = 8};
    TapeFixture f;
    Cell *cell;

    if (ring_no_qemu()) {
        return;
    }
    tape_set_up(&f, "size=32M\n",
                "operations=write\nsizes=1M\nfilemarks=4M\nrates=500M\n"
                "data=compressible\n",
                "");
    cell = f.plan->cells->pdata[0];
    g_assert_cmpstr(cell->id, ==,
                    "t/generic-zerocopy/write/1M/qd1/contiguous/fm4M/rate500M/"
                    "compressible");
    cell->bytes = 8 << 20;
    sample = measure_cell(&ring_context, f.target, f.ring, cell, &spec, &error);
    g_assert_no_error(error);
    tape_assert_counts(sample, 8, 0, 2, 0);
    g_assert_cmpuint(sample->response->count, ==, 8);
    g_assert_cmpuint(sample->gap->count, ==, 3 + 3);
    g_assert_cmpuint(sample->wall_ns, >=, 7 * 2000000);
    tape_tear_down(&f);
}

static int64_t counted(JsonArray *pages, unsigned page, const char *code)
{
    for (unsigned i = 0; i < json_array_get_length(pages); i++) {
        JsonObject *object = json_array_get_object_element(pages, i);

        if (json_object_get_int_member(object, "page") == page) {
            return json_object_get_int_member(
                json_object_get_object_member(object, "parameters"), code);
        }
    }
    g_assert_not_reached();
}

/* The drive counts what the initiator sends. */
static void test_log_pages(void)
{
    MeasureSpec spec = {.round = 1, .limits.data = 8};
    g_autoptr(GError) error = NULL;
    g_autoptr(Sample) sample = NULL;
    g_autoptr(JsonArray) before = NULL;
    g_autoptr(JsonArray) after = NULL;
    JsonArray *none;
    TapeFixture f;

    if (ring_no_qemu()) {
        return;
    }
    tape_set_up(&f, "size=32M\n", "operations=write\nsizes=1M\n", "");
    g_assert_true(log_pages_read(f.target, f.ring, &before, &error));
    sample = measure_cell(&ring_context, f.target, f.ring,
                          f.plan->cells->pdata[0], &spec, &error);
    g_assert_true(log_pages_read(f.target, f.ring, &after, &error));
    g_assert_no_error(error);
    g_assert_cmpint(counted(before, 0x0c, "0000"), ==, 0);
    g_assert_cmpint(counted(after, 0x0c, "0000"), ==, sample->bytes);
    g_assert_cmpint(counted(after, 0x0c, "0003"), ==, 0);
    g_assert_cmpint(counted(after, 0x02, "0005"), ==, sample->bytes);
    g_assert_cmpint(counted(after, 0x2e, "0040"), ==, 0);
    tape_tear_down(&f);

    /* A drive that has none after all is no failure. */
    tape_set_up(&f, "size=32M\n", "operations=write\nsizes=1M\n",
                RULE(0, "cdb=4d,rules.0.status=2,rules.0.sense="
                        "70000500000000000a000000002000000000"));
    g_assert_true(log_pages_read(f.target, f.ring, &none, &error));
    g_assert_null(none);
    tape_tear_down(&f);
}

static gboolean has_row(const char *page, const char *name, gboolean of_null,
                        gboolean of_tgt)
{
    g_autofree char *row =
        g_strdup_printf("\n.It %s Ta %s Ta %s Ta ", name,
                        of_null ? "yes" : "no", of_tgt ? "yes" : "no");

    return strstr(page, row) != NULL;
}

/* What the manual page says of targets is what is tried on them. */
static void test_manual(void)
{
    g_autofree char *file = g_build_filename(g_getenv("G_TEST_SRCDIR"),
                                             "sgbench", "sgbench-job.5", NULL);
    g_autoptr(Job) null = tape_job(TAPE, ZC "sizes=64K\n");
    g_autoptr(Job) tgt = tape_job(TAPE, ZC "sizes=64K\n");
    TargetSpec *spec = tgt->targets->pdata[0];
    TargetCaps of_null, of_tgt;
    g_autofree char *page = NULL;
    const char *name;
    unsigned needs, i;

    g_assert_true(g_file_get_contents(file, &page, NULL, NULL));
    g_assert_true(target_find("null")->check(null, null->targets->pdata[0],
                                             &of_null, NULL));
    g_hash_table_remove_all(spec->keys);
    g_hash_table_insert(spec->keys, g_strdup("device"), g_strdup("tape"));
    g_assert_true(target_find("iscsi")->check(tgt, spec, &of_tgt, NULL));
    for (i = 0; (name = tape_condition(i, &needs)); i++) {
        g_test_message("%s", name);
        g_assert_true(has_row(page, name, (of_null.tape & needs) == needs,
                              (of_tgt.tape & needs) == needs));
    }
    g_assert_true(has_row(page, "end of data, fixed blocks",
                          of_null.tape & TAPE_ENDS_FIXED,
                          of_tgt.tape & TAPE_ENDS_FIXED));
}

static void test_log_damage(void)
{
    static const uint8_t page[] = {0x0c, 0, 0, 13, 0, 5, 0, 2, 1,
                                   2,    1, 0, 3,  3, 7, 8, 9};
    g_autoptr(JsonObject) whole = log_page_parameters(page, sizeof(page), 0x0c);
    uint8_t torn[sizeof(page)];

    g_assert_cmpint(json_object_get_int_member(whole, "0005"), ==, 0x0102);
    g_assert_cmpint(json_object_get_int_member(whole, "0100"), ==, 0x070809);
    g_assert_null(log_page_parameters(page, sizeof(page), 0x02));
    for (unsigned i = 0; i < sizeof(page); i++) {
        g_assert_null(log_page_parameters(page, i, 0x0c));
    }
    memcpy(torn, page, sizeof(page));
    torn[7] = 200; /* a parameter that is longer than the page */
    g_assert_null(log_page_parameters(torn, sizeof(torn), 0x0c));
}

/* After a failure the tape is rewound, and all is as before. */
static void test_lost(void)
{
    g_autoptr(Sample) sample = NULL;
    g_autoptr(Sample) mark = NULL;

    if (ring_no_qemu()) {
        return;
    }
    sample = measure("operations=read\nsizes=1M\n",
                     RULE(0, "cdb=0800,rules.0.skip=5,rules.0.count=1,"
                             "rules.0.status=2,rules.0.sense="
                             "70000300000000000a000000001100000000"),
                     5 + 1 + 1 + 24 + 1 + 1);
    tape_assert_counts(sample, 5 + 24, 1, 2, 1);
    g_assert_nonnull(strstr(sample->first_failure, "Medium Error"));

    /* The READ that should meet the filemark is GOOD instead. */
    mark = measure("operations=read\nsizes=1M\n",
                   RULE(0, "cdb=0800,rules.0.skip=24,rules.0.count=1,"
                           "rules.0.status=0"),
                   24 + 1 + 1);
    tape_assert_counts(mark, 24, 0, 1, 1);
}

int main(int argc, char **argv)
{
    int result;

    g_test_init(&argc, &argv, NULL);
    ring_set_up();
    g_test_add_func("/tape/commands", test_commands);
    g_test_add_func("/tape/ends", test_ends);
    g_test_add_func("/tape/lacks", test_lacks);
    g_test_add_func("/tape/job", test_job);
    g_test_add_func("/tape/cell-ids", test_cell_ids);
    g_test_add_func("/tape/verified", test_verified);
    g_test_add_func("/tape/wrong-data", test_wrong_data);
    g_test_add_func("/tape/wrong-answers", test_wrong_answers);
    g_test_add_func("/tape/load", test_load);
    g_test_add_func("/tape/bytes", test_bytes);
    g_test_add_func("/tape/log-pages", test_log_pages);
    g_test_add_func("/tape/log-damage", test_log_damage);
    g_test_add_func("/tape/manual", test_manual);
    g_test_add_func("/tape/lost", test_lost);
    result = g_test_run();
    ring_tear_down();
    return result;
}
