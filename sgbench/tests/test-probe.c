/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The search for a limit, and who is to blame for it; without a device. */
#include <errno.h>
#include <glib.h>
#include <string.h>

#include "sgbench/error.h"
#include "sgbench/probe-blame.h"
#include "sgbench/probe-search.h"

/* A device that takes what @takes says. */
typedef struct FakeDevice {
    gboolean (*takes)(uint64_t value);
    uint64_t unit, most, fails_at;
    unsigned asked;
    gboolean nervous; /* refuses everything the first time */
    GHashTable *seen;
} FakeDevice;

static ProbeAnswer ask_device(void *opaque, uint64_t value, GError **error)
{
    FakeDevice *device = opaque;

    device->asked++;
    g_assert_cmpuint(value % device->unit, ==, 0);
    g_assert_cmpuint(value, >=, device->unit);
    g_assert_cmpuint(value, <=, device->most);
    if (device->fails_at && value >= device->fails_at) {
        g_set_error(error, SGBENCH_ERROR, SGBENCH_ERROR_TARGET, "gone");
        return PROBE_FAILED;
    }
    if (device->nervous &&
        g_hash_table_add(device->seen, GSIZE_TO_POINTER(value))) {
        return PROBE_REFUSED;
    }
    return device->takes(value) ? PROBE_WORKS : PROBE_REFUSED;
}

static ProbeFound find(FakeDevice *device)
{
    g_autoptr(GError) error = NULL;
    ProbeFound found;

    g_assert_true(probe_search(ask_device, device, device->unit, device->most,
                               &found, &error));
    g_assert_no_error(error);
    return found;
}

static gboolean takes_all(uint64_t value)
{
    return TRUE;
}

static gboolean takes_nothing(uint64_t value)
{
    return FALSE;
}

static gboolean takes_up_to_odd(uint64_t value)
{
    return value <= 777777;
}

/* What an HBA that wants whole pages above 64 KiB does. */
static gboolean takes_pages(uint64_t value)
{
    return value <= 65536 || (value % 4096 == 0 && value <= 1 << 20);
}

/* One size in the middle is not liked, just below the limit. */
static gboolean takes_not_one(uint64_t value)
{
    return value != 777776 && value <= 777777;
}

static void test_all(void)
{
    FakeDevice device = {.takes = takes_all, .unit = 512, .most = 1 << 20};
    ProbeFound found = find(&device);

    g_assert_cmpuint(found.works, ==, 1 << 20);
    g_assert_cmpuint(found.largest, ==, 1 << 20);
    g_assert_cmpuint(found.refused, ==, 0);
    g_assert_cmpuint(found.gaps, ==, 0);
}

static void test_nothing(void)
{
    FakeDevice device = {.takes = takes_nothing, .unit = 512, .most = 1 << 20};
    ProbeFound found = find(&device);

    g_assert_cmpuint(found.works, ==, 0);
    g_assert_cmpuint(found.largest, ==, 0);
    g_assert_cmpuint(found.refused, ==, 512);
}

static void test_limit(void)
{
    FakeDevice device = {
        .takes = takes_up_to_odd, .unit = 1, .most = (1 << 24) - 1};
    ProbeFound found = find(&device);

    g_assert_cmpuint(found.works, ==, 777777);
    g_assert_cmpuint(found.refused, ==, 777778);
    g_assert_cmpuint(found.largest, ==, 777777);
    g_assert_cmpuint(found.gaps, ==, 0);
    /* A ladder, a bisection and the neighbours, not everything. */
    g_assert_cmpuint(device.asked, <, 200);
}

static void test_unit(void)
{
    FakeDevice device = {
        .takes = takes_up_to_odd, .unit = 512, .most = 16 << 20};
    ProbeFound found = find(&device);

    g_assert_cmpuint(found.works, ==, 777777 / 512 * 512);
    g_assert_cmpuint(found.refused, ==, 777777 / 512 * 512 + 512);
}

static void test_gaps(void)
{
    FakeDevice device = {.takes = takes_pages, .unit = 1, .most = 4 << 20};
    ProbeFound found = find(&device);

    g_assert_cmpuint(found.works, ==, 65536);
    g_assert_cmpuint(found.refused, ==, 65537);
    g_assert_cmpuint(found.largest, ==, 1 << 20);
    g_assert_cmpuint(found.gaps, >, 0);
}

/* Only the neighbours of the limit show this one. */
static void test_neighbour(void)
{
    FakeDevice device = {.takes = takes_not_one, .unit = 1, .most = 4 << 20};
    ProbeFound found = find(&device);

    g_assert_cmpuint(found.works, ==, 777775);
    g_assert_cmpuint(found.refused, ==, 777776);
    g_assert_cmpuint(found.largest, ==, 777777);
    g_assert_cmpuint(found.gaps, ==, 1);
}

