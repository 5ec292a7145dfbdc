/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Another host of an iSCSI LUN: a session of libiscsi's beside the one that a
 * run has, with persistent reservations (SPC-4 5.13) in its hand.
 */
#ifndef TESTS_OTHER_HOST_H
#define TESTS_OTHER_HOST_H

#include "sgbench/initiator.h"

/* Service actions of PERSISTENT RESERVE OUT (SPC-4 table 205) */
typedef enum OtherHostAction {
    PR_RESERVE = 1, /* EXCLUSIVE ACCESS */
    PR_CLEAR = 3,
    PR_REGISTER = 6, /* AND IGNORE EXISTING KEY */
} OtherHostAction;

/* Log in to @url ("iscsi://…"), which has to live as long; fails the test
 * otherwise. One at a time. */
Initiator *other_host(RunContext *context, const char *url);

/* Has to succeed, else the test fails. */
void other_host_reserve_out(Initiator *initiator, OtherHostAction action);

#endif
