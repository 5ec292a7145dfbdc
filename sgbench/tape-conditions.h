/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a tape does beside moving data: results that are neither GOOD nor
 * failures, and where it stands afterwards. Tried on a path with a small tape
 * of known blocks; which of them a target has is in its capabilities.
 *
 * | condition                        | null | tgt 1.0.85                   |
 * |----------------------------------|------|------------------------------|
 * | a block shorter than asked for   | yes  | yes, with other commands'    |
 * |                                  |      | bytes behind it              |
 * | a block longer than asked for    | yes  | no: its data is not sent     |
 * | a filemark                       | yes  | yes                          |
 * | end of data                      | yes  | yes; not in fixed blocks     |
 * | space over filemarks             | yes  | yes                          |
 * | space over blocks, to a filemark | yes  | no: INFORMATION is missing   |
 * | fixed blocks, to a filemark      | yes  | yes                          |
 * | space back                       | yes  | no: stops elsewhere          |
 * | locate and read position         | yes  | no                           |
 * | log pages                        | yes  | no                           |
 * | early warning and end of medium  | yes  | no                           |
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

#endif
