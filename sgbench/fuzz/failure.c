/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "failure.h"
#include "sgbench/error.h"

Failure *failure_new(const FuzzPath *path, GPtrArray *steps,
                     const char *message)
{
    Failure *failure = g_new0(Failure, 1);

    failure->path = path;
    failure->steps = g_ptr_array_ref(steps);
    failure->message = g_strdup(message);
    return failure;
}

void failure_free(Failure *failure)
{
    if (failure) {
        g_ptr_array_unref(failure->steps);
        g_free(failure->message);
        g_free(failure);
    }
}

char *failure_kind(const char *message)
{
    g_autoptr(GString) kind = g_string_new(NULL);
    const char *log = strstr(message, "; log: ");
    const char *list = strstr(message, " a list: ");
    size_t length = log    ? (size_t)(log - message)
                    : list ? (size_t)(list - message)
                           : strlen(message);

    /* Numbers go: addresses, bytes, times, processes. */
    for (size_t i = 0; i < length; i++) {
        gboolean digit = g_ascii_isxdigit(message[i]) &&
                         (g_ascii_isdigit(message[i]) ||
                          (i > 0 && g_ascii_isdigit(message[i - 1])));

        if (!digit) {
            g_string_append_c(kind, message[i]);
        } else if (kind->len == 0 || kind->str[kind->len - 1] != '#') {
            g_string_append_c(kind, '#');
        }
    }
    return g_string_free(g_steal_pointer(&kind), FALSE);
}

static gboolean is_ours(const GError *fault)
{
    return g_error_matches(fault, SGBENCH_ERROR, SGBENCH_ERROR_PREFLIGHT) ||
           g_error_matches(fault, SGBENCH_ERROR, SGBENCH_INTERRUPTED) ||
           g_error_matches(fault, SGBENCH_ERROR, SGBENCH_ERROR_RESULTS);
}

char *failure_try(RunContext *context, const FuzzPath *path,
                  const GPtrArray *steps, GError **error)
{
    g_autoptr(GError) fault = NULL;
    FuzzSession *session = session_new(context, path, &fault);
    gboolean ok = session != NULL;

    for (unsigned i = 0; ok && i < steps->len; i++) {
        ok = session_step(session, steps->pdata[i], &fault);
    }
    if (ok) {
        ok = session_end(session, &fault);
    } else {
        session_free(session);
    }
    if (ok) {
        return NULL;
    }
    if (is_ours(fault)) {
        g_propagate_error(error, g_steal_pointer(&fault));
        return NULL;
    }
    return g_strdup(fault->message);
}

/* ---- shrinking ---- */

typedef struct Shrink {
    RunContext *context;
    Failure *failure;
    gint64 end;
    GError *error;
} Shrink;

static gboolean goes_on(const Shrink *s)
{
    return !s->error && g_get_monotonic_time() < s->end;
}

/* Take @steps if something still goes wrong with them. */
static gboolean still_fails(Shrink *s, GPtrArray *steps)
{
    g_autofree char *message = NULL;

    if (!goes_on(s)) {
        return FALSE;
    }
    message = failure_try(s->context, s->failure->path, steps, &s->error);
    if (!message) {
        return FALSE;
    }
    g_ptr_array_unref(s->failure->steps);
    s->failure->steps = g_ptr_array_ref(steps);
    g_free(s->failure->message);
    s->failure->message = g_steal_pointer(&message);
    return TRUE;
}

static GPtrArray *copy_steps(const GPtrArray *from, unsigned begin,
                             unsigned end)
{
    GPtrArray *to = g_ptr_array_new_with_free_func((GDestroyNotify)step_free);

    for (unsigned i = begin; i < end; i++) {
        g_ptr_array_add(to, step_copy(from->pdata[i]));
    }
    return to;
}

/* Without the parts of some list of @n, in halves, quarters, … of it.
 * @cut(steps, opaque, from, to) takes away the parts @from … @to - 1. */
static void halve(Shrink *s, unsigned n,
                  void (*cut)(GPtrArray *steps, unsigned step, unsigned command,
                              unsigned from, unsigned to),
                  unsigned step, unsigned command)
{
    for (unsigned size = (n + 1) / 2; size >= 1 && goes_on(s); size /= 2) {
        for (unsigned from = 0; from < n && goes_on(s);) {
            unsigned to = MIN(n, from + size);
            g_autoptr(GPtrArray) steps = NULL;

            steps = copy_steps(s->failure->steps, 0, s->failure->steps->len);
            cut(steps, step, command, from, to);
            if (still_fails(s, steps)) {
                n -= to - from;
            } else {
                from += size;
            }
        }
    }
}

