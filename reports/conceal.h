/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Takes what identifies devices (serial numbers, barcodes, world-wide names)
 * out of a run that is given away. Each is replaced by a keyed hash, so that
 * runs of one device on one machine still belong together, and nobody can try
 * all serial numbers of a vendor without the machine's id.
 */
#ifndef REPORTS_CONCEAL_H
#define REPORTS_CONCEAL_H

#include <glib.h>
#include <json-glib/json-glib.h>

typedef struct SgbConceal SgbConceal;

/*
 * Collect the identities in @root, run.json: members of the targets whose names
 * say serial, barcode, volume, wwn, naa, eui or identifier. Those that the
 * targets' kinds make up themselves are hashed, too.
 */
SgbConceal *sgb_conceal_new(JsonObject *root);
void sgb_conceal_free(SgbConceal *conceal);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SgbConceal, sgb_conceal_free)

/* How many there are. */
unsigned sgb_conceal_count(const SgbConceal *conceal);

/* Replace them in all strings of @root, and in @text (NUL-terminated; the
 * result is the caller's). Outside of their own members only those of at least
 * four characters: shorter ones are part of too much else. */
void sgb_conceal_json(const SgbConceal *conceal, JsonObject *root);
char *sgb_conceal_text(const SgbConceal *conceal, const char *text);

#endif
