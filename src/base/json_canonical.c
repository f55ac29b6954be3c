/* SPDX-License-Identifier: Apache-2.0 */
/* RFC 8785, the JSON Canonicalization Scheme: one text for one value, so that it can be hashed. */
#include "base/json_internal.h"
#include "base/memory.h"

#include <math.h>

static const char scheme[] = "RFC 8785 section 3.2.2.3";
static const double safe_most = 9007199254740991.0; /* 2^53 - 1 */

struct canonical {
    struct buf *out;
    struct err *e;
    const struct json_value *culprit; /* where the error is */
};

static int put_value(struct canonical *c, const struct json_value *v);

/*
 * UTF-16 order differs from UTF-8 order in one point: surrogates (all above U+FFFF) sort before
 * U+E000 to U+FFFF, whose first bytes in UTF-8 are EE and EF.
 */
static uint8_t rank(uint8_t byte)
{
    return byte == 0xEE || byte == 0xEF ? (uint8_t)(byte + 0x10) : byte;
}

static int compare_names(struct slice a, struct slice b)
{
    size_t common = a.len < b.len ? a.len : b.len;

    for (size_t i = 0; i < common; i++)
        if (a.data[i] != b.data[i])
            return rank(a.data[i]) < rank(b.data[i]) ? -1 : 1;
    return (a.len > b.len) - (a.len < b.len);
}

static bool sorts_before(const struct json_value *a, const struct json_value *b)
{
    return compare_names(json_value_bytes(a - 1), json_value_bytes(b - 1)) < 0;
}

static void sort_few(const struct json_value **members, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        const struct json_value *member = members[i];
        size_t at = i;
        for (; at > 0 && sorts_before(member, members[at - 1]); at--)
            members[at] = members[at - 1];
        members[at] = member;
    }
}

/* Merge sort, bottom up from sorted runs: n log n whatever the input. spare has the same room. */
static void sort_many(const struct json_value **members, const struct json_value **spare,
                      size_t count)
{
    for (size_t i = 0; i < count; i += JSON_INDEXED)
        sort_few(members + i, count - i < JSON_INDEXED ? count - i : JSON_INDEXED);
    for (size_t run = JSON_INDEXED; run < count; run *= 2) {
        for (size_t from = 0; from < count; from += 2 * run) {
            size_t middle = count - from < run ? count : from + run;
            size_t end = count - from < 2 * run ? count : from + 2 * run;
            size_t a = from;
            size_t b = middle;
            for (size_t to = from; to < end; to++) {
                bool second = a == middle || (b < end && sorts_before(members[b], members[a]));
                spare[to] = second ? members[b++] : members[a++];
            }
        }
        memcpy(members, spare, count * sizeof(*members));
    }
}

static int put_members(struct canonical *c, const struct json_value **members, size_t count)
{
    buf_putc(c->out, '{');
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            buf_putc(c->out, ',');
        json_put_string(c->out, json_value_bytes(members[i] - 1));
        buf_putc(c->out, ':');
        if (put_value(c, members[i]) != 0)
            return -1;
    }
    buf_putc(c->out, '}');
    return 0;
}

static void list_members(const struct json_value *object, const struct json_value **members)
{
    json_each(member, object) *members++ = member;
}

static int put_large_object(struct canonical *c, const struct json_value *v, size_t count)
{
    const struct json_value **members = mem_new(count, 2 * sizeof(const struct json_value *));

    if (!members)
        return err_memory(c->e);
    list_members(v, members);
    sort_many(members, members + count, count);
    int result = put_members(c, members, count);
    mem_free(members);
    return result;
}

static int put_object(struct canonical *c, const struct json_value *v)
{
    const struct json_value *members[JSON_INDEXED];
    size_t count = json_value_size(v);

    if (count > JSON_INDEXED)
        return put_large_object(c, v, count);
    list_members(v, members);
    sort_few(members, count);
    return put_members(c, members, count);
}

static int put_array(struct canonical *c, const struct json_value *v)
{
    buf_putc(c->out, '[');
    json_each(item, v)
    {
        if (item != v + 1)
            buf_putc(c->out, ',');
        if (put_value(c, item) != 0)
            return -1;
    }
    buf_putc(c->out, ']');
    return 0;
}

