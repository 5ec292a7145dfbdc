/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Target kind "iscsi": a LUN of Debian's tgtd (package tgt), an ordinary
 * process on the loopback interface. Its keys: iscsi-keys.h.
 *
 * tgtd allocates each command's data like QEMU's bounce path does, so it runs
 * with a malloc that keeps its memory: otherwise the target's page faults, not
 * the paths, would decide the figures.
 *
 * Nothing is left behind, whatever ends us: the file has no name (memfd or
 * O_TMPFILE; tgtd opens it as its own /proc/self/fd/N), and the control socket
 * is in the run's temporary folder (TGT_IPC_SOCKET), which also makes it work
 * without root.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "backing.h"
#include "context.h"
#include "error.h"
#include "iscsi-keys.h"
#include "medium.h"
#include "process.h"
#include "target-kinds.h"
#include "tool.h"

#define IQN "iqn.2025-01.example.sgbench"
#define LUN 1 /* 0 is tgt's controller */
#define START_MS 10000
#define TOOL_MS 10000
#define STOP_MS \
    0 /* tgtd ignores SIGTERM (usr/tgtd.c, signal_catch); nothing of
                   * it needs to be saved */
#define PORT_TRIES 5

/* glibc's limits (mallopt(3)): 32 MiB is the largest M_MMAP_THRESHOLD. */
#define KEEP_MEMORY "MALLOC_TRIM_THRESHOLD_=1000000000"
#define KEEP_CHUNKS "MALLOC_MMAP_THRESHOLD_=33554432"

typedef struct IscsiTarget {
    Target base;
    char *temp_dir;
    char *log_dir;   /* of the run, if it has one: logs outlive us there */
    unsigned starts; /* of the run, so far: a resumed run has other logs */
    char *iqn;
    char *socket; /* TGT_IPC_SOCKET; tgt appends .0 and .0.lock */
    char *socket_env;
    int port;
    int backing_fd; /* -1 for null */
    gboolean tape, changer;
    Process *tgtd;
} IscsiTarget;

static gboolean iscsi_check(const Job *job, const TargetSpec *spec,
                            TargetCaps *caps, GError **error)
{
    IscsiKeys keys;

    return iscsi_keys_read(job, spec, &keys, caps, error);
}

/* A port of 127.0.0.1 that is free now; someone may take it before tgtd. */
static int free_port(GError **error)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    socklen_t length = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int port = 0;

    if (fd >= 0 && bind(fd, (struct sockaddr *)&address, length) == 0 &&
        getsockname(fd, (struct sockaddr *)&address, &length) == 0) {
        port = ntohs(address.sin_port);
    } else {
        g_set_error(error, SGBENCH_ERROR, SGBENCH_ERROR_PREFLIGHT,
                    "no TCP port of 127.0.0.1 to be had: %s; is the loopback "
                    "interface up?",
                    g_strerror(errno));
    }
    if (fd >= 0) {
        close(fd);
    }
    return port;
}

/* tgtadm with the words of @words (separated by blanks) behind the usual
 * beginning. */
static gboolean tgtadm(IscsiTarget *target, char **output, GError **error,
                       const char *words)
{
    g_autofree char *log =
        g_build_filename(target->temp_dir, "tgtadm.log", NULL);
    const char *const env[] = {target->socket_env, NULL};
    g_autofree char *line =
        g_strdup_printf("tgtadm -C 0 --lld iscsi %s", words);
    g_auto(GStrv) argv = g_strsplit(line, " ", -1);

    return tool_run((const char *const *)argv, env, log, TOOL_MS,
                    SGBENCH_ERROR_TARGET, output, error);
}

static gboolean iscsi_alive(Target *base, GError **error)
{
    IscsiTarget *target = (IscsiTarget *)base;
    g_autofree char *end = NULL;

    if (process_running(target->tgtd)) {
        return TRUE;
    }
    end = process_obituary(target->tgtd);
    g_set_error(error, SGBENCH_ERROR, SGBENCH_ERROR_TARGET,
                "target %s: tgtd %s; its log: %s", base->name, end,
                target->tgtd->log);
    return FALSE;
}

