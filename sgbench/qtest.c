/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <glib.h>
#include <inttypes.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "context.h"
#include "error.h"
#include "qtest.h"

#define SLICE_MS 100   /* how often a wait looks for signals */
#define LINE_MAX_ 3072 /* longest answer: "OK " and BYTES_MAX in base64 */
#define BYTES_MAX 2048 /* of memory in one request */

struct Qtest {
    int fd;
    unsigned timeout_ms;
    unsigned outstanding; /* answers owed to us */
    char buffer[8192];    /* what came and is not a whole line yet */
    unsigned buffered;
    char answer[LINE_MAX_]; /* last answer, without "OK " */
    GError *failure;        /* the first one */
};

Qtest *qtest_new(int fd, unsigned timeout_ms)
{
    Qtest *qtest = g_new0(Qtest, 1);

    qtest->fd = fd;
    qtest->timeout_ms = timeout_ms;
    return qtest;
}

void qtest_set_timeout(Qtest *qtest, unsigned timeout_ms)
{
    qtest->timeout_ms = timeout_ms;
}

void qtest_free(Qtest *qtest)
{
    if (qtest) {
        close(qtest->fd);
        g_clear_error(&qtest->failure);
        g_free(qtest);
    }
}

static void G_GNUC_PRINTF(2, 3) fail(Qtest *qtest, const char *format, ...)
{
    va_list arguments;

    if (!qtest->failure) {
        va_start(arguments, format);
        qtest->failure = g_error_new_valist(SGBENCH_ERROR, SGBENCH_ERROR_QEMU,
                                            format, arguments);
        va_end(arguments);
    }
}

gboolean qtest_check(const Qtest *qtest, GError **error)
{
    if (!qtest->failure) {
        return TRUE;
    }
    if (error) {
        *error = g_error_copy(qtest->failure);
    }
    return FALSE;
}

unsigned qtest_outstanding(const Qtest *qtest)
{
    return qtest->outstanding;
}

/* Wait until @events are there. FALSE if the wait failed. */
static gboolean wait_for(Qtest *qtest, short events, gint64 deadline)
{
    while (!qtest->failure) {
        struct pollfd poll_fd = {.fd = qtest->fd, .events = events};
        int n = poll(&poll_fd, 1, SLICE_MS);

        if (n > 0) {
            return TRUE;
        }
        if (n < 0 && errno != EINTR) {
            fail(qtest, "waiting for QEMU failed: %s", g_strerror(errno));
        } else if (run_check_interrupted(&qtest->failure)) {
            break;
        } else if (g_get_monotonic_time() >= deadline) {
            fail(qtest, "QEMU hangs: no answer on its qtest socket for %u ms",
                 qtest->timeout_ms);
        }
    }
    return FALSE;
}

static gint64 new_deadline(const Qtest *qtest)
{
    return g_get_monotonic_time() + qtest->timeout_ms * (gint64)1000;
}

static void take_line(Qtest *qtest, const char *line, unsigned length)
{
    if (g_str_has_prefix(line, "IRQ ")) {
        return; /* unasked for, any time; interrupts are not used */
    }
    if (strcmp(line, "OK") != 0 && !g_str_has_prefix(line, "OK ")) {
        fail(qtest, "QEMU refused a qtest request: \"%s\"", line);
        return;
    }
    if (qtest->outstanding == 0) {
        fail(qtest, "QEMU answered on the qtest socket without being asked");
        return;
    }
    qtest->outstanding--;
    g_strlcpy(qtest->answer, length > 3 ? line + 3 : "", LINE_MAX_);
}

static void take_lines(Qtest *qtest)
{
    char *start = qtest->buffer, *end = qtest->buffer + qtest->buffered, *stop;

    while ((stop = memchr(start, '\n', end - start))) {
        *stop = '\0';
        take_line(qtest, start, stop - start);
        start = stop + 1;
    }
    qtest->buffered = end - start;
    memmove(qtest->buffer, start, qtest->buffered);
    if (qtest->buffered >= LINE_MAX_) {
        fail(qtest, "not the qtest protocol: a line of over %d bytes",
             LINE_MAX_);
    }
}

/* One non-blocking read. FALSE if there was nothing. */
static gboolean receive(Qtest *qtest)
{
    ssize_t n = recv(qtest->fd, qtest->buffer + qtest->buffered,
                     sizeof(qtest->buffer) - qtest->buffered, MSG_DONTWAIT);

    if (n > 0) {
        qtest->buffered += n;
        take_lines(qtest);
        return TRUE;
    }
    /* ECONNRESET: it went away with requests of ours still unread. */
    if (n == 0 || errno == ECONNRESET) {
        fail(qtest, "QEMU has closed its qtest socket");
    } else if (errno != EAGAIN && errno != EINTR) {
        fail(qtest, "reading from QEMU failed: %s", g_strerror(errno));
    }
    return FALSE;
}

static void wait_outstanding(Qtest *qtest, unsigned most)
{
    gint64 deadline = new_deadline(qtest);

    while (!qtest->failure && qtest->outstanding > most) {
        if (!receive(qtest)) {
            wait_for(qtest, POLLIN, deadline);
        }
    }
}

static void send_line(Qtest *qtest, const char *line, size_t length)
{
    gint64 deadline = 0;

    while (length > 0 && !qtest->failure) {
        ssize_t n = send(qtest->fd, line, length, MSG_DONTWAIT | MSG_NOSIGNAL);

        if (n >= 0) {
            line += n;
            length -= n;
        } else if (errno == EAGAIN) {
            if (!deadline) {
                deadline = new_deadline(qtest);
            }
            wait_for(qtest, POLLOUT, deadline);
        } else if (errno == EPIPE || errno == ECONNRESET) {
            fail(qtest, "QEMU has closed its qtest socket");
        } else if (errno != EINTR) {
            fail(qtest, "writing to QEMU failed: %s", g_strerror(errno));
        }
    }
    qtest->outstanding++;
}

