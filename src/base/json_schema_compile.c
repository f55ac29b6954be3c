/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json_schema_compile.h"
#include "base/map.h"

#include <stddef.h>

enum { NODES = 100000 };

struct compiler {
    struct arena *arena;
    const struct json_doc *doc;
    struct slice id;
    struct map nodes;   /* the value's address -> struct json_schema */
    struct map anchors; /* "$anchor" -> value */
    struct json_pattern *patterns;
    size_t pattern_count, pattern_room; /* first those of others */
    size_t count;
    const struct json_schema_others *others; /* NULL: none */
    struct err *e;
};

static const struct json_schema *node(struct compiler *c, const struct json_value *v);

static int refuse(struct compiler *c, const struct json_value *at, const char *text)
{
    err_set(c->e, ERR_INPUT, "json.schema", "JSON Schema draft 2020-12", "%s", text);
    return json_err_where(c->doc, at, c->e);
}

static void *room(struct compiler *c, size_t count, size_t size)
{
    void *p = arena_new(c->arena, count ? count : 1, size);
    if (!p)
        err_memory(c->e);
    return p;
}

static int types(struct compiler *c, const struct json_value *v, struct json_schema *s)
{
    static const char *const names[] = {"null",  "boolean", "number", "string",
                                        "array", "object",  "integer"};
    const struct json_value *single = json_is(v, JSON_STRING) ? v : NULL;

    for (const struct json_value *t = single ? single : json_first(v); t;
         t = single ? NULL : json_next(t)) {
        size_t i = 0;
        while (i < 7 && !slice_is(json_string(t), names[i]))
            i++;
        if (i == 7)
            return refuse(c, t, "this is no type");
        s->types |= (uint8_t)(1u << i);
    }
    return s->types ? 0 : refuse(c, v, "a type is missing");
}

static int values(struct compiler *c, const struct json_value *v, bool single,
                  struct json_schema *s)
{
    size_t count = single ? 1 : json_count(v), used = 0;
    bool strings = true;

    if (!single && !json_is(v, JSON_ARRAY))
        return refuse(c, v, "enum must be a list");
    for (const struct json_value *x = single ? v : json_first(v); x;
         x = single ? NULL : json_next(x))
        strings = strings && json_is(x, JSON_STRING);
    struct slice *list = room(c, count + 1, sizeof *list);
    if (!list)
        return -1;
    for (const struct json_value *x = single ? v : json_first(v); x;
         x = single ? NULL : json_next(x)) {
        if (strings) {
            struct slice text = json_string(x);
            list[used++] = text.data ? text : slice_str("");
            continue;
        }
        struct buf form;
        buf_init(&form);
        int result = json_canonical(x, &form, c->e);
        char *copy = result == 0 && !form.failed ? arena_copy(c->arena, form.data, form.len) : NULL;
        list[used++] = slice_of(copy, form.len);
        buf_fini(&form);
        if (!copy)
            return err_is_set(c->e) ? -1 : err_memory(c->e);
    }
    if (strings && count > 0) {
        s->names = list;
        if (!s->types)
            s->types = JSON_SCHEMA_STRING;
    } else {
        s->constants = list;
    }
    return 0;
}

static int pattern(struct compiler *c, const struct json_value *at, struct slice text,
                   unsigned *number)
{
    bool matches;
    char *copy = arena_copy(c->arena, text.data ? text.data : (const uint8_t *)"", text.len);

    if (!copy)
        return err_memory(c->e);
    struct err e = {0};
    if (strlen(copy) != text.len ||
        (json_pattern_matches(copy, slice_str("a"), &matches, &e) < 0 && e.kind == ERR_INPUT))
        return refuse(c, at, "this is no regular expression");
    if (e.kind == ERR_MEMORY)
        return err_memory(c->e);
    if (c->pattern_count == c->pattern_room) {
        size_t more = c->pattern_room ? c->pattern_room * 2 : 16;
        struct json_pattern *list = room(c, more, sizeof *list);
        if (!list)
            return -1;
        if (c->pattern_count)
            memcpy(list, c->patterns, c->pattern_count * sizeof *list);
        c->patterns = list;
        c->pattern_room = more;
    }
    c->patterns[c->pattern_count++] = (struct json_pattern){copy, text.len, NULL};
    *number = (unsigned)c->pattern_count;
    return 0;
}

