/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `vers:` texts by the rules of their standard (vers.h), as parts. What CISA and its vendors write
 * behind "vers:all/" is free text, and is read as such.
 */
#include "product/range_parts.h"
#include "product/range_token.h"
#include "product/range_words.h"
#include "product/vers.h"

/* The text as it can be read: canonical or not, but only one thing. */
static bool readable(struct range_parts *p, const struct product_vers *v)
{
    for (size_t i = 0; i < v->finding_count; i++) {
        enum product_vers_fault fault = v->findings[i].fault;
        bool harmless = fault > PRODUCT_VERS_SPECIAL && fault != PRODUCT_VERS_ORDER &&
                        fault != PRODUCT_VERS_DUPLICATE;
        if (!harmless && fault != PRODUCT_VERS_CHARACTER)
            range_obscure(p, v->findings[i].text);
    }
    if (v->none)
        range_obscure(p, "the text says that no version is meant");
    return !p->range->problem;
}

/* What the constraints read so far leave open: a lower bound that waits for its upper one. */
struct constraints {
    struct range_parts *p;
    struct range_bound low;
    bool has_low;
};

/* From the pending lower bound, if there is one, up to here. */
static int close_at(struct constraints *c, struct range_bound high)
{
    struct range_part part = {.high = high, .sure = true};
    if (c->has_low)
        part.low = c->low;
    c->has_low = false;
    return range_part_add(c->p, part);
}

static int constraint(struct constraints *c, const struct product_vers_constraint *read)
{
    struct range_bound bound = {.version = read->version};
    switch (read->comparator) {
    case PRODUCT_IS:
        if (c->has_low)
            return 0; /* between a lower bound and its upper one: said already */
        return range_part_add(
            c->p, (struct range_part){.low = bound, .high = bound, .single = true, .sure = true});
    case PRODUCT_IS_NOT:
        if (!c->has_low && c->p->count)
            return 0; /* outside already */
        bound.open = true;
        if (close_at(c, bound) != 0)
            return -1;
        c->low = bound;
        c->has_low = true;
        return 0;
    case PRODUCT_BELOW: bound.open = true; return close_at(c, bound);
    case PRODUCT_UP_TO: return close_at(c, bound);
    case PRODUCT_ABOVE:
    case PRODUCT_FROM:
        if (c->has_low)
            return 0; /* ">=7|>=9": the first holds the second */
        bound.open = read->comparator == PRODUCT_ABOVE;
        c->low = bound;
        c->has_low = true;
        return 0;
    }
    return 0;
}

int range_vers_read(struct range_parts *p, struct slice text)
{
    struct product_vers v;
    /* as written: here '_' is no space */
    if (product_vers_read(p->arena, product_text_trim(p->range->text), &v, p->e) != 0)
        return -1;
    if (v.all) {
        p->every = true;
        return 0;
    }
    const uint8_t *slash = memchr(text.data, '/', text.len);
    if (slash && product_text_starts(text, "vers:all/")) {
        struct slice rest = slice_of(slash + 1, text.len - (size_t)(slash + 1 - text.data));
        return range_grammar_read(p, product_text_trim(rest));
    }
    if (!readable(p, &v))
        return 0;
    p->range->scheme = v.scheme;
    struct constraints c = {.p = p};
    for (size_t i = 0; i < v.count; i++)
        if (constraint(&c, &v.constraints[i]) != 0)
            return -1;
    if (!c.has_low)
        return 0;
    return range_part_add(p, (struct range_part){.low = c.low, .sure = true});
}
