/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdint.h>
#include <string.h>

#include "error.h"
#include "keyfile.h"

#define QUOTED 60             /* of a wrong line, letters */
#define LARGEST (1024 * 1024) /* bytes; no file written by hand is larger */

char *key_file_printable(char *text)
{
    char *at;

    for (at = text; *at; at++) {
        if (g_ascii_iscntrl(*at)) {
            *at = '?';
        }
    }
    return text;
}

gboolean key_file_error(const char *path, int line, GError **error,
                        const char *format, ...)
{
    g_autofree char *what = NULL;
    va_list ap;

    va_start(ap, format);
    what = g_strdup_vprintf(format, ap);
    va_end(ap);
    g_set_error(error, SGBENCH_ERROR, SGBENCH_ERROR_USAGE, "%s:%d: %s", path,
                line, key_file_printable(what));
    return FALSE;
}

static void key_line_free(gpointer data)
{
    KeyLine *key = data;

    g_free(key->name);
    g_free(key);
}

static void key_group_free(gpointer data)
{
    KeyGroup *group = data;

    g_ptr_array_unref(group->keys);
    g_free(group->name);
    g_free(group);
}

void key_file_free(KeyFile *file)
{
    if (file) {
        g_free(file->path);
        g_free(file->text);
        g_ptr_array_unref(file->groups);
        g_key_file_unref(file->values);
        g_free(file);
    }
}

static const KeyLine *find_key(const KeyGroup *group, const char *name)
{
    unsigned i;

    for (i = 0; i < group->keys->len; i++) {
        const KeyLine *key = g_ptr_array_index(group->keys, i);

        if (strcmp(key->name, name) == 0) {
            return key;
        }
    }
    return NULL;
}

int key_group_line(const KeyGroup *group, const char *key)
{
    const KeyLine *found = find_key(group, key);

    return found ? found->line : group->line;
}

/* ---- the line index ---- */

/* The beginning of @text, to be quoted; the caller's. */
static char *beginning(const char *text)
{
    return g_utf8_strlen(text, -1) > QUOTED ? g_utf8_substring(text, 0, QUOTED)
                                            : g_strdup(text);
}

static gboolean add_group(KeyFile *file, const char *text, int number,
                          GError **error)
{
    size_t length = strlen(text);
    KeyGroup *group;
    unsigned i;

    if (length < 3 || strcspn(text, "]") != length - 1 ||
        strchr(text + 1, '[')) {
        g_autofree char *quote = beginning(text);

        return key_file_error(file->path, number, error,
                              "'%s' is no group; groups look like [name]",
                              quote);
    }
    group = g_new0(KeyGroup, 1);
    group->name = g_strndup(text + 1, length - 2);
    group->line = number;
    group->keys = g_ptr_array_new_with_free_func(key_line_free);
    for (i = 0; i < file->groups->len; i++) {
        const KeyGroup *other = g_ptr_array_index(file->groups, i);

        if (strcmp(other->name, group->name) == 0) {
            key_file_error(file->path, number, error,
                           "group [%s] is already in line %d; each group may "
                           "be there once",
                           group->name, other->line);
            key_group_free(group);
            return FALSE;
        }
    }
    g_ptr_array_add(file->groups, group);
    return TRUE;
}

static gboolean add_key(KeyFile *file, const char *text, int number,
                        GError **error)
{
    const char *equals = strchr(text, '=');
    g_autofree char *name = NULL;
    const KeyLine *other;
    KeyGroup *group;
    KeyLine *key;

    if (!equals) {
        g_autofree char *quote = beginning(text);

        return key_file_error(file->path, number, error,
                              "'%s' is no line of a key file; there are "
                              "[groups], key=value and # comments",
                              quote);
    }
    name = g_strstrip(g_strndup(text, equals - text));
    if (!*name ||
        name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_-")]) {
        g_autofree char *quote = beginning(name);

        return key_file_error(file->path, number, error,
                              "'%s' is no key; keys are of small letters, "
                              "digits, '-' and '_'",
                              quote);
    }
    if (file->groups->len == 0) {
        return key_file_error(file->path, number, error,
                              "key '%s' is in no group; begin with a line "
                              "like [job]",
                              name);
    }
    group = g_ptr_array_index(file->groups, file->groups->len - 1);
    other = find_key(group, name);
    if (other) {
        return key_file_error(file->path, number, error,
                              "key '%s' is already in line %d; each key may "
                              "be there once",
                              name, other->line);
    }
    key = g_new0(KeyLine, 1);
    key->name = g_steal_pointer(&name);
    key->line = number;
    g_ptr_array_add(group->keys, key);
    return TRUE;
}

