/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A key file that remembers lines: GKeyFile parses the values, but it merges
 * what is there twice and forgets where everything was. All errors are
 * SGBENCH_ERROR_USAGE and begin with "FILE:LINE: ".
 */
#ifndef SGBENCH_KEYFILE_H
#define SGBENCH_KEYFILE_H

#include <glib.h>

typedef struct KeyLine {
    char *name;
    int line;
} KeyLine;

typedef struct KeyGroup {
    char *name; /* all between the brackets */
    int line;
    GPtrArray *keys; /* KeyLine * */
} KeyGroup;

typedef struct KeyFile {
    char *path;
    char *text;        /* verbatim */
    GPtrArray *groups; /* KeyGroup *, as in the file */
    GKeyFile *values;
} KeyFile;

/* Load @path: groups, keys of small letters, digits, '-' and '_', comments.
 * Each group and each key of a group is there once. */
KeyFile *key_file_load(const char *path, GError **error);
void key_file_free(KeyFile *file);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KeyFile, key_file_free)

/* Line of @key in @group; that of the group if there is no such key. */
int key_group_line(const KeyGroup *group, const char *key);

/* The value without blanks around it; the caller's. NULL if there is none
 * (@error is then left alone) or if it can't be read. */
char *key_file_value(const KeyFile *file, const KeyGroup *group,
                     const char *key, GError **error);

/* The `;`-separated elements, none of them empty or there twice; at least
 * one. NULL as for key_file_value. */
char **key_file_list(const KeyFile *file, const KeyGroup *group,
                     const char *key, GError **error);

/* Make @text fit for a message, in place: one line, nothing that a terminal
 * takes for a command. Returns it. */
char *key_file_printable(char *text);

/* Set @error to "@path:@line: …". Always FALSE. */
gboolean key_file_error(const char *path, int line, GError **error,
                        const char *format, ...) G_GNUC_PRINTF(4, 5);

#endif
