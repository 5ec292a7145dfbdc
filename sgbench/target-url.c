/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Target kind "iscsi-url": a LUN of somebody's iSCSI server, through libiscsi.
 * Keys:
 *
 *   url      iscsi://HOST[:PORT]/IQN/LUN
 *   device   disk (default), tape or changer: what it is
 *   size     of a tape: bytes of it that are used at most (default 4G)
 *   timeout  seconds that a command may take, as of kind "device"
 *
 * For CHAP, user and password come from libiscsi's own environment variables
 * (iscsi.h, ISCSI_URL_SYNTAX): run directories and command lines are read by
 * others. QEMU has the password from a file in the run's temporary folder.
 *
 * It is not ours: what it takes to be written to is foreign.h's. Runs of this
 * machine exclude each other. Of other hosts nothing can be seen but persistent
 * reservations, which clusters have; the user is told so.
 */
#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <iscsi/iscsi.h>
#include <scsi/sg_unaligned.h>
#include <string.h>
#include <unistd.h>

#include "ask.h"
#include "context.h"
#include "device.h"
#include "device-lock.h"
#include "error.h"
#include "foreign.h"
#include "medium.h"
#include "tape-command.h"
#include "tape-drive.h"
#include "target-kinds.h"

#define INITIATOR_NAME "iqn.2025-01.example.sgbench"
#define USER_VARIABLE "LIBISCSI_CHAP_USERNAME"
#define PASSWORD_VARIABLE "LIBISCSI_CHAP_PASSWORD"
#define DEFAULT_PORT 3260 /* RFC 7143 1.1 */
#define ALIVE_S 1
#define DEPTH_MAX 64
#define TRANSFER_MAX (16 << 20)
#define INQUIRY_BYTES 36
#define OP_PERSISTENT_RESERVE_IN 0x5e /* SPC-4 6.16, READ KEYS */
#define KEYS_BYTES 8

typedef struct UrlTarget {
    Target base;
    char *portal, *iqn;
    char *user;        /* of CHAP, or NULL */
    char *secret_file; /* its password; ours to remove */
    int lun;
    int lock;
    Initiator *initiator; /* only while it is admitted */
} UrlTarget;

/* What it may be; SPC-4 table 144. */
static const struct {
    const char *name;
    unsigned type;
    const Medium *medium;
} devices[] = {
    {"disk", 0x00, &medium_disk},
    {"tape", 0x01, &medium_tape},
    {"changer", 0x08, &medium_changer},
};

/* ---- the keys ---- */

/* What of @text can't be handed on to QEMU, or must not be there. */
static const char *url_fault(const char *text)
{
    if (!g_str_has_prefix(text, "iscsi://")) {
        return "iscsi://HOST[:PORT]/IQN/LUN is wanted";
    }
    if (strchr(text, '@')) {
        return "others can read a user and a password there: leave them out "
               "and set " USER_VARIABLE " and " PASSWORD_VARIABLE
               " in the environment";
    }
    if (strpbrk(text, ",?")) {
        return "',' and '?' can't be handed on to QEMU: leave out what they "
               "begin";
    }
    return NULL;
}

/* The parts of the URL; the caller's by iscsi_destroy_url(), or NULL. */
static struct iscsi_url *parse(const Job *job, const TargetSpec *spec,
                               struct iscsi_context *iscsi, GError **error)
{
    const char *text = target_key(spec, "url", NULL);
    const char *fault = text ? url_fault(text) : NULL;
    struct iscsi_url *url;

    if (!text) {
        target_spec_error(job, spec, NULL, error,
                          "target '%s' has no url: write "
                          "url=iscsi://HOST/IQN/LUN",
                          spec->name);
        return NULL;
    }
    if (fault) {
        target_spec_error(job, spec, "url", error, "url: %s", fault);
        return NULL;
    }
    url = iscsi_parse_full_url(iscsi, text);
    if (!url) {
        target_spec_error(job, spec, "url", error,
                          "url %s: not a LUN's; iscsi://HOST[:PORT]/IQN/LUN is "
                          "wanted",
                          text);
    }
    return url;
}

