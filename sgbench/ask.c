/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <scsi/sg_lib.h>
#include <string.h>

#include "ask.h"
#include "error.h"

#define SENSE_KEY_UNIT_ATTENTION 6
#define ATTENTIONS_MAX 10 /* scsi_debug has half a dozen at power on */

uint8_t *ask_data(Initiator *initiator)
{
    return initiator->arena.base + initiator->arena.start;
}

gboolean ask(Initiator *initiator, Command *command, Completion *completion,
             GError **error)
{
    Piece piece = {.offset = initiator->arena.start, .length = command->length};

    command->pieces = command->length ? &piece : NULL;
    command->n_pieces = command->length ? 1 : 0;
    for (unsigned i = 0; i < ATTENTIONS_MAX; i++) {
        if (command->direction == DATA_IN) {
            memset(ask_data(initiator), 0, piece.length);
        }
        if (!initiator_send(initiator, command, completion, error)) {
            return FALSE;
        }
        if (completion->transport || completion->response ||
            sg_get_sense_key(completion->sense, completion->sense_length) !=
                SENSE_KEY_UNIT_ATTENTION) {
            break;
        }
    }
    command->pieces = NULL;
    return TRUE;
}

gboolean ask_answered(const Completion *completion)
{
    return !completion->transport && !completion->response &&
           completion->status == SAM_STAT_GOOD;
}

gboolean ask_refused(const Target *target, const char *command,
                     const Completion *completion, GError **error)
{
    g_autofree char *text = completion_text(completion);

    g_set_error(error, SGBENCH_ERROR, SGBENCH_ERROR_TARGET, "%s (%s): %s: %s",
                target->name, target->device, command, text);
    return FALSE;
}

gboolean ask_good(const Target *target, Initiator *initiator, Command *command,
                  const char *name, GError **error)
{
    Completion completion = {0};

    if (!ask(initiator, command, &completion, error)) {
        return FALSE;
    }
    return ask_answered(&completion) ||
           ask_refused(target, name, &completion, error);
}
