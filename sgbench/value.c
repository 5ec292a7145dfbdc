/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "error.h"
#include "suggest.h"
#include "value.h"

#define NAME_LENGTH 32

gboolean value_error(GError **error, const char *format, ...)
{
    g_autofree char *what = NULL;
    va_list ap;

    va_start(ap, format);
    what = g_strdup_vprintf(format, ap);
    va_end(ap);
    g_set_error_literal(error, SGBENCH_ERROR, SGBENCH_ERROR_USAGE,
                        key_file_printable(what));
    return FALSE;
}

gboolean value_unknown(GError **error, const char *key, const char *value,
                       const char *const *known)
{
    g_autofree char *tail = suggest_text(value, "allowed", known);

    return value_error(error, "unknown %s '%s'%s", key, value, tail);
}

gboolean value_word(const char *key, const char *value,
                    const char *const *names, unsigned *index, GError **error)
{
    for (*index = 0; names[*index]; ++*index) {
        if (strcmp(names[*index], value) == 0) {
            return TRUE;
        }
    }
    return value_unknown(error, key, value, names);
}

gboolean value_integer(const char *key, const char *value, guint64 min,
                       guint64 max, guint64 *number, GError **error)
{
    if (!g_ascii_string_to_unsigned(value, 10, min, max, number, NULL)) {
        return value_error(
            error,
            "%s is '%s'; allowed: whole numbers from %" G_GUINT64_FORMAT
            " to %" G_GUINT64_FORMAT,
            key, value, min, max);
    }
    return TRUE;
}

gboolean value_seconds(const char *key, const char *value, double min,
                       double max, double *seconds, GError **error)
{
    char *end = NULL;

    /* g_ascii_strtod alone takes hexadecimal, infinity and exponents too. */
    *seconds = g_ascii_strtod(value, &end);
    if (!*value || value[strspn(value, "0123456789.")] || *end ||
        !(*seconds >= min && *seconds <= max)) {
        return value_error(error, "%s is '%s'; allowed: seconds from %g to %g",
                           key, value, min, max);
    }
    return TRUE;
}

gboolean value_name(const char *what, const char *name, GError **error)
{
    size_t length = strlen(name);

    if (length == 0 || length > NAME_LENGTH || !g_ascii_isalnum(*name) ||
        name[strspn(name, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "._-")]) {
        return value_error(
            error,
            "'%s' is no name of a %s; allowed: up to %d letters, "
            "digits, '.', '_' and '-', first a letter or digit",
            name, what, NAME_LENGTH);
    }
    return TRUE;
}

gboolean value_locate(const KeyFile *file, int line, GError **error)
{
    g_prefix_error(error, "%s:%d: ", file->path, line);
    return FALSE;
}
