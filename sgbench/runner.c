/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>

#include "describe.h"
#include "environment.h"
#include "error.h"
#include "medium.h"
#include "plan.h"
#include "qemu.h"
#include "rundir.h"
#include "runner-private.h"
#include "tempdir.h"
#include "tracing.h"
#include "ust.h"
#include "verify.h"

/* More starts than a run has. */
#define STARTS_PER_RESUME 100000

/* ---- what a run needs before it starts ---- */

static gboolean find_builds(Runner *runner, GError **error)
{
    unsigned i;

    for (i = 0; i < runner->plan->cells->len; i++) {
        const Cell *cell = g_ptr_array_index(runner->plan->cells, i);
        const char *build = cell->path->build;
        char *folder;

        if (!build || g_hash_table_contains(runner->builds, build)) {
            continue;
        }
        folder = qemu_build_dir(&runner->context, build, error);
        if (!folder) {
            return FALSE;
        }
        g_hash_table_insert(runner->builds, g_strdup(build), folder);
    }
    return TRUE;
}

/* A resumed run must be the same run: the same job, set in the same way, on
 * the same machine and QEMUs. */
static gboolean check_same_run(JsonObject *header, void *opaque, GError **error)
{
    static const char *const same[] = {"host", "lab",    "kernel", "cpu",
                                       "cpus", "builds", NULL};
    Runner *runner = opaque;
    const RunOptions *options = runner->options;
    g_autoptr(JsonObject) now =
        describe_run(&runner->context, runner->plan, options->overrides);
    g_autoptr(JsonObject) environment =
        environment_describe(runner->context.in_lab, runner->builds);
    JsonObject *before = json_object_get_object_member(header, "environment");
    const char *what = NULL;
    unsigned i;

    if (!json_node_equal(json_object_get_member(header, "job"),
                         json_object_get_member(now, "job"))) {
        what = "the job or its --set";
    }
    for (i = 0; same[i] && !what; i++) {
        if (!json_node_equal(json_object_get_member(before, same[i]),
                             json_object_get_member(environment, same[i]))) {
            what = same[i];
        }
    }
    if (what) {
        g_set_error(error, SGBENCH_ERROR, SGBENCH_ERROR_USAGE,
                    "%s: can't go on with this run: %s is not what it was; "
                    "start a new one",
                    options->output, what);
        return FALSE;
    }
    return TRUE;
}

static gboolean open_results(Runner *runner, GError **error)
{
    const RunOptions *options = runner->options;
    RunContext *context = &runner->context;
    JsonObject *header;

    if (options->resume) {
        const char *id;

        runner->dir =
            rundir_resume(options->output, check_same_run, runner, error);
        if (!runner->dir) {
            return FALSE;
        }
        header = rundir_header(runner->dir);
        id = json_object_get_string_member(
            json_object_get_object_member(header, "run"), "id");
        context->run_id = g_strdup(id);
        /* Numbers of starts name logs and traces: those of before stay. */
        context->starts =
            STARTS_PER_RESUME *
            json_object_get_int_member(
                json_object_get_object_member(header, "run"), "resumed");
        rundir_forget(runner->dir, "verification");
        rundir_forget(runner->dir, "not_run");
    } else {
        context->run_id = g_uuid_string_random();
        header = describe_run(context, runner->plan, options->overrides);
        json_object_set_object_member(
            header, "environment",
            environment_describe(context->in_lab, runner->builds));
        runner->dir = rundir_create(options->output, header, error);
        if (!runner->dir) {
            return FALSE;
        }
    }
    context->run_dir = g_strdup(rundir_path(runner->dir));
    {
        g_autofree char *logs =
            g_build_filename(context->run_dir, "logs", NULL);
        if (g_mkdir_with_parents(logs, 0755) < 0) {
            g_set_error(error, SGBENCH_ERROR, SGBENCH_ERROR_RESULTS,
                        "%s: can't make this folder: %s", logs,
                        g_strerror(errno));
            return FALSE;
        }
    }
    return TRUE;
}

/* ---- targets ---- */

/* The path on which the device is asked who it is: without QEMU, unless there
 * is none; then one that SCSI commands pass through, unless there is none; *hba
 * is its HBA. The others are held against it (target_bring_up()). */
