/* SPDX-License-Identifier: Apache-2.0 */
#include "fleet/class_identifier.h"
#include "base/buf.h"
#include "base/utf8.h"

#include <stdlib.h>

enum { QUALIFIERS = 32, IDENTIFIER_LIMIT = 2048 };

static uint8_t lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 32) : c;
}

static int hex(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Percent-decodes; false when the result is no UTF-8. */
static bool decode(struct slice text, struct buf *out)
{
    buf_reset(out);
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.data[i];
        if (c == '%' && i + 2 < text.len && hex(text.data[i + 1]) >= 0 &&
            hex(text.data[i + 2]) >= 0) {
            c = (uint8_t)(hex(text.data[i + 1]) * 16 + hex(text.data[i + 2]));
            i += 2;
        }
        if (c == 0)
            return false;
        buf_putc(out, c);
    }
    return utf8_check(buf_slice(out)) == out->len;
}

static void encode(struct buf *out, struct slice text)
{
    static const char digits[] = "0123456789ABCDEF";
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.data[i];
        if ((c >= '0' && c <= '9') || (lower(c) >= 'a' && lower(c) <= 'z') ||
            memchr(".-_~:", c, 5)) {
            buf_putc(out, c);
        } else {
            buf_putc(out, '%');
            buf_putc(out, digits[c >> 4]);
            buf_putc(out, digits[c & 15]);
        }
    }
}

static bool is(struct slice s, const char *text)
{
    return slice_is(s, text);
}

/* Types whose names have no case (purl-spec, types). */
static bool caseless(struct slice type)
{
    static const char *const types[] = {"alpm",   "apk",    "bitbucket", "composer", "deb",
                                        "github", "gitlab", "hex",       "npm",      "oci",
                                        "pypi",   "pub",    "luarocks"};
    for (size_t i = 0; i < ARRAY_LEN(types); i++)
        if (is(type, types[i]))
            return true;
    return false;
}

static void put_name(struct buf *out, struct slice type, struct slice segment, struct buf *scratch,
                     bool name, bool *ok)
{
    *ok = *ok && decode(segment, scratch);
    if (scratch->failed)
        return;
    for (size_t i = 0; i < scratch->len && caseless(type); i++) {
        scratch->data[i] = lower(scratch->data[i]);
        if (name && is(type, "pypi") && scratch->data[i] == '_')
            scratch->data[i] = '-';
    }
    encode(out, buf_slice(scratch));
}

static int by_bytes(const void *a, const void *b)
{
    return slice_compare(*(const struct slice *)a, *(const struct slice *)b);
}

static size_t find_last(struct slice s, uint8_t c)
{
    for (size_t i = s.len; i > 0; i--)
        if (s.data[i - 1] == c)
            return i - 1;
    return s.len;
}

/* "key=value&…" with lower-case keys, sorted, empty values left out */
static int put_qualifiers(struct arena *a, struct buf *out, struct slice text, struct buf *scratch,
                          struct err *e)
{
    struct slice all[QUALIFIERS];
    size_t count = 0, start = 0;
    for (size_t i = 0; text.len && i <= text.len; i++) {
        if (i < text.len && text.data[i] != '&')
            continue;
        struct slice pair = slice_of(text.data + start, i - start);
        const uint8_t *equals = pair.len ? memchr(pair.data, '=', pair.len) : NULL;
        start = i + 1;
        if (!equals || equals + 1 == pair.data + pair.len || count == QUALIFIERS)
            continue;
        size_t key = (size_t)(equals - pair.data);
        struct buf one;
        buf_init(&one);
        for (size_t k = 0; k < key; k++)
            buf_putc(&one, lower(pair.data[k]));
        buf_putc(&one, '=');
        if (decode(slice_of(equals + 1, pair.len - key - 1), scratch))
            encode(&one, buf_slice(scratch));
        char *kept = one.failed ? NULL : arena_copy(a, one.data, one.len);
        if (kept)
            all[count++] = slice_of(kept, one.len);
        buf_fini(&one);
        if (!kept)
            return err_memory(e);
    }
    qsort(all, count, sizeof *all, by_bytes);
    for (size_t i = 0; i < count; i++) {
        buf_putc(out, i ? '&' : '?');
        buf_put_slice(out, all[i]);
    }
    return 0;
}

