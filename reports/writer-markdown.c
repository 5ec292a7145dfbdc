/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <math.h>
#include <string.h>

#include "finding.h"
#include "cell.h"
#include "gain.h"
#include "json.h"
#include "note.h"
#include "text.h"
#include "verdict.h"
#include "writer.h"

/* Append @text (made harmless) with what Markdown would take for itself
 * escaped. */
static void add_text(GString *out, const char *text)
{
    g_autofree char *clean = sgb_text_clean(text, G_MAXUINT);

    for (const char *p = clean; *p; p++) {
        if (strchr("\\`*_{}[]<>#|~&!", *p)) {
            g_string_append_c(out, '\\');
        }
        g_string_append_c(out, *p);
    }
}

static void add_cell(GString *out, char *text)
{
    g_string_append_c(out, ' ');
    add_text(out, text);
    g_string_append(out, " |");
    g_free(text);
}

static void add_verdicts(GString *out, GPtrArray *runs)
{
    g_autoptr(GPtrArray) verdicts = sgb_verdicts(runs);

    for (unsigned i = 0; i < verdicts->len; i++) {
        const SgbVerdict *verdict = g_ptr_array_index(verdicts, i);

        g_string_append_printf(out, "**%s**\n\n", verdict->question);
        for (unsigned j = 0; j < verdict->answers->len; j++) {
            const SgbAnswer *answer = g_ptr_array_index(verdict->answers, j);

            g_string_append(out, "- ");
            add_text(out, answer->sentence);
            g_string_append_c(out, ' ');
            add_text(out, answer->detail);
            g_string_append(out, " *");
            add_text(out, answer->basis);
            g_string_append(out, ".*\n");
        }
        g_string_append_c(out, '\n');
    }
}

static void add_notes(GString *out, GPtrArray *notes)
{
    g_string_append(out, "| | |\n|---|---|\n");
    for (unsigned i = 0; i < notes->len; i++) {
        const SgbNote *note = g_ptr_array_index(notes, i);

        g_string_append(out, "|");
        add_cell(out, g_strdup(note->label));
        add_cell(out, g_strdup(note->text));
        g_string_append_c(out, '\n');
    }
    g_string_append_c(out, '\n');
}

static void add_figures(GString *out, const SgbBlock *block)
{
    g_string_append_printf(out,
                           "| path | %s%s | %s | +all | faults | p50 | "
                           "p99 | MiB |\n|---|--:|--:|--:|--:|--:|--:|--:|\n",
                           block->first->moves_data ? "MB/s" : "requests/s",
                           block->machine_speed ? "" : " (not machine speed)",
                           block->first->moves_data ? "s/GiB" : "µs/request");
    for (unsigned i = 0; i < block->cells->len; i++) {
        const SgbCell *cell = g_ptr_array_index(block->cells, i);

        g_string_append_c(out, '|');
        add_cell(out, g_strdup_printf("%s%s", cell->path,
                                      cell->failed ? ", requests failed" : ""));
        add_cell(out, sgb_text_number(
                          sgb_cell_median(cell, sgb_cell_throughput(cell))));
        add_cell(out, sgb_cell_cpu_text(cell, FALSE, FALSE));
        add_cell(out, sgb_cell_cpu_text(cell, TRUE, FALSE));
        add_cell(out,
                 sgb_text_number(sgb_cell_median(cell, SGB_FIGURE_FAULTS)));
        add_cell(out, sgb_text_duration(sgb_cell_median(cell, SGB_FIGURE_P50)));
        add_cell(out, sgb_text_duration(sgb_cell_quantile(cell, 0.99)));
        add_cell(out, sgb_text_ratio(sgb_cell_median(cell, SGB_FIGURE_ANON) /
                                     (1 << 20)));
        g_string_append_c(out, '\n');
    }
    g_string_append_c(out, '\n');
}

