/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The whole of libsgbench-ust.so. */
#define LTTNG_UST_TRACEPOINT_CREATE_PROBES
#define LTTNG_UST_TRACEPOINT_DEFINE
#include "ust-provider.h"
#include "ust-functions.h"

static void emit_cell_begin(const char *cell, uint32_t round)
{
    lttng_ust_tracepoint(sgbench, cell_begin, cell, round);
}

static void emit_cell_end(const char *cell, uint64_t requests, uint64_t bytes)
{
    lttng_ust_tracepoint(sgbench, cell_end, cell, requests, bytes);
}

static void emit_post(uint32_t tag, uint32_t lun, uint32_t opcode, int dir,
                      uint64_t length)
{
    lttng_ust_tracepoint(sgbench, post, tag, lun, opcode, dir, length);
}

static void emit_complete(uint32_t tag, uint32_t status, uint32_t response,
                          uint64_t resid, uint64_t length, uint32_t sense)
{
    lttng_ust_tracepoint(sgbench, complete, tag, status, response, resid,
                         length, sense);
}

const UstFunctions sgbench_ust_functions = {
    .cell_begin = emit_cell_begin,
    .cell_end = emit_cell_end,
    .post = emit_post,
    .complete = emit_complete,
};
