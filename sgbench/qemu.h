/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One QEMU process without a guest: a pc machine under the qtest accelerator,
 * its RAM shared with us, one HBA, in an IOThread if it can be, one device, and
 * memory that is not RAM if it is wanted.
 */
#ifndef SGBENCH_QEMU_H
#define SGBENCH_QEMU_H

#include <stdint.h>
#include <sys/types.h>
#include <glib.h>
#include "context.h"
#include "hba.h"
#include "process.h"
#include "qtest.h"
#include "target.h"

/* A pc machine's RAM is one piece from 0 up to here; more is split around the
 * PCI hole (hw/i386/pc_piix.c). */
#define QEMU_RAM_MAX (UINT64_C(3) << 30)

/* Address of the device on the HBA. */
#define QEMU_SCSI_TARGET 0
#define QEMU_SCSI_LUN 0

/* Largest device memory, from QEMU_RAM_MAX on: more than any cell of a job
 * needs (64 lists of 2048 pieces), and below HBA_BAR_START. */
#define QEMU_DEVICE_MEMORY_MAX (UINT64_C(256) << 20)

/* What a QEMU is to have. */
typedef struct QemuNeeds {
    const HbaKind *hba;
    uint64_t ram_size; /* bytes, rounded up to MiB, at most QEMU_RAM_MAX */
    /* Bytes, rounded up to a power of two, at most QEMU_DEVICE_MEMORY_MAX; 0:
     * none. It is an NVMe controller's (controller memory buffer, BAR 2):
     * QEMU emulates each access to it (hw/nvme/ctrl.c, nvme_cmb_ops). */
    uint64_t device_memory;
    const char *const *devices; /* more -device; NULL-terminated, or NULL */
} QemuNeeds;

typedef struct Qemu {
    Process *process;
    Qtest *qtest;
    uint8_t *ram; /* mapped here too */
    uint64_t ram_size;
    pid_t iothread_tid;  /* 0: the HBA has none */
    DeviceMemory device; /* size 0 if there is none */
    char *label;         /* for messages: path and target */
} Qemu;

/*
 * Folder of the finished build @name: $SGBENCH_QEMU_NAME (upper case) if set;
 * else what `qemu-tracepoints/build --print NAME` says, if there is a source
 * folder ($SGBENCH_SOURCE_DIR or the one this was built from); else the newest
 * in the cache. The answer stays the same for the whole process.
 * SGBENCH_ERROR_PREFLIGHT that says how to build it. The caller's. Main thread
 * only.
 */
char *qemu_build_dir(RunContext *context, const char *name, GError **error);

/*
 * Start it on @target by @path, wait until it answers. Its output goes to
 * run_dir/logs/START-TARGET-PATH.log; context->starts counts it. From the main
 * thread only (see process_start).
 *
 * SGBENCH_ERROR_PREFLIGHT (no build, no memory), SGBENCH_ERROR_QEMU with its
 * last words.
 */
Qemu *qemu_start(RunContext *context, Target *target, const PathKind *path,
                 const QemuNeeds *needs, GError **error);

/* End it; qemu_stop() is all that is allowed then. FALSE with SGBENCH_ERROR_QEMU
 * if that takes more than @grace_ms, or it does not exit with code 0. */
gboolean qemu_end(Qemu *qemu, unsigned grace_ms, GError **error);

/* End it, by force if need be; unmaps the RAM. NULL is fine. */
void qemu_stop(Qemu *qemu);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Qemu, qemu_stop)

/* FALSE with SGBENCH_ERROR_QEMU (how it ended, last words, log) if it is gone.
 * Cheap enough for now and then, not for every poll. Any thread, one at a
 * time. */
gboolean qemu_check(Qemu *qemu, GError **error);

#endif
