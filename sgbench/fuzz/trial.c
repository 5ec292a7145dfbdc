/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <inttypes.h>
#include <string.h>

#include "count.h"
#include "trial.h"
#include "sgbench/error.h"
#include "sgbench/tempdir.h"

/*
 * For a QEMU that is built with sanitizers. Leaks that are not of what is
 * tested: QEMU's of its start, and behind pvscsi the list of a command that it
 * was told to abort (pvscsi_request_cancelled(), hw/scsi/vmw_pvscsi.c; all of
 * its own functions that allocate lists are inlined). The functions that
 * allocated are known only if the stack is walked with care.
 */
static gboolean set_sanitizers(const Trials *trials, const FuzzPath *path,
                               GError **error)
{
    static const char leaks[] = "leak:qtest_set_log\n"
                                "leak:qtest_set_chardev\n"
                                "leak:chardev_new\n";
    static const char lists[] = "leak:qemu_sglist_init\n"
                                "leak:qemu_sglist_add\n";
    g_autofree char *file =
        g_build_filename(trials->context.temp_dir, "leaks", NULL);
    g_autofree char *options =
        g_strdup_printf("suppressions=%s:print_suppressions=0", file);
    g_autofree char *text =
        g_strconcat(leaks, path->hba == &hba_pvscsi ? lists : NULL, NULL);

    g_setenv("ASAN_OPTIONS", "fast_unwind_on_malloc=0:detect_leaks=1", FALSE);
    g_setenv("LSAN_OPTIONS", options, FALSE);
    g_setenv("UBSAN_OPTIONS", "print_stacktrace=1", FALSE);
    return g_file_set_contents(file, text, -1, error);
}

#define LEAK "LEAK: "

/* Events of a session that must come in pairs. */
static char *unpaired(GHashTable *events)
{
    static const char *const pairs[][2] = {
        {"qemu:scsi_sgio_bounce_alloc", "qemu:scsi_sgio_bounce_free"},
        {"qemu:dma_bounce_alloc", "qemu:dma_bounce_free"},
        {"qemu:dma_blk_io", "qemu:dma_complete"},
    };

    if (counts_of(events, "lost")) {
        return NULL; /* nothing can be said */
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(pairs); i++) {
        uint64_t a = counts_of(events, pairs[i][0]);
        uint64_t b = counts_of(events, pairs[i][1]);

        if (a != b) {
            return g_strdup_printf(LEAK "%" PRIu64 " %s, %" PRIu64 " %s", a,
                                   pairs[i][0], b, pairs[i][1]);
        }
    }
    return NULL;
}

static gboolean trace_begin(Trials *trials, const FuzzPath *path, char **folder,
                            GError **error)
{
    const char *rules[] = {"qemu:scsi_sgio_bounce_*",
                           "qemu:dma_bounce_alloc",
                           "qemu:dma_bounce_free",
                           "qemu:dma_blk_io",
                           "qemu:dma_complete",
                           NULL,
                           NULL};
    g_autofree char *name = g_strdup_printf(
        "sgbench-fuzz-%.8s-%u", trials->context.run_id, trials->sessions);

    /* LTTng takes none twice. */
    if (strcmp(path->reached, "qemu:dma_blk_io") != 0) {
        rules[G_N_ELEMENTS(rules) - 2] = path->reached;
    }
    *folder = g_build_filename(trials->context.temp_dir, name, NULL);
    return tracing_begin(trials->tracing, name, *folder, rules, error);
}

/* Add what one session's trace has to @events, if there are any. @whole: it is of
 * a session that came to its end, and *@message is what leaked. */
static gboolean trace_end(Trials *trials, GHashTable *events,
                          const char *folder, gboolean whole, char **message,
                          GError **error)
{
    g_autoptr(GHashTable) these = counts_new();

    if (!tracing_end(trials->tracing, error) ||
        !count_events(folder, these, error)) {
        return FALSE;
    }
    if (trials->breaks == BREAK_LEAK) {
        counts_more(these, "qemu:dma_bounce_alloc", 1);
    }
    temp_dir_remove(folder);
    if (whole) {
        *message = unpaired(these);
    }
    counts_add(events, these);
    return TRUE;
}

gboolean trial_is_leak(const char *message)
{
    return g_str_has_prefix(message, LEAK);
}

/* What goes wrong is our fault, or the user's. */
static gboolean is_ours(const GError *fault)
{
    return g_error_matches(fault, SGBENCH_ERROR, SGBENCH_ERROR_PREFLIGHT) ||
           g_error_matches(fault, SGBENCH_ERROR, SGBENCH_INTERRUPTED) ||
           g_error_matches(fault, SGBENCH_ERROR, SGBENCH_ERROR_RESULTS);
}

gboolean trial_steps(Trials *trials, const FuzzPath *path, StepSource *source,
                     GHashTable *events, TrialCounts *counts, char **message,
                     GError **error)
{
    g_autofree char *folder = NULL;
    g_autoptr(GError) fault = NULL;
    const FuzzStep *step;
    FuzzSession *session;
    gboolean ok;

    *message = NULL;
    trials->sessions++;
    if (!set_sanitizers(trials, path, error)) {
        return FALSE;
    }
    if (events && !trace_begin(trials, path, &folder, error)) {
        return FALSE;
    }
    trials->context.traced = events != NULL;
    session = session_new(&trials->context, path, &fault);
    trials->context.traced = FALSE;
    if (!session) {
        g_propagate_error(error, g_steal_pointer(&fault));
        return FALSE;
    }
    session->breaks = trials->breaks;
    session->breaks_from = source->breaks_from;
    ok = !events ||
         tracing_follow(trials->tracing, session->ring->qemu_pid, &fault);
    while (ok && (step = source->next(source, session))) {
        ok = session_step(session, step, &fault);
        if (run_interrupted()) {
            break;
        }
    }
    *counts = (TrialCounts){
        .lists = session->lists,
        .own = session->own,
        .answers = session->answers,
        .checked = session->model->checked,
        .strict = session->model->strict,
        .open = session->model->open,
    };
    if (ok) {
        ok = session_end(session, &fault);
    } else {
        session_free(session);
    }
    if (events && !trace_end(trials, events, folder, ok, message, error)) {
        return FALSE;
    }
    if (run_check_interrupted(error)) {
        return FALSE;
    }
    if (!ok && is_ours(fault)) {
        g_propagate_error(error, g_steal_pointer(&fault));
        return FALSE;
    }
    if (!ok) {
        *message = g_strdup(fault->message);
    }
    return TRUE;
}
