/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as JSON. What is refused names a code, a clause and a place. What is accepted is
 * walked, each value found again by its pointer and by its name; then written, canonicalised and
 * read again: all forms must hold the same values.
 */
#include "base/json.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

static void walk(const struct json_doc *doc, const struct json_value *v, struct buf *pointer,
                 size_t *budget)
{
    size_t line;
    size_t column;
    size_t i = 0;
    int64_t integer;
    double real;

    if (*budget == 0) /* places cost a walk each: large documents are sampled */
        return;
    --*budget;
    buf_reset(pointer);
    json_pointer(doc, v, pointer);
    must(json_resolve(doc, buf_slice(pointer)) == v);
    json_place(doc, v, &line, &column);
    must(line >= 1 && column >= 1);
    must(json_text(doc, v).len > 0);
    if (json_int64(v, &integer))
        must(json_double(v, &real) && (double)integer == real);
    json_each(item, v)
    {
        if (json_is(v, JSON_OBJECT))
            must(json_get_slice(v, json_name(item)) == item);
        else
            must(json_at(v, i) == item && !json_name(item).data);
        i++;
        walk(doc, item, pointer, budget);
    }
    must(*budget == 0 || i == json_count(v));
}

static void must_equal(const struct json_value *a, const struct json_value *b)
{
    must(json_type(a) == json_type(b) && json_count(a) == json_count(b));
    must(slice_equal(json_string(a), json_string(b)));
    must(slice_equal(json_number(a), json_number(b)));
    must(slice_equal(json_name(a), json_name(b)));
    const struct json_value *y = json_first(b);
    json_each(x, a)
    {
        must_equal(x, y);
        y = json_next(y);
    }
}

static void write_and_read(const struct json_doc *doc, unsigned indent)
{
    struct json_writer w;
    struct json_doc *again = NULL;
    struct err e = {0};
    struct buf out;

    buf_init(&out);
    json_write_init(&w, &out, indent);
    json_write_value(&w, json_root(doc));
    must(json_parse(&again, buf_slice(&out), &json_limits_advisory, &e) == 0);
    must_equal(json_root(doc), json_root(again));
    json_doc_free(again);
    buf_fini(&out);
}

static void canonicalise(const struct json_doc *doc)
{
    struct err e = {0};
    struct buf out;

    buf_init(&out);
    if (json_canonical(json_root(doc), &out, &e) == 0)
        must(json_check_canonical(buf_slice(&out), &e) == 0);
    else
        must(e.code[0] && e.clause[0]);
    buf_fini(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct json_doc *doc = NULL;
    struct err e = {0};
    struct buf pointer;
    size_t budget = 2000;

    if (json_parse(&doc, slice_of(data, size), NULL, &e) != 0) {
        must(!doc && e.code[0] && e.clause[0] && e.where[0] && e.text[0]);
        return 0;
    }
    buf_init(&pointer);
    walk(doc, json_root(doc), &pointer, &budget);
    buf_fini(&pointer);
    write_and_read(doc, 0);
    write_and_read(doc, 3);
    canonicalise(doc);
    json_doc_free(doc);
    return 0;
}
