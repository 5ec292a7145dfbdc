/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the fuzzer does to a device: steps of commands that are under way
 * together, with what is done to them meanwhile. As text, so that a failure can
 * be kept, shrunk and read:
 *
 *   step SEED
 *   command in|out|none CDB ADDRESS:LENGTH...
 *   abort INDEX
 *   reset device|bus|adapter
 *
 * SEED fills memory before; CDB is hexadecimal, and so are addresses. A command
 * belongs to the step before it.
 */
#ifndef FUZZ_STEP_H
#define FUZZ_STEP_H

#include <stdint.h>
#include <glib.h>
#include "sgbench/command.h"
#include "sgbench/hba.h"

#define STEP_COMMANDS_MAX 8

typedef struct FuzzCommand {
    Command command; /* pieces are the struct's own */
    GArray *pieces;  /* Piece; offsets are guest physical addresses */
    gboolean aborted;
} FuzzCommand;

typedef struct FuzzStep {
    uint64_t seed;
    GPtrArray *commands; /* FuzzCommand * */
    HbaReset reset;      /* HBA_RESET__COUNT: none */
} FuzzStep;

FuzzStep *step_new(uint64_t seed);
FuzzStep *step_copy(const FuzzStep *step);
void step_free(FuzzStep *step);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FuzzStep, step_free)

/* A new command of @step, with no pieces. */
FuzzCommand *step_add(FuzzStep *step);

/* Set lengths and pointers of @command after its pieces have changed. */
void command_update(FuzzCommand *command);

/* Append @step to @text; read steps from it (GPtrArray of FuzzStep *). NULL
 * with SGBENCH_ERROR_USAGE, "NAME:LINE: …". Lines that begin with another word
 * are the caller's: @other is called for them, and says if it knew. */
void step_print(const FuzzStep *step, GString *text);
GPtrArray *steps_parse(const char *name, const char *text,
                       gboolean (*other)(const char *line, void *opaque),
                       void *opaque, GError **error);

#endif
