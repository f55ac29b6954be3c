/* SPDX-License-Identifier: Apache-2.0 */
#include "base/utf8.h"
#include "net/http_parse.h"
#include "net/http_chars.h"

#define CLAUSE "RFC 9112 section 3.2"

static int bad_target(struct err *e, const char *why)
{
    return err_set(e, ERR_USAGE, "http.target", CLAUSE, "the request target %s", why);
}

/* Allowed bytes and whole percent-encodings. */
static int check_encoded(struct slice text, unsigned classes, struct err *e)
{
    for (size_t i = 0; i < text.len; i++) {
        if (http_char_is(text.data[i], classes))
            continue;
        if (text.data[i] == '#')
            return bad_target(e, "has a fragment");
        if (text.data[i] != '%')
            return bad_target(e, "has a byte that must be percent-encoded");
        if (text.len - i < 3 || http_char_hex(text.data[i + 1]) < 0 ||
            http_char_hex(text.data[i + 2]) < 0)
            return bad_target(e, "has a broken percent-encoding");
        if (text.data[i + 1] == '0' && text.data[i + 2] == '0')
            return bad_target(e, "has an encoded NUL");
        i += 2;
    }
    return 0;
}

/* One segment; dots may be percent-encoded. */
static int check_segment(struct slice segment, bool last, struct err *e)
{
    size_t dots = 0;
    size_t others = 0;

    if (segment.len == 0 && !last)
        return bad_target(e, "has an empty path segment");
    for (size_t i = 0; i < segment.len; i++) {
        int byte = segment.data[i];
        if (byte == '%') {
            byte = http_char_hex(segment.data[i + 1]) * 16 + http_char_hex(segment.data[i + 2]);
            i += 2;
            if (byte == '/' || byte == '\\')
                return bad_target(e, "has an encoded slash in its path");
        }
        if (byte == '.')
            dots++;
        else
            others++;
    }
    if (others == 0 && (dots == 1 || dots == 2))
        return bad_target(e, "has a dot segment");
    return 0;
}

static int check_path(struct slice path, struct err *e)
{
    unsigned segments = 0;

    if (path.len == 0 || path.data[0] != '/')
        return bad_target(e, "is not a path from '/'");
    if (check_encoded(path, HTTP_CHAR_PATH, e) != 0)
        return -1;
    for (size_t at = 1; at <= path.len;) {
        const uint8_t *slash = memchr(path.data + at, '/', path.len - at);
        size_t end = slash ? (size_t)(slash - path.data) : path.len;
        if (++segments > HTTP_SEGMENTS_MAX)
            return bad_target(e, "has too many path segments");
        if (check_segment(slice_of(path.data + at, end - at), slash == NULL, e) != 0)
            return -1;
        at = end + 1;
    }
    return 0;
}

bool http_authority_valid(struct slice text)
{
    size_t host = text.len;

    if (text.len == 0 || text.len > 255 + 6)
        return false;
    for (size_t i = 0; i < text.len; i++)
        if (!http_char_is(text.data[i], HTTP_CHAR_HOST))
            return false;
    if (text.data[0] == '[') {
        const uint8_t *end = memchr(text.data, ']', text.len);
        if (!end || end == text.data + 1)
            return false;
        host = (size_t)(end - text.data) + 1;
        for (size_t i = 1; i + 1 < host; i++)
            if (!http_char_is(text.data[i], HTTP_CHAR_HEX) && text.data[i] != ':' &&
                text.data[i] != '.')
                return false;
    } else {
        const uint8_t *colon = memchr(text.data, ':', text.len);
        if (colon)
            host = (size_t)(colon - text.data);
        if (host == 0 || memchr(text.data, '[', text.len) || memchr(text.data, ']', text.len))
            return false;
    }
    if (host == text.len)
        return true;
    if (text.data[host] != ':' || text.len - host < 2 || text.len - host > 6)
        return false;
    unsigned port = 0;
    for (size_t i = host + 1; i < text.len; i++) {
        if (text.data[i] < '0' || text.data[i] > '9')
            return false;
        port = port * 10 + text.data[i] - '0';
    }
    return port > 0 && port <= 65535;
}

