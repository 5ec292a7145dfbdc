/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What each event of the catalogue says about its request. */
#include <errno.h>

#include "correlate-private.h"

/* SG_IO that QEMU issues for itself (at start-up) has no request. */
#define OWN_IOCTLS_MAX 4096

static void pass(SgbOpen *o, SgbStage stage, const SgbEvent *e)
{
    if (!o->r.stage_ns[stage]) {
        o->r.stage_ns[stage] = e->ns;
    }
}

static void on_post(SgbCorrelator *c, const SgbEvent *e)
{
    SgbOpen *o;
    uint64_t value;
    uint32_t tag;

    if (!sgb_event_uint32(e, "tag", &tag)) {
        sgb_correlator_orphan(c);
        return;
    }
    o = sgb_inflight_find(&c->inflight, SGB_KEY_INITIATOR, e->host, 0, tag);
    if (o && o->posted) {
        sgb_correlator_give_up(c, o);
        o = NULL;
    }
    if (!o) {
        o = sgb_correlator_begin(c, e);
        o->named = TRUE;
        o->r.tag = tag;
        sgb_inflight_set(&c->inflight, o, SGB_KEY_INITIATOR, tag);
    }
    o->posted = TRUE;
    pass(o, SGB_STAGE_POST, e);
    sgb_event_uint32(e, "lun", &o->r.lun);
    sgb_event_integer(e, "len", &o->r.length);
    if (sgb_event_integer(e, "opcode", &value)) {
        o->r.opcode = value;
    }
    if (sgb_event_integer(e, "dir", &value)) {
        o->r.direction = value;
    }
}

static void on_seen(SgbCorrelator *c, const SgbEvent *e)
{
    SgbOpen *o = NULL;
    uint64_t status, response, resid;
    uint32_t tag;

    if (sgb_event_uint32(e, "tag", &tag)) {
        o = sgb_inflight_find(&c->inflight, SGB_KEY_INITIATOR, e->host, 0, tag);
    }
    if (!o) {
        sgb_correlator_orphan(c);
        return;
    }
    pass(o, SGB_STAGE_SEEN, e);
    if (sgb_event_integer(e, "status", &status)) {
        o->r.status = status;
    }
    if (sgb_event_integer(e, "response", &response) && response &&
        !o->r.result) {
        o->r.result = -EIO;
    }
    /* QEMU's own figure is closer to the device where there is one. */
    if (!o->completed && sgb_event_integer(e, "resid", &resid)) {
        o->r.resid = resid;
    }
    sgb_correlator_deliver(c, o, TRUE);
}

static void on_arrive(SgbCorrelator *c, const SgbEvent *e)
{
    SgbOpen *o;
    uint64_t opcode;
    uint32_t tag;

    if (!sgb_event_uint32(e, "tag", &tag)) {
        sgb_correlator_orphan(c);
        return;
    }
    o = sgb_correlator_find_tag(c, e, tag);
    if (o && o->r.stage_ns[SGB_STAGE_ARRIVE]) {
        /* The tag is used again, so its first request is over. */
        sgb_correlator_give_up(c, o);
        o = NULL;
    }
    if (!o) {
        o = sgb_correlator_begin(c, e);
        sgb_correlator_bind(o, e);
        sgb_correlator_name(c, o, tag);
    }
    pass(o, SGB_STAGE_ARRIVE, e);
    sgb_event_uint32(e, "lun", &o->r.lun);
    if (sgb_event_integer(e, "cmd", &opcode)) {
        o->r.opcode = opcode;
    }
}

static void on_respond(SgbCorrelator *c, const SgbEvent *e)
{
    SgbOpen *o = NULL;
    const SgbTraceCell *cell;
    uint64_t status, response;
    uint32_t tag;

    if (sgb_event_uint32(e, "tag", &tag)) {
        o = sgb_correlator_find_tag(c, e, tag);
    }
    if (!o) {
        sgb_correlator_orphan(c);
        return;
    }
    pass(o, SGB_STAGE_RESPOND, e);
    o->responded = TRUE;
    if (sgb_event_integer(e, "status", &status)) {
        o->r.status = status;
    }
    if (sgb_event_integer(e, "response", &response) && response &&
        !o->r.result) {
        o->r.result = -EIO;
    }
    /* From here on QEMU uses its handles again. */
    sgb_inflight_unset(&c->inflight, o, SGB_KEY_TAG);
    sgb_inflight_unset(&c->inflight, o, SGB_KEY_REQ);
    sgb_inflight_unset(&c->inflight, o, SGB_KEY_HDR);
    cell = sgb_correlator_cell(c, e);
    if (!o->posted && (o->cell != cell || cell == &c->outside)) {
        sgb_correlator_deliver(c, o, TRUE);
    }
}

