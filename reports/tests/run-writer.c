/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "run-writer.h"

#include <glib/gstdio.h>
#include <string.h>

#include "analysis/histogram.h"

/* Requests in bucket @i upwards from @index: as uneven as real ones are, or a
 * report would compress too well. */
static unsigned count_of(const FakeRun *run, unsigned index, unsigned i)
{
    return i == 0 ? run->requests
                  : 1 + (index * 7919 + i * i * 104729) % 997 % 41;
}

/* One value, or buckets upwards from it. */
static void add_latency(GString *out, const FakeRun *run, uint64_t ns)
{
    unsigned n = run->spread ? run->spread : 1, count = 0;
    unsigned index = sgb_histogram_index(ns);
    uint64_t last = n == 1 ? ns : sgb_histogram_lower(index + n - 1);

    for (unsigned i = 0; i < n; i++) {
        count += count_of(run, index, i);
    }
    g_string_append_printf(out,
                           "{\"bits\": 7, \"count\": %u, \"min\": "
                           "%" G_GUINT64_FORMAT ", \"max\": %" G_GUINT64_FORMAT
                           ", \"sum\": %.0f, \"buckets\": [",
                           count, ns, last, (double)count * ns);
    for (unsigned i = 0; i < n; i++) {
        g_string_append_printf(out, "%s[%u, %u]", i ? ", " : "", index + i,
                               count_of(run, index, i));
    }
    g_string_append(out, "]}");
}

static void add_series(GString *out, const FakeRun *run, double wall_s)
{
    if (!run->slices) {
        return;
    }
    g_string_append_printf(out,
                           ", \"series\": {\"slice\": %.0f, \"requests\": [",
                           wall_s * 1e9 / run->slices);
    for (unsigned i = 0; i < run->slices; i++) {
        g_string_append_printf(out, "%s%u", i ? ", " : "",
                               i % 7 ? count_of(run, i, 1) : 0);
    }
    g_string_append(out, "], \"slowest\": [");
    for (unsigned i = 0; i < run->slices; i++) {
        g_string_append_printf(out, "%s%u", i ? ", " : "",
                               i % 7 ? 1000000 + 7919 * i : 0);
    }
    g_string_append(out, "]}");
}

static void add_usage(GString *out, const char *name, double cpu_s,
                      double faults)
{
    g_string_append_printf(
        out,
        "\"%s\": {\"cpu\": %.0f, \"main\": 1000000, \"iothread\": 0, "
        "\"minor_faults\": %.0f, \"major_faults\": 0, \"voluntary\": 10, "
        "\"involuntary\": 0, \"tick\": 1}, ",
        name, cpu_s * 1e9 + 1e6, faults);
}

static void add_sample(GString *out, const FakeRun *run, const FakeCell *cell,
                       unsigned index, unsigned round)
{
    static const double wobble[] = {1, 1.02, 0.98, 1.01, 0.99};
    double speed = cell->mb_per_s * wobble[(round - 1 + index) % 5];
    double bytes = (double)run->requests * cell->size;
    double wall_s = bytes / 1e6 / speed;
    gboolean native = strcmp(cell->path, "native") == 0;

    g_string_append_printf(
        out,
        "{\"cell\": \"c%u\", \"round\": %u, \"start\": %u, \"position\": 0, "
        "\"started\": 1.5, \"traced\": false, \"requests\": %u, "
        "\"bytes\": %.0f, \"wall\": %.0f, \"latency\": ",
        index, round, round, run->requests, bytes, wall_s * 1e9);
    add_latency(out, run, wall_s * 1e9 / run->requests);
    add_series(out, run, wall_s);
    g_string_append_printf(
        out,
        ", \"dio_requests\": %u, \"failed\": %u, \"short_transfers\": 0, "
        "\"statuses\": {}, \"responses\": {}, ",
        run->requests / 2, round == 2 ? cell->failed : 0);
    if (round == 2 && cell->failed) {
        g_string_append(out, "\"first_failure\": \"CHECK CONDITION\", ");
    }
    if (!native) {
        add_usage(out, "qemu", cell->cpu * bytes / (1 << 30),
                  cell->faults * run->requests);
        g_string_append(out, "\"anon\": {\"mean\": 1, \"max\": 18874368, "
                             "\"samples\": 5}, ");
    }
    add_usage(out, "server", 0.1 * bytes / (1 << 30), 0);
    add_usage(out, "self", 1, 0);
    g_string_append_printf(
        out,
        "\"initiator\": {\"cpu\": %.0f, \"empty\": 1000000, "
        "\"empty_polls\": 1, \"doorbells\": 1, \"doorbells_saved\": 0}}",
        1e6 + (native ? cell->cpu : 0.05) * 1e9 * bytes / (1 << 30));
}

