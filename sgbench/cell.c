/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cell.h"
#include "disk-command.h"

char *cell_id(const Cell *cell, const PathKind *path)
{
    g_autofree char *size = job_size_text(cell->size);
    g_autofree char *block = job_size_text(cell->tape_block);
    g_autofree char *every = job_size_text(cell->filemarks);
    g_autofree char *shift = job_size_text(cell->shift);
    GString *id = g_string_new(NULL);

    g_string_printf(id, "%s/%s/%s/%s/qd%u/%s", cell->target->name, path->name,
                    operation_name(cell->operation), size, cell->depth,
                    layout_name(cell->layout));
    if (cell->cdb_size != 10) {
        g_string_append_printf(id, "/cdb%d", cell->cdb_size);
    }
    if (cell->tape_block) {
        g_string_append_printf(id, "/fixed%s", block);
    }
    if (cell->filemarks) {
        g_string_append_printf(id, "/fm%s", every);
    }
    if (cell->hba != hba_kinds[0]) {
        g_string_append_printf(id, "/%s", cell->hba->name);
    }
    if (cell->access != ACCESS_SEQUENTIAL) {
        g_string_append_printf(id, "/%s", access_name(cell->access));
    }
    if (cell->reads) {
        g_string_append_printf(id, "/reads%u", cell->reads);
    }
    if (cell->shift) {
        g_string_append_printf(id, "/shift%s", shift);
    }
    if (cell->rate) {
        g_autofree char *rate = job_size_text(cell->rate);
        g_string_append_printf(id, "/rate%s", rate);
    }
    if (cell->fill != FILL_ANY) {
        g_string_append_printf(id, "/%s", fill_name(cell->fill));
    }
    return g_string_free(id, FALSE);
}

/* ---- the axes ---- */

static void set_operation(Cell *cell, const GArray *list, unsigned i)
{
    cell->operation = g_array_index(list, Operation, i);
}

static void set_size(Cell *cell, const GArray *list, unsigned i)
{
    cell->size = g_array_index(list, uint64_t, i);
}

static void set_depth(Cell *cell, const GArray *list, unsigned i)
{
    cell->depth = g_array_index(list, unsigned, i);
}

static void set_layout(Cell *cell, const GArray *list, unsigned i)
{
    cell->layout = g_array_index(list, Layout, i);
}

static void set_cdb_size(Cell *cell, const GArray *list, unsigned i)
{
    cell->cdb_size = g_array_index(list, unsigned, i);
}

static void set_access(Cell *cell, const GArray *list, unsigned i)
{
    cell->access = g_array_index(list, Access, i);
}

static void set_reads(Cell *cell, const GArray *list, unsigned i)
{
    cell->reads = g_array_index(list, unsigned, i);
}

static void set_rate(Cell *cell, const GArray *list, unsigned i)
{
    cell->rate = g_array_index(list, uint64_t, i);
}

static void set_fill(Cell *cell, const GArray *list, unsigned i)
{
    cell->fill = g_array_index(list, Fill, i);
}

/* The first varies slowest. Ids do not depend on the order, but the order of a
 * round's cells does: new ones go to the end. */
static const struct {
    size_t list; /* offset of a GArray * in a Matrix */
    void (*set)(Cell *cell, const GArray *list, unsigned i);
} axes[] = {
    {offsetof(Matrix, operations), set_operation},
    {offsetof(Matrix, sizes), set_size},
    {offsetof(Matrix, depths), set_depth},
    {offsetof(Matrix, layouts), set_layout},
    {offsetof(Matrix, cdb_sizes), set_cdb_size},
    {offsetof(Matrix, accesses), set_access},
    {offsetof(Matrix, reads), set_reads},
    {offsetof(Matrix, rates), set_rate},
    {offsetof(Matrix, fills), set_fill},
};

static const GArray *axis_list(const Matrix *matrix, unsigned axis)
{
    return G_STRUCT_MEMBER(const GArray *, matrix, axes[axis].list);
}

unsigned cell_combinations(const Matrix *matrix)
{
    unsigned n = 1, i;

    for (i = 0; i < G_N_ELEMENTS(axes); i++) {
        n *= axis_list(matrix, i)->len;
    }
    return n;
}

void cell_combine(Cell *cell, const Matrix *matrix, unsigned number)
{
    unsigned i;

    for (i = G_N_ELEMENTS(axes); i > 0; i--) {
        const GArray *list = axis_list(matrix, i - 1);

        axes[i - 1].set(cell, list, number % list->len);
        number /= list->len;
    }
    cell->matrix = matrix;
    cell->hba = matrix->hba;
    cell->tape_block = matrix->tape_block;
    cell->filemarks = matrix->filemarks;
    cell->shift = matrix->shift;
    if (cell->operation != OPERATION_MIXED) {
        cell->reads = 0;
    }
}

/* ---- what its commands are ---- */

uint64_t cell_data_length(const Cell *cell)
{
    if (cell->operation == OPERATION_UNMAP) {
        return DISK_UNMAP_BYTES;
    }
    return cell->operation == OPERATION_VERIFY ||
                   cell->operation == OPERATION_SYNC || cell_moves_tape(cell)
               ? 0
               : cell->size;
}

gboolean cell_moves_data(const Cell *cell)
{
    return cell_data_length(cell) == cell->size;
}

gboolean cell_moves_tape(const Cell *cell)
{
    return cell->operation == OPERATION_SPACE ||
           cell->operation == OPERATION_LOCATE;
}

uint64_t cell_commands(const Cell *cell, uint64_t bytes)
{
    return (bytes + cell->size - 1) / cell->size;
}

uint64_t cell_interval(const Cell *cell)
{
    return cell->rate ? cell->size * 1e9 / cell->rate : 0;
}

gboolean cell_writes(const Cell *cell)
{
    return cell->operation != OPERATION_READ &&
           cell->operation != OPERATION_VERIFY &&
           cell->operation != OPERATION_SYNC;
}
