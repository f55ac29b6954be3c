/* SPDX-License-Identifier: Apache-2.0 */
/* The formats of JSON Schema (draft 2020-12, validation vocabulary, section 7). */
#include "base/clock.h"
#include "base/json_schema.h"

#include <stdio.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

static bool digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

static bool letter(uint8_t c)
{
    c |= 0x20;
    return c >= 'a' && c <= 'z';
}

static bool hexadecimal(uint8_t c)
{
    return digit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');
}

static struct slice from(struct slice s, size_t start)
{
    return slice_of(s.data + start, s.len - start);
}

/* Where the first byte that is one of any stands; the length: nowhere. */
static size_t find(struct slice s, const char *any)
{
    if (s.len == 0)
        return 0;
    if (!any[1]) {
        const uint8_t *at = memchr(s.data, any[0], s.len);
        return at ? (size_t)(at - s.data) : s.len;
    }
    size_t i = 0;
    while (i < s.len && !(s.data[i] && strchr(any, s.data[i])))
        i++;
    return i;
}

static bool date_time(struct slice s)
{
    struct err e = {0};
    int64_t at;
    return time_parse(s, &at, &e) == 0;
}

static bool with_date(struct slice s, const char *before, const char *after)
{
    char text[80];
    if (s.len > 40)
        return false;
    int len = snprintf(text, sizeof text, "%s%.*s%s", before, SLICE_ARG(s), after);
    return date_time(slice_of(text, (size_t)len));
}

static bool date(struct slice s)
{
    return s.len == 10 && with_date(s, "", "T00:00:00Z");
}

static bool time_of_day(struct slice s)
{
    return s.len > 8 && with_date(s, "2016-12-31T", "");
}

/* What a character may be in a URI (RFC 3986 section 2 and 3). */
enum {
    ANYWHERE = 1, /* unreserved, sub-delims */
    COLON = 2,
    AT = 4,
    SLASH = 8,
    QUESTION = 16,
    HASH = 32,
    USER = ANYWHERE | COLON,
    PATH = ANYWHERE | COLON | AT | SLASH,
    QUERY = PATH | QUESTION,
    FRAGMENT = QUERY | 64 /* of the same characters; what follows it is another matter */
};

static const uint8_t kinds[256] = {
    ['0' ... '9'] = ANYWHERE,
    ['A' ... 'Z'] = ANYWHERE,
    ['a' ... 'z'] = ANYWHERE,
    ['-'] = ANYWHERE,
    ['.'] = ANYWHERE,
    ['_'] = ANYWHERE,
    ['~'] = ANYWHERE,
    ['!'] = ANYWHERE,
    ['$'] = ANYWHERE,
    ['&'] = ANYWHERE,
    ['\''] = ANYWHERE,
    ['('] = ANYWHERE,
    [')'] = ANYWHERE,
    ['*'] = ANYWHERE,
    ['+'] = ANYWHERE,
    [','] = ANYWHERE,
    [';'] = ANYWHERE,
    ['='] = ANYWHERE,
    [':'] = COLON,
    ['@'] = AT,
    ['/'] = SLASH,
    ['?'] = QUESTION,
    ['#'] = HASH,
};

#ifdef __SSE2__
/* A bit for each of 16 bytes that is not one of the most frequent characters of paths. */
static unsigned odd_in_path(const uint8_t *at)
{
    __m128i c = _mm_loadu_si128((const __m128i *)(const void *)at);
    /* from "&" to ";", which leaves out "!" and "$" */
    __m128i good = _mm_and_si128(_mm_cmpgt_epi8(c, _mm_set1_epi8('&' - 1)),
                                 _mm_cmplt_epi8(c, _mm_set1_epi8(';' + 1)));
    __m128i small = _mm_or_si128(c, _mm_set1_epi8(0x20));
    good = _mm_or_si128(good, _mm_and_si128(_mm_cmpgt_epi8(small, _mm_set1_epi8('a' - 1)),
                                            _mm_cmplt_epi8(small, _mm_set1_epi8('z' + 1))));
    good = _mm_or_si128(good, _mm_cmpeq_epi8(c, _mm_set1_epi8('=')));
    good = _mm_or_si128(good, _mm_cmpeq_epi8(c, _mm_set1_epi8('_')));
    return (unsigned)_mm_movemask_epi8(good) ^ 0xFFFFU;
}
#endif

/*
 * Past characters that are of the kind PATH, as far as that is seen 16 at a time; where it ends
 * nothing is said of what follows. URIs are the longest texts that are looked at by the byte.
 */
