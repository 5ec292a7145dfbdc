/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Devices that are not sgbench's: everything that must be refused, and what is
 * done where it was allowed. In a real lab, where this program runs itself
 * (argument --inside): scsi_debug's disk, and tgtd's library with a drive, by
 * the kernel's own initiator, are made here, so that sgbench does not know
 * them. After all refusals, what is on disk and tapes is what it was.
 */
#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <grp.h>
#include <linux/fs.h>
#include <linux/major.h>
#include <linux/raid/md_p.h>
#include <linux/raid/md_u.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sgbench/ask.h"
#include "sgbench/tests/foreign-fixture.h"
#include "sgbench/context.h"
#include "sgbench/device.h"
#include "sgbench/error.h"
#include "sgbench/kernel-iscsi.h"
#include "sgbench/lab.h"
#include "sgbench/lab-module.h"
#include "sgbench/process.h"
#include "sgbench/qemu.h"
#include "sgbench/target.h"
#include "sgbench/tempdir.h"

#define LARGE_MIB 40
#define LARGE_PARAMETER "dev_size_mb=" G_STRINGIFY(LARGE_MIB)

static void put(uint64_t offset, const void *data, size_t length)
{
    int fd = open(sd, O_WRONLY | O_CLOEXEC);

    g_assert_cmpint(pwrite(fd, data, length, offset), ==, length);
    g_assert_cmpint(fsync(fd), ==, 0);
    close(fd);
}

static void open_it(const char *path)
{
    g_assert_cmpint(open(path, O_RDONLY | O_NONBLOCK), >=, 0);
}

/* ---- a disk ---- */

static void find_disk(void)
{
    for (unsigned i = 0; i < 500; i++) {
        g_autoptr(GPtrArray) devices = device_list("", NULL);
        const Device *device =
            devices && devices->len ? devices->pdata[0] : NULL;

        if (device && device->block && device->sg &&
            access(device->block, F_OK) == 0 && access(device->sg, F_OK) == 0) {
            sd = g_strdup(device->block);
            sg = g_strdup(device->sg);
            return;
        }
        g_usleep(10000);
    }
    g_error("no disk of scsi_debug");
}

static void check_identity(void)
{
    /* As udev makes them; with names by which they could be mixed up. */
    run("mkdir -p /dev/disk/by-id && ln -s ../..%s "
        "/dev/disk/by-id/scsi-TEST=1",
        sd + strlen("/dev"));
    assert_refused(sg, "write", NULL, "--write-to '" DISK_SERIAL "'");
    assert_refused(sd, "write", "2001", "--write-to names 2001");
    assert_refused("0:0:0:0", "read;write", "", "would be written to");
    assert_refused("/dev/disk/by-id/scsi-TEST=1", "mixed", sd,
                   "would be written to");
    assert_refused(sg, "unmap", "naa.0000000000000000", "would be written to");
}

static void check_signatures(void)
{
    static const uint8_t boot[512] = {
        [446] = 0x80, [450] = 0x83, [454] = 8, [458] = 64, [510] = 0x55, 0xaa};
    static const uint8_t nothing[4096];

    run("mke2fs -q -F -L home %s 4096", sd);
    assert_refused(sg, "write", DISK_SERIAL, "ext2 \"home\"");
    assert_admitted(sg, "read", NULL, TRUE);
    run("mount -o ro %s /mnt", sd);
    assert_refused(sg, "write", DISK_SERIAL, "mounted at /mnt");
    assert_admitted(sg, "read", NULL, TRUE);
    run("umount /mnt");
    put(1024, nothing, sizeof(nothing));

    put(0, boot, sizeof(boot));
    assert_refused(sg, "write", DISK_SERIAL, "a partition table (dos)");
    put(0, nothing, sizeof(nothing));

    put(4096 - 10, "SWAPSPACE2", 10);
    put(1024, "\1\0\0\0\377\0\0\0", 8);
    assert_refused(sg, "write", DISK_SERIAL, "swap");
    put(0, nothing, sizeof(nothing));
}

/* MD's superblock 1.0 (drivers/md/md.c, struct mdp_superblock_1): 16 sectors
 * before the end, on a multiple of 8. The disk is larger than what is looked at
 * of either end. */
static void check_end(void)
{
    static const uint8_t nothing[256];
    const uint64_t end = (uint64_t)LARGE_MIB << 20, sector = end / 512 - 16;
    uint8_t md[256] = {0xfc, 0x4e, 0x2b, 0xa9, 1};

    memcpy(md + 128 + 16, &sector, sizeof(sector)); /* super_offset */
    put(sector * 512, md, sizeof(md));
    assert_refused(sg, "write", DISK_SERIAL, "linux_raid_member");
    put(sector * 512, nothing, sizeof(nothing));
}

