/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Does QEMU emit what the event catalogue (qemu-tracepoints/README.md) says?
 * Every value of `path`, `reason` and `dir` is brought about by the situation
 * that it stands for, with real QEMUs and a real LTTng session; then random
 * commands, after which there must be no value that the catalogue does not
 * have. What cannot be brought about here is in the catalogue, too.
 */
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/trace.h"
#include "ring-fixture.h"
#include "sgbench/layout.h"
#include "sgbench/target-kinds.h"
#include "sgbench/tracing.h"
#include "target-fixture.h"

#define CATALOGUE "qemu-tracepoints/README.md"
#define NODE "driver=null-sg,data=stored,size=64M"
#define RANDOM_COMMANDS 150
#define RANDOM_MAX (UINT64_C(256) << 10)
#define BUFFER (UINT64_C(4) << 20) /* room for one, whatever its layout */

/* ---- what is sent, and what it has to be called ---- */

enum {
    TEST_UNIT_READY = 0x00,
    INQUIRY = 0x12,
    READ_10 = 0x28,
    WRITE_10 = 0x2a,
};

typedef struct Step {
    uint8_t opcode;
    Layout layout;
    uint64_t list;  /* bytes in the list */
    unsigned lacks; /* blocks that the CDB has more than the list */
    /* "PATH/REASON DIR;" of scsi_sgio_path and _submit, in order; and
     * "sense KEY/ASC/ASCQ;" of _sense */
    const char *seen;
} Step;

typedef struct Place {
    const char *name;
    const char *path; /* sgbench's */
    const char *node; /* NULL: an iSCSI LUN */
    const HbaKind *hba;
    Step steps[12]; /* ended by one that sees nothing */
} Place;

/* READ ends with CHECK CONDITION, MEDIUM ERROR, 11h/04h, and a bit beside the
 * key (SPC-3, 4.5.3) */
#define SENSE                           \
    ",rules.0.cdb=28,rules.0.status=2," \
    "rules.0.sense=70002300000000000000000011040000"

/* Lists of virtio-scsi have no device memory and at most 1022 pieces. */
static const Place places[] = {
    {
        "no-zero-copy",
        "generic-bounce",
        NODE,
        &hba_virtio_scsi,
        {
            {READ_10, LAYOUT_CONTIGUOUS, 65536, 0, "1/1 -3;"},
            {WRITE_10, LAYOUT_PAGES, 65536, 0, "1/1 -2;"},
            {TEST_UNIT_READY, .seen = "0/0 -1;"},
        },
    },
    {
        "off",
        "generic-off",
        NODE,
        &hba_virtio_scsi,
        {
            {READ_10, LAYOUT_CONTIGUOUS, 65536, 0, "1/2 -3;"},
            {WRITE_10, LAYOUT_PAGES, 65536, 0, "1/2 -2;"},
            {TEST_UNIT_READY, .seen = "0/0 -1;"},
        },
    },
    {
        "on",
        "generic-zerocopy",
        NODE,
        &hba_pvscsi,
        {
            {TEST_UNIT_READY, .seen = "0/0 -1;"},
            {READ_10, LAYOUT_CONTIGUOUS, 65536, 0, "2/0 -3;"},
            {WRITE_10, LAYOUT_ADJACENT, 65536, 0, "2/0 -2;"},
            {READ_10, LAYOUT_PAGES, 65536, 0, "3/0 -3;"},
            {WRITE_10, LAYOUT_MMIO, 65536, 0, "4/7 -2;"},
            {READ_10, LAYOUT_MMIO, 65536, 0, "4/7 -3;"},
            {INQUIRY, LAYOUT_CONTIGUOUS, 96, 0, "1/4 -3;"},
            {READ_10, LAYOUT_MANY, 614400, 0, "1/5 -3;"},
            {READ_10, LAYOUT_PAGES, 65536, 8, "1/6 -3;"},
            {WRITE_10, LAYOUT_CONTIGUOUS, 65536, 8, "1/6 -2;"},
        },
    },
    {
        "refused-by-the-host",
        "generic-zerocopy",
        NODE ",host=on,max-iovecs=1,rules.0.cdb=2a,rules.0.count=1,"
             "rules.0.errno=12",
        &hba_virtio_scsi,
        {
            {READ_10, LAYOUT_PAGES, 65536, 0, "3/0 -3;1/8 -3;"}, /* EINVAL */
            {WRITE_10, LAYOUT_CONTIGUOUS, 65536, 0,
             "2/0 -2;1/8 -2;"}, /* ENOMEM */
            {WRITE_10, LAYOUT_CONTIGUOUS, 65536, 0, "2/0 -2;"},
        },
    },
    {
        "refused-by-the-target",
        "generic-zerocopy",
        NODE ",max-iovecs=1",
        &hba_virtio_scsi,
        {
            {READ_10, LAYOUT_PAGES, 65536, 0, "3/0 -3;"},
        },
    },
    {
        "sense",
        "generic-zerocopy",
        NODE SENSE,
        &hba_virtio_scsi,
        {
            {READ_10, LAYOUT_CONTIGUOUS, 65536, 0, "2/0 -3;sense 3/11/4;"},
            {WRITE_10, LAYOUT_CONTIGUOUS, 65536, 0, "2/0 -2;"},
        },
    },
    {
        "block-sense",
        "block-series",
        NODE SENSE,
        &hba_pvscsi,
        {
            {READ_10, LAYOUT_CONTIGUOUS, 65536, 0, "5/0 -3;sense 3/11/4;"},
            {WRITE_10, LAYOUT_CONTIGUOUS, 65536, 0, "5/0 -2;"},
        },
    },
    {
        "block",
        "block-series",
        NODE,
        &hba_pvscsi,
        {
            {READ_10, LAYOUT_PAGES, 65536, 0, "5/0 -3;"},
            {WRITE_10, LAYOUT_MMIO, 65536, 0, "5/0 -2;"},
            {TEST_UNIT_READY, .seen = "0/0 -1;"},
        },
    },
    {
        "iscsi",
        "generic-zerocopy",
        NULL,
        &hba_virtio_scsi,
        {
            {TEST_UNIT_READY, .seen = "0/0 -1;"},
            {WRITE_10, LAYOUT_PAGES, 65536, 0, "3/0 -2;"},
            {READ_10, LAYOUT_OFFSET, 65536, 0, "2/0 -3;"},
        },
    },
};

