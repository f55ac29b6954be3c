/* SPDX-License-Identifier: Apache-2.0 */
/* Recommended: product identification helpers. */
#include "csaf/validate/tests.h"

#include <stdio.h>
#include <stdlib.h>

struct shared {
    struct csaf_validation *v;
    struct map seen; /* category and value -> the first definition that has it */
};

/* Equal values have equal bytes; lists inside are sets. false: no memory. */
static bool form(struct shared *s, const struct json_value *value, struct buf *out, unsigned depth);

static int by_bytes(const void *a, const void *b)
{
    return slice_compare(*(const struct slice *)a, *(const struct slice *)b);
}

static bool form_parts(struct shared *s, const struct json_value *value, struct buf *out,
                       unsigned depth)
{
    size_t count = json_count(value), used = 0;
    struct slice *parts = arena_new(s->v->arena, count + 1, sizeof *parts);
    bool object = json_is(value, JSON_OBJECT);

    if (!parts)
        return false;
    json_each(child, value)
    {
        struct buf part;
        buf_init(&part);
        if (object) {
            buf_put_slice(&part, json_name(child));
            buf_putc(&part, 0xff);
        }
        bool well = form(s, child, &part, depth + 1) && !part.failed;
        const char *copy = well ? arena_copy(s->v->arena, part.data, part.len) : NULL;
        parts[used++] = slice_of(copy, part.len);
        buf_fini(&part);
        if (!copy)
            return false;
    }
    if (used > 1)
        qsort(parts, used, sizeof *parts, by_bytes);
    for (size_t i = 0; i < used; i++) {
        buf_put_slice(out, parts[i]);
        buf_putc(out, 0xfe);
    }
    return !out->failed;
}

static bool form(struct shared *s, const struct json_value *value, struct buf *out, unsigned depth)
{
    if (depth > 32)
        return true;
    if (json_is(value, JSON_OBJECT) || json_is(value, JSON_ARRAY))
        return form_parts(s, value, out, depth);
    buf_put_slice(out,
                  json_is(value, JSON_STRING) ? json_string(value) : json_text(s->v->doc, value));
    return !out->failed;
}

static void take(struct shared *s, const struct csaf_definition *d, const char *category,
                 const struct json_value *value)
{
    struct buf key;

    buf_init(&key);
    buf_printf(&key, "%s", category);
    buf_putc(&key, 0xff);
    const char *copy =
        form(s, value, &key, 0) && !key.failed ? arena_copy(s->v->arena, key.data, key.len) : NULL;
    struct slice found = slice_of(copy, key.len);
    buf_fini(&key);
    if (!copy) {
        csaf_no_memory(s->v);
        return;
    }
    const struct csaf_definition *first = map_get(&s->seen, found);
    if (!first) {
        if (map_set(&s->seen, found, (void *)(uintptr_t)d) < 0)
            csaf_no_memory(s->v);
    } else if (first->first != d->first) {
        csaf_find(s->v, value, "product %s has the same %s as product %s", csaf_quote(s->v, d->id),
                  category, csaf_quote(s->v, first->id));
    }
}

/* Use of Same Product Identification Helper for Different Products */
void csaf_test_6_2_32(struct csaf_validation *v)
{
    struct shared s = {.v = v};

    map_init(&s.seen);
    for (size_t i = 0; i < v->product_count && !err_is_set(v->e); i++) {
        json_each(helper, json_get(v->products[i].value, "product_identification_helper"))
        {
            char category[32];
            struct slice name = json_name(helper);
            snprintf(category, sizeof category, "%.*s", (int)(name.len < 31 ? name.len : 31),
                     (const char *)name.data);
            if (json_is(helper, JSON_ARRAY))
                json_each(value, helper) take(&s, &v->products[i], category, value);
            else
                take(&s, &v->products[i], category, helper);
        }
    }
    map_fini(&s.seen);
}
