/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <scsi/sg_lib.h>

#include "expect.h"
#include "sgbench/error.h"
#include "transfer.h"

#define CHECK_CONDITION 2
#define UNIT_ATTENTION 6
#define ILLEGAL_REQUEST 5

/* virtio-scsi's (VIRTIO 1.2, 5.6.6.1) */
#define RESPONSE_OVERRUN 1
#define RESPONSE_FAILURE 9

typedef struct Expected {
    gboolean known;
    uint8_t response, status;
    int key; /* with CHECK CONDITION; FUZZ_ANY_KEY: whatever */
    gboolean has_resid;
    uint64_t resid;
} Expected;

int expect_sense_key(const Completion *completion)
{
    struct sg_scsi_sense_hdr header;

    return sg_scsi_normalize_sense(completion->sense, completion->sense_length,
                                   &header)
               ? header.sense_key
               : -1;
}

/* Of a host status (Linux' DID_*): virtio_scsi_command_failed(), and what our
 * driver makes of pvscsi_command_failed(). */
static uint8_t host_response(const FuzzModel *model, unsigned host)
{
    static const struct {
        unsigned host;
        uint8_t virtio, pvscsi;
    } responses[] = {{1, 12, 3}, {3, 2, 2}, {8, 4, 4}};

    for (unsigned i = 0; i < G_N_ELEMENTS(responses); i++) {
        if (responses[i].host == host) {
            return model->maps_data ? responses[i].virtio : responses[i].pvscsi;
        }
    }
    return RESPONSE_FAILURE;
}

static void set_resid(Expected *e, const FuzzModel *model, uint64_t resid)
{
    e->has_resid = TRUE;
    e->resid = resid && !model->maps_data ? RESID_UNKNOWN : resid;
}

static Expected answered(const FuzzModel *model, const FuzzAnswer *answer)
{
    return (Expected){
        .known = TRUE,
        .response = answer->host ? host_response(model, answer->host) : 0,
        .status = answer->status,
        .key = answer->status == CHECK_CONDITION ? answer->key : FUZZ_ANY_KEY,
    };
}

/* scsi-generic: null-sg's answer to the CDB. */
static Expected expect_generic(const FuzzModel *model, const Command *command,
                               const Transfer *t, const FuzzAnswer *answer)
{
    Expected e = {.known = TRUE, .key = FUZZ_ANY_KEY};
    uint64_t list = command->length;
    /* Behind virtio-scsi it transfers what the list has, not the CDB. */
    uint64_t length = model->maps_data ? list : t->bytes, moved;

    if (answer && !answer->good) {
        return answered(model, answer);
    }
    if (t->beyond) {
        e.status = CHECK_CONDITION;
        e.key = ILLEGAL_REQUEST;
    } else if (t->write && length < t->bytes) {
        e.response = RESPONSE_FAILURE; /* null_sg_covers() */
    } else if (length == 0) {
        set_resid(&e, model, 0);
    } else if (!answer || answer->executed) {
        moved = MIN(length, t->bytes);
        if (t->write) {
            moved = length; /* a WRITE's residual is not passed on */
        } else if (answer && answer->resid) {
            moved = length - MIN((uint64_t)MAX(answer->resid, 0), length);
        }
        /* scsi_read_finish() leaves it as it was if there is no data. */
        set_resid(&e, model, moved ? list - MIN(list, moved) : length);
    }
    return e;
}

/* scsi-block: dma-helpers, for the blocks that list and CDB have both
 * (scsi_do_dma()). */
static Expected expect_block(const FuzzModel *model, const Command *command,
                             const Transfer *t, const FuzzAnswer *answer)
{
    Expected e = {.known = TRUE, .key = FUZZ_ANY_KEY};
    uint64_t list = command->length;
    uint64_t length = MIN(t->bytes, list) / FUZZ_BLOCK * FUZZ_BLOCK;

    if (t->bytes > list && model->maps_data) {
        e.response =
            RESPONSE_OVERRUN; /* virtio_scsi_handle_cmd_req_prepare() */
    } else if (t->beyond) {
        e.status = CHECK_CONDITION;
        e.key = ILLEGAL_REQUEST;
    } else if (answer && !answer->good && length) {
        return answered(model, answer);
    } else {
        set_resid(&e, model, t->bytes ? MAX(t->bytes, list) - length : 0);
    }
    return e;
}

static Expected expect(const FuzzModel *model, const Command *command)
{
    Transfer t = transfer_of(command);
    const FuzzAnswer *answer =
        t.known ? transfer_answer(&t, command, model->whole_commands) : NULL;

    if (!t.known || command->direction != (t.write ? DATA_OUT : DATA_IN)) {
        return (Expected){};
    }
    return model->whole_commands ? expect_generic(model, command, &t, answer)
                                 : expect_block(model, command, &t, answer);
}