static void check_holders(void)
{
    struct stat status;
    mdu_array_info_t array = {.level = LEVEL_LINEAR,
                              .raid_disks = 1,
                              .nr_disks = 1,
                              .not_persistent = 1};
    mdu_disk_info_t disk = {.state =
                                (1 << MD_DISK_ACTIVE) | (1 << MD_DISK_SYNC)};
    int md;

    run("dmsetup create --noudevsync safety --table '0 2048 linear %s 0'", sd);
    assert_refused(sg, "write", DISK_SERIAL, "held by dm-0 (safety)");
    run("dmsetup remove --noudevsync safety");

    run("echo md9 >/sys/module/md_mod/parameters/new_array");
    md = open("/dev/md9", O_RDWR | O_CLOEXEC);
    g_assert_cmpint(md, >=, 0);
    g_assert_cmpint(stat(sd, &status), ==, 0);
    disk.major = major(status.st_rdev);
    disk.minor = minor(status.st_rdev);
    g_assert_cmpint(ioctl(md, SET_ARRAY_INFO, &array), ==, 0);
    g_assert_cmpint(ioctl(md, ADD_NEW_DISK, &disk), ==, 0);
    g_assert_cmpint(ioctl(md, RUN_ARRAY, NULL), ==, 0);
    assert_refused(sg, "write", DISK_SERIAL, "held by md9");
    g_assert_cmpint(ioctl(md, STOP_ARRAY, NULL), ==, 0);
    close(md);
}

static void claim(const char *path)
{
    g_assert_cmpint(open(path, O_RDONLY | O_EXCL), >=, 0);
}

static void start_writing(const char *path)
{
    GError *error = NULL;

    start(path, "write", DISK_SERIAL, &error);
    g_assert_no_error(error);
}

static void start_reading(const char *path)
{
    GError *error = NULL;

    start(path, "read", NULL, &error);
    g_assert_no_error(error);
}

static void assert_other_run(void)
{
    assert_refused(sg, "write", DISK_SERIAL, "another run of sgbench");
    assert_refused(sd, "read", NULL, "another run of sgbench");
}

static void check_users(void)
{
    Child child = hold(open_it, sg);

    assert_refused(sg, "write", DISK_SERIAL, "open by test-safety");
    assert_admitted(sg, "read", NULL, TRUE);
    release(child);

    child = hold(claim, sd);
    assert_refused(sg, "write", DISK_SERIAL, "is in use");
    release(child);

    child = hold(start_writing, sd);
    assert_other_run();
    g_assert_cmpint(open(sd, O_RDONLY | O_EXCL | O_CLOEXEC), <, 0);
    g_assert_cmpint(errno, ==, EBUSY);
    release(child);

    child = hold(start_reading, sg);
    assert_other_run();
    release(child);
}

static void as_nobody(const char *path)
{
    g_assert_cmpint(setgroups(0, NULL), ==, 0);
    g_assert_cmpint(setgid(65534), ==, 0);
    g_assert_cmpint(setuid(65534), ==, 0);
    assert_refused(path, "write", DISK_SERIAL, "no permission");
    assert_refused(path, "read", NULL, "no permission");
    fflush(stdout);
}

static void check_permission(void)
{
    int yes = 1, no = 0, fd = open(sd, O_RDONLY | O_CLOEXEC);
    g_autofree char *job = g_build_filename(context.temp_dir, "t.conf", NULL);

    unlink(job);
    chmod(context.temp_dir, 0777);
    release(hold(as_nobody, sg));
    unlink(job);
    chmod(context.temp_dir, 0700);

    g_assert_cmpint(ioctl(fd, BLKROSET, &yes), ==, 0);
    assert_refused(sg, "write", DISK_SERIAL, "read-only");
    g_assert_cmpint(ioctl(fd, BLKROSET, &no), ==, 0);
    close(fd);
}

static void unload_disk(void)
{
    for (unsigned i = 0; i < 40 && system("rmmod scsi_debug 2>/dev/null");
         i++) {
        g_usleep(50000);
    }
    g_clear_pointer(&sd, g_free);
    g_clear_pointer(&sg, g_free);
}

