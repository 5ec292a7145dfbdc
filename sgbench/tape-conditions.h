/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a tape does beside moving data: results that are neither GOOD nor
 * failures, and where it stands afterwards. Tried on a path with a small tape
 * of known blocks; which of them a target has is in its capabilities.
 * sgbench-job(5) has the table of conditions and targets.
 *
 * What tgt has not was seen so without QEMU, too.
 */
#ifndef SGBENCH_TAPE_CONDITIONS_H
#define SGBENCH_TAPE_CONDITIONS_H

#include <glib.h>
#include "verify.h"

/*
 * Try all that the target of @verifier has; the tape's content is lost. *@seen
 * gets their number. FALSE with SGBENCH_ERROR_DATA if one is not as SSC-3 has
 * it, or data that belongs to nobody is seen.
 */
gboolean tape_conditions(Verifier *verifier, unsigned *seen, GError **error);

/* The name of condition @index and the TapeAbility bits it needs; NULL behind the
 * last. */
const char *tape_condition(unsigned index, unsigned *needs);

#endif
