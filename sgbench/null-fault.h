/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What goes wrong on a target of kind null, on purpose: rules of null-sg
 * (qapi/block-core.json, NullSgRule) by name.
 */
#ifndef SGBENCH_NULL_FAULT_H
#define SGBENCH_NULL_FAULT_H

#include <stdint.h>
#include <glib.h>

/* All names, NULL-terminated; the first is "none". */
const char *const *null_fault_names(void);

/*
 * Options of -blockdev, from ",rules.0.cdb=" on, that make READs and WRITEs (6,
 * 10, 12 and 16) fail as @name says: @count of each sort (0: all), after @skip
 * that are left alone. "" for none. The caller's.
 */
char *null_fault_options(const char *name, uint64_t skip, uint64_t count);

#endif