static int keep(struct arena *a, struct slice s, struct slice *out, struct err *e)
{
    char *copy = arena_copy(a, s.len ? (const void *)s.data : "", s.len);
    if (!copy)
        return err_memory(e);
    *out = slice_of(copy, s.len);
    return 0;
}

int fleet_purl_parse(struct arena *a, struct slice text, struct fleet_purl *out, struct err *e)
{
    *out = (struct fleet_purl){0};
    if (text.len < 7 || text.len > IDENTIFIER_LIMIT || lower(text.data[0]) != 'p' ||
        lower(text.data[1]) != 'k' || lower(text.data[2]) != 'g' || text.data[3] != ':')
        return 0;
    struct slice rest = slice_of(text.data + 4, text.len - 4);
    while (rest.len && rest.data[0] == '/')
        rest = slice_of(rest.data + 1, rest.len - 1);
    rest.len = find_last(rest, '#');
    size_t mark = find_last(rest, '?');
    struct slice qualifiers =
        mark < rest.len ? slice_of(rest.data + mark + 1, rest.len - mark - 1) : slice_of(NULL, 0);
    rest.len = mark;
    const uint8_t *slash = rest.len ? memchr(rest.data, '/', rest.len) : NULL;
    if (!slash || slash == rest.data)
        return 0;
    /* the version begins at the last '@' behind the last '/' */
    size_t at = find_last(rest, '@'), last = find_last(rest, '/');
    struct slice version = slice_of(NULL, 0);
    if (at < rest.len && at > last) {
        version = slice_of(rest.data + at + 1, rest.len - at - 1);
        rest.len = at;
    }
    struct buf b, scratch;
    buf_init(&b);
    buf_init(&scratch);
    bool ok = true;
    int result = -1;
    buf_puts(&b, "pkg:");
    for (const uint8_t *p = rest.data; p < slash; p++) {
        ok = ok && ((lower(*p) >= 'a' && lower(*p) <= 'z') || (*p >= '0' && *p <= '9') ||
                    memchr(".-+", *p, 3));
        buf_putc(&b, lower(*p));
    }
    if (b.failed)
        goto memory;
    struct slice type = slice_of(NULL, 0);
    if (keep(a, slice_of(b.data + 4, b.len - 4), &type, e) != 0)
        goto out;
    struct slice path = slice_of(slash + 1, rest.len - (size_t)(slash + 1 - rest.data));
    size_t start = 0;
    for (size_t i = 0; i <= path.len; i++) {
        if (i < path.len && path.data[i] != '/')
            continue;
        if (i > start) {
            buf_putc(&b, '/');
            put_name(&b, type, slice_of(path.data + start, i - start), &scratch, i == path.len,
                     &ok);
        }
        start = i + 1;
    }
    if (b.failed || scratch.failed)
        goto memory;
    ok = ok && b.len > 4 + type.len + 1 && path.len && path.data[path.len - 1] != '/';
    if (keep(a, buf_slice(&b), &out->base, e) != 0)
        goto out;
    ok = ok && decode(version, &scratch);
    if (scratch.failed)
        goto memory;
    if (keep(a, buf_slice(&scratch), &out->version, e) != 0)
        goto out;
    if (out->version.len) {
        buf_putc(&b, '@');
        encode(&b, out->version);
    }
    if (put_qualifiers(a, &b, qualifiers, &scratch, e) != 0)
        goto out;
    if (b.failed || scratch.failed)
        goto memory;
    if (keep(a, buf_slice(&b), &out->canonical, e) != 0)
        goto out;
    out->ok = ok;
    result = 0;
    goto out;
memory:
    err_memory(e);
out:
    buf_fini(&b);
    buf_fini(&scratch);
    return result;
}

