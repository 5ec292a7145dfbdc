/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rounds.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reports/block.h"
#include "reports/json.h"

static void die(const char *format, ...) G_GNUC_PRINTF(1, 2) G_GNUC_NORETURN;

static void die(const char *format, ...)
{
    va_list ap;

    va_start(ap, format);
    vfprintf(stderr, format, ap);
    va_end(ap);
    fputc('\n', stderr);
    exit(2);
}

static Rounds *rounds_new(void)
{
    Rounds *r = g_new0(Rounds, 1);

    r->plain = g_array_new(FALSE, FALSE, sizeof(Round));
    r->planted = g_array_new(FALSE, FALSE, sizeof(Round));
    return r;
}

void rounds_free(Rounds *r)
{
    for (unsigned i = 0; i < r->n_cells; i++) {
        g_free(r->cells[i].path);
        g_free(r->cells[i].build);
        g_free(r->cells[i].control_of);
    }
    g_array_unref(r->plain);
    g_array_unref(r->planted);
    g_free(r->about);
    g_free(r);
}

/* ---- the file ---- */

static void read_cell(Rounds *r, char **words)
{
    RoundsCell *cell = &r->cells[r->n_cells];

    if (g_strv_length(words) < 5 || r->n_cells++ == ROUNDS_CELLS) {
        die("a cell that is none");
    }
    cell->path = g_strdup(words[1]);
    cell->build = g_strdup(words[2]);
    cell->size = g_ascii_strtoull(words[3], NULL, 10);
    cell->depth = g_ascii_strtoull(words[4], NULL, 10);
    cell->control_of = g_strdup(words[5]);
}

/* A figure of a cell; "-": it has none. */
static double read_figure(const char *word, double none)
{
    return strcmp(word, "-") == 0 ? none : g_ascii_strtod(word, NULL);
}

/* What is planted in the round before it stands in a line of its own. */
static void read_round(Rounds *r, char **words)
{
    gboolean planted = strcmp(words[0], "planted") == 0;
    Round round = {}, *last;

    if (g_strv_length(words) != 2 + 2 * r->n_cells) {
        die("a round of %u words", g_strv_length(words));
    }
    if (planted && r->plain->len == 0) {
        die("a round that is not there has something planted");
    }
    last =
        planted ? &g_array_index(r->planted, Round, r->plain->len - 1) : NULL;
    round.run = g_ascii_strtoull(words[1], NULL, 10);
    for (unsigned i = 0; i < r->n_cells; i++) {
        round.cpu[i] = read_figure(words[2 + 2 * i], last ? last->cpu[i] : NAN);
        round.throughput[i] =
            read_figure(words[3 + 2 * i], last ? last->throughput[i] : NAN);
    }
    if (planted) {
        *last = round;
    } else {
        g_array_append_val(r->plain, round);
        g_array_append_val(r->planted, round);
    }
}

Rounds *rounds_read(const char *file)
{
    Rounds *r = rounds_new();
    g_autofree char *text = NULL;
    g_auto(GStrv) lines = NULL;

    if (!g_file_get_contents(file, &text, NULL, NULL)) {
        die("%s: can't be read", file);
    }
    lines = g_strsplit(text, "\n", -1);
    for (char **line = lines; *line; line++) {
        g_auto(GStrv) words = g_strsplit(*line, " ", -1);

        if (!words[0] || words[0][0] == '#') {
            continue;
        }
        if (strcmp(words[0], "about") == 0) {
            r->about = g_strdup(*line + strlen("about "));
        } else if (strcmp(words[0], "cell") == 0) {
            read_cell(r, words);
        } else {
            read_round(r, words);
        }
    }
    return r;
}

static void add_figure(GString *out, double value, double plain)
{
    if (isnan(value) || value == plain) {
        g_string_append(out, " -");
    } else {
        g_string_append_printf(out, " %.4g", value);
    }
}

/* @below: what it has too is left out. */
static void add_round(GString *out, const Rounds *r, const char *name,
                      const Round *round, const Round *below)
{
    g_string_append_printf(out, "%s %u", name, round->run);
    for (unsigned k = 0; k < r->n_cells; k++) {
        add_figure(out, round->cpu[k], below ? below->cpu[k] : NAN);
        add_figure(out, round->throughput[k],
                   below ? below->throughput[k] : NAN);
    }
    g_string_append_c(out, '\n');
}

