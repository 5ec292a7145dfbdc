/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Targets of kind iscsi-url: LUNs of a tgtd that this test has started, and of
 * which sgbench knows no more than their URLs. What is refused leaves every byte
 * as it was.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <zlib.h>

#include "other-host.h"
#include "program.h"
#include "sgbench/context.h"
#include "sgbench/process.h"
#include "sgbench/tempdir.h"

#define IQN "iqn.2025-01.example.test:foreign"
#define IQN_CHAP "iqn.2025-01.example.test:chap"
#define DISK_BYTES (40 << 20) /* more than is looked at of both ends */
#define DISK "DISK0001"
#define DRIVE "DRIVE001"
#define LIBRARY "LIBRARY1"
#define USER "tester"
#define PASSWORD "a,secret=of twelve"
#define READS "operations=read\nsizes=64K\n"
#define WRITES "operations=write\nsizes=64K\n"

static RunContext context;
static Process *tgtd;
static int port;

/* ---- somebody's server ---- */

static void G_GNUC_PRINTF(1, 2) tgtadm(const char *format, ...)
{
    g_autofree char *words = NULL, *line = NULL;
    va_list ap;

    va_start(ap, format);
    words = g_strdup_vprintf(format, ap);
    va_end(ap);
    line = g_strdup_printf("PATH=$PATH:/usr/sbin TGT_IPC_SOCKET=%s/tgt "
                           "tgtadm -C 0 --lld iscsi %s",
                           context.temp_dir, words);
    if (system(line) != 0) {
        g_error("failed: %s", line);
    }
}

static int free_port(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    g_assert_cmpint(bind(fd, (struct sockaddr *)&address, length), ==, 0);
    g_assert_cmpint(getsockname(fd, (struct sockaddr *)&address, &length), ==,
                    0);
    close(fd);
    return ntohs(address.sin_port);
}

static char *file_of(const char *name)
{
    return g_build_filename(context.temp_dir, name, NULL);
}

static void start_server(void)
{
    g_autofree char *portal = NULL, *log = file_of("tgtd.log");
    g_autofree char *socket =
        g_strdup_printf("TGT_IPC_SOCKET=%s/tgt", context.temp_dir);
    g_autofree char *ready = file_of("tgt.0");
    const char *const env[] = {socket, NULL};
    const char *argv[] = {"tgtd", "-f", "-C", "0", "--iscsi", NULL, NULL};
    ProcessSpec spec = {
        .name = "tgtd", .argv = argv, .env = env, .log = log, .stdin_fd = -1};
    GError *error = NULL;

    port = free_port();
    portal = g_strdup_printf("portal=127.0.0.1:%d", port);
    argv[5] = portal;
    tgtd = process_start(&spec, &error);
    g_assert_no_error(error);
    for (unsigned i = 0; i < 1000 && access(ready, F_OK) < 0; i++) {
        g_usleep(10000);
    }
    tgtadm("--op new --mode target --tid 1 --targetname " IQN);
    tgtadm("--op new --mode target --tid 2 --targetname " IQN_CHAP);
}

static void make_file(const char *name, unsigned bytes)
{
    g_autofree char *file = file_of(name);
    int fd = g_open(file, O_RDWR | O_CREAT, 0600);

    g_assert_cmpint(ftruncate(fd, bytes), ==, 0);
    close(fd);
}

static void put(const char *name, uint64_t offset, const void *data,
                size_t length)
{
    g_autofree char *file = file_of(name);
    int fd = g_open(file, O_WRONLY, 0);

    g_assert_cmpint(pwrite(fd, data, length, offset), ==, length);
    close(fd);
}

static void add_unit(unsigned tid, unsigned lun, const char *name,
                     const char *type, const char *serial)
{
    tgtadm("--op new --mode logicalunit --tid %u --lun %u %s -b %s/%s", tid,
           lun, type, context.temp_dir, name);
    tgtadm("--op update --mode logicalunit --tid %u --lun %u --params "
           "scsi_sn=%s",
           tid, lun, serial);
}

