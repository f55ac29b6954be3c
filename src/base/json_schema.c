/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json_schema_internal.h"
#include "base/json_internal.h"
#include "base/map.h"
#include "base/memory.h"
#include "base/utf8.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>

/* Steps of one pattern on one text. Where work is limited, a pattern is tried with few steps first,
 * and those that need more are counted in full. */
enum { STEPS = JSON_PATTERN_STEPS, NESTING = JSON_SCHEMA_NESTING, FEW_STEPS = 2000 };

/* A list of fewer items gets a table of its size at once; one that is longer as it is needed, for
 * the second item may be the first again. */
enum { WORTH_A_TABLE = 1000 };

struct json_schema_checker *json_schema_checker_new(const struct json_schema_set *set,
                                                    struct err *e)
{
    struct json_schema_checker *c = mem_new(1, sizeof *c);

    if (!c) {
        err_memory(e);
        return NULL;
    }
    c->set = set;
    buf_init(&c->text);
    c->patterns = json_patterns_new(set->patterns, set->pattern_count, e);
    if (!c->patterns) {
        json_schema_checker_free(c);
        return NULL;
    }
    return c;
}

void json_schema_checker_free(struct json_schema_checker *c)
{
    if (!c)
        return;
    json_patterns_free(c->patterns);
    buf_fini(&c->text);
    mem_free(c);
}

static void out_of_memory(struct json_schema_checker *c)
{
    c->stopped = true;
    err_memory(c->e);
}

static void fault(struct json_schema_checker *c, const struct json_value *at, const char *keyword,
                  struct slice member, const char *format, ...) PRINTF_LIKE(5, 6);

static void fault(struct json_schema_checker *c, const struct json_value *at, const char *keyword,
                  struct slice member, const char *format, ...)
{
    char text[600];
    va_list arguments;

    c->faults++;
    if (c->quiet > 0 || c->stopped)
        return;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (c->report(c->report_context, &(struct json_schema_fault){at, keyword, member, text}) < 0)
        c->stopped = true;
}

static const struct slice nothing = {NULL, 0};

void json_schema_checker_limit(struct json_schema_checker *c, uint64_t *work)
{
    c->work = work;
}

/* false: more than is left, which ends the comparison. */
static bool take_work(struct json_schema_checker *c, uint64_t amount)
{
    if (!c->work || c->stopped)
        return !c->stopped;
    if (*c->work < amount) {
        *c->work = 0;
        c->stopped = true;
        err_set(c->e, ERR_LIMIT, "json.schema-work", NULL,
                "comparing the value with the schema takes more work than is allowed");
        return false;
    }
    *c->work -= amount;
    return true;
}

/* A value as a message may quote it: short, one line. */
static int quoted_len(struct slice s)
{
    return (int)utf8_cut(s, 80);
}

/* Patterns */

enum matched { MATCHED, NOT_MATCHED, TOO_LONG };

static enum matched matches(struct json_schema_checker *c, unsigned number, struct slice text)
{
    if (!take_work(c, FEW_STEPS / 100 + text.len / 16))
        return NOT_MATCHED;
    enum json_matched result =
        json_patterns_match(c->patterns, number, text, c->work ? FEW_STEPS : STEPS);
    if (result == JSON_TOO_INVOLVED && c->work) {
        if (!take_work(c, STEPS))
            return NOT_MATCHED;
        result = json_patterns_match(c->patterns, number, text, STEPS);
    }
    if (result == JSON_MATCH_FAILED)
        out_of_memory(c);
    return result == JSON_MATCHED ? MATCHED : result == JSON_NOT_MATCHED ? NOT_MATCHED : TOO_LONG;
}

/* Single values */

static const char *const type_names[] = {"null",     "true or false", "a number",  "a string",
                                         "an array", "an object",     "an integer"};

static bool is_integer(const struct json_value *v)
{
    int64_t integer;
    double number;
    return json_int64(v, &integer) || (json_double(v, &number) && number == floor(number));
}

