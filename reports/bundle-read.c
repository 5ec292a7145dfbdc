/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <glib/gstdio.h>

#include "bundle.h"
#include "json.h"

#define SCHEMA_VERSION 1
#define NAME_LENGTH 512
#define NAME_DEPTH 16
#define CHUNK (64 << 10)
#define MANIFEST_BYTES (16 << 20)

/* What may be in a bundle's folder: files, and folders with files. */
static const struct {
    const char *name;
    gboolean folder;
    gboolean kept; /* its text is wanted */
    uint64_t most;
} places[] = {
    {"bundle.json", FALSE, TRUE, MANIFEST_BYTES},
    {"run.json", FALSE, TRUE, SGB_BUNDLE_RUN_BYTES},
    {"samples.jsonl", FALSE, TRUE, SGB_BUNDLE_RUN_BYTES},
    {"logs", TRUE, FALSE, SGB_BUNDLE_BYTES},
    {"trace", TRUE, FALSE, SGB_BUNDLE_BYTES},
};

/* A file of the archive. */
typedef struct Found {
    uint64_t size;
    char *sha256;
} Found;

typedef struct Reader {
    const char *file;
    const char *folder; /* to write to, or NULL */
    struct archive *archive;
    char *top;         /* first part of all names */
    GHashTable *found; /* name below it -> Found */
    GByteArray *kept[G_N_ELEMENTS(places)];
    uint64_t bytes;
} Reader;

static void found_free(gpointer data)
{
    Found *found = data;

    g_free(found->sha256);
    g_free(found);
}

static void reader_clear(Reader *r)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(places); i++) {
        g_clear_pointer(&r->kept[i], g_byte_array_unref);
    }
    if (r->archive) {
        archive_read_free(r->archive);
    }
    g_clear_pointer(&r->found, g_hash_table_unref);
    g_free(r->top);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Reader, reader_clear)

static gboolean bad(const Reader *r, GError **error, const char *format, ...)
    G_GNUC_PRINTF(3, 4);

static gboolean bad(const Reader *r, GError **error, const char *format, ...)
{
    g_autofree char *text = NULL;
    va_list ap;

    va_start(ap, format);
    text = g_strdup_vprintf(format, ap);
    va_end(ap);
    g_set_error(error, SGB_REPORT_ERROR, SGB_REPORT_ERROR_FORMAT, "%s: %s",
                r->file, text);
    return FALSE;
}

/* ---- names ---- */

/* NULL if @name may be one: relative, plain ASCII, nothing that leads up. */
static const char *name_fault(const char *name)
{
    g_auto(GStrv) parts = NULL;

    if (!name || !*name || strlen(name) > NAME_LENGTH) {
        return "a name that is empty or too long";
    }
    for (const char *p = name; *p; p++) {
        if (*p <= ' ' || *p >= 127 || *p == '\\') {
            return "a name with odd characters";
        }
    }
    parts = g_strsplit(name, "/", -1);
    if (g_strv_length(parts) > NAME_DEPTH) {
        return "a name of too many folders";
    }
    for (char **part = parts; *part; part++) {
        /* A folder's name may end in a slash. */
        if ((!**part && part[1]) || strcmp(*part, ".") == 0 ||
            strcmp(*part, "..") == 0) {
            return "a name that leads out of it";
        }
    }
    return NULL;
}

/* The place of @name, which is below the top folder; -1: none. */
static int place_of(const char *name, gboolean folder)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(places); i++) {
        size_t length = strlen(places[i].name);

        if (strncmp(name, places[i].name, length) == 0 &&
            (places[i].folder ? name[length] == '/' || (folder && !name[length])
                              : !name[length] && !folder)) {
            return i;
        }
    }
    return -1;
}

/* Check the next entry. TRUE: *@name is its name below the top folder, the
 * caller's, or NULL if there is nothing to do about it. */
static gboolean check_entry(Reader *r, struct archive_entry *entry, char **name,
                            int *place, GError **error)
{
    const char *path = archive_entry_pathname(entry);
    const char *fault = name_fault(path), *slash;
    gboolean folder = archive_entry_filetype(entry) == AE_IFDIR;
    g_autofree char *shown = g_strescape(path ? path : "", NULL);
    g_autofree char *below = NULL;
    g_autofree char *top = NULL;

    *name = NULL;
    if (fault) {
        return bad(r, error, "refused: it has %s (\"%.80s\")", fault, shown);
    }
    if (archive_entry_hardlink(entry) || archive_entry_symlink(entry) ||
        (!folder && archive_entry_filetype(entry) != AE_IFREG)) {
        return bad(r, error, "refused: \"%s\" is a link, a device or the like",
                   shown);
    }
    slash = strchr(path, '/');
    top = slash ? g_strndup(path, slash - path) : g_strdup(path);
    below = g_strdup(slash ? slash + 1 : "");
    if (g_str_has_suffix(below, "/")) {
        below[strlen(below) - 1] = '\0';
    }
    if (!r->top) {
        r->top = g_steal_pointer(&top);
    } else if (strcmp(r->top, top) != 0) {
        return bad(r, error, "refused: it has more than one folder");
    }
    if (folder && !*below) {
        return TRUE; /* the top itself */
    }
    *place = place_of(below, folder);
    if (*place < 0) {
        return bad(r, error, "refused: \"%s\" has no place in a bundle", shown);
    }
    if (folder) {
        return TRUE; /* made with its first file */
    }
    if (g_hash_table_contains(r->found, below)) {
        return bad(r, error, "refused: \"%s\" is there twice", shown);
    }
    if (g_hash_table_size(r->found) >= SGB_BUNDLE_FILES) {
        return bad(r, error, "refused: more than %d files", SGB_BUNDLE_FILES);
    }
    *name = g_steal_pointer(&below);
    return TRUE;
}

