/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where a run can be had from.
 */
#ifndef REPORTS_SOURCE_H
#define REPORTS_SOURCE_H

#include <glib.h>
#include "run.h"

/* The run in @where: a run directory, a bundle, or history:NAME, which is in the
 * default history (sgb_history_find). As sgb_run_load. */
SgbRun *sgb_run_open(const char *where, GError **error);

#endif
