/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SG_IO as QEMU has it: one descriptor for all commands, and any number of
 * pieces. The native initiator is cleverer, and so does not meet the limits of
 * a descriptor.
 */
#ifndef SGBENCH_PROBE_SGIO_H
#define SGBENCH_PROBE_SGIO_H

#include <glib.h>
#include "command.h"

/* As QEMU's thread pool (util/thread-pool.c, max_threads). */
#define PROBE_SGIO_DEPTH 64

/*
 * Send @command @times from each of @depth threads on one descriptor of
 * @device. *@completion is the first that did not end well, or the last.
 * SGBENCH_ERROR_TARGET if the device can't be opened or is gone.
 */
gboolean probe_sgio(const char *device, const Arena *arena,
                    const Command *command, unsigned depth, unsigned times,
                    Completion *completion, GError **error);

#endif
