/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "matrix.h"
#include "path.h"
#include "tape-command.h"
#include "value.h"

#define BLOCK 512
#define LARGEST (16 * 1024 * 1024)
#define DEEPEST 64
#define RATE_MIN 1024
#define RATE_MAX (UINT64_C(1) << 40)
#define FILE_LARGEST (1ull << 40) /* from one filemark to the next */

static const char *const operation_names[] = {
    "read",
    "write",
    "mixed",
    "verify",
    "verify-bytes",
    "unmap",
    "synchronize-cache",
    "space",
    "locate",
    NULL,
};
static const char *const access_names[] = {"sequential", "random", NULL};
static const char *const fill_names[] = {"any", "incompressible",
                                         "compressible", NULL};
static const char *const layout_names[] = {
    "contiguous", "pages", "offset", "many", "mmio", "adjacent", NULL};

G_STATIC_ASSERT(G_N_ELEMENTS(operation_names) == OPERATION__COUNT + 1);
G_STATIC_ASSERT(G_N_ELEMENTS(access_names) == ACCESS__COUNT + 1);
G_STATIC_ASSERT(G_N_ELEMENTS(fill_names) == FILL__COUNT + 1);
G_STATIC_ASSERT(G_N_ELEMENTS(layout_names) == LAYOUT__COUNT + 1);

const char *operation_name(Operation operation)
{
    g_assert(operation < OPERATION__COUNT);
    return operation_names[operation];
}

const char *access_name(Access access)
{
    g_assert(access < ACCESS__COUNT);
    return access_names[access];
}

const char *fill_name(Fill fill)
{
    g_assert(fill < FILL__COUNT);
    return fill_names[fill];
}

const char *layout_name(Layout layout)
{
    g_assert(layout < LAYOUT__COUNT);
    return layout_names[layout];
}

static TargetSpec *find_target(const Job *job, const char *name)
{
    unsigned i;

    for (i = 0; i < job->targets->len; i++) {
        TargetSpec *spec = g_ptr_array_index(job->targets, i);

        if (strcmp(spec->name, name) == 0) {
            return spec;
        }
    }
    return NULL;
}

static gboolean add_target(const Job *job, Matrix *matrix, const char *value,
                           GError **error)
{
    TargetSpec *spec = find_target(job, value);

    if (!spec) {
        g_autoptr(GPtrArray) names = g_ptr_array_new();
        unsigned i;

        for (i = 0; i < job->targets->len; i++) {
            const TargetSpec *known = g_ptr_array_index(job->targets, i);
            g_ptr_array_add(names, known->name);
        }
        if (names->len == 0) {
            return value_error(error,
                               "no target '%s'; write a group [target %s]",
                               value, value);
        }
        g_ptr_array_add(names, NULL);
        return value_unknown(error, "target", value,
                             (const char *const *)names->pdata);
    }
    g_ptr_array_add(matrix->targets, spec);
    return TRUE;
}

static gboolean add_path(const Job *job, Matrix *matrix, const char *value,
                         GError **error)
{
    const PathKind *path = path_find(value);

    if (!path) {
        g_autoptr(GPtrArray) names = g_ptr_array_new();

        for (path = path_kinds; path->name; path++) {
            g_ptr_array_add(names, (gpointer)path->name);
        }
        g_ptr_array_add(names, NULL);
        return value_unknown(error, "path", value,
                             (const char *const *)names->pdata);
    }
    g_ptr_array_add(matrix->paths, (gpointer)path);
    return TRUE;
}

static gboolean add_operation(const Job *job, Matrix *matrix, const char *value,
                              GError **error)
{
    Operation operation;
    unsigned word;

    if (!value_word("operation", value, operation_names, &word, error)) {
        return FALSE;
    }
    operation = word;
    g_array_append_val(matrix->operations, operation);
    return TRUE;
}

static gboolean add_size(const Job *job, Matrix *matrix, const char *value,
                         GError **error)
{
    uint64_t size;
    unsigned i;

    if (!job_parse_size(value, &size) || size < BLOCK || size > LARGEST ||
        (size % BLOCK && size != TAPE_BLOCK_MAX)) {
        return value_error(
            error,
            "size '%s'; allowed: multiples of 512 bytes from 512 "
            "to 16M, units K and M, and 16777215 (a tape's largest block)",
            value);
    }
    for (i = 0; i < matrix->sizes->len; i++) {
        if (g_array_index(matrix->sizes, uint64_t, i) == size) {
            return value_error(
                error, "size '%s' is there twice; once is enough", value);
        }
    }
    g_array_append_val(matrix->sizes, size);
    return TRUE;
}

/* A number of a list of them. */
static gboolean add_number(GArray *list, const char *key, const char *value,
                           unsigned min, unsigned max, GError **error)
{
    guint64 parsed;
    unsigned number, i;

    if (!value_integer(key, value, min, max, &parsed, error)) {
        return FALSE;
    }
    number = parsed;
    for (i = 0; i < list->len; i++) {
        if (g_array_index(list, unsigned, i) == number) {
            return value_error(error, "%s '%s' is there twice; once is enough",
                               key, value);
        }
    }
    g_array_append_val(list, number);
    return TRUE;
}

