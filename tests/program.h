/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs the real sgbench for whole-program tests and looks at what it leaves
 * behind.
 */
#ifndef TESTS_PROGRAM_H
#define TESTS_PROGRAM_H

#include <sys/types.h>
#include <glib.h>
#include <json-glib/json-glib.h>

typedef struct Program {
    GPid pid;
    char *mark;      /* in the environment of it and all its descendants */
    char *out, *err; /* files */
    char *run_dir;   /* of its --output; does not exist before */
} Program;

/* Start `sgbench ARGS…` (NULL-terminated list) with environment additions
 * @env ("NAME=VALUE", NULL-terminated, or NULL); {RUN} in an argument becomes
 * the run directory. @launcher, if not NULL, is a command put in front. */
Program *program_start(const char *const *env, const char *const *launcher,
                       const char *const *args);

/* The same with another program's run directory. */
Program *program_start_on(const Program *other, const char *const *args);

/* Wait for its end (fails the test after @seconds); its exit code, or 256 plus
 * the signal that killed it. */
int program_wait(Program *program, unsigned seconds);

/* Wait until @text is in its standard error; fails the test otherwise. */
void program_await(Program *program, const char *text, unsigned seconds);

/* Text of its outputs; the caller's. */
char *program_out(const Program *program);
char *program_err(const Program *program);

/* A descendant whose command line contains @text, or 0. */
pid_t program_find(const Program *program, const char *text);

/* Fails the test if any descendant is left after @seconds. */
void program_assert_nothing_left(const Program *program, unsigned seconds);

/* run.json of its run directory; the caller's. Fails the test if it is not
 * there. */
JsonObject *program_results(const Program *program);

/* Hold it against run.schema.json; fails the test with what differs. */
void program_assert_schema(const Program *program);

/* Remove its files and free it. */
void program_free(Program *program);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Program, program_free)

/* Absolute name of a file of the source tree; the caller's. */
char *source_file(const char *name);

#endif
