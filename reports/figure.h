/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a figure of a sample is called, counted in, and which way is better.
 */
#ifndef REPORTS_FIGURE_H
#define REPORTS_FIGURE_H

#include <glib.h>
#include "run.h"

typedef struct SgbFigureKind {
    const char *name;  /* of options and JSON */
    const char *title; /* for people */
    const char *unit;  /* as printed */
    double scale;      /* from SgbSample's unit to the printed one */
    gboolean more_is_better;
} SgbFigureKind;

/* That of each SgbFigure. */
extern const SgbFigureKind sgb_figure_kinds[SGB_FIGURE__COUNT];

/* The figure called @name; SGB_FIGURE__COUNT if none is. */
SgbFigure sgb_figure_find(const char *name);

/* "throughput, cpu, …": all names; the caller's. */
char *sgb_figure_names(void);

#endif
