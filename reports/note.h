/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What stands beside figures: how a run ended, machine, builds, verification,
 * reconciliation, what a target can prove. Every report shows these.
 */
#ifndef REPORTS_NOTE_H
#define REPORTS_NOTE_H

#include <glib.h>
#include "run.h"

typedef enum SgbNoteKind {
    SGB_NOTE_FACT,    /* of the environment */
    SGB_NOTE_WARNING, /* what may have disturbed the figures */
    SGB_NOTE_LIMIT,   /* what the figures can't be taken for */
    SGB_NOTE_ALARM,   /* what makes them worth nothing, or less */
} SgbNoteKind;

typedef struct SgbNote {
    SgbNoteKind kind;
    const char *label; /* static */
    char *text;        /* as it was read: make it harmless */
} SgbNote;

/* The notes of @run (SgbNote *, freed with the array). */
GPtrArray *sgb_run_notes(const SgbRun *run);

/* What is known of @target (of run.json's targets), and is not secret: the
 * serial number stays out. */
GPtrArray *sgb_target_notes(JsonObject *target);

#endif
