/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A load that sends a list of commands once, in order, and keeps what came
 * back; for identity, verification and tests. */
#ifndef SGBENCH_LOAD_LIST_H
#define SGBENCH_LOAD_LIST_H

#include "load.h"

typedef struct LoadList LoadList;

/* @commands and @completions: @n of each, the caller's; completions[i] belongs
 * to commands[i]. At most @depth are in flight. */
LoadList *load_list_new(Command *commands, Completion *completions, unsigned n,
                        unsigned depth);
void load_list_free(LoadList *list);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LoadList, load_list_free)

Load *load_list_load(LoadList *list);

/* How many have come back. */
unsigned load_list_completed(const LoadList *list);

#endif
