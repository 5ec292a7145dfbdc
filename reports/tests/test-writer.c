/* SPDX-License-Identifier: GPL-2.0-or-later */
/* All formats, of runs that are made up; in a browser: tests/test-browser.c. */
#include "reports/writer.h"

#include <glib/gstdio.h>
#include <string.h>

#include "run-writer.h"

#define MIB (1 << 20)

static const FakeCell cells[] = {
    {"generic-bounce", MIB, 800, 0.80, 197, 0, 0},
    {"generic-control", MIB, 805, 0.79, 196, 0, 0},
    {"generic-notrim", MIB, 1100, 0.50, 0.1, 0, 0},
    {"generic-pool", MIB, 1150, 0.45, 0.1, 0, 0},
    {"generic-zerocopy", MIB, 1200, 0.40, 0.01, 3, 0},
    {NULL},
};

static const FakeRun whole = {
    .outcome = "complete",
    .rounds = 12,
    .requests = 100,
    .slices = 20,
    .cells = cells,
    .reconciliation =
        "[{\"cell\": \"c0\", \"result\": \"agrees\", \"trace_requests\": 2, "
        "\"bounced\": 2097152, \"direct\": 0, \"stages\": {\"ioctl end\": "
        "{\"count\": 2, \"sum\": 3e6, \"p50\": 1, \"p99\": 2}, \"odd\": 3}}]",
};

/* What somebody could put into a file, or a device into its INQUIRY data. */
#define HOSTILE "</script><script>alert(1)</script><img src=x onerror=alert(1)>"

/* The report in @format of a run whose texts have been replaced. */
static char *report_of(const char *format, const char *from, const char *to)
{
    g_autoptr(GPtrArray) runs =
        g_ptr_array_new_with_free_func((GDestroyNotify)sgb_run_free);
    GString *out = g_string_new(NULL);
    g_autoptr(GError) error = NULL;
    char *folder = fake_run_write(&whole);

    if (from) {
        g_autofree char *text = fake_run_read(folder, "run.json");
        g_auto(GStrv) parts = g_strsplit(text, from, -1);
        g_autofree char *changed = g_strjoinv(to, parts);

        g_assert_nonnull(parts[1]);
        fake_run_replace(folder, "run.json", changed);
    }
    g_ptr_array_add(runs, sgb_run_load(folder, &error));
    g_assert_no_error(error);
    g_assert_true(sgb_writer_by_name(format)->write(runs, out, &error));
    g_assert_no_error(error);
    fake_run_remove(folder);
    return g_string_free(out, FALSE);
}

static unsigned count(const char *text, const char *part)
{
    unsigned n = 0;

    for (const char *p = text; (p = strstr(p, part)); p += strlen(part)) {
        n++;
    }
    return n;
}

static void check_has(const char *text, const char *part)
{
    if (!strstr(text, part)) {
        g_error("'%s' is not in %.3000s", part, text);
    }
}

static void test_names(void)
{
    g_assert_true(sgb_writer_by_name("html") == sgb_writers[0]);
    g_assert_null(sgb_writer_by_name("htm"));
    g_assert_true(sgb_writer_by_suffix("a.b/report.md") ==
                  &sgb_writer_markdown);
    g_assert_null(sgb_writer_by_suffix("report"));
}

/* Every text of the run goes through here once. */
static void test_html_hostile(void)
{
    static const char *const texts[] = {
        "\"stand-in\"",
        "\"made up\"",
        "\"STAND-IN\"",
        "\"generic-notrim\"",
        "\"lun\"",
        "\"Linux 6.1\"",
        "\"1\"",
        "\"contiguous\"",
        "\"this is no measurement, but a stand-in for one\"",
        "\"2024-01-01T00:00:00Z\"",
        "\"iscsi\"",
        "\"read\"",
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autofree char *html = report_of("html", texts[i], "\"" HOSTILE "\"");

        g_test_message("%s", texts[i]);
        g_assert_cmpuint(count(html, "<script"), ==, 3);
        g_assert_cmpuint(count(html, "</script"), ==, 3);
        g_assert_cmpuint(count(html, "<img"), ==, 0);
        /* It is there, and as text. */
        check_has(html, "&lt;/script&gt;&lt;script&gt;");
    }
}

