/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Were two runs made in the same way, on the same machine, with the same
 * software and device? If more than one thing differs, nothing can be said of
 * any of them.
 */
#ifndef REPORTS_LIKENESS_H
#define REPORTS_LIKENESS_H

#include <glib.h>
#include "run.h"

/* What may be declared to vary. */
typedef enum SgbFactor {
    SGB_FACTOR_NONE, /* everything else: machine, way of measuring */
    SGB_FACTOR_QEMU,
    SGB_FACTOR_KERNEL,
    SGB_FACTOR_DEVICE, /* target: kind, identity, settings */
    SGB_FACTOR__COUNT,
} SgbFactor;

typedef struct SgbDifference {
    SgbFactor factor; /* that it belongs to */
    char *what;       /* "CPU", "target lun, setting size" */
    char *base, *new; /* what it is in each run */
} SgbDifference;

/* "qemu", "kernel", "device"; of NONE "nothing". */
const char *sgb_factor_name(SgbFactor factor);

/* The factor called @name; SGB_FACTOR__COUNT if none is. */
SgbFactor sgb_factor_find(const char *name);

/*
 * What differs between @base and @new, as far as the cells that both have
 * depend on it (SgbDifference *, freed with the array). A QEMU of which nothing
 * is known differs from any other.
 */
GPtrArray *sgb_differences(const SgbRun *base, const SgbRun *new);

/* TRUE if the QEMU build of path @name is known to be the same in both, or the
 * path has none. */
gboolean sgb_same_build(const SgbRun *base, const SgbRun *new,
                        const char *path);

/*
 * What must not differ between runs of a history that are to be seen as one
 * series, in a few words that are equal if it does not: machine and way of
 * measuring, and the device of target @target, but neither QEMU nor kernel. A
 * hash in hex; the caller's.
 */
char *sgb_series_environment(const SgbRun *run, const char *target);

#endif
