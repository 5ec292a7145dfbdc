/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a mistyped word may have been meant to be, for error messages.
 */
#ifndef SGBENCH_SUGGEST_H
#define SGBENCH_SUGGEST_H

#include <glib.h>

/* The one of @known (NULL-terminated) that @word is most like, or NULL if none
 * is like it. */
const char *suggest(const char *word, const char *const *known);

/*
 * " (did you mean 'X'?)" or "", then "; WHAT: A, B, C": the tail of a message
 * about an unknown @word. The caller's.
 */
char *suggest_text(const char *word, const char *what,
                   const char *const *known);

#endif