static size_t path_run(struct slice s, size_t from)
{
#ifdef __SSE2__
    for (; s.len - from >= 16; from += 16) {
        unsigned odd = odd_in_path(s.data + from);
        if (odd)
            return from + (size_t)__builtin_ctz(odd);
    }
    if (s.len >= 16 && from < s.len) { /* the rest, together with what was before it */
        unsigned odd = odd_in_path(s.data + s.len - 16) >> (16 - (s.len - from));
        return odd ? from + (size_t)__builtin_ctz(odd) : s.len;
    }
#else
    (void)s;
#endif
    return from;
}

/* Characters of these kinds, and %XX. */
static bool characters(struct slice s, unsigned allowed)
{
    for (size_t i = 0; i < s.len; i++) {
        if (kinds[s.data[i]] & allowed)
            continue;
        if (s.data[i] != '%' || s.len - i < 3 || !hexadecimal(s.data[i + 1]) ||
            !hexadecimal(s.data[i + 2]))
            return false;
        i += 2;
    }
    return true;
}

static bool ipv4(struct slice s)
{
    size_t i = 0;
    for (int part = 0; part < 4; part++) {
        unsigned value = 0;
        size_t start = i;
        while (i < s.len && digit(s.data[i]) && i - start < 4)
            value = value * 10 + s.data[i++] - '0';
        if (i == start || i - start > 3 || value > 255 || (i - start > 1 && s.data[start] == '0'))
            return false;
        if (part < 3 && (i == s.len || s.data[i++] != '.'))
            return false;
    }
    return i == s.len;
}

static bool ipv6(struct slice s)
{
    size_t i = 0, groups = 0;
    bool gap = false;

    if (s.len >= 2 && s.data[0] == ':' && s.data[1] == ':') {
        gap = true;
        i = 2;
    }
    while (i < s.len) {
        size_t start = i;
        while (i < s.len && hexadecimal(s.data[i]) && i - start < 5)
            i++;
        if (i < s.len && s.data[i] == '.') {
            if (!ipv4(from(s, start)))
                return false;
            groups += 2;
            i = s.len;
            break;
        }
        if (i == start || i - start > 4)
            return false;
        groups++;
        if (i == s.len)
            break;
        if (s.data[i++] != ':')
            return false;
        if (i < s.len && s.data[i] == ':') {
            if (gap)
                return false;
            gap = true;
            i++;
        } else if (i == s.len) {
            return false;
        }
    }
    return gap ? groups < 8 : groups == 8;
}

static bool authority(struct slice s)
{
    size_t at = s.len;
    for (size_t i = 0; i < s.len; i++)
        if (s.data[i] == '@')
            at = i;
    if (at < s.len) {
        if (!characters(slice_of(s.data, at), USER))
            return false;
        s = from(s, at + 1);
    }
    size_t end;
    if (s.len > 0 && s.data[0] == '[') {
        end = find(s, "]");
        struct slice literal = slice_of(s.data + 1, end - 1);
        if (end == s.len)
            return false;
        if (!ipv6(literal) && !(literal.len > 3 && (literal.data[0] | 0x20) == 'v' &&
                                find(literal, ".") > 1 && characters(literal, USER)))
            return false;
        end++;
    } else {
        end = find(s, ":");
        if (!characters(slice_of(s.data, end), ANYWHERE))
            return false;
    }
    if (end == s.len)
        return true;
    if (s.data[end] != ':')
        return false;
    for (size_t i = end + 1; i < s.len; i++)
        if (!digit(s.data[i]))
            return false;
    return true;
}

/* What follows the scheme: [ "//" authority ] path [ "?" query ] [ "#" fragment ]. */
static bool hierarchical(struct slice s)
{
    size_t i = 0;

    if (s.len >= 2 && s.data[0] == '/' && s.data[1] == '/') {
        size_t end = 2;
        while (end < s.len && kinds[s.data[end]] & ANYWHERE)
            end++;
        if (end < s.len && !(kinds[s.data[end]] & (SLASH | QUESTION | HASH))) {
            /* more than a name of a host */
            while (end < s.len && !(kinds[s.data[end]] & (SLASH | QUESTION | HASH)))
                end++;
            if (!authority(slice_of(s.data + 2, end - 2)))
                return false;
        }
        i = end;
    }
    unsigned allowed = PATH;
    for (i = path_run(s, i); i < s.len; i++) {
        if (kinds[s.data[i]] & allowed)
            continue;
        if (s.data[i] == '%' && s.len - i > 2 && hexadecimal(s.data[i + 1]) &&
            hexadecimal(s.data[i + 2]))
            i += 2;
        else if (s.data[i] == '?' && allowed == PATH)
            allowed = QUERY;
        else if (s.data[i] == '#' && allowed != FRAGMENT)
            allowed = FRAGMENT;
        else
            return false;
        i = path_run(s, i + 1) - 1;
    }
    return true;
}

static bool uri(struct slice s)
{
    size_t i = 0;
    while (i < s.len && (digit(s.data[i]) || letter(s.data[i]) || s.data[i] == '+' ||
                         s.data[i] == '-' || s.data[i] == '.'))
        i++;
    return i > 0 && i < s.len && s.data[i] == ':' && letter(s.data[0]) &&
           hierarchical(from(s, i + 1));
}

