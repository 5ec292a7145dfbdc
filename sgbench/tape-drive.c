/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ask.h"
#include "medium.h"
#include "tape-command.h"
#include "tape-drive.h"

#define LOG_LIST_BYTES 252

/* What a drive has of which it can't be asked: early warning would mean to
 * write a cartridge to its end. */
#define TAPE_DRIVE                                                   \
    (TAPE_LOCATES | TAPE_LOGS | TAPE_SPACES_BACK | TAPE_ENDS_FIXED | \
     TAPE_CUTS_LONG | TAPE_COUNTS_SPACE)

/* Drives that are known to do less (tape-conditions.h). */
static const struct {
    const char *vendor, *model;
    unsigned abilities;
    gboolean reports_resid;
} known_drives[] = {
    {"IET", "VIRTUAL-TAPE", 0, FALSE}, /* tgt */
};

void tape_drive_expect(TargetCaps *caps, const char *vendor, const char *model)
{
    caps->tape = TAPE_DRIVE;
    caps->reports_resid = TRUE;
    for (unsigned i = 0; i < G_N_ELEMENTS(known_drives); i++) {
        if (g_str_equal(vendor, known_drives[i].vendor) &&
            g_str_equal(model, known_drives[i].model)) {
            caps->tape = known_drives[i].abilities;
            caps->reports_resid = known_drives[i].reports_resid;
        }
    }
}

gboolean tape_drive_ask(Target *target, Initiator *initiator, GError **error)
{
    TargetCaps *caps = &target->caps;
    Completion completion = {0};
    Command command = {0};
    uint32_t smallest, largest;

    tape_read_block_limits(&command);
    if (!ask_good(target, initiator, &command, "READ BLOCK LIMITS", error)) {
        return FALSE;
    }
    tape_block_limits(ask_data(initiator), &smallest, &largest);
    caps->max_transfer = largest;
    tape_log_sense(&command, 0, LOG_LIST_BYTES);
    if (!ask(initiator, &command, &completion, error)) {
        return FALSE;
    }
    if (!ask_answered(&completion)) {
        caps->tape &= ~TAPE_LOGS;
    }
    tape_read_position(&command);
    if (!ask(initiator, &command, &completion, error)) {
        return FALSE;
    }
    if (!ask_answered(&completion)) {
        caps->tape &= ~TAPE_LOCATES;
    }
    return TRUE;
}
