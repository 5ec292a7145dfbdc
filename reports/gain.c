/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gain.h"

#include <math.h>

/* What there is to leave out. The first of those that are steps and tell more
 * apart are taken: where generic-pool is missing, what it would tell apart is
 * one step. */
static const struct {
    const char *from, *to, *what;
    gboolean step;
    const char *unless; /* not if the block has this path */
} parts[] = {
    {"generic-bounce", "generic-zerocopy", "all that bouncing does"},
    {"generic-bounce", "generic-notrim",
     "page faults on memory that malloc gave back", TRUE},
    {"generic-notrim", "generic-pool", "allocating and clearing", TRUE},
    {"generic-pool", "generic-zerocopy", "copying", TRUE},
    {"generic-notrim", "generic-zerocopy", "allocating, clearing and copying",
     TRUE, "generic-pool"},
    {"generic-bounce", "generic-noalloc", "allocating, page faults included"},
    {"generic-bounce", "generic-noclear", "clearing"},
    {"zerocopy-nojoin", "generic-zerocopy", "not joining neighbors"},
    {"zerocopy-noplain", "generic-zerocopy",
     "an iovec where a plain pointer would do"},
};

GArray *sgb_block_gains(const SgbBlock *block)
{
    GArray *all = g_array_new(FALSE, FALSE, sizeof(SgbGain));

    if (!block->first->moves_data || !block->comparable || !block->timed) {
        return all;
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(parts); i++) {
        SgbGain gain = {
            .what = parts[i].what,
            .step = parts[i].step,
            .from = sgb_block_cell(block, parts[i].from),
            .to = sgb_block_cell(block, parts[i].to),
        };

        if (!gain.from || !gain.to ||
            (parts[i].unless && sgb_block_cell(block, parts[i].unless))) {
            continue;
        }
        gain.cpu = sgb_difference(gain.from, gain.to, SGB_FIGURE_CPU);
        gain.throughput = sgb_ratio(gain.to, gain.from, SGB_FIGURE_THROUGHPUT);
        if (gain.cpu.n) {
            g_array_append_val(all, gain);
        }
    }
    return all;
}

/* No "-0.000". */
static double thousandths(double value)
{
    return fabs(value) < 0.0005 ? 0 : value;
}

char *sgb_gain_text(const SgbInterval *cpu)
{
    double median = thousandths(cpu->median);

    if (cpu->n < 2) {
        return g_strdup_printf("%.3f", median);
    }
    return g_strdup_printf("%s%.3f [%.3f, %.3f]",
                           cpu->low <= 0 && 0 <= cpu->high ? "~" : "", median,
                           thousandths(cpu->low), thousandths(cpu->high));
}
