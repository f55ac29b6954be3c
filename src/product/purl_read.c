/* SPDX-License-Identifier: Apache-2.0 */
/* The text of a package URL taken apart, with the place of what is wrong. */
#include "base/utf8.h"
#include "product/purl_internal.h"

static int hex(uint8_t c)
{
    if (purl_digit(c))
        return c - '0';
    c = purl_lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Where each part stands in the text that is read. */
struct places {
    size_t type, space, name, version, qualifiers, subpath;
};

struct reader {
    struct slice text;
    enum product_purl_mode mode;
    bool whole;  /* a segment stays one, however leniently it is read */
    uint8_t *at; /* where the next decoded byte goes */
    struct err *e;
};

static int fault_at(struct reader *r, const uint8_t *at, const char *code, const char *clause,
                    const char *text)
{
    purl_fault(r->e, code, clause, text);
    return err_where(r->e, "offset %zu", (size_t)(at - r->text.data));
}

/* Percent-decodes behind what is decoded already. */
static int decode(struct reader *r, struct slice raw, bool slash_allowed, const char *code,
                  const char *clause)
{
    uint8_t *start = r->at;
    for (size_t i = 0; i < raw.len; i++) {
        uint8_t c = raw.data[i];
        const uint8_t *place = raw.data + i;
        if (c == '%') {
            if (i + 2 < raw.len && hex(raw.data[i + 1]) >= 0 && hex(raw.data[i + 2]) >= 0) {
                c = (uint8_t)(hex(raw.data[i + 1]) * 16 + hex(raw.data[i + 2]));
                i += 2;
                if (c == '/' && !slash_allowed && (r->whole || r->mode == PRODUCT_PURL_STRICT))
                    return fault_at(r, place, code, clause, "a segment holds a slash");
            } else if (r->mode == PRODUCT_PURL_STRICT) {
                return fault_at(r, place, "purl.encoding", "ECMA-427 section 5.4",
                                "'%' is not followed by two hexadecimal digits");
            }
        }
        if (c == 0)
            return fault_at(r, place, "purl.character", "ECMA-427 section 5.2", "it holds a NUL");
        *r->at++ = c;
    }
    struct slice decoded = slice_of(start, (size_t)(r->at - start));
    if (utf8_check(decoded) != decoded.len)
        return fault_at(r, raw.data, "purl.encoding", "ECMA-427 section 5.4",
                        "what is percent-encoded is not UTF-8");
    return 0;
}

static size_t find_last(struct slice s, uint8_t c)
{
    for (size_t i = s.len; i > 0; i--)
        if (s.data[i - 1] == c)
            return i - 1;
    return s.len;
}

/* Cuts off what stands behind the last c; NULL data: there is none. */
static struct slice cut_last(struct slice *s, uint8_t c)
{
    size_t at = find_last(*s, c);
    if (at == s->len)
        return slice_of(NULL, 0);
    struct slice rest = purl_from(*s, at + 1);
    s->len = at;
    return rest;
}

/* The '@' before a version: the last one, unless it begins a scope ("@babel/core"). */
static struct slice cut_version(struct slice *path)
{
    size_t at = find_last(*path, '@');
    if (at == path->len)
        return slice_of(NULL, 0);
    bool segment = at == 0 || path->data[at - 1] == '/';
    if (segment && memchr(path->data + at, '/', path->len - at))
        return slice_of(NULL, 0);
    struct slice version = purl_from(*path, at + 1);
    path->len = at;
    return version;
}

/* Nothing but slashes, which a lenient reader lets be written as %2F. */
static bool is_empty_path(struct slice path)
{
    while (path.len && path.data[0] == '/')
        path = purl_from(path, 1);
    return path.len == 0;
}

static int read_path(struct reader *r, struct slice path, const struct product_purl_type *type,
                     struct product_purl *out, struct places *at)
{
    /* leading slashes are not significant; behind a trailing one there is no name */
    while (path.len && path.data[0] == '/')
        path = purl_from(path, 1);
    bool name_is_path = type && (type->rules & PRODUCT_PURL_NAME_PATH);
    size_t split = 0; /* of the raw name */
    r->whole = name_is_path;
    if (name_is_path) {
        const uint8_t *slash = path.len ? memchr(path.data, '/', path.len) : NULL;
        split = slash ? (size_t)(slash - path.data) + 1 : 0;
    } else {
        size_t slash = find_last(path, '/');
        split = slash < path.len ? slash + 1 : 0;
    }
    at->space = (size_t)(path.data - r->text.data);
    at->name = at->space + split;
    uint8_t *start = r->at;
    for (size_t i = 0; i < split;) {
        size_t end = i;
        while (path.data[end] != '/')
            end++;
        if (end > i) {
            if (r->at > start)
                *r->at++ = '/';
            if (decode(r, slice_of(path.data + i, end - i), false, "purl.namespace",
                       "ECMA-427 section 5.6.3") != 0)
                return -1;
        }
        i = end + 1;
    }
    out->space = slice_of(start, (size_t)(r->at - start));
    r->whole = false;
    start = r->at;
    if (decode(r, purl_from(path, split), true, "purl.name", "ECMA-427 section 5.6.4") != 0)
        return -1;
    out->name = slice_of(start, (size_t)(r->at - start));
    if (r->mode == PRODUCT_PURL_LENIENT && !name_is_path && is_empty_path(out->space)) {
        /* "%40angular%2Fcore" */
        size_t slash = find_last(out->name, '/');
        if (slash + 1 < out->name.len && slash > 0) {
            out->space = slice_of(out->name.data, slash);
            out->name = purl_from(out->name, slash + 1);
        }
    }
    return 0;
}

static int read_qualifiers(struct reader *r, struct arena *a, struct slice text,
                           struct product_purl *out)
{
    static const char clause[] = "ECMA-427 section 5.6.6";
    if (text.len == 0)
        return 0;
    size_t room = 1;
    for (size_t i = 0; i < text.len; i++)
        room += text.data[i] == '&';
    struct product_purl_qualifier *all = arena_new(a, room, sizeof *all);
    if (!all)
        return err_memory(r->e);
    bool strict = r->mode == PRODUCT_PURL_STRICT;
    for (size_t i = 0; i <= text.len;) {
        size_t end = i;
        while (end < text.len && text.data[end] != '&')
            end++;
        struct slice pair = slice_of(text.data + i, end - i);
        i = end + 1;
        const uint8_t *equals = pair.len ? memchr(pair.data, '=', pair.len) : NULL;
        if (!equals) {
            if (strict)
                return fault_at(r, pair.data, "purl.qualifier", clause,
                                "a qualifier has no \"=\" between its key and its value");
            continue;
        }
        struct slice key = slice_of(pair.data, (size_t)(equals - pair.data));
        /* The standard asks for lower case. Its official cases refuse a key that begins with a
         * capital, and take one that has a capital inside. */
        if (key.len == 0 || !(strict ? purl_lower_letter(key.data[0]) : purl_letter(key.data[0])))
            return fault_at(r, key.data, "purl.qualifier", clause,
                            "a qualifier's key does not begin with a lower-case letter");
        struct slice value = purl_from(pair, key.len + 1);
        if (value.len == 0)
            continue; /* the same as no qualifier */
        struct product_purl_qualifier *q = &all[out->qualifier_count];
        q->key = slice_of(r->at, key.len);
        for (size_t k = 0; k < key.len; k++) {
            uint8_t c = purl_lower(key.data[k]);
            if (!purl_lower_letter(c) && !purl_digit(c) && !memchr("._-", c, 3))
                return fault_at(r, key.data + k, "purl.qualifier", clause,
                                "a qualifier's key holds something else than letters, digits, "
                                "'.', '-' and '_'");
            *r->at++ = c;
        }
        uint8_t *start = r->at;
        if (decode(r, value, true, "purl.qualifier", clause) != 0)
            return -1;
        q->value = slice_of(start, (size_t)(r->at - start));
        out->qualifier_count++;
    }
    out->qualifiers = all;
    return 0;
}

static int read_subpath(struct reader *r, struct slice text, struct product_purl *out)
{
    uint8_t *start = r->at;
    for (size_t i = 0; i < text.len;) {
        size_t end = i;
        while (end < text.len && text.data[end] != '/')
            end++;
        if (end > i) {
            uint8_t *segment = r->at;
            if (segment > start)
                *r->at++ = '/';
            uint8_t *decoded = r->at;
            if (decode(r, slice_of(text.data + i, end - i), false, "purl.subpath",
                       "ECMA-427 section 5.6.7") != 0)
                return -1;
            struct slice s = slice_of(decoded, (size_t)(r->at - decoded));
            if (slice_is(s, ".") || slice_is(s, ".."))
                r->at = segment;
        }
        i = end + 1;
    }
    out->subpath = slice_of(start, (size_t)(r->at - start));
    return 0;
}

static int check_characters(struct reader *r)
{
    bool strict = r->mode == PRODUCT_PURL_STRICT;
    for (size_t i = 0; i < r->text.len; i++) {
        uint8_t c = r->text.data[i];
        if (c <= ' ' || c == 0x7f || (strict && (c > 0x7f || memchr("\"<>\\^`{|}", c, 9))))
            return fault_at(r, r->text.data + i, "purl.character", "ECMA-427 section 5.2",
                            "it holds a character that must be percent-encoded");
    }
    return 0;
}

int product_purl_parse(struct arena *a, struct slice text, enum product_purl_mode mode,
                       struct product_purl *out, struct err *e)
{
    *out = (struct product_purl){0};
    struct reader r = {.text = text, .mode = mode, .e = e};
    struct places at = {0};
    if (text.len < 4 || purl_lower(text.data[0]) != 'p' || purl_lower(text.data[1]) != 'k' ||
        purl_lower(text.data[2]) != 'g' || text.data[3] != ':')
        return fault_at(&r, text.data, "purl.scheme", "ECMA-427 section 5.6.1",
                        "it does not begin with \"pkg:\"");
    if (check_characters(&r) != 0)
        return -1;
    r.at = arena_alloc(a, text.len + 1);
    if (!r.at)
        return err_memory(e);
    struct slice rest = purl_from(text, 4);
    while (rest.len && rest.data[0] == '/')
        rest = purl_from(rest, 1);
    struct slice subpath = cut_last(&rest, '#');
    struct slice qualifiers = cut_last(&rest, '?');
    size_t type_len = 0;
    while (type_len < rest.len && rest.data[type_len] != '/')
        type_len++;
    at.type = (size_t)(rest.data - text.data);
    if (type_len == rest.len)
        return fault_at(&r, rest.data, type_len ? "purl.name" : "purl.type",
                        type_len ? "ECMA-427 section 5.6.4" : "ECMA-427 section 5.6.2",
                        type_len ? "there is no name behind the type" : "there is no type");
    out->type = slice_of(r.at, type_len);
    for (size_t i = 0; i < type_len; i++)
        *r.at++ = purl_lower(rest.data[i]);
    struct slice path = purl_from(rest, type_len + 1);
    struct slice version = cut_version(&path);
    if (read_path(&r, path, product_purl_type_find(out->type), out, &at) != 0)
        return -1;
    uint8_t *start = r.at;
    if (decode(&r, version, true, "purl.version", "ECMA-427 section 5.6.5") != 0)
        return -1;
    out->version = slice_of(start, (size_t)(r.at - start));
    at.version = version.data ? (size_t)(version.data - text.data) : 0;
    at.qualifiers =
        (size_t)((qualifiers.data ? qualifiers.data : rest.data + rest.len) - text.data);
    at.subpath = subpath.data ? (size_t)(subpath.data - text.data) : 0;
    if (read_qualifiers(&r, a, qualifiers, out) != 0 || read_subpath(&r, subpath, out) != 0)
        return -1;
    /* slashes that were encoded may leave empty segments, and dots, behind */
    if (mode == PRODUCT_PURL_LENIENT && (product_purl_clean(a, &out->space, false, e) != 0 ||
                                         product_purl_clean(a, &out->subpath, true, e) != 0))
        return -1;
    if (product_purl_check(a, out, mode, e) == 0)
        return 0;
    const struct {
        const char *code;
        size_t offset;
    } parts[] = {{"purl.type", at.type},
                 {"purl.namespace", at.space},
                 {"purl.name", at.name},
                 {"purl.version", at.version},
                 {"purl.qualifier", at.qualifiers},
                 {"purl.subpath", at.subpath}};
    for (size_t i = 0; i < ARRAY_LEN(parts); i++)
        if (strcmp(e->code, parts[i].code) == 0)
            return err_where(e, "offset %zu", parts[i].offset);
    return -1;
}
