/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Commands of a medium changer (SMC-3), and what READ ELEMENT STATUS says.
 */
#ifndef SGBENCH_CHANGER_COMMAND_H
#define SGBENCH_CHANGER_COMMAND_H

#include <stdint.h>
#include <glib.h>
#include "command.h"

/* SMC-3 table 23: ELEMENT TYPE CODE */
typedef enum ElementType {
    ELEMENT_ALL = 0,
    ELEMENT_TRANSPORT = 1, /* the robot's hand */
    ELEMENT_STORAGE = 2,
    ELEMENT_IMPORT_EXPORT = 3,
    ELEMENT_DRIVE = 4,
    ELEMENT_TYPE__END,
} ElementType;

/* "transport", "storage", "import/export", "drive"; static. */
const char *changer_element_name(ElementType type);

typedef struct Element {
    ElementType type;
    uint16_t address;
    gboolean full;    /* there is a cartridge in it */
    char *volume;     /* its volume tag, trimmed; "" if none */
    char *identifier; /* of a drive: what DVCID has, trimmed; "" if none */
} Element;

/* INITIALIZE ELEMENT STATUS (SMC-3 6.4): the robot looks at all elements, which
 * may take minutes. */
void changer_initialize(Command *command);

/* READ ELEMENT STATUS (SMC-3 6.10) of all elements of @type, with volume tags,
 * and of drives who they are (DVCID) if @drives. @length: allocation length, at
 * most 2^24 - 1; the pieces are the caller's. */
void changer_read_elements(Command *command, ElementType type, gboolean drives,
                           uint32_t length);

/* Bytes that the answer in @data (8 at least) has in all: SMC-3 table 24, BYTE
 * COUNT OF REPORT AVAILABLE and the header. */
uint64_t changer_report_bytes(const uint8_t *data);

/* The elements of an answer of which @length bytes came (GPtrArray of Element *,
 * the caller's). What is cut off at the end is left out. NULL if it is not what
 * SMC-3 6.10.2 describes. */
GPtrArray *changer_elements(const uint8_t *data, uint64_t length);

#endif