static const PathKind *identity_path(const Runner *runner, const Target *target,
                                     const TargetSpec *spec,
                                     const HbaKind **hba)
{
    const PathKind *path = NULL;
    unsigned i;

    *hba = NULL;
    if (target->kind->native) {
        return path_find("native");
    }
    for (i = 0; i < runner->plan->cells->len; i++) {
        const Cell *cell = g_ptr_array_index(runner->plan->cells, i);

        if (cell->target == spec &&
            (!path || (path->raw && !cell->path->raw))) {
            path = cell->path;
            *hba = cell->hba;
        }
    }
    g_assert(path); /* only what has cells is started */
    return path;
}

/* A foreign device that goes by the same name may be another one now. */
static gboolean same_device(const Target *target, JsonObject *before,
                            GError **error)
{
    const char *serial = json_object_get_string_member(
        json_object_get_object_member(before, "identity"), "serial");

    if (!target->kind->foreign || g_str_equal(serial, target->serial)) {
        return TRUE;
    }
    g_set_error(error, SGBENCH_ERROR, SGBENCH_ERROR_USAGE,
                "can't go on with this run: the device of target %s, %s, has "
                "the serial number '%s', it had '%s'; start a new one",
                target->name, target->device, target->serial, serial);
    return FALSE;
}

/* What a run that is resumed knows of the target called @name, or NULL. */
static JsonObject *find_target(JsonArray *known, const char *name)
{
    for (unsigned i = 0; i < json_array_get_length(known); i++) {
        JsonObject *object = json_array_get_object_element(known, i);

        if (g_str_equal(json_object_get_string_member(object, "name"), name)) {
            return object;
        }
    }
    return NULL;
}

/* The cells of @spec with @operation are not run: the target says @refusal. */
static void leave_out(Runner *runner, const TargetSpec *spec,
                      Operation operation, const char *refusal)
{
    const Job *job = runner->job;
    unsigned rounds = job->rounds + (job->trace == TRACE_ROUND ? 1 : 0);
    unsigned i, j;

    for (i = 0; i < runner->plan->cells->len; i++) {
        Cell *cell = g_ptr_array_index(runner->plan->cells, i);
        JsonObject *record;

        if (cell->target != spec || cell->operation != operation) {
            continue;
        }
        cell->left_out = TRUE;
        record = json_object_new();
        json_object_set_string_member(record, "cell", cell->id);
        json_object_set_string_member(record, "message", refusal);
        rundir_record(runner->dir, "not_run", record);
        for (j = 0; j < rounds; j++) {
            progress_advance(runner->progress);
        }
    }
    progress_note(runner->progress,
                  "%s: %s is not supported by target: skipped (%s)", spec->name,
                  operation_name(operation), refusal);
}

/* Leave out what @target itself has not, whatever the path. */
static gboolean ask_operations(Runner *runner, const TargetSpec *spec,
                               const Target *target, Initiator *initiator,
                               GError **error)
{
    gboolean asked[OPERATION__COUNT] = {FALSE};

    for (unsigned i = 0; i < runner->plan->cells->len; i++) {
        const Cell *cell = g_ptr_array_index(runner->plan->cells, i);
        g_autofree char *refusal = NULL;

        if (cell->target != spec || asked[cell->operation]) {
            continue;
        }
        asked[cell->operation] = TRUE;
        if (!target->caps.medium->has(target, initiator, cell->operation,
                                      &refusal, error)) {
            return FALSE;
        }
        if (refusal) {
            leave_out(runner, spec, cell->operation, refusal);
        }
    }
    return TRUE;
}

static gboolean start_target(Runner *runner, const TargetSpec *spec,
                             GError **error)
{
    JsonArray *known =
        json_object_get_array_member(rundir_header(runner->dir), "targets");
    InitiatorNeeds needs = {.arena_size = 1024 * 1024};
    g_autoptr(Initiator) initiator = NULL;
    JsonObject *before;
    const PathKind *path;
    Target *target;

    progress_say(runner->progress, TRUE, "starting target %s", spec->name);
    target = target_start(&runner->context, runner->job, spec, error);
    if (!target) {
        return FALSE;
    }
    g_hash_table_insert(runner->targets, (gpointer)spec, target);
    path = identity_path(runner, target, spec, &needs.hba);
    initiator = runner_open(runner, target, path, &needs, error);
    if (!initiator || !target_identify(target, initiator, error) ||
        !plan_check_target(runner->plan, spec, &target->caps, error)) {
        return FALSE;
    }
    before = find_target(known, target->name);
    if (!before) {
        json_array_add_object_element(known, describe_target(target));
    } else if (!same_device(target, before, error)) {
        return FALSE;
    }
    return !target->caps.medium->has ||
           ask_operations(runner, spec, target, initiator, error);
}

