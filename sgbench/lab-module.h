/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Modules of the lab's kernel.
 */
#ifndef SGBENCH_LAB_MODULE_H
#define SGBENCH_LAB_MODULE_H

#include <glib.h>

/*
 * modprobe @words (NULL-terminated: the module and its parameters), from where
 * the lab has its modules (SGBENCH_LAB_MODULES, lab-init.sh). @temp_dir takes
 * modprobe's log. SGBENCH_ERROR_TARGET with modprobe's last words. Main thread
 * only (process.h).
 */
gboolean lab_module_load(const char *temp_dir, const char *const *words,
                         GError **error);

#endif
