/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Medium changers and cartridges: commands, and what READ ELEMENT STATUS and a
 * cartridge's memory say. (test-safety has a library of tgt, whose tape drive
 * has no READ ATTRIBUTE: that is only tested here.)
 */
#include <glib.h>
#include <string.h>

#include "sgbench/cartridge.h"
#include "sgbench/changer-command.h"

static void test_commands(void)
{
    static const uint8_t initialize[6] = {0x07};
    static const uint8_t drives[12] = {0xb8, 0x14, 0,    0,    0xff, 0xff,
                                       0x01, 0x01, 0x02, 0x03, 0,    0};
    static const uint8_t all[12] = {0xb8, 0x10, 0, 0, 0xff, 0xff,
                                    0,    0,    2, 0, 0,    0};
    Command command = {0};

    changer_initialize(&command);
    g_assert_cmpmem(command.cdb, command.cdb_length, initialize, 6);
    g_assert_cmpint(command.direction, ==, DATA_NONE);
    changer_read_elements(&command, ELEMENT_DRIVE, TRUE, 0x010203);
    g_assert_cmpmem(command.cdb, command.cdb_length, drives, 12);
    g_assert_cmpint(command.direction, ==, DATA_IN);
    g_assert_cmpuint(command.length, ==, 0x010203);
    changer_read_elements(&command, ELEMENT_ALL, FALSE, 512);
    g_assert_cmpmem(command.cdb, command.cdb_length, all, 12);
}

/* A command is harmless only if it is known to be. */
static void test_writes(void)
{
    Command command = {0};

    changer_initialize(&command);
    g_assert_true(command_writes(&command));
    changer_read_elements(&command, ELEMENT_ALL, FALSE, 512);
    g_assert_false(command_writes(&command));
    command_test_unit_ready(&command);
    g_assert_false(command_writes(&command));
    command_read_write(&command, DATA_IN, 10, 0, 1);
    g_assert_false(command_writes(&command));
    command_read_write(&command, DATA_IN, 16, 0, 1);
    g_assert_false(command_writes(&command));
    command_read_write(&command, DATA_OUT, 10, 0, 1);
    g_assert_true(command_writes(&command));
    command_read_write(&command, DATA_OUT, 16, 0, 1);
    g_assert_true(command_writes(&command));
    command_inquiry(&command, 0x80, 252);
    g_assert_false(command_writes(&command));
    for (unsigned i = 0; i < 256; i++) {
        static const uint8_t writing[] = {
            0x04, /* FORMAT UNIT */
            0x10, /* WRITE FILEMARKS (6) */
            0x19, /* ERASE (6) */
            0x1b, /* START STOP UNIT, LOAD UNLOAD */
            0x48, /* SANITIZE */
            0x80, /* WRITE FILEMARKS (16) */
            0x93, /* ERASE (16), WRITE SAME (16) */
            0xa5, /* MOVE MEDIUM */
            0xfe, /* nobody knows */
        };

        if (memchr(writing, i, sizeof(writing))) {
            command_set_cdb(&command, i, 16, DATA_NONE);
            g_assert_true(command_writes(&command));
        }
        command_set_cdb(&command, i, 16, DATA_OUT);
        g_assert_true(command_writes(&command) ==
                      (i != 0x2f && i != 0x8f && i != 0xaf));
    }
}

/* Two pages: storage with both tags, a drive that says who it is. */
static uint8_t *report(unsigned *length)
{
    GByteArray *data = g_byte_array_new();
    static const uint8_t zero[8 + 8 + 2 * 84 + 8 + 86];
    uint8_t *p;

    g_byte_array_append(data, zero, sizeof(zero));
    p = data->data;
    p[3] = 3; /* elements */
    p[7] = 8 + 2 * 84 + 8 + 86 - 256;
    p[6] = 1;
    p += 8;
    p[0] = ELEMENT_STORAGE;
    p[1] = 0xc0; /* PVOLTAG, AVOLTAG */
    p[3] = 84;
    p[7] = 2 * 84;
    p += 8;
    p[0] = 0x04; /* element 400h, full */
    p[2] = 0x09;
    memcpy(p + 12, "ABC123L8                        ", 32);
    memcpy(p + 48, "OTHER                           ", 32);
    p += 84;
    p[0] = 0x04;
    p[1] = 0x01;
    p += 84;
    p[0] = ELEMENT_DRIVE;
    p[1] = 0x80;
    p[3] = 86;
    p[7] = 86;
    p += 8;
    p[0] = 0x01;
    p[2] = 0x01;
    memcpy(p + 12, "XYZ\001                            ", 32);
    p[48] = 2;
    p[51] = 34;
    memcpy(p + 52, "VENDOR  PRODUCT         SERIAL0001", 34);
    *length = data->len;
    return g_byte_array_free(data, FALSE);
}