/* One attribute, unescaped and lower case; "*" and "-" alone are empty. */
static void put_attribute(struct buf *out, struct slice s, bool uri)
{
    if (s.len == 1 && (s.data[0] == '*' || s.data[0] == '-'))
        return;
    for (size_t i = 0; i < s.len; i++) {
        uint8_t c = s.data[i];
        if (c == '\\' && i + 1 < s.len && !uri)
            c = s.data[++i];
        else if (c == '%' && uri && i + 2 < s.len && hex(s.data[i + 1]) >= 0 &&
                 hex(s.data[i + 2]) >= 0) {
            c = (uint8_t)(hex(s.data[i + 1]) * 16 + hex(s.data[i + 2]));
            i += 2;
        }
        buf_putc(out, lower(c));
    }
}

enum { CPE_VERSION = 3, CPE_ATTRIBUTES = 11 };

static bool cpe_formatted(struct slice text)
{
    return text.len > 8 && memcmp(text.data, "cpe:2.3:", 8) == 0;
}

/* The attributes from "part" on, as they are written; those that are not there are empty. */
static size_t cpe_split(struct slice text, struct slice attributes[CPE_ATTRIBUTES])
{
    bool formatted = cpe_formatted(text);
    size_t front = formatted ? 8 : 5, count = 0, start = 0;
    struct slice rest = slice_of(text.data + front, text.len - front);
    memset(attributes, 0, CPE_ATTRIBUTES * sizeof *attributes);
    for (size_t i = 0; i <= rest.len && count < CPE_ATTRIBUTES; i++) {
        if (i < rest.len && rest.data[i] == '\\' && formatted) {
            i++;
            continue;
        }
        if (i < rest.len && rest.data[i] != ':')
            continue;
        attributes[count++] = slice_of(rest.data + start, (i < rest.len ? i : rest.len) - start);
        start = i + 1;
    }
    return count;
}

bool fleet_cpe_narrows(struct slice cpe, struct slice other)
{
    struct slice a[CPE_ATTRIBUTES], b[CPE_ATTRIBUTES];
    if (cpe.len < 6 || other.len < 6)
        return false;
    cpe_split(cpe, a);
    cpe_split(other, b);
    for (size_t i = CPE_VERSION + 1; i < CPE_ATTRIBUTES; i++) {
        bool named = a[i].len && !slice_is(a[i], "*") && !slice_is(a[i], "-");
        bool same = a[i].len == b[i].len;
        for (size_t k = 0; k < a[i].len && same; k++)
            same = lower(a[i].data[k]) == lower(b[i].data[k]);
        if (named && !same)
            return true;
    }
    return false;
}

int fleet_cpe_parse(struct arena *a, struct slice text, struct fleet_cpe *out, struct err *e)
{
    *out = (struct fleet_cpe){0};
    if (text.len < 6 || text.len > IDENTIFIER_LIMIT)
        return 0;
    bool uri = !cpe_formatted(text) && memcmp(text.data, "cpe:/", 5) == 0;
    if (!cpe_formatted(text) && !uri)
        return 0;
    struct slice attributes[CPE_ATTRIBUTES];
    size_t count = cpe_split(text, attributes);
    struct buf b;
    buf_init(&b);
    int result = -1;
    bool plain = count >= 3;
    for (size_t i = 0; i < 3 && plain; i++) {
        size_t before = b.len;
        if (i)
            buf_putc(&b, ':');
        put_attribute(&b, attributes[i], uri);
        plain = b.len > before + (i > 0);
        for (size_t k = 0; k < attributes[i].len; k++)
            plain = plain &&
                    (attributes[i].data[k] != '*' || (k > 0 && attributes[i].data[k - 1] == '\\'));
    }
    if (b.failed || keep(a, buf_slice(&b), &out->product, e) != 0)
        goto memory;
    buf_reset(&b);
    put_attribute(&b, attributes[3], uri);
    if (b.failed || keep(a, buf_slice(&b), &out->version, e) != 0)
        goto memory;
    out->ok = plain;
    result = 0;
    goto out;
memory:
    err_memory(e);
out:
    buf_fini(&b);
    return result;
}
