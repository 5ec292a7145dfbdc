/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <gnu/libc-version.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "environment.h"
#include "reports/stats.h"

#define HOST_DIGITS 16  /* of the hash: enough to tell machines apart */
#define FEW_CPUS 2      /* sgbench and QEMU's IOThread alone keep two busy */
#define FAULT_PAGES 256 /* 1 MiB */
#define FAULT_STRETCHES 9
#define BUSY .5 /* load average per CPU; sgbench has not begun yet */

static void warn(JsonArray *warnings, const char *format, ...)
    G_GNUC_PRINTF(2, 3);

static void warn(JsonArray *warnings, const char *format, ...)
{
    g_autofree char *text = NULL;
    va_list ap;

    va_start(ap, format);
    text = g_strdup_vprintf(format, ap);
    va_end(ap);
    json_array_add_string_element(warnings, text);
}

/* All of @path without blanks around it, or NULL; the caller's. */
static char *read_text(const char *path)
{
    char *text = NULL;

    return g_file_get_contents(path, &text, NULL, NULL) ? g_strstrip(text)
                                                        : NULL;
}

/* What follows "@name :" in @text, lines of "NAME : VALUE" (/proc/cpuinfo,
 * /proc/meminfo); NULL if it is not there. The caller's. */
static char *find_value(const char *text, const char *name)
{
    g_auto(GStrv) lines = g_strsplit(text ? text : "", "\n", -1);
    size_t length = strlen(name);
    char **line;

    for (line = lines; *line; line++) {
        if (strncmp(*line, name, length) == 0) {
            const char *rest = *line + length;

            rest += strspn(rest, " \t");
            if (*rest == ':') {
                return g_strstrip(g_strdup(rest + 1));
            }
        }
    }
    return NULL;
}

/* Bytes of a field of /proc/meminfo, which says kB and means KiB. */
static uint64_t memory_field(const char *meminfo, const char *name)
{
    g_autofree char *value = find_value(meminfo, name);

    return value ? g_ascii_strtoull(value, NULL, 10) * 1024 : 0;
}

/* A hash that tells machines apart and does not tell which they are: keyed, as
 * machine-id(5) demands. */
static char *host_hash(void)
{
    g_autofree char *id = read_text("/etc/machine-id");
    const char *what = id && *id ? id : g_get_host_name();
    char *hash =
        g_compute_hmac_for_string(G_CHECKSUM_SHA256, (const guchar *)"sgbench",
                                  strlen("sgbench"), what, -1);

    hash[HOST_DIGITS] = '\0';
    return hash;
}

static void describe_cpu(JsonObject *object, const struct utsname *name,
                         JsonArray *warnings, gboolean in_lab)
{
    g_autofree char *cpuinfo = read_text("/proc/cpuinfo");
    g_autofree char *model = find_value(cpuinfo, "model name");
    g_autofree char *flags = find_value(cpuinfo, "flags");
    g_autofree char *governor =
        read_text("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor");
    g_autofree char *no_turbo =
        read_text("/sys/devices/system/cpu/intel_pstate/no_turbo");
    g_autofree char *boost = read_text("/sys/devices/system/cpu/cpufreq/boost");
    g_autofree char *smt = read_text("/sys/devices/system/cpu/smt/active");
    g_autofree char *quota = read_text("/sys/fs/cgroup/cpu.max");
    long cpus = sysconf(_SC_NPROCESSORS_ONLN);
    double load = 0;

    json_object_set_string_member(object, "cpu", model ? model : name->machine);
    json_object_set_int_member(object, "cpus", cpus);
    if (governor) {
        json_object_set_string_member(object, "governor", governor);
        if (strcmp(governor, "performance") != 0) {
            warn(warnings,
                 "CPU governor is %s, not performance: clock rates "
                 "vary",
                 governor);
        }
    }
    if (g_strcmp0(no_turbo, "0") == 0 || g_strcmp0(boost, "1") == 0) {
        warn(warnings, "turbo is on: clock rates vary with temperature and "
                       "load");
    }
    if (g_strcmp0(smt, "1") == 0) {
        warn(warnings, "hyper-threading is on: CPUs share cores");
    }
    if (quota && !g_str_has_prefix(quota, "max")) {
        warn(warnings, "a CPU quota is set (cgroup cpu.max %s)", quota);
    }
    if (flags && strstr(flags, "hypervisor")) {
        warn(warnings, "a virtual machine: its host may run something else "
                       "at any time");
    }
    if (!in_lab && cpus <= FEW_CPUS) {
        warn(warnings,
             "%ld CPU%s for sgbench, QEMU, the target and the rest: "
             "they disturb each other",
             cpus, cpus == 1 ? "" : "s");
    }
    if (getloadavg(&load, 1) == 1 && load > BUSY * cpus) {
        warn(warnings,
             "load average was %.2f at the start: something else "
             "was running",
             load);
    }
}

