/* SPDX-License-Identifier: Apache-2.0 */
#include "product/range.h"
#include "product/range_words.h"
#include "product/vers.h"

#include <stdio.h>

/* Intervals of one range; more is not understood. */
enum { INTERVALS = 64, RANGE_LIMIT = 1024 };

struct parser {
    struct arena *arena;
    struct product_range *range;
    struct product_interval intervals[INTERVALS];
    size_t count;
    struct slice pending; /* lower bound that waits for its upper one */
    bool pending_open;
    bool has_pending;
    bool exact;        /* only single versions so far */
    bool single;       /* some single version */
    struct slice last; /* the version before, of a vers: text */
    struct err *e;
    bool failed; /* memory */
};

static void opaque(struct parser *p, const char *problem)
{
    if (!p->range->problem)
        p->range->problem = problem;
}

static void add(struct parser *p, struct product_interval interval)
{
    if (p->count == INTERVALS) {
        opaque(p, "the range has too many parts");
        return;
    }
    p->intervals[p->count++] = interval;
}

static void flush(struct parser *p)
{
    if (p->has_pending)
        add(p, (struct product_interval){.low = p->pending, .low_open = p->pending_open});
    p->has_pending = false;
}

/*
 * "12.6.x": the text before ".x", and the same with its last number one higher. false: no such
 * text. Numbers of more than 9 digits are no versions of this kind.
 */
static bool wildcard(struct parser *p, struct slice version, struct slice *from, struct slice *to)
{
    size_t len = version.len;
    while (len > 1 && (version.data[len - 1] == 'x' || version.data[len - 1] == 'X' ||
                       version.data[len - 1] == '*'))
        len--;
    if (len == version.len || len < 2 || version.data[len - 1] != '.')
        return false;
    len--;
    size_t start = len;
    while (start > 0 && version.data[start - 1] >= '0' && version.data[start - 1] <= '9')
        start--;
    if (start == len || len - start > 9)
        return false;
    unsigned long last = 0;
    for (size_t i = start; i < len; i++)
        last = last * 10 + (unsigned long)(version.data[i] - '0');
    char *text =
        arena_printf(p->arena, "%.*s%lu", (int)start, (const char *)version.data, last + 1);
    if (!text) {
        p->failed = true;
        return false;
    }
    *from = slice_of(version.data, len);
    *to = slice_str(text);
    return true;
}

/* "CPCI85 V05.11": the words before " V05.11" are a prefix of the range. */
static struct slice without_prefix(struct parser *p, struct slice version)
{
    for (size_t i = version.len; i > 2; i--) {
        uint8_t mark = version.data[i - 2];
        if ((mark != 'v' && mark != 'V') || version.data[i - 3] != ' ' ||
            version.data[i - 1] < '0' || version.data[i - 1] > '9')
            continue;
        struct slice prefix = product_text_trim(slice_of(version.data, i - 3));
        bool letters = false;
        for (size_t k = 0; k < prefix.len; k++)
            letters = letters || (prefix.data[k] | 0x20) >= 'a';
        /* "V33.017 V34.014" are two versions, not one with a prefix */
        bool version_itself = (prefix.data[0] | 0x20) == 'v' && prefix.len > 1 &&
                              prefix.data[1] >= '0' && prefix.data[1] <= '9';
        if (letters && !version_itself && !product_version_word(prefix)) {
            p->range->prefix = prefix;
            return slice_of(version.data + i - 2, version.len - i + 2);
        }
    }
    return version;
}

