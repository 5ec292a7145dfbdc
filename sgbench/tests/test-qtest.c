/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The qtest client against a scripted peer at the other end of a socketpair.
 * The peer stands in for QEMU: it reads requests as lines and answers what the
 * script says, as QEMU 10.0's system/qtest.c words it. */
#include <glib.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sgbench/error.h"
#include "sgbench/qtest.h"

typedef struct Step {
    const char *request; /* expected, without newline; NULL: none is read */
    const char *answer;  /* sent as it is; NULL: nothing */
    unsigned delay_ms;   /* before answering */
    gboolean bytewise;   /* one byte at a time */
    gboolean hang_up;    /* close after this step */
} Step;

typedef struct Peer {
    int fd;
    const Step *steps; /* ended by one with neither request nor answer */
    GThread *thread;
} Peer;

static void *peer_thread(void *opaque)
{
    Peer *peer = opaque;
    gboolean hung_up = FALSE;

    for (const Step *step = peer->steps; step->request || step->answer;
         step++) {
        char line[128];
        size_t length = 0, size = step->answer ? strlen(step->answer) : 0;
        size_t chunk = step->bytewise ? 1 : size;

        while (step->request && read(peer->fd, &line[length], 1) == 1 &&
               line[length] != '\n') {
            g_assert_cmpuint(++length, <, sizeof(line));
        }
        line[length] = '\0';
        if (step->request) {
            g_assert_cmpstr(line, ==, step->request);
        }
        g_usleep(step->delay_ms * 1000);
        for (size_t at = 0; at < size; at += chunk) {
            g_assert_cmpint(write(peer->fd, step->answer + at, chunk), ==,
                            chunk);
            if (step->bytewise) {
                g_usleep(500);
            }
        }
        if (step->hang_up) {
            close(peer->fd);
            hung_up = TRUE;
        }
    }
    if (!hung_up) {
        char byte;

        /* Stay until the client goes: silence is not the end. */
        while (read(peer->fd, &byte, 1) > 0) {
        }
        close(peer->fd);
    }
    return NULL;
}

static Qtest *start(Peer *peer, const Step *steps, unsigned timeout_ms)
{
    int sockets[2];

    g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM, 0, sockets), ==, 0);
    peer->fd = sockets[1];
    peer->steps = steps;
    peer->thread = g_thread_new("peer", peer_thread, peer);
    return qtest_new(sockets[0], timeout_ms);
}

static void end(Peer *peer, Qtest *qtest)
{
    qtest_free(qtest);
    g_thread_join(peer->thread);
}

static void assert_failed(Qtest *qtest, const char *text)
{
    g_autoptr(GError) error = NULL;

    g_assert_false(qtest_check(qtest, &error));
    g_assert_error(error, SGBENCH_ERROR, SGBENCH_ERROR_QEMU);
    g_assert_nonnull(strstr(error->message, text));
}

static void test_values(void)
{
    static const Step steps[] = {
        {.request = "endianness", .answer = "OK little\n"},
        {.request = "outl 0xcf8 0x80000800", .answer = "OK\n"},
        {.request = "inl 0xcfc", .answer = "OK 0x10001af4\n"},
        {.request = "readb 0xe0000014", .answer = "OK 0x000000000000000f\n"},
        {.request = "readq 0x10", .answer = "OK 0xfedcba9876543210\n"},
        {.request = "writel 0xe0000000 0x1", .answer = "OK\n"},
        {.request = "readl 0x10", .answer = "OK 0xfedcba9876543210\n"},
        {NULL},
    };
    g_autoptr(GError) error = NULL;
    Peer peer;
    Qtest *qtest = start(&peer, steps, 5000);

    g_assert_true(qtest_handshake(qtest, &error));
    g_assert_no_error(error);
    qtest_outl(qtest, 0xcf8, 0x80000800);
    g_assert_cmphex(qtest_inl(qtest, 0xcfc), ==, 0x10001af4);
    g_assert_cmphex(qtest_read(qtest, 1, 0xe0000014), ==, 0x0f);
    g_assert_cmphex(qtest_read(qtest, 8, 0x10), ==, 0xfedcba9876543210);
    qtest_write(qtest, 4, 0xe0000000, 1);
    /* An access is never wider than asked for. */
    g_assert_cmphex(qtest_read(qtest, 4, 0x10), ==, 0x76543210);
    g_assert_true(qtest_check(qtest, NULL));
    end(&peer, qtest);
}

