/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Target kind "device": a device of this machine that sgbench did not make: a
 * disk, a tape drive, a medium changer. Keys:
 *
 *   device   its name: a link in /dev/disk/by-id or /dev/tape/by-id, /dev/sgN,
 *            /dev/sdX, /dev/nstN, /dev/schN, or H:C:T:L
 *   size     of a tape: bytes that are used of it at most (default 4G)
 *   timeout  seconds that a command may take: 30 of a disk; 900 of a tape, which
 *            rewinds for minutes, and of a changer, which takes stock
 *
 * What it takes to be written to is foreign.h's, and who else must not have it
 * device-lock.h's.
 */
#include <string.h>
#include <unistd.h>

#include "context.h"
#include "device.h"
#include "device-lock.h"
#include "error.h"
#include "foreign.h"
#include "medium.h"
#include "tape-command.h"
#include "tape-drive.h"
#include "target-kinds.h"

#define SG_DEPTH 16 /* SG_MAX_QUEUE, drivers/scsi/sg.c */

/* SPC-4 table 144 */
enum {
    TYPE_DISK = 0x00,
    TYPE_TAPE = 0x01,
    TYPE_CHANGER = 0x08,
};

typedef struct DeviceTarget {
    Target base;
    GPtrArray *all; /* Device * */
    const Device *device;
    DeviceLock *lock;
} DeviceTarget;

/* ---- what the kernel says of it ---- */

static const Device *find(const Job *job, const TargetSpec *spec,
                          GPtrArray **all, GError **error)
{
    const char *name = target_key(spec, "device", NULL);
    g_autoptr(GError) fault = NULL;
    g_autoptr(GPtrArray) devices = NULL;
    const Device *device;

    if (!name) {
        target_spec_error(job, spec, NULL, error,
                          "target '%s' has no device: write device=…, or name "
                          "it on the command line: --device NAME; `sgbench "
                          "devices` lists them",
                          spec->name);
        return NULL;
    }
    devices = device_list("", error);
    if (!devices) {
        g_prefix_error(error, "target %s, device %s: ", spec->name, name);
        return NULL;
    }
    device = device_find(devices, "", name, &fault);
    if (!device) {
        target_spec_error(job, spec, "device", error, "%s", fault->message);
        return NULL;
    }
    *all = g_steal_pointer(&devices);
    return device;
}

static gboolean disk_caps(const Job *job, const TargetSpec *spec,
                          const Device *device, TargetCaps *caps,
                          GError **error)
{
    const DeviceLimits *limits = &device->limits;
    uint64_t largest = limits->max_hw_bytes != DEVICE_UNKNOWN
                           ? limits->max_hw_bytes
                           : limits->max_bytes;

    if (!device->block || limits->logical_block == DEVICE_UNKNOWN ||
        limits->size == DEVICE_UNKNOWN || limits->size == 0) {
        target_spec_error(job, spec, "device", error,
                          "%s is a disk without a block device, or without a "
                          "medium: modprobe sd_mod, and see `sgbench devices "
                          "%s`",
                          device->address, device->address);
        return FALSE;
    }
    caps->medium = &medium_disk;
    caps->max_depth = SG_DEPTH;
    caps->max_transfer = MIN(largest, 16 << 20);
    caps->block_size = limits->logical_block;
    caps->size = limits->size;
    caps->timeout_s = TARGET_TIMEOUT_S;
    return TRUE;
}

static void tape_caps(const Device *device, TargetCaps *caps)
{
    caps->medium = &medium_tape;
    caps->max_depth = 1;
    caps->max_transfer = TAPE_BLOCK_MAX;
    caps->block_size = 1;
    caps->timeout_s = TARGET_TIMEOUT_SLOW_S;
    tape_drive_expect(caps, device->vendor, device->model);
}

static gboolean type_caps(const Job *job, const TargetSpec *spec,
                          const Device *device, TargetCaps *caps,
                          GError **error)
{
    uint64_t timeout;

    *caps = (TargetCaps){
        .stores_data = TRUE,
        .reports_resid = TRUE,
        .kernel_sgio = TRUE,
        .machine_speed = !run_in_lab(),
        .verdicts = run_in_lab() ? "what a device of the lab can show"
                                 : "everything: it is real",
    };
    switch (device->type) {
    case TYPE_DISK:
        if (!disk_caps(job, spec, device, caps, error)) {
            return FALSE;
        }
        break;
    case TYPE_TAPE:
        tape_caps(device, caps);
        break;
    case TYPE_CHANGER:
        caps->medium = &medium_changer;
        caps->max_depth = 1;
        caps->max_transfer = 1 << 20;
        caps->block_size = 1;
        caps->reports_resid = FALSE; /* not all of them do */
        caps->timeout_s = TARGET_TIMEOUT_SLOW_S;
        break;
    default:
        target_spec_error(job, spec, "device", error,
                          "%s is a %s: disks, tapes and changers can be used",
                          device->address, device_type_name(device->type));
        return FALSE;
    }
    if (device->type != TYPE_TAPE && target_key(spec, "size", NULL)) {
        target_spec_error(job, spec, "size", error,
                          "size is a tape's; %s is a %s, leave it out",
                          device->address, device_type_name(device->type));
        return FALSE;
    }
    if (!target_key_number(job, spec, "timeout", caps->timeout_s, 1, 86400,
                           &timeout, error)) {
        return FALSE;
    }
    caps->timeout_s = timeout;
    return device->type != TYPE_TAPE ||
           target_key_size(job, spec, "size", 4ull << 30, 1 << 20, 1ull << 50,
                           &caps->size, error);
}

