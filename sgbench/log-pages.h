/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a drive counts itself: LOG SENSE (SPC-4 6.8), before and after the cells
 * of a start, through the path that is measured.
 */
#ifndef SGBENCH_LOG_PAGES_H
#define SGBENCH_LOG_PAGES_H

#include <stdint.h>
#include <glib.h>
#include <json-glib/json-glib.h>
#include "target.h"

/*
 * The log pages of a tape drive, or of a disk of the kernel's, that tell of a run
 * (errors of WRITE, READ and VERIFY, bytes on both sides, compression,
 * temperature, TapeAlert, informational exceptions), as run.json has them: an array
 * of {"page", "parameters"}. Reading TapeAlert clears its flags in many drives
 * (SSC-3 8.2.3). *@pages is NULL if the target has no log pages, or is not known
 * to have any; the caller's. FALSE with an error only if the way to the device
 * broke.
 */
gboolean log_pages_read(const Target *target, Initiator *initiator,
                        JsonArray **pages, GError **error);

/* The parameters of a page of @length bytes at @data (SPC-4 7.3.2.2) whose
 * values have 1 to 8 bytes, by their code in hex ("0005"): NULL if it is not
 * @page, or damaged. The caller's. */
JsonObject *log_page_parameters(const uint8_t *data, unsigned length,
                                uint8_t page);

#endif
