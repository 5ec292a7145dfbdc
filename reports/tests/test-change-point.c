/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reports/change-point.h"

#include <math.h>
#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>
#include <gsl/gsl_statistics_double.h>

static SgbChangePoint change(GArray *changes, unsigned i)
{
    g_assert_cmpuint(i, <, changes->len);
    return g_array_index(changes, SgbChangePoint, i);
}

/*
 * The Nile at Aswan, 10^8 m^3 a year, 1871 to 1970 (Cobb, Biometrika 65 (1978)
 * 243-251): the published change is after 1898, the 28th value.
 */
static void test_nile(void)
{
    static const double nile[] = {
        1120, 1160, 963,  1210, 1160, 1160, 813,  1230, 1370, 1140, 995,  935,
        1110, 994,  1020, 960,  1180, 799,  958,  1140, 1100, 1210, 1150, 1250,
        1260, 1220, 1030, 1100, 774,  840,  874,  694,  940,  833,  701,  916,
        692,  1020, 1050, 969,  831,  726,  456,  824,  702,  1120, 1100, 832,
        764,  821,  768,  845,  864,  862,  698,  845,  744,  796,  1040, 759,
        781,  865,  845,  944,  984,  897,  822,  1010, 771,  676,  649,  846,
        812,  742,  801,  1040, 860,  874,  848,  890,  744,  749,  838,  1050,
        918,  986,  797,  923,  975,  815,  1020, 906,  901,  1170, 912,  746,
        919,  718,  714,  740,
    };
    g_autoptr(GArray) changes = NULL;

    /* The means that are published with it: the data is that data. */
    g_assert_cmpuint(G_N_ELEMENTS(nile), ==, 100);
    g_assert_cmpfloat_with_epsilon(gsl_stats_mean(nile, 1, 28), 1097.75, .005);
    g_assert_cmpfloat_with_epsilon(gsl_stats_mean(nile + 28, 1, 72), 849.97,
                                   .005);
    changes = sgb_change_points(nile, 100, .01, 999, 1);
    g_assert_cmpuint(changes->len, ==, 1);
    g_assert_cmpuint(change(changes, 0).at, ==, 28);
    g_assert_cmpfloat_with_epsilon(change(changes, 0).p, .001, 1e-9);
    g_assert_cmpfloat(change(changes, 0).before, ==, 1130);
    g_assert_cmpfloat(change(changes, 0).after, ==, 842.5);
}

/* Q as the paper writes it, pair by pair. */
static double q_by_definition(const double *z, unsigned t, unsigned k)
{
    double m = t, n = k - t, across = 0, x = 0, y = 0;

    for (unsigned i = 0; i < k; i++) {
        for (unsigned j = 0; j < i; j++) {
            *(i < t ? &x : j < t ? &across : &y) += fabs(z[i] - z[j]);
        }
    }
    return m * n / (m + n) *
           (2 / (m * n) * across - x / (m * (m - 1) / 2) -
            y / (n * (n - 1) / 2));
}

static void test_definition(void)
{
    gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);

    for (unsigned n = 6; n < 24; n++) {
        SgbChangePoint found;
        double z[24], best = -INFINITY;
        unsigned at = 0;

        for (unsigned i = 0; i < n; i++) {
            z[i] = gsl_ran_gaussian(rng, 1) + (i >= n / 2);
        }
        for (unsigned t = 3; t + 3 <= n; t++) {
            for (unsigned k = t + 3; k <= n; k++) {
                double q = q_by_definition(z, t, k);

                if (q > best) {
                    best = q;
                    at = t;
                }
            }
        }
        g_assert_true(sgb_change_point_best(z, n, &found));
        g_assert_cmpuint(found.at, ==, at);
        g_assert_cmpfloat_with_epsilon(found.q, best, 1e-9);
    }
    gsl_rng_free(rng);
}

/*
 * The simulation of the ecp package's manual, shorter: 50 values each of
 * N(0, 1), N(0, 9) and N(2, 1) - a change of spread, then of place.
 */
static void test_three_periods(void)
{
    gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
    g_autoptr(GArray) changes = NULL;
    double z[150];

    gsl_rng_set(rng, 250);
    for (unsigned i = 0; i < 150; i++) {
        z[i] = gsl_ran_gaussian(rng, i / 50 == 1 ? 3 : 1) + 2 * (i / 50 == 2);
    }
    changes = sgb_change_points(z, 150, .05, 199, 1);
    g_assert_cmpuint(changes->len, ==, 2);
    g_assert_cmpint(ABS((int)change(changes, 0).at - 50), <=, 5);
    g_assert_cmpint(ABS((int)change(changes, 1).at - 100), <=, 5);
    gsl_rng_free(rng);
}

/* Where nothing changes something is found as often as was allowed. */
static void test_false_alarms(void)
{
    gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
    const unsigned trials = 600;
    unsigned alarms = 0;

    gsl_rng_set(rng, 99);
    for (unsigned t = 0; t < trials; t++) {
        g_autoptr(GArray) changes = NULL;
        double z[20];

        for (unsigned i = 0; i < 20; i++) {
            z[i] = gsl_ran_lognormal(rng, 0, 1);
        }
        changes = sgb_change_points(z, 20, .05, 99, t);
        alarms += changes->len > 0;
    }
    g_test_message("%u of %u", alarms, trials);
    g_assert_cmpfloat_with_epsilon(alarms / (double)trials, .05,
                                   4 * sqrt(.05 * .95 / trials));
    gsl_rng_free(rng);
}

static void test_short(void)
{
    static const double same[] = {4, 4, 4, 4, 4, 4, 4, 4};
    static const double step[] = {1, 1.1, 1, 1.1, 1, 1.1, 1, 1.1,
                                  2, 2.1, 2, 2.1, 2, 2.1, 2, 2.1};
    SgbChangePoint best;
    GArray *changes;

    for (unsigned n = 0; n <= 8; n++) {
        changes = sgb_change_points(same, n, .05, 99, 1);
        g_assert_cmpuint(changes->len, ==, 0);
        g_array_unref(changes);
    }
    g_assert_false(sgb_change_point_best(same, 5, &best));
    changes = sgb_change_points(step, 16, .01, 999, 1);
    g_assert_cmpuint(changes->len, ==, 1);
    g_assert_cmpuint(change(changes, 0).at, ==, 8);
    g_assert_cmpfloat_with_epsilon(change(changes, 0).before, 1.05, 1e-9);
    g_assert_cmpfloat_with_epsilon(change(changes, 0).after, 2.05, 1e-9);
    g_array_unref(changes);
}

/* Only the end of what is too long is looked at, and places stay right. */
static void test_long(void)
{
    const unsigned n = SGB_CHANGE_POINT_LONGEST + 40;
    g_autofree double *z = g_new(double, n);
    g_autoptr(GArray) changes = NULL;

    for (unsigned i = 0; i < n; i++) {
        z[i] = (i * 7) % 5 + (i < 30 || i >= 300 ? 100 : 0);
    }
    changes = sgb_change_points(z, n, .05, 19, 1);
    g_assert_cmpuint(changes->len, ==, 1);
    g_assert_cmpuint(change(changes, 0).at, ==, 300);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/change-point/nile", test_nile);
    g_test_add_func("/change-point/definition", test_definition);
    g_test_add_func("/change-point/three-periods", test_three_periods);
    g_test_add_func("/change-point/false-alarms", test_false_alarms);
    g_test_add_func("/change-point/short", test_short);
    g_test_add_func("/change-point/long", test_long);
    return g_test_run();
}