static bool starts_with(struct slice text, const char *prefix)
{
    size_t len = strlen(prefix);

    if (text.len < len)
        return false;
    for (size_t i = 0; i < len; i++)
        if (http_char_lower(text.data[i]) != (uint8_t)prefix[i])
            return false;
    return true;
}

int http_target_split(struct slice target, struct slice *authority, struct slice *path,
                      struct slice *query, bool *has_query, struct err *e)
{
    size_t skip = starts_with(target, "http://") ? 7 : starts_with(target, "https://") ? 8 : 0;

    *authority = (struct slice){0};
    *query = (struct slice){0};
    *has_query = false;
    if (skip) {
        size_t end = skip;
        while (end < target.len && target.data[end] != '/' && target.data[end] != '?')
            end++;
        *authority = slice_of(target.data + skip, end - skip);
        if (!http_authority_valid(*authority))
            return bad_target(e, "names no valid host");
        target = slice_of(target.data + end, target.len - end);
    }
    const uint8_t *mark = target.len ? memchr(target.data, '?', target.len) : NULL;
    *path = target;
    if (mark) {
        path->len = (size_t)(mark - target.data);
        *query = slice_of(mark + 1, target.len - path->len - 1);
        *has_query = true;
    }
    if (check_path(*path, e) != 0)
        return -1;
    return check_encoded(*query, HTTP_CHAR_QUERY, e);
}

static bool has_control(struct slice text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.data[i] < 0x20 || text.data[i] == 0x7f)
            return true;
    return false;
}

int http_decode(struct slice text, bool form, struct buf *out, struct err *e)
{
    size_t before = out->len;

    for (size_t i = 0; i < text.len; i++) {
        uint8_t byte = text.data[i];
        if (byte == '+' && form) {
            byte = ' ';
        } else if (byte == '%') {
            int high = text.len - i < 3 ? -1 : http_char_hex(text.data[i + 1]);
            int low = text.len - i < 3 ? -1 : http_char_hex(text.data[i + 2]);
            if (high < 0 || low < 0)
                return bad_target(e, "has a broken percent-encoding");
            byte = (uint8_t)(high * 16 + low);
            i += 2;
        }
        buf_putc(out, byte);
    }
    if (buf_check(out, e) != 0)
        return -1;
    struct slice decoded = slice_of(out->data + before, out->len - before);
    if (has_control(decoded) || utf8_check(decoded) != decoded.len)
        return bad_target(e, "decodes to control bytes or bad UTF-8");
    return 0;
}

static int decoded_is(struct slice text, const char *name, bool *same, struct err *e)
{
    struct buf decoded;
    int result;

    if (!memchr(text.data, '%', text.len) && !memchr(text.data, '+', text.len)) {
        *same = slice_is(text, name);
        return 0;
    }
    buf_init(&decoded);
    result = http_decode(text, true, &decoded, e);
    *same = result == 0 && slice_is(buf_slice(&decoded), name);
    buf_fini(&decoded);
    return result;
}

int http_query_find(struct slice query, const char *name, struct buf *out, struct err *e)
{
    struct slice found = {0};
    bool is_there = false;

    for (size_t at = 0; at < query.len;) {
        const uint8_t *amp = memchr(query.data + at, '&', query.len - at);
        size_t end = amp ? (size_t)(amp - query.data) : query.len;
        struct slice pair = slice_of(query.data + at, end - at);
        const uint8_t *equals = pair.len ? memchr(pair.data, '=', pair.len) : NULL;
        struct slice key = slice_of(pair.data, equals ? (size_t)(equals - pair.data) : pair.len);
        bool same = false;
        at = end + 1;
        if (key.len == 0)
            continue;
        if (decoded_is(key, name, &same, e) != 0)
            return -1;
        if (!same)
            continue;
        if (is_there)
            return err_set(e, ERR_USAGE, "http.query", NULL,
                           "the query parameter '%s' stands twice", name);
        is_there = true;
        found = equals ? slice_of(equals + 1, pair.len - key.len - 1) : (struct slice){0};
    }
    if (!is_there)
        return 0;
    return http_decode(found, true, out, e) == 0 ? 1 : -1;
}
