/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "key-table.h"

#define BITS_MIN 6

struct SgbKeySlot {
    SgbKey key;
    void *what; /* NULL: free */
};

static unsigned hash(const SgbKeyTable *t, const SgbKey *key)
{
    /* Multiplicative hashing (Knuth, TAOCP 3, 6.4) with the golden ratio: the
     * upper bits depend on all lower ones. Handles are addresses, tags count:
     * both differ in the lower bits. */
    uint64_t h = key->value;

    h ^= (uint64_t)key->vpid << 32 ^ (uintptr_t)key->host << 8;
    h *= UINT64_C(0x9e3779b97f4a7c15);
    return h >> (64 - t->bits);
}

static gboolean equal(const SgbKey *a, const SgbKey *b)
{
    return a->value == b->value && a->vpid == b->vpid && a->host == b->host;
}

/* The slot of @key, or the free one where it belongs. */
static unsigned slot_of(const SgbKeyTable *t, const SgbKey *key)
{
    unsigned mask = (1u << t->bits) - 1;
    unsigned i = hash(t, key);

    while (t->slots[i].what && !equal(&t->slots[i].key, key)) {
        i = (i + 1) & mask;
    }
    return i;
}

static void grow(SgbKeyTable *t)
{
    SgbKeyTable old = *t;

    t->bits = old.bits ? old.bits + 1 : BITS_MIN;
    t->slots = g_new0(struct SgbKeySlot, 1u << t->bits);
    for (unsigned i = 0; old.slots && i < 1u << old.bits; i++) {
        if (old.slots[i].what) {
            t->slots[slot_of(t, &old.slots[i].key)] = old.slots[i];
        }
    }
    g_free(old.slots);
}

void sgb_key_table_clear(SgbKeyTable *t)
{
    g_free(t->slots);
    *t = (SgbKeyTable){};
}

void *sgb_key_table_find(const SgbKeyTable *t, const SgbKey *key)
{
    return t->slots ? t->slots[slot_of(t, key)].what : NULL;
}

void sgb_key_table_set(SgbKeyTable *t, const SgbKey *key, void *what)
{
    struct SgbKeySlot *slot;

    /* At most half full, so that a free slot is near. */
    if (!t->slots || t->used >= 1u << (t->bits - 1)) {
        grow(t);
    }
    slot = &t->slots[slot_of(t, key)];
    if (!slot->what) {
        t->used++;
        slot->key = *key;
    }
    slot->what = what;
}

void *sgb_key_table_remove(SgbKeyTable *t, const SgbKey *key)
{
    unsigned mask, i, j;
    void *what;

    if (!t->slots) {
        return NULL;
    }
    i = slot_of(t, key);
    what = t->slots[i].what;
    if (!what) {
        return NULL;
    }
    /* Move up those behind it that would not be found across a free slot. */
    mask = (1u << t->bits) - 1;
    for (j = (i + 1) & mask; t->slots[j].what; j = (j + 1) & mask) {
        unsigned home = hash(t, &t->slots[j].key);

        if (((j - home) & mask) >= ((j - i) & mask)) {
            t->slots[i] = t->slots[j];
            i = j;
        }
    }
    t->slots[i].what = NULL;
    t->used--;
    return what;
}

void sgb_key_table_foreach(const SgbKeyTable *t,
                           void (*func)(const SgbKey *key, void *what,
                                        void *opaque),
                           void *opaque)
{
    for (unsigned i = 0; t->slots && i < 1u << t->bits; i++) {
        if (t->slots[i].what) {
            func(&t->slots[i].key, t->slots[i].what, opaque);
        }
    }
}