static void bound(struct parser *p, enum product_operator op, struct slice version)
{
    struct slice from = version, to = version;
    bool wild = wildcard(p, version, &from, &to);
    if (!p->range->scheme->valid(from)) {
        /* where order is unknown, a version that stands alone can still be equal */
        if (op != PRODUCT_OP_EQUAL || from.len == 0) {
            opaque(p, "the version is of no order that is known here");
            return;
        }
    }
    /* "<6|>=5" is no range, but means everything when read as one */
    if (p->range->form && strcmp(p->range->form, "vers") == 0) {
        enum product_order order =
            p->last.len ? product_version_compare(p->range->scheme, p->last, from) : PRODUCT_LESS;
        if (order == PRODUCT_GREATER || order == PRODUCT_EQUAL) {
            opaque(p, "the versions of a vers: text are not in order");
            return;
        }
        p->last = from;
    }
    p->exact = p->exact && op == PRODUCT_OP_EQUAL;
    p->single = p->single || op == PRODUCT_OP_EQUAL;
    switch (op) {
    case PRODUCT_OP_EQUAL:
        add(p, (struct product_interval){.low = from, .high = to, .high_open = wild});
        break;
    case PRODUCT_OP_LESS:
    case PRODUCT_OP_LESS_EQUAL: {
        bool open = op == PRODUCT_OP_LESS || wild;
        struct product_interval interval = {.high = op == PRODUCT_OP_LESS ? from : to,
                                            .high_open = open};
        if (p->has_pending) {
            interval.low = p->pending;
            interval.low_open = p->pending_open;
            p->has_pending = false;
        }
        add(p, interval);
        break;
    }
    case PRODUCT_OP_GREATER:
    case PRODUCT_OP_GREATER_EQUAL:
        flush(p);
        p->has_pending = true;
        p->pending = op == PRODUCT_OP_GREATER ? to : from;
        p->pending_open = op == PRODUCT_OP_GREATER && !wild;
        break;
    case PRODUCT_OP_NOT_EQUAL:
        /* outside of any interval it says nothing; inside it makes two of one */
        if (wild)
            opaque(p, "many versions cannot be left out by '!='");
        if (p->has_pending)
            add(p, (struct product_interval){.low = p->pending,
                                             .low_open = p->pending_open,
                                             .high = from,
                                             .high_open = true});
        if (p->has_pending) {
            p->pending = from;
            p->pending_open = true;
        } else if (!p->range->form || strcmp(p->range->form, "vers") != 0) {
            opaque(p, "'!=' stands beside no range");
        }
        break;
    case PRODUCT_OP_NONE: opaque(p, "an operator is missing"); break;
    }
}

/* Everything behind the version that is no version: kept, and looked at for a condition. */
static void remark(struct parser *p, struct slice text)
{
    text = product_text_trim(text);
    if (text.len == 0)
        return;
    p->range->remark = text;
    p->range->conditional = p->range->conditional || product_text_condition(text);
}

/* One part between '|': operators with versions, or a version alone. */
static void operators(struct parser *p, struct slice part, bool alone_is_equal)
{
    part = product_text_all(product_text_trim(part), NULL);
    size_t i = 0;
    bool first = true;
    while (i < part.len && !p->range->problem) {
        size_t skipped;
        enum product_operator op = product_text_operator(part, i, &skipped);
        if (op == PRODUCT_OP_NONE) {
            if (!first || !alone_is_equal) {
                opaque(p, "an operator is missing");
                return;
            }
        }
        i += skipped;
        size_t end = i;
        while (end < part.len && product_text_operator(part, end, &skipped) == PRODUCT_OP_NONE)
            end++;
        struct slice rest, version = product_text_version(slice_of(part.data + i, end - i), &rest);
        i = end;
        first = false;
        if (op == PRODUCT_OP_NONE && i < part.len) {
            /* "0 < 8.0.1", "NMC2 <= 6.9.6", "V7.3: < V7.3 Update 11": what stands in front */
            if (p->range->scheme->valid(version) && version.len && version.data[0] >= '0' &&
                version.data[0] <= '9' && rest.len == 0) {
                bound(p, PRODUCT_OP_GREATER_EQUAL, version);
            } else {
                remark(p, rest);
                p->range->prefix = version;
            }
            continue;
        }
        remark(p, rest);
        bound(p, op == PRODUCT_OP_NONE ? PRODUCT_OP_EQUAL : op, without_prefix(p, version));
    }
}

