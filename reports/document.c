/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cell.h"
#include "document.h"

#include <math.h>
#include <string.h>

#include "figure.h"
#include "finding.h"
#include "gain.h"
#include "json.h"
#include "note.h"
#include "verdict.h"

/* Infinity and NAN are no JSON. */
static void set_number(JsonObject *object, const char *name, double value)
{
    if (isfinite(value)) {
        json_object_set_double_member(object, name, value);
    } else {
        json_object_set_null_member(object, name);
    }
}

static void set_copy(JsonObject *to, const char *name, JsonObject *from)
{
    JsonNode *node = json_object_get_member(from, name);

    if (node) {
        json_object_set_member(to, name, json_node_copy(node));
    }
}

static JsonObject *interval_to_json(const SgbInterval *x)
{
    JsonObject *object = json_object_new();

    json_object_set_int_member(object, "n", x->n);
    set_number(object, "median", x->median);
    set_number(object, "low", x->low);
    set_number(object, "high", x->high);
    set_number(object, "coverage", x->coverage);
    return object;
}

static JsonArray *notes_to_json(GPtrArray *notes)
{
    static const char *const kinds[] = {
        [SGB_NOTE_FACT] = "fact",
        [SGB_NOTE_WARNING] = "warning",
        [SGB_NOTE_LIMIT] = "limit",
        [SGB_NOTE_ALARM] = "alarm",
    };
    JsonArray *array = json_array_new();

    for (unsigned i = 0; i < notes->len; i++) {
        const SgbNote *note = g_ptr_array_index(notes, i);
        JsonObject *object = json_object_new();

        json_object_set_string_member(object, "kind", kinds[note->kind]);
        json_object_set_string_member(object, "label", note->label);
        json_object_set_string_member(object, "text", note->text);
        json_array_add_object_element(array, object);
    }
    return array;
}

/* ---- cells ---- */

static JsonObject *latency_to_json(const SgbCell *cell)
{
    static const struct {
        const char *name;
        double q;
    } quantiles[] = {
        {"p50", 0.5}, {"p90", 0.9}, {"p99", 0.99}, {"p99.9", 0.999}};
    JsonObject *object = json_object_new();

    json_object_set_int_member(object, "count", cell->latency->count);
    for (unsigned i = 0; i < G_N_ELEMENTS(quantiles); i++) {
        set_number(object, quantiles[i].name,
                   sgb_cell_quantile(cell, quantiles[i].q));
    }
    set_number(object, "max", cell->latency->count ? cell->latency->max : NAN);
    return object;
}

static JsonObject *stages_to_json(JsonObject *trace)
{
    static const SgbJsonMember members[] = {
        {"count", SGB_JSON_COUNT},
        {"sum", SGB_JSON_NUMBER},
        {"p50", SGB_JSON_COUNT},
        {"p99", SGB_JSON_COUNT},
        {NULL},
    };
    JsonObject *from = sgb_json_object(trace, "stages");
    JsonObject *stages = json_object_new();
    JsonObjectIter iter;
    const char *name;
    JsonNode *node;

    if (!from) {
        return stages;
    }
    json_object_iter_init(&iter, from);
    while (json_object_iter_next(&iter, &name, &node)) {
        if (JSON_NODE_HOLDS_OBJECT(node) &&
            sgb_json_check(json_node_get_object(node), members, "", "", NULL)) {
            json_object_set_member(stages, name, json_node_copy(node));
        }
    }
    return stages;
}

static JsonObject *trace_to_json(JsonObject *trace)
{
    JsonObject *object = json_object_new();

    json_object_set_int_member(object, "requests",
                               sgb_json_count(trace, "trace_requests"));
    set_copy(object, "direct", trace);
    set_copy(object, "bounced", trace);
    set_copy(object, "dio_requests", trace);
    json_object_set_object_member(object, "stages", stages_to_json(trace));
    return object;
}

static JsonArray *counts_to_json(const uint64_t *counts, unsigned n)
{
    JsonArray *array = json_array_sized_new(n);

    for (unsigned i = 0; i < n; i++) {
        json_array_add_int_element(array, counts[i]);
    }
    return array;
}

static void add_series(JsonArray *array, const SgbSample *s, const char *why)
{
    JsonObject *object;

    if (!s || s->series.n == 0) {
        return;
    }
    object = json_object_new();
    json_object_set_int_member(object, "round", s->round);
    json_object_set_string_member(object, "why", why);
    json_object_set_int_member(object, "slice", s->series.slice);
    json_object_set_array_member(
        object, "requests", counts_to_json(s->series.requests, s->series.n));
    json_object_set_array_member(
        object, "slowest", counts_to_json(s->series.slowest, s->series.n));
    json_array_add_object_element(array, object);
}

/* Two rounds are enough to look at: one that is as usual, and the one with the
 * slowest request. */
