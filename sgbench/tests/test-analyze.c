/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `sgbench analyze` itself: folders, what is none, and a live session of a real
 * lttng-relayd. */
#include <gio/gio.h>
#include <json-glib/json-glib.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>
#include <lttng/lttng.h>

#include "analysis/tests/piped.h"
#include "analysis/tests/trace-writer.h"
#include "sgbench/context.h"
#include "sgbench/tempdir.h"
#include "sgbench/tracing.h"
#include "sgbench/ust.h"

#define LIVE_REQUESTS 50
#define LIVE_TIMER_US 100000

/* Of the first packet's size, behind magic number, UUID and two 64-bit numbers
 * (of the stream). */
#define PACKET_SIZE_OFFSET (4 + 16 + 2 * 8)

/* Start `sgbench analyze` with arguments up to NULL. */
static GSubprocess *start(const char *first, va_list ap)
{
    GPtrArray *argv = g_ptr_array_new_with_free_func(g_free);

    g_ptr_array_add(
        argv, g_test_build_filename(G_TEST_BUILT, "sgbench", "sgbench", NULL));
    g_ptr_array_add(argv, g_strdup("analyze"));
    return piped_start(argv, first, ap);
}

static GSubprocess *start_one(const char *first, ...)
{
    GSubprocess *process;
    va_list ap;

    va_start(ap, first);
    process = start(first, ap);
    va_end(ap);
    return process;
}

static int finish(GSubprocess *process, char **out, char **err)
{
    g_autoptr(GError) error = NULL;

    g_assert_true(
        g_subprocess_communicate_utf8(process, NULL, NULL, out, err, &error));
    g_assert_no_error(error);
    g_assert_true(g_subprocess_get_if_exited(process));
    return g_subprocess_get_exit_status(process);
}

/* Exit code @code, and a message of one line with @message in it. */
static void check(int code, const char *message, const char *first, ...)
{
    g_autoptr(GSubprocess) process = NULL;
    g_autofree char *out = NULL, *err = NULL;
    va_list ap;

    va_start(ap, first);
    process = start(first, ap);
    va_end(ap);
    g_assert_cmpint(finish(process, &out, &err), ==, code);
    g_test_message("%s", err);
    g_assert_true(g_str_has_prefix(err, "sgbench: "));
    g_assert_nonnull(strstr(err, message));
    g_assert_cmpint(strchr(err, '\n')[1], ==, '\0');
}

static void add_request(TraceWriter *w, uint64_t t, unsigned tag)
{
    trace_writer_add(w, t, 1, "qemu:virtio_scsi_cmd_req", "tag=%u cmd=0x28",
                     tag);
    trace_writer_add(w, t + 500, 1, "qemu:virtio_scsi_cmd_resp", "tag=%u", tag);
}

static char *make_trace(const char *host, uint64_t t)
{
    g_autoptr(TraceWriter) w = trace_writer_new(host);
    char *folder = trace_folder_new();
    g_autofree char *path = g_build_filename(folder, "t", NULL);

    for (unsigned i = 0; i < 100; i++) {
        add_request(w, t + i * 1000, i);
        if (i % 10 == 0) {
            trace_writer_packet(w);
        }
    }
    trace_writer_write(w, path);
    return folder;
}

static int64_t json_requests(const char *text)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(JsonNode) root = json_from_string(text, &error);

    g_assert_no_error(error);
    return json_object_get_int_member(json_node_get_object(root), "requests");
}

/* The 100 requests of make_trace() are all there. */
static void check_whole(const char *folder)
{
    g_autoptr(GSubprocess) process =
        start_one("--format", "json", folder, NULL);
    g_autofree char *out = NULL, *err = NULL;

    g_assert_cmpint(finish(process, &out, &err), ==, 0);
    g_assert_cmpint(json_requests(out), ==, 100);
    g_assert_cmpstr(err, ==, "");
}

/* What is in the output's file stays if there is nothing to write, and goes if
 * there is. */
