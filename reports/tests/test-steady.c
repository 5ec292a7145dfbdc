/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reports/steady.h"

#include <string.h>

#define SLICES 40

/* A sample of SLICES slices of 1 ms, whose requests come from @of. */
static SgbSteady steady(uint64_t (*of)(unsigned slice), unsigned n,
                        uint64_t wall)
{
    uint64_t requests[SLICES];
    SgbSample sample = {
        .wall = wall,
        .series = {.slice = 1000000, .n = n, .requests = requests}};

    for (unsigned i = 0; i < SLICES; i++) {
        requests[i] = of(i);
    }
    return sgb_sample_steady(&sample);
}

static uint64_t even(unsigned slice)
{
    return 100;
}

/* 19 % between the tenths, without a direction */
static uint64_t jittery(unsigned slice)
{
    static const unsigned of_tenth[] = {100, 119, 100, 100, 119};

    return of_tenth[slice / 4 % 5];
}

static uint64_t jumpy(unsigned slice)
{
    static const unsigned of_tenth[] = {100, 100, 123, 100, 100};

    return of_tenth[slice / 4 % 5];
}

/* 9 % and 12 % of the average from the first of five tenths to the last */
static uint64_t drifting(unsigned slice)
{
    return 1000 - slice / 4 * 20;
}

static uint64_t falling(unsigned slice)
{
    return 1000 - slice / 4 * 25;
}

/* A cache that is full after half the time is no matter. */
static uint64_t settled(unsigned slice)
{
    return slice < 20 ? 1000 : 100;
}

static uint64_t rare(unsigned slice)
{
    return slice % 4 == 0 ? 29 : 0;
}

static uint64_t enough(unsigned slice)
{
    return slice % 4 == 0 ? 30 : 0;
}

static void test_rule(void)
{
    static const struct {
        uint64_t (*of)(unsigned slice);
        SgbSteady result;
    } cases[] = {
        {even, SGB_STEADY},         {jittery, SGB_STEADY},
        {jumpy, SGB_STEADY_NOT},    {drifting, SGB_STEADY},
        {falling, SGB_STEADY_NOT},  {settled, SGB_STEADY},
        {rare, SGB_STEADY_UNKNOWN}, {enough, SGB_STEADY},
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_test_message("case %u", i);
        g_assert_cmpint(steady(cases[i].of, SLICES, SLICES * 1000000ull), ==,
                        cases[i].result);
    }
}

static void test_short(void)
{
    g_assert_cmpint(steady(even, 0, 1000000), ==, SGB_STEADY_UNKNOWN);
    g_assert_cmpint(steady(even, 9, 9000000), ==, SGB_STEADY_UNKNOWN);
    g_assert_cmpint(steady(even, 10, 10000000), ==, SGB_STEADY);
    /* the last slice is not a whole one */
    g_assert_cmpint(steady(even, 10, 9999999), ==, SGB_STEADY_UNKNOWN);
    /* remainders are left out at the beginning */
    g_assert_cmpint(steady(settled, 39, 39000000), ==, SGB_STEADY);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/steady/rule", test_rule);
    g_test_add_func("/steady/short", test_short);
    return g_test_run();
}
