/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "json.h"

#include <math.h>

#include "run.h"

#define DEPTH_MAX 64

static gboolean too_deep(const char *text, gsize length)
{
    gboolean in_string = FALSE;
    unsigned depth = 0;

    for (gsize i = 0; i < length; i++) {
        char c = text[i];

        if (in_string) {
            if (c == '\\') {
                i++;
            } else if (c == '"') {
                in_string = FALSE;
            }
        } else if (c == '"') {
            in_string = TRUE;
        } else if (c == '[' || c == '{') {
            if (++depth > DEPTH_MAX) {
                return TRUE;
            }
        } else if ((c == ']' || c == '}') && depth > 0) {
            depth--;
        }
    }
    return FALSE;
}

JsonObject *sgb_json_parse(const char *text, gsize length, const char *file,
                           GError **error)
{
    g_autoptr(JsonParser) parser = json_parser_new_immutable();
    g_autoptr(GError) cause = NULL;
    JsonNode *root;

    if (too_deep(text, length)) {
        g_set_error(error, SGB_REPORT_ERROR, SGB_REPORT_ERROR_FORMAT,
                    "%s: nested more than %d levels deep", file, DEPTH_MAX);
        return NULL;
    }
    if (length > G_MAXSSIZE ||
        !json_parser_load_from_data(parser, text, length, &cause)) {
        g_set_error(error, SGB_REPORT_ERROR, SGB_REPORT_ERROR_FORMAT,
                    "%s: not JSON: %s", file,
                    cause ? cause->message : "too large");
        return NULL;
    }
    root = json_parser_get_root(parser);
    if (!root || !JSON_NODE_HOLDS_OBJECT(root)) {
        g_set_error(error, SGB_REPORT_ERROR, SGB_REPORT_ERROR_FORMAT,
                    "%s: not an object", file);
        return NULL;
    }
    return json_object_ref(json_node_get_object(root));
}

static gboolean holds(JsonNode *node, GType type)
{
    return JSON_NODE_HOLDS_VALUE(node) &&
           json_node_get_value_type(node) == type;
}

/* What is wrong with @node, or NULL. */
static const char *complaint(JsonNode *node, SgbJsonKind kind)
{
    switch (kind) {
    case SGB_JSON_STRING:
        return holds(node, G_TYPE_STRING) ? NULL : "is not a string";
    case SGB_JSON_STRING_OR_NULL:
        return holds(node, G_TYPE_STRING) || JSON_NODE_HOLDS_NULL(node)
                   ? NULL
                   : "is neither a string nor null";
    case SGB_JSON_COUNT:
        if (!holds(node, G_TYPE_INT64)) {
            return "is not an integer";
        }
        return json_node_get_int(node) < 0 ? "is negative" : NULL;
    case SGB_JSON_NUMBER:
        if (!holds(node, G_TYPE_INT64) && !holds(node, G_TYPE_DOUBLE)) {
            return "is not a number";
        }
        return isfinite(json_node_get_double(node)) ? NULL : "is not finite";
    case SGB_JSON_BOOLEAN:
        return holds(node, G_TYPE_BOOLEAN) ? NULL : "is not true or false";
    case SGB_JSON_OBJECT:
        return JSON_NODE_HOLDS_OBJECT(node) ? NULL : "is not an object";
    case SGB_JSON_ARRAY:
        return JSON_NODE_HOLDS_ARRAY(node) ? NULL : "is not an array";
    }
    g_assert_not_reached();
}

gboolean sgb_json_check(JsonObject *object, const SgbJsonMember *members,
                        const char *file, const char *where, GError **error)
{
    for (; members->name; members++) {
        JsonNode *node = json_object_get_member(object, members->name);
        const char *wrong =
            node ? complaint(node, members->kind) : "is missing";

        if (wrong && (node || !members->optional)) {
            g_set_error(error, SGB_REPORT_ERROR, SGB_REPORT_ERROR_FORMAT,
                        "%s: \"%s%s%s\" %s", file, where, *where ? "." : "",
                        members->name, wrong);
            return FALSE;
        }
    }
    return TRUE;
}

gboolean sgb_json_element(JsonObject *object, const char *name, unsigned index,
                          const SgbJsonMember *members, const char *file,
                          JsonObject **element, GError **error)
{
    JsonArray *array = json_object_get_array_member(object, name);
    JsonNode *node = json_array_get_element(array, index);
    g_autofree char *where = g_strdup_printf("%s[%u]", name, index);

    if (!JSON_NODE_HOLDS_OBJECT(node)) {
        g_set_error(error, SGB_REPORT_ERROR, SGB_REPORT_ERROR_FORMAT,
                    "%s: \"%s\" is not an object", file, where);
        return FALSE;
    }
    *element = json_node_get_object(node);
    return sgb_json_check(*element, members, file, where, error);
}

/* NULL where there is no such member, or null. */
static JsonNode *node_of(JsonObject *object, const char *name)
{
    JsonNode *node = json_object_get_member(object, name);

    return node && !JSON_NODE_HOLDS_NULL(node) ? node : NULL;
}

uint64_t sgb_json_count(JsonObject *object, const char *name)
{
    JsonNode *node = node_of(object, name);

    return node ? json_node_get_int(node) : 0;
}

double sgb_json_number(JsonObject *object, const char *name)
{
    JsonNode *node = node_of(object, name);

    return node ? json_node_get_double(node) : 0;
}

gboolean sgb_json_boolean(JsonObject *object, const char *name)
{
    JsonNode *node = node_of(object, name);

    return node && json_node_get_boolean(node);
}

const char *sgb_json_string(JsonObject *object, const char *name)
{
    JsonNode *node = node_of(object, name);

    return node ? json_node_get_string(node) : NULL;
}

JsonObject *sgb_json_object(JsonObject *object, const char *name)
{
    JsonNode *node = node_of(object, name);

    return node ? json_node_get_object(node) : NULL;
}

JsonArray *sgb_json_array(JsonObject *object, const char *name)
{
    JsonNode *node = node_of(object, name);

    return node ? json_node_get_array(node) : NULL;
}
