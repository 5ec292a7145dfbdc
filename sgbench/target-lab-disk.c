/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Target kind "lab-disk": a disk of the kernel's scsi_debug driver, in the lab
 * only. Keys:
 *
 *   size               of its memory (default 256M)
 *   block_size         512 (default) or 4096
 *   store              yes (default) or no (fake_rw=1: reads and writes move
 *                      no data)
 *   delay_ns           of each command (default 0: answered at once)
 *   max_queue          commands it takes (default 192, scsi_debug's own)
 *   allow_dio          0 (default) or 1: the sg driver's parameter
 *   def_reserved_size  of the sg driver (default: its own, 32 KiB)
 *
 * and scsi_debug's own parameters, as they are: table scsi_debug_keys.
 */
#include <errno.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "context.h"
#include "device.h"
#include "error.h"
#include "lab-module.h"
#include "medium.h"
#include "sg-parameters.h"
#include "target-kinds.h"
#include "tool.h"

#define ADAPTERS "/sys/bus/pseudo/drivers/scsi_debug"
#define MAX_SECTORS_KB (32 << 10) /* twice the largest transfer */
#define TOOL_MS 60000
#define DEVICE_MS 10000 /* from loading to the nodes in /dev */

typedef struct LabDisk {
    Target base;
    char *temp_dir;
    gboolean loaded;
} LabDisk;

/* Parameters of scsi_debug that are handed on (modinfo scsi_debug; the kernel's
 * drivers/scsi/scsi_debug.c). What a disk says of itself, what it takes, and
 * what it does wrong. Left out: what makes more than one disk, or another kind
 * of device, or a store that is smaller than the disk. */
static const struct {
    const char *name;
    uint64_t min, max;
} scsi_debug_keys[] = {
    /* what it says of itself */
    {"physblk_exp", 0, 15}, /* 3 with 512-byte blocks: 512e */
    {"lowest_aligned", 0, 0x3fff},
    {"opt_blks", 0, 1 << 30},
    {"opt_xferlen_exp", 0, 15},
    {"removable", 0, 1},
    {"scsi_level", 0, 7},
    {"dsense", 0, 1},
    {"cdb_len", 6, 32},
    /* logical block provisioning */
    {"lbpu", 0, 1},
    {"lbpws", 0, 1},
    {"lbpws10", 0, 1},
    {"lbprz", 0, 2},
    {"unmap_alignment", 0, 1 << 30},
    {"unmap_granularity", 1, 1 << 30},
    {"unmap_max_blocks", 0, INT32_MAX},
    {"unmap_max_desc", 0, 256},
    {"write_same_length", 0, 0xffff},
    /* protection information */
    {"dif", 0, 3},
    {"dix", 0, 255},
    {"guard", 0, 1},
    {"ato", 0, 1},
    /* its queue and its time */
    {"host_max_queue", 0, 192},
    {"submit_queues", 1, 64},
    {"random", 0, 1},
    {"clustering", 0, 1},
    {"statistics", 0, 1},
    {"tur_ms_to_ready", 0, 60000},
    {"strict", 0, 1},
    /* what it does wrong */
    {"opts", 0, 0xffffff},
    {"every_nth", 0, 1 << 30},
    {"medium_error_start", 0, INT32_MAX},
    {"medium_error_count", 0, INT32_MAX},
    {"wp", 0, 1},
};

static const char *const yes_no[] = {"yes", "no", NULL};
static const char *const zero_one[] = {"0", "1", NULL};
static const char *const block_sizes[] = {"512", "4096", NULL};

static gboolean stores(const TargetSpec *spec)
{
    return strcmp(target_key(spec, "store", "yes"), "yes") == 0;
}

static GPtrArray *known_keys(void)
{
    static const char *const ours[] = {
        "size",      "block_size",        "store", "delay_ns", "max_queue",
        "allow_dio", "def_reserved_size", NULL,
    };
    GPtrArray *known = g_ptr_array_new();

    for (unsigned i = 0; ours[i]; i++) {
        g_ptr_array_add(known, (void *)ours[i]);
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(scsi_debug_keys); i++) {
        g_ptr_array_add(known, (void *)scsi_debug_keys[i].name);
    }
    g_ptr_array_add(known, NULL);
    return known;
}

static gboolean check_scsi_debug_keys(const Job *job, const TargetSpec *spec,
                                      GError **error)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(scsi_debug_keys); i++) {
        uint64_t value;

        if (!target_key_number(job, spec, scsi_debug_keys[i].name, 0,
                               scsi_debug_keys[i].min, scsi_debug_keys[i].max,
                               &value, error)) {
            return FALSE;
        }
    }
    return TRUE;
}

