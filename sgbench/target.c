/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <glib.h>
#include <scsi/sg_lib.h>
#include <scsi/sg_unaligned.h>
#include <string.h>

#include "error.h"
#include "target.h"
#include "target-kinds.h"

#define INQUIRY_BYTES 36  /* SPC-4 6.6.2: up to the revision */
#define SERIAL_BYTES 252  /* SPC-4 7.8.18, page 80h */
#define CAPACITY_BYTES 32 /* SBC-4 5.20.2 */
#define SENSE_KEY_UNIT_ATTENTION 6
#define ATTENTIONS_MAX 10 /* scsi_debug has half a dozen at power on */

const TargetKind *const target_kinds[] = {
    &target_iscsi,
    &target_lab_disk,
    &target_null,
    NULL,
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

/*
 * Send a command whose @length bytes of data go to the start of the arena.
 * Unit attentions (SAM-5 5.14: the device says once what happened to it) are
 * not an answer to the command: it is sent again.
 */
static gboolean ask(Initiator *initiator, Command *command,
                    Completion *completion, GError **error)
{
    Piece piece = {.offset = initiator->arena.start, .length = command->length};

    command->pieces = command->length ? &piece : NULL;
    command->n_pieces = command->length ? 1 : 0;
    for (unsigned i = 0; i < ATTENTIONS_MAX; i++) {
        memset(initiator->arena.base + piece.offset, 0, piece.length);
        if (!initiator_send(initiator, command, completion, error)) {
            return FALSE;
        }
        if (completion->transport || completion->response ||
            sg_get_sense_key(completion->sense, completion->sense_length) !=
                SENSE_KEY_UNIT_ATTENTION) {
            break;
        }
    }
    command->pieces = NULL;
    return TRUE;
}

/* A short answer is allowed: devices return what they have (SPC-4 4.2.5.6). */
static gboolean answered(const Completion *completion)
{
    return !completion->transport && !completion->response &&
           completion->status == SAM_STAT_GOOD;
}

static gboolean refused(const Target *target, const char *command,
                        const Completion *completion, GError **error)
{
    g_autofree char *text = completion_text(completion);

    g_set_error(error, SGBENCH_ERROR, SGBENCH_ERROR_TARGET, "%s (%s): %s: %s",
                target->name, target->device, command, text);
    return FALSE;
}

/* @length bytes of ASCII (SPC-4 4.3.1), without blanks around; the caller's.
 * Whatever is not printable becomes a '?': it goes to messages and JSON. */
static char *ascii(const uint8_t *data, unsigned length)
{
    char *text = g_strndup((const char *)data, length);

    for (char *p = text; *p; p++) {
        *p = g_ascii_isprint(*p) ? *p : '?';
    }
    return g_strstrip(text);
}

static gboolean identify_inquiry(Target *target, Initiator *initiator,
                                 GError **error)
{
    const uint8_t *data = initiator->arena.base + initiator->arena.start;
    Completion completion = {0};
    Command command = {0};
    unsigned length;

    command_inquiry(&command, -1, INQUIRY_BYTES);
    if (!ask(initiator, &command, &completion, error)) {
        return FALSE;
    }
    if (!answered(&completion)) {
        return refused(target, "INQUIRY", &completion, error);
    }
    target->vendor = ascii(data + 8, 8);
    target->product = ascii(data + 16, 16);
    target->revision = ascii(data + 32, 4);

    command_inquiry(&command, 0x80, SERIAL_BYTES);
    if (!ask(initiator, &command, &completion, error)) {
        return FALSE;
    }
    /* The page is optional. */
    length = answered(&completion) && data[1] == 0x80
                 ? sg_get_unaligned_be16(data + 2)
                 : 0;
    target->serial = ascii(data + 4, MIN(length, SERIAL_BYTES - 4));
    return TRUE;
}

/* READ CAPACITY (16) into *blocks and *block_size. */
static gboolean read_capacity(const Target *target, Initiator *initiator,
                              uint64_t *blocks, uint32_t *block_size,
                              GError **error)
{
    const uint8_t *data = initiator->arena.base + initiator->arena.start;
    Completion completion = {0};
    Command command = {0};

    command_read_capacity_16(&command, CAPACITY_BYTES);
    if (!ask(initiator, &command, &completion, error)) {
        return FALSE;
    }
    if (!answered(&completion)) {
        return refused(target, "READ CAPACITY (16)", &completion, error);
    }
    *blocks = sg_get_unaligned_be64(data) + 1; /* last LBA */
    *block_size = sg_get_unaligned_be32(data + 8);
    return TRUE;
}

/* @initiator: at rest. What was known before is replaced. */
gboolean target_identify(Target *target, Initiator *initiator, GError **error)
{
    g_clear_pointer(&target->vendor, g_free);
    g_clear_pointer(&target->product, g_free);
    g_clear_pointer(&target->revision, g_free);
    g_clear_pointer(&target->serial, g_free);
    if (!identify_inquiry(target, initiator, error) ||
        !read_capacity(target, initiator, &target->blocks, &target->block_size,
                       error)) {
        return FALSE;
    }
    if (!target->blocks || target->block_size < 512 ||
        (target->block_size & (target->block_size - 1))) {
        g_set_error(error, SGBENCH_ERROR, SGBENCH_ERROR_TARGET,
                    "%s (%s): %" G_GUINT64_FORMAT " blocks of %u bytes: not a "
                    "disk that can be used",
                    target->name, target->device, target->blocks,
                    target->block_size);
        return FALSE;
    }
    return TRUE;
}

gboolean target_bring_up(const Target *target, Initiator *initiator,
                         GError **error)
{
    Completion completion = {0};
    Command command = {0};
    uint64_t blocks;
    uint32_t block_size;

    command_test_unit_ready(&command);
    if (!ask(initiator, &command, &completion, error)) {
        return FALSE;
    }
    if (!answered(&completion)) {
        return refused(target, "TEST UNIT READY", &completion, error);
    }
    if (!read_capacity(target, initiator, &blocks, &block_size, error)) {
        return FALSE;
    }
    if (blocks != target->blocks || block_size != target->block_size) {
        g_set_error(error, SGBENCH_ERROR, SGBENCH_ERROR_TARGET,
                    "%s (%s): %" G_GUINT64_FORMAT " blocks of %u bytes on one "
                    "path, %" G_GUINT64_FORMAT " of %u on another: not the "
                    "same device",
                    target->name, target->device, blocks, block_size,
                    target->blocks, target->block_size);
        return FALSE;
    }
    return TRUE;
}