static void test_unsteady(void)
{
    FakeDevice device = {.takes = takes_up_to_odd,
                         .unit = 512,
                         .most = 1 << 20,
                         .nervous = TRUE,
                         .seen = g_hash_table_new(NULL, NULL)};
    ProbeFound found = find(&device);

    g_assert_cmpuint(found.works, ==, 777777 / 512 * 512);
    g_assert_cmpuint(found.unsteady, >, 0);
    g_hash_table_unref(device.seen);
}

static void test_failure(void)
{
    FakeDevice device = {
        .takes = takes_all, .unit = 512, .most = 1 << 20, .fails_at = 65536};
    g_autoptr(GError) error = NULL;
    ProbeFound found;

    g_assert_false(probe_search(ask_device, &device, device.unit, device.most,
                                &found, &error));
    g_assert_error(error, SGBENCH_ERROR, SGBENCH_ERROR_TARGET);
    g_assert_cmpuint(found.works, ==, 65536 - 512);
}

/* ---- who refused it ---- */

/* A kernel's device: an HBA with 2048 segments, 512 KiB set of 1 MiB. */
static Probe a_device(void)
{
    return (Probe){
        .hba = &hba_virtio_scsi,
        .kernel_sgio = TRUE,
        .limits =
            {
                .max_bytes = 512 << 10,
                .max_hw_bytes = 1 << 20,
                .segments = DEVICE_UNKNOWN,
                .host_segments = 128,
            },
    };
}

static void assert_blamed(const ProbeFacts *facts, ProbeLayer layer,
                          const char *evidence, const char *remedy)
{
    ProbeLimit limit = {};

    probe_blame(facts, &limit);
    g_test_message("%s: %s; %s", probe_layer_name(limit.layer), limit.evidence,
                   limit.remedy);
    g_assert_cmpstr(probe_layer_name(limit.layer), ==, probe_layer_name(layer));
    if (evidence) {
        g_assert_nonnull(strstr(limit.evidence, evidence));
        g_assert_null(strchr(limit.evidence, '\n'));
    }
    if (remedy) {
        g_assert_nonnull(strstr(limit.remedy, remedy));
    }
    g_free(limit.evidence);
    g_free(limit.remedy);
}

/* What an errno of the native path says depends on the limits of the host. */
static void test_errno(void)
{
    Probe device = a_device();
    Completion completion = {};
    ProbeFacts facts = {
        .probe = &device,
        .path = path_find("native"),
        .completion = &completion,
    };

    completion.transport = EIO;
    facts.refused = (512 << 10) + 512;
    /* not by max_sectors_kb, 512, which is not for passthrough */
    assert_blamed(&facts, PROBE_DRIVER, "the block layer refused", "smaller");
    facts.refused = (1 << 20) + 512;
    assert_blamed(&facts, PROBE_HOST_HBA, "max_hw_sectors_kb", "module");

    completion.transport = EINVAL;
    facts.refused = 508 << 10;
    assert_blamed(&facts, PROBE_DRIVER, "EINVAL", "smaller");
    facts.refused = 600 << 10;
    assert_blamed(&facts, PROBE_HOST_HBA, "sg_tablesize", "mpt3sas");

    facts.quantity = PROBE_PIECES;
    facts.refused = 1025;
    assert_blamed(&facts, PROBE_DRIVER, "UIO_MAXIOV", NULL);
    facts.refused = 129;
    assert_blamed(&facts, PROBE_HOST_HBA, "sg_tablesize", NULL);

    /* A tape's queue has no limits in /sys, its HBA takes 4096 segments. */
    device.limits.max_hw_bytes = device.limits.segments = DEVICE_UNKNOWN;
    device.limits.host_segments = 4096;
    facts.quantity = PROBE_READ;
    facts.refused = (8 << 20) + 1;
    assert_blamed(&facts, PROBE_DRIVER, "SG_MAX_SEGMENTS", "block size");
    device.limits.host_segments = 2048;
    assert_blamed(&facts, PROBE_HOST_HBA, "sg_tablesize", NULL);

    facts.quantity = PROBE_DEPTH;
    facts.refused = 17;
    completion.transport = EDOM;
    assert_blamed(&facts, PROBE_DRIVER, "SG_MAX_QUEUE", "cmd_per_lun");
}

