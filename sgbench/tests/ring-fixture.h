/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A ring initiator on a real QEMU, whose scsi-hd on null-co or on a file
 * stands in for a device: no SCSI on the host is needed. And a load that
 * checks what an initiator owes to loads.
 */
#ifndef TESTS_RING_FIXTURE_H
#define TESTS_RING_FIXTURE_H

#include <glib.h>
#include "sgbench/context.h"
#include "sgbench/initiator.h"
#include "sgbench/target.h"

#define DISK_BYTES (UINT64_C(64) << 20)
#define BLOCK 512
#define ARENA (UINT64_C(48) << 20)

extern RunContext ring_context;
extern char *ring_build;       /* NULL: no QEMU here */
extern const char ring_null[]; /* -blockdev of zeros */
extern const char ring_slow[]; /* the same, 300 ms for each command */

/* Make the context in a new folder and find a QEMU; take it all away. */
void ring_set_up(void);
void ring_tear_down(void);

/* TRUE, and the test skipped (failed if $CI is set), if there is no QEMU. */
gboolean ring_no_qemu(void);

/* A Target whose -blockdev is @blockdev (kept until the next call). */
Target ring_target(const char *blockdev);

/* Open scsi-hd with @properties on @blockdev. */
Initiator *ring_open(const char *blockdev, const char *properties,
                     GError **error);

/* The same without fail, and past the first command's unit attention. */
Initiator *ring_open_good(const char *blockdev);

/* Send; must come back GOOD. */
void ring_send_good(Initiator *ring, Command *command, Completion *completion);

/* @command is the CDB @hex, and moves @length bytes. */
void ring_assert_cdb(const Command *command, const char *hex,
                     DataDirection direction, uint64_t length);

/* Point @command's data to one piece at the start of the arena; its memory. */
uint8_t *ring_one_piece(Initiator *ring, Command *command, Piece *piece);

/* Send data of each of @n @lengths to the disk in one layout, get it back in
 * another, for all layouts: it must be the same, and the guards unharmed. */
void ring_check_layouts(Initiator *ring, const uint64_t *lengths, unsigned n);

/* READs, WRITEs, TEST UNIT READYs and refused READs in turn. */
typedef struct CheckedLoad {
    Load load;
    Initiator *ring;
    Command commands[64];
    Piece pieces[64];
    gboolean busy[64];
    GHashTable *tags;
    GThread *thread; /* the one all calls come from */
    unsigned limit, posted, done, in_flight, most_in_flight;
    unsigned stop_at; /* done() says enough; 0: never */
    unsigned act_at;  /* next() calls act(); 0: never */
    void (*act)(Initiator *ring);
    gboolean stopped, ended;
} CheckedLoad;

void checked_load_init(CheckedLoad *checked, Initiator *ring, unsigned depth,
                       unsigned limit);
void checked_load_clear(CheckedLoad *checked);

#endif
