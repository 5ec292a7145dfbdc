/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For tests in the lab: devices that sgbench does not know, what it does with
 * them, and what is on them afterwards.
 */
#ifndef SGBENCH_FOREIGN_FIXTURE_H
#define SGBENCH_FOREIGN_FIXTURE_H

#include <sys/types.h>
#include <glib.h>

#include "sgbench/context.h"
#include "sgbench/process.h"
#include "sgbench/target.h"

#define DISK_SERIAL "2000" /* scsi_debug's first */
#define DRIVE "DRIVE001"
#define LIBRARY "LIBRARY1"
#define TAPE_1 "SAF001L8"
#define TAPE_2 "SAF002L8"
#define SLOT_1 1024
#define SLOT_2 1025
#define DRIVE_ELEMENT 1
#define PORT "3299"
#define IQN "iqn.2025-01.example.sgbench:foreign"

extern RunContext context;
extern char *sd, *sg; /* the disk's nodes; NULL: there is none */

/* system(3); fails the test if it does not end with 0. */
void run(const char *format, ...) G_GNUC_PRINTF(1, 2);

/* Load a module of the lab's kernel. */
void load(const char *const *words);
#define LOAD(...) load((const char *const[]){__VA_ARGS__, NULL})

/* Checksums of the disk, and of the files in which tgtd has its tapes: TAPE_1,
 * TAPE_2. */
char **contents(void);

/* Start the target of a job with @operations on @device; @name was given by
 * --write-to and --write-to-tape. */
Target *start(const char *device, const char *operations, const char *name,
              GError **error);

/* That is refused with a line that has @why, and what is on disk and tapes
 * stays as it is. */
void assert_refused(const char *device, const char *operations,
                    const char *name, const char *why);
void assert_admitted(const char *device, const char *operations,
                     const char *name, gboolean read_only);

/* Run @function in a child that has done it when this returns, and stays until
 * release(). */
typedef struct Child {
    pid_t pid;
    int go;
} Child;

Child hold(void (*function)(const char *), const char *argument);
void release(Child child);

/* tgtd on PORT: a library of two cartridges, with a drive. */
Process *start_library(void);

/* MOVE MEDIUM (SMC-3 6.6), which is a person's or a backup program's doing. */
void move(const char *changer, unsigned from, unsigned to);

/* Probe @device, which is not named: nothing is written. What is printed has
 * @found. */
void probe_short(const char *device, const char *found);

/* Run one of configs/ in a short form, through QEMU. */
void run_short(const char *job, const char *options);

#endif