/* TRUE as soon as the control socket takes a connection. */
static gboolean listening(const IscsiTarget *target)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    gboolean ok;

    g_snprintf(address.sun_path, sizeof(address.sun_path), "%s.0",
               target->socket);
    ok = fd >= 0 &&
         connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0;
    if (fd >= 0) {
        close(fd);
    }
    return ok;
}

static gboolean wait_until_listening(IscsiTarget *target, GError **error)
{
    gint64 end = g_get_monotonic_time() + START_MS * 1000ll;

    while (!listening(target)) {
        if (run_check_interrupted(error) ||
            !iscsi_alive(&target->base, error)) {
            return FALSE;
        }
        if (g_get_monotonic_time() > end) {
            g_set_error(error, SGBENCH_ERROR, SGBENCH_ERROR_TARGET,
                        "tgtd: not ready after %d s; its log: %s",
                        START_MS / 1000, target->tgtd->log);
            return FALSE;
        }
        g_usleep(2000);
    }
    return TRUE;
}

/* One try. tgtd 1.0.85 goes on when it can't have its port: it has to be
 * asked. *@taken tells that failure from others. */
static gboolean start_tgtd(IscsiTarget *target, gboolean *taken, GError **error)
{
    g_autofree char *log = NULL, *option = NULL;
    g_autofree char *portals = NULL, *portal = NULL;
    const char *const env[] = {target->socket_env, KEEP_MEMORY, KEEP_CHUNKS,
                               NULL};
    const char *argv[] = {"tgtd", "-f", "-C", "0", "--iscsi", NULL, NULL};
    ProcessSpec spec = {
        .name = "tgtd",
        .argv = argv,
        .env = env,
        .fds = &target->backing_fd,
        .n_fds = target->backing_fd >= 0 ? 1 : 0,
        .stdin_fd = -1,
    };

    *taken = FALSE;
    target->port = free_port(error);
    if (!target->port) {
        return FALSE;
    }
    portal = g_strdup_printf("127.0.0.1:%d", target->port);
    option = g_strdup_printf("portal=%s", portal);
    argv[5] = option;
    log = g_strdup_printf("%s/%u-tgtd-%s.log", target->log_dir, target->starts,
                          target->base.name);
    spec.log = log;
    target->tgtd = process_start(&spec, error);
    if (!target->tgtd || !wait_until_listening(target, error) ||
        !tgtadm(target, &portals, error, "--op show --mode portal")) {
        return FALSE;
    }
    if (!strstr(portals, portal)) {
        *taken = TRUE;
        g_set_error(error, SGBENCH_ERROR, SGBENCH_ERROR_TARGET,
                    "tgtd: port %d of 127.0.0.1 was taken by another program; "
                    "try again",
                    target->port);
        return FALSE;
    }
    return TRUE;
}

static gboolean start_on_free_port(IscsiTarget *target, GError **error)
{
    for (unsigned i = 0;; i++) {
        g_autoptr(GError) fault = NULL;
        gboolean taken;

        if (start_tgtd(target, &taken, &fault)) {
            return TRUE;
        }
        if (!taken || i + 1 == PORT_TRIES) {
            g_propagate_error(error, g_steal_pointer(&fault));
            return FALSE;
        }
        process_stop(g_steal_pointer(&target->tgtd), STOP_MS);
    }
}

/* Elements of a small library (usr/smc.c, add_slt and config_slot): a robot, a
 * drive, four slots, two of them with a cartridge, a mail slot. */
static gboolean fill_changer(IscsiTarget *target, GError **error)
{
    static const char *const parts[] = {
        "element_type=1,start_address=1,quantity=1",
        "element_type=4,start_address=256,quantity=1",
        "element_type=2,start_address=1024,quantity=4",
        "element_type=2,address=1024,barcode=SGB001L8,sides=1",
        "element_type=2,address=1026,barcode=SGB002L8,sides=1",
        "element_type=3,start_address=768,quantity=1",
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(parts); i++) {
        g_autofree char *words = g_strdup_printf(
            "--op update --mode logicalunit --tid 1 --lun %d --params %s", LUN,
            parts[i]);

        if (!tgtadm(target, NULL, error, words)) {
            return FALSE;
        }
    }
    return TRUE;
}

