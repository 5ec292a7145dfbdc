/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "writer.h"

const SgbWriter *const sgb_writers[] = {
    &sgb_writer_html,
    &sgb_writer_text,
    &sgb_writer_cover_letter,
    &sgb_writer_markdown,
    &sgb_writer_csv,
    &sgb_writer_json,
    NULL,
};

const SgbWriter *sgb_writer_by_name(const char *name)
{
    for (unsigned i = 0; sgb_writers[i]; i++) {
        if (g_str_equal(sgb_writers[i]->name, name)) {
            return sgb_writers[i];
        }
    }
    return NULL;
}

const SgbWriter *sgb_writer_by_suffix(const char *name)
{
    for (unsigned i = 0; sgb_writers[i]; i++) {
        if (g_str_has_suffix(name, sgb_writers[i]->suffix)) {
            return sgb_writers[i];
        }
    }
    return NULL;
}