static void test_html_whole(void)
{
    g_autofree char *html = report_of("html", NULL, NULL);

    check_has(html, "default-src 'none'");
    check_has(html, "Is zero-copy faster than bouncing");
    check_has(html, "data:application/gzip;base64,H4sI");
    /* Nothing is fetched; that Chart.js names its home page does no harm. */
    g_assert_cmpuint(count(html, " src="), ==, 0);
    g_assert_cmpuint(count(html, "=\"http"), ==, 0);
    g_assert_cmpuint(count(html, "@import"), ==, 0);
    g_assert_true(g_utf8_validate(html, -1, NULL));
}

/* It follows its schema, whatever the run has in odd places. */
static void test_json(void)
{
    g_autofree char *json = report_of("json", "made up", "\\\"<\\u0001");
    g_autofree char *folder = g_dir_make_tmp("sgbench-report-XXXXXX", NULL);
    g_autofree char *file = g_build_filename(folder, "report.json", NULL);
    g_autofree char *schema = g_build_filename(
        g_getenv("G_TEST_SRCDIR"), "reports/report.schema.json", NULL);
    const char *argv[] = {"/usr/bin/jsonschema", "-i", file, schema, NULL};
    g_autofree char *err = NULL;
    g_autoptr(GError) error = NULL;
    int status;

    g_assert_null(strstr(json, "\"odd\""));
    check_has(json, "\"ioctl end\"");
    g_assert_true(g_file_set_contents(file, json, -1, NULL));
    g_assert_true(g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_DEFAULT, NULL,
                               NULL, NULL, &err, &status, &error));
    if (!g_spawn_check_wait_status(status, NULL)) {
        g_error("the report does not follow its schema: %.2000s", err);
    }
    g_assert_cmpint(g_unlink(file), ==, 0);
    g_assert_cmpint(g_rmdir(folder), ==, 0);
}

static void test_csv(void)
{
    g_autofree char *csv = report_of("csv", "contiguous", "=1+\\\"a\\\",b");
    g_auto(GStrv) lines = g_strsplit(csv, "\r\n", -1);

    g_assert_cmpuint(g_strv_length(lines), ==, 1 + 5 * 12 + 1);
    g_assert_cmpstr(lines[61], ==, "");
    check_has(lines[0],
              "run,target,path,operation,access,layout,hba,size,depth,");
    check_has(lines[0], ",throughput,cpu,cpu-all,faults,");
    g_assert_true(g_pattern_match_simple(
        "00000000-*,lun,generic-bounce,read,sequential,\"'=1+\"\"a\"\",b\","
        "virtio-scsi,"
        "1048576,4,0,0,10,0,0,1,100,104857600,0,800,0.8,0.92*,197,*",
        lines[1]));
}

static void test_markdown(void)
{
    g_autofree char *text = report_of("markdown", "made up", "a|b<i>*c*`");

    check_has(text, "a\\|b\\<i\\>\\*c\\*\\`");
    check_has(text,
              "\n| generic-zerocopy / generic-bounce | 1.49 \\[1.46, 1.56\\] "
              "| 0.50 \\[0.50, 0.50\\] | 11 |\n");
    check_has(text, "\n| copying | ");
}

static void test_cover_letter(void)
{
    g_autofree char *text =
        report_of("cover-letter", "made up",
                  "made up by a company with a long name and another one");
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

    for (char **l = lines; *l; l++) {
        g_assert_cmpint(g_utf8_strlen(*l, -1), <=, 72);
        g_assert_false(g_str_has_suffix(*l, " "));
    }
    g_assert_cmpuint(count(text, "Workload: "), ==, 1);
    check_has(text, "\n  bounce           1.49 [1.46, 1.56]       0.50 [0.50, "
                    "0.50]   11\n");
    check_has(text, "\n  pool   ");
    check_has(text, "\n  (noise)");
    check_has(text, "no kernel SG_IO");
    check_has(text, "at least 96.1 %");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/writer/names", test_names);
    g_test_add_func("/writer/html/hostile", test_html_hostile);
    g_test_add_func("/writer/html/whole", test_html_whole);
    g_test_add_func("/writer/json", test_json);
    g_test_add_func("/writer/csv", test_csv);
    g_test_add_func("/writer/markdown", test_markdown);
    g_test_add_func("/writer/cover-letter", test_cover_letter);
    return g_test_run();
}