static JsonArray *series_to_json(const SgbCell *cell)
{
    SgbFigure figure = sgb_cell_throughput(cell);
    double median = sgb_cell_median(cell, figure);
    const SgbSample *usual = NULL, *slowest = NULL;
    JsonArray *array = json_array_new();

    for (unsigned i = 0; i < cell->samples->len; i++) {
        const SgbSample *s = g_ptr_array_index(cell->samples, i);

        if (!usual || fabs(s->figures[figure] - median) <
                          fabs(usual->figures[figure] - median)) {
            usual = s;
        }
        if (!slowest || s->slowest > slowest->slowest) {
            slowest = s;
        }
    }
    add_series(array, usual, "throughput nearest the median");
    if (slowest != usual) {
        add_series(array, slowest, "slowest request");
    }
    return array;
}

static JsonObject *cell_to_json(const SgbCell *cell)
{
    JsonObject *object = json_object_new();
    JsonObject *figures = json_object_new();

    json_object_set_string_member(object, "id", cell->id);
    json_object_set_string_member(object, "path", cell->path);
    json_object_set_int_member(object, "rounds", cell->samples->len);
    json_object_set_int_member(object, "requests", cell->requests);
    json_object_set_int_member(object, "failed", cell->failed);
    if (cell->failure) {
        json_object_set_string_member(object, "first_failure", cell->failure);
    }
    for (unsigned i = 0; i < SGB_FIGURE__COUNT; i++) {
        SgbInterval x = sgb_cell_interval(cell, i);

        if (x.n) {
            json_object_set_object_member(figures, sgb_figure_kinds[i].name,
                                          interval_to_json(&x));
        }
    }
    json_object_set_object_member(object, "figures", figures);
    json_object_set_object_member(object, "latency", latency_to_json(cell));
    if (isfinite(cell->dio)) {
        json_object_set_double_member(object, "dio", cell->dio);
    }
    if (cell->trace) {
        json_object_set_object_member(object, "trace",
                                      trace_to_json(cell->trace));
    }
    json_object_set_array_member(object, "series", series_to_json(cell));
    return object;
}

/* ---- blocks ---- */

static JsonObject *finding_to_json(const SgbFinding *f)
{
    JsonObject *object = interval_to_json(&f->ratio);

    json_object_set_string_member(object, "over", f->pair.over->path);
    json_object_set_string_member(object, "under", f->pair.under->path);
    json_object_set_boolean_member(object, "control", f->pair.control);
    json_object_set_string_member(object, "figure",
                                  sgb_figure_kinds[f->figure].name);
    json_object_set_string_member(object, "effect", sgb_effect_name(f->effect));
    set_number(object, "would_see", f->would_see);
    return object;
}

static JsonArray *gains_to_json(const SgbBlock *block)
{
    g_autoptr(GArray) gains = sgb_block_gains(block);
    JsonArray *array = json_array_new();

    for (unsigned i = 0; i < gains->len; i++) {
        const SgbGain *gain = &g_array_index(gains, SgbGain, i);
        JsonObject *object = json_object_new();

        json_object_set_string_member(object, "what", gain->what);
        json_object_set_string_member(object, "from", gain->from->path);
        json_object_set_string_member(object, "to", gain->to->path);
        json_object_set_object_member(object, "cpu",
                                      interval_to_json(&gain->cpu));
        json_object_set_object_member(object, "throughput",
                                      interval_to_json(&gain->throughput));
        json_array_add_object_element(array, object);
    }
    return array;
}

static JsonObject *block_to_json(const SgbBlock *block)
{
    const SgbCell *first = block->first;
    g_autofree char *workload = sgb_cell_workload(first);
    g_autofree char *group = sgb_cell_group(first);
    g_autoptr(GArray) findings = sgb_block_findings(block);
    JsonObject *object = json_object_new();
    JsonArray *cells = json_array_new(), *array = json_array_new();

    json_object_set_string_member(object, "workload", workload);
    json_object_set_string_member(object, "group", group);
    json_object_set_string_member(object, "target", first->target);
    json_object_set_string_member(object, "operation", first->operation);
    json_object_set_int_member(object, "size", first->size);
    json_object_set_int_member(object, "depth", first->depth);
    json_object_set_string_member(object, "layout", first->layout);
    json_object_set_boolean_member(object, "machine_speed",
                                   block->machine_speed);
    json_object_set_boolean_member(object, "kernel_sgio", block->kernel_sgio);
    json_object_set_boolean_member(object, "comparable", block->comparable);
    for (unsigned i = 0; i < block->cells->len; i++) {
        json_array_add_object_element(
            cells, cell_to_json(g_ptr_array_index(block->cells, i)));
    }
    for (unsigned i = 0; i < findings->len; i++) {
        json_array_add_object_element(
            array, finding_to_json(&g_array_index(findings, SgbFinding, i)));
    }
    json_object_set_array_member(object, "cells", cells);
    json_object_set_array_member(object, "findings", array);
    json_object_set_array_member(object, "gains", gains_to_json(block));
    return object;
}

