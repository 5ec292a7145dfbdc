/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "options.h"

#include <string.h>

#include "top.h"

#define TOP_DEFAULT 10

G_DEFINE_QUARK(sgb - options - error - quark, sgb_options_error)

SgbOptions *sgb_options_new(void)
{
    SgbOptions *options = g_new0(SgbOptions, 1);

    options->views = g_ptr_array_new();
    options->top = TOP_DEFAULT;
    return options;
}

void sgb_options_free(SgbOptions *options)
{
    if (options) {
        sgb_selection_clear(&options->selection);
        g_ptr_array_unref(options->views);
        g_free(options->path);
        g_free(options);
    }
}

static gboolean parse_number(const char *text, uint64_t max, uint64_t *number)
{
    /* Decimal, or hexadecimal as 28h or 0x28: CDBs are written so. */
    g_autofree char *digits = g_strdup(text);
    size_t length = strlen(digits);
    unsigned base = 10;
    char *start = digits;

    if (g_str_has_prefix(digits, "0x")) {
        base = 16;
        start += 2;
    } else if (length > 1 && digits[length - 1] == 'h') {
        base = 16;
        digits[length - 1] = '\0';
    }
    return g_ascii_string_to_unsigned(start, base, 0, max, number, NULL);
}

static gboolean add_number(GArray **array, const char *value, uint64_t max)
{
    uint64_t number;

    if (!parse_number(value, max, &number)) {
        return FALSE;
    }
    if (!*array) {
        *array = g_array_new(FALSE, FALSE, sizeof(uint64_t));
    }
    g_array_append_val(*array, number);
    return TRUE;
}

static gboolean add_text(GPtrArray **array, const char *value)
{
    if (!*array) {
        *array = g_ptr_array_new_with_free_func(g_free);
    }
    g_ptr_array_add(*array, g_strdup(value));
    return TRUE;
}

static gboolean set_view(SgbOptions *options, const char *value)
{
    g_auto(GStrv) names = g_strsplit(value, ",", -1);

    for (char **name = names; *name; name++) {
        const SgbView *view = sgb_view_find(*name);

        if (strcmp(*name, "all") == 0) {
            for (const SgbView *const *v = sgb_views; *v; v++) {
                g_ptr_array_add(options->views, (void *)*v);
            }
        } else if (view) {
            g_ptr_array_add(options->views, (void *)view);
        } else {
            return FALSE;
        }
    }
    return TRUE;
}

static gboolean set_from(SgbOptions *options, const char *value)
{
    return sgb_moment_parse(value, &options->selection.from);
}

static gboolean set_to(SgbOptions *options, const char *value)
{
    return sgb_moment_parse(value, &options->selection.to);
}

static gboolean set_tag(SgbOptions *options, const char *value)
{
    return add_number(&options->selection.tags, value, UINT32_MAX);
}

static gboolean set_lun(SgbOptions *options, const char *value)
{
    return add_number(&options->selection.luns, value, UINT32_MAX);
}

static gboolean set_opcode(SgbOptions *options, const char *value)
{
    return add_number(&options->selection.opcodes, value, UINT8_MAX);
}

static gboolean set_length(SgbOptions *options, const char *value)
{
    static const struct {
        const char *suffix;
        uint64_t factor;
    } units[] = {{"K", 1024}, {"M", 1024 * 1024}, {"", 1}};
    g_autofree char *digits = NULL;
    uint64_t number;
    unsigned i;

    for (i = 0; !g_str_has_suffix(value, units[i].suffix); i++) {
    }
    digits = g_strndup(value, strlen(value) - strlen(units[i].suffix));
    if (!g_ascii_string_to_unsigned(digits, 10, 0, UINT32_MAX, &number, NULL)) {
        return FALSE;
    }
    number *= units[i].factor;
    if (!options->selection.lengths) {
        options->selection.lengths =
            g_array_new(FALSE, FALSE, sizeof(uint64_t));
    }
    g_array_append_val(options->selection.lengths, number);
    return TRUE;
}

static gboolean set_device(SgbOptions *options, const char *value)
{
    return add_text(&options->selection.devices, value);
}

static gboolean set_cell(SgbOptions *options, const char *value)
{
    return add_text(&options->selection.cells, value);
}

