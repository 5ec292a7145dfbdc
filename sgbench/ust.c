/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <dlfcn.h>
#include <glib.h>
#include <scsi/sg.h>
#include <scsi/sg_lib.h>

#include "error.h"
#include "ust.h"
#include "ust-functions.h"

#define TIMEOUT_VARIABLE "LTTNG_UST_REGISTER_TIMEOUT"

static const UstFunctions *functions;

/* The module lies beside the executable, in the build folder and installed
 * alike. */
static void *open_module(GError **error)
{
    g_autofree char *self = g_file_read_link("/proc/self/exe", error);
    g_autofree char *folder = NULL, *path = NULL;
    void *module;

    if (!self) {
        return NULL;
    }
    folder = g_path_get_dirname(self);
    path = g_build_filename(folder, UST_MODULE, NULL);
    module = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!module) {
        g_set_error(error, SGBENCH_ERROR, SGBENCH_ERROR_TRACE,
                    "can't load the trace provider: %s", dlerror());
    }
    return module;
}

gboolean ust_load(GError **error)
{
    g_autofree char *timeout = g_strdup(g_getenv(TIMEOUT_VARIABLE));
    void *module;

    if (functions) {
        return TRUE;
    }
    /* Read by liblttng-ust's constructor: by default it lets events pass by
     * for up to 3 s until the daemon has enabled them. */
    g_setenv(TIMEOUT_VARIABLE, "-1", TRUE);
    module = open_module(error);
    if (timeout) {
        g_setenv(TIMEOUT_VARIABLE, timeout, TRUE);
    } else {
        g_unsetenv(TIMEOUT_VARIABLE);
    }
    if (!module) {
        return FALSE;
    }
    functions = dlsym(module, UST_SYMBOL);
    if (!functions) {
        g_set_error(error, SGBENCH_ERROR, SGBENCH_ERROR_TRACE,
                    "the trace provider %s is of another version", UST_MODULE);
        return FALSE;
    }
    return TRUE;
}

void ust_cell_begin(const char *cell, uint32_t round)
{
    if (functions) {
        functions->cell_begin(cell, round);
    }
}

void ust_cell_end(const char *cell, uint64_t requests, uint64_t bytes)
{
    if (functions) {
        functions->cell_end(cell, requests, bytes);
    }
}

void ust_post(const Command *command, uint32_t lun)
{
    static const int directions[] = {
        [DATA_NONE] = SG_DXFER_NONE,
        [DATA_IN] = SG_DXFER_FROM_DEV,
        [DATA_OUT] = SG_DXFER_TO_DEV,
    };

    if (functions) {
        functions->post(command->tag, lun, command->cdb[0],
                        directions[command->direction], command->length);
    }
}

/* Key, ASC and ASCQ, a byte each, as the catalogue has it. */
static uint32_t sense_of(const Completion *completion)
{
    struct sg_scsi_sense_hdr header;

    return sg_scsi_normalize_sense(completion->sense, completion->sense_length,
                                   &header)
               ? header.sense_key << 16 | header.asc << 8 | header.ascq
               : 0;
}

void ust_complete(const Command *command, const Completion *completion)
{
    if (functions) {
        functions->complete(command->tag, completion->status,
                            completion->response, completion->resid,
                            command->length, sense_of(completion));
    }
}
