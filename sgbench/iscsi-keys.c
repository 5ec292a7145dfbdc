/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "iscsi-keys.h"
#include "medium.h"
#include "target-kinds.h"

#define TAPE_TRANSFER (1 << 20) /* usr/ssc.c and spc.c: blocks above fail */
#define CHANGER_TRANSFER 4096   /* usr/smc.c: an answer is a page at most */

/* Fail if @spec has one of @keys, which @what has not; @why: a remedy or the
 * reason. */
static gboolean has_none(const Job *job, const TargetSpec *spec,
                         const char *const *keys, const char *what,
                         const char *why, GError **error)
{
    for (unsigned i = 0; keys[i]; i++) {
        if (target_key(spec, keys[i], NULL)) {
            target_spec_error(job, spec, keys[i], error, "%s has no %s: %s",
                              what, keys[i], why);
            return FALSE;
        }
    }
    return TRUE;
}

/* TRUE if the value of @key is @word; @otherwise is its default. */
static gboolean is(const TargetSpec *spec, const char *key,
                   const char *otherwise, const char *word)
{
    return strcmp(target_key(spec, key, otherwise), word) == 0;
}

static gboolean read_each(const Job *job, const TargetSpec *spec,
                          IscsiKeys *keys, GError **error)
{
    static const char *const known[] = {"device",     "backing", "store",
                                        "size",       "segment", "unmap",
                                        "block-size", NULL};
    static const char *const devices[] = {"disk", "tape", "changer", NULL};
    static const char *const backings[] = {"file", "null", NULL};
    static const char *const stores[] = {"memory", "disk", NULL};
    static const char *const block_sizes[] = {"512", "4096", NULL};
    static const char *const no_yes[] = {"no", "yes", NULL};

    if (!target_only_keys(job, spec, known, error) ||
        !target_key_choice(job, spec, "device", devices, error) ||
        !target_key_choice(job, spec, "backing", backings, error) ||
        !target_key_choice(job, spec, "store", stores, error) ||
        !target_key_choice(job, spec, "unmap", no_yes, error) ||
        !target_key_choice(job, spec, "block-size", block_sizes, error) ||
        !target_key_size(job, spec, "size", 256 << 20, 1 << 20, 1ull << 40,
                         &keys->size, error) ||
        /* RFC 7143 13.12: 512 to 2^24 - 1 */
        !target_key_size(job, spec, "segment", 256 << 10, 512, 8 << 20,
                         &keys->segment, error)) {
        return FALSE;
    }
    keys->tape = is(spec, "device", "disk", "tape");
    keys->changer = is(spec, "device", "disk", "changer");
    keys->null = is(spec, "backing", "file", "null");
    keys->in_memory = is(spec, "store", "memory", "memory");
    keys->unmap = is(spec, "unmap", "no", "yes");
    keys->block_size = is(spec, "block-size", "512", "512") ? 512 : 4096;
    return TRUE;
}

/* What does not go together. */
static gboolean check_together(const Job *job, const TargetSpec *spec,
                               const IscsiKeys *keys, GError **error)
{
    static const char *const of_changer[] = {"backing", "size",       "store",
                                             "unmap",   "block-size", NULL};
    static const char *const of_null[] = {"size", "store", "unmap", NULL};
    static const char *const of_tape[] = {"unmap", "block-size", NULL};

    if (keys->changer) {
        return has_none(job, spec, of_changer, "a changer", "leave it out",
                        error);
    }
    if (keys->null && !has_none(job, spec, of_null, "a null backing store",
                                "it is always 1 TiB of nothing", error)) {
        return FALSE;
    }
    if (keys->tape && !has_none(job, spec, of_tape, "a tape",
                                "key block of a matrix sets blocks", error)) {
        return FALSE;
    }
    if (keys->null && keys->tape) {
        target_spec_error(job, spec, "backing", error,
                          "a tape of tgtd has no null backing store; kind = "
                          "null has a tape that stores nothing");
        return FALSE;
    }
    if (keys->tape && keys->size % (1 << 20)) {
        target_spec_error(job, spec, "size", error,
                          "size of a tape must be a multiple of 1M");
        return FALSE;
    }
    if (keys->size % 4096) {
        target_spec_error(job, spec, "size", error,
                          "size must be a multiple of 4K");
        return FALSE;
    }
    return TRUE;
}

static TargetCaps caps_of(const IscsiKeys *keys)
{
    if (keys->changer) {
        return (TargetCaps){
            .medium = &medium_changer,
            .stores_data = TRUE,
            .reports_resid = FALSE,
            .machine_speed = TRUE,
            .max_depth = 1,
            .max_transfer = CHANGER_TRANSFER,
            .block_size = 1,
            .verdicts = "a changer's commands, correctness only",
        };
    }
    return (TargetCaps){
        .medium = keys->tape ? &medium_tape : &medium_disk,
        .stores_data = !keys->null,
        /* 2-fixes; QEMU 10.0 always says 0. The tape sends all that was asked
         * for, whatever a block has: the rest is of other commands. */
        .reports_resid = !keys->tape,
        .kernel_sgio = FALSE,
        .machine_speed = TRUE,
        .max_depth = keys->tape ? 1 : 64, /* tgt's MaxQueueCmd is 128 */
        .max_transfer = keys->tape ? TAPE_TRANSFER : 16 << 20,
        .block_size = keys->tape ? 1 : keys->block_size,
        .no_unmap = !keys->unmap,
        .no_unmap_remedy = keys->null ? NULL : "write unmap=yes in its group",
        .size = keys->null ? 1ull << 40 : keys->size,
        .verdicts =
            keys->null
                ? "CPU and throughput, network cost included; not on data"
                : "data, CPU and throughput, network cost included; not on the "
                  "kernel's SG_IO",
    };
}

gboolean iscsi_keys_read(const Job *job, const TargetSpec *spec,
                         IscsiKeys *keys, TargetCaps *caps, GError **error)
{
    if (!read_each(job, spec, keys, error) ||
        !check_together(job, spec, keys, error)) {
        return FALSE;
    }
    *caps = caps_of(keys);
    return TRUE;
}