static void test_output_file(void)
{
    g_autofree char *folder = make_trace("alpha", 1000);
    g_autofree char *trace = g_build_filename(folder, "t", NULL);
    g_autofree char *file = g_build_filename(folder, "out", NULL);
    g_autofree char *big = g_strnfill(1000000, 'x');
    g_autofree char *text = NULL, *out = NULL, *err = NULL;
    g_autoptr(GSubprocess) process = NULL;
    gsize length;

    g_assert_true(g_file_set_contents(file, big, -1, NULL));
    check(10, "can't open this trace", "--format", "csv", "-o", file,
          "/nonexistent", NULL);
    g_assert_true(g_file_get_contents(file, &text, NULL, NULL));
    g_assert_cmpstr(text, ==, big);
    process = start_one("--format", "json", "-o", file, trace, NULL);
    g_assert_cmpint(finish(process, &out, &err), ==, 0);
    g_free(text);
    g_assert_true(g_file_get_contents(file, &text, &length, NULL));
    g_assert_cmpuint(strlen(text), ==, length);
    g_assert_cmpint(json_requests(text), ==, 100);
    trace_folder_remove(g_steal_pointer(&folder));
}

static void test_usage(void)
{
    check(2, "which trace?", NULL);
    check(2, "view: vew: must be", "--view", "vew", "/tmp", NULL);
    check(2, "there is no such parameter", "--format", "csv", "--view", "top",
          "/tmp", NULL);
    check(2, "--format takes", "--format", "xml", "/tmp", NULL);
    check(2, "--from can be given once", "--from", "+1", "--from", "+2", "/tmp",
          NULL);
    check(2, "--interval takes", "--interval", "-1", "/tmp", NULL);
}

static void test_bad_traces(void)
{
    g_autoptr(TraceWriter) w = trace_writer_new("alpha");
    char *empty = trace_folder_new(), *foreign = trace_folder_new();
    char *cut = make_trace("alpha", 1000);
    g_autofree char *path = g_build_filename(foreign, "t", NULL);
    g_autofree char *stream = trace_folder_stream(cut);
    g_autofree char *bytes = NULL;
    gsize length;

    trace_writer_declare(w, "sched_switch", "next:u");
    trace_writer_add(w, 1, 1, "sched_switch", "next=4");
    trace_writer_write(w, path);
    g_assert_true(g_file_get_contents(stream, &bytes, &length, NULL));
    g_assert_true(g_file_set_contents(stream, bytes, length / 2 + 100, NULL));

    check(10, "No such file", "/nonexistent", NULL);
    check(10, "not a trace", empty, NULL);
    check(10, "without any event", foreign, NULL);
    check(10, "cut off or damaged", cut, NULL);
    /* Nobody listens there. */
    check(10, "net://127.0.0.1:1: no answer", "net://127.0.0.1:1", NULL);
    check(10, "can't be followed", "net://127.0.0.1:1/host/h/s", NULL);
    trace_folder_remove(empty);
    trace_folder_remove(foreign);
    trace_folder_remove(cut);
}

/* What babeltrace2 does not survive: one bit of a packet's size that makes it
 * negative, one of the metadata that takes the clock's frequency away. */
static void test_crashes(void)
{
    char *folder = make_trace("alpha", 1000);
    g_autofree char *stream = trace_folder_stream(folder);
    g_autofree char *metadata = g_build_filename(folder, "t", "metadata", NULL);
    g_autofree char *prefix = g_strconcat("sgbench: ", folder, ": ", NULL);
    g_autofree char *file = g_build_filename(folder, "out", NULL);
    g_autofree char *bytes = NULL, *text = NULL, *out = NULL;
    gsize length, text_length;
    char *frequency;

    g_assert_true(g_file_get_contents(stream, &bytes, &length, NULL));
    bytes[PACKET_SIZE_OFFSET + 7] ^= 0x80;
    g_assert_true(g_file_set_contents(stream, bytes, length, NULL));
    check(10, "gave up on (signal 6, Aborted)", folder, NULL);
    check(10, prefix, "--format", "csv", folder, NULL);

    g_assert_true(g_file_set_contents(file, "before", -1, NULL));
    check(10, "gave up on (signal 6, Aborted)", "-o", file, folder, NULL);
    g_assert_true(g_file_get_contents(file, &out, NULL, NULL));
    g_assert_cmpstr(out, ==, "before");

    bytes[PACKET_SIZE_OFFSET + 7] ^= 0x80;
    g_assert_true(g_file_set_contents(stream, bytes, length, NULL));
    check_whole(folder);
    g_assert_true(g_file_get_contents(metadata, &text, &text_length, NULL));
    frequency = strstr(text, "freq =");
    g_assert_nonnull(frequency);
    frequency[1] ^= 0x40;
    g_assert_true(g_file_set_contents(metadata, text, text_length, NULL));
    check(10, "gave up on (signal 8, Floating point exception)", folder, NULL);
    trace_folder_remove(g_steal_pointer(&folder));
}

