/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "json-elements.h"

#include <string.h>

/* What is left of a text. */
typedef struct Cursor {
    const char *at, *end;
} Cursor;

static void skip_blanks(Cursor *c)
{
    while (c->at < c->end && g_ascii_isspace(*c->at)) {
        c->at++;
    }
}

static gboolean skip_char(Cursor *c, char expected)
{
    skip_blanks(c);
    if (c->at < c->end && *c->at == expected) {
        c->at++;
        return TRUE;
    }
    return FALSE;
}

/* A string, from its opening quote. */
static gboolean skip_string(Cursor *c)
{
    if (!skip_char(c, '"')) {
        return FALSE;
    }
    while (c->at < c->end && *c->at != '"') {
        c->at += *c->at == '\\' ? 2 : 1;
    }
    c->at = MIN(c->at + 1, c->end);
    return TRUE;
}

/* A value of any kind, up to what follows it at the same level. FALSE if there
 * is none or a bracket is not closed. */
static gboolean skip_value(Cursor *c)
{
    const char *begin;
    unsigned depth = 0;

    skip_blanks(c);
    begin = c->at;
    while (c->at < c->end) {
        char ch = *c->at;

        if (ch == '"') {
            skip_string(c);
            continue;
        }
        if (depth == 0 && (ch == ',' || ch == ']' || ch == '}')) {
            break;
        }
        c->at++;
        if (ch == '[' || ch == '{') {
            depth++;
        } else if ((ch == ']' || ch == '}') && --depth == 0) {
            break;
        }
    }
    return depth == 0 && c->at > begin;
}

/* The rest of an array whose opening bracket is behind. */
static GArray *read_elements(Cursor *c)
{
    g_autoptr(GArray) all = g_array_new(FALSE, FALSE, sizeof(SgbJsonSpan));

    if (skip_char(c, ']')) {
        return g_steal_pointer(&all);
    }
    do {
        SgbJsonSpan span;

        skip_blanks(c);
        span.begin = c->at;
        if (!skip_value(c)) {
            return NULL;
        }
        span.length = c->at - span.begin;
        while (span.length && g_ascii_isspace(span.begin[span.length - 1])) {
            span.length--;
        }
        g_array_append_val(all, span);
    } while (skip_char(c, ','));
    return skip_char(c, ']') ? g_steal_pointer(&all) : NULL;
}

/* Is @c at a member of this name? Leaves it behind the colon. FALSE with
 * *@broken set if it is at no member at all. */
static gboolean at_member(Cursor *c, const char *name, gboolean *broken)
{
    const char *begin;
    gsize length;

    skip_blanks(c);
    begin = c->at + 1;
    if (!skip_string(c)) {
        *broken = TRUE;
        return FALSE;
    }
    length = c->at - 1 - begin;
    *broken = !skip_char(c, ':');
    return !*broken && length == strlen(name) &&
           memcmp(begin, name, length) == 0;
}

GArray *sgb_json_elements(const char *text, gsize length, const char *name,
                          GString **rest)
{
    Cursor c = {text, text + length};
    gboolean broken = FALSE;

    if (!skip_char(&c, '{')) {
        return NULL;
    }
    while (!at_member(&c, name, &broken)) {
        if (broken || !skip_value(&c) || !skip_char(&c, ',')) {
            return NULL;
        }
    }
    if (skip_char(&c, '[')) {
        const char *begin = c.at;
        GArray *elements = read_elements(&c);

        if (elements) {
            *rest = g_string_new_len(text, begin - text);
            g_string_append_c(*rest, ']');
            g_string_append_len(*rest, c.at, c.end - c.at);
        }
        return elements;
    }
    return NULL;
}
