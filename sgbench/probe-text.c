/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "probe.h"
#include "reports/text.h"

#define PATH_WIDTH 17
#define VALUE_WIDTH 13
#define MIB (1u << 20)
#define PAGE 4096

/* virtqueue_size, 256, less two (hw/scsi/virtio-scsi.c). */
#define QEMU_SEG_MAX 254

const char *probe_quantity_name(ProbeQuantity quantity)
{
    static const char *const names[] = {"read", "write", "pieces", "depth"};

    g_assert(quantity < PROBE__COUNT);
    return names[quantity];
}

const char *probe_layer_name(ProbeLayer layer)
{
    static const char *const names[] = {
        "nobody",      "initiator", "HBA emulation", "QEMU",
        "host driver", "host HBA",  "drive",
    };

    g_assert(layer < PROBE_LAYER__COUNT);
    return names[layer];
}

/* 1 MiB if it is, else to the byte: 16777215 */
static char *value_text(ProbeQuantity quantity, uint64_t value)
{
    if (quantity <= PROBE_WRITE && value && value % 1024 == 0) {
        for (unsigned shift = 40; shift > 0; shift -= 10) {
            static const char *const units[] = {"", "KiB", "MiB", "GiB", "TiB"};

            if (value % (1ull << shift) == 0) {
                return g_strdup_printf("%" G_GUINT64_FORMAT " %s",
                                       value >> shift, units[shift / 10]);
            }
        }
    }
    return g_strdup_printf("%" G_GUINT64_FORMAT, value);
}

/* With "+" if nothing above was refused, "~" if there are gaps or doubts. */
static char *limit_text(const ProbePath *path, ProbeQuantity quantity)
{
    const ProbeLimit *limit = &path->limits[quantity];
    g_autofree char *value = value_text(quantity, limit->found.works);
    const ProbeFound *found = &limit->found;

    if (!limit->tried) {
        return g_strdup("-");
    }
    return g_strdup_printf("%s%s%s", value, found->refused ? "" : "+",
                           found->gaps || found->unsteady || limit->note ? "~"
                                                                         : "");
}

static void add_table(GString *out, const Probe *probe)
{
    sgb_text_pad(out, "path", -PATH_WIDTH);
    for (unsigned i = 0; i < PROBE__COUNT; i++) {
        sgb_text_pad(out, probe_quantity_name(i), VALUE_WIDTH);
    }
    g_string_append_c(out, '\n');
    for (unsigned i = 0; i < probe->paths->len; i++) {
        const ProbePath *path = g_ptr_array_index(probe->paths, i);

        sgb_text_pad(out, path->kind->name, -PATH_WIDTH);
        for (unsigned j = 0; j < PROBE__COUNT; j++) {
            g_autofree char *text = limit_text(path, j);

            sgb_text_pad(out, text, VALUE_WIDTH);
        }
        g_string_append_c(out, '\n');
    }
    g_string_append(out, "(+: nothing larger was tried, or can be; -: not "
                         "tried; ~: see below)\n");
}

/* ---- who refuses ---- */

static gboolean same(const char *a, const char *b)
{
    return g_strcmp0(a, b) == 0;
}

/* Evidence may differ in a word or two, and figures of a doubt: one is shown. */
static gboolean same_limit(const ProbeLimit *a, const ProbeLimit *b)
{
    return a->layer == b->layer && a->found.works == b->found.works &&
           a->found.refused == b->found.refused &&
           a->found.largest == b->found.largest && same(a->remedy, b->remedy) &&
           !a->note == !b->note;
}

/* READ and WRITE are one paragraph if all of it is the same. */
static gboolean is_merged(const ProbePath *path, ProbeQuantity quantity)
{
    return quantity == PROBE_WRITE &&
           same_limit(&path->limits[PROBE_READ], &path->limits[PROBE_WRITE]);
}

static char *doubts(const ProbeLimit *limit, ProbeQuantity quantity)
{
    GString *text = g_string_new(NULL);
    const ProbeFound *found = &limit->found;

    if (found->gaps) {
        g_autofree char *largest = value_text(quantity, found->largest);

        g_string_append_printf(text,
                               "; not everything above is refused: %s works "
                               "(of %u values tried, %u below that were "
                               "refused)",
                               largest, found->tried, found->gaps);
    }
    if (found->unsteady) {
        g_string_append_printf(text,
                               "; %u %s refused once and taken when tried "
                               "again",
                               found->unsteady,
                               found->unsteady == 1 ? "was" : "were");
    }
    if (limit->tried && limit->note) {
        g_string_append_printf(text, "; %s", limit->note);
    }
    return g_string_free(text, FALSE);
}

