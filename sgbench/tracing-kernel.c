/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdlib.h>
#include <lttng/lttng.h>

#include "error.h"
#include "tracing-kernel.h"

#define CHANNEL "sgbench-kernel"

/* Commands on their way to and from the device; and the block layer's, for
 * whoever wants to look: they do not say whose command it was. */
static const char *const events[] = {
    "scsi_dispatch_cmd_start",   "scsi_dispatch_cmd_error",
    "scsi_dispatch_cmd_timeout", "scsi_dispatch_cmd_done",
    "block_rq_insert",           "block_rq_issue",
    "block_rq_complete",
};

static gboolean fail(GError **error, const char *what, int code)
{
    g_set_error(error, SGBENCH_ERROR, SGBENCH_ERROR_TRACE,
                "LTTng: can't %s: %s", what, lttng_strerror(code));
    return FALSE;
}

/* The session daemon has a kernel tracer, and it has SCSI's events. */
static gboolean check_tracer(struct lttng_handle *handle, GError **error)
{
    struct lttng_event *list = NULL;
    int count = lttng_list_tracepoints(handle, &list), i;
    gboolean found = FALSE;

    for (i = 0; i < count; i++) {
        found |= g_str_equal(list[i].name, events[0]);
    }
    free(list);
    if (!found) {
        g_set_error(error, SGBENCH_ERROR, SGBENCH_ERROR_PREFLIGHT,
                    "the kernel can't be traced here (%s): install "
                    "lttng-modules-dkms and run as root, or set "
                    "trace-kernel=auto",
                    count < 0 ? lttng_strerror(count)
                              : "it has no scsi_dispatch_cmd_start");
    }
    return found;
}

static gboolean add_events(struct lttng_handle *handle, GError **error)
{
    /* What the threads of a UST trace are found by. */
    struct lttng_event_context tid = {.ctx = LTTNG_EVENT_CONTEXT_TID};
    struct lttng_channel *channel = lttng_channel_create(&handle->domain);
    size_t i;
    int ret;

    if (!channel) {
        return fail(error, "make a channel", -LTTNG_ERR_NOMEM);
    }
    g_strlcpy(channel->name, CHANNEL, sizeof(channel->name));
    ret = lttng_enable_channel(handle, channel);
    lttng_channel_destroy(channel);
    if (ret >= 0) {
        ret = lttng_add_context(handle, &tid, NULL, CHANNEL);
    }
    for (i = 0; ret >= 0 && i < G_N_ELEMENTS(events); i++) {
        struct lttng_event *event = lttng_event_create();

        event->type = LTTNG_EVENT_TRACEPOINT;
        event->loglevel_type = LTTNG_EVENT_LOGLEVEL_ALL;
        g_strlcpy(event->name, events[i], sizeof(event->name));
        ret = lttng_enable_event(handle, event, CHANNEL);
        lttng_event_destroy(event);
    }
    return ret < 0 ? fail(error, "enable the kernel's events", ret) : TRUE;
}

gboolean tracing_kernel_add(const char *session, GError **error)
{
    struct lttng_domain domain = {.type = LTTNG_DOMAIN_KERNEL,
                                  .buf_type = LTTNG_BUFFER_GLOBAL};
    struct lttng_handle *handle = lttng_create_handle(session, &domain);
    gboolean ok;

    if (!handle) {
        return fail(error, "make a handle", -LTTNG_ERR_NOMEM);
    }
    ok = check_tracer(handle, error) && add_events(handle, error);
    lttng_destroy_handle(handle);
    return ok;
}