/* What must not be sent is not sent, whoever asks for it. */
static void check_guard(void)
{
    GError *error = NULL;
    Target *target = start(sg, "read", NULL, &error);
    static const InitiatorNeeds needs = {.arena_size = 1 << 20};
    g_autoptr(Initiator) initiator = NULL;
    Command command = {.length = 512};
    Completion completion = {0};

    g_assert_no_error(error);
    initiator = initiator_sgio.open(&context, target, NULL, &needs, &error);
    g_assert_no_error(error);
    command_read_write(&command, DATA_OUT, 10, 0, 1);
    g_assert_false(ask(initiator, &command, &completion, &error));
    g_assert_error(error, SGBENCH_ERROR, SGBENCH_ERROR_INTERNAL);
    g_clear_error(&error);
    command_read_write(&command, DATA_IN, 10, 0, 1);
    g_assert_true(ask(initiator, &command, &completion, &error));
    target_stop(target);
}

static void check_disk(void)
{
    static uint8_t noise[65536];
    g_autoptr(GRand) random = g_rand_new_with_seed(5);

    LOAD("sg");
    LOAD("sd_mod");
    LOAD("dm_mod");
    LOAD("md_mod");
    LOAD("linear");
    LOAD("scsi_debug", "dev_size_mb=8", "delay=0");
    find_disk();
    for (unsigned i = 0; i < sizeof(noise); i++) {
        noise[i] = g_rand_int(random);
    }
    put(1 << 20, noise, sizeof(noise));
    put(7 << 20, noise, sizeof(noise));
    check_identity();
    check_holders();
    check_users();
    check_permission();
    check_guard();
    check_signatures();
    unload_disk();

    LOAD("scsi_debug", "dev_size_mb=8", "delay=0", "wp=1");
    find_disk();
    assert_refused(sg, "write", DISK_SERIAL, "write-protected");
    unload_disk();
    LOAD("scsi_debug", LARGE_PARAMETER, "delay=0");
    find_disk();
    check_end();
    assert_admitted(sg, "write", DISK_SERIAL, FALSE);
    assert_admitted(sg, "read", DISK_SERIAL, FALSE);
    printf("# inside: disk: ok\n");
}

/* The cartridge is changed while the run goes on. */
static void check_changed(const char *drive, const char *changer)
{
    static const InitiatorNeeds needs = {.arena_size = 1 << 20};
    GError *error = NULL;
    Target *target = start(drive, "write", TAPE_1, &error);
    const char *const names[] = {TAPE_1, NULL};
    g_auto(GStrv) before = NULL, after = NULL;
    g_autoptr(Initiator) initiator = NULL;

    g_assert_no_error(error);
    initiator = initiator_sgio.open(&context, target, NULL, &needs, &error);
    g_assert_no_error(error);
    context.write_to_tape = names;
    g_assert_true(target->kind->confirm(&context, target, initiator, &error));
    g_assert_no_error(error);
    before = contents();
    move(changer, DRIVE_ELEMENT, SLOT_1);
    move(changer, SLOT_2, DRIVE_ELEMENT);
    g_assert_false(target->kind->confirm(&context, target, initiator, &error));
    g_assert_error(error, SGBENCH_ERROR, SGBENCH_ERROR_TARGET);
    printf("# changed: %s\n", error->message);
    g_assert_nonnull(strstr(error->message, TAPE_2));
    g_clear_error(&error);
    context.write_to_tape = NULL;
    target_stop(target);
    after = contents();
    g_assert_true(
        g_strv_equal((const char *const *)before, (const char *const *)after));
}

/* After a unit attention that tells of it nothing is written, even if nobody
 * has looked what is in the drive. */
static void check_attention(void)
{
    static const uint8_t changed[18] = {0x70, 0, 6, [7] = 10, [12] = 0x28};
    static const uint8_t reset[18] = {0x70, 0, 6, [7] = 10, [12] = 0x29};
    Initiator initiator = {.guarded = TRUE};
    Completion completion = {.status = 2, .sense_length = 18};
    Command command = {0};
    GError *error = NULL;

    command_read_write(&command, DATA_OUT, 10, 0, 1);
    memcpy(completion.sense, reset, 18);
    initiator_saw(&initiator, &completion);
    g_assert_true(initiator_may_send(&initiator, &command, &error));
    memcpy(completion.sense, changed, 18);
    initiator_saw(&initiator, &completion);
    g_assert_false(initiator_may_send(&initiator, &command, &error));
    g_assert_error(error, SGBENCH_ERROR, SGBENCH_ERROR_TARGET);
    g_clear_error(&error);
    command_read_write(&command, DATA_IN, 10, 0, 1);
    g_assert_true(initiator_may_send(&initiator, &command, &error));
}

/* ---- what was allowed ---- */

