/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is done with a tape before and between what is measured.
 */
#ifndef SGBENCH_MEDIUM_TAPE_H
#define SGBENCH_MEDIUM_TAPE_H

#include "cell.h"
#include "target.h"

/* Bytes of a tape with @caps that are written at most: its end, with early
 * warning and all, is for whoever looks for it. */
uint64_t tape_room(const TargetCaps *caps);

/* Commands with data from one rewinding of the tape to the next: what the
 * cell's bytes ask for, if they do, of what there is room for. */
uint64_t tape_pass(const Cell *cell, const TargetCaps *caps);

/* What became of a WRITE that was not GOOD, when @written bytes were: that the
 * tape is shorter than the job says is the user's to mend. Always FALSE, with
 * SGBENCH_ERROR_TARGET. */
gboolean tape_write_refused(const Target *target, const Completion *failure,
                            uint64_t written, GError **error);

/* Rewind; then set blocks of @block_size bytes, 0 for variable ones (MODE
 * SELECT). SGBENCH_ERROR_TARGET if the drive does not. */
gboolean tape_set_blocks(const Target *target, Initiator *initiator,
                         uint32_t block_size, GError **error);

/* Rewind. */
gboolean tape_go_back(const Target *target, Initiator *initiator,
                      GError **error);

#endif
