/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "failure.h"
#include "sgbench/error.h"

Failure *failure_new(const FuzzPath *path, GPtrArray *steps,
                     const char *message, const char *origin)
{
    Failure *failure = g_new0(Failure, 1);

    failure->path = path;
    failure->steps = g_ptr_array_ref(steps);
    failure->message = g_strdup(message);
    failure->origin = g_strdup(origin);
    return failure;
}

void failure_free(Failure *failure)
{
    if (failure) {
        g_ptr_array_unref(failure->steps);
        g_free(failure->message);
        g_free(failure->origin);
        g_free(failure->first);
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

/* ---- shrinking ---- */

typedef struct Shrink {
    FailureFunc try_steps;
    void *opaque;
    Failure *failure;
    char *kind; /* of what went wrong at first */
    gint64 end;
    GError *error;
} Shrink;

static gboolean goes_on(const Shrink *s)
{
    return !s->error && g_get_monotonic_time() < s->end;
}

/* Take @steps if the same still goes wrong with them. Another thing is another
 * failure: it may be a known one, and what was found would be lost. */
static gboolean still_fails(Shrink *s, GPtrArray *steps)
{
    g_autofree char *message = NULL, *kind = NULL;

    if (!goes_on(s)) {
        return FALSE;
    }
    message = s->try_steps(steps, s->opaque, &s->error);
    kind = message ? failure_kind(message) : NULL;
    if (g_strcmp0(kind, s->kind) != 0) {
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
 * @cut(steps, step, command, from, to) takes away the parts @from … @to - 1; FALSE:
 * there was nothing to be taken away. What is behind them has new numbers then,
 * unless @stay. */
static void halve(Shrink *s, unsigned n,
                  gboolean (*cut)(GPtrArray *steps, unsigned step,
                                  unsigned command, unsigned from, unsigned to),
                  gboolean stay, unsigned step, unsigned command)
{
    for (unsigned size = (n + 1) / 2; size >= 1 && goes_on(s); size /= 2) {
        for (unsigned from = 0; from < n && goes_on(s);) {
            unsigned to = MIN(n, from + size);
            g_autoptr(GPtrArray) steps = NULL;

            steps = copy_steps(s->failure->steps, 0, s->failure->steps->len);
            if (cut(steps, step, command, from, to) && still_fails(s, steps) &&
                !stay) {
                n -= to - from;
            } else {
                from = to;
            }
        }
    }
}

static gboolean cut_steps(GPtrArray *steps, unsigned step, unsigned command,
                          unsigned from, unsigned to)
{
    g_ptr_array_remove_range(steps, from, to - from);
    return TRUE;
}

static gboolean cut_commands(GPtrArray *steps, unsigned step, unsigned command,
                             unsigned from, unsigned to)
{
    FuzzStep *s = steps->pdata[step];

    g_ptr_array_remove_range(s->commands, from, to - from);
    return TRUE;
}

static gboolean cut_pieces(GPtrArray *steps, unsigned step, unsigned command,
                           unsigned from, unsigned to)
{
    FuzzStep *s = steps->pdata[step];
    FuzzCommand *c = s->commands->pdata[command];

    g_array_remove_range(c->pieces, from, to - from);
    command_update(c);
    return TRUE;
}

static gboolean cut_actions(GPtrArray *steps, unsigned step, unsigned command,
                            unsigned from, unsigned to)
{
    FuzzStep *s = steps->pdata[step];
    gboolean any = FALSE;

    /* The reset is part 0. */
    if (from == 0 && s->reset != HBA_RESET__COUNT) {
        s->reset = HBA_RESET__COUNT;
        any = TRUE;
    }
    for (unsigned i = MAX(from, 1); i < to; i++) {
        FuzzCommand *c = s->commands->pdata[i - 1];

        any = any || c->aborted;
        c->aborted = FALSE;
    }
    return any;
}

gboolean failure_shrink(FailureFunc try_steps, void *opaque, Failure *failure,
                        double seconds, GError **error)
{
    g_autofree char *kind = failure_kind(failure->message);
    Shrink s = {
        .try_steps = try_steps,
        .opaque = opaque,
        .failure = failure,
        .kind = kind,
        .end = g_get_monotonic_time() + seconds * 1e6,
    };
    unsigned last = failure->steps->len ? failure->steps->len - 1 : 0;
    g_autoptr(GPtrArray) alone =
        copy_steps(failure->steps, last, failure->steps->len);

    if (!failure->first) {
        failure->first = g_strdup(failure->message);
    }
    if (last > 0 && !still_fails(&s, alone)) {
        halve(&s, failure->steps->len, cut_steps, FALSE, 0, 0);
    }
    for (unsigned i = 0; i < failure->steps->len && goes_on(&s); i++) {
        const FuzzStep *step = failure->steps->pdata[i];

        halve(&s, step->commands->len, cut_commands, FALSE, i, 0);
        step = failure->steps->pdata[i];
        halve(&s, step->commands->len + 1, cut_actions, TRUE, i, 0);
        step = failure->steps->pdata[i];
        for (unsigned j = 0; j < step->commands->len; j++) {
            const FuzzCommand *c = step->commands->pdata[j];

            halve(&s, c->pieces->len, cut_pieces, FALSE, i, j);
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

/* Comments of a file. */
#define WHAT "what: "
#define AT_FIRST "at first: "
#define FROM "from: "

static void append_comment(GString *text, const char *what, const char *line)
{
    g_autofree char *copy = g_strdup(line);

    if (copy) {
        g_string_append_printf(text, "# %s%s\n", what,
                               g_strdelimit(copy, "\n", ' '));
    }
}

gboolean failure_save(const Failure *failure, const char *file, GError **error)
{
    g_autoptr(GString) text = g_string_new("# sgbench-fuzz --replay FILE\n");

    append_comment(text, WHAT, failure->message);
    if (g_strcmp0(failure->first, failure->message) != 0) {
        append_comment(text, AT_FIRST, failure->first);
    }
    append_comment(text, FROM, failure->origin);
    g_string_append_printf(text, "path %s\n", failure->path->name);
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

/* What append_comment() wrote for @what, if anything. */
static char *read_comment(const char *text, const char *what)
{
    g_autofree char *begin = g_strconcat("\n# ", what, NULL);
    const char *line = strstr(text, begin);

    line = line ? line + strlen(begin) : NULL;
    return line ? g_strndup(line, strcspn(line, "\n")) : NULL;
}

static Failure *read_comments(Failure *failure, const char *text)
{
    char *message = read_comment(text, WHAT);

    if (message) {
        g_free(failure->message);
        failure->message = message;
    }
    failure->first = read_comment(text, AT_FIRST);
    failure->origin = read_comment(text, FROM);
    return failure;
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
    return read_comments(failure_new(path, steps, "", NULL), text);
}
