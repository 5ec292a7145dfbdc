/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A run's private folder for sockets, backing files and the like.
 */
#ifndef SGBENCH_TEMPDIR_H
#define SGBENCH_TEMPDIR_H

#include <glib.h>

/* Make one below $TMPDIR or /tmp; folders of sgbench processes that no longer
 * run are removed there. The caller's; SGBENCH_ERROR_PREFLIGHT. */
char *temp_dir_make(GError **error);

/* Remove it with all that is in it. Never fails. */
void temp_dir_remove(const char *path);

#endif
