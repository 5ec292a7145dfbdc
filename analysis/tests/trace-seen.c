/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "trace-seen.h"

static void on_cell_begin(void *opaque, const SgbTraceCell *cell)
{
    g_string_append_printf(((Seen *)opaque)->order, "begin %s/%u;", cell->cell,
                           cell->round);
}

static void on_request(void *opaque, const SgbRequest *r,
                       const SgbTraceCell *cell)
{
    Seen *seen = opaque;

    g_array_append_val(seen->requests, *r);
    g_ptr_array_add(seen->cells, g_strdup(cell->cell ? cell->cell : ""));
    g_string_append_printf(seen->order, "%s %u;",
                           r->finished ? "request" : "unfinished", r->tag);
}

static void on_cell_end(void *opaque, const SgbTraceCell *cell)
{
    g_string_append_printf(((Seen *)opaque)->order,
                           "end %s %d %" G_GUINT64_FORMAT ";", cell->cell,
                           cell->ended, cell->stated_requests);
}

static void on_level(void *opaque, const SgbLevel *level)
{
    static const char *const kinds[] = {"hba",  "sgio",  "buffers",
                                        "held", "queue", "queued"};

    G_STATIC_ASSERT(G_N_ELEMENTS(kinds) == SGB_LEVEL__COUNT);
    g_string_append_printf(((Seen *)opaque)->levels,
                           "%" G_GUINT64_FORMAT " %s %s=%" G_GUINT64_FORMAT ";",
                           level->ns, kinds[level->kind],
                           level->device ? level->device : "", level->value);
}

void seen_free(Seen *seen)
{
    g_array_unref(seen->requests);
    g_ptr_array_unref(seen->cells);
    g_string_free(seen->order, TRUE);
    g_string_free(seen->levels, TRUE);
    g_free(seen);
}
Seen *seen_read(const char *path, GError **error)
{
    Seen *seen = g_new0(Seen, 1);
    SgbTraceSink sink = {on_cell_begin, on_request, on_cell_end, seen,
                         on_level};
    gboolean ok;

    seen->requests = g_array_new(FALSE, FALSE, sizeof(SgbRequest));
    seen->cells = g_ptr_array_new_with_free_func(g_free);
    seen->order = g_string_new("");
    seen->levels = g_string_new("");
    ok = sgb_trace_read(path, &sink, &seen->counts, error);
    g_assert_true(ok == (!error || !*error));
    return seen;
}

Seen *seen_write_and_read(TraceWriter *w)
{
    g_autoptr(GError) error = NULL;
    char *folder = trace_folder_new();
    g_autofree char *path = g_build_filename(folder, "ust", "uid", NULL);
    Seen *seen;

    trace_writer_write(w, path);
    seen = seen_read(folder, &error);
    g_assert_no_error(error);
    trace_folder_remove(folder);
    return seen;
}

const SgbRequest *seen_nth(const Seen *seen, unsigned i)
{
    g_assert_cmpuint(i, <, seen->requests->len);
    return &g_array_index(seen->requests, SgbRequest, i);
}