/* Two hosts at once, whose tags are the same. */
static void test_hosts(void)
{
    char *a = make_trace("alpha", 1000), *b = make_trace("beta", 1200);
    g_autoptr(GSubprocess) process = start_one("--format", "json", a, b, NULL);
    g_autofree char *out = NULL, *err = NULL;

    g_assert_cmpint(finish(process, &out, &err), ==, 0);
    g_assert_cmpint(json_requests(out), ==, 200);
    g_assert_nonnull(strstr(out, "\"alpha\""));
    g_assert_nonnull(strstr(out, "\"beta\""));
    check(9, "No space left", "-o", "/dev/full", a, NULL);
    check(9, "can't write", "-o", "/nonexistent/x", a, NULL);
    trace_folder_remove(a);
    trace_folder_remove(b);
}

/* A port that is free now. */
static unsigned free_port(void)
{
    g_autoptr(GSocketListener) listener = g_socket_listener_new();
    unsigned port = g_socket_listener_add_any_inet_port(listener, NULL, NULL);

    g_assert_cmpuint(port, >, 0);
    g_socket_listener_close(listener);
    return port;
}

/* Until somebody listens at @port. */
static void wait_for_port(unsigned port)
{
    g_autoptr(GSocketClient) client = g_socket_client_new();

    for (unsigned i = 0; i < 200; i++) {
        g_autoptr(GSocketConnection) connection =
            g_socket_client_connect_to_host(client, "127.0.0.1", port, NULL,
                                            NULL);

        if (connection) {
            return;
        }
        g_usleep(50000);
    }
    g_assert_not_reached();
}

static void enable_events(const char *session)
{
    struct lttng_domain domain = {.type = LTTNG_DOMAIN_UST,
                                  .buf_type = LTTNG_BUFFER_PER_UID};
    struct lttng_event_context vpid = {.ctx = LTTNG_EVENT_CONTEXT_VPID};
    struct lttng_handle *handle = lttng_create_handle(session, &domain);
    struct lttng_channel *channel = lttng_channel_create(&domain);
    struct lttng_event *event = lttng_event_create();

    g_strlcpy(channel->name, "c", sizeof(channel->name));
    g_assert_cmpint(lttng_enable_channel(handle, channel), >=, 0);
    g_assert_cmpint(lttng_add_context(handle, &vpid, NULL, "c"), >=, 0);
    event->type = LTTNG_EVENT_TRACEPOINT;
    event->loglevel_type = LTTNG_EVENT_LOGLEVEL_ALL;
    g_strlcpy(event->name, "sgbench:*", sizeof(event->name));
    g_assert_cmpint(lttng_enable_event(handle, event, "c"), >=, 0);
    lttng_event_destroy(event);
    lttng_channel_destroy(channel);
    lttng_destroy_handle(handle);
}

static void emit_requests(const char *cell)
{
    ust_cell_begin(cell, 1);
    for (unsigned i = 0; i < LIVE_REQUESTS; i++) {
        Command command = {.tag = i, .cdb = {0x28}, .length = 512};
        Completion completion = {.status = i % 10 ? 0 : 2};

        ust_post(&command, 0);
        ust_complete(&command, &completion);
    }
    ust_cell_end(cell, LIVE_REQUESTS, LIVE_REQUESTS * 512);
}

static pid_t pid_of(GSubprocess *process)
{
    return g_ascii_strtoll(g_subprocess_get_identifier(process), NULL, 10);
}

/* The process that does the work of @process. */
static pid_t worker_of(GSubprocess *process)
{
    pid_t pid = pid_of(process);
    g_autofree char *file =
        g_strdup_printf("/proc/%d/task/%d/children", pid, pid);
    g_autofree char *text = NULL;
    pid_t child;

    g_assert_true(g_file_get_contents(file, &text, NULL, NULL));
    child = g_ascii_strtoll(text, NULL, 10);
    g_assert_cmpint(child, >, 0);
    return child;
}

/* One that has followed the session at @address and shown what came. The relay
 * lets in one at a time. */
static GSubprocess *follow(const char *address)
{
    GSubprocess *follower = start_one("--format", "json", address, NULL);

    g_usleep(1000000);
    emit_requests("followed");
    g_usleep(500000);
    return follower;
}

