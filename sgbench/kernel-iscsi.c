/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * open-iscsi's daemon and its tool do the log-in; the kernel does the rest. The
 * lab has /etc/iscsi in memory (lab-init.sh): nothing of a machine's own
 * configuration is read or changed.
 */
#include <errno.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "error.h"
#include "kernel-iscsi.h"
#include "lab-module.h"
#include "process.h"
#include "tool.h"

#define CONFIG "/etc/iscsi"
#define INITIATOR "iqn.2025-01.example.sgbench:lab"
#define TOOL_MS 30000
#define DEVICE_MS 15000 /* from the log-in to the nodes in /dev */
#define STOP_MS 2000

struct KernelIscsi {
    char *temp_dir, *portal, *iqn;
    gboolean logged_in;
    GPtrArray *devices; /* of the machine, when ours had appeared */
    const Device *device;
};

/* One daemon serves all sessions. */
static Process *daemon_process;
static unsigned daemon_users;

static gboolean run_tool(KernelIscsi *session, const char *const *words,
                         GError **error)
{
    g_autofree char *log =
        g_build_filename(session->temp_dir, "iscsiadm.log", NULL);

    return tool_run(words, NULL, log, TOOL_MS, SGBENCH_ERROR_TARGET, NULL,
                    error);
}

/* iscsiadm -m node of our target with @operation behind it. */
static gboolean node(KernelIscsi *session, const char *operation,
                     const char *argument, GError **error)
{
    const char *const words[] = {
        "iscsiadm",      "-m",      "node",   "-T", session->iqn, "-p",
        session->portal, operation, argument, NULL,
    };

    return run_tool(session, words, error);
}

static gboolean write_file(const char *name, const char *text, GError **error)
{
    g_autofree char *path = g_build_filename(CONFIG, name, NULL);

    if (g_file_set_contents(path, text, -1, NULL)) {
        return TRUE;
    }
    g_set_error(error, SGBENCH_ERROR, SGBENCH_ERROR_PREFLIGHT,
                "can't write %s: %s; install the package open-iscsi (make "
                "setup)",
                path, g_strerror(errno));
    return FALSE;
}

/* FALSE if it has ended, or does not answer. */
static gboolean daemon_answers(KernelIscsi *session, GError **error)
{
    static const char *const words[] = {"iscsiadm", "-m", "iface", NULL};
    gint64 end = g_get_monotonic_time() + TOOL_MS * 1000ll;

    for (;;) {
        if (!process_running(daemon_process)) {
            g_autofree char *why = process_obituary(daemon_process);

            g_set_error(error, SGBENCH_ERROR, SGBENCH_ERROR_TARGET, "iscsid %s",
                        why);
            return FALSE;
        }
        g_clear_error(error);
        if (run_tool(session, words, error)) {
            return TRUE;
        }
        if (run_check_interrupted(NULL) || g_get_monotonic_time() > end) {
            return FALSE;
        }
        g_usleep(50000);
    }
}

static gboolean daemon_start(KernelIscsi *session, GError **error)
{
    static const char *const argv[] = {"iscsid", "-f", NULL};
    g_autofree char *log =
        g_build_filename(session->temp_dir, "iscsid.log", NULL);
    ProcessSpec spec = {
        .name = "iscsid", .argv = argv, .log = log, .stdin_fd = -1};

    if (daemon_users > 0) {
        daemon_users++;
        return TRUE;
    }
    /* Only these two are read; the daemon's defaults do. */
    if (!write_file("initiatorname.iscsi", "InitiatorName=" INITIATOR "\n",
                    error) ||
        !write_file("iscsid.conf", "", error)) {
        return FALSE;
    }
    daemon_process = process_start(&spec, error);
    if (!daemon_process) {
        return FALSE;
    }
    daemon_users = 1;
    return daemon_answers(session, error);
}

static void daemon_stop(void)
{
    if (daemon_users > 0 && --daemon_users == 0) {
        process_stop(g_steal_pointer(&daemon_process), STOP_MS);
    }
}

