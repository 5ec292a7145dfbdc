/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <time.h>

#include "load-timed.h"
#include "medium.h"

static uint64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * UINT64_C(1000000000) + now.tv_nsec;
}

/* Is the next command with data due? If not, wake_ns says when it is, or that
 * the schedule is over. */
static gboolean is_due(LoadTimed *timed)
{
    uint64_t now = now_ns();

    if (!timed->due_ns) {
        timed->due_ns = now;
    }
    if (!timed->end_ns && timed->limit_ns) {
        timed->end_ns = now + timed->limit_ns;
    }
    if (timed->end_ns && timed->due_ns >= timed->end_ns) {
        return FALSE;
    }
    if (now < timed->due_ns) {
        timed->load.wake_ns = timed->due_ns;
        return FALSE;
    }
    return TRUE;
}

gboolean load_timed_may_post(LoadTimed *timed, gboolean data)
{
    timed->load.wake_ns = 0;
    if ((timed->limit_requests && timed->posted >= timed->limit_requests) ||
        (data && timed->limit_data &&
         timed->posted_data >= timed->limit_data) ||
        (data && timed->interval_ns && !is_due(timed))) {
        return FALSE;
    }
    timed->posted++;
    timed->posted_data += data;
    return TRUE;
}

gboolean load_timed_has_all(LoadTimed *timed)
{
    timed->load.wake_ns = 0;
    return timed->limit_data && timed->posted_data >= timed->limit_data;
}

void load_timed_mark(LoadTimed *timed, Command *command)
{
    command->due_ns = timed->interval_ns ? timed->due_ns : 0;
    timed->due_ns += timed->interval_ns;
}

void load_timed_restart(LoadTimed *timed)
{
    timed->due_ns = 0;
}

static void count_failure(Sample *sample, const Command *command,
                          const Completion *completion)
{
    sample->failed++;
    if (!sample->first_failure) {
        sample->first_failure = completion_text(completion);
    }
    if (completion->transport) {
        return;
    }
    if (completion->response) {
        sample->responses[completion->response]++;
    } else if (completion->status) {
        sample->statuses[completion->status]++;
    } else {
        sample->short_transfers++;
        sample->short_bytes +=
            command->length - MIN(completion->resid, command->length);
    }
}

static void count(LoadTimed *timed, const Command *command,
                  const Completion *completion, LoadOutcome outcome)
{
    Sample *sample = timed->sample;
    uint64_t latency = completion->done_ns - completion->posted_ns;

    switch (outcome) {
    case LOAD_GOOD:
        sample->requests++;
        sample->bytes += command->length - completion->resid;
        sample->dio_requests += completion->dio;
        sgb_histogram_add(sample->latency, latency);
        series_add(&sample->series, completion->done_ns - timed->first_ns,
                   latency);
        if (sample->response) {
            sgb_histogram_add(sample->response,
                              completion->done_ns - command->due_ns);
        }
        if (sample->gap && timed->before_ns) {
            sgb_histogram_add(sample->gap,
                              completion->done_ns - timed->before_ns);
        }
        if (sample->read_latency) {
            sgb_histogram_add(command->direction == DATA_IN
                                  ? sample->read_latency
                                  : sample->write_latency,
                              latency);
        }
        break;
    case LOAD_FAILED:
        count_failure(sample, command, completion);
        break;
    case LOAD_MARK:
        sample->marks++;
        break;
    case LOAD_CONTROL:
        sample->controls++;
        break;
    }
}

gboolean load_timed_count(LoadTimed *timed, const Command *command,
                          const Completion *completion, LoadOutcome outcome)
{
    if (!timed->first_ns || completion->posted_ns < timed->first_ns) {
        timed->first_ns = completion->posted_ns;
    }
    timed->last_ns = MAX(timed->last_ns, completion->done_ns);
    if (timed->sample) {
        count(timed, command, completion, outcome);
        timed->sample->wall_ns = timed->last_ns - timed->first_ns;
    }
    timed->before_ns = outcome == LOAD_GOOD ? completion->done_ns : 0;
    return !timed->limit_ns ||
           timed->last_ns - timed->first_ns < timed->limit_ns;
}

LoadTimed *load_timed_new(const Cell *cell, const Target *target,
                          const Arena *arena, uint64_t seed)
{
    return target->caps.medium->load(cell, target, arena, seed);
}

void load_timed_free(LoadTimed *timed)
{
    timed->free(timed);
}

GRand *load_lots(uint64_t seed)
{
    return g_rand_new_with_seed_array((guint32[]){seed, seed >> 32}, 2);
}

gboolean load_timed_prepare(LoadTimed *timed, Initiator *initiator,
                            GError **error)
{
    return !timed->prepare || timed->prepare(timed, initiator, error);
}

gboolean load_timed_check(LoadTimed *timed, Initiator *initiator,
                          GError **error)
{
    return !timed->check ||
           timed->check(timed, timed->sample, initiator, error);
}

void load_timed_arm(LoadTimed *timed, Sample *sample, const LoadLimits *limits)
{
    timed->sample = sample;
    timed->limit_ns = limits->ns;
    timed->limit_requests = limits->requests;
    timed->limit_data = limits->data;
    timed->first_ns = 0;
    timed->last_ns = 0;
    timed->posted = 0;
    timed->posted_data = 0;
    timed->end_ns = 0;
    timed->due_ns = 0;
    timed->before_ns = 0;
}

void load_timed_finish(LoadTimed *timed)
{
    Sample *sample = timed->sample;

    if (!sample || !timed->interval_ns) {
        return;
    }
    sample->interval_ns = timed->interval_ns;
    sample->due = timed->posted_data;
    if (timed->due_ns && timed->due_ns < timed->end_ns) {
        /* Rounded up: one that is due at the end is not in it. */
        sample->not_posted =
            (timed->end_ns - timed->due_ns + timed->interval_ns - 1) /
            timed->interval_ns;
        sample->due += sample->not_posted;
    }
}
