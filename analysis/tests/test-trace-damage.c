/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Folders that are no trace, or no longer a whole one. */
#include "analysis/output.h"
#include "analysis/trace.h"

#include <string.h>
#include <glib/gstdio.h>

#include "trace-writer.h"

/* Seeds; the variable has the last one for longer runs. */
#define SEEDS 3
#define SEEDS_VARIABLE "SGBENCH_DAMAGE_SEEDS"

static const SgbTraceSink no_sink;

/* Runs that babeltrace2 ended itself. */
static int ended_inside;

static gboolean read_it(const char *path, SgbTraceCounts *counts,
                        GError **error)
{
    return sgb_trace_read(path, &no_sink, counts, error);
}

/* One line that begins with the folder. */
static void check_message(const GError *error, const char *folder)
{
    g_assert_true(g_str_has_prefix(error->message, folder));
    g_assert_null(strpbrk(error->message, "\r\n"));
    g_test_message("%s", error->message);
}

static void add_requests(TraceWriter *w, unsigned n)
{
    for (unsigned i = 1; i <= n; i++) {
        trace_writer_add(w, i * 10, 1, "qemu:virtio_scsi_cmd_req", "tag=%u", i);
        trace_writer_add(w, i * 10 + 1, 1, "qemu:scsi_sgio_submit",
                         "req=%u hdr=%u tag=%u id=disk len=512", i, i, i);
        trace_writer_add(w, i * 10 + 5, 1, "qemu:virtio_scsi_cmd_resp",
                         "tag=%u", i);
        if (i % 20 == 0) {
            trace_writer_packet(w);
        }
    }
}

/* A trace of @n requests in a new folder; *@stream is its stream file. */
static char *new_trace(unsigned n, char **stream)
{
    g_autoptr(TraceWriter) w = trace_writer_new("alpha");
    char *folder = trace_folder_new();
    g_autofree char *path = g_build_filename(folder, "t", NULL);

    add_requests(w, n);
    trace_writer_write(w, path);
    *stream = trace_folder_stream(folder);
    g_assert_nonnull(*stream);
    return folder;
}

static void test_not_there(void)
{
    g_autoptr(GError) error = NULL;
    SgbTraceCounts counts = {.events = 5};

    g_assert_false(read_it("/nonexistent/trace", &counts, &error));
    g_assert_error(error, SGB_TRACE_ERROR, SGB_TRACE_ERROR_OPEN);
    check_message(error, "/nonexistent/trace: ");
    g_assert_nonnull(strstr(error->message, "No such file"));
    g_assert_cmpuint(counts.events, ==, 0);

    g_clear_error(&error);
    g_assert_false(read_it("/dev/null", NULL, &error));
    g_assert_error(error, SGB_TRACE_ERROR, SGB_TRACE_ERROR_OPEN);
    g_assert_nonnull(strstr(error->message, "Not a directory"));
}

static void test_empty_folder(void)
{
    g_autoptr(GError) error = NULL;
    char *folder = trace_folder_new();

    g_assert_false(read_it(folder, NULL, &error));
    g_assert_error(error, SGB_TRACE_ERROR, SGB_TRACE_ERROR_OPEN);
    check_message(error, folder);
    trace_folder_remove(folder);
}

static void test_not_ctf(void)
{
    g_autoptr(GError) error = NULL;
    char *folder = trace_folder_new();
    g_autofree char *metadata = g_build_filename(folder, "metadata", NULL);

    g_assert_true(
        g_file_set_contents(metadata, "a song\nof two lines\n", -1, NULL));
    g_assert_false(read_it(folder, NULL, &error));
    g_assert_error(error, SGB_TRACE_ERROR, SGB_TRACE_ERROR_OPEN);
    check_message(error, folder);
    trace_folder_remove(folder);
}

#define PACKET 1024
#define HEADER 37

/* @text in packets, as LTTng writes metadata (CTF 1.8.3, 7.1). */
static GByteArray *packets(const char *text)
{
    const uint32_t magic = 0x75d11d57, packet_bits = PACKET * 8;
    GByteArray *bytes = g_byte_array_new();

    for (gsize left = strlen(text), length; left; left -= length) {
        guint at = bytes->len;
        uint32_t content_bits;

        length = MIN(left, PACKET - HEADER);
        content_bits = (HEADER + length) * 8;
        g_byte_array_set_size(bytes, at + PACKET);
        memset(bytes->data + at, 0, PACKET);
        memcpy(bytes->data + at, &magic, 4);
        memcpy(bytes->data + at + 24, &content_bits, 4);
        memcpy(bytes->data + at + 28, &packet_bits, 4);
        bytes->data[at + 35] = 1; /* CTF 1.8 */
        bytes->data[at + 36] = 8;
        memcpy(bytes->data + at + HEADER, text, length);
        text += length;
    }
    return bytes;
}