char *rounds_text(const Rounds *r)
{
    GString *out = g_string_new("# SPDX-License-Identifier: "
                                "GPL-2.0-or-later\n");

    g_string_append_printf(out, "about %s\n", r->about);
    g_string_append(out, "# cell PATH BUILD SIZE DEPTH [CONTROL-OF]\n");
    for (unsigned i = 0; i < r->n_cells; i++) {
        const RoundsCell *c = &r->cells[i];

        g_string_append_printf(out, "cell %s %s %" G_GUINT64_FORMAT " %u%s%s\n",
                               c->path, c->build, c->size, c->depth,
                               c->control_of ? " " : "",
                               c->control_of ? c->control_of : "");
    }
    g_string_append(out,
                    "# plain|planted RUN, then of each cell: CPU of the path "
                    "(s/GiB), throughput (MB/s)\n");
    for (unsigned i = 0; i < r->plain->len; i++) {
        const Round *plain = &g_array_index(r->plain, Round, i);
        const Round *planted = &g_array_index(r->planted, Round, i);

        add_round(out, r, "plain", plain, NULL);
        if (memcmp(plain, planted, sizeof(*plain)) != 0) {
            add_round(out, r, "planted", planted, plain);
        }
    }
    return g_string_free(out, FALSE);
}

/* ---- from runs ---- */

static unsigned cell_of(Rounds *r, const SgbRun *run, const SgbCell *cell)
{
    JsonObject *path = sgb_run_named(run, "paths", cell->path);
    unsigned i;

    for (i = 0; i < r->n_cells; i++) {
        const RoundsCell *c = &r->cells[i];

        if (strcmp(c->path, cell->path) == 0 && c->size == cell->size &&
            c->depth == cell->depth) {
            return i;
        }
    }
    if (i == ROUNDS_CELLS) {
        die("more than %d cells", ROUNDS_CELLS);
    }
    r->cells[i].path = g_strdup(cell->path);
    r->cells[i].build = g_strdup(path ? sgb_json_string(path, "build") : NULL);
    r->cells[i].control_of =
        g_strdup(path ? sgb_json_string(path, "control_of") : NULL);
    r->cells[i].size = cell->size;
    r->cells[i].depth = cell->depth;
    r->n_cells++;
    return i;
}

static void add_cell(Rounds *r, GArray *to, unsigned at, const SgbRun *run,
                     const SgbCell *cell)
{
    unsigned index = cell_of(r, run, cell);

    for (unsigned i = 0; i < cell->samples->len; i++) {
        const SgbSample *s = g_ptr_array_index(cell->samples, i);
        Round *round = &g_array_index(to, Round, at + s->round - 1);

        if (s->round - 1 < to->len - at && s->failed == 0) {
            round->cpu[index] = s->figures[SGB_FIGURE_CPU];
            round->throughput[index] = s->figures[SGB_FIGURE_THROUGHPUT];
        }
    }
}

/* Add the cells of @run's targets that begin with @prefix to @to from @at on,
 * which has a place for each round. */
static void add_cells(Rounds *r, GArray *to, unsigned at, const SgbRun *run,
                      const char *prefix)
{
    for (unsigned i = 0; i < run->cells->len; i++) {
        const SgbCell *cell = g_ptr_array_index(run->cells, i);

        if (g_str_has_prefix(cell->target, prefix)) {
            add_cell(r, to, at, run, cell);
        }
    }
}

static void add_run(Rounds *r, unsigned number, const SgbRun *run)
{
    unsigned at = r->plain->len;
    Round none = {.run = number};

    for (unsigned k = 0; k < ROUNDS_CELLS; k++) {
        none.cpu[k] = none.throughput[k] = NAN;
    }
    for (unsigned i = 0; i < run->rounds; i++) {
        g_array_append_val(r->plain, none);
    }
    add_cells(r, r->plain, at, run, "null");
    g_array_append_vals(r->planted, &g_array_index(r->plain, Round, at),
                        run->rounds);
    add_cells(r, r->planted, at, run, "planted");
}

