/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verdict.h"

#include <math.h>
#include <string.h>

#include "evidence.h"
#include "gain.h"
#include "json.h"
#include "text.h"

const char *sgb_tone_name(SgbTone tone)
{
    static const char *const names[] = {
        [SGB_TONE_GOOD] = "good",
        [SGB_TONE_MIXED] = "mixed",
        [SGB_TONE_BAD] = "bad",
        [SGB_TONE_OPEN] = "open",
    };

    return names[tone];
}

static void answer_free(gpointer data)
{
    SgbAnswer *answer = data;

    g_free(answer->sentence);
    g_free(answer->detail);
    g_free(answer->basis);
    g_free(answer);
}

static void verdict_free(gpointer data)
{
    SgbVerdict *verdict = data;

    g_ptr_array_unref(verdict->answers);
    g_free(verdict);
}

/* An answer that begins with what the figures can't be taken for. Takes
 * @sentence and @detail (or NULL) over. */
static SgbAnswer *answer_new(const SgbEvidence *e, SgbTone tone,
                             GString *sentence, GString *detail)
{
    const SgbBlock *block = g_ptr_array_index(e->blocks, 0);
    SgbAnswer *answer = g_new0(SgbAnswer, 1);

    if (!block->machine_speed) {
        g_string_prepend(sentence, "At a speed that is not a machine's: ");
    }
    if (e->run->rounds < SGB_ROUNDS_FOR_VERDICT) {
        g_string_prepend(sentence, "Indicative: ");
    }
    answer->run = e->run;
    answer->target = e->target;
    answer->tone = tone;
    answer->sentence = g_string_free(sentence, FALSE);
    answer->detail =
        detail ? g_strchomp(g_string_free(detail, FALSE)) : g_strdup("");
    answer->basis = sgb_evidence_basis(e);
    return answer;
}

static SgbTone tone_of(unsigned better, unsigned worse)
{
    return better && worse ? SGB_TONE_MIXED
           : better        ? SGB_TONE_GOOD
           : worse         ? SGB_TONE_BAD
                           : SGB_TONE_OPEN;
}

static void say_faults(GString *out, const SgbBlock *block)
{
    const SgbCell *bounce = sgb_block_cell(block, "generic-bounce");
    const SgbCell *direct = sgb_block_cell(block, "generic-zerocopy");
    g_autofree char *from = NULL;
    g_autofree char *to = NULL;
    g_autofree char *workload = sgb_cell_workload(block->first);

    if (!bounce || !direct) {
        return;
    }
    from = sgb_text_number(sgb_cell_median(bounce, SGB_FIGURE_FAULTS));
    to = sgb_text_number(sgb_cell_median(direct, SGB_FIGURE_FAULTS));
    g_string_append_printf(out,
                           "QEMU's minor page faults per request: %s bouncing, "
                           "%s with zero-copy, at %s. ",
                           from, to, workload);
}

/* Zero-copy against @under, in throughput and CPU. */
static SgbAnswer *against(const SgbEvidence *e, const char *under)
{
    SgbTally speed = sgb_evidence_tally(e, "generic-zerocopy", under, TRUE);
    SgbTally cpu = sgb_evidence_tally(e, "generic-zerocopy", under, FALSE);
    unsigned better =
        speed.effects[SGB_EFFECT_BETTER] + cpu.effects[SGB_EFFECT_BETTER];
    unsigned worse =
        speed.effects[SGB_EFFECT_WORSE] + cpu.effects[SGB_EFFECT_WORSE];
    double misses = speed.misses + cpu.misses;
    gboolean chance = better + worse <= misses;
    SgbTone tone = chance ? SGB_TONE_OPEN : tone_of(better, worse);
    const SgbFinding *most = cpu.best ? cpu.best : speed.best;
    GString *out, *detail;

    if (speed.n == 0) {
        return NULL;
    }
    out = g_string_new(better + worse == 0      ? "Not shown: "
                       : chance                 ? "No more than chance: "
                       : tone == SGB_TONE_GOOD  ? "Yes: "
                       : tone == SGB_TONE_MIXED ? "In part: "
                                                : "No: ");
    sgb_tally_say(out, &speed, TRUE);
    g_string_append(out, "; ");
    sgb_tally_say(out, &cpu, FALSE);
    g_string_append_c(out, '.');
    detail = g_string_new(NULL);
    sgb_tally_say_rest(detail, &speed, TRUE);
    sgb_tally_say_rest(detail, &cpu, FALSE);
    if (most && strcmp(under, "generic-bounce") == 0) {
        say_faults(detail, most->block);
    }
    g_string_append_printf(
        detail, "By chance alone about %.1f of these %u intervals miss.",
        misses, speed.n + cpu.n);
    return answer_new(e, tone, out, detail);
}

