/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads JSON that somebody else may have written: every member is checked
 * before it is used, and the message says which one is wrong.
 */
#ifndef REPORTS_JSON_H
#define REPORTS_JSON_H

#include <stdint.h>
#include <glib.h>
#include <json-glib/json-glib.h>

typedef enum SgbJsonKind {
    SGB_JSON_STRING,
    SGB_JSON_STRING_OR_NULL,
    SGB_JSON_COUNT,  /* integer, not negative */
    SGB_JSON_NUMBER, /* integer or real, finite */
    SGB_JSON_BOOLEAN,
    SGB_JSON_OBJECT,
    SGB_JSON_ARRAY,
} SgbJsonKind;

typedef struct SgbJsonMember {
    const char *name; /* NULL ends a list */
    SgbJsonKind kind;
    gboolean optional;
} SgbJsonMember;

/*
 * Parse @length bytes of @text. Returns the root object (unref it), or NULL
 * with SGB_REPORT_ERROR_FORMAT, which begins with @file. Nesting deeper than
 * 64 levels is refused, as the parser recurses.
 */
JsonObject *sgb_json_parse(const char *text, gsize length, const char *file,
                           GError **error);

/* Check that @object has all of @members (more are fine). FALSE with
 * SGB_REPORT_ERROR_FORMAT that names @file, @where and the member. */
gboolean sgb_json_check(JsonObject *object, const SgbJsonMember *members,
                        const char *file, const char *where, GError **error);

/* The object at @index of array @name of @object (checked to be one);
 * FALSE as above if the element is not an object or fails @members. @element
 * is borrowed. */
gboolean sgb_json_element(JsonObject *object, const char *name, unsigned index,
                          const SgbJsonMember *members, const char *file,
                          JsonObject **element, GError **error);

/* Member @name of a checked object; 0, FALSE or NULL if it is optional and not
 * there. */
uint64_t sgb_json_count(JsonObject *object, const char *name);
double sgb_json_number(JsonObject *object, const char *name);
gboolean sgb_json_boolean(JsonObject *object, const char *name);
const char *sgb_json_string(JsonObject *object, const char *name);
JsonObject *sgb_json_object(JsonObject *object, const char *name);
JsonArray *sgb_json_array(JsonObject *object, const char *name);

#endif