static gboolean configure(IscsiTarget *target, const IscsiKeys *keys,
                          GError **error)
{
    g_autofree char *set_segment = g_strdup_printf(
        "--op update --mode target --tid 1 --name MaxRecvDataSegmentLength "
        "--value %" G_GUINT64_FORMAT,
        keys->segment);
    g_autofree char *make_target = g_strdup_printf(
        "--op new --mode target --tid 1 --targetname %s", target->iqn);
    const char *type = target->tape      ? "--bstype ssc --device-type tape"
                       : target->changer ? "--device-type changer"
                                         : "--bstype rdwr";
    g_autofree char *backing =
        target->backing_fd >= 0
            ? g_strdup_printf("/proc/self/fd/%d %s", target->backing_fd, type)
            : g_strdup("null --bstype null");
    g_autofree char *make_unit = g_strdup_printf(
        "--op new --mode logicalunit --tid 1 --lun %d --backing-store %s%s",
        LUN, backing, keys->block_size == 512 ? "" : " --blocksize 4096");
    /* tgtadm(8): only the parameter decides, whatever the file can */
    g_autofree char *thin = g_strdup_printf(
        "--op update --mode logicalunit --tid 1 --lun %d --params "
        "thin_provisioning=%d",
        LUN, keys->unmap);

    return tgtadm(target, NULL, error, make_target) &&
           tgtadm(target, NULL, error, set_segment) &&
           tgtadm(target, NULL, error, make_unit) &&
           (!target->changer || fill_changer(target, error)) &&
           (!keys->unmap || tgtadm(target, NULL, error, thin)) &&
           tgtadm(target, NULL, error,
                  "--op bind --mode target --tid 1 --initiator-address ALL");
}

static const char *device_of(const IscsiTarget *target)
{
    return target->tape ? "tape" : target->changer ? "changer" : "disk";
}

/* What decides how fast the network part is: tgt's version, its allocator and
 * its session parameters. */
static gboolean record_settings(IscsiTarget *target, const char *backing,
                                const char *store, uint64_t size,
                                GError **error)
{
    static const char *const parameters[] = {
        "MaxRecvDataSegmentLength",
        "InitialR2T",
        "ImmediateData",
        "FirstBurstLength",
        "MaxBurstLength",
        "MaxOutstandingR2T",
        "MaxQueueCmd",
        "HeaderDigest",
        "DataDigest",
        NULL,
    };
    static const char *const version[] = {"tgtd", "--version", NULL};
    g_autofree char *log =
        g_build_filename(target->temp_dir, "tgtd-version", NULL);
    g_autofree char *number = NULL, *shown = NULL;
    g_auto(GStrv) lines = NULL;

    if (!tool_run(version, NULL, log, TOOL_MS, SGBENCH_ERROR_TARGET, &number,
                  error) ||
        !tgtadm(target, &shown, error, "--op show --mode target --tid 1")) {
        return FALSE;
    }
    target_set(&target->base, "tgt", "%s", g_strstrip(number));
    target_set(&target->base, "portal", "127.0.0.1:%d", target->port);
    target_set(&target->base, "iqn", "%s", target->iqn);
    target_set(&target->base, "malloc", "%s %s", KEEP_MEMORY, KEEP_CHUNKS);
    target_set(&target->base, "device", "%s", device_of(target));
    if (!target->changer) {
        target_set(&target->base, "backing", "%s", backing);
    }
    if (target->backing_fd >= 0 && !target->changer) {
        target_set(&target->base, "store", "%s", store);
        target_set(&target->base, "size", "%" G_GUINT64_FORMAT, size);
    }
    lines = g_strsplit(shown, "\n", -1);
    for (char **line = lines; *line; line++) {
        char *equals = strchr(*line, '=');

        if (equals) {
            *equals = '\0';
            if (g_strv_contains(parameters, *line)) {
                target_set(&target->base, *line, "%s", equals + 1);
            }
        }
    }
    return TRUE;
}

static void iscsi_stop(Target *base)
{
    IscsiTarget *target = (IscsiTarget *)base;

    process_stop(target->tgtd, STOP_MS);
    if (target->backing_fd >= 0) {
        close(target->backing_fd);
    }
    for (unsigned i = 0; i < 2; i++) {
        g_autofree char *file =
            g_strdup_printf("%s.0%s", target->socket, i ? ".lock" : "");

        unlink(file);
    }
    g_free(target->socket);
    g_free(target->socket_env);
    g_free(target->iqn);
    g_free(target->temp_dir);
    g_free(target->log_dir);
    target_clear(base);
    g_free(target);
}

