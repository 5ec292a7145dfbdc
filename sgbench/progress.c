/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <unistd.h>

#include "progress.h"

#define BAR_CELLS 20
#define REDRAW_US 200000

struct Progress {
    ProgressStyle style;
    unsigned done, total;
    gint64 began, drawn; /* g_get_monotonic_time() */
    char *what;
};

static const char *const style_names[] = {
    [PROGRESS_AUTO] = "auto",
    [PROGRESS_BAR] = "bar",
    [PROGRESS_LINES] = "lines",
    [PROGRESS_NONE] = "none",
};

static ProgressStyle resolve(ProgressStyle style)
{
    if (style != PROGRESS_AUTO) {
        return style;
    }
    return isatty(STDERR_FILENO) ? PROGRESS_BAR : PROGRESS_LINES;
}

const char *progress_style_name(ProgressStyle style)
{
    return style_names[resolve(style)];
}

gboolean progress_parse_style(const char *text, ProgressStyle *style)
{
    unsigned i;

    for (i = 0; i < G_N_ELEMENTS(style_names); i++) {
        if (g_str_equal(text, style_names[i])) {
            *style = i;
            return TRUE;
        }
    }
    return FALSE;
}

Progress *progress_new(ProgressStyle style, unsigned total)
{
    Progress *progress = g_new0(Progress, 1);

    progress->style = resolve(style);
    progress->total = MAX(total, 1);
    progress->began = g_get_monotonic_time();
    return progress;
}

/* "1:23 left", or nothing while there is too little to tell from. */
static char *time_left(const Progress *progress)
{
    double elapsed = (g_get_monotonic_time() - progress->began) / 1e6;
    unsigned left;

    if (progress->done == 0 || elapsed < 2) {
        return g_strdup("");
    }
    left = elapsed * (progress->total - progress->done) / progress->done;
    return g_strdup_printf("%u:%02u left", left / 60, left % 60);
}

static void draw(Progress *progress)
{
    unsigned filled = BAR_CELLS * progress->done / progress->total;
    g_autofree char *left = time_left(progress);
    g_autofree char *bar = g_strnfill(BAR_CELLS, '.');
    unsigned i;

    for (i = 0; i < filled && i < BAR_CELLS; i++) {
        bar[i] = '#';
    }
    fprintf(stderr, "\r\033[K[%s] %3u %% %s  %.40s", bar,
            100 * progress->done / progress->total, left,
            progress->what ? progress->what : "");
    fflush(stderr);
    progress->drawn = g_get_monotonic_time();
}

void progress_advance(Progress *progress)
{
    progress->done = MIN(progress->done + 1, progress->total);
    if (progress->style == PROGRESS_BAR &&
        g_get_monotonic_time() - progress->drawn > REDRAW_US) {
        draw(progress);
    }
}

void progress_say(Progress *progress, gboolean step, const char *format, ...)
{
    va_list ap;

    g_free(progress->what);
    va_start(ap, format);
    progress->what = g_strdup_vprintf(format, ap);
    va_end(ap);
    if (progress->style == PROGRESS_BAR) {
        draw(progress);
    } else if (progress->style == PROGRESS_LINES && step) {
        g_autofree char *left = time_left(progress);

        fprintf(stderr, "%3u %%  %s%s%s\n",
                100 * progress->done / progress->total, progress->what,
                *left ? ", " : "", left);
    }
}

void progress_note(Progress *progress, const char *format, ...)
{
    g_autofree char *text = NULL;
    va_list ap;

    if (progress->style == PROGRESS_NONE) {
        return;
    }
    va_start(ap, format);
    text = g_strdup_vprintf(format, ap);
    va_end(ap);
    fprintf(stderr, "%s%s\n", progress->style == PROGRESS_BAR ? "\r\033[K" : "",
            text);
    if (progress->style == PROGRESS_BAR) {
        draw(progress);
    }
}

void progress_free(Progress *progress)
{
    if (progress->style == PROGRESS_BAR) {
        fputs("\r\033[K", stderr);
        fflush(stderr);
    }
    g_free(progress->what);
    g_free(progress);
}