/* Whether @host is of a session with @iqn: /sys/class/iscsi_session has it. */
static gboolean host_has_target(const char *host, const char *iqn)
{
    g_autofree char *folder =
        g_strdup_printf("/sys/class/iscsi_host/host%s/device", host);
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    const char *name;

    while (dir && (name = g_dir_read_name(dir))) {
        g_autofree char *target = NULL;

        if (g_str_has_prefix(name, "session")) {
            target = device_line("", "%s/%s/iscsi_session/%s/targetname",
                                 folder, name, name);
        }
        if (target && g_str_equal(target, iqn)) {
            return TRUE;
        }
    }
    return FALSE;
}

/* The nodes that its type has in /dev: devtmpfs has them as soon as the drivers
 * have found it. */
static gboolean complete(const Device *device)
{
    const char *more = device->type == 0   ? device->block
                       : device->type == 1 ? device->tape
                       : device->type == 8 ? device->changer
                                           : device->sg;

    return device->sg && more && access(device->sg, F_OK) == 0 &&
           access(more, F_OK) == 0;
}

static gboolean find_device(KernelIscsi *session, unsigned lun, GError **error)
{
    gint64 end = g_get_monotonic_time() + DEVICE_MS * 1000ll;
    g_autofree char *suffix = g_strdup_printf(":%u", lun);

    for (;;) {
        g_clear_pointer(&session->devices, g_ptr_array_unref);
        session->devices = device_list("", error);
        if (!session->devices) {
            return FALSE;
        }
        for (unsigned i = 0; i < session->devices->len; i++) {
            const Device *device = g_ptr_array_index(session->devices, i);
            g_autofree char *host =
                g_strndup(device->address, strcspn(device->address, ":"));

            if (g_str_has_suffix(device->address, suffix) &&
                host_has_target(host, session->iqn) && complete(device)) {
                session->device = device;
                return TRUE;
            }
        }
        if (run_check_interrupted(error)) {
            return FALSE;
        }
        if (g_get_monotonic_time() > end) {
            g_set_error(error, SGBENCH_ERROR, SGBENCH_ERROR_TARGET,
                        "%s: logged in, but no device of LUN %u appeared in "
                        "%d s",
                        session->iqn, lun, DEVICE_MS / 1000);
            return FALSE;
        }
        g_usleep(20000);
    }
}

static gboolean load_modules(KernelIscsi *session, GError **error)
{
    static const char *const modules[] = {"sg", "sd_mod", "st", "ch",
                                          "iscsi_tcp"};

    for (unsigned i = 0; i < G_N_ELEMENTS(modules); i++) {
        const char *const words[] = {modules[i], NULL};

        if (!lab_module_load(session->temp_dir, words, error)) {
            return FALSE;
        }
    }
    return TRUE;
}

KernelIscsi *kernel_iscsi_login(RunContext *context, const char *portal,
                                const char *iqn, unsigned lun, GError **error)
{
    KernelIscsi *session = g_new0(KernelIscsi, 1);

    session->temp_dir = g_strdup(context->temp_dir);
    session->portal = g_strdup(portal);
    session->iqn = g_strdup(iqn);
    if (!load_modules(session, error) || !daemon_start(session, error) ||
        !node(session, "-o", "new", error)) {
        kernel_iscsi_logout(session);
        return NULL;
    }
    session->logged_in = node(session, "--login", NULL, error);
    if (!session->logged_in || !find_device(session, lun, error)) {
        kernel_iscsi_logout(session);
        return NULL;
    }
    return session;
}

const Device *kernel_iscsi_device(const KernelIscsi *session)
{
    return session->device;
}

void kernel_iscsi_logout(KernelIscsi *session)
{
    g_autoptr(GError) error = NULL;

    if (!session) {
        return;
    }
    if (session->logged_in && !node(session, "--logout", NULL, &error)) {
        g_printerr("sgbench: %s\n", error->message);
    }
    daemon_stop();
    g_clear_pointer(&session->devices, g_ptr_array_unref);
    g_free(session->temp_dir);
    g_free(session->portal);
    g_free(session->iqn);
    g_free(session);
}
