/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "correlate-private.h"

#include <string.h>

/* Qdev ids told apart. */
#define DEVICES_MAX 4096

const char *sgb_correlator_device(SgbCorrelator *c, const char *id)
{
    const char **device;

    for (unsigned i = 0; i < G_N_ELEMENTS(c->device); i++) {
        if (c->device[i] && strcmp(c->device[i], id) == 0) {
            return c->device[i];
        }
    }
    device = &c->device[c->next_device++ % G_N_ELEMENTS(c->device)];
    *device = sgb_intern_bounded(id, &c->devices, DEVICES_MAX);
    return *device;
}

void sgb_correlator_orphan(SgbCorrelator *c)
{
    c->counts->orphans++;
}

void sgb_correlator_deliver(SgbCorrelator *c, SgbOpen *o, gboolean finished)
{
    SgbRequest *r = &o->r;

    sgb_kernel_forget(c, o);
    if (!o->named) {
        c->counts->orphans += o->events;
        sgb_inflight_remove(&c->inflight, o);
        return;
    }
    sgb_levels_hba(c, o, sgb_request_end(r), FALSE);
    r->finished = finished;
    if (!o->completed) {
        r->pieces = o->path_pieces;
        r->direct = o->path_direct;
        r->bounced = o->path_bounced;
    }
    if (!r->length) {
        r->length = o->submitted;
    }
    if (finished) {
        c->counts->requests++;
    } else {
        c->counts->unfinished++;
    }
    if (c->sink->request) {
        c->sink->request(c->sink->opaque, r, o->cell);
    }
    sgb_inflight_remove(&c->inflight, o);
}

/* Its end is not there, but for one that only waited to be claimed. */
void sgb_correlator_give_up(SgbCorrelator *c, SgbOpen *o)
{
    sgb_correlator_deliver(c, o, o->responded && !o->posted);
}

SgbTraceCell *sgb_correlator_cell(SgbCorrelator *c, const SgbEvent *e)
{
    SgbTraceCell *cell = NULL;

    if (g_hash_table_size(c->cell_of)) {
        cell = g_hash_table_lookup(c->cell_of, e->host);
    }
    return cell ? cell : &c->outside;
}

SgbOpen *sgb_correlator_begin(SgbCorrelator *c, const SgbEvent *e)
{
    SgbOpen *o;

    while (c->inflight.queue.length >= SGB_CORRELATOR_OPEN_MAX) {
        sgb_correlator_give_up(c, c->inflight.queue.head->data);
    }
    o = sgb_inflight_add(&c->inflight);
    o->r.host = e->host;
    o->cell = sgb_correlator_cell(c, e);
    return o;
}

void sgb_correlator_bind(SgbOpen *o, const SgbEvent *e)
{
    o->bound = TRUE;
    o->r.vpid = e->vpid;
}

void sgb_correlator_name(SgbCorrelator *c, SgbOpen *o, uint32_t tag)
{
    SgbOpen *posted =
        sgb_inflight_find(&c->inflight, SGB_KEY_INITIATOR, o->r.host, 0, tag);

    o->named = TRUE;
    o->r.tag = tag;
    sgb_inflight_set(&c->inflight, o, SGB_KEY_TAG, tag);
    /* So that a post that is seen late finds it. */
    if (!posted || !posted->posted) {
        sgb_inflight_set(&c->inflight, o, SGB_KEY_INITIATOR, tag);
    }
}

SgbOpen *sgb_correlator_find_tag(SgbCorrelator *c, const SgbEvent *e,
                                 uint32_t tag)
{
    SgbInflight *t = &c->inflight;
    SgbOpen *o = sgb_inflight_find(t, SGB_KEY_TAG, e->host, e->vpid, tag);

    if (o) {
        return o;
    }
    o = sgb_inflight_find(t, SGB_KEY_INITIATOR, e->host, 0, tag);
    if (!o || !o->posted || o->bound) {
        return NULL;
    }
    sgb_correlator_bind(o, e);
    sgb_inflight_set(t, o, SGB_KEY_TAG, tag);
    return o;
}