/* ---- runs ---- */

static JsonArray *targets_to_json(const SgbRun *run)
{
    JsonArray *from = sgb_json_array(run->json, "targets");
    JsonArray *array = json_array_new();

    for (unsigned i = 0; i < json_array_get_length(from); i++) {
        JsonObject *target = json_array_get_object_element(from, i);
        g_autoptr(GPtrArray) notes = sgb_target_notes(target);
        JsonObject *object = json_object_new();

        set_copy(object, "name", target);
        set_copy(object, "kind", target);
        set_copy(object, "capabilities", target);
        json_object_set_array_member(object, "notes", notes_to_json(notes));
        json_array_add_object_element(array, object);
    }
    return array;
}

static JsonArray *paths_to_json(const SgbRun *run)
{
    static const char *const names[] = {"name", "summary", "build",
                                        "control_of"};
    JsonArray *from = sgb_json_array(run->json, "paths");
    JsonArray *array = json_array_new();

    for (unsigned i = 0; i < json_array_get_length(from); i++) {
        JsonObject *path = json_array_get_object_element(from, i);
        JsonObject *object = json_object_new();

        for (unsigned j = 0; j < G_N_ELEMENTS(names); j++) {
            set_copy(object, names[j], path);
        }
        json_array_add_object_element(array, object);
    }
    return array;
}

static JsonObject *run_to_json(const SgbRun *run)
{
    JsonObject *head = sgb_json_object(run->json, "run");
    JsonObject *job = sgb_json_object(run->json, "job");
    g_autoptr(GPtrArray) blocks = sgb_run_blocks(run);
    g_autoptr(GPtrArray) notes = sgb_run_notes(run);
    JsonObject *object = json_object_new();
    JsonArray *array = json_array_new();

    set_copy(object, "id", head);
    json_object_set_string_member(object, "job", sgb_json_string(job, "name"));
    set_copy(object, "started", head);
    json_object_set_boolean_member(object, "complete", run->complete);
    json_object_set_int_member(object, "rounds", run->rounds);
    set_copy(object, "cell_seconds", job);
    json_object_set_array_member(object, "notes", notes_to_json(notes));
    set_copy(object, "environment", run->json);
    json_object_set_array_member(object, "targets", targets_to_json(run));
    json_object_set_array_member(object, "paths", paths_to_json(run));
    for (unsigned i = 0; i < blocks->len; i++) {
        json_array_add_object_element(
            array, block_to_json(g_ptr_array_index(blocks, i)));
    }
    json_object_set_array_member(object, "blocks", array);
    return object;
}

static JsonArray *verdicts_to_json(GPtrArray *runs, GPtrArray *verdicts)
{
    JsonArray *array = json_array_new();

    for (unsigned i = 0; i < verdicts->len; i++) {
        const SgbVerdict *verdict = g_ptr_array_index(verdicts, i);
        JsonObject *object = json_object_new();
        JsonArray *answers = json_array_new();

        for (unsigned j = 0; j < verdict->answers->len; j++) {
            const SgbAnswer *answer = g_ptr_array_index(verdict->answers, j);
            JsonObject *a = json_object_new();
            unsigned run = 0;

            g_ptr_array_find(runs, answer->run, &run);
            json_object_set_int_member(a, "run", run);
            json_object_set_string_member(a, "target", answer->target);
            json_object_set_string_member(a, "tone",
                                          sgb_tone_name(answer->tone));
            json_object_set_string_member(a, "sentence", answer->sentence);
            json_object_set_string_member(a, "detail", answer->detail);
            json_object_set_string_member(a, "basis", answer->basis);
            json_array_add_object_element(answers, a);
        }
        json_object_set_string_member(object, "name", verdict->name);
        json_object_set_string_member(object, "question", verdict->question);
        json_object_set_array_member(object, "answers", answers);
        json_array_add_object_element(array, object);
    }
    return array;
}

JsonNode *sgb_document(GPtrArray *runs, GPtrArray *verdicts)
{
    JsonNode *node = json_node_alloc();
    JsonObject *object = json_object_new();
    JsonArray *array = json_array_new();

    json_object_set_int_member(object, "schema", SGB_DOCUMENT_SCHEMA);
    json_object_set_string_member(object, "tool", SGBENCH_VERSION);
    json_object_set_double_member(object, "margin", SGB_MARGIN);
    json_object_set_int_member(object, "rounds_for_verdict",
                               SGB_ROUNDS_FOR_VERDICT);
    json_object_set_array_member(object, "verdicts",
                                 verdicts_to_json(runs, verdicts));
    for (unsigned i = 0; i < runs->len; i++) {
        json_array_add_object_element(array,
                                      run_to_json(g_ptr_array_index(runs, i)));
    }
    json_object_set_array_member(object, "runs", array);
    json_node_init_object(node, object);
    json_object_unref(object);
    return node;
}
