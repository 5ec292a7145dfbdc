/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The medium "changer": elements that hold cartridges (SMC-3). Nothing of it is
 * timed: a cell's size is the allocation length of READ ELEMENT STATUS, and
 * verification shows that each path carries it, and INITIALIZE ELEMENT STATUS,
 * as the native path does.
 */
#include <string.h>

#include "ask.h"
#include "changer-command.h"
#include "error.h"
#include "keyfile.h"
#include "layout.h"
#include "medium.h"

static gboolean changer_check(const Job *job, const Matrix *matrix,
                              const Cell *cell, const TargetCaps *caps,
                              GError **error)
{
    const char *what = NULL;

    if (cell->operation != OPERATION_READ) {
        what = "its element status can only be read; take the others out of "
               "operations";
    } else if (cell->cdb_size != 10 || cell->tape_block || cell->filemarks ||
               cell->access != ACCESS_SEQUENTIAL || cell->shift) {
        what = "cdb, access, shift, block and filemarks are for disks and "
               "tapes; leave them out";
    } else if (!job->verify) {
        what = "it is verified, never timed; verify=false leaves nothing to do";
    }
    return !what || key_file_error(job->file, matrix->line, error,
                                   "[matrix %s]: target '%s' is a changer: %s",
                                   matrix->name, cell->target->name, what);
}

/* All elements of @type, by one plain piece. */
static gboolean read_elements(const Target *target, Initiator *initiator,
                              ElementType type, uint32_t length,
                              GPtrArray **elements, GError **error)
{
    Completion completion = {0};
    Command command = {0};

    changer_read_elements(&command, type, FALSE, length);
    if (!ask(initiator, &command, &completion, error)) {
        return FALSE;
    }
    if (!ask_answered(&completion)) {
        return ask_refused(target, "READ ELEMENT STATUS", &completion, error);
    }
    *elements = changer_elements(ask_data(initiator), length);
    if (!*elements) {
        g_set_error(error, SGBENCH_ERROR, SGBENCH_ERROR_TARGET,
                    "%s (%s): READ ELEMENT STATUS: the answer is not one of a "
                    "changer",
                    target->name, target->device);
        return FALSE;
    }
    return TRUE;
}

/* It has storage: Target.blocks counts it. */
static gboolean changer_identify(Target *target, Initiator *initiator,
                                 GError **error)
{
    g_autoptr(GPtrArray) elements = NULL;

    target->block_size = 1;
    if (!read_elements(target, initiator, ELEMENT_STORAGE, 4096, &elements,
                       error)) {
        return FALSE;
    }
    target->blocks = elements->len;
    if (elements->len == 0) {
        g_set_error(error, SGBENCH_ERROR, SGBENCH_ERROR_TARGET,
                    "%s (%s): a changer without storage elements: is its "
                    "inventory done?",
                    target->name, target->device);
        return FALSE;
    }
    return TRUE;
}

static gboolean changer_bring_up(const Target *target, Initiator *initiator,
                                 GError **error)
{
    g_autoptr(GPtrArray) elements = NULL;

    if (!read_elements(target, initiator, ELEMENT_STORAGE, 4096, &elements,
                       error)) {
        return FALSE;
    }
    if (elements->len != target->blocks) {
        g_set_error(error, SGBENCH_ERROR, SGBENCH_ERROR_TARGET,
                    "%s (%s): %u storage elements on one path, "
                    "%" G_GUINT64_FORMAT " on another: not the same device",
                    target->name, target->device, elements->len,
                    target->blocks);
        return FALSE;
    }
    return TRUE;
}

/* ---- verification ---- */

typedef struct Answer {
    uint8_t *data;   /* of the cell's size */
    uint64_t length; /* of it that the device sent; behind it may be anything,
                      * also what the sg driver has left of other commands */
} Answer;

