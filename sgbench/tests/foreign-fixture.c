/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sgbench/ask.h"
#include "sgbench/error.h"
#include "sgbench/lab-module.h"
#include "sgbench/tests/foreign-fixture.h"
#include "sgbench/tests/target-fixture.h"

RunContext context;
char *sd, *sg;
static char *tapes; /* folder of the cartridges, if there are any */

void run(const char *format, ...)
{
    g_autofree char *line = NULL;
    va_list ap;

    va_start(ap, format);
    line = g_strdup_vprintf(format, ap);
    va_end(ap);
    if (system(line) != 0) {
        g_error("failed: %s", line);
    }
}

void load(const char *const *words)
{
    GError *error = NULL;

    lab_module_load(context.temp_dir, words, &error);
    g_assert_no_error(error);
}

static Job *job_of(const char *device, const char *operations)
{
    g_autofree char *text =
        g_strdup_printf("[target it]\nkind=device\ndevice=%s\n"
                        "[matrix all]\ntargets=it\npaths=native\n"
                        "operations=%s\nsizes=4K\n",
                        device, operations);

    return fixture_job(context.temp_dir, "t.conf", text);
}

Target *start(const char *device, const char *operations, const char *name,
              GError **error)
{
    const char *const names[] = {name, NULL};
    g_autoptr(Job) job = job_of(device, operations);
    Target *target;

    context.write_to = context.write_to_tape = name ? names : NULL;
    target = target_start(&context, job, job->targets->pdata[0], error);
    context.write_to = context.write_to_tape = NULL;
    return target;
}

static char *checksum(const char *path)
{
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
    static uint8_t data[1 << 20];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n;

    g_assert_cmpint(fd, >=, 0);
    /* SG_IO goes round the kernel's cache: what is seen must not be of it. */
    posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
    while ((n = read(fd, data, sizeof(data))) > 0) {
        g_checksum_update(sum, data, n);
    }
    g_assert_cmpint(n, ==, 0);
    close(fd);
    return g_strdup(g_checksum_get_string(sum));
}

char **contents(void)
{
    g_autofree char *tape_1 =
        g_build_filename(tapes ? tapes : "/nonexistent", TAPE_1, NULL);
    g_autofree char *tape_2 =
        g_build_filename(tapes ? tapes : "/nonexistent", TAPE_2, NULL);
    const char *const paths[] = {sd, tape_1, tape_2};
    g_autoptr(GPtrArray) sums = g_ptr_array_new();

    for (unsigned i = 0; i < G_N_ELEMENTS(paths); i++) {
        if (paths[i] && access(paths[i], R_OK) == 0) {
            g_ptr_array_add(sums, checksum(paths[i]));
        }
    }
    g_ptr_array_add(sums, NULL);
    return (char **)g_ptr_array_free(g_steal_pointer(&sums), FALSE);
}

void assert_refused(const char *device, const char *operations,
                    const char *name, const char *why)
{
    g_autoptr(GError) error = NULL;
    g_auto(GStrv) before = contents();
    g_auto(GStrv) after = NULL;

    if (start(device, operations, name, &error)) {
        g_error("%s %s %s: not refused", device, operations, name);
    }
    printf("# refused: %s\n", error->message);
    if (!g_error_matches(error, SGBENCH_ERROR, SGBENCH_ERROR_PREFLIGHT) ||
        !strstr(error->message, why) || strchr(error->message, '\n')) {
        g_error("exit code %d, not for \"%s\": %s", error->code, why,
                error->message);
    }
    after = contents();
    g_assert_true(
        g_strv_equal((const char *const *)before, (const char *const *)after));
}

void assert_admitted(const char *device, const char *operations,
                     const char *name, gboolean read_only)
{
    GError *error = NULL;
    Target *target = start(device, operations, name, &error);

    g_assert_no_error(error);
    g_assert_cmpint(target->read_only, ==, read_only);
    target_stop(target);
}

Child hold(void (*function)(const char *), const char *argument)
{
    int ready[2], go[2];
    Child child;
    char byte;

    g_assert_cmpint(pipe(ready), ==, 0);
    g_assert_cmpint(pipe(go), ==, 0);
    fflush(stdout);
    child.pid = fork();
    if (child.pid == 0) {
        close(go[1]);
        function(argument);
        g_assert_cmpint(write(ready[1], "x", 1), ==, 1);
        _exit(read(go[0], &byte, 1) < 0);
    }
    close(ready[1]);
    close(go[0]);
    g_assert_cmpint(read(ready[0], &byte, 1), ==, 1);
    close(ready[0]);
    child.go = go[1];
    return child;
}

void release(Child child)
{
    int status;

    close(child.go);
    g_assert_cmpint(waitpid(child.pid, &status, 0), ==, child.pid);
    g_assert_cmpint(status, ==, 0);
}

/* ---- a tape, in a library ---- */

#define TGTADM "TGT_IPC_SOCKET=%1$s/tgt tgtadm -C 0 --lld iscsi "

/* A library of two cartridges, with a drive. tgtd 1.0.85 cuts the last drive's
 * identification off, hence a second, which is none. */