static int list_of(struct compiler *c, const struct json_value *v,
                   const struct json_schema *const **out, uint32_t *count)
{
    size_t used = 0;

    if (!json_is(v, JSON_ARRAY) || json_count(v) == 0)
        return refuse(c, v, "this must be a list of schemas, not empty");
    const struct json_schema **list = room(c, json_count(v) + 1, sizeof *list);
    if (!list)
        return -1;
    json_each(item, v) if (!(list[used++] = node(c, item))) return -1;
    *out = list;
    if (count)
        *count = (uint32_t)used;
    return 0;
}

static int format(const struct json_value *v, struct json_schema *s)
{
    for (unsigned f = JSON_FORMAT_DATE_TIME; f <= JSON_FORMAT_REGEX; f++)
        if (slice_is(json_string(v), json_format_name((enum json_schema_format)f)))
            s->format = (uint8_t)f;
    return 0; /* a format that is not known asks for nothing (section 7.2.3) */
}

static int limit(struct compiler *c, const struct json_value *v, uint32_t *out)
{
    int64_t number;

    if (!json_int64(v, &number) || number < 0)
        return refuse(c, v, "this must be a whole number, not below 0");
    *out = number > UINT32_MAX ? UINT32_MAX : (uint32_t)number;
    return 0;
}

static int bound(struct compiler *c, const struct json_value *v, bool open, bool upper,
                 struct json_schema *s)
{
    double number;

    if (!json_double(v, &number))
        return refuse(c, v, "this must be a number");
    if (upper) {
        s->maximum_open = open && (!s->has_maximum || number <= s->maximum);
        s->maximum = s->has_maximum && s->maximum < number ? s->maximum : number;
        s->has_maximum = true;
    } else {
        s->minimum_open = open && (!s->has_minimum || number >= s->minimum);
        s->minimum = s->has_minimum && s->minimum > number ? s->minimum : number;
        s->has_minimum = true;
    }
    return 0;
}

/* properties and required are one list of members. */
static int members(struct compiler *c, const struct json_value *schema, struct json_schema *s)
{
    const struct json_value *properties = json_get(schema, "properties");
    const struct json_value *required = json_get(schema, "required");
    size_t most = json_count(properties) + json_count(required), count = 0;

    if (most == 0)
        return 0;
    struct json_schema_member *list = room(c, most, sizeof *list);
    if (!list)
        return -1;
    json_each(property, properties)
    {
        list[count] = (struct json_schema_member){
            .name = json_name(property),
            .schema = node(c, property),
            .sum = json_name_sum(json_name(property)),
        };
        if (!list[count++].schema)
            return -1;
    }
    json_each(name, required)
    {
        size_t i = 0;
        struct slice text = json_string(name);
        if (!json_is(name, JSON_STRING))
            return refuse(c, name, "required must be a list of names");
        while (i < count && !slice_equal(list[i].name, text))
            i++;
        if (i == count)
            list[count++] = (struct json_schema_member){
                .name = text, .required = true, .sum = json_name_sum(text)};
        s->required_count += !list[i].required;
        list[i].required = true;
    }
    s->members = list;
    s->member_count = (uint32_t)count;
    return 0;
}

static int patterned(struct compiler *c, const struct json_value *v, struct json_schema *s)
{
    struct json_schema_patterned *list = room(c, json_count(v) + 1, sizeof *list);
    size_t count = 0;

    if (!list)
        return -1;
    json_each(property, v)
    {
        if (pattern(c, property, json_name(property), &list[count].pattern) < 0 ||
            !(list[count].schema = node(c, property)))
            return -1;
        count++;
    }
    s->patterned = list;
    return 0;
}

