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
#define ANY FUZZ_ANY_KEY
#define DESCRIPTOR "sense=7203110000000000"

const FuzzAnswer fuzz_answers[] = {
    /* short, by what the device says; more than there was; negative */
    {"resid=100", .good = TRUE, .executed = TRUE, .resid = 100},
    {"resid=6000", .good = TRUE, .executed = TRUE, .resid = 6000},
    {"resid=1073741824", .good = TRUE, .executed = TRUE, .resid = 1 << 30},
    {"resid=-512", .good = TRUE, .executed = TRUE, .resid = -512},
    /* slow: there is time to abort and reset */
    {"latency-ns=2000000", .good = TRUE, .executed = TRUE},
    {"latency-ns=8000000", .good = TRUE, .executed = TRUE},
    /* SCSI status, with sense data and without, with data and without */
    {"status=2;" FIXED("3"), .status = 2, .key = 3},
    {"status=2;" FIXED("1") ";resid=0", .moves = TRUE, .status = 2, .key = 1},
    {"status=2;" DESCRIPTOR ";resid=300", .moves = TRUE, .status = 2, .key = 3},
    {"status=2;" ILI ";resid=300", .moves = TRUE, .status = 2, .key = 0},
    {"status=2;driver-status=8", .status = 2, .key = ANY},
    {"status=2", .status = 2, .key = ANY},
    {FIXED("1"), .good = TRUE, .moves = TRUE},
    {"status=8", .status = 8},
    {"status=24", .status = 24},
    {"status=40", .status = 40},
    /* the request fails; after data was moved, too (scsi/utils.c of QEMU,
     * scsi_sense_from_errno()) */
    {"errno=22", .status = 2, .key = 5},
    {"errno=12", .status = 2, .key = 4},
    {"errno=5", .status = 2, .key = 0xb},
    {"errno=33", .status = 40},
    {"errno=16", .status = 2, .key = 0xb},
    {"errno=22;resid=0", .moves = TRUE, .status = 2, .key = 5},
    {"errno=5;resid=700;latency-ns=1000000", .moves = TRUE, .status = 2,
     .key = 0xb},
    /* host adapter and driver */
    {"host-status=1", .host = 1},
    {"host-status=3", .host = 3},
    {"host-status=8", .host = 8},
    {"host-status=7;resid=512", .moves = TRUE, .host = 7},
    {"driver-status=6", .status = 8},
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

/* The block of area @i that fails, if @i % 3. */
static uint64_t failing_block(unsigned i)
{
    return (uint64_t)i * FUZZ_AREA_BLOCKS + i % 16;
}

gboolean fuzz_raw_fails(uint64_t lba, uint64_t blocks)
{
    for (unsigned i = 1; i <= fuzz_n_answers; i++) {
        if (i % 3 && failing_block(i) >= lba &&
            failing_block(i) - lba < blocks) {
            return TRUE;
        }
    }
    return FALSE;
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
                                   ",inject-error.%u.sector=%" G_GUINT64_FORMAT,
                                   n, n, errnos[i % G_N_ELEMENTS(errnos)], n,
                                   failing_block(i));
            n++;
        }
    }
    return g_string_free(text, FALSE);
}