static SgbAnswer *answer_faster(const SgbEvidence *e)
{
    return against(e, "generic-bounce");
}

static SgbAnswer *answer_pool(const SgbEvidence *e)
{
    return against(e, "generic-pool");
}

static SgbAnswer *answer_block(const SgbEvidence *e)
{
    return against(e, "block");
}

/* ---- where the gain comes from ---- */

/* "At WORKLOAD 0.4 [..] s/GiB is saved: 0.3 [..] page faults, ...". */
static void say_steps(GString *out, const SgbBlock *block)
{
    g_autoptr(GArray) gains = sgb_block_gains(block);
    g_autofree char *workload = sgb_cell_workload(block->first);
    unsigned said = 0;

    for (unsigned i = 0; i < gains->len; i++) {
        const SgbGain *gain = &g_array_index(gains, SgbGain, i);
        g_autofree char *amount = sgb_gain_text(&gain->cpu);

        if (i == 0) {
            g_string_append_printf(out, "Of %s CPU s/GiB saved at %s, ", amount,
                                   workload);
        } else if (gain->step) {
            g_string_append_printf(out, "%s%s is %s", said++ ? ", " : "",
                                   amount, gain->what);
        }
    }
}

/* CPU that zero-copy saves against bouncing, in a block whose paths tell of what
 * kind it is? */
static gboolean is_divisible(const SgbFinding *f)
{
    return f->effect == SGB_EFFECT_BETTER && f->figure == SGB_FIGURE_CPU &&
           f->block->first->moves_data &&
           strcmp(f->pair.over->path, "generic-zerocopy") == 0 &&
           strcmp(f->pair.under->path, "generic-bounce") == 0 &&
           sgb_block_cell(f->block, "generic-notrim");
}

/* Where it saves most of it, in proportion, or NULL. */
static const SgbBlock *most_divisible(const SgbEvidence *e)
{
    const SgbFinding *most = NULL;

    for (unsigned i = 0; i < e->findings->len; i++) {
        const SgbFinding *f = &g_array_index(e->findings, SgbFinding, i);

        if (is_divisible(f) &&
            (!most || f->ratio.median < most->ratio.median)) {
            most = f;
        }
    }
    return most ? most->block : NULL;
}

/* Page faults' share of what zero-copy saves, over the blocks where it does. */
static void say_shares(GString *out, const SgbEvidence *e)
{
    double least = NAN, most = NAN;
    unsigned n = 0;

    for (unsigned i = 0; i < e->findings->len; i++) {
        const SgbFinding *f = &g_array_index(e->findings, SgbFinding, i);
        const SgbCell *bounce = f->pair.under;
        double share;

        if (!is_divisible(f)) {
            continue;
        }
        share =
            sgb_difference(bounce, sgb_block_cell(f->block, "generic-notrim"),
                           SGB_FIGURE_CPU)
                .median /
            sgb_difference(bounce, f->pair.over, SGB_FIGURE_CPU).median;
        least = fmin(least, share);
        most = fmax(most, share);
        n++;
    }
    if (n > 1) {
        g_string_append_printf(out,
                               "Over the %u workloads where CPU is saved, page "
                               "faults are %.0f %% to %.0f %% of it. ",
                               n, 100 * least, 100 * most);
    }
}

