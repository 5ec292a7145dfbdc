/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "sgbench/stamp.h"

#define RUN "01234567-89ab-cdef-0123-456789abcdef"
#define OTHER_RUN "fedcba98-89ab-cdef-0123-456789abcdef"
#define LENGTH (8 * STAMP_SIZE)
#define ADDRESS (UINT64_C(5) << 40)

typedef struct {
    uint8_t data[LENGTH];
} Fixture;

static void set_up(Fixture *f, gconstpointer unused)
{
    stamp_fill(f->data, LENGTH, RUN, ADDRESS, 3);
}

static void check_says(const Fixture *f, const char *what)
{
    g_autofree char *text = stamp_check(f->data, LENGTH, RUN, ADDRESS, 3);

    g_assert_nonnull(text);
    if (!strstr(text, what)) {
        g_error("'%s' does not say '%s'", text, what);
    }
}

static void test_right(Fixture *f, gconstpointer unused)
{
    g_assert_null(stamp_check(f->data, LENGTH, RUN, ADDRESS, 3));
}

static void test_every_bit(Fixture *f, gconstpointer unused)
{
    size_t i;

    for (i = 0; i < LENGTH; i++) {
        g_autofree char *text = NULL;

        f->data[i] ^= 1 << (i % 8);
        text = stamp_check(f->data, LENGTH, RUN, ADDRESS, 3);
        g_assert_nonnull(text);
        f->data[i] ^= 1 << (i % 8);
    }
}

static void test_kinds(Fixture *f, gconstpointer unused)
{
    uint8_t *third = f->data + 2 * STAMP_SIZE;

    memset(third, 0, STAMP_SIZE);
    check_says(f, "512 bytes of 00h");
    memcpy(third, "surely not a stamp", 18);
    check_says(f, "foreign data");
    stamp_fill(third, STAMP_SIZE, RUN, ADDRESS, 3);
    check_says(f, "the data of byte 5497558138880");
    stamp_fill(third, STAMP_SIZE, RUN, ADDRESS + 2 * STAMP_SIZE, 2);
    check_says(f, "generation 2 instead of 3");
    stamp_fill(third, STAMP_SIZE, OTHER_RUN, ADDRESS + 2 * STAMP_SIZE, 3);
    check_says(f, "another run (fedcba98");
    stamp_fill(third, STAMP_SIZE, RUN, ADDRESS + 2 * STAMP_SIZE, 3);
    third[100] ^= 1;
    check_says(f, "torn");
    check_says(f, "byte 5497558139904 of the medium");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add("/stamp/right", Fixture, NULL, set_up, test_right, NULL);
    g_test_add("/stamp/every-bit", Fixture, NULL, set_up, test_every_bit, NULL);
    g_test_add("/stamp/kinds", Fixture, NULL, set_up, test_kinds, NULL);
    return g_test_run();
}
