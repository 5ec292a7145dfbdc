/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <inttypes.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "error.h"
#include "guest-ram.h"
#include "pci.h"
#include "qemu.h"
#include "usage.h"

#define MIB (UINT64_C(1) << 20)

/* Start-up takes 70 ms, 3 s in the lab; a traced QEMU may also wait for the
 * session daemon. An access after that takes microseconds. */
#define ANSWER_MS 60000

/* It ends by itself within milliseconds when the device is idle. */
#define STOP_MS 3000

/* A dying QEMU closes its socket before it can be waited for. */
#define DEATH_MS 2000

/* Mount points, users and prefixes differ; the images Debian has are here. */
#define FIRMWARE_DIR "/usr/share/seabios"

/* ------------------------------------------------------------- the binary */

/* Last modified first. */
static char *newest_build(RunContext *context, const char *name)
{
    g_autofree char *folder =
        g_build_filename(context->cache_dir, "qemu", NULL);
    g_autofree char *prefix = g_strconcat(name, "-", NULL);
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    g_autofree char *found = NULL;
    const char *entry;
    gint64 newest = 0;

    while (dir && (entry = g_dir_read_name(dir))) {
        g_autofree char *marker =
            g_build_filename(folder, entry, "build.json", NULL);
        GStatBuf status;

        /* build.json is written last: a folder with it is complete. */
        if (g_str_has_prefix(entry, prefix) && g_stat(marker, &status) == 0 &&
            status.st_mtime >= newest) {
            newest = status.st_mtime;
            g_free(found);
            found = g_build_filename(folder, entry, NULL);
        }
    }
    return g_steal_pointer(&found);
}

/* The build script of the source folder, or NULL. */
static char *build_script(void)
{
    const char *source = g_getenv("SGBENCH_SOURCE_DIR");
    g_autofree char *script = NULL;

#ifdef SGBENCH_SOURCE_DIR
    if (!source) {
        source = SGBENCH_SOURCE_DIR;
    }
#endif
    if (!source) {
        return NULL;
    }
    script = g_build_filename(source, "qemu-tracepoints", "build", NULL);
    return g_file_test(script, G_FILE_TEST_IS_EXECUTABLE)
               ? g_steal_pointer(&script)
               : NULL;
}

/* What the script names: the build of the patches as they are now. An older
 * one is not taken instead: figures would be those of other code. */
static char *exact_build(const char *script, const char *name, GError **error)
{
    const char *argv[] = {script, "--print", name, NULL};
    g_autofree char *output = NULL, *complaint = NULL;
    int status;

    if (!g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_DEFAULT, NULL, NULL,
                      &output, &complaint, &status, error)) {
        g_prefix_error(error, "looking for QEMU's build %s: ", name);
        (*error)->domain = SGBENCH_ERROR;
        (*error)->code = SGBENCH_ERROR_PREFLIGHT;
        return NULL;
    }
    g_strstrip(output);
    if (!g_spawn_check_wait_status(status, NULL) || !*output) {
        g_set_error(error, SGBENCH_ERROR, SGBENCH_ERROR_PREFLIGHT,
                    "no QEMU \"%s\": run qemu-tracepoints/build %s (%s)", name,
                    name, g_strstrip(complaint));
        return NULL;
    }
    return g_steal_pointer(&output);
}

static char *find_build(RunContext *context, const char *name, GError **error)
{
    g_autofree char *upper = g_ascii_strup(name, -1);
    g_autofree char *variable = g_strconcat("SGBENCH_QEMU_", upper, NULL);
    const char *given = g_getenv(variable);
    g_autofree char *script = NULL, *dir = NULL;

    if (given) {
        return g_canonicalize_filename(given, NULL);
    }
    script = build_script();
    if (script) {
        return exact_build(script, name, error);
    }
    dir = newest_build(context, name);
    if (!dir) {
        g_set_error(error, SGBENCH_ERROR, SGBENCH_ERROR_PREFLIGHT,
                    "no QEMU \"%s\" in %s/qemu: run qemu-tracepoints/build %s",
                    name, context->cache_dir, name);
    }
    return g_steal_pointer(&dir);
}