static SgbAnswer *answer_where(const SgbEvidence *e)
{
    SgbTally cpu =
        sgb_evidence_tally(e, "generic-zerocopy", "generic-bounce", FALSE);
    const SgbBlock *block = most_divisible(e);
    GString *out, *detail;

    if (cpu.n == 0) {
        return NULL;
    }
    out = g_string_new(NULL);
    if (!cpu.best || !cpu.best->block->first->moves_data) {
        g_string_append(out, "No CPU is shown to be saved, so there is nothing "
                             "to divide.");
        return answer_new(e, SGB_TONE_OPEN, out, NULL);
    }
    if (!block) {
        g_string_append(out, "Not known: generic-notrim, which tells page "
                             "faults from copying, was not run where CPU is "
                             "saved.");
        return answer_new(e, SGB_TONE_OPEN, out, NULL);
    }
    say_steps(out, block);
    g_string_append_c(out, '.');
    detail = g_string_new(NULL);
    say_shares(detail, e);
    if (!sgb_block_cell(block, "generic-pool")) {
        g_string_append(detail, "generic-pool, which tells clearing from "
                                "copying, was not in this run.");
    }
    return answer_new(e, SGB_TONE_MIXED, out, detail);
}

/* ---- what gets slower ---- */

/* Everything that must not get slower: how it came out. */
typedef struct Slower {
    unsigned n, better, worse, same, doubtful, unshown;
    double misses; /* on that side */
} Slower;

static SgbAnswer *answer_slower(const SgbEvidence *e)
{
    static const struct {
        const char *over, *under;
    } all[] = {
        {"generic-zerocopy", "generic-bounce"},
        {"generic-off", "generic-bounce"},
        {"block-series", "block"},
        {"raw-series", "raw-baseline"},
    };
    g_autoptr(GString) worse = g_string_new(NULL);
    GString *out, *detail;
    Slower s = {0};

    for (unsigned i = 0; i < G_N_ELEMENTS(all) * 2; i++) {
        gboolean speed = i % 2 == 0;
        SgbTally t =
            sgb_evidence_tally(e, all[i / 2].over, all[i / 2].under, speed);

        s.n += t.n;
        s.same += t.effects[SGB_EFFECT_SAME];
        s.doubtful += t.effects[SGB_EFFECT_DOUBTFUL];
        s.unshown +=
            t.effects[SGB_EFFECT_UNSHOWN] + t.effects[SGB_EFFECT_UNKNOWN];
        s.worse += t.effects[SGB_EFFECT_WORSE];
        s.better += t.effects[SGB_EFFECT_BETTER];
        s.misses += t.misses / 2;
        if (t.worst) {
            g_string_append_printf(worse, "%s against %s: ", all[i / 2].over,
                                   all[i / 2].under);
            sgb_tally_say(worse, &t, speed);
            g_string_append(worse, ". ");
        }
    }
    if (s.n == 0) {
        return NULL;
    }
    out = g_string_new(NULL);
    if (s.worse > s.misses) {
        g_string_append_printf(out, "Yes, %u of %u comparisons are worse.",
                               s.worse, s.n);
    } else if (s.worse) {
        g_string_append_printf(out,
                               "No more than chance: %u of %u comparisons "
                               "look worse.",
                               s.worse, s.n);
    } else {
        g_string_append_printf(
            out, "Nothing is shown to be slower, in %u comparisons%s.", s.n,
            sgb_block_cell(g_ptr_array_index(e->blocks, 0), "generic-off")
                ? " of zero-copy and of the series switched off"
                : "");
    }
    detail = g_string_new(worse->str);
    g_string_append_printf(
        detail,
        "Better in %u, the same within %.0f %% in %u, no difference shown in "
        "%u, doubtful in %u. By chance alone about %.1f would look worse.",
        s.better, 100 * SGB_MARGIN, s.same, s.unshown, s.doubtful, s.misses);
    return answer_new(e,
                      s.worse > s.misses       ? SGB_TONE_BAD
                      : s.unshown + s.doubtful ? SGB_TONE_OPEN
                                               : SGB_TONE_GOOD,
                      out, detail);
}

/* ---- the data ---- */