static unsigned type_of(const struct json_value *v)
{
    static const uint8_t types[] = {
        [JSON_NULL] = JSON_SCHEMA_NULL,     [JSON_FALSE] = JSON_SCHEMA_BOOLEAN,
        [JSON_TRUE] = JSON_SCHEMA_BOOLEAN,  [JSON_NUMBER] = JSON_SCHEMA_NUMBER,
        [JSON_STRING] = JSON_SCHEMA_STRING, [JSON_ARRAY] = JSON_SCHEMA_ARRAY,
        [JSON_OBJECT] = JSON_SCHEMA_OBJECT,
    };
    return types[json_type(v)];
}

/* v's type is none of the schema's, or it is a number and an integer is wanted. */
static bool check_other_type(struct json_schema_checker *c, const struct json_schema *s,
                             const struct json_value *v)
{
    unsigned type = type_of(v);

    if (type == JSON_SCHEMA_NUMBER && (s->types & JSON_SCHEMA_INTEGER) && is_integer(v))
        return true;
    char wanted[120] = "";
    size_t len = 0, found = 0;
    for (unsigned i = 0; i < 7; i++)
        if (s->types & (1u << i))
            len += (size_t)snprintf(wanted + len, sizeof wanted - len, "%s%s", len ? " or " : "",
                                    type_names[i]);
    while (!(type & (1u << found)))
        found++;
    fault(c, v, "type", nothing, "must be %s, not %s", wanted, type_names[found]);
    return false;
}

static inline bool check_type(struct json_schema_checker *c, const struct json_schema *s,
                              const struct json_value *v)
{
    return s->types == 0 || s->types & type_of(v) || check_other_type(c, s, v);
}

static __attribute__((noinline)) void no_such_name(struct json_schema_checker *c,
                                                   const struct json_schema *s,
                                                   const struct json_value *v, struct slice text)
{
    char list[300] = "";
    size_t len = 0;
    for (const struct slice *name = s->names; name->data; name++) {
        if (len + name->len > sizeof list - 12) {
            snprintf(list + len, sizeof list - len, ", …");
            break;
        }
        len += (size_t)snprintf(list + len, sizeof list - len, "%s\"%.*s\"", len ? ", " : "",
                                SLICE_ARG(*name));
    }
    if (!s->names[0].data)
        fault(c, v, "enum", nothing, "no value is allowed here");
    else if (!s->names[1].data)
        fault(c, v, "const", nothing, "must be %s, not \"%.*s\"", list, quoted_len(text),
              (const char *)text.data);
    else
        fault(c, v, "enum", nothing, "\"%.*s\" is not one of %s", quoted_len(text),
              text.data ? (const char *)text.data : "", list);
}

static __attribute__((noinline)) void check_pattern(struct json_schema_checker *c,
                                                    const struct json_schema *s,
                                                    const struct json_value *v, struct slice text)
{
    const struct json_pattern *p = &c->set->patterns[s->pattern - 1];
    enum matched m = matches(c, s->pattern - 1, text);
    const char *shown = text.data ? (const char *)text.data : "";
    if (m == TOO_LONG)
        fault(c, v, "pattern", nothing, "is too involved to be %s",
              p->expected ? p->expected : "compared with its pattern");
    else if (m == NOT_MATCHED && p->expected)
        fault(c, v, "pattern", nothing, "\"%.*s\" is not %s", quoted_len(text), shown, p->expected);
    else if (m == NOT_MATCHED)
        fault(c, v, "pattern", nothing, "\"%.*s\" does not match %.200s", quoted_len(text), shown,
              p->text);
}

/* text is the value's, or the name of the member whose value it is. */
static void check_text(struct json_schema_checker *c, const struct json_schema *s,
                       const struct json_value *v, struct slice text)
{
    if (s->names && !json_schema_is_listed(s->names, text))
        no_such_name(c, s, v, text);
    if (s->min_length > 0 && text.len < (size_t)s->min_length * 4 &&
        (text.len == 0 || (s->min_length > 1 && json_schema_characters(text) < s->min_length)))
        fault(c, v, "minLength", nothing,
              text.len == 0 ? "must not be empty" : "must have at least %u characters",
              s->min_length);
    if (s->has_most && text.len > s->max_length && json_schema_characters(text) > s->max_length)
        fault(c, v, "maxLength", nothing, "must have at most %u characters", s->max_length);
    if (s->pattern)
        check_pattern(c, s, v, text);
    if (s->format && !json_format_valid(s->format, text))
        fault(c, v, "format", nothing, "\"%.*s\" is not %s", quoted_len(text),
              text.data ? (const char *)text.data : "", json_format_expected(s->format));
}

