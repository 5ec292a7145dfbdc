/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <unistd.h>

#include "load-timed.h"
#include "measure.h"
#include "medium.h"
#include "ust.h"

/* Often enough for a cell of a quarter of a second, rare enough not to cost a
 * percent; the lab's timer ticks every 10 ms and a wake-up costs more there. */
#define ANON_INTERVAL_MS 20
#define ANON_INTERVAL_LAB_MS 100

/* Counters of everything whose CPU a cell uses. */
typedef struct Readings {
    Usage qemu, server, self;
} Readings;

static gboolean read_all(const Target *target, const Initiator *initiator,
                         Readings *readings, GError **error)
{
    if (initiator->qemu_pid &&
        !usage_read(initiator->qemu_pid, initiator->iothread_tid,
                    &readings->qemu, error)) {
        return FALSE;
    }
    if (target->server_pid &&
        !usage_read(target->server_pid, 0, &readings->server, error)) {
        return FALSE;
    }
    return usage_read(getpid(), 0, &readings->self, error);
}

static gboolean run_counted(const RunContext *context, const Target *target,
                            Initiator *initiator, LoadTimed *timed,
                            Sample *sample, GError **error)
{
    Readings before = {}, after = {};
    UsageSampler *sampler = NULL;
    gboolean ok;

    sample->has_qemu = initiator->qemu_pid != 0;
    sample->has_iothread = initiator->iothread_tid != 0;
    sample->has_server = target->server_pid != 0;
    if (sample->has_qemu) {
        sampler = usage_sampler_start(initiator->qemu_pid,
                                      context->in_lab ? ANON_INTERVAL_LAB_MS
                                                      : ANON_INTERVAL_MS);
    }
    ok =
        read_all(target, initiator, &before, error) &&
        initiator->kind->drive(initiator, &timed->load, &sample->cost, error) &&
        read_all(target, initiator, &after, error);
    if (sampler) {
        usage_sampler_stop(sampler, &sample->anon_mean, &sample->anon_max,
                           &sample->anon_samples);
    }
    sample->qemu = usage_difference(&after.qemu, &before.qemu);
    sample->server = usage_difference(&after.server, &before.server);
    sample->self = usage_difference(&after.self, &before.self);
    return ok;
}

Sample *measure_cell(RunContext *context, const Target *target,
                     Initiator *initiator, const Cell *cell,
                     const MeasureSpec *spec, GError **error)
{
    g_autoptr(LoadTimed) timed =
        load_timed_new(cell, target, &initiator->arena, spec->seed);
    g_autoptr(Sample) sample = sample_new(cell->id, spec->round);
    gboolean ok;

    timed->run_id = context->run_id;
    if (!load_timed_prepare(timed, initiator, error)) {
        return NULL;
    }
    if (spec->warmup_ns) {
        load_timed_arm(timed, NULL, &(LoadLimits){.ns = spec->warmup_ns});
        if (!initiator->kind->drive(initiator, &timed->load, NULL, error)) {
            return NULL;
        }
    }
    if (cell->operation == OPERATION_MIXED) {
        sample_split(sample);
    }
    if (cell->rate) {
        sample_count_responses(sample);
    }
    if (cell->rate ||
        (target->caps.medium == &medium_tape && cell_moves_data(cell))) {
        sample_count_gaps(sample);
    }
    sample->started = g_get_real_time() / 1e6;
    sample->traced = spec->traced;
    sample->start = context->starts;
    load_timed_arm(timed, sample, &spec->limits);

    initiator->traced = spec->traced;
    if (spec->traced) {
        ust_cell_begin(cell->id, spec->round);
    }
    ok = run_counted(context, target, initiator, timed, sample, error);
    load_timed_finish(timed);
    if (spec->traced) {
        ust_cell_end(cell->id, sample_commands(sample), sample->bytes);
    }
    initiator->traced = FALSE;
    ok = ok && load_timed_check(timed, initiator, error);
    return ok ? g_steal_pointer(&sample) : NULL;
}