/* ---- contents ---- */

/* A new file @name below the folder, or NULL. */
static FILE *create(const Reader *r, const char *name, GError **error)
{
    g_autofree char *path = g_build_filename(r->folder, name, NULL);
    g_autofree char *parent = g_path_get_dirname(path);
    FILE *out = NULL;
    int fd = -1;

    if (g_mkdir_with_parents(parent, 0755) == 0) {
        fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                  0644);
        out = fd < 0 ? NULL : fdopen(fd, "w");
    }
    if (!out) {
        g_set_error(error, SGB_REPORT_ERROR, SGB_REPORT_ERROR_WRITE,
                    "%s: can't make it: %s", path, g_strerror(errno));
    }
    return out;
}

static gboolean too_much(const Reader *r, GError **error)
{
    return bad(r, error, "refused: it holds more than a bundle may");
}

static gboolean take_chunk(Reader *r, int place, uint64_t size,
                           const guchar *chunk, size_t n, FILE *out,
                           GError **error)
{
    if (r->bytes > SGB_BUNDLE_BYTES || size > places[place].most) {
        return too_much(r, error);
    }
    if (places[place].kept) {
        g_byte_array_append(r->kept[place], chunk, n);
    }
    if (out && fwrite(chunk, 1, n, out) != n) {
        g_set_error(error, SGB_REPORT_ERROR, SGB_REPORT_ERROR_WRITE,
                    "%s: can't write: %s", r->folder, g_strerror(errno));
        return FALSE;
    }
    return TRUE;
}

/* The contents of file @name. That it is @declared bytes long is not believed, a
 * hole in it counts like what it stands for. */
static gboolean read_file(Reader *r, const char *name, int place,
                          int64_t declared, GError **error)
{
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
    g_autofree guchar *chunk = g_malloc(CHUNK);
    FILE *out = NULL;
    Found *found;
    uint64_t size = 0;
    gboolean ok = TRUE;
    la_ssize_t n;

    if (declared > 0 && declared > places[place].most) {
        return too_much(r, error);
    }
    if (r->folder) {
        out = create(r, name, error);
        if (!out) {
            return FALSE;
        }
    }
    if (places[place].kept) {
        r->kept[place] = g_byte_array_new();
    }
    while (ok && (n = archive_read_data(r->archive, chunk, CHUNK)) > 0) {
        size += n;
        r->bytes += n;
        g_checksum_update(sum, chunk, n);
        ok = take_chunk(r, place, size, chunk, n, out, error);
    }
    if (ok && n < 0) {
        ok = bad(r, error, "damaged: %s", archive_error_string(r->archive));
    }
    if (out && fclose(out) != 0 && ok) {
        g_set_error(error, SGB_REPORT_ERROR, SGB_REPORT_ERROR_WRITE,
                    "%s: can't write: %s", r->folder, g_strerror(errno));
        ok = FALSE;
    }
    if (ok) {
        found = g_new0(Found, 1);
        found->size = size;
        found->sha256 = g_strdup(g_checksum_get_string(sum));
        g_hash_table_insert(r->found, g_strdup(name), found);
    }
    return ok;
}

/* ---- the list ---- */

static GBytes *text_of(const Reader *r, const char *name)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(places); i++) {
        if (r->kept[i] && strcmp(places[i].name, name) == 0) {
            return g_bytes_new(r->kept[i]->data, r->kept[i]->len);
        }
    }
    return NULL;
}

