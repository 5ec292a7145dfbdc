/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A stand-in for the kernel's SG_IO, for tests on machines without SCSI: it
 * replaces ioctl() in the test program, compares each command with the next of
 * a list, and answers as the list says. It proves what we send and how we read
 * answers, nothing about any kernel or device.
 */
#ifndef SGBENCH_SGIO_STAND_IN_H
#define SGBENCH_SGIO_STAND_IN_H

#include <glib.h>
#include <stdint.h>

typedef struct ExpectedSgio {
    /* what must come */
    uint8_t cdb[16];
    unsigned cdb_length;
    int direction; /* SG_DXFER_… */
    unsigned length;
    unsigned iovecs;  /* 0: a plain pointer */
    const char *sent; /* the data's beginning, or NULL */

    /* the answer */
    int failure; /* errno, or 0 */
    uint8_t status;
    uint16_t host_status;
    const uint8_t *sense;
    unsigned sense_length;
    int resid;
    unsigned info;
    const char *data; /* put where the data goes, over iovecs; or NULL */
} ExpectedSgio;

/* From now on @n commands of @list are expected, in order. */
void sgio_stand_in_expect(const ExpectedSgio *list, unsigned n);

/* All of them came. */
void sgio_stand_in_check(void);

#endif
