/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "describe.h"
#include "medium.h"
#include "rundir.h"

static JsonArray *strings(const char *const *list)
{
    JsonArray *array = json_array_new();

    for (; list && *list; list++) {
        json_array_add_string_element(array, *list);
    }
    return array;
}

static JsonArray *patterns(const GPtrArray *list)
{
    JsonArray *array = json_array_new();
    unsigned i;

    for (i = 0; i < list->len; i++) {
        json_array_add_string_element(array, list->pdata[i]);
    }
    return array;
}

static void set_string_or_null(JsonObject *object, const char *name,
                               const char *value)
{
    if (value) {
        json_object_set_string_member(object, name, value);
    } else {
        json_object_set_null_member(object, name);
    }
}

static JsonObject *describe_job(const Job *job, const char *const *overrides)
{
    static const char *const traces[] = {
        [TRACE_ROUND] = "round", [TRACE_ON] = "on", [TRACE_OFF] = "off"};
    JsonObject *object = json_object_new();

    json_object_set_string_member(object, "name", job->name);
    if (job->description) {
        json_object_set_string_member(object, "description", job->description);
    }
    json_object_set_string_member(object, "text", job->text);
    json_object_set_array_member(object, "overrides", strings(overrides));
    if (job->only->len) {
        json_object_set_array_member(object, "only", patterns(job->only));
    }
    json_object_set_int_member(object, "rounds", job->rounds);
    json_object_set_double_member(object, "cell_seconds", job_cell_limit(job));
    if (job->cell_bytes) {
        json_object_set_int_member(object, "cell_bytes", job->cell_bytes);
    }
    json_object_set_double_member(object, "warmup_seconds",
                                  job->warmup_seconds);
    json_object_set_int_member(object, "seed", job->seed);
    json_object_set_string_member(object, "trace", traces[job->trace]);
    json_object_set_int_member(object, "trace_requests", job->trace_requests);
    json_object_set_boolean_member(object, "verify", job->verify);
    return object;
}

static JsonArray *describe_paths(const Plan *plan)
{
    JsonArray *array = json_array_new();
    const PathKind *path;
    unsigned i;

    for (path = path_kinds; path->name; path++) {
        JsonObject *object;

        for (i = 0; i < plan->cells->len; i++) {
            const Cell *cell = g_ptr_array_index(plan->cells, i);
            if (cell->path == path) {
                break;
            }
        }
        if (i == plan->cells->len) {
            continue;
        }
        object = json_object_new();
        json_object_set_string_member(object, "name", path->name);
        json_object_set_string_member(object, "summary", path->summary);
        set_string_or_null(object, "build", path->build);
        set_string_or_null(object, "device", path->device);
        set_string_or_null(object, "properties", path->properties);
        json_object_set_array_member(object, "env", strings(path->env));
        if (path->control_of) {
            json_object_set_string_member(object, "control_of",
                                          path->control_of);
        }
        json_array_add_object_element(array, object);
    }
    return array;
}

static JsonArray *describe_cells(const Plan *plan)
{
    JsonArray *array = json_array_new();
    unsigned i;

    for (i = 0; i < plan->cells->len; i++) {
        const Cell *cell = g_ptr_array_index(plan->cells, i);
        JsonObject *object = json_object_new();

        json_object_set_string_member(object, "id", cell->id);
        json_object_set_string_member(object, "target", cell->target->name);
        json_object_set_string_member(object, "path", cell->path->name);
        json_object_set_string_member(object, "operation",
                                      operation_name(cell->operation));
        json_object_set_int_member(object, "size", cell->size);
        json_object_set_int_member(object, "depth", cell->depth);
        json_object_set_string_member(object, "layout",
                                      layout_name(cell->layout));
        json_object_set_int_member(object, "cdb_size", cell->cdb_size);
        if (cell->access != ACCESS_SEQUENTIAL) {
            json_object_set_string_member(object, "access",
                                          access_name(cell->access));
        }
        if (cell->reads) {
            json_object_set_int_member(object, "reads", cell->reads);
        }
        if (cell->shift) {
            json_object_set_int_member(object, "shift", cell->shift);
        }
        if (cell->rate) {
            json_object_set_int_member(object, "rate", cell->rate);
        }
        if (cell->fill != FILL_ANY) {
            json_object_set_string_member(object, "data",
                                          fill_name(cell->fill));
        }
        if (!cell_moves_data(cell)) {
            json_object_set_boolean_member(object, "moves_data", FALSE);
        }
        if (cell->tape_block) {
            json_object_set_int_member(object, "tape_block", cell->tape_block);
        }
        if (cell->filemarks) {
            json_object_set_int_member(object, "filemarks", cell->filemarks);
        }
        if (cell->hba != hba_kinds[0]) {
            json_object_set_string_member(object, "hba", cell->hba->name);
        }
        json_array_add_object_element(array, object);
    }
    return array;
}