static void parts(struct parser *p, struct slice text)
{
    size_t start = 0;
    for (size_t i = 0; i <= text.len; i++) {
        if (i < text.len && text.data[i] != '|')
            continue;
        struct slice part = product_text_trim(slice_of(text.data + start, i - start));
        /* "V04.00.02 and all versions >= V04.00.15 < 04.00.18" */
        struct slice left, right;
        if (product_text_and(part, &left, &right)) {
            operators(p, left, true);
            part = right;
        }
        if (part.len)
            operators(p, part, true);
        start = i + 1;
    }
    flush(p);
}

/*
 * Real advisories write "vers:all/<V3 SP1": a type that has no constraints, white space. What a
 * strict reader refuses is read here as long as it can mean one thing only.
 */
static bool vers_understood(struct parser *p, const struct product_vers *v)
{
    for (size_t i = 0; i < v->finding_count; i++) {
        enum product_vers_fault fault = v->findings[i].fault;
        bool harmless = fault == PRODUCT_VERS_CHARACTER ||
                        (fault == PRODUCT_VERS_SPECIAL && slice_is(v->type, "all"));
        if ((fault <= PRODUCT_VERS_SPECIAL && !harmless) || fault == PRODUCT_VERS_ORDER ||
            fault == PRODUCT_VERS_DUPLICATE)
            opaque(p, v->findings[i].text);
    }
    return !p->range->problem;
}

static void vers(struct parser *p)
{
    static const enum product_operator operators_of[] = {
        [PRODUCT_IS] = PRODUCT_OP_EQUAL,      [PRODUCT_IS_NOT] = PRODUCT_OP_NOT_EQUAL,
        [PRODUCT_BELOW] = PRODUCT_OP_LESS,    [PRODUCT_UP_TO] = PRODUCT_OP_LESS_EQUAL,
        [PRODUCT_ABOVE] = PRODUCT_OP_GREATER, [PRODUCT_FROM] = PRODUCT_OP_GREATER_EQUAL};
    struct product_vers v;
    p->range->form = "vers";
    if (product_vers_read(p->arena, product_text_trim(p->range->text), &v, p->e) != 0) {
        p->failed = true;
        return;
    }
    if (v.all)
        p->range->kind = PRODUCT_RANGE_ALL;
    bool raw = false;
    for (size_t i = 0; i < v.finding_count; i++)
        raw = raw || v.findings[i].fault == PRODUCT_VERS_RAW;
    /* "vers:all/>=V1.80<V2.20": only its beginning is a vers: text */
    if (raw && slice_is(v.type, "all")) {
        const uint8_t *from = v.type.data + v.type.len + 1;
        size_t before = (size_t)(from - p->range->text.data);
        parts(p, product_text_trim(slice_of(from, p->range->text.len - before)));
        return;
    }
    if (v.all || !vers_understood(p, &v))
        return;
    p->range->scheme = v.scheme;
    /* "<2" and "!=1" begin without a lower bound */
    const struct product_vers_constraint *c = v.constraints, *end = c + v.count;
    while (c < end && c->comparator == PRODUCT_IS_NOT)
        c++;
    if (v.count && (c == end || c->comparator == PRODUCT_BELOW || c->comparator == PRODUCT_UP_TO))
        p->has_pending = true;
    for (c = v.constraints; c < end; c++)
        bound(p, operators_of[c->comparator], c->version);
    flush(p);
}

static void words(struct parser *p, struct slice text)
{
    struct product_worded w;
    if (!product_text_worded(text, &w)) {
        p->range->form = "exact";
        size_t start = 0;
        /* a list: "V15, V15.1 and V16", "1.8.29 | 1.8.44" */
        for (size_t i = 0; i <= text.len; i++) {
            size_t len = i < text.len ? product_text_list_separator(text, i) : 1;
            if (len == 0)
                continue;
            struct slice part = product_text_trim(slice_of(text.data + start, i - start));
            struct slice rest, version = product_text_version(part, &rest);
            if (part.len) {
                remark(p, rest);
                bound(p, PRODUCT_OP_EQUAL, without_prefix(p, version));
            }
            start = i + len;
            i = start - 1;
        }
        return;
    }
    p->range->form = "words";
    struct slice rest;
    if (w.low.len) {
        struct slice version = product_text_version(w.low, &rest);
        remark(p, rest);
        bound(p, w.low_open ? PRODUCT_OP_GREATER : PRODUCT_OP_GREATER_EQUAL,
              without_prefix(p, version));
    }
    if (w.high.len) {
        struct slice version = product_text_version(w.high, &rest);
        remark(p, rest);
        bound(p, w.high_open ? PRODUCT_OP_LESS : PRODUCT_OP_LESS_EQUAL, without_prefix(p, version));
    }
    flush(p);
}

