/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A tape on which all places are known: files of so many blocks of one length,
 * a filemark behind each. Where SPACE and LOCATE have to lead can be told then,
 * and it can be looked whether they did: by what READ POSITION says, and by
 * what is read there, since each block says of itself where it belongs
 * (stamp.h).
 */
#ifndef SGBENCH_TAPE_PLACES_H
#define SGBENCH_TAPE_PLACES_H

#include <stdint.h>
#include <glib.h>
#include "cell.h"
#include "target.h"

/* Between two objects of the tape: before block @block of file @file (from 0),
 * or before its filemark, if it has no such block. */
typedef struct TapePlace {
    unsigned file, block;
} TapePlace;

typedef struct TapePlaces {
    const Target *target;
    const Cell *cell;
    unsigned files, per_file; /* blocks in each file */
    const char *run_id;       /* in the blocks, with the next; borrowed */
    uint32_t generation;
} TapePlaces;

/* Logical object identifier (SSC-3): blocks and filemarks before @place. */
uint32_t tape_places_object(const TapePlaces *places, TapePlace place);

/*
 * Draw by lot where a command of the cell's operation leads from @from to, and
 * make it. SPACE is over blocks inside of a file, or over filemarks: forwards to
 * the beginning of a file, backwards to before the filemark, if the target can
 * (TAPE_SPACES_BACK). LOCATE may lead anywhere. FALSE: only rewinding leads on
 * from here.
 */
gboolean tape_places_draw(const TapePlaces *places, GRand *lots, TapePlace from,
                          TapePlace *to, Command *command);

/* Write the tape, in variable blocks, from its beginning, through @initiator,
 * and rewind it. One after the other, in plain memory at ask_data(). */
gboolean tape_places_write(const TapePlaces *places, Initiator *initiator,
                           GError **error);

/*
 * Ask by READ POSITION through @initiator whether the tape stands at @place.
 * *@known: it says where it is. FALSE with SGBENCH_ERROR_DATA if it is another
 * place, which names the cell and @after, the command that led there; or with
 * what broke.
 */
gboolean tape_places_ask(const TapePlaces *places, Initiator *initiator,
                         TapePlace place, const char *after, gboolean *known,
                         GError **error);

/*
 * Read what is at @place, where the tape stands, through @initiator: its block;
 * or the filemark, and the block behind it. The target must store data. *@then:
 * where the tape stands afterwards; behind the last filemark it is rewound.
 * Errors as of tape_places_ask().
 */
gboolean tape_places_read(const TapePlaces *places, Initiator *initiator,
                          TapePlace place, const char *after, TapePlace *then,
                          GError **error);

/* "SPACE (6) 12 blocks", "LOCATE (10) 512"; the caller's. */
char *tape_places_text(const Command *command);

#endif
