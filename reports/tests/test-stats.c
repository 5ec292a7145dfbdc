/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reports/stats.h"

#include <math.h>
#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>

static void test_median(void)
{
    static const double values[] = {5, 1, 4, 2, 3, 100};

    g_assert_true(isnan(sgb_median(values, 0)));
    g_assert_cmpfloat(sgb_median(values, 1), ==, 5);
    g_assert_cmpfloat(sgb_median(values, 2), ==, 3);
    g_assert_cmpfloat(sgb_median(values, 5), ==, 3);
    g_assert_cmpfloat(sgb_median(values, 6), ==, 3.5);
    g_assert_cmpfloat(values[0], ==, 5); /* left as they were */
}

/*
 * Ranks and coverage of the 95 % interval for a median, as the usual tables
 * have them (Conover, Practical Nonparametric Statistics, 3rd ed., table A3;
 * for n below 6 there is none, and the range is what is left).
 */
static void test_ranks(void)
{
    static const struct {
        unsigned n, low, high;
        double coverage;
    } table[] = {
        {1, 1, 1, 0},        {2, 1, 2, 0.5},       {5, 1, 5, 0.9375},
        {6, 1, 6, 0.96875},  {7, 1, 7, 0.984375},  {8, 1, 8, 0.9921875},
        {9, 2, 8, 0.9609},   {10, 2, 9, 0.9785},   {11, 2, 10, 0.9883},
        {12, 3, 10, 0.9614}, {15, 4, 12, 0.9648},  {20, 6, 15, 0.9586},
        {25, 8, 18, 0.9567}, {30, 10, 21, 0.9572}, {50, 18, 33, 0.9672},
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(table); i++) {
        double values[50];
        SgbInterval x;

        /* Value = rank, not in order. */
        for (unsigned k = 0; k < table[i].n; k++) {
            values[k] = (k * 7 + 3) % table[i].n + 1;
            if (table[i].n % 7 == 0) {
                values[k] = table[i].n - k;
            }
        }
        x = sgb_median_interval(values, table[i].n, 0.95);
        g_assert_cmpuint(x.n, ==, table[i].n);
        g_assert_cmpfloat(x.low, ==, table[i].low);
        g_assert_cmpfloat(x.high, ==, table[i].high);
        g_assert_cmpfloat_with_epsilon(x.coverage, table[i].coverage, 5e-5);
        g_assert_cmpfloat(x.median, ==, (table[i].n + 1) / 2.0);
    }
}

static void test_none(void)
{
    SgbInterval x = sgb_median_interval(NULL, 0, 0.95);

    g_assert_cmpuint(x.n, ==, 0);
    g_assert_true(isnan(x.median) && isnan(x.low) && isnan(x.high));
    g_assert_cmpfloat(x.coverage, ==, 0);
}

/* The interval covers the true median as often as it says, for any continuous
 * distribution: here a skew one. */
static void test_coverage(void)
{
    static const unsigned sizes[] = {5, 6, 10, 20};
    gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
    const unsigned trials = 20000;

    gsl_rng_set(rng, 12345);
    for (unsigned i = 0; i < G_N_ELEMENTS(sizes); i++) {
        double expected = 0;
        unsigned covered = 0;

        for (unsigned t = 0; t < trials; t++) {
            double values[20];
            SgbInterval x;

            for (unsigned k = 0; k < sizes[i]; k++) {
                values[k] = gsl_ran_lognormal(rng, 0, 1);
            }
            x = sgb_median_interval(values, sizes[i], 0.95);
            expected = x.coverage;
            covered += x.low <= 1 && 1 <= x.high;
        }
        /* Four standard errors. */
        g_assert_cmpfloat_with_epsilon(
            covered / (double)trials, expected,
            4 * sqrt(expected * (1 - expected) / trials));
    }
    gsl_rng_free(rng);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/stats/median", test_median);
    g_test_add_func("/stats/ranks", test_ranks);
    g_test_add_func("/stats/none", test_none);
    g_test_add_func("/stats/coverage", test_coverage);
    return g_test_run();
}
