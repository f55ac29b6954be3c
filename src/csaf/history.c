/* SPDX-License-Identifier: Apache-2.0 */
/* The order of version numbers of documents. */
#include "base/cursor.h"
#include "csaf/check.h"

struct number {
    bool semantic;
    struct slice part[3]; /* digits; an integer version has the first only */
    struct slice pre;     /* behind '-', without it */
};

static bool take_digits(struct cursor *c, struct slice *out)
{
    size_t start = c->at;
    int byte;
    while ((byte = cursor_peek(c)) >= '0' && byte <= '9')
        cursor_u8(c);
    *out = slice_of(c->data + start, c->at - start);
    return out->len == 1 || (out->len > 1 && out->data[0] != '0');
}

/* Identifiers of letters, digits and '-', with dots between; numbers without leading zeros when
 * they are pre-release identifiers. */
static bool take_identifiers(struct cursor *c, bool pre, struct slice *out)
{
    size_t start = c->at, begin = c->at;
    bool numeric = true;
    for (;;) {
        int byte = cursor_peek(c);
        bool digit = byte >= '0' && byte <= '9';
        bool other = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || byte == '-';
        if (digit || other) {
            numeric = numeric && digit;
            cursor_u8(c);
            continue;
        }
        size_t len = c->at - begin;
        if (len == 0 || (pre && numeric && len > 1 && c->data[begin] == '0'))
            return false;
        if (byte != '.')
            break;
        cursor_u8(c);
        begin = c->at;
        numeric = true;
    }
    *out = slice_of(c->data + start, c->at - start);
    return true;
}

static bool parse(struct slice text, struct number *n)
{
    struct cursor c;
    struct slice build;
    cursor_init(&c, text);
    *n = (struct number){0};
    if (!take_digits(&c, &n->part[0]))
        return false;
    if (cursor_left(&c) == 0)
        return true;
    n->semantic = true;
    if (!cursor_skip(&c, ".") || !take_digits(&c, &n->part[1]) || !cursor_skip(&c, ".") ||
        !take_digits(&c, &n->part[2]))
        return false;
    if (cursor_skip(&c, "-") && !take_identifiers(&c, true, &n->pre))
        return false;
    if (cursor_skip(&c, "+") && !take_identifiers(&c, false, &build))
        return false;
    return cursor_left(&c) == 0;
}

static int compare_digits(struct slice a, struct slice b)
{
    if (a.len != b.len)
        return a.len < b.len ? -1 : 1;
    return slice_compare(a, b);
}

static struct slice next_identifier(struct cursor *c)
{
    size_t start = c->at;
    while (cursor_left(c) && cursor_peek(c) != '.')
        cursor_u8(c);
    struct slice s = slice_of(c->data + start, c->at - start);
    cursor_skip(c, ".");
    return s;
}

static bool numeric(struct slice s)
{
    for (size_t i = 0; i < s.len; i++)
        if (s.data[i] < '0' || s.data[i] > '9')
            return false;
    return true;
}

/* Semantic Versioning 2.0.0, clause 11 */
static int compare_pre(struct slice a, struct slice b)
{
    if (a.len == 0 || b.len == 0)
        return (a.len == 0) - (b.len == 0);
    struct cursor x, y;
    cursor_init(&x, a);
    cursor_init(&y, b);
    while (cursor_left(&x) && cursor_left(&y)) {
        struct slice p = next_identifier(&x), q = next_identifier(&y);
        bool pn = numeric(p), qn = numeric(q);
        int order = pn != qn ? (pn ? -1 : 1) : pn ? compare_digits(p, q) : slice_compare(p, q);
        if (order)
            return order < 0 ? -1 : 1;
    }
    return (cursor_left(&x) > 0) - (cursor_left(&y) > 0);
}

static int compare_numbers(const struct number *a, const struct number *b, bool with_pre)
{
    for (size_t i = 0; i < 3; i++) {
        int order = compare_digits(a->part[i], b->part[i]);
        if (order)
            return order < 0 ? -1 : 1;
    }
    return with_pre ? compare_pre(a->pre, b->pre) : 0;
}

bool csaf_version_compare(struct slice a, struct slice b, int *order)
{
    struct number x, y;
    if (!parse(a, &x) || !parse(b, &y))
        return false;
    *order = compare_numbers(&x, &y, true);
    return true;
}
