/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A run in one file: a tar archive, compressed with Zstandard or gzip, with one
 * folder, named after the run. In it is what the run directory has, and
 * bundle.json, which has the size and checksum of each file (bundle.schema.json
 * describes it). What comes from elsewhere is not trusted: bundles are read into
 * a new folder, file by file, names checked first.
 */
#ifndef REPORTS_BUNDLE_H
#define REPORTS_BUNDLE_H

#include <stdint.h>
#include <glib.h>
#include "run.h"

/* What a bundle may hold; more is refused. */
#define SGB_BUNDLE_FILES 20000
#define SGB_BUNDLE_BYTES (4ull << 30)
#define SGB_BUNDLE_RUN_BYTES (1ull << 30) /* of run.json and samples.jsonl */

typedef struct SgbBundleOptions {
    gboolean hash;     /* identities of devices, and leave traces out, as they
                        * may hold any */
    gboolean no_trace; /* leave traces out */
    gboolean force;    /* replace the file */
} SgbBundleOptions;

typedef struct SgbBundleSummary {
    unsigned files;
    uint64_t bytes;      /* not compressed */
    unsigned identities; /* hashed */
} SgbBundleSummary;

/* TRUE if @file is called like a bundle: .tar.zst or .tar.gz. */
gboolean sgb_bundle_is_name(const char *file);

/*
 * Pack run directory @folder into @file, all of it or nothing. FALSE with an
 * SGB_REPORT_ERROR: OPEN, FORMAT if @folder is no run or @file no name of a
 * bundle, WRITE.
 */
gboolean sgb_bundle_write(const char *folder, const char *file,
                          const SgbBundleOptions *options,
                          SgbBundleSummary *summary, GError **error);

/*
 * Unpack @file into @folder, which must not exist. FALSE, and no folder, with
 * an SGB_REPORT_ERROR: OPEN, FORMAT if it is no bundle, is damaged, or has
 * anything in it that a bundle has not (links, devices, names that lead out of
 * it, too much), WRITE.
 */
gboolean sgb_bundle_extract(const char *file, const char *folder,
                            GError **error);

/* The run in @file, with the path @file; as sgb_run_load. */
SgbRun *sgb_bundle_load(const char *file, GError **error);

/* The texts of a run in a bundle. */
typedef struct SgbBundleTexts {
    GBytes *run;     /* run.json */
    GBytes *journal; /* samples.jsonl, or NULL */
} SgbBundleTexts;

/* Read them from @file; nothing is written anywhere. Errors as for
 * sgb_bundle_extract. */
gboolean sgb_bundle_read(const char *file, SgbBundleTexts *texts,
                         GError **error);
void sgb_bundle_texts_clear(SgbBundleTexts *texts);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(SgbBundleTexts, sgb_bundle_texts_clear)

#endif
