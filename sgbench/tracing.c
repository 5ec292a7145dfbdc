/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>
#include <lttng/lttng.h>

#include "error.h"
#include "process.h"
#include "tracing-call.h"
#include "tracing.h"

/* Event rules; the catalogue in qemu-tracepoints/README.md is what they are to
 * match, and nothing else of QEMU's hundreds of events. */
static const char *const event_rules[] = {
    "qemu:scsi_sgio_*",
    "qemu:file_sgio_*",
    "qemu:iscsi_sgio_*",
    "qemu:virtio_scsi_cmd_req",
    "qemu:virtio_scsi_cmd_resp",
    "qemu:dma_map_*",
    "qemu:dma_bounce_*",
    "qemu:scsi_req_build_sense",
    "qemu:virtio_scsi_tmf_*",
    "sgbench:*",
    NULL,
};

/* Ring buffers for each CPU. A traced cell writes at most some 10 MB, and the
 * consumer drains them meanwhile; what does not fit is counted as lost. */
#define SUBBUFFER_SIZE (1024 * 1024)
#define SUBBUFFERS 8

#define DAEMON_TIMEOUT_MS 20000
#define POLL_US 20000

struct Tracing {
    Process *daemon; /* our own, or NULL */
    char *session;   /* the one that runs, or NULL */
    gboolean stuck;  /* the daemon does not answer (tracing_call()) */
    KernelTrace kernel;
};

/* What a call needs: it may outlive its caller. */
typedef struct Order {
    char *session, *folder;
    char **rules;
    pid_t pid;
    KernelTrace kernel;
} Order;

static Order *order_new(const char *session, const char *folder)
{
    Order *order = g_new0(Order, 1);

    order->session = g_strdup(session);
    order->folder = g_strdup(folder);
    return order;
}

static void order_free(gpointer data)
{
    Order *order = data;

    g_free(order->session);
    g_free(order->folder);
    g_strfreev(order->rules);
    g_free(order);
}

/* Takes @order. */
static gboolean obey(Tracing *tracing, TracingFunction function, Order *order,
                     const char *what, GError **error)
{
    return tracing_call(function, order, order_free, what, &tracing->daemon,
                        &tracing->stuck, error);
}

static gboolean fail(GError **error, const char *what, int code)
{
    g_set_error(error, SGBENCH_ERROR, SGBENCH_ERROR_TRACE,
                "LTTng: can't %s: %s", what, lttng_strerror(code));
    return FALSE;
}

static gboolean wait_for_daemon(Tracing *tracing, GError **error)
{
    unsigned waited;

    for (waited = 0; waited < DAEMON_TIMEOUT_MS; waited += POLL_US / 1000) {
        if (lttng_session_daemon_alive() == 1) {
            return TRUE;
        }
        if (run_check_interrupted(error)) {
            return FALSE;
        }
        if (!process_running(tracing->daemon)) {
            break;
        }
        g_usleep(POLL_US);
    }
    {
        g_autofree char *how = process_obituary(tracing->daemon);
        g_set_error(error, SGBENCH_ERROR, SGBENCH_ERROR_PREFLIGHT,
                    "lttng-sessiond did not come up (%s); its log is %s", how,
                    tracing->daemon->log);
    }
    return FALSE;
}

static struct lttng_handle *handle_new(const char *session, GError **error)
{
    struct lttng_domain domain = {.type = LTTNG_DOMAIN_UST,
                                  .buf_type = LTTNG_BUFFER_PER_UID};
    struct lttng_handle *handle = lttng_create_handle(session, &domain);

    if (!handle) {
        fail(error, "make a handle", -LTTNG_ERR_NOMEM);
    }
    return handle;
}

static gboolean enable_channel(struct lttng_handle *handle, GError **error)
{
    struct lttng_channel *channel = lttng_channel_create(&handle->domain);
    int ret;

    if (!channel) {
        return fail(error, "make a channel", -LTTNG_ERR_NOMEM);
    }
    g_strlcpy(channel->name, "sgbench", sizeof(channel->name));
    channel->attr.overwrite = 0;
    channel->attr.subbuf_size = SUBBUFFER_SIZE;
    channel->attr.num_subbuf = SUBBUFFERS;
    ret = lttng_enable_channel(handle, channel);
    lttng_channel_destroy(channel);
    return ret < 0 ? fail(error, "enable a channel", ret) : TRUE;
}