static void set_up(void)
{
    static const char *const elements[] = {
        "element_type=1,start_address=1,quantity=1",
        "element_type=4,start_address=256,quantity=1",
        "element_type=2,start_address=1024,quantity=2",
        "element_type=2,address=1024,barcode=URL002L8,sides=1",
    };
    GError *error = NULL;
    g_autofree char *tape = NULL;

    context.temp_dir = temp_dir_make(&error);
    context.run_id = g_uuid_string_random();
    g_assert_no_error(error);
    start_server();
    make_file("disk", DISK_BYTES);
    make_file("chap", 8 << 20);
    for (unsigned at = 0; at < 8 << 20; at += 65536) {
        put("chap", at, "what is here", 12);
    }
    make_file("library", 1 << 20);
    tape = g_strdup_printf("PATH=$PATH:/usr/sbin tgtimg --op new --device-type "
                           "tape --barcode URL001L8 --size 64 --type data "
                           "--file %s/tape >/dev/null",
                           context.temp_dir);
    g_assert_cmpint(system(tape), ==, 0);
    add_unit(1, 1, "disk", "", DISK);
    add_unit(1, 2, "tape", "--bstype ssc --device-type tape", DRIVE);
    add_unit(1, 3, "library", "--device-type changer", LIBRARY);
    for (unsigned i = 0; i < G_N_ELEMENTS(elements); i++) {
        tgtadm("--op update --mode logicalunit --tid 1 --lun 3 --params %s",
               elements[i]);
    }
    add_unit(2, 1, "chap", "", DISK);
    tgtadm("--op new --mode account --user " USER " --password '" PASSWORD "'");
    tgtadm("--op bind --mode account --tid 2 --user " USER);
    tgtadm("--op bind --mode target --tid 1 --initiator-address ALL");
    tgtadm("--op bind --mode target --tid 2 --initiator-address ALL");
}

static void tear_down(void)
{
    process_stop(tgtd, 0);
    temp_dir_remove(context.temp_dir);
    g_free(context.temp_dir);
    g_free(context.run_id);
}

/* What is on all of them. */
static char *contents(void)
{
    static const char *const names[] = {"disk", "tape", "chap"};
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);

    for (unsigned i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *file = file_of(names[i]);
        g_autofree char *data = NULL;
        gsize length;

        g_assert_true(g_file_get_contents(file, &data, &length, NULL));
        g_checksum_update(sum, (uint8_t *)data, length);
    }
    return g_strdup(g_checksum_get_string(sum));
}

/* ---- sgbench, which is told the URL ---- */

static char *url_of(const char *iqn, unsigned lun)
{
    return g_strdup_printf("iscsi://127.0.0.1:%d/%s/%u", port, iqn, lun);
}

static Program *start(const char *url, const char *keys, const char *paths,
                      const char *axes, const char *option, const char *name,
                      const char *const *env)
{
    g_autofree char *job = file_of("url.conf");
    g_autofree char *text =
        g_strdup_printf("[job]\nrounds=1\ncell-seconds=0.1\nwarmup-seconds=0\n"
                        "trace-requests=20\n"
                        "[target it]\nkind=iscsi-url\nurl=%s\n%s"
                        "[matrix all]\ntargets=it\npaths=%s\n%s",
                        url, keys, paths, axes);
    const char *args[] = {"run",      "--no-table", "--progress", "lines",
                          "--output", "{RUN}",      job,          option,
                          name,       NULL};

    g_assert_true(g_file_set_contents(job, text, -1, NULL));
    return program_start(env, NULL, args);
}

static void assert_end(Program *program, int code, const char *text)
{
    int got = program_wait(program, 60);
    g_autofree char *err = program_err(program);

    if (got != code || (text && !strstr(err, text))) {
        g_error("exit code %d, not %d, or no '%s' in:\n%s", got, code, text,
                err);
    }
    program_assert_nothing_left(program, 10);
}

static void assert_refused(const char *url, const char *keys, const char *axes,
                           const char *option, const char *name, int code,
                           const char *why)
{
    g_autofree char *before = contents(), *after = NULL;
    g_autoptr(Program) program =
        start(url, keys, "native", axes, option, name, NULL);

    assert_end(program, code, why);
    after = contents();
    g_assert_cmpstr(before, ==, after);
}