/* The schema that a reference leads to; NULL: refused. */
static const struct json_schema *target(struct compiler *c, const struct json_value *ref)
{
    struct slice text = json_string(ref);
    const uint8_t *hash = text.len ? memchr(text.data, '#', text.len) : NULL;
    struct slice base = hash ? slice_of(text.data, (size_t)(hash - text.data)) : text;
    struct slice fragment = hash ? slice_of(hash + 1, text.len - base.len - 1) : slice_of("", 0);
    const struct json_value *found = NULL;

    if (base.len > 0 && !slice_equal(base, c->id)) {
        const struct json_schema *other = c->others ? c->others->find(text) : NULL;
        if (!other)
            refuse(c, ref, "the reference leads to a document that is not known here");
        return other;
    }
    if (fragment.len == 0 || fragment.data[0] == '/')
        found = json_resolve(c->doc, fragment);
    else
        found = map_get(&c->anchors, fragment);
    if (!found) {
        refuse(c, ref, "the reference leads nowhere");
        return NULL;
    }
    return node(c, found);
}

static int keyword(struct compiler *c, const struct json_value *v, struct json_schema *s)
{
    struct slice k = json_name(v);
    static const struct {
        const char *name;
        size_t offset;
        bool most;
    } limits[] = {
        {"minLength", offsetof(struct json_schema, min_length), false},
        {"maxLength", offsetof(struct json_schema, max_length), true},
        {"minItems", offsetof(struct json_schema, min_items), false},
        {"maxItems", offsetof(struct json_schema, max_items), true},
        {"minProperties", offsetof(struct json_schema, min_properties), false},
        {"maxProperties", offsetof(struct json_schema, max_properties), true},
        {"minContains", offsetof(struct json_schema, min_contains), false},
        {"maxContains", offsetof(struct json_schema, max_contains), true},
    };
    static const struct {
        const char *name;
        size_t offset;
    } schemas[] = {
        {"propertyNames", offsetof(struct json_schema, member_names)},
        {"items", offsetof(struct json_schema, items)},
        {"contains", offsetof(struct json_schema, contains)},
        {"not", offsetof(struct json_schema, negated)},
        {"if", offsetof(struct json_schema, condition)},
        {"then", offsetof(struct json_schema, when_true)},
        {"else", offsetof(struct json_schema, when_false)},
    };

    for (size_t i = 0; i < ARRAY_LEN(limits); i++)
        if (slice_is(k, limits[i].name)) {
            s->has_most |= limits[i].most;
            return limit(c, v, (uint32_t *)((char *)s + limits[i].offset));
        }
    for (size_t i = 0; i < ARRAY_LEN(schemas); i++)
        if (slice_is(k, schemas[i].name)) {
            const struct json_schema *n = node(c, v);
            memcpy((char *)s + schemas[i].offset, &n, sizeof n);
            return n ? 0 : -1;
        }
    if (slice_is(k, "type"))
        return types(c, v, s);
    if (slice_is(k, "enum") || slice_is(k, "const"))
        return values(c, v, slice_is(k, "const"), s);
    if (slice_is(k, "format"))
        return format(v, s);
    if (slice_is(k, "pattern"))
        return pattern(c, v, json_string(v), &s->pattern);
    if (slice_is(k, "minimum") || slice_is(k, "exclusiveMinimum"))
        return bound(c, v, slice_is(k, "exclusiveMinimum"), false, s);
    if (slice_is(k, "maximum") || slice_is(k, "exclusiveMaximum"))
        return bound(c, v, slice_is(k, "exclusiveMaximum"), true, s);
    if (slice_is(k, "multipleOf"))
        return json_double(v, &s->multiple_of) && s->multiple_of > 0
                   ? 0
                   : refuse(c, v, "this must be a number above 0");
    if (slice_is(k, "uniqueItems"))
        s->unique = json_is(v, JSON_TRUE);
    if (slice_is(k, "additionalProperties")) {
        s->closed = json_is(v, JSON_FALSE);
        if (json_is(v, JSON_OBJECT) && !(s->additional = node(c, v)))
            return -1;
    }
    if (slice_is(k, "unevaluatedProperties")) {
        s->closed_behind = json_is(v, JSON_FALSE);
        if (json_is(v, JSON_OBJECT))
            return refuse(c, v, "unevaluatedProperties is understood as true or false only");
    }
    if (slice_is(k, "patternProperties"))
        return patterned(c, v, s);
    if (slice_is(k, "prefixItems"))
        return list_of(c, v, &s->prefix, &s->prefix_count);
    if (slice_is(k, "allOf"))
        return list_of(c, v, &s->all_of, NULL);
    if (slice_is(k, "anyOf"))
        return list_of(c, v, &s->any_of, NULL);
    if (slice_is(k, "oneOf"))
        return list_of(c, v, &s->one_of, NULL);
    if (slice_is(k, "$ref"))
        return (s->ref = target(c, v)) ? 0 : -1;
    static const char *const unknown[] = {"$dynamicRef", "unevaluatedItems", "dependentSchemas",
                                          "dependentRequired"};
    for (size_t i = 0; i < ARRAY_LEN(unknown); i++)
        if (slice_is(k, unknown[i]))
            return refuse(c, v, "this keyword is not understood here");
    return 0;
}

