/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One run at a time: two would disturb each other's figures, and root's LTTng
 * session daemon is one for the whole machine.
 */
#ifndef SGBENCH_RUN_LOCK_H
#define SGBENCH_RUN_LOCK_H

#include <glib.h>

/*
 * Take this machine's (and user's) lock, a file in @cache_dir, for as long as
 * the process lives. Inside the lab it does nothing: the sgbench outside has
 * it. SGBENCH_ERROR_PREFLIGHT names the process that holds it.
 */
gboolean run_lock_take(const char *cache_dir, GError **error);

#endif
