/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "likeness.h"
#include "cell.h"

#include <string.h>

#include "block.h"
#include "json.h"

static const char *const factor_names[SGB_FACTOR__COUNT] = {
    [SGB_FACTOR_NONE] = "nothing",
    [SGB_FACTOR_QEMU] = "qemu",
    [SGB_FACTOR_KERNEL] = "kernel",
    [SGB_FACTOR_DEVICE] = "device",
};

const char *sgb_factor_name(SgbFactor factor)
{
    return factor_names[factor];
}

SgbFactor sgb_factor_find(const char *name)
{
    unsigned i;

    for (i = SGB_FACTOR_NONE + 1; i < SGB_FACTOR__COUNT; i++) {
        if (strcmp(factor_names[i], name) == 0) {
            break;
        }
    }
    return i;
}

/* Of run.json, where it is, whose it is. */
typedef struct Field {
    const char *object, *member, *what;
    SgbFactor factor;
} Field;

static const Field fields[] = {
    {"environment", "host", "machine (hash of its id)", SGB_FACTOR_NONE},
    {"environment", "machine", "architecture", SGB_FACTOR_NONE},
    {"environment", "cpu", "CPU", SGB_FACTOR_NONE},
    {"environment", "cpus", "number of CPUs", SGB_FACTOR_NONE},
    {"environment", "governor", "CPU governor", SGB_FACTOR_NONE},
    {"environment", "memory", "memory (to 1/16)", SGB_FACTOR_NONE},
    {"environment", "page_size", "page size", SGB_FACTOR_NONE},
    {"environment", "libc", "C library", SGB_FACTOR_NONE},
    {"environment", "lab", "lab", SGB_FACTOR_NONE},
    {"environment", "kernel", "kernel", SGB_FACTOR_KERNEL},
    {"run", "tool", "sgbench", SGB_FACTOR_NONE},
    {"job", "cell_seconds", "cell-seconds", SGB_FACTOR_NONE},
    {"job", "warmup_seconds", "warmup-seconds", SGB_FACTOR_NONE},
    {"job", "trace", "trace", SGB_FACTOR_NONE},
};

/* Of a target: settings that are new with each run, and words for people. */
static const char *const passing[] = {"portal", "iqn", "verdicts", NULL};

static const char *const build_members[] = {"key", "version", "compiler"};

/* @node for people; the caller's. A round that is traced costs the timed ones
 * nothing: only tracing all of them is another way of measuring. */
static char *value_of(JsonNode *node, const char *member)
{
    if (!node) {
        return g_strdup("not known");
    }
    if (JSON_NODE_HOLDS_VALUE(node) &&
        json_node_get_value_type(node) == G_TYPE_STRING) {
        const char *text = json_node_get_string(node);

        return g_strdup(strcmp(member, "trace") == 0 && strcmp(text, "on") != 0
                            ? "round or off"
                            : text);
    }
    return json_to_string(node, FALSE);
}

static gboolean alike(JsonNode *a, JsonNode *b, const char *member)
{
    g_autofree char *base = value_of(a, member);
    g_autofree char *new = value_of(b, member);

    if (strcmp(member, "memory") == 0 && a && b) {
        double x = json_node_get_double(a), y = json_node_get_double(b);

        return ABS(x - y) <= MAX(x, y) / 16;
    }
    return strcmp(base, new) == 0;
}

static void difference_free(gpointer data)
{
    SgbDifference *d = data;

    g_free(d->what);
    g_free(d->base);
    g_free(d->new);
    g_free(d);
}

static void add(GPtrArray *all, SgbFactor factor, char *what, JsonNode *base,
                JsonNode *new, const char *member)
{
    SgbDifference *d = g_new0(SgbDifference, 1);

    d->factor = factor;
    d->what = what;
    d->base = value_of(base, member);
    d->new = value_of(new, member);
    g_ptr_array_add(all, d);
}

static JsonNode *member_of(JsonObject *object, const char *member)
{
    return object ? json_object_get_member(object, member) : NULL;
}

static void compare_member(GPtrArray *all, SgbFactor factor, const char *what,
                           JsonObject *base, JsonObject *new,
                           const char *member)
{
    JsonNode *a = member_of(base, member), *b = member_of(new, member);

    if (!alike(a, b, member)) {
        add(all, factor, g_strdup(what), a, b, member);
    }
}

static gboolean is_passing(const char *name)
{
    return g_strv_contains(passing, name);
}

/* All members of two objects, also those only one has. */
static void compare_objects(GPtrArray *all, SgbFactor factor, const char *what,
                            JsonObject *base, JsonObject *new)
{
    g_autoptr(GList) names = json_object_get_members(base);
    g_autoptr(GList) others = json_object_get_members(new);

    for (GList *l = others; l; l = l->next) {
        if (!json_object_has_member(base, l->data)) {
            names = g_list_append(names, l->data);
        }
    }
    names = g_list_sort(names, (GCompareFunc)strcmp);
    for (GList *l = names; l; l = l->next) {
        g_autofree char *name = g_strdup_printf("%s %s", what, (char *)l->data);

        if (!is_passing(l->data)) {
            compare_member(all, factor, name, base, new, l->data);
        }
    }
}

/* build.json of the build that path @name has, as the run has it. */
static JsonObject *build_of(const SgbRun *run, const char *path,
                            const char **name)
{
    JsonObject *object = sgb_run_named(run, "paths", path);
    JsonObject *builds =
        sgb_json_object(sgb_json_object(run->json, "environment"), "builds");
    JsonNode *node;

    *name = object ? sgb_json_string(object, "build") : NULL;
    node = *name ? json_object_get_member(builds, *name) : NULL;
    return node && JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node)
                                                : NULL;
}