static gboolean add_depth(const Job *job, Matrix *matrix, const char *value,
                          GError **error)
{
    return add_number(matrix->depths, "depth", value, 1, DEEPEST, error);
}

static gboolean add_reads(const Job *job, Matrix *matrix, const char *value,
                          GError **error)
{
    return add_number(matrix->reads, "reads", value, 1, 99, error);
}

static gboolean add_cdb(const Job *job, Matrix *matrix, const char *value,
                        GError **error)
{
    static const char *const names[] = {"6", "10", "12", "16", NULL};
    static const unsigned sizes[] = {6, 10, 12, 16};
    unsigned word;

    if (!value_word("cdb", value, names, &word, error)) {
        return FALSE;
    }
    g_array_append_val(matrix->cdb_sizes, sizes[word]);
    return TRUE;
}

static gboolean add_access(const Job *job, Matrix *matrix, const char *value,
                           GError **error)
{
    Access access;
    unsigned word;

    if (!value_word("access", value, access_names, &word, error)) {
        return FALSE;
    }
    access = word;
    g_array_append_val(matrix->accesses, access);
    return TRUE;
}

static gboolean add_layout(const Job *job, Matrix *matrix, const char *value,
                           GError **error)
{
    Layout layout;
    unsigned word;

    if (!value_word("layout", value, layout_names, &word, error)) {
        return FALSE;
    }
    layout = word;
    g_array_append_val(matrix->layouts, layout);
    return TRUE;
}

/* Like a size, but of a second. */
static gboolean add_rate(const Job *job, Matrix *matrix, const char *value,
                         GError **error)
{
    uint64_t rate = 0;
    unsigned i;

    if (strcmp(value, "max") != 0 &&
        (!job_parse_size(value, &rate) || rate < RATE_MIN || rate > RATE_MAX)) {
        return value_error(error,
                           "rate '%s'; allowed: bytes a second from 1K "
                           "to 1024G, units K, M and G, or max",
                           value);
    }
    for (i = 0; i < matrix->rates->len; i++) {
        if (g_array_index(matrix->rates, uint64_t, i) == rate) {
            return value_error(
                error, "rate '%s' is there twice; once is enough", value);
        }
    }
    g_array_append_val(matrix->rates, rate);
    return TRUE;
}

static gboolean add_fill(const Job *job, Matrix *matrix, const char *value,
                         GError **error)
{
    Fill fill;
    unsigned word;

    if (!value_word("data", value, fill_names, &word, error)) {
        return FALSE;
    }
    fill = word;
    g_array_append_val(matrix->fills, fill);
    return TRUE;
}

typedef struct Axis {
    const char *key;
    const char *otherwise; /* what is meant if the key is not there */
    gboolean (*add)(const Job *job, Matrix *matrix, const char *value,
                    GError **error);
} Axis;

static const Axis axes[] = {
    {"targets", NULL, add_target},
    {"paths", NULL, add_path},
    {"operations", "read", add_operation},
    {"sizes", NULL, add_size},
    {"depths", "1", add_depth},
    {"layouts", "contiguous", add_layout},
    {"cdb", "10", add_cdb},
    {"access", "sequential", add_access},
    {"reads", "70", add_reads},
    {"rates", "max", add_rate},
    {"data", "any", add_fill},
};

static gboolean read_axis(const Job *job, Matrix *matrix, const KeyFile *file,
                          const KeyGroup *group, const Axis *axis,
                          GError **error)
{
    g_autoptr(GError) fault = NULL;
    g_auto(GStrv) list = key_file_list(file, group, axis->key, &fault);
    unsigned i;

    if (fault) {
        g_propagate_error(error, g_steal_pointer(&fault));
        return FALSE;
    }
    if (!list && !axis->otherwise) {
        return key_file_error(file->path, group->line, error,
                              "[%s] has no %s; write %s=...", group->name,
                              axis->key, axis->key);
    }
    if (!list) {
        return axis->add(job, matrix, axis->otherwise, error);
    }
    for (i = 0; list[i]; i++) {
        if (!axis->add(job, matrix, list[i], error)) {
            return value_locate(file, key_group_line(group, axis->key), error);
        }
    }
    return TRUE;
}

/* A key that has one size, 0 if it is not there. */
static gboolean read_size(const KeyFile *file, const KeyGroup *group,
                          const char *key, uint64_t max, uint64_t *size,
                          GError **error)
{
    g_autoptr(GError) fault = NULL;
    g_autofree char *value = key_file_value(file, group, key, &fault);

    *size = 0;
    if (fault) {
        g_propagate_error(error, g_steal_pointer(&fault));
        return FALSE;
    }
    if (!value) {
        return TRUE;
    }
    if (!job_parse_size(value, size) || *size < BLOCK || *size > max) {
        g_autofree char *most = job_size_text(max);

        value_error(error, "%s '%s'; allowed: a size from 512 to %s", key,
                    value, most);
        return value_locate(file, key_group_line(group, key), error);
    }
    return TRUE;
}

