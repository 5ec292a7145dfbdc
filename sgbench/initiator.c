/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <glib.h>
#include <scsi/sg_lib.h>

#include "error.h"
#include "initiator.h"
#include "load-list.h"

/* NULL is fine. */
void initiator_close(Initiator *initiator)
{
    if (initiator) {
        initiator->kind->close(initiator);
    }
}

gboolean initiator_may_send(const Initiator *initiator, const Command *command,
                            GError **error)
{
    if (G_LIKELY(!initiator->read_only && !initiator->changed) ||
        !command_writes(command)) {
        return TRUE;
    }
    if (!initiator->read_only) {
        g_set_error(error, SGBENCH_ERROR, SGBENCH_ERROR_TARGET,
                    "the device says that its medium may have been changed "
                    "during the run: nothing more is written to it");
        return FALSE;
    }
    g_set_error(error, SGBENCH_ERROR, SGBENCH_ERROR_INTERNAL,
                "command %02xh was not sent: the target was not named to be "
                "written to; this is a fault of sgbench",
                command->cdb[0]);
    return FALSE;
}

void initiator_saw(Initiator *initiator, const Completion *completion)
{
    struct sg_scsi_sense_hdr sense;

    if (G_LIKELY(!initiator->guarded) || completion->sense_length == 0 ||
        !sg_scsi_normalize_sense(completion->sense, completion->sense_length,
                                 &sense) ||
        sense.sense_key != SPC_SK_UNIT_ATTENTION) {
        return;
    }
    if (sense.asc == 0x28 || (sense.asc == 0x3f && sense.ascq == 0x03)) {
        initiator->changed = TRUE;
    }
}

gboolean initiator_send(Initiator *initiator, Command *command,
                        Completion *completion, GError **error)
{
    g_autoptr(LoadList) list = load_list_new(command, completion, 1, 1);

    return initiator->kind->drive(initiator, load_list_load(list), NULL, error);
}
