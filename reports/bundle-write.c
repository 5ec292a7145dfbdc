/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <string.h>
#include <glib/gstdio.h>

#include "bundle.h"
#include "conceal.h"
#include "json.h"

/* The version of bundle.schema.json that is written here. */
#define SCHEMA_VERSION 1

/* Zstandard's: a little better than its default, still faster than a disk. */
#define ZSTD_LEVEL "6"

typedef struct Item {
    char *name; /* below the run's folder */
    char *path; /* the file; NULL: @text */
    GBytes *text;
    char *sha256;
    uint64_t size;
} Item;

typedef struct Writer {
    struct archive *archive;
    GPtrArray *items;
    char *top; /* folder in the archive */
    SgbConceal *conceal;
    uint64_t bytes;
} Writer;

static void item_free(gpointer data)
{
    Item *item = data;

    g_free(item->name);
    g_free(item->path);
    g_free(item->sha256);
    g_clear_pointer(&item->text, g_bytes_unref);
    g_free(item);
}

static void writer_free(Writer *w)
{
    if (w->archive) {
        archive_write_free(w->archive);
    }
    g_ptr_array_unref(w->items);
    g_clear_pointer(&w->conceal, sgb_conceal_free);
    g_free(w->top);
}

static gboolean fail(GError **error, SgbReportError code, const char *format,
                     ...) G_GNUC_PRINTF(3, 4);

static gboolean fail(GError **error, SgbReportError code, const char *format,
                     ...)
{
    va_list ap;

    va_start(ap, format);
    if (error) {
        *error = g_error_new_valist(SGB_REPORT_ERROR, code, format, ap);
    }
    va_end(ap);
    return FALSE;
}

static const char *suffix_of(const char *file)
{
    return g_str_has_suffix(file, ".tar.zst")  ? ".tar.zst"
           : g_str_has_suffix(file, ".tar.gz") ? ".tar.gz"
                                               : NULL;
}

gboolean sgb_bundle_is_name(const char *file)
{
    return suffix_of(file) != NULL;
}

/* ---- what goes into it ---- */

static GBytes *contents(const Item *item, GError **error)
{
    g_autoptr(GError) cause = NULL;
    GMappedFile *map;
    GBytes *bytes;

    if (item->text) {
        return g_bytes_ref(item->text);
    }
    map = g_mapped_file_new(item->path, FALSE, &cause);
    if (!map) {
        fail(error, SGB_REPORT_ERROR_OPEN, "%s: can't read: %s", item->path,
             cause->message);
        return NULL;
    }
    bytes = g_mapped_file_get_bytes(map);
    g_mapped_file_unref(map);
    return bytes;
}

/* Take what is to be hashed out of a text. */
static gboolean conceal(Writer *w, Item *item, GError **error)
{
    g_autoptr(GBytes) bytes = NULL;
    g_autofree char *text = NULL;
    gsize length;
    char *clean;

    if (!w->conceal || item->text) {
        return TRUE;
    }
    bytes = contents(item, error);
    if (!bytes) {
        return FALSE;
    }
    length = g_bytes_get_size(bytes);
    text = g_malloc(length + 1);
    for (gsize i = 0; i < length; i++) {
        char c = ((const char *)g_bytes_get_data(bytes, NULL))[i];

        text[i] = c ? c : '?'; /* a log that was torn */
    }
    text[length] = '\0';
    clean = sgb_conceal_text(w->conceal, text);
    item->text = g_bytes_new_take(clean, strlen(clean));
    return TRUE;
}

static gboolean add_item(Writer *w, Item *item, GError **error)
{
    g_autoptr(GBytes) bytes = NULL;

    g_ptr_array_add(w->items, item);
    if (!conceal(w, item, error)) {
        return FALSE;
    }
    bytes = contents(item, error);
    if (!bytes) {
        return FALSE;
    }
    item->size = g_bytes_get_size(bytes);
    item->sha256 = g_compute_checksum_for_bytes(G_CHECKSUM_SHA256, bytes);
    w->bytes += item->size;
    if (w->items->len >= SGB_BUNDLE_FILES || w->bytes > SGB_BUNDLE_BYTES) {
        return fail(error, SGB_REPORT_ERROR_FORMAT,
                    "%s: more than a bundle may hold (%d files, %llu bytes); "
                    "try --no-trace",
                    item->path, SGB_BUNDLE_FILES,
                    (unsigned long long)SGB_BUNDLE_BYTES);
    }
    return TRUE;
}

