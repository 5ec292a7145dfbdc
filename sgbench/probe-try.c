/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "error.h"
#include "load-list.h"
#include "medium.h"
#include "medium-tape.h"
#include "probe-sgio.h"
#include "probe-transfer.h"
#include "tape-command.h"

#define PAGE 4096
#define PIECES_MOST 4096 /* 16 MiB in pages: more than anybody has */
#define DISK_PIECE 512   /* the smallest that all disks' data is made of */
#define TAPE_PIECE 64    /* so that many are still a small block */
#define DEPTH_BYTES 4096
#define DEPTH_TIMES 4 /* commands for each that is in flight */
#define REOPEN_MAX 40

static void refusal_free(gpointer data)
{
    ProbeRefusal *refusal = data;

    g_free(refusal->broke);
    g_free(refusal);
}

void probe_trial_init(ProbeTrial *trial, RunContext *context, Target *target,
                      const PathKind *path, gboolean may_write,
                      const InitiatorNeeds *needs)
{
    *trial = (ProbeTrial){
        .context = context,
        .target = target,
        .path = path,
        .may_write = may_write,
        .needs = *needs,
        .refusals = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free,
                                          refusal_free),
    };
}

void probe_trial_clear(ProbeTrial *trial)
{
    initiator_close(trial->initiator);
    g_hash_table_unref(trial->refusals);
}

gboolean probe_trial_open(ProbeTrial *trial, GError **error)
{
    const InitiatorKind *kind =
        trial->path->build ? &initiator_ring : trial->target->kind->native;
    g_autoptr(Initiator) initiator = NULL;

    initiator_close(g_steal_pointer(&trial->initiator));
    trial->prepared = 0; /* null-sg forgets with its QEMU */
    if (!trial->path->build) {
        trial->context->starts++; /* qemu_start() counts the others */
    }
    initiator = kind->open(trial->context, trial->target, trial->path,
                           &trial->needs, error);
    if (!initiator || !target_bring_up(trial->target, initiator, error)) {
        return FALSE;
    }
    if (trial->target->caps.medium == &medium_tape && trial->may_write &&
        !tape_set_blocks(trial->target, initiator, 0, error)) {
        return FALSE;
    }
    trial->initiator = g_steal_pointer(&initiator);
    return !trial->opened || trial->opened(trial, error);
}

void probe_trial_begin(ProbeTrial *trial, ProbeQuantity quantity)
{
    trial->quantity = quantity;
    g_hash_table_remove_all(trial->refusals);
}

const ProbeRefusal *probe_trial_refusal(const ProbeTrial *trial, uint64_t value)
{
    return g_hash_table_lookup(trial->refusals, &value);
}

static gboolean own_descriptor(const ProbeTrial *trial)
{
    return !trial->path->build && trial->target->caps.kernel_sgio;
}

unsigned probe_trial_pieces(const ProbeTrial *trial)
{
    return own_descriptor(trial)
               ? PIECES_MOST
               : MIN(trial->initiator->max_pieces, PIECES_MOST);
}

unsigned probe_trial_depth(const ProbeTrial *trial)
{
    return own_descriptor(trial) ? PROBE_SGIO_DEPTH
                                 : trial->initiator->max_depth;
}

/* ---- pieces, depth ---- */

/* The data of @value pieces, each at the start of every other page; the last
 * one fills up a block. Bytes in all. */
static uint64_t lay_out(const ProbeTrial *trial, Piece *pieces, uint64_t value,
                        uint32_t each, uint32_t unit)
{
    uint64_t bytes = (value * each + unit - 1) / unit * unit;

    for (uint64_t i = 0; i < value; i++) {
        pieces[i] = (Piece){
            .offset = trial->initiator->arena.start + i * 2 * PAGE,
            .length = each,
        };
    }
    pieces[value - 1].length += bytes - value * each;
    return bytes;
}

static ProbeAnswer try_pieces(ProbeTrial *trial, uint64_t value, GError **error)
{
    gboolean tape = trial->target->caps.medium == &medium_tape;
    gboolean write = tape && trial->may_write;
    uint32_t each = tape ? TAPE_PIECE : DISK_PIECE;
    g_autofree Piece *pieces = g_new(Piece, value);
    uint64_t bytes = lay_out(trial, pieces, value, each,
                             tape ? 1 : trial->target->block_size);
    DataDirection direction = write ? DATA_OUT : DATA_IN;
    Command command = {0};
    Completion completion;
    uint64_t offset = 0;

    if (tape) {
        if (!tape_go_back(trial->target, trial->initiator, error)) {
            return PROBE_FAILED;
        }
        tape_read_write(&command, direction, bytes, 0);
    } else {
        if (!probe_disk_prepare(trial, bytes, error)) {
            return PROBE_FAILED;
        }
        probe_disk_command(trial, &command, DATA_IN, 0, bytes);
    }
    command.length = bytes;
    command.pieces = pieces;
    command.n_pieces = value;
    if (own_descriptor(trial)
            ? !initiator_may_send(trial->initiator, &command, error) ||
                  !probe_sgio(trial->target->device, &trial->initiator->arena,
                              &command, 1, 1, &completion, error)
            : !probe_settle(trial, &command, &completion, error)) {
        return PROBE_FAILED;
    }
    if (tape ? !probe_came_through(&completion)
             : !completion_good(&completion)) {
        return probe_refuse(trial, value, command.tag, &completion, NULL);
    }
    for (uint64_t i = 0; i < value && !tape && probe_has_data(trial); i++) {
        if (!probe_compare(trial, i * 2 * PAGE, offset, pieces[i].length,
                           "a READ into many pieces", error)) {
            return PROBE_FAILED;
        }
        offset += pieces[i].length;
    }
    return PROBE_WORKS;
}