static void add_ratios(GString *out, const SgbBlock *block)
{
    g_autoptr(GArray) pairs = sgb_block_pairs(block);

    if (pairs->len == 0) {
        return;
    }
    g_string_append(out, "| ratio | throughput | CPU | n |\n"
                         "|---|--:|--:|--:|\n");
    for (unsigned i = 0; i < pairs->len; i++) {
        const SgbPair *pair = &g_array_index(pairs, SgbPair, i);
        SgbInterval speed =
            sgb_ratio(pair->over, pair->under, sgb_cell_throughput(pair->over));
        SgbInterval cpu =
            sgb_ratio(pair->over, pair->under, sgb_cell_cpu(pair->over));

        g_string_append_c(out, '|');
        add_cell(out, g_strdup_printf("%s / %s%s", pair->over->path,
                                      pair->under->path,
                                      pair->control ? ": noise" : ""));
        add_cell(out, sgb_ratio_text(&speed));
        add_cell(out, sgb_ratio_text(&cpu));
        g_string_append_printf(out, " %u |\n", MIN(speed.n, cpu.n));
    }
    g_string_append_c(out, '\n');
}

static void add_gains(GString *out, const SgbBlock *block)
{
    g_autoptr(GArray) gains = sgb_block_gains(block);

    if (gains->len == 0) {
        return;
    }
    g_string_append(out, "| left out | saves, CPU s/GiB | throughput |\n"
                         "|---|--:|--:|\n");
    for (unsigned i = 0; i < gains->len; i++) {
        const SgbGain *gain = &g_array_index(gains, SgbGain, i);

        g_string_append_c(out, '|');
        add_cell(out, g_strdup(gain->what));
        add_cell(out, sgb_gain_text(&gain->cpu));
        add_cell(out, sgb_ratio_text(&gain->throughput));
        g_string_append_c(out, '\n');
    }
    g_string_append_c(out, '\n');
}

static void add_run(GString *out, const SgbRun *run)
{
    g_autoptr(GPtrArray) blocks = sgb_run_blocks(run);
    g_autoptr(GPtrArray) notes = sgb_run_notes(run);
    const char *target = NULL;

    g_string_append(out, "## Run ");
    add_text(out, sgb_json_string(sgb_json_object(run->json, "job"), "name"));
    g_string_append(out, "\n\n");
    add_notes(out, notes);
    for (unsigned i = 0; i < blocks->len; i++) {
        const SgbBlock *block = g_ptr_array_index(blocks, i);
        g_autofree char *workload = sgb_cell_workload(block->first);

        if (g_strcmp0(target, block->first->target) != 0) {
            target = block->first->target;
            g_string_append(out, "### Target ");
            add_text(out, target);
            g_string_append(out, "\n\n");
            if (block->target) {
                g_autoptr(GPtrArray) about = sgb_target_notes(block->target);

                add_notes(out, about);
            }
        }
        if (!block->timed) {
            g_string_append(out, "Verified, not timed.\n\n");
            continue;
        }
        g_string_append(out, "#### ");
        add_text(out, workload);
        g_string_append(out, "\n\n");
        add_figures(out, block);
        add_ratios(out, block);
        add_gains(out, block);
    }
}

static gboolean write_markdown(GPtrArray *runs, GString *out, GError **error)
{
    g_string_append(out, "# sgbench report\n\n");
    add_verdicts(out, runs);
    for (unsigned i = 0; i < runs->len; i++) {
        add_run(out, g_ptr_array_index(runs, i));
    }
    g_string_append(
        out,
        "MB/s: 10^6 bytes a second. s/GiB: CPU seconds of QEMU's IOThread and "
        "workers (native: of the initiator) for 2^30 bytes; +all: with QEMU's "
        "main thread and the target's process. Faults: minor page faults of "
        "QEMU per request. Ratios are medians of pairs by round, with "
        "intervals from order statistics; \\~: no difference shown.\n");
    return TRUE;
}

const SgbWriter sgb_writer_markdown = {
    .name = "markdown",
    .summary = "verdicts and tables for a web page or merge request",
    .suffix = ".md",
    .write = write_markdown,
};
