/* SPDX-License-Identifier: Apache-2.0 */
#include "base/encoding.h"

static const char hex_digits[] = "0123456789abcdef";
static const char standard[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char url_safe[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

void hex_format(const void *data, size_t len, char *out)
{
    const uint8_t *bytes = data;

    for (size_t i = 0; i < len; i++) {
        out[2 * i] = hex_digits[bytes[i] >> 4];
        out[2 * i + 1] = hex_digits[bytes[i] & 15];
    }
    out[2 * len] = '\0';
}

void hex_put(struct buf *b, struct slice bytes)
{
    uint8_t *at = buf_extend(b, 2 * bytes.len);

    if (at)
        hex_format(bytes.data, bytes.len, (char *)at);
}

static int hex_value(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

int hex_parse(struct slice text, uint8_t *out, size_t len)
{
    if (text.len != 2 * len)
        return -1;
    for (size_t i = 0; i < len; i++) {
        int high = hex_value(text.data[2 * i]);
        int low = hex_value(text.data[2 * i + 1]);
        if (high < 0 || low < 0)
            return -1;
        out[i] = (uint8_t)(high << 4 | low);
    }
    return 0;
}

static void put_base64(struct buf *b, struct slice s, const char *alphabet, bool padded)
{
    size_t rest = s.len % 3;
    size_t whole = s.len - rest;
    uint8_t *to = buf_extend(b, whole / 3 * 4 + (rest == 0 ? 0 : padded ? 4 : rest + 1));

    if (!to)
        return;
    for (size_t i = 0; i < whole; i += 3) {
        uint32_t v = (uint32_t)s.data[i] << 16 | (uint32_t)s.data[i + 1] << 8 | s.data[i + 2];
        *to++ = (uint8_t)alphabet[v >> 18];
        *to++ = (uint8_t)alphabet[v >> 12 & 63];
        *to++ = (uint8_t)alphabet[v >> 6 & 63];
        *to++ = (uint8_t)alphabet[v & 63];
    }
    if (rest == 0)
        return;
    uint32_t v = (uint32_t)s.data[whole] << 16;
    if (rest == 2)
        v |= (uint32_t)s.data[whole + 1] << 8;
    *to++ = (uint8_t)alphabet[v >> 18];
    *to++ = (uint8_t)alphabet[v >> 12 & 63];
    if (rest == 2)
        *to++ = (uint8_t)alphabet[v >> 6 & 63];
    else if (padded)
        *to++ = '=';
    if (padded)
        *to = '=';
}

void base64_put(struct buf *b, struct slice bytes)
{
    put_base64(b, bytes, standard, true);
}

void base64url_put(struct buf *b, struct slice bytes)
{
    put_base64(b, bytes, url_safe, false);
}

enum { NOT_IN_ALPHABET = 64 };

static uint32_t sextet(uint8_t c, bool url)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26U;
    if (c >= '0' && c <= '9')
        return c - '0' + 52U;
    if (c == (url ? '-' : '+'))
        return 62;
    if (c == (url ? '_' : '/'))
        return 63;
    return NOT_IN_ALPHABET;
}

static int parse_base64(struct slice text, struct buf *b, bool url)
{
    size_t len = text.len;
    uint32_t seen = 0; /* all sextets, or-ed */

    if (!url) {
        if (len % 4 != 0)
            return -1;
        if (len && text.data[len - 1] == '=')
            len--;
        if (len && len % 4 == 3 && text.data[len - 1] == '=')
            len--;
    }
    size_t rest = len % 4;
    if (rest == 1)
        return -1;
    uint8_t *to = buf_extend(b, len / 4 * 3 + (rest ? rest - 1 : 0));
    if (!to)
        return -1;
    for (size_t i = 0; i + 4 <= len; i += 4) {
        uint32_t v = 0;
        for (size_t j = 0; j < 4; j++) {
            uint32_t value = sextet(text.data[i + j], url);
            seen |= value;
            v = v << 6 | value;
        }
        *to++ = (uint8_t)(v >> 16);
        *to++ = (uint8_t)(v >> 8);
        *to++ = (uint8_t)v;
    }
    uint32_t v = 0;
    for (size_t i = len - rest; i < len; i++) {
        uint32_t value = sextet(text.data[i], url);
        seen |= value;
        v = v << 6 | value;
    }
    if (rest == 2)
        *to = (uint8_t)(v >> 4);
    if (rest == 3) {
        *to++ = (uint8_t)(v >> 10);
        *to = (uint8_t)(v >> 2);
    }
    uint32_t unused = rest == 2 ? v & 15 : rest == 3 ? v & 3 : 0;
    return unused == 0 && seen < NOT_IN_ALPHABET ? 0 : -1;
}

int base64_parse(struct slice text, struct buf *b)
{
    return parse_base64(text, b, false);
}

int base64url_parse(struct slice text, struct buf *b)
{
    return parse_base64(text, b, true);
}
