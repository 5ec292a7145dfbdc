/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <scsi/sg_unaligned.h>
#include <string.h>

#include "ask.h"
#include "cartridge.h"
#include "cell.h"
#include "error.h"
#include "foreign.h"
#include "medium.h"
#include "signature.h"

#define PAGE_BYTES 252
#define PAGE_SERIAL 0x80
#define PAGE_IDENTIFICATION 0x83
#define OP_MODE_SENSE_6 0x1a
#define OP_MODE_SENSE_10 0x5a
#define ALL_PAGES 0x3f
#define WRITE_PROTECTED (1 << 7) /* SBC-4 6.5.1, SSC-3 8.3: WP */
#define IN_DRIVE "in:"

/* Is it one of those that are to be run (job_only())? */
static gboolean is_wanted(const Job *job, const Cell *cell)
{
    g_autofree char *id = cell_id(cell, cell->path);
    gboolean wanted = job->only->len == 0;

    for (unsigned i = 0; i < job->only->len; i++) {
        wanted |= g_pattern_match_simple(job->only->pdata[i], id);
    }
    return wanted;
}

static gboolean path_writes(const Job *job, const Matrix *matrix,
                            const TargetSpec *spec, const PathKind *path)
{
    for (unsigned i = 0; i < cell_combinations(matrix); i++) {
        Cell cell = {.target = spec, .path = path};

        cell_combine(&cell, matrix, i);
        if (cell_writes(&cell) && is_wanted(job, &cell)) {
            return TRUE;
        }
    }
    return FALSE;
}

gboolean foreign_is_written(const Job *job, const TargetSpec *spec,
                            const TargetCaps *caps)
{
    for (unsigned i = 0; i < job->matrices->len; i++) {
        const Matrix *matrix = g_ptr_array_index(job->matrices, i);

        for (unsigned j = 0; j < matrix->paths->len; j++) {
            if (g_ptr_array_find(matrix->targets, spec, NULL) &&
                path_writes(job, matrix, spec, matrix->paths->pdata[j])) {
                return TRUE;
            }
        }
    }
    return caps->medium == &medium_tape;
}

/* ---- who it is ---- */

/* SPC-4 7.8.6: a designator of the logical unit as the kernel writes it
 * (drivers/scsi/scsi_lib.c, scsi_vpd_lun_id); the caller's, or NULL. */
static char *designator_text(const uint8_t *descriptor)
{
    unsigned code_set = descriptor[0] & 0x0f, length = descriptor[3];
    unsigned association = descriptor[1] >> 4 & 3, type = descriptor[1] & 0x0f;
    const char *prefix = type == 2 ? "eui." : type == 3 ? "naa." : NULL;
    GString *text;

    if (association != 0 || !prefix || code_set != 1) {
        return NULL;
    }
    text = g_string_new(prefix);
    for (unsigned i = 0; i < length; i++) {
        g_string_append_printf(text, "%02x", descriptor[4 + i]);
    }
    return g_string_free(text, FALSE);
}

/* Does the device answer to @name in its page 83h? FALSE in *@matches also if
 * it has no such page. */
static gboolean matches_designator(Initiator *initiator, const char *name,
                                   gboolean *matches, GError **error)
{
    const uint8_t *data = ask_data(initiator);
    Completion completion = {0};
    Command command = {0};
    unsigned end, at;

    *matches = FALSE;
    command_inquiry(&command, PAGE_IDENTIFICATION, PAGE_BYTES);
    if (!ask(initiator, &command, &completion, error)) {
        return FALSE;
    }
    if (!ask_answered(&completion) || data[1] != PAGE_IDENTIFICATION) {
        return TRUE;
    }
    end = MIN(PAGE_BYTES, 4u + sg_get_unaligned_be16(data + 2));
    for (at = 4; at + 4 <= end && at + 4 + data[at + 3] <= end;
         at += 4 + data[at + 3]) {
        g_autofree char *text = designator_text(data + at);

        if (text && g_ascii_strcasecmp(text, name) == 0) {
            *matches = TRUE;
        }
    }
    return TRUE;
}

static gboolean is_named(RunContext *context, const Target *target,
                         Initiator *initiator, gboolean *named, GError **error)
{
    const char *const *name = context->write_to;

    for (*named = FALSE; name && *name && !*named; name++) {
        *named = (*name)[0] && g_str_equal(*name, target->serial);
        if (!*named && !matches_designator(initiator, *name, named, error)) {
            return FALSE;
        }
    }
    return TRUE;
}

static gboolean tape_is_named(RunContext *context, const Target *target,
                              const Cartridge *cartridge)
{
    const char *const *name = context->write_to_tape;

    for (; name && *name; name++) {
        if (cartridge_is(cartridge, *name)) {
            return TRUE;
        }
        if (!cartridge_known(cartridge) && target->serial[0] &&
            g_str_has_prefix(*name, IN_DRIVE) &&
            g_str_equal(*name + strlen(IN_DRIVE), target->serial)) {
            return TRUE;
        }
    }
    return FALSE;
}

