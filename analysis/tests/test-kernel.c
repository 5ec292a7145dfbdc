/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What lttng-modules says of SG_IO, by an excerpt of a real trace: Linux 6.1
 * with scsi_debug answering after 2 ms, scsi-generic on its /dev/sg0, zero-copy
 * at depth 4 (tests/kernel-trace made it). The figures are from babeltrace2's
 * text output.
 */
#include "trace-seen.h"

#define EXCERPT "analysis", "tests", "kernel-excerpt", NULL
#define REQUESTS 17
#define ENDED 13
#define DELAY_NS 2000000

/* Ends are not in the order of beginnings: each goes to its own. */
static const struct {
    uint32_t tag;
    uint64_t begin, dispatch, device, end; /* ns of the second ...861 */
} known[] = {
    {475, 607505977, 607667031, 611246536, 621109103},
    {476, 608630701, 608765215, 611277266, 612814194},
    {477, 611656505, 611844378, 620581242, 621260519},
    {478, 623845205, 624060735, 630304824, 631949587},
};
#define SECOND UINT64_C(1795534861000000000)

static const SgbRequest *find(const Seen *seen, uint32_t tag)
{
    for (unsigned i = 0; i < seen->requests->len; i++) {
        if (seen_nth(seen, i)->tag == tag) {
            return seen_nth(seen, i);
        }
    }
    g_assert_not_reached();
}

static void test_excerpt(void)
{
    g_autofree char *path = g_test_build_filename(G_TEST_DIST, EXCERPT);
    g_autoptr(GError) error = NULL;
    g_autoptr(Seen) seen = seen_read(path, &error);
    unsigned ended = 0;

    g_assert_no_error(error);
    g_assert_cmpuint(seen->requests->len, ==, REQUESTS);
    for (unsigned i = 0; i < REQUESTS; i++) {
        const SgbRequest *r = seen_nth(seen, i);
        const uint64_t *ns = r->stage_ns;

        if (r->finished) {
            ended++;
            g_assert_cmpuint(ns[SGB_STAGE_IOCTL_BEGIN], <,
                             ns[SGB_STAGE_DISPATCH]);
            g_assert_cmpuint(ns[SGB_STAGE_DEVICE], >=,
                             ns[SGB_STAGE_DISPATCH] + DELAY_NS);
            g_assert_cmpuint(ns[SGB_STAGE_DEVICE], <, ns[SGB_STAGE_IOCTL_END]);
        }
    }
    g_assert_cmpuint(ended, ==, ENDED);
    for (unsigned i = 0; i < G_N_ELEMENTS(known); i++) {
        const uint64_t *ns = find(seen, known[i].tag)->stage_ns;

        g_assert_cmpuint(ns[SGB_STAGE_IOCTL_BEGIN], ==,
                         SECOND + known[i].begin);
        g_assert_cmpuint(ns[SGB_STAGE_DISPATCH], ==,
                         SECOND + known[i].dispatch);
        g_assert_cmpuint(ns[SGB_STAGE_DEVICE], ==, SECOND + known[i].device);
        g_assert_cmpuint(ns[SGB_STAGE_IOCTL_END], ==, SECOND + known[i].end);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/kernel/excerpt", test_excerpt);
    return g_test_run();
}