char *qemu_build_dir(RunContext *context, const char *name, GError **error)
{
    /* Asked once: the script takes 0.2 s, seconds in the lab, and a run must
     * not change to another build because a patch is edited meanwhile. */
    static GHashTable *known;
    const char *dir;
    char *found;

    if (!known) {
        known = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    }
    dir = g_hash_table_lookup(known, name);
    if (dir) {
        return g_strdup(dir);
    }
    found = find_build(context, name, error);
    if (found) {
        g_hash_table_insert(known, g_strdup(name), g_strdup(found));
    }
    return found;
}

static char *find_binary(RunContext *context, const PathKind *path,
                         GError **error)
{
    g_autofree char *dir = qemu_build_dir(context, path->build, error);
    g_autofree char *binary = NULL;

    if (!dir) {
        return NULL;
    }
    binary = g_build_filename(dir, "qemu-system-x86_64", NULL);
    if (access(binary, X_OK) < 0) {
        g_set_error(error, SGBENCH_ERROR, SGBENCH_ERROR_PREFLIGHT,
                    "%s: %s: run qemu-tracepoints/build %s", binary,
                    g_strerror(errno), path->build);
        return NULL;
    }
    return g_steal_pointer(&binary);
}

/* ---------------------------------------------- command line, environment */

static void add(GPtrArray *argv, const char *option, char *value)
{
    g_ptr_array_add(argv, g_strdup(option));
    g_ptr_array_add(argv, value);
}

static gboolean sets(const PathKind *path, const char *name)
{
    for (const char *const *env = path->env; env && *env; env++) {
        if (g_str_has_prefix(*env, name) && (*env)[strlen(name)] == '=') {
            return TRUE;
        }
    }
    return FALSE;
}

/* The allocator is one of the things compared: what this shell happens to set
 * for it must not reach QEMU. env(1) takes away; a Process can only add. */
static void clean_env(GPtrArray *argv, const PathKind *path)
{
    g_auto(GStrv) names = g_listenv();
    gboolean first = TRUE;

    for (char **name = names; *name; name++) {
        if ((g_str_has_prefix(*name, "MALLOC_") ||
             strcmp(*name, "GLIBC_TUNABLES") == 0 ||
             strcmp(*name, "LD_PRELOAD") == 0) &&
            !sets(path, *name)) {
            if (first) {
                g_ptr_array_add(argv, g_strdup("env"));
                first = FALSE;
            }
            add(argv, "-u", g_strdup(*name));
        }
    }
}

/* An NVMe controller without a disk; what is wanted is its memory. legacy-cmb:
 * it is there without being enabled by the driver. */
static void add_device_memory(GPtrArray *argv, const Qemu *qemu)
{
    if (qemu->device.size) {
        add(argv, "-device",
            g_strdup_printf("nvme,serial=memory,legacy-cmb=on,"
                            "cmb_size_mb=%" PRIu64,
                            qemu->device.size / MIB));
    }
}

/* Of the device on the HBA, and what a command may take there. */
static char *device_address(const Target *target, const HbaKind *hba)
{
    g_autofree char *timeout =
        target->caps.timeout_s
            ? g_strdup_printf(",io_timeout=%u", target->caps.timeout_s)
            : g_strdup("");

    return hba->raw ? g_strdup("")
                    : g_strdup_printf(",scsi-id=%d,lun=%d%s", QEMU_SCSI_TARGET,
                                      QEMU_SCSI_LUN, timeout);
}

