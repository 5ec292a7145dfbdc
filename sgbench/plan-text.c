/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "foreign.h"
#include "plan.h"

#define WIDTH 76
#define VERDICT_ROUNDS 10 /* the measurement charter: fewer are indicative */

static void add_duration(GString *text, double seconds)
{
    unsigned whole = seconds + .5;

    if (whole >= 3600) {
        g_string_append_printf(text, "%u h %02u min", whole / 3600,
                               whole / 60 % 60);
    } else if (whole >= 60) {
        g_string_append_printf(text, "%u min %02u s", whole / 60, whole % 60);
    } else {
        g_string_append_printf(text, "%u s", whole);
    }
}

/* The words of @words, in lines that begin with @indent. */
static void add_wrapped(GString *text, const char *indent, const char *words)
{
    g_auto(GStrv) list = g_strsplit(words, " ", -1);
    size_t column = 0;
    char **word;

    for (word = list; *word; word++) {
        if (column && column + 1 + strlen(*word) > WIDTH) {
            g_string_append_c(text, '\n');
            column = 0;
        }
        if (**word) {
            g_string_append_printf(text, "%s%s", column ? " " : indent, *word);
            column += (column ? 1 : strlen(indent)) + strlen(*word);
        }
    }
    g_string_append_c(text, '\n');
}

static void add_target(GString *text, const Job *job, const TargetSpec *spec,
                       gboolean in_lab)
{
    const TargetKind *kind = target_find(spec->kind);
    TargetCaps caps = {};
    g_autofree char *largest = NULL;
    g_autofree char *can = NULL;
    g_autofree char *verdicts = NULL;

    /* plan_new() asked already. */
    if (!kind || !kind->check(job, spec, &caps, NULL)) {
        g_assert_not_reached();
    }
    largest = job_size_text(caps.max_transfer);
    g_string_append_printf(text, "target %s: %s\n", spec->name, kind->name);
    add_wrapped(text, "    ", kind->summary);
    can = g_strdup_printf(
        "%s, %s, %s, %s; %u commands of up to %s",
        caps.stores_data ? "stores data" : "stores no data: not verifiable",
        caps.reports_resid ? "reports residuals" : "no residuals",
        caps.kernel_sgio ? "kernel SG_IO" : "no kernel SG_IO",
        caps.machine_speed ? "machine speed" : "not machine speed",
        caps.max_depth, largest);
    add_wrapped(text, "    ", can);
    verdicts = g_strdup_printf("may feed verdicts on: %s", caps.verdicts);
    add_wrapped(text, "    ", verdicts);
    if (kind->foreign) {
        add_wrapped(text, "    ",
                    foreign_is_written(job, spec, &caps)
                        ? "is written to: only if it is named, --write-to or "
                          "--write-to-tape, and nothing uses it"
                        : "is only read, unless it is named: --write-to");
        if (caps.users_unseen) {
            add_wrapped(text, "    ",
                        "whether other hosts use it can't be seen: make sure "
                        "that none does before you name it");
        }
    }
    if (kind->needs_lab && !in_lab) {
        g_string_append_printf(text, "    needs the lab: sgbench lab %s\n",
                               job->file);
    }
}

/* Where the run will be, wherever the plan is asked for. */
static gboolean will_be_in_lab(const Job *job)
{
    unsigned i;

    for (i = 0; i < job->targets->len; i++) {
        const TargetSpec *spec = g_ptr_array_index(job->targets, i);

        if (target_find(spec->kind)->needs_lab) {
            return TRUE;
        }
    }
    return FALSE;
}

static gboolean has_path(const GPtrArray *starts, const PathKind *path)
{
    unsigned i;

    for (i = 0; i < starts->len; i++) {
        const Start *start = g_ptr_array_index(starts, i);
        if (start->path == path) {
            return TRUE;
        }
    }
    return FALSE;
}