static const Device *look(const Job *job, const TargetSpec *spec,
                          TargetCaps *caps, GPtrArray **all, GError **error)
{
    static const char *const known[] = {"device", "size", "timeout", NULL};
    const Device *device;

    if (!target_only_keys(job, spec, known, error)) {
        return NULL;
    }
    device = find(job, spec, all, error);
    if (!device || !type_caps(job, spec, device, caps, error)) {
        return NULL;
    }
    return device;
}

/* Sends no command and opens nothing for writing: device.h. */
static gboolean device_check(const Job *job, const TargetSpec *spec,
                             TargetCaps *caps, GError **error)
{
    g_autoptr(GPtrArray) all = NULL;

    return look(job, spec, caps, &all, error) != NULL;
}

/* ---- what it says itself ---- */

static gboolean exclude(gpointer opaque, GError **error)
{
    DeviceTarget *target = opaque;

    return device_lock_exclude(target->lock, error);
}

static void record(DeviceTarget *target)
{
    const Device *device = target->device;
    const DeviceLimits *limits = &device->limits;
    const struct {
        const char *name;
        uint64_t value;
    } numbers[] = {
        {"max_bytes", limits->max_bytes},
        {"max_hw_bytes", limits->max_hw_bytes},
        {"segments", limits->segments},
        {"host_segments", limits->host_segments},
        {"queue_depth", limits->queue_depth},
        {"def_reserved_size", limits->reserved_bytes},
        {"allow_dio", limits->allow_dio},
    };

    target_set(&target->base, "address", "%s", device->address);
    target_set(&target->base, "hba", "%s", device->driver);
    if (device->transport) {
        target_set(&target->base, "transport", "%s", device->transport);
    }
    if (device->wwid) {
        target_set(&target->base, "wwid", "%s", device->wwid);
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(numbers); i++) {
        if (numbers[i].value != DEVICE_UNKNOWN) {
            target_set(&target->base, numbers[i].name, "%" G_GUINT64_FORMAT,
                       numbers[i].value);
        }
    }
    target_set(&target->base, "timeout", "%u", target->base.caps.timeout_s);
    target_set(&target->base, "written_to", "%s",
               target->base.read_only ? "no" : "yes");
}

static void device_stop(Target *base)
{
    DeviceTarget *target = (DeviceTarget *)base;

    device_lock_release(target->lock);
    g_ptr_array_unref(target->all);
    target_clear(base);
    g_free(target);
}

static gboolean admit(DeviceTarget *target, RunContext *context, const Job *job,
                      const TargetSpec *spec, GError **error)
{
    static const InitiatorNeeds needs = {.arena_size = 1 << 20};
    Target *base = &target->base;
    g_autoptr(Initiator) initiator = NULL;

    base->read_only = TRUE; /* until it is known */
    initiator = initiator_sgio.open(context, base, NULL, &needs, error);
    if (!initiator) {
        return FALSE;
    }
    return foreign_is_ready(base, initiator, error) &&
           (target->device->type != TYPE_TAPE ||
            tape_drive_ask(base, initiator, error)) &&
           target_identify(base, initiator, error) &&
           foreign_admit(context, job, spec, base, initiator, exclude, target,
                         error);
}

static Target *device_start(RunContext *context, const Job *job,
                            const TargetSpec *spec, GError **error)
{
    g_autoptr(GPtrArray) all = NULL;
    DeviceTarget *target;
    const Device *device;
    TargetCaps caps;

    device = look(job, spec, &caps, &all, error);
    if (!device) {
        return NULL;
    }
    target = g_new0(DeviceTarget, 1);
    target_init(&target->base, &target_device, spec, &caps);
    target->all = g_steal_pointer(&all);
    target->device = device;
    target->base.device = g_strdup(device->sg);
    target->base.block_device = g_strdup(device->block);
    target->lock = device_lock_take(device, target->all, error);
    if (!target->lock || !admit(target, context, job, spec, error)) {
        device_stop(&target->base);
        return NULL;
    }
    record(target);
    return &target->base;
}

/* As lab-disk: scsi-generic needs SG_GET_SCSI_ID, which only /dev/sgN has;
 * scsi-block wants the block device. A node that QEMU must not write to by
 * itself is still one that scsi-generic can open. */
static char *device_blockdev(Target *base, const char *device)
{
    return g_strdup_printf(
        "driver=host_device,filename=%s",
        strcmp(device, "scsi-block") == 0 ? base->block_device : base->device);
}

static gboolean device_alive(Target *base, GError **error)
{
    const DeviceTarget *target = (DeviceTarget *)base;
    g_autofree char *state = device_line(
        "", "/sys/class/scsi_device/%s/device/state", target->device->address);

    if (state && g_str_equal(state, "running")) {
        return TRUE;
    }
    g_set_error(error, SGBENCH_ERROR, SGBENCH_ERROR_TARGET,
                "target %s: %s (%s) %s%s; the kernel's log says why",
                base->name, base->device, target->device->address,
                state ? "is now " : "is gone", state ? state : "");
    return FALSE;
}

const TargetKind target_device = {
    .name = "device",
    .summary = "a disk, tape drive or changer of this machine",
    .needs_lab = FALSE,
    .foreign = TRUE,
    .native = &initiator_sgio,
    .check = device_check,
    .start = device_start,
    .stop = device_stop,
    .blockdev = device_blockdev,
    .alive = device_alive,
    .confirm = foreign_confirm,
};
