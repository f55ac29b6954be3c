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

/* Faults are told with the number of slots that are filled, which nothing else needs. */
static void note_slots(struct json_reader *r, const struct json_value *v)
{
    r->used = (size_t)(v - r->values);
}

/* A string with escapes or characters beyond ASCII, or a wrong one, of which `stop` is the first
 * byte that is no plain one. Behind it, or NULL with the error set. */
static __attribute__((noinline)) const uint8_t *
read_odd_string(struct json_reader *r, struct json_value *v, const uint8_t *at, const uint8_t *stop,
                enum json_here here)
{
    const uint8_t *end = r->text.data + r->text.len;
    bool escaped = false;

    note_slots(r, v);
    stop = json_scan_string(stop, end, &escaped);
    if (stop == end || *stop != '"') {
        json_fault_string(r, stop, at, here);
        return NULL;
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
    v->size = (uint32_t)bytes.len << JSON_SHIFT;
    return stop + 1;
}

/* Fills slot v from the string that opens at `at`; behind it, or NULL with the error set. */
static inline const uint8_t *read_string(struct json_reader *r, struct json_value *v,
                                         const uint8_t *text, const uint8_t *at, const uint8_t *end,
                                         uint32_t flags, enum json_here here)
{
    const uint8_t *stop = json_scan_plain(at + 1, end);
    uint32_t place = (uint32_t)(at - text);

    if (stop < end && *stop == '"') {
        v->data = at + 1;
        v->size = (uint32_t)(stop - at - 1) << JSON_SHIFT | flags;
        stop++;
    } else {
        stop = read_odd_string(r, v, at, stop, here);
        if (!stop)
            return NULL;
        v->size |= flags;
    }
    v->place = place << JSON_SHIFT | JSON_STRING;
    v->span = 1;
    v->end = (uint32_t)(stop - text);
    return stop;
}

static const uint8_t *read_number(struct json_reader *r, struct json_value *v, const uint8_t *at,
                                  const uint8_t *end, uint32_t flags)
{
    const char *why = NULL;
    const uint8_t *wrong = NULL;
    const uint8_t *stop = json_scan_number(at, end, &why, &wrong);

    if (!stop) {
        note_slots(r, v);
        json_fault(r, wrong, JSON_HERE_VALUE, ERR_INPUT, "json.syntax", "RFC 8259 section 6", "%s",
                   why);
        return NULL;
    }
    v->data = at;
    v->place = (uint32_t)(at - r->text.data) << JSON_SHIFT | JSON_NUMBER;
    v->size = (uint32_t)(stop - at) << JSON_SHIFT | flags;
    v->span = 1;
    v->end = (uint32_t)(stop - r->text.data);
    return stop;
}

static const uint8_t *read_word(struct json_reader *r, struct json_value *v, const uint8_t *at,
                                const uint8_t *end, uint32_t flags)
{
    const char *word = *at == 'n' ? "null" : *at == 't' ? "true" : "false";
    enum json_type type = *at == 'n' ? JSON_NULL : *at == 't' ? JSON_TRUE : JSON_FALSE;
    size_t len = strlen(word);

    if ((size_t)(end - at) < len || memcmp(at, word, len) != 0) {
        note_slots(r, v);
        json_fault_value(r, at);
        return NULL;
    }
    v->data = NULL;
    v->place = (uint32_t)(at - r->text.data) << JSON_SHIFT | type;
    v->size = flags;
    v->span = 1;
    v->end = (uint32_t)(at + len - r->text.data);
    return at + len;
}

static inline int open_container(struct json_reader *r, struct json_value *v, const uint8_t *at,
                                 uint32_t flags)
{
    if (r->depth == r->deepest) {
        note_slots(r, v);
        return json_fault(r, at, JSON_HERE_VALUE, ERR_LIMIT, "json.depth", "RFC 8259 section 9",
                          "arrays and objects are nested deeper than %zu", r->deepest);
    }
    v->names = 0;
    v->place =
        (uint32_t)(at - r->text.data) << JSON_SHIFT | (*at == '{' ? JSON_OBJECT : JSON_ARRAY);
    v->size = flags;
    v->span = r->open;
    v->end = 0;
    r->depth++;
    return 0;
}

/* v: the container, up to the slot `next`; last: its last child, if it has any. */
static inline int close_container(struct json_reader *r, struct json_value *v,
                                  struct json_value *last, const struct json_value *next,
                                  const uint8_t *behind)
{
    uint32_t around = v->span;
    uint32_t twice = JSON_NO_SLOT;

    if (json_value_size(v) > 0)
        last->size |= JSON_LAST;
    v->span = (uint32_t)(next - v);
    if (json_value_size(v) > (json_value_type(v) == JSON_OBJECT ? 0 : JSON_INDEXED) &&
        json_index_close(r, v, &twice) != 0) {
        note_slots(r, next);
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

static inline struct json_value *open_one(const struct json_reader *r)
{
    return r->open == JSON_NO_SLOT ? NULL : &r->values[r->open];
}

/* What changes with every slot is kept in registers. */
static int read_text(struct json_reader *r)
{
    const uint8_t *const text = r->text.data;
    const uint8_t *const end = text + r->text.len;
    const uint8_t *at = text;
    struct json_value *around = NULL; /* the open container */
    struct json_value *child = NULL;  /* the last value that is complete, of the open container */
    struct json_value *v = r->values; /* the next slot */
    struct json_value *full = r->values + r->room - 2;
    uint32_t flags = 0; /* of the values in the open container: JSON_MEMBER in an object */

value:
    at = json_scan_space(at, end);
    if (at == end)
        goto no_value;
    if (r->values_left == 0)
        goto too_many;
    r->values_left--;
    if (v > full) { /* for a value and a name behind it */
        size_t child_slot = child ? (size_t)(child - r->values) : 0;
        note_slots(r, v);
        if (grow(r) != 0)
            return -1;
        v = r->values + r->used;
        child = r->values + child_slot;
        full = r->values + r->room - 2;
        around = open_one(r);
    }
    switch (*at) {
    case '"': at = read_string(r, v, text, at, end, flags, JSON_HERE_VALUE); break;
    case '{':
    case '[':
        if (open_container(r, v, at, flags) != 0)
            return -1;
        if (around)
            around->size += JSON_ONE;
        r->open = (uint32_t)(v - r->values);
        flags = *at == '{' ? JSON_MEMBER : 0;
        around = v++;
        at = json_scan_space(at + 1, end);
        if (!flags) {
            if (at == end || *at != ']')
                goto value;
        } else if (at == end || *at != '}') {
            if (at == end || *at != '"')
                goto no_name;
            goto name;
        }
        goto close;
    case '-':
    case '0' ... '9': at = read_number(r, v, at, end, flags); break;
    case 't':
    case 'f':
    case 'n': at = read_word(r, v, at, end, flags); break;
    default: goto no_value;
    }
    if (!at)
        return -1;
    child = v++;
    if (!around) {
        child->size |= JSON_LAST;
        goto behind;
    }
    around->size += JSON_ONE;

after:
    at = json_scan_space(at, end);
    if (at == end)
        goto no_comma;
    if (*at == ',') {
        at++;
        if (!flags)
            goto value;
        at = json_scan_space(at, end);
        if (at == end || *at != '"')
            goto no_name_behind;
        goto name;
    }
    if (*at != (flags ? '}' : ']'))
        goto no_comma;

close: /* at the bracket */
    at++;
    if (close_container(r, around, child, v, at) != 0)
        return -1;
    child = around;
    around = open_one(r);
    if (!around) {
        child->size |= JSON_LAST;
        goto behind;
    }
    flags = json_value_type(around) == JSON_OBJECT ? JSON_MEMBER : 0;
    goto after;

name:
    at = read_string(r, v, text, at, end, 0, JSON_HERE_CONTAINER);
    if (!at)
        return -1;
    v->span = json_name_sum(json_value_bytes(v));
    v++;
    if (at < end && *at == ':') {
        at++;
        goto value;
    }
    at = json_scan_space(at, end);
    if (at < end && *at == ':') {
        at++;
        goto value;
    }
    note_slots(r, v);
    return json_fault_colon(r, at);

behind:
    note_slots(r, v);
    at = json_scan_space(at, end);
    return at == end ? 0 : json_fault_behind(r, at);

too_many:
    note_slots(r, v);
    return json_fault(r, at, JSON_HERE_VALUE, ERR_LIMIT, "json.size", "RFC 8259 section 9",
                      "the text has more values than are accepted");
no_value:
    note_slots(r, v);
    return json_fault_value(r, at);
no_name:
    note_slots(r, v);
    return json_fault_name(r, at, false);
no_name_behind:
    note_slots(r, v);
    return json_fault_name(r, at, true);
no_comma:
    note_slots(r, v);
    around->end = (uint32_t)(child - r->values);
    return json_fault_after(r, at);
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
