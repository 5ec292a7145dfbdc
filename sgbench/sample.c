/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rundir.h"
#include "sample.h"

Sample *sample_new(const char *cell, unsigned round)
{
    Sample *sample = g_new0(Sample, 1);

    sample->cell = cell;
    sample->round = round;
    sample->stood_at = -1;
    sample->latency = sgb_histogram_new();
    return sample;
}

void sample_split(Sample *sample)
{
    sample->read_latency = sgb_histogram_new();
    sample->write_latency = sgb_histogram_new();
}

void sample_count_responses(Sample *sample)
{
    sample->response = sgb_histogram_new();
}

void sample_count_gaps(Sample *sample)
{
    sample->gap = sgb_histogram_new();
}

uint64_t sample_commands(const Sample *sample)
{
    return sample->requests + sample->failed + sample->marks + sample->controls;
}

void sample_free(Sample *sample)
{
    if (sample) {
        sgb_histogram_free(sample->latency);
        g_clear_pointer(&sample->response, sgb_histogram_free);
        g_clear_pointer(&sample->gap, sgb_histogram_free);
        g_clear_pointer(&sample->read_latency, sgb_histogram_free);
        g_clear_pointer(&sample->write_latency, sgb_histogram_free);
        g_free(sample->first_failure);
        g_free(sample);
    }
}

/* @iothread: the process has one. */
static JsonObject *usage_to_json(const Usage *usage, gboolean iothread)
{
    JsonObject *object = json_object_new();

    json_object_set_int_member(object, "cpu", usage->cpu_ns);
    json_object_set_int_member(object, "main", usage->main_ns);
    if (iothread) {
        json_object_set_int_member(object, "iothread", usage->iothread_ns);
    }
    json_object_set_int_member(object, "minor_faults", usage->minor_faults);
    json_object_set_int_member(object, "major_faults", usage->major_faults);
    json_object_set_int_member(object, "voluntary", usage->voluntary);
    json_object_set_int_member(object, "involuntary", usage->involuntary);
    json_object_set_int_member(object, "tick", usage->tick_ns);
    return object;
}

/* Only the buckets that are not empty: a few hundred of 7424. */
static JsonObject *latency_to_json(const SgbHistogram *latency)
{
    JsonObject *object = json_object_new();
    JsonArray *buckets = json_array_new();
    unsigned i;

    json_object_set_int_member(object, "bits", SGB_HISTOGRAM_BITS);
    json_object_set_int_member(object, "count", latency->count);
    json_object_set_int_member(object, "min",
                               latency->count ? latency->min : 0);
    json_object_set_int_member(object, "max", latency->max);
    json_object_set_double_member(object, "sum", latency->sum);
    for (i = 0; i < SGB_HISTOGRAM_BUCKETS; i++) {
        if (latency->buckets[i]) {
            JsonArray *pair = json_array_sized_new(2);

            json_array_add_int_element(pair, i);
            json_array_add_int_element(pair, latency->buckets[i]);
            json_array_add_array_element(buckets, pair);
        }
    }
    json_object_set_array_member(object, "buckets", buckets);
    return object;
}

/* Counts by code; keys as completion_text() has them: "02h". */
static JsonObject *codes_to_json(const uint64_t counts[256])
{
    JsonObject *object = json_object_new();
    unsigned i;

    for (i = 0; i < 256; i++) {
        if (counts[i]) {
            char key[8];

            g_snprintf(key, sizeof(key), "%02xh", i);
            json_object_set_int_member(object, key, counts[i]);
        }
    }
    return object;
}

static JsonObject *cost_to_json(const InitiatorCost *cost)
{
    JsonObject *object = json_object_new();

    json_object_set_int_member(object, "cpu", cost->cpu_ns);
    json_object_set_int_member(object, "empty", cost->empty_ns);
    json_object_set_int_member(object, "empty_polls", cost->empty_polls);
    json_object_set_int_member(object, "doorbells", cost->doorbells);
    json_object_set_int_member(object, "doorbells_saved",
                               cost->doorbells_saved);
    return object;
}

JsonObject *sample_to_json(const Sample *sample)
{
    JsonObject *object = json_object_new();

    json_object_set_string_member(object, "cell", sample->cell);
    json_object_set_int_member(object, "round", sample->round);
    json_object_set_int_member(object, "start", sample->start);
    json_object_set_int_member(object, "position", sample->position);
    json_object_set_double_member(object, "started", sample->started);
    json_object_set_boolean_member(object, "traced", sample->traced);
    json_object_set_int_member(object, "requests", sample->requests);
    json_object_set_int_member(object, "bytes", sample->bytes);
    json_object_set_int_member(object, "wall", sample->wall_ns);
    json_object_set_object_member(object, "latency",
                                  latency_to_json(sample->latency));
    if (sample->series.used) {
        json_object_set_object_member(object, "series",
                                      series_to_json(&sample->series));
    }
    if (sample->interval_ns) {
        JsonObject *pace = json_object_new();

        json_object_set_int_member(pace, "interval", sample->interval_ns);
        json_object_set_int_member(pace, "due", sample->due);
        json_object_set_int_member(pace, "not_posted", sample->not_posted);
        json_object_set_object_member(object, "pace", pace);
    }
    if (sample->response) {
        json_object_set_object_member(object, "response",
                                      latency_to_json(sample->response));
    }
    if (sample->gap) {
        json_object_set_object_member(object, "gap",
                                      latency_to_json(sample->gap));
    }
    if (sample->read_latency) {
        json_object_set_object_member(object, "read_latency",
                                      latency_to_json(sample->read_latency));
        json_object_set_object_member(object, "write_latency",
                                      latency_to_json(sample->write_latency));
    }
    json_object_set_int_member(object, "dio_requests", sample->dio_requests);
    if (sample->marks || sample->controls) {
        json_object_set_int_member(object, "marks", sample->marks);
        json_object_set_int_member(object, "controls", sample->controls);
    }
    if (sample->stood_at >= 0) {
        json_object_set_int_member(object, "stood_at", sample->stood_at);
    }
    json_object_set_int_member(object, "failed", sample->failed);
    json_object_set_int_member(object, "short_transfers",
                               sample->short_transfers);
    json_object_set_object_member(object, "statuses",
                                  codes_to_json(sample->statuses));
    json_object_set_object_member(object, "responses",
                                  codes_to_json(sample->responses));
    if (sample->first_failure) {
        json_object_set_string_member(object, "first_failure",
                                      sample->first_failure);
    }
    if (sample->has_qemu) {
        json_object_set_object_member(
            object, "qemu", usage_to_json(&sample->qemu, sample->has_iothread));
    }
    if (sample->has_server) {
        json_object_set_object_member(object, "server",
                                      usage_to_json(&sample->server, TRUE));
    }
    json_object_set_object_member(object, "self",
                                  usage_to_json(&sample->self, TRUE));
    json_object_set_object_member(object, "initiator",
                                  cost_to_json(&sample->cost));
    if (sample->anon_samples) {
        JsonObject *anon = json_object_new();

        json_object_set_int_member(anon, "mean", sample->anon_mean);
        json_object_set_int_member(anon, "max", sample->anon_max);
        json_object_set_int_member(anon, "samples", sample->anon_samples);
        json_object_set_object_member(object, "anon", anon);
    }
    return object;
}
