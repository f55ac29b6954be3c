/* SPDX-License-Identifier: Apache-2.0 */
/* Which bytes may be stored as text. PostgreSQL refuses others, SQLite would take anything. */
#include "store/db_driver.h"

/* How many bytes the character at s takes (1 to 4), or 0 when it is none: RFC 3629 section 4. */
static size_t character(const uint8_t *s, size_t left)
{
    uint8_t low = 0x80;
    uint8_t high = 0xbf;
    size_t len;

    if (s[0] < 0x80)
        return s[0] != 0;
    if (s[0] >= 0xc2 && s[0] <= 0xdf)
        len = 2;
    else if (s[0] >= 0xe0 && s[0] <= 0xef)
        len = 3;
    else if (s[0] >= 0xf0 && s[0] <= 0xf4)
        len = 4;
    else
        return 0;
    if (len > left)
        return 0;
    /* Over-long forms, surrogates and what lies above U+10FFFF show in the second byte. */
    if (s[0] == 0xe0)
        low = 0xa0;
    else if (s[0] == 0xed)
        high = 0x9f;
    else if (s[0] == 0xf0)
        low = 0x90;
    else if (s[0] == 0xf4)
        high = 0x8f;
    if (s[1] < low || s[1] > high)
        return 0;
    for (size_t i = 2; i < len; i++) {
        if (s[i] < 0x80 || s[i] > 0xbf)
            return 0;
    }
    return len;
}

/* Eight bytes from 0x01 to 0x7f: nearly all text that we store. */
static bool plain(const uint8_t *s)
{
    uint64_t word;

    memcpy(&word, s, sizeof(word));
    return ((word | (word - 0x0101010101010101u)) & 0x8080808080808080u) == 0;
}

bool db_text_is_fine(struct slice s)
{
    for (size_t at = 0; at < s.len;) {
        if (s.len - at >= sizeof(uint64_t) && plain(s.data + at)) {
            at += sizeof(uint64_t);
            continue;
        }
        size_t len = character(s.data + at, s.len - at);
        if (len == 0)
            return false;
        at += len;
    }
    return true;
}
