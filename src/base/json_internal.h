/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the JSON reader share. */
#ifndef BASE_JSON_INTERNAL_H
#define BASE_JSON_INTERNAL_H

#include "base/json.h"

#include <stdatomic.h>

enum {
    JSON_DEPTH_MOST = 1024 /* whatever the limits say: bounds recursion over a document */
};

/* An offset has 29 bits: no text may be longer. */
#define JSON_TEXT_MOST ((size_t)UINT32_MAX >> JSON_SHIFT)
#define JSON_NO_SLOT UINT32_MAX

/* Open addressing from a name to its slot, counted from the object's; 0: free. */
struct json_name_index {
    uint64_t seed[2];
    uint32_t mask;
    uint32_t slots[];
};

struct json_doc {
    struct slice text;
    struct json_value *values;
    size_t used;
    struct arena arena;                 /* decoded strings, indexes */
    _Atomic(struct json_lines *) lines; /* made when places are asked for */
};

struct json_reader {
    struct json_doc *doc;
    struct slice text;
    struct json_value *values;
    size_t used; /* slots */
    size_t room;
    size_t values_left;
    size_t depth;
    size_t deepest;
    uint32_t open; /* slot of the innermost open container, or JSON_NO_SLOT */
    bool seeded;
    uint64_t seed[2]; /* of the name indexes, drawn when the first is made */
    struct err *e;
};

/* --- json_scan.c: tokens ---------------------------------------------------------------------- */

/*
 * From behind the opening quote to the closing one, or to the byte that may not stand there, or to
 * end. *escaped is set when a backslash was passed; escapes are looked at by json_decode_string.
 */
const uint8_t *json_scan_string(const uint8_t *at, const uint8_t *end, bool *escaped);

/*
 * Behind the number that begins at `at`, or NULL: then *why says what is wrong, and *wrong where.
 */
const uint8_t *json_scan_number(const uint8_t *at, const uint8_t *end, const char **why,
                                const uint8_t **wrong);

enum json_decode { JSON_DECODED, JSON_BAD_ESCAPE, JSON_BAD_HEX, JSON_LONE_SURROGATE };

/*
 * Decodes the escapes of raw (the bytes between the quotes, scanned already) to out, which has room
 * for raw.len bytes; *len is what was written. When it fails *wrong is the offset of the escape.
 */
enum json_decode json_decode_string(struct slice raw, uint8_t *out, size_t *len, size_t *wrong);

/* --- json_index.c: many children ---------------------------------------------------------------
 */

/*
 * Called when the container is complete: refuses two members of one name, and builds the index of
 * a large one. -1 with JSON_NO_SLOT in *twice (no memory), or the slot of the second name.
 */
int json_index_close(struct json_reader *r, struct json_value *container, uint32_t *twice);

/* The slot of a member's value by its name (sum: its json_name_sum), or NULL. */
const struct json_value *json_index_find(const struct json_value *object, struct slice name,
                                         uint32_t sum);

/* --- json_fault.c: errors that name the place --------------------------------------------------
 */

enum json_here {
    JSON_HERE_CONTAINER, /* the fault is in the open container */
    JSON_HERE_VALUE,     /* ... in the value that comes next in it */
};

/* Each returns -1. `at` is the place of the fault in the text. */
int json_fault(struct json_reader *r, const uint8_t *at, enum json_here here, enum err_kind kind,
               const char *code, const char *clause, const char *format, ...) PRINTF_LIKE(7, 8);
int json_fault_value(struct json_reader *r, const uint8_t *at);
int json_fault_name(struct json_reader *r, const uint8_t *at, bool after_comma);
int json_fault_colon(struct json_reader *r, const uint8_t *at);
int json_fault_after(struct json_reader *r, const uint8_t *at);
int json_fault_behind(struct json_reader *r, const uint8_t *at);
int json_fault_string(struct json_reader *r, const uint8_t *at, const uint8_t *opening,
                      enum json_here here);
int json_fault_escape(struct json_reader *r, const uint8_t *at, enum json_decode why,
                      enum json_here here);
int json_fault_twice(struct json_reader *r, const struct json_value *name);

/* Sets where; a long pointer is shortened to its end. Returns -1. */
int json_set_where(size_t line, size_t column, const struct buf *pointer, struct err *e);
/* "/" and the reference token of RFC 6901 for a name. */
void json_pointer_name(struct buf *out, struct slice name);

/* --- json_place.c -------------------------------------------------------------------------------
 */

/* Line and column (both from 1, columns in bytes) of an offset, by counting from the beginning. */
void json_place_of(struct slice text, size_t offset, size_t *line, size_t *column);

/* --- json_unique.c ------------------------------------------------------------------------------
 */

/* true: no item of the list is there twice; false: that is not to be seen at once. */
bool json_all_differ(const struct json_value *list);

/* --- json_number.c: decimal to binary and back --------------------------------------------------
 */

enum { JSON_NUMBER_TEXT = 32 };

/* ECMAScript's Number::toString of a finite double; the length. */
size_t json_number_format(double number, char text[JSON_NUMBER_TEXT]);
/* -1: a number that is not zero, yet becomes zero or infinite as a double. */
int json_number_fits(struct slice text, double *number) MUST_CHECK;

/* --- json_write.c -------------------------------------------------------------------------------
 */

/* A string with its quotes, escaped as RFC 8785 section 3.2.2.2 says; bad UTF-8 becomes U+FFFD. */
void json_put_string(struct buf *out, struct slice text);

#endif
