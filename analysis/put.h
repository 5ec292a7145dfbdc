/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Text that is written in place, for outputs with a line or more for each
 * request: printf() takes more time than all else that is done for one.
 */
#ifndef ANALYSIS_PUT_H
#define ANALYSIS_PUT_H

#include <stdint.h>
#include <string.h>
#include <glib.h>

/* Of a number: the digits of 2^64 - 1, and a sign. */
#define SGB_PUT_NUMBER_MAX 21

/* Make room for @size bytes and a NUL behind @end, which lies in @to; return
 * where it is then. */
static inline char *sgb_put_room(GString *to, char *end, size_t size)
{
    size_t length = end - to->str;

    if (to->allocated_len - length <= size) {
        g_string_set_size(to, length + size);
    }
    return to->str + length;
}

/* What lies before @end is all of @to. */
static inline void sgb_put_end(GString *to, char *end)
{
    *end = '\0';
    to->len = end - to->str;
}

/* Each of these writes at @to, and returns where it ends. */
static inline char *sgb_put_bytes(char *to, const char *text, size_t length)
{
    memcpy(to, text, length);
    return to + length;
}

#define sgb_put_literal(to, text) sgb_put_bytes(to, text, sizeof(text) - 1)

/* How many digits @number has. */
static inline unsigned sgb_put_digits(uint64_t number)
{
    static const uint64_t powers[] = {
        0,
        UINT64_C(10),
        UINT64_C(100),
        UINT64_C(1000),
        UINT64_C(10000),
        UINT64_C(100000),
        UINT64_C(1000000),
        UINT64_C(10000000),
        UINT64_C(100000000),
        UINT64_C(1000000000),
        UINT64_C(10000000000),
        UINT64_C(100000000000),
        UINT64_C(1000000000000),
        UINT64_C(10000000000000),
        UINT64_C(100000000000000),
        UINT64_C(1000000000000000),
        UINT64_C(10000000000000000),
        UINT64_C(100000000000000000),
        UINT64_C(1000000000000000000),
        UINT64_C(10000000000000000000),
    };
    /* Bits, times log10(2): right, or one too many. */
    unsigned digits = (64 - __builtin_clzll(number | 1)) * 1233 >> 12;

    return digits + (number >= powers[digits]);
}

static inline char *sgb_put_number(char *to, uint64_t number)
{
    static const char pairs[] = "0001020304050607080910111213141516171819"
                                "2021222324252627282930313233343536373839"
                                "4041424344454647484950515253545556575859"
                                "6061626364656667686970717273747576777879"
                                "8081828384858687888990919293949596979899";
    char *end, *at;

    if (number < 10) { /* most of them */
        *to = '0' + number;
        return to + 1;
    }
    end = at = to + sgb_put_digits(number);
    while (number >= 100) {
        at -= 2;
        memcpy(at, pairs + number % 100 * 2, 2);
        number /= 100;
    }
    if (number >= 10) {
        memcpy(to, pairs + number * 2, 2);
    } else {
        *to = '0' + number;
    }
    return end;
}

static inline char *sgb_put_signed(char *to, int64_t number)
{
    if (number < 0) {
        *to++ = '-';
    }
    return sgb_put_number(to, number < 0 ? -(uint64_t)number : number);
}

/* @ns in microseconds, with three digits behind the point if they are not 0. */
static inline char *sgb_put_microseconds(char *to, uint64_t ns)
{
    unsigned rest = ns % 1000;

    to = sgb_put_number(to, ns / 1000);
    if (rest) {
        *to++ = '.';
        *to++ = '0' + rest / 100;
        *to++ = '0' + rest / 10 % 10;
        *to++ = '0' + rest % 10;
    }
    return to;
}

#endif
