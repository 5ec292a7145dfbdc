/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The HTML report in a real browser, Debian's Chromium: is everything drawn,
 * does it work, does nothing else run in it. The run is made up.
 */
#include <glib/gstdio.h>
#include <string.h>

#include "run-writer.h"
#include "reports/writer.h"

#define KIB UINT64_C(1024)
#define MIB (1024 * KIB)

/* Charts of the report. */
#define CHARTS 9

#define POLICY "<meta http-equiv=\"Content-Security-Policy\""
#define HOSTILE                                                        \
    "</script><script>document.documentElement.dataset.own=1</script>" \
    "<img src=x onerror='document.documentElement.dataset.own=1'>"

static const FakeCell cells[] = {
    {"native", 64 * KIB, 1000, 0.40, 0, 0, 0},
    {"generic-bounce", 64 * KIB, 700, 0.90, 3, 0, 0},
    {"generic-control", 64 * KIB, 705, 0.91, 3, 0, 0},
    {"generic-zerocopy", 64 * KIB, 750, 0.80, 0.01, 0, 0},
    {"native", MIB, 1500, 0.30, 0, 0, 0},
    {"generic-bounce", MIB, 800, 0.80, 197, 0, 0},
    {"generic-control", MIB, 805, 0.79, 196, 0, 0},
    {"generic-zerocopy", MIB, 1200, 0.40, 0.01, 0, 0},
    {NULL},
};

#define STAGES                                                              \
    "\"stages\": {\"arrive\": {\"count\": 2, \"sum\": 1e5, \"p50\": 1, "    \
    "\"p99\": 2}, \"ioctl end\": {\"count\": 2, \"sum\": 3e6, \"p50\": 1, " \
    "\"p99\": 2}}"

static const FakeRun fake = {
    .outcome = "complete",
    .rounds = 12,
    .requests = 100,
    .spread = 30,
    .slices = 20,
    .cells = cells,
    .reconciliation =
        "[{\"cell\": \"c5\", \"result\": \"agrees\", \"trace_requests\": 2, "
        "\"bounced\": 2097152, \"direct\": 0, " STAGES "}, {\"cell\": \"c7\", "
        "\"result\": \"agrees\", \"trace_requests\": 2, \"bounced\": 0, "
        "\"direct\": 2097152, " STAGES "}]",
};

/* Looks at the page when it is done, tries its controls, and leaves what it saw
 * in an attribute. */
static const char probe[] =
    "<script>addEventListener('load', () => setTimeout(() => {\n"
    "const all = (s) => [...document.querySelectorAll(s)];\n"
    "const drawn = (c) => {\n"
    "  const d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;"
    "\n  const colours = new Set();\n"
    "  for (let i = 0; i < d.length; i += 4) {\n"
    "    if (d[i + 3] > 200) colours.add(d[i] * 65536 + d[i + 1] * 256 + d[i + "
    "2]);\n  }\n  return colours.size > 3; };\n"
    "const rows = () => all('#cpu .numbers tbody tr').length;\n"
    "const text = () => document.querySelector('#latency .numbers')"
    ".textContent;\n"
    "const change = (e) => e.dispatchEvent(new Event('change'));\n"
    "const out = {drawn: all('canvas').filter(drawn).length,\n"
    "  shown: all('figure .box').filter((b) => !b.hidden).length,\n"
    "  named: all('canvas').filter((c) => c.getAttribute('aria-label')"
    ".length > 40).length,\n"
    "  tables: all('figure .numbers table').length,\n"
    "  wide: document.documentElement.scrollWidth > innerWidth ? 1 : 0,\n"
    "  dark: getComputedStyle(document.body).backgroundColor ==="
    " 'rgb(15, 20, 25)' ? 1 : 0,\n"
    "  stalls: document.getElementById('stalls').textContent"
    ".includes('3 without any completion') ? 1 : 0,\n"
    "  rows: rows()};\n"
    "const box = document.querySelector('#paths input');\n"
    "box.checked = false; change(box);\n"
    "out.fewer = rows();\n"
    "const size = document.getElementById('size'), before = text();\n"
    "size.selectedIndex = 0; change(size);\n"
    "out.resized = text() !== before ? 1 : 0;\n"
    "document.documentElement.dataset.probe = ' ' + Object.entries(out)"
    ".map(([k, v]) => k + '=' + v).join(' ');\n"
    "}, 200));</script>";

typedef struct Fixture {
    char *folder;  /* a temporary one, for pages and the browser's own */
    GString *page; /* the report */
} Fixture;