static gboolean lab_disk_check(const Job *job, const TargetSpec *spec,
                               TargetCaps *caps, GError **error)
{
    g_autoptr(GPtrArray) known = known_keys();
    gboolean dio = strcmp(target_key(spec, "allow_dio", "0"), "1") == 0;
    uint64_t size, reserved, delay, queue;

    if (!target_only_keys(job, spec, (const char *const *)known->pdata,
                          error) ||
        !check_scsi_debug_keys(job, spec, error) ||
        !target_key_choice(job, spec, "store", yes_no, error) ||
        !target_key_choice(job, spec, "allow_dio", zero_one, error) ||
        !target_key_choice(job, spec, "block_size", block_sizes, error) ||
        !target_key_size(job, spec, "size", 256 << 20, 1 << 20, 64ull << 30,
                         &size, error) ||
        !target_key_size(job, spec, "def_reserved_size", 32768, 4096, 1 << 20,
                         &reserved, error) ||
        !target_key_number(job, spec, "delay_ns", 0, 0, 1000000000, &delay,
                           error) ||
        !target_key_number(job, spec, "max_queue", 0, 0, 192, &queue, error)) {
        return FALSE;
    }
    if (size % (1 << 20)) {
        target_spec_error(job, spec, "size", error,
                          "size must be a multiple of 1M (dev_size_mb)");
        return FALSE;
    }
    /* A request has at most 2048 segments (SG_MAX_SEGMENTS). Copied, 8 MiB
     * fit and 16 MiB are EINVAL; direct, each page is one, and 8 MiB that
     * start inside a page have one too many. */
    *caps = (TargetCaps){
        .medium = &medium_disk,
        .stores_data = stores(spec),
        .reports_resid = TRUE,
        .kernel_sgio = TRUE,
        .machine_speed = FALSE,
        .no_unmap = strcmp(target_key(spec, "lbpu", "0"), "1") != 0,
        .no_unmap_remedy = "write lbpu=1 in its group",
        .max_depth = 16, /* SG_MAX_QUEUE, drivers/scsi/sg.c */
        .max_transfer = dio ? 4 << 20 : 8 << 20,
        .block_size = strcmp(target_key(spec, "block_size", "512"), "512") == 0
                          ? 512
                          : 4096,
        .size = size,
        .verdicts = "correctness, direct I/O, limits; ratios of speed from "
                    "256 KiB up, beside faults per request",
    };
    return TRUE;
}

/* The one name in a folder that begins with @prefix; the caller's or NULL. */
static char *only_entry(const char *folder, const char *prefix)
{
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    const char *name;

    while (dir && (name = g_dir_read_name(dir))) {
        if (g_str_has_prefix(name, prefix)) {
            return g_strdup(name);
        }
    }
    return NULL;
}

static gboolean tool(LabDisk *disk, const char *const *argv, GError **error)
{
    g_autofree char *log =
        g_build_filename(disk->temp_dir, "modprobe.log", NULL);

    return tool_run(argv, NULL, log, TOOL_MS, SGBENCH_ERROR_TARGET, NULL,
                    error);
}

static gboolean load_module(LabDisk *disk, const char *name, GError **error)
{
    const char *const words[] = {name, NULL};

    return lab_module_load(disk->temp_dir, words, error);
}

static gboolean load_scsi_debug(LabDisk *disk, const TargetSpec *spec,
                                uint64_t size, GError **error)
{
    g_autoptr(GPtrArray) words = g_ptr_array_new_with_free_func(g_free);
    const char *delay = target_key(spec, "delay_ns", "0");
    const char *queue = target_key(spec, "max_queue", NULL);

#define ADD(...) g_ptr_array_add(words, g_strdup_printf(__VA_ARGS__))
    ADD("scsi_debug");
    ADD("dev_size_mb=%" G_GUINT64_FORMAT, size >> 20);
    ADD("sector_size=%s", target_key(spec, "block_size", "512"));
    ADD("fake_rw=%d", !stores(spec));
    /* delay counts in jiffies and would win over ndelay 0. */
    if (strcmp(delay, "0") == 0) {
        ADD("delay=0");
    } else {
        ADD("ndelay=%s", delay);
    }
    if (queue) {
        ADD("max_queue=%s", queue);
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(scsi_debug_keys); i++) {
        const char *name = scsi_debug_keys[i].name;
        const char *value = target_key(spec, name, NULL);

        if (value) {
            ADD("%s=%s", name, value);
            target_set(&disk->base, name, "%s", value);
        }
    }
    g_ptr_array_add(words, NULL);
#undef ADD
    if (!lab_module_load(disk->temp_dir, (const char *const *)words->pdata,
                         error)) {
        return FALSE;
    }
    disk->loaded = TRUE;
    return TRUE;
}

