/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analysis/histogram.h"

#include <math.h>
#include <stdlib.h>

static void test_round_trip(void)
{
    uint64_t next = 0;

    /* The buckets follow each other without a gap up to the last value. */
    for (unsigned i = 0; i < SGB_HISTOGRAM_BUCKETS; i++) {
        uint64_t lower = sgb_histogram_lower(i);
        uint64_t width = sgb_histogram_width(i);

        g_assert_cmpuint(lower, ==, next);
        g_assert_cmpuint(sgb_histogram_index(lower), ==, i);
        g_assert_cmpuint(sgb_histogram_index(lower + (width - 1)), ==, i);
        if (lower >= 1 << SGB_HISTOGRAM_BITS) {
            g_assert_cmpfloat(width / 2.0 / lower, <=, SGB_HISTOGRAM_ERROR);
        }
        next = lower + width;
    }
    g_assert_cmpuint(next, ==, 0); /* 2^64 */

    for (unsigned bit = 0; bit < 64; bit++) {
        uint64_t power = UINT64_C(1) << bit;

        for (int d = -1; d <= 1; d++) {
            uint64_t value = power + d;
            unsigned i = sgb_histogram_index(value);

            g_assert_cmpuint(i, <, SGB_HISTOGRAM_BUCKETS);
            g_assert_cmpuint(sgb_histogram_lower(i), <=, value);
            g_assert_cmpuint(value - sgb_histogram_lower(i), <,
                             sgb_histogram_width(i));
        }
    }
    g_assert_cmpuint(sgb_histogram_index(UINT64_MAX), ==,
                     SGB_HISTOGRAM_BUCKETS - 1);
}

static uint64_t draw_uniform(GRand *rand)
{
    return g_rand_double_range(rand, 0, 5e6);
}

static uint64_t draw_exponential(GRand *rand)
{
    return -log(1 - g_rand_double(rand)) * 40e3;
}

/* What latencies look like: two modes and a long tail. */
static uint64_t draw_bimodal(GRand *rand)
{
    double u = g_rand_double(rand);

    if (u < 0.001) {
        return 1e9 * g_rand_double(rand);
    }
    return u < 0.7 ? 20e3 + 2e3 * g_rand_double(rand)
                   : 3e6 + 1e5 * g_rand_double(rand);
}

static uint64_t draw_small(GRand *rand)
{
    return g_rand_int_range(rand, 0, 300);
}

static uint64_t draw_log(GRand *rand)
{
    return exp2(g_rand_double_range(rand, 0, 63.9));
}

static int compare_values(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return x < y ? -1 : x > y;
}

typedef uint64_t (*Draw)(GRand *rand);

static void test_error_bound(gconstpointer data)
{
    static const double shares[] = {0,   0.001, 0.01, 0.25,  0.5, 0.75,
                                    0.9, 0.95,  0.99, 0.999, 1};
    Draw draw = *(const Draw *)data;
    g_autoptr(GRand) rand = g_rand_new_with_seed(20150916);

    for (unsigned n = 1; n <= 100000; n *= 10) {
        g_autoptr(SgbHistogram) h = sgb_histogram_new();
        g_autofree uint64_t *values = g_new(uint64_t, n);
        double sum = 0;

        for (unsigned i = 0; i < n; i++) {
            values[i] = draw(rand);
            sum += values[i];
            sgb_histogram_add(h, values[i]);
        }
        qsort(values, n, sizeof(*values), compare_values);

        g_assert_cmpuint(h->count, ==, n);
        g_assert_cmpuint(h->min, ==, values[0]);
        g_assert_cmpuint(h->max, ==, values[n - 1]);
        g_assert_cmpfloat_with_epsilon(sgb_histogram_mean(h), sum / n,
                                       1e-9 * sum / n);
        for (unsigned i = 0; i < G_N_ELEMENTS(shares); i++) {
            unsigned rank = MAX(1, ceil(shares[i] * n));
            uint64_t exact = values[rank - 1];
            uint64_t got = sgb_histogram_quantile(h, shares[i]);

            g_assert_cmpfloat(fabs((double)got - (double)exact), <=,
                              exact * SGB_HISTOGRAM_ERROR);
            g_assert_cmpuint(got, >=, h->min);
            g_assert_cmpuint(got, <=, h->max);
        }
    }
}

static void test_merge(void)
{
    g_autoptr(SgbHistogram) all = sgb_histogram_new();
    g_autoptr(SgbHistogram) one = sgb_histogram_new();
    g_autoptr(SgbHistogram) two = sgb_histogram_new();
    g_autoptr(SgbHistogram) none = sgb_histogram_new();
    g_autoptr(GRand) rand = g_rand_new_with_seed(1);

    for (unsigned i = 0; i < 5000; i++) {
        uint64_t value = draw_bimodal(rand);

        sgb_histogram_add(all, value);
        sgb_histogram_add(i % 3 ? one : two, value);
    }
    sgb_histogram_merge(one, none);
    sgb_histogram_merge(one, two);
    g_assert_cmpuint(one->count, ==, all->count);
    g_assert_cmpuint(one->min, ==, all->min);
    g_assert_cmpuint(one->max, ==, all->max);
    g_assert_cmpfloat_with_epsilon(one->sum, all->sum, 1e-9 * all->sum);
    g_assert_cmpmem(one->buckets, SGB_HISTOGRAM_BUCKETS * sizeof(uint64_t),
                    all->buckets, SGB_HISTOGRAM_BUCKETS * sizeof(uint64_t));

    sgb_histogram_merge(none, all);
    g_assert_cmpuint(none->min, ==, all->min);
    sgb_histogram_reset(none);
    g_assert_cmpuint(none->count, ==, 0);
    g_assert_cmpuint(none->min, ==, UINT64_MAX);
    g_assert_cmpuint(sgb_histogram_quantile(none, 0.5), ==, 0);
}

