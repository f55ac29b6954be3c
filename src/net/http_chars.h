/* SPDX-License-Identifier: Apache-2.0 */
/* Byte classes of HTTP and URIs, shared by the files of the parser. */
#ifndef NET_HTTP_CHARS_H
#define NET_HTTP_CHARS_H

#include <stdbool.h>
#include <stdint.h>

enum {
    HTTP_CHAR_TOKEN = 1, /* RFC 9110 section 5.6.2 */
    HTTP_CHAR_VALUE = 2, /* field content: VCHAR, obs-text, SP, HTAB */
    HTTP_CHAR_PATH = 4,  /* RFC 3986 pchar and '/', without '%' */
    HTTP_CHAR_QUERY = 8, /* those and '?' */
    HTTP_CHAR_HEX = 16,
    HTTP_CHAR_HOST = 32, /* reg-name and IP literals: unreserved, sub-delims, ':' '[' ']' */
};

extern const uint8_t http_char_classes[256];

static inline bool http_char_is(uint8_t byte, unsigned classes)
{
    return (http_char_classes[byte] & classes) != 0;
}

static inline uint8_t http_char_lower(uint8_t byte)
{
    return byte >= 'A' && byte <= 'Z' ? (uint8_t)(byte | 0x20) : byte;
}

/* -1: not a hexadecimal digit */
static inline int http_char_hex(uint8_t byte)
{
    if (byte >= '0' && byte <= '9')
        return byte - '0';
    byte = http_char_lower(byte);
    return byte >= 'a' && byte <= 'f' ? byte - 'a' + 10 : -1;
}

#endif
