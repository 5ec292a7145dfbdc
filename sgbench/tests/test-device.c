/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The list of devices, from a stand-in of /sys, /dev and /proc in a folder:
 * what a test machine does not have. (test-lab sees a real one.)
 */
#include <glib.h>
#include <glib/gstdio.h>
#include <json-glib/json-glib.h>
#include <string.h>
#include <unistd.h>

#include "sgbench/device.h"
#include "sgbench/error.h"
#include "sgbench/tempdir.h"

typedef struct Fixture {
    char *root;
} Fixture;

static char *path_of(const Fixture *f, const char *name)
{
    return g_strconcat(f->root, name, NULL);
}

static void make_file(const Fixture *f, const char *name, const char *text,
                      gssize length)
{
    g_autofree char *path = path_of(f, name);
    g_autofree char *folder = g_path_get_dirname(path);
    g_autoptr(GError) error = NULL;

    g_assert_cmpint(g_mkdir_with_parents(folder, 0755), ==, 0);
    g_file_set_contents(path, text, length, &error);
    g_assert_no_error(error);
}

static void make_folder(const Fixture *f, const char *name)
{
    g_autofree char *path = path_of(f, name);

    g_assert_cmpint(g_mkdir_with_parents(path, 0755), ==, 0);
}

static void make_link(const Fixture *f, const char *name, const char *to)
{
    g_autofree char *path = path_of(f, name);
    g_autofree char *folder = g_path_get_dirname(path);

    g_assert_cmpint(g_mkdir_with_parents(folder, 0755), ==, 0);
    g_assert_cmpint(symlink(to, path), ==, 0);
}

/* Files NAME=VALUE of the device at @address. */
static void make_device(const Fixture *f, const char *address,
                        const char *const *files)
{
    for (; *files; files += 2) {
        g_autofree char *name = g_strdup_printf(
            "/sys/class/scsi_device/%s/device/%s", address, files[0]);

        if (files[1]) {
            make_file(f, name, files[1], -1);
        } else {
            make_folder(f, name);
        }
    }
}

static void set_up(Fixture *f, gconstpointer unused)
{
    static const char *const tape[] = {"type",
                                       "1\n",
                                       "vendor",
                                       "HP      \n",
                                       "model",
                                       "Ultrium 6-SCSI  \n",
                                       "rev",
                                       "J4DZ\n",
                                       "state",
                                       "running\n",
                                       "queue_depth",
                                       "32\n",
                                       "scsi_generic/sg3",
                                       "",
                                       "scsi_tape/nst0a",
                                       "",
                                       "scsi_tape/nst0",
                                       "",
                                       "scsi_tape/st0",
                                       "",
                                       NULL};
    static const char *const changer[] = {"type",
                                          "8\n",
                                          "vendor",
                                          "HP\n",
                                          "model",
                                          "MSL G3 Series\n",
                                          "rev",
                                          "6.40\n",
                                          "state",
                                          "offline\n",
                                          "scsi_generic/sg2",
                                          "",
                                          "scsi_changer/sch0",
                                          "",
                                          NULL};
    static const char *const disk[] = {
        "type", "0\n",   "vendor",    "ATA\n",     "model", "A disk\n", "rev",
        "1\n",  "state", "running\n", "block/sdb", "",      NULL};
    /* at most 65535 blocks, best 128 */
    static const uint8_t limits[64] = {0, 0xb0, 0,    60,   0, 0, 0, 0,
                                       0, 0,    0xff, 0xff, 0, 0, 0, 128};
    static const char serial[] = "\x01\x80\x00\x0a  HU1234\x01 ";

    g_autoptr(GError) error = NULL;

    f->root = temp_dir_make(&error);
    g_assert_no_error(error);
    make_device(f, "10:0:0:0", tape);
    make_device(f, "10:0:0:1", changer);
    make_device(f, "2:0:1:0", disk);
    make_file(f, "/sys/class/scsi_device/10:0:0:0/device/vpd_pg80", serial,
              sizeof(serial) - 1);
    make_file(f, "/sys/class/scsi_host/host10/proc_name", "mpt3sas\n", -1);
    make_file(f, "/sys/class/scsi_host/host10/sg_tablesize", "128\n", -1);
    make_file(f, "/sys/class/scsi_host/host10/can_queue", "9680\n", -1);
    make_folder(f, "/sys/class/sas_host/host10");
    make_file(f, "/sys/module/sg/parameters/allow_dio", "1\n", -1);
    make_link(f, "/dev/tape/by-id/scsi-HU1234-nst", "../../nst0");
    make_link(f, "/dev/tape/by-id/scsi-HU1234", "../../st0");
    make_link(f, "/dev/disk/by-id/ata-A_disk", "../../sdb");

    make_file(f, "/sys/block/sdb/queue/max_sectors_kb", "1280\n", -1);
    make_file(f, "/sys/block/sdb/queue/max_hw_sectors_kb", "32767\n", -1);
    make_file(f, "/sys/block/sdb/queue/max_segments", "168\n", -1);
    make_file(f, "/sys/block/sdb/queue/logical_block_size", "512\n", -1);
    make_file(f, "/sys/block/sdb/queue/physical_block_size", "4096\n", -1);
    make_file(f, "/sys/class/scsi_device/2:0:1:0/device/vpd_pgb0",
              (const char *)limits, sizeof(limits));
    make_file(f, "/sys/block/sdb/size", "2097152\n", -1);
    make_file(f, "/sys/block/sdb/dev", "8:16\n", -1);
    make_file(f, "/sys/block/sdb/sdb1/dev", "8:17\n", -1);
    make_file(f, "/sys/block/sdb/sdb2/dev", "8:18\n", -1);
    make_folder(f, "/sys/block/sdb/sdb2/holders/dm-3");
    make_folder(f, "/sys/block/sdb/holders/md0");
    make_file(f, "/sys/block/dm-3/dm/name", "vg-root\n", -1);
    make_file(f, "/proc/self/mountinfo",
              "22 1 8:1 / / rw - ext4 /dev/sda1 rw\n"
              "23 22 8:17 / /media/my\\040disk rw - vfat /dev/sdb1 rw\n",
              -1);
    make_file(f, "/proc/swaps",
              "Filename Type Size Used Priority\n/dev/sdb2\tpartition 1 0 -2\n"
              "/dev/sdb22 partition 1 0 -2\n",
              -1);
    make_file(f, "/proc/77/comm", "mt\n", -1);
    make_link(f, "/proc/77/fd/3", "/dev/st0l");
    make_link(f, "/proc/77/fd/4", "/dev/st01");
    make_file(f, "/proc/78/comm", "dd\n", -1);
    make_link(f, "/proc/78/fd/0", "/dev/sdb1");
    make_link(f, "/proc/78/fd/1", "/dev/sdbc");
}

