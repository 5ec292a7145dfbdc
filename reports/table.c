/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "table.h"

/* Lines of their own, so that their width can be seen. */
static const char *const legend[] = {
    "MB/s: 10^6 bytes a second; * not machine speed. s/GiB: CPU seconds of",
    "QEMU's IOThread and workers (native: of the initiator) for 2^30 bytes;",
    "where no data is moved, req/s, and us/rq of one request, instead;",
    "+all: with QEMU's main thread, which takes the doorbells, and the "
    "target's",
    "process. faults: QEMU's minor page faults per request; many of them mean",
    "memory given back and taken again, which is not copying. MiB: QEMU's",
    "anonymous memory, the largest of a round, guest RAM not in it. Figures "
    "are",
    "medians of rounds; p99 is of all requests, from 1000 on.",
    "dio%: requests whose data the sg driver did not copy, as the traced round",
    "has it; what QEMU copies (bounce) is another matter. ! requests failed.",
    "The initiator polls in the idle scheduling class (native does not): with",
    "few CPUs its own waking up is in QEMU's latency and throughput.",
    "gap: from the end of one command with data to the end of the next.",
    "response: like latency, but from when a command was due at the rate it is",
    "fed, not from when it could be posted: a stall counts for all it delays.",
    "steady: in the last five tenths of the time the rate stays within 20 %",
    "of its average, and does not rise or fall by more than 10 % (SNIA SSS "
    "PTS).",
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
