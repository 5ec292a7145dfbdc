/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sessions: a QEMU each, with its trace, that is given steps.
 */
#ifndef FUZZ_TRIAL_H
#define FUZZ_TRIAL_H

#include <stdint.h>
#include <glib.h>
#include "session.h"
#include "sgbench/tracing.h"

typedef struct Trials {
    RunContext context;
    Tracing *tracing; /* NULL: nothing is traced */
    unsigned sessions;
    FuzzBreak breaks;
} Trials;

/* What a session has had: of FuzzSession, of FuzzModel. */
typedef struct TrialCounts {
    uint64_t lists, own;
    uint32_t answers;
    uint64_t checked, strict, open;
} TrialCounts;

/* Where the steps of a session come from. */
typedef struct StepSource StepSource;
struct StepSource {
    /* The next one, which goes on being the source's; NULL: that was all. */
    const FuzzStep *(*next)(StepSource *source, const FuzzSession *session);
    unsigned breaks_from; /* FuzzSession.breaks_from */
};

/*
 * One QEMU, until it has had its steps or something goes wrong: *@message is
 * what, the caller's. FALSE with an error if it could not be tried. @events is
 * where those of its trace are added (counts_new()), NULL: it is not traced.
 */
gboolean trial_steps(Trials *trials, const FuzzPath *path, StepSource *source,
                     GHashTable *events, TrialCounts *counts, char **message,
                     GError **error);

/* What goes wrong, a message, shows in the trace alone. */
gboolean trial_is_leak(const char *message);

#endif