/* Values that nothing above brings about, with why the catalogue says so. */
static const struct {
    const char *field;
    int value;
    const char *why;
} not_here[] = {
    {"reason", 3, "`reason` 3 is not: every HBA that sgbench drives gives one"},
};

/* `dir` of each event that has one, all of its values. */
static const struct {
    const char *event, *values;
} directions[] = {
    {"qemu:scsi_sgio_submit", "-3 -2 -1 "}, {"qemu:scsi_sgio_unmap", "-3 -2 "},
    {"qemu:dma_map_direct", "0 1 "},        {"qemu:dma_map_miss", "0 1 "},
    {"qemu:iscsi_sgio_begin", "-3 -2 -1 "},
};

/* ---- the catalogue ---- */

/* Values of the paragraph that begins with "`FIELD`", in order of their text:
 * "N what · N what". */
static GArray *documented(const char *text, const char *field)
{
    GArray *values = g_array_new(FALSE, FALSE, sizeof(int));
    g_autofree char *head = g_strdup_printf("\n\n`%s`", field);
    g_autofree char *paragraph = NULL;
    g_auto(GStrv) items = NULL;
    const char *from = strstr(text, head), *to;
    int none = 0;

    g_assert_nonnull(from);
    from += strlen(head);
    if (strstr(from, "0 otherwise") &&
        strstr(from, "0 otherwise") < strstr(from, ":")) {
        g_array_append_val(values, none);
    }
    from = strstr(from, ":") + 1;
    to = strstr(from, "\n\n");
    g_assert_nonnull(to);
    paragraph = g_strdelimit(g_strndup(from, to - from), "\n", ' ');
    items = g_strsplit(paragraph, "·", -1);
    for (char **item = items; *item; item++) {
        char *end;
        int value = strtol(g_strstrip(*item), &end, 10);

        if (end == *item || *end != ' ' || strlen(end) < 5) {
            g_error("%s: `%s`: no value in '%s'", CATALOGUE, field, *item);
        }
        g_array_append_val(values, value);
    }
    return values;
}

