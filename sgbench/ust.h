/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sgbench's own trace events (provider "sgbench"; qemu-tracepoints/README.md
 * has the catalogue). Nothing happens until ust_load(): the provider is a
 * module of its own, because liblttng-ust starts threads and looks for session
 * daemons as soon as it is in a process, which untraced rounds must not have.
 */
#ifndef SGBENCH_UST_H
#define SGBENCH_UST_H

#include <stdint.h>
#include <glib.h>
#include "command.h"

/* Load the module and wait until the session daemons have enabled its events.
 * Once is enough for a process, it stays. From the main thread, before others
 * run: it changes the environment for a moment. SGBENCH_ERROR_TRACE. */
gboolean ust_load(GError **error);

/* The events. Any thread. */
void ust_cell_begin(const char *cell, uint32_t round);
void ust_cell_end(const char *cell, uint64_t requests, uint64_t bytes);
void ust_post(const Command *command, uint32_t lun);
void ust_complete(const Command *command, const Completion *completion);

#endif
