/* SPDX-License-Identifier: Apache-2.0 */
/* The grammar of RFC 8259 in one pass over the text, without recursion. */
#include "base/json_internal.h"
#include "base/json_scan.h"
#include "base/memory.h"

const struct json_limits json_limits_default = {.bytes = 4U << 20, .depth = 64, .values = 1000000};
const struct json_limits json_limits_advisory = {
    .bytes = 150U << 20, .depth = 64, .values = 50000000};

static int grow(struct json_reader *r)
{
    size_t room = r->room + r->room / 2 + 32;
    struct json_value *values = mem_resize(r->values, room, sizeof(*values));

    if (!values)
        return err_memory(r->e);
    r->values = values;
    r->room = room;
    return 0;
}

/* Fills slot v from the string that opens at `at`; behind it, or NULL with the error set. */
static inline const uint8_t *read_string(struct json_reader *r, struct json_value *v,
                                         const uint8_t *at, const uint8_t *end, enum json_here here)
{
    bool escaped = false;
    const uint8_t *stop = json_scan_plain(at + 1, end);

    if (stop == end || *stop != '"') {
        stop = json_scan_string(stop, end, &escaped);
        if (stop == end || *stop != '"') {
            json_fault_string(r, stop, at, here);
            return NULL;
        }
    }
    struct slice bytes = slice_of(at + 1, (size_t)(stop - at - 1));
    if (escaped) {
        uint8_t *decoded = arena_alloc(&r->doc->arena, bytes.len);
        size_t wrong = 0;
        if (!decoded) {
            err_memory(r->e);
            return NULL;
        }
        enum json_decode why = json_decode_string(bytes, decoded, &bytes.len, &wrong);
        if (why != JSON_DECODED) {
            json_fault_escape(r, at + 1 + wrong, why, here);
            return NULL;
        }
        bytes.data = decoded;
    }
    v->data = bytes.data;
    v->place = (uint32_t)(at - r->text.data) << JSON_SHIFT | JSON_STRING;
    v->size = (uint32_t)bytes.len << JSON_SHIFT;
    v->span = 1;
    v->end = (uint32_t)(stop + 1 - r->text.data);
    return stop + 1;
}

static const uint8_t *read_number(struct json_reader *r, struct json_value *v, const uint8_t *at,
                                  const uint8_t *end)
{
    const char *why = NULL;
    const uint8_t *wrong = NULL;
    const uint8_t *stop = json_scan_number(at, end, &why, &wrong);

    if (!stop) {
        json_fault(r, wrong, JSON_HERE_VALUE, ERR_INPUT, "json.syntax", "RFC 8259 section 6", "%s",
                   why);
        return NULL;
    }
    v->data = at;
    v->place = (uint32_t)(at - r->text.data) << JSON_SHIFT | JSON_NUMBER;
    v->size = (uint32_t)(stop - at) << JSON_SHIFT;
    v->span = 1;
    v->end = (uint32_t)(stop - r->text.data);
    return stop;
}

static const uint8_t *read_word(struct json_reader *r, struct json_value *v, const uint8_t *at,
                                const uint8_t *end)
{
    const char *word = *at == 'n' ? "null" : *at == 't' ? "true" : "false";
    enum json_type type = *at == 'n' ? JSON_NULL : *at == 't' ? JSON_TRUE : JSON_FALSE;
    size_t len = strlen(word);

    if ((size_t)(end - at) < len || memcmp(at, word, len) != 0) {
        json_fault_value(r, at);
        return NULL;
    }
    v->data = NULL;
    v->place = (uint32_t)(at - r->text.data) << JSON_SHIFT | type;
    v->size = 0;
    v->span = 1;
    v->end = (uint32_t)(at + len - r->text.data);
    return at + len;
}

static inline int open_container(struct json_reader *r, struct json_value *v, const uint8_t *at)
{
    if (r->depth == r->deepest)
        return json_fault(r, at, JSON_HERE_VALUE, ERR_LIMIT, "json.depth", "RFC 8259 section 9",
                          "arrays and objects are nested deeper than %zu", r->deepest);
    v->data = NULL;
    v->place =
        (uint32_t)(at - r->text.data) << JSON_SHIFT | (*at == '{' ? JSON_OBJECT : JSON_ARRAY);
    v->size = 0;
    v->span = r->open;
    v->end = 0;
    r->depth++;
    return 0;
}

static int close_container(struct json_reader *r, const uint8_t *behind)
{
    struct json_value *v = &r->values[r->open];
    uint32_t around = v->span;
    uint32_t twice = JSON_NO_SLOT;

    if (json_value_size(v) > 0)
        r->values[v->end].size |= JSON_LAST;
    v->span = (uint32_t)r->used - r->open;
    if (json_value_size(v) > 1 && json_index_close(r, v, &twice) != 0) {
        v->span = around; /* open again, for the pointer */
        if (twice == JSON_NO_SLOT)
            return err_memory(r->e);
        return json_fault_twice(r, &r->values[twice]);
    }
    v->end = (uint32_t)(behind - r->text.data);
    r->open = around;
    r->depth--;
    return 0;
}

/* Counts the value in the slot as a child of the open container. */
static inline void adopt(struct json_value *around, struct json_value *v, uint32_t slot)
{
    if (!around) {
        v->size |= JSON_LAST;
        return;
    }
    around->size += JSON_ONE;
    around->end = slot;
    if (json_value_type(around) == JSON_OBJECT)
        v->size |= JSON_MEMBER;
}

