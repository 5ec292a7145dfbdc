/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The machine a run was made on, as far as it explains figures; nothing that
 * names it or its owner.
 */
#ifndef SGBENCH_ENVIRONMENT_H
#define SGBENCH_ENVIRONMENT_H

#include <glib.h>
#include <json-glib/json-glib.h>

/*
 * The "environment" object of run.json, the caller's. @builds: name of a QEMU
 * build (char *) -> its folder (char *), whose build.json is taken in. What
 * can't be found out is left out, or said in "warnings".
 */
JsonObject *environment_describe(gboolean in_lab, GHashTable *builds);

#endif