/* What was known of a request by its handle only goes to the one it is. */
static void absorb(SgbCorrelator *c, SgbOpen *o, SgbOpen *nameless)
{
    uint64_t map_ns = nameless->r.stage_ns[SGB_STAGE_MAP];

    o->r.map_hits += nameless->r.map_hits;
    o->r.map_misses += nameless->r.map_misses;
    if (map_ns && (!o->r.stage_ns[SGB_STAGE_MAP] ||
                   map_ns < o->r.stage_ns[SGB_STAGE_MAP])) {
        o->r.stage_ns[SGB_STAGE_MAP] = map_ns;
    }
    sgb_kernel_forget(c, nameless);
    sgb_inflight_remove(&c->inflight, nameless);
}

SgbOpen *sgb_correlator_resolve(SgbCorrelator *c, const SgbEvent *e,
                                gboolean create)
{
    SgbInflight *t = &c->inflight;
    SgbOpen *o = NULL, *holder = NULL;
    uint32_t tag;
    uint64_t req;
    gboolean has_tag = sgb_event_uint32(e, SGB_FIELD_TAG, &tag);
    gboolean has_req = sgb_event_integer(e, SGB_FIELD_REQ, &req);

    if (has_req) {
        holder = sgb_inflight_find(t, SGB_KEY_REQ, e->host, e->vpid, req);
    }
    if (has_tag) {
        if (holder && holder->keys[SGB_KEY_TAG].set && holder->r.tag == tag) {
            return holder; /* nearly always */
        }
        o = sgb_correlator_find_tag(c, e, tag);
    }
    if (!has_tag && holder && holder->named) {
        return holder;
    }
    if (!o && has_tag && create) {
        if (holder && !holder->named) {
            o = holder;
        } else {
            o = sgb_correlator_begin(c, e);
            sgb_correlator_bind(o, e);
            /* Room for it may have been made at the cost of the holder. */
            holder = NULL;
        }
        sgb_correlator_name(c, o, tag);
    }
    if (o && has_req) {
        /* A holder with another tag has given its handle back. */
        if (holder && holder != o && !holder->named) {
            absorb(c, o, holder);
        }
        sgb_inflight_set(t, o, SGB_KEY_REQ, req);
    }
    if (!o) {
        sgb_correlator_orphan(c);
    }
    return o;
}

static void end_cell(SgbCorrelator *c, SgbTraceCell *cell)
{
    GList *next;

    /* Nobody has claimed to have posted these. */
    for (GList *l = c->inflight.queue.head; l; l = next) {
        SgbOpen *o = l->data;

        next = l->next;
        if (o->cell == cell && o->responded && !o->posted) {
            sgb_correlator_deliver(c, o, TRUE);
        }
    }
    if (c->sink->cell_end) {
        c->sink->cell_end(c->sink->opaque, cell);
    }
}

static void on_cell_begin(SgbCorrelator *c, const SgbEvent *e)
{
    SgbTraceCell *cell = g_hash_table_lookup(c->cell_of, e->host);
    const char *name = sgb_event_string(e, SGB_FIELD_CELL);

    if (cell) {
        g_hash_table_remove(c->cell_of, e->host);
        end_cell(c, cell);
    }
    if (c->cells->len >= SGB_CORRELATOR_CELLS_MAX) {
        c->counts->cells_left_out++;
        return;
    }
    cell = g_new0(SgbTraceCell, 1);
    cell->cell = g_strdup(name ? name : "");
    sgb_event_uint32(e, SGB_FIELD_ROUND, &cell->round);
    g_ptr_array_add(c->cells, cell);
    g_hash_table_insert(c->cell_of, (void *)e->host, cell);
    if (c->sink->cell_begin) {
        c->sink->cell_begin(c->sink->opaque, cell);
    }
}

static void on_cell_end(SgbCorrelator *c, const SgbEvent *e)
{
    SgbTraceCell *cell = g_hash_table_lookup(c->cell_of, e->host);
    const char *name = sgb_event_string(e, SGB_FIELD_CELL);

    if (!cell || g_strcmp0(cell->cell, name ? name : "") != 0) {
        sgb_correlator_orphan(c);
        return;
    }
    cell->ended = TRUE;
    sgb_event_integer(e, SGB_FIELD_REQUESTS, &cell->stated_requests);
    sgb_event_integer(e, SGB_FIELD_BYTES, &cell->stated_bytes);
    g_hash_table_remove(c->cell_of, e->host);
    end_cell(c, cell);
}

