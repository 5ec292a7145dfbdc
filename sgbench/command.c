/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SCSI commands and the text of what came back. Names of status, sense keys
 * and additional sense codes come from libsgutils2's tables (T10's lists).
 * All of it may be called from any thread.
 */
#include <glib.h>
#include <stdbool.h>
#include <string.h>
#include <scsi/sg_lib.h>
#include <scsi/sg_unaligned.h>

#include "command.h"

/* Operation codes: SPC-4 table E.2, SBC-4 table E.1. */
enum {
    OP_TEST_UNIT_READY = 0x00,
    OP_INQUIRY = 0x12,
    OP_READ_6 = 0x08,
    OP_WRITE_6 = 0x0a,
    OP_READ_10 = 0x28,
    OP_WRITE_10 = 0x2a,
    OP_READ_12 = 0xa8,
    OP_WRITE_12 = 0xaa,
    OP_READ_16 = 0x88,
    OP_WRITE_16 = 0x8a,
    OP_SERVICE_ACTION_IN_16 = 0x9e,
};

enum {
    SA_READ_CAPACITY_16 = 0x10, /* SBC-4 5.20 */
    STATUS_GOOD = 0x00,         /* SAM-5 5.3.1 */
    STATUS_CHECK_CONDITION = 0x02,
    STATUS_RESERVATION_CONFLICT = 0x18,
};

/*
 * Whether everything arrived: no errno of the host, no complaint of the HBA,
 * status GOOD and no residual. A short transfer is not good: every command
 * that is measured asks for what it means to get.
 */
gboolean completion_good(const Completion *completion)
{
    return !completion->transport && !completion->response &&
           completion->status == STATUS_GOOD && !completion->resid;
}

/* VIRTIO 1.2, 5.6.6.1: the response byte. */
static const char *response_name(uint8_t response)
{
    static const char *const names[] = {
        "OK",
        "OVERRUN",
        "ABORTED",
        "BAD TARGET",
        "RESET",
        "BUSY",
        "TRANSPORT FAILURE",
        "TARGET FAILURE",
        "NEXUS FAILURE",
        "FAILURE",
    };

    return response < G_N_ELEMENTS(names) ? names[response] : "unknown";
}

static void append_sense(GString *text, const Completion *completion)
{
    /* What libsgutils2 puts in front of the codes it knows. */
    static const char prefix[] = "Additional sense: ";
    struct sg_scsi_sense_hdr header;
    char key[80], code[160];
    const char *name = code;
    bool filemark = false, eom = false, ili = false;

    if (!sg_scsi_normalize_sense(completion->sense, completion->sense_length,
                                 &header)) {
        g_string_append(text, ", no sense data");
        return;
    }
    sg_get_sense_key_str(header.sense_key, sizeof(key), key);
    sg_get_asc_ascq_str(header.asc, header.ascq, sizeof(code), code);
    if (g_str_has_prefix(code, prefix)) {
        name = code + strlen(prefix);
    }
    g_string_append_printf(text, ", sense %xh/%02xh/%02xh %s: %s",
                           header.sense_key, header.asc, header.ascq, key,
                           name);
    /* Of a tape they may be all that is said (SSC-3 4.2.6). */
    sg_get_sense_filemark_eom_ili(completion->sense, completion->sense_length,
                                  &filemark, &eom, &ili);
    g_string_append_printf(text, "%s%s%s", filemark ? ", FILEMARK" : "",
                           eom ? ", EOM" : "", ili ? ", ILI" : "");
}

/*
 * One line for people, to be freed by the caller. A host errno hides
 * everything else, because then nothing else counts; a complaint of the HBA
 * hides the status, which is not valid with it.
 */
char *completion_text(const Completion *completion)
{
    GString *text = g_string_new(NULL);
    char status[80];

    if (completion->transport) {
        g_string_printf(text, "not sent: %s (errno %d)",
                        g_strerror(completion->transport),
                        completion->transport);
        return g_string_free(text, FALSE);
    }
    if (completion->response) {
        g_string_printf(text, "HBA response %02xh %s", completion->response,
                        response_name(completion->response));
        return g_string_free(text, FALSE);
    }

    sg_get_scsi_status_str(completion->status, sizeof(status), status);
    for (char *p = status; *p; p++) {
        *p = g_ascii_toupper(*p); /* as SAM writes them */
    }
    g_string_printf(text, "status %02xh %s", completion->status, status);
    if (completion->status == STATUS_CHECK_CONDITION) {
        append_sense(text, completion);
    } else if (completion->status == STATUS_RESERVATION_CONFLICT) {
        g_string_append(text, ": another host has reserved it; sg_persist -r "
                              "tells how, and it has to release it");
    }
    if (completion->resid == RESID_UNKNOWN) {
        g_string_append(text, ", not all transferred");
    } else if (completion->resid) {
        g_string_append_printf(text,
                               ", %" G_GUINT64_FORMAT " bytes not transferred",
                               completion->resid);
    }
    return g_string_free(text, FALSE);
}

char *command_ascii(const uint8_t *data, unsigned length)
{
    char *text = g_strndup((const char *)data, length);

    for (char *p = text; *p; p++) {
        *p = g_ascii_isprint(*p) ? *p : '?';
    }
    return g_strstrip(text);
}