static inline struct json_value *open_one(const struct json_reader *r)
{
    return r->open == JSON_NO_SLOT ? NULL : &r->values[r->open];
}

/*
 * What changes with every slot is kept in registers; r->used follows, because the functions that
 * say what is wrong look at it.
 */
static int read_text(struct json_reader *r)
{
    const uint8_t *at = r->text.data;
    const uint8_t *const end = at + r->text.len;
    struct json_value *around = NULL; /* the open container */
    struct json_value *v = r->values; /* the next slot */
    struct json_value *last = r->values + r->room - 2;

value:
    at = json_scan_space(at, end);
    if (at == end)
        return json_fault_value(r, at);
    if (r->values_left == 0)
        return json_fault(r, at, JSON_HERE_VALUE, ERR_LIMIT, "json.size", "RFC 8259 section 9",
                          "the text has more values than are accepted");
    r->values_left--;
    if (v > last) { /* for a value and a name behind it */
        if (grow(r) != 0)
            return -1;
        v = r->values + r->used;
        last = r->values + r->room - 2;
        around = open_one(r);
    }
    switch (*at) {
    case '"': at = read_string(r, v, at, end, JSON_HERE_VALUE); break;
    case '{':
    case '[':
        if (open_container(r, v, at) != 0)
            return -1;
        adopt(around, v, (uint32_t)r->used);
        r->open = (uint32_t)r->used++;
        around = v++;
        at = json_scan_space(at + 1, end);
        if (json_value_type(around) == JSON_ARRAY) {
            if (at == end || *at != ']')
                goto value;
        } else if (at == end || *at != '}') {
            if (at == end || *at != '"')
                return json_fault_name(r, at, false);
            goto name;
        }
        at++;
        if (close_container(r, at) != 0)
            return -1;
        around = open_one(r);
        goto after;
    case '-':
    case '0' ... '9': at = read_number(r, v, at, end); break;
    case 't':
    case 'f':
    case 'n': at = read_word(r, v, at, end); break;
    default: return json_fault_value(r, at);
    }
    if (!at)
        return -1;
    adopt(around, v, (uint32_t)r->used);
    r->used++;
    v++;

after:
    at = json_scan_space(at, end);
    if (!around)
        return at == end ? 0 : json_fault_behind(r, at);
    if (at == end)
        return json_fault_after(r, at);
    if (json_value_type(around) == JSON_ARRAY) {
        if (*at == ',') {
            at++;
            goto value;
        }
        if (*at != ']')
            return json_fault_after(r, at);
    } else {
        if (*at == ',') {
            at = json_scan_space(at + 1, end);
            if (at == end || *at != '"')
                return json_fault_name(r, at, true);
            goto name;
        }
        if (*at != '}')
            return json_fault_after(r, at);
    }
    at++;
    if (close_container(r, at) != 0)
        return -1;
    around = open_one(r);
    goto after;

name:
    at = read_string(r, v, at, end, JSON_HERE_CONTAINER);
    if (!at)
        return -1;
    v->span = json_name_sum(json_value_bytes(v));
    v++;
    r->used++;
    at = json_scan_space(at, end);
    if (at == end || *at != ':')
        return json_fault_colon(r, at);
    at++;
    goto value;
}

static int check_size(const struct json_limits *limits, size_t len, struct err *e)
{
    size_t most = limits->bytes < JSON_TEXT_MOST ? limits->bytes : JSON_TEXT_MOST;

    if (len <= most)
        return 0;
    err_set(e, ERR_LIMIT, "json.size", "RFC 8259 section 9",
            "the text has %zu bytes, of which at most %zu are accepted", len, most);
    return err_where(e, "line 1 column 1");
}

int json_parse(struct json_doc **doc, struct slice text, const struct json_limits *limits,
               struct err *e)
{
    const struct json_limits *l = limits ? limits : &json_limits_default;

    *doc = NULL;
    if (check_size(l, text.len, e) != 0)
        return -1;
    if (!text.data)
        text.data = (const uint8_t *)""; /* pointers are compared from here on */
    struct json_doc *made = mem_new(1, sizeof(*made));
    if (!made)
        return err_memory(e);
    arena_init(&made->arena, 0);
    made->text = text;
    struct json_reader r = {
        .doc = made,
        .text = text,
        .values_left = l->values,
        .deepest = l->depth < JSON_DEPTH_MOST ? l->depth : JSON_DEPTH_MOST,
        .open = JSON_NO_SLOT,
        .e = e,
        .room = text.len / 16, /* what documents need; dense ones grow */
    };
    int result = grow(&r);
    if (result == 0)
        result = read_text(&r);
    made->values = r.values;
    made->used = r.used;
    if (result != 0) {
        json_doc_free(made);
        return -1;
    }
    struct json_value *fitted = mem_resize(r.values, r.used, sizeof(*fitted));
    if (fitted) /* else it stays larger than needed */
        made->values = fitted;
    *doc = made;
    return 0;
}

void json_doc_free(struct json_doc *doc)
{
    if (!doc)
        return;
    arena_fini(&doc->arena);
    mem_free(atomic_load_explicit(&doc->lines, memory_order_acquire));
    mem_free(doc->values);
    mem_free(doc);
}

const struct json_value *json_root(const struct json_doc *doc)
{
    return doc ? doc->values : NULL;
}
