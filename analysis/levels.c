/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How deep the queues are: what is in flight, and what bounces. Nothing is done
 * for a sink that does not ask. */
#include "correlate-private.h"

/* Processes whose levels are told apart. */
#define PROCESSES_MAX 4096

/* A process's sums over what is in it. */
typedef struct Process {
    uint64_t hba, depth, held;
} Process;

/* A transfer's queue, as its last event left it. */
typedef struct Transfer {
    uint32_t depth;
    uint64_t held;
} Transfer;

struct SgbLevels {
    SgbKeyTable processes; /* value 0 -> Process * */
    SgbKeyTable transfers; /* dma_bounce_*: transfer -> Transfer * */
    SgbKeyTable buffers;   /* req with a bounce buffer -> its device */
};

static void free_what(const SgbKey *key, void *what, void *opaque)
{
    g_free(what);
}

static void clear_owned(SgbKeyTable *t)
{
    sgb_key_table_foreach(t, free_what, NULL);
    sgb_key_table_clear(t);
}

struct SgbLevels *sgb_levels_new(void)
{
    return g_new0(struct SgbLevels, 1);
}

void sgb_levels_free(struct SgbLevels *levels)
{
    clear_owned(&levels->processes);
    clear_owned(&levels->transfers);
    sgb_key_table_clear(&levels->buffers);
    g_free(levels);
}

/* NULL: too many. */
static Process *process_of(SgbCorrelator *c, const char *host, int64_t vpid)
{
    SgbKey key = {.host = host, .vpid = vpid};
    Process *p = sgb_key_table_find(&c->levels->processes, &key);

    if (!p && c->levels->processes.used < PROCESSES_MAX) {
        p = g_new0(Process, 1);
        sgb_key_table_set(&c->levels->processes, &key, p);
    }
    return p;
}

static void report(SgbCorrelator *c, SgbLevelKind kind, uint64_t ns,
                   const char *host, int64_t vpid, const char *device,
                   uint64_t value)
{
    SgbLevel level = {kind, ns, host, device, vpid, value};

    c->sink->level(c->sink->opaque, &level);
}

void sgb_levels_hba(SgbCorrelator *c, SgbOpen *o, uint64_t ns, gboolean inside)
{
    Process *p;

    if (!c->sink->level || o->in_hba == inside) {
        return;
    }
    p = process_of(c, o->r.host, o->r.vpid);
    if (!p) {
        return;
    }
    o->in_hba = inside;
    p->hba += inside ? 1 : -1;
    report(c, SGB_LEVEL_HBA, ns, o->r.host, o->r.vpid, NULL, p->hba);
}

/* Nobody but QEMU's request knows the device, and that not before it is
 * submitted. */
void sgb_levels_allocated(SgbCorrelator *c, SgbOpen *o, const SgbEvent *e)
{
    sgb_event_integer(e, SGB_FIELD_HELD, &o->r.bounce_held);
    o->alloc_ns = e->ns;
    o->alloc_held = o->r.bounce_held;
    o->alloc_buffers = 0;
    sgb_event_integer(e, SGB_FIELD_BUFFERS, &o->alloc_buffers);
}

void sgb_levels_submitted(SgbCorrelator *c, SgbOpen *o)
{
    SgbKeyTable *buffers = &c->levels->buffers;
    const SgbRequest *r = &o->r;

    if (!c->sink->level || !o->alloc_ns) {
        return;
    }
    report(c, SGB_LEVEL_BOUNCE_BUFFERS, o->alloc_ns, r->host, r->vpid,
           r->device, o->alloc_buffers);
    report(c, SGB_LEVEL_BOUNCE_HELD, o->alloc_ns, r->host, r->vpid, r->device,
           o->alloc_held);
    o->alloc_ns = 0;
    if (o->keys[SGB_KEY_REQ].set) {
        if (buffers->used >= SGB_HANDLES_MAX) {
            sgb_key_table_clear(buffers);
        }
        sgb_key_table_set(buffers, &o->keys[SGB_KEY_REQ].key,
                          (void *)r->device);
    }
}

/* The request may be over for everybody else. */
static void on_bounce_free(SgbCorrelator *c, const SgbEvent *e)
{
    SgbKey key = {.host = e->host, .vpid = e->vpid};
    uint64_t buffers, held;
    const char *device;

    if (!c->sink->level || !sgb_event_integer(e, SGB_FIELD_REQ, &key.value)) {
        return;
    }
    device = sgb_key_table_remove(&c->levels->buffers, &key);
    if (device && sgb_event_integer(e, SGB_FIELD_BUFFERS, &buffers) &&
        sgb_event_integer(e, SGB_FIELD_HELD, &held)) {
        report(c, SGB_LEVEL_BOUNCE_BUFFERS, e->ns, e->host, e->vpid, device,
               buffers);
        report(c, SGB_LEVEL_BOUNCE_HELD, e->ns, e->host, e->vpid, device, held);
    }
}

static void on_depth(SgbCorrelator *c, const SgbEvent *e)
{
    const char *id;
    uint64_t inflight;

    if (c->sink->level && sgb_event_integer(e, SGB_FIELD_INFLIGHT, &inflight)) {
        id = sgb_event_string(e, SGB_FIELD_ID);
        report(c, SGB_LEVEL_SGIO, e->ns, e->host, e->vpid,
               sgb_correlator_device(c, id ? id : ""), inflight);
    }
}

/* A transfer's queue: its figures are its own, the level is the process's. */
static void on_queue(SgbCorrelator *c, const SgbEvent *e)
{
    SgbKeyTable *transfers = &c->levels->transfers;
    SgbKey key = {.host = e->host, .vpid = e->vpid};
    Process *p = c->sink->level ? process_of(c, e->host, e->vpid) : NULL;
    uint32_t depth;
    uint64_t held;
    Transfer *t;

    if (!p || !sgb_event_integer(e, SGB_FIELD_TRANSFER, &key.value) ||
        !sgb_event_uint32(e, SGB_FIELD_DEPTH, &depth) ||
        !sgb_event_integer(e, SGB_FIELD_HELD, &held)) {
        return;
    }
    t = sgb_key_table_find(transfers, &key);
    if (!t) {
        if (transfers->used >= SGB_HANDLES_MAX) {
            /* Their queues count on in the sums, which are too high now;
             * a trace that loses no events does not come here. */
            clear_owned(transfers);
        }
        t = g_new0(Transfer, 1);
        sgb_key_table_set(transfers, &key, t);
    }
    p->depth += depth - (uint64_t)t->depth;
    p->held += held - t->held;
    *t = (Transfer){depth, held};
    if (!depth) {
        g_free(sgb_key_table_remove(transfers, &key));
    }
    report(c, SGB_LEVEL_QUEUE_DEPTH, e->ns, e->host, e->vpid, NULL, p->depth);
    report(c, SGB_LEVEL_QUEUE_HELD, e->ns, e->host, e->vpid, NULL, p->held);
}

const SgbEventHandler sgb_level_handlers[] = {
    {"qemu:scsi_sgio_bounce_free", SGB_EVENTS_SCSI, on_bounce_free},
    {"qemu:scsi_sgio_depth", SGB_EVENTS_SCSI, on_depth},
    {"qemu:dma_bounce_alloc", SGB_EVENTS_MAP, on_queue},
    {"qemu:dma_bounce_free", SGB_EVENTS_MAP, on_queue},
    {NULL},
};