/* The trace tells an answer of QEMU from one of the kernel and of the drive. */
static void test_trace(void)
{
    Probe device = a_device();
    Completion completion = {
        .status = 2,
        .sense = {0x70, 0, 5, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0x24, 0},
        .sense_length = 18,
    };
    SgbRequest request = {.result = -EIO};
    ProbeLimit native = {.tried = TRUE, .found = {.works = 1 << 30}};
    ProbeFacts facts = {
        .probe = &device,
        .path = path_find("generic-bounce"),
        .completion = &completion,
        .refused = 100 << 20,
        .request = &request,
        .traced = TRUE,
        .native = &native,
    };

    assert_blamed(&facts, PROBE_QEMU, "no scsi_sgio_submit", "no drive");
    assert_blamed(&facts, PROBE_QEMU, "without QEMU it works", NULL);

    request.stage_ns[SGB_STAGE_SUBMIT] = 1;
    request.stage_ns[SGB_STAGE_IOCTL_BEGIN] = 2;
    request.result = -ENOMEM;
    facts.refused = 508 << 10;
    assert_blamed(&facts, PROBE_DRIVER, "file_sgio_end ret -12 ENOMEM", NULL);

    request.result = 0;
    native.found = (ProbeFound){.works = 512, .refused = 508 << 10};
    assert_blamed(&facts, PROBE_DRIVE, "Illegal Request", "smaller");
    assert_blamed(&facts, PROBE_DRIVE, "the same without QEMU", NULL);

    completion.response = 9;
    assert_blamed(&facts, PROBE_HOST_HBA, "HBA response 09h", "dmesg");
    facts.broke = "QEMU was killed";
    assert_blamed(&facts, PROBE_QEMU, "QEMU was killed", "report it");
}

/* A tape says itself what it takes; what cannot be asked for is the CDB's. */
static void test_tape_blocks(void)
{
    Probe tape = a_device();
    Completion completion = {
        .status = 2,
        .sense = {0x70, 0, 5, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0x24, 0},
        .sense_length = 18,
    };
    ProbeFacts facts = {
        .probe = &tape,
        .path = path_find("native"),
        .completion = &completion,
        .refused = (2 << 20) + 1,
    };

    tape.tape = TRUE;
    tape.max_block = 2 << 20;
    assert_blamed(&facts, PROBE_DRIVE, "READ BLOCK LIMITS says so", NULL);
    facts.refused = 1 << 20;
    assert_blamed(&facts, PROBE_DRIVE, "though READ BLOCK LIMITS", "vendor");

    facts.refused = 0;
    facts.bound = (1 << 24) - 1;
    assert_blamed(&facts, PROBE_INITIATOR, "24 bits", NULL);
    facts.bound = 1 << 20; /* --up-to */
    assert_blamed(&facts, PROBE_NOBODY, NULL, NULL);
    facts.quantity = PROBE_PIECES;
    facts.path = path_find("generic-bounce");
    facts.bound = hba_virtio_scsi.max_pieces;
    assert_blamed(&facts, PROBE_HBA, "VIRTQUEUE_MAX_SIZE", "pvscsi");
}

/* @text has @part, wherever its lines end. */
static gboolean says(const char *text, const char *part)
{
    g_auto(GStrv) words = g_strsplit_set(text, " \n", -1);
    g_autoptr(GString) line = g_string_new(NULL);

    for (char **word = words; *word; word++) {
        if (**word) {
            g_string_append_printf(line, "%s ", *word);
        }
    }
    return strstr(line->str, part) != NULL;
}

/* A path that could not be probed is not one that takes less. */
static void test_untried(void)
{
    ProbePath native = {.kind = path_find("native")};
    ProbePath bounce = {.kind = path_find("generic-bounce"),
                        .problem = (char *)"no QEMU"};
    Probe tape = {.what = (char *)"tape",
                  .device = (char *)"/dev/sg1",
                  .tape = TRUE,
                  .min_block = 4,
                  .max_block = 1 << 20};
    g_autoptr(GPtrArray) paths = g_ptr_array_new();
    g_autofree char *one = NULL, *both = NULL;

    native.limits[PROBE_READ] = (ProbeLimit){
        .tried = TRUE, .bound = 8 << 20, .found = {.works = 4 << 20}};
    g_ptr_array_add(paths, &native);
    g_ptr_array_add(paths, &bounce);
    tape.paths = paths;
    one = probe_text(&tape);
    g_assert_true(says(one, "4 bytes to 1 MiB; all of it works by all that "
                            "were tried, more than it by 1 of 1"));
    g_assert_true(says(one, "gets through by native; was not tried by "
                            "generic-bounce path"));
    g_assert_false(says(one, "less by"));

    bounce.limits[PROBE_READ] = native.limits[PROBE_READ];
    bounce.limits[PROBE_READ].found.works = 65536;
    both = probe_text(&tape);
    g_assert_true(
        says(both, "; less by generic-bounce, more than it by 1 of 2"));
    g_assert_true(says(both, "gets through by native; is refused by "
                             "generic-bounce path"));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/probe/search/all", test_all);
    g_test_add_func("/probe/search/nothing", test_nothing);
    g_test_add_func("/probe/search/limit", test_limit);
    g_test_add_func("/probe/search/unit", test_unit);
    g_test_add_func("/probe/search/gaps", test_gaps);
    g_test_add_func("/probe/search/neighbour", test_neighbour);
    g_test_add_func("/probe/search/unsteady", test_unsteady);
    g_test_add_func("/probe/search/failure", test_failure);
    g_test_add_func("/probe/blame/errno", test_errno);
    g_test_add_func("/probe/blame/trace", test_trace);
    g_test_add_func("/probe/blame/tape-blocks", test_tape_blocks);
    g_test_add_func("/probe/text/untried", test_untried);
    return g_test_run();
}