static void check_tape(void)
{
    Process *tgtd = start_library();
    GError *error = NULL;
    KernelIscsi *session =
        kernel_iscsi_login(&context, "127.0.0.1:" PORT, IQN, 1, &error);
    g_autofree char *drive = NULL, *changer = NULL;
    g_autoptr(GPtrArray) devices = NULL;
    const Device *device;
    Child child;

    g_assert_no_error(error);
    device = kernel_iscsi_device(session);
    drive = g_strdup(device->tape);
    devices = device_list("", &error);
    device = device_find(devices, "", "/dev/sch0", &error);
    g_assert_no_error(error);
    changer = g_strdup(device->sg);

    assert_refused(drive, "write", TAPE_1, "put the cartridge in");
    move(changer, SLOT_1, DRIVE_ELEMENT);
    assert_refused(drive, "write", NULL, "--write-to-tape '" TAPE_1 "'");
    assert_refused(drive, "read", NULL, "--write-to-tape '" TAPE_1 "'");
    assert_refused(drive, "locate", NULL, "--write-to-tape '" TAPE_1 "'");
    assert_refused(drive, "write", TAPE_2, "which is " TAPE_1);
    assert_refused(drive, "write", DRIVE, "which is " TAPE_1);
    assert_refused(drive, "write", "in:" DRIVE, "which is " TAPE_1);
    probe_short(drive, "serial " DRIVE);
    child = hold(open_it, drive);
    assert_refused(drive, "write", TAPE_1, "in use");
    release(child);
    assert_admitted(drive, "write", TAPE_1, FALSE);
    assert_admitted("/dev/sch0", "read", NULL, TRUE);
    assert_admitted("/dev/sch0", "read", LIBRARY, FALSE);
    child = hold(open_it, "/dev/sch0");
    assert_refused("/dev/sch0", "read", NULL, "in use");
    release(child);
    check_changed(drive, changer);
    assert_refused(drive, "write", TAPE_1, "which is " TAPE_2);
    move(changer, DRIVE_ELEMENT, SLOT_2);
    move(changer, SLOT_1, DRIVE_ELEMENT);
    check_attention();
    printf("# inside: tape: ok\n");

    {
        g_autofree char *options = g_strdup_printf(
            "--device %s --write-to-tape " TAPE_1 " --only '*/native/*/64K/*' "
            "--only '*/generic-zerocopy/*/64K/*' "
            "--only '*/generic-zerocopy/space/*'",
            drive);
        g_auto(GStrv) before = contents(), after = NULL;

        run_short("real-tape.conf", options);
        after = contents();
        g_assert_cmpstr(before[1], !=, after[1]); /* TAPE_1 */
        g_assert_cmpstr(before[2], ==, after[2]);
    }
    kernel_iscsi_logout(session);
    process_stop(tgtd, 0);
}

static int inside(void)
{
    GError *error = NULL;
    g_autofree char *options = NULL;

    context.run_id = g_uuid_string_random();
    context.in_lab = TRUE;
    context.temp_dir = temp_dir_make(&error);
    g_assert_no_error(error);
    check_disk();
    options = g_strdup_printf("--device %s --write-to " DISK_SERIAL
                              " --only '*/native/*/64K/qd1/*' "
                              "--only '*/generic-zerocopy/*/64K/qd1/*'",
                              sd);
    probe_short(sd, "serial " DISK_SERIAL);
    run_short("real-disk.conf", options);
    check_tape();
    temp_dir_remove(context.temp_dir);
    return 7;
}

/* ---- outside ---- */

static void test_lab(void)
{
    g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
    const char *argv[] = {self, "--inside", NULL};
    g_autofree char *folder = g_dir_make_tmp("sgbench-safety-XXXXXX", NULL);
    g_autofree char *cache =
        g_build_filename(g_get_user_cache_dir(), "sgbench", NULL);
    RunContext host = {.cache_dir = cache};
    GError *error = NULL;
    /* Asked here: the script takes seconds in the lab. */
    g_autofree char *series = qemu_build_dir(&host, "series", &error);

    g_assert_no_error(error);
    g_setenv("SGBENCH_QEMU_SERIES", series, TRUE);
    g_assert_nonnull(folder);
    g_assert_cmpint(lab_run(argv, folder, &error), ==, 7);
    g_assert_no_error(error);
    g_assert_cmpint(rmdir(folder), ==, 0);
}

int main(int argc, char **argv)
{
    g_autofree char *kernel = process_find_program("linux.uml", NULL);

    if (argc == 2 && strcmp(argv[1], "--inside") == 0) {
        return inside();
    }
    g_test_init(&argc, &argv, NULL);
    if (!kernel && !g_getenv("CI")) {
        g_print("1..0 # SKIP linux.uml is not installed (package "
                "user-mode-linux)\n");
        return 0;
    }
    run_catch_signals();
    g_test_add_func("/safety/lab", test_lab);
    return g_test_run();
}
