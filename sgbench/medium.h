/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Media: what differs between a disk and a tape, for whoever deals with
 * targets of both. One table each (medium-NAME.c).
 */
#ifndef SGBENCH_MEDIUM_H
#define SGBENCH_MEDIUM_H

#include <glib.h>
#include "load-timed.h"
#include "plan.h"
#include "target.h"
#include "verify.h"

struct Medium {
    const char *name;

    /* What is said of a cell's shape: keys of the matrix that the medium does
     * not have, or sizes. SGBENCH_ERROR_USAGE with file and line. */
    gboolean (*check)(const Job *job, const Matrix *matrix, const Cell *cell,
                      const TargetCaps *caps, GError **error);

    /* Does @cell write data of its own choice? NULL: they all do. */
    gboolean (*writes)(const Cell *cell);

    /* Does @target have the command that @operation is, asked through
     * @initiator? *@refusal: what it says if not (the caller's), or NULL. FALSE
     * with an error if the way to it broke. NULL: all have all. */
    gboolean (*has)(const Target *target, Initiator *initiator,
                    Operation operation, char **refusal, GError **error);

    /* Size and limits of @target, asked through @initiator. */
    gboolean (*identify)(Target *target, Initiator *initiator, GError **error);

    /* FALSE with SGBENCH_ERROR_TARGET if what @initiator reaches is not the
     * @target that identify() saw. */
    gboolean (*bring_up)(const Target *target, Initiator *initiator,
                         GError **error);

    /* The load that measures @cell; see load-timed.h. NULL: nothing of it is
     * timed. */
    LoadTimed *(*load)(const Cell *cell, const Target *target,
                       const Arena *arena, uint64_t seed);

    /* As verify_start(), which calls it. */
    gboolean (*verify)(Verifier *verifier, Verification *result,
                       GError **error);

    /* The same without writing, for a target that is read_only; NULL if that
     * can't be done. */
    gboolean (*compare)(Verifier *verifier, Verification *result,
                        GError **error);
};

extern const Medium medium_disk, medium_tape, medium_changer;

#endif
