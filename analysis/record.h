/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A request as a row of named columns: what the plugin's filter adds to a
 * trace, and what CSV and JSON have of a request. One table for all, so that
 * they can't differ.
 */
#ifndef ANALYSIS_RECORD_H
#define ANALYSIS_RECORD_H

#include "request.h"
#include "trace.h"

typedef enum SgbColumnType {
    SGB_COLUMN_UNSIGNED,
    SGB_COLUMN_SIGNED,
    SGB_COLUMN_STRING,
} SgbColumnType;

typedef struct SgbColumn {
    const char *name;
    SgbColumnType type;
    const char *help; /* with the unit */
} SgbColumn;

#define SGB_RECORD_COLUMNS (33 + SGB_STAGE__COUNT)

/* One value for each column. Strings are borrowed from the request or cell, or
 * static; never NULL. */
typedef union SgbValue {
    uint64_t u;
    int64_t s;
    const char *string;
} SgbValue;

typedef struct SgbRecord {
    SgbValue value[SGB_RECORD_COLUMNS];
} SgbRecord;

/* The columns, in order; static, SGB_RECORD_COLUMNS of them. */
const SgbColumn *sgb_record_columns(void);

/* Fill @record from @request, which began in @cell. */
void sgb_record_fill(SgbRecord *record, const SgbRequest *request,
                     const SgbTraceCell *cell);

#endif
