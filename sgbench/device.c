/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "device.h"
#include "error.h"

#define CLASS "/sys/class/scsi_device"
#define VPD_SERIAL 0x80 /* SPC-4 7.8.18 */

char *device_line(const char *root, const char *format, ...)
{
    g_autofree char *rest = NULL;
    g_autofree char *path = NULL;
    char *text;
    va_list ap;

    va_start(ap, format);
    rest = g_strdup_vprintf(format, ap);
    va_end(ap);
    path = g_strconcat(root, rest, NULL);
    return g_file_get_contents(path, &text, NULL, NULL) ? g_strstrip(text)
                                                        : NULL;
}

static char *line_or_empty(const char *root, const char *address,
                           const char *name)
{
    char *text = device_line(root, CLASS "/%s/device/%s", address, name);

    return text ? text : g_strdup("");
}

static void device_free(gpointer data)
{
    Device *device = data;

    g_free(device->address);
    g_free(device->vendor);
    g_free(device->model);
    g_free(device->revision);
    g_free(device->serial);
    g_free(device->wwid);
    g_free(device->state);
    g_free(device->transport);
    g_free(device->driver);
    g_free(device->sg);
    g_free(device->block);
    g_free(device->tape);
    g_free(device->changer);
    g_free(device->limits.problem);
    g_ptr_array_unref(device->links);
    g_ptr_array_unref(device->users);
    g_free(device);
}

/* SPC-4 table 144 */
const char *device_type_name(unsigned type)
{
    static const char *const names[] = {
        [0x00] = "disk",       [0x01] = "tape",     [0x02] = "printer",
        [0x03] = "processor",  [0x04] = "worm",     [0x05] = "cd/dvd",
        [0x07] = "optical",    [0x08] = "changer",  [0x0c] = "raid",
        [0x0d] = "enclosure",  [0x0e] = "rbc disk", [0x11] = "osd",
        [0x14] = "zoned disk",
    };

    return type < G_N_ELEMENTS(names) && names[type] ? names[type] : "other";
}

/* The VPD page of the serial number, which the kernel has asked for when it
 * found the device. Not printable bytes become '?'. */
static char *read_serial(const char *root, const char *address)
{
    g_autofree char *path =
        g_strdup_printf("%s" CLASS "/%s/device/vpd_pg80", root, address);
    g_autofree char *page = NULL;
    unsigned length;
    char *text;
    gsize size;

    if (!g_file_get_contents(path, &page, &size, NULL) || size < 4 ||
        (uint8_t)page[1] != VPD_SERIAL) {
        return g_strdup("");
    }
    length = (uint8_t)page[2] << 8 | (uint8_t)page[3];
    text = g_strndup(page + 4, MIN(length, size - 4));
    for (char *p = text; *p; p++) {
        *p = g_ascii_isprint(*p) ? *p : '?';
    }
    return g_strstrip(text);
}

/* Whether @name is @prefix and then a number, or a disk's letters: nst0 is the
 * node of a tape, nst0a another of its modes. */
static gboolean is_node(const char *name, const char *prefix)
{
    const char *rest = name + strlen(prefix);

    if (!g_str_has_prefix(name, prefix) || !*rest) {
        return FALSE;
    }
    return g_str_equal(prefix, "sd") ||
           strspn(rest, "0123456789") == strlen(rest);
}

/* The first such name in @folder of the device, which is that of its node; the
 * caller's, or NULL. */
static char *find_node(const char *root, const char *address,
                       const char *folder, const char *prefix)
{
    g_autofree char *path =
        g_strdup_printf("%s" CLASS "/%s/device/%s", root, address, folder);
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    const char *name;

    while (dir && (name = g_dir_read_name(dir))) {
        if (is_node(name, prefix)) {
            return g_build_filename("/dev", name, NULL);
        }
    }
    return NULL;
}

/* Whether @path is one of the nodes of the tape whose node is @nst, /dev/nst0:
 * /dev/st0, /dev/st0a, /dev/nst0l, … (Documentation/scsi/st.rst) */
static gboolean is_tape_node(const char *path, const char *nst)
{
    const char *st = nst + strlen("/dev/n");

    if (!g_str_has_prefix(path, "/dev/")) {
        return FALSE;
    }
    path += strlen("/dev/");
    path += *path == 'n';
    return g_str_has_prefix(path, st) && !g_ascii_isdigit(path[strlen(st)]);
}

gboolean device_has_node(const Device *device, const char *path)
{
    const char *const nodes[] = {device->sg, device->block, device->tape,
                                 device->changer};

    for (unsigned i = 0; i < G_N_ELEMENTS(nodes); i++) {
        const char *node = nodes[i];

        if (!node || !path) {
            continue;
        }
        if (g_str_equal(path, node)) {
            return TRUE;
        }
        if (node == device->tape && is_tape_node(path, node)) {
            return TRUE;
        }
        /* partitions */
        if (node == device->block && g_str_has_prefix(path, node) &&
            g_ascii_isdigit(path[strlen(node)])) {
            return TRUE;
        }
    }
    return FALSE;
}

