/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>

#include "device.h"

/* Fixed sense data (SPC-4, 4.5.3): key, ASC, information. */
#define FIXED(key)               \
    "sense=70000" key "00000000" \
    "0a"                         \
    "00000000"                   \
    "1100"                       \
    "00000000"
#define ILI "sense=700020000001000a000000000000000000"
#define DESCRIPTOR "sense=7203110000000000"

const FuzzAnswer fuzz_answers[] = {
    /* short, by what the device says; more than there was; negative */
    {"resid=100", TRUE, 100},
    {"resid=6000", TRUE, 6000},
    {"resid=1073741824", TRUE, 1 << 30},
    {"resid=-512", TRUE, -512},
    /* slow: there is time to abort and reset */
    {"latency-ns=2000000", TRUE, 0},
    {"latency-ns=8000000", TRUE, 0},
    /* SCSI status, with sense data and without, with data and without */
    {"status=2;" FIXED("3"), FALSE, 0},
    {"status=2;" FIXED("1") ";resid=0", FALSE, 0},
    {"status=2;" DESCRIPTOR ";resid=300", FALSE, 0},
    {"status=2;" ILI ";resid=300", FALSE, 0},
    {"status=2;driver-status=8", FALSE, 0},
    {"status=2", FALSE, 0},
    {FIXED("1"), FALSE, 0},
    {"status=8", FALSE, 0},
    {"status=24", FALSE, 0},
    {"status=40", FALSE, 0},
    /* the request fails; after data was moved, too */
    {"errno=22", FALSE, 0},
    {"errno=12", FALSE, 0},
    {"errno=5", FALSE, 0},
    {"errno=33", FALSE, 0},
    {"errno=16", FALSE, 0},
    {"errno=22;resid=0", FALSE, 0},
    {"errno=5;resid=700;latency-ns=1000000", FALSE, 0},
    /* host adapter and driver */
    {"host-status=1", FALSE, 0},
    {"host-status=3", FALSE, 0},
    {"host-status=8", FALSE, 0},
    {"host-status=7;resid=512", FALSE, 0},
    {"driver-status=6", FALSE, 0},
};
const unsigned fuzz_n_answers = G_N_ELEMENTS(fuzz_answers);

uint64_t fuzz_blocks(void)
{
    return (uint64_t)(fuzz_n_answers + 1) * FUZZ_AREA_BLOCKS;
}

char *fuzz_blockdev(void)
{
    GString *text = g_string_new("driver=null-sg,data=stored");

    g_string_append_printf(text, ",size=%" G_GUINT64_FORMAT,
                           fuzz_blocks() * FUZZ_BLOCK);
    for (unsigned i = 0; i < 2 * fuzz_n_answers; i++) {
        g_auto(GStrv) keys = g_strsplit(fuzz_answers[i / 2].keys, ";", -1);

        g_string_append_printf(text, ",rules.%u.cdb=%s??00%02x", i,
                               i % 2 ? "2a" : "28", i / 2 + 1);
        for (unsigned j = 0; keys[j]; j++) {
            g_string_append_printf(text, ",rules.%u.%s", i, keys[j]);
        }
    }
    return g_string_free(text, FALSE);
}

char *fuzz_raw_blockdev(const char *file)
{
    static const int errnos[] = {EIO, ENOSPC, ENOMEM, EINVAL};
    GString *text = g_string_new("driver=blkdebug,image.driver=file");
    unsigned n = 0;

    g_string_append_printf(text, ",image.aio=threads,image.filename=%s", file);
    for (unsigned i = 1; i <= fuzz_n_answers; i++) {
        if (i % 3) {
            g_string_append_printf(text,
                                   ",inject-error.%u.event=none"
                                   ",inject-error.%u.errno=%d"
                                   ",inject-error.%u.sector=%u",
                                   n, n, errnos[i % G_N_ELEMENTS(errnos)], n,
                                   i * FUZZ_AREA_BLOCKS + i % 16);
            n++;
        }
    }
    return g_string_free(text, FALSE);
}
