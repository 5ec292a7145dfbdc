/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <json-glib/json-glib.h>

#include "device.h"
#include "reports/text.h"

static char *joined(GPtrArray *list)
{
    GString *text = g_string_new(NULL);

    for (unsigned i = 0; i < list->len; i++) {
        g_string_append_printf(text, "%s%s", i ? ", " : "",
                               (const char *)g_ptr_array_index(list, i));
    }
    return g_string_free(text, FALSE);
}

static void add(GString *text, const char *before, const char *value,
                const char *after)
{
    g_string_append_printf(text, "%s%s%s%s", text->len ? "; " : "", before,
                           value, after);
}

static void add_bytes(GString *text, const char *before, uint64_t bytes,
                      const char *after)
{
    g_autofree char *value = sgb_text_bytes(bytes);

    if (bytes != DEVICE_UNKNOWN) {
        add(text, before, value, after);
    }
}

static void add_number(GString *text, const char *before, uint64_t number,
                       const char *after)
{
    g_autofree char *value = g_strdup_printf("%" G_GUINT64_FORMAT, number);

    if (number != DEVICE_UNKNOWN) {
        add(text, before, value, after);
    }
}

static char *limits_text(const DeviceLimits *limits)
{
    GString *text = g_string_new(NULL);

    add_bytes(text, "", limits->max_bytes, " a command");
    if (limits->max_hw_bytes != limits->max_bytes) {
        add_bytes(text, "may be set up to ", limits->max_hw_bytes, "");
    }
    add_number(text, "", limits->segments, " segments");
    add_bytes(text, "of up to ", limits->segment_bytes, "");
    add_number(text, "HBA: ", limits->host_segments, " segments");
    add_number(text, "depth ", limits->queue_depth, "");
    add_number(text, "HBA: depth ", limits->host_queue, "");
    add_bytes(text, "device: up to ", limits->max_transfer, "");
    add_bytes(text, "device: best at ", limits->optimal_transfer, "");
    add_bytes(text, "sg reserves ", limits->reserved_bytes, "");
    add_number(text, "allow_dio ", limits->allow_dio, "");
    if (limits->problem) {
        add(text, "", limits->problem, "");
    }
    return g_string_free(text, FALSE);
}

static char *nodes_text(const Device *device)
{
    const char *const nodes[] = {device->sg, device->block, device->tape,
                                 device->changer};
    GString *text = g_string_new(NULL);

    for (unsigned i = 0; i < G_N_ELEMENTS(nodes); i++) {
        if (nodes[i]) {
            g_string_append_printf(text, "%s%s", text->len ? " " : "",
                                   nodes[i]);
        }
    }
    return g_string_free(text, FALSE);
}

static char *medium_text(const Device *device)
{
    const DeviceLimits *limits = &device->limits;
    GString *text = g_string_new(NULL);

    add_bytes(text, "", limits->size, "");
    add_number(text, "", limits->logical_block, "-byte blocks");
    if (limits->physical_block != limits->logical_block) {
        add_number(text, "", limits->physical_block, "-byte physical blocks");
    }
    return g_string_free(text, FALSE);
}

static void add_line(GString *out, const char *label, const char *text)
{
    if (text[0]) {
        sgb_text_paragraph(out, label, 11, text);
    }
}

static void add_device(GString *out, const Device *device)
{
    g_autofree char *nodes = nodes_text(device);
    g_autofree char *links = joined(device->links);
    g_autofree char *users = joined(device->users);
    g_autofree char *limits = limits_text(&device->limits);
    g_autofree char *medium = medium_text(device);
    g_autofree char *who = g_strdup_printf(
        "%s %s %s%s%s", device->vendor, device->model, device->revision,
        device->serial[0] ? ", serial " : ", no serial", device->serial);
    g_autofree char *host =
        g_strdup_printf("%s%s%s%s", device->driver ? device->driver : "unknown",
                        device->transport ? " (" : "",
                        device->transport ? device->transport : "",
                        device->transport ? ")" : "");
    gboolean running =
        !device->state[0] || g_str_equal(device->state, "running");

    g_string_append_printf(out, "%s %s\n", device->address,
                           device_type_name(device->type));
    add_line(out, "  what     ", who);
    add_line(out, "  nodes    ", nodes[0] ? nodes : "none; modprobe sg");
    add_line(out, "  by id    ", links);
    add_line(out, "  state    ", running ? "" : device->state);
    add_line(out, "  HBA      ", host);
    add_line(out, "  medium   ", medium);
    add_line(out, "  limits   ", limits);
    add_line(out, "  in use   ", users[0] ? users : "no");
}

