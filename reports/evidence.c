/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "evidence.h"

#include <math.h>
#include <string.h>

#include "figure.h"
#include "json.h"
#include "text.h"

static void evidence_free(gpointer data)
{
    SgbEvidence *evidence = data;

    g_ptr_array_unref(evidence->blocks);
    g_array_unref(evidence->findings);
    g_free(evidence);
}

GPtrArray *sgb_run_evidence(const SgbRun *run, GPtrArray *blocks)
{
    GPtrArray *all = g_ptr_array_new_with_free_func(evidence_free);
    SgbEvidence *evidence = NULL;

    for (unsigned i = 0; i < blocks->len; i++) {
        SgbBlock *block = g_ptr_array_index(blocks, i);
        g_autoptr(GArray) findings = sgb_block_findings(block);

        if (!evidence || strcmp(evidence->target, block->first->target) != 0) {
            evidence = g_new0(SgbEvidence, 1);
            evidence->run = run;
            evidence->target = block->first->target;
            evidence->blocks = g_ptr_array_new();
            evidence->findings = g_array_new(FALSE, FALSE, sizeof(SgbFinding));
            g_ptr_array_add(all, evidence);
        }
        g_ptr_array_add(evidence->blocks, block);
        g_array_append_vals(evidence->findings, findings->data, findings->len);
    }
    return all;
}

/* How far from 1, whichever way. */
static double size_of(const SgbFinding *finding)
{
    return fabs(log(finding->ratio.median));
}

static void keep_larger(const SgbFinding **kept, const SgbFinding *finding)
{
    if (!*kept || size_of(finding) > size_of(*kept)) {
        *kept = finding;
    }
}

SgbTally sgb_evidence_tally(const SgbEvidence *evidence, const char *over,
                            const char *under, gboolean speed)
{
    g_autoptr(GArray) seen = g_array_new(FALSE, FALSE, sizeof(double));
    SgbTally tally = {.would_see = NAN, .would_see_worst = NAN};

    for (unsigned i = 0; i < evidence->findings->len; i++) {
        const SgbFinding *f = &g_array_index(evidence->findings, SgbFinding, i);

        if (sgb_figure_kinds[f->figure].more_is_better != speed ||
            strcmp(f->pair.over->path, over) != 0 ||
            strcmp(f->pair.under->path, under) != 0) {
            continue;
        }
        tally.rounds = tally.n ? MIN(tally.rounds, f->ratio.n) : f->ratio.n;
        tally.n++;
        tally.effects[f->effect]++;
        if (f->effect == SGB_EFFECT_UNKNOWN) {
            continue;
        }
        tally.misses += 1 - f->ratio.coverage;
        if (f->effect == SGB_EFFECT_BETTER) {
            keep_larger(&tally.best, f);
        } else if (f->effect == SGB_EFFECT_WORSE) {
            keep_larger(&tally.worst, f);
        } else if (f->effect == SGB_EFFECT_UNSHOWN && isfinite(f->would_see)) {
            g_array_append_val(seen, f->would_see);
            tally.would_see_worst = fmax(tally.would_see_worst, f->would_see);
        }
    }
    tally.would_see = sgb_median((const double *)(void *)seen->data, seen->len);
    return tally;
}

static void say_most(GString *out, const SgbFinding *f)
{
    g_autofree char *workload = sgb_cell_workload(f->block->first);
    g_autofree char *median = sgb_text_ratio(f->ratio.median);
    g_autofree char *low = sgb_text_ratio(f->ratio.low);
    g_autofree char *high = sgb_text_ratio(f->ratio.high);

    g_string_append_printf(out, " (most: ×%s [%s, %s] at %s)", median, low,
                           high, workload);
}

void sgb_tally_say(GString *out, const SgbTally *tally, gboolean speed)
{
    const unsigned *n = tally->effects;

    g_string_append_printf(out, "%s is %s in %u of %u workload%s",
                           speed ? "throughput" : "CPU",
                           speed ? "higher" : "lower", n[SGB_EFFECT_BETTER],
                           tally->n, tally->n == 1 ? "" : "s");
    if (tally->best) {
        say_most(out, tally->best);
    }
    if (tally->worst) {
        g_string_append_printf(out, ", %s in %u", speed ? "lower" : "higher",
                               n[SGB_EFFECT_WORSE]);
        say_most(out, tally->worst);
    }
}

