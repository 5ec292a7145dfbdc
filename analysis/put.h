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

/*
 * The eight digits of @number, below 10^8, a byte each, the first one lowest;
 * without the '0'. Halves, quarters and single digits are parted side by side
 * in one word: each multiplication stands for a division by 10000, 100 or 10.
 */
static inline uint64_t sgb_put_digits(uint32_t number)
{
    uint64_t high, pairs;

    high = number / 10000;
    pairs = high | (uint64_t)(number - high * 10000) << 32;
    high = (pairs * 5243 >> 19) & UINT64_C(0x0000007f0000007f);
    pairs = high | (pairs - high * 100) << 16;
    high = (pairs * 103 >> 10) & UINT64_C(0x000f000f000f000f);
    return high | (pairs - high * 10) << 8;
}

static inline void sgb_put_eight(char *to, uint64_t digits)
{
    digits = GUINT64_TO_LE(digits);
    memcpy(to, &digits, sizeof(digits));
}

#define SGB_PUT_ZEROS UINT64_C(0x3030303030303030)

/* One below 10^8. */
static inline char *sgb_put_short_number(char *to, uint32_t number)
{
    uint64_t digits = sgb_put_digits(number);
    unsigned zeros = __builtin_ctzll(digits | UINT64_C(1) << 56) & ~7u;

    sgb_put_eight(to, (digits | SGB_PUT_ZEROS) >> zeros);
    return to + 8 - zeros / 8;
}

/* What it writes over behind the number is within the room of the longest. */
static inline char *sgb_put_number(char *to, uint64_t number)
{
    const uint64_t eight = 100000000;

    if (number < 10) { /* most of them */
        *to = '0' + number;
        return to + 1;
    }
    if (number < eight) {
        return sgb_put_short_number(to, number);
    }
    if (number < eight * eight) {
        to = sgb_put_short_number(to, number / eight);
    } else {
        to = sgb_put_short_number(to, number / (eight * eight));
        sgb_put_eight(to,
                      sgb_put_digits(number / eight % eight) | SGB_PUT_ZEROS);
        to += 8;
    }
    sgb_put_eight(to, sgb_put_digits(number % eight) | SGB_PUT_ZEROS);
    return to + 8;
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
    const uint64_t eight = 100000000;
    uint64_t digits;
    unsigned zeros = 0; /* in front, in bits */

    if (ns < eight) {
        digits = sgb_put_digits(ns);
        zeros = __builtin_ctzll(digits | UINT64_C(1) << 32) & ~7u;
    } else {
        to = sgb_put_number(to, ns / eight);
        digits = sgb_put_digits(ns % eight);
    }
    sgb_put_eight(to, (digits | SGB_PUT_ZEROS) >> zeros);
    to += 5 - zeros / 8;
    if (digits >> 40) {
        sgb_put_eight(to, '.' | (digits | SGB_PUT_ZEROS) >> 40 << 8);
        to += 4;
    }
    return to;
}

#endif