static gboolean make_tape(IscsiTarget *target, uint64_t size, GError **error)
{
    g_autofree char *log =
        g_build_filename(target->temp_dir, "tgtimg.log", NULL);

    return backing_make_tape(target->backing_fd, size, log, error);
}

static gboolean name_socket(IscsiTarget *target, unsigned number,
                            GError **error)
{
    struct sockaddr_un address;

    target->socket = g_strdup_printf("%s/tgt%u", target->temp_dir, number);
    target->socket_env = g_strdup_printf("TGT_IPC_SOCKET=%s", target->socket);
    /* tgt cuts off what does not fit, silently. */
    if (strlen(target->socket) + strlen(".0.lock") >=
        sizeof(address.sun_path)) {
        g_set_error(error, SGBENCH_ERROR, SGBENCH_ERROR_PREFLIGHT,
                    "%s is too long for a socket: set TMPDIR to a folder with "
                    "a shorter path",
                    target->socket);
        return FALSE;
    }
    return TRUE;
}

static Target *iscsi_start(RunContext *context, const Job *job,
                           const TargetSpec *spec, GError **error)
{
    static unsigned number; /* main thread only */
    IscsiTarget *target;
    IscsiKeys keys;
    TargetCaps caps;
    uint64_t size;

    if (!iscsi_keys_read(job, spec, &keys, &caps, error)) {
        return NULL;
    }
    size = keys.size;
    target = g_new0(IscsiTarget, 1);
    target_init(&target->base, &target_iscsi, spec, &caps);
    target->temp_dir = g_strdup(context->temp_dir);
    target->log_dir = context->run_dir
                          ? g_build_filename(context->run_dir, "logs", NULL)
                          : g_strdup(context->temp_dir);
    g_mkdir_with_parents(target->log_dir, 0755); /* or opening the log fails */
    target->backing_fd = -1;
    target->tape = keys.tape;
    target->changer = keys.changer;
    if (target->changer) {
        size = 1 << 20; /* tgtd wants a file; nothing of it is used */
    }
    target->starts = context->starts;
    target->iqn = g_strdup_printf(IQN ":%s-%u", context->run_id, ++number);
    if (!name_socket(target, number, error)) {
        goto fail;
    }
    if (caps.stores_data) {
        target->backing_fd =
            backing_new(target->temp_dir, keys.in_memory, size, error);
        if (target->backing_fd < 0 ||
            (target->tape && !make_tape(target, size, error))) {
            goto fail;
        }
    }
    if (!start_on_free_port(target, error) ||
        !configure(target, &keys, error) ||
        !record_settings(target, keys.null ? "null" : "file",
                         keys.in_memory ? "memory" : "disk", size, error)) {
        goto fail;
    }
    if (keys.unmap) {
        target_set(&target->base, "unmap", "yes");
    }
    target->base.server_pid = target->tgtd->pid;
    target->base.device = g_strdup_printf("iscsi://127.0.0.1:%d/%s/%d",
                                          target->port, target->iqn, LUN);
    return &target->base;

fail:
    iscsi_stop(&target->base);
    return NULL;
}

/* qapi/block-core.json, BlockdevOptionsIscsi; the same node serves
 * scsi-generic and scsi-block. */
static char *iscsi_blockdev(Target *base, const char *device)
{
    IscsiTarget *target = (IscsiTarget *)base;

    return g_strdup_printf("driver=iscsi,transport=tcp,portal=127.0.0.1:%d,"
                           "target=%s,lun=%d,initiator-name=" IQN ":qemu",
                           target->port, target->iqn, LUN);
}

const TargetKind target_iscsi = {
    .name = "iscsi",
    .summary = "a LUN of tgtd on the loopback interface, through libiscsi",
    .needs_lab = FALSE,
    .native = &initiator_iscsi,
    .check = iscsi_check,
    .start = iscsi_start,
    .stop = iscsi_stop,
    .blockdev = iscsi_blockdev,
    .alive = iscsi_alive,
};
