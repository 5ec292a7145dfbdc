/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>

#include "ask.h"
#include "error.h"
#include "medium.h"
#include "probe-blame.h"
#include "probe-trace.h"
#include "probe-try.h"
#include "qemu.h"
#include "tape-command.h"
#include "tempdir.h"
#include "tracing.h"
#include "ust.h"

#define MOST (128ull << 20)    /* largest transfer: twice what QEMU takes */
#define MOST_LAB (32ull << 20) /* memory is slow there */
#define PIECES_SPAN (4096 * 2 * 4096ull) /* of probe-try.c's pieces */
#define SLACK (1 << 20)

typedef struct Prober {
    RunContext context;
    const Job *job;
    const ProbeOptions *options;
    Target *target;
    Tracing *tracing;
    Progress *progress;
    Probe *probe;
    GError *fault; /* the first */
} Prober;

static void path_free(gpointer data)
{
    ProbePath *path = data;

    for (unsigned i = 0; i < PROBE__COUNT; i++) {
        g_free(path->limits[i].evidence);
        g_free(path->limits[i].remedy);
        g_free(path->limits[i].note);
    }
    g_free(path->problem);
    g_free(path);
}

void probe_free(Probe *probe)
{
    if (probe) {
        g_free(probe->target);
        g_free(probe->device);
        g_free(probe->what);
        g_free(probe->kind);
        if (probe->has_limits) {
            g_free(probe->limits.problem);
        }
        g_ptr_array_unref(probe->paths);
        g_free(probe);
    }
}

/* The first error is the result's, but Ctrl-C is above all. */
static void note_fault(Prober *prober, GError *fault)
{
    if (prober->fault &&
        !g_error_matches(fault, SGBENCH_ERROR, SGBENCH_INTERRUPTED)) {
        g_error_free(fault);
        return;
    }
    g_clear_error(&prober->fault);
    prober->fault = fault;
}

/* ---- who it is ---- */

static gboolean read_block_limits(Prober *prober, Initiator *initiator,
                                  GError **error)
{
    Command command = {0};

    tape_read_block_limits(&command);
    if (!ask_good(prober->target, initiator, &command, "READ BLOCK LIMITS",
                  error)) {
        return FALSE;
    }
    tape_block_limits(ask_data(initiator), &prober->probe->min_block,
                      &prober->probe->max_block);
    return TRUE;
}

static gboolean identify(Prober *prober, const PathKind *path, GError **error)
{
    Target *target = prober->target;
    const InitiatorKind *kind =
        path->build ? &initiator_ring : target->kind->native;
    Probe *probe = prober->probe;
    InitiatorNeeds needs = {.arena_size = SLACK, .hba = probe->hba};
    g_autoptr(Initiator) initiator =
        kind->open(&prober->context, target, path, &needs, error);

    if (!initiator || !target_identify(target, initiator, error) ||
        (probe->tape && !read_block_limits(prober, initiator, error))) {
        return FALSE;
    }
    probe->device = g_strdup(target->device);
    probe->what =
        g_strdup_printf("%s %s %s %s%s%s", target->caps.medium->name,
                        target->vendor, target->product, target->revision,
                        target->serial[0] ? ", serial " : "", target->serial);
    if (probe->kernel_sgio) {
        g_autoptr(GPtrArray) devices = device_list("", NULL);
        Device *device =
            devices ? device_find(devices, "", target->device, NULL) : NULL;

        if (device) {
            probe->limits = device->limits;
            probe->limits.problem = g_strdup(device->limits.problem);
            probe->has_limits = TRUE;
        }
    }
    return TRUE;
}

/* ---- one path ---- */

static gboolean opened(ProbeTrial *trial, GError **error)
{
    Prober *prober = trial->opaque;

    if (!trial->path->build) {
        return TRUE;
    }
    trial->initiator->traced = TRUE;
    return tracing_follow(prober->tracing, trial->initiator->qemu_pid, error);
}

static uint64_t unit_of(const Prober *prober, ProbeQuantity quantity)
{
    return quantity > PROBE_WRITE || prober->probe->tape
               ? 1
               : prober->target->block_size;
}

