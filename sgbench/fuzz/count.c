/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <babeltrace2/babeltrace.h>
#include <string.h>

#include "analysis/trace.h"
#include "count.h"

GHashTable *counts_new(void)
{
    return g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
}

uint64_t counts_of(GHashTable *counts, const char *name)
{
    const uint64_t *count = g_hash_table_lookup(counts, name);

    return count ? *count : 0;
}

void counts_more(GHashTable *counts, const char *name, uint64_t n)
{
    uint64_t *count = g_hash_table_lookup(counts, name);

    if (!count) {
        count = g_new0(uint64_t, 1);
        g_hash_table_insert(counts, g_strdup(name), count);
    }
    *count += n;
}

/* scsi_sgio_path comes for a command without data as well. */
static gboolean has_no_data(const char *name, const bt_event *event)
{
    static const char *const bytes[] = {"direct", "bounced"};
    const bt_field *payload = bt_event_borrow_payload_field_const(event);

    if (strcmp(name, "qemu:scsi_sgio_path") != 0) {
        return FALSE;
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(bytes); i++) {
        const bt_field *field =
            bt_field_structure_borrow_member_field_by_name_const(payload,
                                                                 bytes[i]);

        if (!field || bt_field_integer_unsigned_get_value(field) > 0) {
            return FALSE;
        }
    }
    return TRUE;
}

static void take(void *counts, const bt_message *message)
{
    uint64_t lost = 1;

    if (bt_message_get_type(message) == BT_MESSAGE_TYPE_EVENT) {
        const bt_event *event = bt_message_event_borrow_event_const(message);
        const char *name =
            bt_event_class_get_name(bt_event_borrow_class_const(event));

        if (!has_no_data(name, event)) {
            counts_more(counts, name, 1);
        }
    } else if (bt_message_get_type(message) ==
               BT_MESSAGE_TYPE_DISCARDED_EVENTS) {
        bt_message_discarded_events_get_count(message, &lost);
        counts_more(counts, "lost", lost);
    }
}

gboolean count_events(const char *folder, GHashTable *counts, GError **error)
{
    const char *const inputs[] = {folder, NULL};

    return sgb_trace_feed(inputs, take, NULL, counts, error);
}

void counts_add(GHashTable *counts, GHashTable *more)
{
    GHashTableIter iter;
    gpointer name, count;

    g_hash_table_iter_init(&iter, more);
    while (g_hash_table_iter_next(&iter, &name, &count)) {
        counts_more(counts, name, *(uint64_t *)count);
    }
}
