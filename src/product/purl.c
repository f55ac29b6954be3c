/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of a package URL must be, how they are made canonical, and written. */
#include "base/utf8.h"
#include "product/purl_internal.h"

#include <stdio.h>
#include <stdlib.h>

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
    return purl_lower_letter(c) ? (uint8_t)(c - 32) : c;
}

static uint8_t dash(uint8_t c)
{
    return c == '_' ? '-' : c;
}

static uint8_t under(uint8_t c)
{
    return purl_letter(c) || purl_digit(c) ? c : '_';
}

static bool holds(struct slice s, const char *text)
{
    return s.data && s.len && memmem(s.data, s.len, text, strlen(text));
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
        {all || (rules & PRODUCT_PURL_SPACE_LOWER), &p->space, purl_lower},
        {rules & PRODUCT_PURL_SPACE_UPPER, &p->space, upper},
        {all || store || (rules & PRODUCT_PURL_NAME_LOWER), &p->name, purl_lower},
        {rules & PRODUCT_PURL_NAME_DASH, &p->name, dash},
        {rules & PRODUCT_PURL_NAME_UNDER, &p->name, under},
        {rules & PRODUCT_PURL_VERSION_LOWER, &p->version, purl_lower},
        {rules & PRODUCT_PURL_SUBPATH_LOWER, &p->subpath, purl_lower},
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
        if (i < s.len && purl_digit(s.data[i])) {
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
        return purl_fault(e, "purl.namespace", clause, "the type asks for a namespace");
    if ((rules & PRODUCT_PURL_SPACE_PROHIBITED) && p->space.len)
        return purl_fault(e, "purl.namespace", clause, "the type has no namespaces");
    if ((rules & PRODUCT_PURL_NAME_MODULE) && holds(p->name, "::"))
        return purl_fault(e, "purl.name", clause, "the name is a module's, not a distribution's");
    if (rules & PRODUCT_PURL_EXTENSION) {
        if (!extension_name(p->name))
            return purl_fault(e, "purl.name", clause, "the name is not 32 letters from a to p");
        if (p->version.len && !extension_version(p->version))
            return purl_fault(e, "purl.version", clause,
                              "the version is not one to four numbers with dots between");
    }
    if (type->qualifier && product_purl_qualifier(p, type->qualifier).len == 0)
        return err_set(e, ERR_INPUT, "purl.qualifier", clause,
                       "the type asks for the qualifier \"%s\"", type->qualifier);
    return 0;
}

int product_purl_check(struct arena *a, struct product_purl *p, enum product_purl_mode mode,
                       struct err *e)
{
    for (size_t i = 0; i < p->type.len; i++)
        if (!purl_lower_letter(p->type.data[i]) &&
            (i == 0 || (!purl_digit(p->type.data[i]) && !memchr(".-", p->type.data[i], 2))) &&
            (mode == PRODUCT_PURL_STRICT || p->type.data[i] != '+'))
            return purl_fault(e, "purl.type", "ECMA-427 section 5.6.2",
                              i ? "the type holds something else than letters, digits, '.' and '-'"
                                : "the type does not begin with a letter");
    if (p->type.len == 0)
        return purl_fault(e, "purl.type", "ECMA-427 section 5.6.2", "there is no type");
    if (p->name.len == 0)
        return purl_fault(e, "purl.name", "ECMA-427 section 5.6.4", "there is no name");
    if (sort_qualifiers(p, mode, e) != 0)
        return -1;
    const struct product_purl_type *type = product_purl_type_find(p->type);
    if (!type)
        return 0;
    /* without its host a path says nothing */
    if ((type->rules & PRODUCT_PURL_NAME_PATH) && p->space.len == 0)
        return purl_fault(e, "purl.namespace", "ECMA-427 section 5.6.3",
                          "the type asks for a namespace");
    if (normalise_case(a, p, type->rules, e) != 0)
        return -1;
    return mode == PRODUCT_PURL_STRICT ? check_rules(p, type, e) : 0;
}

int product_purl_clean(struct arena *a, struct slice *path, bool dots, struct err *e)
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
            return purl_fault(e, "purl.character", "ECMA-427 section 5.4",
                              "a part is not UTF-8, or holds a NUL");
    struct product_purl_qualifier *all = arena_new(a, p->qualifier_count + 1, sizeof *all);
    if (!all)
        return err_memory(e);
    size_t count = 0;
    for (size_t i = 0; i < p->qualifier_count; i++) {
        struct product_purl_qualifier q = p->qualifiers[i];
        if (q.value.len == 0)
            continue;
        if (fold(a, &q.key, purl_lower, e) != 0)
            return -1;
        for (size_t k = 0; k < q.key.len; k++)
            if (!purl_lower_letter(q.key.data[k]) &&
                (k == 0 || (!purl_digit(q.key.data[k]) && !memchr("._-", q.key.data[k], 3))))
                return err_set(e, ERR_INPUT, "purl.qualifier", "ECMA-427 section 5.6.6",
                               "\"%.*s\" is no key of a qualifier", SLICE_ARG(q.key));
        if (q.key.len == 0 || utf8_check(q.value) != q.value.len ||
            memchr(q.value.data, 0, q.value.len))
            return purl_fault(e, "purl.qualifier", "ECMA-427 section 5.6.6",
                              "a qualifier has no key, or its value is not UTF-8");
        all[count++] = q;
    }
    p->qualifiers = all;
    p->qualifier_count = count;
    if (fold(a, &p->type, purl_lower, e) != 0 || product_purl_clean(a, &p->space, false, e) != 0 ||
        product_purl_clean(a, &p->subpath, true, e) != 0)
        return -1;
    while (p->name.len && p->name.data[0] == '/')
        p->name = purl_from(p->name, 1);
    while (p->name.len && p->name.data[p->name.len - 1] == '/')
        p->name.len--;
    return product_purl_check(a, p, mode, e);
}

static void encode(struct buf *out, struct slice text, bool slashes)
{
    static const char digits[] = "0123456789ABCDEF";
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.data[i];
        if (purl_letter(c) || purl_digit(c) || memchr(".-_~:", c, 5) || (slashes && c == '/')) {
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