gboolean sgb_same_build(const SgbRun *base, const SgbRun *new, const char *path)
{
    const char *a, *b;
    JsonObject *x = build_of(base, path, &a), *y = build_of(new, path, &b);

    if (!a || !b) {
        return !a && !b;
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(build_members); i++) {
        JsonNode *m = member_of(x, build_members[i]);
        JsonNode *n = member_of(y, build_members[i]);

        if (!m || !n || !alike(m, n, build_members[i])) {
            return FALSE;
        }
    }
    return TRUE;
}

static void compare_path(GPtrArray *all, const SgbRun *base, const SgbRun *new,
                         const char *path, GHashTable *seen)
{
    static const char *const members[] = {"build", "device", "properties",
                                          "env"};
    const char *a, *b;
    JsonObject *x = build_of(base, path, &a), *y = build_of(new, path, &b);

    for (unsigned i = 0; i < G_N_ELEMENTS(members); i++) {
        g_autofree char *what =
            g_strdup_printf("path %s, %s", path, members[i]);

        compare_member(all, SGB_FACTOR_NONE, what,
                       sgb_run_named(base, "paths", path),
                       sgb_run_named(new, "paths", path), members[i]);
    }
    if (!a || !b || !g_hash_table_add(seen, (gpointer)a) ||
        sgb_same_build(base, new, path)) {
        return;
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(build_members); i++) {
        JsonNode *m = member_of(x, build_members[i]);
        JsonNode *n = member_of(y, build_members[i]);

        if (!m || !n || !alike(m, n, build_members[i])) {
            add(all, SGB_FACTOR_QEMU,
                g_strdup_printf("QEMU build %s, %s", a, build_members[i]), m, n,
                build_members[i]);
        }
    }
}

static void compare_target(GPtrArray *all, const SgbRun *base,
                           const SgbRun *new, const char *name)
{
    static const char *const parts[] = {"capabilities", "identity", "settings"};
    JsonObject *a = sgb_run_named(base, "targets", name);
    JsonObject *b = sgb_run_named(new, "targets", name);
    g_autofree char *kind = g_strdup_printf("target %s, kind", name);

    if (!a || !b) {
        return; /* a cell whose target the file does not have */
    }
    compare_member(all, SGB_FACTOR_DEVICE, kind, a, b, "kind");
    for (unsigned i = 0; i < G_N_ELEMENTS(parts); i++) {
        g_autofree char *what =
            g_strdup_printf("target %s, %s", name, parts[i]);

        compare_objects(all, SGB_FACTOR_DEVICE, what,
                        sgb_json_object(a, parts[i]),
                        sgb_json_object(b, parts[i]));
    }
}

GPtrArray *sgb_differences(const SgbRun *base, const SgbRun *new)
{
    GPtrArray *all = g_ptr_array_new_with_free_func(difference_free);
    g_autoptr(GHashTable) paths = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GHashTable) targets = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GHashTable) builds = g_hash_table_new(g_str_hash, g_str_equal);

    for (unsigned i = 0; i < G_N_ELEMENTS(fields); i++) {
        const Field *f = &fields[i];

        compare_member(all, f->factor, f->what,
                       sgb_json_object(base->json, f->object),
                       sgb_json_object(new->json, f->object), f->member);
    }
    for (unsigned i = 0; i < base->cells->len; i++) {
        const SgbCell *cell = g_ptr_array_index(base->cells, i);

        if (!sgb_run_sibling(new, cell, cell->path)) {
            continue;
        }
        if (g_hash_table_add(paths, (gpointer)cell->path)) {
            compare_path(all, base, new, cell->path, builds);
        }
        if (g_hash_table_add(targets, (gpointer)cell->target)) {
            compare_target(all, base, new, cell->target);
        }
    }
    return all;
}

/* ---- series ---- */

static void feed(GChecksum *sum, const char *name, JsonNode *node)
{
    g_autofree char *value = value_of(node, name);

    g_checksum_update(sum, (const guchar *)name, strlen(name) + 1);
    g_checksum_update(sum, (const guchar *)value, strlen(value) + 1);
}

static void feed_object(GChecksum *sum, JsonObject *object)
{
    g_autoptr(GList) names = json_object_get_members(object);

    names = g_list_sort(names, (GCompareFunc)strcmp);
    for (GList *l = names; l; l = l->next) {
        if (!is_passing(l->data)) {
            feed(sum, l->data, json_object_get_member(object, l->data));
        }
    }
}

char *sgb_series_environment(const SgbRun *run, const char *target)
{
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
    JsonObject *object = sgb_run_named(run, "targets", target);

    for (unsigned i = 0; i < G_N_ELEMENTS(fields); i++) {
        const Field *f = &fields[i];
        JsonObject *from = sgb_json_object(run->json, f->object);

        /* A new sgbench or kernel is what a history is to show, and memory
         * is not the same to the byte. */
        if (f->factor == SGB_FACTOR_NONE && strcmp(f->member, "memory") != 0 &&
            strcmp(f->member, "tool") != 0) {
            feed(sum, f->member, member_of(from, f->member));
        }
    }
    if (object) {
        feed(sum, "kind", json_object_get_member(object, "kind"));
        feed_object(sum, sgb_json_object(object, "identity"));
        feed_object(sum, sgb_json_object(object, "settings"));
    }
    return g_strndup(g_checksum_get_string(sum), 16);
}