static void test_keys(void)
{
    const struct {
        const char *url, *keys, *why;
    } wrong[] = {
        {"http://127.0.0.1/" IQN "/1", "", "url.conf:8: url: iscsi://HOST"},
        {"iscsi://127.0.0.1/" IQN, "", "not a LUN's"},
        {"iscsi://127.0.0.1/" IQN "/one", "", "not a LUN's"},
        {"iscsi://u%p@127.0.0.1/" IQN "/1", "", "LIBISCSI_CHAP_PASSWORD"},
        {"iscsi://127.0.0.1/" IQN "/1?iser", "", "'?' can't be handed"},
        {"iscsi://127.0.0.1/" IQN "/1", "size=1G\n", "size is a tape's"},
        {"iscsi://127.0.0.1/" IQN "/1", "device=floppy\n", "must be one of"},
        {"iscsi://127.0.0.1/" IQN "/1", "backing=file\n", "unknown key"},
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(wrong); i++) {
        assert_refused(wrong[i].url, wrong[i].keys, READS, NULL, NULL, 2,
                       wrong[i].why);
    }
}

static void test_not_there(void)
{
    g_autofree char *nobody =
        g_strdup_printf("iscsi://127.0.0.1:%d/" IQN "/1", free_port());
    g_autofree char *iqn = url_of(IQN "-not", 1), *lun = url_of(IQN, 9);
    g_autofree char *disk = url_of(IQN, 1), *tape = url_of(IQN, 2);
    g_autofree char *chap = url_of(IQN_CHAP, 1);

    assert_refused(nobody, "", READS, NULL, NULL, 5, "iscsi-ls -s iscsi://");
    assert_refused(iqn, "", READS, NULL, NULL, 5, "log-in failed");
    assert_refused(lun, "", READS, NULL, NULL, 5, "LOGICAL_UNIT_NOT_SUPPORTED");
    assert_refused(disk, "device=tape\n", READS, NULL, NULL, 2, "is a disk");
    assert_refused(tape, "", READS, NULL, NULL, 2, "is a tape");
    assert_refused(chap, "", READS, NULL, NULL, 5, "LIBISCSI_CHAP_USERNAME");
}

static void test_identity(void)
{
    g_autofree char *disk = url_of(IQN, 1), *tape = url_of(IQN, 2);

    assert_refused(disk, "", WRITES, NULL, NULL, 5, "--write-to '" DISK "'");
    assert_refused(disk, "", WRITES, NULL, NULL, 5, "another host uses it");
    assert_refused(disk, "", WRITES, "--write-to", "DISK0002", 5,
                   "--write-to names DISK0002");
    assert_refused(disk, "", WRITES, "--write-to", disk, 5,
                   "would be written to");
    assert_refused(tape, "device=tape\n", READS, NULL, NULL, 5, "in:" DRIVE);
    assert_refused(tape, "device=tape\n", READS, "--write-to-tape", "in:" DISK,
                   5, "in:" DRIVE);
    tgtadm("--op update --mode logicalunit --tid 1 --lun 1 --params "
           "readonly=1");
    assert_refused(disk, "", WRITES, "--write-to", DISK, 5, "write-protected");
    tgtadm("--op update --mode logicalunit --tid 1 --lun 1 --params "
           "readonly=0");
}

static void put_le(uint8_t *at, uint64_t value, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++) {
        at[i] = value >> 8 * i;
    }
}

/* Of a GPT (UEFI 2.10 5.3) only the second header, in the last block, behind
 * its empty table of 128 entries. */
static void put_backup_gpt(void)
{
    static const uint8_t entries[128 * 128];
    const uint64_t last = DISK_BYTES / 512 - 1;
    uint8_t header[512] = "EFI PART";

    put_le(header + 8, 0x10000, 4);    /* revision */
    put_le(header + 12, 92, 4);        /* size */
    put_le(header + 24, last, 8);      /* this header */
    put_le(header + 32, 1, 8);         /* the other */
    put_le(header + 40, 34, 8);        /* first usable */
    put_le(header + 48, last - 33, 8); /* last usable */
    memset(header + 56, 0x5a, 16);     /* GUID */
    put_le(header + 72, last - 32, 8); /* entries */
    put_le(header + 80, 128, 4);       /* their number */
    put_le(header + 84, 128, 4);       /* and size */
    put_le(header + 88, crc32(0, entries, sizeof(entries)), 4);
    put_le(header + 16, crc32(0, header, 92), 4);
    put("disk", last * 512, header, sizeof(header));
}

