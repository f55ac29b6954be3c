/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON (RFC 8259), read whole: every value knows its place, numbers keep their exact text, and
 * nothing doubtful gets in. Refused: duplicate names, bad UTF-8, lone surrogates (escaped or not),
 * a byte order mark, U+0000 in a member name or string is allowed only as \u0000, anything over a
 * limit.
 *
 * A document owns its values; they are read-only after parsing and may be shared by threads.
 *
 * Costs: parsing is one pass, 24 bytes of memory a value and 24 a name. First, next, name, string
 * and count are immediate; so are json_at, and json_get over 16 members (by a hash that strangers
 * cannot steer), up to 16 it is a walk. A place costs a look at 1 KiB of the text, a pointer a walk
 * past the members before it on each level.
 */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/json_layout.h"

struct json_doc;
struct json_value; /* base/json_layout.h: enum json_type, and what the inline functions need */

struct json_limits {
    size_t bytes;  /* of the text; never over 512 MiB - 1 */
    size_t depth;  /* nesting of arrays and objects; never over 1,024 (writing is recursive) */
    size_t values; /* all values together */
};

/* 4 MiB, depth 64, 1,000,000 values. */
extern const struct json_limits json_limits_default;
/* 150 MiB (CSAF 2.0 section 9.2 / 2.1 section 9.2), depth 64, 50,000,000 values. */
extern const struct json_limits json_limits_advisory;

/*
 * Parses text (copied only where escapes are decoded: text must outlive the document). limits NULL:
 * the default ones. 0 and *doc for json_doc_free; or -1 with code "json.syntax", "json.utf8",
 * "json.surrogate", "json.duplicate-name", "json.depth", "json.size", the clause of RFC 8259, and
 * where = "line L column C (/json/pointer)". Columns count bytes from 1.
 */
int json_parse(struct json_doc **doc, struct slice text, const struct json_limits *limits,
               struct err *e) MUST_CHECK;
void json_doc_free(struct json_doc *doc);

const struct json_value *json_root(const struct json_doc *doc);

/* All reading functions take NULL (a value that is not there) and then answer as said. */
static inline enum json_type
json_type(const struct json_value *v) /* NULL: JSON_NULL; see json_is */
{
    return v ? json_value_type(v) : JSON_NULL;
}
static inline bool json_is(const struct json_value *v, enum json_type type) /* NULL: false */
{
    return v && json_value_type(v) == type;
}
static inline bool json_is_bool(const struct json_value *v)
{
    return json_is(v, JSON_TRUE) || json_is(v, JSON_FALSE);
}

/* The decoded string, UTF-8; the empty slice with data NULL when v is not a string. */
static inline struct slice json_string(const struct json_value *v)
{
    return json_is(v, JSON_STRING) ? json_value_bytes(v) : slice_of(NULL, 0);
}
/* The number's text as it stands in the document; empty when v is not a number. */
static inline struct slice json_number(const struct json_value *v)
{
    return json_is(v, JSON_NUMBER) ? json_value_bytes(v) : slice_of(NULL, 0);
}
/* true and *out, when v is a number whose value is exactly an integer that fits (1e2, 1.0 are). */
bool json_int64(const struct json_value *v, int64_t *out);
/* true and the nearest double, when v is a number within range (a too small one is nearest zero).
 */
bool json_double(const struct json_value *v, double *out);

/* Elements or members; 0 for others. */
static inline size_t json_count(const struct json_value *v)
{
    return v && json_value_type(v) >= JSON_ARRAY ? json_value_size(v) : 0;
}
/* Member by name, or element by index; NULL when there is none. */
const struct json_value *json_get_slice(const struct json_value *v, struct slice name);
/* The same with the name's json_name_sum, which the compiler works out for a constant name. */
const struct json_value *json_get_sum(const struct json_value *v, struct slice name, uint32_t sum);
static inline const struct json_value *json_get(const struct json_value *v, const char *name)
{
    struct slice s = slice_str(name);
    if (__builtin_constant_p(s.len))
        return json_get_sum(v, s, json_name_sum(s));
    return json_get_slice(v, s);
}
const struct json_value *json_at(const struct json_value *v, size_t index);
/* json_get and json_string in one. */
static inline struct slice json_get_string(const struct json_value *v, const char *name)
{
    return json_string(json_get(v, name));
}

