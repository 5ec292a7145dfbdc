/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <scsi/sg_unaligned.h>
#include <string.h>

#include "ask.h"
#include "log-pages.h"
#include "medium.h"
#include "tape-command.h"

#define PAGE_BYTES 1024 /* TapeAlert has 324, others less */
#define SUPPORTED 0x00

/* SPC-4 table 373, SBC-4 table 219, SSC-3 table 87; 1Bh and 32h: IBM and HP
 * LTO. */
static const uint8_t wanted[] = {
    0x02, /* errors of WRITE */
    0x03, /* errors of READ */
    0x05, /* errors of VERIFY */
    0x0c, /* sequential-access device: bytes on both sides */
    0x0d, /* temperature */
    0x1b, /* data compression */
    0x2e, /* TapeAlert */
    0x2f, /* informational exceptions */
    0x32, /* data compression, of older drives */
};

JsonObject *log_page_parameters(const uint8_t *data, unsigned length,
                                uint8_t page)
{
    g_autoptr(JsonObject) parameters = json_object_new();
    unsigned end, at;

    if (length < 4 || (data[0] & 0x3f) != page) {
        return NULL;
    }
    end = 4 + sg_get_unaligned_be16(data + 2);
    if (end > length) {
        return NULL;
    }
    for (at = 4; at + 4 <= end; at += 4 + data[at + 3]) {
        unsigned bytes = data[at + 3], i;
        uint64_t value = 0;
        char name[8];

        if (at + 4 + bytes > end) {
            return NULL;
        }
        for (i = 0; i < bytes; i++) {
            value = value << 8 | data[at + 4 + i];
        }
        /* JSON's integers here have 63 bits. */
        if (bytes >= 1 && bytes <= 8 && value <= G_MAXINT64) {
            g_snprintf(name, sizeof(name), "%04x",
                       sg_get_unaligned_be16(data + at));
            json_object_set_int_member(parameters, name, value);
        }
    }
    return g_steal_pointer(&parameters);
}

/* Page @page into the memory of ask_data(); *@there: the drive has it. */
static gboolean read_page(Initiator *initiator, uint8_t page, gboolean *there,
                          GError **error)
{
    Completion completion = {0};
    Command command = {0};

    tape_log_sense(&command, page, PAGE_BYTES);
    if (!ask(initiator, &command, &completion, error)) {
        return FALSE;
    }
    *there = ask_answered(&completion);
    return TRUE;
}

static gboolean is_supported(const uint8_t *list, uint8_t page)
{
    unsigned n = MIN(sg_get_unaligned_be16(list + 2), PAGE_BYTES - 4);

    return memchr(list + 4, page, n) != NULL;
}

/* What stands for a disk has none. */
static gboolean may_log(const TargetCaps *caps)
{
    return caps->medium == &medium_tape   ? caps->tape & TAPE_LOGS
           : caps->medium == &medium_disk ? caps->kernel_sgio
                                          : FALSE;
}

gboolean log_pages_read(const Target *target, Initiator *initiator,
                        JsonArray **pages, GError **error)
{
    g_autoptr(JsonArray) array = json_array_new();
    uint8_t list[PAGE_BYTES];
    gboolean there;

    *pages = NULL;
    if (!may_log(&target->caps)) {
        return TRUE;
    }
    if (!read_page(initiator, SUPPORTED, &there, error)) {
        return FALSE;
    }
    if (!there) {
        return TRUE;
    }
    memcpy(list, ask_data(initiator), sizeof(list));
    for (unsigned i = 0; i < G_N_ELEMENTS(wanted); i++) {
        JsonObject *parameters, *page;

        if (!is_supported(list, wanted[i])) {
            continue;
        }
        if (!read_page(initiator, wanted[i], &there, error)) {
            return FALSE;
        }
        parameters = there ? log_page_parameters(ask_data(initiator),
                                                 PAGE_BYTES, wanted[i])
                           : NULL;
        if (!parameters) {
            continue;
        }
        page = json_object_new();
        json_object_set_int_member(page, "page", wanted[i]);
        json_object_set_object_member(page, "parameters", parameters);
        json_array_add_object_element(array, page);
    }
    *pages = g_steal_pointer(&array);
    return TRUE;
}
