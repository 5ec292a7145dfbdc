/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which cartridge is in a tape drive. Asked in this order:
 *
 * 1. the drive, for the cartridge's own memory (MAM; READ ATTRIBUTE, SPC-4 6.15
 *    and 7.4): barcode (0806h) and serial number (0401h);
 * 2. the changers of this machine, for the volume tag of the drive that has the
 *    serial number of ours (READ ELEMENT STATUS with VOLTAG and DVCID, SMC-3
 *    6.10).
 */
#ifndef SGBENCH_CARTRIDGE_H
#define SGBENCH_CARTRIDGE_H

#include <glib.h>
#include "target.h"

typedef struct Cartridge {
    char *barcode; /* "" if nothing tells it */
    char *serial;  /* the manufacturer's, "" likewise */
    char *teller;  /* who told it, for messages: "its memory", "/dev/sg2" */
} Cartridge;

/*
 * Of the drive that @initiator is (at rest) and @target was identified as
 * (target_identify()). Only reads. FALSE with an error only if the way to the
 * drive broke; what is not known is "". @cartridge is cleared by the caller.
 */
gboolean cartridge_read(RunContext *context, const Target *target,
                        Initiator *initiator, Cartridge *cartridge,
                        GError **error);

/* TRUE if it has a barcode or a serial number. */
gboolean cartridge_known(const Cartridge *cartridge);

/* TRUE if @name is its barcode or its serial number. */
gboolean cartridge_is(const Cartridge *cartridge, const char *name);

/* "ABC123L8 (from its memory)"; the caller's. */
char *cartridge_text(const Cartridge *cartridge);

void cartridge_clear(Cartridge *cartridge);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Cartridge, cartridge_clear)

/* Find attribute @id in an answer of READ ATTRIBUTE, ATTRIBUTE VALUES, of which
 * @length bytes came: its text without blanks around, the caller's; NULL if it
 * is not there. */
char *cartridge_attribute(const uint8_t *data, uint64_t length, unsigned id);

#endif
