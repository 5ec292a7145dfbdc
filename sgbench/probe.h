/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The probe: how large a transfer, how many pieces of memory and how many
 * commands at a time each path takes, and who refuses more.
 *
 * Files: probe.c (paths, one after the other), probe-search.c (which is the
 * largest value?), probe-try.c and probe-transfer.c (does one work?),
 * probe-sgio.c (without QEMU, but on one descriptor), probe-trace.c (what
 * QEMU's tracepoints saw of it), probe-blame.c (who refused it), probe-text.c.
 */
#ifndef SGBENCH_PROBE_H
#define SGBENCH_PROBE_H

#include <stdint.h>
#include <glib.h>
#include <json-glib/json-glib.h>
#include "device.h"
#include "hba.h"
#include "job.h"
#include "path.h"
#include "probe-search.h"
#include "progress.h"
#include "target.h"

typedef enum ProbeQuantity {
    PROBE_READ,   /* bytes of one READ */
    PROBE_WRITE,  /* bytes of one WRITE; only where what is written is ours */
    PROBE_PIECES, /* pieces of memory, none next to another, of one command */
    PROBE_DEPTH,  /* commands in flight on one descriptor, or LUN */
    PROBE__COUNT,
} ProbeQuantity;

/* Who refuses, from the guest to the drive. */
typedef enum ProbeLayer {
    PROBE_NOBODY,    /* all that was tried works */
    PROBE_INITIATOR, /* the command has no room for more, or sgbench */
    PROBE_HBA,       /* QEMU's emulation of an HBA */
    PROBE_QEMU,      /* its device model or block layer */
    PROBE_DRIVER,    /* of the host: sg, the block layer, libiscsi */
    PROBE_HOST_HBA,  /* of the host: a limit it has, or it itself */
    PROBE_DRIVE,     /* or what stands for one */
    PROBE_LAYER__COUNT,
} ProbeLayer;

/* What is known of one path for one quantity. */
typedef struct ProbeLimit {
    gboolean tried;
    uint64_t bound; /* nothing above was tried */
    ProbeFound found;
    ProbeLayer layer; /* who refused found.refused, or what is above bound */
    char *evidence, *remedy; /* one line each; NULL: nothing to say */
    char *note;              /* why not tried, or a doubt; or NULL */
} ProbeLimit;

typedef struct ProbePath {
    const PathKind *kind;
    ProbeLimit limits[PROBE__COUNT];
    /* What the HBA tells a guest; 0: nothing, or no QEMU */
    uint32_t seg_max, max_sectors;
    char *problem; /* why it could not be probed to the end, or NULL */
} ProbePath;

typedef struct Probe {
    char *target, *device; /* names */
    char *what;            /* "tape IET VIRTUAL-TAPE 0001, serial …" */
    char *kind;            /* of the target */
    const HbaKind *hba;    /* of all paths through QEMU */
    gboolean tape, ours, in_qemu, kernel_sgio;
    uint32_t min_block, max_block; /* READ BLOCK LIMITS, 0: no tape */
    gboolean has_limits;
    DeviceLimits limits; /* of the host, if the kernel has the device */
    GPtrArray *paths;    /* ProbePath * */
} Probe;

typedef struct ProbeOptions {
    const char *output;    /* folder for logs and traces; made here */
    const GPtrArray *only; /* const PathKind *; NULL: all that there are */
    const HbaKind *hba;    /* NULL: the default */
    uint64_t most;         /* largest transfer to try, bytes; 0: default */
    ProgressStyle progress;
} ProbeOptions;

/*
 * Probe the target @spec of @job by all its paths. A path that fails does not
 * stop the others: its @problem says why, and the first such error is the
 * result's. A device that is not ours is only read; a tape is rewound.
 *
 * Returns NULL, or what is known with @error set, or all with @error unset.
 */
Probe *probe_target(const Job *job, const TargetSpec *spec,
                    const ProbeOptions *options, GError **error);
void probe_free(Probe *probe);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Probe, probe_free)

const char *probe_quantity_name(ProbeQuantity quantity);
const char *probe_layer_name(ProbeLayer layer);

/* For people, and for programs; the caller's. */
char *probe_text(const Probe *probe);
JsonObject *probe_json(const Probe *probe);

#endif
