/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What each event of the catalogue says about its request. */
#include <errno.h>

#include "correlate-private.h"

static void pass(SgbOpen *o, SgbStage stage, const SgbEvent *e)
{
    if (!o->r.stage_ns[stage]) {
        o->r.stage_ns[stage] = e->ns;
    }
}

/* Sense as sgbench:complete has it: key, ASC and ASCQ, a byte each. */
static void take_sense(SgbRequest *r, const SgbEvent *e)
{
    uint32_t sense;

    if (sgb_event_uint32(e, SGB_FIELD_SENSE, &sense) && sense) {
        r->sense_key = sense >> 16 & 0xf;
        r->asc = sense >> 8;
        r->ascq = sense;
    }
}

static void take_response(SgbRequest *r, const SgbEvent *e)
{
    uint64_t response;

    if (sgb_event_integer(e, SGB_FIELD_RESPONSE, &response) && response) {
        r->response = response;
        if (!r->result) {
            r->result = -EIO;
        }
    }
}

/* What scsi_sgio_submit and sgbench:post both have of a command. */
static void take_command(SgbOpen *o, const SgbEvent *e)
{
    uint64_t value;

    sgb_event_uint32(e, SGB_FIELD_LUN, &o->r.lun);
    if (sgb_event_integer(e, SGB_FIELD_OPCODE, &value)) {
        o->r.opcode = value;
    }
    if (sgb_event_integer(e, SGB_FIELD_DIR, &value)) {
        o->r.direction = value;
    }
}

