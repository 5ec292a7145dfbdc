/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Parameters of components: babeltrace2's values to our options. */
#include <string.h>

#include "plugin-private.h"

typedef struct Setting {
    SgbOptions *options;
    SgbOutputs outputs;
    const char *other;
    gboolean *other_value;
    GError **error;
} Setting;

/* A string or an integer, as text; NULL: something else. */
static char *scalar(const bt_value *value)
{
    if (bt_value_is_string(value)) {
        return g_strdup(bt_value_string_get(value));
    }
    if (bt_value_is_signed_integer(value)) {
        return g_strdup_printf("%" G_GINT64_FORMAT,
                               bt_value_integer_signed_get(value));
    }
    if (bt_value_is_unsigned_integer(value)) {
        return g_strdup_printf("%" G_GUINT64_FORMAT,
                               bt_value_integer_unsigned_get(value));
    }
    return NULL;
}

static gboolean set_scalar(const Setting *s, const char *name,
                           const bt_value *value)
{
    g_autofree char *text = scalar(value);

    if (!text) {
        g_set_error(s->error, SGB_OPTIONS_ERROR, 0,
                    "%s: must be a string or an integer", name);
        return FALSE;
    }
    return sgb_options_set(s->options, s->outputs, name, text, s->error);
}

static gboolean may_be_many(const char *name)
{
    for (const SgbParameter *p = sgb_parameters; p->name; p++) {
        if (strcmp(p->name, name) == 0) {
            return p->many;
        }
    }
    return FALSE;
}

static bt_value_map_foreach_entry_const_func_status
set_entry(const char *name, const bt_value *value, void *data)
{
    const Setting *s = data;
    gboolean ok = TRUE;

    if (s->other && strcmp(name, s->other) == 0) {
        ok = bt_value_is_bool(value);
        if (ok) {
            *s->other_value = bt_value_bool_get(value);
        } else {
            g_set_error(s->error, SGB_OPTIONS_ERROR, 0, "%s: must be yes or no",
                        name);
        }
    } else if (bt_value_is_array(value) && may_be_many(name)) {
        for (uint64_t i = 0; ok && i < bt_value_array_get_length(value); i++) {
            ok = set_scalar(
                s, name,
                bt_value_array_borrow_element_by_index_const(value, i));
        }
    } else {
        ok = set_scalar(s, name, value);
    }
    return ok ? BT_VALUE_MAP_FOREACH_ENTRY_CONST_FUNC_STATUS_OK
              : BT_VALUE_MAP_FOREACH_ENTRY_CONST_FUNC_STATUS_INTERRUPT;
}

gboolean sgb_plugin_options(SgbOptions *options, SgbOutputs outputs,
                            const bt_value *params, const char *other,
                            gboolean *other_value, GError **error)
{
    GError *fault = NULL;
    Setting s = {options, outputs, other, other_value, &fault};

    bt_value_map_foreach_entry_const(params, set_entry, &s);
    if (fault) {
        g_propagate_error(error, fault);
        return FALSE;
    }
    return TRUE;
}

static void describe(bt_value *map, const char *name, const char *argument,
                     const char *help)
{
    bt_value *entry = NULL;

    if (bt_value_map_insert_empty_map_entry(map, name, &entry) ==
        BT_VALUE_MAP_INSERT_ENTRY_STATUS_OK) {
        bt_value_map_insert_string_entry(entry, "argument", argument);
        bt_value_map_insert_string_entry(entry, "help", help);
    }
}

bt_component_class_query_method_status
sgb_plugin_query(const char *object, SgbOutputs outputs, const char *other,
                 const char *other_help, const bt_value **result)
{
    bt_value *map;

    if (strcmp(object, "parameters") != 0) {
        return BT_COMPONENT_CLASS_QUERY_METHOD_STATUS_UNKNOWN_OBJECT;
    }
    map = bt_value_map_create();
    if (!map) {
        return BT_COMPONENT_CLASS_QUERY_METHOD_STATUS_MEMORY_ERROR;
    }
    for (const SgbParameter *p = sgb_parameters; p->name; p++) {
        if (p->outputs & outputs) {
            describe(map, p->name, p->argument, p->help);
        }
    }
    if (other) {
        describe(map, other, "yes or no", other_help);
    }
    *result = map;
    return BT_COMPONENT_CLASS_QUERY_METHOD_STATUS_OK;
}

void sgb_plugin_blame(bt_self_component *self, const GError *error)
{
    BT_CURRENT_THREAD_ERROR_APPEND_CAUSE_FROM_COMPONENT(self, "%s",
                                                        error->message);
}
