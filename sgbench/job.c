/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "error.h"
#include "job.h"
#include "keyfile.h"
#include "matrix.h"
#include "value.h"

#define CELL_BYTES_MIN (64 << 10)
#define CELL_BYTES_MAX (UINT64_C(1) << 40)

/* In the order of KernelTrace. */
static const char *const kernel_names[] = {"off", "auto", "on", NULL};
static const char *const trace_names[] = {"round", "on", "off", NULL};
static const char *const boolean_names[] = {"false", "true", NULL};

gboolean job_parse_size(const char *text, uint64_t *bytes)
{
    static const char units[] = "KMG";
    size_t digits = strspn(text, "0123456789");
    g_autofree char *number = g_strndup(text, digits);
    unsigned shift = 0;
    guint64 value;

    if (text[digits]) {
        const char *unit = strchr(units, text[digits]);

        if (!unit || text[digits + 1]) {
            return FALSE;
        }
        shift = 10 * (unit - units + 1);
    }
    if (!g_ascii_string_to_unsigned(number, 10, 0, G_MAXUINT64 >> shift, &value,
                                    NULL)) {
        return FALSE;
    }
    *bytes = value << shift;
    return TRUE;
}

char *job_size_text(uint64_t bytes)
{
    static const char *const units[] = {"", "K", "M", "G"};
    unsigned unit = 0;

    while (bytes && bytes % 1024 == 0 && unit + 1 < G_N_ELEMENTS(units)) {
        bytes /= 1024;
        unit++;
    }
    return g_strdup_printf("%" G_GUINT64_FORMAT "%s", bytes, units[unit]);
}

/* ---- [job] ---- */

static gboolean set_job_key(Job *job, const char *key, const char *value,
                            GError **error)
{
    static const char *const keys[] = {
        "description",    "rounds", "cell-seconds",
        "warmup-seconds", "seed",   "trace",
        "trace-requests", "verify", "cell-bytes",
        "trace-kernel",   NULL};
    unsigned index, word;
    guint64 number;

    if (!value_word("key", key, keys, &index, error)) {
        return FALSE;
    }
    switch (index) {
    case 0:
        if (strpbrk(value, "\n\r\t")) {
            return value_error(error, "the description is not one line; keep "
                                      "it short, and the rest in comments");
        }
        g_free(job->description);
        job->description = g_strdup(value);
        break;
    case 1:
        if (!value_integer(key, value, 1, 1000, &number, error)) {
            return FALSE;
        }
        job->rounds = number;
        break;
    case 2:
        job->has_cell_seconds = TRUE;
        return value_seconds(key, value, .01, 3600, &job->cell_seconds, error);
    case 3:
        return value_seconds(key, value, 0, 600, &job->warmup_seconds, error);
    case 4:
        if (!value_integer(key, value, 0, G_MAXUINT32, &number, error)) {
            return FALSE;
        }
        job->seed = number;
        break;
    case 5:
        if (!value_word(key, value, trace_names, &word, error)) {
            return FALSE;
        }
        job->trace = word;
        break;
    case 6:
        if (!value_integer(key, value, 1, 1000000, &number, error)) {
            return FALSE;
        }
        job->trace_requests = number;
        break;
    case 7:
        if (!value_word(key, value, boolean_names, &word, error)) {
            return FALSE;
        }
        job->verify = word;
        break;
    case 8:
        if (!job_parse_size(value, &job->cell_bytes) ||
            job->cell_bytes < CELL_BYTES_MIN ||
            job->cell_bytes > CELL_BYTES_MAX) {
            return value_error(error,
                               "cell-bytes is '%s'; allowed: a size "
                               "from 64K to 1024G",
                               value);
        }
        break;
    case 9:
        if (!value_word(key, value, kernel_names, &word, error)) {
            return FALSE;
        }
        job->trace_kernel = word;
        break;
    default:
        g_assert_not_reached();
    }
    return TRUE;
}

gboolean job_override(Job *job, const char *assignment, GError **error)
{
    const char *equals = strchr(assignment, '=');
    g_autofree char *key = NULL;

    if (!equals) {
        return value_error(error, "--set %s: needs KEY=VALUE, e.g. rounds=3",
                           assignment);
    }
    key = g_strndup(assignment, equals - assignment);
    if (!set_job_key(job, key, equals + 1, error)) {
        g_prefix_error(error, "--set %s: ", assignment);
        return FALSE;
    }
    return TRUE;
}

