/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The plugin in babeltrace2 itself, and what it says against what can be
 * counted in babeltrace2's own text.
 */
#include <gio/gio.h>
#include <stdlib.h>
#include <string.h>

#include "output-run.h"
#include "piped.h"

#define QEMU 100
#define REQUESTS 100
#define T0 UINT64_C(1700000000000000000)

/* A trace of REQUESTS requests in a new folder; every third bounces, every
 * tenth is short. */
static char *make_trace(void)
{
    g_autoptr(TraceWriter) w = trace_writer_new("alpha");
    char *folder = trace_folder_new();
    g_autofree char *path = g_build_filename(folder, "in", "t", NULL);

    for (unsigned i = 1; i <= REQUESTS; i++) {
        uint64_t t = T0 + i * 1000;
        gboolean bounced = i % 3 == 0;

        trace_writer_add(w, t, QEMU, "qemu:virtio_scsi_cmd_req",
                         "tag=%u cmd=0x28", i);
        trace_writer_add(w, t + 1, QEMU, "qemu:scsi_sgio_path",
                         "req=5 tag=%u path=%d reason=%d", i, bounced ? 1 : 3,
                         bounced ? 7 : 0);
        trace_writer_add(w, t + 2, QEMU, "qemu:scsi_sgio_submit",
                         "req=5 hdr=6 tag=%u id=disk len=%u opcode=0x28 dir=-3",
                         i, i * 512);
        trace_writer_add(w, t + 100 + i, QEMU, "qemu:scsi_sgio_complete",
                         "req=5 tag=%u direct=%u bounced=%u resid=%u", i,
                         bounced ? 0 : i * 512, bounced ? i * 512 : 0,
                         i % 10 ? 0 : 100);
        trace_writer_add(w, t + 110 + i, QEMU, "qemu:virtio_scsi_cmd_resp",
                         "tag=%u", i);
    }
    trace_writer_write(w, path);
    return folder;
}

/* babeltrace2 with the plugin; its standard output (the caller's) and whether
 * it went well. */
static char *run(gboolean *ok, char **errors, const char *first, ...)
{
    GPtrArray *argv = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GError) error = NULL;
    g_autoptr(GSubprocess) process = NULL;
    const char *folder = g_getenv("SGBENCH_PLUGIN_PATH");
    char *out = NULL, *err = NULL;
    va_list ap;

    g_assert_nonnull(folder);
    g_ptr_array_add(argv, g_strdup("babeltrace2"));
    g_ptr_array_add(argv, g_strconcat("--plugin-path=", folder, NULL));
    va_start(ap, first);
    process = piped_start(argv, first, ap);
    va_end(ap);
    g_assert_true(
        g_subprocess_communicate_utf8(process, NULL, NULL, &out, &err, &error));
    g_assert_no_error(error);
    if (ok) {
        *ok = g_subprocess_get_successful(process);
    } else if (!g_subprocess_get_successful(process)) {
        g_test_message("%s", err);
        g_assert_not_reached();
    }
    if (errors) {
        *errors = g_steal_pointer(&err);
    }
    g_free(err);
    return out;
}

/* Lines of @text with @what. */
static unsigned count(const char *text, const char *what)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    unsigned n = 0;

    for (char **line = lines; *line; line++) {
        n += strstr(*line, what) != NULL;
    }
    return n;
}

/* Sum of " @field = N" in the lines with @what. */
static uint64_t sum(const char *text, const char *what, const char *field)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    g_autofree char *key = g_strdup_printf(" %s = ", field);
    uint64_t total = 0;

    for (char **line = lines; *line; line++) {
        const char *value = strstr(*line, what) ? strstr(*line, key) : NULL;

        if (value) {
            total += g_ascii_strtoll(value + strlen(key), NULL, 10);
        }
    }
    return total;
}

static void test_classes(void)
{
    static const char *const names[] = {
        "filter.sgbench.requests", "sink.sgbench.summary", "sink.sgbench.json",
        "sink.sgbench.csv", "sink.sgbench.timeline"};

    for (unsigned i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *help = run(NULL, NULL, "help", names[i], NULL);
        g_autofree char *parameters =
            run(NULL, NULL, "query", names[i], "parameters", NULL);

        g_assert_nonnull(strstr(help, names[i]));
        g_assert_nonnull(strstr(parameters, "device:"));
        g_assert_nonnull(strstr(parameters, "help: only devices"));
    }
}