static bool uri_reference(struct slice s)
{
    return uri(s) || (find(s, ":") >= find(s, "/?#") && hierarchical(s));
}

static bool uuid(struct slice s)
{
    if (s.len != 36)
        return false;
    for (size_t i = 0; i < 36; i++)
        if (i == 8 || i == 13 || i == 18 || i == 23 ? s.data[i] != '-' : !hexadecimal(s.data[i]))
            return false;
    return true;
}

static bool hostname(struct slice s)
{
    size_t run = 0;
    if (s.len == 0 || s.len > 253)
        return false;
    for (size_t i = 0; i <= s.len; i++) {
        if (i == s.len || s.data[i] == '.') {
            if (run == 0 || run > 63 || s.data[i - 1] == '-' || s.data[i - run] == '-')
                return false;
            run = 0;
        } else {
            if (!digit(s.data[i]) && !letter(s.data[i]) && s.data[i] != '-')
                return false;
            run++;
        }
    }
    return true;
}

static bool email(struct slice s)
{
    size_t at = s.len;
    for (size_t i = 0; i < s.len; i++)
        if (s.data[i] == '@')
            at = i;
    if (at == 0 || at > 64 || at == s.len)
        return false;
    struct slice local = slice_of(s.data, at), domain = from(s, at + 1);
    if (local.data[0] == '"' && local.len > 1) {
        for (size_t i = 0; i < local.len; i++)
            if (local.data[i] < ' ' || local.data[i] > '~')
                return false;
        if (local.data[local.len - 1] != '"')
            return false;
    } else {
        for (size_t i = 0; i < local.len; i++) {
            uint8_t c = local.data[i];
            if (c == '.' && (i == 0 || i + 1 == local.len || local.data[i - 1] == '.'))
                return false;
            if (!digit(c) && !letter(c) && !(c && strchr(".!#$%&'*+-/=?^_`{|}~", c)))
                return false;
        }
    }
    if (domain.len > 2 && domain.data[0] == '[' && domain.data[domain.len - 1] == ']') {
        domain = slice_of(domain.data + 1, domain.len - 2);
        return ipv4(domain) ||
               (domain.len > 5 && memcmp(domain.data, "IPv6:", 5) == 0 && ipv6(from(domain, 5)));
    }
    return hostname(domain);
}

static bool json_pointer_text(struct slice s)
{
    if (s.len > 0 && s.data[0] != '/')
        return false;
    for (size_t i = 0; i < s.len; i++)
        if (s.data[i] == '~' && (i + 1 == s.len || (s.data[i + 1] != '0' && s.data[i + 1] != '1')))
            return false;
    return true;
}

static bool anything(struct slice s)
{
    (void)s;
    return true;
}

static const struct {
    const char *name;
    bool (*valid)(struct slice text);
    const char *expected;
} formats[] = {
    [JSON_FORMAT_NONE] = {NULL, anything, NULL},
    [JSON_FORMAT_DATE_TIME] = {"date-time", date_time,
                               "a date and time with its zone, such as 2026-11-21T10:00:00Z"},
    [JSON_FORMAT_DATE] = {"date", date, "a date such as 2026-11-21"},
    [JSON_FORMAT_TIME] = {"time", time_of_day, "a time with its zone, such as 10:00:00Z"},
    [JSON_FORMAT_URI] = {"uri", uri, "a URI with a scheme, such as https://example.com/a"},
    [JSON_FORMAT_URI_REFERENCE] = {"uri-reference", uri_reference, "a URI or a part of one"},
    [JSON_FORMAT_UUID] = {"uuid", uuid, "a UUID such as 123e4567-e89b-42d3-a456-426614174000"},
    [JSON_FORMAT_EMAIL] = {"email", email, "a mail address such as psirt@example.com"},
    [JSON_FORMAT_HOSTNAME] = {"hostname", hostname, "a host name such as www.example.com"},
    [JSON_FORMAT_IPV4] = {"ipv4", ipv4, "an IPv4 address such as 192.0.2.1"},
    [JSON_FORMAT_IPV6] = {"ipv6", ipv6, "an IPv6 address such as 2001:db8::1"},
    [JSON_FORMAT_JSON_POINTER] = {"json-pointer", json_pointer_text,
                                  "a JSON pointer such as /document/title"},
    [JSON_FORMAT_REGEX] = {"regex", anything, "a regular expression"},
};

bool json_format_valid(enum json_schema_format format, struct slice text)
{
    return formats[format].valid(text);
}

const char *json_format_name(enum json_schema_format format)
{
    return formats[format].name;
}

const char *json_format_expected(enum json_schema_format format)
{
    return formats[format].expected;
}