/* READ ELEMENT STATUS of @type into @answer, which is cell->size large. */
static gboolean answer_of(Verifier *verifier, const Cell *cell,
                          Initiator *initiator, Layout layout, ElementType type,
                          Answer *answer, GError **error)
{
    const char *who = verify_who(initiator);
    const Arena *arena = &initiator->arena;
    g_autoptr(Buffer) buffer =
        buffer_new(arena, layout, cell->size, arena->start, verifier->random);
    Command command = {.pieces = buffer->pieces, .n_pieces = buffer->n_pieces};
    Completion completion = {0};
    uint64_t stray;

    memset(answer->data, 0, cell->size);
    buffer_set_guards(buffer);
    buffer_write(buffer, answer->data);
    changer_read_elements(&command, type, TRUE, cell->size);
    if (!initiator_send(initiator, &command, &completion, error)) {
        return FALSE;
    }
    if (!ask_answered(&completion)) {
        g_autofree char *text = completion_text(&completion);

        return verify_fault(verifier, cell, error, SGBENCH_ERROR_TARGET, who,
                            "READ ELEMENT STATUS of %s elements: %s",
                            changer_element_name(type), text);
    }
    stray = buffer_check_guards(buffer);
    if (stray != UINT64_MAX) {
        return verify_fault(verifier, cell, error, SGBENCH_ERROR_DATA, who,
                            "memory outside the buffer was written, at "
                            "0x%" G_GINT64_MODIFIER "x",
                            stray);
    }
    buffer_read(buffer, answer->data);
    answer->length = MIN(cell->size - MIN(completion.resid, cell->size),
                         changer_report_bytes(answer->data));
    return TRUE;
}

static gboolean verify_elements(Verifier *verifier, const Cell *cell,
                                ElementType type, Verification *result,
                                GError **error)
{
    g_autofree uint8_t *wanted = g_malloc(MAX(cell->size, 8));
    g_autofree uint8_t *got = g_malloc(MAX(cell->size, 8));
    Answer native = {.data = wanted}, path = {.data = got};
    g_autoptr(GPtrArray) elements = NULL;
    uint64_t i;

    if (!answer_of(verifier, cell, verifier->native, LAYOUT_CONTIGUOUS, type,
                   &native, error) ||
        !answer_of(verifier, cell, verifier->initiator, cell->layout, type,
                   &path, error)) {
        return FALSE;
    }
    for (i = 0; i < native.length && wanted[i] == got[i]; i++) {
    }
    if (i < native.length) {
        return verify_fault(verifier, cell, error, SGBENCH_ERROR_DATA,
                            verify_who(verifier->initiator),
                            "status of %s elements: byte %" G_GUINT64_FORMAT
                            " is %02xh, "
                            "natively %02xh",
                            changer_element_name(type), i, got[i], wanted[i]);
    }
    /* Of all types at once tgt 1.0.85 lets the pages overlap. */
    elements = changer_elements(got, native.length);
    if (!elements && type != ELEMENT_ALL) {
        return verify_fault(verifier, cell, error, SGBENCH_ERROR_DATA,
                            verify_who(verifier->initiator),
                            "status of %s elements: not an answer of a changer",
                            changer_element_name(type));
    }
    result->commands++;
    result->bytes += native.length;
    return TRUE;
}

/* The robot moves: only where it was allowed. */
static gboolean verify_initialize(Verifier *verifier, Verification *result,
                                  GError **error)
{
    Command command = {0};

    if (verifier->target->read_only) {
        return TRUE;
    }
    changer_initialize(&command);
    if (!ask_good(verifier->target, verifier->initiator, &command,
                  "INITIALIZE ELEMENT STATUS", error)) {
        return FALSE;
    }
    result->commands++;
    result->conditions++;
    return TRUE;
}

static gboolean verify_changer(Verifier *verifier, Verification *result,
                               GError **error)
{
    const GPtrArray *cells = verifier->start->cells;

    if (!verify_initialize(verifier, result, error)) {
        return FALSE;
    }
    for (unsigned i = 0; i < cells->len; i++) {
        for (ElementType type = ELEMENT_ALL; type < ELEMENT_TYPE__END; type++) {
            if (run_check_interrupted(error) ||
                !verify_elements(verifier, cells->pdata[i], type, result,
                                 error)) {
                return FALSE;
            }
        }
    }
    result->conditions += ELEMENT_TYPE__END;
    return TRUE;
}

const Medium medium_changer = {
    .name = "changer",
    .check = changer_check,
    .identify = changer_identify,
    .bring_up = changer_bring_up,
    .load = NULL,
    .verify = verify_changer,
    .compare = verify_changer,
};