static bool is_integer_text(struct slice text)
{
    return !memchr(text.data, '.', text.len) && !memchr(text.data, 'e', text.len) &&
           !memchr(text.data, 'E', text.len);
}

static int put_number(struct canonical *c, const struct json_value *v)
{
    char text[JSON_NUMBER_TEXT];
    struct slice number = json_value_bytes(v);
    double value;

    /* a short integer is its own shortest form; "-0" is not */
    if (number.len <= 15 && is_integer_text(number) && !slice_is(number, "-0")) {
        buf_put_slice(c->out, number);
        return 0;
    }
    c->culprit = v;
    if (json_number_fits(number, &value) != 0)
        return err_set(c->e, ERR_INPUT, "json.not-canonical", scheme,
                       "the number %.*s%s is outside the range of IEEE 754 doubles",
                       (int)(number.len < 40 ? number.len : 40), (const char *)number.data,
                       number.len < 40 ? "" : "...");
    size_t len = json_number_format(value, text);
    /* also what would be written as a large integer, so that canonical text is accepted again */
    if (fabs(value) > safe_most &&
        (is_integer_text(number) || is_integer_text(slice_of(text, len)))) {
        err_set(c->e, ERR_INPUT, "json.not-canonical",
                "RFC 8785 section 3.2.2.3; RFC 7493 section 2.2",
                "the integer %.*s%s is outside ±(2^53−1) and might change on its way",
                (int)(number.len < 40 ? number.len : 40), (const char *)number.data,
                number.len < 40 ? "" : "...");
        return err_hint(c->e, "write it as a string");
    }
    buf_put(c->out, text, len);
    c->culprit = NULL;
    return 0;
}

static int put_value(struct canonical *c, const struct json_value *v)
{
    switch (json_value_type(v)) {
    case JSON_NULL: buf_puts(c->out, "null"); return 0;
    case JSON_FALSE: buf_puts(c->out, "false"); return 0;
    case JSON_TRUE: buf_puts(c->out, "true"); return 0;
    case JSON_NUMBER: return put_number(c, v);
    case JSON_STRING: json_put_string(c->out, json_value_bytes(v)); return 0;
    case JSON_ARRAY: return put_array(c, v);
    case JSON_OBJECT: return put_object(c, v);
    }
    return err_set(c->e, ERR_INTERNAL, "json.type", NULL, "a value of no JSON type");
}

int json_canonical(const struct json_value *v, struct buf *out, struct err *e)
{
    struct canonical c = {.out = out, .e = e};

    if (!v)
        return err_set(e, ERR_INTERNAL, "json.type", NULL, "there is no value to write");
    if (put_value(&c, v) != 0)
        return -1;
    return buf_check(out, e);
}

int json_doc_check_canonical(const struct json_doc *doc, struct slice text, struct err *e)
{
    struct buf wanted;
    int result = -1;

    buf_init(&wanted);
    struct canonical c = {.out = &wanted, .e = e};
    if (put_value(&c, json_root(doc)) != 0) {
        json_err_where(doc, c.culprit, e);
        goto out;
    }
    if (buf_check(&wanted, e) != 0)
        goto out;
    if (!slice_equal(text, buf_slice(&wanted))) {
        size_t at = 0;
        size_t line;
        size_t column;
        while (at < text.len && at < wanted.len && text.data[at] == wanted.data[at])
            at++;
        json_place_of(text, at, &line, &column);
        err_set(e, ERR_INPUT, "json.not-canonical", "RFC 8785 section 3",
                "the text is not the canonical form of its value");
        err_where(e, "line %zu column %zu", line, column);
        goto out;
    }
    result = 0;
out:
    buf_fini(&wanted);
    return result;
}

int json_check_canonical(struct slice text, struct err *e)
{
    struct json_doc *doc = NULL;
    int result = -1;

    if (json_parse(&doc, text, NULL, e) == 0)
        result = json_doc_check_canonical(doc, text, e);
    json_doc_free(doc);
    return result;
}
