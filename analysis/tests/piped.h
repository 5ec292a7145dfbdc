/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Programs whose outputs a test reads. */
#ifndef ANALYSIS_TESTS_PIPED_H
#define ANALYSIS_TESTS_PIPED_H

#include <stdarg.h>
#include <gio/gio.h>

/* Start @argv (strings, taken) with the arguments @first and those of @ap up to
 * NULL behind it. The caller's. */
GSubprocess *piped_start(GPtrArray *argv, const char *first, va_list ap);

#endif