static void test_partial_lines_and_interrupts(void)
{
    static const Step steps[] = {
        {.request = "inl 0x1",
         .answer = "IRQ raise 11\nOK 0x2a\nIRQ lower 11\nIRQ ra",
         .bytewise = TRUE},
        {.request = "inl 0x2", .answer = "ise 3\nOK 0x2b\nOK 0x"},
        {.request = "inl 0x3", .answer = "2c\n"},
        {NULL},
    };
    Peer peer;
    Qtest *qtest = start(&peer, steps, 5000);

    g_assert_cmpuint(qtest_inl(qtest, 1), ==, 42);
    g_assert_cmpuint(qtest_inl(qtest, 2), ==, 43);
    g_assert_cmpuint(qtest_inl(qtest, 3), ==, 44);
    g_assert_true(qtest_check(qtest, NULL));
    end(&peer, qtest);
}

/* Doorbells don't wait; answers that come late are told from the answer of a
 * later request, and may be taken without waiting. */
static void test_doorbells(void)
{
    static const Step steps[] = {
        {.request = "writew 0xe0003008 0x2"},
        {.request = "writew 0xe0003000 0x0", .answer = "OK\nOK\n"},
        {.request = "inl 0x1", .answer = "OK 0x7\n", .delay_ms = 50},
        {.request = "writew 0x0 0xffff", .answer = "OK\n"},
        {NULL},
    };
    Peer peer;
    Qtest *qtest = start(&peer, steps, 5000);

    qtest_doorbell(qtest, 2, 0xe0003008, 2);
    g_assert_cmpuint(qtest_outstanding(qtest), ==, 1);
    qtest_drain(qtest); /* nothing there, returns at once */
    g_assert_cmpuint(qtest_outstanding(qtest), ==, 1);
    qtest_doorbell(qtest, 2, 0xe0003000, 0);
    g_assert_cmpuint(qtest_inl(qtest, 1), ==, 7);
    g_assert_cmpuint(qtest_outstanding(qtest), ==, 0);

    qtest_doorbell(qtest, 2, 0, 0xffff);
    for (unsigned i = 0; qtest_outstanding(qtest) && i < 5000; i++) {
        qtest_drain(qtest);
        g_usleep(1000);
    }
    g_assert_cmpuint(qtest_outstanding(qtest), ==, 0);
    g_assert_true(qtest_check(qtest, NULL));
    end(&peer, qtest);
}

/* However many doorbells, those on the way stay bounded and none is lost. */
static void test_many_doorbells(void)
{
    enum {
        N = 5000
    };
    g_autofree Step *steps = g_new0(Step, N + 1);
    Peer peer;
    Qtest *qtest;

    for (unsigned i = 0; i < N; i++) {
        steps[i] = (Step){.request = "writew 0xe0003000 0x2", .answer = "OK\n"};
    }
    qtest = start(&peer, steps, 5000);
    for (unsigned i = 0; i < N; i++) {
        qtest_doorbell(qtest, 2, 0xe0003000, 2);
        g_assert_cmpuint(qtest_outstanding(qtest), <=, QTEST_DOORBELLS_MAX);
    }
    for (unsigned i = 0; qtest_outstanding(qtest) && i < 5000; i++) {
        qtest_drain(qtest);
        g_usleep(1000);
    }
    g_assert_cmpuint(qtest_outstanding(qtest), ==, 0);
    g_assert_true(qtest_check(qtest, NULL));
    end(&peer, qtest);
}

