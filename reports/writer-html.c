/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One file that needs nothing else: style, script, Chart.js and the data are in
 * it, and a Content-Security-Policy lets no other script run and nothing be
 * fetched.
 */
#include <gio/gio.h>
#include <string.h>

#include "bundle.h"
#include "document.h"
#include "html.h"
#include "json.h"
#include "note.h"
#include "report-resources.h"
#include "table.h"
#include "verdict.h"
#include "writer.h"

/* ---- what is embedded ---- */

static GBytes *resource(const char *name)
{
    g_autofree char *path = g_strconcat("/sgbench/report/", name, NULL);
    GBytes *bytes = g_resource_lookup_data(sgb_report_get_resource(), path,
                                           G_RESOURCE_LOOKUP_FLAGS_NONE, NULL);

    g_assert(bytes); /* it is in the program */
    return bytes;
}

/* The source of a policy that lets exactly @text run: CSP 3, 2.3.1. */
static void add_hash(GString *out, GBytes *text)
{
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
    g_autofree char *base64 = NULL;
    guint8 digest[32];
    gsize length = sizeof(digest), size;
    const guchar *data = g_bytes_get_data(text, &size);

    g_checksum_update(sum, data, size);
    g_checksum_get_digest(sum, digest, &length);
    base64 = g_base64_encode(digest, length);
    g_string_append_printf(out, " 'sha256-%s'", base64);
}

static void add_bytes(GString *out, GBytes *bytes)
{
    gsize size;
    const char *data = g_bytes_get_data(bytes, &size);

    g_string_append_len(out, data, size);
}

static void add_head(GString *out, const char *title, GBytes *style,
                     GBytes *script, GBytes *chart)
{
    g_string_append(out,
                    "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n"
                    "<meta charset=\"utf-8\">\n"
                    "<meta http-equiv=\"Content-Security-Policy\" content=\""
                    "default-src 'none'; img-src data:; base-uri 'none'; "
                    "form-action 'none'; style-src");
    add_hash(out, style);
    g_string_append(out, "; script-src");
    add_hash(out, chart);
    add_hash(out, script);
    g_string_append(out,
                    "\">\n<meta name=\"viewport\" content=\"width=device-width,"
                    " initial-scale=1\">\n<meta name=\"referrer\" "
                    "content=\"no-referrer\">\n<link rel=\"icon\" "
                    "href=\"data:,\">\n<title>");
    sgb_html_text(out, title);
    g_string_append(out, "</title>\n<style>");
    add_bytes(out, style);
    g_string_append(out, "</style>\n</head>\n");
}

/* ---- from top to bottom ---- */

/* @which: name the run, as there are others. */
static void add_alarms(GString *out, const SgbRun *run, gboolean which)
{
    static const char *const classes[] = {
        [SGB_NOTE_LIMIT] = "limit", [SGB_NOTE_ALARM] = "alarm"};
    g_autoptr(GPtrArray) notes = sgb_run_notes(run);

    for (unsigned i = 0; i < notes->len; i++) {
        const SgbNote *note = g_ptr_array_index(notes, i);

        if (note->kind != SGB_NOTE_ALARM && note->kind != SGB_NOTE_LIMIT) {
            continue;
        }
        g_string_append_printf(out, "<p class=\"note %s\"><strong>",
                               classes[note->kind]);
        if (which) {
            sgb_html_text(out, sgb_json_string(
                                   sgb_json_object(run->json, "job"), "name"));
            g_string_append(out, ": ");
        }
        sgb_html_text(out, note->label);
        g_string_append(out, "</strong> ");
        sgb_html_text(out, note->text);
        g_string_append(out, "</p>\n");
    }
}

