/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/fs.h>
#include <pwd.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "device-lock.h"
#include "error.h"

#define LOCK_TRIES 10
#define LOCK_WAIT_US 50000

struct DeviceLock {
    const Device *device; /* one of all */
    GPtrArray *all;       /* Device * */
    GArray *fds;          /* int: all that is held */
    gboolean others;      /* have /dev/sgN open */
};

static void keep(DeviceLock *lock, int fd)
{
    g_array_append_val(lock->fds, fd);
}

/* What opening @path failed with, errno, and what to do. */
static gboolean refuse_open(const char *path, GError **error)
{
    int failure = errno;
    struct stat status;

    if ((failure == EACCES || failure == EPERM) && stat(path, &status) == 0) {
        const struct group *group = getgrgid(status.st_gid);

        return sgbench_fail(
            error, SGBENCH_ERROR_PREFLIGHT,
            "%s: no permission: it is for %s%s (mode %04o); be root, "
            "or in a group that may read and write it",
            path, group ? "the group " : "its owner",
            group ? group->gr_name : "", status.st_mode & 07777);
    }
    if (failure == EROFS) {
        return sgbench_fail(error, SGBENCH_ERROR_PREFLIGHT,
                            "%s is read-only: the device says that it is "
                            "write-protected",
                            path);
    }
    return sgbench_fail(error, SGBENCH_ERROR_PREFLIGHT, "can't open %s: %s",
                        path, g_strerror(failure));
}

/* ---- other runs ---- */

/* udev holds a disk's lock for moments (systemd's BLOCK_DEVICE_LOCKING). */
static gboolean lock_fd(int fd, const char *what, GError **error)
{
    for (unsigned i = 0; i < LOCK_TRIES; i++) {
        if (flock(fd, LOCK_EX | LOCK_NB) == 0) {
            return TRUE;
        }
        if (errno != EWOULDBLOCK) {
            break;
        }
        g_usleep(LOCK_WAIT_US);
    }
    return errno == EWOULDBLOCK
               ? sgbench_fail(
                     error, SGBENCH_ERROR_PREFLIGHT,
                     "another run of sgbench has %s; wait until it has "
                     "ended",
                     what)
               : sgbench_fail(error, SGBENCH_ERROR_PREFLIGHT,
                              "can't lock %s: %s", what, g_strerror(errno));
}

/*
 * Debian's /run/lock is for everybody. With fs.protected_regular others' files
 * there can't be opened by O_CREAT (Documentation/admin-guide/sysctl/fs.rst):
 * first without. Whoever made it has no right that others have not.
 */
int identity_lock(const char *identity, const char *what, GError **error)
{
    static const char *const folders[] = {"/run/lock", "/tmp"};
    g_autofree char *name = g_strconcat("sgbench-", identity, ".lock", NULL);
    g_autofree char *path = NULL;
    int fd = -1;

    g_strcanon(name, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "-.", '_');
    for (unsigned i = 0; i < G_N_ELEMENTS(folders) && fd < 0; i++) {
        const int flags = O_RDWR | O_NOFOLLOW | O_NOCTTY | O_CLOEXEC;

        g_free(path);
        path = g_build_filename(folders[i], name, NULL);
        fd = open(path, flags);
        if (fd < 0 && errno == ENOENT) {
            fd = open(path, flags | O_CREAT, 0666);
            if (fd >= 0) {
                fchmod(fd, 0666); /* whatever the umask */
            }
        }
        if (fd < 0 && errno != ENOENT && errno != EACCES && errno != EROFS) {
            break;
        }
    }
    if (fd < 0) {
        sgbench_fail(error, SGBENCH_ERROR_PREFLIGHT,
                     "can't make the lock file %s: %s", path,
                     g_strerror(errno));
        return -1;
    }
    if (!lock_fd(fd, what, error)) {
        close(fd);
        return -1;
    }
    return fd;
}

/* Another path to the same device has the same identity: its lock file is the
 * same. */
static char *identity_of(const Device *device)
{
    if (device->wwid) {
        return g_strdup(device->wwid);
    }
    return device->serial[0] ? g_strdup_printf("%s-%s-%s", device->vendor,
                                               device->model, device->serial)
                             : g_strdup_printf("%s-%s-%s", device->vendor,
                                               device->model, device->address);
}

/* Whether anybody has it open; the sg driver knows, whomever /proc shows.
 * O_EXCL is given back at once: QEMU has to open it, too. */
static gboolean look_for_others(DeviceLock *lock, GError **error)
{
    const char *sg = lock->device->sg;
    int fd = open(sg, O_RDWR | O_EXCL | O_NONBLOCK | O_CLOEXEC);

    if (fd >= 0) {
        close(fd);
        return TRUE;
    }
    if (errno == EBUSY || errno == EAGAIN) {
        lock->others = TRUE;
        return TRUE;
    }
    return refuse_open(sg, error);
}

static gboolean lock_out_runs(DeviceLock *lock, GError **error)
{
    const Device *device = lock->device;
    g_autofree char *identity = identity_of(device);
    int fd;

    fd = identity_lock(identity, device->sg, error);
    if (fd < 0) {
        return FALSE;
    }
    keep(lock, fd);
    fd = open(device->sg, O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) {
        return refuse_open(device->sg, error);
    }
    keep(lock, fd);
    return lock_fd(fd, device->sg, error);
}