/* Where one is not whole babeltrace2 would read for ever. */
static void test_metadata_packets(void)
{
    static const struct {
        gsize cut;         /* bytes at the end that are not there */
        unsigned at, byte; /* what is in another place then; 0: nothing */
    } damages[] = {
        {PACKET - 36, 0, 0}, {PACKET - 5, 0, 0}, {PACKET + 1, 0, 0},
        {0, 25, 0},          {0, 25, 255},       {0, PACKET + 29, 0},
    };
    g_autofree char *stream = NULL, *folder = new_trace(100, &stream);
    g_autofree char *parent = g_path_get_dirname(stream);
    g_autofree char *file = g_build_filename(parent, "metadata", NULL);
    g_autofree char *text = NULL;
    g_autoptr(GByteArray) whole = NULL;
    SgbTraceCounts counts;

    g_assert_true(g_file_get_contents(file, &text, NULL, NULL));
    whole = packets(text);
    g_assert_cmpuint(whole->len, >=, 2 * PACKET);
    g_assert_true(
        g_file_set_contents(file, (const char *)whole->data, whole->len, NULL));
    g_assert_true(read_it(folder, &counts, NULL));
    g_assert_cmpuint(counts.events, >, 0);
    for (unsigned i = 0; i < G_N_ELEMENTS(damages); i++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *bytes = g_memdup2(whole->data, whole->len);

        if (damages[i].at) {
            bytes[damages[i].at] = damages[i].byte;
        }
        g_assert_true(g_file_set_contents(file, bytes,
                                          whole->len - damages[i].cut, NULL));
        g_assert_false(read_it(folder, NULL, &error));
        g_assert_error(error, SGB_TRACE_ERROR, SGB_TRACE_ERROR_DAMAGED);
        check_message(error, folder);
        g_assert_nonnull(strstr(error->message, "is not whole"));
    }
    trace_folder_remove(g_steal_pointer(&folder));
}

static void test_foreign(void)
{
    g_autoptr(TraceWriter) w = trace_writer_new("alpha");
    g_autoptr(GError) error = NULL;
    char *folder = trace_folder_new();
    g_autofree char *path = g_build_filename(folder, "t", NULL);
    SgbTraceCounts counts;

    trace_writer_declare(w, "sched_switch", "next:u");
    trace_writer_add(w, 1, 1, "sched_switch", "next=4");
    trace_writer_add(w, 2, 1, "sched_switch", "next=5");
    trace_writer_write(w, path);
    g_assert_false(read_it(folder, &counts, &error));
    g_assert_error(error, SGB_TRACE_ERROR, SGB_TRACE_ERROR_FOREIGN);
    check_message(error, folder);
    g_assert_cmpuint(counts.events_other, ==, 2);
    g_assert_cmpuint(counts.events, ==, 0);
    trace_folder_remove(folder);
}

static void test_cut_off(void)
{
    g_autofree char *stream = NULL;
    char *folder = new_trace(100, &stream);
    g_autoptr(GError) error = NULL;
    g_autofree char *bytes = NULL;
    gsize length;

    g_assert_true(read_it(folder, NULL, &error));
    g_assert_no_error(error);

    /* In the middle of a packet: packets are whole pages. */
    g_assert_true(g_file_get_contents(stream, &bytes, &length, NULL));
    g_assert_true(g_file_set_contents(stream, bytes, length / 2 + 100, NULL));
    g_assert_false(read_it(folder, NULL, &error));
    g_assert_error(error, SGB_TRACE_ERROR, SGB_TRACE_ERROR_DAMAGED);
    check_message(error, folder);
    trace_folder_remove(folder);
}

static void take(void *opaque, const bt_message *message)
{
    sgb_output_message(opaque, message);
}

/* All that the library can make of @folder: an answer or an error. */
static void try_all(const char *folder)
{
    const char *const inputs[] = {folder, NULL};

    for (const SgbOutputKind *const *k = sgb_output_kinds; *k; k++) {
        SgbOptions *options = sgb_options_new();
        g_autoptr(SgbOutput) output = NULL;
        g_autoptr(GError) error = NULL;

        sgb_options_set(options, (*k)->outputs, "path", "/dev/null", NULL);
        sgb_options_set(options, (*k)->outputs, "view", "all", NULL);
        output = sgb_output_new(*k, options, NULL);
        g_assert_nonnull(output);
        if (!sgb_trace_feed(inputs, take, NULL, output, &error)) {
            check_message(error, folder);
        }
        g_assert_true(sgb_output_finish(output, NULL));
    }
}