double job_cell_limit(const Job *job)
{
    return job->cell_bytes && !job->has_cell_seconds ? 0 : job->cell_seconds;
}

gboolean job_only(Job *job, const char *pattern, GError **error)
{
    if (!g_utf8_validate(pattern, -1, NULL) ||
        pattern[strcspn(pattern, "\n\r\t")] || !*pattern) {
        return value_error(error,
                           "--only %s: a pattern of cell ids, such as "
                           "'*/read/64K/*', is wanted",
                           pattern);
    }
    g_ptr_array_add(job->only, g_strdup(pattern));
    return TRUE;
}

/* ---- the file ---- */

static gboolean read_job(Job *job, const KeyFile *file, const KeyGroup *group,
                         GError **error)
{
    unsigned i;

    for (i = 0; i < group->keys->len; i++) {
        const KeyLine *key = g_ptr_array_index(group->keys, i);
        g_autofree char *value = key_file_value(file, group, key->name, error);

        if (!value) {
            return FALSE;
        }
        if (!set_job_key(job, key->name, value, error)) {
            return value_locate(file, key->line, error);
        }
    }
    return TRUE;
}

static gboolean read_target(Job *job, const KeyFile *file,
                            const KeyGroup *group, const char *name,
                            GError **error)
{
    TargetSpec *spec = g_new0(TargetSpec, 1);
    unsigned i;

    g_ptr_array_add(job->targets, spec);
    spec->name = g_strdup(name);
    spec->line = group->line;
    spec->keys = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    spec->lines = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

    for (i = 0; i < group->keys->len; i++) {
        const KeyLine *key = g_ptr_array_index(group->keys, i);
        char *value = key_file_value(file, group, key->name, error);

        if (!value) {
            return FALSE;
        }
        g_hash_table_insert(spec->lines, g_strdup(key->name),
                            GINT_TO_POINTER(key->line));
        if (strcmp(key->name, "kind") == 0) {
            spec->kind = value;
        } else {
            g_hash_table_insert(spec->keys, g_strdup(key->name), value);
        }
    }
    if (!spec->kind) {
        return key_file_error(file->path, group->line, error,
                              "[%s] has no kind; write kind=iscsi, "
                              "kind=lab-disk or kind=null",
                              group->name);
    }
    return TRUE;
}

/* The NAME of "[@what NAME]", or NULL if @group is not one. */
static const char *group_argument(const KeyGroup *group, const char *what)
{
    size_t length = strlen(what);

    return strncmp(group->name, what, length) == 0 && group->name[length] == ' '
               ? group->name + length + 1
               : NULL;
}

/* Groups of one sort, in the order of the file. Targets go before matrices
 * whatever their order is, as those name them. */
static gboolean read_groups(Job *job, const KeyFile *file, const char *what,
                            gboolean (*read)(Job *job, const KeyFile *file,
                                             const KeyGroup *group,
                                             const char *name, GError **error),
                            GError **error)
{
    unsigned i;

    for (i = 0; i < file->groups->len; i++) {
        const KeyGroup *group = g_ptr_array_index(file->groups, i);
        const char *name = group_argument(group, what);

        if (name) {
            if (!value_name(what, name, error)) {
                return value_locate(file, group->line, error);
            }
            if (!read(job, file, group, name, error)) {
                return FALSE;
            }
        }
    }
    return TRUE;
}

static gboolean read_file(Job *job, const KeyFile *file, GError **error)
{
    unsigned i, j;

    for (i = 0; i < file->groups->len; i++) {
        const KeyGroup *group = g_ptr_array_index(file->groups, i);

        if (strcmp(group->name, "job") == 0) {
            if (!read_job(job, file, group, error)) {
                return FALSE;
            }
        } else if (!group_argument(group, "target") &&
                   !group_argument(group, "matrix")) {
            return key_file_error(file->path, group->line, error,
                                  "unknown group [%s]; allowed: [job], "
                                  "[target NAME], [matrix NAME]",
                                  group->name);
        }
    }
    if (!read_groups(job, file, "target", read_target, error) ||
        !read_groups(job, file, "matrix", matrix_read, error)) {
        return FALSE;
    }
    if (job->matrices->len == 0) {
        return key_file_error(file->path, 1, error,
                              "nothing to measure; write a group "
                              "[matrix NAME]");
    }
    for (i = 0; i < job->targets->len; i++) {
        const TargetSpec *spec = g_ptr_array_index(job->targets, i);
        gboolean used = FALSE;

        for (j = 0; j < job->matrices->len && !used; j++) {
            const Matrix *matrix = g_ptr_array_index(job->matrices, j);
            used = g_ptr_array_find(matrix->targets, spec, NULL);
        }
        if (!used) {
            return key_file_error(file->path, spec->line, error,
                                  "target '%s' is in no matrix; name it in "
                                  "targets= of one, or take it out",
                                  spec->name);
        }
    }
    return TRUE;
}