/* Events are in order of time, and ours are when their request ended. */
static void check_times(const char *text)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    int64_t last = 0;

    for (char **line = lines; *line && **line; line++) {
        g_auto(GStrv) parts = g_strsplit_set(*line + 1, ".]", 3);
        int64_t ns = g_ascii_strtoll(parts[0], NULL, 10) * 1000000000 +
                     g_ascii_strtoll(parts[1], NULL, 10);

        g_assert_cmpint(ns, >=, last);
        if (strstr(*line, "sgbench:request")) {
            g_assert_cmpuint(sum(*line, "sgbench:request", "end_ns"), ==, ns);
        }
        last = ns;
    }
    g_assert_cmpint(last, ==, T0 + REQUESTS * 1000 + 110 + REQUESTS);
}

/* What sink.ctf.fs writes of the filter's messages, read again: all events of
 * before, and one more per request, in order of time. */
static void test_filter(void)
{
    char *folder = make_trace();
    g_autofree char *in = g_build_filename(folder, "in", NULL);
    g_autofree char *out = g_build_filename(folder, "out", NULL);
    g_autofree char *params = g_strdup_printf("path=\"%s\",quiet=yes", out);
    g_autofree char *before = NULL, *after = NULL, *nothing = NULL;
    g_autofree char *times = NULL;
    g_autofree char *direct = NULL;
    g_autoptr(GError) error = NULL;
    g_autofree char *json = NULL;
    g_autoptr(JsonNode) root = NULL;

    nothing = run(NULL, NULL, in, "-c", "filter.sgbench.requests", "-c",
                  "sink.ctf.fs", "--params", params, NULL);
    before = run(NULL, NULL, in, NULL);
    after = run(NULL, NULL, out, NULL);
    g_assert_cmpuint(count(before, "qemu:"), ==, 5 * REQUESTS);
    g_assert_cmpuint(count(after, "qemu:"), ==, 5 * REQUESTS);
    g_assert_cmpuint(count(before, "sgbench:request"), ==, 0);
    g_assert_cmpuint(count(after, "sgbench:request"), ==, REQUESTS);

    /* babeltrace2's text of the trace, counted independently. */
    g_assert_cmpuint(sum(before, "scsi_sgio_complete", "direct"), ==,
                     sum(after, "sgbench:request", "direct"));
    g_assert_cmpuint(sum(before, "scsi_sgio_complete", "bounced"), ==,
                     sum(after, "sgbench:request", "bounced"));
    g_assert_cmpuint(sum(before, "scsi_sgio_submit", "len"), ==,
                     sum(after, "sgbench:request", "length"));
    g_assert_cmpuint(sum(after, "sgbench:request", "resid"), ==,
                     REQUESTS / 10 * 100);
    g_assert_cmpuint(sum(after, "sgbench:request", "transferred"), ==,
                     512 * REQUESTS * (REQUESTS + 1) / 2 - REQUESTS / 10 * 100);

    times = run(NULL, NULL, "--clock-seconds", out, NULL);
    check_times(times);
    direct = run(NULL, NULL, "--clock-seconds", in, "-c",
                 "filter.sgbench.requests", NULL);
    check_times(direct);
    g_assert_cmpuint(count(direct, "sgbench:request"), ==, REQUESTS);

    /* The same figures once more. */
    json = output_run(out, &sgb_output_json, NULL, &error);
    g_assert_no_error(error);
    root = output_json(json);
    g_assert_cmpint(output_integer(json_node_get_object(root), "requests"), ==,
                    REQUESTS);
    g_assert_cmpint(output_integer(json_node_get_object(root), "events_other"),
                    ==, REQUESTS);
    trace_folder_remove(folder);
}