/* Returns TRUE if one of the paths repeats another one. */
static gboolean add_paths(GString *text, const GPtrArray *starts)
{
    gboolean control = FALSE;
    const PathKind *path;

    for (path = path_kinds; path->name; path++) {
        if (has_path(starts, path)) {
            g_string_append_printf(text, "path %-16s  %s\n", path->name,
                                   path->summary);
            control |= path->control_of &&
                       has_path(starts, path_find(path->control_of));
        }
    }
    return control;
}

/* Everything of a cell's id after target and path. */
static const char *cell_text(const Cell *cell)
{
    return cell->id + strlen(cell->target->name) + strlen(cell->path->name) + 2;
}

static void add_cells(GString *text, const Start *start)
{
    g_autoptr(GString) cells = g_string_new(NULL);
    unsigned i;

    for (i = 0; i < start->cells->len; i++) {
        g_string_append_printf(cells, "%s ",
                               cell_text(g_ptr_array_index(start->cells, i)));
    }
    g_string_append_c(text, '\n');
    add_wrapped(text, "        ", cells->str);
}

/* Cells are printed where they differ from those of the start before, which
 * they mostly don't. */
static void add_order(GString *text, const GPtrArray *starts)
{
    g_autofree char *last = NULL;
    unsigned i;

    g_string_append(text, "order of round 1:\n");
    for (i = 0; i < starts->len; i++) {
        const Start *start = g_ptr_array_index(starts, i);
        g_autoptr(GString) cells = g_string_new(NULL);

        add_cells(cells, start);
        g_string_append_printf(
            text, "%4u. %s by %s%s%s:", i + 1, start->target->name,
            start->path->name, start->hba == hba_kinds[0] ? "" : " with ",
            start->hba == hba_kinds[0] ? "" : start->hba->name);
        if (last && strcmp(last, cells->str) == 0) {
            g_string_append(text, " same cells, same order\n");
        } else {
            g_string_append(text, cells->str);
        }
        g_free(last);
        last = g_strdup(cells->str);
    }
}

static void add_rounds(GString *text, const Job *job)
{
    g_string_append_printf(
        text, "rounds: %u timed%s, %g s a cell after %g s of warm-up",
        job->rounds, job->trace == TRACE_ON ? " and traced" : "",
        job->cell_seconds, job->warmup_seconds);
    if (job->trace == TRACE_ROUND) {
        g_string_append_printf(
            text,
            "\n    and before them one traced, %u requests a "
            "cell",
            job->trace_requests);
    }
    g_string_append(text, "\n");
}

char *plan_text(const Plan *plan, gboolean in_lab)
{
    const Job *job = plan->job;
    g_autoptr(GPtrArray) starts = plan_round(plan, 1);
    GString *text = g_string_new(NULL);
    gboolean control;
    unsigned i;

    g_string_append_printf(text, "job %s\n", job->name);
    if (job->description) {
        add_wrapped(text, "    ", job->description);
    }
    for (i = 0; i < job->targets->len; i++) {
        const TargetSpec *spec = g_ptr_array_index(job->targets, i);

        if (plan_has_target(plan, spec)) {
            add_target(text, job, spec, in_lab);
        }
    }
    control = add_paths(text, starts);
    g_string_append_printf(
        text, "%u cells in %u starts a round, seed %" G_GUINT64_FORMAT "\n",
        plan->cells->len, starts->len, job->seed);
    add_rounds(text, job);
    g_string_append_printf(text, "verification: %s\n",
                           job->verify ? "every path before it is timed"
                                       : "off, nothing says the data is right");
    g_string_append(text, "takes about ");
    add_duration(text, plan_seconds(plan, in_lab || will_be_in_lab(job)));
    g_string_append(text, ", beside setting targets up\n");
    if (job->rounds < VERDICT_ROUNDS) {
        g_string_append_printf(text,
                               "note: verdicts need %d rounds; this job "
                               "is indicative\n",
                               VERDICT_ROUNDS);
    }
    if (!control) {
        g_string_append(text,
                        "note: no noise floor; it takes generic-control beside "
                        "generic-bounce\n");
    }
    if (job->trace == TRACE_ON) {
        g_string_append(text, "note: timed rounds are traced, which costs "
                              "time itself\n");
    }
    add_order(text, starts);
    return g_string_free(text, FALSE);
}
