/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "figure.h"

#include <string.h>

const SgbFigureKind sgb_figure_kinds[SGB_FIGURE__COUNT] = {
    [SGB_FIGURE_THROUGHPUT] = {"throughput", "throughput", "MB/s", 1, TRUE},
    [SGB_FIGURE_CPU] = {"cpu", "CPU of the path", "s/GiB", 1},
    [SGB_FIGURE_CPU_ALL] = {"cpu-all", "CPU of QEMU and target", "s/GiB", 1},
    [SGB_FIGURE_FAULTS] = {"faults", "minor page faults", "/request", 1},
    [SGB_FIGURE_SWITCHES] = {"switches", "context switches", "/request", 1},
    [SGB_FIGURE_P50] = {"p50", "median latency", "µs", 1e-3},
    [SGB_FIGURE_P99] = {"p99", "latency, 99 %", "µs", 1e-3},
    [SGB_FIGURE_RATE] = {"rate", "requests", "/s", 1, TRUE},
    [SGB_FIGURE_CPU_REQUEST] = {"cpu-request", "CPU of the path", "µs/request",
                                1e-3},
    [SGB_FIGURE_CPU_ALL_REQUEST] = {"cpu-all-request", "CPU of QEMU and target",
                                    "µs/request", 1e-3},
    [SGB_FIGURE_ANON] = {"anon", "anonymous memory", "MiB", 1.0 / (1 << 20)},
};

SgbFigure sgb_figure_find(const char *name)
{
    unsigned i;

    for (i = 0; i < SGB_FIGURE__COUNT; i++) {
        if (strcmp(sgb_figure_kinds[i].name, name) == 0) {
            break;
        }
    }
    return i;
}

char *sgb_figure_names(void)
{
    GString *names = g_string_new(NULL);

    for (unsigned i = 0; i < SGB_FIGURE__COUNT; i++) {
        g_string_append_printf(names, "%s%s", i ? ", " : "",
                               sgb_figure_kinds[i].name);
    }
    return g_string_free(names, FALSE);
}