/* Signals that end it, of the one that was started and of its worker. */
static void test_followers(const char *address)
{
    for (unsigned i = 0; i < 2; i++) {
        g_autoptr(GSubprocess) follower = follow(address);
        g_autofree char *out = NULL, *err = NULL;

        if (i) {
            kill(pid_of(follower), SIGTERM);
        } else {
            /* As a terminal does for Ctrl-C. */
            kill(worker_of(follower), SIGINT);
            kill(pid_of(follower), SIGINT);
        }
        g_assert_cmpint(finish(follower, &out, &err), ==, 0);
        g_assert_cmpint(json_requests(out), >=, LIVE_REQUESTS);
        g_assert_cmpstr(err, ==, "");
    }
    for (unsigned i = 0; i < 2; i++) {
        g_autoptr(GSubprocess) follower = follow(address);
        g_autofree char *out = NULL, *err = NULL;
        pid_t worker = worker_of(follower);

        if (i) {
            kill(pid_of(follower), SIGKILL);
            for (unsigned j = 0; kill(worker, 0) == 0; j++) {
                g_assert_cmpuint(j, <, 200);
                g_usleep(10000);
            }
        } else {
            kill(worker, SIGKILL);
            g_assert_cmpint(finish(follower, &out, &err), ==, 5);
            g_assert_nonnull(strstr(err, "killed from outside (signal 9"));
        }
    }
}

static void test_live(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *temp = temp_dir_make(&error);
    RunContext context = {.run_dir = temp, .temp_dir = temp};
    g_autofree char *logs = g_build_filename(temp, "logs", NULL);
    g_autofree char *session =
        g_strdup_printf("sgbench-test-%d", (int)getpid());
    unsigned control = free_port(), data = free_port(), live = free_port();
    g_autofree char *c = g_strdup_printf("tcp://127.0.0.1:%u", control);
    g_autofree char *d = g_strdup_printf("tcp://127.0.0.1:%u", data);
    g_autofree char *l = g_strdup_printf("tcp://127.0.0.1:%u", live);
    g_autofree char *net =
        g_strdup_printf("net://127.0.0.1:%u:%u", control, data);
    g_autofree char *url = g_strdup_printf("net://127.0.0.1:%u", live);
    g_autofree char *address =
        g_strdup_printf("%s/host/%s/%s", url, g_get_host_name(), session);
    g_autofree char *output = g_strconcat("--output=", temp, NULL);
    g_autofree char *out = NULL, *err = NULL;
    g_autoptr(GSubprocess) relay = NULL, analyze = NULL;
    Tracing *tracing;

    g_assert_no_error(error);
    g_assert_cmpint(g_mkdir_with_parents(logs, 0700), ==, 0);
    tracing = tracing_start(&context, KERNEL_TRACE_OFF, &error);
    g_assert_no_error(error);
    relay = g_subprocess_new(
        G_SUBPROCESS_FLAGS_STDOUT_SILENCE | G_SUBPROCESS_FLAGS_STDERR_SILENCE,
        &error, "lttng-relayd", "-C", c, "-D", d, "-L", l, output, NULL);
    g_assert_no_error(error);
    wait_for_port(live);

    check(10, "which session? There is none", url, NULL);
    g_assert_cmpint(lttng_create_session_live(session, net, LIVE_TIMER_US), >=,
                    0);
    enable_events(session);
    g_assert_true(ust_load(&error));
    g_assert_no_error(error);
    g_assert_cmpint(lttng_start_tracing(session), >=, 0);
    emit_requests("before");
    check(10, session, url, NULL);

    test_followers(address);
    analyze = start_one("--format", "json", "--cell", "after", address, NULL);
    g_usleep(2000000);
    emit_requests("after");
    g_usleep(1000000);
    lttng_stop_tracing(session);
    lttng_destroy_session(session);
    /* The session has ended, and so has this. */
    g_assert_cmpint(finish(analyze, &out, &err), ==, 0);
    g_assert_cmpint(json_requests(out), ==, LIVE_REQUESTS);
    g_assert_nonnull(strstr(out, "\"failed\" : 5"));

    g_subprocess_send_signal(relay, SIGTERM);
    g_subprocess_wait(relay, NULL, NULL);
    tracing_stop(tracing);
    temp_dir_remove(temp);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/analyze/usage", test_usage);
    g_test_add_func("/analyze/output-file", test_output_file);
    g_test_add_func("/analyze/bad-traces", test_bad_traces);
    g_test_add_func("/analyze/crashes", test_crashes);
    g_test_add_func("/analyze/hosts", test_hosts);
    g_test_add_func("/analyze/live", test_live);
    return g_test_run();
}