static void on_post(SgbCorrelator *c, const SgbEvent *e)
{
    SgbOpen *o;
    uint32_t tag;

    if (!sgb_event_uint32(e, SGB_FIELD_TAG, &tag)) {
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
    sgb_event_integer(e, SGB_FIELD_LEN, &o->r.length);
    take_command(o, e);
}

static void on_seen(SgbCorrelator *c, const SgbEvent *e)
{
    SgbOpen *o = NULL;
    uint64_t status, resid;
    uint32_t tag;

    if (sgb_event_uint32(e, SGB_FIELD_TAG, &tag)) {
        o = sgb_inflight_find(&c->inflight, SGB_KEY_INITIATOR, e->host, 0, tag);
    }
    if (!o) {
        sgb_correlator_orphan(c);
        return;
    }
    pass(o, SGB_STAGE_SEEN, e);
    if (sgb_event_integer(e, SGB_FIELD_STATUS, &status)) {
        o->r.status = status;
    }
    take_response(&o->r, e);
    take_sense(&o->r, e);
    /* QEMU's own figure is closer to the device where there is one. */
    if (!o->completed && sgb_event_integer(e, SGB_FIELD_RESID, &resid)) {
        o->r.resid = resid;
    }
    sgb_correlator_deliver(c, o, TRUE);
}

static void on_arrive(SgbCorrelator *c, const SgbEvent *e)
{
    SgbOpen *o;
    uint64_t opcode;
    uint32_t tag;

    if (!sgb_event_uint32(e, SGB_FIELD_TAG, &tag)) {
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
    sgb_levels_hba(c, o, e->ns, TRUE);
    if (o->posted) {
        return; /* the initiator has said what it is */
    }
    sgb_event_uint32(e, SGB_FIELD_LUN, &o->r.lun);
    if (sgb_event_integer(e, SGB_FIELD_CMD, &opcode)) {
        o->r.opcode = opcode;
    }
}

static void on_respond(SgbCorrelator *c, const SgbEvent *e)
{
    SgbOpen *o = NULL;
    const SgbTraceCell *cell;
    uint64_t status;
    uint32_t tag;

    if (sgb_event_uint32(e, SGB_FIELD_TAG, &tag)) {
        o = sgb_correlator_find_tag(c, e, tag);
    }
    if (!o) {
        sgb_correlator_orphan(c);
        return;
    }
    pass(o, SGB_STAGE_RESPOND, e);
    o->responded = TRUE;
    sgb_levels_hba(c, o, e->ns, FALSE);
    if (sgb_event_integer(e, SGB_FIELD_STATUS, &status)) {
        o->r.status = status;
    }
    take_response(&o->r, e);
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
static void count_mapping(SgbCorrelator *c, const SgbEvent *e, gboolean hit)
{
    SgbOpen *o;
    uint64_t transfer;

    if (!sgb_event_integer(e, SGB_FIELD_TRANSFER, &transfer)) {
        sgb_correlator_orphan(c);
        return;
    }
    o = sgb_inflight_find(&c->inflight, SGB_KEY_REQ, e->host, e->vpid,
                          transfer);
    if (!o) {
        return;
    }
    o->events++;
    ++*(hit ? &o->r.map_hits : &o->r.map_misses);
}

static void on_map_direct(SgbCorrelator *c, const SgbEvent *e)
{
    count_mapping(c, e, TRUE);
}

static void on_map_miss(SgbCorrelator *c, const SgbEvent *e)
{
    count_mapping(c, e, FALSE);
}

static void on_bounce_alloc(SgbCorrelator *c, const SgbEvent *e)
{
    SgbOpen *o = sgb_correlator_resolve(c, e, TRUE);

    if (o) {
        pass(o, SGB_STAGE_MAP, e);
        sgb_levels_allocated(c, o, e);
    }
}

static void on_path(SgbCorrelator *c, const SgbEvent *e)
{
    SgbOpen *o = sgb_correlator_resolve(c, e, TRUE);
    uint64_t value;

    if (!o) {
        return;
    }
    if (sgb_event_integer(e, SGB_FIELD_PATH, &value)) {
        o->r.path = MIN(value, SGB_DATA_PATH_UNKNOWN);
    }
    if (sgb_event_integer(e, SGB_FIELD_REASON, &value)) {
        o->r.reason = MIN(value, SGB_REASON__COUNT);
    }
    sgb_event_uint32(e, SGB_FIELD_ENTRIES, &o->r.entries);
    sgb_event_uint32(e, SGB_FIELD_PIECES, &o->path_pieces);
    sgb_event_integer(e, SGB_FIELD_DIRECT, &o->path_direct);
    sgb_event_integer(e, SGB_FIELD_BOUNCED, &o->path_bounced);
}

static void on_submit(SgbCorrelator *c, const SgbEvent *e)
{
    SgbOpen *o = sgb_correlator_resolve(c, e, TRUE);
    const char *id = sgb_event_string(e, SGB_FIELD_ID);
    uint64_t value;
    uint32_t length;

    if (!o) {
        return;
    }
    pass(o, SGB_STAGE_SUBMIT, e);
    o->r.sgio_count++;
    if (id) {
        o->r.device = sgb_correlator_device(c, id);
        sgb_levels_submitted(c, o);
    }
    if (!o->posted) {
        take_command(o, e);
    }
    if (sgb_event_uint32(e, SGB_FIELD_LEN, &length)) {
        /* scsi-generic submits twice only to try the same again. */
        o->submitted =
            length + (o->r.path == SGB_DATA_PATH_DMA ? o->submitted : 0);
    }
    if (sgb_event_integer(e, SGB_FIELD_HDR, &value)) {
        sgb_inflight_set(&c->inflight, o, SGB_KEY_HDR, value);
    }
}

static void on_ioctl_begin(SgbCorrelator *c, const SgbEvent *e)
{
    SgbKey key = {.host = e->host, .vpid = e->vpid};
    SgbOpen *o;
    int64_t tid;

    if (!sgb_event_integer(e, SGB_FIELD_HDR, &key.value)) {
        sgb_correlator_orphan(c);
        return;
    }
    o = sgb_inflight_find(&c->inflight, SGB_KEY_HDR, e->host, e->vpid,
                          key.value);
    if (o) {
        pass(o, SGB_STAGE_IOCTL_BEGIN, e);
        if (sgb_event_tid(e, &tid)) {
            sgb_inflight_set(&c->inflight, o, SGB_KEY_THREAD, tid);
        }
        return;
    }
    /* SG_IO that QEMU issues for itself (at start-up) has no request. */
    if (c->own.used >= SGB_HANDLES_MAX) {
        sgb_key_table_clear(&c->own);
    }
    sgb_key_table_set(&c->own, &key, c);
}

static void on_ioctl_end(SgbCorrelator *c, const SgbEvent *e)
{
    SgbKey key = {.host = e->host, .vpid = e->vpid};
    SgbOpen *o = NULL;
    uint64_t ret = 0;

    if (sgb_event_integer(e, SGB_FIELD_HDR, &key.value)) {
        o = sgb_inflight_find(&c->inflight, SGB_KEY_HDR, e->host, e->vpid,
                              key.value);
    }
    if (!o) {
        if (!sgb_key_table_remove(&c->own, &key)) {
            sgb_correlator_orphan(c);
        }
        return;
    }
    pass(o, SGB_STAGE_IOCTL_END, e);
    sgb_inflight_unset(&c->inflight, o, SGB_KEY_THREAD);
    sgb_kernel_forget(c, o);
    if (sgb_event_integer(e, SGB_FIELD_RET, &ret)) {
        o->r.result = ret;
    }
    if (ret == 0) {
        sgb_event_uint32(e, SGB_FIELD_HOST_STATUS, &o->r.host_status);
        sgb_event_uint32(e, SGB_FIELD_DRIVER_STATUS, &o->r.driver_status);
    }
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
    sgb_event_integer(e, SGB_FIELD_RET, &ret);
    o->r.result = ret;
    o->completed = TRUE;
    if (ret) {
        /* Nothing was sent, and the header holds what was there before. */
        return;
    }
    if (sgb_event_integer(e, SGB_FIELD_STATUS, &status)) {
        o->r.status = status;
    }
    sgb_event_uint32(e, SGB_FIELD_INFO, &o->r.info);
    sgb_event_uint32(e, SGB_FIELD_PIECES, &pieces);
    sgb_event_uint32(e, SGB_FIELD_RESID, &resid);
    sgb_event_integer(e, SGB_FIELD_DIRECT, &direct);
    sgb_event_integer(e, SGB_FIELD_BOUNCED, &bounced);
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

/* QEMU's own sense data: what it made up itself. */
static void on_sense(SgbCorrelator *c, const SgbEvent *e)
{
    SgbOpen *o = sgb_correlator_resolve(c, e, FALSE);
    uint32_t key, asc, ascq;

    if (o && sgb_event_uint32(e, SGB_FIELD_KEY, &key) &&
        sgb_event_uint32(e, SGB_FIELD_ASC, &asc) &&
        sgb_event_uint32(e, SGB_FIELD_ASCQ, &ascq)) {
        o->r.sense_key = key & 0xf;
        o->r.asc = asc;
        o->r.ascq = ascq;
    }
}

/* In QEMU without our patches the only one with a length. */
static void on_parsed(SgbCorrelator *c, const SgbEvent *e)
{
    SgbOpen *o = sgb_correlator_resolve(c, e, TRUE);
    uint64_t opcode;
    uint32_t xfer;

    if (!o) {
        return;
    }
    if (sgb_event_integer(e, SGB_FIELD_CMD, &opcode)) {
        o->r.opcode = opcode;
    }
    if (!o->r.length && sgb_event_uint32(e, SGB_FIELD_XFER, &xfer)) {
        o->r.length = xfer;
    }
    sgb_event_uint32(e, SGB_FIELD_LUN, &o->r.lun);
}

static void on_management(SgbCorrelator *c, const SgbEvent *e)
{
    c->counts->managed++;
}

/* Known, but nothing of a request. */
static void on_nothing(SgbCorrelator *c, const SgbEvent *e)
{
}

const SgbEventHandler sgb_stage_handlers[] = {
    {"sgbench:post", SGB_EVENTS_INITIATOR, on_post},
    {"sgbench:complete", SGB_EVENTS_INITIATOR, on_seen},
    {"qemu:virtio_scsi_cmd_req", SGB_EVENTS_HBA, on_arrive},
    {"qemu:virtio_scsi_cmd_resp", SGB_EVENTS_HBA, on_respond},
    {"qemu:virtio_scsi_tmf_req", SGB_EVENTS_HBA, on_management},
    {"qemu:virtio_scsi_tmf_resp", SGB_EVENTS_HBA, on_nothing},
    {"qemu:scsi_req_parsed", SGB_EVENTS_UPSTREAM, on_parsed},
    {"qemu:scsi_req_build_sense", SGB_EVENTS_UPSTREAM, on_sense},
    {"qemu:scsi_sgio_submit", SGB_EVENTS_SCSI, on_submit},
    {"qemu:scsi_sgio_path", SGB_EVENTS_SCSI, on_path},
    {"qemu:scsi_sgio_map", SGB_EVENTS_SCSI, on_map},
    {"qemu:scsi_sgio_unmap", SGB_EVENTS_SCSI, on_unmap},
    {"qemu:scsi_sgio_bounce_alloc", SGB_EVENTS_SCSI, on_bounce_alloc},
    {"qemu:scsi_sgio_complete", SGB_EVENTS_SCSI, on_complete},
    {"qemu:scsi_sgio_sense", SGB_EVENTS_SCSI, on_sense},
    {"qemu:dma_map_direct", SGB_EVENTS_MAP, on_map_direct},
    {"qemu:dma_map_miss", SGB_EVENTS_MAP, on_map_miss},
    {"qemu:dma_bounce_limit", SGB_EVENTS_MAP, on_nothing},
    {"qemu:file_sgio_begin", SGB_EVENTS_IOCTL, on_ioctl_begin},
    {"qemu:file_sgio_end", SGB_EVENTS_IOCTL, on_ioctl_end},
    {"qemu:iscsi_sgio_begin", SGB_EVENTS_IOCTL, on_ioctl_begin},
    {"qemu:iscsi_sgio_end", SGB_EVENTS_IOCTL, on_ioctl_end},
    {NULL},
};