static void understand(struct parser *p, struct slice text)
{
    if (product_text_starts(text, "vers:")) {
        vers(p);
        return;
    }
    bool all = false;
    struct slice rest = product_text_all(text, &all);
    size_t skipped;
    if (rest.len == 0) {
        if (all) {
            p->range->kind = PRODUCT_RANGE_ALL;
            p->range->form = "all";
        } else {
            opaque(p, "the text is empty");
        }
        return;
    }
    bool operator_there = false;
    for (size_t i = 0; i < rest.len; i++)
        operator_there =
            operator_there || product_text_operator(rest, i, &skipped) != PRODUCT_OP_NONE;
    /* an operator inside a remark in parentheses is the remark's */
    struct slice behind, version = product_text_version(rest, &behind);
    bool in_remark = true;
    for (size_t i = 0; i < version.len; i++)
        in_remark = in_remark && product_text_operator(version, i, &skipped) == PRODUCT_OP_NONE;
    if (all && version.len == 0) {
        p->range->kind = PRODUCT_RANGE_ALL;
        p->range->form = "all";
        remark(p, behind);
        return;
    }
    if (operator_there && !in_remark) {
        p->range->form = "operators";
        parts(p, rest);
        return;
    }
    words(p, rest);
}

/* "1783-SAD4T0SBK9", "M221": a model where a version was due */
static bool model_like(struct slice text)
{
    bool letters = false, digits = false;
    if (text.len < 3 || text.len > 64)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.data[i];
        if (c == '.' || c == ' ')
            return false;
        letters = letters || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
        digits = digits || (c >= '0' && c <= '9');
    }
    uint8_t first = text.data[0] | 0x20;
    bool version = (first == 'v' || first == 'r') && text.data[1] >= '0' && text.data[1] <= '9';
    return letters && digits && !version;
}

int product_range_parse(struct arena *a, struct slice text, bool is_range,
                        const struct product_scheme *scheme, struct product_range *out,
                        struct err *e)
{
    *out = (struct product_range){.kind = PRODUCT_RANGE_OPAQUE,
                                  .text = text,
                                  .scheme = scheme ? scheme : &product_scheme_generic};
    if (text.len > RANGE_LIMIT) {
        out->problem = "the text is too long for a range of versions";
        return 0;
    }
    /* '_' stands for a space in ranges such as "<V16_Update_7" */
    uint8_t *copy = arena_alloc(a, text.len + 1);
    if (!copy)
        return err_memory(e);
    for (size_t i = 0; i < text.len; i++)
        copy[i] = text.data[i] == '_' || text.data[i] < ' ' ? ' ' : text.data[i];
    struct slice work = product_text_trim(slice_of(copy, text.len));
    struct parser p = {.arena = a, .range = out, .exact = true, .e = e};
    understand(&p, work);
    if (p.failed)
        return err_memory(e);
    if (out->kind == PRODUCT_RANGE_ALL)
        return 0;
    if (!is_range && model_like(work))
        out->model = work;
    if (out->problem || p.count == 0) {
        opaque(&p, "the text is not understood as versions");
        out->kind = PRODUCT_RANGE_OPAQUE;
        return 0;
    }
    struct product_interval *intervals = arena_new(a, p.count, sizeof *intervals);
    if (!intervals)
        return err_memory(e);
    memcpy(intervals, p.intervals, p.count * sizeof *intervals);
    out->intervals = intervals;
    out->count = p.count;
    out->kind = p.exact ? PRODUCT_RANGE_LIST : PRODUCT_RANGE_BOUNDED;
    /* in `vers:` every version has a place; in free text a single one says nothing of its
     * neighbours */
    out->singles = p.single && strcmp(out->form, "vers") != 0;
    return 0;
}

