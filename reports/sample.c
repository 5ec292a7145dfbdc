/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sample.h"

#include <math.h>

#include "json.h"

/* More slices than any file of ours has; what is larger is not one. */
#define SERIES_MAX 100000

static const SgbJsonMember sample_members[] = {
    {"cell", SGB_JSON_STRING},
    {"round", SGB_JSON_COUNT},
    {"traced", SGB_JSON_BOOLEAN},
    {"requests", SGB_JSON_COUNT},
    {"bytes", SGB_JSON_COUNT},
    {"wall", SGB_JSON_COUNT},
    {"pace", SGB_JSON_OBJECT, TRUE},
    {"response", SGB_JSON_OBJECT, TRUE},
    {"gap", SGB_JSON_OBJECT, TRUE},
    {"read_latency", SGB_JSON_OBJECT, TRUE},
    {"write_latency", SGB_JSON_OBJECT, TRUE},
    {"latency", SGB_JSON_OBJECT},
    {"dio_requests", SGB_JSON_COUNT},
    {"failed", SGB_JSON_COUNT},
    {"first_failure", SGB_JSON_STRING, TRUE},
    {"qemu", SGB_JSON_OBJECT, TRUE},
    {"server", SGB_JSON_OBJECT, TRUE},
    {"initiator", SGB_JSON_OBJECT},
    {"anon", SGB_JSON_OBJECT, TRUE},
    {"series", SGB_JSON_OBJECT, TRUE},
    {NULL},
};

static const SgbJsonMember latency_members[] = {
    {"bits", SGB_JSON_COUNT},    {"min", SGB_JSON_COUNT},
    {"max", SGB_JSON_COUNT},     {"sum", SGB_JSON_NUMBER},
    {"buckets", SGB_JSON_ARRAY}, {NULL},
};

static const SgbJsonMember usage_members[] = {
    {"cpu", SGB_JSON_COUNT},          {"main", SGB_JSON_COUNT},
    {"minor_faults", SGB_JSON_COUNT}, {"voluntary", SGB_JSON_COUNT},
    {"involuntary", SGB_JSON_COUNT},  {NULL},
};

static const SgbJsonMember series_members[] = {
    {"slice", SGB_JSON_COUNT},
    {"requests", SGB_JSON_ARRAY},
    {"slowest", SGB_JSON_ARRAY},
    {NULL},
};

static const SgbJsonMember initiator_members[] = {
    {"cpu", SGB_JSON_COUNT},
    {"empty", SGB_JSON_COUNT},
    {NULL},
};

static const SgbJsonMember pace_members[] = {
    {"interval", SGB_JSON_COUNT},
    {"due", SGB_JSON_COUNT},
    {"not_posted", SGB_JSON_COUNT},
    {NULL},
};

static const SgbJsonMember anon_members[] = {
    {"max", SGB_JSON_COUNT},
    {"samples", SGB_JSON_COUNT},
    {NULL},
};

void sgb_sample_free(SgbSample *sample)
{
    if (sample) {
        g_free(sample->series.requests);
        g_free(sample->series.slowest);
        g_free(sample->failure);
        g_free(sample);
    }
}

static gboolean bad(GError **error, const char *file, const char *where,
                    const char *what)
{
    g_set_error(error, SGB_REPORT_ERROR, SGB_REPORT_ERROR_FORMAT,
                "%s: \"%s\" %s", file, where, what);
    return FALSE;
}

/* Add one [index, count] pair. */
static gboolean read_bucket(JsonNode *node, SgbHistogram *h)
{
    JsonArray *pair;
    int64_t value[2];

    if (!JSON_NODE_HOLDS_ARRAY(node)) {
        return FALSE;
    }
    pair = json_node_get_array(node);
    if (json_array_get_length(pair) != 2) {
        return FALSE;
    }
    for (unsigned i = 0; i < 2; i++) {
        JsonNode *element = json_array_get_element(pair, i);

        if (!JSON_NODE_HOLDS_VALUE(element) ||
            json_node_get_value_type(element) != G_TYPE_INT64) {
            return FALSE;
        }
        value[i] = json_node_get_int(element);
    }
    return value[0] >= 0 && value[0] < SGB_HISTOGRAM_BUCKETS && value[1] >= 0 &&
           sgb_histogram_add_bucket(h, value[0], value[1]);
}

