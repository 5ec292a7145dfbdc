/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "suggest.h"

#define LONGEST 64 /* words beyond it are no slip of the finger */

/* Levenshtein's distance of words no longer than LONGEST. */
static unsigned distance(const char *a, const char *b)
{
    unsigned row[LONGEST + 1];
    size_t length = strlen(b);
    size_t i, j;

    for (j = 0; j <= length; j++) {
        row[j] = j;
    }
    for (i = 0; a[i]; i++) {
        unsigned corner = row[0];

        row[0] = i + 1;
        for (j = 0; j < length; j++) {
            unsigned change = corner + (a[i] != b[j]);

            corner = row[j + 1];
            row[j + 1] = MIN(change, MIN(row[j], row[j + 1]) + 1);
        }
    }
    return row[length];
}

const char *suggest(const char *word, const char *const *known)
{
    const char *best = NULL;
    unsigned least = G_MAXUINT;

    if (strlen(word) > LONGEST) {
        return NULL;
    }
    for (; *known; known++) {
        unsigned d =
            strlen(*known) > LONGEST ? G_MAXUINT : distance(word, *known);

        /* More than a quarter wrong and it is another word. */
        if (d < least && d <= (strlen(*known) + 1) / 4) {
            least = d;
            best = *known;
        }
    }
    return best;
}

char *suggest_text(const char *word, const char *what, const char *const *known)
{
    const char *meant = suggest(word, known);
    g_autofree char *all = g_strjoinv(", ", (char **)known);

    return meant ? g_strdup_printf(" (did you mean '%s'?); %s: %s", meant, what,
                                   all)
                 : g_strdup_printf("; %s: %s", what, all);
}
