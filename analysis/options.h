/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What to make of a trace: the parameters of the plugin's sinks, which are the
 * options of `sgbench analyze` too. One table declares, explains and parses
 * them.
 */
#ifndef ANALYSIS_OPTIONS_H
#define ANALYSIS_OPTIONS_H

#include <glib.h>
#include "selection.h"
#include "view.h"

/* Which outputs have a parameter. */
typedef enum SgbOutputs {
    SGB_OUTPUT_TEXT = 1 << 0,
    SGB_OUTPUT_JSON = 1 << 1,
    SGB_OUTPUT_CSV = 1 << 2,
    SGB_OUTPUT_TIMELINE = 1 << 3,
    SGB_OUTPUT_FILTER = 1 << 4, /* the plugin's filter */
    SGB_OUTPUT_ALL = (1 << 5) - 1,
} SgbOutputs;

typedef struct SgbOptions {
    SgbSelection selection;
    GPtrArray *views; /* const SgbView *; empty: the output's own choice */
    unsigned top;     /* slowest requests to keep */
    uint64_t limit;   /* requests to write; 0: all */
    gboolean limited; /* @limit was set */
    char *path;       /* file to write; NULL: standard output */
} SgbOptions;

typedef struct SgbParameter {
    const char *name;
    const char *argument; /* what it takes, for help */
    const char *help;
    SgbOutputs outputs;
    gboolean many; /* may be given more than once */
    gboolean (*set)(SgbOptions *options, const char *value);
    const char *expected; /* what a value has to be, for errors */
} SgbParameter;

#define SGB_OPTIONS_ERROR (sgb_options_error_quark())
GQuark sgb_options_error_quark(void);

/* Ended by one without a name. */
extern const SgbParameter sgb_parameters[];

SgbOptions *sgb_options_new(void);
void sgb_options_free(SgbOptions *options);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SgbOptions, sgb_options_free)

/*
 * Set parameter @name to @value for an output of @outputs. FALSE with an
 * SGB_OPTIONS_ERROR if there is no such parameter, or @value is not one.
 */
gboolean sgb_options_set(SgbOptions *options, SgbOutputs outputs,
                         const char *name, const char *value, GError **error);

#endif
