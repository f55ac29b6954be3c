/* SPDX-License-Identifier: Apache-2.0 */
/* Reading a parsed document: types, strings, children, places. */
#include "base/json_internal.h"

const struct json_value *json_get_slice(const struct json_value *v, struct slice name)
{
    return json_is(v, JSON_OBJECT) ? json_index_find(v, name, json_name_sum(name)) : NULL;
}

const struct json_value *json_get_sum(const struct json_value *v, struct slice name, uint32_t sum)
{
    return json_is(v, JSON_OBJECT) ? json_index_find(v, name, sum) : NULL;
}

const struct json_value *json_at(const struct json_value *v, size_t index)
{
    if (!json_is(v, JSON_ARRAY) || index >= json_value_size(v))
        return NULL;
    if (v->span == json_value_size(v) + 1)
        return v + 1 + index;
    if (v->data)
        return v + ((const uint32_t *)(const void *)v->data)[index];
    v++;
    while (index-- > 0)
        v = json_value_next(v);
    return v;
}

size_t json_offset(const struct json_doc *doc, const struct json_value *v)
{
    (void)doc;
    return v ? json_value_offset(v) : 0;
}

size_t json_order(const struct json_doc *doc, const struct json_value *v)
{
    return (size_t)(v - doc->values);
}

size_t json_order_count(const struct json_doc *doc)
{
    return doc->used;
}

struct slice json_text(const struct json_doc *doc, const struct json_value *v)
{
    if (!v)
        return slice_of(NULL, 0);
    return slice_of(doc->text.data + json_value_offset(v), v->end - json_value_offset(v));
}

/* The child of the container that is v or holds it, and its number. */
static const struct json_value *child_towards(const struct json_value *container,
                                              const struct json_value *v, size_t *number)
{
    const uint32_t *slots = (const void *)container->data;
    size_t low = 0;

    if (slots && json_value_type(container) == JSON_ARRAY) {
        size_t high = json_value_size(container);
        while (high - low > 1) {
            size_t middle = low + (high - low) / 2;
            if (container + slots[middle] <= v)
                low = middle;
            else
                high = middle;
        }
        *number = low;
        return container + slots[low];
    }
    const struct json_value *child = json_first(container);
    for (; child + child->span <= v; child = json_value_next(child))
        low++;
    *number = low;
    return child;
}

/* As "/%zu" writes it, of which every finding has several. */
static void put_index(struct buf *out, size_t number)
{
    char text[24];
    size_t at = sizeof text;

    do
        text[--at] = (char)('0' + number % 10);
    while ((number /= 10) > 0);
    text[--at] = '/';
    buf_put(out, text + at, sizeof text - at);
}

void json_pointer(const struct json_doc *doc, const struct json_value *v, struct buf *out)
{
    const struct json_value *at = json_root(doc);
    size_t number;

    if (!v)
        return;
    while (at != v) {
        at = child_towards(at, v, &number);
        if (at->size & JSON_MEMBER)
            json_pointer_name(out, json_value_bytes(at - 1));
        else
            put_index(out, number);
    }
}

/* Does the token, with its ~0 and ~1, stand for the name? */
static bool token_names(struct slice token, struct slice name)
{
    size_t at = 0;

    for (size_t i = 0; i < token.len; i++, at++) {
        uint8_t c = token.data[i];
        if (c == '~') {
            if (++i == token.len || (token.data[i] != '0' && token.data[i] != '1'))
                return false;
            c = token.data[i] == '0' ? '~' : '/';
        }
        if (at >= name.len || name.data[at] != c)
            return false;
    }
    return at == name.len;
}

static const struct json_value *resolve_member(const struct json_value *object, struct slice token)
{
    if (!memchr(token.data, '~', token.len))
        return json_index_find(object, token, json_name_sum(token));
    json_each(member, object) if (token_names(token, json_name(member))) return member;
    return NULL;
}

/* RFC 6901 section 4: digits without a leading zero. */
static const struct json_value *resolve_element(const struct json_value *array, struct slice token)
{
    size_t index = 0;

    if (token.len == 0 || token.len > 10 || (token.data[0] == '0' && token.len > 1))
        return NULL;
    for (size_t i = 0; i < token.len; i++) {
        if (token.data[i] < '0' || token.data[i] > '9')
            return NULL;
        index = index * 10 + (size_t)(token.data[i] - '0');
    }
    return json_at(array, index);
}

const struct json_value *json_resolve(const struct json_doc *doc, struct slice pointer)
{
    const struct json_value *at = json_root(doc);

    while (at && pointer.len > 0) {
        if (pointer.data[0] != '/')
            return NULL;
        const uint8_t *from = pointer.data + 1;
        size_t left = pointer.len - 1;
        const uint8_t *slash = memchr(from, '/', left);
        struct slice token = slice_of(from, slash ? (size_t)(slash - from) : left);
        if (json_value_type(at) == JSON_OBJECT)
            at = resolve_member(at, token);
        else if (json_value_type(at) == JSON_ARRAY)
            at = resolve_element(at, token);
        else
            return NULL;
        pointer = slice_of(from + token.len, left - token.len);
    }
    return at;
}

int json_err_where(const struct json_doc *doc, const struct json_value *v, struct err *e)
{
    struct buf pointer;
    size_t line;
    size_t column;

    if (!v)
        return -1;
    buf_init(&pointer);
    json_pointer(doc, v, &pointer);
    json_place(doc, v, &line, &column);
    json_set_where(line, column, &pointer, e);
    buf_fini(&pointer);
    return -1;
}
