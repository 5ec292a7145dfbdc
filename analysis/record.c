/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "record.h"

#define U SGB_COLUMN_UNSIGNED
#define S SGB_COLUMN_SIGNED
#define T SGB_COLUMN_STRING

/* Those before the stages, in the order of sgb_record_fill(). */
static const SgbColumn fixed[] = {
    {"host", T, "hostname of the trace"},
    {"vpid", S, "QEMU's process, -1 if not seen"},
    {"device", T, "qdev id"},
    {"cell", T, "cell of a run of sgbench"},
    {"round", U, "round of that cell"},
    {"tag", U, "the HBA's tag (low 32 bits)"},
    {"lun", U, "logical unit"},
    {"opcode", U, "first byte of the CDB"},
    {"direction", S, "-2 to the device, -3 from it, -1 no data, 0 unknown"},
    {"length", U, "bytes asked for"},
    {"transferred", U, "bytes transferred; 0 if the status is not GOOD"},
    {"path", T, "which way the data went"},
    {"reason", T, "why it was not mapped"},
    {"entries", U, "entries of the HBA's SG list"},
    {"pieces", U, "pieces that SG_IO was given"},
    {"sgio_count", U, "SG_IO that the request took"},
    {"direct", U, "bytes mapped"},
    {"bounced", U, "bytes bounced"},
    {"map_hits", U, "SG list entries mapped"},
    {"map_misses", U, "SG list entries that are not RAM"},
    {"dio", U, "1: the sg driver did direct I/O"},
    {"resid", S, "residual, bytes"},
    {"status", U, "SCSI status"},
    {"sense_key", S, "-1: unknown, or no sense data"},
    {"asc", S, "additional sense code, -1: as above"},
    {"ascq", S, "its qualifier, -1: as above"},
    {"response", U, "the HBA's response (virtio-scsi), 0: OK"},
    {"host_status", U, "of the last ioctl (<scsi/sg.h>)"},
    {"driver_status", U, "of the last ioctl"},
    {"result", S, "0, or -errno of the last ioctl"},
    {"begin_ns", U, "when it was first seen, since the epoch"},
    {"end_ns", U, "when it was last seen"},
    {"total_ns", U, "time between; the stages' sum"},
};
G_STATIC_ASSERT(G_N_ELEMENTS(fixed) + SGB_STAGE__COUNT == SGB_RECORD_COLUMNS);

const SgbColumn *sgb_record_columns(void)
{
    static SgbColumn columns[SGB_RECORD_COLUMNS];
    static gsize ready;

    if (g_once_init_enter(&ready)) {
        for (unsigned i = 0; i < G_N_ELEMENTS(fixed); i++) {
            columns[i] = fixed[i];
        }
        for (unsigned i = 0; i < SGB_STAGE__COUNT; i++) {
            g_autofree char *name =
                g_strconcat(sgb_stage_identifier(i), "_ns", NULL);

            columns[G_N_ELEMENTS(fixed) + i] = (SgbColumn){
                .name = g_intern_string(name),
                .type = S,
                .help = "time from the stage before to this one, -1: absent",
            };
        }
        g_once_init_leave(&ready, 1);
    }
    return columns;
}

void sgb_record_fill(SgbRecord *record, const SgbRequest *r,
                     const SgbTraceCell *cell)
{
    gboolean sense = r->sense_key != SGB_SENSE_UNKNOWN;
    uint64_t duration[SGB_STAGE__COUNT];
    unsigned present;
    uint64_t total = sgb_request_stages(r, duration, &present);
    SgbValue *v = record->value;

    *v++ = (SgbValue){.string = r->host ? r->host : ""};
    *v++ = (SgbValue){.s = r->vpid};
    *v++ = (SgbValue){.string = r->device ? r->device : ""};
    *v++ = (SgbValue){.string = cell->cell ? cell->cell : ""};
    *v++ = (SgbValue){.u = cell->round};
    *v++ = (SgbValue){.u = r->tag};
    *v++ = (SgbValue){.u = r->lun};
    *v++ = (SgbValue){.u = r->opcode};
    *v++ = (SgbValue){.s = r->direction};
    *v++ = (SgbValue){.u = r->length};
    *v++ = (SgbValue){.u = sgb_request_transferred(r)};
    *v++ = (SgbValue){.string = sgb_data_path_name(r->path)};
    *v++ = (SgbValue){.string = sgb_reason_name(r->reason)};
    *v++ = (SgbValue){.u = r->entries};
    *v++ = (SgbValue){.u = r->pieces};
    *v++ = (SgbValue){.u = r->sgio_count};
    *v++ = (SgbValue){.u = r->direct};
    *v++ = (SgbValue){.u = r->bounced};
    *v++ = (SgbValue){.u = r->map_hits};
    *v++ = (SgbValue){.u = r->map_misses};
    *v++ = (SgbValue){.u = sgb_request_dio(r)};
    *v++ = (SgbValue){.s = r->resid};
    *v++ = (SgbValue){.u = r->status};
    *v++ = (SgbValue){.s = sense ? r->sense_key : -1};
    *v++ = (SgbValue){.s = sense ? r->asc : -1};
    *v++ = (SgbValue){.s = sense ? r->ascq : -1};
    *v++ = (SgbValue){.u = r->response};
    *v++ = (SgbValue){.u = r->host_status};
    *v++ = (SgbValue){.u = r->driver_status};
    *v++ = (SgbValue){.s = r->result};
    *v++ = (SgbValue){.u = sgb_request_begin(r)};
    *v++ = (SgbValue){.u = sgb_request_end(r)};
    *v++ = (SgbValue){.u = total};
    g_assert(v == record->value + G_N_ELEMENTS(fixed));
    for (unsigned i = 0; i < SGB_STAGE__COUNT; i++) {
        *v++ = (SgbValue){.s = present & 1u << i ? (int64_t)duration[i] : -1};
    }
}