/* /dev/sgN and /dev/sdX of the first disk of the only adapter. The disk's
 * driver probes in the background. */
static gboolean find_nodes(LabDisk *disk, GError **error)
{
    gint64 end = g_get_monotonic_time() + DEVICE_MS * 1000ll;

    for (;;) {
        static const char *const steps[] = {"adapter", "host", "target", NULL};
        g_autofree char *folder = g_strdup(ADAPTERS);
        g_autofree char *sg = NULL, *sd = NULL, *unit = NULL;

        for (const char *const *step = steps; *step; step++) {
            g_autofree char *name = only_entry(folder, *step);
            char *deeper = g_build_filename(folder, name ? name : "-", NULL);

            g_free(folder);
            folder = deeper;
        }
        {
            /* ADAPTER/hostN/targetN:0:0/N:0:0:0 */
            const char *target = strrchr(folder, '/') + 1;
            g_autofree char *prefix =
                g_str_has_prefix(target, "target")
                    ? g_strconcat(target + strlen("target"), ":", NULL)
                    : NULL;
            g_autofree char *name = prefix ? only_entry(folder, prefix) : NULL;

            unit = g_build_filename(folder, name ? name : "-", NULL);
        }
        {
            g_autofree char *generic =
                g_build_filename(unit, "scsi_generic", NULL);
            g_autofree char *block = g_build_filename(unit, "block", NULL);

            sg = only_entry(generic, "sg");
            sd = only_entry(block, "sd");
        }
        if (sg && sd) {
            disk->base.device = g_build_filename("/dev", sg, NULL);
            disk->base.block_device = g_build_filename("/dev", sd, NULL);
            if (access(disk->base.device, R_OK | W_OK) == 0 &&
                access(disk->base.block_device, R_OK | W_OK) == 0) {
                return TRUE;
            }
            g_clear_pointer(&disk->base.device, g_free);
            g_clear_pointer(&disk->base.block_device, g_free);
        }
        if (run_check_interrupted(error)) {
            return FALSE;
        }
        if (g_get_monotonic_time() > end) {
            g_set_error(error, SGBENCH_ERROR, SGBENCH_ERROR_TARGET,
                        "scsi_debug is loaded, but its disk did not appear in "
                        "%d s (%s)",
                        DEVICE_MS / 1000, unit);
            return FALSE;
        }
        g_usleep(10000);
    }
}

/*
 * Without this /dev/sdX refuses with EIO what /dev/sgN takes. What is allowed
 * also depends on the device's own limit, which sysfs does not show
 * (queue_max_sectors_store, block/blk-sysfs.c): the largest that is taken.
 */
static gboolean raise_max_sectors(LabDisk *disk, GError **error)
{
    g_autofree char *name = g_path_get_basename(disk->base.block_device);
    g_autofree char *file = g_strdup_printf("/sys/block/%s/queue/"
                                            "max_sectors_kb",
                                            name);
    g_autofree char *now = device_line("", "%s", file);
    unsigned kb, before = now ? atoi(now) : 0;

    for (kb = MAX_SECTORS_KB; kb > before; kb /= 2) {
        g_autofree char *text = g_strdup_printf("%u", kb);

        g_clear_error(error);
        if (sys_write(file, text, error)) {
            break;
        }
    }
    if (kb <= before && before == 0) {
        return FALSE;
    }
    g_clear_error(error);
    target_set(&disk->base, "max_sectors_kb", "%u", MAX(kb, before));
    return TRUE;
}

