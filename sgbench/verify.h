/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Verification before timing: does a path carry the right bytes?
 *
 * For every operation, size and layout of a start, in batches as deep as its
 * deepest cell: WRITEs through the path are read back on the native path;
 * READs through the path get what the native path wrote. Each generation
 * differs from the one before, and every buffer is surrounded by guards.
 *
 * A target that nothing but QEMU reaches has no native path. There the path
 * itself is asked, in one plain piece: what it does wrong in the same way in
 * both directions is not seen.
 */
#ifndef SGBENCH_VERIFY_H
#define SGBENCH_VERIFY_H

#include <stdint.h>
#include <glib.h>
#include "context.h"
#include "error.h"
#include "initiator.h"
#include "plan.h"

typedef struct Verification {
    uint64_t commands; /* through the path */
    uint64_t bytes;
    /* Of a tape: what it does beside moving data (tape-conditions.h); of a
     * changer: its commands. */
    unsigned conditions; /* seen, and as they should be */
    unsigned places;     /* where it was, after SPACE or LOCATE, as told */
} Verification;

/* One start that is verified. */
typedef struct Verifier {
    RunContext *context;
    const Target *target;
    const Start *start;
    Initiator *initiator, *native; /* may be one */
    uint8_t *data;                 /* one command's bytes */
    GRand *random;
    uint32_t generation; /* of the last stamps */
} Verifier;

/*
 * Verify the path that @initiator is, for the cells of @start; if @target is
 * read_only, without writing. @native is the same target's native initiator, or
 * @initiator itself. SGBENCH_ERROR_DATA says which path, operation, size and
 * layout, and what was wrong; other errors as of the initiators.
 */
gboolean verify_start(RunContext *context, const Target *target,
                      const Start *start, Initiator *initiator,
                      Initiator *native, Verification *result, GError **error);

/* What it does for a disk and for a tape (verify-disk.c, verify-tape.c). */
gboolean verify_disk(Verifier *verifier, Verification *result, GError **error);
gboolean verify_tape(Verifier *verifier, Verification *result, GError **error);

/* Of a disk without writing to it (verify-compare.c). */
gboolean verify_compare(Verifier *verifier, Verification *result,
                        GError **error);

/* Set an error of @code (SGBENCH_ERROR_DATA for wrong data,
 * SGBENCH_ERROR_TARGET for a command that failed) that names @cell. @who has
 * seen it: verify_who() of its initiator. Always FALSE. */
gboolean verify_fault(const Verifier *verifier, const Cell *cell,
                      GError **error, SgbenchError code, const char *who,
                      const char *format, ...) G_GNUC_PRINTF(6, 7);
const char *verify_who(const Initiator *initiator);

#endif
