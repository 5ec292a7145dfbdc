/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A hash table from (host, process, value) to a pointer: open addressing with
 * linear probing, because every event of a trace looks in one.
 */
#ifndef ANALYSIS_KEY_TABLE_H
#define ANALYSIS_KEY_TABLE_H

#include <stdint.h>
#include <glib.h>

typedef struct SgbKey {
    const char *host; /* interned: equal strings are one pointer */
    int64_t vpid;
    uint64_t value;
} SgbKey;

typedef struct SgbKeyTable {
    struct SgbKeySlot *slots; /* private */
    unsigned bits;            /* the number of slots is a power of two */
    unsigned used;
} SgbKeyTable;

/* A table of zeros is an empty one. */
void sgb_key_table_clear(SgbKeyTable *t);

/* What @key stands for, or NULL. */
void *sgb_key_table_find(const SgbKeyTable *t, const SgbKey *key);

/* From now on @key stands for @what (not NULL). */
void sgb_key_table_set(SgbKeyTable *t, const SgbKey *key, void *what);

/* Returns what @key stood for, or NULL. */
void *sgb_key_table_remove(SgbKeyTable *t, const SgbKey *key);

/* Call @func for everything in it, in no order. @func must not change it. */
void sgb_key_table_foreach(const SgbKeyTable *t,
                           void (*func)(const SgbKey *key, void *what,
                                        void *opaque),
                           void *opaque);

#endif
