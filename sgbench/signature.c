/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <blkid.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "ask.h"
#include "error.h"
#include "signature.h"

/*
 * Where signatures are: the farthest from the beginning are the second header
 * of LUKS2 (up to 4 MiB), VMFS (2 MiB) and UDF's anchor (1 MiB at most); from
 * the end, ZFS's labels and firmware RAID (1 MiB); libblkid's superblocks/.
 */
#define EDGE (16 << 20)
#define CHUNK (512 << 10) /* what any HBA takes */

/* Copy @length bytes at @offset of the disk to the same place of @fd. */
static gboolean copy(const Target *target, Initiator *initiator, int fd,
                     uint64_t offset, uint64_t length, GError **error)
{
    while (length > 0) {
        uint32_t n = MIN(length, CHUNK);
        Command command = {.length = n};

        command_read_write(&command, DATA_IN, 16, offset / target->block_size,
                           n / target->block_size);
        command.length = n;
        if (!ask_good(target, initiator, &command, "READ (16)", error)) {
            return FALSE;
        }
        if (pwrite(fd, ask_data(initiator), n, offset) != n) {
            g_set_error(error, SGBENCH_ERROR, SGBENCH_ERROR_PREFLIGHT,
                        "no memory to look at %s: %s", target->device,
                        g_strerror(errno));
            return FALSE;
        }
        offset += n;
        length -= n;
    }
    return TRUE;
}

static const char *value(blkid_probe probe, const char *name)
{
    const char *text = NULL;

    blkid_probe_lookup_value(probe, name, &text, NULL);
    return text;
}

/* Everything that may be one: better a refusal too much. */
static char *look(int fd, uint32_t block_size)
{
    blkid_probe probe = blkid_new_probe();
    const char *type, *table, *label;
    char *text = NULL;
    int result = -1;

    if (probe && blkid_probe_set_device(probe, fd, 0, 0) == 0) {
        blkid_probe_set_sectorsize(probe, block_size);
        blkid_probe_enable_superblocks(probe, 1);
        blkid_probe_set_superblocks_flags(
            probe, BLKID_SUBLKS_TYPE | BLKID_SUBLKS_USAGE | BLKID_SUBLKS_LABEL |
                       BLKID_SUBLKS_BADCSUM);
        blkid_probe_enable_partitions(probe, 1);
        blkid_probe_set_partitions_flags(probe, BLKID_PARTS_FORCE_GPT);
        result = blkid_do_safeprobe(probe);
    }
    if (result == 0) {
        type = value(probe, "TYPE");
        table = value(probe, "PTTYPE");
        label = value(probe, "LABEL");
        if (type) {
            text = g_strdup_printf("%s%s%s%s", type, label ? " \"" : "",
                                   label ? label : "", label ? "\"" : "");
        } else {
            text = g_strdup_printf("a partition table (%s)",
                                   table ? table : "unknown");
        }
    } else if (result == -2) {
        text = g_strdup("several signatures");
    } else if (result != 1) {
        text = g_strdup("something that libblkid fails on");
    }
    blkid_free_probe(probe);
    return text;
}

/* A file with holes, as large as the disk: libblkid looks at ends, too. */
gboolean signature_find(const Target *target, Initiator *initiator,
                        char **found, GError **error)
{
    uint64_t size = target->blocks * target->block_size;
    uint64_t edge = MIN(size, EDGE);
    int fd = memfd_create("sgbench-signatures", MFD_CLOEXEC);
    gboolean ok;

    *found = NULL;
    if (fd < 0 || ftruncate(fd, size) < 0) {
        g_set_error(error, SGBENCH_ERROR, SGBENCH_ERROR_PREFLIGHT,
                    "%s: can't be looked at for file systems: %s",
                    target->device, g_strerror(errno));
        ok = FALSE;
    } else {
        ok = copy(target, initiator, fd, 0, edge, error) &&
             copy(target, initiator, fd, size - edge, edge, error);
    }
    if (ok) {
        *found = look(fd, target->block_size);
    }
    if (fd >= 0) {
        close(fd);
    }
    return ok;
}
