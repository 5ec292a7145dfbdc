/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "table.h"

#include <string.h>

#include "json.h"
#include "text.h"

/* Pages and parameters: SPC-4 7.3.4 (error counters), SSC-3 8.2.2 and 8.2.3. */
#define PAGE_WRITE_ERRORS 0x02
#define PAGE_READ_ERRORS 0x03
#define PAGE_SEQUENTIAL 0x0c
#define PAGE_TAPE_ALERT 0x2e

static const SgbJsonMember page_members[] = {
    {"page", SGB_JSON_COUNT},
    {"parameters", SGB_JSON_OBJECT},
    {NULL},
};

/* The parameters of @page in @record, or NULL. */
static JsonObject *page_of(JsonObject *record, unsigned page)
{
    JsonArray *pages = sgb_json_array(record, "pages");

    for (unsigned i = 0; i < json_array_get_length(pages); i++) {
        JsonNode *node = json_array_get_element(pages, i);
        JsonObject *object =
            JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;

        if (object && sgb_json_check(object, page_members, "", "", NULL) &&
            sgb_json_count(object, "page") == page) {
            return sgb_json_object(object, "parameters");
        }
    }
    return NULL;
}

static gboolean value_of(JsonObject *record, unsigned page, const char *code,
                         uint64_t *value)
{
    JsonObject *parameters = page_of(record, page);
    JsonNode *node =
        parameters ? json_object_get_member(parameters, code) : NULL;

    if (!node || json_node_get_value_type(node) != G_TYPE_INT64 ||
        json_node_get_int(node) < 0) {
        return FALSE;
    }
    *value = json_node_get_int(node);
    return TRUE;
}

/* What a drive counted while the cells of its starts ran. */
typedef struct Sum {
    const char *name;
    unsigned page;
    const char *code;
    gboolean bytes;
    gboolean known;
    uint64_t value;
} Sum;

static void add_difference(Sum *sum, JsonObject *before, JsonObject *after)
{
    uint64_t from, to;

    if (value_of(before, sum->page, sum->code, &from) &&
        value_of(after, sum->page, sum->code, &to) && to >= from) {
        sum->known = TRUE;
        sum->value += to - from;
    }
}

static void note_alerts(JsonObject *record, GHashTable *alerts, gboolean *known)
{
    for (unsigned flag = 1; flag <= 64; flag++) {
        char code[8];
        uint64_t value;

        g_snprintf(code, sizeof(code), "%04x", flag);
        if (value_of(record, PAGE_TAPE_ALERT, code, &value)) {
            *known = TRUE;
            if (value & 1) {
                g_hash_table_add(alerts, GUINT_TO_POINTER(flag));
            }
        }
    }
}

/* The record of the same start that is @when, or NULL. */
static JsonObject *partner_of(JsonArray *records, JsonObject *of,
                              const char *when)
{
    for (unsigned i = 0; i < json_array_get_length(records); i++) {
        JsonObject *record = json_array_get_object_element(records, i);

        if (sgb_json_count(record, "start") == sgb_json_count(of, "start") &&
            strcmp(sgb_json_string(record, "when"), when) == 0 &&
            strcmp(sgb_json_string(record, "target"),
                   sgb_json_string(of, "target")) == 0) {
            return record;
        }
    }
    return NULL;
}

static char *sum_text(const Sum *sum)
{
    g_autofree char *number = NULL;

    if (!sum->bytes) {
        return g_strdup_printf("%s %" G_GUINT64_FORMAT, sum->name, sum->value);
    }
    number = g_strdup_printf("%.1f", sum->value / (double)(1 << 20));
    return g_strdup_printf("%s MiB %s", number, sum->name);
}

void sgb_table_logs(GString *out, const SgbRun *run, const char *target)
{
    Sum sums[] = {
        {"received", PAGE_SEQUENTIAL, "0000", TRUE},
        {"sent", PAGE_SEQUENTIAL, "0003", TRUE},
        {"write errors corrected", PAGE_WRITE_ERRORS, "0003"},
        {"uncorrected", PAGE_WRITE_ERRORS, "0006"},
        {"read errors corrected", PAGE_READ_ERRORS, "0003"},
        {"uncorrected", PAGE_READ_ERRORS, "0006"},
    };
    JsonArray *records = sgb_json_array(run->json, "log_pages");
    unsigned n = records ? json_array_get_length(records) : 0, starts = 0;
    g_autoptr(GHashTable) alerts = g_hash_table_new(NULL, NULL);
    g_autoptr(GString) text = g_string_new(NULL);
    gboolean has_alerts = FALSE;

    for (unsigned i = 0; i < n; i++) {
        JsonObject *after = json_array_get_object_element(records, i);
        JsonObject *before = partner_of(records, after, "before");

        if (strcmp(sgb_json_string(after, "target"), target) != 0) {
            continue;
        }
        note_alerts(after, alerts, &has_alerts);
        if (!before || before == after) {
            continue;
        }
        starts++;
        for (unsigned j = 0; j < G_N_ELEMENTS(sums); j++) {
            add_difference(&sums[j], before, after);
        }
    }
    if (!starts) {
        return;
    }
    g_string_printf(text, "%u starts, as the drive counts:", starts);
    for (unsigned i = 0; i < G_N_ELEMENTS(sums); i++) {
        if (sums[i].known) {
            g_autofree char *sum = sum_text(&sums[i]);

            g_string_append_printf(text, " %s,", sum);
        }
    }
    if (has_alerts && g_hash_table_size(alerts) == 0) {
        g_string_append(text, " no TapeAlert,");
    }
    for (unsigned flag = 1; flag <= 64; flag++) {
        if (g_hash_table_contains(alerts, GUINT_TO_POINTER(flag))) {
            g_string_append_printf(text, " TAPEALERT %u,", flag);
        }
    }
    g_string_truncate(text, text->len - 1);
    sgb_text_paragraph(out, "  log", 11, text->str);
}
