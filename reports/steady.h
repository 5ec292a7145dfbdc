/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Was a sample's device, and all before it, in a steady state?
 *
 * The rule is that of SNIA's Solid State Storage Performance Test Specification
 * (its definition of "steady state") for what it calls a measurement window of five
 * rounds, here the last five tenths of the sample's time: the rate of requests
 * is steady if its range is within 20 % of its average and the line that fits
 * it best rises or falls by no more than 10 % of it. With fewer than
 * SGB_STEADY_REQUESTS in one of the five, chance alone would decide.
 *
 * It is told, and leaves nothing out: a sample that is not steady is in every
 * figure.
 */
#ifndef REPORTS_STEADY_H
#define REPORTS_STEADY_H

#include <glib.h>
#include "run.h"

#define SGB_STEADY_WINDOW 5
#define SGB_STEADY_REQUESTS 30

typedef enum SgbSteady {
    SGB_STEADY,
    SGB_STEADY_NOT,
    SGB_STEADY_UNKNOWN, /* too short, too few requests, no series */
    SGB_STEADY__COUNT,
} SgbSteady;

SgbSteady sgb_sample_steady(const SgbSample *sample);

#endif
