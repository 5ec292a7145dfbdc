/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sgbench/series.h"

#define SLICE ((uint64_t)SERIES_FIRST_SLICE)

static void check(const Series *s, const char *expected)
{
    g_autoptr(JsonNode) node = json_node_alloc();
    g_autofree char *text = NULL;

    json_node_init_object(node, NULL);
    json_node_take_object(node, series_to_json(s));
    text = json_to_string(node, FALSE);
    g_assert_cmpstr(text, ==, expected);
}

static void test_slices(void)
{
    Series s = {};

    series_add(&s, 0, 7);
    series_add(&s, SLICE - 1, 9);
    series_add(&s, 3 * SLICE, 5);
    check(&s, "{\"slice\":125000,\"requests\":[2,0,0,1],"
              "\"slowest\":[9,0,0,5]}");
}

/* The last slice of 64 is full: what comes next makes them longer, and nothing
 * is lost. */
static void test_longer(void)
{
    Series s = {};

    series_add(&s, 0, 7);
    series_add(&s, SLICE, 9);
    series_add(&s, 6 * SLICE, 1);
    series_add(&s, SERIES_SLICES * SLICE - 1, 2);
    g_assert_cmpuint(s.slice_ns, ==, SLICE);
    g_assert_cmpuint(s.used, ==, SERIES_SLICES);
    series_add(&s, SERIES_SLICES * SLICE, 3);
    g_assert_cmpuint(s.slice_ns, ==, 2 * SLICE);
    g_assert_cmpuint(s.used, ==, SERIES_SLICES / 2 + 1);
    g_assert_cmpuint(s.requests[0], ==, 2);
    g_assert_cmpuint(s.slowest[0], ==, 9);
    g_assert_cmpuint(s.requests[3], ==, 1);
    g_assert_cmpuint(s.requests[SERIES_SLICES / 2 - 1], ==, 1);
    g_assert_cmpuint(s.requests[SERIES_SLICES / 2], ==, 1);
    g_assert_cmpuint(s.slowest[SERIES_SLICES / 2], ==, 3);

    /* A request that took an hour, after an hour of nothing. */
    series_add(&s, UINT64_C(3600000000000), UINT64_C(3600000000000));
    check(&s, "{\"slice\":65536000000,\"requests\":[5,0,0,0,0,0,0,0,0,0,0,0,0,"
              "0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,"
              "0,0,0,0,0,0,0,0,0,1],\"slowest\":[9,0,0,0,0,0,0,0,0,0,0,0,0,0,0,"
              "0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,"
              "0,0,0,0,0,0,0,3600000000000]}");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/series/slices", test_slices);
    g_test_add_func("/series/longer", test_longer);
    return g_test_run();
}
