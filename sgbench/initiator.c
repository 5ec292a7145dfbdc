/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <glib.h>

#include "initiator.h"
#include "load-list.h"

/* NULL is fine. */
void initiator_close(Initiator *initiator)
{
    if (initiator) {
        initiator->kind->close(initiator);
    }
}

gboolean initiator_send(Initiator *initiator, Command *command,
                        Completion *completion, GError **error)
{
    g_autoptr(LoadList) list = load_list_new(command, completion, 1, 1);

    return initiator->kind->drive(initiator, load_list_load(list), NULL, error);
}
