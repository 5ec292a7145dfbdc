/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reports/rank-sum.h"

#include <math.h>
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>

#include "reports/holm.h"

/* Mann and Whitney's own table of P(U <= u) (1947, table I), to three digits. */
static void test_table(void)
{
    static const struct {
        unsigned nx, ny;
        double p[10]; /* of u = 0, 1, … */
    } table[] = {
        {3, 3, {.050, .100, .200, .350, .500, .650}},
        {4, 2, {.067, .133, .267, .400, .600}},
        {4, 4, {.014, .029, .057, .100, .171, .243, .343, .443, .557}},
        {5, 3, {.018, .036, .071, .125, .196, .286, .393, .500, .607}},
        {5, 5, {.004, .008, .016, .028, .048, .075, .111, .155, .210, .274}},
        {6, 4, {.005, .010, .019, .033, .057, .086, .129, .176, .238, .305}},
        {8, 8, {.000, .000, .000, .001, .001, .001, .002, .003, .005, .007}},
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(table); i++) {
        for (unsigned u = 0; u < 10; u++) {
            double p = sgb_rank_sum_probability(table[i].nx, table[i].ny, u);

            if (u == 0 || table[i].p[u] > 0) {
                g_assert_cmpfloat_with_epsilon(p, table[i].p[u], 5.01e-4);
            }
            g_assert_cmpfloat(
                p, ==, sgb_rank_sum_probability(table[i].ny, table[i].nx, u));
        }
    }
}

/* Largest U that is significant, two-sided, as the usual tables have it (e.g.
 * Siegel and Castellan; Conover, table A7). */
static void test_critical(void)
{
    static const struct {
        unsigned nx, ny;
        double level;
        unsigned u;
    } table[] = {
        {5, 5, .05, 2},     {8, 8, .05, 13},    {10, 10, .05, 23},
        {10, 10, .01, 16},  {15, 15, .05, 64},  {15, 15, .01, 51},
        {20, 20, .05, 127}, {20, 20, .01, 105}, {12, 7, .05, 18},
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(table); i++) {
        unsigned nx = table[i].nx, ny = table[i].ny, u = table[i].u;

        g_assert_cmpfloat(2 * sgb_rank_sum_probability(nx, ny, u), <=,
                          table[i].level);
        g_assert_cmpfloat(2 * sgb_rank_sum_probability(nx, ny, u + 1), >,
                          table[i].level);
    }
}

/*
 * Permeability of the placenta at term and at 12 to 26 weeks (Hollander and
 * Wolfe, 1973, table 4.1). R's manual has W = 35, one-sided p = 0.1272; the
 * book has 0.305 for the difference, and the interval (-0.15, 0.76).
 */
static void test_hollander(void)
{
    static const double term[] = {0.80, 0.83, 1.89, 1.04, 1.45,
                                  1.38, 1.91, 1.64, 0.73, 1.46};
    static const double early[] = {1.15, 0.88, 0.90, 0.74, 1.21};
    SgbRankSum test = sgb_rank_sum(early, 5, term, 10);
    SgbShift shift = sgb_shift(early, 5, term, 10, .95);

    g_assert_true(test.exact);
    g_assert_cmpfloat(test.u, ==, 35);
    g_assert_cmpfloat_with_epsilon(test.p, 2 * .1272, 1e-4);
    g_assert_cmpfloat_with_epsilon(shift.estimate, .305, 1e-9);
    g_assert_cmpfloat_with_epsilon(shift.low, -.15, 1e-9);
    g_assert_cmpfloat_with_epsilon(shift.high, .76, 1e-9);
    g_assert_cmpfloat(shift.coverage, >=, .95);

    /* The other way round: mirrored. */
    test = sgb_rank_sum(term, 10, early, 5);
    shift = sgb_shift(term, 10, early, 5, .95);
    g_assert_cmpfloat(test.u, ==, 15);
    g_assert_cmpfloat_with_epsilon(test.p, 2 * .1272, 1e-4);
    g_assert_cmpfloat_with_epsilon(shift.high, .15, 1e-9);
}

/* Of all ways to deal @n values, @ny of them to y: how many give a U at most,
 * or at least, @u? By going through them. */
static double enumerate(const double *values, unsigned n, unsigned ny, double u)
{
    unsigned all = 0, below = 0, above = 0;

    for (unsigned mask = 0; mask < 1u << n; mask++) {
        double other = 0;

        if (__builtin_popcount(mask) != ny) {
            continue;
        }
        for (unsigned i = 0; i < n; i++) {
            for (unsigned k = 0; k < n; k++) {
                if (!(mask >> i & 1) && mask >> k & 1) {
                    other += values[k] > values[i]   ? 1
                             : values[k] < values[i] ? 0
                                                     : .5;
                }
            }
        }
        all++;
        below += other <= u;
        above += other >= u;
    }
    return MIN(2.0 * MIN(below, above) / all, 1);
}

static void test_ties(void)
{
    static const double pools[][9] = {
        {1, 1, 2, 2, 2, 3, 3, 4, 5}, {0, 0, 0, 0, 0, 0, 0, 0, 1},
        {7, 7, 7, 7, 7, 7, 7, 7, 7}, {1, 2, 1, 2, 1, 2, 3, 9, 9},
        {5, 4, 3, 2, 1, 6, 7, 8, 9},
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(pools); i++) {
        for (unsigned nx = 1; nx < 9; nx++) {
            SgbRankSum test = sgb_rank_sum(pools[i], nx, pools[i] + nx, 9 - nx);

            g_assert_cmpfloat_with_epsilon(
                test.p, enumerate(pools[i], 9, 9 - nx, test.u), 1e-12);
        }
    }
}

