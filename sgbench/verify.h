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
#include "initiator.h"
#include "plan.h"

typedef struct Verification {
    uint64_t commands; /* through the path */
    uint64_t bytes;
} Verification;

/*
 * Verify the path that @initiator is, for the cells of @start. @native is the
 * same target's native initiator, or @initiator itself. SGBENCH_ERROR_DATA says
 * which path, operation, size and layout, and what was wrong; other errors
 * as of the initiators.
 */
gboolean verify_start(RunContext *context, const Target *target,
                      const Start *start, Initiator *initiator,
                      Initiator *native, Verification *result, GError **error);

#endif
