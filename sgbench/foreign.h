/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Targets that sgbench did not make: nothing is written to them unless the
 * user has named what it is.
 *
 * | the target is | named by                   | that is                       |
 * |---------------|----------------------------|-------------------------------|
 * | a disk        | --write-to SERIAL          | VPD page 80h, or a designator |
 * |               |                            | of 83h ("naa.5000…")          |
 * | a changer     | --write-to SERIAL          | the same; without it, the     |
 * |               |                            | robot is not made to move     |
 * | a tape        | --write-to-tape BARCODE    | the cartridge in it           |
 * |               |                            | (cartridge.h)                 |
 * |               | --write-to-tape in:SERIAL  | whatever is in the drive with |
 * |               |                            | this serial number, only if   |
 * |               |                            | nothing tells the barcode     |
 *
 * A name alone is not enough: nobody else uses it, it is not write-protected,
 * and a disk has no file system, no partition table, nor anything else that
 * libblkid knows.
 */
#ifndef SGBENCH_FOREIGN_H
#define SGBENCH_FOREIGN_H

#include <glib.h>
#include "target.h"

/* TRUE if @job writes to @spec, whose medium is that of @caps: WRITEs, or a
 * tape, which is read where it was written before. */
gboolean foreign_is_written(const Job *job, const TargetSpec *spec,
                            const TargetCaps *caps);

/* Is the device that @initiator is ready for commands of its medium? FALSE with
 * SGBENCH_ERROR_PREFLIGHT: why not (a drive without a cartridge, most of all).
 */
gboolean foreign_is_ready(const Target *target, Initiator *initiator,
                          GError **error);

/*
 * May @job run on the identified @target? If it writes, only if it was named
 * (@context), and is fit to be written. If not, and it was not named, @target
 * becomes read_only. @exclude (may be NULL) is called before anything is judged
 * that others could change meanwhile, if the target is to be written to or only
 * one can use it; @opaque is its argument. Only reads. If @context says that
 * nothing will be written, no name is needed.
 *
 * SGBENCH_ERROR_PREFLIGHT: refused, why, and what to do.
 */
gboolean foreign_admit(RunContext *context, const Job *job,
                       const TargetSpec *spec, Target *target,
                       Initiator *initiator,
                       gboolean (*exclude)(gpointer opaque, GError **error),
                       gpointer opaque, GError **error);

/*
 * Is what @initiator reaches, by whatever path, still what was admitted? For
 * the moment before anything is written on it. Its guard
 * (initiator_saw()) begins again. SGBENCH_ERROR_TARGET.
 */
gboolean foreign_confirm(RunContext *context, const Target *target,
                         Initiator *initiator, GError **error);

#endif