/* The largest transfer to try: of a disk no more than it has. */
static uint64_t most_bytes(const Prober *prober)
{
    uint64_t most = prober->options->most    ? prober->options->most
                    : prober->context.in_lab ? MOST_LAB
                                             : MOST;
    const Target *target = prober->target;

    if (prober->probe->tape) {
        return MIN(most, TAPE_BLOCK_MAX);
    }
    return MIN(most / target->block_size, target->blocks) * target->block_size;
}

static uint64_t bound_of(const Prober *prober, const ProbeTrial *trial,
                         ProbeQuantity quantity)
{
    switch (quantity) {
    case PROBE_PIECES:
        return probe_trial_pieces(trial);
    case PROBE_DEPTH:
        return probe_trial_depth(trial);
    case PROBE_READ:
    case PROBE_WRITE:
    case PROBE__COUNT:
        break;
    }
    return most_bytes(prober);
}

/* What was seen of the refusal, kept until the trace can be read. */
typedef struct Seen {
    gboolean refused;
    ProbeRefusal refusal; /* broke: ours */
} Seen;

static gboolean search(Prober *prober, ProbeTrial *trial, ProbePath *path,
                       ProbeQuantity quantity, Seen *seen, GError **error)
{
    ProbeLimit *limit = &path->limits[quantity];
    const ProbeRefusal *refusal;
    gboolean ok;

    if (quantity == PROBE_WRITE && !trial->may_write) {
        limit->note = g_strdup("not tried: the device is not ours to write to");
        return TRUE;
    }
    progress_say(prober->progress, TRUE, "%s: %s", path->kind->name,
                 probe_quantity_name(quantity));
    if (!trial->initiator && !probe_trial_open(trial, error)) {
        return FALSE; /* it broke at the end of the last search */
    }
    limit->bound = bound_of(prober, trial, quantity);
    probe_trial_begin(trial, quantity);
    ok = probe_search(probe_trial_try, trial, unit_of(prober, quantity),
                      limit->bound, &limit->found, error);
    limit->tried = limit->found.tried > 0;
    refusal = probe_trial_refusal(trial, limit->found.refused);
    if (limit->found.refused && refusal) {
        seen->refused = TRUE;
        seen->refusal = *refusal;
        seen->refusal.broke = g_strdup(refusal->broke);
    }
    progress_advance(prober->progress);
    return ok;
}

static void blame(Prober *prober, const ProbeTrace *trace, ProbePath *path,
                  ProbeQuantity quantity, const Seen *seen)
{
    const Probe *probe = prober->probe;
    const ProbePath *first =
        probe->paths->len ? g_ptr_array_index(probe->paths, 0) : NULL;
    ProbeLimit *limit = &path->limits[quantity];
    ProbeFacts facts = {
        .probe = probe,
        .path = path->kind,
        .quantity = quantity,
        .works = limit->found.works,
        .refused = seen->refused ? limit->found.refused : 0,
        .bound = limit->bound,
        .completion = &seen->refusal.completion,
        .broke = seen->refusal.broke,
        .traced = trace && !trace->lossy,
        .native = first && !first->kind->build && first != path
                      ? &first->limits[quantity]
                      : NULL,
    };

    if (!limit->tried) {
        return;
    }
    if (trace && seen->refusal.tag) {
        facts.request = probe_trace_request(trace, seen->refusal.tag);
    }
    probe_blame(&facts, limit);
}

/* A device that is faster than its commands can be sent is never asked for
 * many at a time, whatever its depth. */
static void doubt_depth(const Prober *prober, const ProbeTrace *trace,
                        const ProbeTrial *trial, ProbePath *path)
{
    ProbeLimit *limit = &path->limits[PROBE_DEPTH];
    unsigned overlap;

    if (!limit->tried || !trace || trace->lossy || limit->found.refused) {
        return;
    }
    overlap = probe_trace_overlap(trace, trial->first_tag, trial->last_tag);
    if (overlap > 0 && overlap < limit->found.works) {
        limit->note = g_strdup_printf(
            "no more than %u were under way at the device at a time: it is too "
            "quick for more, or QEMU's 64 threads are the limit%s",
            overlap,
            prober->probe->ours ? " (delay_ns or latency-ns make it slower)"
                                : "");
    }
}