static const struct json_schema *node(struct compiler *c, const struct json_value *v)
{
    const struct json_value **key = room(c, 1, sizeof *key);

    if (!key)
        return NULL;
    *key = v;
    struct json_schema *s = map_get(&c->nodes, slice_of(key, sizeof *key));
    if (s)
        return s;
    if (!json_is_bool(v) && !json_is(v, JSON_OBJECT)) {
        refuse(c, v, "a schema must be an object, true or false");
        return NULL;
    }
    if (++c->count > NODES) {
        err_set(c->e, ERR_LIMIT, "json.schema-size", NULL, "the schema has over %d parts", NODES);
        return NULL;
    }
    s = room(c, 1, sizeof *s);
    if (!s || map_set(&c->nodes, slice_of(key, sizeof *key), s) < 0) {
        err_memory(c->e);
        return NULL;
    }
    s->max_length = s->max_items = s->max_properties = s->max_contains = UINT32_MAX;
    s->min_contains = 1;
    s->never = json_is(v, JSON_FALSE);
    if (json_is(v, JSON_OBJECT)) {
        json_each(k, v) if (keyword(c, k, s) < 0) return NULL;
        if (members(c, v, s) < 0)
            return NULL;
    }
    s->combined = s->never || s->constants || s->ref || s->all_of || s->any_of || s->one_of ||
                  s->negated || s->condition;
    return s;
}

/* "$anchor" anywhere. */
static int anchors(struct compiler *c, const struct json_value *v, unsigned depth)
{
    if ((!json_is(v, JSON_OBJECT) && !json_is(v, JSON_ARRAY)) || depth > 256)
        return 0;
    struct slice name = json_get_string(v, "$anchor");
    if (name.len && map_set(&c->anchors, name, (void *)(uintptr_t)v) < 0)
        return err_memory(c->e);
    json_each(child, v) if (anchors(c, child, depth + 1) < 0) return -1;
    return 0;
}

/* The patterns of others keep their numbers. */
static int take_patterns(struct compiler *c)
{
    size_t count = c->others ? c->others->set->pattern_count : 0;

    c->patterns = room(c, count + 16, sizeof *c->patterns);
    if (!c->patterns)
        return -1;
    if (count)
        memcpy(c->patterns, c->others->set->patterns, count * sizeof *c->patterns);
    c->pattern_count = count;
    c->pattern_room = count + 16;
    return 0;
}

int json_schema_compile(struct arena *a, const struct json_doc *doc,
                        const struct json_schema_others *others, struct json_schema_set *out,
                        struct err *e)
{
    struct compiler c = {.arena = a, .doc = doc, .others = others, .e = e};
    const struct json_value *root = json_root(doc);
    const struct json_schema *s = NULL;

    c.id = json_get_string(root, "$id");
    map_init(&c.nodes);
    map_init(&c.anchors);
    char *id = arena_copy(a, c.id.data ? c.id.data : (const uint8_t *)"", c.id.len);
    if (!id)
        err_memory(e);
    else if (take_patterns(&c) == 0 && anchors(&c, root, 0) == 0)
        s = node(&c, root);
    map_fini(&c.nodes);
    map_fini(&c.anchors);
    if (!s)
        return -1;
    *out = (struct json_schema_set){id, s, c.patterns, c.pattern_count};
    return 0;
}