/* What else whoever names it has to know: "; --write-to names A, B", and that
 * nobody here looks after other hosts. */
static char *names_text(const Target *target, const char *option,
                        const char *const *names)
{
    GString *text = g_string_new(NULL);

    if (target->caps.users_unseen) {
        g_string_append(text, "; whether another host uses it can't be seen: "
                              "make sure that none does");
    }
    if (names && *names) {
        g_autofree char *list = g_strjoinv(", ", (char **)names);

        g_string_append_printf(text, "; %s names %s", option, list);
    }
    return g_string_free(text, FALSE);
}

static gboolean not_named(RunContext *context, const Target *target,
                          GError **error)
{
    g_autofree char *names =
        names_text(target, "--write-to", context->write_to);

    if (!target->serial[0]) {
        return sgbench_fail(
            error, SGBENCH_ERROR_PREFLIGHT,
            "%s (%s %s) would be written to, but has no serial "
            "number: name it by a designator of its VPD page 83h "
            "(`sgbench devices --json`, wwid): --write-to "
            "naa.…%s",
            target->device, target->vendor, target->product, names);
    }
    return sgbench_fail(
        error, SGBENCH_ERROR_PREFLIGHT,
        "%s (%s %s) would be written to: if nothing on it is needed, "
        "name its serial number: --write-to '%s'%s",
        target->device, target->vendor, target->product, target->serial, names);
}

static gboolean tape_not_named(RunContext *context, const Target *target,
                               const Cartridge *cartridge, GError **error)
{
    g_autofree char *names =
        names_text(target, "--write-to-tape", context->write_to_tape);
    g_autofree char *tape = NULL;

    if (cartridge_known(cartridge)) {
        tape = cartridge_text(cartridge);
        return sgbench_fail(
            error, SGBENCH_ERROR_PREFLIGHT,
            "the tape in %s (%s %s), which is %s, would be written "
            "to: if nothing on it is needed, name it: "
            "--write-to-tape '%s'%s",
            target->device, target->vendor, target->product, tape,
            cartridge->barcode[0] ? cartridge->barcode : cartridge->serial,
            names);
    }
    if (!target->serial[0]) {
        return sgbench_fail(
            error, SGBENCH_ERROR_PREFLIGHT,
            "the tape in %s (%s %s) would be written to, but nothing "
            "tells which one it is, nor has the drive a serial "
            "number: this drive can't be used",
            target->device, target->vendor, target->product);
    }
    return sgbench_fail(
        error, SGBENCH_ERROR_PREFLIGHT,
        "the tape in %s (%s %s) would be written to, and neither its "
        "memory nor a changer tells its barcode: if nothing on the "
        "tape that is in there now is needed, name the drive: "
        "--write-to-tape 'in:%s'%s",
        target->device, target->vendor, target->product, target->serial, names);
}

/* ---- is it fit? ---- */

/* NOT READY (SPC-4 table 43), and whatever else it says. */
gboolean foreign_is_ready(const Target *target, Initiator *initiator,
                          GError **error)
{
    gboolean tape = target->caps.medium == &medium_tape;
    Completion completion = {0};
    Command command = {0};
    g_autofree char *text = NULL;

    command_test_unit_ready(&command);
    if (!ask(initiator, &command, &completion, error)) {
        return FALSE;
    }
    if (ask_answered(&completion)) {
        return TRUE;
    }
    text = completion_text(&completion);
    return sgbench_fail(
        error, SGBENCH_ERROR_PREFLIGHT, "%s is not ready: %s%s", target->device,
        text, tape ? "; put the cartridge in that may be overwritten" : "");
}

/* MODE SENSE of all pages; of tapes and disks alike byte 2 (6) or 3 (10) of the
 * header is DEVICE-SPECIFIC PARAMETER (SPC-4 7.5.5). A device that has neither
 * command is not known to be protected. */
static gboolean write_protected(const Target *target, Initiator *initiator,
                                gboolean *protected, GError **error)
{
    static const struct {
        uint8_t opcode;
        unsigned length, byte;
    } ways[] = {{OP_MODE_SENSE_6, 6, 2}, {OP_MODE_SENSE_10, 10, 3}};

    *protected = FALSE;
    for (unsigned i = 0; i < G_N_ELEMENTS(ways); i++) {
        Completion completion = {0};
        Command command = {0};

        command_set_cdb(&command, ways[i].opcode, ways[i].length, DATA_IN);
        command.cdb[2] = target->caps.medium == &medium_tape ? 0 : ALL_PAGES;
        command.cdb[ways[i].length - 2] = PAGE_BYTES;
        command.length = PAGE_BYTES;
        if (!ask(initiator, &command, &completion, error)) {
            return FALSE;
        }
        if (ask_answered(&completion)) {
            *protected = ask_data(initiator)[ways[i].byte] & WRITE_PROTECTED;
            return TRUE;
        }
    }
    return TRUE;
}