static void add_top(GString *out, GPtrArray *runs, const char *title)
{
    g_string_append(
        out, "<body>\n<a class=\"skip\" href=\"#verdict\">To the verdict</a>\n"
             "<header>\n<div class=\"top\">");
    sgb_html_element(out, "h1", NULL, title);
    g_string_append(out, "<button type=\"button\" id=\"theme\" hidden>Light or "
                         "dark</button></div>\n");
    for (unsigned i = 0; i < runs->len; i++) {
        const SgbRun *run = g_ptr_array_index(runs, i);
        JsonObject *head = sgb_json_object(run->json, "run");
        JsonObject *e = sgb_json_object(run->json, "environment");
        g_autofree char *text = g_strdup_printf(
            "Job %s, %s; %s on %s, %" G_GUINT64_FORMAT " CPUs%s; %u rounds",
            sgb_json_string(sgb_json_object(run->json, "job"), "name"),
            sgb_json_string(head, "started"), sgb_json_string(e, "kernel"),
            sgb_json_string(e, "cpu"), sgb_json_count(e, "cpus"),
            sgb_json_boolean(e, "lab") ? ", in the lab" : "", run->rounds);

        sgb_html_element(out, "p", "soft", text);
        g_string_append_c(out, '\n');
    }
    g_string_append(
        out, "<nav aria-label=\"Sections\"><ul><li><a href=\"#verdict\">Verdict"
             "</a></li><li><a href=\"#charts\">Charts</a></li><li><a "
             "href=\"#tables\">Tables</a></li><li><a href=\"#environment\">"
             "Environment</a></li><li><a href=\"#data-files\">Raw data</a></li>"
             "</ul></nav>\n</header>\n<main>\n");
    for (unsigned i = 0; i < runs->len; i++) {
        add_alarms(out, g_ptr_array_index(runs, i), runs->len > 1);
    }
}

static void add_verdicts(GString *out, GPtrArray *verdicts)
{
    static const char *const words[] = {
        [SGB_TONE_GOOD] = "Good",
        [SGB_TONE_MIXED] = "Mixed",
        [SGB_TONE_BAD] = "Bad",
        [SGB_TONE_OPEN] = "Open",
    };

    g_string_append(out, "<section id=\"verdict\"><h2>Verdict</h2>\n");
    for (unsigned i = 0; i < verdicts->len; i++) {
        const SgbVerdict *verdict = g_ptr_array_index(verdicts, i);

        g_string_append(out, "<article class=\"verdict\">");
        sgb_html_element(out, "h3", NULL, verdict->question);
        for (unsigned j = 0; j < verdict->answers->len; j++) {
            const SgbAnswer *answer = g_ptr_array_index(verdict->answers, j);

            g_string_append_printf(out, "\n<div class=\"answer %s\"><p>",
                                   sgb_tone_name(answer->tone));
            if (verdict->answers->len > 1) {
                sgb_html_element(out, "strong", NULL, answer->target);
                g_string_append(out, ": ");
            }
            g_string_append_printf(out, "<span class=\"tone\">%s.</span> ",
                                   words[answer->tone]);
            sgb_html_text(out, answer->sentence);
            if (*answer->detail) {
                g_string_append(out, "</p><p>");
                sgb_html_text(out, answer->detail);
            }
            g_string_append(out, "</p><p class=\"basis\">Behind it: ");
            sgb_html_text(out, answer->basis);
            g_string_append(out, ".</p></div>");
        }
        g_string_append(out, "</article>\n");
    }
    g_string_append(out, "</section>\n");
}

