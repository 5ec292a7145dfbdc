/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Jobs and targets as tests need them. */
#ifndef TESTS_TARGET_FIXTURE_H
#define TESTS_TARGET_FIXTURE_H

#include "sgbench/context.h"
#include "sgbench/job.h"
#include "sgbench/target.h"

/* The job of the file @name in @folder, which is made with @text. The test fails
 * if it is not right. */
Job *fixture_job(const char *folder, const char *name, const char *text);

/* Start a target of @kind, called that too, with @keys: key, value, ... NULL.
 * The test fails if it does not start. */
Target *fixture_target(RunContext *context, const char *kind,
                       const char *const *keys);

#endif
