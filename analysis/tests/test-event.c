/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is remembered of a trace's classes of events. */
#include "analysis/event.h"

#include <string.h>

#include "analysis/trace.h"
#include "trace-writer.h"

#define CLASSES 300
#define ROUNDS 20

/* Names that were looked up. */
static unsigned asked;

static gconstpointer handler_of(const char *name)
{
    asked++;
    return g_str_has_prefix(name, "class-") ? &asked : NULL;
}

static void take(void *opaque, const bt_message *message)
{
    static uint64_t expected;
    uint64_t value = 0;
    SgbEvent event;

    if (bt_message_get_type(message) != BT_MESSAGE_TYPE_EVENT) {
        return;
    }
    g_assert_true(sgb_event_read(opaque, message, &event) == &asked);
    g_assert_true(sgb_event_integer(&event, SGB_FIELD_TAG, &value));
    g_assert_cmpuint(value, ==, expected++ % CLASSES);
    g_assert_cmpint(event.vpid, ==, 7);
    g_assert_cmpstr(event.host, ==, "alpha");
}

/* Each is looked up once, wherever in memory it lies. */
static void test_classes(void)
{
    g_autoptr(TraceWriter) w = trace_writer_new("alpha");
    g_autofree char *folder = trace_folder_new();
    g_autofree char *path = g_build_filename(folder, "t", NULL);
    const char *const inputs[] = {folder, NULL};
    g_autoptr(GError) error = NULL;
    SgbEventReader *reader = sgb_event_reader_new(handler_of);

    for (unsigned i = 0; i < CLASSES * ROUNDS; i++) {
        g_autofree char *name = g_strdup_printf("class-%u", i % CLASSES);

        if (i < CLASSES) {
            trace_writer_declare(w, name, "tag:u");
        }
        trace_writer_add(w, 1 + i, 7, name, "tag=%u", i % CLASSES);
    }
    trace_writer_write(w, path);
    sgb_trace_feed(inputs, take, NULL, reader, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(asked, ==, CLASSES);
    sgb_event_reader_free(reader);
    trace_folder_remove(g_steal_pointer(&folder));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/event/classes", test_classes);
    return g_test_run();
}
