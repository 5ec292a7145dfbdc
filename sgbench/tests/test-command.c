/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <glib.h>
#include <string.h>

#include "sgbench/command.h"
#include "sgbench/load-list.h"

static void assert_cdb(const Command *command, const uint8_t *cdb, unsigned n)
{
    g_assert_cmpmem(command->cdb, command->cdb_length, cdb, n);
}

/* Against the tables of SBC-4 5.16, 5.18, 5.20, 5.44, 5.46, SPC-4 6.6. */
static void test_cdbs(void)
{
    static const uint8_t read_10[] = {0x28, 0, 1, 2, 3, 4, 0, 5, 6, 0};
    static const uint8_t write_10[] = {0x2a, 0, 1, 2, 3, 4, 0, 5, 6, 0};
    static const uint8_t read_16[] = {0x88, 0, 1, 2,  3,  4,  5, 6,
                                      7,    8, 9, 10, 11, 12, 0, 0};
    static const uint8_t write_16[] = {0x8a, 0, 1, 2,  3,  4,  5, 6,
                                       7,    8, 9, 10, 11, 12, 0, 0};
    static const uint8_t read_6[] = {0x08, 0x1f, 2, 3, 0, 0};
    static const uint8_t write_6[] = {0x0a, 0x01, 2, 3, 4, 0};
    static const uint8_t read_12[] = {0xa8, 0, 1, 2, 3, 4, 5, 6, 7, 8, 0, 0};
    static const uint8_t write_12[] = {0xaa, 0, 1, 2, 3, 4, 5, 6, 7, 8, 0, 0};
    static const uint8_t inquiry[] = {0x12, 0, 0, 1, 2, 0};
    static const uint8_t page[] = {0x12, 1, 0x80, 0, 252, 0};
    static const uint8_t capacity[] = {0x9e, 0x10, 0, 0, 0, 0,  0, 0,
                                       0,    0,    0, 0, 0, 32, 0, 0};
    static const uint8_t ready[6];
    Command command;

    memset(&command, 0xff, sizeof(command));
    command_read_write(&command, DATA_IN, 10, 0x01020304, 0x0506);
    assert_cdb(&command, read_10, 10);
    g_assert_cmpint(command.direction, ==, DATA_IN);
    command_read_write(&command, DATA_OUT, 10, 0x01020304, 0x0506);
    assert_cdb(&command, write_10, 10);
    g_assert_cmpint(command.direction, ==, DATA_OUT);
    command_read_write(&command, DATA_IN, 16, 0x0102030405060708, 0x090a0b0c);
    assert_cdb(&command, read_16, 16);
    command_read_write(&command, DATA_OUT, 16, 0x0102030405060708, 0x090a0b0c);
    assert_cdb(&command, write_16, 16);
    command_read_write(&command, DATA_IN, 6, 0x1f0203, 256);
    assert_cdb(&command, read_6, 6);
    command_read_write(&command, DATA_OUT, 6, 0x010203, 4);
    assert_cdb(&command, write_6, 6);
    command_read_write(&command, DATA_IN, 12, 0x01020304, 0x05060708);
    assert_cdb(&command, read_12, 12);
    command_read_write(&command, DATA_OUT, 12, 0x01020304, 0x05060708);
    assert_cdb(&command, write_12, 12);
    command_inquiry(&command, -1, 0x0102);
    assert_cdb(&command, inquiry, 6);
    g_assert_cmpuint(command.length, ==, 0x0102);
    command_inquiry(&command, 0x80, 252);
    assert_cdb(&command, page, 6);
    command_read_capacity_16(&command, 32);
    assert_cdb(&command, capacity, 16);
    g_assert_cmpuint(command.length, ==, 32);
    command_test_unit_ready(&command);
    assert_cdb(&command, ready, 6);
    g_assert_cmpint(command.direction, ==, DATA_NONE);
    g_assert_cmpuint(command.length, ==, 0);
}

static void test_text(void)
{
    static const struct {
        Completion completion;
        const char *text;
        gboolean good;
    } cases[] = {
        {{0}, "status 00h GOOD", TRUE},
        {{.resid = 5}, "status 00h GOOD, 5 bytes not transferred", FALSE},
        {{.status = 0x28}, "status 28h TASK SET FULL", FALSE},
        {{.status = 2}, "status 02h CHECK CONDITION, no sense data", FALSE},
        {{.status = 2,
          .sense_length = 18,
          .sense = {0x70, 0, 3, [7] = 10, [12] = 0x11}},
         "status 02h CHECK CONDITION, sense 3h/11h/00h Medium Error: "
         "Unrecovered read error",
         FALSE},
        {{.status = 2, .sense_length = 8, .sense = {0x72, 5, 0x24, 0}},
         "status 02h CHECK CONDITION, sense 5h/24h/00h Illegal Request: "
         "Invalid field in cdb",
         FALSE},
        {{.status = 2, .sense_length = 8, .sense = {0x72, 5, 0x7f, 0x77}},
         "status 02h CHECK CONDITION, sense 5h/7fh/77h Illegal Request: "
         "ASC=7f, ASCQ=77 (hex)",
         FALSE},
        {{.response = 9}, "HBA response 09h FAILURE", FALSE},
        {{.response = 77}, "HBA response 4dh unknown", FALSE},
        {{.transport = EDOM, .status = 2},
         "not sent: Numerical argument out of domain (errno 33)",
         FALSE},
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text = completion_text(&cases[i].completion);

        g_assert_cmpstr(text, ==, cases[i].text);
        g_assert_cmpint(completion_good(&cases[i].completion), ==,
                        cases[i].good);
    }
}

/* Three commands in two slots that come back out of order. */
static void test_list(void)
{
    Command commands[3] = {0};
    Completion completions[3] = {0};
    g_autoptr(LoadList) list = load_list_new(commands, completions, 3, 2);
    Load *load = load_list_load(list);

    g_assert_cmpuint(load->depth, ==, 2);
    g_assert_true(load->next(load, 0) == &commands[0]);
    g_assert_true(load->next(load, 1) == &commands[1]);
    g_assert_true(
        load->done(load, 1, &commands[1], &(Completion){.status = 8}));
    g_assert_true(load->next(load, 1) == &commands[2]);
    g_assert_null(load->next(load, 1));
    g_assert_cmpuint(load_list_completed(list), ==, 1);
    g_assert_true(
        load->done(load, 0, &commands[0], &(Completion){.status = 2}));
    g_assert_true(load->done(load, 1, &commands[2], &(Completion){.resid = 3}));
    g_assert_cmpuint(load_list_completed(list), ==, 3);
    g_assert_cmpuint(completions[0].status, ==, 2);
    g_assert_cmpuint(completions[1].status, ==, 8);
    g_assert_cmpuint(completions[2].resid, ==, 3);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/command/cdbs", test_cdbs);
    g_test_add_func("/command/text", test_text);
    g_test_add_func("/command/list", test_list);
    return g_test_run();
}
