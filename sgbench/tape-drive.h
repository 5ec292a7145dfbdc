/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a tape drive that is not sgbench's can do: partly asked, partly assumed.
 */
#ifndef SGBENCH_TAPE_DRIVE_H
#define SGBENCH_TAPE_DRIVE_H

#include <glib.h>
#include "target.h"

/* Fill in what is expected of a drive that says it is @model of @vendor, before
 * it can be asked: what every drive has, or less, of those that are known. */
void tape_drive_expect(TargetCaps *caps, const char *vendor, const char *model);

/*
 * Ask the drive @target through @initiator (at rest) for its largest block, and
 * whether it has LOG SENSE and READ POSITION; @target's capabilities become
 * what it says. Only reads. SGBENCH_ERROR_TARGET.
 */
gboolean tape_drive_ask(Target *target, Initiator *initiator, GError **error);

#endif
