/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * [matrix NAME] of a job file.
 */
#ifndef SGBENCH_MATRIX_H
#define SGBENCH_MATRIX_H

#include "job.h"
#include "keyfile.h"

/* Read the matrix called @name from @group and add it to @job, which has all
 * its targets by now. SGBENCH_ERROR_USAGE, "FILE:LINE: …". */
gboolean matrix_read(Job *job, const KeyFile *file, const KeyGroup *group,
                     const char *name, GError **error);
void matrix_free(Matrix *matrix);

gboolean matrix_has_operation(const Matrix *matrix, Operation operation);

#endif
