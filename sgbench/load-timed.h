/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Loads that are measured: a closed loop of commands at one depth, or commands
 * at a fixed rate, for a time or a number of requests. What the commands are is
 * the medium's: READs and WRITEs of a disk (load-disk.c), or of a tape with what
 * belongs to it (load-tape.c), or what moves a tape (load-position.c).
 *
 * At a fixed rate (cell_interval()) every command with data is due at a time of
 * a schedule that does not wait for those before it: one that finds all slots
 * taken is posted later, but what it took is counted from when it was due, too
 * (Sample.response). Otherwise a path that stalls would be asked less often for
 * as long as it does, and hardly any request would say so ("coordinated
 * omission"; G. Tene).
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

    /* Did the commands do what they said? Not counted, when all has come back;
     * *@sample gets what was seen. SGBENCH_ERROR_DATA if not. NULL if nothing can
     * be asked. */
    gboolean (*check)(LoadTimed *timed, Sample *sample, Initiator *initiator,
                      GError **error);
    void (*free)(LoadTimed *timed);

    const char *run_id; /* whose data it is, where it says so; NULL: nobody's */

    /* load-timed.c's */
    Sample *sample;
    uint64_t limit_ns, limit_requests;
    uint64_t limit_data;        /* commands with data */
    uint64_t first_ns, last_ns; /* first post, last completion */
    uint64_t posted, posted_data;
    uint64_t interval_ns; /* of the schedule; 0: a closed loop */
    uint64_t end_ns;      /* of the schedule; 0: not begun, or without end */
    uint64_t due_ns;      /* the next command with data; 0: at once */
    uint64_t before_ns;   /* when the last data came; 0: not just before */
};

/* The lots of a load, the same for the same @seed; the caller's. */
GRand *load_lots(uint64_t seed);

/* What a command was, to be counted as. */
typedef enum LoadOutcome {
    LOAD_GOOD,    /* a request: all of its data, status GOOD */
    LOAD_FAILED,  /* a request, or control, that went wrong */
    LOAD_MARK,    /* a READ that met a filemark where one is */
    LOAD_CONTROL, /* a command without data, as expected */
} LoadOutcome;

/*
 * For the loads. _may_post: FALSE once the limit of requests is reached, or if
 * it is not time yet (next() then returns NULL, all else is done); a TRUE is for
 * one request that is posted then. @data: it transfers what is on the medium, as
 * opposed to what belongs to a tape's load besides, which is posted at once.
 * _has_all: the limit of data is reached; next() returns NULL then.
 * _mark: @command, which it was said for, is that one. _restart: the
 * schedule begins anew, with what comes next (a tape was rewound). _count:
 * @command came back; FALSE when the time is over.
 */
gboolean load_timed_may_post(LoadTimed *timed, gboolean data);
gboolean load_timed_has_all(LoadTimed *timed);
void load_timed_mark(LoadTimed *timed, Command *command);
void load_timed_restart(LoadTimed *timed);
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

/* See LoadTimed.check. */
gboolean load_timed_check(LoadTimed *timed, Initiator *initiator,
                          GError **error);

/* When to stop posting; 0: no limit. */
typedef struct LoadLimits {
    uint64_t ns;
    uint64_t requests; /* commands of any kind */
    uint64_t data;     /* commands with data */
} LoadLimits;

/* From now on count into @sample (NULL: count nothing, warm-up), up to
 * @limits. */
void load_timed_arm(LoadTimed *timed, Sample *sample, const LoadLimits *limits);

/* Posting is over: count what was due and is not going to be posted. */
void load_timed_finish(LoadTimed *timed);

#endif