static gboolean start_targets(Runner *runner, GError **error)
{
    unsigned i;

    for (i = 0; i < runner->job->targets->len; i++) {
        const TargetSpec *spec = g_ptr_array_index(runner->job->targets, i);

        if (run_check_interrupted(error) ||
            (plan_has_target(runner->plan, spec) &&
             !start_target(runner, spec, error))) {
            return FALSE;
        }
    }
    return TRUE;
}

static gboolean start_is_done(const Runner *runner, const Start *start,
                              unsigned round)
{
    unsigned i;

    for (i = 0; i < start->cells->len; i++) {
        const Cell *cell = g_ptr_array_index(start->cells, i);
        if (!rundir_has_sample(runner->dir, cell->id, round)) {
            return FALSE;
        }
    }
    return TRUE;
}

static gboolean is_timed(const Runner *runner, const Start *start)
{
    const Target *target = g_hash_table_lookup(runner->targets, start->target);

    return target->caps.medium->load != NULL;
}

static gboolean run_round(Runner *runner, unsigned round, GError **error)
{
    g_autoptr(GPtrArray) starts = plan_round(runner->plan, round);
    unsigned i, j;

    for (i = 0; i < starts->len; i++) {
        const Start *start = g_ptr_array_index(starts, i);
        gboolean traced = round == 0 || runner->job->trace == TRACE_ON;
        gboolean ok;

        /* Traces are of QEMU; some media are only verified; resumed runs have
         * some of the work done. */
        if ((round == 0 && !start->path->build) || !is_timed(runner, start) ||
            start_is_done(runner, start, round)) {
            for (j = 0; j < start->cells->len; j++) {
                progress_advance(runner->progress);
            }
            continue;
        }
        if (round == 0) {
            progress_say(runner->progress, TRUE, "tracing %s on %s",
                         start->path->name, start->target->name);
        } else {
            progress_say(runner->progress, TRUE, "round %u of %u: %s on %s",
                         round, runner->job->rounds, start->path->name,
                         start->target->name);
        }
        ok = traced && start->path->build
                 ? runner_run_traced(runner, start, round, error)
                 : runner_run_cells(runner, start, round, FALSE, NULL, error);
        if (!ok) {
            return FALSE;
        }
    }
    return TRUE;
}

/* ---- verification ---- */

static gboolean verify_path(Runner *runner, const Start *start, GError **error)
{
    Target *target = g_hash_table_lookup(runner->targets, start->target);
    JsonObject *record = json_object_new();
    g_autoptr(Initiator) initiator = NULL;
    g_autoptr(Initiator) native = NULL;
    g_autoptr(GError) fault = NULL;
    Verification done = {};
    const char *result = "verified";
    gboolean alone = !target->kind->native;
    gboolean ok = TRUE;

    if (!target->caps.stores_data) {
        result = "not verifiable";
    } else {
        progress_say(runner->progress, TRUE, "verifying %s on %s",
                     start->path->name, start->target->name);
        initiator = runner_open_path(runner, start, start->path, &fault);
        if (initiator && !alone) {
            native =
                runner_open_path(runner, start, path_find("native"), &fault);
        }
        ok = initiator && (native || alone) &&
             verify_start(&runner->context, target, start, initiator,
                          alone ? initiator : native, &done, &fault);
    }
    if (!ok && !g_error_matches(fault, SGBENCH_ERROR, SGBENCH_ERROR_DATA)) {
        json_object_unref(record);
        g_propagate_error(error, g_steal_pointer(&fault));
        return runner_blame(target, error);
    }
    if (!ok) {
        result = "mismatch";
        json_object_set_string_member(record, "message", fault->message);
    } else if (target->caps.stores_data && alone) {
        json_object_set_string_member(record, "message",
                                      "against the path itself, in one piece: "
                                      "nothing but QEMU reaches this target");
    }
    json_object_set_string_member(record, "target", start->target->name);
    json_object_set_string_member(record, "path", start->path->name);
    if (start->hba != hba_kinds[0]) {
        json_object_set_string_member(record, "hba", start->hba->name);
    }
    json_object_set_string_member(record, "result", result);
    json_object_set_int_member(record, "commands", done.commands);
    json_object_set_int_member(record, "bytes", done.bytes);
    if (done.conditions) {
        json_object_set_int_member(record, "conditions", done.conditions);
    }
    if (done.places) {
        json_object_set_int_member(record, "places", done.places);
    }
    rundir_record(runner->dir, "verification", record);
    if (!ok) {
        g_propagate_error(error, g_steal_pointer(&fault));
    }
    return ok;
}