/* Add @name of the run directory @folder, and what is below it. */
static gboolean add_tree(Writer *w, const char *folder, const char *name,
                         GError **error)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);
    g_autoptr(GList) names = NULL;
    g_autoptr(GDir) dir = NULL;
    g_autoptr(GError) cause = NULL;
    gboolean ok = TRUE;
    const char *entry;
    Item *item;

    if (!g_file_test(path, G_FILE_TEST_EXISTS)) {
        return TRUE;
    }
    if (g_file_test(path, G_FILE_TEST_IS_SYMLINK) ||
        !g_file_test(path, G_FILE_TEST_IS_DIR | G_FILE_TEST_IS_REGULAR)) {
        return fail(error, SGB_REPORT_ERROR_FORMAT,
                    "%s: neither a file nor a folder; it does not belong into "
                    "a run",
                    path);
    }
    if (g_file_test(path, G_FILE_TEST_IS_REGULAR)) {
        item = g_new0(Item, 1);
        item->name = g_strdup(name);
        item->path = g_steal_pointer(&path);
        return add_item(w, item, error);
    }
    dir = g_dir_open(path, 0, &cause);
    if (!dir) {
        return fail(error, SGB_REPORT_ERROR_OPEN, "%s", cause->message);
    }
    while ((entry = g_dir_read_name(dir))) {
        names = g_list_prepend(names, g_build_filename(name, entry, NULL));
    }
    names = g_list_sort(names, (GCompareFunc)strcmp);
    for (GList *l = names; l; l = l->next) {
        ok = ok && add_tree(w, folder, l->data, error);
        g_free(l->data);
    }
    return ok;
}

/* run.json of @folder, checked to be one, without identities if they are to be
 * hashed; its id and outcome. */
static gboolean add_run(Writer *w, const char *folder,
                        const SgbBundleOptions *options, gboolean *running,
                        GError **error)
{
    g_autoptr(SgbRun) run = sgb_run_load(folder, error);
    g_autofree char *path = g_build_filename(folder, "run.json", NULL);
    g_autoptr(JsonParser) parser = json_parser_new();
    g_autoptr(GError) cause = NULL;
    JsonObject *object;
    Item *item;

    if (!run) {
        return FALSE;
    }
    object = sgb_json_object(run->json, "run");
    *running = g_strcmp0(sgb_json_string(object, "outcome"), "running") == 0;
    if (!g_uuid_string_is_valid(sgb_json_string(object, "id"))) {
        return fail(error, SGB_REPORT_ERROR_FORMAT,
                    "%s: \"run.id\" is not a UUID", path);
    }
    w->top = g_strdup_printf("sgbench-run-%s", sgb_json_string(object, "id"));
    item = g_new0(Item, 1);
    item->name = g_strdup("run.json");
    item->path = g_steal_pointer(&path);
    if (options->hash) {
        char *text;
        gsize length;

        w->conceal = sgb_conceal_new(run->json);
        if (!json_parser_load_from_file(parser, item->path, &cause)) {
            fail(error, SGB_REPORT_ERROR_FORMAT, "%s: %s", item->path,
                 cause->message);
            item_free(item);
            return FALSE;
        }
        sgb_conceal_json(w->conceal,
                         json_node_get_object(json_parser_get_root(parser)));
        text = json_to_string(json_parser_get_root(parser), FALSE);
        length = strlen(text);
        item->text = g_bytes_new_take(text, length);
    }
    return add_item(w, item, error);
}

static gboolean collect(Writer *w, const char *folder,
                        const SgbBundleOptions *options, GError **error)
{
    gboolean running = FALSE;

    return add_run(w, folder, options, &running, error) &&
           /* of a run that is over a journal is old */
           (!running || add_tree(w, folder, "samples.jsonl", error)) &&
           add_tree(w, folder, "logs", error) &&
           (options->no_trace || options->hash ||
            add_tree(w, folder, "trace", error));
}

/* ---- the archive ---- */

