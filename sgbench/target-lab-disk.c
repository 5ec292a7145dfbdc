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
#include "error.h"
#include "medium.h"
#include "target-kinds.h"
#include "tool.h"

#define ADAPTERS "/sys/bus/pseudo/drivers/scsi_debug"
#define DIO_SYS "/sys/module/sg/parameters/allow_dio"
#define DIO_PROC "/proc/scsi/sg/allow_dio"
#define RESERVED_PROC "/proc/scsi/sg/def_reserved_size"
#define MAX_SECTORS_KB (32 << 10) /* twice the largest transfer */
#define TOOL_MS 60000
#define DEVICE_MS 10000 /* from loading to the nodes in /dev */

typedef struct LabDisk {
    Target base;
    char *temp_dir;
    gboolean loaded;
} LabDisk;

static const char *const yes_no[] = {"yes", "no", NULL};
static const char *const zero_one[] = {"0", "1", NULL};
static const char *const block_sizes[] = {"512", "4096", NULL};

static gboolean stores(const TargetSpec *spec)
{
    return strcmp(target_key(spec, "store", "yes"), "yes") == 0;
}

static gboolean lab_disk_check(const Job *job, const TargetSpec *spec,
                               TargetCaps *caps, GError **error)
{
    static const char *const known[] = {
        "size",      "block_size",        "store", "delay_ns", "max_queue",
        "allow_dio", "def_reserved_size", NULL,
    };
    gboolean dio = strcmp(target_key(spec, "allow_dio", "0"), "1") == 0;
    uint64_t size, reserved, delay, queue;

    if (!target_only_keys(job, spec, known, error) ||
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

/* A line of /sys or /proc; NULL if it is not there. The caller's. */
static char *read_line(const char *path)
{
    char *text;

    return g_file_get_contents(path, &text, NULL, NULL) ? g_strchomp(text)
                                                        : NULL;
}

static gboolean write_line(const char *path, const char *value, GError **error)
{
    FILE *file = fopen(path, "we");
    gboolean ok = file && fputs(value, file) >= 0;

    if (file && fclose(file) != 0) {
        ok = FALSE;
    }
    if (!ok) {
        g_set_error(error, SGBENCH_ERROR, SGBENCH_ERROR_TARGET,
                    "can't write %s to %s: %s", value, path, g_strerror(errno));
    }
    return ok;
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

/* The lab puts its modules where SGBENCH_LAB_MODULES says (lab-init.sh). */
static gboolean load(LabDisk *disk, GPtrArray *words, GError **error)
{
    const char *folder = g_getenv("SGBENCH_LAB_MODULES");

    g_ptr_array_insert(words, 0, g_strdup("modprobe"));
    if (folder) {
        g_ptr_array_insert(words, 1, g_strdup("-d"));
        g_ptr_array_insert(words, 2, g_strdup(folder));
    }
    g_ptr_array_add(words, NULL);
    return tool(disk, (const char *const *)words->pdata, error);
}

static gboolean load_module(LabDisk *disk, const char *name, GError **error)
{
    g_autoptr(GPtrArray) words = g_ptr_array_new_with_free_func(g_free);

    g_ptr_array_add(words, g_strdup(name));
    return load(disk, words, error);
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
#undef ADD
    if (!load(disk, words, error)) {
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
    g_autofree char *now = read_line(file);
    unsigned kb, before = now ? atoi(now) : 0;

    for (kb = MAX_SECTORS_KB; kb > before; kb /= 2) {
        g_autofree char *text = g_strdup_printf("%u", kb);

        g_clear_error(error);
        if (write_line(file, text, error)) {
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
    const char *file = access(DIO_SYS, W_OK) == 0 ? DIO_SYS : DIO_PROC;
    g_autofree char *now = NULL;

    if (!write_line(file, dio, error)) {
        return FALSE;
    }
    if (target_key(spec, "def_reserved_size", NULL)) {
        g_autofree char *bytes =
            g_strdup_printf("%" G_GUINT64_FORMAT, reserved);

        if (!write_line(RESERVED_PROC, bytes, error)) {
            return FALSE;
        }
    }
    target_set(&disk->base, "allow_dio", "%s", dio);
    now = read_line(RESERVED_PROC);
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

/* scsi-generic needs SG_GET_SCSI_ID, which only /dev/sgN has; scsi-block
 * wants the block device. */
static char *lab_disk_blockdev(Target *base, const char *device)
{
    return g_strdup_printf(
        "driver=host_device,filename=%s",
        strcmp(device, "scsi-block") == 0 ? base->block_device : base->device);
}

static gboolean lab_disk_alive(Target *base, GError **error)
{
    if (access(base->device, F_OK) == 0) {
        return TRUE;
    }
    g_set_error(error, SGBENCH_ERROR, SGBENCH_ERROR_TARGET,
                "target %s: %s has gone: scsi_debug was unloaded", base->name,
                base->device);
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