static GPtrArray *make_argv(RunContext *context, Target *target,
                            const PathKind *path, const QemuNeeds *needs,
                            const Qemu *qemu, const char *binary, int ram_fd,
                            int socket_fd)
{
    GPtrArray *argv = g_ptr_array_new_with_free_func(g_free);
    const HbaKind *hba = needs->hba;
    g_autofree char *blockdev = target->kind->blockdev(target, path->device);
    g_autofree char *address = device_address(target, hba);

    clean_env(argv, path);
    g_ptr_array_add(argv, g_strdup(binary));
    g_ptr_array_add(argv, g_strdup("-nodefaults"));
    g_ptr_array_add(argv, g_strdup("-no-user-config"));
    add(argv, "-display", g_strdup("none"));
    add(argv, "-machine", g_strdup("pc,memory-backend=ram"));
    add(argv, "-accel", g_strdup("qtest"));
    add(argv, "-L", g_strdup(FIRMWARE_DIR));
    /* Needs a ROM that seabios does not have; the complaint would be the last
     * line of every log. */
    add(argv, "-global", g_strdup("apic-common.vapic=off"));
    /* Threads get names: the IOThread is found by its own. */
    add(argv, "-name", g_strdup("sgbench,debug-threads=on"));
    add(argv, "-m", g_strdup_printf("%" PRIu64 "M", qemu->ram_size / MIB));
    /* prealloc: as we do ourselves, see launch(). */
    add(argv, "-object",
        g_strdup_printf("memory-backend-file,id=ram,size=%" PRIu64 "M,"
                        "mem-path=/proc/self/fd/%d,share=on,prealloc=%s",
                        qemu->ram_size / MIB, ram_fd,
                        context->in_lab ? "off" : "on"));
    /* An inherited socket: no file, no race. "-qtest" can't name a chardev
     * that has a descriptor, "-object qtest" can. Log "none" spares QEMU the
     * writing of one. */
    add(argv, "-chardev", g_strdup_printf("socket,id=qt,fd=%d", socket_fd));
    add(argv, "-object", g_strdup("qtest,id=qtest0,chardev=qt,log=none"));
    if (hba->iothread) {
        add(argv, "-object", g_strdup("iothread,id=io0"));
    }
    add(argv, "-device",
        g_strdup_printf("%s,id=hba0%s", hba->device,
                        hba->iothread ? ",iothread=io0" : ""));
    add_device_memory(argv, qemu);
    if (target->kind->object) {
        char *object = target->kind->object(target);

        if (object) {
            add(argv, "-object", object);
        }
    }
    for (const char *const *more = needs->devices; more && *more; more++) {
        add(argv, "-device", g_strdup(*more));
    }
    add(argv, "-blockdev", g_strconcat(blockdev, ",node-name=d0", NULL));
    add(argv, "-device",
        g_strdup_printf("%s,id=sg0,bus=hba0.0,drive=d0%s%s%s", path->device,
                        address, path->properties ? "," : "",
                        path->properties ? path->properties : ""));
    g_ptr_array_add(argv, NULL);
    return argv;
}

static GPtrArray *make_env(RunContext *context, const PathKind *path)
{
    GPtrArray *env = g_ptr_array_new_with_free_func(g_free);

    for (const char *const *more = path->env; more && *more; more++) {
        g_ptr_array_add(env, g_strdup(*more));
    }
    /* lttng-ust(3). Traced: don't run before the session daemon has enabled
     * the events (-1: wait as long as it takes). Untraced: don't wait, and
     * look for this user's daemon where there is none. The system's daemon,
     * root's, can't be hidden; it costs nothing while no session is on. */
    if (context->traced) {
        g_ptr_array_add(env, g_strdup("LTTNG_UST_REGISTER_TIMEOUT=-1"));
    } else {
        g_ptr_array_add(env, g_strdup("LTTNG_UST_REGISTER_TIMEOUT=0"));
        g_ptr_array_add(env, g_strconcat("LTTNG_HOME=", context->temp_dir,
                                         "/no-lttng", NULL));
    }
    g_ptr_array_add(env, NULL);
    return env;
}

/* ------------------------------------------------------------ life and end */

static char *make_log_name(RunContext *context, const Target *target,
                           const PathKind *path, GError **error)
{
    g_autofree char *folder = g_build_filename(context->run_dir, "logs", NULL);

    if (g_mkdir_with_parents(folder, 0755) < 0) {
        g_set_error(error, SGBENCH_ERROR, SGBENCH_ERROR_RESULTS,
                    "can't make %s: %s", folder, g_strerror(errno));
        return NULL;
    }
    return g_strdup_printf("%s/%u-%s-%s.log", folder, context->starts,
                           target->name, path->name);
}

