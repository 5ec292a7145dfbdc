/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "table.h"

/* Lines of their own, so that their width can be seen. */
static const char *const legend[] = {
    "MB/s: 10^6 bytes a second; * not machine speed. s/GiB: CPU of QEMU's",
    "IOThread and workers (native: of the initiator) for 2^30 bytes, without "
    "the",
    "target's own. faults: QEMU's minor page faults per request; many of them "
    "mean",
    "memory given back and taken again, which is not copying. MiB: QEMU's",
    "anonymous memory at most, guest RAM is not in it. p99: from 1000 requests "
    "on.",
    "dio%: requests whose data the sg driver did not copy; what QEMU copies",
    "(bounce) is another matter. ! requests failed.",
    "Ratios are paired by round; throughput above 1 and CPU below 1 are "
    "better.",
    "~ no difference shown. # the same path twice: the noise floor.",
};

char *sgb_table_text(GPtrArray *runs)
{
    GString *out = g_string_new(NULL);

    for (unsigned i = 0; i < runs->len; i++) {
        const SgbRun *run = g_ptr_array_index(runs, i);

        if (i) {
            g_string_append(out, "\n----\n\n");
        }
        sgb_table_head(out, run);
        sgb_table_body(out, run);
    }
    g_string_append_c(out, '\n');
    for (unsigned i = 0; i < G_N_ELEMENTS(legend); i++) {
        g_string_append_printf(out, "%s\n", legend[i]);
    }
    return g_string_free(out, FALSE);
}
