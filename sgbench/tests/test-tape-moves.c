/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SPACE and LOCATE, timed and verified, on the tape of null-sg in a real QEMU.
 * Its rules make it say GOOD and stay where it is, to see that this is noticed.
 */
#include <glib.h>
#include <string.h>

#include "tape-fixture.h"
#include "sgbench/error.h"
#include "sgbench/measure.h"
#include "sgbench/medium.h"
#include "sgbench/verify.h"

/* The only cell of a job on a target with @keys; NULL with @error. */
static Sample *move(const char *keys, const char *matrix, const char *more,
                    unsigned requests, GError **error)
{
    MeasureSpec spec = {.round = 1, .seed = 5, .limits.requests = requests};
    Sample *sample;
    TapeFixture f;

    tape_set_up(&f, keys, matrix, more);
    g_assert_cmpuint(f.plan->cells->len, ==, 1);
    sample = measure_cell(&ring_context, f.target, f.ring,
                          f.plan->cells->pdata[0], &spec, error);
    tape_tear_down(&f);
    return sample;
}

static void assert_moved(const char *keys, const char *matrix)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Sample) sample = move(keys, matrix, "", 200, &error);

    g_assert_no_error(error);
    tape_assert_counts(sample, 200, 0, 0, 0);
    g_assert_cmpuint(sample->bytes, ==, 0);
    g_assert_cmpuint(sample->latency->count, ==, 200);
    g_assert_null(sample->gap);
    g_assert_cmpint(sample->stood_at, >=, 0);
    g_assert_cmpint(sample->stood_at, <, 24 * 2); /* objects */
}

static void test_moved(void)
{
    if (ring_no_qemu()) {
        return;
    }
    assert_moved("size=32M\n", "operations=space\nsizes=1M\n");
    assert_moved("size=32M\n", "operations=locate\nsizes=1M\n");
    assert_moved("size=32M\ndata=stored\n",
                 "operations=space\nsizes=1M\nfilemarks=3M\n");
    assert_moved("size=32M\ndata=stored\n",
                 "operations=locate\nsizes=1M\nfilemarks=24M\n");
}

static void assert_astray(const char *keys, const char *operation,
                          const char *more, unsigned requests, const char *says)
{
    g_autofree char *matrix =
        g_strdup_printf("operations=%s\nsizes=1M\n", operation);
    g_autoptr(GError) error = NULL;

    g_assert_null(move(keys, matrix, more, requests, &error));
    g_assert_error(error, SGBENCH_ERROR, SGBENCH_ERROR_DATA);
    g_test_message("%s", error->message);
    g_assert_nonnull(strstr(error->message, "WRONG PLACE on t"));
    g_assert_nonnull(strstr(error->message, says));
}

/* GOOD, but it is not where it should be. */
static void test_astray(void)
{
    if (ring_no_qemu()) {
        return;
    }
    assert_astray("size=32M\n", "locate", RULE(0, "cdb=2b,rules.0.status=0"), 9,
                  "READ POSITION says 0");
    assert_astray("size=32M\ndata=stored\n", "space",
                  RULE(0, "cdb=11,rules.0.count=1,rules.0.status=0"), 1,
                  "READ POSITION says 0");
    /* READ POSITION is not there: what is read tells */
    assert_astray("size=32M\ndata=stored\n", "locate",
                  RULE(0, "cdb=2b,rules.0.status=0")
                      RULE(1, "cdb=34,rules.1.status=2,rules.1.sense="
                              "700005000000000a00000000200000000000"),
                  8, "the data of byte 0");
}

/* After a failure the tape is rewound, and then goes where it should. */
static void test_astray_once(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Sample) sample = NULL;

    if (ring_no_qemu()) {
        return;
    }
    sample = move("size=32M\ndata=stored\n", "operations=space\nsizes=1M\n",
                  RULE(0, "cdb=11,rules.0.skip=5,rules.0.count=1,"
                          "rules.0.status=2,rules.0.sense="
                          "70000300000000000a000000001100000000"),
                  20, &error);
    g_assert_no_error(error);
    tape_assert_counts(sample, 18, 0, 1, 1);
    g_assert_cmpint(sample->stood_at, >=, 0);
}

/* The same before anything is timed. */
static void verify_moves(const char *more, const char *says)
{
    g_autoptr(GError) error = NULL;
    Verification done;
    TapeFixture f;

    tape_set_up(&f, "size=32M\ndata=stored\n",
                "operations=space;locate\nsizes=64K\n", more);
    verify_start(&ring_context, f.target, f.starts->pdata[0], f.ring, f.ring,
                 &done, &error);
    if (says) {
        g_assert_error(error, SGBENCH_ERROR, SGBENCH_ERROR_DATA);
        g_test_message("%s", error->message);
        g_assert_nonnull(strstr(error->message, "WRONG PLACE on t"));
        g_assert_nonnull(strstr(error->message, says));
    } else {
        g_assert_no_error(error);
        g_assert_cmpuint(done.commands, ==, 2 * 12);
        g_assert_cmpuint(done.places, ==, 2 * 12);
        g_assert_cmpuint(done.bytes, ==, 0);
    }
    tape_tear_down(&f);
}

static void test_moves_verified(void)
{
    if (ring_no_qemu()) {
        return;
    }
    verify_moves("", NULL);
    verify_moves(RULE(0, "cdb=2b,rules.0.status=0"), "after LOCATE (10) ");
    verify_moves(RULE(0, "cdb=1101,rules.0.status=0"), "filemarks");
    verify_moves(RULE(0, "cdb=1100,rules.0.status=0"), "blocks");
}

/* A drive without LOCATE says so itself. */
static void test_has(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *refusal = NULL;
    char *none;
    TapeFixture f;

    if (ring_no_qemu()) {
        return;
    }
    tape_set_up(&f, "size=32M\n", "sizes=1M\n",
                RULE(0, "cdb=2b,rules.0.status=2,rules.0.sense="
                        "700005000000000a00000000200000000000"));
    for (Operation i = 0; i < OPERATION_LOCATE; i++) {
        g_assert_true(
            f.target->caps.medium->has(f.target, f.ring, i, &none, &error));
        g_assert_no_error(error);
        g_assert_null(none);
    }
    g_assert_true(f.target->caps.medium->has(f.target, f.ring, OPERATION_LOCATE,
                                             &refusal, &error));
    g_assert_no_error(error);
    g_assert_nonnull(strstr(refusal, "LOCATE (10): status 02h"));
    g_assert_nonnull(strstr(refusal, "Invalid command operation code"));
    tape_tear_down(&f);
}

int main(int argc, char **argv)
{
    int result;

    g_test_init(&argc, &argv, NULL);
    ring_set_up();
    g_test_add_func("/tape-moves/moved", test_moved);
    g_test_add_func("/tape-moves/astray", test_astray);
    g_test_add_func("/tape-moves/astray-once", test_astray_once);
    g_test_add_func("/tape-moves/verified", test_moves_verified);
    g_test_add_func("/tape-moves/has", test_has);
    result = g_test_run();
    ring_tear_down();
    return result;
}