/* Each file is as bundle.json has it, and there is no other. */
static gboolean check_list(Reader *r, GError **error)
{
    static const SgbJsonMember root_members[] = {
        {"bundle", SGB_JSON_COUNT}, {"files", SGB_JSON_ARRAY}, {NULL}};
    static const SgbJsonMember file_members[] = {{"name", SGB_JSON_STRING},
                                                 {"size", SGB_JSON_COUNT},
                                                 {"sha256", SGB_JSON_STRING},
                                                 {NULL}};
    g_autoptr(GBytes) text = text_of(r, "bundle.json");
    g_autoptr(JsonObject) root = NULL;
    JsonArray *files;

    if (!text || !r->kept[1]) {
        return bad(r, error, "not a bundle: %s is not in it",
                   text ? "run.json" : "bundle.json");
    }
    root = sgb_json_parse(g_bytes_get_data(text, NULL), g_bytes_get_size(text),
                          r->file, error);
    if (!root || !sgb_json_check(root, root_members, r->file, "", error)) {
        return FALSE;
    }
    if (sgb_json_count(root, "bundle") != SCHEMA_VERSION) {
        return bad(r, error, "of another version, %" G_GUINT64_FORMAT,
                   sgb_json_count(root, "bundle"));
    }
    files = sgb_json_array(root, "files");
    for (unsigned i = 0; i < json_array_get_length(files); i++) {
        const char *name;
        const Found *found;
        JsonObject *file;

        if (!sgb_json_element(root, "files", i, file_members, r->file, &file,
                              error)) {
            return FALSE;
        }
        name = sgb_json_string(file, "name");
        found = g_hash_table_lookup(r->found, name);
        if (!found || found->size != sgb_json_count(file, "size") ||
            strcmp(found->sha256, sgb_json_string(file, "sha256")) != 0) {
            g_autofree char *shown = g_strescape(name, NULL);

            return bad(r, error, "damaged: \"%.80s\" is %s", shown,
                       found ? "not what was packed" : "missing");
        }
    }
    /* bundle.json does not list itself. */
    return json_array_get_length(files) + 1 == g_hash_table_size(r->found) ||
           bad(r, error, "damaged: it has files that were not packed");
}

static gboolean read_all(Reader *r, GError **error)
{
    struct archive_entry *entry;
    int status;

    r->found =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, found_free);
    r->archive = archive_read_new();
    archive_read_support_filter_gzip(r->archive);
    archive_read_support_filter_zstd(r->archive);
    archive_read_support_format_tar(r->archive);
    if (!g_file_test(r->file, G_FILE_TEST_IS_REGULAR)) {
        g_set_error(error, SGB_REPORT_ERROR, SGB_REPORT_ERROR_OPEN,
                    "%s: no such file", r->file);
        return FALSE;
    }
    if (archive_read_open_filename(r->archive, r->file, CHUNK) != ARCHIVE_OK) {
        return bad(r, error, "not a bundle: %s",
                   archive_error_string(r->archive));
    }
    while ((status = archive_read_next_header(r->archive, &entry)) ==
           ARCHIVE_OK) {
        g_autofree char *name = NULL;
        int place = -1;

        if (!check_entry(r, entry, &name, &place, error) ||
            (name &&
             !read_file(r, name, place, archive_entry_size(entry), error))) {
            return FALSE;
        }
    }
    if (status != ARCHIVE_EOF) {
        return bad(r, error, "not a bundle, or damaged: %s",
                   archive_error_string(r->archive));
    }
    return check_list(r, error);
}

/* ---- what is to be had ---- */

void sgb_bundle_texts_clear(SgbBundleTexts *texts)
{
    g_clear_pointer(&texts->run, g_bytes_unref);
    g_clear_pointer(&texts->journal, g_bytes_unref);
}

gboolean sgb_bundle_read(const char *file, SgbBundleTexts *texts,
                         GError **error)
{
    g_auto(Reader) r = {.file = file};

    if (!read_all(&r, error)) {
        return FALSE;
    }
    texts->run = text_of(&r, "run.json");
    texts->journal = text_of(&r, "samples.jsonl");
    return TRUE;
}

SgbRun *sgb_bundle_load(const char *file, GError **error)
{
    g_auto(SgbBundleTexts) texts = {};

    return sgb_bundle_read(file, &texts, error)
               ? sgb_run_parse(file, texts.run, texts.journal, error)
               : NULL;
}

static void remove_tree(const char *path)
{
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    const char *name;

    while (dir && (name = g_dir_read_name(dir))) {
        g_autofree char *below = g_build_filename(path, name, NULL);

        remove_tree(below);
    }
    g_remove(path);
}

gboolean sgb_bundle_extract(const char *file, const char *folder,
                            GError **error)
{
    g_autofree char *part = g_strdup_printf("%s.part-XXXXXX", folder);
    g_auto(Reader) r = {.file = file, .folder = part};
    g_autofree char *list = NULL;
    gboolean ok;

    if (g_file_test(folder, G_FILE_TEST_EXISTS)) {
        g_set_error(error, SGB_REPORT_ERROR, SGB_REPORT_ERROR_WRITE,
                    "%s: is there already; name another folder", folder);
        return FALSE;
    }
    if (!g_mkdtemp_full(part, 0755)) {
        g_set_error(error, SGB_REPORT_ERROR, SGB_REPORT_ERROR_WRITE,
                    "%s: can't make a folder: %s", folder, g_strerror(errno));
        return FALSE;
    }
    ok = read_all(&r, error);
    if (ok) {
        list = g_build_filename(part, "bundle.json", NULL);
        g_unlink(list); /* a run directory has none */
        if (g_rename(part, folder) < 0) {
            g_set_error(error, SGB_REPORT_ERROR, SGB_REPORT_ERROR_WRITE,
                        "%s: can't make it: %s", folder, g_strerror(errno));
            ok = FALSE;
        }
    }
    if (!ok) {
        remove_tree(part);
    }
    return ok;
}