/* A session that records nothing: the daemon starts its consumer with the
 * first channel. */
static gboolean try_session(gpointer data, GError **error)
{
    const Order *order = data;
    struct lttng_handle *handle;
    gboolean ok;
    int ret = lttng_create_session(order->session, order->folder);

    if (ret < 0) {
        return fail(error, "create a session", ret);
    }
    handle = handle_new(order->session, error);
    ok = handle && enable_channel(handle, error);
    if (handle) {
        lttng_destroy_handle(handle);
    }
    lttng_destroy_session(order->session);
    return ok;
}

/* Before anything is measured that would have to be traced in the end. */
static gboolean check_consumer(Tracing *tracing, const RunContext *context,
                               GError **error)
{
    g_autofree char *session =
        g_strdup_printf("sgbench-check-%d", (int)getpid());
    g_autofree char *folder =
        g_build_filename(context->temp_dir, session, NULL);

    return obey(tracing, try_session, order_new(session, folder), "trace",
                error);
}

Tracing *tracing_start(RunContext *context, KernelTrace kernel, GError **error)
{
    g_autoptr(Tracing) tracing = g_new0(Tracing, 1);
    const char *const argv[] = {
        "lttng-sessiond", kernel == KERNEL_TRACE_OFF ? "--no-kernel" : NULL,
        NULL};
    g_autofree char *log =
        g_build_filename(context->run_dir, "logs", "lttng-sessiond.log", NULL);
    ProcessSpec spec = {
        .name = "lttng-sessiond",
        .argv = argv,
        .log = log,
        .stdin_fd = -1,
    };

    tracing->kernel = kernel;
    if (lttng_session_daemon_alive() != 1) {
        if (getuid() != 0) {
            /* Root's daemon has its files in /run; a user's would go to
             * ~/.lttng. */
            g_setenv("LTTNG_HOME", context->temp_dir, TRUE);
        }
        tracing->daemon = process_start(&spec, error);
        if (!tracing->daemon || !wait_for_daemon(tracing, error)) {
            return NULL;
        }
    }
    if (!check_consumer(tracing, context, error)) {
        return NULL;
    }
    return g_steal_pointer(&tracing);
}

static gboolean drop_session(gpointer data, GError **error)
{
    const Order *order = data;

    (void)error;
    lttng_stop_tracing_no_wait(order->session);
    lttng_destroy_session_no_wait(order->session);
    return TRUE;
}

void tracing_stop(Tracing *tracing)
{
    if (!tracing) {
        return;
    }
    if (tracing->session && !tracing->stuck) {
        obey(tracing, drop_session, order_new(tracing->session, NULL),
             "end a session", NULL);
    }
    g_free(tracing->session);
    if (tracing->daemon) {
        process_stop(tracing->daemon, 10000);
    }
    g_free(tracing);
}

static gboolean add_kernel(const Order *order, GError **error)
{
    g_autoptr(GError) fault = NULL;

    if (order->kernel == KERNEL_TRACE_OFF ||
        tracing_kernel_add(order->session, &fault)) {
        return TRUE;
    }
    if (order->kernel == KERNEL_TRACE_AUTO &&
        g_error_matches(fault, SGBENCH_ERROR, SGBENCH_ERROR_PREFLIGHT)) {
        return TRUE;
    }
    g_propagate_error(error, g_steal_pointer(&fault));
    return FALSE;
}

static gboolean add_channel(struct lttng_handle *handle,
                            const char *const *rules, GError **error)
{
    struct lttng_event_context vpid = {.ctx = LTTNG_EVENT_CONTEXT_VPID};
    struct lttng_event_context vtid = {.ctx = LTTNG_EVENT_CONTEXT_VTID};
    int ret;
    size_t i;

    if (!enable_channel(handle, error)) {
        return FALSE;
    }
    ret = lttng_add_context(handle, &vpid, NULL, "sgbench");
    if (ret >= 0) {
        ret = lttng_add_context(handle, &vtid, NULL, "sgbench");
    }
    if (ret < 0) {
        return fail(error, "add the process id to events", ret);
    }
    for (i = 0; rules[i]; i++) {
        struct lttng_event *event = lttng_event_create();

        event->type = LTTNG_EVENT_TRACEPOINT;
        event->loglevel_type = LTTNG_EVENT_LOGLEVEL_ALL;
        g_strlcpy(event->name, rules[i], sizeof(event->name));
        ret = lttng_enable_event(handle, event, "sgbench");
        lttng_event_destroy(event);
        if (ret < 0) {
            return fail(error, "enable events", ret);
        }
    }
    return TRUE;
}

