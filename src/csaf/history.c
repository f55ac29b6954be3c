/* SPDX-License-Identifier: Apache-2.0 */
/* Version numbers of documents and the revision history that must fit them. */
#include "base/cursor.h"
#include "csaf/schema.h"

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

static bool zero(const struct number *n)
{
    return n->part[0].len == 1 && n->part[0].data[0] == '0';
}

static void check_version(struct csaf_check *check, const struct json_value *tracking,
                          const struct number *newest, const struct number *version)
{
    const struct csaf_document *d = check->document;
    const struct json_value *at = json_get(tracking, "version");
    bool draft = d->status == CSAF_DRAFT;
    if (compare_numbers(newest, version, !draft) != 0)
        csaf_fault(check, "csaf.history", "6.1.16", at,
                   "the version %.*s is not that of the newest revision, %.*s",
                   SLICE_ARG(d->version), SLICE_ARG(d->revisions[d->revision_count - 1].number));
    if (!draft && (zero(version) || version->pre.len > 0))
        csaf_fault(check, zero(version) ? "csaf.history" : "csaf.history",
                   zero(version) ? "6.1.17" : "6.1.20", at,
                   "the version %.*s is that of a draft, but the status is %s",
                   SLICE_ARG(d->version), csaf_tracking_status_name(d->status));
}

void csaf_check_history(struct csaf_check *check)
{
    const struct csaf_document *d = check->document;
    const struct json_value *tracking = json_resolve(d->json, slice_str("/document/tracking"));
    const struct json_value *history = json_get(tracking, "revision_history");
    struct number version, before = {0}, n = {0};
    if (!parse(d->version, &version))
        return; /* found by the shape already */
    for (size_t i = 0; i < d->revision_count; i++, before = n) {
        if (!parse(d->revisions[i].number, &n))
            return;
        struct slice text = d->revisions[i].number;
        if (n.semantic != version.semantic)
            csaf_fault(check, "csaf.history", "6.1.30", history,
                       "revision %.*s and version %.*s use different kinds of numbers",
                       SLICE_ARG(text), SLICE_ARG(d->version));
        if (d->status != CSAF_DRAFT && zero(&n))
            csaf_fault(check, "csaf.history", "6.1.18", history,
                       "revision %.*s stands in the history of a document that is %s",
                       SLICE_ARG(text), csaf_tracking_status_name(d->status));
        if (n.pre.len > 0)
            csaf_fault(check, "csaf.history", "6.1.19", history,
                       "revision %.*s of the history is a pre-release", SLICE_ARG(text));
        if (i == 0) {
            if (!zero(&n) && !(n.part[0].len == 1 && n.part[0].data[0] == '1'))
                csaf_fault(check, "csaf.history", "6.1.21", history,
                           "the history begins with %.*s, not with 0 or 1", SLICE_ARG(text));
            continue;
        }
        int order = compare_numbers(&before, &n, true);
        if (order == 0)
            csaf_fault(check, "csaf.history", "6.1.22", history,
                       "revision %.*s stands twice in the history", SLICE_ARG(text));
        else if (order > 0)
            csaf_fault(check, "csaf.history", "6.1.14", history,
                       "by date, revision %.*s comes after %.*s", SLICE_ARG(text),
                       SLICE_ARG(d->revisions[i - 1].number));
        else {
            uint64_t last = 0, here = 0;
            for (size_t k = 0; k < before.part[0].len && k < 18; k++)
                last = last * 10 + (uint64_t)(before.part[0].data[k] - '0');
            for (size_t k = 0; k < n.part[0].len && k < 18; k++)
                here = here * 10 + (uint64_t)(n.part[0].data[k] - '0');
            if (here > last + 1)
                csaf_fault(check, "csaf.history", "6.1.21", history,
                           "between the revisions %.*s and %.*s one is missing",
                           SLICE_ARG(d->revisions[i - 1].number), SLICE_ARG(text));
        }
    }
    if (d->revision_count > 0)
        check_version(check, tracking, &n, &version);
}
