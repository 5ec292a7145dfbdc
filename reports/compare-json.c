/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <math.h>
#include <string.h>

#include "compare.h"
#include "json.h"

/* The version of compare.schema.json that is written here. */
#define SCHEMA_VERSION 1

/* null for what is not a number. */
static void number(JsonBuilder *b, const char *name, double value)
{
    json_builder_set_member_name(b, name);
    if (isfinite(value)) {
        json_builder_add_double_value(b, value);
    } else {
        json_builder_add_null_value(b);
    }
}

static void count(JsonBuilder *b, const char *name, gint64 value)
{
    json_builder_set_member_name(b, name);
    json_builder_add_int_value(b, value);
}

static void string(JsonBuilder *b, const char *name, const char *value)
{
    json_builder_set_member_name(b, name);
    json_builder_add_string_value(b, value);
}

static void object(JsonBuilder *b, const char *name)
{
    json_builder_set_member_name(b, name);
    json_builder_begin_object(b);
}

static void array(JsonBuilder *b, const char *name)
{
    json_builder_set_member_name(b, name);
    json_builder_begin_array(b);
}

static void add_run(JsonBuilder *b, const char *name, const SgbRun *run)
{
    JsonObject *of = sgb_json_object(run->json, "run");
    g_autofree char *path = g_utf8_make_valid(run->path, -1);

    object(b, name);
    string(b, "path", path);
    string(b, "id", sgb_json_string(of, "id"));
    string(b, "job",
           sgb_json_string(sgb_json_object(run->json, "job"), "name"));
    string(b, "started", sgb_json_string(of, "started"));
    count(b, "rounds", run->rounds);
    json_builder_end_object(b);
}

static void add_differences(JsonBuilder *b, const SgbComparison *c)
{
    array(b, "differences");
    for (unsigned i = 0; i < c->differences->len; i++) {
        const SgbDifference *d = g_ptr_array_index(c->differences, i);

        json_builder_begin_object(b);
        string(b, "factor", sgb_factor_name(d->factor));
        string(b, "what", d->what);
        string(b, "base", d->base);
        string(b, "new", d->new);
        json_builder_set_member_name(b, "allowed");
        json_builder_add_boolean_value(b, sgb_comparison_allows(c, d));
        json_builder_end_object(b);
    }
    json_builder_end_array(b);
}

static void add_median(JsonBuilder *b, const char *name, const SgbInterval *x,
                       double scale)
{
    object(b, name);
    count(b, "rounds", x->n);
    number(b, "median", x->median * scale);
    number(b, "low", x->low * scale);
    number(b, "high", x->high * scale);
    number(b, "coverage", x->coverage);
    json_builder_end_object(b);
}

static void add_cell(JsonBuilder *b, const SgbCell *cell)
{
    string(b, "target", cell->target);
    string(b, "path", cell->path);
    string(b, "operation", cell->operation);
    count(b, "size", cell->size);
    count(b, "depth", cell->depth);
    string(b, "layout", cell->layout);
    count(b, "cdb_size", cell->cdb_size);
    string(b, "hba", cell->hba ? cell->hba : "virtio-scsi");
    count(b, "tape_block", cell->tape_block);
    count(b, "filemarks", cell->filemarks);
}

static void add_change(JsonBuilder *b, const SgbChange *change)
{
    static const char *const roles[SGB_ROLE__COUNT] = {
        [SGB_ROLE_TESTED] = "tested",
        [SGB_ROLE_CONTROL] = "control",
        [SGB_ROLE_REFERENCE] = "reference",
    };
    const SgbFigureKind *kind = &sgb_figure_kinds[change->figure];
    gboolean tested = change->role == SGB_ROLE_TESTED;

    json_builder_begin_object(b);
    add_cell(b, change->base);
    string(b, "figure", kind->name);
    string(b, "unit", kind->unit);
    string(b, "role", roles[change->role]);
    add_median(b, "base", &change->base_median, kind->scale);
    add_median(b, "new", &change->new_median, kind->scale);
    number(b, "ratio", change->ratio);
    number(b, "low", change->low);
    number(b, "high", change->high);
    number(b, "p", change->p);
    number(b, "p_adjusted", tested ? change->adjusted : NAN);
    number(b, "noise_floor", tested ? change->floor : NAN);
    number(b, "would_have_seen", tested ? change->visible : NAN);
    json_builder_set_member_name(b, "relative");
    json_builder_add_boolean_value(b, change->relative);
    json_builder_set_member_name(b, "failing");
    json_builder_add_boolean_value(b, change->failing);
    json_builder_set_member_name(b, "verdict");
    if (tested) {
        json_builder_add_string_value(b, sgb_verdict_name(change->verdict));
    } else {
        json_builder_add_null_value(b);
    }
    json_builder_end_object(b);
}

static void add_geomeans(JsonBuilder *b, const SgbComparison *c)
{
    object(b, "geomeans");
    for (unsigned f = 0; f < SGB_FIGURE__COUNT; f++) {
        SgbGeomean mean = sgb_comparison_geomean(c, f);

        if (isfinite(mean.ratio)) {
            const SgbFigureKind *kind = &sgb_figure_kinds[f];

            object(b, kind->name);
            number(b, "base", mean.base * kind->scale);
            number(b, "new", mean.new * kind->scale);
            number(b, "ratio", mean.ratio);
            json_builder_end_object(b);
        }
    }
    json_builder_end_object(b);
}

static void add_options(JsonBuilder *b, const SgbCompareOptions *options)
{
    object(b, "options");
    string(b, "vary", sgb_factor_name(options->vary));
    number(b, "alpha", options->alpha);
    number(b, "power", options->power);
    number(b, "threshold", options->threshold);
    number(b, "must_see", options->must_see);
    json_builder_end_object(b);
}

char *sgb_compare_json(const SgbComparison *c)
{
    static const char *const outcomes[] = {
        [SGB_OUTCOME_FINE] = "no regression",
        [SGB_OUTCOME_REGRESSION] = "regression",
        [SGB_OUTCOME_INCONCLUSIVE] = "inconclusive",
        [SGB_OUTCOME_UNLIKE] = "environments differ",
    };
    g_autoptr(JsonBuilder) b = json_builder_new_immutable();
    g_autoptr(JsonNode) root = NULL;

    json_builder_begin_object(b);
    count(b, "schema", SCHEMA_VERSION);
    string(b, "outcome", outcomes[c->outcome]);
    add_options(b, &c->options);
    add_run(b, "base", c->base);
    add_run(b, "new", c->new);
    add_differences(b, c);
    array(b, "notes");
    for (unsigned i = 0; i < c->notes->len; i++) {
        json_builder_add_string_value(b, g_ptr_array_index(c->notes, i));
    }
    json_builder_end_array(b);
    count(b, "tested", c->tested);
    count(b, "faster", c->counts[SGB_VERDICT_FASTER]);
    count(b, "slower", c->counts[SGB_VERDICT_SLOWER]);
    count(b, "no_difference_shown", c->counts[SGB_VERDICT_NONE]);
    count(b, "too_few_rounds", c->counts[SGB_VERDICT_FEW]);
    count(b, "unseen", c->unseen);
    array(b, "changes");
    for (unsigned i = 0; i < c->changes->len; i++) {
        add_change(b, &g_array_index(c->changes, SgbChange, i));
    }
    json_builder_end_array(b);
    add_geomeans(b, c);
    json_builder_end_object(b);
    root = json_builder_get_root(b);
    return json_to_string(root, TRUE);
}
