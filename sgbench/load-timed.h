/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Loads that are measured: a closed loop of commands at one depth, for a time
 * or a number of requests. What the commands are is the medium's: READs and
 * WRITEs of a disk (load-disk.c), or of a tape with what belongs to it
 * (load-tape.c).
 */
#ifndef SGBENCH_LOAD_TIMED_H
#define SGBENCH_LOAD_TIMED_H

#include <stdint.h>
#include <glib.h>
#include "load.h"
#include "plan.h"
#include "sample.h"

typedef struct LoadTimed LoadTimed;

/* Every load that is measured begins with this. */
struct LoadTimed {
    Load load; /* first: the initiator gives us this back */

    /* Get the medium ready: not counted, and before the first load_timed_arm().
     * NULL if there is nothing to do. */
    gboolean (*prepare)(LoadTimed *timed, Initiator *initiator, GError **error);
    void (*free)(LoadTimed *timed);

    /* load-timed.c's */
    Sample *sample;
    uint64_t limit_ns, limit_requests;
    uint64_t first_ns, last_ns; /* first post, last completion */
    uint64_t posted;
};

/* What a command was, to be counted as. */
typedef enum LoadOutcome {
    LOAD_GOOD,    /* a request: all of its data, status GOOD */
    LOAD_FAILED,  /* a request, or control, that went wrong */
    LOAD_MARK,    /* a READ that met a filemark where one is */
    LOAD_CONTROL, /* a command without data, as expected */
} LoadOutcome;

/*
 * For the loads. _may_post: FALSE once the limit of requests is reached; a TRUE
 * is for one request that is posted then. _count: @command came back; FALSE
 * when the time is over.
 */
gboolean load_timed_may_post(LoadTimed *timed);
gboolean load_timed_count(LoadTimed *timed, const Command *command,
                          const Completion *completion, LoadOutcome outcome);

/*
 * The load of @cell, for the medium of @target. Its buffers, one for each slot,
 * are in the initiator's @arena; @seed shuffles layouts and chooses where it
 * starts.
 */
LoadTimed *load_timed_new(const Cell *cell, const Target *target,
                          const Arena *arena, uint64_t seed);
void load_timed_free(LoadTimed *timed);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LoadTimed, load_timed_free)

/* Get the medium ready, if it has to be. */
gboolean load_timed_prepare(LoadTimed *timed, Initiator *initiator,
                            GError **error);

/* From now on count into @sample (NULL: count nothing, warm-up) and stop
 * posting after @ns (0: no limit) or @requests (0: no limit). */
void load_timed_arm(LoadTimed *timed, Sample *sample, uint64_t ns,
                    uint64_t requests);

#endif