/* Charts are the script's; here is where they go. */
static void add_charts(GString *out)
{
    static const struct {
        const char *id, *title, *text;
        gboolean wide;
    } all[] = {
        {"throughput", "Throughput over transfer size",
         "MB/s, median of rounds with its interval; more is better", FALSE},
        {"cpu", "CPU over transfer size",
         "seconds of QEMU's IOThread and workers per GiB; less is better",
         FALSE},
        {"ratio-throughput", "Throughput, ratios",
         "paired by round; above the line the first path is faster", FALSE},
        {"ratio-cpu", "CPU per GiB, ratios",
         "paired by round; below the line the first path needs less", FALSE},
        {"faults", "Page faults over transfer size",
         "minor faults of QEMU per request: memory given back and taken again, "
         "which is not copying",
         FALSE},
        {"latency", "Latency percentiles",
         "of the size chosen; a percentile is shown where there are requests "
         "enough for it",
         FALSE},
        {"stages", "Where the time of a request goes",
         "of the size chosen, from the traced round, which tracing slows down",
         FALSE},
        {"ways", "Direct and bounced bytes",
         "of the size chosen, per request, from the traced round", FALSE},
        {"course", "The course of a cell",
         "of the size, path and round chosen; stalls are red", TRUE},
    };

    g_string_append(
        out,
        "<section id=\"charts\" hidden><h2>Charts</h2>\n"
        "<p class=\"note limit speed\">Not at a machine's speed: read "
        "directions, not amounts.</p>\n"
        "<div class=\"controls\"><label>Workload<select id=\"group\"></select>"
        "</label><label>Size<select id=\"size\"></select></label>"
        "<label>Path of the course<select id=\"path\"></select></label>"
        "<label>Round of the course<select id=\"round\"></select></label>"
        "<label>Axes<span><input type=\"checkbox\" id=\"log\"> logarithmic"
        "</span></label></div>\n<fieldset id=\"paths\"><legend>Paths</legend>"
        "</fieldset>\n<div class=\"charts\">\n");
    for (unsigned i = 0; i < G_N_ELEMENTS(all); i++) {
        g_string_append_printf(
            out,
            "<figure id=\"%s\"%s><figcaption>%s<small>%s</small>%s</figcaption>"
            "<div class=\"box\"><canvas role=\"img\"></canvas></div>"
            "<p class=\"empty\" hidden></p><details><summary>The same as a "
            "table</summary><div class=\"scroll numbers\" tabindex=\"0\" "
            "role=\"region\" aria-label=\"%s\"></div></details></figure>\n",
            all[i].id, all[i].wide ? " class=\"wide\"" : "", all[i].title,
            all[i].text,
            strcmp(all[i].id, "course") == 0 ? "<small id=\"stalls\"></small>"
                                             : "",
            all[i].title);
    }
    g_string_append(out, "</div></section>\n<noscript><p class=\"note\">The "
                         "charts need JavaScript; the tables have all of their "
                         "numbers.</p></noscript>\n");
}

static void add_notes(GString *out, GPtrArray *notes)
{
    g_string_append(out, "<dl>\n");
    for (unsigned i = 0; i < notes->len; i++) {
        const SgbNote *note = g_ptr_array_index(notes, i);

        sgb_html_element(out, "dt", NULL, note->label);
        sgb_html_element(out, "dd", NULL, note->text);
        g_string_append_c(out, '\n');
    }
    g_string_append(out, "</dl>\n");
}

/* @text as it is, line by line, folded up. */
static void add_pre(GString *out, const char *summary, const char *text)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

    g_string_append_printf(out,
                           "<details class=\"screen\"><summary>%s</summary>"
                           "<pre tabindex=\"0\">",
                           summary);
    for (char **line = lines; *line; line++) {
        sgb_html_text(out, *line);
        g_string_append_c(out, '\n');
    }
    g_string_append(out, "</pre></details>\n");
}

static void add_builds(GString *out, const SgbRun *run)
{
    g_autoptr(JsonNode) node = json_node_alloc();
    g_autofree char *text = NULL;

    json_node_init_object(node, sgb_json_object(run->json, "environment"));
    text = json_to_string(node, TRUE);
    add_pre(out, "All that is known of machine, QEMU builds and patches", text);
}