/* Put what the process says about its end before what the socket said. */
static void explain(Qemu *qemu, const char *what, GError **error)
{
    g_autofree char *obituary = NULL;

    if (g_error_matches(*error, SGBENCH_ERROR, SGBENCH_INTERRUPTED)) {
        return;
    }
    if (process_wait(qemu->process, DEATH_MS)) {
        obituary = process_obituary(qemu->process);
        g_clear_error(error);
        g_set_error(error, SGBENCH_ERROR, SGBENCH_ERROR_QEMU,
                    "QEMU (%s) %s: %s; log: %s", qemu->label, what, obituary,
                    qemu->process->log);
    } else {
        g_prefix_error(error, "QEMU (%s) %s: ", qemu->label, what);
    }
}

static void read_device(void *opaque, uint64_t address, void *data,
                        uint64_t length)
{
    qtest_read_bytes(((Qemu *)opaque)->qtest, address, data, length);
}

static void write_device(void *opaque, uint64_t address, const void *data,
                         uint64_t length)
{
    qtest_write_bytes(((Qemu *)opaque)->qtest, address, data, length);
}

/* hw/nvme/nvme.h, hw/nvme/ctrl.c: nvme_pci_reset(), NVME_CMB_BIR */
#define PCI_VENDOR_REDHAT 0x1b36
#define PCI_DEVICE_NVME 0x0010
#define CMB_BAR 2

static gboolean find_device_memory(Qemu *qemu, GError **error)
{
    uint64_t next = QEMU_RAM_MAX;
    PciDevice nvme;

    if (!pci_find(qemu->qtest, PCI_VENDOR_REDHAT, PCI_DEVICE_NVME, &nvme) ||
        !pci_place_bar(&nvme, CMB_BAR, &next)) {
        g_set_error(error, SGBENCH_ERROR, SGBENCH_ERROR_QEMU,
                    "QEMU (%s) has no device memory: log: %s", qemu->label,
                    qemu->process->log);
        return FALSE;
    }
    pci_enable(&nvme);
    qemu->device.start = nvme.bar[CMB_BAR];
    qemu->device.opaque = qemu;
    qemu->device.read = read_device;
    qemu->device.write = write_device;
    return TRUE;
}

static gboolean launch(Qemu *qemu, RunContext *context, Target *target,
                       const PathKind *path, const QemuNeeds *needs,
                       const char *binary, const char *log, GError **error)
{
    g_autofree char *name = g_strdup_printf("QEMU (%s)", qemu->label);
    g_autoptr(GPtrArray) argv = NULL;
    g_autoptr(GPtrArray) env = make_env(context, path);
    int sockets[2], ram_fd;

    /* Mapping every page beforehand keeps first touches out of the requests'
     * time. In the lab it would take seconds: the warm-up has to do. */
    ram_fd = guest_ram_new(qemu->ram_size, !context->in_lab, &qemu->ram, error);
    if (ram_fd < 0) {
        return FALSE;
    }
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) < 0) {
        g_set_error(error, SGBENCH_ERROR, SGBENCH_ERROR_PREFLIGHT,
                    "can't make a socket: %s", g_strerror(errno));
        close(ram_fd);
        return FALSE;
    }
    qemu->qtest = qtest_new(sockets[0], ANSWER_MS);
    argv = make_argv(context, target, path, needs, qemu, binary, ram_fd,
                     sockets[1]);
    qemu->process = process_start(
        &(ProcessSpec){
            .name = name,
            .argv = (const char *const *)argv->pdata,
            .env = (const char *const *)env->pdata,
            .log = log,
            .fds = (int[]){ram_fd, sockets[1]},
            .n_fds = 2,
            .stdin_fd = -1,
        },
        error);
    /* QEMU alone has its end now: when it dies, ours sees it. */
    close(sockets[1]);
    close(ram_fd);
    return qemu->process != NULL;
}

