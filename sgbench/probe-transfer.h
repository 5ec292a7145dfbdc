/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For probe-try.c: commands of one path, their data, and READs and WRITEs of
 * one length.
 */
#ifndef SGBENCH_PROBE_TRANSFER_H
#define SGBENCH_PROBE_TRANSFER_H

#include "probe-try.h"

/* Does a READ or WRITE (trial->quantity) of @bytes work? See ProbeTry; a path
 * that breaks is an error here. */
ProbeAnswer probe_try_transfer(ProbeTrial *trial, uint64_t bytes,
                               GError **error);

/* Send @command and wait; what the device has to tell first (unit attention)
 * is not an answer to it. FALSE if the path broke. */
gboolean probe_settle(ProbeTrial *trial, Command *command,
                      Completion *completion, GError **error);

/* Remember why @value does not work. Always PROBE_REFUSED. */
ProbeAnswer probe_refuse(ProbeTrial *trial, uint64_t value, uint32_t tag,
                         const Completion *completion, const char *broke);

/* A command of @bytes in one piece; @piece must live as long. */
void probe_one_piece(const ProbeTrial *trial, Command *command, Piece *piece,
                     uint64_t bytes);

/* READ or WRITE of @bytes from byte @at on; pieces are the caller's. */
void probe_disk_command(const ProbeTrial *trial, Command *command,
                        DataDirection direction, uint64_t at, uint64_t bytes);

/* TRUE if data that was written is there to be compared. */
gboolean probe_has_data(const ProbeTrial *trial);

/* Write what a READ of the first @bytes of a disk is to find, if it can be. */
gboolean probe_disk_prepare(ProbeTrial *trial, uint64_t bytes, GError **error);

/* Compare @bytes at @at of the arena's data memory with what byte @offset of
 * the medium has. SGBENCH_ERROR_DATA with @what in it. */
gboolean probe_compare(const ProbeTrial *trial, uint64_t at, uint64_t offset,
                       uint64_t bytes, const char *what, GError **error);

/* A tape's command has come to the drive and back, whatever block is there. */
gboolean probe_came_through(const Completion *completion);

#endif
