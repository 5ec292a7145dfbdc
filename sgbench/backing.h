/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files without a name that targets of tgtd store their data in: gone with the
 * last who has them open, whatever ends us.
 */
#ifndef SGBENCH_BACKING_H
#define SGBENCH_BACKING_H

#include <stdint.h>
#include <glib.h>

/*
 * A file of @size bytes in memory, or else in @folder, all of it allocated:
 * reads of a hole and writes that allocate would be measured otherwise. Its
 * descriptor is the caller's. -1 with SGBENCH_ERROR_TARGET that says what to
 * do.
 */
int backing_new(const char *folder, gboolean memory, uint64_t size,
                GError **error);

/* Make it the image of a blank tape of @size bytes (a multiple of 1 MiB), as
 * tgtd's ssc wants it: tgtimg does, whose output goes to @log. */
gboolean backing_make_tape(int fd, uint64_t size, const char *log,
                           GError **error);

#endif