static gboolean has(const GArray *values, int value)
{
    for (unsigned i = 0; i < values->len; i++) {
        if (g_array_index(values, int, i) == value) {
            return TRUE;
        }
    }
    return FALSE;
}

/* ---- the trace ---- */

typedef struct Events {
    GHashTable *by_tag; /* GString: as Step.seen */
    GArray *path, *reason;
    GHashTable *dir; /* GArray of each event that has one */
} Events;

static void note(GArray *values, int value)
{
    if (!has(values, value)) {
        g_array_append_val(values, value);
    }
}

/* FALSE: @event has no such field. */
static gboolean integer_of(const bt_event *event, const char *name, int *value)
{
    const bt_field *payload = bt_event_borrow_payload_field_const(event);
    const bt_field *field =
        payload ? bt_field_structure_borrow_member_field_by_name_const(payload,
                                                                       name)
                : NULL;

    if (!field) {
        return FALSE;
    }
    *value = bt_field_class_type_is(bt_field_get_class_type(field),
                                    BT_FIELD_CLASS_TYPE_SIGNED_INTEGER)
                 ? (int)bt_field_integer_signed_get_value(field)
                 : (int)bt_field_integer_unsigned_get_value(field);
    return TRUE;
}

static GString *text_of(Events *events, int tag)
{
    GString *text = g_hash_table_lookup(events->by_tag, GINT_TO_POINTER(tag));

    if (!text) {
        text = g_string_new(NULL);
        g_hash_table_insert(events->by_tag, GINT_TO_POINTER(tag), text);
    }
    return text;
}

static void on_message(void *opaque, const bt_message *message)
{
    Events *events = opaque;
    const bt_event *event;
    const char *name;
    int path, reason, tag, dir, key, asc, ascq;

    if (bt_message_get_type(message) != BT_MESSAGE_TYPE_EVENT) {
        return;
    }
    event = bt_message_event_borrow_event_const(message);
    name = bt_event_class_get_name(bt_event_borrow_class_const(event));
    if (integer_of(event, "dir", &dir)) {
        GArray *values = g_hash_table_lookup(events->dir, name);

        if (!values) {
            values = g_array_new(FALSE, FALSE, sizeof(int));
            g_hash_table_insert(events->dir, g_strdup(name), values);
        }
        note(values, dir);
    }
    if (!integer_of(event, "tag", &tag)) {
        return;
    }
    if (g_str_equal(name, "qemu:scsi_sgio_submit")) {
        g_string_append_printf(text_of(events, tag), " %d;", dir);
    } else if (g_str_equal(name, "qemu:scsi_sgio_sense")) {
        g_assert_true(integer_of(event, "key", &key) &&
                      integer_of(event, "asc", &asc) &&
                      integer_of(event, "ascq", &ascq));
        g_string_append_printf(text_of(events, tag), "sense %x/%x/%x;",
                               (unsigned)key, (unsigned)asc, (unsigned)ascq);
    } else if (g_str_equal(name, "qemu:scsi_sgio_path")) {
        g_assert_true(integer_of(event, "path", &path) &&
                      integer_of(event, "reason", &reason));
        g_string_append_printf(text_of(events, tag), "%d/%d", path, reason);
        note(events->path, path);
        note(events->reason, reason);
    }
}

static void free_text(gpointer text)
{
    g_string_free(text, TRUE);
}

static void free_values(gpointer values)
{
    g_array_unref(values);
}

/* ---- sending it ---- */

/* Past the unit attentions, which QEMU reports itself. */
static void wake_up(Initiator *ring)
{
    Completion completion = {.status = 2};
    Command command;
    GError *error = NULL;

    for (unsigned i = 0; i < 5 && completion.status; i++) {
        command_test_unit_ready(&command);
        g_assert_true(initiator_send(ring, &command, &completion, &error));
        g_assert_no_error(error);
    }
    g_assert_cmpint(completion.status, ==, 0);
}

