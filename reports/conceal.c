/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "conceal.h"

#include <string.h>

#include "json.h"

/* What is shorter is found in too many other words. */
#define SHORTEST 4
#define DIGITS 12

struct SgbConceal {
    char *key;
    GHashTable *hashes;   /* identity -> what it becomes */
    GList *longest_first; /* of those that are looked for in texts */
};

static gboolean is_identity(const char *member)
{
    static const char *const parts[] = {"serial", "barcode", "volume",    "wwn",
                                        "naa",    "eui",     "identifier"};

    for (unsigned i = 0; i < G_N_ELEMENTS(parts); i++) {
        g_autofree char *lower = g_ascii_strdown(member, -1);

        if (strstr(lower, parts[i])) {
            return TRUE;
        }
    }
    return FALSE;
}

/* machine-id(5) must not be shown, but may be a key. Without one each bundle
 * has a key of its own. */
static char *machine_key(void)
{
    char *key = NULL;

    if (g_file_get_contents("/etc/machine-id", &key, NULL, NULL) &&
        *g_strstrip(key)) {
        return key;
    }
    g_free(key);
    return g_uuid_string_random();
}

static void add_identity(SgbConceal *c, const char *value)
{
    g_autofree char *hash = NULL;

    if (!*value || g_hash_table_contains(c->hashes, value)) {
        return;
    }
    hash = g_compute_hmac_for_string(G_CHECKSUM_SHA256, (const guchar *)c->key,
                                     strlen(c->key), value, -1);
    g_hash_table_insert(c->hashes, g_strdup(value),
                        g_strdup_printf("hashed-%.*s", DIGITS, hash));
}

static gboolean is_string(JsonNode *node)
{
    return JSON_NODE_HOLDS_VALUE(node) &&
           json_node_get_value_type(node) == G_TYPE_STRING;
}

static void collect(SgbConceal *c, JsonNode *node)
{
    JsonObjectIter iter;
    const char *name;
    JsonNode *child;

    if (!JSON_NODE_HOLDS_OBJECT(node)) {
        return;
    }
    json_object_iter_init(&iter, json_node_get_object(node));
    while (json_object_iter_next(&iter, &name, &child)) {
        if (is_string(child) && is_identity(name)) {
            add_identity(c, json_node_get_string(child));
        } else {
            collect(c, child);
        }
    }
}

static int compare_lengths(gconstpointer a, gconstpointer b)
{
    size_t x = strlen(a), y = strlen(b);

    return x < y ? 1 : x > y ? -1 : strcmp(a, b);
}

SgbConceal *sgb_conceal_new(JsonObject *root)
{
    SgbConceal *c = g_new0(SgbConceal, 1);
    JsonArray *targets = sgb_json_array(root, "targets");
    GList *keys;

    c->key = machine_key();
    c->hashes = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    for (unsigned i = 0; i < json_array_get_length(targets); i++) {
        collect(c, json_array_get_element(targets, i));
    }
    keys = g_hash_table_get_keys(c->hashes);
    for (GList *l = keys; l; l = l->next) {
        if (strlen(l->data) >= SHORTEST) {
            c->longest_first = g_list_insert_sorted(c->longest_first, l->data,
                                                    compare_lengths);
        }
    }
    g_list_free(keys);
    return c;
}

void sgb_conceal_free(SgbConceal *c)
{
    if (c) {
        g_list_free(c->longest_first);
        g_hash_table_unref(c->hashes);
        g_free(c->key);
        g_free(c);
    }
}

unsigned sgb_conceal_count(const SgbConceal *c)
{
    return g_hash_table_size(c->hashes);
}

char *sgb_conceal_text(const SgbConceal *c, const char *text)
{
    char *result = g_strdup(text);

    for (GList *l = c->longest_first; l; l = l->next) {
        if (strstr(result, l->data)) {
            g_auto(GStrv) parts = g_strsplit(result, l->data, -1);

            g_free(result);
            result = g_strjoinv(g_hash_table_lookup(c->hashes, l->data), parts);
        }
    }
    return result;
}

static void conceal_node(const SgbConceal *c, const char *member,
                         JsonNode *node);

static void conceal_object(const SgbConceal *c, JsonObject *object)
{
    JsonObjectIter iter;
    const char *name;
    JsonNode *child;

    json_object_iter_init(&iter, object);
    while (json_object_iter_next(&iter, &name, &child)) {
        conceal_node(c, name, child);
    }
}

static void conceal_node(const SgbConceal *c, const char *member,
                         JsonNode *node)
{
    if (JSON_NODE_HOLDS_OBJECT(node)) {
        conceal_object(c, json_node_get_object(node));
    } else if (JSON_NODE_HOLDS_ARRAY(node)) {
        JsonArray *array = json_node_get_array(node);

        for (unsigned i = 0; i < json_array_get_length(array); i++) {
            conceal_node(c, "", json_array_get_element(array, i));
        }
    } else if (is_string(node)) {
        const char *value = json_node_get_string(node);
        const char *own =
            is_identity(member) ? g_hash_table_lookup(c->hashes, value) : NULL;
        g_autofree char *text =
            own ? g_strdup(own) : sgb_conceal_text(c, value);

        json_node_set_string(node, text);
    }
}

void sgb_conceal_json(const SgbConceal *c, JsonObject *root)
{
    conceal_object(c, root);
}