static void depth_command(const ProbeTrial *trial, Command *command,
                          Piece *piece, unsigned number)
{
    uint64_t places =
        trial->target->blocks * trial->target->block_size / DEPTH_BYTES;

    if (trial->target->caps.medium == &medium_tape) {
        command_test_unit_ready(command); /* nothing moves */
        return;
    }
    probe_disk_command(trial, command, DATA_IN,
                       number % MAX(places, 1) * DEPTH_BYTES, DEPTH_BYTES);
    probe_one_piece(trial, command, piece, DEPTH_BYTES);
    piece->offset += (uint64_t)number * DEPTH_BYTES;
}

static ProbeAnswer try_depth(ProbeTrial *trial, uint64_t value, GError **error)
{
    unsigned n = value * DEPTH_TIMES;
    g_autofree Command *commands = g_new0(Command, n);
    g_autofree Completion *completions = g_new0(Completion, n);
    g_autofree Piece *pieces = g_new0(Piece, n);
    g_autoptr(LoadList) list = load_list_new(commands, completions, n, value);

    for (unsigned i = 0; i < n; i++) {
        depth_command(trial, &commands[i], &pieces[i], i);
    }
    if (own_descriptor(trial)) {
        if (!initiator_may_send(trial->initiator, &commands[0], error) ||
            !probe_sgio(trial->target->device, &trial->initiator->arena,
                        &commands[0], value, DEPTH_TIMES, &completions[0],
                        error)) {
            return PROBE_FAILED;
        }
        n = 1;
    } else if (!trial->initiator->kind->drive(
                   trial->initiator, load_list_load(list), NULL, error)) {
        return PROBE_FAILED;
    } else {
        trial->first_tag =
            trial->first_tag ? trial->first_tag : commands[0].tag;
        trial->last_tag = commands[n - 1].tag;
    }
    for (unsigned i = 0; i < n; i++) {
        if (!completion_good(&completions[i])) {
            return probe_refuse(trial, value, commands[i].tag, &completions[i],
                                NULL);
        }
    }
    return PROBE_WORKS;
}

/* ---- all of them ---- */

/* A path that breaks is a finding; a device that is gone, wrong data and
 * Ctrl-C are the end. */
static gboolean is_the_end(const ProbeTrial *trial, const GError *fault)
{
    return g_error_matches(fault, SGBENCH_ERROR, SGBENCH_INTERRUPTED) ||
           g_error_matches(fault, SGBENCH_ERROR, SGBENCH_ERROR_DATA) ||
           !trial->target->kind->alive(trial->target, NULL);
}

ProbeAnswer probe_trial_try(void *opaque, uint64_t value, GError **error)
{
    static ProbeAnswer (*const tries[])(ProbeTrial *, uint64_t, GError **) = {
        [PROBE_READ] = probe_try_transfer,
        [PROBE_WRITE] = probe_try_transfer,
        [PROBE_PIECES] = try_pieces,
        [PROBE_DEPTH] = try_depth,
    };
    ProbeTrial *trial = opaque;
    const ProbeRefusal *known;
    g_autoptr(GError) fault = NULL;
    ProbeAnswer answer;

    known = probe_trial_refusal(trial, value);
    if (known && known->broke) {
        return PROBE_REFUSED; /* once is enough */
    }
    if (run_check_interrupted(error) ||
        (!trial->initiator && !probe_trial_open(trial, error))) {
        return PROBE_FAILED;
    }
    answer = tries[trial->quantity](trial, value, &fault);
    if (answer != PROBE_FAILED) {
        return answer;
    }
    if (is_the_end(trial, fault) || trial->reopened++ >= REOPEN_MAX) {
        g_propagate_error(error, g_steal_pointer(&fault));
        return PROBE_FAILED;
    }
    initiator_close(g_steal_pointer(&trial->initiator));
    return probe_refuse(trial, value, 0, NULL, fault->message);
}
