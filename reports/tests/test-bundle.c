/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reports/bundle.h"

#include <archive.h>
#include <archive_entry.h>
#include <string.h>
#include <unistd.h>
#include <glib/gstdio.h>

#include "reports/json.h"
#include "run-writer.h"

static const FakeCell cells[] = {
    {"native", 1 << 20, 2000, 0.3},
    {"generic-bounce", 1 << 20, 800, 0.8, 197},
    {NULL},
};

static const FakeRun whole = {"complete", 3, 400, FALSE, FALSE, cells};

static void remove_tree(const char *path)
{
    const char *argv[] = {"rm", "-rf", path, NULL};

    g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL,
                 NULL, NULL, NULL, NULL);
}

static void put(const char *folder, const char *name, const char *text)
{
    g_autofree char *file = g_build_filename(folder, name, NULL);
    g_autofree char *parent = g_path_get_dirname(file);

    g_assert_cmpint(g_mkdir_with_parents(parent, 0755), ==, 0);
    g_assert_true(g_file_set_contents(file, text, -1, NULL));
}

static void edit(const char *folder, const char *from, const char *to)
{
    g_autofree char *text = fake_run_read(folder, "run.json");
    g_auto(GStrv) parts = g_strsplit(text, from, -1);
    g_autofree char *changed = g_strjoinv(to, parts);

    g_assert_nonnull(parts[1]);
    fake_run_replace(folder, "run.json", changed);
}

/* A run directory with all that one may have, in a folder of its own. */
static char *make_run(void)
{
    char *folder = fake_run_write(&whole);

    edit(folder, "\"serial\": \"\"", "\"serial\": \"SECRET-0815\"");
    edit(folder, "\"store\": \"memory\"",
         "\"store\": \"memory\", \"barcode\": \"AB1\", "
         "\"where\": \"by SECRET-0815, not AB1\"");
    put(folder, "logs/1-qemu.log", "qemu: SECRET-0815 says hello\n");
    put(folder, "logs/2-qemu.log", "");
    put(folder, "trace/1-lun/ust/uid/0/metadata", "CTF of SECRET-0815\n");
    put(folder, "my-notes.txt", "not for others\n");
    return folder;
}

static char *read_in(const char *folder, const char *name)
{
    g_autofree char *file = g_build_filename(folder, name, NULL);
    char *text = NULL;

    g_file_get_contents(file, &text, NULL, NULL);
    return text;
}

typedef struct Place {
    char *folder, *bundle, *out;
} Place;

static Place place_new(const char *suffix)
{
    Place p = {.folder = g_dir_make_tmp("sgbench-bundle-XXXXXX", NULL)};
    g_autofree char *name = g_strconcat("run", suffix, NULL);

    p.bundle = g_build_filename(p.folder, name, NULL);
    p.out = g_build_filename(p.folder, "out", NULL);
    return p;
}

static void place_clear(Place *p)
{
    remove_tree(p->folder);
    g_free(p->folder);
    g_free(p->bundle);
    g_free(p->out);
}