static void test_elements(void)
{
    unsigned length;
    g_autofree uint8_t *data = report(&length);
    g_autoptr(GPtrArray) elements = changer_elements(data, length);
    const Element *element;

    g_assert_nonnull(elements);
    g_assert_cmpuint(changer_report_bytes(data), ==, length);
    g_assert_cmpuint(elements->len, ==, 3);
    element = elements->pdata[0];
    g_assert_cmpint(element->type, ==, ELEMENT_STORAGE);
    g_assert_cmpuint(element->address, ==, 0x400);
    g_assert_true(element->full);
    g_assert_cmpstr(element->volume, ==, "ABC123L8");
    g_assert_cmpstr(element->identifier, ==, "");
    element = elements->pdata[1];
    g_assert_cmpuint(element->address, ==, 0x401);
    g_assert_false(element->full);
    g_assert_cmpstr(element->volume, ==, "");
    element = elements->pdata[2];
    g_assert_cmpint(element->type, ==, ELEMENT_DRIVE);
    g_assert_cmpuint(element->address, ==, 0x100);
    g_assert_true(element->full);
    g_assert_cmpstr(element->volume, ==, "XYZ?");
    g_assert_cmpstr(element->identifier, ==,
                    "VENDOR  PRODUCT         SERIAL0001");
}

/* Whatever is cut off or wrong: nothing behind the end is looked at (a buffer
 * of that size, for the sanitizer), and nothing is invented. */
static void test_damaged(void)
{
    unsigned length;
    g_autofree uint8_t *data = report(&length);
    g_autoptr(GRand) random = g_rand_new_with_seed(7);

    for (unsigned n = 0; n <= length; n++) {
        g_autofree uint8_t *cut = g_memdup2(data, n);
        g_autoptr(GPtrArray) elements = changer_elements(cut, n);

        g_assert_true((n < 8) == !elements);
        if (elements) {
            g_assert_cmpuint(elements->len, ==,
                             n < 8 + 8 + 84       ? 0
                             : n < 8 + 8 + 2 * 84 ? 1
                             : n < length         ? 2
                                                  : 3);
        }
    }
    for (unsigned i = 0; i < 20000; i++) {
        g_autofree uint8_t *bad = g_memdup2(data, length);
        g_autoptr(GPtrArray) elements = NULL;

        for (unsigned j = 0; j < 3; j++) {
            bad[g_rand_int_range(random, 0, length)] = g_rand_int(random);
        }
        elements = changer_elements(bad, length);
    }
    data[8] = 0; /* no such type of a page */
    g_assert_null(changer_elements(data, length));
    data[8] = ELEMENT_STORAGE;
    data[11] = 4; /* descriptors without an address */
    g_assert_null(changer_elements(data, length));
}

/* READ ATTRIBUTE, SPC-4 7.4: a medium type (text format does not matter), a
 * serial number, a barcode that is padded. */
static void test_attributes(void)
{
    static const uint8_t data[] = "\0\0\0\x28"
                                  "\x04\x01\x81\0\x08SER 12  "
                                  "\x04\x08\x80\0\x01\0"
                                  "\x08\x06\x01\0\x10 ABC123L8       "
                                  "ignored";
    const unsigned length = sizeof(data) - 1 - strlen("ignored");
    g_autofree char *serial = cartridge_attribute(data, length, 0x0401);
    g_autofree char *barcode = cartridge_attribute(data, length, 0x0806);

    g_assert_cmpuint(length, ==, 4 + 0x28);
    g_assert_cmpstr(serial, ==, "SER 12");
    g_assert_cmpstr(barcode, ==, "ABC123L8");
    g_assert_null(cartridge_attribute(data, length, 0x0800));
    for (unsigned n = 0; n < length; n++) {
        g_autofree uint8_t *cut = g_memdup2(data, n);
        g_autofree char *text = cartridge_attribute(cut, n, 0x0806);

        g_assert_null(text); /* never the half of one */
    }
}

static void test_cartridge_names(void)
{
    Cartridge cartridge = {.barcode = (char *)"ABC123L8",
                           .serial = (char *)"S1"};
    Cartridge unknown = {.barcode = (char *)"", .serial = (char *)""};

    g_assert_true(cartridge_is(&cartridge, "ABC123L8"));
    g_assert_true(cartridge_is(&cartridge, "S1"));
    g_assert_false(cartridge_is(&cartridge, "ABC123"));
    g_assert_false(cartridge_is(&cartridge, "abc123l8"));
    g_assert_false(cartridge_is(&cartridge, ""));
    g_assert_false(cartridge_is(&unknown, ""));
    g_assert_false(cartridge_known(&unknown));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/changer/commands", test_commands);
    g_test_add_func("/changer/writes", test_writes);
    g_test_add_func("/changer/elements", test_elements);
    g_test_add_func("/changer/damaged", test_damaged);
    g_test_add_func("/cartridge/attributes", test_attributes);
    g_test_add_func("/cartridge/names", test_cartridge_names);
    return g_test_run();
}
