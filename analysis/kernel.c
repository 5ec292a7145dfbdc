/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the kernel does with an SG_IO, from the events of lttng-modules
 * (include/instrumentation/events/scsi.h there). They have no handle of the
 * request: the thread that is in the ioctl dispatches the command, unless the
 * device is busy, and the answer is known by its device and CDB. What another
 * thread dispatches, or where two such commands are equal, is not guessed: the
 * first one that was dispatched gets the first answer, and a request nobody saw
 * dispatched has no such stages.
 */
#include "correlate-private.h"

#include <string.h>

/* <linux/blk_types.h> has no limit; the kernel's own is 32 (MAX_COMMAND_SIZE
 * of scsi_cmnd.h). */
#define CDB_MAX 32

/* Of devices and CDBs that are in flight. */
#define COMMANDS_MAX 65536

typedef struct Command {
    const char *host;
    uint32_t address[4]; /* host_no, channel, id, lun */
    uint8_t cdb_length;
    uint8_t cdb[CDB_MAX];
    GQueue requests; /* SgbOpen * dispatched, oldest first */
} Command;

struct SgbKernel {
    GHashTable *commands; /* Command *: set */
};

static unsigned command_hash(gconstpointer data)
{
    const Command *c = data;
    unsigned h = g_direct_hash(c->host);

    for (unsigned i = 0; i < G_N_ELEMENTS(c->address); i++) {
        h = h * 31 + c->address[i];
    }
    for (unsigned i = 0; i < c->cdb_length; i++) {
        h = h * 31 + c->cdb[i];
    }
    return h;
}

static gboolean command_equal(gconstpointer a, gconstpointer b)
{
    const Command *x = a, *y = b;

    return x->host == y->host &&
           memcmp(x->address, y->address, sizeof(x->address)) == 0 &&
           x->cdb_length == y->cdb_length &&
           memcmp(x->cdb, y->cdb, x->cdb_length) == 0;
}

/* The requests themselves belong to the correlator. */
static void command_free(gpointer data)
{
    g_free(data);
}

struct SgbKernel *sgb_kernel_new(void)
{
    struct SgbKernel *k = g_new0(struct SgbKernel, 1);

    k->commands =
        g_hash_table_new_full(command_hash, command_equal, command_free, NULL);
    return k;
}

void sgb_kernel_free(struct SgbKernel *kernel)
{
    g_hash_table_unref(kernel->commands);
    g_free(kernel);
}

void sgb_kernel_forget(SgbCorrelator *c, SgbOpen *o)
{
    Command *command;

    if (!o->device_queue) {
        return;
    }
    command = (Command *)((char *)o->device_queue -
                          G_STRUCT_OFFSET(Command, requests));
    g_queue_unlink(o->device_queue, &o->device_link);
    o->device_queue = NULL;
    if (!command->requests.head) {
        g_hash_table_remove(c->kernel->commands, command);
    }
}

static gboolean read_command(const SgbEvent *e, Command *command)
{
    static const SgbField fields[] = {SGB_FIELD_HOST_NO, SGB_FIELD_CHANNEL,
                                      SGB_FIELD_ID, SGB_FIELD_LUN};

    *command = (Command){.host = e->host};
    for (unsigned i = 0; i < G_N_ELEMENTS(fields); i++) {
        if (!sgb_event_uint32(e, fields[i], &command->address[i])) {
            return FALSE;
        }
    }
    command->cdb_length = sgb_event_cdb(e, command->cdb, CDB_MAX);
    return command->cdb_length > 0;
}

static void on_dispatch(SgbCorrelator *c, const SgbEvent *e)
{
    Command key, *command;
    SgbOpen *o = NULL;
    int64_t tid;

    if (sgb_event_tid(e, &tid)) {
        o = sgb_inflight_find(&c->inflight, SGB_KEY_THREAD, e->host, 0, tid);
    }
    if (!o || !read_command(e, &key) || key.cdb[0] != o->r.opcode ||
        g_hash_table_size(c->kernel->commands) >= COMMANDS_MAX) {
        c->counts->kernel_foreign++;
        return;
    }
    /* Sent again by the kernel: the first time counts, and the last answer. */
    sgb_kernel_forget(c, o);
    if (!o->r.stage_ns[SGB_STAGE_DISPATCH]) {
        o->r.stage_ns[SGB_STAGE_DISPATCH] = e->ns;
    }
    command = g_hash_table_lookup(c->kernel->commands, &key);
    if (!command) {
        command = g_memdup2(&key, sizeof(key));
        g_queue_init(&command->requests);
        g_hash_table_add(c->kernel->commands, command);
    }
    o->device_queue = &command->requests;
    g_queue_push_tail_link(&command->requests, &o->device_link);
}

static void on_done(SgbCorrelator *c, const SgbEvent *e)
{
    Command key, *command;
    SgbOpen *o;

    if (!read_command(e, &key)) {
        return;
    }
    command = g_hash_table_lookup(c->kernel->commands, &key);
    if (!command) {
        return;
    }
    o = command->requests.head->data;
    o->r.stage_ns[SGB_STAGE_DEVICE] = e->ns;
    sgb_kernel_forget(c, o);
}

static void on_trouble(SgbCorrelator *c, const SgbEvent *e)
{
    c->counts->kernel_trouble++;
}

const SgbEventHandler sgb_kernel_handlers[] = {
    {"scsi_dispatch_cmd_start", SGB_EVENTS_KERNEL, on_dispatch},
    {"scsi_dispatch_cmd_done", SGB_EVENTS_KERNEL, on_done},
    {"scsi_dispatch_cmd_error", SGB_EVENTS_KERNEL, on_trouble},
    {"scsi_dispatch_cmd_timeout", SGB_EVENTS_KERNEL, on_trouble},
    {NULL},
};