/* Elements or members in the order of the text: first, then next until NULL. */
static inline const struct json_value *json_first(const struct json_value *v)
{
    if (json_count(v) == 0)
        return NULL;
    return v + (json_value_type(v) == JSON_OBJECT ? 2 : 1);
}
static inline const struct json_value *json_next(const struct json_value *v)
{
    return !v || v->size & JSON_LAST ? NULL : json_value_next(v);
}
#define json_each(item, container)                                                                 \
    for (const struct json_value *item = json_first(container); item; item = json_next(item))

/* The decoded name of a member's value; empty for elements and the root. */
static inline struct slice json_name(const struct json_value *v)
{
    return v && v->size & JSON_MEMBER ? json_value_bytes(v - 1) : slice_of(NULL, 0);
}

/* Where v begins (a member's value: its value). Line and column from 1, offset from 0. */
void json_place(const struct json_doc *doc, const struct json_value *v, size_t *line,
                size_t *column);
size_t json_offset(const struct json_doc *doc, const struct json_value *v);
/*
 * v's number in the order of the text, from 0: no other value of the document has it, and all are
 * below json_order_count. (Member names take numbers, too.)
 */
size_t json_order(const struct json_doc *doc, const struct json_value *v);
size_t json_order_count(const struct json_doc *doc);
/* The value's own bytes in the text. */
struct slice json_text(const struct json_doc *doc, const struct json_value *v);
/* RFC 6901 pointer of v, appended. */
void json_pointer(const struct json_doc *doc, const struct json_value *v, struct buf *out);
/* The value that an RFC 6901 pointer names, or NULL. */
const struct json_value *json_resolve(const struct json_doc *doc, struct slice pointer);
/* Sets e->where to "line L column C (/pointer)" for v. Returns -1. */
int json_err_where(const struct json_doc *doc, const struct json_value *v, struct err *e);

/*
 * RFC 8785 (JCS): members sorted by UTF-16 units, shortest numbers. -1 with "json.not-canonical"
 * for a number outside IEEE 754 double range, or that would become zero; integers outside
 * ±(2^53−1) are refused too (they would change), also those that only the canonical form would
 * write as integers (1e20), so that canonical text is always accepted again.
 */
int json_canonical(const struct json_value *v, struct buf *out, struct err *e) MUST_CHECK;
/*
 * 0 when text is byte for byte its own canonical form; -1 with "json.not-canonical" and the place,
 * or an error of json_parse under the default limits.
 */
int json_check_canonical(struct slice text, struct err *e) MUST_CHECK;
/* The same for text that is parsed already. */
int json_doc_check_canonical(const struct json_doc *doc, struct slice text,
                             struct err *e) MUST_CHECK;

/*
 * Writing. Commas and colons come by themselves. A writer has no failures of its own: check the
 * buf. Strings must be UTF-8; bad bytes are written as U+FFFD.
 */
struct json_writer {
    struct buf *out;
    unsigned depth;
    unsigned indent; /* spaces a level; 0: compact */
    bool first;      /* nothing written yet in this container */
    bool named;      /* a name has just been written */
};

void json_write_init(struct json_writer *w, struct buf *out, unsigned indent);
void json_write_object(struct json_writer *w);
void json_write_object_end(struct json_writer *w);
void json_write_array(struct json_writer *w);
void json_write_array_end(struct json_writer *w);
void json_write_name(struct json_writer *w, const char *name);
void json_write_name_slice(struct json_writer *w, struct slice name);
void json_write_string(struct json_writer *w, const char *text); /* NULL: null */
void json_write_slice(struct json_writer *w, struct slice text); /* data NULL: null */
void json_write_int(struct json_writer *w, int64_t number);
/* The shortest text that reads back the same (as ECMAScript writes it); null when not finite. */
void json_write_double(struct json_writer *w, double number);
void json_write_bool(struct json_writer *w, bool value);
void json_write_null(struct json_writer *w);
/* Text that is JSON already, taken as it is. */
void json_write_raw(struct json_writer *w, struct slice json);
/* A value of a parsed document, compact or indented as the writer is. */
void json_write_value(struct json_writer *w, const struct json_value *v);
/* name and value in one */
void json_member_string(struct json_writer *w, const char *name, const char *text);
void json_member_slice(struct json_writer *w, const char *name, struct slice text);
void json_member_int(struct json_writer *w, const char *name, int64_t number);
void json_member_bool(struct json_writer *w, const char *name, bool value);
void json_member_time(struct json_writer *w, const char *name, int64_t time); /* RFC 3339 */
void json_member_hex(struct json_writer *w, const char *name, struct slice bytes);
void json_member_base64(struct json_writer *w, const char *name, struct slice bytes);

#endif