static gboolean verify_all(Runner *runner, GError **error)
{
    g_autoptr(GPtrArray) starts = plan_round(runner->plan, 0);
    unsigned i;

    for (i = 0; i < starts->len; i++) {
        if (!verify_path(runner, g_ptr_array_index(starts, i), error)) {
            return FALSE;
        }
    }
    return TRUE;
}

/* ---- all of it ---- */

static gboolean run_all(Runner *runner, GError **error)
{
    const Job *job = runner->job;
    unsigned round;

    if (job->trace != TRACE_OFF) {
        runner->tracing =
            tracing_start(&runner->context, job->trace_kernel, error);
        if (!runner->tracing || !ust_load(error)) {
            return FALSE;
        }
    }
    if (!start_targets(runner, error) ||
        (job->verify && !verify_all(runner, error))) {
        return FALSE;
    }
    for (round = job->trace == TRACE_ROUND ? 0 : 1; round <= job->rounds;
         round++) {
        if (!run_round(runner, round, error)) {
            return FALSE;
        }
    }
    return TRUE;
}

/* Write how it ended. An error here matters only if there was none before. */
static gboolean finish(Runner *runner, gboolean ok, GError **error)
{
    const char *outcome = "complete";
    g_autofree char *message = NULL;
    GError *fault = NULL;

    if (!ok) {
        outcome = g_error_matches(*error, SGBENCH_ERROR, SGBENCH_INTERRUPTED)
                      ? "interrupted"
                      : "failed";
        message = g_strdup((*error)->message);
    } else if (runner->trace_fault) {
        message = g_strdup_printf("trace and initiator differ: %s",
                                  runner->trace_fault);
    }
    if (!rundir_finish(runner->dir, outcome, message, &fault)) {
        if (ok) {
            g_propagate_error(error, fault);
        } else {
            g_error_free(fault);
        }
        return FALSE;
    }
    if (ok && message) {
        g_set_error_literal(error, SGBENCH_ERROR, SGBENCH_ERROR_TRACE, message);
        return FALSE;
    }
    return ok;
}

static void target_unref(gpointer target)
{
    target_stop(target);
}

gboolean run_job(const Job *job, const RunOptions *options, GError **error)
{
    Runner runner = {.job = job, .options = options};
    GError *fault = NULL;
    gboolean ok = FALSE;

    runner.context.in_lab = run_in_lab();
    runner.context.write_to = options->write_to;
    runner.context.write_to_tape = options->write_to_tape;
    runner.context.cache_dir =
        g_build_filename(g_get_user_cache_dir(), "sgbench", NULL);
    runner.builds =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    runner.targets = g_hash_table_new_full(NULL, NULL, NULL, target_unref);

    runner.plan = plan_new(job, &fault);
    if (!runner.plan || !find_builds(&runner, &fault)) {
        goto out;
    }
    runner.context.temp_dir = temp_dir_make(&fault);
    if (!runner.context.temp_dir || !open_results(&runner, &fault)) {
        goto out;
    }
    runner.progress =
        progress_new(options->progress,
                     runner.plan->cells->len *
                         (job->rounds + (job->trace == TRACE_ROUND ? 1 : 0)));
    ok = run_all(&runner, &fault);
    g_hash_table_remove_all(runner.targets);
    progress_free(g_steal_pointer(&runner.progress));
    tracing_stop(g_steal_pointer(&runner.tracing));
    ok = finish(&runner, ok, &fault);

out:
    if (runner.dir) {
        rundir_free(runner.dir);
    }
    if (runner.context.temp_dir) {
        temp_dir_remove(runner.context.temp_dir);
    }
    if (runner.plan) {
        plan_free(runner.plan);
    }
    g_hash_table_destroy(runner.targets);
    g_hash_table_destroy(runner.builds);
    g_free(runner.trace_fault);
    g_free(runner.context.temp_dir);
    g_free(runner.context.cache_dir);
    g_free(runner.context.run_dir);
    g_free(runner.context.run_id);
    if (fault) {
        g_propagate_error(error, fault);
    }
    return ok;
}
