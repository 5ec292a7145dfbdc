/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the lab needs of this machine; for lab.c. */
#ifndef SGBENCH_LAB_HOST_H
#define SGBENCH_LAB_HOST_H

#include <glib.h>

#define LAB_MODULES "/usr/lib/uml/modules"    /* Debian's user-mode-linux */
#define LAB_PTRACE "libsgbench-lab-ptrace.so" /* beside us; lab-ptrace.c */

/* The release of the kernel that there are modules of in LAB_MODULES; to be
 * freed. NULL with SGBENCH_ERROR_PREFLIGHT if there are none. */
char *lab_host_release(GError **error);

/*
 * How much memory the lab gets (*@memory, as its command line has it:
 * SGBENCH_LAB_MEMORY or "2G") and in which folder it has room (*@folder:
 * /dev/shm or @dir); both to be freed, also after an error:
 * SGBENCH_ERROR_USAGE or SGBENCH_ERROR_PREFLIGHT.
 */
gboolean lab_host_memory(const char *dir, char **memory, char **folder,
                         GError **error);

/* FALSE with SGBENCH_ERROR_PREFLIGHT if this machine forbids ptrace. */
gboolean lab_host_allows_ptrace(GError **error);

/* "LD_PRELOAD=..." for the kernel's environment, of what lab-ptrace.c says;
 * to be freed. Makes a link in @dir. NULL if that fails. */
char *lab_host_preload(const char *dir);

#endif