static void add_limit(GString *out, const ProbeLimit *limit,
                      ProbeQuantity quantity, gboolean merged,
                      const char *paths)
{
    g_autofree char *refused = value_text(
        quantity, limit->found.refused ? limit->found.refused : limit->bound);
    g_autofree char *doubt = doubts(limit, quantity);
    g_autofree char *head = NULL, *text = NULL;

    if (limit->layer == PROBE_NOBODY && !doubt[0]) {
        return;
    }
    head = g_strdup_printf(
        "%s%s %s%s refused by: %s", probe_quantity_name(quantity),
        merged ? ", write" : "", limit->found.refused ? "" : "above ", refused,
        probe_layer_name(limit->layer));
    g_string_append_printf(
        out, "\n%s\n",
        limit->layer == PROBE_NOBODY ? probe_quantity_name(quantity) : head);
    sgb_text_paragraph(out, "  paths   ", 10, paths);
    if (limit->evidence || doubt[0]) {
        text = g_strconcat(limit->evidence ? limit->evidence : "",
                           limit->evidence ? doubt : doubt + 2, NULL);
        sgb_text_paragraph(out, "  seen    ", 10, text);
    }
    if (limit->remedy) {
        sgb_text_paragraph(out, "  remedy  ", 10, limit->remedy);
    }
}

/* Paths with the same limit are one paragraph: it has to fit a screen. */
static void add_reasons(GString *out, const Probe *probe,
                        ProbeQuantity quantity)
{
    g_autoptr(GHashTable) done = g_hash_table_new(NULL, NULL);

    for (unsigned i = 0; i < probe->paths->len; i++) {
        const ProbePath *path = g_ptr_array_index(probe->paths, i);
        const ProbeLimit *limit = &path->limits[quantity];
        const ProbeLimit *shown = limit;
        g_autoptr(GString) paths = g_string_new(path->kind->name);
        gboolean merged =
            quantity == PROBE_READ && is_merged(path, PROBE_WRITE);

        if (!limit->tried || is_merged(path, quantity) ||
            g_hash_table_contains(done, path)) {
            continue;
        }
        for (unsigned j = i + 1; j < probe->paths->len; j++) {
            const ProbePath *other = g_ptr_array_index(probe->paths, j);

            if (same_limit(limit, &other->limits[quantity]) &&
                (quantity > PROBE_WRITE || is_merged(other, PROBE_WRITE) ==
                                               is_merged(path, PROBE_WRITE))) {
                g_string_append_printf(paths, ", %s", other->kind->name);
                g_hash_table_add(done, (gpointer)other);
                /* What the tracepoints saw says more than an errno. */
                shown = other->kind->build ? &other->limits[quantity] : shown;
            }
        }
        add_limit(out, shown, quantity, merged, paths->str);
    }
}

/* ---- what a guest and a person make of it ---- */

static void add_problems(GString *out, const Probe *probe)
{
    for (unsigned i = 0; i < probe->paths->len; i++) {
        const ProbePath *path = g_ptr_array_index(probe->paths, i);

        if (path->problem) {
            g_string_append_printf(out, "\n%s was not probed to the end\n",
                                   path->kind->name);
            sgb_text_paragraph(out, "  why     ", 10, path->problem);
        }
    }
}

static void add_guest(GString *out, const Probe *probe)
{
    for (unsigned i = 0; i < probe->paths->len; i++) {
        const ProbePath *path = g_ptr_array_index(probe->paths, i);

        if (path->seg_max) {
            g_autofree char *text = g_strdup_printf(
                "A Linux guest gives a command as many pieces as virtio-scsi's "
                "seg_max says: %u here (virtqueue_size=1024). By QEMU's "
                "default, virtqueue_size=256, it is %d: %d pages in disorder, "
                "or %d KiB, and a 1 MiB block may fail inside the guest with "
                "EBUSY (st) or EINVAL (sg) before QEMU sees it. Remedy: "
                "-device virtio-scsi-pci,virtqueue_size=1024",
                path->seg_max, QEMU_SEG_MAX, QEMU_SEG_MAX,
                QEMU_SEG_MAX * PAGE / 1024);

            sgb_text_paragraph(out, "guest     ", 10, text);
            return;
        }
    }
}

static gboolean takes(const ProbePath *path, uint64_t bytes)
{
    const ProbeLimit *write = &path->limits[PROBE_WRITE];

    return path->limits[PROBE_READ].found.works >= bytes &&
           (!write->tried || write->found.works >= bytes);
}

/* FALSE: the path broke before, or --up-to is below. */
static gboolean was_asked(const ProbePath *path, uint64_t bytes)
{
    const ProbeLimit *read = &path->limits[PROBE_READ];

    return read->tried && (takes(path, bytes) || read->bound >= bytes);
}

/* The question that people come with. */
static void add_answer(GString *out, const Probe *probe)
{
    g_autoptr(GString) yes = g_string_new(NULL), no = g_string_new(NULL);
    g_autoptr(GString) untried = g_string_new(NULL);
    g_autoptr(GString) text = g_string_new(NULL);

    for (unsigned i = 0; i < probe->paths->len; i++) {
        const ProbePath *path = g_ptr_array_index(probe->paths, i);
        GString *list = !was_asked(path, MIB) ? untried
                        : takes(path, MIB)    ? yes
                                              : no;

        g_string_append_printf(list, "%s%s", list->len ? ", " : "",
                               path->kind->name);
    }
    if (yes->len && !no->len && !untried->len) {
        g_string_assign(text, "gets through by all paths probed");
    } else if (yes->len) {
        g_string_append_printf(text, "gets through by %s", yes->str);
    }
    if (no->len) {
        g_string_append_printf(text, "%sis refused by %s", yes->len ? "; " : "",
                               no->str);
    }
    if (!text->len) {
        g_string_assign(text, "was not tried");
    } else if (untried->len) {
        g_string_append_printf(text, "; was not tried by %s", untried->str);
    }
    sgb_text_paragraph(
        out, probe->tape ? "A 1 MiB block      " : "A 1 MiB transfer   ", 19,
        text->str);
}