static gboolean search_all(Prober *prober, ProbeTrial *trial, ProbePath *path,
                           Seen *seen, GError **error)
{
    if (!probe_trial_open(trial, error)) {
        return FALSE;
    }
    path->seg_max = trial->initiator->hba_seg_max;
    path->max_sectors = trial->initiator->hba_max_sectors;
    for (unsigned i = 0; i < PROBE__COUNT; i++) {
        if (!search(prober, trial, path, i, &seen[i], error)) {
            return FALSE;
        }
    }
    return TRUE;
}

static gboolean probe_path(Prober *prober, ProbePath *path, GError **error)
{
    RunContext *context = &prober->context;
    g_autofree char *folder =
        g_build_filename(context->run_dir, "trace", path->kind->name, NULL);
    g_autofree char *session =
        g_strdup_printf("sgbench-%.8s-%s", context->run_id, path->kind->name);
    gboolean traced = path->kind->build != NULL;
    g_autoptr(ProbeTrace) trace = NULL;
    Seen seen[PROBE__COUNT] = {};
    InitiatorNeeds needs = {
        .arena_size = MAX(most_bytes(prober), PIECES_SPAN) + SLACK,
        .hba = prober->probe->hba,
    };
    ProbeTrial trial;
    gboolean ok;

    if (traced &&
        !tracing_begin(prober->tracing, session, folder, NULL, error)) {
        return FALSE;
    }
    context->traced = traced;
    probe_trial_init(&trial, context, prober->target, path->kind,
                     prober->probe->ours, &needs);
    trial.opened = opened;
    trial.opaque = prober;
    ok = search_all(prober, &trial, path, seen, error);
    probe_trial_clear(&trial);
    context->traced = FALSE;
    if (traced) {
        g_autoptr(GError) lost = NULL;

        if (tracing_end(prober->tracing, &lost)) {
            trace = probe_trace_read(folder, &lost);
        }
        if (lost) {
            progress_note(prober->progress, "%s: without its trace: %s",
                          path->kind->name, lost->message);
        }
    }
    for (unsigned i = 0; i < PROBE__COUNT; i++) {
        blame(prober, trace, path, i, &seen[i]);
        g_free(seen[i].refusal.broke);
    }
    doubt_depth(prober, trace, &trial, path);
    return ok;
}

/* ---- all of them ---- */

/* A changer moves cartridges, and no data to speak of. */
static gboolean check_medium(const Prober *prober, GError **error)
{
    const Medium *medium = prober->target->caps.medium;

    if (medium == &medium_disk || medium == &medium_tape) {
        return TRUE;
    }
    g_set_error(error, SGBENCH_ERROR, SGBENCH_ERROR_USAGE,
                "target %s is a %s: only disks and tapes transfer data to be "
                "probed",
                prober->target->name, medium->name);
    return FALSE;
}

/* What could have a limit of its own, but for controls and experiments. */
static gboolean is_plain(const PathKind *path)
{
    return !path->control_of && !path->env &&
           (!path->build || !g_str_equal(path->build, "ablation"));
}

static gboolean wanted(const Prober *prober, const PathKind *path)
{
    const GPtrArray *only = prober->options->only;

    if ((!path->build && !prober->target->kind->native) ||
        (path->disks_only && prober->probe->tape) || path->raw) {
        return FALSE;
    }
    return only ? g_ptr_array_find((GPtrArray *)only, path, NULL)
                : is_plain(path);
}

static GPtrArray *choose_paths(const Prober *prober, GError **error)
{
    g_autoptr(GPtrArray) paths = g_ptr_array_new();

    for (const PathKind *path = path_kinds; path->name; path++) {
        if (wanted(prober, path)) {
            g_ptr_array_add(paths, (gpointer)path);
        }
    }
    if (paths->len == 0) {
        g_set_error(
            error, SGBENCH_ERROR, SGBENCH_ERROR_USAGE,
            "target %s has none of these paths: native is not for kind "
            "null, block and block-series are for disks, raw ones carry no "
            "SCSI commands",
            prober->target->name);
        return NULL;
    }
    return g_steal_pointer(&paths);
}

static void probe_paths(Prober *prober, const GPtrArray *paths)
{
    for (unsigned i = 0; i < paths->len; i++) {
        ProbePath *path = g_new0(ProbePath, 1);
        GError *fault = NULL;

        path->kind = g_ptr_array_index(paths, i);
        if (!probe_path(prober, path, &fault)) {
            path->problem = g_strdup(fault->message);
            note_fault(prober, fault);
        }
        g_ptr_array_add(prober->probe->paths, path);
        if (run_interrupted() ||
            !prober->target->kind->alive(prober->target, NULL)) {
            return;
        }
    }
}