static gboolean split(const Job *job, const TargetSpec *spec, UrlTarget *target,
                      GError **error)
{
    struct iscsi_context *iscsi = iscsi_create_context(INITIATOR_NAME ":url");
    struct iscsi_url *url = parse(job, spec, iscsi, error);

    if (url) {
        target->portal = g_strdup(url->portal);
        target->iqn = g_strdup(url->target);
        target->lun = url->lun;
        target->user = url->user[0] ? g_strdup(url->user) : NULL;
        iscsi_destroy_url(url);
    }
    iscsi_destroy_context(iscsi);
    return url != NULL;
}

static void split_clear(UrlTarget *target)
{
    g_free(target->portal);
    g_free(target->iqn);
    g_free(target->user);
}

static unsigned device_of(const TargetSpec *spec)
{
    const char *name = target_key(spec, "device", devices[0].name);
    unsigned i = 0;

    while (i < G_N_ELEMENTS(devices) - 1 &&
           !g_str_equal(name, devices[i].name)) {
        i++;
    }
    return i;
}

static gboolean url_check(const Job *job, const TargetSpec *spec,
                          TargetCaps *caps, GError **error)
{
    static const char *const known[] = {"url", "device", "size", "timeout",
                                        NULL};
    static const char *const names[] = {"disk", "tape", "changer", NULL};
    const Medium *medium = devices[device_of(spec)].medium;
    gboolean disk = medium == &medium_disk, tape = medium == &medium_tape;
    uint64_t timeout;
    UrlTarget parts = {};
    gboolean ok;

    if (!target_only_keys(job, spec, known, error) ||
        !target_key_choice(job, spec, "device", names, error)) {
        return FALSE;
    }
    ok = split(job, spec, &parts, error);
    split_clear(&parts);
    if (!ok) {
        return FALSE;
    }
    if (!tape && target_key(spec, "size", NULL)) {
        target_spec_error(job, spec, "size", error,
                          "size is a tape's; leave it out");
        return FALSE;
    }
    /* What the server has is known when it is asked: plan_check_target(). */
    *caps = (TargetCaps){
        .medium = medium,
        .stores_data = TRUE,
        .reports_resid = disk,
        .users_unseen = TRUE,
        .machine_speed = !run_in_lab(),
        .max_depth = disk ? DEPTH_MAX : 1,
        .max_transfer = tape ? TAPE_BLOCK_MAX : TRANSFER_MAX,
        .block_size = disk ? 512 : 1,
        .size = G_MAXINT64,
        .verdicts = "data, CPU and throughput, network and server included; "
                    "not on the kernel's SG_IO",
    };
    if (!target_key_number(job, spec, "timeout",
                           disk ? TARGET_TIMEOUT_S : TARGET_TIMEOUT_SLOW_S, 1,
                           86400, &timeout, error) ||
        (tape && !target_key_size(job, spec, "size", 4ull << 30, 1 << 20,
                                  1ull << 50, &caps->size, error))) {
        return FALSE;
    }
    caps->timeout_s = timeout;
    return TRUE;
}

/* ---- is it there, and is it what was said? ---- */

/* PERIPHERAL QUALIFIER and DEVICE TYPE (SPC-4 6.6.2); of a tape also which. */
static gboolean is_device(const Job *job, const TargetSpec *spec, Target *base,
                          Initiator *initiator, GError **error)
{
    const uint8_t *data = ask_data(initiator);
    Command command = {0};
    unsigned type;

    command_inquiry(&command, -1, INQUIRY_BYTES);
    if (!ask_good(base, initiator, &command, "INQUIRY", error)) {
        return FALSE;
    }
    type = data[0] & 0x1f;
    if (base->caps.medium == &medium_tape) {
        g_autofree char *vendor = command_ascii(data + 8, 8);
        g_autofree char *model = command_ascii(data + 16, 16);

        tape_drive_expect(&base->caps, vendor, model);
    }
    if (data[0] >> 5 != 0) {
        return sgbench_fail(error, SGBENCH_ERROR_PREFLIGHT,
                            "%s: the server has no such LUN; iscsi-ls -s lists "
                            "those it has (package libiscsi-bin)",
                            base->device);
    }
    if (type != devices[device_of(spec)].type) {
        target_spec_error(job, spec, "device", error,
                          "%s is a %s: write device=disk, tape or changer as "
                          "it is; others can't be used",
                          base->device, device_type_name(type));
        return FALSE;
    }
    return TRUE;
}

