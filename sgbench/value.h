/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Values of a job's keys: parsed, or refused with what would be allowed. All
 * errors are SGBENCH_ERROR_USAGE and don't say where the value was: the caller
 * puts that in front (value_locate for a file).
 */
#ifndef SGBENCH_VALUE_H
#define SGBENCH_VALUE_H

#include <glib.h>
#include "keyfile.h"

/* Set @error. Always FALSE. */
gboolean value_error(GError **error, const char *format, ...)
    G_GNUC_PRINTF(2, 3);

/* Set @error to "unknown @key '@value'", with the nearest of @known and all of
 * them. Always FALSE. */
gboolean value_unknown(GError **error, const char *key, const char *value,
                       const char *const *known);

/* Put "FILE:LINE: " in front of @error. Always FALSE. */
gboolean value_locate(const KeyFile *file, int line, GError **error);

/* Index of @value in @names (NULL-terminated). */
gboolean value_word(const char *key, const char *value,
                    const char *const *names, unsigned *index, GError **error);

/* A whole decimal number from @min to @max. */
gboolean value_integer(const char *key, const char *value, guint64 min,
                       guint64 max, guint64 *number, GError **error);

/* Seconds from @min to @max, decimal point but no exponent. */
gboolean value_seconds(const char *key, const char *value, double min,
                       double max, double *seconds, GError **error);

/* Is @name fit for a @what ("target", "matrix")? Names are parts of cell ids
 * and of file names. */
gboolean value_name(const char *what, const char *name, GError **error);

#endif
