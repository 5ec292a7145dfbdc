/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <glib.h>

#include "load-list.h"

struct LoadList {
    Load load; /* first: the initiator knows only this */
    Command *commands;
    Completion *completions;
    unsigned n;
    unsigned sent;
    unsigned completed;
    unsigned *in_slot; /* which command a slot carries */
};

static Command *list_next(Load *load, unsigned slot)
{
    LoadList *list = (LoadList *)load;

    g_assert(slot < load->depth);
    if (list->sent == list->n) {
        return NULL;
    }
    list->in_slot[slot] = list->sent;
    return &list->commands[list->sent++];
}

/* Never stops: a command that failed with a status is an answer like any
 * other, and whoever reads the list wants all of them. */
static gboolean list_done(Load *load, unsigned slot, Command *command,
                          const Completion *completion)
{
    LoadList *list = (LoadList *)load;
    unsigned i = list->in_slot[slot];

    g_assert(&list->commands[i] == command);
    list->completions[i] = *completion;
    list->completed++;
    return TRUE;
}

/* Thread context: as the initiator that drives it; it never calls a load from
 * two threads at once. */
LoadList *load_list_new(Command *commands, Completion *completions, unsigned n,
                        unsigned depth)
{
    LoadList *list = g_new0(LoadList, 1);

    g_assert(depth > 0);
    list->load.depth = depth;
    list->load.next = list_next;
    list->load.done = list_done;
    list->commands = commands;
    list->completions = completions;
    list->n = n;
    list->in_slot = g_new0(unsigned, depth);
    return list;
}

void load_list_free(LoadList *list)
{
    if (list) {
        g_free(list->in_slot);
        g_free(list);
    }
}

Load *load_list_load(LoadList *list)
{
    return &list->load;
}

unsigned load_list_completed(const LoadList *list)
{
    return list->completed;
}
