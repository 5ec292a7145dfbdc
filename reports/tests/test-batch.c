/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reports/batch.h"

static GArray *counted(unsigned n)
{
    GArray *values = g_array_new(FALSE, FALSE, sizeof(double));

    for (unsigned i = 0; i < n; i++) {
        double value = i;

        g_array_append_val(values, value);
    }
    return values;
}

static double at(const GArray *batches, unsigned i)
{
    return g_array_index(batches, double, i);
}

/* Fewer than two for each batch: left as they are, in their order. */
static void test_few(void)
{
    for (unsigned n = 0; n < 2 * SGB_BATCHES; n++) {
        g_autoptr(GArray) values = counted(n);
        g_autoptr(GArray) batches = sgb_batches(values);

        g_assert_cmpuint(batches->len, ==, n);
        for (unsigned i = 0; i < n; i++) {
            g_assert_cmpfloat(at(batches, i), ==, i);
        }
    }
}

/* Rounds that follow each other are in one batch, and its median stands for
 * it: one round that went wrong does not matter. */
static void test_even(void)
{
    g_autoptr(GArray) values = counted(5 * SGB_BATCHES);
    g_autoptr(GArray) batches = NULL;

    g_array_index(values, double, 7) = 1e9;
    batches = sgb_batches(values);
    g_assert_cmpuint(batches->len, ==, SGB_BATCHES);
    for (unsigned i = 0; i < SGB_BATCHES; i++) {
        /* 5, 6, 1e9, 8, 9 */
        g_assert_cmpfloat(at(batches, i), ==, i == 1 ? 8 : 5 * i + 2);
    }
    g_assert_cmpfloat(g_array_index(values, double, 7), ==, 1e9);
}

/* Every round is in one batch and in one only, batches are as equal as can be,
 * and there are no fewer than what a test needs. */
static void test_uneven(void)
{
    for (unsigned n = 2 * SGB_BATCHES; n <= 7 * SGB_BATCHES; n++) {
        g_autoptr(GArray) values = counted(n);
        g_autoptr(GArray) batches = sgb_batches(values);
        unsigned next = 0, least = n / batches->len;

        g_assert_cmpuint(batches->len, >=, SGB_BATCHES);
        g_assert_cmpuint(batches->len, <, 2 * SGB_BATCHES);
        for (unsigned i = 0; i < batches->len; i++) {
            /* Of numbers in a row the median tells how many, if one knows the
             * first. */
            double length = 2 * (at(batches, i) - next) + 1;

            g_assert_true(length == least || length == least + 1);
            next += length;
        }
        g_assert_cmpuint(next, ==, n);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/batch/few", test_few);
    g_test_add_func("/batch/even", test_even);
    g_test_add_func("/batch/uneven", test_uneven);
    return g_test_run();
}
