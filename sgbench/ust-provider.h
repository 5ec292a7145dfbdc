/* SPDX-License-Identifier: GPL-2.0-or-later */
/* LTTng-UST provider "sgbench"; lttng-ust(3) explains the form. Fields as in
 * the catalogue of qemu-tracepoints/README.md. */
#undef LTTNG_UST_TRACEPOINT_PROVIDER
#define LTTNG_UST_TRACEPOINT_PROVIDER sgbench

#undef LTTNG_UST_TRACEPOINT_INCLUDE
#define LTTNG_UST_TRACEPOINT_INCLUDE "sgbench/ust-provider.h"

#if !defined(SGBENCH_UST_PROVIDER_H) || \
    defined(LTTNG_UST_TRACEPOINT_HEADER_MULTI_READ)
#define SGBENCH_UST_PROVIDER_H

#include <stdint.h>
#include <lttng/tracepoint.h>

LTTNG_UST_TRACEPOINT_EVENT(
    sgbench, cell_begin,
    LTTNG_UST_TP_ARGS(const char *, name, uint32_t, number),
    LTTNG_UST_TP_FIELDS(lttng_ust_field_string(cell, name)
                            lttng_ust_field_integer(uint32_t, round, number)))

/* dir: dxfer_direction of <scsi/sg.h>, as in scsi_sgio_submit */
LTTNG_UST_TRACEPOINT_EVENT(
    sgbench, post,
    LTTNG_UST_TP_ARGS(uint32_t, the_tag, uint32_t, the_lun, uint32_t,
                      the_opcode, int, the_dir, uint64_t, the_len),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_integer(uint32_t, tag, the_tag)
            lttng_ust_field_integer(uint32_t, lun, the_lun)
                lttng_ust_field_integer(uint32_t, opcode, the_opcode)
                    lttng_ust_field_integer(int, dir, the_dir)
                        lttng_ust_field_integer(uint64_t, len, the_len)))

/* sense: key, ASC and ASCQ, a byte each; 0 if there is none */
LTTNG_UST_TRACEPOINT_EVENT(
    sgbench, complete,
    LTTNG_UST_TP_ARGS(uint32_t, the_tag, uint32_t, the_status, uint32_t,
                      the_response, uint64_t, the_resid, uint64_t, the_len,
                      uint32_t, the_sense),
    LTTNG_UST_TP_FIELDS(
        lttng_ust_field_integer(uint32_t, tag, the_tag)
            lttng_ust_field_integer(uint32_t, status, the_status)
                lttng_ust_field_integer(uint32_t, response, the_response)
                    lttng_ust_field_integer(uint64_t, resid, the_resid)
                        lttng_ust_field_integer(uint64_t, len, the_len)
                            lttng_ust_field_integer(uint32_t, sense,
                                                    the_sense)))

LTTNG_UST_TRACEPOINT_EVENT(
    sgbench, cell_end,
    LTTNG_UST_TP_ARGS(const char *, name, uint64_t, n_requests, uint64_t,
                      n_bytes),
    LTTNG_UST_TP_FIELDS(lttng_ust_field_string(
        cell, name) lttng_ust_field_integer(uint64_t, requests, n_requests)
                            lttng_ust_field_integer(uint64_t, bytes, n_bytes)))

#endif

#include <lttng/tracepoint-event.h>