static void cut_steps(GPtrArray *steps, unsigned step, unsigned command,
                      unsigned from, unsigned to)
{
    g_ptr_array_remove_range(steps, from, to - from);
}

static void cut_commands(GPtrArray *steps, unsigned step, unsigned command,
                         unsigned from, unsigned to)
{
    FuzzStep *s = steps->pdata[step];

    g_ptr_array_remove_range(s->commands, from, to - from);
}

static void cut_pieces(GPtrArray *steps, unsigned step, unsigned command,
                       unsigned from, unsigned to)
{
    FuzzStep *s = steps->pdata[step];
    FuzzCommand *c = s->commands->pdata[command];

    g_array_remove_range(c->pieces, from, to - from);
    command_update(c);
}

static void cut_actions(GPtrArray *steps, unsigned step, unsigned command,
                        unsigned from, unsigned to)
{
    FuzzStep *s = steps->pdata[step];

    if (from == 0) {
        s->reset = HBA_RESET__COUNT;
    }
    for (unsigned i = 0; i < s->commands->len; i++) {
        if (i + 1 >= from && i + 1 < to) {
            ((FuzzCommand *)s->commands->pdata[i])->aborted = FALSE;
        }
    }
}

gboolean failure_shrink(RunContext *context, Failure *failure, double seconds,
                        GError **error)
{
    Shrink s = {
        .context = context,
        .failure = failure,
        .end = g_get_monotonic_time() + seconds * 1e6,
    };
    unsigned last = failure->steps->len ? failure->steps->len - 1 : 0;
    g_autoptr(GPtrArray) alone =
        copy_steps(failure->steps, last, failure->steps->len);

    if (last > 0 && !still_fails(&s, alone)) {
        halve(&s, failure->steps->len, cut_steps, 0, 0);
    }
    for (unsigned i = 0; i < failure->steps->len && goes_on(&s); i++) {
        const FuzzStep *step = failure->steps->pdata[i];

        halve(&s, step->commands->len, cut_commands, i, 0);
        step = failure->steps->pdata[i];
        halve(&s, step->commands->len + 1, cut_actions, i, 0);
        step = failure->steps->pdata[i];
        for (unsigned j = 0; j < step->commands->len; j++) {
            const FuzzCommand *c = step->commands->pdata[j];

            halve(&s, c->pieces->len, cut_pieces, i, j);
            step = failure->steps->pdata[i];
        }
    }
    if (s.error) {
        g_propagate_error(error, s.error);
        return FALSE;
    }
    return TRUE;
}

/* ---- files ---- */

gboolean failure_save(const Failure *failure, const char *file, GError **error)
{
    g_autoptr(GString) text = g_string_new("# sgbench-fuzz --replay FILE\n");
    g_autofree char *message = g_strdup(failure->message);

    g_string_append_printf(text, "# %s\npath %s\n",
                           g_strdelimit(message, "\n", ' '),
                           failure->path->name);
    for (unsigned i = 0; i < failure->steps->len; i++) {
        step_print(failure->steps->pdata[i], text);
    }
    if (!g_file_set_contents(file, text->str, text->len, error)) {
        (*error)->domain = SGBENCH_ERROR;
        (*error)->code = SGBENCH_ERROR_RESULTS;
        return FALSE;
    }
    return TRUE;
}

static gboolean parse_path(const char *line, void *opaque)
{
    const FuzzPath **path = opaque;

    if (g_str_has_prefix(line, "path ")) {
        *path = fuzz_path_find(line + 5);
    }
    return g_str_has_prefix(line, "path ") && *path;
}

Failure *failure_load(const char *file, GError **error)
{
    g_autofree char *text = NULL;
    g_autoptr(GPtrArray) steps = NULL;
    const FuzzPath *path = NULL;

    if (!g_file_get_contents(file, &text, NULL, error)) {
        (*error)->domain = SGBENCH_ERROR;
        (*error)->code = SGBENCH_ERROR_USAGE;
        return NULL;
    }
    steps = steps_parse(file, text, parse_path, &path, error);
    if (!steps) {
        return NULL;
    }
    if (!path || steps->len == 0) {
        g_set_error(error, SGBENCH_ERROR, SGBENCH_ERROR_USAGE,
                    "%s: no failure of sgbench-fuzz: %s", file,
                    path ? "it has no step" : "it has no line \"path NAME\"");
        return NULL;
    }
    return failure_new(path, steps, "");
}
