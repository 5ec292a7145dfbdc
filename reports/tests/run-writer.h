/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Run directories for tests. All figures are made up: they stand in for a
 * measurement, and say so in what they name.
 */
#ifndef REPORTS_TESTS_RUN_WRITER_H
#define REPORTS_TESTS_RUN_WRITER_H

#include <stdint.h>
#include <glib.h>

/* One cell and what each of its samples says. */
typedef struct FakeCell {
    const char *path;
    uint64_t size;
    double mb_per_s; /* of round 1; later rounds vary by some per cent */
    double cpu;      /* s per GiB of QEMU without its main thread */
    double faults;   /* per request */
    unsigned failed; /* requests, in round 2 */
    unsigned rounds; /* 0: all of the run's */
} FakeCell;

typedef struct FakeRun {
    const char *outcome; /* of run.json */
    unsigned rounds;
    unsigned requests; /* per sample */
    gboolean lab;
    gboolean journal;      /* samples are in samples.jsonl */
    const FakeCell *cells; /* ended by one without a path */
    const char *verification, *reconciliation; /* JSON, or NULL */
    const char *not_run; /* JSON, or NULL; cells it names have no samples */
    unsigned spread;     /* buckets of each latency; 0: one */
    unsigned slices;     /* of each time series; 0: none */
    const char *parent;  /* where the folder is made; NULL: as all temporary */
} FakeRun;

/* Write it into a new folder; remove it with fake_run_remove. */
char *fake_run_write(const FakeRun *run);
void fake_run_remove(char *folder);

/* Contents of @name in @folder; the caller's. */
char *fake_run_read(const char *folder, const char *name);
void fake_run_replace(const char *folder, const char *name, const char *text);

#endif