static void test_signatures(void)
{
    static const uint8_t nothing[4096];
    g_autofree char *disk = url_of(IQN, 1);
    g_autoptr(Program) program = NULL;

    put("disk", 4096 - 10, "SWAPSPACE2", 10);
    put("disk", 1024, "\1\0\0\0\377\0\0\0", 8);
    assert_refused(disk, "", WRITES, "--write-to", DISK, 5, "swap");
    put("disk", 0, nothing, sizeof(nothing));
    put_backup_gpt();
    assert_refused(disk, "", WRITES, "--write-to", DISK, 5,
                   "a partition table (gpt)");
    put("disk", DISK_BYTES - 512, nothing, 512);
    program = start(disk, "", "native", WRITES, "--write-to", DISK, NULL);
    assert_end(program, 0, NULL);
}

/* ---- another host ---- */

static void test_in_use(void)
{
    g_autofree char *disk = url_of(IQN, 1);
    /* Runs of one cache folder exclude each other, whatever they run on. */
    g_autofree char *cache =
        g_strdup_printf("XDG_CACHE_HOME=%s", context.temp_dir);
    const char *const env[] = {cache, NULL};
    g_autoptr(Initiator) host = other_host(&context, disk);
    g_autoptr(Program) first = NULL;

    other_host_reserve_out(host, PR_REGISTER);
    assert_refused(disk, "", WRITES, "--write-to", DISK, 5,
                   "a host has registered");
    other_host_reserve_out(host, PR_CLEAR);

    first = start(disk, "", "native", READS, "--set", "cell-seconds=20", env);
    program_await(first, "round 1 of", 30);
    assert_refused(disk, "", READS, NULL, NULL, 5, "another run of sgbench");
    kill(first->pid, SIGINT);
    assert_end(first, 130, NULL);
}

static void assert_run(Program *program, const char *written)
{
    g_autoptr(JsonObject) run = NULL;
    JsonObject *target;
    JsonArray *array;

    assert_end(program, 0, NULL);
    program_assert_schema(program);
    run = program_results(program);
    target = json_array_get_object_element(
        json_object_get_array_member(run, "targets"), 0);
    g_assert_cmpstr(
        json_object_get_string_member(
            json_object_get_object_member(target, "settings"), "written_to"),
        ==, written);
    array = json_object_get_array_member(run, "verification");
    g_assert_cmpuint(json_array_get_length(array), >, 1);
    for (unsigned i = 0; i < json_array_get_length(array); i++) {
        g_assert_cmpstr(json_object_get_string_member(
                            json_array_get_object_element(array, i), "result"),
                        ==, "verified");
    }
}

static void test_read(void)
{
    g_autofree char *disk = url_of(IQN, 1), *library = url_of(IQN, 3);
    g_autofree char *before = contents(), *after = NULL;
    g_autoptr(Program) program =
        start(disk, "", "native;generic-zerocopy", READS, NULL, NULL, NULL);
    g_autoptr(Program) changer = NULL;

    assert_run(program, "no");
    after = contents();
    g_assert_cmpstr(before, ==, after);
    changer = start(library, "device=changer\n", "native;generic-zerocopy",
                    "sizes=4K\n", NULL, NULL, NULL);
    assert_run(changer, "no");
}

/* Another host reserves it in mid-run: the path that is measured then sees each
 * command refused, and the next run ends when it verifies. */
static void test_reserved(void)
{
    static const char *const paths[] = {"native", "generic-zerocopy", "block"};
    g_autofree char *disk = url_of(IQN, 1);

    for (unsigned i = 0; i < G_N_ELEMENTS(paths); i++) {
        g_autoptr(Initiator) host = other_host(&context, disk);
        g_autoptr(Program) program =
            start(disk, "", paths[i], READS, "--set", "cell-seconds=1", NULL);
        g_autoptr(JsonObject) run = NULL;
        JsonObject *sample;

        program_await(program, "round 1 of", 30);
        g_usleep(600000); /* verification and the traced round are over */
        other_host_reserve_out(host, PR_REGISTER);
        other_host_reserve_out(host, PR_RESERVE);
        assert_end(program, 0, "RESERVATION CONFLICT");
        run = program_results(program);
        sample = json_array_get_object_element(
            json_object_get_array_member(run, "samples"), i > 0);
        g_assert_cmpint(json_object_get_int_member(sample, "failed"), >, 0);
        if (i == 0) {
            assert_refused(disk, "", READS, NULL, NULL, 6,
                           "RESERVATION CONFLICT");
        }
        other_host_reserve_out(host, PR_CLEAR);
    }
}

