/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "selection.h"

#include <string.h>

#define NS_PER_S G_GINT64_CONSTANT(1000000000)

/* Digits up to @end of @text, and the fraction behind a point, in ns; -1: not
 * a number. */
static int64_t parse_seconds(const char *text)
{
    int64_t seconds = 0, fraction = 0, unit = NS_PER_S / 10;
    const char *p;

    for (p = text; g_ascii_isdigit(*p); p++) {
        seconds = seconds * 10 + (*p - '0');
        if (seconds > G_MAXINT64 / NS_PER_S - 1) {
            return -1;
        }
    }
    if (p == text) {
        return -1;
    }
    if (*p == '.') {
        if (!g_ascii_isdigit(p[1])) {
            return -1;
        }
        for (p++; g_ascii_isdigit(*p); p++, unit /= 10) {
            fraction += (*p - '0') * unit;
        }
    }
    return *p ? -1 : seconds * NS_PER_S + fraction;
}

/* HH:MM:SS[.N] in ns; -1: it is not. */
static int64_t parse_time_of_day(const char *text)
{
    int64_t seconds;

    for (unsigned i = 0; i < 8; i++) {
        if (i % 3 == 2 ? text[i] != ':' : !g_ascii_isdigit(text[i])) {
            return -1;
        }
    }
    seconds = parse_seconds(text + 6);
    if (seconds < 0 || seconds >= 61 * NS_PER_S || text[3] > '5' ||
        (text[0] - '0') * 10 + text[1] - '0' > 23) {
        return -1;
    }
    return seconds + (((text[0] - '0') * 10 + text[1] - '0') * 3600 +
                      ((text[3] - '0') * 10 + text[4] - '0') * 60) *
                         NS_PER_S;
}

/* Midnight of a date "YYYY-MM-DD", local time, in ns since the epoch. */
static gboolean parse_date(const char *text, int64_t *ns)
{
    int year, month, day;
    g_autoptr(GDateTime) midnight = NULL;

    for (unsigned i = 0; i < 10; i++) {
        if (i == 4 || i == 7 ? text[i] != '-' : !g_ascii_isdigit(text[i])) {
            return FALSE;
        }
    }
    year = g_ascii_strtoll(text, NULL, 10);
    month = g_ascii_strtoll(text + 5, NULL, 10);
    day = g_ascii_strtoll(text + 8, NULL, 10);
    midnight = g_date_time_new_local(year, month, day, 0, 0, 0);
    if (!midnight) {
        return FALSE;
    }
    *ns = g_date_time_to_unix(midnight) * NS_PER_S;
    return TRUE;
}

gboolean sgb_moment_parse(const char *text, SgbMoment *moment)
{
    int64_t midnight, time;

    if (*text == '+') {
        *moment = (SgbMoment){SGB_MOMENT_RELATIVE, parse_seconds(text + 1)};
        return moment->ns >= 0;
    }
    if (strlen(text) >= 19 && (text[10] == ' ' || text[10] == 'T')) {
        time = parse_time_of_day(text + 11);
        if (time < 0 || !parse_date(text, &midnight)) {
            return FALSE;
        }
        *moment = (SgbMoment){SGB_MOMENT_ABSOLUTE, midnight + time};
        return TRUE;
    }
    if (strchr(text, ':')) {
        *moment = (SgbMoment){SGB_MOMENT_OF_DAY,
                              strlen(text) >= 8 ? parse_time_of_day(text) : -1};
        return moment->ns >= 0;
    }
    *moment = (SgbMoment){SGB_MOMENT_ABSOLUTE, parse_seconds(text)};
    return moment->ns >= 0;
}

uint64_t sgb_moment_resolve(const SgbMoment *moment, uint64_t begin_ns,
                            uint64_t otherwise)
{
    g_autoptr(GDateTime) begin = NULL;
    g_autoptr(GDateTime) midnight = NULL;

    switch (moment->kind) {
    case SGB_MOMENT_ABSOLUTE:
        return moment->ns;
    case SGB_MOMENT_RELATIVE:
        return begin_ns + moment->ns;
    case SGB_MOMENT_OF_DAY:
        begin = g_date_time_new_from_unix_local(begin_ns / NS_PER_S);
        if (!begin) {
            return otherwise;
        }
        midnight = g_date_time_new_local(
            g_date_time_get_year(begin), g_date_time_get_month(begin),
            g_date_time_get_day_of_month(begin), 0, 0, 0);
        return midnight ? g_date_time_to_unix(midnight) * NS_PER_S + moment->ns
                        : otherwise;
    case SGB_MOMENT_NONE:
    default:
        return otherwise;
    }
}

void sgb_selection_clear(SgbSelection *selection)
{
    g_clear_pointer(&selection->tags, g_array_unref);
    g_clear_pointer(&selection->luns, g_array_unref);
    g_clear_pointer(&selection->opcodes, g_array_unref);
    g_clear_pointer(&selection->lengths, g_array_unref);
    g_clear_pointer(&selection->devices, g_ptr_array_unref);
    g_clear_pointer(&selection->cells, g_ptr_array_unref);
}

static gboolean has_number(const GArray *numbers, uint64_t number)
{
    for (unsigned i = 0; numbers && i < numbers->len; i++) {
        if (g_array_index(numbers, uint64_t, i) == number) {
            return TRUE;
        }
    }
    return !numbers;
}

static gboolean has_text(const GPtrArray *patterns, const char *text)
{
    for (unsigned i = 0; patterns && i < patterns->len; i++) {
        if (g_pattern_match_simple(g_ptr_array_index(patterns, i),
                                   text ? text : "")) {
            return TRUE;
        }
    }
    return !patterns;
}

gboolean sgb_selection_has_device(const SgbSelection *selection,
                                  const char *device)
{
    return has_text(selection->devices, device);
}

gboolean sgb_selection_has(const SgbSelection *selection,
                           const SgbRequest *request, const SgbTraceCell *cell)
{
    return has_number(selection->tags, request->tag) &&
           has_number(selection->luns, request->lun) &&
           has_number(selection->opcodes, request->opcode) &&
           has_number(selection->lengths, request->length) &&
           has_text(selection->devices, request->device) &&
           has_text(selection->cells, cell->cell);
}
