/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "correlate.h"

#define FLUSH_BYTES 65536

const SgbOutputKind *const sgb_output_kinds[] = {
    &sgb_output_text, &sgb_output_json, &sgb_output_csv, &sgb_output_timeline,
    NULL};

static void on_cell_begin(void *opaque, const SgbTraceCell *cell)
{
    SgbOutput *output = opaque;

    output->analysis->cells++;
}

static void on_request(void *opaque, const SgbRequest *request,
                       const SgbTraceCell *cell)
{
    SgbOutput *output = opaque;

    if (!output->kind->request) {
        sgb_analysis_request(output->analysis, request, cell);
    } else if (sgb_analysis_selects(output->analysis, request, cell)) {
        output->kind->request(output, request, cell);
    }
}

static void on_level(void *opaque, const SgbLevel *level)
{
    SgbOutput *output = opaque;

    if (!output->kind->level) {
        sgb_analysis_level(output->analysis, level);
    } else if (sgb_analysis_selects_level(output->analysis, level)) {
        output->kind->level(output, level);
    }
}

SgbOutput *sgb_output_new(const SgbOutputKind *kind, SgbOptions *options,
                          GError **error)
{
    SgbOutput *output = g_new0(SgbOutput, 1);

    output->kind = kind;
    output->options = options;
    output->text = g_string_new(NULL);
    output->sink = (SgbTraceSink){
        .cell_begin = on_cell_begin,
        .request = on_request,
        .level = kind->request && !kind->level ? NULL : on_level,
        .opaque = output,
    };
    output->correlator = sgb_correlator_new(&output->sink, &output->counts);
    output->analysis =
        sgb_analysis_new(&options->selection, &output->counts, options->top);
    output->file = stdout;
    if (options->path) {
        /* What is there stays until there is something to write: the trace
         * may turn out to be none. */
        int fd = open(options->path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);

        output->file = fd < 0 ? NULL : fdopen(fd, "w");
        output->opened = output->file != NULL;
    }
    if (!output->file) {
        int code = errno;

        g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(code),
                    "%s: can't write: %s", options->path, g_strerror(code));
        sgb_output_free(output);
        return NULL;
    }
    if (kind->begin) {
        kind->begin(output);
    }
    return output;
}

void sgb_output_message(SgbOutput *output, const bt_message *message)
{
    sgb_correlator_message(output->correlator, message);
}

/* Before the first byte goes into it. A pipe or device has no length. */
static void empty_file(SgbOutput *output)
{
    if (output->opened && !output->emptied) {
        output->emptied = TRUE;
        if (ftruncate(fileno(output->file), 0) < 0 && errno != EINVAL) {
            output->fault = errno;
        }
    }
}

void sgb_output_flush(SgbOutput *output, gboolean all)
{
    if (!all && output->text->len < FLUSH_BYTES) {
        return;
    }
    empty_file(output);
    if (output->text->len && !output->fault &&
        fwrite(output->text->str, output->text->len, 1, output->file) != 1) {
        output->fault = errno ? errno : EIO;
    }
    g_string_truncate(output->text, 0);
}

gboolean sgb_output_admit(SgbOutput *output)
{
    uint64_t limit = output->options->limit;

    if (limit && output->written >= limit) {
        output->left_out++;
        return FALSE;
    }
    output->written++;
    return TRUE;
}

static gboolean check(SgbOutput *output, GError **error)
{
    const char *path = output->options->path;

    sgb_output_flush(output, TRUE);
    if (!output->fault && fflush(output->file) != 0) {
        output->fault = errno;
    }
    if (output->opened) {
        output->opened = FALSE;
        if (fclose(output->file) != 0 && !output->fault) {
            output->fault = errno;
        }
    }
    if (output->fault) {
        g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(output->fault),
                    "%s: can't write: %s", path ? path : "standard output",
                    g_strerror(output->fault));
        return FALSE;
    }
    return TRUE;
}

gboolean sgb_output_refresh(SgbOutput *output, GError **error)
{
    g_assert(output->kind == &sgb_output_text && !output->options->path);
    output->kind->end(output);
    return check(output, error);
}

gboolean sgb_output_finish(SgbOutput *output, GError **error)
{
    sgb_correlator_finish(output->correlator);
    output->kind->end(output);
    return check(output, error);
}

void sgb_output_free(SgbOutput *output)
{
    if (!output) {
        return;
    }
    if (output->opened) {
        fclose(output->file);
    }
    sgb_correlator_free(output->correlator);
    sgb_analysis_free(output->analysis);
    sgb_options_free(output->options);
    g_string_free(output->text, TRUE);
    if (output->private_free) {
        output->private_free(output->private);
    }
    g_free(output);
}