static gboolean index_lines(KeyFile *file, GError **error)
{
    g_auto(GStrv) lines = g_strsplit(file->text, "\n", -1);
    unsigned i;

    for (i = 0; lines[i]; i++) {
        char *text = g_strstrip(lines[i]);
        gboolean ok = TRUE;

        if (*text == '[') {
            ok = add_group(file, text, i + 1, error);
        } else if (*text && *text != '#') {
            ok = add_key(file, text, i + 1, error);
        }
        if (!ok) {
            return FALSE;
        }
    }
    return TRUE;
}

/* ---- loading ---- */

/* Line of byte @at of @text. */
static int line_of(const char *text, const char *at)
{
    int line = 1;

    for (; text < at; text++) {
        line += *text == '\n';
    }
    return line;
}

KeyFile *key_file_load(const char *path, GError **error)
{
    g_autoptr(KeyFile) file = g_new0(KeyFile, 1);
    g_autoptr(GError) fault = NULL;
    const char *bad;
    size_t length;

    file->path = g_strdup(path);
    file->groups = g_ptr_array_new_with_free_func(key_group_free);
    file->values = g_key_file_new();
    if (!g_file_get_contents(path, &file->text, &length, &fault)) {
        g_set_error(error, SGBENCH_ERROR, SGBENCH_ERROR_USAGE,
                    "can't read the job file: %s", fault->message);
        return NULL;
    }
    if (length > LARGEST) {
        key_file_error(path, 1, error,
                       "%" G_GSIZE_FORMAT " bytes are too "
                       "many for a job file; 1 MiB is allowed",
                       length);
        return NULL;
    }
    /* Also stops at a NUL byte. */
    if (!g_utf8_validate(file->text, length, &bad)) {
        key_file_error(path, line_of(file->text, bad), error,
                       "byte %02Xh is not UTF-8 text; job files are",
                       (uint8_t)*bad);
        return NULL;
    }
    if (!index_lines(file, error)) {
        return NULL;
    }
    if (!g_key_file_load_from_data(file->values, file->text, length,
                                   G_KEY_FILE_NONE, &fault)) {
        key_file_error(path, 1, error, "%s", fault->message);
        return NULL;
    }
    return g_steal_pointer(&file);
}

/* ---- values ---- */

char *key_file_value(const KeyFile *file, const KeyGroup *group,
                     const char *key, GError **error)
{
    const KeyLine *line = find_key(group, key);
    g_autoptr(GError) fault = NULL;
    g_autofree char *value = NULL;

    if (!line) {
        return NULL;
    }
    /* An unknown escape gives a value and an error. */
    value = g_key_file_get_string(file->values, group->name, key, &fault);
    if (fault) {
        key_file_error(file->path, line->line, error, "%s: %s", key,
                       fault->message);
        return NULL;
    }
    return g_strstrip(g_steal_pointer(&value));
}

char **key_file_list(const KeyFile *file, const KeyGroup *group,
                     const char *key, GError **error)
{
    const KeyLine *line = find_key(group, key);
    g_autoptr(GError) fault = NULL;
    g_auto(GStrv) list = NULL;
    unsigned i, j;

    if (!line) {
        return NULL;
    }
    list = g_key_file_get_string_list(file->values, group->name, key, NULL,
                                      &fault);
    if (fault) {
        key_file_error(file->path, line->line, error, "%s: %s", key,
                       fault->message);
        return NULL;
    }
    if (!list[0]) {
        key_file_error(file->path, line->line, error,
                       "%s is empty; it wants a list like a;b", key);
        return NULL;
    }
    for (i = 0; list[i]; i++) {
        g_strstrip(list[i]);
        if (!*list[i]) {
            key_file_error(file->path, line->line, error,
                           "%s has an empty element; it wants a list like a;b",
                           key);
            return NULL;
        }
        for (j = 0; j < i; j++) {
            if (strcmp(list[i], list[j]) == 0) {
                key_file_error(file->path, line->line, error,
                               "%s has '%s' twice; once is enough", key,
                               list[i]);
                return NULL;
            }
        }
    }
    return g_steal_pointer(&list);
}