char *device_table(GPtrArray *devices)
{
    GString *out = g_string_new(NULL);

    for (unsigned i = 0; i < devices->len; i++) {
        if (i) {
            g_string_append_c(out, '\n');
        }
        add_device(out, g_ptr_array_index(devices, i));
    }
    return g_string_free(out, FALSE);
}

/* ---- JSON ---- */

static void set_string(JsonObject *object, const char *name, const char *value)
{
    if (value) {
        g_autofree char *clean = g_utf8_make_valid(value, -1);
        json_object_set_string_member(object, name, clean);
    } else {
        json_object_set_null_member(object, name);
    }
}

static void set_strings(JsonObject *object, const char *name, GPtrArray *list)
{
    JsonArray *array = json_array_new();

    for (unsigned i = 0; i < list->len; i++) {
        g_autofree char *clean =
            g_utf8_make_valid(g_ptr_array_index(list, i), -1);
        json_array_add_string_element(array, clean);
    }
    json_object_set_array_member(object, name, array);
}

static JsonObject *limits_object(const DeviceLimits *limits)
{
    const struct {
        const char *name;
        uint64_t value;
    } members[] = {
        {"max_bytes", limits->max_bytes},
        {"max_hw_bytes", limits->max_hw_bytes},
        {"segments", limits->segments},
        {"segment_bytes", limits->segment_bytes},
        {"host_segments", limits->host_segments},
        {"queue_depth", limits->queue_depth},
        {"host_queue", limits->host_queue},
        {"logical_block", limits->logical_block},
        {"physical_block", limits->physical_block},
        {"size", limits->size},
        {"max_transfer", limits->max_transfer},
        {"optimal_transfer", limits->optimal_transfer},
        {"reserved_bytes", limits->reserved_bytes},
        {"allow_dio", limits->allow_dio},
    };
    JsonObject *object = json_object_new();

    for (unsigned i = 0; i < G_N_ELEMENTS(members); i++) {
        if (members[i].value == DEVICE_UNKNOWN) {
            json_object_set_null_member(object, members[i].name);
        } else {
            json_object_set_int_member(object, members[i].name,
                                       members[i].value);
        }
    }
    set_string(object, "problem", limits->problem);
    return object;
}

char *device_json(GPtrArray *devices)
{
    g_autoptr(JsonNode) root = json_node_new(JSON_NODE_ARRAY);
    JsonArray *array = json_array_new();

    for (unsigned i = 0; i < devices->len; i++) {
        const Device *device = g_ptr_array_index(devices, i);
        JsonObject *object = json_object_new();

        set_string(object, "address", device->address);
        set_string(object, "type", device_type_name(device->type));
        json_object_set_int_member(object, "type_code", device->type);
        set_string(object, "vendor", device->vendor);
        set_string(object, "model", device->model);
        set_string(object, "revision", device->revision);
        set_string(object, "serial", device->serial);
        set_string(object, "wwid", device->wwid);
        set_string(object, "state", device->state);
        set_string(object, "driver", device->driver);
        set_string(object, "transport", device->transport);
        set_string(object, "sg", device->sg);
        set_string(object, "block", device->block);
        set_string(object, "tape", device->tape);
        set_string(object, "changer", device->changer);
        set_strings(object, "links", device->links);
        json_object_set_object_member(object, "limits",
                                      limits_object(&device->limits));
        set_strings(object, "users", device->users);
        json_array_add_object_element(array, object);
    }
    json_node_take_array(root, array);
    return json_to_string(root, TRUE);
}