/*
 * What touching a fresh page of anonymous memory costs, ns: the median of some
 * stretches as long as a large transfer. The allocator's part of the bounce
 * path is this times the faults per request, and it differs by a factor of a
 * hundred between bare metal and nested virtual machines. 0 if there is no
 * memory.
 */
static uint64_t minor_fault_ns(void)
{
    long page = sysconf(_SC_PAGESIZE);
    double costs[FAULT_STRETCHES];

    for (unsigned i = 0; i < FAULT_STRETCHES; i++) {
        struct timespec begin, end;
        char *memory = mmap(NULL, FAULT_PAGES * page, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

        if (memory == MAP_FAILED) {
            return 0;
        }
        madvise(memory, FAULT_PAGES * page, MADV_NOHUGEPAGE);
        clock_gettime(CLOCK_MONOTONIC, &begin);
        for (unsigned j = 0; j < FAULT_PAGES; j++) {
            *(volatile char *)(memory + j * page) = 1;
        }
        clock_gettime(CLOCK_MONOTONIC, &end);
        munmap(memory, FAULT_PAGES * page);
        costs[i] =
            ((end.tv_sec - begin.tv_sec) * 1e9 + end.tv_nsec - begin.tv_nsec) /
            FAULT_PAGES;
    }
    return sgb_median(costs, FAULT_STRETCHES);
}

static void describe_memory(JsonObject *object, JsonArray *warnings)
{
    g_autofree char *meminfo = read_text("/proc/meminfo");
    g_autofree char *huge =
        read_text("/sys/kernel/mm/transparent_hugepage/enabled");
    uint64_t swap =
        memory_field(meminfo, "SwapTotal") - memory_field(meminfo, "SwapFree");

    json_object_set_int_member(object, "memory",
                               memory_field(meminfo, "MemTotal"));
    json_object_set_int_member(object, "page_size", sysconf(_SC_PAGESIZE));
    json_object_set_int_member(object, "minor_fault", minor_fault_ns());
    if (swap) {
        warn(warnings,
             "swap is in use (%" G_GUINT64_FORMAT " MiB): memory "
             "was short",
             swap >> 20);
    }
    if (huge && strstr(huge, "[always]")) {
        warn(warnings, "transparent huge pages are on for all memory: bounce "
                       "buffers may fault less than elsewhere");
    }
}

static void describe_builds(JsonObject *object, GHashTable *builds,
                            JsonArray *warnings)
{
    JsonObject *all = json_object_new();
    GHashTableIter iter;
    gpointer name, folder;

    g_hash_table_iter_init(&iter, builds);
    while (g_hash_table_iter_next(&iter, &name, &folder)) {
        g_autofree char *path = g_build_filename(folder, "build.json", NULL);
        g_autoptr(JsonParser) parser = json_parser_new();
        g_autoptr(GError) fault = NULL;
        JsonNode *root = NULL;

        if (json_parser_load_from_file(parser, path, &fault)) {
            root = json_parser_get_root(parser);
        }
        if (root && JSON_NODE_HOLDS_OBJECT(root)) {
            json_object_set_object_member(all, name,
                                          json_node_dup_object(root));
        } else {
            json_object_set_object_member(all, name, json_object_new());
            warn(warnings,
                 "nothing is known about QEMU build %s: build.json "
                 "can't be read",
                 (char *)name);
        }
    }
    json_object_set_object_member(object, "builds", all);
}

JsonObject *environment_describe(gboolean in_lab, GHashTable *builds)
{
    JsonObject *object = json_object_new();
    JsonArray *warnings = json_array_new();
    g_autofree char *host = host_hash();
    g_autofree char *kernel = NULL;
    g_autofree char *libc = NULL;
    struct utsname name;

    uname(&name);
    kernel = g_strdup_printf("%s %s", name.sysname, name.release);
    libc = g_strdup_printf("glibc %s", gnu_get_libc_version());
    if (in_lab) {
        warn(warnings, "lab: a kernel in a process on one CPU, not machine "
                       "speed; page faults cost a hundred times more");
    }
    json_object_set_string_member(object, "host", host);
    json_object_set_string_member(object, "kernel", kernel);
    json_object_set_string_member(object, "machine", name.machine);
    describe_cpu(object, &name, warnings, in_lab);
    describe_memory(object, warnings);
    json_object_set_string_member(object, "libc", libc);
    json_object_set_boolean_member(object, "lab", in_lab);
    describe_builds(object, builds, warnings);
    json_object_set_array_member(object, "warnings", warnings);
    return object;
}