Process *start_library(void)
{
    static const char *const argv[] = {
        "tgtd", "-f", "-C", "0", "--iscsi", "portal=127.0.0.1:" PORT, NULL};
    g_autofree char *socket =
        g_strdup_printf("TGT_IPC_SOCKET=%s/tgt", context.temp_dir);
    g_autofree char *log = g_build_filename(context.temp_dir, "tgtd.log", NULL);
    const char *const env[] = {socket, NULL};
    ProcessSpec spec = {
        .name = "tgtd", .argv = argv, .env = env, .log = log, .stdin_fd = -1};
    static const char *const elements[] = {
        "element_type=4,start_address=1,quantity=2",
        "element_type=4,address=1,tid=1,lun=1",
        "element_type=1,start_address=16,quantity=1",
        "element_type=2,start_address=1024,quantity=4",
        "element_type=2,address=1024,barcode=" TAPE_1 ",sides=1",
        "element_type=2,address=1025,barcode=" TAPE_2 ",sides=1",
    };
    GError *error = NULL;
    Process *tgtd;

    tapes = g_build_filename(context.temp_dir, "tapes", NULL);
    run("mkdir %s && truncate -s 1M %s/library", tapes, context.temp_dir);
    run("for tape in " TAPE_1 " " TAPE_2 "; do tgtimg --op new --device-type "
        "tape --barcode $tape --size 64 --type data --file %s/$tape; done "
        ">/dev/null",
        tapes);
    tgtd = process_start(&spec, &error);
    g_assert_no_error(error);
    run("for i in $(seq 100); do " TGTADM
        "--op show --mode sys >/dev/null 2>&1 "
        "&& exit 0; sleep .1; done; exit 1",
        context.temp_dir);
    run(TGTADM "--op new --mode target --tid 1 --targetname " IQN,
        context.temp_dir);
    run(TGTADM "--op new --mode logicalunit --tid 1 --lun 1 --device-type tape "
               "--bstype ssc -b %1$s/tapes/" TAPE_1,
        context.temp_dir);
    run(TGTADM "--op update --mode logicalunit --tid 1 --lun 1 --params "
               "scsi_sn=" DRIVE,
        context.temp_dir);
    run(TGTADM "--op update --mode logicalunit --tid 1 --lun 1 --params "
               "removable=1,online=0",
        context.temp_dir);
    run(TGTADM "--op new --mode logicalunit --tid 1 --lun 2 --device-type "
               "changer -b %1$s/library",
        context.temp_dir);
    run(TGTADM "--op update --mode logicalunit --tid 1 --lun 2 --params "
               "scsi_sn=" LIBRARY,
        context.temp_dir);
    run(TGTADM "--op update --mode logicalunit --tid 1 --lun 2 --params "
               "media_home=%1$s/tapes",
        context.temp_dir);
    for (unsigned i = 0; i < G_N_ELEMENTS(elements); i++) {
        run(TGTADM
            "--op update --mode logicalunit --tid 1 --lun 2 --params %2$s",
            context.temp_dir, elements[i]);
    }
    run(TGTADM "--op bind --mode target --tid 1 --initiator-address ALL",
        context.temp_dir);
    return tgtd;
}

void move(const char *changer, unsigned from, unsigned to)
{
    static const InitiatorNeeds needs = {.arena_size = 65536};
    static const TargetKind nobody = {.name = "changer"};
    Target target = {
        .kind = &nobody, .name = (char *)changer, .device = (char *)changer};
    Command command = {0};
    GError *error = NULL;
    g_autoptr(Initiator) initiator =
        initiator_sgio.open(&context, &target, NULL, &needs, &error);

    g_assert_no_error(error);
    command_set_cdb(&command, 0xa5, 12, DATA_NONE);
    command.cdb[4] = from >> 8;
    command.cdb[5] = from;
    command.cdb[6] = to >> 8;
    command.cdb[7] = to;
    ask_good(&target, initiator, &command, "MOVE MEDIUM", &error);
    g_assert_no_error(error);
}

/* The cartridges are short, too. */
void run_short(const char *job, const char *options)
{
    g_autofree char *sgbench = g_build_filename(g_getenv("G_TEST_BUILDDIR"),
                                                "sgbench", "sgbench", NULL);
    g_autofree char *whole =
        g_build_filename(g_getenv("G_TEST_SRCDIR"), "configs", job, NULL);
    g_autofree char *file =
        g_build_filename(context.temp_dir, "short.conf", NULL);
    g_autofree char *out = g_build_filename(context.temp_dir, job, NULL);
    g_autofree char *json = g_build_filename(out, "run.json", NULL);
    g_autofree char *text = NULL;

    run("sed 's/^size=.*/size=32M/' %s >%s", whole, file);
    run("%s run --progress none --no-table --set rounds=1 "
        "--set cell-seconds=0.05 --set warmup-seconds=0 --set trace=off "
        "--output %s %s %s",
        sgbench, out, options, file);
    g_assert_true(g_file_get_contents(json, &text, NULL, NULL));
    g_assert_nonnull(strstr(text, "\"verified\""));
    g_assert_null(strstr(text, "\"not verifiable\""));
    /* scsi_debug has log pages, tgt's tape has none. */
    g_assert_cmpint(strstr(text, "\"log_pages\"") != NULL, ==,
                    g_str_equal(job, "real-disk.conf"));
    printf("# inside: %s: ok\n", job);
}

/* In the lab what it finds is in files only. */
void probe_short(const char *device, const char *found)
{
    g_autofree char *sgbench = g_build_filename(g_getenv("G_TEST_BUILDDIR"),
                                                "sgbench", "sgbench", NULL);
    g_autofree char *out = g_build_filename(context.temp_dir, "probe", NULL);
    g_autofree char *file = g_build_filename(out, "probe.txt", NULL);
    g_auto(GStrv) before = contents(), after = NULL;
    g_autofree char *text = NULL;

    run("%s probe --progress none --up-to 1M --path native --output %s %s",
        sgbench, out, device);
    g_assert_true(g_file_get_contents(file, &text, NULL, NULL));
    if (!strstr(text, found) || !strstr(text, "; not ours:")) {
        g_error("no '%s' in:\n%s", found, text);
    }
    after = contents();
    g_assert_true(
        g_strv_equal((const char *const *)before, (const char *const *)after));
    printf("# inside: probe of %s: ok\n", device);
}