/* Bits turned over, bytes overwritten, the end cut off or written twice. */
static char *damage(const char *bytes, gsize *length, GRand *rand)
{
    char *damaged = g_malloc(*length * 2);
    unsigned n = g_rand_int_range(rand, 1, 8);

    memcpy(damaged, bytes, *length);
    memcpy(damaged + *length, bytes, *length);
    switch (g_rand_int_range(rand, 0, 6)) {
    case 0:
        *length = g_rand_int_range(rand, 0, *length);
        break;
    case 1:
        *length += g_rand_int_range(rand, 0, *length);
        break;
    case 2:
        memset(damaged + g_rand_int_range(rand, 0, *length), -1,
               MIN(*length, 16));
        break;
    default:
        while (n--) {
            damaged[g_rand_int_range(rand, 0, *length)] ^=
                1 << g_rand_int_range(rand, 0, 8);
        }
    }
    return damaged;
}

static void damage_file(const char *folder, const char *file, unsigned rounds,
                        GRand *rand)
{
    g_autofree char *bytes = NULL;
    gsize length;

    g_assert_true(g_file_get_contents(file, &bytes, &length, NULL));
    for (unsigned round = 0; round < rounds; round++) {
        gsize left = length;
        g_autofree char *damaged = damage(bytes, &left, rand);

        /* Without fsync(). */
        g_assert_true(g_file_set_contents_full(
            file, damaged, left, G_FILE_SET_CONTENTS_NONE, 0600, NULL));
        try_all(folder);
    }
    g_assert_true(g_file_set_contents(file, bytes, length, NULL));
}

/* Whatever the damage, an answer or an error. */
static void test_damage_in_child(gconstpointer data)
{
    g_autofree char *stream = NULL;
    char *folder = new_trace(60, &stream);
    g_autofree char *parent = g_path_get_dirname(stream);
    g_autofree char *metadata = g_build_filename(parent, "metadata", NULL);
    g_autoptr(GRand) rand = g_rand_new_with_seed(GPOINTER_TO_UINT(data));

    damage_file(folder, stream, 20, rand);
    damage_file(folder, metadata, 20, rand);
    trace_folder_remove(folder);
}

/* In a process of its own, as babeltrace2 itself may end it on data like this.
 * That would not be our fault; what our own assertions and the sanitizers say
 * would be. */
static void test_random_damage(gconstpointer data)
{
    g_autofree char *child = g_strdup_printf(
        "/trace/random-damage/%u/subprocess", GPOINTER_TO_UINT(data));

    char *folder = trace_folder_new();
    g_autofree char *before = g_strdup(g_getenv("TMPDIR"));

    /* What it leaves behind is removed here. */
    g_setenv("TMPDIR", folder, TRUE);
    g_test_trap_subprocess(child, 0, 0);
    trace_folder_remove(folder);
    if (before) {
        g_setenv("TMPDIR", before, TRUE);
    } else {
        g_unsetenv("TMPDIR");
    }
    g_test_trap_assert_stderr_unmatched("*\nERROR:*analysis*");
    /* babeltrace2 leaks on these; LeakSanitizer is not asked. */
    g_test_trap_assert_stderr_unmatched("*ERROR: AddressSanitizer*");
    g_test_trap_assert_stderr_unmatched("*runtime error*");
    if (!g_test_trap_has_passed()) {
        g_atomic_int_inc(&ended_inside);
        g_test_message("seed %u: ended inside babeltrace2",
                       GPOINTER_TO_UINT(data));
    }
}

int main(int argc, char **argv)
{
    const char *seeds = g_getenv(SEEDS_VARIABLE);
    unsigned last = seeds ? g_ascii_strtoull(seeds, NULL, 10) : SEEDS;
    int result;

    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/trace/not-there", test_not_there);
    g_test_add_func("/trace/empty-folder", test_empty_folder);
    g_test_add_func("/trace/not-ctf", test_not_ctf);
    g_test_add_func("/trace/metadata-packets", test_metadata_packets);
    g_test_add_func("/trace/foreign", test_foreign);
    g_test_add_func("/trace/cut-off", test_cut_off);
    for (unsigned seed = 1; seed <= last; seed++) {
        g_autofree char *path =
            g_strdup_printf("/trace/random-damage/%u", seed);
        g_autofree char *child = g_strconcat(path, "/subprocess", NULL);

        g_test_add_data_func(path, GUINT_TO_POINTER(seed), test_random_damage);
        g_test_add_data_func(child, GUINT_TO_POINTER(seed),
                             test_damage_in_child);
    }
    result = g_test_run();
    if (ended_inside) {
        g_print("# note: babeltrace2 itself aborted on %d of %u damaged "
                "traces\n",
                ended_inside, last);
    }
    return result;
}
