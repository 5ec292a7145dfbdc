/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A line for each request (RFC 4180), finished or not. */
#include "output.h"
#include "put.h"
#include "record.h"

static void begin(SgbOutput *output)
{
    const SgbColumn *columns = sgb_record_columns();

    for (unsigned i = 0; i < SGB_RECORD_COLUMNS; i++) {
        g_string_append_printf(output->text, "%s,", columns[i].name);
    }
    g_string_append(output->text, "finished\r\n");
}

/* Write @text, of @length bytes, at @to, and return where it ends; it takes up
 * to 2 * length + 2. */
static char *put_text(char *to, const char *text, size_t length)
{
    if (!strpbrk(text, "\",\r\n")) {
        return mempcpy(to, text, length);
    }
    *to++ = '"';
    for (; *text; text++) {
        if (*text == '"') {
            *to++ = '"';
        }
        *to++ = *text;
    }
    *to++ = '"';
    return to;
}

static void request(SgbOutput *output, const SgbRequest *r,
                    const SgbTraceCell *cell)
{
    const SgbColumn *columns = sgb_record_columns();
    const size_t row =
        SGB_RECORD_COLUMNS * (SGB_PUT_NUMBER_MAX + 1) + sizeof("1\r\n");
    GString *text = output->text;
    SgbRecord record;
    char *to;

    if (!sgb_output_admit(output)) {
        return;
    }
    sgb_record_fill(&record, r, cell);
    to = sgb_put_room(text, text->str + text->len, row);
    for (unsigned i = 0; i < SGB_RECORD_COLUMNS; i++) {
        const SgbValue *value = &record.value[i];
        size_t length;

        switch (columns[i].type) {
        case SGB_COLUMN_STRING:
            length = strlen(value->string);
            to = sgb_put_room(text, to, row + 2 * length);
            to = put_text(to, value->string, length);
            break;
        case SGB_COLUMN_SIGNED:
            to = sgb_put_signed(to, value->s);
            break;
        case SGB_COLUMN_UNSIGNED:
        default:
            to = sgb_put_number(to, value->u);
        }
        *to++ = ',';
    }
    *to++ = r->finished ? '1' : '0';
    *to++ = '\r';
    *to++ = '\n';
    sgb_put_end(text, to);
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
