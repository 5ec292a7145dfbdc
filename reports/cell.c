/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "cell.h"

SgbFigure sgb_cell_throughput(const SgbCell *cell)
{
    return cell->moves_data ? SGB_FIGURE_THROUGHPUT : SGB_FIGURE_RATE;
}

SgbFigure sgb_cell_cpu(const SgbCell *cell)
{
    return cell->moves_data ? SGB_FIGURE_CPU : SGB_FIGURE_CPU_REQUEST;
}

/* All of a file; NULL and @cause if it can't be read. */
static GBytes *read_file(const char *path, const char *name, GError **cause)
{
    g_autofree char *file = g_build_filename(path, name, NULL);
    char *text;
    gsize length;

    return g_file_get_contents(file, &text, &length, cause)
               ? g_bytes_new_take(text, length)
               : NULL;
}

SgbRun *sgb_run_load(const char *path, GError **error)
{
    g_autoptr(GError) cause = NULL;
    g_autoptr(GBytes) text = read_file(path, "run.json", &cause);
    g_autoptr(GBytes) lines = NULL;

    if (!text) {
        g_set_error(error, SGB_REPORT_ERROR, SGB_REPORT_ERROR_OPEN,
                    "%s: not a run: %s", path, cause->message);
        return NULL;
    }
    lines = read_file(path, "samples.jsonl", NULL);
    return sgb_run_parse(path, text, lines, error);
}

gboolean sgb_cells_alike(const SgbCell *a, const SgbCell *b)
{
    return strcmp(a->target, b->target) == 0 &&
           strcmp(a->operation, b->operation) == 0 &&
           strcmp(a->layout, b->layout) == 0 && a->size == b->size &&
           a->depth == b->depth && a->cdb_size == b->cdb_size &&
           a->random == b->random && a->reads == b->reads &&
           a->shift == b->shift && a->rate == b->rate &&
           g_strcmp0(a->data, b->data) == 0 && a->tape_block == b->tape_block &&
           a->filemarks == b->filemarks && g_strcmp0(a->hba, b->hba) == 0;
}

const SgbCell *sgb_run_sibling(const SgbRun *run, const SgbCell *cell,
                               const char *path)
{
    for (unsigned i = 0; i < run->cells->len; i++) {
        const SgbCell *other = g_ptr_array_index(run->cells, i);

        if (strcmp(other->path, path) == 0 && sgb_cells_alike(other, cell)) {
            return other;
        }
    }
    return NULL;
}
