/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Target kind "null": commands are answered inside QEMU, by the block driver
 * null-sg. What is left is QEMU's own work. Keys, all of them null-sg's own
 * options (qapi/block-core.json, BlockdevOptionsNullSg):
 *
 *   personality  disk (default) or tape
 *   size         capacity (default 256M)
 *   block-size   of a disk: 512 (default) or 4096
 *   data         untouched (default): nobody looks at the data; filled: each
 *                byte of a READ is written and of a WRITE is read, once;
 *                stored: what was written can be read back
 *   latency-ns   how long a command takes, asleep (default 0)
 *   busy-ns      CPU time burned for each command (default 0)
 *   max-iovecs   pieces of memory it takes in one command (default 1024, as
 *                the kernel's SG_IO)
 *
 * and what goes wrong with READs and WRITEs, on purpose (null-fault.h):
 *
 *   fault        none (default), medium-error, busy, short, hang, …
 *   fault-skip   how many of each sort go well before (default 0)
 *   fault-count  how many then do not; 0 (default): all
 *
 * The device is born and dies with each QEMU: nothing of what one has written
 * is there for the next, and there is no way to it but through QEMU.
 */
#include <glib.h>
#include <string.h>

#include "medium.h"
#include "null-fault.h"
#include "tape-command.h"
#include "target-kinds.h"

#define NS_MAX 1000000000 /* of one command; as lab-disk's delay_ns */
#define FAULTS_MAX 1000000000
#define IOVECS_MAX 1024 /* UIO_MAXIOV */

typedef struct Options {
    const char *personality, *data; /* borrowed of the TargetSpec */
    const char *fault;
    uint64_t size, block_size, latency_ns, busy_ns, max_iovecs;
    uint64_t fault_skip, fault_count;
    gboolean tape;
} Options;

typedef struct NullTarget {
    Target base;
    char *faults; /* options of -blockdev */
} NullTarget;

/* What is set for each target, whether the job has it or not: what null-sg
 * does by default is then not asked. */
static const char *const keys[] = {
    "personality", "size",    "block-size", "data",
    "latency-ns",  "busy-ns", "max-iovecs", NULL,
};

static gboolean read_options(const Job *job, const TargetSpec *spec, Options *o,
                             GError **error)
{
    static const char *const known[] = {
        "personality", "size",        "block-size", "data",
        "latency-ns",  "busy-ns",     "max-iovecs", "fault",
        "fault-skip",  "fault-count", NULL,
    };
    static const char *const personalities[] = {"disk", "tape", NULL};
    static const char *const block_sizes[] = {"512", "4096", NULL};
    static const char *const ways[] = {"untouched", "filled", "stored", NULL};

    if (!target_only_keys(job, spec, known, error) ||
        !target_key_choice(job, spec, "fault", null_fault_names(), error) ||
        !target_key_number(job, spec, "fault-skip", 0, 0, FAULTS_MAX,
                           &o->fault_skip, error) ||
        !target_key_number(job, spec, "fault-count", 0, 0, FAULTS_MAX,
                           &o->fault_count, error) ||
        !target_key_choice(job, spec, "personality", personalities, error) ||
        !target_key_size(job, spec, "size", 256 << 20, 1 << 20, 1ull << 40,
                         &o->size, error) ||
        !target_key_choice(job, spec, "block-size", block_sizes, error) ||
        !target_key_choice(job, spec, "data", ways, error) ||
        !target_key_number(job, spec, "latency-ns", 0, 0, NS_MAX,
                           &o->latency_ns, error) ||
        !target_key_number(job, spec, "busy-ns", 0, 0, NS_MAX, &o->busy_ns,
                           error) ||
        !target_key_number(job, spec, "max-iovecs", IOVECS_MAX, 1, IOVECS_MAX,
                           &o->max_iovecs, error)) {
        return FALSE;
    }
    o->fault = target_key(spec, "fault", "none");
    o->personality = target_key(spec, "personality", personalities[0]);
    o->data = target_key(spec, "data", ways[0]);
    o->block_size = g_ascii_strtoull(
        target_key(spec, "block-size", block_sizes[0]), NULL, 10);
    o->tape = strcmp(o->personality, "tape") == 0;
    if (o->tape && target_key(spec, "block-size", NULL)) {
        target_spec_error(job, spec, "block-size", error,
                          "a tape has no block-size here: key block of a "
                          "matrix sets it, and without it blocks are variable");
        return FALSE;
    }
    if (o->tape) {
        o->block_size = 0; /* variable */
    }
    if (o->size % 4096) {
        target_spec_error(job, spec, "size", error,
                          "size must be a multiple of 4K");
        return FALSE;
    }
    return TRUE;
}

/* A path without SCSI commands gets null-co, or null-sg if it is to keep the
 * data, of which it asks for blocks: what else null-sg does is for SG_IO. */
static const char *no_raw(const Options *o)
{
    gboolean stored = strcmp(o->data, "stored") == 0;

    if (strcmp(o->data, "filled") == 0) {
        return "has data=filled, which is for SCSI commands; write "
               "data=untouched or data=stored";
    }
    if (o->busy_ns) {
        return "has busy-ns, which is for SCSI commands; leave it out";
    }
    if (stored && o->latency_ns) {
        return "has latency-ns, which with data=stored is for SCSI commands; "
               "leave it out";
    }
    return strcmp(o->fault, "none") == 0
               ? NULL
               : "has a fault, which is for SCSI commands; leave it out";
}

static gboolean null_check(const Job *job, const TargetSpec *spec,
                           TargetCaps *caps, GError **error)
{
    Options o;
    gboolean stored;

    if (!read_options(job, spec, &o, error)) {
        return FALSE;
    }
    stored = strcmp(o.data, "stored") == 0;
    *caps = (TargetCaps){
        .stores_data = stored,
        .reports_resid = TRUE,
        .kernel_sgio = FALSE,
        .machine_speed = TRUE,
        .medium = o.tape ? &medium_tape : &medium_disk,
        .tape = TAPE_LOCATES | TAPE_LOGS | TAPE_WARNS_EARLY | TAPE_SPACES_BACK |
                TAPE_ENDS_FIXED | TAPE_CUTS_LONG | TAPE_COUNTS_SPACE,
        .no_raw = no_raw(&o),
        .max_depth = o.tape ? 1 : 64,
        /* A disk has no limit, but the job's */
        .max_transfer = o.tape ? TAPE_BLOCK_MAX : 16 << 20,
        .block_size = o.tape ? 1 : o.block_size,
        .size = o.size,
        .verdicts =
            stored ? "data, QEMU's own cost beside a copy; not on the kernel's "
                     "SG_IO, not on a device"
                   : "QEMU's own cost; not on data, not on the kernel's SG_IO, "
                     "not on a device",
    };
    return TRUE;
}

static void null_stop(Target *target)
{
    NullTarget *null = (NullTarget *)target;

    g_free(null->faults);
    target_clear(target);
    g_free(null);
}

static Target *null_start(RunContext *context, const Job *job,
                          const TargetSpec *spec, GError **error)
{
    NullTarget *null;
    Target *target;
    TargetCaps caps;
    Options o;

    if (!null_check(job, spec, &caps, error) ||
        !read_options(job, spec, &o, error)) {
        return NULL;
    }
    null = g_new0(NullTarget, 1);
    target = &null->base;
    target_init(target, &target_null, spec, &caps);
    target->device = g_strdup("null-sg in QEMU");
    target_set(target, "personality", "%s", o.personality);
    target_set(target, "size", "%" G_GUINT64_FORMAT, o.size);
    target_set(target, "block-size", "%" G_GUINT64_FORMAT, o.block_size);
    target_set(target, "data", "%s", o.data);
    target_set(target, "latency-ns", "%" G_GUINT64_FORMAT, o.latency_ns);
    target_set(target, "busy-ns", "%" G_GUINT64_FORMAT, o.busy_ns);
    null->faults = null_fault_options(o.fault, o.fault_skip, o.fault_count);
    if (null->faults[0]) {
        target_set(target, "fault", "%s", o.fault);
        target_set(target, "fault-skip", "%" G_GUINT64_FORMAT, o.fault_skip);
        target_set(target, "fault-count", "%" G_GUINT64_FORMAT, o.fault_count);
    }
    target_set(target, "max-iovecs", "%" G_GUINT64_FORMAT, o.max_iovecs);
    return target;
}

/* What run.json records is what QEMU is given: scsi-generic and scsi-block
 * get the same node. To ide-hd null-sg would copy each transfer. */
static char *null_blockdev(Target *target, const char *device)
{
    GString *text;

    if (strcmp(device, "ide-hd") == 0 &&
        strcmp(g_hash_table_lookup(target->settings, "data"), "stored") != 0) {
        return g_strdup_printf(
            "driver=null-co,read-zeroes=off,size=%s,latency-ns=%s",
            (char *)g_hash_table_lookup(target->settings, "size"),
            (char *)g_hash_table_lookup(target->settings, "latency-ns"));
    }
    text = g_string_new("driver=null-sg");
    for (unsigned i = 0; keys[i]; i++) {
        const char *value = g_hash_table_lookup(target->settings, keys[i]);

        g_string_append_printf(text, ",%s=%s", keys[i], value);
    }
    g_string_append(text, ((NullTarget *)target)->faults);
    return g_string_free(text, FALSE);
}

/* It is a part of QEMU, whose end is found by whoever talks to it. */
static gboolean null_alive(Target *target, GError **error)
{
    return TRUE;
}

const TargetKind target_null = {
    .name = "null",
    .summary = "commands answered inside QEMU, by the block driver null-sg",
    .needs_lab = FALSE,
    .native = NULL,
    .check = null_check,
    .start = null_start,
    .stop = null_stop,
    .blockdev = null_blockdev,
    .alive = null_alive,
};
