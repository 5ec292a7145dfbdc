/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Short-lived programs: started, waited for, and asked what they said.
 */
#ifndef SGBENCH_TOOL_H
#define SGBENCH_TOOL_H

#include <glib.h>

/*
 * Run @argv (as in ProcessSpec, @env too) to its end, at most @timeout_ms.
 * @log is the file its output goes to; *@output (may be NULL) is that output,
 * the caller's. FALSE with an SGBENCH_ERROR of @code and its last words if it
 * did not end with 0, with SGBENCH_ERROR_PREFLIGHT if it is not installed.
 */
gboolean tool_run(const char *const *argv, const char *const *env,
                  const char *log, unsigned timeout_ms, int code, char **output,
                  GError **error);

#endif