static void check_round_trip(const char *suffix)
{
    Place p = place_new(suffix);
    char *folder = make_run();
    g_autoptr(GError) error = NULL;
    g_autoptr(SgbRun) run = NULL;
    SgbBundleOptions options = {};
    SgbBundleSummary summary;
    static const char *const names[] = {"run.json", "logs/1-qemu.log",
                                        "trace/1-lun/ust/uid/0/metadata"};

    sgb_bundle_write(folder, p.bundle, &options, &summary, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(summary.files, ==, 4);
    g_assert_cmpuint(summary.identities, ==, 0);
    sgb_bundle_extract(p.bundle, p.out, &error);
    g_assert_no_error(error);
    for (unsigned i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *before = read_in(folder, names[i]);
        g_autofree char *after = read_in(p.out, names[i]);

        g_assert_cmpstr(before, ==, after);
    }
    g_assert_null(read_in(p.out, "my-notes.txt"));
    g_assert_null(read_in(p.out, "bundle.json"));
    run = sgb_bundle_load(p.bundle, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(run->path, ==, p.bundle);
    g_assert_cmpuint(run->cells->len, ==, 2);

    /* Neither is replaced unasked. */
    g_assert_false(sgb_bundle_write(folder, p.bundle, &options, NULL, &error));
    g_assert_error(error, SGB_REPORT_ERROR, SGB_REPORT_ERROR_WRITE);
    g_clear_error(&error);
    g_assert_false(sgb_bundle_extract(p.bundle, p.out, &error));
    g_assert_error(error, SGB_REPORT_ERROR, SGB_REPORT_ERROR_WRITE);
    g_clear_error(&error);
    options.force = options.no_trace = TRUE;
    sgb_bundle_write(folder, p.bundle, &options, &summary, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(summary.files, ==, 3);
    remove_tree(folder);
    g_free(folder);
    place_clear(&p);
}

static void test_round_trip(void)
{
    check_round_trip(".tar.zst");
    check_round_trip(".tar.gz");
}

/* A run that is going on: what is in its journal is in the bundle. */
static void test_unfinished(void)
{
    Place p = place_new(".tar.zst");
    FakeRun going = whole;
    g_autoptr(GError) error = NULL;
    g_autoptr(SgbRun) run = NULL;
    SgbBundleOptions options = {.hash = TRUE};
    char *folder;

    going.outcome = "running";
    going.journal = TRUE;
    folder = fake_run_write(&going);
    sgb_bundle_write(folder, p.bundle, &options, NULL, &error);
    g_assert_no_error(error);
    run = sgb_bundle_load(p.bundle, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(
        ((SgbCell *)g_ptr_array_index(run->cells, 1))->samples->len, ==, 3);
    fake_run_remove(folder);
    place_clear(&p);
}

static void test_hash(void)
{
    Place p = place_new(".tar.zst");
    char *folder = make_run();
    g_autoptr(GError) error = NULL;
    g_autoptr(SgbRun) run = NULL;
    g_autofree char *json = NULL;
    g_autofree char *log = NULL;
    SgbBundleOptions options = {.hash = TRUE};
    SgbBundleSummary summary;
    JsonObject *target, *settings;
    const char *serial, *where;

    sgb_bundle_write(folder, p.bundle, &options, &summary, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(summary.identities, ==, 2);
    g_assert_cmpuint(summary.files, ==, 3); /* no trace */
    sgb_bundle_extract(p.bundle, p.out, &error);
    g_assert_no_error(error);
    json = read_in(p.out, "run.json");
    log = read_in(p.out, "logs/1-qemu.log");
    g_assert_null(strstr(json, "SECRET"));
    g_assert_null(strstr(json, "\"AB1\""));
    g_assert_null(strstr(log, "SECRET"));
    g_assert_true(g_str_has_prefix(log, "qemu: hashed-"));
    run = sgb_run_load(p.out, &error);
    g_assert_no_error(error);
    target =
        json_array_get_object_element(sgb_json_array(run->json, "targets"), 0);
    settings = sgb_json_object(target, "settings");
    serial = sgb_json_string(sgb_json_object(target, "identity"), "serial");
    where = sgb_json_string(settings, "where");
    g_assert_true(g_str_has_prefix(serial, "hashed-"));
    g_assert_nonnull(strstr(where, serial));
    g_assert_nonnull(strstr(where, "not AB1")); /* too short to look for */
    g_assert_true(
        g_str_has_prefix(sgb_json_string(settings, "barcode"), "hashed-"));

    /* The original stays as it was, and packing it again gives the same. */
    g_clear_pointer(&json, g_free);
    json = read_in(folder, "run.json");
    g_assert_nonnull(strstr(json, "SECRET"));
    options.force = TRUE;
    sgb_bundle_write(folder, p.bundle, &options, &summary, &error);
    g_assert_no_error(error);
    if (g_file_test("/etc/machine-id", G_FILE_TEST_EXISTS)) {
        g_autoptr(SgbRun) again = sgb_bundle_load(p.bundle, &error);

        target = json_array_get_object_element(
            sgb_json_array(again->json, "targets"), 0);
        g_assert_cmpstr(
            sgb_json_string(sgb_json_object(target, "identity"), "serial"), ==,
            serial);
    }
    remove_tree(folder);
    g_free(folder);
    place_clear(&p);
}

/* ---- what others may send ---- */

#define TOP "sgbench-run-00000000-1111-2222-3333-444444444444/"

/* An entry of an archive that nobody would make by accident. */
typedef struct Entry {
    const char *name;
    unsigned type; /* 0: a file */
    const char *link;
    const char *text;
} Entry;

static void write_entry(struct archive *a, const Entry *e)
{
    struct archive_entry *entry = archive_entry_new();
    size_t size = e->text ? strlen(e->text) : 0;

    archive_entry_set_pathname(entry, e->name);
    archive_entry_set_filetype(entry, e->type ? e->type : AE_IFREG);
    archive_entry_set_perm(entry, 0644);
    archive_entry_set_size(entry, size);
    if (e->link && e->type == AE_IFLNK) {
        archive_entry_set_symlink(entry, e->link);
    } else if (e->link) {
        archive_entry_set_hardlink(entry, e->link);
    }
    g_assert_cmpint(archive_write_header(a, entry), ==, ARCHIVE_OK);
    g_assert_cmpint(archive_write_data(a, e->text, size), ==, size);
    archive_entry_free(entry);
}

/* Neither reading nor unpacking takes an archive with @extra, a name-terminated
 * list, and nothing is left. */
static void check_refused(const Entry *extra, const char *pattern)
{
    Place p = place_new(".tar.gz");
    g_autofree char *match = g_strdup_printf("%s: %s", p.bundle, pattern);
    struct archive *a = archive_write_new();
    SgbBundleTexts texts = {};
    GError *error = NULL;
    g_autoptr(GDir) dir = NULL;

    archive_write_set_format_pax_restricted(a);
    archive_write_add_filter_gzip(a);
    archive_write_open_filename(a, p.bundle);
    for (; extra->name; extra++) {
        write_entry(a, extra);
    }
    g_assert_cmpint(archive_write_free(a), ==, ARCHIVE_OK);
    for (unsigned i = 0; i < 2; i++) {
        gboolean taken = i ? sgb_bundle_read(p.bundle, &texts, &error)
                           : sgb_bundle_extract(p.bundle, p.out, &error);

        g_assert_false(taken);
        g_assert_error(error, SGB_REPORT_ERROR, SGB_REPORT_ERROR_FORMAT);
        if (!g_pattern_match_simple(match, error->message)) {
            g_error("'%s' does not match '%s'", error->message, match);
        }
        g_clear_error(&error);
    }
    dir = g_dir_open(p.folder, 0, NULL);
    g_assert_cmpstr(g_dir_read_name(dir), ==, "run.tar.gz");
    g_assert_null(g_dir_read_name(dir));
    place_clear(&p);
}

static void refuse(Entry entry, const char *pattern)
{
    const Entry entries[] = {{TOP "run.json", 0, NULL, "{}"}, entry, {NULL}};

    check_refused(entries, pattern);
}

static void test_hostile(void)
{
    g_autofree char *longest = g_strnfill(600, 'x');
    g_autofree char *name = g_strconcat(TOP "logs/", longest, NULL);
    g_autofree char *deep =
        g_strdup(TOP "logs/1/2/3/4/5/6/7/8/9/0/1/2/3/4/5/6/7/8/9/0");

    refuse((Entry){TOP "../evil", .text = "x"}, "*leads out of it*");
    refuse((Entry){TOP "logs/../../../evil", .text = "x"}, "*leads out of it*");
    refuse((Entry){TOP "logs/./x", .text = "x"}, "*leads out of it*");
    refuse((Entry){"/etc/evil", .text = "x"}, "*leads out of it*");
    refuse((Entry){TOP "logs//x", .text = "x"}, "*leads out of it*");
    refuse((Entry){"other/run.json", .text = "x"}, "*more than one folder*");
    refuse((Entry){TOP "logs/a\nb", .text = "x"}, "*odd characters*");
    refuse((Entry){TOP "logs/a\\b", .text = "x"}, "*odd characters*");
    refuse((Entry){name, .text = "x"}, "*too long*");
    refuse((Entry){deep, .text = "x"}, "*too many folders*");
    refuse((Entry){TOP "logs/link", AE_IFLNK, "/etc/passwd"}, "*a link*");
    refuse((Entry){TOP "logs/hard", 0, "/etc/passwd"}, "*a link*");
    refuse((Entry){TOP "logs/fifo", AE_IFIFO}, "*a link, a device*");
    refuse((Entry){TOP "logs/disk", AE_IFBLK}, "*a link, a device*");
    refuse((Entry){TOP "run.json", .text = "x"}, "*is there twice*");
    refuse((Entry){TOP "bin/sh", .text = "x"}, "*no place in a bundle*");
    refuse((Entry){TOP "run.json/x", .text = "x"}, "*no place in a bundle*");
    refuse((Entry){TOP "logs", .text = "x"}, "*no place in a bundle*");
    refuse((Entry){TOP "run.json", AE_IFDIR}, "*no place in a bundle*");
    refuse((Entry){TOP "logs/x", .text = "x"}, "not a bundle: bundle.json*");
}

static void test_list(void)
{
    const Entry empty[] = {{NULL}};
    const Entry no_run[] = {
        {TOP "bundle.json", .text = "{\"bundle\": 1, \"files\": []}"}, {NULL}};
    const Entry newer[] = {
        {TOP "bundle.json", .text = "{\"bundle\": 2, \"files\": []}"},
        {TOP "run.json", .text = "{}"},
        {NULL}};
    const Entry unlisted[] = {
        {TOP "bundle.json", .text = "{\"bundle\": 1, \"files\": []}"},
        {TOP "run.json", .text = "{}"},
        {NULL}};
    const Entry missing[] = {
        {TOP "bundle.json",
         .text = "{\"bundle\": 1, \"files\": [{\"name\": \"run.json\", "
                 "\"size\": 2, \"sha256\": \"44136fa355b3678a1146ad16f7e8649e94"
                 "fb4fc21fe77e8310c060f61caaff8a\"}, {\"name\": \"logs/x\", "
                 "\"size\": 2, \"sha256\": \"\"}]}"},
        {TOP "run.json", .text = "{}"},
        {NULL}};
    const Entry other[] = {
        {TOP "bundle.json",
         .text = "{\"bundle\": 1, \"files\": [{\"name\": \"run.json\", "
                 "\"size\": 2, \"sha256\": \"44136fa355b3678a1146ad16f7e8649e94"
                 "fb4fc21fe77e8310c060f61caaff8b\"}]}"},
        {TOP "run.json", .text = "{}"},
        {NULL}};

    check_refused(empty, "not a bundle*");
    check_refused(no_run, "not a bundle: run.json*");
    check_refused(newer, "of another version, 2");
    check_refused(unlisted, "*files that were not packed*");
    check_refused(missing, "damaged: \"logs/x\" is missing");
    check_refused(other, "damaged: \"run.json\" is not what was packed");
}

/* An archive of one file, not compressed, that says it has @said bytes and has
 * @mib MiB of zeros (POSIX.1-2017, pax, "ustar Interchange Format"). */
static void check_too_large(const char *name, uint64_t said, unsigned mib)
{
    Place p = place_new(".tar.gz");
    size_t length = 512 + ((size_t)mib << 20);
    g_autofree char *tar = g_malloc0(length);
    g_autoptr(GError) error = NULL;
    SgbBundleTexts texts = {};
    unsigned sum = 0;

    g_strlcpy(tar, name, 100);
    memcpy(tar + 100, "0000644", 7);
    g_snprintf(tar + 124, 12, "%011" G_GINT64_MODIFIER "o", said);
    memset(tar + 148, ' ', 8);
    tar[156] = '0';
    memcpy(tar + 257, "ustar\00000", 8);
    for (unsigned i = 0; i < 512; i++) {
        sum += (unsigned char)tar[i];
    }
    g_snprintf(tar + 148, 8, "%06o", sum);
    g_assert_true(g_file_set_contents(p.bundle, tar, length, NULL));
    g_assert_false(sgb_bundle_read(p.bundle, &texts, &error));
    g_assert_error(error, SGB_REPORT_ERROR, SGB_REPORT_ERROR_FORMAT);
    if (!strstr(error->message, "more than a bundle may")) {
        g_error("%s", error->message);
    }
    place_clear(&p);
}

/* Given up at the limit, not when memory or disk are full. */
static void test_huge(void)
{
    check_too_large(TOP "trace/x", 5ll << 30, 0);
    check_too_large(TOP "run.json", 2ll << 30, 0);
    check_too_large(TOP "bundle.json", 17 << 20, 17);
}

/* Cut off or changed anywhere: refused, or the damage is in what follows the
 * last file, or in a part of gzip's header that says nothing. Never a crash. */
static void test_damage(void)
{
    Place p = place_new(".tar.gz");
    char *folder = make_run();
    g_autoptr(GRand) rand = g_rand_new_with_seed(3);
    g_autofree char *bytes = NULL;
    g_autofree char *json = read_in(folder, "run.json");
    SgbBundleOptions options = {};
    unsigned refused = 0;
    gsize length;

    g_assert_true(sgb_bundle_write(folder, p.bundle, &options, NULL, NULL));
    g_assert_true(g_file_get_contents(p.bundle, &bytes, &length, NULL));
    for (unsigned i = 0; i < 400; i++) {
        g_autofree char *copy = g_memdup2(bytes, length);
        g_auto(SgbBundleTexts) texts = {};
        gsize n = length;

        if (i % 2) {
            n = g_rand_int_range(rand, 0, length);
        } else {
            copy[g_rand_int_range(rand, 0, length)] ^=
                1 << g_rand_int_range(rand, 0, 8);
        }
        g_assert_true(g_file_set_contents_full(
            p.bundle, copy, n, G_FILE_SET_CONTENTS_NONE, 0600, NULL));
        if (sgb_bundle_read(p.bundle, &texts, NULL)) {
            gsize size;
            const char *read = g_bytes_get_data(texts.run, &size);

            g_assert_cmpmem(read, size, json, strlen(json));
        } else {
            refused++;
        }
    }
    g_test_message("%u of 400 refused", refused);
    g_assert_cmpuint(refused, >, 250);
    remove_tree(folder);
    g_free(folder);
    place_clear(&p);
}

static void test_names(void)
{
    Place p = place_new(".zip");
    char *folder = make_run();
    g_autofree char *link = g_build_filename(folder, "logs", "link", NULL);
    g_autoptr(GError) error = NULL;
    SgbBundleOptions options = {};

    g_assert_false(sgb_bundle_write(folder, p.bundle, &options, NULL, &error));
    g_assert_error(error, SGB_REPORT_ERROR, SGB_REPORT_ERROR_FORMAT);
    g_clear_error(&error);
    g_free(p.bundle);
    p.bundle = g_build_filename(p.folder, "x.tar.gz", NULL);
    g_assert_false(
        sgb_bundle_write(p.folder, p.bundle, &options, NULL, &error));
    g_assert_error(error, SGB_REPORT_ERROR, SGB_REPORT_ERROR_OPEN);
    g_clear_error(&error);
    g_assert_cmpint(symlink("/etc/passwd", link), ==, 0);
    g_assert_false(sgb_bundle_write(folder, p.bundle, &options, NULL, &error));
    g_assert_error(error, SGB_REPORT_ERROR, SGB_REPORT_ERROR_FORMAT);
    g_clear_error(&error);
    g_assert_null(sgb_bundle_load("/nonexistent.tar.gz", &error));
    g_assert_error(error, SGB_REPORT_ERROR, SGB_REPORT_ERROR_OPEN);
    remove_tree(folder);
    g_free(folder);
    place_clear(&p);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/bundle/round-trip", test_round_trip);
    g_test_add_func("/bundle/unfinished", test_unfinished);
    g_test_add_func("/bundle/hash", test_hash);
    g_test_add_func("/bundle/hostile", test_hostile);
    g_test_add_func("/bundle/list", test_list);
    g_test_add_func("/bundle/huge", test_huge);
    g_test_add_func("/bundle/damage", test_damage);
    g_test_add_func("/bundle/names", test_names);
    return g_test_run();
}