/* Send a request and wait for its answer; all ones if it has no number. */
static uint64_t G_GNUC_PRINTF(2, 3) ask(Qtest *qtest, const char *format, ...)
{
    char line[128];
    va_list arguments;
    uint64_t value;
    int length;

    if (qtest->failure) {
        return UINT64_MAX;
    }
    va_start(arguments, format);
    length = g_vsnprintf(line, sizeof(line), format, arguments);
    va_end(arguments);
    g_assert(length < sizeof(line));

    send_line(qtest, line, length);
    /* The last of the answers owed is this one's. */
    wait_outstanding(qtest, 0);
    if (qtest->failure ||
        !g_ascii_string_to_unsigned(g_str_has_prefix(qtest->answer, "0x")
                                        ? qtest->answer + 2
                                        : qtest->answer,
                                    16, 0, UINT64_MAX, &value, NULL)) {
        return UINT64_MAX;
    }
    return value;
}

gboolean qtest_handshake(Qtest *qtest, GError **error)
{
    /* There is no greeting; this is the request with the least effect. */
    ask(qtest, "endianness\n");
    if (!qtest->failure && strcmp(qtest->answer, "little") != 0) {
        fail(qtest, "QEMU's machine is \"%s\" endian: not a pc", qtest->answer);
    }
    return qtest_check(qtest, error);
}

uint32_t qtest_inl(Qtest *qtest, uint16_t port)
{
    return ask(qtest, "inl 0x%x\n", port);
}

void qtest_outl(Qtest *qtest, uint16_t port, uint32_t value)
{
    ask(qtest, "outl 0x%x 0x%x\n", port, value);
}

/* The protocol's letter for an access of @bytes. */
static char width(unsigned bytes)
{
    switch (bytes) {
    case 1:
        return 'b';
    case 2:
        return 'w';
    case 4:
        return 'l';
    case 8:
        return 'q';
    default:
        g_assert_not_reached();
    }
}

uint64_t qtest_read(Qtest *qtest, unsigned bytes, uint64_t address)
{
    uint64_t value =
        ask(qtest, "read%c 0x%" PRIx64 "\n", width(bytes), address);

    return bytes == 8 ? value : value & ((UINT64_C(1) << bytes * 8) - 1);
}

void qtest_write(Qtest *qtest, unsigned bytes, uint64_t address, uint64_t value)
{
    ask(qtest, "write%c 0x%" PRIx64 " 0x%" PRIx64 "\n", width(bytes), address,
        value);
}

/* Digits of @value in hexadecimal at @to; returns their end. printf would take
 * a good part of a doorbell's time. */
static char *put_hex(char *to, uint64_t value)
{
    unsigned shift = value ? (63 - __builtin_clzll(value)) / 4 * 4 : 0;

    *to++ = '0';
    *to++ = 'x';
    for (;; shift -= 4) {
        *to++ = "0123456789abcdef"[value >> shift & 15];
        if (shift == 0) {
            return to;
        }
    }
}

void qtest_read_bytes(Qtest *qtest, uint64_t address, void *data,
                      uint64_t length)
{
    uint8_t *to = data;

    while (length > 0) {
        gsize part = MIN(length, BYTES_MAX), got = 0;
        g_autofree guchar *bytes = NULL;

        memset(to, 0xff, part);
        ask(qtest, "b64read 0x%" PRIx64 " 0x%" G_GSIZE_MODIFIER "x\n", address,
            part);
        if (!qtest->failure) {
            bytes = g_base64_decode(qtest->answer, &got);
            if (got == part) {
                memcpy(to, bytes, part);
            } else {
                fail(qtest,
                     "QEMU gave %" G_GSIZE_FORMAT " of %" G_GSIZE_FORMAT
                     " bytes of memory",
                     got, part);
            }
        }
        address += part;
        to += part;
        length -= part;
    }
}

void qtest_write_bytes(Qtest *qtest, uint64_t address, const void *data,
                       uint64_t length)
{
    const uint8_t *from = data;

    while (length > 0 && !qtest->failure) {
        gsize part = MIN(length, BYTES_MAX);
        g_autofree char *text = g_base64_encode(from, part);
        g_autofree char *line = g_strdup_printf(
            "b64write 0x%" PRIx64 " 0x%" G_GSIZE_MODIFIER "x %s\n", address,
            part, text);

        send_line(qtest, line, strlen(line));
        wait_outstanding(qtest, 0);
        address += part;
        from += part;
        length -= part;
    }
}

void qtest_doorbell(Qtest *qtest, unsigned bytes, uint64_t address,
                    uint32_t value)
{
    char line[48] = "write? ", *end = line + 7;

    if (qtest->outstanding >= QTEST_DOORBELLS_MAX) {
        wait_outstanding(qtest, QTEST_DOORBELLS_MAX / 2);
    }
    if (qtest->failure) {
        return;
    }
    line[5] = width(bytes);
    end = put_hex(end, address);
    *end++ = ' ';
    end = put_hex(end, value);
    *end++ = '\n';
    send_line(qtest, line, end - line);
}

void qtest_drain(Qtest *qtest)
{
    while (!qtest->failure && receive(qtest)) {
        /* receive() has counted them */
    }
}
