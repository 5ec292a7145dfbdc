/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Many tests at once: the chance that any of them finds what is not there.
 */
#ifndef REPORTS_HOLM_H
#define REPORTS_HOLM_H

#include <glib.h>

/*
 * Replace each of @n values of @p by what is to be compared with the chance of
 * one false finding in the whole family: Holm, A simple sequentially rejective
 * multiple test procedure, Scandinavian Journal of Statistics 6 (1979) 65-70.
 * Whatever the tests have to do with each other.
 */
void sgb_holm(double *p, unsigned n);

#endif
