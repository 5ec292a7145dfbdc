/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SG_IO as it is built and read, against a stand-in for the kernel. */
#include <errno.h>
#include <glib.h>
#include <scsi/sg.h>
#include <string.h>

#include "sgbench/cartridge.h"
#include "sgbench/context.h"
#include "sgbench/error.h"
#include "sgbench/initiator.h"
#include "sgbench/load-list.h"
#include "sgbench/target.h"
#include "sgbench/tests/sgio-stand-in.h"

static Initiator *open_initiator(void)
{
    static RunContext context;
    static Target target = {.name = (char *)"t", .device = (char *)"/dev/null"};
    GError *error = NULL;
    Initiator *initiator =
        initiator_sgio.open(&context, &target, NULL,
                            &(InitiatorNeeds){.arena_size = 65536}, &error);

    g_assert_no_error(error);
    return initiator;
}

#define READ_8                       \
    {                                \
        0x28, 0, 0, 0, 0, 7, 0, 0, 8 \
    }

/* Send a READ (10) of 8 blocks from 7 with @n pieces, expecting @list. */
static gboolean send_read(const ExpectedSgio *list, unsigned n,
                          Completion *completion, char *data, GError **error)
{
    g_autoptr(Initiator) initiator = open_initiator();
    /* out of order, and with a hole in between */
    Piece pieces[] = {{8192, 4096 - (n == 2 ? 1024 : 0)}, {0, 1024}};
    Command command = {.length = 4096, .pieces = pieces, .n_pieces = n};
    gboolean ok;

    sgio_stand_in_expect(list, 1);
    command_read_write(&command, DATA_IN, 10, 7, 8);
    ok = initiator_send(initiator, &command, completion, error);
    sgio_stand_in_check();
    if (data) {
        memcpy(data, initiator->arena.base + 8192, 4);
    }
    return ok;
}

static void test_plain_pointer(void)
{
    static const ExpectedSgio list = {
        .cdb = READ_8,
        .cdb_length = 10,
        .direction = SG_DXFER_FROM_DEV,
        .length = 4096,
        .iovecs = 0,
        .info = SG_INFO_DIRECT_IO,
        .data = "data",
    };
    Completion completion = {0};
    GError *error = NULL;
    char data[4];

    g_assert_true(send_read(&list, 1, &completion, data, &error));
    g_assert_true(completion_good(&completion));
    g_assert_true(completion.dio);
    g_assert_cmpmem(data, 4, "data", 4);
    g_assert_cmpuint(completion.done_ns, >=, completion.posted_ns);
}

static void test_iovec(void)
{
    static const ExpectedSgio list = {
        .cdb = READ_8,
        .cdb_length = 10,
        .direction = SG_DXFER_FROM_DEV,
        .length = 4096,
        .iovecs = 2,
        .info = SG_INFO_MIXED_IO,
        .resid = 512,
    };
    Completion completion = {0};
    GError *error = NULL;

    g_assert_true(send_read(&list, 2, &completion, NULL, &error));
    g_assert_false(completion.dio);
    g_assert_cmpuint(completion.resid, ==, 512);
    g_assert_false(completion_good(&completion));
}

static void test_sense(void)
{
    static const uint8_t sense[] = {0x70, 0, 3, 0,    0, 0, 0, 10, 0,
                                    0,    0, 0, 0x11, 0, 0, 0, 0,  0};
    static const ExpectedSgio list = {
        .cdb = READ_8,
        .cdb_length = 10,
        .direction = SG_DXFER_FROM_DEV,
        .length = 4096,
        .status = 2,
        .sense = sense,
        .sense_length = sizeof(sense),
        .resid = -512,
    };
    Completion completion = {0};
    g_autofree char *text = NULL;
    GError *error = NULL;

    g_assert_true(send_read(&list, 1, &completion, NULL, &error));
    g_assert_cmpuint(completion.sense_length, ==, sizeof(sense));
    g_assert_cmpuint(completion.resid, ==, 0); /* negative: overrun */
    text = completion_text(&completion);
    g_assert_cmpstr(text, ==,
                    "status 02h CHECK CONDITION, sense 3h/11h/00h "
                    "Medium Error: Unrecovered read error");
}

/* The host adapter's own trouble, as QEMU's virtio-scsi would put it. */
static void test_host_status(void)
{
    static const struct {
        uint16_t host;
        uint8_t response;
    } cases[] = {{0x01, 3}, {0x02, 5}, {0x03, 2}, {0x05, 2}, {0x07, 9},
                 {0x08, 4}, {0x0e, 6}, {0x10, 7}, {0x11, 8}, {0x99, 9}};

    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        ExpectedSgio list = {
            .cdb = READ_8,
            .cdb_length = 10,
            .direction = SG_DXFER_FROM_DEV,
            .length = 4096,
            .host_status = cases[i].host,
        };
        Completion completion = {0};
        GError *error = NULL;

        g_assert_true(send_read(&list, 1, &completion, NULL, &error));
        g_assert_cmpuint(completion.response, ==, cases[i].response);
        g_assert_false(completion_good(&completion));
    }
}