static GBytes *manifest(const Writer *w)
{
    g_autoptr(JsonBuilder) b = json_builder_new_immutable();
    g_autoptr(JsonNode) root = NULL;
    char *text;

    json_builder_begin_object(b);
    json_builder_set_member_name(b, "bundle");
    json_builder_add_int_value(b, SCHEMA_VERSION);
    json_builder_set_member_name(b, "tool");
    json_builder_add_string_value(b, SGBENCH_VERSION);
    json_builder_set_member_name(b, "identities");
    json_builder_add_string_value(b, w->conceal ? "hashed" : "as they are");
    json_builder_set_member_name(b, "files");
    json_builder_begin_array(b);
    for (unsigned i = 0; i < w->items->len; i++) {
        const Item *item = g_ptr_array_index(w->items, i);

        json_builder_begin_object(b);
        json_builder_set_member_name(b, "name");
        json_builder_add_string_value(b, item->name);
        json_builder_set_member_name(b, "size");
        json_builder_add_int_value(b, item->size);
        json_builder_set_member_name(b, "sha256");
        json_builder_add_string_value(b, item->sha256);
        json_builder_end_object(b);
    }
    json_builder_end_array(b);
    json_builder_end_object(b);
    root = json_builder_get_root(b);
    text = json_to_string(root, TRUE);
    return g_bytes_new_take(text, strlen(text));
}

static gboolean write_file(Writer *w, const char *name, GBytes *bytes)
{
    g_autofree char *full = g_build_filename(w->top, name, NULL);
    struct archive_entry *entry = archive_entry_new();
    gsize size, done = 0;
    const char *data = g_bytes_get_data(bytes, &size);
    gboolean ok;

    archive_entry_set_pathname(entry, full);
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_perm(entry, 0644);
    archive_entry_set_size(entry, size);
    ok = archive_write_header(w->archive, entry) == ARCHIVE_OK;
    archive_entry_free(entry);
    while (ok && done < size) {
        la_ssize_t n = archive_write_data(w->archive, data + done, size - done);

        ok = n > 0;
        done += MAX(n, 0);
    }
    return ok;
}

static gboolean write_all(Writer *w, const char *file, const char *suffix,
                          GError **error)
{
    g_autoptr(GBytes) list = manifest(w);
    gboolean ok;

    w->archive = archive_write_new();
    ok = archive_write_set_format_pax_restricted(w->archive) == ARCHIVE_OK &&
         (strcmp(suffix, ".tar.gz") == 0
              ? archive_write_add_filter_gzip(w->archive) == ARCHIVE_OK
              : archive_write_add_filter_zstd(w->archive) == ARCHIVE_OK &&
                    archive_write_set_filter_option(
                        w->archive, "zstd", "compression-level", ZSTD_LEVEL) ==
                        ARCHIVE_OK) &&
         archive_write_open_filename(w->archive, file) == ARCHIVE_OK &&
         write_file(w, "bundle.json", list);
    for (unsigned i = 0; ok && i < w->items->len; i++) {
        const Item *item = g_ptr_array_index(w->items, i);
        g_autoptr(GBytes) bytes = contents(item, error);

        if (!bytes) {
            return FALSE;
        }
        if (g_bytes_get_size(bytes) != item->size) {
            return fail(error, SGB_REPORT_ERROR_OPEN,
                        "%s: it changed meanwhile; wait for the run to end",
                        item->path);
        }
        ok = write_file(w, item->name, bytes);
    }
    if (!ok || archive_write_close(w->archive) != ARCHIVE_OK) {
        return fail(error, SGB_REPORT_ERROR_WRITE, "%s: can't write: %s", file,
                    archive_error_string(w->archive));
    }
    return TRUE;
}

gboolean sgb_bundle_write(const char *folder, const char *file,
                          const SgbBundleOptions *options,
                          SgbBundleSummary *summary, GError **error)
{
    const char *suffix = suffix_of(file);
    g_autofree char *part = g_strconcat(file, ".part", NULL);
    Writer w = {.items = g_ptr_array_new_with_free_func(item_free)};
    gboolean ok;

    if (!suffix) {
        fail(error, SGB_REPORT_ERROR_FORMAT,
             "%s: a bundle is called something.tar.zst or something.tar.gz",
             file);
    } else if (!options->force && g_file_test(file, G_FILE_TEST_EXISTS)) {
        fail(error, SGB_REPORT_ERROR_WRITE,
             "%s: is there already; name another file, or --force", file);
        suffix = NULL;
    }
    ok = suffix && collect(&w, folder, options, error) &&
         write_all(&w, part, suffix, error);
    if (ok && g_rename(part, file) < 0) {
        ok = fail(error, SGB_REPORT_ERROR_WRITE, "%s: can't make it: %s", file,
                  g_strerror(errno));
    }
    if (!ok && suffix) {
        g_unlink(part);
    }
    if (ok && summary) {
        summary->files = w.items->len;
        summary->bytes = w.bytes;
        summary->identities = w.conceal ? sgb_conceal_count(w.conceal) : 0;
    }
    writer_free(&w);
    return ok;
}
