/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "change-point.h"

#include <math.h>
#include <string.h>

#include "stats.h"

/*
 * Sums of distances, so that those of any two stretches are four look-ups:
 * sums[i * (n + 1) + j] is that of values before i with values before j.
 */
static void sum_up(const double *values, unsigned n, double *sums)
{
    unsigned width = n + 1;

    memset(sums, 0, width * sizeof(*sums));
    for (unsigned i = 0; i < n; i++) {
        const double *above = sums + (size_t)i * width;
        double *row = sums + (size_t)(i + 1) * width;
        double line = 0;

        row[0] = 0;
        for (unsigned j = 0; j < n; j++) {
            line += fabs(values[i] - values[j]);
            row[j + 1] = above[j + 1] + line;
        }
    }
}

/* Between the stretches [a, b) and [c, d). */
static double between(const double *sums, unsigned n, unsigned a, unsigned b,
                      unsigned c, unsigned d)
{
    size_t width = n + 1;

    return sums[b * width + d] - sums[a * width + d] - sums[b * width + c] +
           sums[a * width + c];
}

/*
 * Q of [0, t) against [t, k): m and n values, distances within each side as the
 * mean of its pairs (paper, equations 5 to 7).
 */
static double scaled_distance(const double *sums, unsigned n, unsigned t,
                              unsigned k)
{
    double m1 = t, m2 = k - t;
    double across = between(sums, n, 0, t, t, k);
    double within1 = between(sums, n, 0, t, 0, t) / 2;
    double within2 = between(sums, n, t, k, t, k) / 2;
    double energy = 2 / (m1 * m2) * across - within1 / (m1 * (m1 - 1) / 2) -
                    within2 / (m2 * (m2 - 1) / 2);

    return m1 * m2 / (m1 + m2) * energy;
}

/* The largest Q over where the change is and how far its other side reaches;
 * @sums has room for (n + 1)^2. */
static gboolean best_split(const double *values, unsigned n, double *sums,
                           SgbChangePoint *best)
{
    const unsigned least = SGB_CHANGE_POINT_SEGMENT;

    if (n < 2 * least) {
        return FALSE;
    }
    sum_up(values, n, sums);
    best->q = -INFINITY;
    for (unsigned t = least; t + least <= n; t++) {
        for (unsigned k = t + least; k <= n; k++) {
            double q = scaled_distance(sums, n, t, k);

            if (q > best->q) {
                best->q = q;
                best->at = t;
            }
        }
    }
    return TRUE;
}

static double *room_for(unsigned n)
{
    return g_new(double, ((size_t)n + 1) * (n + 1));
}

gboolean sgb_change_point_best(const double *values, unsigned n,
                               SgbChangePoint *best)
{
    g_autofree double *sums = room_for(n);

    return best_split(values, n, sums, best);
}

/* ---- one after the other ---- */

/* Edges of the segments found so far: 0, changes, n. */
typedef struct Segments {
    const double *values;
    GArray *edges;
    double *sums;
} Segments;

static unsigned edge(const Segments *s, unsigned i)
{
    return g_array_index(s->edges, unsigned, i);
}

/* The best split of any segment of @values, which are the series or it
 * shuffled; @at counts from the series' start. */
static gboolean best_of_all(const Segments *s, const double *values,
                            SgbChangePoint *best)
{
    gboolean found = FALSE;

    for (unsigned i = 0; i + 1 < s->edges->len; i++) {
        unsigned from = edge(s, i);
        SgbChangePoint one;

        if (best_split(values + from, edge(s, i + 1) - from, s->sums, &one) &&
            (!found || one.q > best->q)) {
            *best = one;
            best->at += from;
            found = TRUE;
        }
    }
    return found;
}

/* Shuffle each segment of @values by itself (paper, 2.4). */
static void shuffle(const Segments *s, double *values, GRand *rand)
{
    for (unsigned i = 0; i + 1 < s->edges->len; i++) {
        unsigned from = edge(s, i), n = edge(s, i + 1) - from;

        for (unsigned k = n - 1; k > 0; k--) {
            unsigned other = g_rand_int_range(rand, 0, k + 1);
            double value = values[from + k];

            values[from + k] = values[from + other];
            values[from + other] = value;
        }
    }
}

/* Of a best split at least as good as @best in a shuffled series; the series
 * itself counts as one. Above @significance it does not matter how far. */
static double p_value(const Segments *s, const SgbChangePoint *best,
                      double significance, unsigned permutations, GRand *rand)
{
    unsigned n = edge(s, s->edges->len - 1), reached = 1;
    g_autofree double *copy = g_memdup2(s->values, n * sizeof(*copy));
    /* Rounding differs with the order of the values. */
    double q = best->q - fabs(best->q) * 1e-9;

    for (unsigned i = 0;
         i < permutations && reached <= significance * (permutations + 1);
         i++) {
        SgbChangePoint other;

        shuffle(s, copy, rand);
        if (best_of_all(s, copy, &other) && other.q >= q) {
            reached++;
        }
    }
    return reached / (permutations + 1.0);
}

static void add_change(Segments *s, GArray *changes,
                       const SgbChangePoint *change)
{
    unsigned i = 0;

    while (edge(s, i) < change->at) {
        i++;
    }
    g_array_insert_val(s->edges, i, change->at);
    g_array_insert_vals(changes, i - 1, change, 1);
}

GArray *sgb_change_points(const double *values, unsigned n, double significance,
                          unsigned permutations, uint32_t seed)
{
    unsigned skipped =
        n > SGB_CHANGE_POINT_LONGEST ? n - SGB_CHANGE_POINT_LONGEST : 0;
    unsigned zero = 0, length = n - skipped;
    Segments s = {.values = values + skipped, .sums = room_for(length)};
    GArray *changes = g_array_new(FALSE, FALSE, sizeof(SgbChangePoint));
    g_autoptr(GRand) rand = g_rand_new_with_seed(seed);
    SgbChangePoint change;

    s.edges = g_array_new(FALSE, FALSE, sizeof(unsigned));
    g_array_append_val(s.edges, zero);
    g_array_append_val(s.edges, length);
    while (best_of_all(&s, s.values, &change)) {
        change.p = p_value(&s, &change, significance, permutations, rand);
        if (change.p > significance) {
            break;
        }
        add_change(&s, changes, &change);
    }
    for (unsigned i = 0; i < changes->len; i++) {
        SgbChangePoint *c = &g_array_index(changes, SgbChangePoint, i);

        c->before =
            sgb_median(s.values + edge(&s, i), edge(&s, i + 1) - edge(&s, i));
        c->after = sgb_median(s.values + edge(&s, i + 1),
                              edge(&s, i + 2) - edge(&s, i + 1));
        c->at += skipped;
    }
    g_array_unref(s.edges);
    g_free(s.sums);
    return changes;
}