static void on_map(SgbCorrelator *c, const SgbEvent *e)
{
    SgbOpen *o = sgb_correlator_resolve(c, e, TRUE);

    if (o) {
        pass(o, SGB_STAGE_MAP, e);
    }
}

/* Of any transfer: those of other devices, and those of dma-helpers, have
 * handles that on_map() has not seen. */
static void on_dma_map(SgbCorrelator *c, const SgbEvent *e)
{
    SgbOpen *o;
    uint64_t transfer;

    if (!sgb_event_integer(e, "transfer", &transfer)) {
        sgb_correlator_orphan(c);
        return;
    }
    o = sgb_inflight_find(&c->inflight, SGB_KEY_REQ, e->host, e->vpid,
                          transfer);
    if (!o) {
        return;
    }
    o->events++;
    if (g_str_has_suffix(e->name, "miss")) {
        o->r.map_misses++;
    } else {
        o->r.map_hits++;
    }
}

static void on_bounce_alloc(SgbCorrelator *c, const SgbEvent *e)
{
    SgbOpen *o = sgb_correlator_resolve(c, e, TRUE);

    if (o) {
        pass(o, SGB_STAGE_MAP, e);
        sgb_event_integer(e, "held", &o->r.bounce_held);
    }
}

static void on_path(SgbCorrelator *c, const SgbEvent *e)
{
    SgbOpen *o = sgb_correlator_resolve(c, e, TRUE);
    uint64_t value;

    if (!o) {
        return;
    }
    if (sgb_event_integer(e, "path", &value)) {
        o->r.path = MIN(value, SGB_DATA_PATH_UNKNOWN);
    }
    if (sgb_event_integer(e, "reason", &value)) {
        o->r.reason = MIN(value, SGB_REASON__COUNT);
    }
    sgb_event_uint32(e, "entries", &o->r.entries);
    sgb_event_uint32(e, "pieces", &o->path_pieces);
    sgb_event_integer(e, "direct", &o->path_direct);
    sgb_event_integer(e, "bounced", &o->path_bounced);
}

static void on_submit(SgbCorrelator *c, const SgbEvent *e)
{
    SgbOpen *o = sgb_correlator_resolve(c, e, TRUE);
    const char *id = sgb_event_string(e, "id");
    uint64_t value;
    uint32_t length;

    if (!o) {
        return;
    }
    pass(o, SGB_STAGE_SUBMIT, e);
    o->r.sgio_count++;
    if (id) {
        o->r.device = g_intern_string(id);
    }
    sgb_event_uint32(e, "lun", &o->r.lun);
    if (sgb_event_integer(e, "opcode", &value)) {
        o->r.opcode = value;
    }
    if (sgb_event_integer(e, "dir", &value)) {
        o->r.direction = value;
    }
    if (sgb_event_uint32(e, "len", &length)) {
        /* scsi-generic submits twice only to try the same again. */
        o->submitted =
            length + (o->r.path == SGB_DATA_PATH_DMA ? o->submitted : 0);
    }
    if (sgb_event_integer(e, "hdr", &value)) {
        sgb_inflight_set(&c->inflight, o, SGB_KEY_HDR, value);
    }
}

static void on_ioctl_begin(SgbCorrelator *c, const SgbEvent *e)
{
    SgbKey key = {.host = e->host, .vpid = e->vpid};
    SgbOpen *o;

    if (!sgb_event_integer(e, "hdr", &key.value)) {
        sgb_correlator_orphan(c);
        return;
    }
    o = sgb_inflight_find(&c->inflight, SGB_KEY_HDR, e->host, e->vpid,
                          key.value);
    if (o) {
        pass(o, SGB_STAGE_IOCTL_BEGIN, e);
        return;
    }
    if (g_hash_table_size(c->own) >= OWN_IOCTLS_MAX) {
        g_hash_table_remove_all(c->own);
    }
    g_hash_table_add(c->own, g_memdup2(&key, sizeof(key)));
}