/* SPC-4 table D.2: those without data to the device that leave all as it is.
 * REWIND, SPACE and LOCATE move a tape, but write nothing. */
gboolean command_writes(const Command *command)
{
    static const uint8_t harmless[] = {
        0x00, /* TEST UNIT READY */
        0x01, /* REWIND */
        0x03, /* REQUEST SENSE */
        0x05, /* READ BLOCK LIMITS */
        0x08, /* READ (6) */
        0x11, /* SPACE (6) */
        0x12, /* INQUIRY */
        0x1a, /* MODE SENSE (6) */
        0x25, /* READ CAPACITY (10) */
        0x28, /* READ (10) */
        0x2b, /* LOCATE (10) of a tape */
        0x2f, /* VERIFY (10) */
        0x34, /* READ POSITION; PRE-FETCH (10) of a disk */
        0x35, /* SYNCHRONIZE CACHE (10): what was written already */
        0x4d, /* LOG SENSE */
        0x5a, /* MODE SENSE (10) */
        0x5e, /* PERSISTENT RESERVE IN */
        0x88, /* READ (16) */
        0x8c, /* READ ATTRIBUTE */
        0x8f, /* VERIFY (16) */
        0x91, /* SYNCHRONIZE CACHE (16) */
        0x9e, /* SERVICE ACTION IN (16) */
        0xa0, /* REPORT LUNS */
        0xa3, /* MAINTENANCE IN */
        0xa8, /* READ (12) */
        0xaf, /* VERIFY (12) */
        0xb8, /* READ ELEMENT STATUS */
    };

    return command->direction == DATA_OUT
               ? (command->cdb[0] != 0x2f && command->cdb[0] != 0x8f &&
                  command->cdb[0] != 0xaf) /* VERIFY with BYTCHK */
               : !memchr(harmless, command->cdb[0], sizeof(harmless));
}

void command_set_cdb(Command *command, uint8_t opcode, unsigned length,
                     DataDirection direction)
{
    g_assert(length <= sizeof(command->cdb));
    memset(command->cdb, 0, sizeof(command->cdb));
    command->cdb[0] = opcode;
    command->cdb_length = length;
    command->direction = direction;
}

/*
 * SBC-4 5.16 READ (10), 5.17 READ (12), 5.18 READ (16), 5.44 WRITE (10), 5.45
 * WRITE (12), 5.46 WRITE (16); SBC-3 5.13 READ (6), 5.37 WRITE (6). The length
 * in bytes and the pieces are the caller's: only it knows the block size.
 */
void command_read_write(Command *command, DataDirection direction, int cdb_size,
                        uint64_t lba, uint32_t blocks)
{
    bool write = direction == DATA_OUT;

    g_assert(direction != DATA_NONE);
    switch (cdb_size) {
    case 6:
        g_assert(lba < 1 << 21 && blocks > 0 && blocks <= 256);
        command_set_cdb(command, write ? OP_WRITE_6 : OP_READ_6, 6, direction);
        sg_put_unaligned_be24(lba, command->cdb + 1);
        command->cdb[4] = blocks & 0xff;
        return;
    case 10:
        g_assert(lba <= UINT32_MAX && blocks <= UINT16_MAX);
        command_set_cdb(command, write ? OP_WRITE_10 : OP_READ_10, 10,
                        direction);
        sg_put_unaligned_be32(lba, command->cdb + 2);
        sg_put_unaligned_be16(blocks, command->cdb + 7);
        return;
    case 12:
        g_assert(lba <= UINT32_MAX);
        command_set_cdb(command, write ? OP_WRITE_12 : OP_READ_12, 12,
                        direction);
        sg_put_unaligned_be32(lba, command->cdb + 2);
        sg_put_unaligned_be32(blocks, command->cdb + 6);
        return;
    default:
        g_assert(cdb_size == 16);
        command_set_cdb(command, write ? OP_WRITE_16 : OP_READ_16, 16,
                        direction);
        sg_put_unaligned_be64(lba, command->cdb + 2);
        sg_put_unaligned_be32(blocks, command->cdb + 10);
    }
}

/* @length is the allocation length and becomes the command's; the pieces are
 * the caller's. EVPD and page code: SPC-4 6.6.1. */
void command_inquiry(Command *command, int page, uint16_t length)
{
    command_set_cdb(command, OP_INQUIRY, 6, DATA_IN);
    if (page >= 0) {
        command->cdb[1] = 1;
        command->cdb[2] = page;
    }
    sg_put_unaligned_be16(length, command->cdb + 3);
    command->length = length;
}

/* @length as for command_inquiry. */
void command_read_capacity_16(Command *command, uint32_t length)
{
    command_set_cdb(command, OP_SERVICE_ACTION_IN_16, 16, DATA_IN);
    command->cdb[1] = SA_READ_CAPACITY_16;
    sg_put_unaligned_be32(length, command->cdb + 10);
    command->length = length;
}

/* No data: clears length and pieces. */
void command_test_unit_ready(Command *command)
{
    command_set_cdb(command, OP_TEST_UNIT_READY, 6, DATA_NONE);
    command->length = 0;
    command->pieces = NULL;
    command->n_pieces = 0;
}
