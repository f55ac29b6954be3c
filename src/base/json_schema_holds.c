/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether a value has the shape that a schema asks for: almost every document has, so this walk is
 * made for the answer yes. It keeps no record and ends at the first thing that is not as it must
 * be.
 */
#include "base/json_schema_internal.h"
#include "base/json_internal.h"

/* A text, or the name of a member. */
static inline bool text_holds(struct json_schema_checker *c, const struct json_schema *s,
                              struct slice text)
{
    if (s->min_length > 0 && text.len < (size_t)s->min_length * 4 &&
        (text.len == 0 || (s->min_length > 1 && json_schema_characters(text) < s->min_length)))
        return false;
    if (s->names && !json_schema_is_listed(s->names, text))
        return false;
    if (s->has_most && text.len > s->max_length && json_schema_characters(text) > s->max_length)
        return false;
    if (s->pattern &&
        json_patterns_match(c->patterns, s->pattern - 1, text, JSON_PATTERN_STEPS) != JSON_MATCHED)
        return false;
    return !s->format || json_format_valid(s->format, text);
}

/* Most values are texts of which little is asked: they take no call. */
static inline bool holds(struct json_schema_checker *c, const struct json_schema *s,
                         const struct json_value *v)
{
    if (json_value_type(v) != JSON_STRING || s->combined)
        return json_schema_holds(c, s, v);
    return (s->types == 0 || s->types & JSON_SCHEMA_STRING) &&
           text_holds(c, s, json_value_bytes(v));
}

static bool array_holds(struct json_schema_checker *c, const struct json_schema *s,
                        const struct json_value *v)
{
    size_t count = json_value_size(v), index = 0;

    if (s->contains)
        return json_schema_fits_in_full(c, s, v);
    if (count < s->min_items || (s->has_most && count > s->max_items))
        return false;
    json_each(item, v)
    {
        const struct json_schema *of = index < s->prefix_count ? s->prefix[index] : s->items;
        if (!of)
            break;
        if (!holds(c, of, item))
            return false;
        index++;
    }
    return !s->unique || count < 2 || json_schema_is_unique(c, v);
}

static inline bool is_named(const struct json_schema_member *m, const struct json_value *name,
                            size_t len)
{
    return m->sum == name->span && m->name.len == len &&
           slice_bytes_equal(m->name.data, name->data, len);
}

/* The member's description, first looked for behind the last one: documents and schemas mostly
 * have them in the same order. */
static inline const struct json_schema_member *
find_member(const struct json_schema *s, const struct json_value *name, uint32_t *from)
{
    size_t len = json_value_size(name);

    for (uint32_t i = *from; i < s->member_count; i++)
        if (is_named(&s->members[i], name, len)) {
            *from = i + 1;
            return &s->members[i];
        }
    for (uint32_t i = 0; i < *from; i++)
        if (is_named(&s->members[i], name, len))
            return &s->members[i];
    return NULL;
}

static bool object_holds(struct json_schema_checker *c, const struct json_schema *s,
                         const struct json_value *v)
{
    size_t count = json_value_size(v);
    uint32_t from = 0, required = 0;

    if (s->patterned || s->member_names)
        return json_schema_fits_in_full(c, s, v);
    if (count < s->min_properties || (s->has_most && count > s->max_properties))
        return false;
    if (!s->members && !s->additional && !s->closed && !s->closed_behind)
        return true;
    json_each(value, v)
    {
        const struct json_schema_member *m = find_member(s, value - 1, &from);
        const struct json_schema *of = m ? m->schema : NULL;
        if (m)
            required += m->required;
        if (of || (of = s->additional)) {
            if (!holds(c, of, value))
                return false;
        } else if (s->closed ||
                   (s->closed_behind && !json_schema_evaluates(c, s, v, json_name(value)))) {
            return false;
        }
    }
    return required == s->required_count;
}

static bool plain_holds(struct json_schema_checker *c, const struct json_schema *s,
                        const struct json_value *v)
{
    static const uint8_t types[] = {
        [JSON_NULL] = JSON_SCHEMA_NULL,     [JSON_FALSE] = JSON_SCHEMA_BOOLEAN,
        [JSON_TRUE] = JSON_SCHEMA_BOOLEAN,  [JSON_NUMBER] = JSON_SCHEMA_NUMBER,
        [JSON_STRING] = JSON_SCHEMA_STRING, [JSON_ARRAY] = JSON_SCHEMA_ARRAY,
        [JSON_OBJECT] = JSON_SCHEMA_OBJECT,
    };
    enum json_type type = json_value_type(v);

    if (type == JSON_NUMBER)
        return (s->types == JSON_SCHEMA_NUMBER && !s->has_minimum && !s->has_maximum &&
                !(s->multiple_of > 0)) ||
               json_schema_fits_in_full(c, s, v);
    if (s->types && !(s->types & types[type]))
        return false;
    switch (type) {
    case JSON_STRING: return text_holds(c, s, json_value_bytes(v));
    case JSON_OBJECT: return object_holds(c, s, v);
    case JSON_ARRAY: return array_holds(c, s, v);
    default: return true;
    }
}

static bool choice_holds(struct json_schema_checker *c, const struct json_schema *const *list,
                         bool one, const struct json_value *v)
{
    size_t fitting = 0;

    for (size_t i = 0; list[i]; i++)
        if (!json_schema_is_ruled_out(c, list[i], v) && json_schema_holds(c, list[i], v) &&
            ++fitting && !one)
            return true;
    return fitting == 1;
}

/* Not inline: a schema that is one of several is seldom. */
static __attribute__((noinline)) bool combined_holds(struct json_schema_checker *c,
                                                     const struct json_schema *s,
                                                     const struct json_value *v)
{
    if (s->never || s->constants || s->negated || s->condition)
        return json_schema_fits_in_full(c, s, v);
    if (c->nesting >= JSON_SCHEMA_NESTING)
        return false;
    c->nesting++;
    bool holds = (!s->ref || json_schema_holds(c, s->ref, v)) && plain_holds(c, s, v);
    for (size_t i = 0; holds && s->all_of && s->all_of[i]; i++)
        holds = json_schema_holds(c, s->all_of[i], v);
    if (holds && s->any_of)
        holds = choice_holds(c, s->any_of, false, v);
    if (holds && s->one_of)
        holds = choice_holds(c, s->one_of, true, v);
    c->nesting--;
    return holds;
}

bool json_schema_holds(struct json_schema_checker *c, const struct json_schema *s,
                       const struct json_value *v)
{
    return s->combined ? combined_holds(c, s, v) : plain_holds(c, s, v);
}