static void target_spec_free(gpointer data)
{
    TargetSpec *spec = data;

    g_hash_table_unref(spec->keys);
    g_hash_table_unref(spec->lines);
    g_free(spec->name);
    g_free(spec->kind);
    g_free(spec);
}

/* sgbench-job(5) has the same defaults. */
static Job *job_new(void)
{
    Job *job = g_new0(Job, 1);

    job->rounds = 10;
    job->cell_seconds = 1;
    job->warmup_seconds = .2;
    job->seed = 1;
    job->trace = TRACE_ROUND;
    job->trace_requests = 1000;
    job->verify = TRUE;
    job->targets = g_ptr_array_new_with_free_func(target_spec_free);
    job->matrices = g_ptr_array_new_with_free_func((GDestroyNotify)matrix_free);
    job->only = g_ptr_array_new_with_free_func(g_free);
    return job;
}

void job_free(Job *job)
{
    if (job) {
        g_ptr_array_unref(job->only);
        g_ptr_array_unref(job->matrices);
        g_ptr_array_unref(job->targets);
        g_free(job->name);
        g_free(job->file);
        g_free(job->text);
        g_free(job->description);
        g_free(job);
    }
}

Job *job_load(const char *file, GError **error)
{
    g_autoptr(KeyFile) keys = key_file_load(file, error);
    g_autoptr(Job) job = NULL;
    g_autoptr(GError) fault = NULL;

    if (!keys) {
        return NULL;
    }
    job = job_new();
    job->file = g_strdup(file);
    job->text = g_strdup(keys->text);
    job->name = g_path_get_basename(file);
    if (g_str_has_suffix(job->name, ".conf")) {
        job->name[strlen(job->name) - strlen(".conf")] = '\0';
    }
    if (!g_utf8_validate(job->name, -1, NULL)) {
        g_set_error(error, SGBENCH_ERROR, SGBENCH_ERROR_USAGE,
                    "%s: the name of a job must be UTF-8; rename the file",
                    file);
        return NULL;
    }
    if (!read_file(job, keys, &fault)) {
        g_propagate_error(error, g_steal_pointer(&fault));
        return NULL;
    }
    return g_steal_pointer(&job);
}

/* A name may have '=' itself (by-id links): what is before it counts only if it
 * is a target. */
gboolean job_set_device(Job *job, const char *assignment, GError **error)
{
    const char *equals = strchr(assignment, '=');
    g_autofree char *target =
        equals ? g_strndup(assignment, equals - assignment) : NULL;
    const char *name = assignment;
    unsigned i, n = 0;

    for (i = 0; target && i < job->targets->len; i++) {
        const TargetSpec *spec = g_ptr_array_index(job->targets, i);

        if (g_str_equal(spec->name, target)) {
            name = equals + 1;
        }
    }
    for (i = 0; i < job->targets->len; i++) {
        TargetSpec *spec = g_ptr_array_index(job->targets, i);

        if (g_str_equal(spec->kind, "device") &&
            (name == assignment || g_str_equal(spec->name, target))) {
            g_hash_table_insert(spec->keys, g_strdup("device"), g_strdup(name));
            n++;
        }
    }
    if (n && name[0]) {
        return TRUE;
    }
    g_set_error(error, SGBENCH_ERROR, SGBENCH_ERROR_USAGE, "--device %s: %s%s",
                assignment, job->file,
                n ? ": a name is wanted"
                  : " has no such target of kind device");
    return FALSE;
}

void target_spec_error(const Job *job, const TargetSpec *spec, const char *key,
                       GError **error, const char *format, ...)
{
    gpointer line = key ? g_hash_table_lookup(spec->lines, key) : NULL;
    g_autofree char *what = NULL;
    va_list ap;

    va_start(ap, format);
    what = g_strdup_vprintf(format, ap);
    va_end(ap);
    key_file_error(job->file, line ? GPOINTER_TO_INT(line) : spec->line, error,
                   "%s", what);
}
