/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Work in which a library may end the process, as libbabeltrace2's assertions
 * do on some damaged traces: it is done in a child, and we are left to say what
 * happened.
 */
#ifndef SGBENCH_FENCE_H
#define SGBENCH_FENCE_H

#include <glib.h>

typedef enum FenceSide {
    FENCE_INSIDE,  /* the child: do the work, and exit */
    FENCE_OUTSIDE, /* the parent, after that */
    FENCE_FAILED,  /* no child could be made */
} FenceSide;

/* How the child ended. */
typedef struct Fence {
    int exit_code;
    int signal; /* that killed it, or 0 */
    char *said; /* on standard error, if a signal did; else it was passed on */
} Fence;

/*
 * Fork, and wait for the child. It has our terminal, hears of the signals that
 * we catch, and cannot outlive us; what it says on standard error is held back
 * until it has ended. FENCE_FAILED comes with SGBENCH_ERROR_PREFLIGHT. Call it
 * after run_catch_signals(), while there is one thread.
 */
FenceSide fence_enter(Fence *fence, GError **error);

void fence_clear(Fence *fence);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Fence, fence_clear)

#endif