static __attribute__((noinline)) void
check_number(struct json_schema_checker *c, const struct json_schema *s, const struct json_value *v)
{
    struct slice text = json_number(v);
    double number;

    if (!json_double(v, &number)) {
        if (s->has_minimum || s->has_maximum || s->multiple_of > 0)
            fault(c, v, "maximum", nothing, "is a number beyond all limits");
        return;
    }
    if (s->has_minimum && (number < s->minimum || (s->minimum_open && number <= s->minimum)))
        fault(c, v, s->minimum_open ? "exclusiveMinimum" : "minimum", nothing, "%.*s is %s %g",
              quoted_len(text), (const char *)text.data, s->minimum_open ? "not above" : "below",
              s->minimum);
    if (s->has_maximum && (number > s->maximum || (s->maximum_open && number >= s->maximum)))
        fault(c, v, s->maximum_open ? "exclusiveMaximum" : "maximum", nothing, "%.*s is %s %g",
              quoted_len(text), (const char *)text.data, s->maximum_open ? "not below" : "above",
              s->maximum);
    if (s->multiple_of > 0) {
        double times = number / s->multiple_of;
        if (fabs(times - round(times)) > 1e-9 * fmax(1, fabs(times)))
            fault(c, v, "multipleOf", nothing, "%.*s is not a multiple of %g", quoted_len(text),
                  (const char *)text.data, s->multiple_of);
    }
}

/* The same value written in the same way: equal values have equal bytes. */
static bool value_form(const struct json_value *v, struct buf *out)
{
    struct err e = {0};

    if (json_is(v, JSON_STRING)) {
        buf_putc(out, '"');
        buf_put_slice(out, json_string(v));
        return !out->failed;
    }
    if (json_canonical(v, out, &e) == 0)
        return true;
    if (e.kind == ERR_MEMORY || out->failed)
        return false;
    struct json_writer w; /* a number that canonical form cannot hold: as it is written */
    buf_reset(out);
    json_write_init(&w, out, 0);
    json_write_value(&w, v);
    return !out->failed;
}

static void check_constants(struct json_schema_checker *c, const struct json_schema *s,
                            const struct json_value *v)
{
    buf_reset(&c->text);
    struct buf form;
    buf_init(&form);
    struct json_writer w;
    struct err e = {0};
    if (json_canonical(v, &form, &e) < 0 && e.kind != ERR_MEMORY) {
        buf_reset(&form);
        json_write_init(&w, &form, 0);
        json_write_value(&w, v);
    }
    if (form.failed || e.kind == ERR_MEMORY) {
        out_of_memory(c);
    } else {
        const struct slice *constant = s->constants;
        while (constant->data && !slice_equal(*constant, buf_slice(&form)))
            constant++;
        if (!constant->data && s->constants[0].data)
            fault(c, v, s->constants[1].data ? "enum" : "const", nothing, "must be %.*s%s",
                  SLICE_ARG(s->constants[0]),
                  s->constants[1].data ? " or another value of the list" : "");
        else if (!constant->data)
            fault(c, v, "enum", nothing, "no value is allowed here");
    }
    buf_fini(&form);
}

/* Is it only looked for members that may not be there? What is asked quietly is asked in full. */
static bool names_only(const struct json_schema_checker *c)
{
    return c->strict && c->quiet == 0;
}

/* Arrays */

static void compare(struct json_schema_checker *c, const struct json_schema *s,
                    const struct json_value *v);
static void descend(struct json_schema_checker *c, const struct json_schema *s,
                    const struct json_value *v);

bool json_schema_fits_in_full(struct json_schema_checker *c, const struct json_schema *s,
                              const struct json_value *v)
{
    size_t before = c->faults;

    c->quiet++;
    c->part++;
    c->faults = 0;
    compare(c, s, v);
    bool fit = c->faults == 0;
    c->part--;
    c->quiet--;
    c->faults = before;
    return fit;
}

/* Does v have the shape, without a word about faults? */
static bool fits(struct json_schema_checker *c, const struct json_schema *s,
                 const struct json_value *v)
{
    if (!c->strict && !c->work && json_schema_holds(c, s, v))
        return true;
    return json_schema_fits_in_full(c, s, v);
}