static gboolean read_hba(Matrix *matrix, const char *value, GError **error)
{
    matrix->hba = hba_find(value);
    if (!matrix->hba) {
        g_autoptr(GPtrArray) names = g_ptr_array_new();

        for (unsigned i = 0; hba_kinds[i]; i++) {
            g_ptr_array_add(names, (gpointer)hba_kinds[i]->name);
        }
        g_ptr_array_add(names, NULL);
        return value_unknown(error, "hba", value,
                             (const char *const *)names->pdata);
    }
    return TRUE;
}

static Matrix *matrix_new(const char *name, int line)
{
    Matrix *matrix = g_new0(Matrix, 1);

    matrix->name = g_strdup(name);
    matrix->line = line;
    matrix->targets = g_ptr_array_new();
    matrix->paths = g_ptr_array_new();
    matrix->operations = g_array_new(FALSE, FALSE, sizeof(Operation));
    matrix->sizes = g_array_new(FALSE, FALSE, sizeof(uint64_t));
    matrix->depths = g_array_new(FALSE, FALSE, sizeof(unsigned));
    matrix->layouts = g_array_new(FALSE, FALSE, sizeof(Layout));
    matrix->cdb_sizes = g_array_new(FALSE, FALSE, sizeof(unsigned));
    matrix->accesses = g_array_new(FALSE, FALSE, sizeof(Access));
    matrix->rates = g_array_new(FALSE, FALSE, sizeof(uint64_t));
    matrix->fills = g_array_new(FALSE, FALSE, sizeof(Fill));
    matrix->reads = g_array_new(FALSE, FALSE, sizeof(unsigned));
    matrix->hba = hba_kinds[0];
    return matrix;
}

gboolean matrix_has_operation(const Matrix *matrix, Operation operation)
{
    unsigned i;

    for (i = 0; i < matrix->operations->len; i++) {
        if (g_array_index(matrix->operations, Operation, i) == operation) {
            return TRUE;
        }
    }
    return FALSE;
}

/* Is @key there, though nothing of the matrix is what it is for? */
static gboolean check_use(const KeyFile *file, const KeyGroup *group,
                          const char *key, gboolean used, const char *what,
                          GError **error)
{
    unsigned i;

    for (i = 0; !used && i < group->keys->len; i++) {
        const KeyLine *line = g_ptr_array_index(group->keys, i);

        if (strcmp(line->name, key) == 0) {
            return key_file_error(file->path, line->line, error,
                                  "%s is for %s, which the matrix has not; "
                                  "leave it out",
                                  key, what);
        }
    }
    return TRUE;
}

gboolean matrix_read(Job *job, const KeyFile *file, const KeyGroup *group,
                     const char *name, GError **error)
{
    static const char *const keys[] = {
        "targets", "paths", "operations", "sizes",  "depths", "layouts",
        "cdb",     "block", "filemarks",  "access", "reads",  "shift",
        "hba",     "rates", "data",       NULL};
    Matrix *matrix = matrix_new(name, group->line);
    uint64_t block;
    unsigned i, word;

    g_ptr_array_add(job->matrices, matrix);
    for (i = 0; i < group->keys->len; i++) {
        const KeyLine *key = g_ptr_array_index(group->keys, i);

        if (!value_word("key", key->name, keys, &word, error)) {
            return value_locate(file, key->line, error);
        }
        if (strcmp(key->name, "hba") == 0) {
            g_autofree char *value =
                key_file_value(file, group, key->name, error);

            if (!value) {
                return FALSE;
            }
            if (!read_hba(matrix, value, error)) {
                return value_locate(file, key->line, error);
            }
        }
    }
    for (i = 0; i < G_N_ELEMENTS(axes); i++) {
        if (!read_axis(job, matrix, file, group, &axes[i], error)) {
            return FALSE;
        }
    }
    if (!read_size(file, group, "block", TAPE_BLOCK_MAX, &block, error) ||
        !read_size(file, group, "filemarks", FILE_LARGEST, &matrix->filemarks,
                   error) ||
        !read_size(file, group, "shift", LARGEST, &matrix->shift, error) ||
        !check_use(file, group, "reads",
                   matrix_has_operation(matrix, OPERATION_MIXED),
                   "operation mixed", error)) {
        return FALSE;
    }
    matrix->tape_block = block;
    return TRUE;
}

void matrix_free(Matrix *matrix)
{
    g_ptr_array_unref(matrix->targets);
    g_ptr_array_unref(matrix->paths);
    g_array_unref(matrix->operations);
    g_array_unref(matrix->sizes);
    g_array_unref(matrix->depths);
    g_array_unref(matrix->layouts);
    g_array_unref(matrix->cdb_sizes);
    g_array_unref(matrix->accesses);
    g_array_unref(matrix->reads);
    g_array_unref(matrix->rates);
    g_array_unref(matrix->fills);
    g_free(matrix->name);
    g_free(matrix);
}