static void test_add_bucket(void)
{
    g_autoptr(SgbHistogram) h = sgb_histogram_new();
    unsigned i = sgb_histogram_index(100000);

    g_assert_false(sgb_histogram_add_bucket(h, SGB_HISTOGRAM_BUCKETS, 1));
    g_assert_false(sgb_histogram_add_bucket(h, G_MAXUINT, 1));
    g_assert_true(sgb_histogram_add_bucket(h, i, 0));
    g_assert_cmpuint(h->count, ==, 0);
    g_assert_cmpuint(h->min, ==, UINT64_MAX);

    g_assert_true(sgb_histogram_add_bucket(h, i, 3));
    g_assert_cmpuint(h->count, ==, 3);
    g_assert_cmpuint(h->min, ==, sgb_histogram_lower(i));
    g_assert_cmpuint(h->max, ==,
                     sgb_histogram_lower(i) + sgb_histogram_width(i) - 1);
    g_assert_cmpfloat_with_epsilon(sgb_histogram_mean(h), 100000, 400);

    /* A known minimum inside the bucket is better than the bucket's edge. */
    h->min = 100001;
    g_assert_true(sgb_histogram_add_bucket(h, i, 1));
    g_assert_cmpuint(h->min, ==, 100001);
    g_assert_true(sgb_histogram_add_bucket(h, 5, 1));
    g_assert_cmpuint(h->min, ==, 5);
    g_assert_cmpuint(sgb_histogram_quantile(h, 0), ==, 5);

    /* Counts that would wrap are refused and change nothing. */
    g_assert_false(sgb_histogram_add_bucket(h, 5, UINT64_MAX));
    g_assert_cmpuint(h->count, ==, 5);

    sgb_histogram_reset(h);
    g_assert_true(sgb_histogram_add_bucket(h, SGB_HISTOGRAM_BUCKETS - 1, 1));
    g_assert_cmpuint(h->max, ==, UINT64_MAX);
    g_assert_cmpuint(h->min, ==,
                     sgb_histogram_lower(SGB_HISTOGRAM_BUCKETS - 1));
}

/* What goes to run.json and comes back answers within the same error. */
static void test_store(void)
{
    g_autoptr(SgbHistogram) h = sgb_histogram_new();
    g_autoptr(SgbHistogram) copy = sgb_histogram_new();
    g_autoptr(GRand) rand = g_rand_new_with_seed(2);

    for (unsigned i = 0; i < 5000; i++) {
        sgb_histogram_add(h, draw_bimodal(rand));
    }
    for (unsigned i = 0; i < SGB_HISTOGRAM_BUCKETS; i++) {
        g_assert_true(sgb_histogram_add_bucket(copy, i, h->buckets[i]));
    }
    g_assert_cmpuint(copy->count, ==, h->count);
    for (double q = 0.01; q < 1; q += 0.01) {
        g_assert_cmpuint(sgb_histogram_quantile(copy, q), ==,
                         sgb_histogram_quantile(h, q));
    }
    g_assert_cmpfloat_with_epsilon(copy->sum, h->sum,
                                   SGB_HISTOGRAM_ERROR * h->sum);
}

static void test_extremes(void)
{
    g_autoptr(SgbHistogram) h = sgb_histogram_new();

    g_assert_cmpuint(sgb_histogram_quantile(h, 0.5), ==, 0);
    g_assert_cmpfloat(sgb_histogram_mean(h), ==, 0);

    sgb_histogram_add(h, UINT64_MAX);
    g_assert_cmpuint(sgb_histogram_quantile(h, 0.5), ==, UINT64_MAX);
    sgb_histogram_add(h, 0);
    g_assert_cmpuint(sgb_histogram_quantile(h, 0), ==, 0);
    g_assert_cmpuint(sgb_histogram_quantile(h, 0.5), ==, 0);
    g_assert_cmpuint(sgb_histogram_quantile(h, 1), ==, UINT64_MAX);
    g_assert_cmpuint(sgb_histogram_quantile(h, 7), ==, UINT64_MAX);
    g_assert_cmpuint(sgb_histogram_quantile(h, -1), ==, 0);
    g_assert_cmpuint(sgb_histogram_quantile(h, NAN), ==, 0);
    sgb_histogram_free(NULL);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *path;
        Draw draw;
    } bounds[] = {
        {"/histogram/error/uniform", draw_uniform},
        {"/histogram/error/exponential", draw_exponential},
        {"/histogram/error/bimodal", draw_bimodal},
        {"/histogram/error/small", draw_small},
        {"/histogram/error/log", draw_log},
    };

    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/histogram/round-trip", test_round_trip);
    for (unsigned i = 0; i < G_N_ELEMENTS(bounds); i++) {
        g_test_add_data_func(bounds[i].path, &bounds[i].draw, test_error_bound);
    }
    g_test_add_func("/histogram/merge", test_merge);
    g_test_add_func("/histogram/add-bucket", test_add_bucket);
    g_test_add_func("/histogram/store", test_store);
    g_test_add_func("/histogram/extremes", test_extremes);
    return g_test_run();
}