/* Not inline: what lies on its stack is not to be made room for with every value. */
static __attribute__((noinline)) void check_unique(struct json_schema_checker *c,
                                                   const struct json_value *v)
{
    struct arena arena;
    struct map seen;

    if (json_count(v) < 2 || json_all_differ(v))
        return;
    arena_init(&arena, 0);
    map_init(&seen);
    if (json_count(v) < WORTH_A_TABLE && map_reserve(&seen, json_count(v)) < 0)
        out_of_memory(c);
    json_each(item, v)
    {
        if (c->stopped)
            break;
        buf_reset(&c->text);
        struct slice form = json_is(item, JSON_STRING) ? json_string(item) : nothing;
        char *copy = NULL;
        if (!json_is(item, JSON_STRING)) {
            /* a byte that no UTF-8 has keeps values and strings apart */
            buf_putc(&c->text, 0xff);
            struct buf value;
            buf_init(&value);
            if (value_form(item, &value))
                buf_put_slice(&c->text, buf_slice(&value));
            else
                c->text.failed = true;
            buf_fini(&value);
            copy = c->text.failed ? NULL : arena_copy(&arena, c->text.data, c->text.len);
            form = slice_of(copy, c->text.len);
            if (!copy) {
                out_of_memory(c);
                break;
            }
        }
        const struct json_value *first = map_get(&seen, form);
        if (first) {
            if (json_is(item, JSON_STRING))
                fault(c, item, "uniqueItems", nothing, "\"%.*s\" is listed before",
                      quoted_len(form), form.data ? (const char *)form.data : "");
            else
                fault(c, item, "uniqueItems", nothing, "the same is listed before");
        } else if (map_set(&seen, form, (void *)(uintptr_t)item) < 0) {
            out_of_memory(c);
            break;
        }
        if (c->quiet && c->faults)
            break;
    }
    map_fini(&seen);
    arena_fini(&arena);
}

bool json_schema_is_unique(struct json_schema_checker *c, const struct json_value *v)
{
    size_t before = c->faults;

    c->quiet++;
    c->faults = 0;
    check_unique(c, v);
    bool unique = c->faults == 0;
    c->quiet--;
    c->faults = before;
    return unique;
}

static void check_array(struct json_schema_checker *c, const struct json_schema *s,
                        const struct json_value *v)
{
    size_t count = json_count(v), index = 0, contained = 0;

    if (count < s->min_items)
        fault(c, v, "minItems", nothing,
              count == 0 ? "must not be empty" : "must have at least %u items", s->min_items);
    if (s->has_most && count > s->max_items)
        fault(c, v, "maxItems", nothing, "must have at most %u items, not %zu", s->max_items,
              count);
    json_each(item, v)
    {
        if (index < s->prefix_count)
            descend(c, s->prefix[index], item);
        else if (s->items)
            descend(c, s->items, item);
        if (s->contains && fits(c, s->contains, item))
            contained++;
        index++;
        if (c->stopped || (c->quiet && c->faults))
            return;
    }
    if (s->contains &&
        (contained < s->min_contains || (s->has_most && contained > s->max_contains)))
        fault(c, v, "contains", nothing, "%zu of its items are of the kind that must be among them",
              contained);
    if (s->unique && !names_only(c))
        check_unique(c, v);
}

/* Objects */

static bool is_named(const struct json_schema_member *m, struct slice name)
{
    return m->name.len == name.len && name.len > 0 && m->name.data[0] == name.data[0] &&
           slice_bytes_equal(m->name.data, name.data, name.len);
}

static const struct json_schema_member *member_find(const struct json_schema *s, struct slice name)
{
    if (name.len == 0) {
        for (uint32_t i = 0; i < s->member_count; i++)
            if (s->members[i].name.len == 0)
                return &s->members[i];
        return NULL;
    }
    for (uint32_t i = 0; i < s->member_count; i++)
        if (is_named(&s->members[i], name))
            return &s->members[i];
    return NULL;
}

/* The same for members in turn: documents and schemas mostly have them in the same order. */
static const struct json_schema_member *member_next(const struct json_schema *s, struct slice name,
                                                    uint32_t *from)
{
    for (uint32_t i = *from; i < s->member_count; i++)
        if (is_named(&s->members[i], name)) {
            *from = i + 1;
            return &s->members[i];
        }
    return member_find(s, name);
}

