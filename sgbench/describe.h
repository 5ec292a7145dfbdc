/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The parts of run.json that are known before anything is measured.
 */
#ifndef SGBENCH_DESCRIBE_H
#define SGBENCH_DESCRIBE_H

#include <glib.h>
#include <json-glib/json-glib.h>
#include "context.h"
#include "plan.h"

/* run.json's header (see rundir_create) for @plan; "targets" and the
 * environment's "builds" are for the caller to add. The caller's. */
JsonObject *describe_run(const RunContext *context, const Plan *plan,
                         const char *const *overrides);

/* One element of "targets", once @target is up and identified. */
JsonObject *describe_target(const Target *target);

#endif