JsonObject *describe_target(const Target *target)
{
    const TargetCaps *caps = &target->caps;
    JsonObject *object = json_object_new();
    JsonObject *identity = json_object_new();
    JsonObject *abilities = json_object_new();
    JsonObject *settings = json_object_new();
    GHashTableIter iter;
    gpointer key, value;

    json_object_set_string_member(object, "name", target->name);
    json_object_set_string_member(object, "kind", target->kind->name);

    json_object_set_boolean_member(abilities, "stores_data", caps->stores_data);
    json_object_set_boolean_member(abilities, "reports_resid",
                                   caps->reports_resid);
    json_object_set_boolean_member(abilities, "kernel_sgio", caps->kernel_sgio);
    json_object_set_boolean_member(abilities, "machine_speed",
                                   caps->machine_speed);
    json_object_set_int_member(abilities, "max_depth", caps->max_depth);
    json_object_set_int_member(abilities, "max_transfer", caps->max_transfer);
    json_object_set_string_member(abilities, "verdicts", caps->verdicts);
    if (!caps->medium->load) {
        json_object_set_boolean_member(abilities, "timed", FALSE);
    }
    json_object_set_object_member(object, "capabilities", abilities);

    json_object_set_string_member(identity, "vendor", target->vendor);
    json_object_set_string_member(identity, "product", target->product);
    json_object_set_string_member(identity, "revision", target->revision);
    json_object_set_string_member(identity, "serial", target->serial);
    json_object_set_int_member(identity, "block_size", target->block_size);
    json_object_set_int_member(identity, "blocks", target->blocks);
    if (target->physical_block_size > target->block_size) {
        json_object_set_int_member(identity, "physical_block_size",
                                   target->physical_block_size);
    }
    json_object_set_object_member(object, "identity", identity);

    g_hash_table_iter_init(&iter, target->settings);
    while (g_hash_table_iter_next(&iter, &key, &value)) {
        json_object_set_string_member(settings, key, value);
    }
    json_object_set_object_member(object, "settings", settings);
    return object;
}

JsonObject *describe_run(const RunContext *context, const Plan *plan,
                         const char *const *overrides)
{
    g_autoptr(GDateTime) now = g_date_time_new_now_utc();
    g_autofree char *started = g_date_time_format_iso8601(now);
    JsonObject *header = json_object_new();
    JsonObject *run = json_object_new();

    json_object_set_int_member(header, "schema", RUNDIR_SCHEMA_VERSION);
    json_object_set_string_member(run, "id", context->run_id);
    json_object_set_string_member(run, "tool", SGBENCH_VERSION);
    json_object_set_string_member(run, "started", started);
    json_object_set_string_member(run, "outcome", "running");
    json_object_set_object_member(header, "run", run);
    json_object_set_object_member(header, "job",
                                  describe_job(plan->job, overrides));
    json_object_set_array_member(header, "targets", json_array_new());
    json_object_set_array_member(header, "paths", describe_paths(plan));
    json_object_set_array_member(header, "cells", describe_cells(plan));
    return header;
}
