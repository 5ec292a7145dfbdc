/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "depth.h"

static const struct {
    const char *identifier, *name;
    gboolean bytes;
} levels[] = {
    [SGB_LEVEL_HBA] = {"hba", "requests in the HBA"},
    [SGB_LEVEL_SGIO] = {"sgio", "requests in SG_IO"},
    [SGB_LEVEL_BOUNCE_BUFFERS] = {"bounce_buffers", "bounce buffers"},
    [SGB_LEVEL_BOUNCE_HELD] = {"bounce_held", "bytes bounced", TRUE},
    [SGB_LEVEL_QUEUE_DEPTH] = {"queue_depth", "bounce queue"},
    [SGB_LEVEL_QUEUE_HELD] = {"queue_held", "bytes in the queue", TRUE},
};
G_STATIC_ASSERT(G_N_ELEMENTS(levels) == SGB_LEVEL__COUNT);

const char *sgb_level_name(SgbLevelKind kind)
{
    return levels[kind].name;
}

const char *sgb_level_identifier(SgbLevelKind kind)
{
    return levels[kind].identifier;
}

gboolean sgb_level_bytes(SgbLevelKind kind)
{
    return levels[kind].bytes;
}

SgbDepth *sgb_depth_new(void)
{
    SgbDepth *depth = g_new0(SgbDepth, 1);

    depth->series = g_ptr_array_new_with_free_func(g_free);
    return depth;
}

void sgb_depth_free(SgbDepth *depth)
{
    if (depth) {
        g_ptr_array_unref(depth->series);
        g_free(depth);
    }
}

static SgbDepthSeries *find(SgbDepth *depth, const SgbLevel *level)
{
    SgbDepthSeries *s;

    for (unsigned i = 0; i < depth->series->len; i++) {
        s = g_ptr_array_index(depth->series, i);
        if (s->kind == level->kind && s->device == level->device &&
            s->vpid == level->vpid && s->host == level->host) {
            return s;
        }
    }
    if (depth->series->len >= SGB_DEPTH_SERIES_MAX) {
        depth->left_out++;
        return NULL;
    }
    s = g_new0(SgbDepthSeries, 1);
    s->kind = level->kind;
    s->host = level->host;
    s->device = level->device;
    s->vpid = level->vpid;
    g_ptr_array_add(depth->series, s);
    return s;
}

void sgb_depth_add(SgbDepth *depth, const SgbLevel *level, uint64_t from_ns,
                   uint64_t to_ns)
{
    SgbDepthSeries *s = find(depth, level);
    uint64_t ns = CLAMP(level->ns, from_ns, to_ns);

    if (!s) {
        return;
    }
    if (level->ns >= from_ns && level->ns <= to_ns) {
        s->changes++;
        s->max = MAX(s->max, level->value);
    }
    if (!s->first_ns) {
        s->first_ns = s->last_ns = ns;
    } else if (ns < s->last_ns) {
        return;
    }
    if (ns > s->last_ns) {
        s->max = MAX(s->max, s->value);
    }
    s->area += (double)s->value * (ns - s->last_ns);
    s->time_at[MIN(s->value, SGB_DEPTH_BUCKETS - 1)] += ns - s->last_ns;
    s->last_ns = ns;
    s->value = level->value;
}

double sgb_depth_mean(const SgbDepthSeries *series)
{
    return series->last_ns > series->first_ns
               ? series->area / (series->last_ns - series->first_ns)
               : 0;
}

unsigned sgb_depth_quantile(const SgbDepthSeries *series, double q)
{
    uint64_t total = series->last_ns - series->first_ns, seen = 0;
    unsigned i;

    for (i = 0; i < SGB_DEPTH_BUCKETS - 1; i++) {
        seen += series->time_at[i];
        if (seen >= q * total) {
            break;
        }
    }
    return i;
}