/* Errnos that blame the command are the load's, others end the drive. */
static void test_errno(void)
{
    static const struct {
        int failure;
        gboolean fatal;
    } cases[] = {{EINVAL, FALSE}, {ENOMEM, FALSE}, {EDOM, FALSE},
                 {EIO, FALSE},    {ENODEV, TRUE},  {ENXIO, TRUE},
                 {EPERM, TRUE},   {ENOTTY, TRUE}};

    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        ExpectedSgio list = {
            .cdb = READ_8,
            .cdb_length = 10,
            .direction = SG_DXFER_FROM_DEV,
            .length = 4096,
            .failure = cases[i].failure,
        };
        Completion completion = {0};
        g_autoptr(GError) error = NULL;
        gboolean ok = send_read(&list, 1, &completion, NULL, &error);

        g_assert_cmpint(ok, ==, !cases[i].fatal);
        if (cases[i].fatal) {
            g_assert_error(error, SGBENCH_ERROR, SGBENCH_ERROR_TARGET);
            g_assert_nonnull(strstr(error->message, "/dev/null"));
        } else {
            g_assert_cmpint(completion.transport, ==, cases[i].failure);
        }
    }
}

static void test_write_and_none(void)
{
    static const ExpectedSgio list[] = {
        {.cdb = {0x8a, 0, 0, 0, 0, 1, 2, 3, 4, 5, 0, 0, 0, 1},
         .cdb_length = 16,
         .direction = SG_DXFER_TO_DEV,
         .length = 512,
         .sent = "out"},
        {.cdb = {0}, .cdb_length = 6, .direction = SG_DXFER_NONE},
    };
    g_autoptr(Initiator) initiator = open_initiator();
    Piece piece = {512, 512};
    Command command = {.length = 512, .pieces = &piece, .n_pieces = 1};
    Completion completion = {0};
    GError *error = NULL;

    memcpy(initiator->arena.base + 512, "out", 3);
    sgio_stand_in_expect(list, G_N_ELEMENTS(list));
    command_read_write(&command, DATA_OUT, 16, UINT64_C(0x0102030405), 1);
    g_assert_true(initiator_send(initiator, &command, &completion, &error));
    command_test_unit_ready(&command);
    g_assert_true(initiator_send(initiator, &command, &completion, &error));
    sgio_stand_in_check();
}

/* A thousand commands on every slot. */
static void test_depth(void)
{
    enum {
        N = 1000
    };
    g_autofree ExpectedSgio *list = g_new0(ExpectedSgio, N);
    g_autofree Command *commands = g_new0(Command, N);
    g_autofree Completion *completions = g_new0(Completion, N);
    g_autoptr(Initiator) initiator = open_initiator();
    g_autoptr(LoadList) load = load_list_new(commands, completions, N, 16);
    InitiatorCost cost = {0};
    GError *error = NULL;

    for (unsigned i = 0; i < N; i++) {
        list[i].cdb_length = 6;
        list[i].direction = SG_DXFER_NONE;
        command_test_unit_ready(&commands[i]);
    }
    sgio_stand_in_expect(list, N);
    g_assert_true(
        initiator->kind->drive(initiator, load_list_load(load), &cost, &error));
    sgio_stand_in_check();
    g_assert_cmpuint(load_list_completed(load), ==, N);
    g_assert_cmpuint(cost.cpu_ns, >, 0);
}

/* A drive that knows nothing of cartridges' memories. */
static void test_no_attributes(void)
{
    static const uint8_t sense[] = {0x70, 0, 5, 0,    0, 0, 0, 10, 0,
                                    0,    0, 0, 0x20, 0, 0, 0, 0,  0};
    static const ExpectedSgio list[] = {
        {
            .cdb = {0x8c, [8] = 0x08, 0x06, [12] = 0x10},
            .cdb_length = 16,
            .direction = SG_DXFER_FROM_DEV,
            .length = 4096,
            .status = 2,
            .sense = sense,
            .sense_length = sizeof(sense),
        },
        {
            .cdb = {0x8c, [8] = 0x04, 0x01, [12] = 0x10},
            .cdb_length = 16,
            .direction = SG_DXFER_FROM_DEV,
            .length = 4096,
            .status = 2,
            .sense = sense,
            .sense_length = sizeof(sense),
        },
    };
    Target target = {.name = (char *)"t", .serial = (char *)""};
    g_autoptr(Initiator) initiator = open_initiator();
    g_auto(Cartridge) cartridge = {};
    RunContext context = {};
    GError *error = NULL;

    sgio_stand_in_expect(list, G_N_ELEMENTS(list));
    g_assert_true(
        cartridge_read(&context, &target, initiator, &cartridge, &error));
    g_assert_no_error(error);
    sgio_stand_in_check();
    g_assert_false(cartridge_known(&cartridge));
}

/* A command that may write to a target that must not be written to. */
static void test_read_only(void)
{
    g_autoptr(Initiator) initiator = open_initiator();
    Completion completion = {0};
    Command command = {0};
    GError *error = NULL;

    initiator->read_only = TRUE;
    sgio_stand_in_expect(NULL, 0);
    command_set_cdb(&command, 0x10, 6, DATA_NONE); /* WRITE FILEMARKS */
    g_assert_false(initiator_send(initiator, &command, &completion, &error));
    g_assert_error(error, SGBENCH_ERROR, SGBENCH_ERROR_INTERNAL);
    g_clear_error(&error);
    sgio_stand_in_check();
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/sgio/plain-pointer", test_plain_pointer);
    g_test_add_func("/sgio/iovec", test_iovec);
    g_test_add_func("/sgio/sense", test_sense);
    g_test_add_func("/sgio/host-status", test_host_status);
    g_test_add_func("/sgio/errno", test_errno);
    g_test_add_func("/sgio/write-and-none", test_write_and_none);
    g_test_add_func("/sgio/depth", test_depth);
    g_test_add_func("/sgio/no-attributes", test_no_attributes);
    g_test_add_func("/sgio/read-only", test_read_only);
    return g_test_run();
}
