/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A QEMU with a disk, and a model of it and of guest memory, that steps are
 * tried on.
 */
#ifndef FUZZ_SESSION_H
#define FUZZ_SESSION_H

#include <glib.h>
#include "model.h"
#include "sgbench/context.h"
#include "sgbench/initiator.h"
#include "step.h"

/* Ways for a command. */
typedef struct FuzzPath {
    const char *name;
    PathKind kind;
    const HbaKind *hba;
    /* The event, one per list, that says that QEMU's mapping code has one. */
    const char *reached;
    gboolean expected_good; /* no fault is expected */
} FuzzPath;

extern const FuzzPath fuzz_paths[]; /* ended by one without a name */
const FuzzPath *fuzz_path_find(const char *name);

/* What is spoilt after a step, to see that it is found. */
typedef enum FuzzBreak {
    BREAK_NOTHING,
    BREAK_OUTSIDE, /* a byte of RAM that no list has */
    BREAK_INSIDE,  /* a byte of RAM that a READ has */
    BREAK_DISK,    /* what the model has of the disk */
    BREAK_STATUS,  /* GOOD becomes CHECK CONDITION */
    BREAK_GOOD,    /* everything becomes GOOD */
    BREAK_LEAK,    /* of the trace: an event that is one of a pair */
    BREAK_OTHER,   /* a byte of RAM that a good INQUIRY or the like has */
} FuzzBreak;

typedef struct FuzzSession {
    RunContext *context;
    const FuzzPath *path;
    Initiator *ring;
    char *file; /* the disk of a path that is raw */
    FuzzModel *model;
    unsigned steps;
    uint64_t lists; /* commands with a list so far */
    /* Lists of the session's own, of those that FuzzPath.reached counts: to write
     * the disk, for references. */
    uint64_t own;
    uint32_t answers; /* a hash of what steps were answered with */
    FuzzBreak breaks;
    unsigned breaks_from; /* so many lists are left as they are */
} FuzzSession;

/* Start QEMU, write to the disk what the model has. SGBENCH_ERROR. */
FuzzSession *session_new(RunContext *context, const FuzzPath *path,
                         GError **error);

/* Send @step, look at what has become of memory. SGBENCH_ERROR_DATA for a wrong
 * byte, SGBENCH_ERROR_QEMU if QEMU died or hangs. */
gboolean session_step(FuzzSession *session, const FuzzStep *step,
                      GError **error);

/* Look at all of memory, end QEMU, see how it ends and what it has said:
 * sanitizers report leaks then. FALSE with an error as session_step(). */
gboolean session_end(FuzzSession *session, GError **error);

/* Of the QEMU that was started last; the caller's. It is gone if that ended
 * well. */
char *session_log(const RunContext *context, const FuzzPath *path);

/* End it without a look. NULL is fine. */
void session_free(FuzzSession *session);

#endif
