/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "metadata.h"

#include <stdint.h>
#include <string.h>

#include "trace.h"

#define MAGIC 0x75d11d57

/* Offsets in a packet's header, of the sizes in bits; and its length. */
#define CONTENT_SIZE 24
#define PACKET_SIZE 28
#define HEADER 37

static uint32_t number_at(const char *bytes, gboolean swapped)
{
    uint32_t number;

    memcpy(&number, bytes, sizeof(number));
    return swapped ? GUINT32_SWAP_LE_BE(number) : number;
}

gboolean sgb_metadata_check(const char *folder, GError **error)
{
    g_autofree char *file = g_build_filename(folder, "metadata", NULL);
    g_autoptr(GMappedFile) map = g_mapped_file_new(file, FALSE, NULL);
    const char *bytes = map ? g_mapped_file_get_contents(map) : NULL;
    gsize length = map ? g_mapped_file_get_length(map) : 0, at = 0;
    gboolean swapped;

    if (length < sizeof(uint32_t)) {
        return TRUE;
    }
    swapped = number_at(bytes, FALSE) != MAGIC;
    if (number_at(bytes, swapped) != MAGIC) {
        return TRUE;
    }
    while (at < length) {
        gsize left = length - at, content = 0, packet = 0;

        if (left >= HEADER) {
            content = number_at(bytes + at + CONTENT_SIZE, swapped) / 8;
            packet = number_at(bytes + at + PACKET_SIZE, swapped) / 8;
        }
        if (content < HEADER || content > packet || content > left) {
            g_set_error(error, SGB_TRACE_ERROR, SGB_TRACE_ERROR_DAMAGED,
                        "%s: this trace is cut off or damaged: in its metadata "
                        "the packet at byte %" G_GSIZE_FORMAT " is not whole",
                        folder, at);
            return FALSE;
        }
        at += packet;
    }
    return TRUE;
}
