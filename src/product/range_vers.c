/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `vers:` texts: type, '/', constraints between '|', in the order of their versions. What CISA and
 * its vendors write behind "vers:all/" is free text and read as such.
 */
#include "product/range_parts.h"
#include "product/range_phrases.h"
#include "product/range_words.h"

/* Percent-decodes; NULL data: memory. */
static struct slice decoded(struct range_parts *p, struct slice text)
{
    if (!text.len || !memchr(text.data, '%', text.len))
        return text;
    uint8_t *out = arena_alloc(p->arena, text.len);
    size_t len = 0;
    if (!out) {
        err_memory(p->e);
        return slice_of(NULL, 0);
    }
    for (size_t i = 0; i < text.len; i++) {
        unsigned value = 0, digits = 0;
        for (size_t k = i + 1; text.data[i] == '%' && k < text.len && k <= i + 2; k++) {
            uint8_t c = text.data[k] | 0x20;
            if ((c >= 'a' && c <= 'f') || (text.data[k] >= '0' && text.data[k] <= '9')) {
                value = value * 16 + (unsigned)(c >= 'a' ? c - 'a' + 10 : text.data[k] - '0');
                digits++;
            }
        }
        out[len++] = digits == 2 ? (uint8_t)value : text.data[i];
        i += digits == 2 ? 2 : 0;
    }
    return slice_of(out, len);
}

/* What the constraints read so far leave open: a lower bound that waits for its upper one. */
struct constraints {
    struct range_parts *p;
    struct range_bound low;
    bool has_low;
    struct slice last;
};

static int close_low(struct constraints *c)
{
    int result =
        c->has_low ? range_part_add(c->p, (struct range_part){.low = c->low, .sure = true}) : 0;
    c->has_low = false;
    return result;
}

static int constraint(struct constraints *c, struct slice text)
{
    size_t len;
    enum range_operator op = range_operator_at(text, &len);
    struct slice version =
        decoded(c->p, product_text_trim(slice_of(text.data + len, text.len - len)));
    struct range_bound bound = {.version = version};
    if (!version.len) {
        if (version.data || text.len == len)
            range_obscure(c->p, "an operator stands without a version");
        return version.data || text.len == len ? 0 : -1;
    }
    if (c->last.len) {
        enum product_order order = product_version_compare(c->p->range->scheme, c->last, version);
        if (order == PRODUCT_GREATER || order == PRODUCT_EQUAL)
            range_obscure(c->p, "the versions of a vers: text are not in order");
    }
    c->last = version;
    switch (op) {
    case RANGE_NO_OPERATOR:
    case RANGE_EQUAL:
        if (c->has_low)
            return 0; /* between a lower bound and its upper one: said already */
        return range_part_add(
            c->p, (struct range_part){.low = bound, .high = bound, .single = true, .sure = true});
    case RANGE_NOT_EQUAL:
        bound.open = true;
        if (!c->has_low && c->p->count)
            return 0; /* outside already */
        if (range_part_add(c->p, (struct range_part){.low = c->low, .high = bound, .sure = true}) !=
            0)
            return -1;
        c->low = bound;
        c->has_low = true;
        return 0;
    case RANGE_LESS:
    case RANGE_LESS_EQUAL: {
        bound.open = op == RANGE_LESS;
        struct range_part part = {.high = bound, .sure = true};
        if (c->has_low)
            part.low = c->low;
        c->has_low = false;
        return range_part_add(c->p, part);
    }
    case RANGE_GREATER:
    case RANGE_GREATER_EQUAL:
        /* ">=7|>=9": the first holds the second */
        if (c->has_low)
            return 0;
        bound.open = op == RANGE_GREATER;
        c->low = bound;
        c->has_low = true;
        return 0;
    }
    return 0;
}

int range_vers_read(struct range_parts *p, struct slice text)
{
    const uint8_t *slash = text.len ? memchr(text.data, '/', text.len) : NULL;
    if (!slash) {
        range_obscure(p, "a vers: text needs a type and '/'");
        return 0;
    }
    struct slice type = slice_of(text.data, (size_t)(slash - text.data));
    struct slice rest =
        product_text_trim(slice_of(slash + 1, text.len - (size_t)(slash + 1 - text.data)));
    if (slice_is(rest, "*")) {
        p->every = true;
        return 0;
    }
    p->range->scheme = product_scheme_find(type);
    if (slice_is(type, "all")) {
        rest = decoded(p, rest);
        return rest.data ? range_grammar_read(p, rest) : -1;
    }
    struct constraints c = {.p = p};
    size_t start = 0;
    for (size_t i = 0; i <= rest.len; i++) {
        if (i < rest.len && rest.data[i] != '|')
            continue;
        struct slice part = product_text_trim(slice_of(rest.data + start, i - start));
        if (part.len && constraint(&c, part) != 0)
            return -1;
        start = i + 1;
    }
    return close_low(&c);
}
