/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <glib.h>

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
    if (G_LIKELY(!initiator->read_only) || !command_writes(command)) {
        return TRUE;
    }
    g_set_error(error, SGBENCH_ERROR, SGBENCH_ERROR_INTERNAL,
                "command %02xh was not sent: the target was not named to be "
                "written to; this is a fault of sgbench",
                command->cdb[0]);
    return FALSE;
}

gboolean initiator_send(Initiator *initiator, Command *command,
                        Completion *completion, GError **error)
{
    g_autoptr(LoadList) list = load_list_new(command, completion, 1, 1);

    return initiator->kind->drive(initiator, load_list_load(list), NULL, error);
}