static gboolean set_top(SgbOptions *options, const char *value)
{
    uint64_t number;

    if (!parse_number(value, SGB_TOP_MAX, &number)) {
        return FALSE;
    }
    options->top = number;
    return TRUE;
}

static gboolean set_limit(SgbOptions *options, const char *value)
{
    options->limited = TRUE;
    return parse_number(value, G_MAXINT64, &options->limit);
}

static gboolean set_path(SgbOptions *options, const char *value)
{
    g_free(options->path);
    options->path = strcmp(value, "-") == 0 ? NULL : g_strdup(value);
    return *value != '\0';
}

#define TIME \
    "+SECONDS, SECONDS since the epoch, HH:MM:SS or YYYY-MM-DD HH:MM:SS"

const SgbParameter sgb_parameters[] = {
    {"view", "NAME",
     "what to show: summary, stages, latency, depth, top, errors or all; "
     "several with commas",
     SGB_OUTPUT_TEXT | SGB_OUTPUT_JSON, TRUE, set_view,
     "summary, stages, latency, depth, top, errors or all"},
    {"from", "TIME", "only requests that ended at or after TIME: " TIME,
     SGB_OUTPUT_ALL, FALSE, set_from, TIME},
    {"to", "TIME", "only requests that ended at or before TIME", SGB_OUTPUT_ALL,
     FALSE, set_to, TIME},
    {"tag", "TAG", "only requests with this tag", SGB_OUTPUT_ALL, TRUE, set_tag,
     "a number of 32 bits"},
    {"lun", "LUN", "only requests to this logical unit", SGB_OUTPUT_ALL, TRUE,
     set_lun, "a number of 32 bits"},
    {"opcode", "OPCODE", "only these commands, e.g. 28h or 40", SGB_OUTPUT_ALL,
     TRUE, set_opcode, "a number up to 255 or FFh"},
    {"length", "BYTES", "only requests of this length, e.g. 256K",
     SGB_OUTPUT_ALL, TRUE, set_length,
     "a number, with K or M behind it or not"},
    {"device", "ID", "only devices with this qdev id (* and ? match any)",
     SGB_OUTPUT_ALL, TRUE, set_device, "a qdev id"},
    {"cell", "ID", "only this cell of a run of sgbench (* and ? match any)",
     SGB_OUTPUT_ALL, TRUE, set_cell, "the id of a cell"},
    {"top", "N", "slowest requests to list, at most 1000; 10 by default",
     SGB_OUTPUT_TEXT | SGB_OUTPUT_JSON, FALSE, set_top, "a number up to 1000"},
    {"limit", "N",
     "requests to write, 0 for all; by default all, in a timeline 100000",
     SGB_OUTPUT_CSV | SGB_OUTPUT_TIMELINE, FALSE, set_limit, "a number"},
    {"path", "FILE", "file to write, instead of standard output",
     SGB_OUTPUT_ALL & ~SGB_OUTPUT_FILTER, FALSE, set_path,
     "the name of a file"},
    {NULL},
};

/* The parameters of @outputs, for an error. */
static char *known(SgbOutputs outputs)
{
    GString *names = g_string_new(NULL);

    for (const SgbParameter *p = sgb_parameters; p->name; p++) {
        if (p->outputs & outputs) {
            g_string_append_printf(names, "%s%s", names->len ? ", " : "",
                                   p->name);
        }
    }
    return g_string_free(names, FALSE);
}

gboolean sgb_options_set(SgbOptions *options, SgbOutputs outputs,
                         const char *name, const char *value, GError **error)
{
    g_autofree char *names = NULL;

    for (const SgbParameter *p = sgb_parameters; p->name; p++) {
        if (strcmp(p->name, name) != 0 || !(p->outputs & outputs)) {
            continue;
        }
        if (!p->set(options, value)) {
            g_set_error(error, SGB_OPTIONS_ERROR, 0, "%s: %s: must be %s", name,
                        value, p->expected);
            return FALSE;
        }
        return TRUE;
    }
    names = known(outputs);
    g_set_error(error, SGB_OPTIONS_ERROR, 0,
                "%s: there is no such parameter; there are %s", name, names);
    return FALSE;
}
