/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens of JSON: what base/json_scan.h leaves over. */
#include "base/json_internal.h"
#include "base/json_scan.h"
#include "base/utf8.h"

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

const uint8_t *json_scan_string(const uint8_t *at, const uint8_t *end, bool *escaped)
{
    for (;;) {
        at = json_scan_plain(at, end);
        if (at == end)
            return at;
        if (*at == '\\') {
            *escaped = true;
            if (end - at < 2)
                return end;
            if (at[1] < ' ' || at[1] >= 0x80)
                at++; /* the byte is judged as one of the string */
            else
                at += 2;
            continue;
        }
        if (*at < 0x80)
            return at;
        do {
            size_t len = utf8_length(at, end);
            if (len == 0)
                return at;
            at += len;
        } while (at < end && *at >= 0x80);
    }
}

const uint8_t *json_scan_number(const uint8_t *at, const uint8_t *end, const char **why,
                                const uint8_t **wrong)
{
    const uint8_t *start = at;

    if (at < end && *at == '-')
        at++;
    *wrong = at;
    if (at == end || !is_digit(*at)) {
        *why = at > start ? "a digit must follow the minus sign" : "a number begins with a digit";
        return NULL;
    }
    if (*at == '0') {
        at++;
        if (at < end && is_digit(*at)) {
            *why = "a number has no leading zeros";
            return NULL;
        }
    } else {
        while (at < end && is_digit(*at))
            at++;
    }
    if (at < end && *at == '.') {
        at++;
        *wrong = at;
        if (at == end || !is_digit(*at)) {
            *why = "a digit must follow the decimal point";
            return NULL;
        }
        while (at < end && is_digit(*at))
            at++;
    }
    if (at < end && (*at == 'e' || *at == 'E')) {
        at++;
        if (at < end && (*at == '+' || *at == '-'))
            at++;
        *wrong = at;
        if (at == end || !is_digit(*at)) {
            *why = "a digit must follow in the exponent";
            return NULL;
        }
        while (at < end && is_digit(*at))
            at++;
    }
    return at;
}

static int hex_four(const uint8_t *at, const uint8_t *end)
{
    int value = 0;

    if (end - at < 4)
        return -1;
    for (int i = 0; i < 4; i++) {
        uint8_t c = at[i];
        int digit;
        if (is_digit(c))
            digit = c - '0';
        else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
            digit = (c | 0x20) - 'a' + 10;
        else
            return -1;
        value = value << 4 | digit;
    }
    return value;
}

/* One \u escape, or a pair of them, at `at`; the bytes it takes, or 0 with *why set. */
static size_t decode_unicode(const uint8_t *at, const uint8_t *end, uint32_t *point,
                             enum json_decode *why)
{
    int first = hex_four(at + 2, end);

    *why = JSON_BAD_HEX;
    if (first < 0)
        return 0;
    *point = (uint32_t)first;
    if (first < 0xD800 || first > 0xDFFF)
        return 6;
    *why = JSON_LONE_SURROGATE;
    if (first > 0xDBFF || end - at < 12 || at[6] != '\\' || at[7] != 'u')
        return 0;
    int second = hex_four(at + 8, end);
    if (second < 0xDC00 || second > 0xDFFF)
        return 0;
    *point = 0x10000 + ((uint32_t)(first - 0xD800) << 10) + (uint32_t)(second - 0xDC00);
    return 12;
}

enum json_decode json_decode_string(struct slice raw, uint8_t *out, size_t *len, size_t *wrong)
{
    const uint8_t *at = raw.data;
    const uint8_t *end = raw.data + raw.len;
    uint8_t *to = out;

    while (at < end) {
        const uint8_t *slash = memchr(at, '\\', (size_t)(end - at));
        size_t run = (size_t)((slash ? slash : end) - at);
        memcpy(to, at, run);
        to += run;
        if (!slash)
            break;
        at = slash + 2; /* the scan has seen that a byte follows */
        switch (slash[1]) {
        case '"':
        case '\\':
        case '/': *to++ = slash[1]; break;
        case 'b': *to++ = '\b'; break;
        case 'f': *to++ = '\f'; break;
        case 'n': *to++ = '\n'; break;
        case 'r': *to++ = '\r'; break;
        case 't': *to++ = '\t'; break;
        case 'u': {
            uint32_t point;
            enum json_decode why;
            size_t took = decode_unicode(slash, end, &point, &why);
            if (took == 0) {
                *wrong = (size_t)(slash - raw.data);
                return why;
            }
            to += utf8_encode(point, to);
            at = slash + took;
            break;
        }
        default: *wrong = (size_t)(slash - raw.data); return JSON_BAD_ESCAPE;
        }
    }
    *len = (size_t)(to - out);
    return JSON_DECODED;
}