static const SgbEventHandler cell_handlers[] = {
    {"sgbench:cell_begin", SGB_EVENTS_CELL, on_cell_begin},
    {"sgbench:cell_end", SGB_EVENTS_CELL, on_cell_end},
    {NULL},
};

static void free_cell(gpointer data)
{
    SgbTraceCell *cell = data;

    g_free(cell->cell);
    g_free(cell);
}

static gconstpointer handler_of(const char *name)
{
    static const SgbEventHandler *const tables[] = {
        sgb_stage_handlers, cell_handlers, sgb_level_handlers,
        sgb_kernel_handlers};

    for (unsigned i = 0; i < G_N_ELEMENTS(tables); i++) {
        for (const SgbEventHandler *h = tables[i]; h->name; h++) {
            if (strcmp(h->name, name) == 0) {
                return h;
            }
        }
    }
    return NULL;
}

SgbCorrelator *sgb_correlator_new(const SgbTraceSink *sink,
                                  SgbTraceCounts *counts)
{
    SgbCorrelator *c = g_new0(SgbCorrelator, 1);

    c->sink = sink;
    c->counts = counts;
    c->reader = sgb_event_reader_new(handler_of);
    c->cells = g_ptr_array_new_with_free_func(free_cell);
    c->cell_of = g_hash_table_new(NULL, NULL);
    c->levels = sgb_levels_new();
    c->kernel = sgb_kernel_new();
    sgb_inflight_init(&c->inflight);
    return c;
}

void sgb_correlator_free(SgbCorrelator *c)
{
    if (!c) {
        return;
    }
    sgb_inflight_clear(&c->inflight);
    sgb_kernel_free(c->kernel);
    sgb_levels_free(c->levels);
    sgb_key_table_clear(&c->own);
    g_hash_table_unref(c->cell_of);
    g_ptr_array_unref(c->cells);
    sgb_event_reader_free(c->reader);
    g_free(c);
}

/* How many were lost is not always known; that some were is. */
static uint64_t at_least_one(bt_property_availability known, uint64_t count)
{
    return known == BT_PROPERTY_AVAILABILITY_AVAILABLE && count > 0 ? count : 1;
}

void sgb_correlator_message(SgbCorrelator *c, const bt_message *message)
{
    bt_message_type type = bt_message_get_type(message);
    uint64_t count = 0;

    if (type == BT_MESSAGE_TYPE_EVENT) {
        SgbEvent event;
        const SgbEventHandler *handler =
            sgb_event_read(c->reader, message, &event);

        if (handler) {
            c->counts->events++;
            c->counts->by_group[handler->group]++;
            if (!c->counts->begin_ns) {
                c->counts->begin_ns = event.ns;
            }
            c->counts->end_ns = MAX(c->counts->end_ns, event.ns);
            handler->handle(c, &event);
        } else {
            c->counts->events_other++;
        }
    } else if (type == BT_MESSAGE_TYPE_DISCARDED_EVENTS) {
        bt_property_availability known =
            bt_message_discarded_events_get_count(message, &count);

        c->counts->lost_events += at_least_one(known, count);
    } else if (type == BT_MESSAGE_TYPE_DISCARDED_PACKETS) {
        bt_property_availability known =
            bt_message_discarded_packets_get_count(message, &count);

        c->counts->lost_packets += at_least_one(known, count);
    }
}

void sgb_correlator_finish(SgbCorrelator *c)
{
    while (c->inflight.queue.head) {
        sgb_correlator_give_up(c, c->inflight.queue.head->data);
    }
    /* In the order in which they began. */
    for (unsigned i = 0; i < c->cells->len; i++) {
        SgbTraceCell *cell = g_ptr_array_index(c->cells, i);
        GHashTableIter iter;
        gpointer going;

        g_hash_table_iter_init(&iter, c->cell_of);
        while (g_hash_table_iter_next(&iter, NULL, &going)) {
            if (going == cell) {
                g_hash_table_iter_remove(&iter);
                end_cell(c, cell);
                break;
            }
        }
    }
}