/* @object, which is member @member of the sample @where. */
static gboolean read_histogram(JsonObject *object, const char *member,
                               SgbHistogram *h, const char *file,
                               const char *where, GError **error)
{
    g_autofree char *name = g_strdup_printf("%s.%s", where, member);
    JsonArray *buckets;
    uint64_t min, max;

    if (!sgb_json_check(object, latency_members, file, name, error)) {
        return FALSE;
    }
    if (sgb_json_count(object, "bits") != SGB_HISTOGRAM_BITS) {
        return bad(error, file, name, "has buckets of another width");
    }
    buckets = sgb_json_array(object, "buckets");
    for (unsigned i = 0; i < json_array_get_length(buckets); i++) {
        if (!read_bucket(json_array_get_element(buckets, i), h)) {
            return bad(error, file, name, "has a bucket that is not one");
        }
    }
    if (h->count == 0) {
        return TRUE;
    }
    /* The buckets' edges are at hand; what was seen is more exact. */
    min = sgb_json_count(object, "min");
    max = sgb_json_count(object, "max");
    if (sgb_histogram_index(min) != sgb_histogram_index(h->min) ||
        sgb_histogram_index(max) != sgb_histogram_index(h->max) || min > max) {
        return bad(error, file, name, "has extremes outside its buckets");
    }
    h->min = min;
    h->max = max;
    h->sum = sgb_json_number(object, "sum");
    return TRUE;
}

/* @n counts of array @name of @object, or NULL; the caller's. */
static uint64_t *read_counts(JsonObject *object, const char *name, unsigned n)
{
    JsonArray *array = sgb_json_array(object, name);
    g_autofree uint64_t *values = g_new0(uint64_t, n);

    for (unsigned i = 0; i < n; i++) {
        JsonNode *node = json_array_get_element(array, i);

        if (!JSON_NODE_HOLDS_VALUE(node) ||
            json_node_get_value_type(node) != G_TYPE_INT64 ||
            json_node_get_int(node) < 0) {
            return NULL;
        }
        values[i] = json_node_get_int(node);
    }
    return g_steal_pointer(&values);
}

static gboolean read_series(JsonObject *object, SgbSeries *series,
                            const char *file, const char *where, GError **error)
{
    g_autofree char *name = g_strconcat(where, ".series", NULL);

    if (!object) {
        return TRUE;
    }
    if (!sgb_json_check(object, series_members, file, name, error)) {
        return FALSE;
    }
    series->slice = sgb_json_count(object, "slice");
    series->n = json_array_get_length(sgb_json_array(object, "requests"));
    if (series->slice == 0 || series->n > SERIES_MAX ||
        series->n != json_array_get_length(sgb_json_array(object, "slowest"))) {
        return bad(error, file, name, "is not a series of slices");
    }
    if (series->n) {
        series->requests = read_counts(object, "requests", series->n);
        series->slowest = read_counts(object, "slowest", series->n);
    }
    return (series->requests && series->slowest) || series->n == 0 ||
           bad(error, file, name, "has a count that is not one");
}

static double ratio(double a, double b)
{
    return b > 0 ? a / b : NAN;
}

static double cpu(JsonObject *usage)
{
    return usage ? sgb_json_count(usage, "cpu") : 0;
}

