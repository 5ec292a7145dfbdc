/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bench BUILD [REQUESTS [ROUNDS]]: what the plugin's components cost beside
 * babeltrace2's own decoding. Not a test: it prints, and judges nothing.
 *
 * A trace of that many requests (384616 by default: 5.2 million events, 260 MB)
 * is made in a temporary folder and read into sink.utils.dummy and into each of
 * ours, in turn. The figure is the median of the ratios of a round, of CPU time
 * (user and system) of the whole babeltrace2; beside it the lowest and highest
 * ratio. Memory is the largest resident set, with that of a trace of a fifth of
 * the length beside it.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "trace-writer.h"

#define REQUESTS 384616
#define ROUNDS 7
#define ROUNDS_MAX 100
/* trace-load.c's, half of each kind */
#define EVENTS_PER_REQUEST 13.5

static const struct {
    const char *name, *argv[5];
} subjects[] = {
    {"sink.utils.dummy", {"-c", "sink.utils.dummy"}},
    {"sink.sgbench.summary", {"-c", "sink.sgbench.summary"}},
    {"sink.sgbench.json", {"-c", "sink.sgbench.json"}},
    {"filter.sgbench.requests",
     {"-c", "filter.sgbench.requests", "-c", "sink.utils.dummy"}},
    {"sink.sgbench.csv", {"-c", "sink.sgbench.csv"}},
    {"sink.sgbench.timeline",
     {"-c", "sink.sgbench.timeline", "--params=limit=0"}},
};
#define SUBJECTS G_N_ELEMENTS(subjects)

typedef struct Cost {
    double cpu; /* s */
    long rss;   /* KiB */
} Cost;

static void run(const char *const *argv, Cost *cost)
{
    struct rusage usage;
    int status;
    pid_t pid = fork();

    if (pid == 0) {
        if (!freopen("/dev/null", "w", stdout)) {
            _exit(126);
        }
        execvp(argv[0], (char *const *)argv);
        _exit(127);
    }
    if (pid < 0 || wait4(pid, &status, 0, &usage) != pid || status != 0) {
        fprintf(stderr, "bench: %s failed\n", argv[0]);
        exit(1);
    }
    cost->cpu = usage.ru_utime.tv_sec + usage.ru_stime.tv_sec +
                (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
    cost->rss = usage.ru_maxrss;
}

/* The name of a folder moves what is on the heap: each round has another one,
 * or all would measure what one such arrangement happens to cost. */
static void measure(const char *build, const char *trace, unsigned subject,
                    unsigned round, Cost *cost)
{
    g_autofree char *slashes = g_strnfill(1 + round * 7 % 64, '/');
    g_autofree char *plugins =
        g_strdup_printf("--plugin-path=%s%sanalysis", build, slashes);
    const char *argv[9] = {"babeltrace2", plugins, trace};

    for (unsigned i = 0; i < 5; i++) {
        argv[3 + i] = subjects[subject].argv[i];
    }
    run(argv, cost);
}

static char *make(const char *build, const char *folder, unsigned requests)
{
    g_autofree char *program =
        g_build_filename(build, "analysis", "trace-load", NULL);
    g_autofree char *number = g_strdup_printf("%u", requests);
    char *trace = g_build_filename(folder, number, NULL);
    const char *argv[] = {program, number, trace, NULL};
    Cost cost;

    run(argv, &cost);
    return trace;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
    unsigned requests = argc > 2 ? strtoul(argv[2], NULL, 10) : REQUESTS;
    unsigned rounds = argc > 3 ? strtoul(argv[3], NULL, 10) : ROUNDS;
    static double cpu[SUBJECTS][ROUNDS_MAX], ratio[SUBJECTS][ROUNDS_MAX];
    long rss[SUBJECTS] = {}, small[SUBJECTS];
    g_autofree char *trace = NULL, *fifth = NULL;
    char *folder;
    Cost cost;

    if (argc < 2 || requests < 5 || rounds < 1 || rounds > ROUNDS_MAX) {
        fputs("usage: bench BUILD [REQUESTS [ROUNDS]]\n", stderr);
        return 2;
    }
    folder = trace_folder_new();
    trace = make(argv[1], folder, requests);
    fifth = make(argv[1], folder, requests / 5);
    for (unsigned i = 0; i < SUBJECTS; i++) {
        measure(argv[1], fifth, i, 0, &cost);
        small[i] = cost.rss;
    }
    for (unsigned round = 0; round < rounds; round++) {
        for (unsigned i = 0; i < SUBJECTS; i++) {
            /* Another one is first in each round, but the ratio needs all. */
            unsigned subject = (i + round) % SUBJECTS;

            measure(argv[1], trace, subject, round, &cost);
            cpu[subject][round] = cost.cpu;
            rss[subject] = MAX(rss[subject], cost.rss);
        }
        for (unsigned i = 0; i < SUBJECTS; i++) {
            ratio[i][round] = cpu[i][round] / cpu[0][round];
        }
    }
    printf("%.2f million events, %u rounds\n",
           requests * EVENTS_PER_REQUEST / 1e6, rounds);
    printf("%-24s %12s %7s %16s %18s\n", "", "events/s", "ratio",
           "lowest, highest", "KiB, of a fifth");
    for (unsigned i = 0; i < SUBJECTS; i++) {
        qsort(cpu[i], rounds, sizeof(double), compare);
        qsort(ratio[i], rounds, sizeof(double), compare);
        printf("%-24s %12.0f %7.2f %8.2f %7.2f %10ld %7ld\n", subjects[i].name,
               requests * EVENTS_PER_REQUEST / cpu[i][rounds / 2],
               ratio[i][rounds / 2], ratio[i][0], ratio[i][rounds - 1], rss[i],
               small[i]);
    }
    trace_folder_remove(folder);
    return 0;
}
