/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The lab: Debian's user-mode-linux kernel on this machine's own root folder,
 * read-only, for its SCSI drivers. Needs no root and no KVM.
 */
#ifndef SGBENCH_LAB_H
#define SGBENCH_LAB_H

#include <glib.h>

/*
 * Run @argv (NULL-terminated, argv[0] a path) inside the lab, with
 * SGBENCH_IN_LAB=1, and wait for it. @run_dir (absolute; made if missing) is
 * the only folder of this machine that it can write to. What it prints comes
 * out of our own standard error; SIGINT, SIGTERM and SIGHUP reach it as
 * SIGINT.
 *
 * Returns its exit code. With @error set: SGBENCH_ERROR_PREFLIGHT if the lab
 * did not start or died (with its last words), SGBENCH_INTERRUPTED if it had
 * to be ended by force. SGBENCH_LAB_MEMORY overrides the lab's memory
 * ("2G"). From the main thread, after run_catch_signals().
 */
int lab_run(const char *const *argv, const char *run_dir, GError **error);

#endif
