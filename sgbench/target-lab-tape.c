/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Target kinds "lab-tape" and "lab-changer": a tape drive and a medium changer
 * of tgtd that the kernel's own iSCSI initiator has made devices of, in the lab
 * only: a real /dev/sgN, /dev/nstN, /dev/schN, and the kernel's SG_IO. Keys:
 *
 *   size               of the blank tape (default 256M)
 *   allow_dio          0 (default) or 1: the sg driver's parameter
 *
 * The server is the one of kind "iscsi"; what its tape can't is the same.
 */
#include <string.h>
#include <unistd.h>

#include "context.h"
#include "error.h"
#include "kernel-iscsi.h"
#include "medium.h"
#include "sg-parameters.h"
#include "target-kinds.h"

#define LUN 1       /* target-iscsi.c's */
#define DEPTH_MAX 1 /* a tape's commands have an order */

typedef struct LabTape {
    Target base;
    Target *server;
    KernelIscsi *session;
} LabTape;

static const char *const zero_one[] = {"0", "1", NULL};

static gboolean is_changer(const TargetSpec *spec)
{
    return g_str_equal(spec->kind, target_lab_changer.name);
}

/* What the server is told: a target of kind "iscsi" with the same name. */
static TargetSpec *server_spec(const TargetSpec *spec)
{
    TargetSpec *server = g_new0(TargetSpec, 1);
    const char *size = target_key(spec, "size", NULL);

    *server = *spec;
    server->kind = (char *)target_iscsi.name;
    server->keys = g_hash_table_new(g_str_hash, g_str_equal);
    g_hash_table_insert(server->keys, (void *)"device",
                        (void *)(is_changer(spec) ? "changer" : "tape"));
    if (size) {
        g_hash_table_insert(server->keys, (void *)"size", (void *)size);
    }
    return server;
}

static void server_spec_free(TargetSpec *server)
{
    g_hash_table_unref(server->keys);
    g_free(server);
}

static gboolean lab_tape_check(const Job *job, const TargetSpec *spec,
                               TargetCaps *caps, GError **error)
{
    static const char *const of_tape[] = {"size", "allow_dio", NULL};
    static const char *const of_changer[] = {"allow_dio", NULL};
    TargetSpec *server;
    gboolean ok;

    if (!target_only_keys(job, spec, is_changer(spec) ? of_changer : of_tape,
                          error) ||
        !target_key_choice(job, spec, "allow_dio", zero_one, error)) {
        return FALSE;
    }
    server = server_spec(spec);
    ok = target_iscsi.check(job, server, caps, error);
    server_spec_free(server);
    if (!ok) {
        return FALSE;
    }
    caps->kernel_sgio = TRUE;
    caps->machine_speed = FALSE;
    caps->max_depth = DEPTH_MAX;
    caps->verdicts = is_changer(spec)
                         ? "a changer's commands, correctness only"
                         : "correctness of what tgt's tape has, through the "
                           "kernel's SG_IO; not on speed";
    return TRUE;
}

static void lab_tape_stop(Target *base)
{
    LabTape *tape = (LabTape *)base;

    kernel_iscsi_logout(tape->session);
    target_stop(tape->server);
    target_clear(base);
    g_free(tape);
}

static Target *lab_tape_start(RunContext *context, const Job *job,
                              const TargetSpec *spec, GError **error)
{
    const TargetKind *kind =
        is_changer(spec) ? &target_lab_changer : &target_lab_tape;
    const char *dio = target_key(spec, "allow_dio", "0");
    TargetSpec *server;
    TargetCaps caps;
    LabTape *tape;

    if (!lab_tape_check(job, spec, &caps, error)) {
        return NULL;
    }
    if (!context->in_lab) {
        g_set_error(error, SGBENCH_ERROR, SGBENCH_ERROR_PREFLIGHT,
                    "kind %s exists in the lab only: run `sgbench lab %s`",
                    kind->name, job->file);
        return NULL;
    }
    tape = g_new0(LabTape, 1);
    target_init(&tape->base, kind, spec, &caps);
    server = server_spec(spec);
    tape->server = target_start(context, job, server, error);
    server_spec_free(server);
    if (!tape->server) {
        lab_tape_stop(&tape->base);
        return NULL;
    }
    tape->session = kernel_iscsi_login(
        context, g_hash_table_lookup(tape->server->settings, "portal"),
        g_hash_table_lookup(tape->server->settings, "iqn"), LUN, error);
    if (!tape->session || !sg_set_allow_dio(dio, error)) {
        lab_tape_stop(&tape->base);
        return NULL;
    }
    {
        GHashTableIter iter;
        gpointer key, value;

        g_hash_table_iter_init(&iter, tape->server->settings);
        while (g_hash_table_iter_next(&iter, &key, &value)) {
            target_set(&tape->base, key, "%s", (const char *)value);
        }
    }
    target_set(&tape->base, "allow_dio", "%s", dio);
    tape->base.device = g_strdup(kernel_iscsi_device(tape->session)->sg);
    tape->base.server_pid = tape->server->server_pid;
    return &tape->base;
}

static char *lab_tape_blockdev(Target *base, const char *device)
{
    return g_strdup_printf("driver=host_device,filename=%s", base->device);
}

static gboolean lab_tape_alive(Target *base, GError **error)
{
    LabTape *tape = (LabTape *)base;

    if (!tape->server->kind->alive(tape->server, error)) {
        return FALSE;
    }
    if (access(base->device, F_OK) == 0) {
        return TRUE;
    }
    g_set_error(error, SGBENCH_ERROR, SGBENCH_ERROR_TARGET,
                "target %s: %s has gone: the iSCSI session has ended",
                base->name, base->device);
    return FALSE;
}

const TargetKind target_lab_tape = {
    .name = "lab-tape",
    .summary = "a tape of tgtd through the kernel's iSCSI initiator, in the "
               "lab",
    .needs_lab = TRUE,
    .native = &initiator_sgio,
    .check = lab_tape_check,
    .start = lab_tape_start,
    .stop = lab_tape_stop,
    .blockdev = lab_tape_blockdev,
    .alive = lab_tape_alive,
};

const TargetKind target_lab_changer = {
    .name = "lab-changer",
    .summary = "a changer of tgtd through the kernel's iSCSI initiator, in "
               "the lab",
    .needs_lab = TRUE,
    .native = &initiator_sgio,
    .check = lab_tape_check,
    .start = lab_tape_start,
    .stop = lab_tape_stop,
    .blockdev = lab_tape_blockdev,
    .alive = lab_tape_alive,
};
