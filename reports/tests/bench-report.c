/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What it takes to write the report of a large run: time, memory, size.
 * `meson test --benchmark -C build -v report` prints it. The run is made up.
 *
 * bench-report [CELLS [ROUNDS]]
 */
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "run-writer.h"
#include "reports/writer.h"

static const char *const paths[] = {
    "native",         "generic-bounce", "generic-control",
    "generic-notrim", "generic-pool",   "generic-zerocopy",
    "generic-off",    "block",          "block-series",
};

/* Cells of all paths, of one size after the other. */
static FakeCell *make_cells(unsigned n)
{
    FakeCell *cells = g_new0(FakeCell, n + 1);

    for (unsigned i = 0; i < n; i++) {
        cells[i].path = paths[i % G_N_ELEMENTS(paths)];
        cells[i].size = 4096 * (1 + i / G_N_ELEMENTS(paths));
        cells[i].mb_per_s = 1000 + i % 17 * 10;
        cells[i].cpu = 0.5 + i % 13 * 0.01;
        cells[i].faults = i % 5;
    }
    return cells;
}

/* As real ones are: every cell but the native ones has a trace that agrees. */
static char *make_reconciliation(unsigned n)
{
    static const char *const stages[] = {
        "arrive",   "map",   "submit",  "ioctl begin", "ioctl end",
        "complete", "unmap", "respond", "seen",        "total"};
    GString *json = g_string_new("[");

    for (unsigned i = 0; i < n; i++) {
        if (i % G_N_ELEMENTS(paths) == 0) {
            continue;
        }
        g_string_append_printf(
            json,
            "%s{\"cell\": \"c%u\", \"result\": \"agrees\", \"trace_requests\": "
            "200, \"direct\": 0, \"bounced\": 819200, \"stages\": {",
            json->len > 1 ? ", " : "", i);
        for (unsigned s = 0; s < G_N_ELEMENTS(stages); s++) {
            g_string_append_printf(json,
                                   "%s\"%s\": {\"count\": 200, \"sum\": 4e6, "
                                   "\"p50\": 20000, \"p99\": 30000}",
                                   s ? ", " : "", stages[s]);
        }
        g_string_append(json, "}}");
    }
    g_string_append_c(json, ']');
    return g_string_free(json, FALSE);
}

static double cpu_s(const struct rusage *u)
{
    return u->ru_utime.tv_sec + u->ru_stime.tv_sec +
           (u->ru_utime.tv_usec + u->ru_stime.tv_usec) / 1e6;
}

int main(int argc, char **argv)
{
    unsigned n = argc > 1 ? atoi(argv[1]) : 500;
    g_autofree FakeCell *cells = make_cells(n);
    g_autofree char *reconciliation = make_reconciliation(n);
    const FakeRun fake = {
        .outcome = "complete",
        .rounds = argc > 2 ? atoi(argv[2]) : 10,
        .requests = 20,
        .spread = 150,
        .slices = 60,
        .cells = cells,
        .reconciliation = reconciliation,
    };
    char *folder = fake_run_write(&fake);

    /* One process each, so that its memory is its own. */
    for (unsigned i = 0; sgb_writers[i]; i++) {
        pid_t pid = fork();
        int status;

        if (pid == 0) {
            g_autoptr(GPtrArray) runs = g_ptr_array_new();
            g_autoptr(GString) text = g_string_new(NULL);
            g_autoptr(GError) error = NULL;
            gint64 begin = g_get_monotonic_time(), loaded, written;
            struct rusage usage;

            g_ptr_array_add(runs, sgb_run_load(folder, &error));
            g_assert_no_error(error);
            loaded = g_get_monotonic_time();
            g_assert_true(sgb_writers[i]->write(runs, text, &error));
            written = g_get_monotonic_time();
            getrusage(RUSAGE_SELF, &usage);
            g_print("%-13s %u cells, %u rounds: read %.2f s, written %.2f s, "
                    "CPU %.2f s, %ld MiB, file %.2f MiB\n",
                    sgb_writers[i]->name, n, fake.rounds,
                    (loaded - begin) / 1e6, (written - loaded) / 1e6,
                    cpu_s(&usage), usage.ru_maxrss / 1024,
                    text->len / (double)(1 << 20));
            _exit(0);
        }
        g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
        g_assert_cmpint(status, ==, 0);
    }
    fake_run_remove(folder);
    return 0;
}