static void on_ioctl_end(SgbCorrelator *c, const SgbEvent *e)
{
    SgbKey key = {.host = e->host, .vpid = e->vpid};
    SgbOpen *o = NULL;
    uint64_t ret;

    if (sgb_event_integer(e, "hdr", &key.value)) {
        o = sgb_inflight_find(&c->inflight, SGB_KEY_HDR, e->host, e->vpid,
                              key.value);
    }
    if (!o) {
        if (!g_hash_table_remove(c->own, &key)) {
            sgb_correlator_orphan(c);
        }
        return;
    }
    pass(o, SGB_STAGE_IOCTL_END, e);
    if (sgb_event_integer(e, "ret", &ret)) {
        o->r.result = ret;
    }
    sgb_event_uint32(e, "info", &o->r.info);
}

static void on_complete(SgbCorrelator *c, const SgbEvent *e)
{
    SgbOpen *o = sgb_correlator_resolve(c, e, FALSE);
    uint64_t ret = 0, status, direct = 0, bounced = 0;
    uint32_t pieces = 0, resid = 0;

    if (!o) {
        return;
    }
    pass(o, SGB_STAGE_COMPLETE, e);
    sgb_inflight_unset(&c->inflight, o, SGB_KEY_HDR);
    sgb_event_integer(e, "ret", &ret);
    o->r.result = ret;
    o->completed = TRUE;
    if (ret) {
        /* Nothing was sent, and the header holds what was there before. */
        return;
    }
    if (sgb_event_integer(e, "status", &status)) {
        o->r.status = status;
    }
    sgb_event_uint32(e, "info", &o->r.info);
    sgb_event_uint32(e, "pieces", &pieces);
    sgb_event_uint32(e, "resid", &resid);
    sgb_event_integer(e, "direct", &direct);
    sgb_event_integer(e, "bounced", &bounced);
    o->r.pieces += pieces;
    o->r.direct += direct;
    o->r.bounced += bounced;
    o->r.resid += (int32_t)resid;
}

static void on_unmap(SgbCorrelator *c, const SgbEvent *e)
{
    SgbOpen *o = sgb_correlator_resolve(c, e, FALSE);

    if (o) {
        pass(o, SGB_STAGE_UNMAP, e);
    }
}

/* Known, but nothing of a request: depth of a device; the end of a buffer,
 * which comes when the request may be over for everybody else. */
static void on_nothing(SgbCorrelator *c, const SgbEvent *e)
{
}

const SgbEventHandler sgb_stage_handlers[] = {
    {"sgbench:post", on_post},
    {"sgbench:complete", on_seen},
    {"qemu:virtio_scsi_cmd_req", on_arrive},
    {"qemu:virtio_scsi_cmd_resp", on_respond},
    {"qemu:scsi_sgio_submit", on_submit},
    {"qemu:scsi_sgio_path", on_path},
    {"qemu:scsi_sgio_map", on_map},
    {"qemu:dma_map_direct", on_dma_map},
    {"qemu:dma_map_miss", on_dma_map},
    {"qemu:dma_bounce_alloc", on_nothing},
    {"qemu:dma_bounce_free", on_nothing},
    {"qemu:dma_bounce_limit", on_nothing},
    {"qemu:scsi_sgio_unmap", on_unmap},
    {"qemu:scsi_sgio_bounce_alloc", on_bounce_alloc},
    {"qemu:scsi_sgio_bounce_free", on_nothing},
    {"qemu:scsi_sgio_depth", on_nothing},
    {"qemu:scsi_sgio_complete", on_complete},
    {"qemu:file_sgio_begin", on_ioctl_begin},
    {"qemu:file_sgio_end", on_ioctl_end},
    {"qemu:iscsi_sgio_begin", on_ioctl_begin},
    {"qemu:iscsi_sgio_end", on_ioctl_end},
    {NULL, NULL},
};