static void tear_down(Fixture *f, gconstpointer unused)
{
    temp_dir_remove(f->root);
    g_free(f->root);
}

static GPtrArray *list(const Fixture *f)
{
    g_autoptr(GError) error = NULL;
    GPtrArray *devices = device_list(f->root, &error);

    g_assert_no_error(error);
    g_assert_cmpuint(devices->len, ==, 3);
    return devices;
}

static void assert_users(const Device *device, const char *const *users)
{
    for (unsigned i = 0; users[i]; i++) {
        g_test_message("%s", users[i]);
        g_assert_true(g_ptr_array_find_with_equal_func(device->users, users[i],
                                                       g_str_equal, NULL));
    }
    g_assert_cmpuint(device->users->len, ==, g_strv_length((char **)users));
}

static void test_tape(Fixture *f, gconstpointer unused)
{
    static const char *const users[] = {"open by mt (77)", NULL};
    g_autoptr(GPtrArray) devices = list(f);
    const Device *tape = devices->pdata[1];

    g_assert_cmpstr(tape->address, ==, "10:0:0:0"); /* behind 2:0:1:0 */
    g_assert_cmpstr(device_type_name(tape->type), ==, "tape");
    g_assert_cmpstr(tape->vendor, ==, "HP");
    g_assert_cmpstr(tape->model, ==, "Ultrium 6-SCSI");
    g_assert_cmpstr(tape->serial, ==, "HU1234?");
    g_assert_cmpstr(tape->driver, ==, "mpt3sas");
    g_assert_cmpstr(tape->transport, ==, "sas");
    g_assert_cmpstr(tape->sg, ==, "/dev/sg3");
    g_assert_cmpstr(tape->tape, ==, "/dev/nst0");
    g_assert_null(tape->block);
    g_assert_cmpuint(tape->links->len, ==, 2);
    g_assert_cmpuint(tape->limits.host_segments, ==, 128);
    g_assert_cmpuint(tape->limits.host_queue, ==, 9680);
    g_assert_cmpuint(tape->limits.queue_depth, ==, 32);
    g_assert_cmpuint(tape->limits.allow_dio, ==, 1);
    g_assert_cmpuint(tape->limits.max_bytes, ==, DEVICE_UNKNOWN);
    g_assert_cmpuint(tape->limits.max_transfer, ==, DEVICE_UNKNOWN);
    g_assert_nonnull(strstr(tape->limits.problem, "/dev/sg3: No such file"));
    assert_users(tape, users);
}