static SgbAnswer *answer_data(const SgbEvidence *e)
{
    JsonArray *all = sgb_json_array(e->run->json, "reconciliation");
    JsonArray *verification = sgb_json_array(e->run->json, "verification");
    unsigned cells = all ? json_array_get_length(all) : 0;
    unsigned n = verification ? json_array_get_length(verification) : 0;
    unsigned agree = 0, verified = 0, wrong = 0, impossible = 0;
    GString *out = g_string_new(NULL);
    uint64_t failed = 0;

    for (unsigned i = 0; i < cells; i++) {
        JsonObject *row = json_array_get_object_element(all, i);

        agree += strcmp(sgb_json_string(row, "result"), "agrees") == 0;
    }
    for (unsigned i = 0; i < n; i++) {
        JsonObject *v = json_array_get_object_element(verification, i);

        if (strcmp(sgb_json_string(v, "target"), e->target) == 0) {
            verified += strcmp(sgb_json_string(v, "result"), "verified") == 0;
            wrong += strcmp(sgb_json_string(v, "result"), "mismatch") == 0;
            impossible +=
                strcmp(sgb_json_string(v, "result"), "not verifiable") == 0;
        }
    }
    for (unsigned i = 0; i < e->run->cells->len; i++) {
        const SgbCell *cell = g_ptr_array_index(e->run->cells, i);

        failed += strcmp(cell->target, e->target) == 0 ? cell->failed : 0;
    }
    g_string_append_printf(
        out,
        "%s; the traces of %u of %u cells of the run agree with the initiator "
        "in requests and bytes; %" G_GUINT64_FORMAT " request%s failed.",
        wrong        ? "NO, at least one path gives WRONG DATA"
        : verified   ? "Yes, on every path that was looked at"
        : impossible ? "Not known: this target can't be verified"
                     : "Not known: nothing was verified",
        agree, cells, failed, failed == 1 ? "" : "s");
    return answer_new(e,
                      wrong || agree < cells ? SGB_TONE_BAD
                      : failed               ? SGB_TONE_MIXED
                      : verified             ? SGB_TONE_GOOD
                                             : SGB_TONE_OPEN,
                      out, NULL);
}

static const struct {
    const char *name, *question;
    SgbAnswer *(*answer)(const SgbEvidence *evidence);
} questions[] = {
    {"faster", "Is zero-copy faster than bouncing, where, and at what CPU?",
     answer_faster},
    {"where", "How much of it is allocation, clearing, copying?", answer_where},
    {"slower", "Does anything get slower?", answer_slower},
    {"pool", "And against a pool of buffers, the cheap rival?", answer_pool},
    {"block", "And against scsi-block, the alternative for disks?",
     answer_block},
    {"data", "Is the data right?", answer_data},
};

GPtrArray *sgb_verdicts(GPtrArray *runs)
{
    GPtrArray *verdicts = g_ptr_array_new_with_free_func(verdict_free);

    for (unsigned q = 0; q < G_N_ELEMENTS(questions); q++) {
        SgbVerdict *verdict = g_new0(SgbVerdict, 1);

        verdict->name = questions[q].name;
        verdict->question = questions[q].question;
        verdict->answers = g_ptr_array_new_with_free_func(answer_free);
        g_ptr_array_add(verdicts, verdict);
    }
    for (unsigned r = 0; r < runs->len; r++) {
        const SgbRun *run = g_ptr_array_index(runs, r);
        g_autoptr(GPtrArray) blocks = sgb_run_blocks(run);
        g_autoptr(GPtrArray) evidence = sgb_run_evidence(run, blocks);

        for (unsigned i = 0; i < evidence->len * verdicts->len; i++) {
            unsigned q = i % verdicts->len;
            SgbVerdict *verdict = g_ptr_array_index(verdicts, q);
            SgbAnswer *answer = questions[q].answer(
                g_ptr_array_index(evidence, i / verdicts->len));

            if (answer) {
                g_ptr_array_add(verdict->answers, answer);
            }
        }
    }
    for (unsigned q = verdicts->len; q-- > 0;) {
        SgbVerdict *verdict = g_ptr_array_index(verdicts, q);

        if (verdict->answers->len == 0) {
            g_ptr_array_remove_index(verdicts, q);
        }
    }
    return verdicts;
}