static gboolean needs_qemu(const GPtrArray *paths)
{
    for (unsigned i = 0; i < paths->len; i++) {
        if (((const PathKind *)g_ptr_array_index(paths, i))->build) {
            return TRUE;
        }
    }
    return FALSE;
}

static gboolean run(Prober *prober, GError **error)
{
    g_autoptr(GPtrArray) paths =
        check_medium(prober, error) ? choose_paths(prober, error) : NULL;
    const PathKind *first;

    if (!paths) {
        return FALSE;
    }
    first = g_ptr_array_index(paths, 0);
    if (needs_qemu(paths)) {
        prober->tracing =
            tracing_start(&prober->context, KERNEL_TRACE_OFF, error);
        if (!prober->tracing || !ust_load(error)) {
            return FALSE;
        }
    }
    prober->progress =
        progress_new(prober->options->progress, paths->len * PROBE__COUNT);
    if (!identify(prober,
                  prober->target->kind->native ? path_find("native") : first,
                  error)) {
        return FALSE;
    }
    probe_paths(prober, paths);
    if (prober->fault) {
        g_propagate_error(error, g_steal_pointer(&prober->fault));
        return FALSE;
    }
    return TRUE;
}

static gboolean set_up(Prober *prober, GError **error)
{
    RunContext *context = &prober->context;
    g_autofree char *logs = NULL;

    context->in_lab = run_in_lab();
    context->only_reads = TRUE;
    context->cache_dir =
        g_build_filename(g_get_user_cache_dir(), "sgbench", NULL);
    context->run_id = g_uuid_string_random();
    context->temp_dir = temp_dir_make(error);
    if (!context->temp_dir) {
        return FALSE;
    }
    context->run_dir =
        prober->options->output
            ? g_canonicalize_filename(prober->options->output, NULL)
            : g_build_filename(context->temp_dir, "probe", NULL);
    logs = g_build_filename(context->run_dir, "logs", NULL);
    if (g_mkdir_with_parents(logs, 0755) < 0) {
        g_set_error(error, SGBENCH_ERROR, SGBENCH_ERROR_RESULTS,
                    "can't make %s: %s", logs, g_strerror(errno));
        return FALSE;
    }
    return TRUE;
}

static void tear_down(Prober *prober)
{
    RunContext *context = &prober->context;

    target_stop(prober->target);
    if (prober->progress) {
        progress_free(prober->progress);
    }
    tracing_stop(prober->tracing);
    if (context->temp_dir) {
        temp_dir_remove(context->temp_dir);
    }
    g_clear_error(&prober->fault);
    g_free(context->temp_dir);
    g_free(context->cache_dir);
    g_free(context->run_dir);
    g_free(context->run_id);
}

static Probe *probe_new(const Target *target, const TargetSpec *spec,
                        const HbaKind *hba)
{
    Probe *probe = g_new0(Probe, 1);

    probe->target = g_strdup(spec->name);
    probe->kind = g_strdup(spec->kind);
    probe->hba = hba ? hba : hba_kinds[0];
    probe->paths = g_ptr_array_new_with_free_func(path_free);
    probe->tape = target->caps.medium == &medium_tape;
    probe->ours = !target->kind->foreign;
    probe->in_qemu = !target->kind->native;
    probe->kernel_sgio = target->caps.kernel_sgio;
    return probe;
}

/* A Probe without a path has nothing to show. */
Probe *probe_target(const Job *job, const TargetSpec *spec,
                    const ProbeOptions *options, GError **error)
{
    Prober prober = {.job = job, .options = options};
    Probe *probe;

    if (set_up(&prober, error)) {
        prober.target = target_start(&prober.context, job, spec, error);
    }
    if (prober.target) {
        prober.probe = probe_new(prober.target, spec, options->hba);
        if (!run(&prober, error) && prober.probe->paths->len == 0) {
            probe_free(g_steal_pointer(&prober.probe));
        }
    }
    probe = prober.probe;
    tear_down(&prober);
    return probe;
}