/* The password is where it has to be, and nowhere else. */
static void test_chap(void)
{
    const char *const env[] = {"LIBISCSI_CHAP_USERNAME=" USER,
                               "LIBISCSI_CHAP_PASSWORD=" PASSWORD, NULL};
    g_autofree char *chap = url_of(IQN_CHAP, 1);
    g_autofree char *before = contents(), *after = NULL;
    g_autofree char *grep = NULL;
    g_autoptr(Program) program =
        start(chap, "", "native;generic-bounce;generic-zerocopy;block", WRITES,
              "--write-to", DISK, env);
    pid_t qemu = 0;

    for (unsigned i = 0; i < 3000 && !qemu; i++) {
        g_usleep(10000);
        qemu = program_find(program, "password-secret=chap");
    }
    g_assert_cmpint(qemu, >, 0);
    g_assert_cmpint(program_find(program, "twelve"), ==, 0);
    assert_run(program, "yes");
    after = contents();
    g_assert_cmpstr(before, !=, after);
    grep = g_strdup_printf("! grep -rq twelve %s", program->run_dir);
    g_assert_cmpint(system(grep), ==, 0);
}

static void test_tape(void)
{
    g_autofree char *tape = url_of(IQN, 2);
    g_autoptr(Program) program = start(tape, "device=tape\nsize=16M\n",
                                       "native;generic-bounce;generic-zerocopy",
                                       "operations=read;write\nsizes=64K\n",
                                       "--write-to-tape", "in:" DRIVE, NULL);

    g_autoptr(Program) short_tape = NULL;

    assert_run(program, "yes");
    short_tape = start(tape, "device=tape\nsize=200M\n", "native",
                       "operations=read\nsizes=1M\n", "--write-to-tape",
                       "in:" DRIVE, NULL);
    assert_end(short_tape, 6, "its size is 200M in the job");
}

/* Nothing is written, a tape's name is not asked for. */
static void assert_probed(const char *target, const char *path, const char *who,
                          const char *found)
{
    g_autofree char *before = contents(), *after = NULL, *out = NULL;
    const char *const args[] = {"probe",  "--progress", "none", "--path",
                                "native", "--path",     path,   "--up-to",
                                "4M",     target,       NULL};
    g_autoptr(Program) program = program_start(NULL, NULL, args);

    assert_end(program, 0, NULL);
    out = program_out(program);
    if (!strstr(out, who) || !strstr(out, "; not ours:") ||
        !strstr(out, found)) {
        g_error("no '%s' or '%s' in:\n%s", who, found, out);
    }
    after = contents();
    g_assert_cmpstr(before, ==, after);
}

static void test_probe(void)
{
    g_autofree char *disk = url_of(IQN, 1), *url = url_of(IQN, 2);
    g_autofree char *tape =
        g_strdup_printf("iscsi-url,device=tape,url=%s", url);

    assert_probed(disk, "generic-zerocopy", "serial " DISK, "1 MiB transfer");
    assert_probed(tape, "native", "serial " DRIVE, "1 MiB block");
}

/* Last: there is no server any more. */
static void test_killed(void)
{
    g_autofree char *disk = url_of(IQN, 1);
    g_autoptr(Program) program =
        start(disk, "", "native", READS, "--set", "cell-seconds=20", NULL);

    program_await(program, "round 1 of", 30);
    g_usleep(200000);
    kill(tgtd->pid, SIGKILL);
    assert_end(program, 6, "does not answer any more");
}

int main(int argc, char **argv)
{
    g_autofree char *found = process_find_program("tgtd", NULL);
    int code;

    g_test_init(&argc, &argv, NULL);
    if (!found && !g_getenv("CI")) {
        g_print("1..0 # SKIP tgtd is not installed (package tgt)\n");
        return 0;
    }
    set_up();
    g_test_add_func("/url/keys", test_keys);
    g_test_add_func("/url/not-there", test_not_there);
    g_test_add_func("/url/identity", test_identity);
    g_test_add_func("/url/signatures", test_signatures);
    g_test_add_func("/url/in-use", test_in_use);
    g_test_add_func("/url/read", test_read);
    g_test_add_func("/url/reserved", test_reserved);
    g_test_add_func("/url/chap", test_chap);
    g_test_add_func("/url/tape", test_tape);
    g_test_add_func("/url/probe", test_probe);
    g_test_add_func("/url/killed", test_killed);
    code = g_test_run();
    tear_down();
    return code;
}