DeviceLock *device_lock_take(const Device *device, GPtrArray *all,
                             GError **error)
{
    DeviceLock *lock;

    if (!device->sg) {
        sgbench_fail(error, SGBENCH_ERROR_PREFLIGHT,
                     "%s has no /dev/sgN: modprobe sg", device->address);
        return NULL;
    }
    if (device->state[0] && !g_str_equal(device->state, "running")) {
        sgbench_fail(
            error, SGBENCH_ERROR_PREFLIGHT,
            "%s (%s) is %s; see /sys/class/scsi_device/%s/device/state",
            device->sg, device->address, device->state, device->address);
        return NULL;
    }
    lock = g_new0(DeviceLock, 1);
    lock->device = device;
    lock->all = g_ptr_array_ref(all);
    lock->fds = g_array_new(FALSE, FALSE, sizeof(int));
    if (!look_for_others(lock, error) || !lock_out_runs(lock, error)) {
        device_lock_release(lock);
        return NULL;
    }
    return lock;
}

void device_lock_release(DeviceLock *lock)
{
    if (lock) {
        for (unsigned i = 0; i < lock->fds->len; i++) {
            close(g_array_index(lock->fds, int, i));
        }
        g_array_unref(lock->fds);
        g_ptr_array_unref(lock->all);
        g_free(lock);
    }
}

/* ---- everybody else ---- */

static gboolean same_device(const Device *a, const Device *b)
{
    if (a == b) {
        return TRUE;
    }
    if (a->wwid && b->wwid) {
        return g_str_equal(a->wwid, b->wwid);
    }
    return a->serial[0] && g_str_equal(a->serial, b->serial) &&
           g_str_equal(a->vendor, b->vendor) && g_str_equal(a->model, b->model);
}

/* Who uses it, on any path to it, as far as one may see; the caller's, "" if
 * nobody does. */
static char *users_text(const DeviceLock *lock)
{
    GString *text = g_string_new(NULL);

    for (unsigned i = 0; i < lock->all->len; i++) {
        const Device *device = g_ptr_array_index(lock->all, i);

        if (!same_device(device, lock->device)) {
            continue;
        }
        for (unsigned j = 0; j < device->users->len; j++) {
            g_string_append_printf(
                text, "%s%s", text->len ? ", " : "",
                (const char *)g_ptr_array_index(device->users, j));
            if (device != lock->device) {
                g_string_append_printf(text, " (by its other path %s)",
                                       device->address);
            }
        }
    }
    return g_string_free(text, FALSE);
}

/* Mounts, device-mapper, md and swap claim a disk in the same way: whoever
 * comes first has it, and a partition's claim is also the disk's
 * (block/bdev.c, bd_prepare_to_claim). */
static gboolean claim_disk(DeviceLock *lock, const char *block, GError **error)
{
    int read_only = 0;
    int fd = open(block, O_RDWR | O_EXCL | O_CLOEXEC);

    if (fd < 0) {
        return errno == EBUSY
                   ? sgbench_fail(
                         error, SGBENCH_ERROR_PREFLIGHT,
                         "%s is in use: the kernel has it claimed (mount, "
                         "device-mapper, md, swap); end that first",
                         block)
                   : refuse_open(block, error);
    }
    keep(lock, fd);
    if (ioctl(fd, BLKROGET, &read_only) == 0 && read_only) {
        return sgbench_fail(
            error, SGBENCH_ERROR_PREFLIGHT,
            "%s is read-only (blockdev --setrw %s, if that is only "
            "the kernel's setting)",
            block, block);
    }
    return lock_fd(fd, block, error);
}

/* The st driver has one user at a time (drivers/scsi/st.c, st_open). */
static gboolean hold_tape(DeviceLock *lock, const char *tape, GError **error)
{
    int fd = open(tape, O_RDONLY | O_NONBLOCK | O_CLOEXEC);

    if (fd >= 0) {
        keep(lock, fd);
        return TRUE;
    }
    if (errno == EBUSY) {
        return sgbench_fail(
            error, SGBENCH_ERROR_PREFLIGHT,
            "%s is in use: another program has it open; end that "
            "first",
            tape);
    }
    return refuse_open(tape, error);
}

gboolean device_lock_exclude(DeviceLock *lock, GError **error)
{
    const Device *device = lock->device;
    g_autofree char *users = users_text(lock);

    if (users[0]) {
        return sgbench_fail(error, SGBENCH_ERROR_PREFLIGHT,
                            "%s (%s) is in use: %s; end that first", device->sg,
                            device->address, users);
    }
    if (lock->others) {
        return sgbench_fail(
            error, SGBENCH_ERROR_PREFLIGHT,
            "%s is in use: another program has it open, whom only "
            "root can see (fuser %s); end that first",
            device->sg, device->sg);
    }
    for (unsigned i = 0; i < lock->all->len; i++) {
        const Device *path = g_ptr_array_index(lock->all, i);

        if (!same_device(path, device)) {
            continue;
        }
        if ((path->block && !claim_disk(lock, path->block, error)) ||
            (path->tape && !hold_tape(lock, path->tape, error))) {
            return FALSE;
        }
    }
    return TRUE;
}