/* QEMU dies: found by whoever looks next, and everything after is harmless. */
static void test_hang_up(void)
{
    static const Step steps[] = {
        {.request = "inl 0x1", .answer = "OK 0x", .hang_up = TRUE},
        {NULL},
    };
    Peer peer;
    Qtest *qtest = start(&peer, steps, 5000);

    g_assert_cmphex(qtest_inl(qtest, 1), ==, UINT32_MAX);
    assert_failed(qtest, "closed");
    g_assert_cmphex(qtest_read(qtest, 2, 0), ==, 0xffff);
    qtest_doorbell(qtest, 2, 0, 0);
    qtest_drain(qtest);
    assert_failed(qtest, "closed");
    end(&peer, qtest);
}

static void test_hang_up_seen_by_drain(void)
{
    static const Step steps[] = {{.request = "writew 0x0 0x0", .hang_up = TRUE},
                                 {NULL}};
    Peer peer;
    Qtest *qtest = start(&peer, steps, 5000);

    qtest_doorbell(qtest, 2, 0, 0);
    for (unsigned i = 0; qtest_check(qtest, NULL) && i < 5000; i++) {
        qtest_drain(qtest);
        g_usleep(1000);
    }
    assert_failed(qtest, "closed");
    end(&peer, qtest);
}

static void test_timeout(void)
{
    static const Step steps[] = {{.request = "inl 0x1"}, {NULL}};
    Peer peer;
    Qtest *qtest = start(&peer, steps, 250);
    gint64 from = g_get_monotonic_time();

    qtest_inl(qtest, 1);
    assert_failed(qtest, "hangs");
    g_assert_cmpint(g_get_monotonic_time() - from, >=, 250 * 1000);
    g_assert_cmpint(g_get_monotonic_time() - from, <, 5000 * 1000);
    end(&peer, qtest);
}

static void test_refusals(void)
{
    static const struct {
        const char *answer, *text;
    } cases[] = {
        {"FAIL Unknown command 'inl'\n", "refused"},
        {"ERR invalid\n", "refused"},
        {"OKAY\n", "refused"},
        {"OK 0x1\nOK 0x2\n", "without being asked"},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        Step steps[] = {{.request = "inl 0x1", .answer = cases[i].answer},
                        {NULL}};
        Peer peer;
        Qtest *qtest = start(&peer, steps, 5000);

        qtest_inl(qtest, 1);
        assert_failed(qtest, cases[i].text);
        end(&peer, qtest);
    }
}

/* Not qtest at all: memory stays bounded. */
static void test_endless_line(void)
{
    g_autofree char *text = g_strnfill(100000, 'x');
    Step steps[] = {{.request = "inl 0x1", .answer = text}, {NULL}};
    Peer peer;
    Qtest *qtest;
    int size = 1 << 20;
    int sockets[2];

    g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM, 0, sockets), ==, 0);
    setsockopt(sockets[1], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
    peer = (Peer){.fd = sockets[1], .steps = steps};
    peer.thread = g_thread_new("peer", peer_thread, &peer);
    qtest = qtest_new(sockets[0], 5000);
    qtest_inl(qtest, 1);
    assert_failed(qtest, "line");
    end(&peer, qtest);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/qtest/values", test_values);
    g_test_add_func("/qtest/partial-lines-and-interrupts",
                    test_partial_lines_and_interrupts);
    g_test_add_func("/qtest/doorbells", test_doorbells);
    g_test_add_func("/qtest/many-doorbells", test_many_doorbells);
    g_test_add_func("/qtest/hang-up", test_hang_up);
    g_test_add_func("/qtest/hang-up-seen-by-drain", test_hang_up_seen_by_drain);
    g_test_add_func("/qtest/timeout", test_timeout);
    g_test_add_func("/qtest/refusals", test_refusals);
    g_test_add_func("/qtest/endless-line", test_endless_line);
    return g_test_run();
}