static void derive(SgbSample *s, JsonObject *object,
                   const SgbHistogram *latency)
{
    JsonObject *qemu = sgb_json_object(object, "qemu");
    JsonObject *server = sgb_json_object(object, "server");
    JsonObject *initiator = sgb_json_object(object, "initiator");
    JsonObject *anon = sgb_json_object(object, "anon");
    double gib = s->bytes / (double)(1 << 30);
    double own = (double)sgb_json_count(initiator, "cpu") -
                 (double)sgb_json_count(initiator, "empty");
    double path, all;

    own = MAX(own, 0);
    path = qemu ? cpu(qemu) : own;
    if (qemu && json_object_has_member(qemu, "iothread")) {
        /* The main thread does nothing then but serve the initiator. */
        path = MAX(path - sgb_json_count(qemu, "main"), 0);
    }
    all = (qemu ? cpu(qemu) : own) + cpu(server);
    s->initiator_share = ratio(own, all + (qemu ? own : 0));

    for (unsigned i = 0; i < SGB_FIGURE__COUNT; i++) {
        s->figures[i] = NAN;
    }
    s->figures[SGB_FIGURE_THROUGHPUT] =
        s->bytes ? ratio(s->bytes / 1e6, sgb_json_count(object, "wall") / 1e9)
                 : NAN;
    s->figures[SGB_FIGURE_CPU] = ratio(path / 1e9, gib);
    s->figures[SGB_FIGURE_CPU_ALL] = ratio(all / 1e9, gib);
    s->figures[SGB_FIGURE_RATE] =
        s->requests ? ratio(s->requests, sgb_json_count(object, "wall") / 1e9)
                    : NAN;
    s->figures[SGB_FIGURE_CPU_REQUEST] = ratio(path, s->requests);
    s->figures[SGB_FIGURE_CPU_ALL_REQUEST] = ratio(all, s->requests);
    if (qemu) {
        double switches = (double)sgb_json_count(qemu, "voluntary") +
                          (double)sgb_json_count(qemu, "involuntary");

        s->figures[SGB_FIGURE_FAULTS] =
            ratio(sgb_json_count(qemu, "minor_faults"), s->requests);
        s->figures[SGB_FIGURE_SWITCHES] = ratio(switches, s->requests);
    }
    if (latency->count) {
        s->figures[SGB_FIGURE_P50] = sgb_histogram_quantile(latency, 0.5);
        s->figures[SGB_FIGURE_P99] = sgb_histogram_quantile(latency, 0.99);
        s->slowest = latency->max;
    }
    if (anon && sgb_json_count(anon, "samples")) {
        s->figures[SGB_FIGURE_ANON] = sgb_json_count(anon, "max");
    }
}

static gboolean check_part(JsonObject *object, const char *name,
                           const SgbJsonMember *members, const char *file,
                           const char *where, GError **error)
{
    JsonObject *part = sgb_json_object(object, name);
    g_autofree char *below = g_strdup_printf("%s.%s", where, name);

    return !part || sgb_json_check(part, members, file, below, error);
}

SgbSample *sgb_sample_from_json(JsonObject *object, const char *file,
                                const char *where, SgbHistogram *latency,
                                const char **cell, GError **error)
{
    g_autoptr(SgbSample) s = NULL;
    JsonObject *pace;

    if (!sgb_json_check(object, sample_members, file, where, error) ||
        !check_part(object, "qemu", usage_members, file, where, error) ||
        !check_part(object, "server", usage_members, file, where, error) ||
        !check_part(object, "initiator", initiator_members, file, where,
                    error) ||
        !check_part(object, "pace", pace_members, file, where, error) ||
        !check_part(object, "anon", anon_members, file, where, error)) {
        return NULL;
    }
    s = g_new0(SgbSample, 1);
    sgb_histogram_reset(latency);
    if (!read_histogram(sgb_json_object(object, "latency"), "latency", latency,
                        file, where, error) ||
        !read_series(sgb_json_object(object, "series"), &s->series, file, where,
                     error)) {
        return NULL;
    }
    s->round = MIN(sgb_json_count(object, "round"), G_MAXUINT);
    s->traced = sgb_json_boolean(object, "traced");
    s->requests = sgb_json_count(object, "requests");
    s->bytes = sgb_json_count(object, "bytes");
    s->failed = sgb_json_count(object, "failed");
    pace = sgb_json_object(object, "pace");
    if (pace) {
        s->due = sgb_json_count(pace, "due");
        s->not_posted = sgb_json_count(pace, "not_posted");
    }
    s->wall = sgb_json_count(object, "wall");
    s->dio_requests = sgb_json_count(object, "dio_requests");
    s->failure = g_strdup(sgb_json_string(object, "first_failure"));
    derive(s, object, latency);
    *cell = sgb_json_string(object, "cell");
    return g_steal_pointer(&s);
}

gboolean sgb_sample_times(JsonObject *object, SgbTimes which, const char *file,
                          const char *where, SgbHistogram *times,
                          gboolean *there, GError **error)
{
    static const char *const names[] = {
        [SGB_TIMES_READS] = "read_latency",
        [SGB_TIMES_WRITES] = "write_latency",
        [SGB_TIMES_RESPONSE] = "response",
        [SGB_TIMES_GAP] = "gap",
    };
    JsonObject *histogram = sgb_json_object(object, names[which]);

    G_STATIC_ASSERT(G_N_ELEMENTS(names) == SGB_TIMES__COUNT);
    sgb_histogram_reset(times);
    *there = histogram != NULL;
    return !histogram ||
           read_histogram(histogram, names[which], times, file, where, error);
}
