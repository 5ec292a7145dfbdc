/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <math.h>
#include <string.h>

#include "evidence.h"
#include "figure.h"
#include "json.h"
#include "note.h"
#include "text.h"
#include "writer.h"

/* As mails to a list of developers are. */
#define COLUMNS 72

/* What zero-copy is held against: today, today without the allocator's page
 * faults, today with a buffer that is kept, the alternative, and noise. */
static const struct {
    const char *over, *under, *label;
} rivals[] = {
    {"generic-zerocopy", "generic-bounce", "bounce"},
    {"generic-zerocopy", "generic-notrim", "notrim"},
    {"generic-zerocopy", "generic-pool", "pool"},
    {"generic-zerocopy", "block", "block"},
    {NULL, "generic-bounce", "(noise)"},
};

static const SgbFinding *find(GArray *findings, unsigned rival, gboolean speed)
{
    for (unsigned i = 0; i < findings->len; i++) {
        const SgbFinding *f = &g_array_index(findings, SgbFinding, i);
        const char *over = rivals[rival].over;

        if (sgb_figure_kinds[f->figure].more_is_better == speed &&
            f->pair.control == !over &&
            strcmp(f->pair.under->path, rivals[rival].under) == 0 &&
            (!over || strcmp(f->pair.over->path, over) == 0)) {
            return f;
        }
    }
    return NULL;
}

static void add_block(GString *out, const SgbBlock *block)
{
    g_autofree char *workload = sgb_cell_workload(block->first);
    g_autoptr(GArray) findings = sgb_block_findings(block);

    if (!block->timed) {
        g_string_append(out, "verified, not timed\n");
        return;
    }
    sgb_text_wrap(out, "", COLUMNS, workload);
    if (!block->comparable) {
        g_string_append(out,
                        "  no ratios: the lab tells no paths apart here\n");
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(rivals); i++) {
        const SgbFinding *speed = find(findings, i, TRUE);
        const SgbFinding *cpu = find(findings, i, FALSE);
        g_autofree char *a = speed ? sgb_ratio_text(&speed->ratio) : NULL;
        g_autofree char *b = cpu ? sgb_ratio_text(&cpu->ratio) : NULL;

        if (!speed || !cpu) {
            continue;
        }
        g_string_append(out, "  ");
        sgb_text_pad(out, rivals[i].label, -10);
        sgb_text_pad(out, a, 24);
        sgb_text_pad(out, b, 24);
        g_string_append_printf(out, " %4u\n",
                               MIN(speed->ratio.n, cpu->ratio.n));
    }
}

/* Lowest coverage of any interval shown. */
static double coverage_of(const SgbEvidence *e)
{
    double coverage = NAN;

    for (unsigned i = 0; i < e->findings->len; i++) {
        const SgbFinding *f = &g_array_index(e->findings, SgbFinding, i);

        if (f->ratio.n > 1) {
            coverage = fmin(coverage, f->ratio.coverage);
        }
    }
    return coverage;
}

static void add_target(GString *out, const SgbEvidence *e)
{
    g_autofree char *basis = sgb_evidence_basis(e);
    g_autofree char *text = g_strdup_printf("Target: %s.", basis);
    double coverage = coverage_of(e);

    g_string_append(out, "zero-copy against         throughput         "
                         "             CPU    n\n");
    for (unsigned i = 0; i < e->blocks->len; i++) {
        add_block(out, g_ptr_array_index(e->blocks, i));
    }
    g_string_append_c(out, '\n');
    sgb_text_wrap(out, "", COLUMNS, text);
    if (isfinite(coverage)) {
        g_autofree char *line = g_strdup_printf(
            "Medians of ratios paired by round, with intervals from order "
            "statistics that cover the median with at least %.1f %%; "
            "throughput "
            "above 1 and CPU below 1 are better; ~ no difference shown; noise "
            "is bouncing against itself.",
            floor(1000 * coverage) / 10);

        sgb_text_wrap(out, "", COLUMNS, line);
    }
}

/* Machine and builds; what went wrong or limits the figures. */
static void add_notes(GString *out, const SgbRun *run)
{
    g_autoptr(GPtrArray) notes = sgb_run_notes(run);

    for (unsigned i = 0; i < notes->len; i++) {
        const SgbNote *note = g_ptr_array_index(notes, i);
        g_autofree char *text =
            g_strdup_printf("%s: %s", note->label, note->text);

        if (note->kind != SGB_NOTE_FACT ||
            strcmp(note->label, "machine") == 0 ||
            strcmp(note->label, "QEMU") == 0 ||
            strcmp(note->label, "faults") == 0) {
            sgb_text_wrap(out, "", COLUMNS, text);
        }
    }
}

static gboolean write_cover_letter(GPtrArray *runs, GString *out,
                                   GError **error)
{
    for (unsigned r = 0; r < runs->len; r++) {
        const SgbRun *run = g_ptr_array_index(runs, r);
        g_autoptr(GPtrArray) blocks = sgb_run_blocks(run);
        g_autoptr(GPtrArray) evidence = sgb_run_evidence(run, blocks);
        g_autofree char *line = g_strdup_printf(
            "Workload: job %s, %u rounds of %g s a cell, each path started "
            "afresh in each round, in random order.",
            sgb_json_string(sgb_json_object(run->json, "job"), "name"),
            run->rounds,
            sgb_json_number(sgb_json_object(run->json, "job"), "cell_seconds"));

        if (r) {
            g_string_append_c(out, '\n');
        }
        sgb_text_wrap(out, "", COLUMNS, line);
        g_string_append_c(out, '\n');
        for (unsigned i = 0; i < evidence->len; i++) {
            add_target(out, g_ptr_array_index(evidence, i));
            g_string_append_c(out, '\n');
        }
        add_notes(out, run);
    }
    return TRUE;
}

const SgbWriter sgb_writer_cover_letter = {
    .name = "cover-letter",
    .summary = "ratios and what stands behind them, 72 columns",
    .suffix = ".letter",
    .write = write_cover_letter,
};