static gboolean follow(gpointer data, GError **error)
{
    const Order *order = data;
    struct lttng_process_attr_tracker_handle *tracker;
    enum lttng_process_attr_tracker_handle_status status;
    enum lttng_error_code code = lttng_session_get_tracker_handle(
        order->session, LTTNG_DOMAIN_UST, LTTNG_PROCESS_ATTR_VIRTUAL_PROCESS_ID,
        &tracker);

    if (code != LTTNG_OK) {
        return fail(error, "choose processes", -(int)code);
    }
    status = lttng_process_attr_tracker_handle_set_tracking_policy(
        tracker, LTTNG_TRACKING_POLICY_INCLUDE_SET);
    if (status == LTTNG_PROCESS_ATTR_TRACKER_HANDLE_STATUS_OK) {
        status = lttng_process_attr_virtual_process_id_tracker_handle_add_pid(
            tracker, order->pid);
    }
    lttng_process_attr_tracker_handle_destroy(tracker);
    if (status != LTTNG_PROCESS_ATTR_TRACKER_HANDLE_STATUS_OK &&
        status != LTTNG_PROCESS_ATTR_TRACKER_HANDLE_STATUS_EXISTS) {
        return fail(error, "choose a process", -LTTNG_ERR_INVALID);
    }
    return TRUE;
}

gboolean tracing_follow(Tracing *tracing, pid_t pid, GError **error)
{
    Order *order = order_new(tracing->session, NULL);

    order->pid = pid;
    return obey(tracing, follow, order, "choose a process", error);
}

static gboolean begin(gpointer data, GError **error)
{
    Order *order = data;
    struct lttng_handle *handle = handle_new(order->session, error);
    gboolean ok;
    int ret;

    if (!handle) {
        return FALSE;
    }
    ok = add_channel(handle, (const char *const *)order->rules, error);
    lttng_destroy_handle(handle);
    if (!ok || !follow(order, error) || !add_kernel(order, error)) {
        return FALSE;
    }
    ret = lttng_start_tracing(order->session);
    return ret < 0 ? fail(error, "start tracing", ret) : TRUE;
}

static gboolean create(gpointer data, GError **error)
{
    const Order *order = data;
    int ret = lttng_create_session(order->session, order->folder);

    return ret < 0 ? fail(error, "create a session", ret) : TRUE;
}

gboolean tracing_begin(Tracing *tracing, const char *name, const char *folder,
                       const char *const *rules, GError **error)
{
    Order *order;

    g_assert(!tracing->session);
    if (g_mkdir_with_parents(folder, 0755) < 0) {
        return sgbench_fail(error, SGBENCH_ERROR_RESULTS,
                            "%s: can't make this folder: %s", folder,
                            g_strerror(errno));
    }
    if (!obey(tracing, create, order_new(name, folder), "create a session",
              error)) {
        return FALSE;
    }
    tracing->session = g_strdup(name);
    order = order_new(name, NULL);
    order->rules = g_strdupv((char **)(rules ? rules : event_rules));
    order->pid = getpid();
    order->kernel = tracing->kernel;
    return obey(tracing, begin, order, "start tracing", error);
}

static gboolean finish(gpointer data, GError **error)
{
    const Order *order = data;
    /* Waits until the consumer has written everything. */
    int ret = lttng_stop_tracing(order->session);

    if (ret < 0 && ret != -LTTNG_ERR_TRACE_ALREADY_STOPPED) {
        lttng_destroy_session_no_wait(order->session);
        return fail(error, "stop tracing", ret);
    }
    ret = lttng_destroy_session(order->session);
    return ret < 0 ? fail(error, "destroy the session", ret) : TRUE;
}

gboolean tracing_end(Tracing *tracing, GError **error)
{
    g_autofree char *name = g_steal_pointer(&tracing->session);

    g_assert(name);
    if (tracing->stuck) {
        return sgbench_fail(error, SGBENCH_ERROR_PREFLIGHT,
                            "LTTng: can't stop tracing: lttng-sessiond does "
                            "not answer");
    }
    return obey(tracing, finish, order_new(name, NULL), "stop tracing", error);
}
