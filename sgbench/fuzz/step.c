/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "sgbench/error.h"
#include "step.h"

static const char *const direction_names[] = {"none", "in", "out", NULL};
static const char *const reset_names[] = {"device", "bus", "adapter", NULL};

G_STATIC_ASSERT(DATA_NONE == 0 && DATA_IN == 1 && DATA_OUT == 2);
G_STATIC_ASSERT(G_N_ELEMENTS(reset_names) == HBA_RESET__COUNT + 1);

static void command_free(gpointer data)
{
    FuzzCommand *command = data;

    g_array_unref(command->pieces);
    g_free(command);
}

FuzzStep *step_new(uint64_t seed)
{
    FuzzStep *step = g_new0(FuzzStep, 1);

    step->seed = seed;
    step->commands = g_ptr_array_new_with_free_func(command_free);
    step->reset = HBA_RESET__COUNT;
    return step;
}

void step_free(FuzzStep *step)
{
    if (step) {
        g_ptr_array_unref(step->commands);
        g_free(step);
    }
}

FuzzCommand *step_add(FuzzStep *step)
{
    FuzzCommand *command = g_new0(FuzzCommand, 1);

    command->pieces = g_array_new(FALSE, FALSE, sizeof(Piece));
    g_ptr_array_add(step->commands, command);
    return command;
}

void command_update(FuzzCommand *command)
{
    command->command.length = 0;
    for (unsigned i = 0; i < command->pieces->len; i++) {
        command->command.length +=
            g_array_index(command->pieces, Piece, i).length;
    }
    command->command.pieces = (const Piece *)(void *)command->pieces->data;
    command->command.n_pieces = command->pieces->len;
}

FuzzStep *step_copy(const FuzzStep *step)
{
    FuzzStep *copy = step_new(step->seed);

    copy->reset = step->reset;
    for (unsigned i = 0; i < step->commands->len; i++) {
        const FuzzCommand *from = step->commands->pdata[i];
        FuzzCommand *to = step_add(copy);

        to->command = from->command;
        to->aborted = from->aborted;
        g_array_append_vals(to->pieces, from->pieces->data, from->pieces->len);
        command_update(to);
    }
    return copy;
}

void step_print(const FuzzStep *step, GString *text)
{
    g_string_append_printf(text, "step %" G_GUINT64_FORMAT "\n", step->seed);
    for (unsigned i = 0; i < step->commands->len; i++) {
        const FuzzCommand *c = step->commands->pdata[i];

        g_string_append_printf(text, "command %s ",
                               direction_names[c->command.direction]);
        for (unsigned j = 0; j < c->command.cdb_length; j++) {
            g_string_append_printf(text, "%02x", c->command.cdb[j]);
        }
        for (unsigned j = 0; j < c->pieces->len; j++) {
            const Piece *piece = &g_array_index(c->pieces, Piece, j);

            g_string_append_printf(text, " %" G_GINT64_MODIFIER "x:%x",
                                   piece->offset, piece->length);
        }
        g_string_append_c(text, '\n');
    }
    for (unsigned i = 0; i < step->commands->len; i++) {
        if (((const FuzzCommand *)step->commands->pdata[i])->aborted) {
            g_string_append_printf(text, "abort %u\n", i);
        }
    }
    if (step->reset != HBA_RESET__COUNT) {
        g_string_append_printf(text, "reset %s\n", reset_names[step->reset]);
    }
}

static gboolean parse_cdb(const char *text, Command *command)
{
    size_t length = strlen(text) / 2;

    if (strlen(text) % 2 || length < 6 || length > 16) {
        return FALSE;
    }
    for (size_t i = 0; i < length; i++) {
        int high = g_ascii_xdigit_value(text[2 * i]);
        int low = g_ascii_xdigit_value(text[2 * i + 1]);

        if (high < 0 || low < 0) {
            return FALSE;
        }
        command->cdb[i] = high << 4 | low;
    }
    command->cdb_length = length;
    return TRUE;
}

static gboolean parse_piece(const char *text, GArray *pieces)
{
    g_auto(GStrv) parts = g_strsplit(text, ":", 2);
    guint64 length;
    Piece piece;

    if (g_strv_length(parts) != 2 ||
        !g_ascii_string_to_unsigned(parts[0], 16, 0, UINT64_MAX, &piece.offset,
                                    NULL) ||
        !g_ascii_string_to_unsigned(parts[1], 16, 0, UINT32_MAX, &length,
                                    NULL)) {
        return FALSE;
    }
    piece.length = length;
    g_array_append_val(pieces, piece);
    return TRUE;
}

static int word_in(const char *const *words, const char *word)
{
    for (int i = 0; words[i]; i++) {
        if (strcmp(words[i], word) == 0) {
            return i;
        }
    }
    return -1;
}

static gboolean parse_command(FuzzStep *step, char **words)
{
    FuzzCommand *command;
    int direction;

    if (!step || !words[1] || !words[2] ||
        step->commands->len == STEP_COMMANDS_MAX ||
        (direction = word_in(direction_names, words[1])) < 0) {
        return FALSE;
    }
    command = step_add(step);
    command->command.direction = direction;
    if (!parse_cdb(words[2], &command->command)) {
        return FALSE;
    }
    for (char **word = words + 3; *word; word++) {
        if (**word && !parse_piece(*word, command->pieces)) {
            return FALSE;
        }
    }
    command_update(command);
    return TRUE;
}

static gboolean parse_line(GPtrArray *steps, char **words)
{
    FuzzStep *step = steps->len ? steps->pdata[steps->len - 1] : NULL;
    guint64 number;
    int reset;

    if (strcmp(words[0], "step") == 0 && words[1]) {
        if (!g_ascii_string_to_unsigned(words[1], 10, 0, UINT64_MAX, &number,
                                        NULL)) {
            return FALSE;
        }
        g_ptr_array_add(steps, step_new(number));
        return TRUE;
    }
    if (strcmp(words[0], "command") == 0) {
        return parse_command(step, words);
    }
    if (strcmp(words[0], "abort") == 0 && step && step->commands->len &&
        words[1] &&
        g_ascii_string_to_unsigned(words[1], 10, 0, step->commands->len - 1,
                                   &number, NULL)) {
        ((FuzzCommand *)step->commands->pdata[number])->aborted = TRUE;
        return TRUE;
    }
    if (strcmp(words[0], "reset") == 0 && step && words[1] &&
        (reset = word_in(reset_names, words[1])) >= 0) {
        step->reset = reset;
        return TRUE;
    }
    return FALSE;
}

GPtrArray *steps_parse(const char *name, const char *text,
                       gboolean (*other)(const char *line, void *opaque),
                       void *opaque, GError **error)
{
    g_autoptr(GPtrArray) steps =
        g_ptr_array_new_with_free_func((GDestroyNotify)step_free);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

    for (unsigned i = 0; lines[i]; i++) {
        char *line = g_strstrip(lines[i]);
        g_auto(GStrv) words = g_strsplit(line, " ", -1);

        if (*line && *line != '#' && !parse_line(steps, words) &&
            !other(line, opaque)) {
            g_set_error(error, SGBENCH_ERROR, SGBENCH_ERROR_USAGE,
                        "%s:%u: not a line of a failure: %.60s", name, i + 1,
                        line);
            return NULL;
        }
    }
    return g_steal_pointer(&steps);
}
