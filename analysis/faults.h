/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How requests failed, fell short or fell back to a buffer, and how often. */
#ifndef ANALYSIS_FAULTS_H
#define ANALYSIS_FAULTS_H

#include "request.h"

/* Kinds of failure told apart; the rest is counted only. */
#define SGB_FAULTS_MAX 256

/* Requests that failed alike. */
typedef struct SgbFault {
    uint8_t opcode, status, sense_key, asc, ascq;
    uint32_t response, host_status, driver_status;
    int result;
    uint64_t count;
    uint64_t first_ns, last_ns; /* when they ended */
} SgbFault;

/* Requests whose data did not go direct for the same reason. */
typedef struct SgbFallBack {
    uint64_t count, bytes;
} SgbFallBack;

typedef struct SgbFaults {
    GArray *faults;            /* SgbFault, in order of appearance */
    uint64_t failed, left_out; /* requests; of these in no SgbFault */
    uint64_t shorter;          /* went well with a residual */
    uint64_t shorter_bytes;
    uint64_t overrun; /* with a negative residual */
    SgbFallBack by_reason[SGB_REASON__COUNT];
} SgbFaults;

SgbFaults *sgb_faults_new(void);
void sgb_faults_free(SgbFaults *faults);

/* Count a finished request. */
void sgb_faults_add(SgbFaults *faults, const SgbRequest *r);

#endif