static void setup(Fixture *f, gconstpointer hostile)
{
    g_autoptr(GPtrArray) runs =
        g_ptr_array_new_with_free_func((GDestroyNotify)sgb_run_free);
    g_autoptr(GError) error = NULL;
    char *run = fake_run_write(&fake);

    if (hostile) {
        static const char *const texts[] = {
            "\"stand-in\"",        "\"STAND-IN\"", "\"made up\"",
            "\"generic-control\"", "\"lun\"",      "\"contiguous\""};
        g_autofree char *text = fake_run_read(run, "run.json");

        for (unsigned i = 0; i < G_N_ELEMENTS(texts); i++) {
            g_auto(GStrv) parts = g_strsplit(text, texts[i], -1);

            g_free(text);
            text = g_strjoinv("\"" HOSTILE "\"", parts);
        }
        fake_run_replace(run, "run.json", text);
    }
    f->folder = g_dir_make_tmp("sgbench-browser-XXXXXX", &error);
    g_assert_no_error(error);
    f->page = g_string_new(NULL);
    g_ptr_array_add(runs, sgb_run_load(run, &error));
    g_assert_no_error(error);
    g_assert_true(sgb_writer_html.write(runs, f->page, &error));
    g_assert_no_error(error);
    fake_run_remove(run);
}

static void teardown(Fixture *f, gconstpointer hostile)
{
    const char *argv[] = {"/bin/rm", "-rf", f->folder, NULL};

    g_assert_true(g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_DEFAULT, NULL,
                               NULL, NULL, NULL, NULL, NULL));
    g_string_free(f->page, TRUE);
    g_free(f->folder);
}

/* What the browser prints of the page with @options; what it logs goes to
 * @log. */
static char *browse(Fixture *f, const char *const *options, char **log)
{
    g_autofree char *file = g_build_filename(f->folder, "page.html", NULL);
    g_autofree char *url = g_strconcat("file://", file, NULL);
    g_autofree char *profile = g_strdup_printf(
        "--user-data-dir=%s" G_DIR_SEPARATOR_S "profile", f->folder);
    g_autoptr(GPtrArray) argv = g_ptr_array_new();
    g_auto(GStrv) environment = g_get_environ();
    g_autoptr(GError) error = NULL;
    char *out = NULL;
    int status;
    /* Without its sandbox, as that needs user namespaces or a set-uid helper,
     * which a container may not have; the page is ours. */
    static const char *const always[] = {"/usr/bin/timeout",
                                         "90",
                                         "/usr/bin/chromium",
                                         "--headless",
                                         "--no-sandbox",
                                         "--disable-gpu",
                                         "--disable-dev-shm-usage",
                                         "--no-first-run",
                                         "--hide-scrollbars",
                                         "--virtual-time-budget=3000",
                                         "--enable-logging=stderr"};

    g_assert_true(
        g_file_set_contents(file, f->page->str, f->page->len, &error));
    for (unsigned i = 0; i < G_N_ELEMENTS(always); i++) {
        g_ptr_array_add(argv, (void *)always[i]);
    }
    g_ptr_array_add(argv, profile);
    for (; *options; options++) {
        g_ptr_array_add(argv, (void *)*options);
    }
    g_ptr_array_add(argv, url);
    g_ptr_array_add(argv, NULL);
    environment = g_environ_setenv(environment, "HOME", f->folder, TRUE);
    if (!g_spawn_sync(f->folder, (char **)argv->pdata, environment,
                      G_SPAWN_DEFAULT, NULL, NULL, &out, log, &status,
                      &error)) {
        g_error("%s: install the packages of packages.txt", error->message);
    }
    if (!g_spawn_check_wait_status(status, &error)) {
        g_error("chromium: %s: %.2000s", error->message, *log);
    }
    return out;
}

static void replace(GString *text, const char *from, const char *to)
{
    g_assert_cmpuint(g_string_replace(text, from, to, 1), ==, 1);
}

/* A number that the probe saw. */
static int seen(const char *dom, const char *what)
{
    g_autofree char *begin = g_strdup_printf(" %s=", what);
    const char *all = strstr(dom, "data-probe=\"");
    const char *at;

    if (!all) {
        g_error("the probe did not run: %.2000s", dom);
    }
    at = strstr(all, begin);
    g_assert_nonnull(at);
    return atoi(at + strlen(begin));
}

/* The page with the probe in it, and so without the policy that would not let
 * it run. */
static char *browse_probed(Fixture *f, const char *const *options, char **log)
{
    replace(f->page, POLICY, "<meta name=\"no-policy\"");
    replace(f->page, "</body>", "</body> ");
    g_string_truncate(f->page, strstr(f->page->str, "</body>") - f->page->str);
    g_string_append(f->page, probe);
    return browse(f, options, log);
}