static void add_environment(GString *out, const SgbRun *run)
{
    g_autoptr(GPtrArray) notes = sgb_run_notes(run);
    JsonArray *targets = sgb_json_array(run->json, "targets");

    sgb_html_element(
        out, "h3", NULL,
        sgb_json_string(sgb_json_object(run->json, "job"), "name"));
    add_notes(out, notes);
    for (unsigned i = 0; i < json_array_get_length(targets); i++) {
        JsonObject *target = json_array_get_object_element(targets, i);
        g_autoptr(GPtrArray) about = sgb_target_notes(target);
        g_autofree char *title =
            g_strdup_printf("Target %s", sgb_json_string(target, "name"));

        sgb_html_element(out, "h4", NULL, title);
        add_notes(out, about);
    }
    add_builds(out, run);
}

/* A link that holds @data, which is file @name of @run, compressed. */
static gboolean add_file(GString *out, const SgbRun *run, const char *name,
                         GBytes *data, GError **error)
{
    const char *job =
        sgb_json_string(sgb_json_object(run->json, "job"), "name");
    g_autofree char *title = g_strdup_printf("%s of %s", name, job);
    g_autoptr(GOutputStream) memory = g_memory_output_stream_new_resizable();
    GMemoryOutputStream *gz = G_MEMORY_OUTPUT_STREAM(memory);
    g_autoptr(GZlibCompressor) gzip =
        g_zlib_compressor_new(G_ZLIB_COMPRESSOR_FORMAT_GZIP, -1);
    g_autoptr(GOutputStream) to =
        g_converter_output_stream_new(memory, G_CONVERTER(gzip));
    g_autofree char *base64 = NULL;
    gsize size;
    const char *text = g_bytes_get_data(data, &size);

    if (!g_output_stream_write_all(to, text, size, NULL, NULL, error) ||
        !g_output_stream_close(to, NULL, error)) {
        return FALSE;
    }
    base64 = g_base64_encode(g_memory_output_stream_get_data(gz),
                             g_memory_output_stream_get_data_size(gz));
    g_string_append(out, "<li><a download=\"");
    sgb_html_text(out,
                  sgb_json_string(sgb_json_object(run->json, "run"), "id"));
    g_string_append_printf(out, "-%s.gz\" href=\"data:application/gzip;base64,",
                           name);
    g_string_append(out, base64);
    g_string_append(out, "\">");
    sgb_html_text(out, title);
    g_string_append(out, "</a> (gzip)</li>\n");
    return TRUE;
}

/* The files that @run was read from, of its folder or bundle. */
static gboolean read_files(const SgbRun *run, SgbBundleTexts *texts,
                           GError **error)
{
    g_autofree char *json = g_build_filename(run->path, "run.json", NULL);
    g_autofree char *lines = g_build_filename(run->path, "samples.jsonl", NULL);
    g_autoptr(GError) cause = NULL;
    char *text;
    gsize size;

    if (!g_file_test(run->path, G_FILE_TEST_IS_DIR)) {
        return sgb_bundle_read(run->path, texts, error);
    }
    if (!g_file_get_contents(json, &text, &size, &cause)) {
        g_set_error(error, SGB_REPORT_ERROR, SGB_REPORT_ERROR_OPEN,
                    "%s: can't be read for the report: %s", json,
                    cause->message);
        return FALSE;
    }
    texts->run = g_bytes_new_take(text, size);
    if (!run->complete && g_file_get_contents(lines, &text, &size, NULL)) {
        texts->journal = g_bytes_new_take(text, size);
    }
    return TRUE;
}

static gboolean add_data(GString *out, GPtrArray *runs, GError **error)
{
    g_string_append(
        out, "<section id=\"data-files\"><h2>Raw data</h2>\n<p>Every sample of "
             "every round, with its latencies, as the run directory has it:</p>"
             "\n<ul class=\"downloads\">");
    for (unsigned i = 0; i < runs->len; i++) {
        const SgbRun *run = g_ptr_array_index(runs, i);
        g_auto(SgbBundleTexts) texts = {NULL};

        if (!read_files(run, &texts, error) ||
            !add_file(out, run, "run.json", texts.run, error) ||
            (texts.journal &&
             !add_file(out, run, "samples.jsonl", texts.journal, error))) {
            return FALSE;
        }
    }
    g_string_append(out, "</ul>\n<p class=\"screen\"><button type=\"button\" "
                         "id=\"download\" hidden>The figures of this report "
                         "(JSON)</button></p></section>\n");
    return TRUE;
}

