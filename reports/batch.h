/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef REPORTS_BATCH_H
#define REPORTS_BATCH_H

#include <glib.h>

#define SGB_BATCHES 10

/*
 * Rounds near each other are alike, even relative to references, as what
 * disturbs a machine lasts longer than a round; a test that takes them for
 * independent finds too much. So what is tested are batches of rounds that
 * follow each other (batch means: Law and Kelton, Simulation Modeling and
 * Analysis, 9.5.3): the medians of @values (double, in the order of the
 * rounds) in SGB_BATCHES batches, as equal as can be, or a few more; @values
 * themselves if there are fewer than twice as many. Unref it.
 */
GArray *sgb_batches(const GArray *values);

#endif
