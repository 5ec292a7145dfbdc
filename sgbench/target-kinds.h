/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For the files that implement a target kind: the kinds, the parts of Target
 * that are alike, and the keys of a [target] group.
 */
#ifndef SGBENCH_TARGET_KINDS_H
#define SGBENCH_TARGET_KINDS_H

#include "target.h"

extern const TargetKind target_device, target_iscsi, target_lab_changer,
    target_lab_disk, target_lab_tape, target_null, target_url;

/* Fill in and free what every Target has; the struct itself is the kind's. */
void target_init(Target *target, const TargetKind *kind, const TargetSpec *spec,
                 const TargetCaps *caps);
void target_clear(Target *target);

/* Record a setting for run.json. */
void target_set(Target *target, const char *name, const char *format, ...)
    G_GNUC_PRINTF(3, 4);

/* Value of @key, or @fallback; borrowed. */
const char *target_key(const TargetSpec *spec, const char *key,
                       const char *fallback);

/* SGBENCH_ERROR_USAGE at the first key that is not in @known (ended by NULL),
 * at a size or number out of range, at a word not in @choices (the first is the default;
 * ended by NULL). */
gboolean target_only_keys(const Job *job, const TargetSpec *spec,
                          const char *const *known, GError **error);
gboolean target_key_size(const Job *job, const TargetSpec *spec,
                         const char *key, uint64_t fallback, uint64_t min,
                         uint64_t max, uint64_t *bytes, GError **error);
gboolean target_key_number(const Job *job, const TargetSpec *spec,
                           const char *key, uint64_t fallback, uint64_t min,
                           uint64_t max, uint64_t *number, GError **error);
gboolean target_key_choice(const Job *job, const TargetSpec *spec,
                           const char *key, const char *const *choices,
                           GError **error);

#endif
