/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "error.h"
#include "hba.h"

const HbaKind *const hba_kinds[] = {&hba_virtio_scsi, &hba_pvscsi, &hba_ahci,
                                    NULL};

const HbaKind *hba_find(const char *name)
{
    for (unsigned i = 0; hba_kinds[i]; i++) {
        if (strcmp(hba_kinds[i]->name, name) == 0) {
            return hba_kinds[i];
        }
    }
    return NULL;
}

gboolean hba_refuse(const HbaKind *kind, GError **error, const char *format,
                    ...)
{
    g_autofree char *what = NULL;
    va_list arguments;

    va_start(arguments, format);
    what = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_set_error(error, SGBENCH_ERROR, SGBENCH_ERROR_QEMU, "%s HBA: %s",
                kind->name, what);
    return FALSE;
}

void hba_free(Hba *hba)
{
    if (hba) {
        hba->kind->free(hba);
    }
}