/* Its tag. How it ends is not looked at. */
static uint32_t send(Initiator *ring, const Step *step, GRand *random)
{
    g_autoptr(Buffer) buffer = NULL;
    Command command;
    Completion completion;
    GError *error = NULL;

    if (step->list) {
        buffer = buffer_new(&ring->arena, step->layout, step->list,
                            ring->arena.start, random);
    }
    if (step->opcode == TEST_UNIT_READY) {
        command_test_unit_ready(&command);
    } else if (step->opcode == INQUIRY) {
        command_inquiry(&command, -1, step->list);
    } else {
        command_read_write(&command,
                           step->opcode == WRITE_10 ? DATA_OUT : DATA_IN, 10, 0,
                           step->list / BLOCK + step->lacks);
        g_assert_cmpint(command.cdb[0], ==, step->opcode);
    }
    if (buffer) {
        command.length = buffer->length;
        command.pieces = buffer->pieces;
        command.n_pieces = buffer->n_pieces;
    }
    g_assert_true(initiator_send(ring, &command, &completion, &error));
    g_assert_no_error(error);
    return command.tag;
}

static void send_random(Initiator *ring, const HbaKind *hba, GRand *random)
{
    static const uint8_t opcodes[] = {TEST_UNIT_READY, INQUIRY, READ_10,
                                      READ_10, WRITE_10};
    static const Layout layouts[] = {LAYOUT_CONTIGUOUS, LAYOUT_PAGES,
                                     LAYOUT_OFFSET, LAYOUT_ADJACENT,
                                     LAYOUT_MMIO};

    for (unsigned i = 0; i < RANDOM_COMMANDS; i++) {
        Step step = {
            .opcode = opcodes[g_rand_int_range(random, 0, 5)],
            .layout =
                layouts[g_rand_int_range(random, 0, hba->maps_data ? 4 : 5)],
        };

        if (step.opcode == INQUIRY) {
            step.layout = LAYOUT_CONTIGUOUS;
            step.list = 96;
        } else if (step.opcode != TEST_UNIT_READY) {
            step.list =
                BLOCK * g_rand_int_range(random, 1, RANDOM_MAX / BLOCK + 1);
            step.lacks = g_rand_int_range(random, 0, 4) ? 0 : 3;
        }
        send(ring, &step, random);
    }
}

/* The tags of its steps. */
static void visit(const Place *place, Tracing *tracing, GArray *tags)
{
    static const char *const keys[] = {"size", "16M", NULL};
    g_autoptr(GRand) random = g_rand_new_with_seed(17);
    Target *server =
        place->node ? NULL : fixture_target(&ring_context, "iscsi", keys);
    Target null = ring_target(place->node);
    const InitiatorNeeds needs = {
        .arena_size = BUFFER,
        .device_memory = place->hba->maps_data ? 0 : BUFFER,
        .hba = place->hba,
    };
    g_autoptr(Initiator) ring = NULL;
    GError *error = NULL;

    ring = initiator_ring.open(&ring_context, server ? server : &null,
                               path_find(place->path), &needs, &error);
    g_assert_no_error(error);
    tracing_follow(tracing, ring->qemu_pid, &error);
    g_assert_no_error(error);
    wake_up(ring);
    for (const Step *step = place->steps; step->seen; step++) {
        uint32_t tag = send(ring, step, random);

        g_array_append_val(tags, tag);
    }
    send_random(ring, place->hba, random);
    initiator_close(g_steal_pointer(&ring));
    if (server) {
        target_stop(server);
    }
}

/* ---- the tests ---- */

static GArray *tags; /* of all steps of all places */
static Events events;
static char *catalogue;

static void events_read(const char *folder)
{
    const char *const inputs[] = {folder, NULL};
    GError *error = NULL;

    events.by_tag = g_hash_table_new_full(NULL, NULL, NULL, free_text);
    events.dir =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, free_values);
    events.path = g_array_new(FALSE, FALSE, sizeof(int));
    events.reason = g_array_new(FALSE, FALSE, sizeof(int));
    sgb_trace_feed(inputs, on_message, NULL, &events, &error);
    g_assert_no_error(error);
}