static gboolean fits(const Expected *e, const Completion *c)
{
    if (c->response != e->response || c->status != e->status) {
        return FALSE;
    }
    if (c->status == CHECK_CONDITION && e->key != FUZZ_ANY_KEY &&
        expect_sense_key(c) != e->key) {
        return FALSE;
    }
    return !e->has_resid || c->resid == e->resid;
}

static gboolean wrong(const Command *command, const Expected *e,
                      const Completion *c, GError **error)
{
    Transfer t = transfer_of(command);
    g_autofree char *is = completion_text(c);
    g_autoptr(GString) text = g_string_new(NULL);

    g_string_append_printf(text, "response %u, status %02Xh", e->response,
                           e->status);
    if (e->key != FUZZ_ANY_KEY) {
        g_string_append_printf(text, ", sense key %Xh", e->key);
    }
    if (e->has_resid && e->resid == RESID_UNKNOWN) {
        g_string_append(text, ", a residual");
    } else if (e->has_resid) {
        g_string_append_printf(text, ", residual %" G_GUINT64_FORMAT, e->resid);
    }
    g_set_error(error, SGBENCH_ERROR, SGBENCH_ERROR_DATA,
                "WRONG ANSWER in area %u to %s: %s; expected %s", t.area,
                t.write ? "a WRITE" : "a READ", is, text->str);
    return FALSE;
}

/* Why a command to a disk behind AHCI fails; NULL: it doesn't. */
static const char *raw_failure(const Command *command)
{
    Transfer t = transfer_of(command);

    return t.bytes == 0                ? NULL
           : t.beyond                  ? "beyond the end"
           : t.bytes > command->length ? "the list is too short"
           : fuzz_raw_fails(t.lba, t.bytes / FUZZ_BLOCK) ? "a block that fails"
                                                         : NULL;
}

/* What fails behind AHCI ends all that is under way: known is what becomes of a
 * step that has nothing such, or but one command. */
static gboolean check_raw(const FuzzStep *step, const Completion *completions,
                          GError **error)
{
    const char *why = NULL;

    if (step->reset != HBA_RESET__COUNT) {
        return TRUE;
    }
    for (unsigned i = 0; i < step->commands->len; i++) {
        const FuzzCommand *c = step->commands->pdata[i];

        if (c->aborted || !transfer_of(&c->command).known ||
            c->command.direction == DATA_NONE) {
            return TRUE;
        }
        why = why ? why : raw_failure(&c->command);
    }
    if (why && step->commands->len > 1) {
        return TRUE;
    }
    for (unsigned i = 0; i < step->commands->len; i++) {
        const FuzzCommand *c = step->commands->pdata[i];
        Expected e = {.key = FUZZ_ANY_KEY, .status = why ? CHECK_CONDITION : 0};

        if (!fits(&e, &completions[i])) {
            return wrong(&c->command, &e, &completions[i], error);
        }
    }
    return TRUE;
}

/* A reset was to be told of, and this does so. With virtio-scsi QEMU has another
 * command for that, whose length is that of the CDB (scsi_req_new()). */
static gboolean tells_of_reset(const FuzzModel *model, const Command *command,
                               const Completion *completion)
{
    if (completion->response) {
        return model->maps_data && completion->response == RESPONSE_OVERRUN &&
               transfer_of(command).bytes > command->length;
    }
    return completion->status == CHECK_CONDITION &&
           expect_sense_key(completion) == UNIT_ATTENTION;
}

gboolean expect_check(FuzzModel *model, const FuzzStep *step,
                      const Completion *completions, GError **error)
{
    gboolean told = FALSE;

    if (model->raw) {
        return check_raw(step, completions, error);
    }
    if (step->reset != HBA_RESET__COUNT) {
        model->attention = TRUE;
        return TRUE;
    }
    for (unsigned i = 0; i < step->commands->len; i++) {
        const FuzzCommand *c = step->commands->pdata[i];
        Expected e = expect(model, &c->command);

        if (!e.known || c->aborted) {
            continue;
        }
        told = told || completions[i].response != RESPONSE_OVERRUN;
        if (model->attention &&
            tells_of_reset(model, &c->command, &completions[i])) {
            continue;
        }
        if (!fits(&e, &completions[i])) {
            return wrong(&c->command, &e, &completions[i], error);
        }
    }
    if (told) {
        model->attention = FALSE;
    }
    return TRUE;
}

gboolean expect_same(const Command *command, const Completion *first,
                     const Completion *second, GError **error)
{
    g_autofree char *one = NULL, *two = NULL;

    if (first->response == second->response &&
        first->status == second->status &&
        (first->status != CHECK_CONDITION ||
         expect_sense_key(first) == expect_sense_key(second))) {
        return TRUE;
    }
    one = completion_text(first);
    two = completion_text(second);
    g_set_error(error, SGBENCH_ERROR, SGBENCH_ERROR_DATA,
                "WRONG ANSWER to opcode %02Xh: %s; with a plain buffer: %s",
                command->cdb[0], one, two);
    return FALSE;
}