bool json_schema_is_ruled_out(struct json_schema_checker *c, const struct json_schema *s,
                              const struct json_value *v)
{
    if (!json_is(v, JSON_OBJECT) || !take_work(c, s->member_count / 16))
        return false;
    for (uint32_t i = 0; i < s->member_count; i++) {
        const struct json_schema *m = s->members[i].schema;
        if (!m || !m->names || !m->names[0].data || m->names[1].data)
            continue;
        const struct json_value *value = json_get_slice(v, s->members[i].name);
        if (json_is(value, JSON_STRING) && !slice_equal(json_string(value), m->names[0]))
            return true;
    }
    return false;
}

/* The same asked for each member of one object: the last answer is remembered. */
static bool fits_again(struct json_schema_checker *c, const struct json_schema *s,
                       const struct json_value *v)
{
    if (c->fitting.schema != s || c->fitting.value != v) {
        if (json_schema_is_ruled_out(c, s, v))
            return false;
        bool fit = fits(c, s, v);
        c->fitting.schema = s;
        c->fitting.value = v;
        c->fitting.fit = fit;
    }
    return c->fitting.fit;
}

static bool go_round(struct json_schema_checker *c)
{
    c->stopped = true;
    err_set(c->e, ERR_LIMIT, "json.schema-depth", NULL, "the schema goes round in circles");
    return true;
}

static bool part_evaluated(struct json_schema_checker *c, const struct json_schema *s,
                           const struct json_value *object, struct slice name)
{
    if (s->ref && json_schema_evaluates(c, s->ref, object, name))
        return true;
    for (size_t i = 0; s->all_of && s->all_of[i]; i++)
        if (json_schema_evaluates(c, s->all_of[i], object, name))
            return true;
    /* whether it has the name is found out sooner than whether it fits */
    for (size_t i = 0; s->any_of && s->any_of[i]; i++)
        if (json_schema_evaluates(c, s->any_of[i], object, name) &&
            fits_again(c, s->any_of[i], object))
            return true;
    for (size_t i = 0; s->one_of && s->one_of[i]; i++)
        if (json_schema_evaluates(c, s->one_of[i], object, name) &&
            fits_again(c, s->one_of[i], object))
            return true;
    if (s->condition) {
        bool holds = fits(c, s->condition, object);
        const struct json_schema *then = holds ? s->when_true : s->when_false;
        if ((holds && json_schema_evaluates(c, s->condition, object, name)) ||
            (then && json_schema_evaluates(c, then, object, name)))
            return true;
    }
    return false;
}

/* Counts as nesting: what is asked here compares, and what compares asks here. */
bool json_schema_evaluates(struct json_schema_checker *c, const struct json_schema *s,
                           const struct json_value *object, struct slice name)
{
    const struct json_schema_member *m = member_find(s, name);

    if ((m && m->schema) || s->additional || s->closed || c->stopped)
        return true;
    for (const struct json_schema_patterned *p = s->patterned; p && p->pattern; p++)
        if (matches(c, p->pattern - 1, name) == MATCHED)
            return true;
    if (++c->nesting > NESTING)
        return go_round(c);
    bool found = part_evaluated(c, s, object, name);
    c->nesting--;
    return found;
}

/* Does s, or a part of it, name the properties that its object may have? */
static bool names_members(const struct json_schema *s, unsigned depth)
{
    const struct json_schema *const *const lists[] = {s->all_of, s->any_of, s->one_of};

    if (s->members || depth > NESTING)
        return true;
    if (s->ref && names_members(s->ref, depth + 1))
        return true;
    for (size_t l = 0; l < 3; l++)
        for (size_t i = 0; lists[l] && lists[l][i]; i++)
            if (names_members(lists[l][i], depth + 1))
                return true;
    return false;
}

/* The member's name that comes nearest to an unknown one: the same but for case and separators, or
 * one letter wrong. */
