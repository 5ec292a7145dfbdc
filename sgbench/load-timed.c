/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "load-timed.h"
#include "medium.h"

gboolean load_timed_may_post(LoadTimed *timed)
{
    if (timed->limit_requests && timed->posted >= timed->limit_requests) {
        return FALSE;
    }
    timed->posted++;
    return TRUE;
}

static void count_failure(Sample *sample, const Completion *completion)
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
        if (sample->read_latency) {
            sgb_histogram_add(command->direction == DATA_IN
                                  ? sample->read_latency
                                  : sample->write_latency,
                              latency);
        }
        break;
    case LOAD_FAILED:
        count_failure(sample, completion);
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

gboolean load_timed_prepare(LoadTimed *timed, Initiator *initiator,
                            GError **error)
{
    return !timed->prepare || timed->prepare(timed, initiator, error);
}

void load_timed_arm(LoadTimed *timed, Sample *sample, uint64_t ns,
                    uint64_t requests)
{
    timed->sample = sample;
    timed->limit_ns = ns;
    timed->limit_requests = requests;
    timed->first_ns = 0;
    timed->last_ns = 0;
    timed->posted = 0;
}