static void add_head(GString *out, const FakeRun *run)
{
    g_string_append_printf(
        out,
        "\"schema\": 1,\n"
        "\"run\": {\"id\": \"00000000-1111-2222-3333-444444444444\", "
        "\"tool\": \"0.0\", \"started\": \"2024-01-01T00:00:00Z\", "
        "\"outcome\": \"%s\"},\n"
        "\"job\": {\"name\": \"stand-in\", \"text\": \"\", \"rounds\": %u, "
        "\"cell_seconds\": 0.25, \"warmup_seconds\": 0.1, \"seed\": 1, "
        "\"trace\": \"round\", \"verify\": true},\n"
        "\"environment\": {\"host\": \"0\", \"kernel\": \"Linux 6.1\", "
        "\"machine\": \"x86_64\", \"cpu\": \"made up\", \"cpus\": 2, "
        "\"memory\": 8589934592, \"lab\": %s, "
        "\"warnings\": [\"this is no measurement, but a stand-in for one\"], "
        "\"builds\": {\"series\": {\"version\": \"10.0\", \"key\": \"abc\"}, "
        "\"baseline\": {\"version\": 3}}},\n"
        "\"targets\": [{\"name\": \"lun\", \"kind\": \"iscsi\", "
        "\"capabilities\": {\"stores_data\": true, \"reports_resid\": false, "
        "\"kernel_sgio\": %s, \"machine_speed\": %s, \"max_depth\": 64, "
        "\"max_transfer\": 16777216, \"verdicts\": \"nothing, it is made "
        "up\"}, \"identity\": {\"vendor\": \"NONE\", \"product\": "
        "\"STAND-IN\", "
        "\"revision\": \"1\", \"serial\": \"\", \"block_size\": 512, "
        "\"blocks\": 524288}, \"settings\": {\"store\": \"memory\", "
        "\"allow_dio\": \"1\"}}],\n",
        run->outcome, run->rounds, run->lab ? "true" : "false",
        run->lab ? "true" : "false", run->lab ? "false" : "true");
}

static void add_cells(GString *out, const FakeRun *run)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);

    g_string_append(out, "\"paths\": [");
    for (const FakeCell *c = run->cells; c->path; c++) {
        if (!g_hash_table_add(seen, (void *)c->path)) {
            continue;
        }
        g_string_append_printf(
            out,
            "%s{\"name\": \"%s\", \"summary\": \"\", \"build\": null, "
            "\"device\": null, \"properties\": null, \"env\": []%s}",
            c == run->cells ? "" : ", ", c->path,
            strcmp(c->path, "generic-control") == 0
                ? ", \"control_of\": \"generic-bounce\""
                : "");
    }
    g_string_append(out, "],\n\"cells\": [");
    for (const FakeCell *c = run->cells; c->path; c++) {
        g_string_append_printf(
            out,
            "%s{\"id\": \"c%d\", \"target\": \"lun\", \"path\": \"%s\", "
            "\"operation\": \"read\", \"size\": %" G_GUINT64_FORMAT
            ", \"depth\": 4, \"layout\": \"contiguous\", \"cdb_size\": 10}",
            c == run->cells ? "" : ", ", (int)(c - run->cells), c->path,
            c->size);
    }
    g_string_append(out, "],\n");
}

static gboolean is_left_out(const FakeRun *run, const FakeCell *cell)
{
    g_autofree char *id = g_strdup_printf("\"c%d\"", (int)(cell - run->cells));

    return run->not_run && strstr(run->not_run, id);
}

char *fake_run_write(const FakeRun *run)
{
    g_autoptr(GString) json = g_string_new("{");
    g_autoptr(GString) journal = g_string_new("");
    char *folder = g_build_filename(run->parent ? run->parent : g_get_tmp_dir(),
                                    "sgbench-run-XXXXXX", NULL);

    g_assert_nonnull(g_mkdtemp(folder));
    add_head(json, run);
    add_cells(json, run);
    g_string_append(json, "\"samples\": [");
    for (unsigned round = 1; round <= run->rounds; round++) {
        for (const FakeCell *c = run->cells; c->path; c++) {
            GString *out = run->journal ? journal : json;

            if ((c->rounds && round > c->rounds) || is_left_out(run, c)) {
                continue;
            }
            if (!run->journal && json->str[json->len - 1] != '[') {
                g_string_append(json, ",\n");
            }
            add_sample(out, run, c, c - run->cells, round);
            if (run->journal) {
                g_string_append_c(journal, '\n');
            }
        }
    }
    g_string_append_printf(
        json,
        "],\n\"verification\": %s,\n\"reconciliation\": %s,\n"
        "\"not_run\": %s}\n",
        run->verification ? run->verification : "[]",
        run->reconciliation ? run->reconciliation : "[]",
        run->not_run ? run->not_run : "[]");
    fake_run_replace(folder, "run.json", json->str);
    if (run->journal) {
        fake_run_replace(folder, "samples.jsonl", journal->str);
    }
    return folder;
}

void fake_run_remove(char *folder)
{
    static const char *const names[] = {"run.json", "samples.jsonl"};

    for (unsigned i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *file = g_build_filename(folder, names[i], NULL);

        g_unlink(file);
    }
    g_rmdir(folder);
    g_free(folder);
}

char *fake_run_read(const char *folder, const char *name)
{
    g_autofree char *file = g_build_filename(folder, name, NULL);
    char *text;

    g_assert_true(g_file_get_contents(file, &text, NULL, NULL));
    return text;
}

void fake_run_replace(const char *folder, const char *name, const char *text)
{
    g_autofree char *file = g_build_filename(folder, name, NULL);

    g_assert_true(g_file_set_contents(file, text, -1, NULL));
}