static void test_disk(Fixture *f, gconstpointer unused)
{
    static const char *const users[] = {"held by dm-3 (vg-root)",
                                        "held by md0",
                                        "mounted at "
                                        "/media/my disk",
                                        "swap space on /dev/sdb2",
                                        "open by dd (78)",
                                        NULL};
    g_autoptr(GPtrArray) devices = list(f);
    const Device *disk = devices->pdata[0];

    g_assert_cmpstr(disk->address, ==, "2:0:1:0");
    g_assert_cmpstr(disk->block, ==, "/dev/sdb");
    g_assert_cmpstr(disk->serial, ==, "");
    g_assert_null(disk->driver);
    g_assert_cmpuint(disk->limits.max_bytes, ==, 1280 << 10);
    g_assert_cmpuint(disk->limits.max_hw_bytes, ==, 32767 << 10);
    g_assert_cmpuint(disk->limits.segments, ==, 168);
    g_assert_cmpuint(disk->limits.physical_block, ==, 4096);
    g_assert_cmpuint(disk->limits.size, ==, UINT64_C(1) << 30);
    g_assert_cmpuint(disk->limits.max_transfer, ==, 65535 * 512);
    g_assert_cmpuint(disk->limits.optimal_transfer, ==, 64 << 10);
    g_assert_nonnull(strstr(disk->limits.problem, "modprobe sg"));
    assert_users(disk, users);
}

static void test_find(Fixture *f, gconstpointer unused)
{
    static const struct {
        const char *name;
        unsigned number;
    } cases[] = {
        {"10:0:0:0", 1},
        {"/dev/nst0", 1},
        {"/dev/st0a", 1},
        {"/dev/tape/by-id/scsi-HU1234-nst", 1},
        {"/dev/sg2", 2},
        {"/dev/sch0", 2},
        {"/dev/disk/by-id/ata-A_disk", 0},
        {"/dev/sdb", 0},
    };
    g_autoptr(GPtrArray) devices = list(f);
    g_autoptr(GError) error = NULL;

    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_assert_true(device_find(devices, f->root, cases[i].name, &error) ==
                      devices->pdata[cases[i].number]);
        g_assert_no_error(error);
    }
    g_assert_null(device_find(devices, f->root, "/dev/sdx", &error));
    g_assert_error(error, SGBENCH_ERROR, SGBENCH_ERROR_USAGE);
    g_assert_cmpstr(error->message, ==,
                    "/dev/sdx is no SCSI device of this machine; there is: "
                    "2:0:1:0, /dev/sg3, /dev/sg2");
}

static void test_text(Fixture *f, gconstpointer unused)
{
    g_autoptr(GPtrArray) devices = list(f);
    g_autofree char *table = device_table(devices);
    g_autofree char *text = device_json(devices);
    g_autoptr(JsonNode) root = json_from_string(text, NULL);
    JsonObject *tape, *limits;

    g_test_message("%s", table);
    g_assert_nonnull(strstr(table, "HP Ultrium 6-SCSI J4DZ, serial HU1234?"));
    g_assert_nonnull(strstr(table, "/dev/sg3 /dev/nst0"));
    g_assert_nonnull(strstr(table, "mpt3sas (sas)"));
    g_assert_nonnull(strstr(table, "offline"));
    g_assert_nonnull(strstr(table, "1280 KiB a command"));

    tape = json_array_get_object_element(json_node_get_array(root), 1);
    limits = json_object_get_object_member(tape, "limits");
    g_assert_cmpstr(json_object_get_string_member(tape, "type"), ==, "tape");
    g_assert_true(json_object_get_null_member(tape, "block"));
    g_assert_true(json_object_get_null_member(limits, "max_bytes"));
    g_assert_cmpint(json_object_get_int_member(limits, "host_segments"), ==,
                    128);
}

static void test_no_scsi(Fixture *f, gconstpointer unused)
{
    g_autoptr(GError) error = NULL;

    g_assert_null(device_list("/nowhere", &error));
    g_assert_error(error, SGBENCH_ERROR, SGBENCH_ERROR_PREFLIGHT);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define ADD(name, test) g_test_add(name, Fixture, NULL, set_up, test, tear_down)
    ADD("/device/tape", test_tape);
    ADD("/device/disk", test_disk);
    ADD("/device/find", test_find);
    ADD("/device/text", test_text);
    ADD("/device/no-scsi", test_no_scsi);
    return g_test_run();
}
