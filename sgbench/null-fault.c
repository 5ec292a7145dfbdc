/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "null-fault.h"

/* Fixed format, current (SPC-4 4.5.3): key, then ASC and ASCQ. */
#define SENSE(key, asc, ascq)            \
    "status=2,sense=7000" key "00000000" \
    "0a00000000" asc ascq "00000000"

static const struct {
    const char *name;
    const char *answer; /* members of a rule; NULL: none */
} faults[] = {
    {"none", NULL},
    {"medium-error", SENSE("03", "11", "00")},   /* UNRECOVERED READ ERROR */
    {"unit-attention", SENSE("06", "29", "00")}, /* POWER ON, RESET, … */
    {"busy", "status=8"},                        /* SAM-5 5.3.1 */
    {"task-set-full", "status=40"},
    {"reservation-conflict", "status=24"},
    {"timeout", "host-status=3"},    /* the kernel's DID_TIME_OUT */
    {"transport", "host-status=14"}, /* DID_TRANSPORT_DISRUPTED */
    {"no-memory", "errno=12"},       /* ENOMEM */
    {"no-device", "errno=19"},       /* ENODEV */
    {"short", "resid=512"},
    {"hang", "latency-ns=86400000000000"}, /* a day */
};

const char *const *null_fault_names(void)
{
    static const char *names[G_N_ELEMENTS(faults) + 1];

    for (unsigned i = 0; i < G_N_ELEMENTS(faults); i++) {
        names[i] = faults[i].name;
    }
    return names;
}

/* READ and WRITE (6), (10), (12), (16): SBC-4 table E.1, SSC-3 table C.1. */
static const char *const commands[] = {"08", "0a", "28", "2a",
                                       "a8", "aa", "88", "8a"};

char *null_fault_options(const char *name, uint64_t skip, uint64_t count)
{
    GString *text = g_string_new(NULL);
    unsigned fault = 0;

    while (strcmp(faults[fault].name, name) != 0) {
        fault++;
        g_assert(fault < G_N_ELEMENTS(faults));
    }
    for (unsigned i = 0; faults[fault].answer && i < G_N_ELEMENTS(commands);
         i++) {
        g_auto(GStrv) members = g_strsplit(faults[fault].answer, ",", -1);

        g_string_append_printf(
            text,
            ",rules.%u.cdb=%s,rules.%u.skip=%" G_GUINT64_FORMAT
            ",rules.%u.count=%" G_GUINT64_FORMAT,
            i, commands[i], i, skip, i, count);
        for (char **member = members; *member; member++) {
            g_string_append_printf(text, ",rules.%u.%s", i, *member);
        }
    }
    return g_string_free(text, FALSE);
}