static const struct json_schema_member *member_meant(const struct json_schema *s, struct slice name)
{
    for (uint32_t i = 0; i < s->member_count; i++) {
        struct slice known = s->members[i].name;
        size_t a = 0, b = 0, wrong = 0;
        if (!s->members[i].schema || name.len > known.len + 1 || known.len > name.len + 1)
            continue;
        while (a < name.len && b < known.len && wrong < 2) {
            if ((name.data[a] | 0x20) == (known.data[b] | 0x20)) {
                a++;
                b++;
                continue;
            }
            wrong++;
            a += name.len >= known.len;
            b += known.len >= name.len;
        }
        if (wrong + (name.len - a) + (known.len - b) < 2)
            return &s->members[i];
    }
    return NULL;
}

static void unknown_member(struct json_schema_checker *c, const struct json_schema *s,
                           const struct json_value *value, const char *keyword)
{
    struct slice name = json_name(value);
    const struct json_schema_member *meant = member_meant(s, name);

    if (meant)
        fault(c, value, keyword, name, "\"%.*s\" is not known here; is \"%.*s\" meant?",
              quoted_len(name), (const char *)name.data, SLICE_ARG(meant->name));
    else
        fault(c, value, keyword, name, "\"%.*s\" is not known here", quoted_len(name),
              (const char *)name.data);
}

static void check_member(struct json_schema_checker *c, const struct json_schema *s,
                         const struct json_value *object, const struct json_value *value,
                         bool strict, uint32_t *from, size_t *required)
{
    struct slice name = json_name(value);
    const struct json_schema_member *m = member_next(s, name, from);
    bool known = m && m->schema;

    /* a name is a text that stands in front of its value */
    if (s->member_names && !fits(c, s->member_names, value - 1))
        fault(c, value, "propertyNames", name, "\"%.*s\" is not how a member may be named here",
              quoted_len(name), (const char *)name.data);

    if (m && m->required)
        ++*required;
    if (known)
        descend(c, m->schema, value);
    for (const struct json_schema_patterned *p = s->patterned; p && p->pattern; p++)
        if (matches(c, p->pattern - 1, name) == MATCHED) {
            known = true;
            descend(c, p->schema, value);
        }
    if (!known && s->additional)
        descend(c, s->additional, value);
    else if (!known && s->closed)
        unknown_member(c, s, value, "additionalProperties");
    else if (!known && (s->closed_behind || strict) && !json_schema_evaluates(c, s, object, name))
        unknown_member(c, s, value,
                       s->closed_behind ? "unevaluatedProperties" : "additionalProperties");
}

static void check_object(struct json_schema_checker *c, const struct json_schema *s,
                         const struct json_value *v)
{
    size_t count = json_count(v), required = 0;
    uint32_t from = 0;
    bool strict = c->strict && c->part == 0 && names_members(s, 0);

    if (count < s->min_properties)
        fault(c, v, "minProperties", nothing,
              count == 0 ? "must not be empty" : "must have at least %u members",
              s->min_properties);
    if (s->has_most && count > s->max_properties)
        fault(c, v, "maxProperties", nothing, "must have at most %u members, not %zu",
              s->max_properties, count);
    json_each(value, v)
    {
        if (s->members || s->additional || s->closed || s->closed_behind || s->patterned ||
            s->member_names || strict)
            check_member(c, s, v, value, strict, &from, &required);
        if (c->stopped || (c->quiet && c->faults))
            return;
    }
    if (required == s->required_count)
        return;
    for (uint32_t i = 0; i < s->member_count; i++)
        if (s->members[i].required && !json_get_slice(v, s->members[i].name))
            fault(c, v, "required", s->members[i].name, "\"%.*s\" is missing",
                  SLICE_ARG(s->members[i].name));
}

/* Schemas of schemas */

static size_t count_faults(struct json_schema_checker *c, const struct json_schema *s,
                           const struct json_value *v)
{
    size_t before = c->faults;
    unsigned quiet = c->quiet;
    int (*report)(void *, const struct json_schema_fault *) = c->report;
    size_t found;

    c->quiet = 1;
    c->faults = 0;
    compare(c, s, v);
    found = c->faults;
    c->report = report;
    c->quiet = quiet;
    c->faults = before;
    return found;
}