Rounds *rounds_of_runs(char **folders)
{
    Rounds *r = rounds_new();

    for (unsigned i = 0; folders[i]; i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(SgbRun) run = sgb_run_load(folders[i], &error);
        JsonObject *e;

        if (!run) {
            die("%s", error->message);
        }
        e = sgb_json_object(run->json, "environment");
        if (!r->about) {
            r->about = g_strdup_printf(
                "%s, %s, %" G_GUINT64_FORMAT " CPUs, job %s, from %s on",
                sgb_json_string(e, "kernel"), sgb_json_string(e, "cpu"),
                sgb_json_count(e, "cpus"),
                sgb_json_string(sgb_json_object(run->json, "job"), "name"),
                sgb_json_string(sgb_json_object(run->json, "run"), "started"));
        }
        add_run(r, i, run);
    }
    return r;
}

/* ---- to runs ---- */

#define BUILD(NAME, KEY)                                       \
    "\"" NAME "\": {\"key\": \"" KEY "\", \"version\": \"\", " \
    "\"compiler\": \"\"}"

SgbRun *rounds_run(const Rounds *r, const char *series)
{
    g_autoptr(GString) json = g_string_new(
        "{\"schema\": 1, \"run\": {\"id\": \"\", \"tool\": \"\", \"started\": "
        "\"\", \"outcome\": \"complete\"}, \"job\": {\"name\": \"rounds\", "
        "\"rounds\": 0, \"cell_seconds\": 1, \"seed\": 1, \"trace\": \"off\", "
        "\"verify\": false}, \"environment\": {\"host\": \"\", \"kernel\": "
        "\"\", \"machine\": \"\", \"cpu\": \"\", \"cpus\": 1, \"memory\": 1, "
        "\"lab\": false, \"builds\": {BUILDS}}, \"targets\": [], \"samples\": "
        "[], "
        "\"reconciliation\": [], \"verification\": [{\"target\": \"null\", "
        "\"path\": \"\", \"result\": \"not verifiable\"}]");
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) bytes = NULL;
    g_autofree char *builds = g_strdup_printf(
        BUILD("baseline", "%s") ", " BUILD("series", "%s"), "same", series);
    SgbRun *run;

    g_string_replace(json, "BUILDS", builds, 1);
    g_string_append(json, ", \"paths\": [");
    for (unsigned i = 0; i < r->n_cells; i++) {
        const RoundsCell *c = &r->cells[i];

        if (g_hash_table_add(seen, c->path)) {
            g_string_append_printf(
                json,
                "%s{\"name\": \"%s\", \"summary\": \"\", \"build\": \"%s\"",
                i ? ", " : "", c->path, c->build);
            if (c->control_of) {
                g_string_append_printf(json, ", \"control_of\": \"%s\"",
                                       c->control_of);
            }
            g_string_append(json, "}");
        }
    }
    g_string_append(json, "], \"cells\": [");
    for (unsigned i = 0; i < r->n_cells; i++) {
        const RoundsCell *c = &r->cells[i];

        g_string_append_printf(
            json,
            "%s{\"id\": \"%u\", \"target\": \"null\", \"path\": \"%s\", "
            "\"operation\": \"read\", \"size\": %" G_GUINT64_FORMAT
            ", \"depth\": %u, \"layout\": \"contiguous\", \"cdb_size\": 10}",
            i ? ", " : "", i, c->path, c->size, c->depth);
    }
    g_string_append(json, "]}");
    bytes = g_bytes_new(json->str, json->len);
    run = sgb_run_parse("rounds", bytes, NULL, &error);
    if (!run) {
        die("%s", error->message);
    }
    return run;
}

void rounds_fill(SgbRun *run, const Rounds *r, const Round *const *list,
                 unsigned n)
{
    run->rounds = n;
    for (unsigned i = 0; i < r->n_cells; i++) {
        SgbCell *cell = g_ptr_array_index(run->cells, i);

        g_ptr_array_set_size(cell->samples, 0);
        for (unsigned k = 0; k < n; k++) {
            SgbSample *s = g_new0(SgbSample, 1);

            for (unsigned f = 0; f < SGB_FIGURE__COUNT; f++) {
                s->figures[f] = NAN;
            }
            s->round = k + 1;
            s->figures[SGB_FIGURE_CPU] = list[k]->cpu[i];
            s->figures[SGB_FIGURE_THROUGHPUT] = list[k]->throughput[i];
            g_ptr_array_add(cell->samples, s);
        }
    }
}
