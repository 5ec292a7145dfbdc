/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <gio/gio.h>

#include "analysis/options.h"
#include "analysis/trace.h"
#include "error.h"
#include "reports/run.h"

GQuark sgbench_error_quark(void)
{
    return g_quark_from_static_string("sgbench-error-quark");
}

gboolean sgbench_fail(GError **error, SgbenchError code, const char *format,
                      ...)
{
    va_list ap;

    va_start(ap, format);
    if (error) {
        *error = g_error_new_valist(SGBENCH_ERROR, code, format, ap);
    }
    va_end(ap);
    return FALSE;
}

/* sgbench(1) prints this table: texts are complete without their context. */
static const struct {
    SgbenchError code;
    const char *summary;
} exit_codes[] = {
    {SGBENCH_OK, "done; compare: no regression, and one would have been seen"},
    {SGBENCH_REGRESSION, "compare: a regression was shown"},
    {SGBENCH_ERROR_USAGE, "wrong command line or job file"},
    {SGBENCH_INCONCLUSIVE,
     "compare: inconclusive: a regression could have gone unseen"},
    {SGBENCH_UNLIKE, "compare: the environments differ, nothing was compared"},
    {SGBENCH_ERROR_PREFLIGHT,
     "something that is needed is missing, or was refused"},
    {SGBENCH_ERROR_TARGET, "target or device failed during the run"},
    {SGBENCH_ERROR_QEMU, "QEMU did not start, died or hung"},
    {SGBENCH_ERROR_DATA, "wrong data"},
    {SGBENCH_ERROR_RESULTS, "results could not be written or read"},
    {SGBENCH_ERROR_TRACE, "a trace is damaged or at odds with the initiator"},
    {SGBENCH_ERROR_INTERNAL, "fault of sgbench itself"},
    {SGBENCH_INTERRUPTED, "interrupted; what was measured is kept"},
};

const char *sgbench_error_summary(int code)
{
    unsigned i;

    for (i = 0; i < G_N_ELEMENTS(exit_codes); i++) {
        if ((int)exit_codes[i].code == code) {
            return exit_codes[i].summary;
        }
    }
    return NULL;
}

int sgbench_error_exit_code(const GError *error)
{
    if (error->domain == SGBENCH_ERROR) {
        return error->code;
    }
    if (error->domain == SGB_TRACE_ERROR) {
        return SGBENCH_ERROR_TRACE;
    }
    if (error->domain == SGB_REPORT_ERROR || error->domain == G_FILE_ERROR ||
        error->domain == G_IO_ERROR) {
        return SGBENCH_ERROR_RESULTS;
    }
    if (error->domain == G_OPTION_ERROR || error->domain == SGB_OPTIONS_ERROR) {
        return SGBENCH_ERROR_USAGE;
    }
    return SGBENCH_ERROR_INTERNAL;
}
