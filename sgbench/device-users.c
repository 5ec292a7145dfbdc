/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "device.h"

static void add(Device *device, char *text)
{
    if (g_ptr_array_find_with_equal_func(device->users, text, g_str_equal,
                                         NULL)) {
        g_free(text);
    } else {
        g_ptr_array_add(device->users, text);
    }
}

/* What is built on the disk or its partition called @name: device-mapper, md
 * (Documentation/ABI/stable/sysfs-block, holders). */
static void add_holders(Device *device, const char *root, const char *folder)
{
    g_autofree char *path = g_strdup_printf("%s%s/holders", root, folder);
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    const char *holder;

    while (dir && (holder = g_dir_read_name(dir))) {
        g_autofree char *name =
            device_line(root, "/sys/block/%s/dm/name", holder);

        add(device, name ? g_strdup_printf("held by %s (%s)", holder, name)
                         : g_strdup_printf("held by %s", holder));
    }
}

/* Octal escapes of mountinfo: proc(5). In place. */
static char *unescape(char *text)
{
    char *to = text;

    for (const char *from = text; *from; to++) {
        if (from[0] == '\\' && from[1] >= '0' && from[1] <= '3' && from[2] &&
            from[3]) {
            *to = (from[1] - '0') << 6 | (from[2] - '0') << 3 | (from[3] - '0');
            from += 4;
        } else {
            *to = *from++;
        }
    }
    *to = '\0';
    return text;
}

/* Where @number, "MAJOR:MINOR", is mounted. */
static void add_mounts(Device *device, const char *root, const char *number)
{
    g_autofree char *text = device_line(root, "/proc/self/mountinfo");
    g_auto(GStrv) lines = g_strsplit(text ? text : "", "\n", -1);

    for (char **line = lines; *line; line++) {
        g_auto(GStrv) words = g_strsplit(*line, " ", 6);

        if (g_strv_length(words) == 6 && g_str_equal(words[2], number)) {
            add(device, g_strdup_printf("mounted at %s", unescape(words[4])));
        }
    }
}

static void add_swaps(Device *device, const char *root, const char *name)
{
    g_autofree char *text = device_line(root, "/proc/swaps");
    g_auto(GStrv) lines = g_strsplit(text ? text : "", "\n", -1);
    g_autofree char *node = g_build_filename("/dev", name, NULL);

    for (char **line = lines; *line; line++) {
        if (g_str_has_prefix(*line, node) &&
            strchr(" \t", (*line)[strlen(node)])) {
            add(device, g_strdup_printf("swap space on %s", node));
        }
    }
}

/* @folder: of the disk or a partition in /sys. */
static void add_users_of(Device *device, const char *root, const char *folder)
{
    g_autofree char *number = device_line(root, "%s/dev", folder);
    const char *name = strrchr(folder, '/') + 1;

    add_holders(device, root, folder);
    if (number) {
        add_mounts(device, root, number);
    }
    add_swaps(device, root, name);
}

static void add_block_users(Device *device, const char *root)
{
    const char *disk = strrchr(device->block, '/') + 1;
    g_autofree char *folder = g_strdup_printf("/sys/block/%s", disk);
    g_autofree char *path = g_strconcat(root, folder, NULL);
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    const char *name;

    add_users_of(device, root, folder);
    while (dir && (name = g_dir_read_name(dir))) {
        if (g_str_has_prefix(name, disk)) { /* a partition */
            g_autofree char *part = g_build_filename(folder, name, NULL);

            add_users_of(device, root, part);
        }
    }
}

/* Who has a node open: those that we may look at. */
static void add_processes(Device *device, const char *root)
{
    g_autofree char *proc = g_strconcat(root, "/proc", NULL);
    g_autoptr(GDir) dir = g_dir_open(proc, 0, NULL);
    const char *pid;

    while (dir && (pid = g_dir_read_name(dir))) {
        g_autofree char *path = g_build_filename(proc, pid, "fd", NULL);
        g_autoptr(GDir) fds = NULL;
        const char *fd;

        if (!g_ascii_isdigit(pid[0]) || atoi(pid) == getpid()) {
            continue;
        }
        fds = g_dir_open(path, 0, NULL);
        while (fds && (fd = g_dir_read_name(fds))) {
            g_autofree char *link = g_build_filename(path, fd, NULL);
            g_autofree char *to = g_file_read_link(link, NULL);

            if (to && device_has_node(device, to)) {
                g_autofree char *name = device_line(root, "/proc/%s/comm", pid);

                add(device,
                    g_strdup_printf("open by %s (%s)", name ? name : "?", pid));
            }
        }
    }
}

void device_read_users(Device *device, const char *root)
{
    if (device->block) {
        add_block_users(device, root);
    }
    add_processes(device, root);
}