static void trace_all(void)
{
    g_autofree char *file = g_test_build_filename(G_TEST_DIST, CATALOGUE, NULL);
    g_autofree char *folder =
        g_build_filename(ring_context.temp_dir, "trace", NULL);
    g_autofree char *logs =
        g_build_filename(ring_context.temp_dir, "logs", NULL);
    GError *error = NULL;
    Tracing *tracing;

    g_assert_cmpint(g_mkdir(logs, 0700), ==, 0); /* of the session daemon */
    g_file_get_contents(file, &catalogue, NULL, &error);
    g_assert_no_error(error);
    tags = g_array_new(FALSE, FALSE, sizeof(uint32_t));
    tracing = tracing_start(&ring_context, KERNEL_TRACE_OFF, &error);
    g_assert_no_error(error);
    tracing_begin(tracing, "sgbench-catalogue", folder, NULL, &error);
    g_assert_no_error(error);
    ring_context.traced = TRUE;
    for (unsigned i = 0; i < G_N_ELEMENTS(places); i++) {
        visit(&places[i], tracing, tags);
    }
    tracing_end(tracing, &error);
    g_assert_no_error(error);
    tracing_stop(tracing);
    events_read(folder);
}

/* Each situation has the values that are its name. */
static void test_situations(void)
{
    unsigned n = 0;

    for (unsigned i = 0; i < G_N_ELEMENTS(places); i++) {
        for (const Step *step = places[i].steps; step->seen; step++, n++) {
            GString *seen = g_hash_table_lookup(
                events.by_tag,
                GINT_TO_POINTER((int)g_array_index(tags, uint32_t, n)));

            g_test_message("%s, step %u", places[i].name,
                           (unsigned)(step - places[i].steps));
            g_assert_nonnull(seen);
            g_assert_cmpstr(seen->str, ==, step->seen);
        }
    }
}

/* What was seen is what is documented: no value less, but those that cannot be
 * had here, and none more. */
static void assert_values(const char *field, const GArray *seen)
{
    g_autoptr(GArray) known = documented(catalogue, field);

    g_assert_cmpuint(known->len, >, 1);
    for (unsigned i = 0; i < G_N_ELEMENTS(not_here); i++) {
        if (g_str_equal(not_here[i].field, field)) {
            g_assert_false(has(seen, not_here[i].value));
            g_assert_true(has(known, not_here[i].value));
            g_assert_nonnull(strstr(catalogue, not_here[i].why));
        }
    }
    for (unsigned i = 0; i < seen->len; i++) {
        if (!has(known, g_array_index(seen, int, i))) {
            g_error("`%s` %d is not documented", field,
                    g_array_index(seen, int, i));
        }
    }
    for (unsigned i = 0; i < known->len; i++) {
        int value = g_array_index(known, int, i);
        gboolean there = has(seen, value);

        for (unsigned j = 0; j < G_N_ELEMENTS(not_here); j++) {
            there |= g_str_equal(not_here[j].field, field) &&
                     not_here[j].value == value;
        }
        if (!there) {
            g_error("`%s` %d did not occur", field, value);
        }
    }
}

static int compare(gconstpointer a, gconstpointer b)
{
    return *(const int *)a - *(const int *)b;
}

static void test_values(void)
{
    g_assert_cmpuint(g_hash_table_size(events.by_tag), >,
                     G_N_ELEMENTS(places) * RANDOM_COMMANDS);
    assert_values("path", events.path);
    assert_values("reason", events.reason);
    for (unsigned i = 0; i < G_N_ELEMENTS(directions); i++) {
        GArray *values = g_hash_table_lookup(events.dir, directions[i].event);
        g_autoptr(GString) text = g_string_new(NULL);

        g_test_message("%s", directions[i].event);
        g_assert_nonnull(values);
        g_array_sort(values, compare);
        for (unsigned j = 0; j < values->len; j++) {
            g_string_append_printf(text, "%d ", g_array_index(values, int, j));
        }
        g_assert_cmpstr(text->str, ==, directions[i].values);
    }
    g_assert_cmpuint(g_hash_table_size(events.dir), ==,
                     G_N_ELEMENTS(directions));
}

int main(int argc, char **argv)
{
    int code;

    g_test_init(&argc, &argv, NULL);
    ring_set_up();
    if (!ring_build && !g_getenv("CI")) {
        g_print("1..0 # SKIP no QEMU: run qemu-tracepoints/build\n");
        ring_tear_down();
        return 0;
    }
    trace_all();
    g_test_add_func("/catalogue/situations", test_situations);
    g_test_add_func("/catalogue/values", test_values);
    code = g_test_run();
    g_array_unref(tags);
    g_array_unref(events.path);
    g_array_unref(events.reason);
    g_hash_table_unref(events.by_tag);
    g_hash_table_unref(events.dir);
    g_free(catalogue);
    ring_tear_down();
    return code;
}
