/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <scsi/sg_unaligned.h>
#include <string.h>

#include "ask.h"
#include "cartridge.h"
#include "changer-command.h"
#include "device.h"

#define OP_READ_ATTRIBUTE 0x8c
#define ATTRIBUTE_BYTES 4096
#define MEDIUM_SERIAL 0x0401 /* SPC-4 table 390 */
#define BARCODE 0x0806       /* SPC-4 table 392 */
#define TYPE_CHANGER 8       /* SPC-4 table 144 */
#define ELEMENTS_BYTES 4096  /* most libraries' drives; tgt has no more */
#define ELEMENTS_MAX (512 << 10)

/* ---- the cartridge's memory ---- */

/* SPC-4 6.15.2 and 7.4.1: identifier, format and length, then the value. */
char *cartridge_attribute(const uint8_t *data, uint64_t length, unsigned id)
{
    uint64_t at = 4, end;

    if (length < 4) {
        return NULL;
    }
    end = MIN(length, 4 + (uint64_t)sg_get_unaligned_be32(data));
    while (at + 5 <= end) {
        unsigned n = sg_get_unaligned_be16(data + at + 3);

        if (at + 5 + n > end) {
            return NULL;
        }
        if (sg_get_unaligned_be16(data + at) == id) {
            return command_ascii(data + at + 5, n);
        }
        at += 5 + n;
    }
    return NULL;
}

/* The attribute, or "" if there is none; the caller's. */
static gboolean read_attribute(Initiator *initiator, unsigned id, char **text,
                               GError **error)
{
    Completion completion = {0};
    Command command = {0};

    /* Service action 0, ATTRIBUTE VALUES, from @id on. */
    command_set_cdb(&command, OP_READ_ATTRIBUTE, 16, DATA_IN);
    sg_put_unaligned_be16(id, command.cdb + 8);
    sg_put_unaligned_be32(ATTRIBUTE_BYTES, command.cdb + 10);
    command.length = ATTRIBUTE_BYTES;
    if (!ask(initiator, &command, &completion, error)) {
        return FALSE;
    }
    *text = ask_answered(&completion)
                ? cartridge_attribute(ask_data(initiator), ATTRIBUTE_BYTES, id)
                : NULL;
    if (!*text) {
        *text = g_strdup("");
    }
    return TRUE;
}

/* ---- changers ---- */

/* What the identifier of a drive's element ends with is the drive's serial
 * number: alone, or behind vendor and product (SPC-4 7.8.6.4). */
static gboolean is_drive(const Element *element, const char *serial)
{
    return element->type == ELEMENT_DRIVE &&
           g_str_has_suffix(element->identifier, serial);
}

static GPtrArray *read_drives(Initiator *initiator)
{
    uint64_t length = ELEMENTS_BYTES;

    for (;;) {
        Completion completion = {0};
        Command command = {0};
        uint64_t all;

        changer_read_elements(&command, ELEMENT_DRIVE, TRUE, length);
        if (!ask(initiator, &command, &completion, NULL) ||
            !ask_answered(&completion)) {
            return NULL;
        }
        all = changer_report_bytes(ask_data(initiator));
        if (all <= length || length == ELEMENTS_MAX) {
            return changer_elements(ask_data(initiator), length);
        }
        length = MIN(all, ELEMENTS_MAX);
    }
}

/* The volume tag that @changer has for the drive @serial; NULL if it does not
 * know the drive, or can't be asked. */
static char *ask_changer(RunContext *context, const Device *changer,
                         const char *serial)
{
    static const TargetKind nobody = {.name = "changer"};
    static const InitiatorNeeds needs = {.arena_size = ELEMENTS_MAX};
    Target target = {
        .kind = &nobody,
        .name = changer->sg,
        .device = changer->sg,
        .read_only = TRUE,
    };
    g_autoptr(Initiator) initiator = NULL;
    g_autoptr(GPtrArray) elements = NULL;

    initiator = initiator_sgio.open(context, &target, NULL, &needs, NULL);
    elements = initiator ? read_drives(initiator) : NULL;
    for (unsigned i = 0; elements && i < elements->len; i++) {
        const Element *element = g_ptr_array_index(elements, i);

        if (is_drive(element, serial)) {
            return g_strdup(element->full ? element->volume : "");
        }
    }
    return NULL;
}

static void ask_changers(RunContext *context, const Target *target,
                         Cartridge *cartridge)
{
    g_autoptr(GPtrArray) devices = device_list("", NULL);

    for (unsigned i = 0; devices && i < devices->len; i++) {
        const Device *device = g_ptr_array_index(devices, i);
        char *volume;

        if (device->type != TYPE_CHANGER || !device->sg) {
            continue;
        }
        volume = ask_changer(context, device, target->serial);
        if (volume) {
            g_free(cartridge->barcode);
            g_free(cartridge->teller);
            cartridge->barcode = volume;
            cartridge->teller = g_strdup_printf("the changer %s", device->sg);
            return;
        }
    }
}

/* ---- both ---- */

gboolean cartridge_read(RunContext *context, const Target *target,
                        Initiator *initiator, Cartridge *cartridge,
                        GError **error)
{
    cartridge_clear(cartridge);
    if (!read_attribute(initiator, BARCODE, &cartridge->barcode, error) ||
        !read_attribute(initiator, MEDIUM_SERIAL, &cartridge->serial, error)) {
        return FALSE;
    }
    cartridge->teller = g_strdup("its memory");
    if (!cartridge_known(cartridge) && target->serial[0]) {
        ask_changers(context, target, cartridge);
    }
    return TRUE;
}

gboolean cartridge_known(const Cartridge *cartridge)
{
    return cartridge->barcode[0] || cartridge->serial[0];
}

gboolean cartridge_is(const Cartridge *cartridge, const char *name)
{
    return name[0] && (g_str_equal(name, cartridge->barcode) ||
                       g_str_equal(name, cartridge->serial));
}

char *cartridge_text(const Cartridge *cartridge)
{
    return g_strdup_printf("%s (says %s)",
                           cartridge->barcode[0] ? cartridge->barcode
                                                 : cartridge->serial,
                           cartridge->teller);
}

void cartridge_clear(Cartridge *cartridge)
{
    g_clear_pointer(&cartridge->barcode, g_free);
    g_clear_pointer(&cartridge->serial, g_free);
    g_clear_pointer(&cartridge->teller, g_free);
}