static gboolean is_fit(const Target *target, Initiator *initiator,
                       GError **error)
{
    gboolean tape = target->caps.medium == &medium_tape;
    g_autofree char *found = NULL;
    gboolean protected;

    if (!write_protected(target, initiator, &protected, error)) {
        return FALSE;
    }
    if (protected) {
        return sgbench_fail(error, SGBENCH_ERROR_PREFLIGHT,
                            "%s %s is write-protected%s",
                            tape ? "the tape in" : "the disk", target->device,
                            tape ? ": move the tab of the cartridge" : "");
    }
    if (tape) {
        return TRUE;
    }
    if (!signature_find(target, initiator, &found, error)) {
        return FALSE;
    }
    return !found ||
           sgbench_fail(
               error, SGBENCH_ERROR_PREFLIGHT,
               "%s has something on it: %s; if nothing of it is needed, "
               "remove that first: wipefs --all %s",
               target->device, found,
               target->block_device ? target->block_device : "DISK");
}

/* ---- both ---- */

/* Also looks at what is in a drive, whose changer may take a second. */
static gboolean judge(RunContext *context, const Target *target,
                      Initiator *initiator, gboolean written, gboolean *named,
                      GError **error)
{
    g_auto(Cartridge) cartridge = {};

    if (target->caps.medium != &medium_tape) {
        return is_named(context, target, initiator, named, error) &&
               (*named || !written || not_named(context, target, error));
    }
    if (!cartridge_read(context, target, initiator, &cartridge, error)) {
        return FALSE;
    }
    *named = tape_is_named(context, target, &cartridge);
    return *named || tape_not_named(context, target, &cartridge, error);
}

gboolean foreign_admit(RunContext *context, const Job *job,
                       const TargetSpec *spec, Target *target,
                       Initiator *initiator,
                       gboolean (*exclude)(gpointer opaque, GError **error),
                       gpointer opaque, GError **error)
{
    gboolean written = foreign_is_written(job, spec, &target->caps);
    gboolean disk = target->caps.medium == &medium_disk;
    gboolean changer = target->caps.medium == &medium_changer;
    gboolean named;

    if (context->only_reads) {
        target->read_only = initiator->read_only = TRUE;
        return disk || !exclude || exclude(opaque, error);
    }
    if (!judge(context, target, initiator, written, &named, error)) {
        return FALSE;
    }
    /* Verification writes what it may. */
    target->read_only = !(named && (written || job->verify));
    initiator->read_only = target->read_only;
    if (disk && target->read_only) {
        return TRUE;
    }
    /* What is in a drive may have been changed until now. */
    return (!exclude || exclude(opaque, error)) &&
           judge(context, target, initiator, written, &named, error) &&
           (changer || is_fit(target, initiator, error));
}

gboolean foreign_confirm(RunContext *context, const Target *target,
                         Initiator *initiator, GError **error)
{
    g_auto(Cartridge) cartridge = {};
    Completion completion = {0};
    Command command = {0};
    const uint8_t *data = ask_data(initiator);
    g_autofree char *serial = NULL;

    initiator->guarded = TRUE;
    command_inquiry(&command, PAGE_SERIAL, PAGE_BYTES);
    if (!ask(initiator, &command, &completion, error)) {
        return FALSE;
    }
    serial = ask_answered(&completion) && data[1] == PAGE_SERIAL
                 ? command_ascii(data + 4, MIN(sg_get_unaligned_be16(data + 2),
                                               PAGE_BYTES - 4))
                 : g_strdup("");
    if (!g_str_equal(serial, target->serial)) {
        g_set_error(error, SGBENCH_ERROR, SGBENCH_ERROR_TARGET,
                    "%s (%s): serial number '%s' on one path, '%s' on another: "
                    "not the same device",
                    target->name, target->device, serial, target->serial);
        return FALSE;
    }
    if (target->caps.medium != &medium_tape) {
        initiator->changed = FALSE;
        return TRUE;
    }
    do { /* again, if one was put in meanwhile */
        initiator->changed = FALSE;
        if (run_check_interrupted(error) ||
            !cartridge_read(context, target, initiator, &cartridge, error)) {
            return FALSE;
        }
    } while (initiator->changed);
    if (!tape_is_named(context, target, &cartridge)) {
        g_autofree char *tape = cartridge_known(&cartridge)
                                    ? cartridge_text(&cartridge)
                                    : g_strdup("an unknown one");

        g_set_error(error, SGBENCH_ERROR, SGBENCH_ERROR_TARGET,
                    "%s (%s): another tape is in the drive now, %s: nothing "
                    "was written to it",
                    target->name, target->device, tape);
        return FALSE;
    }
    return TRUE;
}