/* What the drive announces, against what works. */
static void add_blocks(GString *out, const Probe *probe)
{
    g_autofree char *most = value_text(PROBE_READ, probe->max_block);
    g_autoptr(GString) text = g_string_new(NULL);
    unsigned less = 0, more = 0, asked = 0;

    g_string_printf(text, "READ BLOCK LIMITS: %u bytes to %s%s",
                    probe->min_block, most,
                    probe->max_block % 1024 ? " bytes" : "");
    for (unsigned i = 0; i < probe->paths->len; i++) {
        const ProbePath *path = g_ptr_array_index(probe->paths, i);
        uint64_t works = path->limits[PROBE_READ].found.works;

        if (!was_asked(path, probe->max_block)) {
            continue;
        }
        asked++;
        if (!takes(path, probe->max_block)) {
            g_string_append_printf(text, "%s%s", less++ ? ", " : "; less by ",
                                   path->kind->name);
        }
        more += works > probe->max_block;
    }
    if (asked && !less) {
        g_string_append_printf(text, "; all of it works by all %s",
                               asked < probe->paths->len ? "that were tried"
                                                         : "paths");
    }
    if (more) {
        g_string_append_printf(text, ", more than it by %u of %u", more, asked);
    }
    sgb_text_paragraph(out, "blocks    ", 10, text->str);
}

static void add_head(GString *out, const Probe *probe)
{
    g_autofree char *head =
        g_strdup_printf("%s, %s%s", probe->what, probe->device,
                        probe->ours ? "" : "; not ours: only read");

    sgb_text_paragraph(out, "probed    ", 10, head);
    if (probe->tape) {
        add_blocks(out, probe);
    }
}

char *probe_text(const Probe *probe)
{
    GString *out = g_string_new(NULL);

    add_head(out, probe);
    add_answer(out, probe);
    g_string_append_c(out, '\n');
    add_table(out, probe);
    for (unsigned i = 0; i < PROBE__COUNT; i++) {
        add_reasons(out, probe, i);
    }
    add_problems(out, probe);
    g_string_append_c(out, '\n');
    add_guest(out, probe);
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

static JsonObject *limit_object(const ProbeLimit *limit)
{
    JsonObject *object = json_object_new();

    json_object_set_boolean_member(object, "tried", limit->tried);
    json_object_set_int_member(object, "works", limit->found.works);
    json_object_set_int_member(object, "largest", limit->found.largest);
    if (limit->found.refused) {
        json_object_set_int_member(object, "refused", limit->found.refused);
    } else {
        json_object_set_null_member(object, "refused");
    }
    json_object_set_int_member(object, "bound", limit->bound);
    json_object_set_int_member(object, "values", limit->found.tried);
    json_object_set_int_member(object, "gaps", limit->found.gaps);
    json_object_set_int_member(object, "unsteady", limit->found.unsteady);
    set_string(object, "layer", probe_layer_name(limit->layer));
    set_string(object, "evidence", limit->evidence);
    set_string(object, "remedy", limit->remedy);
    set_string(object, "note", limit->note);
    return object;
}

static JsonObject *path_object(const ProbePath *path)
{
    JsonObject *object = json_object_new();
    JsonObject *guest = json_object_new();

    set_string(object, "path", path->kind->name);
    set_string(object, "problem", path->problem);
    if (path->seg_max) {
        json_object_set_int_member(guest, "seg_max", path->seg_max);
        json_object_set_int_member(guest, "max_sectors", path->max_sectors);
        json_object_set_object_member(object, "guest", guest);
    } else {
        json_object_unref(guest);
        json_object_set_null_member(object, "guest");
    }
    for (unsigned i = 0; i < PROBE__COUNT; i++) {
        json_object_set_object_member(object, probe_quantity_name(i),
                                      limit_object(&path->limits[i]));
    }
    return object;
}

JsonObject *probe_json(const Probe *probe)
{
    JsonObject *object = json_object_new();
    JsonArray *paths = json_array_new();

    set_string(object, "hba", probe->hba->name);
    set_string(object, "target", probe->target);
    set_string(object, "kind", probe->kind);
    set_string(object, "device", probe->device);
    set_string(object, "what", probe->what);
    json_object_set_boolean_member(object, "written", probe->ours);
    if (probe->tape) {
        json_object_set_int_member(object, "min_block", probe->min_block);
        json_object_set_int_member(object, "max_block", probe->max_block);
    }
    for (unsigned i = 0; i < probe->paths->len; i++) {
        json_array_add_object_element(
            paths, path_object(g_ptr_array_index(probe->paths, i)));
    }
    json_object_set_array_member(object, "paths", paths);
    return object;
}