/* Where the exact computation ends the approximation goes on. With two values
 * only, its variance is that of the hypergeometric distribution: 3600 / 12 *
 * (121 - 2 * (60^3 - 60) / (120 * 119)) = 27226.9, U = 60 * 60 / 2 + 40 * 60 -
 * 30 * 60. */
static void test_large(void)
{
    double x[60], y[60];
    SgbRankSum test;

    for (unsigned u = 1000; u < 1250; u += 50) {
        g_assert_cmpfloat_with_epsilon(
            sgb_rank_sum_probability(50, 50, u),
            gsl_cdf_ugaussian_P((u + .5 - 1250) / sqrt(2500 * 101 / 12.)),
            1e-3);
        g_assert_cmpfloat_with_epsilon(
            sgb_rank_sum_probability(51, 51, u),
            gsl_cdf_ugaussian_P((u + .5 - 1300.5) / sqrt(2601 * 103 / 12.)),
            1e-12);
    }
    for (unsigned i = 0; i < 60; i++) {
        x[i] = i < 20;
        y[i] = i < 40;
    }
    test = sgb_rank_sum(x, 60, y, 60);
    g_assert_false(test.exact);
    g_assert_cmpfloat(test.u, ==, 2400);
    g_assert_cmpfloat_with_epsilon(
        test.p, 2 * gsl_cdf_ugaussian_P(-599.5 / sqrt(27226.9)), 1e-7);
    g_assert_cmpfloat(sgb_rank_sum(x, 60, x, 60).p, ==, 1);
}

static void test_small(void)
{
    static const double x[] = {1, 2}, y[] = {3, 4};
    SgbShift shift = sgb_shift(x, 2, y, 2, .95);

    g_assert_cmpfloat(sgb_rank_sum(x, 0, y, 2).p, ==, 1);
    g_assert_true(isnan(sgb_shift(x, 2, y, 0, .95).estimate));
    g_assert_cmpfloat_with_epsilon(sgb_rank_sum(x, 2, y, 2).p, 1 / 3.0, 1e-12);
    g_assert_cmpfloat(shift.estimate, ==, 2);
    g_assert_true(isinf(shift.low) && isinf(shift.high));
    g_assert_cmpfloat(shift.coverage, ==, 1);
}

/* The interval covers the true shift as often as it says, and the test errs no
 * more often than it says, whatever the distribution: here a skew one. */
static void test_coverage(void)
{
    static const unsigned sizes[][2] = {{4, 4}, {8, 8}, {10, 20}, {60, 60}};
    gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
    const double shift = .7;

    gsl_rng_set(rng, 4711);
    for (unsigned i = 0; i < G_N_ELEMENTS(sizes); i++) {
        unsigned nx = sizes[i][0], ny = sizes[i][1];
        unsigned trials = nx * ny > 1000 ? 1500 : 10000;
        unsigned covered = 0, found = 0;
        double expected = 0;

        for (unsigned t = 0; t < trials; t++) {
            double x[60], y[60];
            SgbShift s;

            for (unsigned k = 0; k < nx; k++) {
                x[k] = gsl_ran_lognormal(rng, 0, 1);
            }
            for (unsigned k = 0; k < ny; k++) {
                y[k] = gsl_ran_lognormal(rng, 0, 1);
            }
            found += sgb_rank_sum(x, nx, y, ny).p <= .05;
            for (unsigned k = 0; k < ny; k++) {
                y[k] += shift;
            }
            s = sgb_shift(x, nx, y, ny, .95);
            expected = s.coverage;
            covered += s.low <= shift && shift <= s.high;
        }
        g_assert_cmpfloat(expected, >=, .95);
        /* Four standard errors. */
        g_assert_cmpfloat_with_epsilon(
            covered / (double)trials, expected,
            4 * sqrt(expected * (1 - expected) / trials));
        g_assert_cmpfloat(found / (double)trials, <,
                          .05 + 4 * sqrt(.05 * .95 / trials));
        g_assert_cmpuint(found, >, trials / 100);
    }
    gsl_rng_free(rng);
}

/* By hand: 4 x .005, 3 x .01, 2 x .03, 1 x .04, none below the one before. */
static void test_holm(void)
{
    double p[] = {.01, .04, .03, .005};
    double same[] = {.5, .6};

    sgb_holm(p, 4);
    g_assert_cmpfloat_with_epsilon(p[3], .02, 1e-12);
    g_assert_cmpfloat_with_epsilon(p[0], .03, 1e-12);
    g_assert_cmpfloat_with_epsilon(p[2], .06, 1e-12);
    g_assert_cmpfloat_with_epsilon(p[1], .06, 1e-12); /* not below the last */
    sgb_holm(same, 2);
    g_assert_cmpfloat(same[0], ==, 1);
    g_assert_cmpfloat(same[1], ==, 1);
    sgb_holm(NULL, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/rank-sum/table", test_table);
    g_test_add_func("/rank-sum/critical", test_critical);
    g_test_add_func("/rank-sum/hollander", test_hollander);
    g_test_add_func("/rank-sum/ties", test_ties);
    g_test_add_func("/rank-sum/large", test_large);
    g_test_add_func("/rank-sum/small", test_small);
    g_test_add_func("/rank-sum/coverage", test_coverage);
    g_test_add_func("/rank-sum/holm", test_holm);
    return g_test_run();
}