static enum product_in in_interval(const struct product_scheme *scheme,
                                   const struct product_interval *interval, struct slice version)
{
    enum product_in result = PRODUCT_IN;
    if (interval->low.len) {
        enum product_order order = product_version_compare(scheme, version, interval->low);
        if (order == PRODUCT_LESS || (order == PRODUCT_EQUAL && interval->low_open))
            return PRODUCT_OUT;
        if (order == PRODUCT_NO_ORDER)
            result = PRODUCT_MAYBE;
    }
    if (interval->high.len) {
        enum product_order order = product_version_compare(scheme, version, interval->high);
        if (order == PRODUCT_GREATER || (order == PRODUCT_EQUAL && interval->high_open))
            return PRODUCT_OUT;
        if (order == PRODUCT_NO_ORDER)
            result = PRODUCT_MAYBE;
    }
    return result;
}

enum product_in product_range_contains(const struct product_range *range, struct slice version,
                                       const char **reason)
{
    if (range->kind == PRODUCT_RANGE_ALL) {
        *reason = range->conditional ? "all versions, but only under a condition"
                                     : "the advisory means all versions";
        return range->conditional ? PRODUCT_MAYBE : PRODUCT_IN;
    }
    if (range->kind == PRODUCT_RANGE_OPAQUE) {
        *reason = range->problem;
        return PRODUCT_MAYBE;
    }
    if (version.len == 0) {
        *reason = "the inventory names no version";
        return PRODUCT_MAYBE;
    }
    bool prefixed = range->prefix.len == 0;
    if (range->prefix.len && product_text_starts_with(version, range->prefix)) {
        version = product_text_trim(
            slice_of(version.data + range->prefix.len, version.len - range->prefix.len));
        prefixed = true;
    }
    enum product_in result = PRODUCT_OUT;
    for (size_t i = 0; i < range->count && result != PRODUCT_IN; i++) {
        enum product_in here = in_interval(range->scheme, &range->intervals[i], version);
        if (here != PRODUCT_OUT)
            result = here;
    }
    if (result == PRODUCT_MAYBE) {
        *reason = "the two versions have no known order";
    } else if (result == PRODUCT_IN) {
        *reason = range->conditional ? "the version is in the range, but only under a condition"
                                     : "the version is in the range";
        if (range->conditional)
            result = PRODUCT_MAYBE;
    } else if (range->kind == PRODUCT_RANGE_LIST || range->singles) {
        *reason = "the advisory lists single versions, and says nothing of this one";
        result = PRODUCT_SILENT;
    } else if (range->remark.len || !prefixed) {
        *reason = "the version is out of the range, but a remark or prefix limits that";
        result = PRODUCT_MAYBE;
    } else {
        *reason = "the version is out of the range";
    }
    return result;
}

/* The next number of a version, with what stands in front of it passed over. */
static bool next_number(struct slice *s, struct slice *digits)
{
    size_t i = 0;
    while (i < s->len &&
           (s->data[i] == '.' || s->data[i] == ' ' || s->data[i] == 'v' || s->data[i] == 'V'))
        i++;
    size_t start = i;
    while (i < s->len && s->data[i] >= '0' && s->data[i] <= '9')
        i++;
    *digits = slice_of(s->data + start, i - start);
    while (digits->len > 1 && digits->data[0] == '0')
        *digits = slice_of(digits->data + 1, digits->len - 1);
    *s = slice_of(s->data + i, s->len - i);
    return digits->len > 0;
}

enum product_in product_version_in_line(struct slice version, struct slice line)
{
    struct slice wanted, found;
    while (line.len && next_number(&line, &wanted)) {
        if (!next_number(&version, &found))
            return PRODUCT_MAYBE;
        if (!slice_equal(wanted, found))
            return PRODUCT_OUT;
    }
    return PRODUCT_IN;
}