/* The kernel of this machine may have the same LUN by its own initiator. */
static gboolean kernel_has_it(const Target *target, GError **error)
{
    g_autoptr(GPtrArray) all = device_list("", NULL);

    for (unsigned i = 0; all && i < all->len; i++) {
        const Device *device = g_ptr_array_index(all, i);

        if (target->serial[0] && g_str_equal(device->serial, target->serial) &&
            g_str_equal(device->vendor, target->vendor) &&
            g_str_equal(device->model, target->product)) {
            const char *node = device->block ? device->block : device->sg;

            sgbench_fail(error, SGBENCH_ERROR_PREFLIGHT,
                         "%s: the kernel of this machine has it, too, as %s: "
                         "use that (kind=device), or end its session first",
                         target->device, node ? node : device->address);
            return TRUE;
        }
    }
    return FALSE;
}

/* Registered keys: a cluster or another host uses it. Devices without the
 * command have none. */
static gboolean is_registered(const Target *target, Initiator *initiator,
                              gboolean *registered, GError **error)
{
    Completion completion = {0};
    Command command = {.length = KEYS_BYTES};

    command_set_cdb(&command, OP_PERSISTENT_RESERVE_IN, 10, DATA_IN);
    command.cdb[8] = KEYS_BYTES;
    if (!ask(initiator, &command, &completion, error)) {
        return FALSE;
    }
    *registered = ask_answered(&completion) &&
                  sg_get_unaligned_be32(ask_data(initiator) + 4) > 0;
    return TRUE;
}

/* As far as one can see who else uses it; for foreign_admit(). */
static gboolean exclude(gpointer opaque, GError **error)
{
    const UrlTarget *target = opaque;
    gboolean registered;

    if (kernel_has_it(&target->base, error) ||
        !is_registered(&target->base, target->initiator, &registered, error)) {
        return FALSE;
    }
    return !registered ||
           sgbench_fail(error, SGBENCH_ERROR_PREFLIGHT,
                        "%s is in use: a host has registered for persistent "
                        "reservations of it (sg_persist --read-keys); end that "
                        "first",
                        target->base.device);
}

/* The log-in is where a wrong URL is seen. */
static Initiator *reach(UrlTarget *target, RunContext *context, GError **error)
{
    static const InitiatorNeeds needs = {.arena_size = 1 << 20};
    g_autoptr(GError) fault = NULL;
    Initiator *initiator =
        initiator_iscsi.open(context, &target->base, NULL, &needs, &fault);

    if (!initiator) {
        sgbench_fail(error, SGBENCH_ERROR_PREFLIGHT,
                     "%s; iscsi-ls -s iscsi://%s lists what the server has "
                     "(package libiscsi-bin), and a user for CHAP is taken "
                     "from " USER_VARIABLE " and " PASSWORD_VARIABLE,
                     g_strdelimit(fault->message, "\n", ' '), target->portal);
    }
    return initiator;
}

static gboolean learn(Target *target, Initiator *initiator, GError **error)
{
    if (!foreign_is_ready(target, initiator, error) ||
        (target->caps.medium == &medium_tape &&
         !tape_drive_ask(target, initiator, error)) ||
        !target_identify(target, initiator, error)) {
        return FALSE;
    }
    if (target->caps.medium == &medium_disk) {
        target->caps.block_size = target->block_size;
        target->caps.size = target->blocks * target->block_size;
    }
    return TRUE;
}

static gboolean admit(UrlTarget *target, RunContext *context, const Job *job,
                      const TargetSpec *spec, GError **error)
{
    Target *base = &target->base;
    g_autoptr(Initiator) initiator = NULL;

    base->read_only = TRUE; /* until it is known */
    initiator = reach(target, context, error);
    target->initiator = initiator;
    return initiator && is_device(job, spec, base, initiator, error) &&
           learn(base, initiator, error) &&
           foreign_admit(context, job, spec, base, initiator, exclude, target,
                         error);
}

/* ---- start and end ---- */

/* A file that only this user can read, for QEMU. */
static gboolean write_secret(UrlTarget *target, RunContext *context,
                             GError **error)
{
    const char *password = g_getenv(PASSWORD_VARIABLE);
    size_t length = password ? strlen(password) : 0;
    int fd;

    if (!target->user) {
        return TRUE;
    }
    target->secret_file =
        g_strdup_printf("%s/chap-%s", context->temp_dir, target->base.name);
    fd = open(target->secret_file,
              O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0 || write(fd, password, length) != (ssize_t)length) {
        sgbench_fail(error, SGBENCH_ERROR_PREFLIGHT, "can't write %s: %s",
                     target->secret_file, g_strerror(errno));
        length = SIZE_MAX;
    }
    if (fd >= 0) {
        close(fd);
    }
    return length != SIZE_MAX;
}

