/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `sgbench probe` on targets whose limits are known: what it finds, and whom
 * it names. */
#include <string.h>

#include "program.h"

#define MIB (1 << 20)

static Program *probe_starts(const char *const *words)
{
    g_autoptr(GPtrArray) args = g_ptr_array_new();

    g_ptr_array_add(args, (gpointer) "probe");
    g_ptr_array_add(args, (gpointer) "--progress");
    g_ptr_array_add(args, (gpointer) "none");
    for (; *words; words++) {
        g_ptr_array_add(args, (gpointer)*words);
    }
    g_ptr_array_add(args, NULL);
    return program_start(NULL, NULL, (const char *const *)args->pdata);
}

/* What it prints as JSON; the probe of the only target. */
static JsonObject *probe(const char *const *words, JsonParser *parser)
{
    g_autoptr(Program) program = probe_starts(words);
    g_autoptr(GError) error = NULL;
    g_autofree char *out = NULL, *err = NULL;
    JsonArray *probes;
    int code = program_wait(program, 120);

    err = program_err(program);
    if (code) {
        g_error("exit code %d: %s", code, err);
    }
    program_assert_nothing_left(program, 10);
    out = program_out(program);
    json_parser_load_from_data(parser, out, -1, &error);
    g_assert_no_error(error);
    probes = json_node_get_array(json_parser_get_root(parser));
    g_assert_cmpuint(json_array_get_length(probes), ==, 1);
    return json_array_get_object_element(probes, 0);
}

static JsonObject *limit_of(JsonObject *probed, const char *path,
                            const char *quantity)
{
    JsonArray *paths = json_object_get_array_member(probed, "paths");

    for (unsigned i = 0; i < json_array_get_length(paths); i++) {
        JsonObject *object = json_array_get_object_element(paths, i);

        if (g_str_equal(json_object_get_string_member(object, "path"), path)) {
            g_assert_true(json_object_get_null_member(object, "problem"));
            return json_object_get_object_member(object, quantity);
        }
    }
    g_error("no path %s", path);
}

/* @refused 0: nothing was. @seen may be NULL. */
static void assert_limit(JsonObject *probed, const char *path,
                         const char *quantity, gint64 works, gint64 refused,
                         const char *layer, const char *seen)
{
    JsonObject *limit = limit_of(probed, path, quantity);

    g_test_message("%s %s", path, quantity);
    g_assert_cmpint(json_object_get_int_member(limit, "works"), ==, works);
    g_assert_cmpint(json_object_get_null_member(limit, "refused")
                        ? 0
                        : json_object_get_int_member(limit, "refused"),
                    ==, refused);
    g_assert_cmpstr(json_object_get_string_member(limit, "layer"), ==, layer);
    if (seen) {
        const char *evidence = json_object_get_string_member(limit, "evidence");

        g_assert_nonnull(evidence);
        if (!strstr(evidence, seen)) {
            g_error("no '%s' in: %s", seen, evidence);
        }
    }
}

static void test_pieces(void)
{
    const char *const words[] = {"--json",
                                 "--up-to",
                                 "1M",
                                 "--path",
                                 "generic-bounce",
                                 "--path",
                                 "generic-zerocopy",
                                 "--path",
                                 "block",
                                 "null,data=stored,max-iovecs=64",
                                 NULL};
    g_autoptr(JsonParser) parser = json_parser_new();
    JsonObject *probed = probe(words, parser);

    assert_limit(probed, "generic-bounce", "read", MIB, 0, "nobody", NULL);
    assert_limit(probed, "generic-bounce", "write", MIB, 0, "nobody", NULL);
    assert_limit(probed, "generic-bounce", "pieces", 1022, 0, "HBA emulation",
                 "1024 descriptors");
    assert_limit(probed, "generic-zerocopy", "pieces", 64, 65, "drive",
                 "scsi_sgio_complete ret -22 EINVAL");
    assert_limit(probed, "block", "pieces", 64, 65, "drive", "EINVAL");
    assert_limit(probed, "block", "depth", 128, 0, "nobody", NULL);
}

static void test_hba(void)
{
    const char *const words[] = {
        "--json",           "--hba",  "pvscsi", "--up-to", "64K", "--path",
        "generic-zerocopy", "--path", "block",  "null",    NULL};
    g_autoptr(JsonParser) parser = json_parser_new();
    JsonObject *probed = probe(words, parser);

    /* More than an iovec takes: one bounces, the other splits. */
    assert_limit(probed, "generic-zerocopy", "pieces", 2048, 0, "HBA emulation",
                 "pvscsi");
    assert_limit(probed, "block", "pieces", 2048, 0, "HBA emulation", "pvscsi");
}