/* Links in /dev/X/by-id that lead to one of the device's nodes. */
static void add_links(Device *device, const char *root, const char *folder)
{
    g_autofree char *path = g_strconcat(root, folder, NULL);
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    const char *name;

    while (dir && (name = g_dir_read_name(dir))) {
        g_autofree char *link = g_build_filename(path, name, NULL);
        g_autofree char *to = g_file_read_link(link, NULL);
        g_autofree char *base = to ? g_path_get_basename(to) : NULL;
        g_autofree char *node =
            base ? g_build_filename("/dev", base, NULL) : NULL;

        if (node && device_has_node(device, node)) {
            g_ptr_array_add(device->links,
                            g_build_filename(folder, name, NULL));
        }
    }
}

/* Classes of transports that a host may belong to; the kernel's
 * drivers/scsi/scsi_transport_*.c */
static char *find_transport(const char *root, const char *host)
{
    static const char *const transports[] = {"iscsi", "fc",  "sas",
                                             "spi",   "srp", NULL};

    for (unsigned i = 0; transports[i]; i++) {
        g_autofree char *path = g_strdup_printf("%s/sys/class/%s_host/host%s",
                                                root, transports[i], host);

        if (g_file_test(path, G_FILE_TEST_EXISTS)) {
            return g_strdup(transports[i]);
        }
    }
    return NULL;
}

static Device *device_new(const char *root, const char *address)
{
    Device *device = g_new0(Device, 1);
    g_autofree char *host = g_strndup(address, strcspn(address, ":"));
    g_autofree char *type = line_or_empty(root, address, "type");

    device->address = g_strdup(address);
    device->type = g_ascii_strtoull(type, NULL, 10);
    device->vendor = line_or_empty(root, address, "vendor");
    device->model = line_or_empty(root, address, "model");
    device->revision = line_or_empty(root, address, "rev");
    device->state = line_or_empty(root, address, "state");
    device->serial = read_serial(root, address);
    device->wwid = device_line(root, CLASS "/%s/device/wwid", address);
    if (device->wwid && !device->wwid[0]) {
        g_clear_pointer(&device->wwid, g_free);
    }
    device->transport = find_transport(root, host);
    device->driver =
        device_line(root, "/sys/class/scsi_host/host%s/proc_name", host);
    device->sg = find_node(root, address, "scsi_generic", "sg");
    device->block = find_node(root, address, "block", "sd");
    if (!device->block) {
        device->block = find_node(root, address, "block", "sr");
    }
    device->tape = find_node(root, address, "scsi_tape", "nst");
    device->changer = find_node(root, address, "scsi_changer", "sch");
    device->links = g_ptr_array_new_with_free_func(g_free);
    device->users = g_ptr_array_new_with_free_func(g_free);
    add_links(device, root, "/dev/disk/by-id");
    add_links(device, root, "/dev/tape/by-id");
    device_read_limits(device, root);
    device_read_users(device, root);
    return device;
}

/* By number, not by letter: 2:0:0:0 before 10:0:0:0 */
static int compare_addresses(gconstpointer a, gconstpointer b)
{
    const Device *left = *(Device *const *)a, *right = *(Device *const *)b;
    const char *p = left->address, *q = right->address;

    for (;;) {
        char *after_p, *after_q;
        guint64 m = g_ascii_strtoull(p, &after_p, 10);
        guint64 n = g_ascii_strtoull(q, &after_q, 10);

        if (m != n) {
            return m < n ? -1 : 1;
        }
        if (!*after_p || !*after_q) {
            return *after_p ? 1 : *after_q ? -1 : 0;
        }
        p = after_p + 1;
        q = after_q + 1;
    }
}

GPtrArray *device_list(const char *root, GError **error)
{
    g_autofree char *path = g_strconcat(root, CLASS, NULL);
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    GPtrArray *devices;
    const char *name;

    if (!dir) {
        g_set_error(error, SGBENCH_ERROR, SGBENCH_ERROR_PREFLIGHT,
                    "there is no %s: this kernel has no SCSI; the lab has "
                    "(sgbench lab), and targets of kind iscsi and null need "
                    "none",
                    path);
        return NULL;
    }
    devices = g_ptr_array_new_with_free_func(device_free);
    while ((name = g_dir_read_name(dir))) {
        g_ptr_array_add(devices, device_new(root, name));
    }
    g_ptr_array_sort(devices, compare_addresses);
    return devices;
}

Device *device_find(GPtrArray *devices, const char *root, const char *name,
                    GError **error)
{
    g_autofree char *path = g_strconcat(root, name, NULL);
    g_autofree char *link = g_file_read_link(path, NULL);
    g_autofree char *base = link ? g_path_get_basename(link) : NULL;
    g_autofree char *node = base ? g_build_filename("/dev", base, NULL) : NULL;
    g_autoptr(GString) known = g_string_new(NULL);

    for (unsigned i = 0; i < devices->len; i++) {
        Device *device = g_ptr_array_index(devices, i);

        if (g_str_equal(name, device->address) ||
            device_has_node(device, name) ||
            (node && device_has_node(device, node))) {
            return device;
        }
        g_string_append_printf(known, "%s%s", i ? ", " : "; there is: ",
                               device->sg ? device->sg : device->address);
    }
    g_set_error(error, SGBENCH_ERROR, SGBENCH_ERROR_USAGE,
                "%s is no SCSI device of this machine%s", name,
                devices->len ? known->str : ": it has none");
    return NULL;
}
