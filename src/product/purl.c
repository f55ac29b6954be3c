/* SPDX-License-Identifier: Apache-2.0 */
#include "product/purl.h"
#include "base/utf8.h"
#include "product/purl_types.h"

#include <stdio.h>
#include <stdlib.h>

static bool lower_letter(uint8_t c)
{
    return c >= 'a' && c <= 'z';
}

static uint8_t lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 32) : c;
}

static bool letter(uint8_t c)
{
    return lower_letter(lower(c));
}

static bool digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

static int hex(uint8_t c)
{
    if (digit(c))
        return c - '0';
    c = lower(c);
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

static int fault(struct err *e, const char *code, const char *clause, const char *text)
{
    return err_set(e, ERR_INPUT, code, clause, "%s", text);
}

static int fault_at(struct reader *r, const uint8_t *at, const char *code, const char *clause,
                    const char *text)
{
    fault(r->e, code, clause, text);
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

static struct slice from(struct slice s, size_t offset)
{
    return slice_of(s.data + offset, s.len - offset);
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
    struct slice rest = from(*s, at + 1);
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
    struct slice version = from(*path, at + 1);
    path->len = at;
    return version;
}

static int read_path(struct reader *r, struct slice path, const struct product_purl_type *type,
                     struct product_purl *out, struct places *at)
{
    /* leading slashes are not significant; behind a trailing one there is no name */
    while (path.len && path.data[0] == '/')
        path = from(path, 1);
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
    if (decode(r, from(path, split), true, "purl.name", "ECMA-427 section 5.6.4") != 0)
        return -1;
    out->name = slice_of(start, (size_t)(r->at - start));
    if (r->mode == PRODUCT_PURL_LENIENT && !name_is_path && out->space.len == 0) {
        /* "%40angular%2Fcore" */
        size_t slash = find_last(out->name, '/');
        if (slash + 1 < out->name.len && slash > 0) {
            out->space = slice_of(out->name.data, slash);
            out->name = from(out->name, slash + 1);
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
        if (key.len == 0 || !(strict ? lower_letter(key.data[0]) : letter(key.data[0])))
            return fault_at(r, key.data, "purl.qualifier", clause,
                            "a qualifier's key does not begin with a lower-case letter");
        struct slice value = from(pair, key.len + 1);
        if (value.len == 0)
            continue; /* the same as no qualifier */
        struct product_purl_qualifier *q = &all[out->qualifier_count];
        q->key = slice_of(r->at, key.len);
        for (size_t k = 0; k < key.len; k++) {
            uint8_t c = lower(key.data[k]);
            if (!lower_letter(c) && !digit(c) && !memchr("._-", c, 3))
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

static int check(struct arena *a, struct product_purl *p, enum product_purl_mode mode,
                 struct err *e);
static int clean_path(struct arena *a, struct slice *path, bool dots, struct err *e);

int product_purl_parse(struct arena *a, struct slice text, enum product_purl_mode mode,
                       struct product_purl *out, struct err *e)
{
    *out = (struct product_purl){0};
    struct reader r = {.text = text, .mode = mode, .e = e};
    struct places at = {0};
    if (text.len < 4 || lower(text.data[0]) != 'p' || lower(text.data[1]) != 'k' ||
        lower(text.data[2]) != 'g' || text.data[3] != ':')
        return fault_at(&r, text.data, "purl.scheme", "ECMA-427 section 5.6.1",
                        "it does not begin with \"pkg:\"");
    if (check_characters(&r) != 0)
        return -1;
    r.at = arena_alloc(a, text.len + 1);
    if (!r.at)
        return err_memory(e);
    struct slice rest = from(text, 4);
    while (rest.len && rest.data[0] == '/')
        rest = from(rest, 1);
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
        *r.at++ = lower(rest.data[i]);
    struct slice path = from(rest, type_len + 1);
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
    if (mode == PRODUCT_PURL_LENIENT &&
        (clean_path(a, &out->space, false, e) != 0 || clean_path(a, &out->subpath, true, e) != 0))
        return -1;
    if (check(a, out, mode, e) == 0)
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

/* Qualifiers of one key stay in the order of the text, of which all values are slices. */
static int by_key(const void *x, const void *y)
{
    const struct product_purl_qualifier *a = x, *b = y;
    int order = slice_compare(a->key, b->key);
    return order ? order : (a->value.data > b->value.data) - (a->value.data < b->value.data);
}

static int sort_qualifiers(struct product_purl *p, enum product_purl_mode mode, struct err *e)
{
    if (p->qualifier_count == 0)
        return 0;
    struct product_purl_qualifier *all = (struct product_purl_qualifier *)(uintptr_t)p->qualifiers;
    qsort(all, p->qualifier_count, sizeof *all, by_key);
    size_t kept = 1;
    for (size_t i = 1; i < p->qualifier_count; i++) {
        if (!slice_equal(all[i].key, all[kept - 1].key))
            all[kept++] = all[i];
        else if (mode == PRODUCT_PURL_STRICT)
            return err_set(e, ERR_INPUT, "purl.qualifier", "ECMA-427 section 5.6.6",
                           "the qualifier \"%.*s\" stands twice", SLICE_ARG(all[i].key));
    }
    p->qualifier_count = kept;
    return 0;
}

/* The case and the characters that a type asks for. A copy where something changes. */
static int fold(struct arena *a, struct slice *s, uint8_t (*change)(uint8_t), struct err *e)
{
    size_t i = 0;
    while (i < s->len && change(s->data[i]) == s->data[i])
        i++;
    if (i == s->len)
        return 0;
    uint8_t *copy = (uint8_t *)arena_copy(a, s->data, s->len);
    if (!copy)
        return err_memory(e);
    for (; i < s->len; i++)
        copy[i] = change(copy[i]);
    *s = slice_of(copy, s->len);
    return 0;
}

static uint8_t upper(uint8_t c)
{
    return lower_letter(c) ? (uint8_t)(c - 32) : c;
}

static uint8_t dash(uint8_t c)
{
    return c == '_' ? '-' : c;
}

static uint8_t under(uint8_t c)
{
    return letter(c) || digit(c) ? c : '_';
}

static bool holds(struct slice s, const char *text)
{
    return s.len && memmem(s.data, s.len, text, strlen(text));
}

static int normalise_case(struct arena *a, struct product_purl *p, unsigned rules, struct err *e)
{
    bool all = (rules & PRODUCT_PURL_HOST_CASE) &&
               (slice_is(p->space, "github") || slice_is(p->space, "github.com") ||
                slice_is(p->space, "bitbucket.org"));
    bool store = (rules & PRODUCT_PURL_STORE_CASE) &&
                 holds(product_purl_qualifier(p, "repository_url"), "azuredatabricks.");
    const struct {
        bool wanted;
        struct slice *part;
        uint8_t (*change)(uint8_t);
    } changes[] = {
        {all || (rules & PRODUCT_PURL_SPACE_LOWER), &p->space, lower},
        {rules & PRODUCT_PURL_SPACE_UPPER, &p->space, upper},
        {all || store || (rules & PRODUCT_PURL_NAME_LOWER), &p->name, lower},
        {rules & PRODUCT_PURL_NAME_DASH, &p->name, dash},
        {rules & PRODUCT_PURL_NAME_UNDER, &p->name, under},
        {rules & PRODUCT_PURL_VERSION_LOWER, &p->version, lower},
        {rules & PRODUCT_PURL_SUBPATH_LOWER, &p->subpath, lower},
    };
    for (size_t i = 0; i < ARRAY_LEN(changes); i++)
        if (changes[i].wanted && fold(a, changes[i].part, changes[i].change, e) != 0)
            return -1;
    return 0;
}

/* One to four numbers with dots between. */
static bool extension_version(struct slice s)
{
    size_t numbers = 0, digits = 0;
    for (size_t i = 0; i <= s.len; i++) {
        if (i < s.len && digit(s.data[i])) {
            digits++;
        } else {
            if (digits == 0 || (i < s.len && s.data[i] != '.'))
                return false;
            numbers++;
            digits = 0;
        }
    }
    return numbers <= 4;
}

static bool extension_name(struct slice s)
{
    for (size_t i = 0; i < s.len; i++)
        if (s.data[i] < 'a' || s.data[i] > 'p')
            return false;
    return s.len == 32;
}

static int check_rules(const struct product_purl *p, const struct product_purl_type *type,
                       struct err *e)
{
    unsigned rules = type->rules;
    char clause[64];
    snprintf(clause, sizeof clause, "definition of the purl type %s", type->name);
    if ((rules & PRODUCT_PURL_SPACE_REQUIRED) && p->space.len == 0)
        return fault(e, "purl.namespace", clause, "the type asks for a namespace");
    if ((rules & PRODUCT_PURL_SPACE_PROHIBITED) && p->space.len)
        return fault(e, "purl.namespace", clause, "the type has no namespaces");
    if ((rules & PRODUCT_PURL_NAME_MODULE) && holds(p->name, "::"))
        return fault(e, "purl.name", clause, "the name is a module's, not a distribution's");
    if (rules & PRODUCT_PURL_EXTENSION) {
        if (!extension_name(p->name))
            return fault(e, "purl.name", clause, "the name is not 32 letters from a to p");
        if (p->version.len && !extension_version(p->version))
            return fault(e, "purl.version", clause,
                         "the version is not one to four numbers with dots between");
    }
    if (type->qualifier && product_purl_qualifier(p, type->qualifier).len == 0)
        return err_set(e, ERR_INPUT, "purl.qualifier", clause,
                       "the type asks for the qualifier \"%s\"", type->qualifier);
    return 0;
}

/* All parts are decoded, the type is lower case. */
static int check(struct arena *a, struct product_purl *p, enum product_purl_mode mode,
                 struct err *e)
{
    for (size_t i = 0; i < p->type.len; i++)
        if (!lower_letter(p->type.data[i]) &&
            (i == 0 || (!digit(p->type.data[i]) && !memchr(".-", p->type.data[i], 2))) &&
            (mode == PRODUCT_PURL_STRICT || p->type.data[i] != '+'))
            return fault(e, "purl.type", "ECMA-427 section 5.6.2",
                         i ? "the type holds something else than letters, digits, '.' and '-'"
                           : "the type does not begin with a letter");
    if (p->type.len == 0)
        return fault(e, "purl.type", "ECMA-427 section 5.6.2", "there is no type");
    if (p->name.len == 0)
        return fault(e, "purl.name", "ECMA-427 section 5.6.4", "there is no name");
    if (sort_qualifiers(p, mode, e) != 0)
        return -1;
    const struct product_purl_type *type = product_purl_type_find(p->type);
    if (!type)
        return 0;
    /* without its host a path says nothing */
    if ((type->rules & PRODUCT_PURL_NAME_PATH) && p->space.len == 0)
        return fault(e, "purl.namespace", "ECMA-427 section 5.6.3",
                     "the type asks for a namespace");
    if (normalise_case(a, p, type->rules, e) != 0)
        return -1;
    return mode == PRODUCT_PURL_STRICT ? check_rules(p, type, e) : 0;
}

/* Segments without empty ones, and without "." and ".." where dots is true. */
static int clean_path(struct arena *a, struct slice *path, bool dots, struct err *e)
{
    if (path->len == 0)
        return 0;
    uint8_t *copy = arena_alloc(a, path->len + 1), *at = copy;
    if (!copy)
        return err_memory(e);
    for (size_t i = 0; i < path->len;) {
        size_t end = i;
        while (end < path->len && path->data[end] != '/')
            end++;
        struct slice segment = slice_of(path->data + i, end - i);
        i = end + 1;
        if (segment.len == 0 || (dots && (slice_is(segment, ".") || slice_is(segment, ".."))))
            continue;
        if (at > copy)
            *at++ = '/';
        memcpy(at, segment.data, segment.len);
        at += segment.len;
    }
    *path = slice_of(copy, (size_t)(at - copy));
    return 0;
}

int product_purl_normalise(struct arena *a, struct product_purl *p, enum product_purl_mode mode,
                           struct err *e)
{
    const struct slice parts[] = {p->space, p->name, p->version, p->subpath};
    for (size_t i = 0; i < ARRAY_LEN(parts); i++)
        if (utf8_check(parts[i]) != parts[i].len ||
            (parts[i].len && memchr(parts[i].data, 0, parts[i].len)))
            return fault(e, "purl.character", "ECMA-427 section 5.4",
                         "a part is not UTF-8, or holds a NUL");
    struct product_purl_qualifier *all = arena_new(a, p->qualifier_count + 1, sizeof *all);
    if (!all)
        return err_memory(e);
    size_t count = 0;
    for (size_t i = 0; i < p->qualifier_count; i++) {
        struct product_purl_qualifier q = p->qualifiers[i];
        if (q.value.len == 0)
            continue;
        if (fold(a, &q.key, lower, e) != 0)
            return -1;
        for (size_t k = 0; k < q.key.len; k++)
            if (!lower_letter(q.key.data[k]) &&
                (k == 0 || (!digit(q.key.data[k]) && !memchr("._-", q.key.data[k], 3))))
                return err_set(e, ERR_INPUT, "purl.qualifier", "ECMA-427 section 5.6.6",
                               "\"%.*s\" is no key of a qualifier", SLICE_ARG(q.key));
        if (q.key.len == 0 || utf8_check(q.value) != q.value.len ||
            memchr(q.value.data, 0, q.value.len))
            return fault(e, "purl.qualifier", "ECMA-427 section 5.6.6",
                         "a qualifier has no key, or its value is not UTF-8");
        all[count++] = q;
    }
    p->qualifiers = all;
    p->qualifier_count = count;
    if (fold(a, &p->type, lower, e) != 0 || clean_path(a, &p->space, false, e) != 0 ||
        clean_path(a, &p->subpath, true, e) != 0)
        return -1;
    while (p->name.len && p->name.data[0] == '/')
        p->name = from(p->name, 1);
    while (p->name.len && p->name.data[p->name.len - 1] == '/')
        p->name.len--;
    return check(a, p, mode, e);
}

static void encode(struct buf *out, struct slice text, bool slashes)
{
    static const char digits[] = "0123456789ABCDEF";
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.data[i];
        if (letter(c) || digit(c) || memchr(".-_~:", c, 5) || (slashes && c == '/')) {
            buf_putc(out, c);
        } else {
            buf_putc(out, '%');
            buf_putc(out, digits[c >> 4]);
            buf_putc(out, digits[c & 15]);
        }
    }
}

void product_purl_write(const struct product_purl *p, unsigned parts, struct buf *out)
{
    const struct product_purl_type *type = product_purl_type_find(p->type);
    buf_puts(out, "pkg:");
    buf_put_slice(out, p->type);
    buf_putc(out, '/');
    if (p->space.len) {
        encode(out, p->space, true);
        buf_putc(out, '/');
    }
    encode(out, p->name, type && (type->rules & PRODUCT_PURL_NAME_PATH));
    if ((parts & PRODUCT_PURL_VERSION) && p->version.len) {
        buf_putc(out, '@');
        encode(out, p->version, false);
    }
    for (size_t i = 0; (parts & PRODUCT_PURL_QUALIFIERS) && i < p->qualifier_count; i++) {
        buf_putc(out, i ? '&' : '?');
        buf_put_slice(out, p->qualifiers[i].key);
        buf_putc(out, '=');
        encode(out, p->qualifiers[i].value, false);
    }
    if ((parts & PRODUCT_PURL_SUBPATH) && p->subpath.len) {
        buf_putc(out, '#');
        encode(out, p->subpath, true);
    }
}

struct slice product_purl_qualifier(const struct product_purl *p, const char *key)
{
    for (size_t i = 0; i < p->qualifier_count; i++)
        if (slice_is(p->qualifiers[i].key, key))
            return p->qualifiers[i].value;
    return slice_of(NULL, 0);
}

bool product_purl_same_package(const struct product_purl *a, const struct product_purl *b)
{
    return slice_equal(a->type, b->type) && slice_equal(a->space, b->space) &&
           slice_equal(a->name, b->name);
}

bool product_purl_same_but_qualifiers(const struct product_purl *a, const struct product_purl *b)
{
    return product_purl_same_package(a, b) && slice_equal(a->version, b->version) &&
           slice_equal(a->subpath, b->subpath);
}
