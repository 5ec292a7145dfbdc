/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "inflight.h"

#include <string.h>

/* As many requests as are often open at a time. */
#define SPARE_MAX 256

/* Handles mean nothing outside of their process; these are the host's. */
static gboolean of_host(SgbKeyKind kind)
{
    return kind == SGB_KEY_INITIATOR || kind == SGB_KEY_THREAD;
}

void sgb_inflight_init(SgbInflight *t)
{
    *t = (SgbInflight){};
}

void sgb_inflight_clear(SgbInflight *t)
{
    while (t->queue.head) {
        sgb_inflight_remove(t, t->queue.head->data);
    }
    while (t->spare.head) {
        GList *link = g_queue_pop_head_link(&t->spare);

        g_free(link->data);
    }
    for (unsigned i = 0; i < SGB_KEY__COUNT; i++) {
        sgb_key_table_clear(&t->by[i]);
    }
}

SgbOpen *sgb_inflight_add(SgbInflight *t)
{
    GList *link = g_queue_pop_head_link(&t->spare);
    SgbOpen *o;

    if (link) {
        o = link->data;
        memset(o, 0, sizeof(*o));
    } else {
        o = g_new0(SgbOpen, 1);
    }
    o->r.vpid = -1;
    o->r.path = SGB_DATA_PATH_UNKNOWN;
    o->r.sense_key = SGB_SENSE_UNKNOWN;
    o->link.data = o;
    o->device_link.data = o;
    g_queue_push_tail_link(&t->queue, &o->link);
    return o;
}

void sgb_inflight_remove(SgbInflight *t, SgbOpen *o)
{
    for (unsigned i = 0; i < SGB_KEY__COUNT; i++) {
        sgb_inflight_unset(t, o, i);
    }
    g_queue_unlink(&t->queue, &o->link);
    if (t->spare.length < SPARE_MAX) {
        g_queue_push_head_link(&t->spare, &o->link);
    } else {
        g_free(o);
    }
}

SgbOpen *sgb_inflight_find(const SgbInflight *t, SgbKeyKind kind,
                           const char *host, int64_t vpid, uint64_t value)
{
    SgbKey key = {
        .host = host,
        .vpid = of_host(kind) ? 0 : vpid,
        .value = value,
    };

    return sgb_key_table_find(&t->by[kind], &key);
}

void sgb_inflight_set(SgbInflight *t, SgbOpen *o, SgbKeyKind kind,
                      uint64_t value)
{
    SgbOpen *before = sgb_inflight_find(t, kind, o->r.host, o->r.vpid, value);

    if (before == o) {
        return;
    }
    if (before) {
        before->keys[kind].set = FALSE;
    }
    sgb_inflight_unset(t, o, kind);
    o->keys[kind].set = TRUE;
    o->keys[kind].key = (SgbKey){
        .host = o->r.host,
        .vpid = of_host(kind) ? 0 : o->r.vpid,
        .value = value,
    };
    sgb_key_table_set(&t->by[kind], &o->keys[kind].key, o);
}

void sgb_inflight_unset(SgbInflight *t, SgbOpen *o, SgbKeyKind kind)
{
    if (o->keys[kind].set) {
        sgb_key_table_remove(&t->by[kind], &o->keys[kind].key);
        o->keys[kind].set = FALSE;
    }
}
