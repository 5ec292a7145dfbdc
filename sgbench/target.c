/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <glib.h>
#include <scsi/sg_unaligned.h>
#include <string.h>

#include "ask.h"
#include "error.h"
#include "medium.h"
#include "target.h"
#include "target-kinds.h"

#define INQUIRY_BYTES 36 /* SPC-4 6.6.2: up to the revision */
#define SERIAL_BYTES 252 /* SPC-4 7.8.18, page 80h */

const TargetKind *const target_kinds[] = {
    &target_device,   &target_iscsi, &target_lab_changer, &target_lab_disk,
    &target_lab_tape, &target_null,  &target_url,         NULL,
};

const TargetKind *target_find(const char *name)
{
    for (const TargetKind *const *kind = target_kinds; *kind; kind++) {
        if (strcmp((*kind)->name, name) == 0) {
            return *kind;
        }
    }
    return NULL;
}

/* From the main thread: targets start processes (process.h). */
Target *target_start(RunContext *context, const Job *job,
                     const TargetSpec *spec, GError **error)
{
    const TargetKind *kind = target_find(spec->kind);
    TargetCaps caps;
    Target *target;

    if (!kind) {
        target_spec_error(job, spec, "kind", error, "no target kind \"%s\"",
                          spec->kind);
        return NULL;
    }
    if (!kind->check(job, spec, &caps, error)) {
        return NULL;
    }
    target = kind->start(context, job, spec, error);
    if (!target) {
        g_prefix_error(error, "target %s: ", spec->name);
        return NULL;
    }
    g_assert(target->kind == kind && target->device && target->settings);
    return target;
}

/* NULL is allowed. */
void target_stop(Target *target)
{
    if (target) {
        target->kind->stop(target);
    }
}

void target_init(Target *target, const TargetKind *kind, const TargetSpec *spec,
                 const TargetCaps *caps)
{
    target->kind = kind;
    target->name = g_strdup(spec->name);
    target->caps = *caps;
    target->settings =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
}

void target_clear(Target *target)
{
    g_free(target->name);
    g_free(target->vendor);
    g_free(target->product);
    g_free(target->revision);
    g_free(target->serial);
    g_free(target->device);
    g_free(target->block_device);
    g_clear_pointer(&target->settings, g_hash_table_unref);
}

void target_set(Target *target, const char *name, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    g_hash_table_insert(target->settings, g_strdup(name),
                        g_strdup_vprintf(format, arguments));
    va_end(arguments);
}

const char *target_key(const TargetSpec *spec, const char *key,
                       const char *fallback)
{
    const char *value = g_hash_table_lookup(spec->keys, key);

    return value ? value : fallback;
}

gboolean target_only_keys(const Job *job, const TargetSpec *spec,
                          const char *const *known, GError **error)
{
    GHashTableIter iter;
    gpointer key;

    g_hash_table_iter_init(&iter, spec->keys);
    while (g_hash_table_iter_next(&iter, &key, NULL)) {
        if (!g_strv_contains(known, key) && strcmp(key, "kind") != 0) {
            g_autofree char *list = g_strjoinv(", ", (char **)known);

            target_spec_error(job, spec, key, error,
                              "unknown key \"%s\"; a target of kind %s has: %s",
                              (char *)key, spec->kind, list);
            return FALSE;
        }
    }
    return TRUE;
}

gboolean target_key_size(const Job *job, const TargetSpec *spec,
                         const char *key, uint64_t fallback, uint64_t min,
                         uint64_t max, uint64_t *bytes, GError **error)
{
    const char *text = target_key(spec, key, NULL);
    g_autofree char *low = job_size_text(min), *high = job_size_text(max);

    *bytes = fallback;
    if (!text) {
        return TRUE;
    }
    if (!job_parse_size(text, bytes) || *bytes < min || *bytes > max) {
        target_spec_error(job, spec, key, error,
                          "%s = %s: a size from %s to %s is wanted", key, text,
                          low, high);
        return FALSE;
    }
    return TRUE;
}

gboolean target_key_number(const Job *job, const TargetSpec *spec,
                           const char *key, uint64_t fallback, uint64_t min,
                           uint64_t max, uint64_t *number, GError **error)
{
    const char *text = target_key(spec, key, NULL);

    *number = fallback;
    if (text && !g_ascii_string_to_unsigned(text, 10, min, max, number, NULL)) {
        target_spec_error(job, spec, key, error,
                          "%s = %s: a whole number from %" G_GUINT64_FORMAT
                          " to %" G_GUINT64_FORMAT " is wanted",
                          key, text, min, max);
        return FALSE;
    }
    return TRUE;
}

gboolean target_key_choice(const Job *job, const TargetSpec *spec,
                           const char *key, const char *const *choices,
                           GError **error)
{
    const char *text = target_key(spec, key, choices[0]);

    if (!g_strv_contains(choices, text)) {
        g_autofree char *list = g_strjoinv(", ", (char **)choices);

        target_spec_error(job, spec, key, error, "%s = %s: must be one of: %s",
                          key, text, list);
        return FALSE;
    }
    return TRUE;
}

static gboolean identify_inquiry(Target *target, Initiator *initiator,
                                 GError **error)
{
    const uint8_t *data = ask_data(initiator);
    Completion completion = {0};
    Command command = {0};
    unsigned length;

    command_inquiry(&command, -1, INQUIRY_BYTES);
    if (!ask_good(target, initiator, &command, "INQUIRY", error)) {
        return FALSE;
    }
    target->vendor = command_ascii(data + 8, 8);
    target->product = command_ascii(data + 16, 16);
    target->revision = command_ascii(data + 32, 4);

    command_inquiry(&command, 0x80, SERIAL_BYTES);
    if (!ask(initiator, &command, &completion, error)) {
        return FALSE;
    }
    /* The page is optional. */
    length = ask_answered(&completion) && data[1] == 0x80
                 ? sg_get_unaligned_be16(data + 2)
                 : 0;
    target->serial = command_ascii(data + 4, MIN(length, SERIAL_BYTES - 4));
    return TRUE;
}

/* @initiator: at rest. What was known before is replaced. */
gboolean target_identify(Target *target, Initiator *initiator, GError **error)
{
    g_clear_pointer(&target->vendor, g_free);
    g_clear_pointer(&target->product, g_free);
    g_clear_pointer(&target->revision, g_free);
    g_clear_pointer(&target->serial, g_free);
    return identify_inquiry(target, initiator, error) &&
           target->caps.medium->identify(target, initiator, error);
}

gboolean target_bring_up(const Target *target, Initiator *initiator,
                         GError **error)
{
    Command command = {0};

    command_test_unit_ready(&command);
    return ask_good(target, initiator, &command, "TEST UNIT READY", error) &&
           target->caps.medium->bring_up(target, initiator, error);
}