static void check_choice(struct json_schema_checker *c, const struct json_schema *const *list,
                         bool one, const struct json_value *v)
{
    size_t fitting = 0;

    for (size_t i = 0; list[i]; i++)
        if (!json_schema_is_ruled_out(c, list[i], v) && fits(c, list[i], v) && ++fitting && !one)
            return;
    if (c->stopped)
        return;
    if (fitting == 1)
        return;
    if (fitting > 1) {
        fault(c, v, "oneOf", nothing, "may be read in %zu ways where one is wanted", fitting);
        return;
    }
    if (c->quiet) {
        c->faults++;
        return;
    }
    /* What is nearest says best what is wrong: the choice that the members' constants name. */
    const struct json_schema *nearest = list[0];
    size_t least = SIZE_MAX;
    for (size_t i = 0; list[i]; i++) {
        size_t faults = count_faults(c, list[i], v);
        if (list[i]->members && json_is(v, JSON_OBJECT))
            json_each(value, v)
            {
                const struct json_schema_member *m = member_find(list[i], json_name(value));
                if (m && m->schema && m->schema->names && !fits(c, m->schema, value))
                    faults += 1000;
            }
        if (faults < least) {
            least = faults;
            nearest = list[i];
        }
    }
    compare(c, nearest, v);
}

/* A value below the one that is being compared. */
static void descend(struct json_schema_checker *c, const struct json_schema *s,
                    const struct json_value *v)
{
    unsigned part = c->part;

    c->part = 0;
    compare(c, s, v);
    c->part = part;
}

static void compare_plain(struct json_schema_checker *c, const struct json_schema *s,
                          const struct json_value *v)
{
    switch (json_type(v)) {
    case JSON_STRING:
        if (!names_only(c))
            check_text(c, s, v, json_string(v));
        break;
    case JSON_NUMBER:
        if (!names_only(c))
            check_number(c, s, v);
        break;
    case JSON_ARRAY: check_array(c, s, v); break;
    case JSON_OBJECT: check_object(c, s, v); break;
    default: break;
    }
}

/* What a schema says of v besides its members, items and text. */
static void compare_combined(struct json_schema_checker *c, const struct json_schema *s,
                             const struct json_value *v)
{
    if (s->never) {
        fault(c, v, "false", nothing, "may not be here");
        return;
    }
    if (++c->nesting > NESTING) {
        (void)go_round(c);
        return;
    }
    if (s->ref) {
        c->part++;
        compare(c, s->ref, v);
        c->part--;
    }
    if (check_type(c, s, v)) {
        if (s->constants && !names_only(c))
            check_constants(c, s, v);
        compare_plain(c, s, v);
        c->part++;
        for (size_t i = 0; s->all_of && s->all_of[i]; i++)
            compare(c, s->all_of[i], v);
        if (s->any_of)
            check_choice(c, s->any_of, false, v);
        if (s->one_of)
            check_choice(c, s->one_of, true, v);
        if (s->negated && fits(c, s->negated, v))
            fault(c, v, "not", nothing, "is what may not be here");
        if (s->condition) {
            const struct json_schema *then =
                fits(c, s->condition, v) ? s->when_true : s->when_false;
            if (then)
                compare(c, then, v);
        }
        c->part--;
    }
    c->nesting--;
}

static void compare(struct json_schema_checker *c, const struct json_schema *s,
                    const struct json_value *v)
{
    if (c->stopped || (c->quiet && c->faults) || !take_work(c, 1))
        return;
    if (s->combined) {
        compare_combined(c, s, v);
    } else if (check_type(c, s, v)) { /* one level of v, of which there are few */
        if (json_type(v) != JSON_STRING)
            compare_plain(c, s, v);
        else if (!names_only(c))
            check_text(c, s, v, json_string(v));
    }
}

int json_schema_check(struct json_schema_checker *c, const struct json_value *value,
                      const struct json_schema *schema, bool strict,
                      int (*report)(void *context, const struct json_schema_fault *fault),
                      void *context, bool *valid, struct err *e)
{
    c->strict = strict;
    c->report = report;
    c->report_context = context;
    c->quiet = 0;
    c->faults = 0;
    c->nesting = 0;
    c->part = 0;
    c->stopped = false;
    c->fitting.value = NULL;
    c->e = e;
    if (!schema)
        schema = c->set->root;
    if (strict || c->work || !json_schema_holds(c, schema, value))
        compare(c, schema, value); /* to say what is wrong */
    *valid = c->faults == 0;
    if (!c->stopped)
        return 0;
    return err_is_set(e) ? -1 : err_memory(e);
}
