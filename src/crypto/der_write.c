/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/der.h"

#include <stdio.h>
#include <time.h>

/* Length octets for len behind a place; returns how many. */
static size_t length_octets(size_t len, uint8_t out[5])
{
    size_t bytes = 0;

    if (len < 0x80) {
        out[0] = (uint8_t)len;
        return 1;
    }
    for (size_t rest = len; rest > 0; rest >>= 8)
        bytes++;
    out[0] = (uint8_t)(0x80 | bytes);
    for (size_t i = 0; i < bytes; i++)
        out[1 + i] = (uint8_t)(len >> (8 * (bytes - 1 - i)));
    return 1 + bytes;
}

void der_put(struct buf *b, int tag, struct slice contents)
{
    uint8_t length[5];

    if (contents.len > UINT32_MAX) {
        b->failed = true;
        return;
    }
    buf_putc(b, tag);
    buf_put(b, length, length_octets(contents.len, length));
    buf_put_slice(b, contents);
}

size_t der_begin(struct buf *b, int tag)
{
    buf_putc(b, tag);
    return b->len;
}

void der_close(struct buf *b, size_t begun)
{
    uint8_t length[5];

    if (b->failed)
        return;
    size_t len = b->len - begun;
    if (len > UINT32_MAX) {
        b->failed = true;
        return;
    }
    size_t octets = length_octets(len, length);
    if (!buf_extend(b, octets))
        return;
    memmove(b->data + begun + octets, b->data + begun, len);
    memcpy(b->data + begun, length, octets);
}

void der_put_integer(struct buf *b, struct slice magnitude)
{
    static const uint8_t zero[1];

    while (magnitude.len > 0 && magnitude.data[0] == 0)
        magnitude = slice_of(magnitude.data + 1, magnitude.len - 1);
    if (magnitude.len == 0)
        magnitude = slice_of(zero, 1);
    size_t begun = der_begin(b, DER_INTEGER);
    if (magnitude.data[0] >= 0x80)
        buf_putc(b, 0);
    buf_put_slice(b, magnitude);
    der_close(b, begun);
}

void der_put_unsigned(struct buf *b, int tag, uint64_t value)
{
    uint8_t bytes[9] = {0};
    size_t from = 0;

    for (size_t i = 0; i < 8; i++)
        bytes[1 + i] = (uint8_t)(value >> (56 - 8 * i));
    while (from < 8 && bytes[from] == 0 && bytes[from + 1] < 0x80)
        from++;
    der_put(b, tag, slice_of(bytes + from, sizeof(bytes) - from));
}

void der_put_boolean(struct buf *b, bool value)
{
    const uint8_t byte = value ? 0xff : 0;

    der_put(b, DER_BOOLEAN, slice_of(&byte, 1));
}

void der_put_bit_string(struct buf *b, struct slice bytes)
{
    size_t begun = der_begin(b, DER_BIT_STRING);

    buf_putc(b, 0);
    buf_put_slice(b, bytes);
    der_close(b, begun);
}

void der_put_named_bits(struct buf *b, uint32_t named)
{
    uint8_t contents[5] = {0};
    size_t len = 1;

    for (unsigned bit = 0; bit < 32; bit++)
        if (named >> bit & 1) {
            contents[1 + bit / 8] |= (uint8_t)(0x80U >> (bit % 8));
            len = 2 + bit / 8;
            contents[0] = (uint8_t)(7 - bit % 8);
        }
    der_put(b, DER_BIT_STRING, slice_of(contents, len));
}

static void put_time(struct buf *b, int64_t time, bool generalized)
{
    char text[32];
    struct tm t;
    int64_t floor = time / 1000000 - (time % 1000000 < 0);
    time_t seconds = (time_t)floor;

    if (!gmtime_r(&seconds, &t) || t.tm_year < -1900 || t.tm_year > 9999 - 1900) {
        b->failed = true;
        return;
    }
    int year = t.tm_year + 1900;
    generalized = generalized || year < 1950 || year > 2049;
    int len = snprintf(text, sizeof(text), "%0*d%02d%02d%02d%02d%02dZ", generalized ? 4 : 2,
                       generalized ? year : year % 100, t.tm_mon + 1, t.tm_mday, t.tm_hour,
                       t.tm_min, t.tm_sec);
    der_put(b, generalized ? DER_GENERALIZED_TIME : DER_UTC_TIME, slice_of(text, (size_t)len));
}

void der_put_time(struct buf *b, int64_t time)
{
    put_time(b, time, false);
}

void der_put_generalized_time(struct buf *b, int64_t time)
{
    put_time(b, time, true);
}

bool der_oid_text(struct slice oid, char *text, size_t size)
{
    uint64_t arc = 0;
    size_t used = 0;
    bool first = true;

    for (size_t i = 0; i < oid.len; i++) {
        if (arc > UINT64_MAX >> 7)
            return false;
        arc = arc << 7 | (oid.data[i] & 0x7fU);
        if (oid.data[i] >= 0x80)
            continue;
        int len;
        if (first) {
            unsigned top = arc < 40 ? 0 : arc < 80 ? 1 : 2;
            len = snprintf(text, size, "%u.%llu", top, (unsigned long long)(arc - 40ULL * top));
        } else {
            len = snprintf(text + used, size - used, ".%llu", (unsigned long long)arc);
        }
        if (len < 0 || (size_t)len >= size - used)
            return false;
        used += (size_t)len;
        first = false;
        arc = 0;
    }
    return oid.len > 0 && oid.data[oid.len - 1] < 0x80;
}