static void assert_whole(const char *dom)
{
    g_assert_cmpint(seen(dom, "shown"), ==, CHARTS);
    g_assert_cmpint(seen(dom, "drawn"), ==, CHARTS);
    g_assert_cmpint(seen(dom, "named"), ==, CHARTS);
    g_assert_cmpint(seen(dom, "tables"), ==, CHARTS);
    g_assert_cmpint(seen(dom, "wide"), ==, 0);
    g_assert_cmpint(seen(dom, "stalls"), ==, 1);
    g_assert_cmpint(seen(dom, "rows"), ==, 8);
    g_assert_cmpint(seen(dom, "fewer"), ==, 6);
    g_assert_cmpint(seen(dom, "resized"), ==, 1);
}

/* As it is, with its policy: nothing to complain about. */
static void test_quiet(Fixture *f, gconstpointer unused)
{
    static const char *const options[] = {"--dump-dom", NULL};
    g_autofree char *log = NULL;
    g_autofree char *dom = browse(f, options, &log);

    if (strstr(log, "CONSOLE")) {
        g_error("the browser complains: %s", strstr(log, "CONSOLE"));
    }
    g_assert_nonnull(strstr(dom, "aria-label=\"CPU over transfer size"));
}

/* The policy lets nothing else run; and what a browser complains about is
 * seen here. */
static void test_policy(Fixture *f, gconstpointer unused)
{
    static const char *const options[] = {"--dump-dom", NULL};
    g_autofree char *log = NULL;
    g_autofree char *dom = NULL;

    replace(f->page, "<h2>Verdict",
            "<script>document.documentElement.dataset.own=1</script>"
            "<img src=\"http://127.0.0.1:9/x.png\"><h2>Verdict");
    dom = browse(f, options, &log);
    g_assert_null(strstr(dom, "data-own"));
    g_assert_nonnull(strstr(log, "CONSOLE"));
    g_assert_nonnull(strstr(log, "script-src"));
    g_assert_nonnull(strstr(log, "img-src"));
}

/* As narrow as this browser gets. */
static void test_phone(Fixture *f, gconstpointer unused)
{
    static const char *const options[] = {"--dump-dom", "--window-size=400,800",
                                          "--force-device-scale-factor=2",
                                          NULL};
    g_autofree char *log = NULL;
    g_autofree char *dom = browse_probed(f, options, &log);

    assert_whole(dom);
    g_assert_cmpint(seen(dom, "dark"), ==, 0);
}

static void test_dark(Fixture *f, gconstpointer unused)
{
    static const char *const options[] = {
        "--dump-dom", "--window-size=1400,1000",
        "--blink-settings=preferredColorScheme=0", NULL};
    g_autofree char *log = NULL;
    g_autofree char *dom = browse_probed(f, options, &log);

    assert_whole(dom);
    g_assert_cmpint(seen(dom, "dark"), ==, 1);
}

/* Without the policy: that escaping alone holds. */
static void test_hostile(Fixture *f, gconstpointer hostile)
{
    static const char *const options[] = {"--dump-dom", NULL};
    g_autofree char *log = NULL;
    g_autofree char *dom = browse_probed(f, options, &log);

    g_assert_null(strstr(dom, "data-own"));
    g_assert_cmpint(seen(dom, "drawn"), ==, CHARTS);
}

static void test_print(Fixture *f, gconstpointer unused)
{
    g_autofree char *pdf = g_build_filename(f->folder, "page.pdf", NULL);
    g_autofree char *option = g_strconcat("--print-to-pdf=", pdf, NULL);
    const char *const options[] = {option, NULL};
    g_autofree char *log = NULL;
    g_autofree char *out = browse(f, options, &log);
    g_autofree char *text = NULL;
    g_autoptr(GError) error = NULL;

    g_assert_true(g_file_get_contents(pdf, &text, NULL, &error));
    g_assert_true(g_str_has_prefix(text, "%PDF-"));
    g_assert_null(strstr(log, "CONSOLE"));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add("/browser/quiet", Fixture, NULL, setup, test_quiet, teardown);
    g_test_add("/browser/policy", Fixture, NULL, setup, test_policy, teardown);
    g_test_add("/browser/phone", Fixture, NULL, setup, test_phone, teardown);
    g_test_add("/browser/dark", Fixture, NULL, setup, test_dark, teardown);
    g_test_add("/browser/hostile", Fixture, "", setup, test_hostile, teardown);
    g_test_add("/browser/print", Fixture, NULL, setup, test_print, teardown);
    return g_test_run();
}
