/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Client of QEMU's qtest protocol (QEMU: system/qtest.c, "QTest Protocol"):
 * port and memory accesses on behalf of the CPU that does not run.
 *
 * Answers come in the order of the requests, so a doorbell need not wait for
 * its own: it is counted and taken off the socket later.
 *
 * Errors stick, as in stdio: after the first one every call does nothing,
 * reads give all ones (what a PCI bus answers for nobody), and qtest_check()
 * tells what it was. One thread at a time.
 */
#ifndef SGBENCH_QTEST_H
#define SGBENCH_QTEST_H

#include <stdint.h>
#include <glib.h>

/* Doorbells on the way before a further one waits for answers. QEMU's main
 * loop blocks when it can't send an answer, and a unix socket holds some 270
 * messages of any size (each is charged about 768 bytes of the 208 KiB of
 * net.core.wmem_default). */
#define QTEST_DOORBELLS_MAX 160

typedef struct Qtest Qtest;

/* Speak over the connected stream socket @fd, which is taken over. An answer
 * that takes longer than @timeout_ms is an error: QEMU hangs. */
Qtest *qtest_new(int fd, unsigned timeout_ms);

/* From now on an answer may take @timeout_ms. */
void qtest_set_timeout(Qtest *qtest, unsigned timeout_ms);

/* Close the connection and free. NULL is fine. */
void qtest_free(Qtest *qtest);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Qtest, qtest_free)

/* Wait for a first answer: QEMU has built its machine. Returns FALSE with an
 * error as qtest_check(). */
gboolean qtest_handshake(Qtest *qtest, GError **error);

/* Port I/O, 32 bits. */
uint32_t qtest_inl(Qtest *qtest, uint16_t port);
void qtest_outl(Qtest *qtest, uint16_t port, uint32_t value);

/* Memory as the CPU sees it; @bytes is 1, 2, 4 or 8. Host byte order. */
uint64_t qtest_read(Qtest *qtest, unsigned bytes, uint64_t address);
void qtest_write(Qtest *qtest, unsigned bytes, uint64_t address,
                 uint64_t value);

/* @length bytes of memory as the CPU sees it. All ones after an error. */
void qtest_read_bytes(Qtest *qtest, uint64_t address, void *data,
                      uint64_t length);
void qtest_write_bytes(Qtest *qtest, uint64_t address, const void *data,
                       uint64_t length);

/* Write @bytes, 2 or 4, without waiting for the answer, unless
 * QTEST_DOORBELLS_MAX are on the way. */
void qtest_doorbell(Qtest *qtest, unsigned bytes, uint64_t address,
                    uint32_t value);

/* Take answers that are there; does not wait. */
void qtest_drain(Qtest *qtest);

/* Doorbells whose answer has not been taken. */
unsigned qtest_outstanding(const Qtest *qtest);

/* FALSE with SGBENCH_ERROR_QEMU if the connection failed (closed by QEMU,
 * answer overdue, request refused), or SGBENCH_INTERRUPTED if a signal ended
 * a wait. @error may be NULL. */
gboolean qtest_check(const Qtest *qtest, GError **error);

#endif