static void test_filter_parameters(void)
{
    char *folder = make_trace();
    g_autofree char *only =
        run(NULL, NULL, folder, "-c", "filter.sgbench.requests", "--params",
            "only-requests=yes,tag=[7,9],opcode=\"28h\"", "-c",
            "sink.text.pretty", NULL);
    g_autofree char *late =
        run(NULL, NULL, folder, "-c", "filter.sgbench.requests", "--params",
            "from=\"+0.00009\"", "-c", "sink.text.pretty", NULL);

    g_assert_cmpuint(count(only, "qemu:"), ==, 0);
    g_assert_cmpuint(count(only, "sgbench:request"), ==, 2);
    g_assert_nonnull(strstr(only, " tag = 7,"));
    g_assert_nonnull(strstr(only, " tag = 9,"));
    /* Ended 90 us after the first event: the last ten. */
    g_assert_cmpuint(count(late, "sgbench:request"), ==, 10);
    trace_folder_remove(folder);
}

/* A sink of the plugin and the library's output are the same. */
static void test_sinks(void)
{
    static const struct {
        const char *name, *params;
        const SgbOutputKind *kind;
        const char *settings[2];
    } sinks[] = {
        {"sink.sgbench.summary",
         "view=[\"summary\",\"depth\"]",
         &sgb_output_text,
         {"view=summary,depth"}},
        {"sink.sgbench.json", "top=3", &sgb_output_json, {"top=3"}},
        {"sink.sgbench.csv", "limit=7", &sgb_output_csv, {"limit=7"}},
        {"sink.sgbench.timeline", "tag=5", &sgb_output_timeline, {"tag=5"}},
    };
    char *folder = make_trace();

    for (unsigned i = 0; i < G_N_ELEMENTS(sinks); i++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *a = run(NULL, NULL, folder, "-c", sinks[i].name,
                                 "--params", sinks[i].params, NULL);
        g_autofree char *b =
            output_run(folder, sinks[i].kind, sinks[i].settings, &error);

        g_assert_no_error(error);
        g_assert_cmpstr(a, ==, b);
        g_assert_cmpuint(strlen(a), >, 100);
    }
    trace_folder_remove(folder);
}

static void test_bad_parameters(void)
{
    static const struct {
        const char *name, *params, *message;
    } bad[] = {
        {"sink.sgbench.summary", "view=\"vew\"", "view: vew: must be"},
        {"sink.sgbench.csv", "view=\"top\"", "there is no such parameter"},
        {"sink.sgbench.json", "top=1.5", "must be a string or an integer"},
        {"sink.sgbench.json", "from=[1,2]", "must be a string or an integer"},
        {"filter.sgbench.requests", "path=\"x\"", "there is no such parameter"},
        {"filter.sgbench.requests", "only-requests=1", "must be yes or no"},
        {"sink.sgbench.csv", "path=\"/nonexistent/x\"", "No such file"},
    };
    char *folder = make_trace();

    for (unsigned i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autofree char *errors = NULL, *flat = NULL;
        gboolean ok;
        g_autofree char *out = run(&ok, &errors, folder, "-c", bad[i].name,
                                   "--params", bad[i].params, NULL);

        g_assert_false(ok);
        /* It is wrapped, and coloured. */
        flat = g_strdelimit(g_strdup(errors), "\n", ' ');
        while (strstr(flat, "   ")) {
            char *blanks = strstr(flat, "   ");

            memmove(blanks, blanks + 2, strlen(blanks + 2) + 1);
        }
        if (!strstr(flat, bad[i].message)) {
            g_test_message("%s", flat);
            g_test_fail();
        }
    }
    trace_folder_remove(folder);
}

/* /dev/full takes nothing. */
static void test_full_disk(void)
{
    char *folder = make_trace();
    g_autofree char *errors = NULL;
    gboolean ok;
    g_autofree char *out = run(&ok, &errors, folder, "-c", "sink.sgbench.csv",
                               "--params", "path=\"/dev/full\"", NULL);

    g_assert_false(ok);
    g_assert_nonnull(strstr(errors, "No space left"));
    trace_folder_remove(folder);
}

int main(int argc, char **argv)
{
    g_setenv("TZ", "UTC", TRUE);
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/plugin/classes", test_classes);
    g_test_add_func("/plugin/filter", test_filter);
    g_test_add_func("/plugin/filter-parameters", test_filter_parameters);
    g_test_add_func("/plugin/sinks", test_sinks);
    g_test_add_func("/plugin/bad-parameters", test_bad_parameters);
    g_test_add_func("/plugin/full-disk", test_full_disk);
    return g_test_run();
}
