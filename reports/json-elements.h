/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The elements of a large array of a JSON file, to be parsed one at a time: as
 * a tree, a run's samples take many times the room of their text.
 */
#ifndef REPORTS_JSON_ELEMENTS_H
#define REPORTS_JSON_ELEMENTS_H

#include <glib.h>

typedef struct SgbJsonSpan {
    const char *begin; /* in the text that was given */
    gsize length;
} SgbJsonSpan;

/*
 * Find array @name, a member of the object that the @length bytes of @text are.
 * Returns its elements (SgbJsonSpan; unref the array) and in *@rest (the
 * caller's) the text with that array empty. Only brackets, commas and strings
 * are looked at: rest and elements must still be parsed. NULL, and no *@rest,
 * if there is no such array; the parser then says what is wrong with the text,
 * if anything is.
 */
GArray *sgb_json_elements(const char *text, gsize length, const char *name,
                          GString **rest);

#endif
