/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "inflight.h"

unsigned sgb_key_hash(gconstpointer data)
{
    const SgbKey *key = data;

    /* host is interned: equal strings are one pointer. */
    return g_int64_hash(&key->value) * 31 + g_int64_hash(&key->vpid) * 7 +
           g_direct_hash(key->host);
}

gboolean sgb_key_equal(gconstpointer a, gconstpointer b)
{
    const SgbKey *x = a, *y = b;

    return x->value == y->value && x->vpid == y->vpid && x->host == y->host;
}

void sgb_inflight_init(SgbInflight *t)
{
    for (unsigned i = 0; i < SGB_KEY__COUNT; i++) {
        t->by[i] = g_hash_table_new(sgb_key_hash, sgb_key_equal);
    }
    g_queue_init(&t->queue);
}

void sgb_inflight_clear(SgbInflight *t)
{
    while (t->queue.head) {
        sgb_inflight_remove(t, t->queue.head->data);
    }
    for (unsigned i = 0; i < SGB_KEY__COUNT; i++) {
        g_clear_pointer(&t->by[i], g_hash_table_unref);
    }
}

SgbOpen *sgb_inflight_add(SgbInflight *t)
{
    SgbOpen *o = g_new0(SgbOpen, 1);

    o->r.vpid = -1;
    o->r.path = SGB_DATA_PATH_UNKNOWN;
    o->link.data = o;
    g_queue_push_tail_link(&t->queue, &o->link);
    return o;
}

void sgb_inflight_remove(SgbInflight *t, SgbOpen *o)
{
    for (unsigned i = 0; i < SGB_KEY__COUNT; i++) {
        sgb_inflight_unset(t, o, i);
    }
    g_queue_unlink(&t->queue, &o->link);
    g_free(o);
}

SgbOpen *sgb_inflight_find(const SgbInflight *t, SgbKeyKind kind,
                           const char *host, int64_t vpid, uint64_t value)
{
    SgbKey key = {
        .host = host,
        .vpid = kind == SGB_KEY_INITIATOR ? 0 : vpid,
        .value = value,
    };

    return g_hash_table_lookup(t->by[kind], &key);
}

void sgb_inflight_set(SgbInflight *t, SgbOpen *o, SgbKeyKind kind,
                      uint64_t value)
{
    SgbOpen *before = sgb_inflight_find(t, kind, o->r.host, o->r.vpid, value);

    if (before == o) {
        return;
    }
    if (before) {
        sgb_inflight_unset(t, before, kind);
    }
    sgb_inflight_unset(t, o, kind);
    o->keys[kind] = (SgbKey){
        .set = TRUE,
        .host = o->r.host,
        .vpid = kind == SGB_KEY_INITIATOR ? 0 : o->r.vpid,
        .value = value,
    };
    g_hash_table_insert(t->by[kind], &o->keys[kind], o);
}

void sgb_inflight_unset(SgbInflight *t, SgbOpen *o, SgbKeyKind kind)
{
    if (o->keys[kind].set) {
        g_hash_table_remove(t->by[kind], &o->keys[kind]);
        o->keys[kind].set = FALSE;
    }
}
