/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Questions to a device, before and between what is measured: one command,
 * one answer.
 */
#ifndef SGBENCH_ASK_H
#define SGBENCH_ASK_H

#include <glib.h>
#include "target.h"

/*
 * Send @command, whose data (command->length bytes) is at the start of the
 * arena (ask_data()), and wait for the answer. Unit attentions (SAM-5 5.14:
 * the device says once what happened to it) are not an answer to the command:
 * it is sent again. What a command from the device does not transfer is zero
 * there. FALSE with an error only if the way to the device broke.
 */
gboolean ask(Initiator *initiator, Command *command, Completion *completion,
             GError **error);

/* The data of the next ask(), or of the last one; the initiator's. */
uint8_t *ask_data(Initiator *initiator);

/* GOOD. A short answer is allowed: devices return what they have (SPC-4
 * 4.2.5.6). */
gboolean ask_answered(const Completion *completion);

/* Set SGBENCH_ERROR_TARGET: @target has answered @command (its name) with
 * @completion. Always FALSE. */
gboolean ask_refused(const Target *target, const char *command,
                     const Completion *completion, GError **error);

/* ask() that has to be answered GOOD: @name is for the message. */
gboolean ask_good(const Target *target, Initiator *initiator, Command *command,
                  const char *name, GError **error);

#endif
