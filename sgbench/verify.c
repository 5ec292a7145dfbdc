/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "error.h"
#include "medium.h"
#include "verify.h"

/* More cells than a start has. */
#define GENERATIONS_PER_START 1000

gboolean verify_fault(const Verifier *verifier, const Cell *cell,
                      GError **error, SgbenchError code, const char *who,
                      const char *format, ...)
{
    g_autofree char *what = NULL;
    g_autofree char *size = job_size_text(cell->size);
    va_list ap;

    va_start(ap, format);
    what = g_strdup_vprintf(format, ap);
    va_end(ap);
    g_set_error(error, SGBENCH_ERROR, code,
                "%s on %s (%s), path %s, %s of %s, layout %s (%s): %s",
                code == SGBENCH_ERROR_DATA ? "WRONG DATA"
                                           : "verification failed",
                verifier->target->name, verifier->target->device,
                verifier->start->path->name, operation_name(cell->operation),
                size, layout_name(cell->layout), who, what);
    return FALSE;
}

const char *verify_who(const Initiator *initiator)
{
    return initiator->qemu_pid ? "through QEMU" : "native";
}

gboolean verify_start(RunContext *context, const Target *target,
                      const Start *start, Initiator *initiator,
                      Initiator *native, Verification *result, GError **error)
{
    Verifier verifier = {
        .context = context,
        .target = target,
        .start = start,
        .initiator = initiator,
        .native = native,
        /* Every start of a run has numbers of its own: what another path
         * left behind is never the right answer. */
        .generation = context->starts * GENERATIONS_PER_START,
    };
    uint64_t largest = 0;
    gboolean ok;
    unsigned i;

    memset(result, 0, sizeof(*result));
    for (i = 0; i < start->cells->len; i++) {
        const Cell *cell = g_ptr_array_index(start->cells, i);
        largest = MAX(largest, cell->size);
    }
    verifier.data = g_malloc(largest);
    verifier.random = g_rand_new_with_seed(g_str_hash(start->path->name));
    ok = target->read_only
             ? target->caps.medium->compare(&verifier, result, error)
             : target->caps.medium->verify(&verifier, result, error);
    g_rand_free(verifier.random);
    g_free(verifier.data);
    return ok;
}
