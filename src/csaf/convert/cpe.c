/* SPDX-License-Identifier: Apache-2.0 */
/* Is a text a CPE as the pattern of CSAF 2.1 section 3.1.4.3.1 has it: 2.3 formatted, or 2.2? */
#include "csaf/convert/convert_internal.h"

static bool alphanumeric(uint8_t c)
{
    return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

/* '*', '-', or characters, some escaped, with '?' or one '*' before and behind. */
static bool is_attribute(struct slice s)
{
    static const char escaped[] = "\\*?!\"#$%&'()+,/:;<=>@[]^`{|}~";
    size_t at = 0, words = 0;
    if (slice_is(s, "*") || slice_is(s, "-"))
        return true;
    if (at < s.len && s.data[at] == '*')
        at++;
    else
        while (at < s.len && s.data[at] == '?')
            at++;
    for (; at < s.len; words++) {
        uint8_t c = s.data[at];
        if (c == '\\' && at + 1 < s.len && memchr(escaped, s.data[at + 1], sizeof escaped - 1))
            at += 2;
        else if (alphanumeric(c) || c == '-' || c == '.' || c == '_')
            at++;
        else
            break;
    }
    if (at < s.len && s.data[at] == '*')
        at++;
    else
        while (at < s.len && s.data[at] == '?')
            at++;
    return words > 0 && at == s.len;
}

/* "en", "eng-US", "en-419", '*', '-' */
static bool is_language(struct slice s)
{
    size_t letters = 0, rest;
    if (slice_is(s, "*") || slice_is(s, "-"))
        return true;
    while (letters < s.len && letters < 4 && (s.data[letters] | 0x20) >= 'a' &&
           (s.data[letters] | 0x20) <= 'z')
        letters++;
    if (letters < 2 || letters > 3)
        return false;
    if (letters == s.len)
        return true;
    rest = s.len - letters - 1;
    if (s.data[letters] != '-' || rest < 2 || rest > 3)
        return false;
    for (size_t i = letters + 1; i < s.len; i++) {
        bool digit = s.data[i] >= '0' && s.data[i] <= '9';
        if (!alphanumeric(s.data[i]) || digit != (rest == 3))
            return false;
    }
    return true;
}

static bool is_2_3(struct slice s)
{
    enum { ATTRIBUTES = 11, LANGUAGE = 6 };
    size_t count = 0, start = 8;
    for (size_t i = start; i <= s.len; i++) {
        if (i < s.len && s.data[i] == '\\') {
            i++;
            continue;
        }
        if (i < s.len && s.data[i] != ':')
            continue;
        struct slice one = slice_of(s.data + start, i - start);
        if (count == 0 ? one.len != 1 || !memchr("aho*-", *one.data, 5)
                       : !(count == LANGUAGE ? is_language(one) : is_attribute(one)))
            return false;
        count++;
        start = i + 1;
    }
    return count == ATTRIBUTES && start == s.len + 1;
}

static bool is_2_2(struct slice s)
{
    static const char scheme[] = "cpe:/";
    size_t colons = 0, at = 5;
    for (size_t i = 0; i < 5; i++)
        if (s.len < 5 || (i == 1 || i == 2 ? s.data[i] | 0x20 : s.data[i]) != scheme[i])
            return false;
    if (at < s.len && memchr("AHOaho", s.data[at], 6))
        at++;
    if (at < s.len && s.data[at] != ':')
        return false;
    for (; at < s.len; at++) {
        colons += s.data[at] == ':';
        if (!alphanumeric(s.data[at]) && !memchr(":._-~%", s.data[at], 6))
            return false;
    }
    return colons <= 6;
}

bool convert_cpe_is_valid(struct slice s)
{
    return s.len > 8 && memcmp(s.data, "cpe:2.3:", 8) == 0 ? is_2_3(s) : is_2_2(s);
}
