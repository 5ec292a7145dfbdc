/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <glib.h>
#include <scsi/sg.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/uio.h>

#include "sgbench/tests/sgio-stand-in.h"

static const ExpectedSgio *expected;
static unsigned n_expected, n_come;
static GMutex lock;

void sgio_stand_in_expect(const ExpectedSgio *list, unsigned n)
{
    expected = list;
    n_expected = n;
    n_come = 0;
}

void sgio_stand_in_check(void)
{
    g_assert_cmpuint(n_come, ==, n_expected);
}

/* Copy between @text and the data of @header, at most its length. */
static void copy(struct sg_io_hdr *header, char *text, gboolean to_header)
{
    struct iovec plain = {header->dxferp, header->dxfer_len};
    struct iovec *iov = header->iovec_count ? header->dxferp : &plain;
    unsigned n = header->iovec_count ? header->iovec_count : 1;
    size_t left = strlen(text);

    for (unsigned i = 0; i < n && left; i++) {
        size_t part = MIN(left, iov[i].iov_len);

        if (to_header) {
            memcpy(iov[i].iov_base, text, part);
        } else {
            g_assert_cmpmem(iov[i].iov_base, part, text, part);
        }
        text += part;
        left -= part;
    }
    g_assert_cmpuint(left, ==, 0);
}

static void compare(struct sg_io_hdr *header, const ExpectedSgio *want)
{
    g_assert_cmpint(header->interface_id, ==, 'S');
    g_assert_cmpmem(header->cmdp, header->cmd_len, want->cdb, want->cdb_length);
    g_assert_cmpint(header->dxfer_direction, ==, want->direction);
    g_assert_cmpuint(header->dxfer_len, ==, want->length);
    g_assert_cmpuint(header->iovec_count, ==, want->iovecs);
    g_assert_cmpuint(header->flags, ==, SG_FLAG_DIRECT_IO);
    g_assert_cmpuint(header->timeout, >, 0);
    g_assert_nonnull(header->sbp);
    if (want->length == 0) {
        g_assert_null(header->dxferp);
    }
    if (want->sent) {
        copy(header, (char *)want->sent, FALSE);
    }
}

static int answer(struct sg_io_hdr *header, const ExpectedSgio *want)
{
    if (want->failure) {
        errno = want->failure;
        return -1;
    }
    header->status = want->status;
    header->host_status = want->host_status;
    header->resid = want->resid;
    header->info = want->info;
    header->sb_len_wr = MIN(want->sense_length, header->mx_sb_len);
    if (header->sb_len_wr) {
        memcpy(header->sbp, want->sense, header->sb_len_wr);
    }
    if (want->data) {
        copy(header, (char *)want->data, TRUE);
    }
    return 0;
}

/* In place of glibc's. */
int ioctl(int fd, unsigned long request, ...)
{
    const ExpectedSgio *want;
    va_list arguments;
    void *argument;

    va_start(arguments, request);
    argument = va_arg(arguments, void *);
    va_end(arguments);

    if (request == SG_GET_VERSION_NUM) {
        *(int *)argument = 30536;
        return 0;
    }
    g_assert_cmpuint(request, ==, SG_IO);
    g_mutex_lock(&lock);
    g_assert_cmpuint(n_come, <, n_expected);
    want = &expected[n_come++];
    g_mutex_unlock(&lock);
    compare(argument, want);
    return answer(argument, want);
}