/* Append to a list that begins with @label. */
static void say_more(GString *out, gsize begin, const char *label,
                     const char *format, ...) G_GNUC_PRINTF(4, 5);

static void say_more(GString *out, gsize begin, const char *label,
                     const char *format, ...)
{
    va_list ap;

    if (out->len == begin) {
        g_string_append(out, label);
    } else {
        g_string_append(out, ", ");
    }
    va_start(ap, format);
    g_string_append_vprintf(out, format, ap);
    va_end(ap);
}

void sgb_tally_say_rest(GString *out, const SgbTally *tally, gboolean speed)
{
    const char *label = speed ? "Throughput: " : "CPU: ";
    const unsigned *n = tally->effects;
    gsize begin = out->len;

    if (n[SGB_EFFECT_SAME]) {
        say_more(out, begin, label, "the same within %.0f %% in %u",
                 100 * SGB_MARGIN, n[SGB_EFFECT_SAME]);
    }
    /* Rounded up: a claim must not be larger than it is. */
    if (n[SGB_EFFECT_UNSHOWN] == 1) {
        say_more(out, begin, label,
                 "no difference shown in 1 (would have seen ≥ %.0f %%)",
                 ceil(100 * tally->would_see));
    } else if (n[SGB_EFFECT_UNSHOWN]) {
        say_more(out, begin, label,
                 "no difference shown in %u (would have seen ≥ %.0f %% in half "
                 "of them, ≥ %.0f %% in all)",
                 n[SGB_EFFECT_UNSHOWN], ceil(100 * tally->would_see),
                 ceil(100 * tally->would_see_worst));
    }
    if (n[SGB_EFFECT_DOUBTFUL]) {
        say_more(out, begin, label,
                 "doubtful in %u, where the same path twice differs too",
                 n[SGB_EFFECT_DOUBTFUL]);
    }
    if (n[SGB_EFFECT_UNKNOWN]) {
        say_more(out, begin, label, "not known in %u for want of rounds",
                 n[SGB_EFFECT_UNKNOWN]);
    }
    if (out->len > begin) {
        g_string_append(out, ". ");
    }
}

/* "data verified on 7 paths". */
static void say_verified(GString *out, const SgbEvidence *evidence)
{
    JsonArray *all = sgb_json_array(evidence->run->json, "verification");
    unsigned n = all ? json_array_get_length(all) : 0;
    unsigned verified = 0, impossible = 0, wrong = 0;

    for (unsigned i = 0; i < n; i++) {
        JsonObject *v = json_array_get_object_element(all, i);
        const char *result = sgb_json_string(v, "result");

        if (strcmp(sgb_json_string(v, "target"), evidence->target) != 0) {
            continue;
        }
        verified += strcmp(result, "verified") == 0;
        impossible += strcmp(result, "not verifiable") == 0;
        wrong += strcmp(result, "mismatch") == 0;
    }
    if (wrong) {
        g_string_append_printf(out, "WRONG DATA on %u path%s", wrong,
                               wrong == 1 ? "" : "s");
    } else if (verified) {
        g_string_append_printf(out, "data verified on %u path%s", verified,
                               verified == 1 ? "" : "s");
    } else {
        g_string_append(out, impossible ? "data not verifiable"
                                        : "data not verified");
    }
}

char *sgb_evidence_basis(const SgbEvidence *evidence)
{
    const SgbBlock *block = g_ptr_array_index(evidence->blocks, 0);
    GString *out = g_string_new(NULL);

    g_string_append_printf(
        out, "%s (%s): %s, %s, ", evidence->target,
        block->target ? sgb_json_string(block->target, "kind") : "?",
        block->machine_speed ? "machine speed" : "NOT machine speed",
        block->kernel_sgio ? "the kernel's SG_IO" : "no kernel SG_IO");
    say_verified(out, evidence);
    g_string_append_printf(
        out, "; %u round%s%s; job %s", evidence->run->rounds,
        evidence->run->rounds == 1 ? "" : "s",
        evidence->run->rounds < SGB_ROUNDS_FOR_VERDICT
            ? ", a verdict needs 10: indicative only"
            : "",
        sgb_json_string(sgb_json_object(evidence->run->json, "job"), "name"));
    return g_string_free(out, FALSE);
}