static gboolean set_sg_parameters(LabDisk *disk, const TargetSpec *spec,
                                  uint64_t reserved, GError **error)
{
    const char *dio = target_key(spec, "allow_dio", "0");
    g_autofree char *now = NULL;

    if (!sg_set_allow_dio(dio, error)) {
        return FALSE;
    }
    if (target_key(spec, "def_reserved_size", NULL)) {
        g_autofree char *bytes =
            g_strdup_printf("%" G_GUINT64_FORMAT, reserved);

        if (!sg_set_reserved_size(bytes, error)) {
            return FALSE;
        }
    }
    target_set(&disk->base, "allow_dio", "%s", dio);
    now = sg_reserved_size();
    target_set(&disk->base, "def_reserved_size", "%s", now ? now : "unknown");
    return TRUE;
}

static void lab_disk_stop(Target *base)
{
    static const char *const unload[] = {"rmmod", "scsi_debug", NULL};
    LabDisk *disk = (LabDisk *)base;

    if (disk->loaded) {
        g_autoptr(GError) error = NULL;

        /* A moment later the last user's descriptors are gone for sure. */
        for (unsigned i = 0; i < 20; i++) {
            g_clear_error(&error);
            if (tool(disk, unload, &error)) {
                break;
            }
            g_usleep(50000);
        }
        if (error) {
            g_printerr("sgbench: %s: %s\n", base->name, error->message);
        }
    }
    g_free(disk->temp_dir);
    target_clear(base);
    g_free(disk);
}

static Target *lab_disk_start(RunContext *context, const Job *job,
                              const TargetSpec *spec, GError **error)
{
    uint64_t size, reserved;
    TargetCaps caps;
    LabDisk *disk;

    if (!lab_disk_check(job, spec, &caps, error) ||
        !target_key_size(job, spec, "size", 256 << 20, 0, UINT64_MAX, &size,
                         error) ||
        !target_key_size(job, spec, "def_reserved_size", 0, 0, UINT64_MAX,
                         &reserved, error)) {
        return NULL;
    }
    if (!context->in_lab) {
        g_set_error(error, SGBENCH_ERROR, SGBENCH_ERROR_PREFLIGHT,
                    "kind lab-disk exists in the lab only: run `sgbench lab "
                    "%s`",
                    job->file);
        return NULL;
    }
    if (access(ADAPTERS, F_OK) == 0) {
        g_set_error(error, SGBENCH_ERROR, SGBENCH_ERROR_PREFLIGHT,
                    "there is a scsi_debug already: a job can have one target "
                    "of kind lab-disk");
        return NULL;
    }
    disk = g_new0(LabDisk, 1);
    target_init(&disk->base, &target_lab_disk, spec, &caps);
    disk->temp_dir = g_strdup(context->temp_dir);
    if (!load_module(disk, "sg", error) ||
        !load_module(disk, "sd_mod", error) ||
        !load_scsi_debug(disk, spec, size, error) || !find_nodes(disk, error) ||
        !raise_max_sectors(disk, error) ||
        !set_sg_parameters(disk, spec, reserved, error)) {
        lab_disk_stop(&disk->base);
        return NULL;
    }
    target_set(&disk->base, "size", "%" G_GUINT64_FORMAT, size);
    target_set(&disk->base, "store", "%s", stores(spec) ? "yes" : "no");
    target_set(&disk->base, "delay_ns", "%s",
               target_key(spec, "delay_ns", "0"));
    target_set(&disk->base, "block_size", "%s",
               target_key(spec, "block_size", "512"));
    return &disk->base;
}

/* scsi-generic needs SG_GET_SCSI_ID, which only /dev/sgN has; others want
 * the block device. */
static char *lab_disk_blockdev(Target *base, const char *device)
{
    return g_strdup_printf("driver=host_device,filename=%s",
                           strcmp(device, "scsi-generic") == 0
                               ? base->device
                               : base->block_device);
}

static gboolean lab_disk_alive(Target *base, GError **error)
{
    if (access(base->device, F_OK) == 0) {
        return TRUE;
    }
    g_set_error(error, SGBENCH_ERROR, SGBENCH_ERROR_TARGET,
                "target %s: %s has gone: removed, or scsi_debug unloaded",
                base->name, base->device);
    return FALSE;
}

const TargetKind target_lab_disk = {
    .name = "lab-disk",
    .summary = "a disk of the kernel's scsi_debug driver, in the lab",
    .needs_lab = TRUE,
    .native = &initiator_sgio,
    .check = lab_disk_check,
    .start = lab_disk_start,
    .stop = lab_disk_stop,
    .blockdev = lab_disk_blockdev,
    .alive = lab_disk_alive,
};