static void url_stop(Target *base)
{
    UrlTarget *target = (UrlTarget *)base;

    if (target->lock >= 0) {
        close(target->lock);
    }
    if (target->secret_file) {
        unlink(target->secret_file);
        g_free(target->secret_file);
    }
    split_clear(target);
    target_clear(base);
    g_free(target);
}

static Target *url_start(RunContext *context, const Job *job,
                         const TargetSpec *spec, GError **error)
{
    UrlTarget *target;
    TargetCaps caps;

    if (!url_check(job, spec, &caps, error)) {
        return NULL;
    }
    target = g_new0(UrlTarget, 1);
    target_init(&target->base, &target_url, spec, &caps);
    target->base.device = g_strdup(target_key(spec, "url", NULL));
    target->lock = -1;
    if (split(job, spec, target, error) &&
        write_secret(target, context, error)) {
        g_autofree char *identity =
            g_strdup_printf("%s-%d", target->iqn, target->lun);

        target->lock = identity_lock(identity, target->base.device, error);
    }
    if (target->lock < 0 || !admit(target, context, job, spec, error)) {
        url_stop(&target->base);
        return NULL;
    }
    target->initiator = NULL;
    target_set(&target->base, "url", "%s", target->base.device);
    target_set(&target->base, "device", "%s", devices[device_of(spec)].name);
    target_set(&target->base, "chap", "%s", target->user ? "yes" : "no");
    target_set(&target->base, "timeout", "%u", target->base.caps.timeout_s);
    target_set(&target->base, "written_to", "%s",
               target->base.read_only ? "no" : "yes");
    target_set(&target->base, "other_hosts", "not seen");
    return &target->base;
}

/* In an option of QEMU's a comma ends a value, two are one; the caller's. */
static char *option_text(const char *text)
{
    g_auto(GStrv) parts = g_strsplit(text, ",", -1);

    return g_strjoinv(",,", parts);
}

/* qapi/block-core.json, BlockdevOptionsIscsi */
static char *url_blockdev(Target *base, const char *device)
{
    const UrlTarget *target = (UrlTarget *)base;
    g_autofree char *user = target->user ? option_text(target->user) : NULL;

    return g_strdup_printf(
        "driver=iscsi,transport=tcp,portal=%s,target=%s,"
        "lun=%d,initiator-name=" INITIATOR_NAME ":qemu%s%s%s",
        target->portal, target->iqn, target->lun, user ? ",user=" : "",
        user ? user : "", user ? ",password-secret=chap" : "");
}

static char *url_object(Target *base)
{
    const UrlTarget *target = (UrlTarget *)base;
    g_autofree char *file =
        target->secret_file ? option_text(target->secret_file) : NULL;

    return file ? g_strdup_printf("secret,id=chap,file=%s", file) : NULL;
}

/* Does the server take connections? */
static gboolean url_alive(Target *base, GError **error)
{
    const UrlTarget *target = (UrlTarget *)base;
    g_autoptr(GSocketClient) client = g_socket_client_new();
    g_autoptr(GSocketConnection) connection = NULL;
    g_autoptr(GError) fault = NULL;

    g_socket_client_set_timeout(client, ALIVE_S);
    g_socket_client_set_enable_proxy(client, FALSE);
    connection = g_socket_client_connect_to_host(client, target->portal,
                                                 DEFAULT_PORT, NULL, &fault);
    return connection ||
           sgbench_fail(error, SGBENCH_ERROR_TARGET,
                        "target %s: the iSCSI server at %s does not answer "
                        "any more: %s",
                        base->name, target->portal, fault->message);
}

const TargetKind target_url = {
    .name = "iscsi-url",
    .summary = "a LUN of an iSCSI server that is there, through libiscsi",
    .needs_lab = FALSE,
    .foreign = TRUE,
    .native = &initiator_iscsi,
    .check = url_check,
    .start = url_start,
    .stop = url_stop,
    .blockdev = url_blockdev,
    .object = url_object,
    .alive = url_alive,
    .confirm = foreign_confirm,
};
