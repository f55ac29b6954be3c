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
    size_t i = 0;

    for (; i + 3 <= s.len; i += 3) {
        uint32_t v = (uint32_t)s.data[i] << 16 | (uint32_t)s.data[i + 1] << 8 | s.data[i + 2];
        const char four[4] = {alphabet[v >> 18], alphabet[v >> 12 & 63], alphabet[v >> 6 & 63],
                              alphabet[v & 63]};
        buf_put(b, four, 4);
    }
    if (i == s.len)
        return;
    uint32_t v = (uint32_t)s.data[i] << 16;
    if (i + 1 < s.len)
        v |= (uint32_t)s.data[i + 1] << 8;
    buf_putc(b, alphabet[v >> 18]);
    buf_putc(b, alphabet[v >> 12 & 63]);
    if (i + 1 < s.len)
        buf_putc(b, alphabet[v >> 6 & 63]);
    else if (padded)
        buf_putc(b, '=');
    if (padded)
        buf_putc(b, '=');
}

void base64_put(struct buf *b, struct slice bytes)
{
    put_base64(b, bytes, standard, true);
}

void base64url_put(struct buf *b, struct slice bytes)
{
    put_base64(b, bytes, url_safe, false);
}

static int sextet(uint8_t c, bool url)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    if (c == (url ? '-' : '+'))
        return 62;
    if (c == (url ? '_' : '/'))
        return 63;
    return -1;
}

static int parse_base64(struct slice text, struct buf *b, bool url)
{
    size_t len = text.len;

    if (!url) {
        if (len % 4 != 0)
            return -1;
        if (len && text.data[len - 1] == '=')
            len--;
        if (len && len % 4 == 3 && text.data[len - 1] == '=')
            len--;
    }
    if (len % 4 == 1)
        return -1;
    uint32_t bits = 0;
    int count = 0;
    for (size_t i = 0; i < len; i++) {
        int value = sextet(text.data[i], url);
        if (value < 0)
            return -1;
        bits = bits << 6 | (uint32_t)value;
        count += 6;
        if (count >= 8) {
            count -= 8;
            buf_putc(b, (int)(bits >> count & 255));
        }
    }
    return (bits & ((1U << count) - 1)) == 0 && !b->failed ? 0 : -1;
}

int base64_parse(struct slice text, struct buf *b)
{
    return parse_base64(text, b, false);
}

int base64url_parse(struct slice text, struct buf *b)
{
    return parse_base64(text, b, true);
}
