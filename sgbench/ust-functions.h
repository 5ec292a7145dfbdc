/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the module libsgbench-ust.so exports to its loader, ust.c. */
#ifndef SGBENCH_UST_FUNCTIONS_H
#define SGBENCH_UST_FUNCTIONS_H

#include <stdint.h>

#define UST_MODULE "libsgbench-ust.so"
#define UST_SYMBOL "sgbench_ust_functions"

/* One function for each event; dir is sg's dxfer_direction. */
typedef struct UstFunctions {
    void (*cell_begin)(const char *cell, uint32_t round);
    void (*cell_end)(const char *cell, uint64_t requests, uint64_t bytes);
    void (*post)(uint32_t tag, uint32_t lun, uint32_t opcode, int dir,
                 uint64_t length);
    void (*complete)(uint32_t tag, uint32_t status, uint32_t response,
                     uint64_t resid, uint64_t length, uint32_t sense);
} UstFunctions;

extern const UstFunctions sgbench_ust_functions;

#endif
