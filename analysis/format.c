/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "format.h"

#include <string.h>
#include <scsi/sg_lib.h>

static const char *scaled(char text[SGB_FORMAT_SIZE], double value,
                          double factor, const char *const *units)
{
    unsigned i = 0;

    /* Not to print 1000.0 of something that has a larger unit. */
    while (units[i + 1] && value >= factor - .05) {
        value /= factor;
        i++;
    }
    g_snprintf(text, SGB_FORMAT_SIZE,
               value == (uint64_t)value && (i == 0 || factor == 1024)
                   ? "%.0f %s"
                   : "%.1f %s",
               value, units[i]);
    return text;
}

const char *sgb_format_ns(char text[SGB_FORMAT_SIZE], double ns)
{
    static const char *const units[] = {"ns", "µs", "ms", "s", NULL};

    if (ns < 1000) {
        ns = (uint64_t)(ns + .5);
    }
    return scaled(text, ns, 1000, units);
}

const char *sgb_format_bytes(char text[SGB_FORMAT_SIZE], double bytes)
{
    static const char *const units[] = {"B",   "KiB", "MiB", "GiB",
                                        "TiB", "PiB", NULL};

    return scaled(text, bytes, 1024, units);
}

const char *sgb_format_opcode(char text[SGB_FORMAT_SIZE], uint8_t opcode)
{
    /* The table of direct-access devices has the common commands, too. */
    sg_get_opcode_name(opcode, PDT_DISK, SGB_FORMAT_SIZE, text);
    if (!*text || g_str_has_prefix(text, "Opcode=") ||
        g_str_has_prefix(text, "Vendor specific")) {
        g_snprintf(text, SGB_FORMAT_SIZE, "opcode %02Xh", opcode);
    }
    return text;
}

const char *sgb_format_status(char text[SGB_FORMAT_SIZE], uint8_t status)
{
    sg_get_scsi_status_str(status, SGB_FORMAT_SIZE, text);
    return text;
}

const char *sgb_format_sense(char text[SGB_FORMAT_SIZE], uint8_t key,
                             uint8_t asc, uint8_t ascq)
{
    static const char prefix[] = "Additional sense: ";
    char name[SGB_FORMAT_SIZE], additional[SGB_FORMAT_SIZE];
    const char *rest;

    sg_get_sense_key_str(key, sizeof(name), name);
    sg_get_asc_ascq_str(asc, ascq, sizeof(additional), additional);
    rest = g_str_has_prefix(additional, prefix) ? additional + strlen(prefix)
                                                : additional;
    g_snprintf(text, SGB_FORMAT_SIZE, "%Xh/%02Xh/%02Xh %.40s: %.60s", key, asc,
               ascq, name, rest);
    return g_strchomp(text);
}

const char *sgb_format_date(char text[SGB_FORMAT_SIZE], uint64_t ns)
{
    g_autoptr(GDateTime) time =
        g_date_time_new_from_unix_local(ns / 1000000000);
    g_autofree char *date = time ? g_date_time_format(time, "%F") : NULL;

    g_snprintf(text, SGB_FORMAT_SIZE, "%s", date ? date : "?");
    return text;
}

const char *sgb_format_time(char text[SGB_FORMAT_SIZE], uint64_t ns)
{
    g_autoptr(GDateTime) time =
        g_date_time_new_from_unix_local(ns / 1000000000);
    g_autofree char *second = time ? g_date_time_format(time, "%T") : NULL;

    g_snprintf(text, SGB_FORMAT_SIZE, "%s.%06u", second ? second : "?",
               (unsigned)(ns % 1000000000 / 1000));
    return text;
}

const char *sgb_format_device(const char *device)
{
    return device && *device ? device : "(no id)";
}

void sgb_format_pad(GString *to, const char *text, int width)
{
    int blanks = ABS(width) - (int)g_utf8_strlen(text, -1);

    if (width < 0) {
        g_string_append(to, text);
    }
    for (; blanks > 0; blanks--) {
        g_string_append_c(to, ' ');
    }
    if (width >= 0) {
        g_string_append(to, text);
    }
}

void sgb_format_json(GString *to, const char *text)
{
    g_autofree char *valid = g_utf8_make_valid(text, -1);

    g_string_append_c(to, '"');
    for (const char *p = valid; *p; p++) {
        if (*p == '"' || *p == '\\') {
            g_string_append_c(to, '\\');
        }
        if ((unsigned char)*p < ' ') {
            g_string_append_printf(to, "\\u%04x", *p);
        } else {
            g_string_append_c(to, *p);
        }
    }
    g_string_append_c(to, '"');
}