/* Above 64 MiB scsi-generic answers itself; for people. */
static void test_qemu(void)
{
    const char *const words[] = {"--path", "generic-bounce", "null", NULL};
    g_autoptr(Program) program = probe_starts(words);
    g_autofree char *out = NULL;

    g_assert_cmpint(program_wait(program, 120), ==, 0);
    out = program_out(program);
    g_assert_nonnull(strstr(out, "read, write 67109376 refused by: QEMU"));
    g_assert_nonnull(strstr(out, "no scsi_sgio_submit"));
    g_assert_nonnull(strstr(out, "1 MiB transfer"));
    g_assert_nonnull(strstr(out, "virtqueue_size=1024"));
}

/* tgtd announces less than it takes. */
static void test_tape(void)
{
    const char *const words[] = {"--json", "--path", "generic-zerocopy",
                                 "iscsi,device=tape", NULL};
    g_autoptr(JsonParser) parser = json_parser_new();
    JsonObject *probed = probe(words, parser);

    g_assert_cmpint(json_object_get_int_member(probed, "max_block"), ==, MIB);
    assert_limit(probed, "generic-zerocopy", "read", 16777215, 0, "initiator",
                 "24 bits");
    assert_limit(probed, "generic-zerocopy", "write", 16777215, 0, "initiator",
                 "24 bits");
    assert_limit(probed, "generic-zerocopy", "pieces", 1022, 0, "HBA emulation",
                 NULL);
}

/* scsi_debug's HBA takes 2048 segments, the sg driver 1024 pieces and 16
 * commands. */
static void test_lab(void)
{
    const char *const words[] = {"--json",
                                 "--lab",
                                 "--up-to",
                                 "9M",
                                 "--path",
                                 "native",
                                 "--path",
                                 "generic-bounce",
                                 "lab-disk,size=16M,store=no,delay_ns=15000000",
                                 NULL};
    g_autoptr(JsonParser) parser = json_parser_new();
    JsonObject *probed = probe(words, parser);

    assert_limit(probed, "native", "read", 8 * MIB, 8 * MIB + 512, "host HBA",
                 "SG_IO EINVAL");
    assert_limit(probed, "native", "pieces", 1024, 1025, "host driver",
                 "UIO_MAXIOV");
    assert_limit(probed, "native", "depth", 16, 17, "host driver", "EDOM");
    assert_limit(probed, "generic-bounce", "write", 8 * MIB, 8 * MIB + 512,
                 "host HBA", "file_sgio_end ret -22 EINVAL");
    assert_limit(probed, "generic-bounce", "write", 8 * MIB, 8 * MIB + 512,
                 "host HBA", "the same without QEMU");
    assert_limit(probed, "generic-bounce", "depth", 16, 17, "host driver",
                 "file_sgio_end ret -33 EDOM");
}

static void assert_usage(const char *option, const char *value,
                         const char *what, int code, const char *text)
{
    const char *const words[] = {what, option, value, NULL};
    g_autoptr(Program) program = probe_starts(words);
    g_autofree char *err = NULL;

    g_assert_cmpint(program_wait(program, 30), ==, code);
    err = program_err(program);
    if (!strstr(err, text)) {
        g_error("no '%s' in: %s", text, err);
    }
    g_assert_cmpint(strchr(err, '\n') - err, ==, strlen(err) - 1);
}

static void test_usage(void)
{
    g_autofree char *job = source_file("configs/check-null.conf");

    assert_usage(NULL, NULL, "nil", 2, "kinds are: device, iscsi");
    assert_usage(NULL, NULL, "null,sise=1M", 2, "sise");
    assert_usage(NULL, NULL, "null,size=1", 2, "size");
    assert_usage(NULL, NULL, "null,size", 2, "null,size: ");
    assert_usage("--path", "fast", "null", 2, "generic-bounce");
    assert_usage("--path", "native", "null", 2, "has none of these paths");
    assert_usage("--up-to", "1", "null", 2, "4K to 1G");
    assert_usage("--target", "other", job, 2, "no target 'other'");
    assert_usage("--hba", "esp", "null", 2, "pvscsi");
    assert_usage(NULL, NULL, "iscsi,device=changer", 2, "is a changer");
    assert_usage(NULL, NULL, "lab-disk", 5, "in the lab only");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/probing/usage", test_usage);
    g_test_add_func("/probing/pieces", test_pieces);
    g_test_add_func("/probing/hba", test_hba);
    g_test_add_func("/probing/qemu", test_qemu);
    g_test_add_func("/probing/tape", test_tape);
    g_test_add_func("/probing/lab", test_lab);
    return g_test_run();
}
