/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <scsi/sg_unaligned.h>

#include "changer-command.h"

enum {
    OP_INITIALIZE_ELEMENT_STATUS = 0x07,
    OP_READ_ELEMENT_STATUS = 0xb8,
};

#define HEADER_BYTES 8 /* SMC-3 table 24, and table 25: of a page */
#define TAG_BYTES 36   /* SMC-3 table 30: volume identifier and number */
#define VOLUME_BYTES 32
#define VOLTAG (1 << 4)
#define DVCID (1 << 0)
#define PVOLTAG (1 << 7)
#define AVOLTAG (1 << 6)
#define FULL (1 << 0)
#define DESCRIPTOR_BYTES 12 /* what each has: up to the source address */

const char *changer_element_name(ElementType type)
{
    static const char *const names[] = {
        [ELEMENT_ALL] = "all",
        [ELEMENT_TRANSPORT] = "transport",
        [ELEMENT_STORAGE] = "storage",
        [ELEMENT_IMPORT_EXPORT] = "import/export",
        [ELEMENT_DRIVE] = "drive",
    };

    return names[type];
}

void changer_initialize(Command *command)
{
    command_set_cdb(command, OP_INITIALIZE_ELEMENT_STATUS, 6, DATA_NONE);
    command->length = 0;
    command->pieces = NULL;
    command->n_pieces = 0;
}

void changer_read_elements(Command *command, ElementType type, gboolean drives,
                           uint32_t length)
{
    g_assert(length < 1 << 24);
    command_set_cdb(command, OP_READ_ELEMENT_STATUS, 12, DATA_IN);
    command->cdb[1] = VOLTAG | type;
    sg_put_unaligned_be16(0, command->cdb + 2);      /* from the first */
    sg_put_unaligned_be16(0xffff, command->cdb + 4); /* as many as there are */
    command->cdb[6] = drives ? DVCID : 0;
    sg_put_unaligned_be24(length, command->cdb + 7);
    command->length = length;
}

uint64_t changer_report_bytes(const uint8_t *data)
{
    return HEADER_BYTES + sg_get_unaligned_be24(data + 5);
}

static void element_free(gpointer data)
{
    Element *element = data;

    g_free(element->volume);
    g_free(element->identifier);
    g_free(element);
}

/* SMC-3 tables 27 to 35: what is alike in the descriptors of all types. */
static Element *read_descriptor(const uint8_t *data, unsigned length,
                                ElementType type, uint8_t flags)
{
    Element *element = g_new0(Element, 1);
    unsigned at = DESCRIPTOR_BYTES, n;

    element->type = type;
    element->address = sg_get_unaligned_be16(data);
    element->full = data[2] & FULL;
    if (flags & PVOLTAG && at + TAG_BYTES <= length) {
        element->volume = command_ascii(data + at, VOLUME_BYTES);
        at += TAG_BYTES;
    }
    if (flags & AVOLTAG) {
        at += TAG_BYTES;
    }
    if (at + 4 <= length) {
        n = MIN(data[at + 3], length - at - 4);
        element->identifier = command_ascii(data + at + 4, n);
    }
    element->volume = element->volume ? element->volume : g_strdup("");
    element->identifier =
        element->identifier ? element->identifier : g_strdup("");
    return element;
}

GPtrArray *changer_elements(const uint8_t *data, uint64_t length)
{
    g_autoptr(GPtrArray) elements =
        g_ptr_array_new_with_free_func(element_free);
    uint64_t at = HEADER_BYTES;

    if (length < HEADER_BYTES) {
        return NULL;
    }
    length = MIN(length, changer_report_bytes(data));
    while (at + HEADER_BYTES <= length) {
        unsigned type = data[at];
        uint8_t flags = data[at + 1];
        unsigned each = sg_get_unaligned_be16(data + at + 2);
        uint64_t end = at + HEADER_BYTES + sg_get_unaligned_be24(data + at + 5);

        if (type == ELEMENT_ALL || type >= ELEMENT_TYPE__END ||
            (each < DESCRIPTOR_BYTES && end > at + HEADER_BYTES)) {
            return NULL;
        }
        for (at += HEADER_BYTES; at < end && at + each <= length; at += each) {
            g_ptr_array_add(elements,
                            read_descriptor(data + at, each, type, flags));
        }
        at = end;
    }
    return g_steal_pointer(&elements);
}
