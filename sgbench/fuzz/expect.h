/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a command must be answered with: response of the HBA, SCSI status, sense
 * key and residual, as the disk (device.h) and QEMU's models make them. Not of
 * commands that are aborted or reset, and of READs and WRITEs alone.
 */
#ifndef FUZZ_EXPECT_H
#define FUZZ_EXPECT_H

#include <glib.h>
#include "model.h"
#include "sgbench/initiator.h"
#include "step.h"

/* FALSE with SGBENCH_ERROR_DATA if one of @completions, which are @step's
 * commands', cannot be what the device and QEMU say. */
gboolean expect_check(FuzzModel *model, const FuzzStep *step,
                      const Completion *completions, GError **error);

/* FALSE as well if a command that was sent twice was answered in two ways. */
gboolean expect_same(const Command *command, const Completion *first,
                     const Completion *second, GError **error);

/* -1: it has no sense data. */
int expect_sense_key(const Completion *completion);

#endif