static void add_reading(GString *out)
{
    g_string_append(
        out,
        "<section id=\"reading\"><h2>How to read this</h2>\n<p>One QEMU start "
        "is one measurement. In each round every path is started afresh, in a "
        "random order; ratios are paired by round, the figure is the median, "
        "and the interval comes from order statistics: it covers the median "
        "with at least 95 % from 6 rounds on. Fewer than 10 rounds are "
        "indicative. &ldquo;No difference shown&rdquo; does not mean that "
        "there "
        "is none: the report says which difference would have been seen. "
        "&ldquo;The same&rdquo; is said only where the whole interval is "
        "within "
        "5 %. The same path twice, the control, shows the noise: where it "
        "differs from itself, a difference must be larger than that. Intervals "
        "are not corrected for being many; how many miss by chance is said "
        "with each verdict.</p>\n<p>No figure from a machine without SCSI "
        "hardware is the kernel's SG_IO at a machine's speed.</p></section>\n");
}

static char *title_of(GPtrArray *runs)
{
    GString *title = g_string_new("SCSI passthrough in QEMU: ");

    for (unsigned i = 0; i < runs->len; i++) {
        const SgbRun *run = g_ptr_array_index(runs, i);

        g_string_append_printf(
            title, "%s%s", i ? ", " : "",
            sgb_json_string(sgb_json_object(run->json, "job"), "name"));
    }
    return g_string_free(title, FALSE);
}

static gboolean write_html(GPtrArray *runs, GString *out, GError **error)
{
    g_autoptr(GBytes) style = resource("page.css");
    g_autoptr(GBytes) script = resource("page.js");
    g_autoptr(GBytes) chart = resource("chart.min.js");
    g_autoptr(GPtrArray) verdicts = sgb_verdicts(runs);
    g_autoptr(JsonNode) document = sgb_document(runs, verdicts);
    g_autofree char *title = title_of(runs);
    g_autofree char *text = NULL;

    add_head(out, title, style, script, chart);
    add_top(out, runs, title);
    add_verdicts(out, verdicts);
    add_charts(out);
    g_string_append(out, "<section id=\"tables\"><h2>Tables</h2>\n");
    for (unsigned i = 0; i < runs->len; i++) {
        const SgbRun *run = g_ptr_array_index(runs, i);

        if (runs->len > 1) {
            sgb_html_element(
                out, "h3", NULL,
                sgb_json_string(sgb_json_object(run->json, "job"), "name"));
        }
        sgb_html_tables(out, run);
    }
    text = sgb_table_text(runs);
    add_pre(out, "All of it as text, with what the tables have no room for",
            text);
    g_string_append(out, "</section>\n<section id=\"environment\"><h2>"
                         "Environment</h2>\n");
    for (unsigned i = 0; i < runs->len; i++) {
        add_environment(out, g_ptr_array_index(runs, i));
    }
    g_string_append(out, "</section>\n");
    if (!add_data(out, runs, error)) {
        return FALSE;
    }
    add_reading(out);
    g_string_append(out,
                    "</main>\n<footer class=\"soft\">sgbench " SGBENCH_VERSION
                    ". Chart.js is under the MIT licence."
                    "</footer>\n<script type=\"application/json\" "
                    "id=\"data\">");
    sgb_html_json(out, document);
    g_string_append(out, "</script>\n<script>");
    add_bytes(out, chart);
    g_string_append(out, "</script>\n<script>");
    add_bytes(out, script);
    g_string_append(out, "</script>\n</body>\n</html>\n");
    return TRUE;
}

const SgbWriter sgb_writer_html = {
    .name = "html",
    .summary = "one page with verdicts, charts, tables and the raw data",
    .suffix = ".html",
    .file = TRUE,
    .write = write_html,
};
