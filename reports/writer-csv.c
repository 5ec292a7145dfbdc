/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <math.h>
#include <string.h>

#include "block.h"
#include "figure.h"
#include "json.h"
#include "writer.h"

/* One field, quoted as RFC 4180 has it, and so that no spreadsheet takes it for
 * a formula. */
static void add_text(GString *out, const char *text)
{
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    gboolean formula = *valid && strchr("=+-@\t\r", *valid);

    if (!formula && !strpbrk(valid, "\",\r\n")) {
        g_string_append_printf(out, "%s,", valid);
        return;
    }
    g_string_append(out, formula ? "\"'" : "\"");
    for (const char *p = valid; *p; p++) {
        if (*p == '"') {
            g_string_append_c(out, '"');
        }
        g_string_append_c(out, *p);
    }
    g_string_append(out, "\",");
}

static void add_number(GString *out, double value)
{
    char text[G_ASCII_DTOSTR_BUF_SIZE];

    g_string_append(out, isfinite(value) ? g_ascii_formatd(text, sizeof(text),
                                                           "%.9g", value)
                                         : "");
    g_string_append_c(out, ',');
}

static void add_sample(GString *out, const SgbRun *run, const SgbCell *cell,
                       const SgbSample *s)
{
    add_text(out, sgb_json_string(sgb_json_object(run->json, "run"), "id"));
    add_text(out, cell->target);
    add_text(out, cell->path);
    add_text(out, cell->operation);
    add_text(out, cell->random ? "random" : "sequential");
    add_text(out, cell->layout);
    add_text(out, cell->hba ? cell->hba : "virtio-scsi");
    g_string_append_printf(out,
                           "%" G_GUINT64_FORMAT ",%u,%u,%" G_GUINT64_FORMAT
                           ",%d,%" G_GUINT64_FORMAT ",%" G_GUINT64_FORMAT
                           ",%u,%" G_GUINT64_FORMAT ",%" G_GUINT64_FORMAT
                           ",%" G_GUINT64_FORMAT ",",
                           cell->size, cell->depth, cell->reads, cell->shift,
                           cell->cdb_size, cell->tape_block, cell->filemarks,
                           s->round, s->requests, s->bytes, s->failed);
    for (unsigned i = 0; i < SGB_FIGURE__COUNT; i++) {
        add_number(out, s->figures[i]);
    }
    g_string_append_printf(out, "%" G_GUINT64_FORMAT "\r\n", s->slowest);
}

static gboolean write_csv(GPtrArray *runs, GString *out, GError **error)
{
    g_string_append(out, "run,target,path,operation,access,layout,hba,size,"
                         "depth,reads,shift,cdb_size,"
                         "tape_block,filemarks,round,requests,bytes,failed,");
    for (unsigned i = 0; i < SGB_FIGURE__COUNT; i++) {
        g_string_append_printf(out, "%s,", sgb_figure_kinds[i].name);
    }
    g_string_append(out, "slowest\r\n");
    for (unsigned r = 0; r < runs->len; r++) {
        const SgbRun *run = g_ptr_array_index(runs, r);

        for (unsigned c = 0; c < run->cells->len; c++) {
            const SgbCell *cell = g_ptr_array_index(run->cells, c);

            for (unsigned i = 0; i < cell->samples->len; i++) {
                add_sample(out, run, cell, g_ptr_array_index(cell->samples, i));
            }
        }
    }
    return TRUE;
}

const SgbWriter sgb_writer_csv = {
    .name = "csv",
    .summary = "a line for each cell of each round",
    .suffix = ".csv",
    .write = write_csv,
};
