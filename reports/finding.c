/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "finding.h"

#include <math.h>

#include "cell.h"
#include "figure.h"

const char *sgb_effect_name(SgbEffect effect)
{
    static const char *const names[] = {
        [SGB_EFFECT_UNKNOWN] = "too few pairs",
        [SGB_EFFECT_BETTER] = "better",
        [SGB_EFFECT_WORSE] = "worse",
        [SGB_EFFECT_SAME] = "same within 5 %",
        [SGB_EFFECT_UNSHOWN] = "no difference shown",
        [SGB_EFFECT_DOUBTFUL] = "doubtful: the control differs too",
    };

    G_STATIC_ASSERT(G_N_ELEMENTS(names) == SGB_EFFECT__COUNT);
    return names[effect];
}

/* What a ratio may be and still be noise of this block: the controls' interval,
 * where it leaves out 1 although nothing differs. Either way round: noise has
 * no direction. */
typedef struct Noise {
    double low, high;
} Noise;

static Noise noise_of(GArray *pairs, SgbFigure figure)
{
    Noise noise = {1, 1};

    for (unsigned i = 0; i < pairs->len; i++) {
        const SgbPair *pair = &g_array_index(pairs, SgbPair, i);
        SgbInterval x;

        if (!pair->control) {
            continue;
        }
        x = sgb_ratio(pair->over, pair->under, figure);
        if (x.n > 1 && (x.low > 1 || x.high < 1)) {
            noise.high = MAX(noise.high, MAX(x.high, 1 / x.low));
            noise.low = MIN(noise.low, MIN(x.low, 1 / x.high));
        }
    }
    return noise;
}

static SgbEffect effect_of(const SgbInterval *x, SgbFigure figure,
                           const Noise *noise)
{
    if (x->n < 2) {
        return SGB_EFFECT_UNKNOWN;
    }
    if (x->low <= 1 && 1 <= x->high) {
        return x->low >= 1 / (1 + SGB_MARGIN) && x->high <= 1 + SGB_MARGIN
                   ? SGB_EFFECT_SAME
                   : SGB_EFFECT_UNSHOWN;
    }
    if (x->low <= noise->high && x->high >= noise->low) {
        return SGB_EFFECT_DOUBTFUL;
    }
    return (x->low > 1) == sgb_figure_kinds[figure].more_is_better
               ? SGB_EFFECT_BETTER
               : SGB_EFFECT_WORSE;
}

GArray *sgb_block_findings(const SgbBlock *block)
{
    const SgbFigure figures[] = {sgb_cell_throughput(block->first),
                                 sgb_cell_cpu(block->first)};
    g_autoptr(GArray) pairs = sgb_block_pairs(block);
    GArray *all = g_array_new(FALSE, FALSE, sizeof(SgbFinding));

    for (unsigned f = 0; f < G_N_ELEMENTS(figures); f++) {
        Noise noise = noise_of(pairs, figures[f]);
        Noise none = {1, 1};

        for (unsigned i = 0; i < pairs->len; i++) {
            SgbFinding finding = {
                .block = block,
                .pair = g_array_index(pairs, SgbPair, i),
                .figure = figures[f],
                .would_see = NAN,
            };
            SgbInterval *x = &finding.ratio;

            *x = sgb_ratio(finding.pair.over, finding.pair.under, figures[f]);
            finding.effect =
                effect_of(x, figures[f], finding.pair.control ? &none : &noise);
            if (x->n > 1 && x->low > 0) {
                finding.would_see =
                    MAX(x->high / x->median, x->median / x->low) - 1;
            }
            g_array_append_val(all, finding);
        }
    }
    return all;
}