Qemu *qemu_start(RunContext *context, Target *target, const PathKind *path,
                 const QemuNeeds *needs, GError **error)
{
    g_autoptr(Qemu) qemu = g_new0(Qemu, 1);
    g_autofree char *binary = NULL, *log = NULL;
    g_autoptr(GError) cause = NULL;

    qemu->label = g_strdup_printf("%s on %s", path->name, target->name);
    qemu->ram_size = (needs->ram_size + MIB - 1) / MIB * MIB;
    if (qemu->ram_size > QEMU_RAM_MAX) {
        g_set_error(error, SGBENCH_ERROR, SGBENCH_ERROR_PREFLIGHT,
                    "%" PRIu64 " MiB of guest RAM are wanted, %" PRIu64
                    " MiB is the most: use smaller sizes or depths",
                    qemu->ram_size / MIB, QEMU_RAM_MAX / MIB);
        return NULL;
    }
    if (needs->device_memory > QEMU_DEVICE_MEMORY_MAX) {
        g_set_error(error, SGBENCH_ERROR, SGBENCH_ERROR_PREFLIGHT,
                    "%" PRIu64 " MiB of device memory are wanted, %" PRIu64
                    " MiB is the most: use smaller sizes or depths",
                    needs->device_memory / MIB, QEMU_DEVICE_MEMORY_MAX / MIB);
        return NULL;
    }
    if (needs->device_memory) {
        qemu->device.size = MIB;
        while (qemu->device.size < needs->device_memory) {
            qemu->device.size *= 2;
        }
    }
    binary = find_binary(context, path, error);
    if (!binary) {
        return NULL;
    }
    context->starts++;
    log = make_log_name(context, target, path, error);
    if (!log ||
        !launch(qemu, context, target, path, needs, binary, log, error)) {
        return NULL;
    }
    if (!qtest_handshake(qemu->qtest, &cause)) {
        explain(qemu, "did not start", &cause);
        g_propagate_error(error, g_steal_pointer(&cause));
        return NULL;
    }
    if (qemu->device.size && !find_device_memory(qemu, error)) {
        return NULL;
    }
    if (!needs->hba->iothread) {
        return g_steal_pointer(&qemu);
    }
    /* iothread.c: "IO " and the object's id. */
    qemu->iothread_tid = usage_find_thread(qemu->process->pid, "IO io0");
    if (!qemu->iothread_tid) {
        g_set_error(error, SGBENCH_ERROR, SGBENCH_ERROR_QEMU,
                    "QEMU (%s) has no thread \"IO io0\": log: %s", qemu->label,
                    log);
        return NULL;
    }
    return g_steal_pointer(&qemu);
}

gboolean qemu_end(Qemu *qemu, unsigned grace_ms, GError **error)
{
    g_autofree char *obituary = NULL;

    g_clear_pointer(&qemu->qtest, qtest_free);
    if (!process_end(qemu->process, grace_ms)) {
        g_set_error(error, SGBENCH_ERROR, SGBENCH_ERROR_QEMU,
                    "QEMU (%s) does not end: killed after %g s; log: %s",
                    qemu->label, grace_ms / 1000.0, qemu->process->log);
        return FALSE;
    }
    if (qemu->process->wait_status == 0) {
        return TRUE;
    }
    obituary = process_obituary(qemu->process);
    g_set_error(error, SGBENCH_ERROR, SGBENCH_ERROR_QEMU,
                "QEMU (%s) ended badly: %s; log: %s", qemu->label, obituary,
                qemu->process->log);
    return FALSE;
}

void qemu_stop(Qemu *qemu)
{
    if (!qemu) {
        return;
    }
    g_clear_pointer(&qemu->qtest, qtest_free);
    if (qemu->process) {
        process_stop(qemu->process, STOP_MS);
    }
    if (qemu->ram) {
        munmap(qemu->ram, qemu->ram_size);
    }
    g_free(qemu->label);
    g_free(qemu);
}

gboolean qemu_check(Qemu *qemu, GError **error)
{
    g_autoptr(GError) cause = NULL;

    qtest_drain(qemu->qtest);
    if (!qtest_check(qemu->qtest, &cause)) {
        explain(qemu, "failed", &cause);
        g_propagate_error(error, g_steal_pointer(&cause));
        return FALSE;
    }
    if (!process_running(qemu->process)) {
        g_set_error(&cause, SGBENCH_ERROR, SGBENCH_ERROR_QEMU, "gone");
        explain(qemu, "died", &cause);
        g_propagate_error(error, g_steal_pointer(&cause));
        return FALSE;
    }
    return TRUE;
}
