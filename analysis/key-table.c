/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "key-table.h"

#define BITS_MIN 6

static void grow(SgbKeyTable *t)
{
    SgbKeyTable old = *t;

    t->bits = old.bits ? old.bits + 1 : BITS_MIN;
    t->slots = g_new0(SgbKeySlot, 1u << t->bits);
    for (unsigned i = 0; old.slots && i < 1u << old.bits; i++) {
        if (old.slots[i].what) {
            t->slots[sgb_key_table_slot(t, &old.slots[i].key)] = old.slots[i];
        }
    }
    g_free(old.slots);
}

void sgb_key_table_clear(SgbKeyTable *t)
{
    g_free(t->slots);
    *t = (SgbKeyTable){};
}

void sgb_key_table_set(SgbKeyTable *t, const SgbKey *key, void *what)
{
    SgbKeySlot *slot;

    /* At most half full, so that a free slot is near. */
    if (!t->slots || t->used >= 1u << (t->bits - 1)) {
        grow(t);
    }
    slot = &t->slots[sgb_key_table_slot(t, key)];
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
    i = sgb_key_table_slot(t, key);
    what = t->slots[i].what;
    if (!what) {
        return NULL;
    }
    /* Move up those behind it that would not be found across a free slot. */
    mask = (1u << t->bits) - 1;
    for (j = (i + 1) & mask; t->slots[j].what; j = (j + 1) & mask) {
        unsigned home = sgb_key_table_home(t, &t->slots[j].key);

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
