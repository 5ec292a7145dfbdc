/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "faults.h"

SgbFaults *sgb_faults_new(void)
{
    SgbFaults *f = g_new0(SgbFaults, 1);

    f->faults = g_array_new(FALSE, FALSE, sizeof(SgbFault));
    return f;
}

void sgb_faults_free(SgbFaults *faults)
{
    if (faults) {
        g_array_unref(faults->faults);
        g_free(faults);
    }
}

static gboolean alike(const SgbFault *f, const SgbRequest *r)
{
    return f->opcode == r->opcode && f->status == r->status &&
           f->sense_key == r->sense_key && f->asc == r->asc &&
           f->ascq == r->ascq && f->response == r->response &&
           f->host_status == r->host_status &&
           f->driver_status == r->driver_status && f->result == r->result;
}

static void add_fault(SgbFaults *faults, const SgbRequest *r)
{
    uint64_t end = sgb_request_end(r);
    SgbFault fault;

    faults->failed++;
    for (unsigned i = 0; i < faults->faults->len; i++) {
        SgbFault *f = &g_array_index(faults->faults, SgbFault, i);

        if (alike(f, r)) {
            f->count++;
            f->last_ns = MAX(f->last_ns, end);
            return;
        }
    }
    if (faults->faults->len >= SGB_FAULTS_MAX) {
        faults->left_out++;
        return;
    }
    fault = (SgbFault){
        .opcode = r->opcode,
        .status = r->status,
        .sense_key = r->sense_key,
        .asc = r->asc,
        .ascq = r->ascq,
        .response = r->response,
        .host_status = r->host_status,
        .driver_status = r->driver_status,
        .result = r->result,
        .count = 1,
        .first_ns = end,
        .last_ns = end,
    };
    g_array_append_val(faults->faults, fault);
}

void sgb_faults_add(SgbFaults *faults, const SgbRequest *r)
{
    if (r->reason && r->reason < SGB_REASON__COUNT) {
        faults->by_reason[r->reason].count++;
        faults->by_reason[r->reason].bytes += r->bounced;
    }
    if (!sgb_request_good(r)) {
        add_fault(faults, r);
    } else if (r->resid > 0) {
        faults->shorter++;
        faults->shorter_bytes += r->resid;
    } else if (r->resid < 0) {
        faults->overrun++;
    }
}
