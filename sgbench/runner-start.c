/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "error.h"
#include "log-pages.h"
#include "measure.h"
#include "reconcile.h"
#include "runner-private.h"

#define NS_PER_S 1e9

Initiator *runner_open(Runner *runner, Target *target, const PathKind *path,
                       const InitiatorNeeds *needs, GError **error)
{
    const InitiatorKind *kind =
        path->build ? &initiator_ring : target->kind->native;

    return kind->open(&runner->context, target, path, needs, error);
}

/* Open @target by @path with data memory for @start, ready for commands. */
Initiator *runner_open_path(Runner *runner, const Start *start,
                            const PathKind *path, GError **error)
{
    Target *target = g_hash_table_lookup(runner->targets, start->target);
    InitiatorNeeds needs = plan_needs(start);
    g_autoptr(Initiator) initiator = NULL;

    if (!path->build) {
        runner->context.starts++; /* qemu_start() counts the others */
    }
    initiator = runner_open(runner, target, path, &needs, error);
    if (!initiator || !target_bring_up(target, initiator, error) ||
        (target->kind->confirm &&
         !target->kind->confirm(&runner->context, target, initiator, error))) {
        return NULL;
    }
    return g_steal_pointer(&initiator);
}

/* If the way to the device broke, the cause may be the target's end. */
gboolean runner_blame(const Target *target, GError **error)
{
    g_autoptr(GError) why = NULL;

    if (!g_error_matches(*error, SGBENCH_ERROR, SGBENCH_INTERRUPTED) &&
        !target->kind->alive((Target *)target, &why)) {
        g_clear_error(error);
        g_propagate_error(error, g_steal_pointer(&why));
    }
    return FALSE;
}

/* The same for all paths of a round, so that paired cells do the same. */
static uint64_t cell_seed(const Job *job, const Cell *cell, unsigned round)
{
    uint64_t seed = job->seed * 1000003 + round;

    seed = seed * 1000003 + cell->operation;
    seed = seed * 1000003 + cell->size;
    seed = seed * 1000003 + cell->depth;
    return seed * 1000003 + cell->layout;
}

static void note_failures(Runner *runner, const Sample *sample)
{
    if (sample->failed) {
        progress_note(runner->progress,
                      "%s: %" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT
                      " commands failed, first: %s",
                      sample->cell, sample->failed,
                      sample->failed + sample->requests, sample->first_failure);
    }
}

/* What the drive says of itself, which is @when of the cells. */
static gboolean note_logs(Runner *runner, const Start *start,
                          Initiator *initiator, unsigned round,
                          const char *when, GError **error)
{
    Target *target = g_hash_table_lookup(runner->targets, start->target);
    JsonArray *pages;
    JsonObject *record;

    if (!log_pages_read(target, initiator, &pages, error)) {
        return runner_blame(target, error);
    }
    if (!pages) {
        return TRUE;
    }
    record = json_object_new();
    json_object_set_string_member(record, "target", start->target->name);
    json_object_set_string_member(record, "path", start->path->name);
    json_object_set_int_member(record, "start", runner->context.starts);
    json_object_set_int_member(record, "round", round);
    json_object_set_string_member(record, "when", when);
    json_object_set_array_member(record, "pages", pages);
    rundir_record(runner->dir, "log_pages", record);
    return TRUE;
}

/* Run the cells of @start; keep the samples in @kept if it is not NULL. */
gboolean runner_run_cells(Runner *runner, const Start *start, unsigned round,
                          gboolean traced, GPtrArray *kept, GError **error)
{
    const Job *job = runner->job;
    Target *target = g_hash_table_lookup(runner->targets, start->target);
    g_autoptr(Initiator) initiator =
        runner_open_path(runner, start, start->path, error);
    unsigned i;

    if (!initiator) {
        return runner_blame(target, error);
    }
    if (traced &&
        !tracing_follow(runner->tracing, initiator->qemu_pid, error)) {
        return FALSE;
    }
    if (!note_logs(runner, start, initiator, round, "before", error)) {
        return FALSE;
    }
    for (i = 0; i < start->cells->len; i++) {
        const Cell *cell = g_ptr_array_index(start->cells, i);
        MeasureSpec spec = {
            .round = round,
            .seed = cell_seed(job, cell, round),
            .traced = traced,
        };
        Sample *sample;

        if (run_check_interrupted(error)) {
            return FALSE;
        }
        if (round == 0) {
            spec.limits.requests = job->trace_requests;
        } else {
            spec.warmup_ns = job->warmup_seconds * NS_PER_S;
            spec.limits.ns = job_cell_limit(job) * NS_PER_S;
            spec.limits.data =
                cell->bytes ? cell_commands(cell, cell->bytes) : 0;
        }
        if (rundir_has_sample(runner->dir, cell->id, round)) {
            progress_advance(runner->progress);
            continue;
        }
        sample = measure_cell(&runner->context, target, initiator, cell, &spec,
                              error);
        if (!sample) {
            return runner_blame(target, error);
        }
        sample->position = i;
        note_failures(runner, sample);
        if (kept) {
            g_ptr_array_add(kept, sample);
        } else {
            gboolean written = rundir_append(runner->dir, sample, error);

            sample_free(sample);
            if (!written) {
                return FALSE;
            }
        }
        progress_advance(runner->progress);
    }
    return note_logs(runner, start, initiator, round, "after", error);
}

static gboolean append_all(Runner *runner, GPtrArray *samples, GError **error)
{
    unsigned i;

    for (i = 0; i < samples->len; i++) {
        if (!rundir_append(runner->dir, g_ptr_array_index(samples, i), error)) {
            return FALSE;
        }
    }
    return TRUE;
}

static void reconcile(Runner *runner, const Start *start, const char *folder,
                      GPtrArray *samples)
{
    g_autofree char *message = NULL;

    switch (reconcile_start(runner->dir, folder, start, samples, &message)) {
    case RECONCILED_AGREES:
        break;
    case RECONCILED_LOST:
        progress_note(runner->progress, "%s", message);
        break;
    case RECONCILED_UNREADABLE:
    case RECONCILED_DIFFERS:
        progress_note(runner->progress, "trace and initiator differ: %s",
                      message);
        if (!runner->trace_fault) {
            runner->trace_fault = g_steal_pointer(&message);
        }
        break;
    }
}

/* The samples go to the journal together, after the trace they belong to was
 * read: a start is resumed as a whole, in a trace of its own. */
gboolean runner_run_traced(Runner *runner, const Start *start, unsigned round,
                           GError **error)
{
    g_autoptr(GPtrArray) samples =
        g_ptr_array_new_with_free_func((GDestroyNotify)sample_free);
    g_autofree char *name =
        g_strdup_printf("%u-%s-%s-%u", runner->context.starts + 1,
                        start->target->name, start->path->name, round);
    g_autofree char *folder = g_build_filename("trace", name, NULL);
    g_autofree char *path =
        g_build_filename(runner->context.run_dir, folder, NULL);
    g_autofree char *session =
        g_strdup_printf("sgbench-%.8s-%s", runner->context.run_id, name);
    gboolean ok;

    if (!tracing_begin(runner->tracing, session, path, NULL, error)) {
        return FALSE;
    }
    runner->context.traced = TRUE;
    ok = runner_run_cells(runner, start, round, TRUE, samples, error);
    runner->context.traced = FALSE;
    if (!tracing_end(runner->tracing, ok ? error : NULL) || !ok) {
        if (round > 0) { /* these were measured */
            append_all(runner, samples, NULL);
        }
        return FALSE;
    }
    reconcile(runner, start, folder, samples);
    return append_all(runner, samples, error);
}
