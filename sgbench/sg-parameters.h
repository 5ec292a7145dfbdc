/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Parameters of the kernel's sg driver, which are one for the whole machine:
 * set in the lab only.
 */
#ifndef SGBENCH_SG_PARAMETERS_H
#define SGBENCH_SG_PARAMETERS_H

#include <glib.h>

/* "0" or "1": may it do direct I/O? SGBENCH_ERROR_TARGET if it can't be set. */
gboolean sg_set_allow_dio(const char *value, GError **error);

/* Bytes that a new descriptor reserves. */
gboolean sg_set_reserved_size(const char *bytes, GError **error);

/* The same as it is now; the caller's, NULL if it is not known. */
char *sg_reserved_size(void);

/* Write @value to a file of /sys or /proc. SGBENCH_ERROR_TARGET. */
gboolean sys_write(const char *path, const char *value, GError **error);

#endif
