/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A load: decides what an initiator posts next and takes what comes back. The
 * initiator owns the loop, the load owns the policy: closed loop or a
 * fixed rate for a time (load-timed.c), a list of commands (load-list.c).
 */
#ifndef SGBENCH_LOAD_H
#define SGBENCH_LOAD_H

#include <glib.h>
#include "command.h"

typedef struct Load Load;

struct Load {
    unsigned depth; /* slots; at most this many commands are in flight */

    /*
     * The next command for free slot @slot (0 … depth - 1), or NULL if there
     * is none: the initiator then drains, or waits for wake_ns. Borrowed until done() for that slot.
     */
    Command *(*next)(Load *load, unsigned slot);

    /* The command of @slot came back. Returns FALSE to stop: next() is not
     * called any more, commands in flight still come to done(). */
    gboolean (*done)(Load *load, unsigned slot, Command *command,
                     const Completion *completion);

    /* What next() sets when it returns NULL: CLOCK_MONOTONIC, when it has to be
     * asked again; 0 if there is no more. */
    uint64_t wake_ns;

    /* What next() gave is posted and the doorbells are rung; most of it may be
     * under way. Of the ring initiator only, and may be NULL. */
    void (*posted)(Load *load);
};

#endif
