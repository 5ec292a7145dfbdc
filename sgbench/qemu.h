/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One QEMU process without a guest: a pc machine under the qtest accelerator,
 * its RAM shared with us, one virtio-scsi HBA in an IOThread, one device.
 */
#ifndef SGBENCH_QEMU_H
#define SGBENCH_QEMU_H

#include <stdint.h>
#include <sys/types.h>
#include <glib.h>
#include "context.h"
#include "process.h"
#include "qtest.h"
#include "target.h"

typedef struct Qemu {
    Process *process;
    Qtest *qtest;
    uint8_t *ram;          /* mapped here too */
    uint64_t ram_size;
    pid_t iothread_tid;
    char *label;           /* for messages: path and target */
} Qemu;

/* Folder of the finished build @name in the cache (newest first if the exact
 * key is not known: the one `qemu-tracepoints/build --print NAME` names).
 * SGBENCH_ERROR_PREFLIGHT that says how to build it. The caller's. */
char *qemu_build_dir(RunContext *context, const char *name, GError **error);

/* Start it on @target by @path with @ram_size bytes of guest RAM. */
Qemu *qemu_start(RunContext *context, Target *target, const PathKind *path,
                 uint64_t ram_size, GError **error);
void qemu_stop(Qemu *qemu);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Qemu, qemu_stop)

/* FALSE with SGBENCH_ERROR_QEMU (how it ended, last words, log) if it is gone.
 * Cheap enough for now and then, not for every poll. */
gboolean qemu_check(Qemu *qemu, GError **error);

#endif
