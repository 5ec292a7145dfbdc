/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A failure: the steps that lead to it, as short as they can be made.
 */
#ifndef FUZZ_FAILURE_H
#define FUZZ_FAILURE_H

#include <glib.h>
#include "session.h"

typedef struct Failure {
    const FuzzPath *path;
    GPtrArray *steps; /* FuzzStep *, owned */
    char *message;    /* what went wrong, one line */
    char *origin;     /* where: seed, session and steps then; or NULL */
    char *first;      /* what went wrong there, as first seen; or NULL */
} Failure;

/* @origin may be NULL. */
Failure *failure_new(const FuzzPath *path, GPtrArray *steps,
                     const char *message, const char *origin);
void failure_free(Failure *failure);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Failure, failure_free)

/* @message without what differs from run to run, to tell failures apart; the
 * caller's. */
char *failure_kind(const char *message);

/* Try the steps with a fresh QEMU. NULL: all went well; else what did not, the
 * caller's. */
typedef char *(*FailureFunc)(const GPtrArray *steps, void *opaque,
                             GError **error);

/* Leave out steps, commands, actions and pieces as long as @try_steps says that
 * the same kind of thing goes wrong; at most @seconds long. */
gboolean failure_shrink(FailureFunc try_steps, void *opaque, Failure *failure,
                        double seconds, GError **error);

/* Write to @file; read it. Errors name the file. */
gboolean failure_save(const Failure *failure, const char *file, GError **error);
Failure *failure_load(const char *file, GError **error);

#endif
