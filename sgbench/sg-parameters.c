/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "device.h"
#include "error.h"
#include "sg-parameters.h"

#define DIO_SYS "/sys/module/sg/parameters/allow_dio"
#define DIO_PROC "/proc/scsi/sg/allow_dio"
#define RESERVED_PROC "/proc/scsi/sg/def_reserved_size"

gboolean sys_write(const char *path, const char *value, GError **error)
{
    FILE *file = fopen(path, "we");
    gboolean ok = file && fputs(value, file) >= 0;

    if (file && fclose(file) != 0) {
        ok = FALSE;
    }
    if (!ok) {
        g_set_error(error, SGBENCH_ERROR, SGBENCH_ERROR_TARGET,
                    "can't write %s to %s: %s", value, path, g_strerror(errno));
    }
    return ok;
}

/* Which of the two there is depends on the kernel's configuration. */
gboolean sg_set_allow_dio(const char *value, GError **error)
{
    return sys_write(access(DIO_SYS, W_OK) == 0 ? DIO_SYS : DIO_PROC, value,
                     error);
}

gboolean sg_set_reserved_size(const char *bytes, GError **error)
{
    return sys_write(RESERVED_PROC, bytes, error);
}

char *sg_reserved_size(void)
{
    return device_line("", RESERVED_PROC);
}
