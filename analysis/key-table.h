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

typedef struct SgbKeySlot {
    SgbKey key;
    void *what; /* NULL: free */
} SgbKeySlot;

typedef struct SgbKeyTable {
    SgbKeySlot *slots;
    unsigned bits; /* the number of slots is a power of two */
    unsigned used;
} SgbKeyTable;

/* A table of zeros is an empty one. */
void sgb_key_table_clear(SgbKeyTable *t);

/* Where to look for @key first. */
static inline unsigned sgb_key_table_home(const SgbKeyTable *t,
                                          const SgbKey *key)
{
    /* Multiplicative hashing (Knuth, TAOCP 3, 6.4) with the golden ratio: the
     * upper bits depend on all lower ones. Handles are addresses, tags count:
     * both differ in the lower bits. */
    uint64_t h = key->value;

    h ^= (uint64_t)key->vpid << 32 ^ (uintptr_t)key->host << 8;
    h *= UINT64_C(0x9e3779b97f4a7c15);
    return h >> (64 - t->bits);
}

/* The slot of @key, or the free one where it belongs. */
static inline unsigned sgb_key_table_slot(const SgbKeyTable *t,
                                          const SgbKey *key)
{
    unsigned mask = (1u << t->bits) - 1;
    unsigned i = sgb_key_table_home(t, key);

    for (;; i = (i + 1) & mask) {
        const SgbKeySlot *slot = &t->slots[i];

        if (!slot->what ||
            (slot->key.value == key->value && slot->key.vpid == key->vpid &&
             slot->key.host == key->host)) {
            return i;
        }
    }
}

/* What @key stands for, or NULL. Here, with what it needs, because each event
 * asks once or twice. */
static inline void *sgb_key_table_find(const SgbKeyTable *t, const SgbKey *key)
{
    return t->slots ? t->slots[sgb_key_table_slot(t, key)].what : NULL;
}

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
