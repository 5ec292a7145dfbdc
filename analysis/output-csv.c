/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A line for each request (RFC 4180), finished or not. */
#include <string.h>

#include "output.h"
#include "record.h"

static void begin(SgbOutput *output)
{
    const SgbColumn *columns = sgb_record_columns();

    for (unsigned i = 0; i < SGB_RECORD_COLUMNS; i++) {
        g_string_append_printf(output->text, "%s,", columns[i].name);
    }
    g_string_append(output->text, "finished\r\n");
}

/* As printf() would, which takes half of the time of all that is done for a
 * request. */
static void append_number(GString *to, uint64_t number)
{
    char digits[20]; /* of 2^64 - 1 */
    unsigned i = sizeof(digits);

    do {
        digits[--i] = '0' + number % 10;
        number /= 10;
    } while (number);
    g_string_append_len(to, digits + i, sizeof(digits) - i);
}

static void append_text(GString *to, const char *text)
{
    if (!strpbrk(text, "\",\r\n")) {
        g_string_append(to, text);
        return;
    }
    g_string_append_c(to, '"');
    for (; *text; text++) {
        if (*text == '"') {
            g_string_append_c(to, '"');
        }
        g_string_append_c(to, *text);
    }
    g_string_append_c(to, '"');
}

static void request(SgbOutput *output, const SgbRequest *r,
                    const SgbTraceCell *cell)
{
    const SgbColumn *columns = sgb_record_columns();
    GString *to = output->text;
    SgbRecord record;

    if (!sgb_output_admit(output)) {
        return;
    }
    sgb_record_fill(&record, r, cell);
    for (unsigned i = 0; i < SGB_RECORD_COLUMNS; i++) {
        const SgbValue *value = &record.value[i];

        switch (columns[i].type) {
        case SGB_COLUMN_STRING:
            append_text(to, value->string);
            break;
        case SGB_COLUMN_SIGNED:
            if (value->s < 0) {
                g_string_append_c(to, '-');
            }
            append_number(to, value->s < 0 ? -(uint64_t)value->s : value->s);
            break;
        case SGB_COLUMN_UNSIGNED:
        default:
            append_number(to, value->u);
        }
        g_string_append_c(to, ',');
    }
    g_string_append(to, r->finished ? "1\r\n" : "0\r\n");
    sgb_output_flush(output, FALSE);
}

static void end(SgbOutput *output)
{
}

const SgbOutputKind sgb_output_csv = {
    .name = "csv",
    .sink = "csv",
    .help = "a line for each request",
    .outputs = SGB_OUTPUT_CSV,
    .begin = begin,
    .request = request,
    .end = end,
};
